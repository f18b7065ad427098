
#include <ngx_config.h>

#include <stdlib.h>

#include "ngx_prize_postgres_id.h"
#include "ngx_prize_postgres_pool.h"


#define NGX_PRIZE_POSTGRES_REFUSED   15000   /* ms after a wrong password */


static ngx_queue_t  ngx_prize_postgres_pools =
    { &ngx_prize_postgres_pools, &ngx_prize_postgres_pools };


static ngx_uint_t
ngx_prize_postgres_count(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_state_e from)
{
    ngx_uint_t  i, n;

    n = 0;

    for (i = 0; i < pool->conf->connections; i++) {
        if (pool->members[i].conn.state >= from) {
            n++;
        }
    }

    return n;
}


/*
 * libpq keeps the SQLSTATE of a refused connection to itself but for the
 * verbose text: "FATAL:  28P01: ..."
 */

static ngx_uint_t
ngx_prize_postgres_denied(const char *message)
{
    const char  *p;

    for (p = ngx_strstr(message, ":  28"); p; p = ngx_strstr(p + 1, ":  28")) {
        if (ngx_strlen(p) > 8 && p[8] == ':') {
            return 1;
        }
    }

    return 0;
}


/* the first line of libpq's message says it; its pointer lives as conn->pg */

static void
ngx_prize_postgres_say(ngx_prize_postgres_pool_t *pool, const char *why,
    const char *message)
{
    size_t  len;

    len = strcspn(message, "\n");
    why = why ? why : "ended by the server";

    ngx_prize_notice(&pool->lost, NGX_LOG_ERR, pool->log, 0,
                     "postgres \"%V\": %s%s%*s", &pool->conf->name, why,
                     len ? ": " : "", ngx_min(len, 500), message);
}


static void
ngx_prize_postgres_close(ngx_prize_postgres_member_t *member)
{
    if (member->conn.state >= NGX_PRIZE_POSTGRES_IDLE) {
        ngx_prize_gauge_add(PRIZE_POSTGRES_CONNECTED, -1);

    } else if (member->conn.state == NGX_PRIZE_POSTGRES_CONNECTING) {
        ngx_prize_gauge_add(PRIZE_POSTGRES_CONNECTING, -1);
    }

    ngx_prize_postgres_conn_close(&member->conn);
    member->proven = 0;
}


/* one event of a connection that had failed to come up, or was in use */

static void
ngx_prize_postgres_failed(ngx_prize_postgres_member_t *member,
    const char *why)
{
    const char                 *message;
    ngx_prize_postgres_pool_t  *pool;

    pool = member->pool;
    message = member->conn.farewell[0] ? member->conn.farewell
                                       : PQerrorMessage(member->conn.pg);

    ngx_prize_postgres_say(pool, why, message);

    ngx_prize_count(member->conn.state != NGX_PRIZE_POSTGRES_IDLE
                    && member->conn.state != NGX_PRIZE_POSTGRES_BUSY
                    ? PRIZE_POSTGRES_ERROR_CONNECT
                    : PRIZE_POSTGRES_ERROR_LOST);

    if (member->conn.state != NGX_PRIZE_POSTGRES_IDLE || member->size) {
        (void) ngx_prize_breaker_failure(&pool->breaker);
    }

    if (ngx_prize_postgres_denied(message)) {
        ngx_prize_breaker_open(&pool->breaker, NGX_PRIZE_POSTGRES_REFUSED);
    }

    ngx_prize_postgres_close(member);
    ngx_prize_postgres_return(pool, member, member->born);
}


