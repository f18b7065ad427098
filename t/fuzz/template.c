
/*
 * A page from anywhere: the compiler says yes or no, and what it takes is
 * rendered, plain and gzipped, to the same bytes.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "prize_gzip.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static const char  hostile[] = "\"><script>alert('1')</script>&amp;{{id}}\r\n";


typedef struct {
    char    *data;
    size_t   len;
} bytes_t;


static bytes_t
render(const prize_template_t *page, const prize_record_t *record,
    const prize_gzip_t *gzip)
{
    char                 *dynamic, *p;
    size_t                values;
    bytes_t               got;
    unsigned              i;
    prize_str_t          *pieces;
    prize_plain_t         plain;
    prize_output_t        out;
    prize_gzip_sink_t     gs;
    prize_output_room_t   room;

    values = prize_template_values(page, record);

    if (gzip) {
        room = prize_gzip_room(gzip, values);

    } else {
        room = prize_plain_room(page);
        room.dynamic += values;
    }

    /* a byte more or a piece more is for the sanitizer to find */

    pieces = malloc(room.pieces * sizeof(prize_str_t));
    dynamic = malloc(room.dynamic);

    prize_output_init(&out, pieces, dynamic);

    if (gzip) {
        prize_gzip_init(&gs, gzip, &out);
        (void) prize_template_render(page, record, &gs.sink);
        prize_gzip_finish(&gs);

    } else {
        prize_plain_init(&plain, &out);
        (void) prize_template_render(page, record, &plain.sink);
    }

    got.len = out.length;
    got.data = malloc(got.len + 1);

    if (got.data == NULL) {
        abort();
    }

    p = got.data;

    for (i = 0; i < out.n; i++) {
        memcpy(p, pieces[i].data, pieces[i].len);
        p += pieces[i].len;
    }

    if (p != got.data + got.len) {
        abort();
    }

    free(pieces);
    free(dynamic);

    return got;
}


static void
compare(const bytes_t *plain, const bytes_t *member)
{
    char      *data;
    z_stream   z;

    memset(&z, 0, sizeof(z_stream));

    data = malloc(plain->len + 1);

    if (data == NULL || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
        abort();
    }

    z.next_in = (Bytef *) member->data;
    z.avail_in = member->len;
    z.next_out = (Bytef *) data;
    z.avail_out = plain->len + 1;

    if (inflate(&z, Z_FINISH) != Z_STREAM_END || z.avail_in != 0
        || z.total_out != plain->len
        || memcmp(data, plain->data, plain->len) != 0)
    {
        abort();
    }

    (void) inflateEnd(&z);
    free(data);
}


static void
render_both(const prize_template_t *page, const prize_fields_t *fields,
    unsigned empty)
{
    bytes_t          plain, member;
    unsigned         i;
    prize_str_t     *values;
    prize_gzip_t    *gzip;
    prize_record_t   record;

    values = calloc(fields->n, sizeof(prize_str_t));
    gzip = prize_gzip_create(page);

    if (values == NULL || gzip == NULL) {
        abort();
    }

    for (i = 0; i < fields->n; i++) {
        if ((i & 1) == empty) {
            values[i].data = hostile;
            values[i].len = sizeof(hostile) - 1;
        }
    }

    record.values = values;
    record.columns = NULL;
    record.ncolumns = 0;

    plain = render(page, &record, NULL);
    member = render(page, &record, gzip);

    compare(&plain, &member);

    free(plain.data);
    free(member.data);
    free(values);
    prize_gzip_destroy(gzip);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    prize_str_t               raw = { 3, "raw" };
    prize_fields_t            fields;
    prize_template_t         *page;
    prize_template_error_t    error;
    prize_template_options_t  options = { "page.html", &raw, 1 };

    if (prize_fields_init(&fields) != 0) {
        return 0;
    }

    page = prize_template_compile((const char *) data, size, &fields, &options,
                                  &error);

    if (page) {
        render_both(page, &fields, 0);
        render_both(page, &fields, 1);

    } else if (error.text[0] == '\0'
               || memchr(error.text, '\0', sizeof(error.text)) == NULL)
    {
        abort();
    }

    prize_template_destroy(page);
    prize_fields_destroy(&fields);

    return 0;
}
