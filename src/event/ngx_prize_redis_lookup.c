
#include "ngx_prize_redis_lookup.h"
#include "ngx_prize_redis_reply.h"


#define NGX_PRIZE_REDIS_MODE_LEN                                              \
    (sizeof("*1" CRLF "$9" CRLF "READWRITE" CRLF) - 1)


/*
 * Was a foreign record stored so, or has a reply too many or too few moved
 * those behind it?  Then this one's place will not get a PONG, or another
 * lookup will.
 */

static void
ngx_prize_redis_check_handler(ngx_prize_redis_pipe_t *pipe,
    const ngx_prize_redis_slot_t *slot, prize_reply_e type)
{
    ngx_prize_redis_t        *redis;
    ngx_prize_redis_fault_e   fault;

    redis = ngx_prize_redis_of(pipe);
    redis->checking = 0;

    if (type == PRIZE_REPLY_STRING || type == PRIZE_REPLY_BROKEN) {
        return;
    }

    if (type != PRIZE_REPLY_ERROR) {
        ngx_prize_redis_conn_lose(&redis->conn, NGX_PRIZE_REDIS_SERVER,
                                  PRIZE_PEER_ERROR_PROTOCOL, 0,
                                  "a reply of another type");
        return;
    }

    fault = ngx_prize_redis_reply_ping_fault(&pipe->reply.text);

    if (fault != NGX_PRIZE_REDIS_NO_FAULT) {
        ngx_prize_redis_conn_refuse(&redis->conn, fault);
    }
}


static void
ngx_prize_redis_check(ngx_prize_redis_t *redis)
{
    size_t                   len;
    const char              *ping;
    ngx_prize_redis_slot_t  *slot;

    if (redis->checking) {
        return;
    }

    ping = "PING";
    len = 4;

    slot = ngx_prize_redis_pipe_command(&redis->conn.pipe, 1, &ping, &len,
                                        redis->conn.timeout,
                                        ngx_prize_redis_check_handler);
    if (slot == NULL) {
        return;
    }

    redis->checking = 1;
    ngx_prize_backend_wake(&redis->backend, slot->deadline);
}


static void
ngx_prize_redis_foreign(ngx_prize_redis_t *redis, ngx_prize_lookup_t *lookup)
{
    prize_str_t  *id;

    id = &lookup->record.values[PRIZE_FIELD_ID];

    ngx_prize_count(PRIZE_OWNER_MISMATCHES);

    ngx_prize_notice(&redis->foreign, NGX_LOG_ERR, redis->backend.log, 0,
                     "redis \"%V\": \"%V\" was asked for, but the record "
                     "at key \"%*s\" has id \"%*s\"",
                     &redis->name, &lookup->id,
                     lookup->key.len, lookup->key.data,
                     ngx_min(id->len, 200), id->data);

    ngx_prize_redis_check(redis);
}


/* 1: the error is the server's, and the connection is lost for it */

static ngx_uint_t
ngx_prize_redis_refused(ngx_prize_redis_t *redis, ngx_prize_lookup_t *lookup,
    prize_str_t *text)
{
    ngx_prize_redis_fault_e  fault;

    fault = ngx_prize_redis_reply_fault(text, redis->conn.login->cluster);

    if (fault != NGX_PRIZE_REDIS_NO_FAULT) {

        /* so that it is lost with all the others */

        if (lookup) {
            ngx_queue_insert_head(&redis->waiting, &lookup->queue);
        }

        ngx_prize_redis_conn_refuse(&redis->conn, fault);
        return 1;
    }

    if (lookup && redis->conn.login->cluster
        && prize_redis_error(text) == PRIZE_REDIS_MOVED)
    {
        return 0;
    }

    if (lookup) {
        ngx_prize_redis_count_error(redis, PRIZE_PEER_ERROR_REPLY);

        ngx_prize_notice(&redis->error, NGX_LOG_ERR, redis->backend.log, 0,
                         "redis \"%V\" says \"%*s\" to a lookup of key "
                         "\"%*s\"%s",
                         &redis->name, ngx_min(text->len, 200), text->data,
                         lookup->key.len, lookup->key.data,
                         prize_redis_error(text) == PRIZE_REDIS_TYPE
                         ? ": it should hold a hash, as \"prizectl load\" "
                           "writes"
                         : "");
    }

    return 0;
}


