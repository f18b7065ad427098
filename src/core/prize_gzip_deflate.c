
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "prize_gzip_parts.h"


/* what is shorter is stored: its block of its own would be no smaller */
#define PRIZE_GZIP_MIN           64


/*
 * Bits that a match has to save to be mended, which takes some instructions for
 * each page.
 */
#define PRIZE_GZIP_MENDED        6

/* what a segment takes besides its bytes, in bytes of text */
#define PRIZE_GZIP_SEGMENT       512

/* so that it takes a second at most, which grows with the text */

static const struct {
    size_t                      text;      /* at most so many bytes */
    prize_lz77_effort_t         effort;
} prize_gzip_efforts[] = {
    { 192 * 1024,
      { 1024, PRIZE_DEFLATE_MATCH_MAX, 15, PRIZE_GZIP_MENDED, 1, 1 } },
    { 512 * 1024, { 256, 128, 6, PRIZE_GZIP_MENDED, 1, 1 } },
    { SIZE_MAX, { 32, 32, 2, PRIZE_GZIP_MENDED, 0, 1 } }
};


/* a path, its text and runs, and the runs that it shares with earlier paths */

typedef struct {
    prize_gzip_t               *gzip;
    const prize_paths_t        *paths;
    unsigned                    path;

    prize_window_t              window;
    unsigned                   *first;     /* segments of the path */
    prize_lz77_effort_t         effort;
} prize_gzip_work_t;


static int
prize_gzip_deflate(prize_gzip_segment_t *gs, const prize_segment_t *segment)
{
    int        rc;
    char      *data;
    size_t     size;
    z_stream   z;

    memset(&z, 0, sizeof(z_stream));

    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS,
                     MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY)
        != Z_OK)
    {
        return -1;
    }

    /* and the flush itself, which deflateBound() does not count */

    size = deflateBound(&z, segment->len) + 16;

    gs->data = malloc(size);
    if (gs->data == NULL) {
        (void) deflateEnd(&z);
        return -1;
    }

    z.next_in = (Bytef *) segment->data;
    z.avail_in = segment->len;
    z.next_out = (Bytef *) gs->data;
    z.avail_out = size;

    rc = deflate(&z, Z_FULL_FLUSH);

    gs->len = size - z.avail_out - PRIZE_GZIP_STORED_LENGTH;

    /* not at its end yet, which deflateEnd() says too */
    (void) deflateEnd(&z);

    if (rc != Z_OK || z.avail_in != 0 || z.avail_out == 0) {
        return -1;
    }

    /* what is not used is given back */

    data = realloc(gs->data, gs->len);
    if (data) {
        gs->data = data;
    }

    return 0;
}


static int
prize_gzip_segment(prize_gzip_segment_t *gs, const prize_segment_t *segment)
{
    if (segment->len < PRIZE_GZIP_MIN) {
        return 0;
    }

    gs->crc = crc32(0, (const Bytef *) segment->data, segment->len);
    gs->shift = prize_crc_shift_by(segment->len);

    return prize_gzip_deflate(gs, segment);
}


/* the path's text and runs: a value or another region ends one */

static int
prize_gzip_window(prize_gzip_work_t *work)
{
    size_t                       len;
    uint8_t                     *text;
    unsigned                     i, n;
    const prize_path_t          *path;
    prize_window_run_t          *run;
    const prize_path_segment_t  *s;

    path = &work->paths->list[work->path];

    for (i = 0, len = 0; i < path->n; i++) {
        len += path->segments[i].segment->len;
    }

    text = malloc(len + 1);
    work->window.text = text;
    work->window.len = len;
    work->window.runs = malloc((path->n + 1) * sizeof(prize_window_run_t));
    work->first = malloc((path->n + 1) * sizeof(unsigned));

    if (text == NULL || work->window.runs == NULL || work->first == NULL) {
        return -1;
    }

    for (i = 0, n = 0, len = 0; i < path->n; i++) {
        s = &path->segments[i];

        if (i == 0 || s->values != s[-1].values || s->region != s[-1].region) {
            work->first[n] = i;
            run = &work->window.runs[n++];
            run->start = len;
            run->segment = i;
            run->values = s->values;
            run->region = s->region;
        }

        memcpy(text + len, s->segment->data, s->segment->len);
        len += s->segment->len;
    }

    work->first[n] = path->n;
    work->window.nruns = n;
    work->window.runs[n].start = len;

    return prize_window_init(&work->window);
}


