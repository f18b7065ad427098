
/*
 * The rooms that deflate a page's static text: codes that decoders take, and
 * runs that zlib inflates to their text whatever the values between are.
 */

#include <string.h>

#include <zlib.h>

#include "prize_huffman.h"
#include "prize_run.h"
#include "tap.h"


#define TEXT      20000
#define RUNS      16
#define VALUES    70000

static uint8_t  text[TEXT];
static uint8_t  out[TEXT + RUNS * 16 + VALUES + 1024];
static uint8_t  page[TEXT + VALUES], inflated[TEXT + VALUES + 1];

static const prize_lz77_effort_t  efforts[] = {
    { 1024, 258, 15, 0, 1, 1 }, { 256, 128, 6, 6, 1, 1 },
    { 32, 32, 2, 6, 0, 1 }, { 4, 8, 1, 20, 0, 0 }
};


static unsigned
next_random(unsigned n)
{
    static uint32_t  seed = 7;

    seed = seed * 1103515245 + 12345;

    return (seed >> 8) % n;
}


/* 1 if all codes together are just as many as there can be */

static int
is_whole(const uint8_t *lengths, unsigned n, unsigned limit)
{
    unsigned  i, taken;

    for (i = 0, taken = 0; i < n; i++) {
        if (lengths[i] > limit) {
            return 0;
        }

        taken += lengths[i] ? 1U << (limit - lengths[i]) : 0;
    }

    return taken == 1U << limit;
}


static void
check_huffman(void)
{
    unsigned  i, n, limit;
    uint32_t  counts[PRIZE_HUFFMAN_SYMBOLS];
    uint8_t   lengths[PRIZE_HUFFMAN_SYMBOLS];

    static const unsigned  sizes[] = { 2, 3, 19, 30, 286 };

    for (i = 0; i < tap_nitems(sizes); i++) {
        limit = sizes[i] == 19 ? 7 : PRIZE_HUFFMAN_BITS;

        /* each as many as all before: without a limit codes were too long */

        for (n = 0; n < sizes[i]; n++) {
            counts[n] = n < 2 ? 1 : counts[n - 1] + counts[n - 2];
            counts[n] = counts[n] < 1 << 20 ? counts[n] : 1;
        }

        prize_huffman_lengths(counts, sizes[i], limit, lengths);
        ok(is_whole(lengths, sizes[i], limit), "%u steep counts", sizes[i]);

        memset(counts, 0, sizeof(counts));
        prize_huffman_lengths(counts, sizes[i], limit, lengths);
        ok(is_whole(lengths, sizes[i], limit), "%u zeros", sizes[i]);

        counts[sizes[i] - 1] = 5;
        prize_huffman_lengths(counts, sizes[i], limit, lengths);
        ok(is_whole(lengths, sizes[i], limit) && lengths[sizes[i] - 1] == 1,
           "one of %u", sizes[i]);
    }
}


/* 7 and 1, 3 twice: by hand 1, 2, 3 and 3 bits */

static void
check_optimal(void)
{
    uint8_t   lengths[4];
    uint16_t  codes[4];

    static const uint32_t  counts[] = { 3, 7, 1, 3 };

    prize_huffman_lengths(counts, 4, PRIZE_HUFFMAN_BITS, lengths);
    ok(lengths[1] == 1 && lengths[2] == 3
       && lengths[0] + lengths[3] == 5, "the lengths are the best");

    lengths[0] = 2;
    lengths[3] = 3;
    prize_huffman_codes(lengths, 4, codes);
    ok(codes[1] == 0 && codes[0] == 1 && codes[2] == 3 && codes[3] == 7,
       "codes in their order, the first bit lowest");
}


typedef struct {
    prize_window_t       window;
    prize_window_run_t   runs[RUNS + 1];
    prize_run_t          deflated[RUNS];
    size_t               values[RUNS];      /* the lengths before each run */
} pages_t;


static uint8_t *
put_stored(uint8_t *p, const uint8_t *data, size_t len)
{
    p[0] = (uint8_t) len;
    p[1] = (uint8_t) (len >> 8);
    p[2] = ~p[0];
    p[3] = ~p[1];
    memcpy(p + 4, data, len);

    return p + 4 + len;
}


static size_t
growth_of(const pages_t *t, unsigned run, unsigned back)
{
    size_t  growth;

    for (growth = 0; back; back--, run--) {
        growth += t->values[run];
    }

    return growth;
}


/* one of them, mended, or stored as it is */

static uint8_t *
put_run(const pages_t *t, unsigned run, uint8_t *p)
{
    size_t              len;
    unsigned            k;
    const prize_run_t  *d = &t->deflated[run];

    if (d->data) {
        memcpy(p, d->data, d->len);

        for (k = 0; k < d->nsources; k++) {
            prize_run_mend(d, k, growth_of(t, run, d->sources[k].back),
                           (char *) p);
        }

        return p + d->len;
    }

    len = t->runs[run + 1].start - t->runs[run].start;

    *p++ = 0;
    p = put_stored(p, text + t->runs[run].start, len);
    *p++ = d->final;

    return d->final ? put_stored(p, text, 0) : p;
}


