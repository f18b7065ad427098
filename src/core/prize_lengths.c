
#include <string.h>

#include "prize_lengths.h"


/* how often it is tried */
#define PRIZE_LENGTHS_ROUNDS   4

/* of a bit, the unit of costs */
#define PRIZE_LENGTHS_BIT      16

/* what a symbol of the header takes that was not in the last one, in bits */
#define PRIZE_LENGTHS_UNUSED   6

/* all codes of an alphabet together, in the unit of a code of 15 bits */
#define PRIZE_LENGTHS_WHOLE    (1 << PRIZE_HUFFMAN_BITS)

#define PRIZE_LENGTHS_STATES   (PRIZE_HUFFMAN_BITS + 1)
#define PRIZE_LENGTHS_REPEATS  4             /* 3 to 6 times */
#define PRIZE_LENGTHS_ZEROS    138

/* zeros fewer than there are, since a length may be repeated into them */
#define PRIZE_LENGTHS_LESS     6


typedef enum {
    PRIZE_LENGTHS_ONE = 0,
    PRIZE_LENGTHS_REPEATED,
    PRIZE_LENGTHS_ZERO
} prize_lengths_step_e;


/*
 * The cheapest way to each place of the sequence that ends on each length.  A
 * code of l bits takes 2^-l of its alphabet, which has a price.
 */

typedef struct {
    uint32_t                counts[PRIZE_CODES_SEQUENCE];
    unsigned                nlengths;
    unsigned                n;

    uint32_t                price[2];        /* of a whole alphabet */
    uint32_t                header[PRIZE_CODES_HEADER];

    uint32_t                costs[PRIZE_CODES_SEQUENCE + 1]
                                 [PRIZE_LENGTHS_STATES];
    uint8_t                 steps[PRIZE_CODES_SEQUENCE + 1]
                                 [PRIZE_LENGTHS_STATES];
    uint8_t                 sizes[PRIZE_CODES_SEQUENCE + 1]
                                 [PRIZE_LENGTHS_STATES];
    uint8_t                 best[PRIZE_CODES_SEQUENCE + 1];

    uint8_t                 lengths[PRIZE_CODES_SEQUENCE];
} prize_lengths_t;


static void
prize_lengths_init(prize_lengths_t *t, const prize_counts_t *counts,
    const prize_codes_t *codes)
{
    unsigned  i;

    t->nlengths = codes->nlengths;
    t->n = codes->nlengths + codes->ndistances;

    memcpy(t->counts, counts->lengths, t->nlengths * sizeof(uint32_t));
    memcpy(t->counts + t->nlengths, counts->distances,
           codes->ndistances * sizeof(uint32_t));

    t->counts[PRIZE_CODES_END] = 1;
    t->price[0] = 0;
    t->price[1] = 0;

    /* so that the length that is best for a count is its logarithm: 1 / ln 2 */

    for (i = 0; i < t->n; i++) {
        t->price[i >= t->nlengths] += t->counts[i] * PRIZE_LENGTHS_BIT
                                      * 1443 / 1000;
    }
}


static uint32_t
prize_lengths_cost(const prize_lengths_t *t, unsigned at, unsigned length)
{
    return t->counts[at] * length * PRIZE_LENGTHS_BIT
           + (length ? t->price[at >= t->nlengths] >> length : 0);
}


static void
prize_lengths_step(prize_lengths_t *t, unsigned to, unsigned length,
    uint32_t cost, prize_lengths_step_e step, unsigned size)
{
    if (cost < t->costs[to][length]) {
        t->costs[to][length] = cost;
        t->steps[to][length] = step;
        t->sizes[to][length] = size;
    }
}


/* the length that was there last, some times more */

static void
prize_lengths_repeat(prize_lengths_t *t, unsigned at, unsigned length)
{
    unsigned  i;
    uint32_t  cost;

    if (length == 0 || t->costs[at][length] == UINT32_MAX) {
        return;
    }

    cost = t->costs[at][length] + t->header[PRIZE_CODES_REPEAT];

    for (i = 0; i < 3 + PRIZE_LENGTHS_REPEATS - 1 && at + i < t->n; i++) {
        cost += prize_lengths_cost(t, at + i, length);

        if (i >= 2) {
            prize_lengths_step(t, at + i + 1, length, cost,
                               PRIZE_LENGTHS_REPEATED, i + 1);
        }
    }
}


static void
prize_lengths_zeros(prize_lengths_t *t, unsigned at, uint32_t cost)
{
    unsigned  n, less;

    for (n = 0; n < PRIZE_LENGTHS_ZEROS && at + n < t->n
                && t->counts[at + n] == 0; n++)
    {
        /* void */
    }

    for (less = 0; less <= PRIZE_LENGTHS_LESS && n >= 3; less++, n--) {
        prize_lengths_step(t, at + n, 0,
                           cost + t->header[n < 11 ? PRIZE_CODES_ZEROS
                                                   : PRIZE_CODES_MORE_ZEROS],
                           PRIZE_LENGTHS_ZERO, n);
    }
}


static void
prize_lengths_from(prize_lengths_t *t, unsigned at)
{
    uint32_t  cost;
    unsigned  length, best;

    for (length = 1, best = 0; length < PRIZE_LENGTHS_STATES; length++) {
        if (t->costs[at][length] < t->costs[at][best]) {
            best = length;
        }
    }

    t->best[at] = best;

    if (at == t->n) {
        return;
    }

    cost = t->costs[at][best];

    for (length = t->counts[at] != 0; length < PRIZE_LENGTHS_STATES; length++) {
        prize_lengths_step(t, at + 1, length,
                           cost + t->header[length]
                           + prize_lengths_cost(t, at, length),
                           PRIZE_LENGTHS_ONE, 1);
        prize_lengths_repeat(t, at, length);
    }

    prize_lengths_zeros(t, at, cost);
}