static int
prize_gzip_is_final(const prize_path_t *path, unsigned end)
{
    return end == path->n && path->ends;
}


/* how many segments two paths begin with that are the same */

static unsigned
prize_gzip_common(const prize_path_t *one, const prize_path_t *two)
{
    unsigned  i;

    for (i = 0; i < one->n && i < two->n; i++) {
        if (one->segments[i].segment != two->segments[i].segment
            || one->segments[i].values != two->segments[i].values)
        {
            break;
        }
    }

    return i;
}


/* the same run of an earlier path with the same past, or NULL */

static prize_gzip_run_t *
prize_gzip_shared(const prize_gzip_work_t *work, unsigned first, unsigned end)
{
    unsigned             i;
    const prize_path_t  *path, *other;

    path = &work->paths->list[work->path];

    for (i = 0; i < work->path; i++) {
        other = &work->paths->list[i];

        if (prize_gzip_common(path, other) >= end
            && (end == other->n || other->segments[end].values
                                   != other->segments[end - 1].values)
            && prize_gzip_is_final(path, end)
               == prize_gzip_is_final(other, end))
        {
            return work->gzip->paths[i * work->gzip->n
                                     + path->segments[first].segment->index];
        }
    }

    return NULL;
}


static int
prize_gzip_run(prize_gzip_work_t *work, unsigned n, prize_gzip_run_t **made)
{
    prize_run_t         *deflated;
    prize_gzip_run_t    *run;
    const uint8_t       *text;
    const prize_path_t  *path;

    path = &work->paths->list[work->path];

    run = calloc(1, sizeof(prize_gzip_run_t));
    if (run == NULL) {
        return -1;
    }

    deflated = &run->deflated;
    run->nsegments = work->first[n + 1] - work->first[n];
    run->size = work->window.runs[n + 1].start - work->window.runs[n].start;

    if (prize_run_deflate(deflated, &work->window, n,
                          prize_gzip_is_final(path, work->first[n + 1]),
                          &work->effort)
        != 0)
    {
        prize_run_destroy(deflated);
        free(run);
        return -1;
    }

    if (deflated->data == NULL) {
        prize_run_destroy(deflated);
        free(run);
        *made = NULL;
        return 0;
    }

    text = work->window.text + work->window.runs[n].start;
    run->crc = crc32(0, text, run->size);
    run->shift = prize_crc_shift_by(run->size);

    /* what is behind the last match that is mended may go by reference */

    run->head = prize_run_mended(deflated);

    if (deflated->len - run->head < PRIZE_OUTPUT_COPY_MAX) {
        run->head = deflated->len;
    }

    run->next = work->gzip->runs;
    work->gzip->runs = run;
    *made = run;

    return 0;
}


static int
prize_gzip_path(prize_gzip_work_t *work)
{
    int                   rc;
    unsigned              i;
    prize_gzip_t         *gzip;
    const prize_path_t   *path;
    prize_gzip_run_t    **run;

    gzip = work->gzip;
    path = &work->paths->list[work->path];

    memset(&work->window, 0, sizeof(prize_window_t));
    work->first = NULL;

    rc = prize_gzip_window(work);

    for (i = 0; rc == 0 && i < work->window.nruns; i++) {
        run = &gzip->paths[work->path * gzip->n
                     + path->segments[work->first[i]].segment->index];

        *run = prize_gzip_shared(work, work->first[i], work->first[i + 1]);

        if (*run == NULL) {
            rc = prize_gzip_run(work, i, run);
        }
    }

    prize_window_destroy(&work->window);
    free((void *) work->window.text);
    free(work->window.runs);
    free(work->first);

    return rc;
}


/* by all that is deflated, as though nothing were shared */

