
#include <ngx_config.h>

#include <stdlib.h>

#include "ngx_prize_redis.h"
#include "ngx_prize_redis_reply.h"


/* 1: somebody else is its primary, or will be; the route is told */

static ngx_uint_t
ngx_prize_redis_write_is_astray(ngx_prize_redis_t *redis,
    const prize_str_t *text)
{
    if (redis->watch == NULL) {
        return 0;
    }

    switch (prize_redis_error(text)) {

    case PRIZE_REDIS_MOVED:
        break;

    case PRIZE_REDIS_WRITE:
        if (text->len < 8 || ngx_strncmp(text->data, "READONLY", 8) != 0) {
            return 0;
        }

        break;

    case PRIZE_REDIS_UNCOVERED:
        return redis->conn.login->cluster;

    default:
        return 0;
    }

    (void) redis->watch(redis->watcher, redis, NGX_PRIZE_REDIS_ROUTE_MOVED);

    return 1;
}


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

    redis = ngx_prize_redis_of(pipe);
    text = &pipe->reply.text;

    if (type == PRIZE_REPLY_ERROR
        && ngx_prize_redis_write_is_astray(redis, text))
    {
        ngx_prize_count(PRIZE_WRITEBACK_DROPPED);
        return;
    }

    ngx_prize_count(PRIZE_WRITEBACK_FAILED);

    if (type != PRIZE_REPLY_ERROR) {
        return;
    }

    if (ngx_prize_redis_reply_fault(text, redis->conn.login->cluster)
        == NGX_PRIZE_REDIS_NOT_NOW)
    {
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

    if (!ngx_prize_redis_ready(redis)
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
