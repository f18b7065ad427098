
#include <string.h>

#include "prize_output.h"


void
prize_output_begin(prize_output_t *out, prize_str_t *pieces, char *dynamic)
{
    memset(out, 0, sizeof(prize_output_t));

    out->pieces = pieces;
    out->pos = dynamic;
}


char *
prize_output_reserve(prize_output_t *out, size_t len)
{
    char  *pos;

    out->length += len;
    out->dynamic += len;

    if (!out->open) {
        out->open = 1;
        out->n++;

        if (out->pieces) {
            out->pieces[out->n - 1].data = out->pos;
            out->pieces[out->n - 1].len = 0;
        }
    }

    if (out->pieces == NULL) {
        return NULL;
    }

    pos = out->pos;

    out->pos += len;
    out->pieces[out->n - 1].len += len;

    return pos;
}


void
prize_output_static(prize_output_t *out, const char *data, size_t len)
{
    char  *dst;

    if (len < PRIZE_OUTPUT_COPY_MAX) {
        dst = prize_output_reserve(out, len);

        if (dst) {
            memcpy(dst, data, len);
        }

        return;
    }

    if (out->pieces) {
        out->pieces[out->n].data = data;
        out->pieces[out->n].len = len;
    }

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
    prize_plain_t  *plain = (prize_plain_t *) sink;

    if (value->len == 0) {
        return 0;
    }

    dst = prize_output_reserve(plain->out, escape ? prize_escaped_length(value)
                                                  : value->len);
    if (dst == NULL) {
        return 0;
    }

    if (escape) {
        prize_escape(dst, value);

    } else {
        memcpy(dst, value->data, value->len);
    }

    return 0;
}


void
prize_plain_init(prize_plain_t *plain, prize_output_t *out)
{
    plain->sink.literal = prize_plain_literal;
    plain->sink.field = prize_plain_field;
    plain->out = out;
}
