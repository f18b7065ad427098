
#include "ngx_prize_ready.h"
#include "ngx_prize_redis.h"
#include "ngx_prize_redis_lookup.h"


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
    [NGX_PRIZE_MOVED] = PRIZE_REDIS_MOVED_AWAY,
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


static void
ngx_prize_redis_gauge_sentinel(ngx_prize_redis_t *redis, int64_t n)
{
    if (redis->conn.login->sentinel) {
        ngx_prize_peer_metrics(redis->backend.label)
            ->gauges[PRIZE_PEER_SENTINEL] += n;
    }
}


/* what has no label of its own has no lines of its own, either */

static ngx_prize_notice_t *
ngx_prize_redis_notice(ngx_prize_redis_t *redis, ngx_prize_notice_t *own)
{
    static ngx_prize_notice_t  others;

    return redis->backend.label == prize_metrics_other(PRIZE_LABEL_REDIS)
           ? &others : own;
}


/* the connection reports: it is up, or is to be closed */

static void
ngx_prize_redis_take_waiting(ngx_queue_t *queue, ngx_queue_t *waiting)
{
    ngx_queue_init(waiting);

    if (!ngx_queue_empty(queue)) {
        ngx_queue_add(waiting, queue);
        ngx_queue_init(queue);
    }
}


void
ngx_prize_redis_admit(ngx_prize_redis_t *redis)
{
    ngx_queue_t          waiting;
    ngx_prize_lookup_t  *lookup;

    if (redis->conn.state != NGX_PRIZE_REDIS_READY) {
        return;
    }

    /* neither a Sentinel nor a seed that is no node is a store */

    if (!redis->conn.login->sentinel && redis->holders > redis->seeds) {
        ngx_prize_ready_note();
    }

    if (redis->admitted) {
        return;
    }

    redis->admitted = 1;

    if (ngx_prize_breaker_probed(&redis->backend.breaker)) {
        ngx_prize_notice(ngx_prize_redis_notice(redis, &redis->backend.back),
                         NGX_LOG_NOTICE, redis->backend.log, 0,
                         "redis \"%V\" is used again", &redis->name);
    }

    ngx_prize_redis_take_waiting(&redis->waiting, &waiting);

    for (lookup = ngx_prize_lookup_shift(&waiting);
         lookup;
         lookup = ngx_prize_lookup_shift(&waiting))
    {
        if (ngx_prize_redis_lookup_send(redis, lookup) != NGX_OK) {
            ngx_prize_redis_lookup_end(redis, lookup, NGX_PRIZE_ERROR);
            continue;
        }

        ngx_prize_backend_wake(&redis->backend, lookup->deadline);
    }
}


static void
ngx_prize_redis_send_ask(ngx_prize_redis_t *redis, ngx_prize_redis_ask_t *ask)
{
    if (ngx_prize_redis_ask_send(ask, &redis->conn.pipe, redis->conn.timeout)
        != NGX_OK)
    {
        ngx_prize_redis_ask_fail(ask);
        return;
    }

    ngx_prize_backend_wake(&redis->backend, ask->slot->deadline);
}


