
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "prize_crc.h"
#include "prize_escape.h"
#include "prize_gzip.h"


/* RFC 1952: deflate, no name, no time, best compression, Unix */

#define PRIZE_GZIP_HEADER        "\x1f\x8b\x08\0\0\0\0\0\x02\x03"
#define PRIZE_GZIP_HEADER_LEN    (sizeof(PRIZE_GZIP_HEADER) - 1)

/* RFC 1951: an empty last block of fixed codes, to end on */
#define PRIZE_GZIP_END           "\x03\0"
#define PRIZE_GZIP_END_LEN       (sizeof(PRIZE_GZIP_END) - 1)

#define PRIZE_GZIP_TRAILER_LEN   8

/*
 * RFC 1951, 3.2.4: three bits of a stored block's header and what is left of
 * their byte, and its length twice.  A full flush is a stored block of no
 * bytes: what follows a segment takes over its length, so that it needs no
 * header of its own.
 */
#define PRIZE_GZIP_STORED_HEADER 5
#define PRIZE_GZIP_STORED_LENGTH 4
#define PRIZE_GZIP_STORED_MAX    65535

/* what is shorter is stored: its block of its own would be no smaller */
#define PRIZE_GZIP_MIN           64

/* a slice of a value that fits a block even if every byte is escaped, and */
#define PRIZE_GZIP_SLICE         8192

/* what a block that was closed for want of room has at least */
#define PRIZE_GZIP_STORED_MIN                                                 \
    (PRIZE_GZIP_STORED_MAX - PRIZE_ESCAPE_MAX * PRIZE_GZIP_SLICE)


typedef struct {
    char              *data;    /* deflated; NULL if it is stored */
    size_t             len;     /* without the length of its flush */
    uint32_t           crc;     /* of the segment */
    prize_crc_shift_t  shift;
} prize_gzip_segment_t;


struct prize_gzip_s {
    prize_output_room_t   room;     /* for what is static */
    unsigned              n;
    prize_gzip_segment_t  segments[];
};


static int
prize_gzip_deflate(prize_gzip_segment_t *gs, const prize_segment_t *segment)
{
    int       rc;
    size_t    size;
    z_stream  z;

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

    return (rc == Z_OK && z.avail_in == 0 && z.avail_out != 0) ? 0 : -1;
}


prize_gzip_t *
prize_gzip_create(const prize_template_t *page)
{
    unsigned                i, n;
    prize_gzip_t           *gzip;
    prize_gzip_segment_t   *gs;
    const prize_segment_t  *segment;

    segment = prize_template_segments(page, &n);

    gzip = calloc(1, sizeof(prize_gzip_t) + n * sizeof(prize_gzip_segment_t));
    if (gzip == NULL) {
        return NULL;
    }

    prize_crc_init();

    gzip->n = n;
    gzip->room.pieces = 1;

    for (i = 0; i < n; i++) {

        /* a stored block may stand behind every segment */
        gzip->room.dynamic += PRIZE_GZIP_STORED_HEADER;

        if (segment[i].len < PRIZE_GZIP_MIN) {
            gzip->room.dynamic += segment[i].len;
            continue;
        }

        gs = &gzip->segments[segment[i].index];

        gs->crc = crc32(0, (const Bytef *) segment[i].data, segment[i].len);
        gs->shift = prize_crc_shift_by(segment[i].len);

        if (prize_gzip_deflate(gs, &segment[i]) != 0) {
            prize_gzip_destroy(gzip);
            return NULL;
        }

        prize_output_count(&gzip->room, gs->len);
    }

    return gzip;
}


prize_output_room_t
prize_gzip_room(const prize_gzip_t *gzip, size_t values)
{
    prize_output_room_t  room;

    room = gzip->room;

    /*
     * Besides the block behind each segment there is the first one, and those
     * that follow a full one: full of values, but for short segments, of
     * which each has brought the room of a header along.
     */

    room.dynamic += PRIZE_GZIP_HEADER_LEN + values
                    + (values / PRIZE_GZIP_STORED_MIN + 2)
                      * PRIZE_GZIP_STORED_HEADER
                    + PRIZE_GZIP_END_LEN + PRIZE_GZIP_TRAILER_LEN;

    return room;
}


void
prize_gzip_destroy(prize_gzip_t *gzip)
{
    unsigned  i;

    if (gzip == NULL) {
        return;
    }

    for (i = 0; i < gzip->n; i++) {
        free(gzip->segments[i].data);
    }

    free(gzip);
}


