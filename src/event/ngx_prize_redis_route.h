
/*
 * Whom to ask next where no upstream block says it: the addresses of a name,
 * in turn.  A worker has one route for a name and a login.
 */

#ifndef _NGX_PRIZE_REDIS_ROUTE_H_INCLUDED_
#define _NGX_PRIZE_REDIS_ROUTE_H_INCLUDED_


#include "ngx_prize_redis_list.h"
#include "ngx_prize_resolve.h"


typedef struct ngx_prize_redis_route_s  ngx_prize_redis_route_t;


/* zeroed at first; of one lookup, which asks no endpoint twice */

typedef struct {
    ngx_uint_t  first;
    ngx_uint_t  tries;
} ngx_prize_redis_turn_t;


/*
 * The worker's route, made on first use; NULL without memory.  It lives as
 * long as the cycle, and so must "conf" and "login".  "timeout" is to connect
 * ahead of the first lookup.
 */
ngx_prize_redis_route_t *ngx_prize_redis_route_get(ngx_cycle_t *cycle,
    const ngx_prize_resolve_conf_t *conf, const ngx_prize_redis_login_t *login,
    ngx_msec_t timeout);

/*
 * The next endpoint that is not left alone, held for the caller; NULL: there
 * is none, or no more.
 */
ngx_prize_redis_t *ngx_prize_redis_route_next(ngx_prize_redis_route_t *route,
    ngx_prize_redis_turn_t *turn);


#endif /* _NGX_PRIZE_REDIS_ROUTE_H_INCLUDED_ */
