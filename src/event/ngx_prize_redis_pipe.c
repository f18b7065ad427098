
#include <ngx_config.h>

#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "ngx_prize_redis_pipe.h"
#include "ngx_prize_timer.h"


#define NGX_PRIZE_REDIS_OUT_MAX  (16 * 1024 * 1024)


/* a worker that is to end waits for lookups, and for nothing else */

void
ngx_prize_redis_count(ngx_prize_redis_conn_t *conn, ngx_int_t n)
{
    conn->lookups += n;
    conn->timer.cancelable = (conn->lookups == 0);
}


/* the end of a lookup; it may be used for another at once */

void
ngx_prize_redis_complete(ngx_prize_redis_conn_t *conn,
    ngx_prize_lookup_t *lookup, ngx_prize_result_e result)
{
    static const prize_counter_e  counters[] = {
        [NGX_PRIZE_FOUND] = PRIZE_REDIS_FOUND,
        [NGX_PRIZE_NOT_FOUND] = PRIZE_REDIS_NOT_FOUND,
        [NGX_PRIZE_STALE] = PRIZE_REDIS_STALE,
        [NGX_PRIZE_FOREIGN] = PRIZE_REDIS_FOREIGN,
        [NGX_PRIZE_LATE] = PRIZE_REDIS_LATE,
        [NGX_PRIZE_LOST] = PRIZE_REDIS_LOST,
        [NGX_PRIZE_ERROR] = PRIZE_REDIS_ERROR
    };

    ngx_prize_count(counters[result]);
    ngx_prize_redis_count(conn, -1);

    lookup->place = NULL;
    lookup->handler(lookup, result);
}


static ngx_int_t
ngx_prize_redis_reserve(ngx_prize_redis_conn_t *conn, size_t len)
{
    u_char  *out;
    size_t   size;

    if (conn->out_size - conn->out_len >= len) {
        return NGX_OK;
    }

    if (conn->out_sent) {
        ngx_memmove(conn->out, conn->out + conn->out_sent,
                    conn->out_len - conn->out_sent);
        conn->out_len -= conn->out_sent;
        conn->out_sent = 0;
    }

    if (conn->out_size - conn->out_len >= len) {
        return NGX_OK;
    }

    size = ngx_max(2 * conn->out_size, conn->out_len + len);
    size = ngx_max(size, 16384);

    if (size > NGX_PRIZE_REDIS_OUT_MAX) {
        return NGX_ERROR;
    }

    out = realloc(conn->out, size);
    if (out == NULL) {
        return NGX_ERROR;
    }

    conn->out = out;
    conn->out_size = size;

    return NGX_OK;
}


/* the command has been written behind conn->out_len; its place is the last */

static ngx_prize_slot_t *
ngx_prize_redis_push(ngx_prize_redis_conn_t *conn, ngx_prize_slot_kind_e kind,
    size_t len, ngx_msec_t timeout)
{
    ngx_queue_t       *q;
    ngx_prize_slot_t  *slot;

    if (!ngx_queue_empty(&conn->free)) {
        q = ngx_queue_head(&conn->free);
        ngx_queue_remove(q);
        slot = ngx_queue_data(q, ngx_prize_slot_t, queue);

    } else {
        slot = malloc(sizeof(ngx_prize_slot_t));
        if (slot == NULL) {
            return NULL;
        }
    }

    slot->kind = kind;
    slot->lookup = NULL;
    slot->wanted = 0;
    slot->timeout = timeout;
    slot->deadline = ngx_current_msec + timeout;

    ngx_queue_insert_tail(&conn->slots, &slot->queue);
    conn->pending++;
    ngx_prize_redis_gauge(conn, PRIZE_PEER_IN_FLIGHT, 1);

    conn->out_len += len;

    if (!conn->flush.posted) {
        ngx_post_event(&conn->flush, &ngx_posted_events);

        /* what goes out together went out at one time */
        conn->clock = ngx_prize_clock();
    }

    slot->sent = conn->clock;

    ngx_prize_timer_advance(&conn->timer, slot->deadline);

    return slot;
}


