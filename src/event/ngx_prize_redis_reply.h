
/*
 * What a reply means for a lookup, and what an error reply says of its
 * server.  Nothing here changes anything but the lookup's record.
 */

#ifndef _NGX_PRIZE_REDIS_REPLY_H_INCLUDED_
#define _NGX_PRIZE_REDIS_REPLY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_prize_lookup.h"
#include "ngx_prize_redis_conn.h"
#include "prize_reply.h"


/*
 * NGX_PRIZE_REDIS_NO_FAULT: the error is that of the command or its key, or in
 * a cluster of the key's slot, and the connection may be asked on.
 */
ngx_prize_redis_fault_e ngx_prize_redis_reply_fault(const prize_str_t *error,
    ngx_uint_t cluster);

/*
 * The same of an error reply to a PING, which is about nothing but the server.
 * Redis says MISCONF to a PING as to a write, but can be read: NO_FAULT.
 */
ngx_prize_redis_fault_e ngx_prize_redis_reply_ping_fault(
    const prize_str_t *error);

/* the lookup's record points into the reply, and is valid as long as that */
ngx_prize_result_e ngx_prize_redis_reply_result(prize_reply_t *reply,
    prize_reply_e type, ngx_prize_lookup_t *lookup);


#endif /* _NGX_PRIZE_REDIS_REPLY_H_INCLUDED_ */