static const prize_lz77_effort_t *
prize_gzip_effort(const prize_paths_t *paths)
{
    size_t    text;
    unsigned  i, k;

    for (i = 0, text = 0; i < paths->n; i++) {
        for (k = 0; k < paths->list[i].n; k++) {
            text += paths->list[i].segments[k].segment->len
                    + PRIZE_GZIP_SEGMENT;
        }
    }

    for (i = 0; text > prize_gzip_efforts[i].text; i++) {
        /* void */
    }

    return &prize_gzip_efforts[i].effort;
}


static int
prize_gzip_paths(prize_gzip_t *gzip, const prize_paths_t *paths)
{
    prize_gzip_work_t  work;

    work.gzip = gzip;
    work.paths = paths;
    work.effort = *prize_gzip_effort(paths);

    for (work.path = 0; work.path < paths->n; work.path++) {
        if (prize_gzip_path(&work) != 0) {
            return -1;
        }
    }

    return 0;
}


/* what a segment takes that is a run, and by itself, whichever it becomes */

static void
prize_gzip_count(prize_output_room_t *room, const prize_gzip_segment_t *gs,
    const prize_segment_t *segment, const prize_gzip_run_t *run)
{
    /* a stored block may stand behind every segment */
    room->dynamic += PRIZE_GZIP_STORED_HEADER;

    if (gs->data) {
        prize_output_count(room, gs->len);

    } else {
        room->dynamic += segment->len;
    }

    if (run) {
        room->dynamic += run->head;
        room->pieces += 2 * (run->deflated.len > run->head);
    }
}


/* of the path that takes most */

static void
prize_gzip_count_room(prize_gzip_t *gzip, const prize_paths_t *paths)
{
    unsigned                i, k;
    prize_output_room_t     room;
    const prize_path_t     *path;
    const prize_segment_t  *segment;

    for (i = 0; i < paths->n; i++) {
        path = &paths->list[i];
        room.pieces = 1;
        room.dynamic = 0;

        for (k = 0; k < path->n; k++) {
            segment = path->segments[k].segment;
            prize_gzip_count(&room, &gzip->segments[segment->index], segment,
                             gzip->paths[i * gzip->n + segment->index]);
        }

        if (room.dynamic > gzip->room.dynamic) {
            gzip->room.dynamic = room.dynamic;
        }

        if (room.pieces > gzip->room.pieces) {
            gzip->room.pieces = room.pieces;
        }
    }
}


prize_gzip_t *
prize_gzip_create(const prize_template_t *page)
{
    int                     rc;
    unsigned                i, n;
    prize_gzip_t           *gzip;
    prize_paths_t           paths;
    const prize_segment_t  *segments;

    segments = prize_template_segments(page, &n);

    gzip = calloc(1, sizeof(prize_gzip_t) + n * sizeof(prize_gzip_segment_t));
    if (gzip == NULL) {
        return NULL;
    }

    prize_crc_init();

    gzip->n = n;

    rc = prize_paths_init(&paths, page);

    for (i = 0; rc == 0 && i < n; i++) {
        rc = prize_gzip_segment(&gzip->segments[i], &segments[i]);
    }

    if (rc == 0) {
        gzip->npaths = paths.n;
        gzip->nnodes = paths.nnodes;
        memcpy(gzip->nodes, paths.nodes, sizeof(gzip->nodes));
        gzip->paths = calloc((size_t) n * paths.n + 1,
                             sizeof(prize_gzip_run_t *));

        rc = gzip->paths ? prize_gzip_paths(gzip, &paths) : -1;
    }

    if (rc == 0) {
        prize_gzip_count_room(gzip, &paths);
    }

    prize_paths_destroy(&paths);

    if (rc != 0) {
        prize_gzip_destroy(gzip);
        return NULL;
    }

    return gzip;
}


void
prize_gzip_destroy(prize_gzip_t *gzip)
{
    unsigned           i;
    prize_gzip_run_t  *run;

    if (gzip == NULL) {
        return;
    }

    while (gzip->runs) {
        run = gzip->runs;
        gzip->runs = run->next;
        prize_run_destroy(&run->deflated);
        free(run);
    }

    for (i = 0; i < gzip->n; i++) {
        free(gzip->segments[i].data);
    }

    free(gzip->paths);
    free(gzip);
}