static ngx_int_t
ngx_prize_postgres_connect(ngx_prize_postgres_member_t *member)
{
    ngx_int_t                   rc;
    ngx_prize_postgres_pool_t  *pool;

    pool = member->pool;

    rc = ngx_prize_postgres_conn_open(&member->conn, &pool->hosts);

    if (member->conn.state == NGX_PRIZE_POSTGRES_CONNECTING) {
        ngx_prize_gauge_add(PRIZE_POSTGRES_CONNECTING, 1);
    }

    if (rc != NGX_OK) {
        ngx_prize_postgres_failed(member, "cannot connect");
        return NGX_ERROR;
    }

    member->born = pool->losses;
    member->deadline = ngx_current_msec + pool->hosts.timeout;
    ngx_prize_timer_advance(&pool->timer, member->deadline);

    return NGX_OK;
}


/* where the breaker wants a probe or none is up, one goes before the others */

static ngx_uint_t
ngx_prize_postgres_may_connect(ngx_prize_postgres_pool_t *pool)
{
    ngx_uint_t  up;

    if (pool->breaker.state == NGX_PRIZE_BREAKER_OPEN) {
        return 0;
    }

    up = ngx_prize_postgres_count(pool, NGX_PRIZE_POSTGRES_IDLE);

    return (up && pool->breaker.state == NGX_PRIZE_BREAKER_SHUT)
           || ngx_prize_postgres_count(pool, NGX_PRIZE_POSTGRES_CONNECTING)
              == up;
}


/* connects what is not, in a while */

static void
ngx_prize_postgres_later(ngx_prize_postgres_pool_t *pool)
{
    if (pool->breaker.state == NGX_PRIZE_BREAKER_SHUT
        && !pool->retry.timer_set)
    {
        ngx_add_timer(&pool->retry, 50 + ngx_random() % 50);
    }
}


/* connects what is not */

static void
ngx_prize_postgres_fill(ngx_prize_postgres_pool_t *pool)
{
    ngx_uint_t  i;

    for (i = 0; i < pool->conf->connections; i++) {

        if (!ngx_prize_postgres_may_connect(pool)) {
            return;
        }

        if (pool->members[i].conn.state == NGX_PRIZE_POSTGRES_CLOSED
            && ngx_prize_postgres_connect(&pool->members[i]) != NGX_OK)
        {
            break;
        }
    }

    if (i < pool->conf->connections) {
        ngx_prize_postgres_later(pool);
    }
}


static void
ngx_prize_postgres_dispatch(ngx_prize_postgres_pool_t *pool)
{
    if (!pool->dispatch.posted) {
        ngx_post_event(&pool->dispatch, &ngx_posted_events);
    }
}


/* after a loss: up again if the breaker lets us, else nobody waits */

static void
ngx_prize_postgres_recover(ngx_prize_postgres_pool_t *pool)
{
    if (!ngx_exiting || pool->nwaiting) {
        ngx_prize_postgres_fill(pool);
    }

    if (ngx_prize_postgres_count(pool, NGX_PRIZE_POSTGRES_CONNECTING) == 0) {
        ngx_prize_postgres_shed(pool);
    }

    /* what was given back is for whoever is idle */

    if (pool->nwaiting) {
        ngx_prize_postgres_dispatch(pool);
    }
}


static void
ngx_prize_postgres_retry_handler(ngx_event_t *ev)
{
    ngx_log_debug0(NGX_LOG_DEBUG_EVENT, ev->log, 0, "prize postgres retry");

    if (!ngx_exiting) {
        ngx_prize_postgres_recover(ev->data);
    }
}


static void
ngx_prize_postgres_probe(void *data)
{
    if (!ngx_exiting) {
        ngx_prize_postgres_recover(data);
    }
}


static void
ngx_prize_postgres_ask(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_member_t *member)
{
    ngx_str_t                  *queries;
    ngx_prize_postgres_item_t  *item;

    ngx_prize_postgres_take(pool, member);

    item = ngx_queue_data(ngx_queue_head(&member->batch),
                          ngx_prize_postgres_item_t, queue);
    queries = pool->conf->queries.elts;

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, pool->log, 0,
                   "prize postgres \"%V\" asks for %ui",
                   &pool->conf->name, member->size);

    if (ngx_prize_postgres_array(pool, &member->batch) != NGX_OK
        || ngx_prize_postgres_conn_query(&member->conn,
                                         (char *) queries[item->query].data,
                                         (char *) pool->ids)
           != NGX_OK)
    {
        ngx_prize_postgres_failed(member, "cannot send a query");
        ngx_prize_postgres_recover(pool);
    }
}


