
#include <stdlib.h>
#include <string.h>

#include "prize_deflate.h"
#include "prize_window.h"


/* of the table of hashes, at most and at least */
#define PRIZE_WINDOW_HASH_MAX   16
#define PRIZE_WINDOW_HASH_MIN   8

/* what a match has at least, and so what is hashed */
#define PRIZE_WINDOW_HASHED     PRIZE_DEFLATE_MATCH_MIN

/* bytes that the values between two runs are expected to have at most */
#define PRIZE_WINDOW_VALUES     32
#define PRIZE_WINDOW_VALUE      12


static unsigned
prize_window_hash(const uint8_t *p, unsigned bits)
{
    uint32_t  word;

    word = (uint32_t) p[0] << 16 | (uint32_t) p[1] << 8 | p[2];

    return (word * 2654435761U) >> (32 - bits);
}


static unsigned
prize_window_first(const prize_window_t *window, unsigned run)
{
    unsigned                   first;
    const prize_window_run_t  *runs = window->runs;

    for (first = run; first; first--) {
        if (runs[first - 1].region != runs[run].region
            || runs[run].segment - runs[first - 1].segment
               > PRIZE_WINDOW_BACK)
        {
            break;
        }
    }

    return first;
}


int
prize_window_init(prize_window_t *window)
{
    size_t     at, end;
    unsigned   run, bits, hash;
    uint32_t  *last;

    for (bits = PRIZE_WINDOW_HASH_MIN;
         bits < PRIZE_WINDOW_HASH_MAX && (size_t) 1 << bits < window->len;
         bits++)
    {
        /* void */
    }

    last = calloc((size_t) 1 << bits, sizeof(uint32_t));
    window->before = calloc(window->len + 1, sizeof(uint32_t));

    if (last == NULL || window->before == NULL) {
        free(last);
        free(window->before);
        window->before = NULL;
        return -1;
    }

    for (run = 0; run < window->nruns; run++) {
        end = window->runs[run + 1].start;

        window->runs[run].first = prize_window_first(window, run);
        window->runs[run].source = 1;

        for (at = window->runs[run].start; at + PRIZE_WINDOW_HASHED <= end;
             at++)
        {
            hash = prize_window_hash(window->text + at, bits);
            window->before[at] = last[hash];
            last[hash] = (uint32_t) at + 1;
        }
    }

    free(last);

    return 0;
}


void
prize_window_destroy(prize_window_t *window)
{
    free(window->before);
}


void
prize_window_sources(prize_window_t *window, unsigned first, unsigned run,
    unsigned source)
{
    unsigned  i;

    for (i = first; i < run; i++) {
        window->runs[i].source = source;
    }

    window->runs[run].source = 1;
}


unsigned
prize_window_run(const prize_window_t *window, unsigned run, size_t at)
{
    while (at < window->runs[run].start) {
        run--;
    }

    return run;
}


size_t
prize_window_slack(size_t distance)
{
    unsigned  bits;

    bits = prize_codes_distance_bits(prize_deflate_distance(distance));

    return ((size_t) 1 << bits) - 1 - ((distance - 1) & ((1U << bits) - 1));
}


/* how far the values between two runs are expected to move them apart */

static size_t
prize_window_growth(const prize_window_t *window, unsigned source,
    unsigned run)
{
    return PRIZE_WINDOW_VALUES
           + PRIZE_WINDOW_VALUE * (window->runs[run].values
                                   - window->runs[source].values);
}


static size_t
prize_window_compare(const uint8_t *one, const uint8_t *two, size_t most)
{
    size_t    n;
    uint64_t  a, b;

    for (n = 0; n + sizeof(uint64_t) <= most; n += sizeof(uint64_t)) {
        memcpy(&a, one + n, sizeof(uint64_t));
        memcpy(&b, two + n, sizeof(uint64_t));

        if (a != b) {
            break;
        }
    }

    while (n < most && one[n] == two[n]) {
        n++;
    }

    return n;
}


static void
prize_window_keep(prize_match_t *matches, unsigned *n, size_t len,
    size_t distance, unsigned mended)
{
    prize_match_t  *match;

    if (*n == PRIZE_WINDOW_MATCHES) {
        memmove(matches, matches + 1, --*n * sizeof(prize_match_t));
    }

    match = &matches[(*n)++];
    match->len = len;
    match->distance = distance;
    match->mended = mended;
}


unsigned
prize_window_find(const prize_window_t *window, unsigned run, size_t at,
    unsigned depth, prize_match_t *matches)
{
    size_t                     from, most, len, best, growth;
    unsigned                   n, source, usable;
    const uint8_t             *text = window->text;
    const prize_window_run_t  *runs = window->runs;

    most = runs[run + 1].start - at;
    if (most > PRIZE_DEFLATE_MATCH_MAX) {
        most = PRIZE_DEFLATE_MATCH_MAX;
    }

    best = PRIZE_DEFLATE_MATCH_MIN - 1;
    source = run;
    usable = 1;
    growth = 0;
    n = 0;

    for (from = window->before[at];
         from && depth && best < most
         && at - (from - 1) <= PRIZE_DEFLATE_WINDOW;
         from = window->before[from], depth--)
    {
        from--;

        if (from < runs[source].start) {
            source = prize_window_run(window, source, from);

            if (source < runs[run].first) {
                break;
            }

            usable = runs[source].source;
            growth = prize_window_growth(window, source, run);
        }

        len = (source == run) ? most : runs[source + 1].start - from;
        len = (len < most) ? len : most;

        if (!usable || len <= best || text[from + best] != text[at + best]
            || (source != run && prize_window_slack(at - from) < growth))
        {
            continue;
        }

        len = prize_window_compare(text + from, text + at, len);

        if (len > best) {
            best = len;
            prize_window_keep(matches, &n, len, at - from, source != run);
        }
    }

    return n;
}
