
#include <ngx_config.h>

#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "ngx_prize_metrics.h"
#include "ngx_prize_redis_pipe.h"


#define NGX_PRIZE_REDIS_OUT_MAX  (16 * 1024 * 1024)


/* the handler may push, but not into this slot */

static void
ngx_prize_redis_pipe_answer(ngx_prize_redis_pipe_t *pipe,
    ngx_prize_redis_slot_t *slot, prize_reply_e type)
{
    ngx_queue_remove(&slot->queue);

    pipe->pending--;
    ngx_prize_peer_metrics(pipe->label)->gauges[PRIZE_PEER_IN_FLIGHT]--;

    slot->handler(pipe, slot, type);

    ngx_queue_insert_head(&pipe->free, &slot->queue);
    pipe->nfree++;
}


void
ngx_prize_redis_pipe_init(ngx_prize_redis_pipe_t *pipe,
    ngx_event_handler_pt flush, void *data, ngx_log_t *log)
{
    ngx_queue_init(&pipe->slots);
    ngx_queue_init(&pipe->free);

    pipe->flush.handler = flush;
    pipe->flush.data = data;
    pipe->flush.log = log;
}


ngx_int_t
ngx_prize_redis_pipe_open(ngx_prize_redis_pipe_t *pipe)
{
    pipe->answered = ngx_current_msec;

    return prize_reply_init(&pipe->reply) == 0 ? NGX_OK : NGX_ERROR;
}


void
ngx_prize_redis_pipe_close(ngx_prize_redis_pipe_t *pipe)
{
    ngx_queue_t  slots;

    if (pipe->flush.posted) {
        ngx_delete_posted_event(&pipe->flush);
    }

    prize_reply_destroy(&pipe->reply);

    pipe->closed++;
    pipe->out_sent = 0;
    pipe->out_len = 0;

    /* a handler may open the pipe again, or detach a lookup from its slot */

    ngx_queue_init(&slots);

    if (!ngx_queue_empty(&pipe->slots)) {
        ngx_queue_add(&slots, &pipe->slots);
        ngx_queue_init(&pipe->slots);
    }

    while (!ngx_queue_empty(&slots)) {
        ngx_prize_redis_pipe_answer(pipe,
                                    ngx_queue_data(ngx_queue_head(&slots),
                                                   ngx_prize_redis_slot_t,
                                                   queue),
                                    PRIZE_REPLY_BROKEN);
    }
}


void
ngx_prize_redis_pipe_destroy(ngx_prize_redis_pipe_t *pipe)
{
    ngx_queue_t  *q;

    while (!ngx_queue_empty(&pipe->free)) {
        q = ngx_queue_head(&pipe->free);
        ngx_queue_remove(q);
        free(ngx_queue_data(q, ngx_prize_redis_slot_t, queue));
    }

    pipe->nfree = 0;

    free(pipe->out);
    pipe->out = NULL;
    pipe->out_size = 0;
}


static ngx_int_t
ngx_prize_redis_pipe_reserve_slots(ngx_prize_redis_pipe_t *pipe)
{
    ngx_prize_redis_slot_t  *slot;

    while (pipe->nfree < NGX_PRIZE_REDIS_PUSHES) {

        slot = malloc(sizeof(ngx_prize_redis_slot_t));
        if (slot == NULL) {
            return NGX_ERROR;
        }

        ngx_queue_insert_head(&pipe->free, &slot->queue);
        pipe->nfree++;
    }

    return NGX_OK;
}


u_char *
ngx_prize_redis_pipe_reserve(ngx_prize_redis_pipe_t *pipe, size_t len)
{
    u_char  *out;
    size_t   size;

    if (ngx_prize_redis_pipe_reserve_slots(pipe) != NGX_OK) {
        return NULL;
    }

    if (pipe->out_size - pipe->out_len >= len) {
        return pipe->out + pipe->out_len;
    }

    if (pipe->out_sent) {
        ngx_memmove(pipe->out, pipe->out + pipe->out_sent,
                    pipe->out_len - pipe->out_sent);
        pipe->out_len -= pipe->out_sent;
        pipe->out_sent = 0;
    }

    if (pipe->out_size - pipe->out_len >= len) {
        return pipe->out + pipe->out_len;
    }

    size = ngx_max(2 * pipe->out_size, pipe->out_len + len);
    size = ngx_max(size, 16384);

    if (size > NGX_PRIZE_REDIS_OUT_MAX) {
        return NULL;
    }

    out = realloc(pipe->out, size);
    if (out == NULL) {
        return NULL;
    }

    pipe->out = out;
    pipe->out_size = size;

    return out + pipe->out_len;
}


ngx_prize_redis_slot_t *
ngx_prize_redis_pipe_push(ngx_prize_redis_pipe_t *pipe, size_t len,
    ngx_msec_t timeout, ngx_prize_redis_slot_pt handler)
{
    ngx_queue_t             *q;
    ngx_prize_redis_slot_t  *slot;

    q = ngx_queue_head(&pipe->free);
    ngx_queue_remove(q);
    pipe->nfree--;

    slot = ngx_queue_data(q, ngx_prize_redis_slot_t, queue);

    slot->handler = handler;
    slot->lookup = NULL;
    slot->data = NULL;
    slot->wanted = 0;
    slot->timeout = timeout;
    slot->deadline = ngx_current_msec + timeout;

    ngx_queue_insert_tail(&pipe->slots, &slot->queue);

    pipe->pending++;
    ngx_prize_peer_metrics(pipe->label)->gauges[PRIZE_PEER_IN_FLIGHT]++;

    pipe->out_len += len;

    if (!pipe->flush.posted) {
        ngx_post_event(&pipe->flush, &ngx_posted_events);

        /* what goes out together went out at one time */
        pipe->clock = ngx_prize_clock();
    }

    slot->sent = pipe->clock;

    return slot;
}