static void
ngx_prize_postgres_dispatch_handler(ngx_event_t *ev)
{
    ngx_uint_t                  i;
    ngx_prize_postgres_pool_t  *pool;

    pool = ev->data;

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, ev->log, 0,
                   "prize postgres \"%V\" dispatch, %ui wait",
                   &pool->conf->name, pool->nwaiting);

    for (i = 0; i < pool->conf->connections; i++) {

        if (ngx_queue_empty(&pool->waiting)) {
            return;
        }

        if (pool->members[i].conn.state == NGX_PRIZE_POSTGRES_IDLE) {
            ngx_prize_postgres_ask(pool, &pool->members[i]);
        }
    }
}


static void
ngx_prize_postgres_error(ngx_prize_postgres_member_t *member,
    PGresult *result)
{
    const char                 *state, *context, *text;
    ngx_queue_t                *q;
    ngx_prize_postgres_pool_t  *pool;
    ngx_prize_postgres_item_t  *item;

    pool = member->pool;

    state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    context = PQresultErrorField(result, PG_DIAG_CONTEXT);
    text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    state = state ? state : "?";
    text = text ? text : PQresStatus(PQresultStatus(result));

    if (ngx_strncmp(state, "22", 2) == 0) {

        if (member->size > 1) {
            ngx_prize_postgres_split(member);
            return;
        }

        if (context && ngx_strstr(context, "portal parameter")) {
            ngx_prize_postgres_finish_batch(member, NGX_PRIZE_NOT_FOUND);
            return;
        }
    }

    q = ngx_queue_head(&member->batch);
    item = ngx_queue_data(q, ngx_prize_postgres_item_t, queue);

    if (ngx_strncmp(pool->sqlstate, state, sizeof(pool->sqlstate)) != 0) {
        (void) ngx_cpystrn((u_char *) pool->sqlstate, (u_char *) state,
                           sizeof(pool->sqlstate));
        ngx_prize_notice_change(&pool->error);
    }

    ngx_prize_count(PRIZE_POSTGRES_ERROR_QUERY);
    ngx_prize_notice(&pool->error, NGX_LOG_ERR, pool->log, 0,
                     "postgres \"%V\": SQLSTATE %s: %s, with id \"%*s\" and "
                     "%ui more", &pool->conf->name, state, text,
                     item->len, item->id, member->size - 1);

    /* a serialization failure may go well the second time */

    if (ngx_strcmp(state, "40001") == 0) {
        ngx_prize_postgres_return(pool, member, NGX_MAX_UINT32_VALUE);
        return;
    }

    ngx_prize_postgres_finish_batch(member, NGX_PRIZE_ERROR);
}


static void
ngx_prize_postgres_result(ngx_prize_postgres_member_t *member)
{
    PGresult    *result;
    const char  *severity;

    result = member->conn.result;

    severity = result ? PQresultErrorField(result,
                                           PG_DIAG_SEVERITY_NONLOCALIZED)
                      : NULL;

    if (severity && ngx_strcmp(severity, "ERROR") != 0) {

        /* the server ends the connection, whatever was asked */

        ngx_prize_postgres_failed(member, PQresultErrorField(result,
                                                  PG_DIAG_MESSAGE_PRIMARY));
        ngx_prize_postgres_recover(member->pool);
        return;
    }

    prize_histogram_add(ngx_prize_metrics, PRIZE_POSTGRES_QUERY,
                        ngx_prize_clock() - member->sent);

    /* handlers may have this connection asked again, and answered */
    member->conn.result = NULL;

    if (!member->proven) {
        member->proven = 1;
        ngx_prize_breaker_success(&member->pool->breaker);
    }

    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        ngx_prize_postgres_tuples(member, result);

    } else {
        ngx_prize_postgres_error(member, result);
    }

    PQclear(result);

    ngx_prize_postgres_dispatch(member->pool);
}


