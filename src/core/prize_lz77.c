
#include <stdlib.h>
#include <string.h>

#include "prize_lz77.h"


/* a bit, in the unit of costs */
#define PRIZE_LZ77_BIT       64

/* of which as many come with each place, at first */
#define PRIZE_LZ77_MATCHES   4

/*
 * What a symbol adds to the header, in bits, and what one takes that has no
 * code
 */
#define PRIZE_LZ77_HEADER    4
#define PRIZE_LZ77_UNUSED    14

/*
 * Bytes of a block whose codes are traded for a smaller header: that is never
 * less than what a few bytes save, and little beside many
 */
#define PRIZE_LZ77_TRADE_MIN 48
#define PRIZE_LZ77_TRADE_MAX 4096

/* rounds without a gain that are made before the last one */
#define PRIZE_LZ77_PATIENCE  3


typedef struct {
    uint32_t  lengths[PRIZE_DEFLATE_MATCH_MAX + 1];   /* with their rest */
    uint32_t  literals[256];
    uint32_t  distances[PRIZE_CODES_DISTANCES];     /* with their rest */
    uint32_t  mended;
} prize_lz77_prices_t;


typedef struct {
    size_t           start;
    size_t           end;
    prize_token_t   *tokens;
    size_t           n;
    prize_counts_t   counts;
    prize_deflate_t  block;
    size_t           size;             /* as a price */
} prize_lz77_choice_t;


int
prize_lz77_init(prize_lz77_t *lz77, size_t len)
{
    lz77->matches = NULL;
    lz77->allocated = 0;
    lz77->first = malloc((len + 1) * sizeof(uint32_t));
    lz77->costs = malloc((len + 1) * sizeof(uint32_t));
    lz77->steps = malloc((len + 1) * sizeof(prize_token_t));

    return lz77->first && lz77->costs && lz77->steps ? 0 : -1;
}


void
prize_lz77_destroy(prize_lz77_t *lz77)
{
    free(lz77->matches);
    free(lz77->first);
    free(lz77->costs);
    free(lz77->steps);
}


static int
prize_lz77_reserve(prize_lz77_t *lz77)
{
    size_t          n;
    prize_match_t  *matches;

    if (lz77->allocated - lz77->nmatches >= PRIZE_WINDOW_MATCHES) {
        return 0;
    }

    n = lz77->allocated ? 2 * lz77->allocated
                        : PRIZE_LZ77_MATCHES * lz77->len + PRIZE_WINDOW_MATCHES;

    matches = realloc(lz77->matches, n * sizeof(prize_match_t));
    if (matches == NULL) {
        return -1;
    }

    lz77->matches = matches;
    lz77->allocated = n;

    return 0;
}


int
prize_lz77_find(prize_lz77_t *lz77, const prize_window_t *window,
    unsigned run, size_t at, size_t len, const prize_lz77_effort_t *effort)
{
    size_t          i, n, left;
    prize_match_t  *match;

    lz77->text = window->text + at;
    lz77->len = len;
    lz77->nmatches = 0;

    /* bytes that a nice match has covered already */
    left = 0;

    for (i = 0; i < len; i++) {
        lz77->first[i] = (uint32_t) lz77->nmatches;

        if (left) {
            left--;
            continue;
        }

        if (prize_lz77_reserve(lz77) != 0) {
            return -1;
        }

        match = &lz77->matches[lz77->nmatches];
        n = prize_window_find(window, run, at + i, effort->depth, match);

        if (n == 0) {
            continue;
        }

        lz77->nmatches += n;

        if (match[n - 1].len >= effort->nice) {
            left = match[n - 1].len - 1;
        }
    }

    lz77->first[len] = (uint32_t) lz77->nmatches;

    return 0;
}


/* log2(n), in units of a cost */

static uint32_t
prize_lz77_log2(uint32_t n)
{
    uint32_t  bit, log;
    uint64_t  square;

    log = 31 - __builtin_clz(n);
    square = ((uint64_t) n << 31) >> log;

    for (bit = PRIZE_LZ77_BIT; bit > 1; bit /= 2) {
        log *= 2;
        square = (square * square) >> 31;

        if (square >> 32) {
            square >>= 1;
            log++;
        }
    }

    return log;
}


/* what a symbol takes by how often it stands among all */

