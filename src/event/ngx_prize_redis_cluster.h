
/*
 * A Redis Cluster, which says itself who has what: its map is asked of a
 * node, and followed.  A worker has one for its seeds and login.
 */

#ifndef _NGX_PRIZE_REDIS_CLUSTER_H_INCLUDED_
#define _NGX_PRIZE_REDIS_CLUSTER_H_INCLUDED_


#include "ngx_prize_redis_map.h"
#include "ngx_prize_redis_seeds.h"
#include "ngx_prize_redis_turn.h"


/* zeroed at first; "site" and "seeds" are the caller's to set */

typedef struct {
    ngx_prize_redis_site_t     site;
    ngx_prize_redis_seeds_t   *seeds;

    ngx_prize_redis_map_t      map;

    ngx_prize_redis_ask_t      ask;         /* CLUSTER SLOTS; who is asked */
                                            /*   is held while it is open */
    ngx_uint_t                 seed;        /* the next one that is asked */
    ngx_uint_t                 seeds_left;  /* of one round */
    ngx_msec_t                 last;        /* when it was asked last */
    ngx_event_t                timer;       /* until it is asked again */

    ngx_prize_notice_t         failed;
    ngx_prize_notice_t         uncovered;
    unsigned                   from_seed:1; /* it is asked of one */
    unsigned                   begun:1;     /* it was asked once */
    unsigned                   again:1;     /* it is to be, after this one */
    unsigned                   idle:1;      /* nothing hurries the timer */
} ngx_prize_redis_cluster_t;


/* it asks its seeds; the site's watcher is set */
void ngx_prize_redis_cluster_start(ngx_prize_redis_cluster_t *cluster);

/* it asks nobody any more; endpoints may have ended before */
void ngx_prize_redis_cluster_stop(ngx_prize_redis_cluster_t *cluster);

/* there are other seeds */
void ngx_prize_redis_cluster_seeded(void *data);

/* as ngx_prize_redis_route_next(), _redirect() and _primary() */
ngx_prize_redis_t *ngx_prize_redis_cluster_next(
    ngx_prize_redis_cluster_t *cluster, ngx_prize_redis_turn_t *turn);
ngx_int_t ngx_prize_redis_cluster_redirect(ngx_prize_redis_cluster_t *cluster,
    ngx_prize_redis_turn_t *turn, ngx_prize_redis_t *from,
    const prize_cluster_redirect_t *redirect);
ngx_prize_redis_t *ngx_prize_redis_cluster_primary(
    ngx_prize_redis_cluster_t *cluster, ngx_prize_redis_turn_t *turn);


#endif /* _NGX_PRIZE_REDIS_CLUSTER_H_INCLUDED_ */
