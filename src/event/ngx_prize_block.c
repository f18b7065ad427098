
#include "ngx_prize_block.h"


/* sizes differ by a page of memory; what is larger is left to the pool */

#define NGX_PRIZE_BLOCK_UNIT   4096
#define NGX_PRIZE_BLOCK_SIZES  32

/* of each size, a worker keeps so many that nobody uses */
#define NGX_PRIZE_BLOCK_SPARE  16


/* a checker of memory is to see each page by itself */

#if (NGX_DEBUG_PALLOC)
#define NGX_PRIZE_BLOCK_OFF    1
#else
#define NGX_PRIZE_BLOCK_OFF    0
#endif


typedef struct ngx_prize_block_s  ngx_prize_block_t;

struct ngx_prize_block_s {
    ngx_prize_block_t   *next;
    ngx_uint_t           size;      /* in units, less one */
};


typedef struct {
    ngx_prize_block_t   *last;      /* the one used last is the first out */
    ngx_uint_t           n;
} ngx_prize_block_spare_t;


static ngx_prize_block_spare_t  ngx_prize_block_spare[NGX_PRIZE_BLOCK_SIZES];


static void
ngx_prize_block_cleanup(void *data)
{
    ngx_prize_block_t        *block = data;
    ngx_prize_block_spare_t  *spare;

    spare = &ngx_prize_block_spare[block->size];

    if (spare->n == NGX_PRIZE_BLOCK_SPARE) {
        ngx_free(block);
        return;
    }

    block->next = spare->last;
    spare->last = block;
    spare->n++;
}


static ngx_prize_block_t *
ngx_prize_block_take(ngx_uint_t size, ngx_log_t *log)
{
    ngx_prize_block_t        *block;
    ngx_prize_block_spare_t  *spare;

    spare = &ngx_prize_block_spare[size];
    block = spare->last;

    if (block) {
        spare->last = block->next;
        spare->n--;
        return block;
    }

    block = ngx_alloc((size + 1) * NGX_PRIZE_BLOCK_UNIT, log);

    if (block) {
        block->size = size;
    }

    return block;
}


void *
ngx_prize_block_alloc(ngx_pool_t *pool, size_t size)
{
    ngx_uint_t           units;
    ngx_prize_block_t   *block;
    ngx_pool_cleanup_t  *cln;

    units = (sizeof(ngx_prize_block_t) + size - 1) / NGX_PRIZE_BLOCK_UNIT;

    if (NGX_PRIZE_BLOCK_OFF || units >= NGX_PRIZE_BLOCK_SIZES) {
        return ngx_palloc(pool, size);
    }

    cln = ngx_pool_cleanup_add(pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    block = ngx_prize_block_take(units, pool->log);
    if (block == NULL) {
        return NULL;
    }

    cln->handler = ngx_prize_block_cleanup;
    cln->data = block;

    return block + 1;
}
