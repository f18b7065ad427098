
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "prize_blocks.h"
#include "prize_run.h"


/* what a stored block takes besides its bytes and the end of a byte before */
#define PRIZE_RUN_STORED   4

/* of each choice but the last one */
#define PRIZE_RUN_ROUNDS   3

/* what is shorter is one block */
#define PRIZE_RUN_CUT      1024


/* a block that is chosen: its tokens */

typedef struct {
    size_t                      tokens;
    size_t                      n;
    prize_deflate_t             codes;
} prize_run_block_t;


/* a match that is mended: of which source, and where */

typedef struct {
    unsigned                    source;      /* a run */
    unsigned                    shift;
    size_t                      slack;
    size_t                      byte;
} prize_run_mended_t;


typedef struct {
    prize_window_t             *window;
    unsigned                    run;
    unsigned                    first;       /* that it may refer to */
    const prize_lz77_effort_t  *effort;

    size_t                      start;       /* of the run in the text */
    size_t                      len;

    prize_lz77_t                lz77;
    prize_block_t              *cut;

    prize_token_t              *tokens;
    size_t                      ntokens;

    prize_run_block_t          *blocks;
    size_t                      nblocks;
    size_t                      size;        /* of all blocks, in bits */

    prize_run_mended_t         *mended;
    size_t                      nmended;
    size_t                     *bits;        /* where each of them is */
    uint8_t                    *data;
} prize_run_work_t;


/* for those of one more stretch */

static int
prize_run_reserve(prize_run_work_t *work)
{
    size_t              n;
    prize_run_block_t  *blocks;

    n = work->nblocks + PRIZE_BLOCKS_MAX;

    blocks = realloc(work->blocks, n * sizeof(prize_run_block_t));
    if (blocks == NULL) {
        return -1;
    }

    work->blocks = blocks;

    return 0;
}


/* a stretch of the run, "at" bytes from its beginning */

static int
prize_run_stretch(prize_run_work_t *work, size_t at, size_t len)
{
    size_t                      n;
    unsigned                    i, ncut;
    prize_run_block_t          *block;
    const prize_lz77_effort_t  *effort = work->effort;

    if (prize_lz77_find(&work->lz77, work->window, work->run,
                        work->start + at, len, effort)
        != 0
        || prize_run_reserve(work) != 0)
    {
        return -1;
    }

    ncut = 1;
    work->cut[0].start = 0;
    work->cut[0].end = len;

    if (len >= PRIZE_RUN_CUT && effort->cut) {
        n = prize_lz77_choose(&work->lz77, 0, len, effort,
                              work->tokens + work->ntokens,
                              &work->blocks[work->nblocks].codes);
        ncut = prize_blocks_cut(work->tokens + work->ntokens, n, work->cut);
    }

    for (i = 0; i < ncut; i++) {
        block = &work->blocks[work->nblocks++];

        block->tokens = work->ntokens;
        block->n = prize_lz77_choose(&work->lz77, work->cut[i].start,
                                     work->cut[i].end, effort,
                                     work->tokens + work->ntokens,
                                     &block->codes);

        work->size += block->codes.size;
        work->ntokens += block->n;
    }

    return 0;
}


static int
prize_run_choose(prize_run_work_t *work)
{
    size_t  at, len;

    work->ntokens = 0;
    work->nblocks = 0;
    work->size = 0;

    for (at = 0; at < work->len; at += len) {
        len = work->len - at;
        if (len > PRIZE_LZ77_MAX) {
            len = PRIZE_LZ77_MAX;
        }

        if (prize_run_stretch(work, at, len) != 0) {
            return -1;
        }
    }

    return 0;
}


/* what the sources save, in bytes, as far as that is plain */

static void
prize_run_weigh(const prize_run_work_t *work, size_t *saved)
{
    size_t                i, at;
    const prize_token_t  *t;

    memset(saved + work->first, 0,
           (work->run - work->first + 1) * sizeof(size_t));

    for (i = 0, at = work->start; i < work->ntokens; at += t->len, i++) {
        t = &work->tokens[i];

        if (prize_token_is_mended(t)) {
            saved[prize_window_run(work->window, work->run,
                                   at - prize_token_distance(t))]
                += t->len - 2;
        }
    }
}


/* leaves those that save most */