static void
ngx_prize_redis_up(ngx_prize_redis_t *redis)
{
    ngx_queue_t  *q;

    if (redis->conn.login->tls) {
        ngx_prize_redis_gauge_ends(redis->backend.label);
    }

    while (!ngx_queue_empty(&redis->asks)) {
        q = ngx_queue_head(&redis->asks);
        ngx_queue_remove(q);

        ngx_prize_redis_send_ask(redis, ngx_queue_data(q,
                                               ngx_prize_redis_ask_t, queue));
    }

    if (redis->watch == NULL
        || redis->watch(redis->watcher, redis, NGX_PRIZE_REDIS_ROUTE_UP)
           == NGX_OK)
    {
        ngx_prize_redis_admit(redis);
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

    ngx_prize_notice(ngx_prize_redis_notice(redis, &redis->backend.lost),
                     NGX_LOG_ERR, redis->backend.log, loss->err,
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
    ngx_prize_notice_t      *notice;
    ngx_prize_redis_loss_t  *loss;
    ngx_prize_redis_conn_t  *conn;

    conn = &redis->conn;
    loss = &conn->loss;

    if (loss->fault == NGX_PRIZE_REDIS_NO_FAULT) {

        /* a probe that ended before the route believed it: one more is due */

        if (redis->backend.breaker.state == NGX_PRIZE_BREAKER_HALF_OPEN) {
            ngx_prize_breaker_open(&redis->backend.breaker, 0);
        }

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

    notice = ngx_prize_redis_notice(redis, &redis->denied);

    if (loss->fault == NGX_PRIZE_REDIS_NO_TLS
        || loss->fault == NGX_PRIZE_REDIS_STRANGER)
    {
        ngx_prize_notice(notice, NGX_LOG_ERR, redis->backend.log, 0,
                         "redis \"%V\": %s%s%s, left alone for now",
                         &redis->name, loss->why,
                         conn->tls.words[0] ? ": " : "", conn->tls.words);

    } else {
        ngx_prize_notice(notice, NGX_LOG_ERR, redis->backend.log, 0,
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
ngx_prize_redis_fail_asks(ngx_queue_t *asks)
{
    ngx_queue_t  *q;

    while (!ngx_queue_empty(asks)) {
        q = ngx_queue_head(asks);
        ngx_queue_remove(q);
        ngx_prize_redis_ask_fail(ngx_queue_data(q, ngx_prize_redis_ask_t,
                                                queue));
    }
}


static void
ngx_prize_redis_drop(void *data)
{
    ngx_queue_t          waiting, asks;
    ngx_prize_redis_t   *redis = data;
    ngx_prize_lookup_t  *lookup;

    /*
     * A handler may ask this endpoint again, or detach a lookup that stands
     * behind it: both find the connection closed and these queues in order.
     */

    ngx_prize_redis_take_waiting(&redis->waiting, &waiting);
    ngx_prize_redis_take_waiting(&redis->asks, &asks);

    redis->blame = 1;
    redis->checking = 0;
    redis->admitted = 0;

    ngx_prize_redis_conn_close(&redis->conn);
    ngx_prize_redis_fail_asks(&asks);

    for (lookup = ngx_prize_lookup_shift(&waiting);
         lookup;
         lookup = ngx_prize_lookup_shift(&waiting))
    {
        ngx_prize_redis_lookup_end(redis, lookup, NGX_PRIZE_LOST);
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

    /* the route has to know before the lookups that are lost ask it again */

    redis->admitted = 0;

    if (redis->watch) {
        (void) redis->watch(redis->watcher, redis, NGX_PRIZE_REDIS_ROUTE_LOST);
    }

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
    ngx_prize_redis_gauge_sentinel(redis, -1);

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
    ngx_queue_init(&redis->asks);

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

    ngx_prize_redis_gauge_sentinel(redis, 1);
    ngx_prize_redis_gauge_ends(redis->backend.label);

    return redis;

failed:

    ngx_destroy_pool(pool);

    return NULL;
}


void
ngx_prize_redis_watch(ngx_prize_redis_t *redis,
    ngx_prize_redis_watch_pt watch, void *watcher)
{
    redis->watch = watch;
    redis->watcher = watcher;
}


ngx_uint_t
ngx_prize_redis_ready(ngx_prize_redis_t *redis)
{
    return redis->admitted && redis->conn.state == NGX_PRIZE_REDIS_READY;
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

    lookup->cluster = redis->conn.login->cluster;

    if (ngx_prize_redis_ready(redis)) {
        if (ngx_prize_redis_lookup_send(redis, lookup) != NGX_OK) {
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


ngx_int_t
ngx_prize_redis_ask(ngx_prize_redis_t *redis, ngx_prize_redis_ask_t *ask,
    ngx_msec_t connect_timeout)
{
    ngx_int_t  rc;

    ask->redis = redis;

    /* a probe may have connected what is left alone still */

    if (redis->conn.state == NGX_PRIZE_REDIS_CLOSED
        && (!ngx_prize_redis_usable(redis) || ngx_prize_redis_pauses(redis)))
    {
        return NGX_DECLINED;
    }

    rc = ngx_prize_redis_open(redis, connect_timeout);

    if (rc != NGX_OK) {
        return rc;
    }

    if (redis->conn.state != NGX_PRIZE_REDIS_READY) {
        ask->open = 1;
        ask->slot = NULL;
        ngx_queue_insert_tail(&redis->asks, &ask->queue);

        return NGX_OK;
    }

    if (ngx_prize_redis_ask_send(ask, &redis->conn.pipe, redis->conn.timeout)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_prize_backend_wake(&redis->backend, ask->slot->deadline);

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
ngx_prize_redis_rest(ngx_prize_redis_t *redis)
{
    if (redis->conn.state == NGX_PRIZE_REDIS_READY
        && redis->conn.pipe.pending == 0)
    {
        ngx_prize_redis_drop(redis);
    }
}


void
ngx_prize_redis_reject(ngx_prize_redis_t *redis, const char *why)
{
    ngx_prize_redis_conn_lose(&redis->conn, NGX_PRIZE_REDIS_STRANGER,
                              PRIZE_PEER_ERROR_DENIED, 0, why);
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
    return ngx_prize_redis_ready(redis)
           || (ngx_prize_redis_usable(redis)
               && redis->backend.breaker.failures == 0);
}
