
#include "ngx_prize_redis.h"
#include "ngx_prize_redis_reply.h"


#define NGX_PRIZE_REDIS_DENIED_WAIT  10000    /* ms */


static void ngx_prize_redis_probe(void *data);
static void ngx_prize_redis_expire(void *data, ngx_queue_t *late);
static void ngx_prize_redis_detach(void *data, ngx_prize_lookup_t *lookup);
static void ngx_prize_redis_drop(void *data);
static void ngx_prize_redis_destroy(void *data);


static const prize_counter_e  ngx_prize_redis_results[] = {
    [NGX_PRIZE_FOUND] = PRIZE_REDIS_FOUND,
    [NGX_PRIZE_NOT_FOUND] = PRIZE_REDIS_NOT_FOUND,
    [NGX_PRIZE_STALE] = PRIZE_REDIS_STALE,
    [NGX_PRIZE_FOREIGN] = PRIZE_REDIS_FOREIGN,
    [NGX_PRIZE_LATE] = PRIZE_REDIS_LATE,
    [NGX_PRIZE_LOST] = PRIZE_REDIS_LOST,
    [NGX_PRIZE_ERROR] = PRIZE_REDIS_ERROR
};


const ngx_prize_backend_kind_t  ngx_prize_redis_kind = {
    .results = ngx_prize_redis_results,
    .breaker = PRIZE_BREAKER_REDIS_SHUT,
    .label = PRIZE_LABEL_REDIS,
    .probe = ngx_prize_redis_probe,
    .expire = ngx_prize_redis_expire,
    .detach = ngx_prize_redis_detach,
    .close = ngx_prize_redis_drop,
    .destroy = ngx_prize_redis_destroy
};


#define ngx_prize_redis_count_error(redis, reason)                            \
    (ngx_prize_peer_metrics((redis)->backend.label)->counters[reason]++)


/* the first to end of all that are known under one label */

static void
ngx_prize_redis_first_end(int64_t *end, time_t not_after)
{
    if (not_after && (*end == 0 || not_after < *end)) {
        *end = not_after;
    }
}


static void
ngx_prize_redis_gauge_ends(ngx_uint_t label)
{
    int64_t              *gauges;
    ngx_prize_redis_t    *redis;
    ngx_prize_backend_t  *backend;

    gauges = ngx_prize_peer_metrics(label)->gauges;

    gauges[PRIZE_PEER_SERVER_END] = 0;
    gauges[PRIZE_PEER_CLIENT_END] = 0;

    ngx_prize_backend_foreach(&ngx_prize_redis_kind, backend) {
        redis = (ngx_prize_redis_t *) backend;

        if (backend->label != label || redis->conn.login->tls == NULL) {
            continue;
        }

        ngx_prize_redis_first_end(&gauges[PRIZE_PEER_SERVER_END],
                                  redis->conn.tls.not_after);
        ngx_prize_redis_first_end(&gauges[PRIZE_PEER_CLIENT_END],
                                  redis->conn.login->tls->not_after);
    }
}


/* lookups: sent when the connection is ready, and answered by their slots */

static void
ngx_prize_redis_complete(ngx_prize_redis_t *redis, ngx_prize_lookup_t *lookup,
    ngx_prize_result_e result)
{
    lookup->slot = NULL;
    lookup->blamed = (result == NGX_PRIZE_LOST && redis->blame);

    if (lookup->blamed) {
        redis->blame = 0;
    }

    ngx_prize_backend_complete(&redis->backend, lookup, result);
}


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

    fault = ngx_prize_redis_reply_fault(text);

    if (fault != NGX_PRIZE_REDIS_NO_FAULT) {

        /* so that it is lost with all the others */

        if (lookup) {
            ngx_queue_insert_head(&redis->waiting, &lookup->queue);
        }

        ngx_prize_redis_conn_refuse(&redis->conn, fault);
        return 1;
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

    ngx_prize_redis_complete(redis, lookup, result);
}


static ngx_int_t
ngx_prize_redis_send(ngx_prize_redis_t *redis, ngx_prize_lookup_t *lookup)
{
    char                    *out, *end;
    ngx_prize_redis_slot_t  *slot;
    ngx_prize_redis_pipe_t  *pipe;

    pipe = &redis->conn.pipe;

    out = (char *) ngx_prize_redis_pipe_reserve(pipe,
                                     prize_command_length(lookup->command,
                                                          lookup->key.len));
    if (out == NULL) {
        return NGX_ERROR;
    }

    end = prize_command_write(lookup->command, out, &lookup->key);

    slot = ngx_prize_redis_pipe_push(pipe, end - out, lookup->timeout,
                                     ngx_prize_redis_lookup_handler);
    if (slot == NULL) {
        return NGX_ERROR;
    }

    slot->lookup = lookup;
    slot->wanted = lookup->command->values;

    lookup->slot = slot;
    lookup->deadline = slot->deadline;

    return NGX_OK;
}


