
/*
 * Commands out, and a slot for each until it is answered: replies come back
 * in order.  A pipe knows neither what a command means nor the socket that
 * carries it.
 *
 * Who pushes a command gives its slot a handler, which is called exactly
 * once: with the reply, or with PRIZE_REPLY_BROKEN where none will come.
 */

#ifndef _NGX_PRIZE_REDIS_PIPE_H_INCLUDED_
#define _NGX_PRIZE_REDIS_PIPE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_prize_lookup.h"
#include "prize_reply.h"


/* commands that may be pushed for what was reserved once */
#define NGX_PRIZE_REDIS_PUSHES  2

typedef struct ngx_prize_redis_pipe_s  ngx_prize_redis_pipe_t;

/*
 * pipe->reply and the slot hold until the handler returns, which may push, and
 * may close the pipe.
 */
typedef void (*ngx_prize_redis_slot_pt)(ngx_prize_redis_pipe_t *pipe,
    const ngx_prize_redis_slot_t *slot, prize_reply_e type);


struct ngx_prize_redis_slot_s {
    ngx_queue_t                 queue;
    ngx_prize_redis_slot_pt     handler;
    ngx_prize_lookup_t         *lookup;     /* whose it is, or NULL */
    void                       *data;       /* the handler's own, or NULL */
    unsigned                    wanted;     /* as of prize_reply_next() */
    uint64_t                    sent;       /* ngx_prize_clock() */
    ngx_msec_t                  timeout;
    ngx_msec_t                  deadline;   /* of ngx_current_msec */
};


struct ngx_prize_redis_pipe_s {
    ngx_queue_t                 slots;      /* in order of their replies */
    ngx_queue_t                 free;       /* to be used again */
    ngx_uint_t                  nfree;
    ngx_uint_t                  pending;    /* slots in use */
    ngx_uint_t                  closed;     /* how often it was */

    prize_reply_t               reply;
    ngx_msec_t                  answered;   /* when the last one came */

    u_char                     *out;        /* commands not yet written */
    size_t                      out_sent;
    size_t                      out_len;
    size_t                      out_size;

    ngx_event_t                 flush;      /* posted once a turn: write */
    uint64_t                    clock;      /* ngx_prize_clock() of this turn */
    ngx_uint_t                  label;      /* of ngx_prize_metrics' peers */
};


/* "flush" is called with "data" once there is something to write */
void ngx_prize_redis_pipe_init(ngx_prize_redis_pipe_t *pipe,
    ngx_event_handler_pt flush, void *data, ngx_log_t *log);

/* NGX_ERROR: no memory */
ngx_int_t ngx_prize_redis_pipe_open(ngx_prize_redis_pipe_t *pipe);

/* each slot's handler is called; what they push belongs to the next life */
void ngx_prize_redis_pipe_close(ngx_prize_redis_pipe_t *pipe);

/* frees what a closed one keeps for its next life */
void ngx_prize_redis_pipe_destroy(ngx_prize_redis_pipe_t *pipe);

/*
 * Where commands of at most so many bytes may be written to, at most
 * NGX_PRIZE_REDIS_PUSHES of them; NULL: no memory, or more is unsent than is
 * good.
 */
u_char *ngx_prize_redis_pipe_reserve(ngx_prize_redis_pipe_t *pipe, size_t len);

/*
 * The command of that length stands where it was reserved, behind the one that
 * was pushed before it.  Never NULL.
 */
ngx_prize_redis_slot_t *ngx_prize_redis_pipe_push(ngx_prize_redis_pipe_t *pipe,
    size_t len, ngx_msec_t timeout, ngx_prize_redis_slot_pt handler);

/* both, for a command that is seldom sent; NULL: as of "reserve" */
ngx_prize_redis_slot_t *ngx_prize_redis_pipe_command(
    ngx_prize_redis_pipe_t *pipe, int argc, const char **argv,
    const size_t *lens, ngx_msec_t timeout, ngx_prize_redis_slot_pt handler);

/*
 * Hands the replies in these bytes to their slots.  NGX_DONE: a handler has
 * closed the pipe.  NGX_ERROR: this is no reply that was asked for, and why
 * stands in pipe->reply.text, ended by a NUL: the order is lost.
 */
ngx_int_t ngx_prize_redis_pipe_feed(ngx_prize_redis_pipe_t *pipe,
    u_char *data, size_t len);

/*
 * Moves the lookups that are late from their slots, which swallow their
 * replies then, to "late".  When the next one will be, or 0.
 */
ngx_msec_t ngx_prize_redis_pipe_expire(ngx_prize_redis_pipe_t *pipe,
    ngx_queue_t *late);

/*
 * The head is late by a whole budget, and no reply was completed since.  If
 * not, "*when" is when that could be; 0: nothing is in flight.
 */
ngx_uint_t ngx_prize_redis_pipe_overdue(ngx_prize_redis_pipe_t *pipe,
    ngx_msec_t *when);


#endif /* _NGX_PRIZE_REDIS_PIPE_H_INCLUDED_ */
