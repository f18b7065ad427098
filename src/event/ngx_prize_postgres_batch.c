
#include <ngx_config.h>

#include <stdlib.h>

#include "ngx_prize_postgres_pool.h"


/* takes the batch from its connection, which may be asked again */

void
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


void
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


/*
 * The batch goes to the head of the queue, each item once.  What ends one
 * connection may end the others of its time a moment later, so that only an
 * attempt which began after the loss is the second try.
 */

void
ngx_prize_postgres_return(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_member_t *member, ngx_uint_t attempt)
{
    ngx_queue_t                *q, batch;
    ngx_prize_postgres_item_t  *item;

    ngx_prize_postgres_detach_batch(member, &batch);

    while (!ngx_queue_empty(&batch)) {
        q = ngx_queue_last(&batch);
        ngx_queue_remove(q);

        item = ngx_queue_data(q, ngx_prize_postgres_item_t, queue);

        if ((item->returned && item->returned < attempt)
            || ngx_queue_empty(&item->lookups))
        {
            ngx_prize_postgres_finish(pool, item, NGX_PRIZE_LOST);
            continue;
        }

        if (item->returned == 0) {
            item->returned = pool->attempts;
        }

        ngx_prize_postgres_wait(pool, item, 1);
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


ngx_int_t
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


static ngx_prize_postgres_item_t *
ngx_prize_postgres_first(ngx_prize_postgres_pool_t *pool)
{
    ngx_queue_t                *q;
    ngx_prize_postgres_item_t  *item;

    for (q = ngx_queue_head(&pool->waiting);
         q != ngx_queue_sentinel(&pool->waiting);
         q = ngx_queue_next(q))
    {
        item = ngx_queue_data(q, ngx_prize_postgres_item_t, queue);

        if (pool->checks[item->query].state == NGX_PRIZE_POSTGRES_ASKABLE) {
            return item;
        }
    }

    return NULL;
}


void
ngx_prize_postgres_take(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_member_t *member)
{
    ngx_uint_t                  query, group;
    ngx_msec_t                  timeout;
    ngx_queue_t                *q, *next;
    ngx_prize_postgres_item_t  *item;

    item = ngx_prize_postgres_first(pool);

    if (item == NULL) {
        return;
    }

    query = item->query;
    group = item->group;

    member->sent = ngx_prize_clock();
    timeout = 0;

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

        timeout = ngx_max(timeout, item->timeout);
    }

    ngx_prize_gauge_add(PRIZE_POSTGRES_IN_FLIGHT, (int64_t) member->size);
    prize_histogram_add(ngx_prize_metrics, PRIZE_POSTGRES_BATCH,
                        member->size);

    /* however long its IDs have waited: that is not the server's fault */

    member->deadline = ngx_current_msec + timeout;
    ngx_prize_backend_wake(&pool->backend, member->deadline);
}


/* one ID that the database cannot take must not hurt its neighbours */

void
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
