
/*
 * A page from anywhere: the compiler says yes or no, and what it takes is
 * rendered, plain and gzipped, to the same bytes.  Whatever the values are,
 * these have the same elements and attributes to the reader itself; that the
 * reader is right, t/html shows.
 */

#include <stdint.h>
#include <stdio.h>

#include "../unit/page.h"
#include "prize_markup.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static const char  hostile[] = "\"><script>alert('1')</script>&amp;{{id}}\r\n";


static void
render_both(const prize_template_t *page, const prize_fields_t *fields,
    unsigned empty, size_t len)
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
            values[i].len = len;
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


static uint64_t
outline_add(uint64_t hash, const void *data, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        hash = (hash ^ ((const uint8_t *) data)[i]) * 0x100000001b3;
    }

    return hash;
}


/* a hash of the places that the reader comes to, and of the names there */

static uint64_t
outline(const page_t *got)
{
    size_t                n, i;
    uint64_t              hash;
    prize_markup_t        markup;
    prize_inlines_t       inlines;
    prize_html_place_e    place, last;

    memset(&inlines, 0, sizeof(prize_inlines_t));

    if (prize_markup_init(&markup, &inlines) != 0) {
        abort();
    }

    hash = 0xcbf29ce484222325;
    last = prize_html_place(&markup.html);

    for (i = 0; i < got->len; i++) {

        if (prize_markup_static(&markup, got->data + i, 1, i, &n)) {
            hash = outline_add(hash, "fault", 5);
            break;
        }

        place = prize_html_place(&markup.html);

        if (place != last && place != PRIZE_HTML_IN_UNKNOWN) {
            hash = outline_add(hash, &place, sizeof(place));
            hash = outline_add(hash, markup.html.tag.data,
                               markup.html.tag.len);
            hash = outline_add(hash, markup.html.attribute.data,
                               markup.html.attribute.len);
            last = place;
        }
    }

    prize_markup_destroy(&markup);
    prize_inlines_destroy(&inlines);

    return hash;
}


/* "text" is shown wherever that decides about no section */

static uint64_t
outline_with(const prize_template_t *page, const prize_fields_t *fields,
    unsigned empty, const char *text)
{
    page_t           got;
    uint64_t         hash;
    unsigned         i;
    prize_str_t     *values;
    const char      *value;
    prize_record_t   record;

    values = page_alloc(fields->n * sizeof(prize_str_t));

    for (i = 0; i < fields->n; i++) {

        if (fields->list[i].section) {
            value = (i & 1) == empty ? "yes" : "";

        } else if (strcmp(fields->list[i].name.data, "raw") == 0) {
            value = "";

        } else {
            value = text;
        }

        values[i].data = value;
        values[i].len = strlen(value);
    }

    record.values = values;
    record.columns = NULL;
    record.ncolumns = 0;

    got = page_render(page, &record, NULL);
    hash = outline(&got);

    free(got.data);
    free(values);

    return hash;
}


static void
compare_outlines(const prize_template_t *page, const prize_fields_t *fields,
    unsigned empty)
{
    static const char  *texts[] = {
        hostile, "", " ", "\f", "-", "--!", "]]", "lt;", "sol;/", "#47;", "="
    };

    unsigned   i;
    uint64_t   plain;

    plain = outline_with(page, fields, empty, "plain");

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (outline_with(page, fields, empty, texts[i]) != plain) {
            fprintf(stderr, "with \"%s\" the page has other elements\n",
                    texts[i]);
            abort();
        }
    }
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
        render_both(page, &fields, 0, sizeof(hostile) - 1);
        render_both(page, &fields, 1, sizeof(hostile) - 1);

        /* so short that distances over them are mended */

        render_both(page, &fields, 0, 3);
        render_both(page, &fields, 1, 8);

        compare_outlines(page, &fields, 0);
        compare_outlines(page, &fields, 1);

    } else if (error.text[0] == '\0'
               || memchr(error.text, '\0', sizeof(error.text)) == NULL)
    {
        abort();
    }

    prize_template_destroy(page);
    prize_fields_destroy(&fields);

    return 0;
}
