
/*
 * The endpoints of a worker.  One is held by whoever points to it, and ends a
 * minute after nobody does, or sooner if it is dead or one of many.
 */

#ifndef _NGX_PRIZE_REDIS_REGISTRY_H_INCLUDED_
#define _NGX_PRIZE_REDIS_REGISTRY_H_INCLUDED_


#include "ngx_prize_redis.h"


/*
 * The worker's endpoint, made on first use and not yet connected, and held
 * for the caller; NULL without memory.  "login" must live as long as the
 * cycle.  "host" is the name under which the address is known; NULL or empty:
 * none, and by TLS a certificate has to name the address.  The address and the
 * names are copied.
 */
ngx_prize_redis_t *ngx_prize_redis_get(ngx_cycle_t *cycle,
    const ngx_prize_redis_login_t *login, struct sockaddr *sockaddr,
    socklen_t socklen, ngx_str_t *name, const ngx_str_t *host);

/* one more points to it, or one less */
void ngx_prize_redis_hold(ngx_prize_redis_t *redis);
void ngx_prize_redis_release(ngx_prize_redis_t *redis);

/* a block names it: connects ahead of the first lookup, once */
void ngx_prize_redis_warm(ngx_prize_redis_t *redis, ngx_msec_t timeout);

/*
 * Some endpoint of this worker can answer, as far as is known.  If none can,
 * those that no breaker looks after are tried for the next time.
 */
ngx_uint_t ngx_prize_redis_healthy(void);


#endif /* _NGX_PRIZE_REDIS_REGISTRY_H_INCLUDED_ */