/* the connection reports: it is up, or is to be closed */

static void
ngx_prize_redis_take_waiting(ngx_prize_redis_t *redis, ngx_queue_t *waiting)
{
    ngx_queue_init(waiting);

    if (!ngx_queue_empty(&redis->waiting)) {
        ngx_queue_add(waiting, &redis->waiting);
        ngx_queue_init(&redis->waiting);
    }
}


static void
ngx_prize_redis_up(ngx_prize_redis_t *redis)
{
    ngx_queue_t          waiting;
    ngx_prize_lookup_t  *lookup;

    if (redis->conn.login->tls) {
        ngx_prize_redis_gauge_ends(redis->backend.label);
    }

    if (ngx_prize_breaker_probed(&redis->backend.breaker)) {
        ngx_prize_notice(&redis->backend.back, NGX_LOG_NOTICE,
                         redis->backend.log, 0, "redis \"%V\" is used again",
                         &redis->name);
    }

    ngx_prize_redis_take_waiting(redis, &waiting);

    for (lookup = ngx_prize_lookup_shift(&waiting);
         lookup;
         lookup = ngx_prize_lookup_shift(&waiting))
    {
        if (ngx_prize_redis_send(redis, lookup) != NGX_OK) {
            ngx_prize_redis_complete(redis, lookup, NGX_PRIZE_ERROR);
            continue;
        }

        ngx_prize_backend_wake(&redis->backend, lookup->deadline);
    }
}


/* the server is away, or as good as that */

static void
ngx_prize_redis_blame_server(ngx_prize_redis_t *redis)
{
    ngx_uint_t               opened;
    ngx_prize_redis_loss_t  *loss;
    ngx_prize_redis_conn_t  *conn;

    conn = &redis->conn;
    loss = &conn->loss;

    opened = ngx_prize_breaker_failure(&redis->backend.breaker);

    ngx_prize_notice(&redis->backend.lost, NGX_LOG_ERR, redis->backend.log,
                     loss->err,
                     "redis \"%V\": %s%s%s%s, %ui commands in flight",
                     &redis->name, loss->why,
                     conn->tls.words[0] ? ": " : "", conn->tls.words,
                     opened ? ", left alone for now" : "",
                     conn->pipe.pending);

    if (opened && loss->fault == NGX_PRIZE_REDIS_SILENT) {
        ngx_prize_breaker_open(&redis->backend.breaker,
                               NGX_PRIZE_REDIS_DENIED_WAIT);
    }

    /* what fails at once could fail a thousand times in a moment */

    if (conn->state != NGX_PRIZE_REDIS_READY && loss->err != NGX_ETIMEDOUT) {
        ngx_prize_breaker_pause(&redis->backend.breaker);
    }
}


/* one event of a connection, whatever number of lookups it takes along */

static void
ngx_prize_redis_blame(ngx_prize_redis_t *redis)
{
    ngx_prize_redis_loss_t  *loss;
    ngx_prize_redis_conn_t  *conn;

    conn = &redis->conn;
    loss = &conn->loss;

    if (loss->fault == NGX_PRIZE_REDIS_NO_FAULT) {
        return;
    }

    ngx_prize_redis_count_error(redis, loss->reason);

    if (loss->fault == NGX_PRIZE_REDIS_SERVER
        || loss->fault == NGX_PRIZE_REDIS_SILENT)
    {
        ngx_prize_redis_blame_server(redis);
        return;
    }

    /* the server answers, but not to us, or not yet */

    if (loss->fault == NGX_PRIZE_REDIS_NO_TLS) {
        ngx_prize_notice(&redis->denied, NGX_LOG_ERR, redis->backend.log, 0,
                         "redis \"%V\": %s%s%s, left alone for now",
                         &redis->name, loss->why,
                         conn->tls.words[0] ? ": " : "", conn->tls.words);

    } else {
        ngx_prize_notice(&redis->denied, NGX_LOG_ERR, redis->backend.log, 0,
                         "redis \"%V\" says \"%*s\", left alone for now",
                         &redis->name,
                         ngx_min(conn->pipe.reply.text.len, 200),
                         conn->pipe.reply.text.data);
    }

    ngx_prize_breaker_open(&redis->backend.breaker,
                           loss->fault == NGX_PRIZE_REDIS_NOT_NOW
                           ? 0 : NGX_PRIZE_REDIS_DENIED_WAIT);
}


