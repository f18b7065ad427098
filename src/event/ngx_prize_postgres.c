
#include <stdlib.h>

#include "ngx_prize_postgres.h"
#include "ngx_prize_postgres_conn.h"
#include "ngx_prize_postgres_id.h"


#define NGX_PRIZE_POSTGRES_REFUSED   15000   /* ms after a wrong password */
#define NGX_PRIZE_POSTGRES_TICK      5       /* ms between looks at the clock */


typedef struct ngx_prize_postgres_member_s  ngx_prize_postgres_member_t;


/* one ID that waits or is in flight, for all the lookups that want it */

typedef struct {
    ngx_rbtree_node_t             node;
    ngx_queue_t                   queue;     /* waiting, or a batch */
    ngx_queue_t                   lookups;
    ngx_uint_t                    query;
    ngx_prize_postgres_member_t  *member;    /* NULL: it waits */

    /* of a batch that was split: asked with these only; 0: with anybody */
    ngx_uint_t                    group;

    uint64_t                      since;     /* ngx_prize_clock(): waits */
    ngx_msec_t                    deadline;  /* of its lookups, the last */

    int                           row;       /* of the result, -1: none */
    unsigned                      differs:1; /* two rows that differ */

    ngx_uint_t                    returned;  /* after that loss; 0: never */

    size_t                        len;
    u_char                        id[1];
} ngx_prize_postgres_item_t;


/* a connection with what it was asked */

struct ngx_prize_postgres_member_s {
    ngx_prize_postgres_conn_t     conn;
    ngx_prize_postgres_pool_t    *pool;
    ngx_queue_t                   batch;
    ngx_uint_t                    size;
    ngx_msec_t                    deadline;  /* connecting, or its query */
    uint64_t                      sent;      /* ngx_prize_clock(): its query */
    ngx_uint_t                    born;      /* after that loss */
    unsigned                      proven:1;  /* has answered a query */
};


struct ngx_prize_postgres_pool_s {
    ngx_queue_t                      queue;  /* of the worker's pools */
    ngx_log_t                       *log;    /* the cycle's */
    const ngx_prize_postgres_conf_t *conf;

    ngx_prize_postgres_member_t     *members;
    ngx_prize_breaker_t              breaker;
    ngx_prize_postgres_hosts_t       hosts;
    ngx_uint_t                       silent;     /* since the last attempt */

    ngx_queue_t                      waiting;    /* items, oldest first */
    ngx_uint_t                       nwaiting;
    ngx_rbtree_t                     items;      /* by query and ID */
    ngx_rbtree_node_t                sentinel;
    ngx_uint_t                       groups;
    ngx_uint_t                       losses;     /* of connections */

    Oid                             *types;  /* of "id", by query; 0: unknown */

    ngx_event_t                      dispatch;   /* posted once a turn */
    ngx_event_t                      timer;
    ngx_event_t                      retry;

    /* reused by every batch */

    u_char                          *ids;
    size_t                           ids_size;
    int                             *map;        /* column of a field */
    size_t                           map_size;
    const prize_fields_t            *mapped;
    prize_str_t                     *values;
    prize_column_t                  *columns;
    size_t                           columns_size;

    ngx_str_t                        name;
    u_char                           name_data[NGX_MAX_ERROR_STR / 8];

    ngx_prize_notice_t               lost;
    ngx_prize_notice_t               error;
    char                             sqlstate[6];   /* of the last one */
    ngx_prize_notice_t               differs;
    ngx_prize_notice_t               foreign;
    ngx_prize_notice_t               column;
    ngx_prize_notice_t               large;
};


static ngx_queue_t  ngx_prize_postgres_pools =
    { &ngx_prize_postgres_pools, &ngx_prize_postgres_pools };


