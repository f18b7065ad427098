
#include <ngx_config.h>

#include <stdlib.h>

#include "ngx_prize_postgres_pool.h"


#define NGX_PRIZE_POSTGRES_TICK  5    /* ms between looks at the clock */


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


void
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


ngx_prize_postgres_item_t *
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


ngx_prize_postgres_item_t *
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

    return item;
}


void
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


void
ngx_prize_postgres_unwait(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_item_t *item)
{
    ngx_queue_remove(&item->queue);
    pool->nwaiting--;
    ngx_prize_gauge_add(PRIZE_POSTGRES_QUEUED, -1);
}


/* the item is in no queue any more */

void
ngx_prize_postgres_free(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_item_t *item)
{
    ngx_rbtree_delete(&pool->items, &item->node);
    free(item);
}


/*
 * Frees an item that is to be answered and leaves its lookups to the caller.
 * A handler may then ask for the same ID again, or detach one of these.
 */

void
ngx_prize_postgres_release(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_item_t *item, ngx_queue_t *lookups)
{
    ngx_prize_lookup_t  *lookup;

    ngx_queue_init(lookups);

    for (lookup = ngx_prize_lookup_shift(&item->lookups);
         lookup;
         lookup = ngx_prize_lookup_shift(&item->lookups))
    {
        lookup->item = NULL;
        ngx_queue_insert_tail(lookups, &lookup->queue);
    }

    ngx_prize_postgres_free(pool, item);
}


void
ngx_prize_postgres_finish(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_item_t *item, ngx_prize_result_e result)
{
    ngx_queue_t  lookups;

    ngx_prize_postgres_release(pool, item, &lookups);
    ngx_prize_backend_drain(&pool->backend, &lookups, result);
}


/* nobody is left to ask: what waits is answered at once */

void
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
            lookup->item = NULL;
            ngx_queue_insert_tail(late, q);

        } else {
            ngx_prize_backend_wake(&pool->backend,
                                   ngx_max(lookup->deadline, ngx_current_msec
                                           + NGX_PRIZE_POSTGRES_TICK));
        }
    }
}


/* a batch's items stay where they are: its answer needs their places */

void
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
