
#include "ngx_prize_redis_pipe.h"


#define NGX_PRIZE_REDIS_DENIED_WAIT  10000    /* ms */


static void
ngx_prize_redis_record(ngx_prize_redis_conn_t *conn,
    ngx_prize_lookup_t *lookup)
{
    ngx_prize_result_e  result;

    lookup->record.values = conn->reply.values;
    lookup->record.columns = NULL;
    lookup->record.ncolumns = 0;

    result = ngx_prize_lookup_check(lookup);

    if (result == NGX_PRIZE_STALE) {
        ngx_prize_count(PRIZE_STALE_RECORDS);
    }

    if (result == NGX_PRIZE_FOREIGN) {
        ngx_prize_count(PRIZE_OWNER_MISMATCHES);
        ngx_prize_notice(&conn->foreign, NGX_LOG_ERR, conn->log, 0,
                         "redis \"%V\": \"%V\" was asked for, but the record "
                         "at key \"%*s\" has id \"%*s\"",
                         &conn->name, &lookup->id,
                         lookup->key.len, lookup->key.data,
                         ngx_min(conn->reply.values[0].len, 200),
                         conn->reply.values[0].data);

        /*
         * Was it stored so, or has a reply too many or too few moved those
         * behind it?  Then this one's place will not get a PONG, or another
         * lookup will.
         */

        if (!conn->checking
            && ngx_prize_redis_send_ping(conn, NGX_PRIZE_SLOT_CHECK) == NGX_OK)
        {
            conn->checking = 1;
        }
    }

    ngx_prize_redis_complete(conn, lookup, result);
}


/* NGX_DONE: the connection has been closed, and the lookup with it */

static ngx_int_t
ngx_prize_redis_error_reply(ngx_prize_redis_conn_t *conn,
    ngx_prize_slot_t *slot)
{
    ngx_msec_t           least;
    prize_redis_error_e  error;

    error = prize_redis_error(&conn->reply.text);

    /* Redis says MISCONF to a PING as to a write, but can be read */

    if (error == PRIZE_REDIS_WRITE && slot->kind >= NGX_PRIZE_SLOT_PING) {
        return NGX_OK;
    }

    if (error == PRIZE_REDIS_AWAY || slot->kind >= NGX_PRIZE_SLOT_AUTH
        || (error == PRIZE_REDIS_DENIED && slot->kind
                                           == NGX_PRIZE_SLOT_LOOKUP))
    {
        least = (error == PRIZE_REDIS_DENIED
                 || (error != PRIZE_REDIS_AWAY
                     && (slot->kind == NGX_PRIZE_SLOT_AUTH
                         || slot->kind == NGX_PRIZE_SLOT_SELECT)))
                ? NGX_PRIZE_REDIS_DENIED_WAIT : 0;

        ngx_prize_redis_away(conn, least);
        return NGX_DONE;
    }

    if (slot->kind == NGX_PRIZE_SLOT_WRITE_BACK) {

        ngx_prize_count(PRIZE_WRITEBACK_FAILED);

        if (error == PRIZE_REDIS_SCRIPT) {
            conn->evalsha = 0;
            return NGX_OK;
        }

        ngx_prize_notice(&conn->refused, NGX_LOG_ERR, conn->log, 0,
                         "redis \"%V\" refuses a write-back: \"%*s\"",
                         &conn->name, ngx_min(conn->reply.text.len, 200),
                         conn->reply.text.data);
        return NGX_OK;
    }

    if (slot->lookup == NULL) {
        return NGX_OK;
    }

    ngx_prize_redis_error(conn, PRIZE_PEER_ERROR_REPLY);

    ngx_prize_notice(&conn->error, NGX_LOG_ERR, conn->log, 0,
                     "redis \"%V\" says \"%*s\" to a lookup of key \"%*s\"%s",
                     &conn->name, ngx_min(conn->reply.text.len, 200),
                     conn->reply.text.data,
                     slot->lookup->key.len, slot->lookup->key.data,
                     error == PRIZE_REDIS_TYPE
                     ? ": it should hold a hash, as \"prizectl load\" writes"
                     : "");
    return NGX_OK;
}