static void
ngx_prize_postgres_complete(ngx_prize_lookup_t *lookup,
    ngx_prize_result_e result)
{
    static const prize_counter_e  counters[] = {
        [NGX_PRIZE_FOUND] = PRIZE_POSTGRES_FOUND,
        [NGX_PRIZE_NOT_FOUND] = PRIZE_POSTGRES_NOT_FOUND,
        [NGX_PRIZE_STALE] = PRIZE_POSTGRES_ERROR,
        [NGX_PRIZE_FOREIGN] = PRIZE_POSTGRES_ERROR,
        [NGX_PRIZE_LATE] = PRIZE_POSTGRES_LATE,
        [NGX_PRIZE_LOST] = PRIZE_POSTGRES_LOST,
        [NGX_PRIZE_ERROR] = PRIZE_POSTGRES_ERROR
    };

    ngx_prize_count(counters[result]);

    lookup->place = NULL;
    lookup->handler(lookup, result);
}


/* items: a tree of hashes, and the items themselves where these are equal */

static ngx_int_t
ngx_prize_postgres_cmp(ngx_prize_postgres_item_t *item, ngx_uint_t query,
    const u_char *id, size_t len)
{
    if (item->query != query) {
        return item->query < query ? 1 : -1;
    }

    return ngx_memn2cmp((u_char *) id, item->id, len, item->len);
}


