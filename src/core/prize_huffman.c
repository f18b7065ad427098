
#include <stdlib.h>
#include <string.h>

#include "prize_huffman.h"


/* a symbol and its count in one number, which is sorted */

#define PRIZE_HUFFMAN_SYMBOL_BITS   9
#define prize_huffman_symbol(leaf)  ((leaf) % (1 << PRIZE_HUFFMAN_SYMBOL_BITS))
#define prize_huffman_count(leaf)   ((leaf) >> PRIZE_HUFFMAN_SYMBOL_BITS)


/*
 * Package-merge (Larmore and Hirschberg, 1990): on each level the symbols are
 * merged with the pairs of the level below; of the highest one the lightest
 * 2n - 2 are taken.  Pairs are taken in their order, so that it is enough to
 * know of each level which of its items are symbols.
 */

typedef struct {
    uint32_t  weights[2][2 * PRIZE_HUFFMAN_SYMBOLS];
    uint8_t   symbol[PRIZE_HUFFMAN_BITS][2 * PRIZE_HUFFMAN_SYMBOLS];
} prize_huffman_levels_t;


static int
prize_huffman_compare(const void *one, const void *two)
{
    uint32_t  a = *(const uint32_t *) one, b = *(const uint32_t *) two;

    return (a > b) - (a < b);
}


/* how many items the level has */

static unsigned
prize_huffman_merge(prize_huffman_levels_t *levels, unsigned level,
    const uint32_t *leaves, unsigned n, unsigned below)
{
    unsigned         i, leaf, pair;
    uint32_t        *weights;
    const uint32_t  *low;

    weights = levels->weights[level % 2];
    low = levels->weights[(level + 1) % 2];

    for (i = 0, leaf = 0, pair = 0; leaf < n || pair + 1 < below; i++) {

        if (pair + 1 >= below
            || (leaf < n && prize_huffman_count(leaves[leaf])
                            <= low[pair] + low[pair + 1]))
        {
            weights[i] = prize_huffman_count(leaves[leaf++]);
            levels->symbol[level][i] = 1;

        } else {
            weights[i] = low[pair] + low[pair + 1];
            levels->symbol[level][i] = 0;
            pair += 2;
        }
    }

    return i;
}


static void
prize_huffman_package(const uint32_t *leaves, unsigned n, unsigned limit,
    uint8_t *lengths)
{
    unsigned                i, level, items, taken, leaf;
    prize_huffman_levels_t  levels;

    memset(&levels, 0, sizeof(prize_huffman_levels_t));

    for (level = 0, items = 0; level < limit; level++) {
        items = prize_huffman_merge(&levels, level, leaves, n, items);
    }

    taken = 2 * n - 2;

    while (level--) {
        for (i = 0, leaf = 0; i < taken; i++) {
            if (levels.symbol[level][i]) {
                lengths[prize_huffman_symbol(leaves[leaf++])]++;
            }
        }

        taken = 2 * (taken - leaf);
    }
}


void
prize_huffman_lengths(const uint32_t *counts, unsigned n, unsigned limit,
    uint8_t *lengths)
{
    unsigned  i, leaves;
    uint32_t  leaf[PRIZE_HUFFMAN_SYMBOLS];

    memset(lengths, 0, n);

    for (i = 0, leaves = 0; i < n; i++) {
        if (counts[i]) {
            leaf[leaves++] = counts[i] << PRIZE_HUFFMAN_SYMBOL_BITS | i;
        }
    }

    for (i = 0; leaves < 2; i++) {
        if (counts[i] == 0) {
            leaf[leaves++] = i;
        }
    }

    qsort(leaf, leaves, sizeof(uint32_t), prize_huffman_compare);

    prize_huffman_package(leaf, leaves, limit, lengths);
}


void
prize_huffman_codes(const uint8_t *lengths, unsigned n, uint16_t *codes)
{
    unsigned  i, bit, code, next[PRIZE_HUFFMAN_BITS + 2];

    memset(next, 0, sizeof(next));

    for (i = 0; i < n; i++) {
        next[lengths[i] + 1] += (lengths[i] != 0);
    }

    for (bit = 1, code = 0; bit <= PRIZE_HUFFMAN_BITS; bit++) {
        code = (code + next[bit]) << 1;
        next[bit] = code;
    }

    for (i = 0; i < n; i++) {
        codes[i] = 0;

        if (lengths[i] == 0) {
            continue;
        }

        code = next[lengths[i]]++;

        for (bit = 0; bit < lengths[i]; bit++) {
            codes[i] = codes[i] << 1 | (code >> bit & 1);
        }
    }
}