static void
ngx_prize_postgres_ready(ngx_prize_postgres_member_t *member)
{
    char                       *host;
    ngx_prize_postgres_pool_t  *pool;

    pool = member->pool;
    host = PQhost(member->conn.pg);
    host = host ? host : "";

    ngx_prize_gauge_add(PRIZE_POSTGRES_CONNECTING, -1);
    ngx_prize_gauge_add(PRIZE_POSTGRES_CONNECTED, 1);

    pool->name.len = (host[0] == '/')
                     ? ngx_snprintf(pool->name_data, sizeof(pool->name_data),
                                    "unix:%s", host)
                       - pool->name_data
                     : ngx_snprintf(pool->name_data, sizeof(pool->name_data),
                                    "%s:%s", host, PQport(member->conn.pg))
                       - pool->name_data;
    pool->name.data = pool->name_data;

    pool->silent = 0;

    if (ngx_prize_breaker_probed(&pool->breaker)) {
        ngx_prize_notice(&pool->back, NGX_LOG_NOTICE, pool->log, 0,
                         "postgres \"%V\": used again, at %V",
                         &pool->conf->name, &pool->name);
    }

    if (!pool->retry.timer_set) {
        ngx_prize_postgres_fill(pool);
    }

    ngx_prize_postgres_dispatch(pool);
}


static void
ngx_prize_postgres_lost(ngx_prize_postgres_member_t *member)
{
    ngx_uint_t                  useless;
    ngx_prize_postgres_pool_t  *pool;

    pool = member->pool;

    if (member->conn.c && member->conn.c->close) {
        ngx_prize_postgres_close(member);
        ngx_prize_postgres_recover(pool);
        return;
    }

    /* who lets us in only to put us out would do so without an end */

    useless = (member->conn.state == NGX_PRIZE_POSTGRES_IDLE
               && !member->proven && pool->nwaiting == 0);

    ngx_prize_postgres_failed(member, member->conn.state
                                      == NGX_PRIZE_POSTGRES_CONNECTING
                                      ? "cannot connect"
                                      : "connection lost");

    if (useless) {
        ngx_prize_postgres_later(pool);

    } else {
        ngx_prize_postgres_recover(pool);
    }
}


static void
ngx_prize_postgres_conn_handler(ngx_prize_postgres_conn_t *conn,
    ngx_prize_postgres_event_e event)
{
    ngx_prize_postgres_member_t  *member;

    member = conn->data;

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, conn->log, 0,
                   "prize postgres \"%V\" event %d",
                   &member->pool->conf->name, event);

    switch (event) {

    case NGX_PRIZE_POSTGRES_READY:
        ngx_prize_postgres_ready(member);
        return;

    case NGX_PRIZE_POSTGRES_RESULT:
        ngx_prize_postgres_result(member);
        return;

    case NGX_PRIZE_POSTGRES_LOST:
        ngx_prize_postgres_lost(member);
    }
}


/* connecting took too long: a failure once no host is left to be tried */

static void
ngx_prize_postgres_unanswered(ngx_prize_postgres_member_t *member)
{
    const char                 *host;
    ngx_prize_postgres_pool_t  *pool;

    pool = member->pool;
    pool->silent = 1;

    host = PQhost(member->conn.pg);

    ngx_prize_count(PRIZE_POSTGRES_ERROR_TIMEOUT);
    ngx_prize_postgres_say(pool, "connecting timed out", host ? host : "");

    if (ngx_prize_postgres_hosts_next(&pool->hosts) == 0) {
        (void) ngx_prize_breaker_failure(&pool->breaker);
    }

    ngx_prize_postgres_close(member);
}