/* all runs with values between; 1 if zlib makes the page of them */

static int
inflates(const pages_t *t)
{
    int       rc;
    size_t    n, len;
    uint8_t  *p;
    unsigned  i;
    z_stream  z;

    p = out;
    n = 0;

    for (i = 0; i < t->window.nruns; i++) {

        if (i) {
            memset(page + n, 'a' + i, t->values[i]);
            p = put_stored(p, page + n, t->values[i]);
            n += t->values[i];
        }

        p = put_run(t, i, p);

        len = t->runs[i + 1].start - t->runs[i].start;
        memcpy(page + n, text + t->runs[i].start, len);
        n += len;
    }

    memset(&z, 0, sizeof(z_stream));

    if (inflateInit2(&z, -MAX_WBITS) != Z_OK) {
        abort();
    }

    z.next_in = out;
    z.avail_in = p - out;
    z.next_out = inflated;
    z.avail_out = n + 1;

    rc = inflate(&z, Z_FINISH);
    rc = (rc == Z_STREAM_END && z.avail_in == 0 && z.total_out == n
          && memcmp(inflated, page, n) == 0);

    (void) inflateEnd(&z);

    return rc;
}


static void
deflate_all(pages_t *t, size_t len, unsigned nruns,
    const prize_lz77_effort_t *effort)
{
    unsigned  i;

    memset(t, 0, sizeof(pages_t));

    t->window.text = text;
    t->window.len = len;
    t->window.nruns = nruns;
    t->window.runs = t->runs;

    for (i = 0; i <= nruns; i++) {
        t->runs[i].start = len * i / nruns;
        t->runs[i].segment = i;
        t->runs[i].values = i;
    }

    if (prize_window_init(&t->window) != 0) {
        abort();
    }

    for (i = 0; i < nruns; i++) {
        if (prize_run_deflate(&t->deflated[i], &t->window, i, i == nruns - 1,
                              effort)
            != 0)
        {
            abort();
        }
    }
}


static void
destroy_all(pages_t *t)
{
    unsigned  i;

    for (i = 0; i < t->window.nruns; i++) {
        prize_run_destroy(&t->deflated[i]);
    }

    prize_window_destroy(&t->window);
}


/* the least growth that all sources of all runs take, shared by all values */

static size_t
least_growth(const pages_t *t)
{
    size_t    least;
    unsigned  i, k;

    least = 100;

    for (i = 0; i < t->window.nruns; i++) {
        for (k = 0; k < t->deflated[i].nsources; k++) {
            if (t->deflated[i].sources[k].growth
                / t->deflated[i].sources[k].back < least)
            {
                least = t->deflated[i].sources[k].growth
                        / t->deflated[i].sources[k].back;
            }
        }
    }

    return least;
}


static void
check_runs(const char *name, size_t len, unsigned nruns)
{
    pages_t   t;
    size_t    least;
    unsigned  i, k;

    for (i = 0; i < tap_nitems(efforts); i++) {
        deflate_all(&t, len, nruns, &efforts[i]);

        ok(inflates(&t), "%s, effort %u: with empty values", name, i);

        least = least_growth(&t);
        for (k = 1; k < nruns; k++) {
            t.values[k] = least;
        }

        ok(inflates(&t), "%s, effort %u: with values of %zu bytes", name, i,
           least);

        for (k = 1; k < nruns; k++) {
            t.values[k] = next_random(least + 1);
        }

        ok(inflates(&t), "%s, effort %u: with values of some bytes", name, i);

        destroy_all(&t);
    }
}


static void
fill_words(void)
{
    size_t    i, n;
    char      words[64][9];
    unsigned  w;

    for (w = 0; w < 64; w++) {
        n = 2 + next_random(6);
        memset(words[w], 0, sizeof(words[w]));

        for (i = 0; i < n; i++) {
            words[w][i] = 'a' + next_random(26);
        }

        words[w][n] = ' ';
    }

    for (i = 0; i < TEXT; i += n) {
        w = next_random(64);
        n = strlen(words[w]);
        n = n < TEXT - i ? n : TEXT - i;
        memcpy(text + i, words[w], n);
    }
}


int
main(void)
{
    size_t  i;

    check_huffman();
    check_optimal();

    fill_words();
    check_runs("words", TEXT, RUNS);
    check_runs("few words", 900, 9);
    check_runs("one run", TEXT, 1);
    check_runs("a byte each", 3, 3);

    memset(text, ' ', TEXT);
    check_runs("spaces", TEXT, 5);

    for (i = 0; i < TEXT; i++) {
        text[i] = next_random(256);
    }

    check_runs("noise", TEXT, 5);
    memcpy(text + TEXT / 2, text, TEXT / 2);
    check_runs("noise twice", TEXT, 4);

    return tap_done();
}
