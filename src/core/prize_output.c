
#include <string.h>

#include "prize_escape.h"
#include "prize_output.h"


void
prize_output_init(prize_output_t *out, prize_str_t *pieces, char *dynamic)
{
    out->length = 0;
    out->n = 0;
    out->pieces = pieces;
    out->start = dynamic;
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


static void
prize_output_piece(prize_output_t *out, const char *data, size_t len)
{
    out->pieces[out->n].data = data;
    out->pieces[out->n].len = len;
    out->n++;
    out->length += len;
}


void
prize_output_finish(prize_output_t *out)
{
    if (out->pos != out->start) {
        prize_output_piece(out, out->start, out->pos - out->start);
        out->start = out->pos;
    }
}


void
prize_output_static(prize_output_t *out, const char *data, size_t len)
{
    if (len < PRIZE_OUTPUT_COPY_MAX) {
        memcpy(out->pos, data, len);
        out->pos += len;
        return;
    }

    prize_output_finish(out);
    prize_output_piece(out, data, len);
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
    prize_output_t  *out = ((prize_plain_t *) sink)->out;

    if (escape) {
        out->pos = prize_escape(out->pos, value);

    } else {
        memcpy(out->pos, value->data, value->len);
        out->pos += value->len;
    }

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
