
#include <ngx_config.h>

#include <stdlib.h>

#include "ngx_prize_postgres_id.h"
#include "ngx_prize_postgres_pool.h"


#define NGX_PRIZE_POSTGRES_LEARNED   10000   /* ms that a type is believed */


static void ngx_prize_postgres_probe(void *data);
static void ngx_prize_postgres_expire_all(void *data, ngx_queue_t *late);
static void ngx_prize_postgres_detach(void *data, ngx_prize_lookup_t *lookup);
static void ngx_prize_postgres_disconnect(void *data);
static void ngx_prize_postgres_destroy(void *data);


static const prize_counter_e  ngx_prize_postgres_results[] = {
    [NGX_PRIZE_FOUND] = PRIZE_POSTGRES_FOUND,
    [NGX_PRIZE_NOT_FOUND] = PRIZE_POSTGRES_NOT_FOUND,
    [NGX_PRIZE_STALE] = PRIZE_POSTGRES_ERROR,
    [NGX_PRIZE_FOREIGN] = PRIZE_POSTGRES_ERROR,
    [NGX_PRIZE_LATE] = PRIZE_POSTGRES_LATE,
    [NGX_PRIZE_LOST] = PRIZE_POSTGRES_LOST,
    [NGX_PRIZE_ERROR] = PRIZE_POSTGRES_ERROR
};


static const ngx_prize_backend_kind_t  ngx_prize_postgres_kind = {
    .results = ngx_prize_postgres_results,
    .breaker = PRIZE_BREAKER_POSTGRES_SHUT,
    .label = PRIZE_LABEL_POSTGRES,
    .probe = ngx_prize_postgres_probe,
    .expire = ngx_prize_postgres_expire_all,
    .detach = ngx_prize_postgres_detach,
    .close = ngx_prize_postgres_disconnect,
    .destroy = ngx_prize_postgres_destroy
};


static void
ngx_prize_postgres_dispatch(ngx_prize_postgres_pool_t *pool)
{
    if (!pool->dispatch.posted) {
        ngx_post_event(&pool->dispatch, &ngx_posted_events);
    }
}


/* a connection was lost; what was given back is for whoever is idle */

static void
ngx_prize_postgres_repair(ngx_prize_postgres_pool_t *pool)
{
    ngx_prize_postgres_recover(pool);
    ngx_prize_postgres_dispatch(pool);
}


/*
 * The hosts report: a name has other addresses.  Connections that are up stay,
 * and those that are missing may go there.
 */

static void
ngx_prize_postgres_moved(void *data)
{
    ngx_prize_postgres_pool_t  *pool = data;

    pool->moved = 1;
    ngx_prize_postgres_dispatch(pool);
}


static void
ngx_prize_postgres_dispatch_handler(ngx_event_t *ev)
{
    ngx_uint_t                    i;
    ngx_prize_postgres_pool_t    *pool;
    ngx_prize_postgres_member_t  *member;

    pool = ev->data;

    if (pool->moved) {
        pool->moved = 0;
        ngx_prize_postgres_fill(pool);
    }

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, ev->log, 0,
                   "prize postgres \"%V\" dispatch, %ui wait",
                   &pool->conf->name, pool->nwaiting);

    for (i = 0; i < pool->conf->connections; i++) {
        member = &pool->members[i];

        if (member->conn.state == NGX_PRIZE_POSTGRES_IDLE
            && ngx_prize_postgres_ask(pool, member) != NGX_OK)
        {
            ngx_prize_postgres_failed(member, PRIZE_POSTGRES_ERROR_LOST,
                                      "cannot send a query");
            ngx_prize_postgres_repair(pool);
        }
    }
}


static void
ngx_prize_postgres_conn_handler(ngx_prize_postgres_conn_t *conn,
    ngx_prize_postgres_event_e event)
{
    ngx_prize_postgres_pool_t    *pool;
    ngx_prize_postgres_member_t  *member;

    member = conn->data;
    pool = member->pool;

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, conn->log, 0,
                   "prize postgres \"%V\" event %d", &pool->conf->name, event);

    switch (event) {

    case NGX_PRIZE_POSTGRES_READY:
        ngx_prize_postgres_up(member);
        break;

    case NGX_PRIZE_POSTGRES_RESULT:
        if (ngx_prize_postgres_answered(member) == NGX_OK) {
            break;
        }

        ngx_prize_postgres_repair(pool);
        return;

    case NGX_PRIZE_POSTGRES_LOST:
        ngx_prize_postgres_lost(member);
        ngx_prize_postgres_repair(pool);
        return;
    }

    ngx_prize_postgres_dispatch(pool);
}


