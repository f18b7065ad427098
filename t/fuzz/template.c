
/*
 * A page from anywhere: the compiler says yes or no, and what it takes is
 * rendered, plain and gzipped, to the same bytes.
 */

#include <stdint.h>

#include "../unit/page.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static const char  hostile[] = "\"><script>alert('1')</script>&amp;{{id}}\r\n";


static void
render_both(const prize_template_t *page, const prize_fields_t *fields,
    unsigned empty)
{
    page_t           plain, member;
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

    plain = page_render(page, &record, NULL);
    member = page_render(page, &record, gzip);

    if (!plain.fits || !member.fits || !page_inflates(&member, &plain)) {
        abort();
    }

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