static void
ngx_prize_redis_lookup_handler(ngx_prize_redis_pipe_t *pipe,
    const ngx_prize_redis_slot_t *slot, prize_reply_e type)
{
    ngx_prize_redis_t   *redis;
    ngx_prize_result_e   result;
    ngx_prize_lookup_t  *lookup;

    redis = ngx_prize_redis_of(pipe);
    lookup = slot->lookup;

    if (lookup) {
        lookup->slot = NULL;
    }

    if (type == PRIZE_REPLY_ERROR
        && ngx_prize_redis_refused(redis, lookup, &pipe->reply.text))
    {
        return;
    }

    if (type != PRIZE_REPLY_BROKEN) {
        ngx_prize_breaker_success(&redis->backend.breaker);
    }

    if (lookup == NULL) {
        return;
    }

    result = ngx_prize_redis_reply_result(&pipe->reply, type, lookup);

    if (result == NGX_PRIZE_STALE) {
        ngx_prize_count(PRIZE_STALE_RECORDS);
    }

    if (result == NGX_PRIZE_FOREIGN) {
        ngx_prize_redis_foreign(redis, lookup);
    }

    ngx_prize_redis_lookup_end(redis, lookup, result);
}


/* to ASKING, READONLY and READWRITE, whose failure the next command tells */

static void
ngx_prize_redis_mode_handler(ngx_prize_redis_pipe_t *pipe,
    const ngx_prize_redis_slot_t *slot, prize_reply_e type)
{
    ngx_prize_redis_t  *redis;

    if (type == PRIZE_REPLY_ERROR) {
        redis = ngx_prize_redis_of(pipe);

        ngx_prize_notice(&redis->denied, NGX_LOG_ERR, redis->backend.log, 0,
                         "redis \"%V\" says \"%*s\" to %s",
                         &redis->name, ngx_min(pipe->reply.text.len, 200),
                         pipe->reply.text.data, (char *) slot->data);
    }
}


/* what a node of a cluster has to be told before it is asked for a key */

static u_char *
ngx_prize_redis_send_mode(ngx_prize_redis_t *redis,
    const ngx_prize_lookup_t *lookup, u_char *out)
{
    u_char                  *end;
    const char              *word;
    ngx_prize_redis_slot_t  *slot;

    if (lookup->asking) {
        word = "ASKING";

    } else if (lookup->readonly != redis->conn.readonly) {

        /* what was a replica would go on answering for its primary */

        redis->conn.readonly = lookup->readonly;
        word = lookup->readonly ? "READONLY" : "READWRITE";

    } else {
        return out;
    }

    end = ngx_sprintf(out, "*1" CRLF "$%uz" CRLF "%s" CRLF,
                      ngx_strlen(word), word);

    slot = ngx_prize_redis_pipe_push(&redis->conn.pipe, end - out,
                                     lookup->timeout,
                                     ngx_prize_redis_mode_handler);
    slot->data = (void *) word;

    return end;
}


void
ngx_prize_redis_lookup_end(ngx_prize_redis_t *redis,
    ngx_prize_lookup_t *lookup, ngx_prize_result_e result)
{
    lookup->slot = NULL;
    lookup->blamed = (result == NGX_PRIZE_LOST && redis->blame);

    if (lookup->blamed) {
        redis->blame = 0;
    }

    ngx_prize_backend_complete(&redis->backend, lookup, result);
}


ngx_int_t
ngx_prize_redis_lookup_send(ngx_prize_redis_t *redis,
    ngx_prize_lookup_t *lookup)
{
    char                    *end;
    size_t                   len;
    u_char                  *out;
    ngx_prize_redis_slot_t  *slot;
    ngx_prize_redis_pipe_t  *pipe;

    pipe = &redis->conn.pipe;

    /* an ASKING without its lookup would be the next one's */

    len = NGX_PRIZE_REDIS_MODE_LEN
          + prize_command_length(lookup->command, lookup->key.len);

    out = ngx_prize_redis_pipe_reserve(pipe, len);
    if (out == NULL) {
        return NGX_ERROR;
    }

    if (redis->conn.login->cluster) {
        out = ngx_prize_redis_send_mode(redis, lookup, out);
    }

    end = prize_command_write(lookup->command, (char *) out, &lookup->key);

    slot = ngx_prize_redis_pipe_push(pipe, end - (char *) out, lookup->timeout,
                                     ngx_prize_redis_lookup_handler);

    slot->lookup = lookup;
    slot->wanted = lookup->command->values;

    lookup->slot = slot;
    lookup->deadline = slot->deadline;

    return NGX_OK;
}
