
/*
 * One lookup's way over the endpoints of a route.
 */

#ifndef _NGX_PRIZE_REDIS_TURN_H_INCLUDED_
#define _NGX_PRIZE_REDIS_TURN_H_INCLUDED_


#include "ngx_prize_redis.h"


typedef enum {
    NGX_PRIZE_REDIS_PRIMARY = 0,
    NGX_PRIZE_REDIS_PREFER_PRIMARY,     /* replicas while it is away */
    NGX_PRIZE_REDIS_PREFER_REPLICA
} ngx_prize_redis_read_from_e;


/* zeroed at first; no endpoint is asked twice, unless another one says so */

typedef struct {
    const prize_str_t            *key;          /* the lookup's */
    ngx_prize_redis_read_from_e   read_from;

    ngx_uint_t                    first;        /* whose turn it is */
    ngx_uint_t                    tries;
    ngx_uint_t                    redirects;
    ngx_prize_redis_t            *target;       /* held: of a redirect */
    unsigned                      primary:1;    /* it was had */
    unsigned                      lagged:1;     /* a replica did not know: */
                                                /*   the primary, or nobody */

    /* of the endpoint that was returned last */
    unsigned                      asking:1;     /* ASKING goes first */
    unsigned                      replica:1;    /* it may lag */
} ngx_prize_redis_turn_t;


/*
 * Which of "nreplicas" replicas a turn has next, from 0 on; "nreplicas": the
 * primary.  NGX_ERROR: it has had all that it may ask.
 */
static ngx_inline ngx_int_t
ngx_prize_redis_turn_next(ngx_prize_redis_turn_t *turn, ngx_uint_t nreplicas)
{
    ngx_uint_t  n, own;

    n = turn->tries++;
    own = turn->read_from == NGX_PRIZE_REDIS_PREFER_REPLICA ? nreplicas : 0;

    if (n == own || turn->lagged) {
        if (turn->primary) {
            return NGX_ERROR;
        }

        turn->primary = 1;
        return nreplicas;
    }

    if (turn->read_from == NGX_PRIZE_REDIS_PRIMARY || n > nreplicas) {
        return NGX_ERROR;
    }

    return (turn->first + n) % nreplicas;
}


#endif /* _NGX_PRIZE_REDIS_TURN_H_INCLUDED_ */
