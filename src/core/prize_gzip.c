
#include <stdlib.h>
#include <string.h>

#include "prize_gzip.h"


/* RFC 1952: deflate, no name, no time, best compression, Unix */

#define PRIZE_GZIP_HEADER        "\x1f\x8b\x08\0\0\0\0\0\x02\x03"
#define PRIZE_GZIP_HEADER_LEN    (sizeof(PRIZE_GZIP_HEADER) - 1)

/* RFC 1951: an empty last block of fixed codes, to end on */
#define PRIZE_GZIP_END           "\x03\0"
#define PRIZE_GZIP_END_LEN       (sizeof(PRIZE_GZIP_END) - 1)

#define PRIZE_GZIP_TRAILER_LEN   8

#define PRIZE_GZIP_STORED_HEADER 5
#define PRIZE_GZIP_STORED_MAX    65535

/* what is shorter is stored: its block of its own would be no smaller */
#define PRIZE_GZIP_MIN           64

/* a slice of a value that fits a block even if every byte is escaped */
#define PRIZE_GZIP_SLICE         8192


typedef struct {
    char    *data;      /* the header and the deflated segment, or NULL */
    size_t   len;       /* without the header */
    uLong    crc;       /* of the segment */
    uLong    op;        /* puts that behind another CRC */
} prize_gzip_segment_t;


struct prize_gzip_s {
    unsigned              n;
    prize_gzip_segment_t  segments[];
};


/* zlib has its operators since 1.2.12; before, each page computes them */

#if (ZLIB_VERNUM >= 0x12c0)
#define prize_crc_op(len)               crc32_combine_gen(len)
#define prize_crc_combine(a, b, op, n)  crc32_combine_op(a, b, op)
#else
#define prize_crc_op(len)               0
#define prize_crc_combine(a, b, op, n)  crc32_combine(a, b, n)
#endif


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

    gs->data = malloc(PRIZE_GZIP_HEADER_LEN + size);
    if (gs->data == NULL) {
        deflateEnd(&z);
        return -1;
    }

    memcpy(gs->data, PRIZE_GZIP_HEADER, PRIZE_GZIP_HEADER_LEN);

    z.next_in = (Bytef *) segment->data;
    z.avail_in = segment->len;
    z.next_out = (Bytef *) gs->data + PRIZE_GZIP_HEADER_LEN;
    z.avail_out = size;

    rc = deflate(&z, Z_FULL_FLUSH);

    gs->len = size - z.avail_out;

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

    gzip->n = n;

    for (i = 0; i < n; i++) {

        if (segment[i].len < PRIZE_GZIP_MIN) {
            continue;
        }

        gs = &gzip->segments[segment[i].index];

        gs->crc = crc32(0, (const Bytef *) segment[i].data, segment[i].len);
        gs->op = prize_crc_op(segment[i].len);

        if (prize_gzip_deflate(gs, &segment[i]) != 0) {
            prize_gzip_destroy(gzip);
            return NULL;
        }
    }

    return gzip;
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
prize_gzip_put(char *dst, unsigned long value, unsigned bytes)
{
    while (bytes--) {
        *dst++ = (char) (value & 0xff);
        value >>= 8;
    }
}


static void
prize_gzip_begin(prize_gzip_sink_t *sink)
{
    char  *dst;

    if (sink->begun) {
        return;
    }

    sink->begun = 1;
    dst = prize_output_reserve(sink->out, PRIZE_GZIP_HEADER_LEN);

    if (dst) {
        memcpy(dst, PRIZE_GZIP_HEADER, PRIZE_GZIP_HEADER_LEN);
    }
}


static void
prize_gzip_close(prize_gzip_sink_t *sink)
{
    char  *block;

    if (!sink->open) {
        return;
    }

    sink->open = 0;
    block = sink->block;

    if (block == NULL) {
        return;
    }

    block[0] = 0;
    prize_gzip_put(block + 1, sink->stored, 2);
    prize_gzip_put(block + 3, ~sink->stored, 2);

    sink->crc = crc32(sink->crc,
                      (const Bytef *) block + PRIZE_GZIP_STORED_HEADER,
                      sink->stored);
}


/* where to write bytes of a stored block; both renderings choose alike */

static char *
prize_gzip_store(prize_gzip_sink_t *sink, size_t len)
{
    if (sink->open && sink->stored + len > PRIZE_GZIP_STORED_MAX) {
        prize_gzip_close(sink);
    }

    if (!sink->open) {
        prize_gzip_begin(sink);

        sink->block = prize_output_reserve(sink->out,
                                           PRIZE_GZIP_STORED_HEADER);
        sink->stored = 0;
        sink->open = 1;
    }

    sink->stored += len;
    sink->size += len;

    return prize_output_reserve(sink->out, len);
}


static int
prize_gzip_literal(prize_sink_t *s, const prize_segment_t *segment)
{
    char                        *dst;
    prize_gzip_sink_t           *sink = (prize_gzip_sink_t *) s;
    const prize_gzip_segment_t  *gs;

    gs = &sink->gzip->segments[segment->index];

    if (gs->data == NULL) {
        dst = prize_gzip_store(sink, segment->len);

        if (dst) {
            memcpy(dst, segment->data, segment->len);
        }

        return 0;
    }

    prize_gzip_close(sink);

    if (sink->begun) {
        prize_output_static(sink->out, gs->data + PRIZE_GZIP_HEADER_LEN,
                            gs->len);

    } else {
        sink->begun = 1;
        prize_output_static(sink->out, gs->data,
                            gs->len + PRIZE_GZIP_HEADER_LEN);
    }

    sink->size += segment->len;

    if (sink->out->pieces) {
        sink->crc = prize_crc_combine(sink->crc, gs->crc, gs->op,
                                      segment->len);
    }

    return 0;
}


static int
prize_gzip_field(prize_sink_t *s, const prize_str_t *value, unsigned escape)
{
    char               *dst;
    size_t              len;
    prize_str_t         slice;
    prize_gzip_sink_t  *sink = (prize_gzip_sink_t *) s;

    slice.data = value->data;

    for (len = value->len; len; len -= slice.len) {

        slice.len = (len < PRIZE_GZIP_SLICE) ? len : PRIZE_GZIP_SLICE;

        dst = prize_gzip_store(sink, escape ? prize_escaped_length(&slice)
                                            : slice.len);
        if (dst == NULL) {
            /* only counting */

        } else if (escape) {
            prize_escape(dst, &slice);

        } else {
            memcpy(dst, slice.data, slice.len);
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
    sink->crc = crc32(0, Z_NULL, 0);
}


void
prize_gzip_finish(prize_gzip_sink_t *sink)
{
    char  *dst;

    prize_gzip_begin(sink);
    prize_gzip_close(sink);

    dst = prize_output_reserve(sink->out, PRIZE_GZIP_END_LEN
                                          + PRIZE_GZIP_TRAILER_LEN);
    if (dst == NULL) {
        return;
    }

    memcpy(dst, PRIZE_GZIP_END, PRIZE_GZIP_END_LEN);
    dst += PRIZE_GZIP_END_LEN;

    prize_gzip_put(dst, sink->crc, 4);
    prize_gzip_put(dst + 4, (unsigned long) sink->size, 4);
}