void
ngx_prize_redis_pop(ngx_prize_redis_conn_t *conn, ngx_prize_slot_t *slot)
{
    ngx_queue_remove(&slot->queue);
    ngx_queue_insert_head(&conn->free, &slot->queue);
    conn->pending--;
    ngx_prize_redis_gauge(conn, PRIZE_PEER_IN_FLIGHT, -1);
}


ngx_int_t
ngx_prize_redis_send_lookup(ngx_prize_redis_conn_t *conn,
    ngx_prize_lookup_t *lookup)
{
    char              *p, *end;
    ngx_prize_slot_t  *slot;

    if (ngx_prize_redis_reserve(conn, prize_command_length(lookup->command,
                                                           lookup->key.len))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = (char *) conn->out + conn->out_len;
    end = prize_command_write(lookup->command, p, &lookup->key);

    slot = ngx_prize_redis_push(conn, NGX_PRIZE_SLOT_LOOKUP, end - p,
                                lookup->timeout);
    if (slot == NULL) {
        return NGX_ERROR;
    }

    slot->lookup = lookup;
    slot->wanted = lookup->command->values;

    lookup->place = slot;
    lookup->deadline = slot->deadline;

    return NGX_OK;
}


ngx_int_t
ngx_prize_redis_send(ngx_prize_redis_conn_t *conn, ngx_prize_slot_kind_e kind,
    const char *command, size_t len, ngx_msec_t timeout)
{
    if (ngx_prize_redis_reserve(conn, len) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memcpy(conn->out + conn->out_len, command, len);

    return ngx_prize_redis_push(conn, kind, len, timeout) ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_prize_redis_send_argv(ngx_prize_redis_conn_t *conn,
    ngx_prize_slot_kind_e kind, int argc, const char **argv, size_t *lens)
{
    char       *command;
    ngx_int_t   rc;
    long long   len;

    len = redisFormatCommandArgv(&command, argc, argv, lens);
    if (len < 0) {
        return NGX_ERROR;
    }

    rc = ngx_prize_redis_send(conn, kind, command, len, conn->connect_timeout);

    free(command);

    return rc;
}


ngx_int_t
ngx_prize_redis_send_ping(ngx_prize_redis_conn_t *conn,
    ngx_prize_slot_kind_e kind)
{
    size_t       len;
    const char  *ping;

    ping = "PING";
    len = 4;

    return ngx_prize_redis_send_argv(conn, kind, 1, &ping, &len);
}


void
ngx_prize_redis_flush(ngx_prize_redis_conn_t *conn)
{
    ssize_t            n;
    ngx_connection_t  *c;

    c = conn->peer.connection;

    while (conn->out_sent < conn->out_len) {
        n = c->send(c, conn->out + conn->out_sent,
                    conn->out_len - conn->out_sent);

        if (n == NGX_AGAIN) {
            if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
                ngx_prize_redis_failed(conn, PRIZE_PEER_ERROR_LOST, 0,
                                       "no write event");
            }

            return;
        }

        if (n <= 0) {
            ngx_prize_redis_failed(conn, PRIZE_PEER_ERROR_LOST,
                                   ngx_socket_errno, "send() failed");
            return;
        }

        conn->out_sent += n;
    }

    conn->out_sent = 0;
    conn->out_len = 0;
}


void
ngx_prize_redis_flush_handler(ngx_event_t *ev)
{
    ngx_prize_redis_conn_t  *conn;

    conn = ev->data;

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, ev->log, 0,
                   "prize redis \"%V\" flush %uz", &conn->name, conn->out_len);

    ngx_prize_redis_flush(conn);
}


/* moves what is over its time from the connection's queues to "late" */

void
ngx_prize_redis_collect(ngx_prize_redis_conn_t *conn, ngx_queue_t *late)
{
    ngx_queue_t         *q, *next;
    ngx_prize_slot_t    *slot;
    ngx_prize_lookup_t  *lookup;

    for (q = ngx_queue_head(&conn->slots);
         q != ngx_queue_sentinel(&conn->slots);
         q = ngx_queue_next(q))
    {
        slot = ngx_queue_data(q, ngx_prize_slot_t, queue);
        lookup = slot->lookup;

        if (lookup == NULL) {
            continue;
        }

        if ((ngx_msec_int_t) (slot->deadline - ngx_current_msec) > 0) {
            ngx_prize_timer_advance(&conn->timer, slot->deadline);
            continue;
        }

        slot->lookup = NULL;
        lookup->place = conn;
        ngx_queue_insert_tail(late, &lookup->queue);
    }

    for (q = ngx_queue_head(&conn->waiting);
         q != ngx_queue_sentinel(&conn->waiting);
         q = next)
    {
        next = ngx_queue_next(q);
        lookup = ngx_queue_data(q, ngx_prize_lookup_t, queue);

        if ((ngx_msec_int_t) (lookup->deadline - ngx_current_msec) > 0) {
            ngx_prize_timer_advance(&conn->timer, lookup->deadline);
            continue;
        }

        ngx_queue_remove(q);
        ngx_queue_insert_tail(late, q);
    }
}


/* the head is late by a whole budget, and nothing was read since */

ngx_uint_t
ngx_prize_redis_overdue(ngx_prize_redis_conn_t *conn)
{
    ngx_msec_t         since;
    ngx_prize_slot_t  *slot;

    if (ngx_queue_empty(&conn->slots)) {
        return 0;
    }

    slot = ngx_queue_data(ngx_queue_head(&conn->slots), ngx_prize_slot_t,
                          queue);
    since = slot->deadline;

    if ((ngx_msec_int_t) (conn->last_read - since) > 0) {
        since = conn->last_read;
    }

    since += slot->timeout;

    if ((ngx_msec_int_t) (since - ngx_current_msec) <= 0) {
        return 1;
    }

    ngx_prize_timer_advance(&conn->timer, since);

    return 0;
}


/* what was asked, or waits, is another server's now */

void
ngx_prize_redis_lose(ngx_prize_redis_conn_t *conn)
{
    ngx_uint_t           blamed;
    ngx_queue_t          slots, waiting;
    ngx_prize_slot_t    *slot;
    ngx_prize_lookup_t  *lookup;

    /*
     * A handler may ask this endpoint again, or detach a lookup that stands
     * behind it: both find the connection closed and these queues in order.
     */

    ngx_queue_init(&slots);
    ngx_queue_init(&waiting);

    if (!ngx_queue_empty(&conn->slots)) {
        ngx_queue_add(&slots, &conn->slots);
        ngx_queue_init(&conn->slots);
    }

    if (!ngx_queue_empty(&conn->waiting)) {
        ngx_queue_add(&waiting, &conn->waiting);
        ngx_queue_init(&conn->waiting);
    }

    blamed = 1;

    while (!ngx_queue_empty(&slots)) {
        slot = ngx_queue_data(ngx_queue_head(&slots), ngx_prize_slot_t, queue);
        lookup = slot->lookup;

        ngx_prize_redis_pop(conn, slot);

        if (lookup) {
            lookup->blamed = blamed;
            blamed = 0;
            ngx_prize_redis_complete(conn, lookup, NGX_PRIZE_LOST);
        }
    }

    for (lookup = ngx_prize_lookup_shift(&waiting);
         lookup;
         lookup = ngx_prize_lookup_shift(&waiting))
    {
        lookup->blamed = blamed;
        blamed = 0;
        ngx_prize_redis_complete(conn, lookup, NGX_PRIZE_LOST);
    }
}
