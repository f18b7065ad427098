
/*
 * What is asked of a server that is not a lookup: who has which slots, who is
 * the master.  An ask is answered exactly once, unless it was cancelled.
 */

#ifndef _NGX_PRIZE_REDIS_ASK_H_INCLUDED_
#define _NGX_PRIZE_REDIS_ASK_H_INCLUDED_


#include "ngx_prize_redis_pipe.h"


typedef struct ngx_prize_redis_s      ngx_prize_redis_t;
typedef struct ngx_prize_redis_ask_s  ngx_prize_redis_ask_t;

/*
 * PRIZE_REPLY_TREE, _STRING, _NIL or _ERROR, and the reply, which is valid
 * until the handler returns; PRIZE_REPLY_BROKEN: none will come, and "reply" is
 * NULL.
 */
typedef void (*ngx_prize_redis_ask_pt)(ngx_prize_redis_ask_t *ask,
    const prize_reply_t *reply, prize_reply_e type);


/* the caller's, and used again when it was answered; zeroed at first */

struct ngx_prize_redis_ask_s {
    ngx_queue_t              queue;     /* until the connection is up */
    int                      argc;      /* the command, its words the */
    const char             **argv;      /*   caller's */
    const size_t            *lens;
    ngx_prize_redis_ask_pt   handler;
    void                    *data;

    ngx_prize_redis_t       *redis;     /* that was asked last */
    ngx_prize_redis_slot_t  *slot;      /* that its reply comes to, or NULL */
    unsigned                 open:1;    /* it was not answered yet */
};


/* NGX_ERROR: no memory, or more is unsent than is good */
ngx_int_t ngx_prize_redis_ask_send(ngx_prize_redis_ask_t *ask,
    ngx_prize_redis_pipe_t *pipe, ngx_msec_t timeout);

/* the handler is called with PRIZE_REPLY_BROKEN: it was not sent */
void ngx_prize_redis_ask_fail(ngx_prize_redis_ask_t *ask);

/* the handler will not be called */
void ngx_prize_redis_ask_cancel(ngx_prize_redis_ask_t *ask);


#endif /* _NGX_PRIZE_REDIS_ASK_H_INCLUDED_ */