static void
ngx_prize_postgres_overdue(ngx_prize_postgres_pool_t *pool)
{
    ngx_uint_t                    i, dropped;
    ngx_prize_postgres_member_t  *member;

    dropped = 0;

    for (i = 0; i < pool->conf->connections; i++) {
        member = &pool->members[i];

        if (member->conn.state != NGX_PRIZE_POSTGRES_CONNECTING
            && member->conn.state != NGX_PRIZE_POSTGRES_BUSY)
        {
            continue;
        }

        if ((ngx_msec_int_t) (member->deadline - ngx_current_msec) > 0) {
            ngx_prize_timer_advance(&pool->timer, member->deadline);
            continue;
        }

        /* PQcancel() blocks, and the server may not even be there */

        if (member->conn.state == NGX_PRIZE_POSTGRES_BUSY) {
            ngx_prize_count(PRIZE_POSTGRES_ERROR_TIMEOUT);
            ngx_prize_postgres_failed(member, "no answer in time");

        } else {
            ngx_prize_postgres_unanswered(member);
        }

        dropped = 1;
    }

    if (dropped) {
        ngx_prize_postgres_recover(pool);
    }
}


static void
ngx_prize_postgres_timer_handler(ngx_event_t *ev)
{
    ngx_queue_t                 late;
    ngx_prize_lookup_t         *lookup;
    ngx_prize_postgres_pool_t  *pool;

    pool = ev->data;

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, ev->log, 0,
                   "prize postgres \"%V\" timer", &pool->conf->name);

    ngx_queue_init(&late);

    ngx_prize_postgres_expire(pool, &late);
    ngx_prize_postgres_overdue(pool);

    for (lookup = ngx_prize_lookup_shift(&late);
         lookup;
         lookup = ngx_prize_lookup_shift(&late))
    {
        ngx_prize_postgres_complete(pool, lookup, NGX_PRIZE_LATE);
    }
}


static void
ngx_prize_postgres_disconnect(ngx_prize_postgres_pool_t *pool)
{
    ngx_uint_t                    i;
    ngx_prize_postgres_member_t  *member;

    ngx_prize_breaker_done(&pool->breaker);

    if (pool->timer.timer_set) {
        ngx_del_timer(&pool->timer);
    }

    if (pool->retry.timer_set) {
        ngx_del_timer(&pool->retry);
    }

    if (pool->dispatch.posted) {
        ngx_delete_posted_event(&pool->dispatch);
    }

    for (i = 0; i < pool->conf->connections; i++) {
        member = &pool->members[i];

        if (member->conn.state != NGX_PRIZE_POSTGRES_CLOSED) {
            ngx_prize_postgres_close(member);
        }

        ngx_prize_postgres_finish_batch(member, NGX_PRIZE_LOST);
    }

    ngx_prize_postgres_shed(pool);
}


static void
ngx_prize_postgres_cleanup(void *data)
{
    ngx_prize_postgres_pool_t  *pool = data;

    ngx_prize_postgres_disconnect(pool);

    free(pool->ids);
    free(pool->map);
    free(pool->values);
    free(pool->columns);

    ngx_queue_remove(&pool->queue);
}


static void
ngx_prize_postgres_event(ngx_prize_postgres_pool_t *pool, ngx_event_t *ev,
    ngx_event_handler_pt handler)
{
    ev->handler = handler;
    ev->data = pool;
    ev->log = pool->log;
}