static void
ngx_prize_redis_drop(void *data)
{
    ngx_queue_t          waiting;
    ngx_prize_redis_t   *redis = data;
    ngx_prize_lookup_t  *lookup;

    /*
     * A handler may ask this endpoint again, or detach a lookup that stands
     * behind it: both find the connection closed and these queues in order.
     */

    ngx_prize_redis_take_waiting(redis, &waiting);

    redis->blame = 1;
    redis->checking = 0;

    ngx_prize_redis_conn_close(&redis->conn);

    for (lookup = ngx_prize_lookup_shift(&waiting);
         lookup;
         lookup = ngx_prize_lookup_shift(&waiting))
    {
        ngx_prize_redis_complete(redis, lookup, NGX_PRIZE_LOST);
    }

    redis->blame = 0;
}


static void
ngx_prize_redis_conn_handler(void *owner, ngx_prize_redis_event_e event)
{
    ngx_prize_redis_t  *redis = owner;

    if (event == NGX_PRIZE_REDIS_UP) {
        ngx_prize_redis_up(redis);
        return;
    }

    ngx_prize_redis_blame(redis);
    ngx_prize_redis_drop(redis);
}


static ngx_int_t
ngx_prize_redis_open(ngx_prize_redis_t *redis, ngx_msec_t timeout)
{
    ngx_int_t  rc;

    if (redis->conn.state != NGX_PRIZE_REDIS_CLOSED) {
        return NGX_OK;
    }

    rc = ngx_prize_redis_conn_open(&redis->conn, timeout);

    if (rc == NGX_OK) {
        ngx_prize_backend_wake(&redis->backend, redis->conn.deadline);

    } else if (rc == NGX_DECLINED) {
        ngx_prize_redis_conn_handler(redis, NGX_PRIZE_REDIS_LOST);
    }

    return rc;
}


/* what the backend asks of an endpoint */

static void
ngx_prize_redis_probe(void *data)
{
    ngx_prize_redis_t  *redis = data;

    /* after a pause the next lookup tries it */

    if (redis->backend.breaker.state == NGX_PRIZE_BREAKER_SHUT
        || ngx_exiting || ngx_terminate)
    {
        return;
    }

    /* a connect() that fails has opened it again already */

    if (ngx_prize_redis_open(redis, redis->conn.timeout) == NGX_ERROR) {
        ngx_prize_breaker_open(&redis->backend.breaker, 0);
    }
}


static void
ngx_prize_redis_expire_waiting(ngx_prize_redis_t *redis, ngx_queue_t *late)
{
    ngx_queue_t         *q, *next;
    ngx_prize_lookup_t  *lookup;

    for (q = ngx_queue_head(&redis->waiting);
         q != ngx_queue_sentinel(&redis->waiting);
         q = next)
    {
        next = ngx_queue_next(q);
        lookup = ngx_queue_data(q, ngx_prize_lookup_t, queue);

        if ((ngx_msec_int_t) (lookup->deadline - ngx_current_msec) > 0) {
            ngx_prize_backend_wake(&redis->backend, lookup->deadline);
            continue;
        }

        ngx_queue_remove(q);
        ngx_queue_insert_tail(late, q);
    }
}


static void
ngx_prize_redis_expire(void *data, ngx_queue_t *late)
{
    ngx_msec_t               when;
    ngx_prize_redis_t       *redis = data;
    ngx_prize_redis_conn_t  *conn;

    conn = &redis->conn;

    if (conn->state != NGX_PRIZE_REDIS_CLOSED
        && conn->state != NGX_PRIZE_REDIS_READY)
    {
        if ((ngx_msec_int_t) (conn->deadline - ngx_current_msec) <= 0) {
            ngx_prize_redis_conn_time_out(conn);
            return;
        }

        ngx_prize_backend_wake(&redis->backend, conn->deadline);
    }

    when = ngx_prize_redis_pipe_expire(&conn->pipe, late);

    if (when) {
        ngx_prize_backend_wake(&redis->backend, when);
    }

    ngx_prize_redis_expire_waiting(redis, late);

    if (conn->state != NGX_PRIZE_REDIS_READY) {
        return;
    }

    if (ngx_prize_redis_pipe_overdue(&conn->pipe, &when)) {
        ngx_prize_redis_conn_lose(conn, NGX_PRIZE_REDIS_SERVER,
                                  PRIZE_PEER_ERROR_TIMEOUT, NGX_ETIMEDOUT,
                                  "no reply");

    } else if (when) {
        ngx_prize_backend_wake(&redis->backend, when);
    }
}


static void
ngx_prize_redis_detach(void *data, ngx_prize_lookup_t *lookup)
{
    if (lookup->slot) {
        lookup->slot->lookup = NULL;
        lookup->slot = NULL;
        return;
    }

    ngx_queue_remove(&lookup->queue);
}