static void
prize_run_sources(prize_run_work_t *work, size_t *saved, unsigned most)
{
    unsigned  i, n, best;

    prize_run_weigh(work, saved);
    prize_window_sources(work->window, work->first, work->run, 0);

    for (n = 0; n < most; n++) {
        for (i = work->first, best = i; i < work->run; i++) {
            if (saved[i] > saved[best]) {
                best = i;
            }
        }

        work->window->runs[best].source |= (saved[best] != 0);
        saved[best] = 0;
    }
}


/*
 * From many sources to few: the matches of those left over find others.  The
 * last choice is the careful one.
 */

static int
prize_run_choose_sources(prize_run_work_t *work)
{
    size_t                     *saved;
    unsigned                    most;
    prize_lz77_effort_t         quick;
    const prize_lz77_effort_t  *effort;

    saved = malloc((work->run + 1) * sizeof(size_t));
    if (saved == NULL) {
        return -1;
    }

    effort = work->effort;

    quick = *effort;
    quick.trade = 0;
    quick.cut = 0;
    quick.rounds = (effort->rounds < PRIZE_RUN_ROUNDS) ? 1 : PRIZE_RUN_ROUNDS;

    /* cppcheck-suppress autoVariables ; it is set back before the return */
    work->effort = &quick;

    prize_window_sources(work->window, work->first, work->run, 1);

    most = effort->trade ? 2 * PRIZE_RUN_SOURCES : PRIZE_RUN_SOURCES;

    for ( /* void */ ; most >= PRIZE_RUN_SOURCES; most /= 2) {

        if (work->run - work->first <= most) {
            continue;
        }

        if (prize_run_choose(work) != 0) {
            work->effort = effort;
            free(saved);
            return -1;
        }

        prize_run_sources(work, saved, most);
    }

    free(saved);

    work->effort = effort;

    return prize_run_choose(work);
}


/* not by byte: neighbours would wait for one another when they are written */

static int
prize_run_compare(const void *one, const void *two)
{
    const prize_run_mended_t  *a = one, *b = two;

    if (a->source != b->source) {
        return a->source < b->source ? -1 : 1;
    }

    if (a->shift != b->shift) {
        return a->shift < b->shift ? -1 : 1;
    }

    return (a->byte > b->byte) - (a->byte < b->byte);
}


static void
prize_run_find_mended(prize_run_work_t *work)
{
    size_t                i, at, distance;
    prize_run_mended_t   *m;
    const prize_token_t  *t;

    for (i = 0, at = work->start; i < work->ntokens; at += t->len, i++) {
        t = &work->tokens[i];

        if (prize_token_is_mended(t)) {
            distance = prize_token_distance(t);

            m = &work->mended[work->nmended];
            m->source = prize_window_run(work->window, work->run,
                                         at - distance);
            m->slack = prize_window_slack(distance);
            m->byte = work->bits[work->nmended] / 8;
            m->shift = work->bits[work->nmended++] % 8;
        }
    }

    qsort(work->mended, work->nmended, sizeof(prize_run_mended_t),
          prize_run_compare);
}


static unsigned
prize_run_count_sources(const prize_run_work_t *work)
{
    size_t    i;
    unsigned  n;

    for (i = 0, n = 0; i < work->nmended; i++) {
        n += (i == 0 || work->mended[i].source != work->mended[i - 1].source);
    }

    return n;
}


/* sources, places and bytes are one piece of memory */

static int
prize_run_alloc(prize_run_t *run, const prize_run_work_t *work)
{
    size_t  sources, places;

    sources = prize_run_count_sources(work) * sizeof(prize_run_source_t);
    places = work->nmended * sizeof(prize_run_place_t);

    run->sources = malloc(sources + places + run->len);
    if (run->sources == NULL) {
        return -1;
    }

    run->places = (prize_run_place_t *) ((char *) run->sources + sources);
    run->data = (uint8_t *) run->places + places;

    memcpy(run->data, work->data, run->len);

    return 0;
}


static int
prize_run_keep(prize_run_t *run, const prize_run_work_t *work)
{
    size_t                     i;
    prize_run_source_t        *source;
    const prize_run_mended_t  *m;
    const prize_window_run_t  *runs = work->window->runs;

    if (prize_run_alloc(run, work) != 0) {
        return -1;
    }

    source = run->sources;

    for (i = 0; i < work->nmended; i++) {
        m = &work->mended[i];

        if (i == 0 || m->source != m[-1].source) {
            source = &run->sources[run->nsources++];
            source->growth = m->slack;
            source->back = runs[work->run].segment - runs[m->source].segment;
        }

        if (m->slack < source->growth) {
            source->growth = m->slack;
        }

        run->places[i].byte = m->byte;
        run->places[i].shift = m->shift;
        run->nplaces++;
        source->end = run->nplaces;
    }

    return 0;
}