/* what the backend asks of a pool */

static void
ngx_prize_postgres_probe(void *data)
{
    ngx_prize_postgres_repair(data);
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
            ngx_prize_backend_wake(&pool->backend, member->deadline);
            continue;
        }

        /* PQcancel() blocks, and the server may not even be there */

        if (member->conn.state == NGX_PRIZE_POSTGRES_BUSY) {
            ngx_prize_postgres_check_late(member);
            ngx_prize_postgres_failed(member, PRIZE_POSTGRES_ERROR_TIMEOUT,
                                      "no answer in time");
        } else {
            ngx_prize_postgres_unanswered(member);
        }

        dropped = 1;
    }

    if (dropped) {
        ngx_prize_postgres_repair(pool);
    }
}


static void
ngx_prize_postgres_expire_all(void *data, ngx_queue_t *late)
{
    ngx_prize_postgres_expire(data, late);
    ngx_prize_postgres_overdue(data);

    if (ngx_prize_postgres_check_again(data)) {
        ngx_prize_postgres_dispatch(data);
    }
}


static void
ngx_prize_postgres_detach(void *data, ngx_prize_lookup_t *lookup)
{
    ngx_prize_postgres_item_t  *item;

    ngx_queue_remove(&lookup->queue);

    /* one that is being answered, or is late, is of no item any more */

    item = lookup->item;
    lookup->item = NULL;

    if (item && item->member == NULL && ngx_queue_empty(&item->lookups)) {
        ngx_prize_postgres_unwait(data, item);
        ngx_prize_postgres_free(data, item);
    }
}


