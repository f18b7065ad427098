
#include <ngx_config.h>

#include <stdlib.h>

#include "ngx_prize_redis.h"
#include "ngx_prize_redis_reply.h"


static void
ngx_prize_redis_write_back_handler(ngx_prize_redis_pipe_t *pipe,
    const ngx_prize_redis_slot_t *slot, prize_reply_e type)
{
    prize_str_t        *text;
    ngx_prize_redis_t  *redis;

    if (type == PRIZE_REPLY_BROKEN) {
        ngx_prize_count(PRIZE_WRITEBACK_DROPPED);
        return;
    }

    if (type == PRIZE_REPLY_INTEGER) {
        ngx_prize_count(pipe->reply.integer ? PRIZE_WRITEBACK_STORED
                                            : PRIZE_WRITEBACK_KEPT);
        return;
    }

    ngx_prize_count(PRIZE_WRITEBACK_FAILED);

    redis = ngx_prize_redis_of(pipe);
    text = &pipe->reply.text;

    if (type != PRIZE_REPLY_ERROR) {
        return;
    }

    if (ngx_prize_redis_reply_fault(text) == NGX_PRIZE_REDIS_NOT_NOW) {
        ngx_prize_redis_conn_refuse(&redis->conn, NGX_PRIZE_REDIS_NOT_NOW);
        return;
    }

    ngx_prize_notice(&redis->unwritten, NGX_LOG_ERR, redis->backend.log, 0,
                     "redis \"%V\" refuses a write-back: \"%*s\"",
                     &redis->name, ngx_min(text->len, 200), text->data);
}


static ngx_prize_redis_slot_t *
ngx_prize_redis_send_write_back(ngx_prize_redis_t *redis,
    const prize_write_back_t *wb, ngx_msec_t timeout)
{
    long                     len;
    char                    *command;
    u_char                  *out;
    ngx_prize_redis_slot_t  *slot;

    if (redis->conn.state != NGX_PRIZE_REDIS_READY
        || redis->conn.pipe.pending >= NGX_PRIZE_REDIS_PENDING_MAX)
    {
        return NULL;
    }

    len = prize_write_back_format(wb, &command);
    if (len < 0) {
        return NULL;
    }

    slot = NULL;
    out = ngx_prize_redis_pipe_reserve(&redis->conn.pipe, len);

    if (out) {
        ngx_memcpy(out, command, len);
        slot = ngx_prize_redis_pipe_push(&redis->conn.pipe, len, timeout,
                                         ngx_prize_redis_write_back_handler);
    }

    free(command);

    return slot;
}


void
ngx_prize_redis_write_back(ngx_prize_redis_t *redis,
    const ngx_prize_lookup_t *lookup, ngx_msec_t ttl, ngx_msec_t timeout)
{
    uint32_t                 key;
    prize_write_back_t       wb;
    ngx_prize_redis_slot_t  *slot;

    /* all who waited for one answer come one after the other */

    key = ngx_crc32_short((u_char *) lookup->key.data, lookup->key.len);

    if (redis->answer == lookup->answer && redis->answer_key == key) {
        return;
    }

    redis->answer = lookup->answer;
    redis->answer_key = key;

    wb.key = lookup->key;
    wb.fields = lookup->fields;
    wb.record = &lookup->record;
    wb.ttl = ttl;

    slot = ngx_prize_redis_send_write_back(redis, &wb, timeout);

    if (slot == NULL) {
        ngx_prize_count(PRIZE_WRITEBACK_DROPPED);
        return;
    }

    ngx_prize_backend_wake(&redis->backend, slot->deadline);
}
