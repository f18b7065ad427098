
/*
 * Lookups on an endpoint's connection: how one is sent, and what its reply
 * means for it and for the endpoint.
 */

#ifndef _NGX_PRIZE_REDIS_LOOKUP_H_INCLUDED_
#define _NGX_PRIZE_REDIS_LOOKUP_H_INCLUDED_


#include "ngx_prize_redis.h"


#define ngx_prize_redis_count_error(redis, reason)                            \
    (ngx_prize_peer_metrics((redis)->backend.label)->counters[reason]++)


/*
 * The connection is ready.  NGX_ERROR: no memory, or more is unsent than is
 * good, and the lookup is the caller's still.
 */
ngx_int_t ngx_prize_redis_lookup_send(ngx_prize_redis_t *redis,
    ngx_prize_lookup_t *lookup);

/* the end of a lookup, which is in no queue: its handler is called */
void ngx_prize_redis_lookup_end(ngx_prize_redis_t *redis,
    ngx_prize_lookup_t *lookup, ngx_prize_result_e result);


#endif /* _NGX_PRIZE_REDIS_LOOKUP_H_INCLUDED_ */