static void
ngx_prize_postgres_disconnect(void *data)
{
    ngx_uint_t                    i;
    ngx_prize_postgres_pool_t    *pool = data;
    ngx_prize_postgres_member_t  *member;

    ngx_prize_postgres_hosts_stop(&pool->hosts);

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
ngx_prize_postgres_destroy(void *data)
{
    ngx_prize_postgres_pool_t  *pool = data;

    ngx_prize_postgres_disconnect(pool);
    ngx_prize_backend_end(&pool->backend);

    free(pool->ids);
    free(pool->map);
    free(pool->values);
    free(pool->columns);
}


static void
ngx_prize_postgres_init(ngx_prize_postgres_pool_t *pool, ngx_log_t *log)
{
    ngx_uint_t                    i;
    ngx_prize_postgres_member_t  *member;

    pool->name = pool->conf->name;

    ngx_queue_init(&pool->waiting);
    ngx_rbtree_init(&pool->items, &pool->sentinel, ngx_prize_postgres_insert);

    for (i = 0; i < pool->conf->connections; i++) {
        member = &pool->members[i];
        member->pool = pool;
        member->conn.handler = ngx_prize_postgres_conn_handler;
        member->conn.data = member;
        member->conn.log = log;
        ngx_queue_init(&member->batch);
    }

    pool->dispatch.handler = ngx_prize_postgres_dispatch_handler;
    pool->dispatch.data = pool;
    pool->dispatch.log = log;

    ngx_prize_gauge_add(PRIZE_POSTGRES_QUEUE_MAX, (int64_t) pool->conf->queue);
}


static ngx_prize_postgres_pool_t *
ngx_prize_postgres_create(ngx_cycle_t *cycle,
    const ngx_prize_postgres_conf_t *conf)
{
    ngx_str_t                   name;
    ngx_prize_postgres_pool_t  *pool;

    pool = ngx_pcalloc(cycle->pool, sizeof(ngx_prize_postgres_pool_t));
    if (pool == NULL) {
        return NULL;
    }

    pool->members = ngx_pcalloc(cycle->pool, conf->connections
                                    * sizeof(ngx_prize_postgres_member_t));
    pool->types = ngx_pcalloc(cycle->pool, conf->queries.nelts
                                    * sizeof(ngx_prize_postgres_type_t));

    pool->checks = ngx_pcalloc(cycle->pool, conf->queries.nelts
                                    * sizeof(ngx_prize_postgres_check_t));

    if (pool->members == NULL || pool->types == NULL || pool->checks == NULL) {
        return NULL;
    }

    pool->conf = conf;

    pool->hosts.conninfo = (char *) conf->conninfo.data;
    pool->hosts.password = (char *) conf->password.data;
    pool->hosts.resolver = conf->resolver;
    pool->hosts.resolver_timeout = conf->resolver_timeout;
    pool->hosts.handler = ngx_prize_postgres_moved;
    pool->hosts.data = pool;

    if (ngx_prize_postgres_hosts_init(&pool->hosts, cycle->pool) != NGX_OK) {
        return NULL;
    }

    name = conf->name;

    if (ngx_prize_backend_init(&pool->backend, &ngx_prize_postgres_kind,
                               cycle, &name)
        != NGX_OK)
    {
        return NULL;
    }

    ngx_prize_postgres_init(pool, cycle->log);

    return pool;
}


ngx_prize_postgres_pool_t *
ngx_prize_postgres_get(ngx_cycle_t *cycle,
    const ngx_prize_postgres_conf_t *conf)
{
    ngx_prize_backend_t        *backend;
    ngx_prize_postgres_pool_t  *pool;

    ngx_prize_backend_foreach(&ngx_prize_postgres_kind, backend) {
        pool = (ngx_prize_postgres_pool_t *) backend;

        if (pool->conf == conf) {
            return pool;
        }
    }

    pool = ngx_prize_postgres_create(cycle, conf);

    if (pool) {
        ngx_prize_postgres_hosts_start(&pool->hosts, cycle);
        ngx_prize_postgres_fill(pool);
    }

    return pool;
}


/* no row can have that ID, as far as was learned lately */

static ngx_uint_t
ngx_prize_postgres_impossible(ngx_prize_postgres_pool_t *pool,
    ngx_prize_lookup_t *lookup)
{
    ngx_prize_postgres_type_t  *type;

    type = &pool->types[lookup->query];

    return type->oid
           && ngx_current_msec - type->learned < NGX_PRIZE_POSTGRES_LEARNED
           && !ngx_prize_postgres_id_fits(type->oid, &lookup->id);
}


static ngx_int_t
ngx_prize_postgres_enqueue(ngx_prize_postgres_pool_t *pool,
    ngx_prize_lookup_t *lookup)
{
    if (!ngx_prize_postgres_usable(pool)) {
        ngx_prize_count(PRIZE_SHED_DOWN);
        return NGX_BUSY;
    }

    if (pool->nwaiting >= pool->conf->queue) {
        ngx_prize_count(PRIZE_SHED_QUEUE);
        return NGX_BUSY;
    }

    lookup->item = ngx_prize_postgres_add(pool, lookup);

    if (lookup->item == NULL) {
        return NGX_ERROR;
    }

    ngx_prize_postgres_wait(pool, lookup->item, 0);
    ngx_prize_postgres_dispatch(pool);

    return NGX_OK;
}


ngx_int_t
ngx_prize_postgres_lookup(ngx_prize_postgres_pool_t *pool,
    ngx_prize_lookup_t *lookup)
{
    ngx_int_t                   rc;
    ngx_prize_postgres_item_t  *item;

    if (ngx_prize_postgres_check_state(pool, lookup->query)
        == NGX_PRIZE_POSTGRES_WRONG)
    {
        ngx_prize_count(PRIZE_POSTGRES_ERROR);
        return NGX_ABORT;
    }

    if (ngx_prize_postgres_impossible(pool, lookup)) {
        return NGX_DECLINED;
    }

    lookup->item = ngx_prize_postgres_find(pool, lookup->query,
                                           lookup->id.data, lookup->id.len);

    if (lookup->item) {
        ngx_prize_count(PRIZE_COALESCED);

    } else {
        rc = ngx_prize_postgres_enqueue(pool, lookup);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    item = lookup->item;
    item->timeout = ngx_max(item->timeout, lookup->timeout);

    lookup->deadline = ngx_current_msec + lookup->timeout;

    ngx_queue_insert_tail(&item->lookups, &lookup->queue);
    ngx_prize_backend_take(&pool->backend, lookup);

    return NGX_OK;
}


ngx_str_t *
ngx_prize_postgres_name(ngx_prize_postgres_pool_t *pool)
{
    return &pool->name;
}


ngx_uint_t
ngx_prize_postgres_healthy(void)
{
    ngx_prize_backend_t  *backend;

    ngx_prize_backend_foreach(&ngx_prize_postgres_kind, backend) {
        if (ngx_prize_postgres_members((ngx_prize_postgres_pool_t *) backend,
                                     NGX_PRIZE_POSTGRES_IDLE))
        {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_prize_postgres_wrong(void)
{
    ngx_prize_backend_t  *backend;

    ngx_prize_backend_foreach(&ngx_prize_postgres_kind, backend) {
        if (ngx_prize_postgres_check_count_wrong(
                                      (ngx_prize_postgres_pool_t *) backend))
        {
            return 1;
        }
    }

    return 0;
}