static void
ngx_prize_postgres_insert(ngx_rbtree_node_t *temp, ngx_rbtree_node_t *node,
    ngx_rbtree_node_t *sentinel)
{
    ngx_rbtree_node_t          **p;
    ngx_prize_postgres_item_t   *item, *other;

    item = (ngx_prize_postgres_item_t *) node;

    for ( ;; ) {
        other = (ngx_prize_postgres_item_t *) temp;

        if (node->key != temp->key) {
            p = (node->key < temp->key) ? &temp->left : &temp->right;

        } else {
            p = (ngx_prize_postgres_cmp(other, item->query, item->id,
                                        item->len)
                 < 0)
                ? &temp->left : &temp->right;
        }

        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}


static ngx_prize_postgres_item_t *
ngx_prize_postgres_find(ngx_prize_postgres_pool_t *pool, ngx_uint_t query,
    const u_char *id, size_t len)
{
    uint32_t                    hash;
    ngx_int_t                   rc;
    ngx_rbtree_node_t          *node;
    ngx_prize_postgres_item_t  *item;

    hash = ngx_crc32_short((u_char *) id, len);
    node = pool->items.root;

    while (node != &pool->sentinel) {

        if (hash != node->key) {
            node = (hash < node->key) ? node->left : node->right;
            continue;
        }

        item = (ngx_prize_postgres_item_t *) node;
        rc = ngx_prize_postgres_cmp(item, query, id, len);

        if (rc == 0) {
            return item;
        }

        node = (rc < 0) ? node->left : node->right;
    }

    return NULL;
}


static ngx_prize_postgres_item_t *
ngx_prize_postgres_add(ngx_prize_postgres_pool_t *pool,
    ngx_prize_lookup_t *lookup)
{
    ngx_prize_postgres_item_t  *item;

    item = malloc(sizeof(ngx_prize_postgres_item_t) + lookup->id.len);
    if (item == NULL) {
        return NULL;
    }

    ngx_memzero(item, sizeof(ngx_prize_postgres_item_t));

    ngx_memcpy(item->id, lookup->id.data, lookup->id.len);
    item->len = lookup->id.len;
    item->query = lookup->query;
    item->row = -1;
    item->node.key = ngx_crc32_short(item->id, item->len);

    ngx_queue_init(&item->lookups);
    ngx_rbtree_insert(&pool->items, &item->node);
    pool->timer.cancelable = 0;

    return item;
}


static void
ngx_prize_postgres_wait(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_item_t *item, ngx_uint_t head)
{
    item->member = NULL;
    item->row = -1;
    item->differs = 0;

    if (head) {
        ngx_queue_insert_head(&pool->waiting, &item->queue);

    } else {
        ngx_queue_insert_tail(&pool->waiting, &item->queue);
    }

    item->since = ngx_prize_clock();

    pool->nwaiting++;
    ngx_prize_gauge_add(PRIZE_POSTGRES_QUEUED, 1);
}


static void
ngx_prize_postgres_unwait(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_item_t *item)
{
    ngx_queue_remove(&item->queue);
    pool->nwaiting--;
    ngx_prize_gauge_add(PRIZE_POSTGRES_QUEUED, -1);
}


/* the item is in no queue any more */

static void
ngx_prize_postgres_free(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_item_t *item)
{
    ngx_rbtree_delete(&pool->items, &item->node);
    free(item);

    /* a worker that is to end waits for lookups only */

    if (pool->items.root == &pool->sentinel) {
        pool->timer.cancelable = 1;
    }
}


/*
 * Frees an item that is to be answered and leaves its lookups to the caller.
 * A handler may then ask for the same ID again, or detach one of these.
 */

static void
ngx_prize_postgres_release(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_item_t *item, ngx_queue_t *lookups)
{
    ngx_queue_t         *q;
    ngx_prize_lookup_t  *lookup;

    ngx_queue_init(lookups);

    while (!ngx_queue_empty(&item->lookups)) {
        q = ngx_queue_head(&item->lookups);
        ngx_queue_remove(q);

        lookup = ngx_queue_data(q, ngx_prize_lookup_t, queue);
        lookup->place = pool;
        ngx_queue_insert_tail(lookups, q);
    }

    ngx_prize_postgres_free(pool, item);
}


static void
ngx_prize_postgres_finish(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_item_t *item, ngx_prize_result_e result)
{
    ngx_queue_t         *q, lookups;
    ngx_prize_lookup_t  *lookup;

    ngx_prize_postgres_release(pool, item, &lookups);

    while (!ngx_queue_empty(&lookups)) {
        q = ngx_queue_head(&lookups);
        ngx_queue_remove(q);

        lookup = ngx_queue_data(q, ngx_prize_lookup_t, queue);
        ngx_prize_postgres_complete(lookup, result);
    }
}


static void
ngx_prize_postgres_arm(ngx_prize_postgres_pool_t *pool, ngx_msec_t deadline)
{
    ngx_msec_int_t  left;

    if (pool->timer.timer_set) {
        if ((ngx_msec_int_t) (pool->timer.timer.key - deadline) <= 0) {
            return;
        }

        ngx_del_timer(&pool->timer);
    }

    left = (ngx_msec_int_t) (deadline - ngx_current_msec);
    ngx_add_timer(&pool->timer, (ngx_msec_t) ngx_max(left, 0));
}


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


/* nobody is left to ask: what waits is answered at once */

static void
ngx_prize_postgres_shed(ngx_prize_postgres_pool_t *pool)
{
    ngx_queue_t                *q;
    ngx_uint_t                  n;
    ngx_prize_postgres_item_t  *item;

    /* those that handlers add meanwhile are not meant */

    for (n = pool->nwaiting; n && !ngx_queue_empty(&pool->waiting); n--) {
        q = ngx_queue_head(&pool->waiting);
        item = ngx_queue_data(q, ngx_prize_postgres_item_t, queue);

        ngx_prize_postgres_unwait(pool, item);
        ngx_prize_postgres_finish(pool, item, NGX_PRIZE_LOST);
    }
}


/* takes the batch from its connection, which may be asked again */

static void
ngx_prize_postgres_detach_batch(ngx_prize_postgres_member_t *member,
    ngx_queue_t *batch)
{
    ngx_queue_init(batch);

    if (!ngx_queue_empty(&member->batch)) {
        ngx_queue_add(batch, &member->batch);
        ngx_queue_init(&member->batch);
    }

    ngx_prize_gauge_add(PRIZE_POSTGRES_IN_FLIGHT, -(int64_t) member->size);
    member->size = 0;
}


/*
 * The batch goes to the head of the queue, each item once.  "born" says which
 * items had their turn: what ends one connection may end the others of its
 * time a moment later, so that only a younger one is the second try.
 */

static void
ngx_prize_postgres_return(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_member_t *member, ngx_uint_t born)
{
    ngx_queue_t                *q, batch;
    ngx_prize_postgres_item_t  *item;

    ngx_prize_postgres_detach_batch(member, &batch);
    pool->losses++;

    while (!ngx_queue_empty(&batch)) {
        q = ngx_queue_last(&batch);
        ngx_queue_remove(q);

        item = ngx_queue_data(q, ngx_prize_postgres_item_t, queue);

        if ((item->returned && item->returned <= born)
            || ngx_queue_empty(&item->lookups))
        {
            ngx_prize_postgres_finish(pool, item, NGX_PRIZE_LOST);
            continue;
        }

        if (item->returned == 0) {
            item->returned = pool->losses;
        }

        ngx_prize_postgres_wait(pool, item, 1);
    }
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
    ngx_prize_postgres_arm(pool, member->deadline);

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

    if (i < pool->conf->connections
        && pool->breaker.state == NGX_PRIZE_BREAKER_SHUT
        && !pool->retry.timer_set)
    {
        ngx_add_timer(&pool->retry, 50 + ngx_random() % 50);
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


/* {"a","b"}: every element is quoted, since an ID may read "null" */

static u_char *
ngx_prize_postgres_quote(u_char *p, ngx_prize_postgres_item_t *item)
{
    size_t  i;

    *p++ = '"';

    for (i = 0; i < item->len; i++) {
        if (item->id[i] == '"' || item->id[i] == '\\') {
            *p++ = '\\';
        }

        *p++ = item->id[i];
    }

    *p++ = '"';

    return p;
}


static ngx_int_t
ngx_prize_postgres_array(ngx_prize_postgres_pool_t *pool, ngx_queue_t *batch)
{
    size_t                      size;
    u_char                     *p;
    ngx_queue_t                *q;
    ngx_prize_postgres_item_t  *item;

    size = sizeof("{}");

    for (q = ngx_queue_head(batch);
         q != ngx_queue_sentinel(batch);
         q = ngx_queue_next(q))
    {
        item = ngx_queue_data(q, ngx_prize_postgres_item_t, queue);
        size += 2 * item->len + sizeof("\"\",") - 1;
    }

    if (size > pool->ids_size) {
        p = realloc(pool->ids, size);
        if (p == NULL) {
            return NGX_ERROR;
        }

        pool->ids = p;
        pool->ids_size = size;
    }

    p = pool->ids;
    *p++ = '{';

    for (q = ngx_queue_head(batch);
         q != ngx_queue_sentinel(batch);
         q = ngx_queue_next(q))
    {
        item = ngx_queue_data(q, ngx_prize_postgres_item_t, queue);

        if (q != ngx_queue_head(batch)) {
            *p++ = ',';
        }

        p = ngx_prize_postgres_quote(p, item);
    }

    *p++ = '}';
    *p = '\0';

    return NGX_OK;
}


/* what the head of the queue wants asked, and those that go with it */

static void
ngx_prize_postgres_take(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_member_t *member)
{
    ngx_uint_t                  query, group;
    ngx_msec_t                  deadline;
    ngx_queue_t                *q, *next;
    ngx_prize_postgres_item_t  *item;

    item = ngx_queue_data(ngx_queue_head(&pool->waiting),
                          ngx_prize_postgres_item_t, queue);
    query = item->query;
    group = item->group;

    member->sent = ngx_prize_clock();
    deadline = ngx_current_msec;

    for (q = ngx_queue_head(&pool->waiting);
         q != ngx_queue_sentinel(&pool->waiting)
         && member->size < pool->conf->batch;
         q = next)
    {
        next = ngx_queue_next(q);
        item = ngx_queue_data(q, ngx_prize_postgres_item_t, queue);

        if (item->query != query || item->group != group) {
            continue;
        }

        ngx_prize_postgres_unwait(pool, item);
        prize_histogram_add(ngx_prize_metrics, PRIZE_POSTGRES_QUEUE_WAIT,
                            member->sent - item->since);

        item->member = member;
        ngx_queue_insert_tail(&member->batch, &item->queue);
        member->size++;

        if ((ngx_msec_int_t) (item->deadline - deadline) > 0) {
            deadline = item->deadline;
        }
    }

    ngx_prize_gauge_add(PRIZE_POSTGRES_IN_FLIGHT, (int64_t) member->size);
    prize_histogram_add(ngx_prize_metrics, PRIZE_POSTGRES_BATCH,
                        member->size);

    member->deadline = deadline;
    ngx_prize_postgres_arm(pool, deadline);
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


/* two rows of one ID must not differ; NULL is an empty string */

static ngx_uint_t
ngx_prize_postgres_same(PGresult *result, int a, int b)
{
    int  i, len;

    for (i = 0; i < PQnfields(result); i++) {
        len = PQgetlength(result, a, i);

        if (len != PQgetlength(result, b, i)
            || ngx_memcmp(PQgetvalue(result, a, i), PQgetvalue(result, b, i),
                          len)
               != 0)
        {
            return 0;
        }
    }

    return 1;
}


static void
ngx_prize_postgres_row(ngx_prize_postgres_member_t *member,
    PGresult *result, ngx_uint_t query, int row, int column)
{
    size_t                      len;
    u_char                     *id;
    ngx_prize_postgres_item_t  *item, *first;
    ngx_prize_postgres_pool_t  *pool;

    pool = member->pool;

    id = (u_char *) PQgetvalue(result, row, column);
    len = PQgetlength(result, row, column);

    item = ngx_prize_postgres_find(pool, query, id, len);

    if (item == NULL || item->member != member) {
        first = ngx_queue_data(ngx_queue_head(&member->batch),
                               ngx_prize_postgres_item_t, queue);

        ngx_prize_count(PRIZE_POSTGRES_ERROR_ROWS);
        ngx_prize_notice(&pool->foreign, NGX_LOG_WARN, pool->log, 0,
                         "postgres \"%V\": a row with id \"%*s\", which "
                         "nobody asked for, but \"%*s\" and %ui more: is "
                         "\"id\" padded or cast?", &pool->conf->name,
                         ngx_min(len, 200), id, first->len, first->id,
                         member->size - 1);
        return;
    }

    if (item->row == -1) {
        item->row = row;
        return;
    }

    if (!ngx_prize_postgres_same(result, item->row, row)) {
        item->differs = 1;
        ngx_prize_count(PRIZE_POSTGRES_ERROR_ROWS);
        ngx_prize_notice(&pool->differs, NGX_LOG_ERR, pool->log, 0,
                         "postgres \"%V\": two differing rows for id \"%*s\"",
                         &pool->conf->name, len, id);
    }
}


/* room for a row's columns and for a page's values */

static ngx_int_t
ngx_prize_postgres_scratch(ngx_prize_postgres_pool_t *pool, size_t columns,
    size_t fields)
{
    void  *p;

    if (columns > pool->columns_size) {
        p = realloc(pool->columns, columns * sizeof(prize_column_t));
        if (p == NULL) {
            return NGX_ERROR;
        }

        pool->columns = p;
        pool->columns_size = columns;
    }

    if (fields > pool->map_size) {
        p = realloc(pool->map, fields * sizeof(int));
        if (p == NULL) {
            return NGX_ERROR;
        }

        pool->map = p;

        p = realloc(pool->values, fields * sizeof(prize_str_t));
        if (p == NULL) {
            return NGX_ERROR;
        }

        pool->values = p;
        pool->map_size = fields;
    }

    return NGX_OK;
}


static int
ngx_prize_postgres_column(PGresult *result, const char *name)
{
    int  i;

    for (i = 0; i < PQnfields(result); i++) {
        if (ngx_strcmp(PQfname(result, i), name) == 0) {
            return i;
        }
    }

    return -1;
}


/* which column is which field; most lookups of a batch are of one location */

static ngx_int_t
ngx_prize_postgres_map(ngx_prize_postgres_pool_t *pool, PGresult *result,
    const prize_fields_t *fields)
{
    unsigned              i;
    const prize_field_t  *field;

    if (pool->mapped == fields) {
        return NGX_OK;
    }

    pool->mapped = NULL;

    if (ngx_prize_postgres_scratch(pool, PQnfields(result), fields->n)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < fields->n; i++) {
        field = &fields->list[i];
        pool->map[i] = ngx_prize_postgres_column(result, field->name.data);

        if (pool->map[i] == -1 && field->required) {
            ngx_prize_count(PRIZE_POSTGRES_ERROR_ROWS);
            ngx_prize_notice(&pool->column, NGX_LOG_ERR, pool->log, 0,
                             "postgres \"%V\": the query has no column \"%s\", "
                             "which %s:%ui uses", &pool->conf->name,
                             field->name.data,
                             field->file ? field->file : "the configuration",
                             (ngx_uint_t) field->line);
            return NGX_ERROR;
        }
    }

    pool->mapped = fields;

    return NGX_OK;
}


static void
ngx_prize_postgres_record(ngx_prize_postgres_pool_t *pool, PGresult *result,
    ngx_prize_lookup_t *lookup, int row)
{
    int       i, n;
    unsigned  f;

    n = PQnfields(result);

    for (i = 0; i < n; i++) {
        pool->columns[i].name.data = PQfname(result, i);
        pool->columns[i].name.len = ngx_strlen(PQfname(result, i));
        pool->columns[i].value.data = PQgetvalue(result, row, i);
        pool->columns[i].value.len = PQgetlength(result, row, i);
    }

    for (f = 0; f < lookup->fields->n; f++) {
        i = pool->map[f];

        if (i == -1) {
            pool->values[f].data = NULL;
            pool->values[f].len = 0;

        } else {
            pool->values[f] = pool->columns[i].value;
        }
    }

    lookup->record.values = pool->values;
    lookup->record.columns = pool->columns;
    lookup->record.ncolumns = n;
}


/* a record that Redis could not give back: the rule of "prizectl load" too */

static ngx_uint_t
ngx_prize_postgres_large(ngx_prize_postgres_pool_t *pool, PGresult *result,
    ngx_prize_postgres_item_t *item)
{
    int  i, len;

    for (i = 0; i < PQnfields(result); i++) {
        len = PQgetlength(result, item->row, i);

        if (len > PRIZE_FIELD_MAX) {
            ngx_prize_count(PRIZE_POSTGRES_ERROR_ROWS);
            ngx_prize_notice(&pool->large, NGX_LOG_ERR, pool->log, 0,
                             "postgres \"%V\": id \"%*s\": column \"%s\" has "
                             "%d bytes, at most %d fit into a record",
                             &pool->conf->name, item->len, item->id,
                             PQfname(result, i), len, PRIZE_FIELD_MAX);
            return 1;
        }
    }

    return 0;
}


static void
ngx_prize_postgres_answer(ngx_prize_postgres_pool_t *pool, PGresult *result,
    ngx_prize_postgres_item_t *item)
{
    int                  row;
    ngx_uint_t           leader;
    ngx_queue_t         *q, lookups;
    ngx_prize_lookup_t  *lookup;

    row = item->row;

    if (row == -1 || item->differs
        || ngx_prize_postgres_large(pool, result, item))
    {
        ngx_prize_postgres_finish(pool, item, row == -1 ? NGX_PRIZE_NOT_FOUND
                                                        : NGX_PRIZE_ERROR);
        return;
    }

    ngx_prize_postgres_release(pool, item, &lookups);
    leader = 1;

    while (!ngx_queue_empty(&lookups)) {
        q = ngx_queue_head(&lookups);
        ngx_queue_remove(q);

        lookup = ngx_queue_data(q, ngx_prize_lookup_t, queue);
        lookup->leader = leader;
        leader = 0;

        if (ngx_prize_postgres_map(pool, result, lookup->fields) != NGX_OK) {
            ngx_prize_postgres_complete(lookup, NGX_PRIZE_ERROR);
            continue;
        }

        ngx_prize_postgres_record(pool, result, lookup, row);
        ngx_prize_postgres_complete(lookup, ngx_prize_lookup_check(lookup));
    }
}


static void
ngx_prize_postgres_finish_batch(ngx_prize_postgres_member_t *member,
    ngx_prize_result_e result)
{
    ngx_queue_t                *q, batch;
    ngx_prize_postgres_item_t  *item;

    ngx_prize_postgres_detach_batch(member, &batch);

    while (!ngx_queue_empty(&batch)) {
        q = ngx_queue_head(&batch);
        ngx_queue_remove(q);

        item = ngx_queue_data(q, ngx_prize_postgres_item_t, queue);
        ngx_prize_postgres_finish(member->pool, item, result);
    }
}


/* a page would show one of two columns of a name, and a hash keep the other */

static ngx_int_t
ngx_prize_postgres_columns(ngx_prize_postgres_pool_t *pool, PGresult *result,
    int id)
{
    int  i;

    if (id == -1) {
        ngx_prize_notice(&pool->column, NGX_LOG_ERR, pool->log, 0,
                         "postgres \"%V\": the query has no column \"id\"",
                         &pool->conf->name);
        return NGX_ERROR;
    }

    for (i = 0; i < PQnfields(result); i++) {

        if (ngx_prize_postgres_column(result, PQfname(result, i)) != i) {
            ngx_prize_notice(&pool->column, NGX_LOG_ERR, pool->log, 0,
                             "postgres \"%V\": the query has two columns "
                             "\"%s\"", &pool->conf->name,
                             PQfname(result, i));
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
ngx_prize_postgres_tuples(ngx_prize_postgres_member_t *member,
    PGresult *result)
{
    int                         column, row;
    ngx_uint_t                  query;
    ngx_queue_t                *q, batch;
    ngx_prize_postgres_item_t  *item;
    ngx_prize_postgres_pool_t  *pool;

    pool = member->pool;

    item = ngx_queue_data(ngx_queue_head(&member->batch),
                          ngx_prize_postgres_item_t, queue);
    query = item->query;

    column = ngx_prize_postgres_column(result, "id");

    if (ngx_prize_postgres_columns(pool, result, column) != NGX_OK) {
        ngx_prize_count(PRIZE_POSTGRES_ERROR_ROWS);
        ngx_prize_postgres_finish_batch(member, NGX_PRIZE_ERROR);
        return;
    }

    pool->types[query] = PQftype(result, column);
    pool->mapped = NULL;

    for (row = 0; row < PQntuples(result); row++) {
        ngx_prize_postgres_row(member, result, query, row, column);
    }

    ngx_prize_postgres_detach_batch(member, &batch);

    while (!ngx_queue_empty(&batch)) {
        q = ngx_queue_head(&batch);
        ngx_queue_remove(q);

        item = ngx_queue_data(q, ngx_prize_postgres_item_t, queue);
        ngx_prize_postgres_answer(pool, result, item);
    }
}


/* one ID that the database cannot take must not hurt its neighbours */

static void
ngx_prize_postgres_split(ngx_prize_postgres_member_t *member)
{
    ngx_uint_t                  i, half, group;
    ngx_queue_t                *q, batch;
    ngx_prize_postgres_item_t  *item;
    ngx_prize_postgres_pool_t  *pool;

    pool = member->pool;
    half = member->size / 2;

    ngx_prize_postgres_detach_batch(member, &batch);

    pool->groups += 2;
    group = pool->groups;

    for (i = 0; !ngx_queue_empty(&batch); i++) {
        q = ngx_queue_head(&batch);
        ngx_queue_remove(q);

        item = ngx_queue_data(q, ngx_prize_postgres_item_t, queue);

        if (ngx_queue_empty(&item->lookups)) {
            ngx_prize_postgres_free(pool, item);
            continue;
        }

        item->group = (i < half) ? group - 1 : group;
        ngx_prize_postgres_wait(pool, item, 0);
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

    ngx_prize_breaker_probed(&pool->breaker);
    ngx_prize_postgres_fill(pool);
    ngx_prize_postgres_dispatch(pool);
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

        if (conn->c && conn->c->close) {
            ngx_prize_postgres_close(member);

        } else {
            ngx_prize_postgres_failed(member, conn->state
                                              == NGX_PRIZE_POSTGRES_CONNECTING
                                              ? "cannot connect"
                                              : "connection lost");
        }

        ngx_prize_postgres_recover(member->pool);
    }
}


/* moves the lookups of one item that are over their time to "late" */

static void
ngx_prize_postgres_collect(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_item_t *item, ngx_queue_t *late)
{
    ngx_queue_t         *q, *next;
    ngx_prize_lookup_t  *lookup;

    for (q = ngx_queue_head(&item->lookups);
         q != ngx_queue_sentinel(&item->lookups);
         q = next)
    {
        next = ngx_queue_next(q);
        lookup = ngx_queue_data(q, ngx_prize_lookup_t, queue);

        if ((ngx_msec_int_t) (lookup->deadline - ngx_current_msec) <= 0) {
            ngx_queue_remove(q);
            lookup->place = pool;
            ngx_queue_insert_tail(late, q);

        } else {
            ngx_prize_postgres_arm(pool, ngx_max(lookup->deadline,
                                                 ngx_current_msec
                                                 + NGX_PRIZE_POSTGRES_TICK));
        }
    }
}


/* a batch's items stay where they are: its answer needs their places */

static void
ngx_prize_postgres_expire(ngx_prize_postgres_pool_t *pool, ngx_queue_t *late)
{
    ngx_uint_t                  i;
    ngx_queue_t                *q, *next;
    ngx_prize_postgres_item_t  *item;

    for (q = ngx_queue_head(&pool->waiting);
         q != ngx_queue_sentinel(&pool->waiting);
         q = next)
    {
        next = ngx_queue_next(q);
        item = ngx_queue_data(q, ngx_prize_postgres_item_t, queue);

        ngx_prize_postgres_collect(pool, item, late);

        if (ngx_queue_empty(&item->lookups)) {
            ngx_prize_postgres_unwait(pool, item);
            ngx_prize_postgres_free(pool, item);
        }
    }

    for (i = 0; i < pool->conf->connections; i++) {
        for (q = ngx_queue_head(&pool->members[i].batch);
             q != ngx_queue_sentinel(&pool->members[i].batch);
             q = ngx_queue_next(q))
        {
            item = ngx_queue_data(q, ngx_prize_postgres_item_t, queue);
            ngx_prize_postgres_collect(pool, item, late);
        }
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
            ngx_prize_postgres_arm(pool, member->deadline);
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
    ngx_queue_t                *q, late;
    ngx_prize_lookup_t         *lookup;
    ngx_prize_postgres_pool_t  *pool;

    pool = ev->data;

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, ev->log, 0,
                   "prize postgres \"%V\" timer", &pool->conf->name);

    ngx_queue_init(&late);

    ngx_prize_postgres_expire(pool, &late);
    ngx_prize_postgres_overdue(pool);

    while (!ngx_queue_empty(&late)) {
        q = ngx_queue_head(&late);
        ngx_queue_remove(q);

        lookup = ngx_queue_data(q, ngx_prize_lookup_t, queue);
        ngx_prize_postgres_complete(lookup, NGX_PRIZE_LATE);
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
    ngx_prize_postgres_arm(pool, lookup->deadline);

    return NGX_OK;
}


void
ngx_prize_postgres_detach(ngx_prize_postgres_pool_t *pool,
    ngx_prize_lookup_t *lookup)
{
    ngx_prize_postgres_item_t  *item;

    ngx_queue_remove(&lookup->queue);

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