static void
ngx_prize_postgres_init(ngx_prize_postgres_pool_t *pool)
{
    ngx_str_t                     name;
    ngx_uint_t                    i;
    ngx_prize_postgres_member_t  *member;

    ngx_queue_init(&pool->waiting);
    ngx_rbtree_init(&pool->items, &pool->sentinel, ngx_prize_postgres_insert);

    for (i = 0; i < pool->conf->connections; i++) {
        member = &pool->members[i];
        member->pool = pool;
        member->conn.handler = ngx_prize_postgres_conn_handler;
        member->conn.data = member;
        member->conn.log = pool->log;
        ngx_queue_init(&member->batch);
    }

    ngx_prize_postgres_event(pool, &pool->dispatch,
                             ngx_prize_postgres_dispatch_handler);
    ngx_prize_postgres_event(pool, &pool->timer,
                             ngx_prize_postgres_timer_handler);
    ngx_prize_postgres_event(pool, &pool->retry,
                             ngx_prize_postgres_retry_handler);
    pool->timer.cancelable = 1;
    pool->retry.cancelable = 1;

    ngx_prize_breaker_init(&pool->breaker, ngx_prize_postgres_probe, pool,
                           pool->log);

    name = pool->conf->name;
    ngx_prize_breaker_count(&pool->breaker, PRIZE_BREAKER_POSTGRES_SHUT,
                            ngx_prize_metrics_label(PRIZE_LABEL_POSTGRES,
                                                    &name));
    ngx_prize_gauge_add(PRIZE_POSTGRES_QUEUE_MAX, (int64_t) pool->conf->queue);
}


static ngx_prize_postgres_pool_t *
ngx_prize_postgres_create(ngx_cycle_t *cycle,
    const ngx_prize_postgres_conf_t *conf)
{
    ngx_pool_cleanup_t         *cln;
    ngx_prize_postgres_pool_t  *pool;

    cln = ngx_pool_cleanup_add(cycle->pool, sizeof(ngx_prize_postgres_pool_t));
    if (cln == NULL) {
        return NULL;
    }

    pool = cln->data;
    ngx_memzero(pool, sizeof(ngx_prize_postgres_pool_t));

    pool->members = ngx_pcalloc(cycle->pool, conf->connections
                                    * sizeof(ngx_prize_postgres_member_t));
    pool->types = ngx_pcalloc(cycle->pool, conf->queries.nelts * sizeof(Oid));

    if (pool->members == NULL || pool->types == NULL) {
        return NULL;
    }

    pool->conf = conf;
    pool->log = cycle->log;
    pool->name = conf->name;

    if (ngx_prize_postgres_hosts_init(&pool->hosts,
                                      (char *) conf->conninfo.data,
                                      cycle->pool)
        != NGX_OK)
    {
        return NULL;
    }

    ngx_prize_postgres_init(pool);

    ngx_queue_insert_tail(&ngx_prize_postgres_pools, &pool->queue);
    cln->handler = ngx_prize_postgres_cleanup;

    return pool;
}


ngx_prize_postgres_pool_t *
ngx_prize_postgres_get(ngx_cycle_t *cycle,
    const ngx_prize_postgres_conf_t *conf)
{
    ngx_queue_t                *q;
    ngx_prize_postgres_pool_t  *pool;

    for (q = ngx_queue_head(&ngx_prize_postgres_pools);
         q != ngx_queue_sentinel(&ngx_prize_postgres_pools);
         q = ngx_queue_next(q))
    {
        pool = ngx_queue_data(q, ngx_prize_postgres_pool_t, queue);

        if (pool->conf == conf) {
            return pool;
        }
    }

    pool = ngx_prize_postgres_create(cycle, conf);

    if (pool) {
        ngx_prize_postgres_fill(pool);
    }

    return pool;
}


/*
 * There is a connection, or hope for one: nobody waits for a probe, nor for
 * what comes after an attempt to which there was no answer at all.
 */