static void
prize_lz77_price(const uint32_t *counts, unsigned n, uint32_t *prices)
{
    unsigned  i;
    uint32_t  total, log, header;

    for (i = 0, total = 0; i < n; i++) {
        total += counts[i];
    }

    if (total == 0) {
        total = 1;
    }

    /*
     * What did not stand there takes a bit more than what did once.  What is
     * there seldom has most of its place in the header to itself.
     */

    log = prize_lz77_log2(total);
    header = PRIZE_LZ77_HEADER * PRIZE_LZ77_BIT;

    for (i = 0; i < n; i++) {
        prices[i] = counts[i]
                    ? log - prize_lz77_log2(counts[i]) + header / counts[i]
                    : log + PRIZE_LZ77_BIT + header;

        if (prices[i] < PRIZE_LZ77_BIT) {
            prices[i] = PRIZE_LZ77_BIT;
        }
    }
}


static void
prize_lz77_prices(prize_lz77_prices_t *prices,
    const prize_counts_t *counts)
{
    unsigned  i, symbol;
    uint32_t  lengths[PRIZE_CODES_LENGTHS];

    prize_lz77_price(counts->lengths, PRIZE_CODES_LENGTHS, lengths);
    prize_lz77_price(counts->distances, PRIZE_CODES_DISTANCES,
                     prices->distances);

    memcpy(prices->literals, lengths, sizeof(prices->literals));

    for (i = PRIZE_DEFLATE_MATCH_MIN; i <= PRIZE_DEFLATE_MATCH_MAX; i++) {
        symbol = prize_deflate_length(i);
        prices->lengths[i] = lengths[symbol]
                        + PRIZE_LZ77_BIT * prize_codes_length_bits(symbol);
    }

    for (i = 0; i < PRIZE_CODES_DISTANCES; i++) {
        prices->distances[i] += PRIZE_LZ77_BIT * prize_codes_distance_bits(i);
    }
}


/* what they take in codes that are known */

static void
prize_lz77_prices_of(prize_lz77_prices_t *prices, const prize_codes_t *codes)
{
    unsigned  i, symbol;

    for (i = 0; i < PRIZE_CODES_END; i++) {
        prices->literals[i] = PRIZE_LZ77_BIT * (codes->lengths[i]
                              ? codes->lengths[i] : PRIZE_LZ77_UNUSED);
    }

    for (i = PRIZE_DEFLATE_MATCH_MIN; i <= PRIZE_DEFLATE_MATCH_MAX; i++) {
        symbol = prize_deflate_length(i);
        prices->lengths[i] = PRIZE_LZ77_BIT * ((codes->lengths[symbol]
                                                ? codes->lengths[symbol]
                                                : PRIZE_LZ77_UNUSED)
                                          + prize_codes_length_bits(symbol));
    }

    for (i = 0; i < PRIZE_CODES_DISTANCES; i++) {
        prices->distances[i] = PRIZE_LZ77_BIT * ((codes->distances[i]
                                                  ? codes->distances[i]
                                                  : PRIZE_LZ77_UNUSED)
                                            + prize_codes_distance_bits(i));
    }
}


static void
prize_lz77_step(prize_lz77_t *lz77, size_t to, uint32_t cost, unsigned len,
    unsigned value)
{
    if (cost < lz77->costs[to]) {
        lz77->costs[to] = cost;
        lz77->steps[to].len = len;
        lz77->steps[to].value = value;
    }
}


/* all lengths that the matches at "at" give, each with the cheapest of them */

static void
prize_lz77_matches(prize_lz77_t *lz77, size_t at, size_t end,
    const prize_lz77_prices_t *prices)
{
    size_t                i, len, shorter;
    uint32_t              cost, best;
    unsigned              value;
    const prize_match_t  *match;

    best = UINT32_MAX;
    value = 0;

    for (i = lz77->first[at + 1]; i > lz77->first[at]; i--) {
        match = &lz77->matches[i - 1];

        cost = prices->distances[prize_deflate_distance(match->distance)]
               + (match->mended ? prices->mended : 0);

        if (cost < best) {
            best = cost;
            value = (match->distance - 1)
                    | (match->mended ? PRIZE_TOKEN_MENDED : 0);
        }

        shorter = (i - 1 > lz77->first[at]) ? match[-1].len
                                            : PRIZE_DEFLATE_MATCH_MIN - 1;
        len = match->len < end - at ? match->len : end - at;

        for ( /* void */ ; len > shorter; len--) {
            prize_lz77_step(lz77, at + len,
                            lz77->costs[at] + prices->lengths[len] + best,
                            len, value);
        }
    }
}