static int
prize_run_write(prize_run_t *run, prize_run_work_t *work)
{
    size_t                 i, *places;
    prize_run_block_t     *block, *last;
    prize_deflate_bits_t   bits;

    if (!run->final) {
        work->size += PRIZE_DEFLATE_STORED_BITS;
    }

    run->len = (work->size + 7) / 8;

    if (run->len + (run->final ? 0 : PRIZE_RUN_STORED) >= work->len) {
        return 0;
    }

    work->data = calloc(run->len + sizeof(uint32_t), 1);
    if (work->data == NULL) {
        return -1;
    }

    bits.data = work->data;
    bits.bit = 0;
    places = work->bits;
    last = work->blocks + work->nblocks - 1;

    for (block = work->blocks; block <= last; block++) {
        prize_deflate_write(&bits, &block->codes, work->tokens + block->tokens,
                            block->n, run->final && block == last, places);

        for (i = 0; i < block->n; i++) {
            places += prize_token_is_mended(&work->tokens[block->tokens + i])
                      != 0;
        }
    }

    prize_run_find_mended(work);

    return prize_run_keep(run, work);
}


int
prize_run_deflate(prize_run_t *run, prize_window_t *window, unsigned n,
    unsigned final, const prize_lz77_effort_t *effort)
{
    int               rc;
    size_t            most;
    prize_run_work_t  work;

    memset(run, 0, sizeof(prize_run_t));
    memset(&work, 0, sizeof(prize_run_work_t));

    run->final = final;

    work.window = window;
    work.run = n;
    work.effort = effort;
    work.first = window->runs[n].first;
    work.start = window->runs[n].start;
    work.len = window->runs[n + 1].start - work.start;

    work.cut = malloc(PRIZE_BLOCKS_MAX * sizeof(prize_block_t));
    work.tokens = malloc(work.len * sizeof(prize_token_t));
    work.mended = malloc(work.len * sizeof(prize_run_mended_t));
    work.bits = malloc(work.len * sizeof(size_t));

    most = work.len < PRIZE_LZ77_MAX ? work.len : PRIZE_LZ77_MAX;

    rc = (prize_lz77_init(&work.lz77, most) == 0
          && work.cut && work.tokens && work.mended && work.bits
          && prize_run_choose_sources(&work) == 0)
         ? prize_run_write(run, &work) : -1;

    prize_lz77_destroy(&work.lz77);
    free(work.cut);
    free(work.tokens);
    free(work.blocks);
    free(work.mended);
    free(work.bits);
    free(work.data);

    return rc;
}


void
prize_run_destroy(prize_run_t *run)
{
    free(run->sources);
}


size_t
prize_run_mended(const prize_run_t *run)
{
    size_t    end;
    unsigned  i;

    for (i = 0, end = 0; i < run->nplaces; i++) {
        if (run->places[i].byte + sizeof(uint32_t) > end) {
            end = run->places[i].byte + sizeof(uint32_t);
        }
    }

    return end < run->len ? end : run->len;
}


static inline void
prize_run_add(const prize_run_place_t *place, uint32_t growth, char *data)
{
    uint32_t  word;

    data += place->byte;

    memcpy(&word, data, sizeof(uint32_t));
    word = htole32(le32toh(word) + (growth << place->shift));
    memcpy(data, &word, sizeof(uint32_t));
}


void
prize_run_mend(const prize_run_t *run, unsigned n, uint32_t growth, char *data)
{
    const prize_run_place_t   *place, *end;
    const prize_run_source_t  *source = &run->sources[n];

    place = run->places + (n ? source[-1].end : 0);
    end = run->places + source->end;

    /* there are some hundreds on a page: four at a time */

    for ( /* void */ ; end - place >= 4; place += 4) {
        prize_run_add(&place[0], growth, data);
        prize_run_add(&place[1], growth, data);
        prize_run_add(&place[2], growth, data);
        prize_run_add(&place[3], growth, data);
    }

    for ( /* void */ ; place < end; place++) {
        prize_run_add(place, growth, data);
    }
}