static ngx_uint_t
ngx_prize_postgres_usable(ngx_prize_postgres_pool_t *pool)
{
    if (ngx_prize_postgres_count(pool, NGX_PRIZE_POSTGRES_IDLE)) {
        return 1;
    }

    if (pool->breaker.state != NGX_PRIZE_BREAKER_SHUT || pool->silent) {
        return 0;
    }

    if (ngx_prize_postgres_count(pool, NGX_PRIZE_POSTGRES_CONNECTING) == 0) {
        ngx_prize_postgres_fill(pool);
    }

    return ngx_prize_postgres_count(pool, NGX_PRIZE_POSTGRES_CONNECTING) != 0;
}


ngx_int_t
ngx_prize_postgres_lookup(ngx_prize_postgres_pool_t *pool,
    ngx_prize_lookup_t *lookup)
{
    ngx_prize_postgres_item_t  *item;

    if (!ngx_prize_postgres_id_fits(pool->types[lookup->query], &lookup->id))
    {
        return NGX_DECLINED;
    }

    item = ngx_prize_postgres_find(pool, lookup->query, lookup->id.data,
                                   lookup->id.len);

    if (item == NULL) {

        if (!ngx_prize_postgres_usable(pool)) {
            ngx_prize_count(PRIZE_SHED_DOWN);
            return NGX_BUSY;
        }

        if (pool->nwaiting >= pool->conf->queue) {
            ngx_prize_count(PRIZE_SHED_QUEUE);
            return NGX_BUSY;
        }

        item = ngx_prize_postgres_add(pool, lookup);
        if (item == NULL) {
            return NGX_ERROR;
        }

        ngx_prize_postgres_wait(pool, item, 0);
        ngx_prize_postgres_dispatch(pool);

    } else {
        ngx_prize_count(PRIZE_COALESCED);
    }

    lookup->place = item;
    lookup->deadline = ngx_current_msec + lookup->timeout;

    if (ngx_queue_empty(&item->lookups)
        || (ngx_msec_int_t) (lookup->deadline - item->deadline) > 0)
    {
        item->deadline = lookup->deadline;
    }

    ngx_queue_insert_tail(&item->lookups, &lookup->queue);
    ngx_prize_postgres_tally(pool, 1);
    ngx_prize_timer_advance(&pool->timer, lookup->deadline);

    return NGX_OK;
}


void
ngx_prize_postgres_detach(ngx_prize_postgres_pool_t *pool,
    ngx_prize_lookup_t *lookup)
{
    ngx_prize_postgres_item_t  *item;

    ngx_queue_remove(&lookup->queue);
    ngx_prize_postgres_tally(pool, -1);

    /* one that is being answered, or is late, is of no item any more */

    item = (lookup->place == pool) ? NULL : lookup->place;
    lookup->place = NULL;

    if (item && item->member == NULL && ngx_queue_empty(&item->lookups)) {
        ngx_prize_postgres_unwait(pool, item);
        ngx_prize_postgres_free(pool, item);
    }
}


ngx_str_t *
ngx_prize_postgres_name(ngx_prize_postgres_pool_t *pool)
{
    return &pool->name;
}


ngx_uint_t
ngx_prize_postgres_healthy(void)
{
    ngx_queue_t                *q;
    ngx_prize_postgres_pool_t  *pool;

    for (q = ngx_queue_head(&ngx_prize_postgres_pools);
         q != ngx_queue_sentinel(&ngx_prize_postgres_pools);
         q = ngx_queue_next(q))
    {
        pool = ngx_queue_data(q, ngx_prize_postgres_pool_t, queue);

        if (ngx_prize_postgres_count(pool, NGX_PRIZE_POSTGRES_IDLE)) {
            return 1;
        }
    }

    return 0;
}


void
ngx_prize_postgres_done(void)
{
    ngx_queue_t  *q;

    for (q = ngx_queue_head(&ngx_prize_postgres_pools);
         q != ngx_queue_sentinel(&ngx_prize_postgres_pools);
         q = ngx_queue_next(q))
    {
        ngx_prize_postgres_disconnect(ngx_queue_data(q,
                                        ngx_prize_postgres_pool_t, queue));
    }
}
