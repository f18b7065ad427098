
/*
 * Whom to ask next where no balancer says it: the addresses of a name in
 * turn, the node of a cluster that has the key, the master that Sentinels
 * name.  A worker has one route for equal configurations.
 */

#ifndef _NGX_PRIZE_REDIS_ROUTE_H_INCLUDED_
#define _NGX_PRIZE_REDIS_ROUTE_H_INCLUDED_


#include "ngx_prize_redis_seeds.h"
#include "ngx_prize_redis_turn.h"


typedef enum {
    NGX_PRIZE_REDIS_ROUTE_NAME = 0,
    NGX_PRIZE_REDIS_ROUTE_CLUSTER,
    NGX_PRIZE_REDIS_ROUTE_SENTINEL
} ngx_prize_redis_route_kind_e;


/* no two are equal in all of it; lives as long as the cycle */

typedef struct {
    ngx_prize_redis_route_kind_e     kind;
    const void                      *block;     /* of the seeds, or NULL: */
    const ngx_prize_resolve_conf_t  *name;      /*   they are this name's */
    ngx_str_t                        master;    /* its name at the Sentinels */
    const ngx_prize_redis_login_t   *login;     /* of the stores */
    const ngx_prize_redis_login_t   *ask;       /* of the seeds */
    ngx_resolver_t                  *resolver;  /* NULL: none */
    ngx_msec_t                       resolver_timeout;
} ngx_prize_redis_route_conf_t;


typedef struct ngx_prize_redis_route_s  ngx_prize_redis_route_t;


/*
 * The worker's route, made on first use; NULL without memory.  It lives as
 * long as the cycle.  "timeout" is to connect ahead of the first lookup.
 */
ngx_prize_redis_route_t *ngx_prize_redis_route_get(ngx_cycle_t *cycle,
    const ngx_prize_redis_route_conf_t *conf, ngx_msec_t timeout);

/* the list of a block's seeds is the caller's to fill, which is told then */
ngx_prize_redis_seeds_t *ngx_prize_redis_route_seeds(
    ngx_prize_redis_route_t *route);

/*
 * The next endpoint that is not left alone, held for the caller; NULL: there
 * is none, or no more.
 */
ngx_prize_redis_t *ngx_prize_redis_route_next(ngx_prize_redis_route_t *route,
    ngx_prize_redis_turn_t *turn);

/*
 * The lookup was told by "from" to ask another node.  NGX_OK: that is what
 * ngx_prize_redis_route_next() returns; NGX_DECLINED: it cannot be asked.
 */
ngx_int_t ngx_prize_redis_route_redirect(ngx_prize_redis_route_t *route,
    ngx_prize_redis_turn_t *turn, ngx_prize_redis_t *from,
    const prize_cluster_redirect_t *redirect);

/* who may be written to, held for the caller; NULL: nobody is known */
ngx_prize_redis_t *ngx_prize_redis_route_primary(
    ngx_prize_redis_route_t *route, ngx_prize_redis_turn_t *turn);


#endif /* _NGX_PRIZE_REDIS_ROUTE_H_INCLUDED_ */
