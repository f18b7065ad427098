
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
    char               *dynamic, *p;
    bytes_t             got;
    unsigned            i, pass;
    prize_str_t        *pieces;
    prize_plain_t       plain;
    prize_output_t      out;
    prize_gzip_sink_t   gs;

    memset(&out, 0, sizeof(prize_output_t));
    pieces = NULL;
    dynamic = NULL;

    for (pass = 0; pass < 2; pass++) {

        if (gzip) {
            prize_gzip_init(&gs, gzip, &out);
            (void) prize_template_render(page, record, &gs.sink);
            prize_gzip_finish(&gs);

        } else {
            prize_plain_init(&plain, &out);
            (void) prize_template_render(page, record, &plain.sink);
        }

        if (pass == 0) {
            pieces = malloc((out.n + 1) * sizeof(prize_str_t));
            dynamic = malloc(out.dynamic + 1);

            if (pieces == NULL || dynamic == NULL) {
                abort();
            }

            got.len = out.length;
            prize_output_begin(&out, pieces, dynamic);
        }
    }

    if (out.length != got.len) {
        abort();
    }

    got.data = malloc(got.len + 1);
    if (got.data == NULL) {
        abort();
    }

    p = got.data;

    for (i = 0; i < out.n; i++) {
        memcpy(p, pieces[i].data, pieces[i].len);
        p += pieces[i].len;
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