static void
prize_lengths_find(prize_lengths_t *t)
{
    unsigned  at, length, size;

    memset(t->costs, 0xff, sizeof(t->costs));
    t->costs[0][0] = 0;

    for (at = 0; at <= t->n; at++) {
        prize_lengths_from(t, at);
    }

    length = t->best[t->n];

    for (at = t->n; at; at -= size) {
        size = t->sizes[at][length];
        memset(t->lengths + at - size, length, size);

        if (t->steps[at][length] != PRIZE_LENGTHS_REPEATED) {
            length = t->best[at - size];
        }
    }
}


static unsigned
prize_lengths_taken(const uint8_t *lengths, unsigned n)
{
    unsigned  i, taken;

    for (i = 0, taken = 0; i < n; i++) {
        taken += lengths[i] ? PRIZE_LENGTHS_WHOLE >> lengths[i] : 0;
    }

    return taken;
}


/*
 * Some codes longer, if there is no room for all, and then some shorter, until
 * they are all that there can be.
 */

static void
prize_lengths_fit(uint8_t *lengths, const uint32_t *counts, unsigned n)
{
    unsigned  i, best, taken, freed;

    taken = prize_lengths_taken(lengths, n);

    while (taken > PRIZE_LENGTHS_WHOLE) {

        /* of what a bit more frees, that which costs least */

        for (i = 0, best = n; i < n; i++) {
            if (lengths[i] && lengths[i] < PRIZE_HUFFMAN_BITS
                && (best == n || (uint64_t) counts[i] << lengths[i]
                                 < (uint64_t) counts[best] << lengths[best]))
            {
                best = i;
            }
        }

        taken -= PRIZE_LENGTHS_WHOLE >> ++lengths[best];
    }

    while (taken < PRIZE_LENGTHS_WHOLE) {

        for (i = 0, best = n; i < n; i++) {
            freed = PRIZE_LENGTHS_WHOLE >> lengths[i];

            if (lengths[i] > 1 && freed <= PRIZE_LENGTHS_WHOLE - taken
                && (best == n || counts[i] > counts[best]))
            {
                best = i;
            }
        }

        if (best == n) {
            return;
        }

        taken += PRIZE_LENGTHS_WHOLE >> lengths[best]--;
    }
}


/* 0 if an alphabet is not whole */

static int
prize_lengths_codes(prize_lengths_t *t, prize_codes_t *codes)
{
    unsigned  ndistances;

    ndistances = t->n - t->nlengths;

    prize_lengths_fit(t->lengths, t->counts, t->nlengths);
    prize_lengths_fit(t->lengths + t->nlengths, t->counts + t->nlengths,
                      ndistances);

    memset(codes, 0, sizeof(prize_codes_t));
    memcpy(codes->lengths, t->lengths, t->nlengths);
    memcpy(codes->distances, t->lengths + t->nlengths, ndistances);

    codes->nlengths = t->nlengths;
    codes->ndistances = ndistances;

    return prize_lengths_taken(codes->lengths, t->nlengths)
           == PRIZE_LENGTHS_WHOLE
           && prize_lengths_taken(codes->distances, ndistances)
              == PRIZE_LENGTHS_WHOLE;
}


static void
prize_lengths_prices(prize_lengths_t *t, const prize_header_t *header)
{
    unsigned  i;

    for (i = 0; i < PRIZE_CODES_HEADER; i++) {
        t->header[i] = header->lengths[i] ? header->lengths[i]
                                          : PRIZE_LENGTHS_UNUSED;

        if (i >= PRIZE_CODES_REPEAT) {
            t->header[i] += prize_codes_repeat_bits[i - PRIZE_CODES_REPEAT];
        }

        t->header[i] *= PRIZE_LENGTHS_BIT;
    }
}


/* dearer if more was taken than there is, and cheaper if less */

static void
prize_lengths_adjust(uint32_t *price, unsigned taken)
{
    *price = (uint64_t) *price * taken / PRIZE_LENGTHS_WHOLE + 1;
}


size_t
prize_lengths_trade(const prize_counts_t *counts, prize_codes_t *codes,
    prize_header_t *header)
{
    size_t           size, best;
    unsigned         round, taken, more;
    prize_codes_t    other;
    prize_header_t   written;
    prize_lengths_t  t;

    best = header->size + prize_codes_size(codes, counts);
    written = *header;

    prize_lengths_init(&t, counts, codes);

    for (round = 0; round < PRIZE_LENGTHS_ROUNDS; round++) {
        prize_lengths_prices(&t, &written);
        prize_lengths_find(&t);

        taken = prize_lengths_taken(t.lengths, t.nlengths);
        more = prize_lengths_taken(t.lengths + t.nlengths, t.n - t.nlengths);

        if (!prize_lengths_codes(&t, &other)) {
            break;
        }

        prize_codes_header(&written, &other);
        size = written.size + prize_codes_size(&other, counts);

        if (size < best) {
            best = size;
            *codes = other;
            *header = written;
        }

        prize_lengths_adjust(&t.price[0], taken);
        prize_lengths_adjust(&t.price[1], more);
    }

    return best;
}
