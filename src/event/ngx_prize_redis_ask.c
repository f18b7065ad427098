
#include "ngx_prize_redis_ask.h"


static void
ngx_prize_redis_ask_handler(ngx_prize_redis_pipe_t *pipe,
    const ngx_prize_redis_slot_t *slot, prize_reply_e type)
{
    ngx_prize_redis_ask_t  *ask;

    ask = slot->data;

    if (ask == NULL) {
        return;
    }

    ask->slot = NULL;
    ask->open = 0;
    ask->handler(ask, type == PRIZE_REPLY_BROKEN ? NULL : &pipe->reply, type);
}


ngx_int_t
ngx_prize_redis_ask_send(ngx_prize_redis_ask_t *ask,
    ngx_prize_redis_pipe_t *pipe, ngx_msec_t timeout)
{
    ngx_prize_redis_slot_t  *slot;

    slot = ngx_prize_redis_pipe_command(pipe, ask->argc, ask->argv, ask->lens,
                                        timeout, ngx_prize_redis_ask_handler);
    if (slot == NULL) {
        return NGX_ERROR;
    }

    slot->wanted = PRIZE_REPLY_NESTED;
    slot->data = ask;

    ask->slot = slot;
    ask->open = 1;

    return NGX_OK;
}


void
ngx_prize_redis_ask_fail(ngx_prize_redis_ask_t *ask)
{
    ask->slot = NULL;
    ask->open = 0;
    ask->handler(ask, NULL, PRIZE_REPLY_BROKEN);
}


void
ngx_prize_redis_ask_cancel(ngx_prize_redis_ask_t *ask)
{
    if (!ask->open) {
        return;
    }

    ask->open = 0;

    if (ask->slot) {
        ask->slot->data = NULL;
        ask->slot = NULL;
        return;
    }

    ngx_queue_remove(&ask->queue);
}
