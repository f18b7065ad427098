
#include <string.h>

#include "prize_blocks.h"


/* in a piece that is not cut again, at least */
#define PRIZE_BLOCKS_TOKENS  128


static size_t
prize_blocks_size(const prize_counts_t *counts)
{
    prize_deflate_t  block;

    prize_deflate_choose(&block, counts, 0);

    return block.size;
}


static unsigned
prize_blocks_pieces(const prize_token_t *tokens, size_t n,
    prize_block_t *blocks)
{
    size_t          i, at, piece;
    unsigned        nblocks;
    prize_block_t  *b;

    piece = (n + PRIZE_BLOCKS_MAX - 1) / PRIZE_BLOCKS_MAX;
    if (piece < PRIZE_BLOCKS_TOKENS) {
        piece = PRIZE_BLOCKS_TOKENS;
    }

    for (nblocks = 0, at = 0; n; n -= piece, tokens += piece, nblocks++) {

        /* the last one has no remainder behind it */

        if (n < 2 * piece) {
            piece = n;
        }

        b = &blocks[nblocks];
        b->start = at;

        for (i = 0; i < piece; i++) {
            at += tokens[i].len;
        }

        b->end = at;

        memset(&b->counts, 0, sizeof(prize_counts_t));
        prize_deflate_count(&b->counts, tokens, piece);
        b->size = prize_blocks_size(&b->counts);
    }

    return nblocks;
}


static void
prize_blocks_add(prize_counts_t *counts,
    const prize_counts_t *more)
{
    unsigned  i;

    for (i = 0; i < PRIZE_CODES_LENGTHS; i++) {
        counts->lengths[i] += more->lengths[i];
    }

    for (i = 0; i < PRIZE_CODES_DISTANCES; i++) {
        counts->distances[i] += more->distances[i];
    }
}


static void
prize_blocks_try(prize_block_t *b)
{
    prize_counts_t  counts;

    counts = b[0].counts;
    prize_blocks_add(&counts, &b[1].counts);
    b->joined = prize_blocks_size(&counts);
}


/* the two neighbours that save most as one, or the number of blocks */

static unsigned
prize_blocks_best(const prize_block_t *blocks, unsigned n)
{
    long long  gain, most;
    unsigned   i, best;

    best = n;
    most = -1;

    for (i = 0; i + 1 < n; i++) {
        gain = (long long) (blocks[i].size + blocks[i + 1].size)
               - (long long) blocks[i].joined;

        if (gain > most) {
            most = gain;
            best = i;
        }
    }

    return best;
}


unsigned
prize_blocks_cut(const prize_token_t *tokens, size_t n, prize_block_t *blocks)
{
    unsigned  i, best, nblocks;

    nblocks = prize_blocks_pieces(tokens, n, blocks);

    for (i = 0; i + 1 < nblocks; i++) {
        prize_blocks_try(&blocks[i]);
    }

    for ( ;; ) {
        best = prize_blocks_best(blocks, nblocks);
        if (best == nblocks) {
            return nblocks;
        }

        blocks[best].end = blocks[best + 1].end;
        blocks[best].size = blocks[best].joined;
        prize_blocks_add(&blocks[best].counts, &blocks[best + 1].counts);

        nblocks--;
        memmove(&blocks[best + 1], &blocks[best + 2],
                (nblocks - best - 1) * sizeof(prize_block_t));

        if (best + 1 < nblocks) {
            prize_blocks_try(&blocks[best]);
        }

        if (best) {
            prize_blocks_try(&blocks[best - 1]);
        }
    }
}
