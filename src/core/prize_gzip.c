
#include <stdint.h>
#include <string.h>

#include "prize_escape.h"
#include "prize_gzip_parts.h"


/* RFC 1952: deflate, no name, no time, best compression, Unix */

#define PRIZE_GZIP_HEADER        "\x1f\x8b\x08\0\0\0\0\0\x02\x03"
#define PRIZE_GZIP_HEADER_LEN    (sizeof(PRIZE_GZIP_HEADER) - 1)

/* RFC 1951: an empty last block of fixed codes, to end on */
#define PRIZE_GZIP_END           "\x03\0"
#define PRIZE_GZIP_END_LEN       (sizeof(PRIZE_GZIP_END) - 1)

#define PRIZE_GZIP_TRAILER_LEN   8

/* of one stored block */
#define PRIZE_GZIP_STORED_MAX    65535

/* a slice of a value that fits a block even if every byte is escaped, and */
#define PRIZE_GZIP_SLICE         8192

/* what a block that was closed for want of room has at least */
#define PRIZE_GZIP_STORED_MIN                                                 \
    (PRIZE_GZIP_STORED_MAX - PRIZE_ESCAPE_MAX * PRIZE_GZIP_SLICE)


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


/* segments that look back to nothing */

static void
prize_gzip_alone(prize_gzip_sink_t *sink, const prize_segment_t *segment)
{
    const prize_gzip_segment_t  *gs;

    gs = &sink->gzip->segments[segment->index];

    if (gs->data == NULL) {
        memcpy(prize_gzip_store(sink, segment->len), segment->data,
               segment->len);
        prize_gzip_stored(sink, segment->len);
        return;
    }

    prize_gzip_close(sink);

    prize_output_static(sink->out, gs->data, gs->len);
    prize_gzip_open(sink);

    sink->size += segment->len;
    sink->crc = prize_crc_shift(gs->shift, sink->crc, gs->crc);
}


/* what the values have grown by since the source began */

static uint32_t
prize_gzip_growth(const prize_gzip_sink_t *sink,
    const prize_run_source_t *source)
{
    return sink->values - sink->before[(sink->n - source->back)
                                       % PRIZE_GZIP_BEFORE];
}


static int
prize_gzip_reaches(const prize_gzip_sink_t *sink, const prize_run_t *deflated)
{
    unsigned  i;

    for (i = 0; i < deflated->nsources; i++) {
        if (prize_gzip_growth(sink, &deflated->sources[i])
            > deflated->sources[i].growth)
        {
            return 0;
        }
    }

    return 1;
}


static void
prize_gzip_together(prize_gzip_sink_t *sink, const prize_gzip_run_t *run)
{
    char               *data;
    unsigned            i;
    const prize_run_t  *deflated;

    deflated = &run->deflated;

    prize_gzip_close(sink);

    data = prize_output_pos(sink->out);
    memcpy(data, deflated->data, run->head);
    prize_output_written(sink->out, run->head);

    for (i = 0; i < deflated->nsources; i++) {
        prize_run_mend(deflated, i,
                       prize_gzip_growth(sink, &deflated->sources[i]), data);
    }

    if (deflated->len > run->head) {
        prize_output_static(sink->out,
                            (char *) deflated->data + run->head,
                            deflated->len - run->head);
    }

    if (deflated->final) {
        sink->ended = 1;

    } else {
        prize_gzip_open(sink);
    }

    sink->size += run->size;
    sink->crc = prize_crc_shift(run->shift, sink->crc, run->crc);
}


static int
prize_gzip_literal(prize_sink_t *s, const prize_segment_t *segment)
{
    prize_gzip_sink_t       *sink = (prize_gzip_sink_t *) s;
    const prize_gzip_run_t  *run;

    sink->before[sink->n % PRIZE_GZIP_BEFORE] = sink->values;

    if (sink->written) {
        sink->written--;

    } else {
        run = sink->runs[segment->index];

        if (run && prize_gzip_reaches(sink, &run->deflated)) {
            prize_gzip_together(sink, run);
            sink->written = run->nsegments - 1;

        } else {
            prize_gzip_alone(sink, segment);
        }
    }

    sink->n++;

    return 0;
}


static int
prize_gzip_field(prize_sink_t *s, const prize_str_t *value, unsigned escape)
{
    char               *dst;
    size_t              left, len;
    prize_str_t         slice;
    prize_gzip_sink_t  *sink = (prize_gzip_sink_t *) s;

    slice.data = value->data;

    for (left = value->len; left; left -= slice.len) {

        slice.len = (left < PRIZE_GZIP_SLICE) ? left : PRIZE_GZIP_SLICE;

        if (escape) {
            dst = prize_gzip_store(sink, PRIZE_ESCAPE_MAX * slice.len);
            len = prize_escape(dst, &slice) - dst;

        } else {
            dst = prize_gzip_store(sink, slice.len);
            memcpy(dst, slice.data, slice.len);
            len = slice.len;
        }

        prize_gzip_stored(sink, len);
        sink->values += len;

        slice.data += slice.len;
    }

    return 0;
}


void
prize_gzip_init(prize_gzip_sink_t *sink, const prize_gzip_t *gzip,
    const prize_record_t *record, prize_output_t *out)
{
    unsigned  path;

    path = prize_paths_choose(gzip->nodes, gzip->nnodes, record);

    sink->sink.literal = prize_gzip_literal;
    sink->sink.field = prize_gzip_field;
    sink->gzip = gzip;
    sink->runs = gzip->paths + (size_t) path * gzip->n;
    sink->out = out;

    sink->crc = 0;
    sink->size = 0;
    sink->block = NULL;
    sink->stored = 0;
    sink->n = 0;
    sink->written = 0;
    sink->values = 0;
    sink->ended = 0;

    prize_output_static(out, PRIZE_GZIP_HEADER, PRIZE_GZIP_HEADER_LEN);
}


void
prize_gzip_finish(prize_gzip_sink_t *sink)
{
    char  trailer[PRIZE_GZIP_TRAILER_LEN];

    prize_gzip_close(sink);

    if (!sink->ended) {
        prize_output_static(sink->out, PRIZE_GZIP_END, PRIZE_GZIP_END_LEN);
    }

    prize_gzip_put32(trailer, sink->crc);
    prize_gzip_put32(trailer + 4, (uint32_t) sink->size);
    prize_output_static(sink->out, trailer, PRIZE_GZIP_TRAILER_LEN);
}