static size_t
prize_lz77_path(prize_lz77_t *lz77, size_t start, size_t end,
    const prize_lz77_prices_t *prices, prize_token_t *tokens)
{
    size_t         at, n, i;
    prize_token_t  token;

    lz77->costs[start] = 0;

    for (at = start + 1; at <= end; at++) {
        lz77->costs[at] = UINT32_MAX;
    }

    for (at = start; at < end; at++) {
        prize_lz77_step(lz77, at + 1,
                        lz77->costs[at] + prices->literals[lz77->text[at]], 1,
                        lz77->text[at]);
        prize_lz77_matches(lz77, at, end, prices);
    }

    for (at = end, n = 0; at > start; at -= lz77->steps[at].len) {
        tokens[n++] = lz77->steps[at];
    }

    for (i = 0; i < n / 2; i++) {
        token = tokens[i];
        tokens[i] = tokens[n - 1 - i];
        tokens[n - 1 - i] = token;
    }

    return n;
}


/* the tokens at these prices, and the block's size with what mending costs */

static size_t
prize_lz77_try(prize_lz77_t *lz77, prize_lz77_choice_t *choice,
    const prize_lz77_prices_t *prices, unsigned trade)
{
    size_t  i;

    choice->n = prize_lz77_path(lz77, choice->start, choice->end, prices,
                                choice->tokens);

    memset(&choice->counts, 0, sizeof(prize_counts_t));
    prize_deflate_count(&choice->counts, choice->tokens, choice->n);
    prize_deflate_choose(&choice->block, &choice->counts, trade);

    choice->size = choice->block.size * PRIZE_LZ77_BIT;

    for (i = 0; i < choice->n; i++) {
        if (prize_token_is_mended(&choice->tokens[i])) {
            choice->size += prices->mended;
        }
    }

    return choice->size;
}


/*
 * The prices that gave the smallest block: from those of the fixed codes on,
 * each by what the one before has chosen.
 */

static void
prize_lz77_rounds(prize_lz77_t *lz77, prize_lz77_choice_t *choice,
    const prize_lz77_effort_t *effort, prize_lz77_prices_t *chosen)
{
    size_t               best;
    unsigned             round, worse;
    prize_lz77_prices_t  prices;

    prices = *chosen;
    best = SIZE_MAX;

    for (round = 0, worse = 0;
         round < effort->rounds && worse < PRIZE_LZ77_PATIENCE;
         round++)
    {
        if (prize_lz77_try(lz77, choice, &prices, 0) < best) {
            best = choice->size;
            *chosen = prices;
            worse = 0;

        } else {
            worse++;
        }

        choice->counts.lengths[PRIZE_CODES_END] = 1;
        prize_lz77_prices(&prices, &choice->counts);
    }
}


size_t
prize_lz77_choose(prize_lz77_t *lz77, size_t start, size_t end,
    const prize_lz77_effort_t *effort, prize_token_t *tokens,
    prize_deflate_t *block)
{
    size_t               best;
    unsigned             round, trade;
    prize_codes_t        fixed;
    prize_lz77_choice_t  choice;
    prize_lz77_prices_t  prices, chosen;

    choice.start = start;
    choice.end = end;
    choice.tokens = tokens;

    prize_codes_fixed(&fixed);
    prize_lz77_prices_of(&prices, &fixed);
    prices.mended = effort->mended * PRIZE_LZ77_BIT;
    chosen = prices;

    prize_lz77_rounds(lz77, &choice, effort, &chosen);

    trade = effort->trade && end - start >= PRIZE_LZ77_TRADE_MIN
            && end - start <= PRIZE_LZ77_TRADE_MAX;
    best = prize_lz77_try(lz77, &choice, &chosen, trade);

    if (trade) {
        if (prize_lz77_try(lz77, &choice, &prices, trade) < best) {
            best = choice.size;
            chosen = prices;
        }

        /* what is cheapest in codes that are known never takes more */

        for (round = 0; round < PRIZE_LZ77_PATIENCE; round++) {
            prize_lz77_prices_of(&prices, &choice.block.codes);

            if (prize_lz77_try(lz77, &choice, &prices, trade) >= best) {
                break;
            }

            best = choice.size;
            chosen = prices;
        }

        (void) prize_lz77_try(lz77, &choice, &chosen, trade);
    }

    *block = choice.block;

    return choice.n;
}