static void
ngx_prize_redis_destroy(void *data)
{
    ngx_uint_t          label;
    ngx_prize_redis_t  *redis = data;

    label = redis->backend.label;

    ngx_prize_redis_drop(redis);
    ngx_prize_redis_conn_destroy(&redis->conn);

    if (redis->end.timer_set) {
        ngx_del_timer(&redis->end);
    }

    ngx_prize_backend_end(&redis->backend);
    ngx_prize_redis_gauge_ends(label);
    ngx_destroy_pool(redis->pool);
}


/* an attempt has just failed: that is the answer to these lookups too */

static ngx_uint_t
ngx_prize_redis_pauses(ngx_prize_redis_t *redis)
{
    return redis->conn.state == NGX_PRIZE_REDIS_CLOSED
           && ngx_prize_breaker_is_paused(&redis->backend.breaker);
}


/* what the endpoint is called, by us and by its certificate */

static ngx_int_t
ngx_prize_redis_copy_names(ngx_prize_redis_t *redis, ngx_str_t *name,
    ngx_str_t *host)
{
    redis->name.len = name->len;
    redis->name.data = ngx_pstrdup(redis->pool, name);

    redis->host.len = host->len;
    redis->host.data = ngx_pnalloc(redis->pool, host->len + 1);

    if (redis->name.data == NULL || redis->host.data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_cpystrn(redis->host.data, host->data, host->len + 1);

    return NGX_OK;
}


ngx_prize_redis_t *
ngx_prize_redis_create(ngx_cycle_t *cycle,
    const ngx_prize_redis_login_t *login, struct sockaddr *sockaddr,
    socklen_t socklen, ngx_str_t *name, ngx_str_t *host)
{
    ngx_pool_t         *pool;
    ngx_prize_redis_t  *redis;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    redis = ngx_pcalloc(pool, sizeof(ngx_prize_redis_t));
    if (redis == NULL) {
        goto failed;
    }

    redis->pool = pool;

    if (ngx_prize_redis_copy_names(redis, name, host) != NGX_OK) {
        goto failed;
    }

    ngx_memcpy(&redis->sockaddr, sockaddr, socklen);
    redis->socklen = socklen;

    ngx_queue_init(&redis->waiting);

    ngx_prize_redis_conn_init(&redis->conn, &redis->sockaddr.sockaddr, socklen,
                              &redis->name, &redis->host, login,
                              cycle->log);

    if (ngx_prize_backend_init(&redis->backend, &ngx_prize_redis_kind, cycle,
                               &redis->name)
        != NGX_OK)
    {
        goto failed;
    }

    redis->conn.handler = ngx_prize_redis_conn_handler;
    redis->conn.owner = redis;
    redis->conn.pipe.label = redis->backend.label;

    ngx_prize_redis_gauge_ends(redis->backend.label);

    return redis;

failed:

    ngx_destroy_pool(pool);

    return NULL;
}


ngx_uint_t
ngx_prize_redis_usable(ngx_prize_redis_t *redis)
{
    return redis->backend.breaker.state == NGX_PRIZE_BREAKER_SHUT;
}


ngx_int_t
ngx_prize_redis_lookup(ngx_prize_redis_t *redis, ngx_prize_lookup_t *lookup,
    ngx_msec_t connect_timeout)
{
    ngx_int_t  rc;

    if (redis->conn.pipe.pending >= NGX_PRIZE_REDIS_PENDING_MAX) {
        return NGX_BUSY;
    }

    if (ngx_prize_redis_pauses(redis)) {
        return NGX_DECLINED;
    }

    rc = ngx_prize_redis_open(redis, connect_timeout);

    if (rc != NGX_OK) {
        return rc;
    }

    if (redis->conn.state == NGX_PRIZE_REDIS_READY) {
        if (ngx_prize_redis_send(redis, lookup) != NGX_OK) {
            return NGX_ERROR;
        }

    } else {
        lookup->slot = NULL;
        lookup->deadline = ngx_current_msec + connect_timeout;
        ngx_queue_insert_tail(&redis->waiting, &lookup->queue);
    }

    ngx_prize_backend_take(&redis->backend, lookup);

    return NGX_OK;
}


void
ngx_prize_redis_connect(ngx_prize_redis_t *redis, ngx_msec_t timeout)
{
    if (redis->conn.timeout == 0) {
        (void) ngx_prize_redis_open(redis, timeout);
    }
}


void
ngx_prize_redis_retry(ngx_prize_redis_t *redis)
{
    if (redis->conn.timeout && ngx_prize_redis_usable(redis)
        && !ngx_prize_redis_pauses(redis))
    {
        (void) ngx_prize_redis_open(redis, redis->conn.timeout);
    }
}


ngx_uint_t
ngx_prize_redis_answers(ngx_prize_redis_t *redis)
{
    return redis->conn.state == NGX_PRIZE_REDIS_READY
           || (ngx_prize_redis_usable(redis)
               && redis->backend.breaker.failures == 0);
}
