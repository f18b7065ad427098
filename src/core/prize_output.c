
#include <string.h>

#include "prize_output.h"


void
prize_output_init(prize_output_t *out, prize_str_t *pieces, char *dynamic)
{
    out->length = 0;
    out->n = 0;
    out->open = 0;
    out->pieces = pieces;
    out->pos = dynamic;
}


void
prize_output_count(prize_output_room_t *room, size_t len)
{
    if (len < PRIZE_OUTPUT_COPY_MAX) {
        room->dynamic += len;

    } else {
        room->pieces += 2;    /* itself, and what stands before the next */
    }
}


void
prize_output_written(prize_output_t *out, size_t len)
{
    if (!out->open) {
        out->open = 1;
        out->pieces[out->n].data = out->pos;
        out->pieces[out->n].len = 0;
        out->n++;
    }

    out->pieces[out->n - 1].len += len;
    out->pos += len;
    out->length += len;
}


void
prize_output_static(prize_output_t *out, const char *data, size_t len)
{
    if (len < PRIZE_OUTPUT_COPY_MAX) {
        memcpy(out->pos, data, len);
        prize_output_written(out, len);
        return;
    }

    out->pieces[out->n].data = data;
    out->pieces[out->n].len = len;
    out->n++;
    out->open = 0;
    out->length += len;
}


static int
prize_plain_literal(prize_sink_t *sink, const prize_segment_t *segment)
{
    prize_plain_t  *plain = (prize_plain_t *) sink;

    prize_output_static(plain->out, segment->data, segment->len);

    return 0;
}


static int
prize_plain_field(prize_sink_t *sink, const prize_str_t *value,
    unsigned escape)
{
    char           *dst;
    size_t          len;
    prize_plain_t  *plain = (prize_plain_t *) sink;

    dst = prize_output_pos(plain->out);

    if (escape) {
        len = prize_escape(dst, value) - dst;

    } else {
        len = value->len;
        memcpy(dst, value->data, len);
    }

    prize_output_written(plain->out, len);

    return 0;
}


prize_output_room_t
prize_plain_room(const prize_template_t *page)
{
    unsigned                i, n;
    const prize_segment_t  *segments;
    prize_output_room_t     room;

    /* what stands before the first reference */

    room.pieces = 1;
    room.dynamic = 0;

    segments = prize_template_segments(page, &n);

    for (i = 0; i < n; i++) {
        prize_output_count(&room, segments[i].len);
    }

    return room;
}


void
prize_plain_init(prize_plain_t *plain, prize_output_t *out)
{
    plain->sink.literal = prize_plain_literal;
    plain->sink.field = prize_plain_field;
    plain->out = out;
}