ngx_prize_redis_slot_t *
ngx_prize_redis_pipe_command(ngx_prize_redis_pipe_t *pipe, int argc,
    const char **argv, const size_t *lens, ngx_msec_t timeout,
    ngx_prize_redis_slot_pt handler)
{
    char                    *command;
    u_char                  *out;
    long long                len;
    ngx_prize_redis_slot_t  *slot;

    len = redisFormatCommandArgv(&command, argc, argv, lens);
    if (len < 0) {
        return NULL;
    }

    slot = NULL;
    out = ngx_prize_redis_pipe_reserve(pipe, len);

    if (out) {
        ngx_memcpy(out, command, len);
        slot = ngx_prize_redis_pipe_push(pipe, len, timeout, handler);
    }

    redisFreeCommand(command);

    return slot;
}


static ngx_int_t
ngx_prize_redis_pipe_refuse(ngx_prize_redis_pipe_t *pipe, const char *why)
{
    pipe->reply.text.data = why;
    pipe->reply.text.len = ngx_strlen(why);

    return NGX_ERROR;
}


/* half a page of another type would be shown as a whole one */

static ngx_uint_t
ngx_prize_redis_pipe_expects(ngx_prize_redis_slot_t *slot, prize_reply_e type)
{
    if (slot->wanted == 0 || type == PRIZE_REPLY_ERROR) {
        return 1;
    }

    return slot->wanted == PRIZE_REPLY_NESTED
           ? type == PRIZE_REPLY_TREE || type == PRIZE_REPLY_NIL
             || type == PRIZE_REPLY_STRING
           : type == PRIZE_REPLY_RECORD;
}


ngx_int_t
ngx_prize_redis_pipe_feed(ngx_prize_redis_pipe_t *pipe, u_char *data,
    size_t len)
{
    ngx_uint_t               closed;
    prize_reply_e            type;
    ngx_prize_redis_slot_t  *slot;

    closed = pipe->closed;
    pipe->clock = ngx_prize_clock();

    if (prize_reply_feed(&pipe->reply, (char *) data, len) != 0) {
        return ngx_prize_redis_pipe_refuse(pipe, "a reply that is too large");
    }

    for ( ;; ) {
        slot = ngx_queue_empty(&pipe->slots) ? NULL
               : ngx_queue_data(ngx_queue_head(&pipe->slots),
                                ngx_prize_redis_slot_t, queue);

        type = prize_reply_next(&pipe->reply, slot ? slot->wanted : 0);

        if (type == PRIZE_REPLY_BROKEN) {
            return NGX_ERROR;
        }

        /* the rest of it would be taken for the reply to the next command */

        if (type == PRIZE_REPLY_AGAIN
            && (slot || !prize_reply_torn(&pipe->reply)))
        {
            return NGX_OK;
        }

        if (slot == NULL) {
            return ngx_prize_redis_pipe_refuse(pipe,
                                               "a reply that nobody asked for");
        }

        if (!ngx_prize_redis_pipe_expects(slot, type)) {
            return ngx_prize_redis_pipe_refuse(pipe,
                                               "a reply of another type");
        }

        pipe->answered = ngx_current_msec;

        prize_histogram_add(ngx_prize_metrics, PRIZE_REDIS_COMMAND,
                            pipe->clock - slot->sent);

        ngx_prize_redis_pipe_answer(pipe, slot, type);

        if (pipe->closed != closed) {
            return NGX_DONE;
        }
    }
}


ngx_msec_t
ngx_prize_redis_pipe_expire(ngx_prize_redis_pipe_t *pipe, ngx_queue_t *late)
{
    ngx_msec_t               next;
    ngx_queue_t             *q;
    ngx_prize_lookup_t      *lookup;
    ngx_prize_redis_slot_t  *slot;

    next = 0;

    for (q = ngx_queue_head(&pipe->slots);
         q != ngx_queue_sentinel(&pipe->slots);
         q = ngx_queue_next(q))
    {
        slot = ngx_queue_data(q, ngx_prize_redis_slot_t, queue);
        lookup = slot->lookup;

        if (lookup == NULL) {
            continue;
        }

        if ((ngx_msec_int_t) (slot->deadline - ngx_current_msec) > 0) {
            if (next == 0
                || (ngx_msec_int_t) (slot->deadline - next) < 0)
            {
                next = slot->deadline;
            }

            continue;
        }

        slot->lookup = NULL;
        lookup->slot = NULL;
        ngx_queue_insert_tail(late, &lookup->queue);
    }

    return next;
}


ngx_uint_t
ngx_prize_redis_pipe_overdue(ngx_prize_redis_pipe_t *pipe, ngx_msec_t *when)
{
    ngx_msec_t               since;
    ngx_prize_redis_slot_t  *slot;

    *when = 0;

    if (ngx_queue_empty(&pipe->slots)) {
        return 0;
    }

    slot = ngx_queue_data(ngx_queue_head(&pipe->slots), ngx_prize_redis_slot_t,
                          queue);

    since = slot->deadline;

    if ((ngx_msec_int_t) (pipe->answered - since) > 0) {
        since = pipe->answered;
    }

    *when = since + slot->timeout;

    return (ngx_msec_int_t) (*when - ngx_current_msec) <= 0;
}
