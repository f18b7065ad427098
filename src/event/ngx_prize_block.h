
/*
 * Memory for a page, reused by the next one.
 *
 * What malloc() finds for each page moves through a heap that hundreds of
 * requests in flight have cut up, and has to be fetched into the cache again.
 * The block that the last page has left is still there.
 */

#ifndef _NGX_PRIZE_BLOCK_H_INCLUDED_
#define _NGX_PRIZE_BLOCK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * As ngx_palloc(), aligned for any type: the memory is the pool's and lives
 * as long.  NULL without memory.
 */
void *ngx_prize_block_alloc(ngx_pool_t *pool, size_t size);


#endif /* _NGX_PRIZE_BLOCK_H_INCLUDED_ */