static ngx_int_t
ngx_prize_redis_answer(ngx_prize_redis_conn_t *conn, ngx_prize_slot_t *slot,
    prize_reply_e type)
{
    ngx_prize_lookup_t     *lookup;
    ngx_prize_slot_kind_e   kind;

    if (type == PRIZE_REPLY_ERROR
        && ngx_prize_redis_error_reply(conn, slot) == NGX_DONE)
    {
        return NGX_DONE;
    }

    kind = slot->kind;
    lookup = slot->lookup;

    if ((kind == NGX_PRIZE_SLOT_LOOKUP && type != PRIZE_REPLY_RECORD
         && type != PRIZE_REPLY_ERROR)
        || (kind == NGX_PRIZE_SLOT_CHECK && type != PRIZE_REPLY_STRING
            && type != PRIZE_REPLY_ERROR))
    {
        ngx_prize_redis_failed(conn, PRIZE_PEER_ERROR_PROTOCOL, 0,
                               "a reply of another type");
        return NGX_DONE;
    }

    prize_histogram_add(ngx_prize_metrics, PRIZE_REDIS_COMMAND,
                        conn->clock - slot->sent);

    ngx_prize_redis_pop(conn, slot);

    if (kind == NGX_PRIZE_SLOT_PING) {
        ngx_prize_redis_ready(conn);
        return NGX_OK;
    }

    if (kind == NGX_PRIZE_SLOT_CHECK) {
        conn->checking = 0;
    }

    if (kind == NGX_PRIZE_SLOT_LOOKUP) {
        ngx_prize_breaker_success(&conn->breaker);
    }

    if (kind == NGX_PRIZE_SLOT_WRITE_BACK && type == PRIZE_REPLY_INTEGER) {
        ngx_prize_count(conn->reply.integer ? PRIZE_WRITEBACK_STORED
                                            : PRIZE_WRITEBACK_KEPT);
    }

    if (lookup == NULL) {
        return NGX_OK;
    }

    if (type == PRIZE_REPLY_RECORD) {
        ngx_prize_redis_record(conn, lookup);

    } else {
        ngx_prize_redis_complete(conn, lookup, NGX_PRIZE_ERROR);
    }

    return NGX_OK;
}


/* NGX_DONE: closed */

ngx_int_t
ngx_prize_redis_parse(ngx_prize_redis_conn_t *conn)
{
    prize_reply_e      type;
    ngx_connection_t  *c;
    ngx_prize_slot_t  *slot;

    c = conn->peer.connection;

    for ( ;; ) {

        slot = ngx_queue_empty(&conn->slots) ? NULL
               : ngx_queue_data(ngx_queue_head(&conn->slots),
                                ngx_prize_slot_t, queue);

        type = prize_reply_next(&conn->reply, slot ? slot->wanted : 0);

        if (type == PRIZE_REPLY_BROKEN) {
            ngx_prize_redis_failed(conn, PRIZE_PEER_ERROR_PROTOCOL, 0,
                                   conn->reply.text.data);
            return NGX_DONE;
        }

        /* the rest of it would be taken for the reply to the next command */

        if (type == PRIZE_REPLY_AGAIN
            && (slot || !prize_reply_torn(&conn->reply)))
        {
            return NGX_OK;
        }

        if (slot == NULL) {
            ngx_prize_redis_failed(conn, PRIZE_PEER_ERROR_PROTOCOL, 0,
                                   "a reply that nobody asked for");
            return NGX_DONE;
        }

        if (ngx_prize_redis_answer(conn, slot, type) == NGX_DONE) {
            return NGX_DONE;
        }

        /* a handler may have had the connection closed, or even replaced */

        if (conn->peer.connection != c) {
            return NGX_DONE;
        }
    }
}
