
/*
 * A master and its replicas, as Redis' Sentinels name them and the servers
 * say themselves.  A worker has one for its Sentinels, the master's name and
 * the login.
 */

#ifndef _NGX_PRIZE_REDIS_SENTINEL_H_INCLUDED_
#define _NGX_PRIZE_REDIS_SENTINEL_H_INCLUDED_


#include "ngx_prize_redis_node.h"
#include "ngx_prize_redis_seeds.h"
#include "ngx_prize_redis_turn.h"
#include "prize_sentinel.h"


typedef struct ngx_prize_redis_sentinel_s  ngx_prize_redis_sentinel_t;


/* one that a Sentinel has named */

typedef struct {
    ngx_prize_redis_sentinel_t  *sentinel;
    ngx_prize_redis_node_t       node;
    ngx_prize_redis_ask_t        ask;       /* ROLE */
    prize_role_e                 role;      /* as it said by this connection */
    ngx_msec_t                   back;      /* when it was up again */
    unsigned                     lost:1;    /* since it was up */
    unsigned                     replica:1; /* as the Sentinel said last */
} ngx_prize_redis_server_t;


/* zeroed at first; "site", "seeds" and "name" are the caller's to set */

struct ngx_prize_redis_sentinel_s {
    ngx_prize_redis_site_t      site;
    ngx_prize_redis_seeds_t    *seeds;      /* the Sentinels */
    ngx_str_t                   name;       /* of the master */

    ngx_array_t                 servers;    /* of pointers, allocated */
    ngx_prize_redis_server_t   *master;     /* that is used, or NULL */
    ngx_prize_redis_server_t   *named;      /* by a Sentinel, since the */
                                            /*   master was lost, or NULL */

    ngx_prize_redis_ask_t       ask;        /* of one Sentinel, held while */
                                            /*   it is open */
    const char                 *words[3];
    size_t                      lens[3];
    ngx_uint_t                  front;      /* who is asked first */
    ngx_uint_t                  left;       /* of one round */
    ngx_msec_t                  last;       /* when it began */
    ngx_event_t                 timer;

    ngx_prize_notice_t          failed;
    ngx_prize_notice_t          changed;
    unsigned                    begun:1;    /* there was a round */
    unsigned                    silent:1;   /* no Sentinel has answered */
    unsigned                    replicas:1; /* they are asked for now */
};


/* NGX_ERROR: no memory */
ngx_int_t ngx_prize_redis_sentinel_start(
    ngx_prize_redis_sentinel_t *sentinel);

/* it asks nobody any more; endpoints may have ended before */
void ngx_prize_redis_sentinel_stop(ngx_prize_redis_sentinel_t *sentinel);

/* there are other Sentinels */
void ngx_prize_redis_sentinel_seeded(void *data);

/* as ngx_prize_redis_route_next() and _primary() */
ngx_prize_redis_t *ngx_prize_redis_sentinel_next(
    ngx_prize_redis_sentinel_t *sentinel, ngx_prize_redis_turn_t *turn);
ngx_prize_redis_t *ngx_prize_redis_sentinel_primary(
    ngx_prize_redis_sentinel_t *sentinel);


#endif /* _NGX_PRIZE_REDIS_SENTINEL_H_INCLUDED_ */