static void
prize_gzip_put16(char *dst, unsigned value)
{
    dst[0] = (char) (value & 0xff);
    dst[1] = (char) (value >> 8 & 0xff);
}


static void
prize_gzip_put32(char *dst, uint32_t value)
{
    prize_gzip_put16(dst, value & 0xffff);
    prize_gzip_put16(dst + 2, value >> 16);
}


/* the header's first byte is there, its length is what it will be in the end */

static void
prize_gzip_open(prize_gzip_sink_t *sink)
{
    sink->block = prize_output_pos(sink->out);
    sink->stored = 0;
    prize_output_written(sink->out, PRIZE_GZIP_STORED_LENGTH);
}


static void
prize_gzip_close(prize_gzip_sink_t *sink)
{
    char  *block;

    block = sink->block;

    if (block == NULL) {
        return;
    }

    prize_gzip_put16(block, sink->stored);
    prize_gzip_put16(block + 2, ~sink->stored);

    sink->crc = prize_crc_add(sink->crc, block + PRIZE_GZIP_STORED_LENGTH,
                              sink->stored);
    sink->size += sink->stored;
    sink->block = NULL;
}


/* where to write at most "len" bytes of a stored block */

static char *
prize_gzip_store(prize_gzip_sink_t *sink, size_t len)
{
    if (sink->block && sink->stored + len > PRIZE_GZIP_STORED_MAX) {
        prize_gzip_close(sink);
    }

    if (sink->block == NULL) {
        *prize_output_pos(sink->out) = 0;
        prize_output_written(sink->out, PRIZE_GZIP_STORED_HEADER
                                        - PRIZE_GZIP_STORED_LENGTH);
        prize_gzip_open(sink);
    }

    return prize_output_pos(sink->out);
}


static void
prize_gzip_stored(prize_gzip_sink_t *sink, size_t len)
{
    sink->stored += len;
    prize_output_written(sink->out, len);
}


static int
prize_gzip_literal(prize_sink_t *s, const prize_segment_t *segment)
{
    prize_gzip_sink_t           *sink = (prize_gzip_sink_t *) s;
    const prize_gzip_segment_t  *gs;

    gs = &sink->gzip->segments[segment->index];

    if (gs->data == NULL) {
        memcpy(prize_gzip_store(sink, segment->len), segment->data,
               segment->len);
        prize_gzip_stored(sink, segment->len);
        return 0;
    }

    prize_gzip_close(sink);

    prize_output_static(sink->out, gs->data, gs->len);
    prize_gzip_open(sink);

    sink->size += segment->len;
    sink->crc = prize_crc_shift(gs->shift, sink->crc, gs->crc);

    return 0;
}


static int
prize_gzip_field(prize_sink_t *s, const prize_str_t *value, unsigned escape)
{
    char               *dst;
    size_t              left;
    prize_str_t         slice;
    prize_gzip_sink_t  *sink = (prize_gzip_sink_t *) s;

    slice.data = value->data;

    for (left = value->len; left; left -= slice.len) {

        slice.len = (left < PRIZE_GZIP_SLICE) ? left : PRIZE_GZIP_SLICE;

        if (escape) {
            dst = prize_gzip_store(sink, PRIZE_ESCAPE_MAX * slice.len);
            prize_gzip_stored(sink, prize_escape(dst, &slice) - dst);

        } else {
            dst = prize_gzip_store(sink, slice.len);
            memcpy(dst, slice.data, slice.len);
            prize_gzip_stored(sink, slice.len);
        }

        slice.data += slice.len;
    }

    return 0;
}


void
prize_gzip_init(prize_gzip_sink_t *sink, const prize_gzip_t *gzip,
    prize_output_t *out)
{
    memset(sink, 0, sizeof(prize_gzip_sink_t));

    sink->sink.literal = prize_gzip_literal;
    sink->sink.field = prize_gzip_field;
    sink->gzip = gzip;
    sink->out = out;

    prize_output_static(out, PRIZE_GZIP_HEADER, PRIZE_GZIP_HEADER_LEN);
}


void
prize_gzip_finish(prize_gzip_sink_t *sink)
{
    char  trailer[PRIZE_GZIP_TRAILER_LEN];

    prize_gzip_close(sink);

    prize_output_static(sink->out, PRIZE_GZIP_END, PRIZE_GZIP_END_LEN);

    prize_gzip_put32(trailer, sink->crc);
    prize_gzip_put32(trailer + 4, (uint32_t) sink->size);
    prize_output_static(sink->out, trailer, PRIZE_GZIP_TRAILER_LEN);
}
