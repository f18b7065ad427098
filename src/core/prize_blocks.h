
/*
 * Where a stretch of text is best cut into blocks, each with codes of its own.
 */

#ifndef _PRIZE_BLOCKS_H_INCLUDED_
#define _PRIZE_BLOCKS_H_INCLUDED_


#include <stddef.h>

#include "prize_deflate.h"


/* of a stretch */
#define PRIZE_BLOCKS_MAX  64


/* the bytes that a block covers, and what is in it */

typedef struct {
    size_t                  start;
    size_t                  end;
    size_t                  size;     /* in bits */
    size_t                  joined;   /* of it and the next one as one block */
    prize_counts_t  counts;
} prize_block_t;


/* "blocks" has PRIZE_BLOCKS_MAX; how many there are, one at least */
unsigned prize_blocks_cut(const prize_token_t *tokens, size_t n,
    prize_block_t *blocks);


#endif /* _PRIZE_BLOCKS_H_INCLUDED_ */
