
/*
 * prize_gzip and prize_output: what one writes, zlib inflates to what the
 * other writes, byte for byte, and it is one gzip member and no more.
 */

#include "page.h"
#include "tap.h"


static const size_t  lengths[] = { 0, 1, 3, 4, 7, 8, 13, 63, 64, 127, 128, 8191,
                                   8192, 65534, 65535, 65536, 131070, 200000 };

static char  filler[4096];

/* so long, deflated too, that a page has it by reference */
static char  large[3 * PRIZE_OUTPUT_COPY_MAX];


static void
check(const char *name, const char *source, const char *value, size_t len)
{
    page_t                   plain, member;
    prize_str_t              values[8], raw = { 1, "r" };
    prize_gzip_t            *gzip;
    prize_fields_t           fields;
    prize_record_t           record;
    prize_template_t        *page;
    prize_template_error_t   error;
    prize_template_options_t options = { NULL, &raw, 1 };
    unsigned                 i;

    (void) prize_fields_init(&fields);
    page = prize_template_compile(source, strlen(source), &fields, &options,
                                  &error);

    if (page == NULL) {
        ok(0, "%s: %u:%u: %s", name, error.line, error.column, error.text);
        return;
    }

    for (i = 0; i < 8; i++) {
        values[i].data = value;
        values[i].len = len;
    }

    record.values = values;
    record.columns = NULL;
    record.ncolumns = 0;

    gzip = prize_gzip_create(page);

    plain = page_render(page, &record, NULL);
    member = page_render(page, &record, gzip);

    ok(plain.fits, "%s: the plain page has room", name);
    ok(member.fits, "%s: the gzipped one too", name);
    ok(page_inflates(&member, &plain), "%s: it inflates to the plain page",
       name);

    free(plain.data);
    free(member.data);
    prize_gzip_destroy(gzip);
    prize_template_destroy(page);
    prize_fields_destroy(&fields);
}


static void
check_lengths_of(const char *shape, const char *format, const char *text,
    char fill)
{
    char      name[128], *source, *value;
    size_t    i, size;

    /* the format has up to three places for static text */

    size = strlen(format) + 3 * strlen(text) + 1;
    source = malloc(size);
    if (source == NULL) {
        abort();
    }

    /* cppcheck-suppress wrongPrintfScanfArgNum ; it may have fewer places */
    (void) snprintf(source, size, format, text, text, text);

    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        value = malloc(lengths[i] + 1);
        if (value == NULL) {
            abort();
        }

        memset(value, fill, lengths[i]);

        (void) snprintf(name, sizeof(name), "%s, %lu bytes of %c", shape,
                        (unsigned long) lengths[i], fill);
        check(name, source, value, lengths[i]);

        free(value);
    }

    free(source);
}


static void
check_lengths(const char *shape, const char *format, char fill)
{
    check_lengths_of(shape, format, filler, fill);
}


/* static text that is just stored, deflated, copied or not copied any more */

static void
check_texts(void)
{
    char      name[64], source[sizeof(large) + 32];
    size_t    i, len;

    static const size_t  texts[] = { 63, 64, 65, PRIZE_OUTPUT_COPY_MAX - 1,
                                     PRIZE_OUTPUT_COPY_MAX,
                                     PRIZE_OUTPUT_COPY_MAX + 1 };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        len = texts[i];

        (void) snprintf(name, sizeof(name), "a text of %lu bytes",
                        (unsigned long) len);
        (void) snprintf(source, sizeof(source), "{{a}}%.*s{{b}}", (int) len,
                        large);
        check(name, source, "x", 1);
    }
}


static void
check_pieces(void)
{
    page_t                   plain, member;
    prize_str_t              values[2] = { { 1, "x" }, { 1, "x" } };
    prize_gzip_t            *gzip;
    prize_fields_t           fields;
    prize_record_t           record = { values, NULL, 0 };
    prize_template_t        *page;
    prize_template_error_t   error;
    char                     source[2 * sizeof(large) + 32];

    (void) prize_fields_init(&fields);
    (void) snprintf(source, sizeof(source), "%s{{a}}%s", large, large);
    page = prize_template_compile(source, strlen(source), &fields, NULL,
                                  &error);
    gzip = page ? prize_gzip_create(page) : NULL;

    if (gzip == NULL) {
        abort();
    }

    plain = page_render(page, &record, NULL);
    member = page_render(page, &record, gzip);

    ok(plain.pieces == 3, "large texts are pieces of their own");
    ok(member.pieces == 5, "and gzipped, between the header and the trailer");

    free(plain.data);
    free(member.data);
    prize_gzip_destroy(gzip);
    prize_template_destroy(page);
    prize_fields_destroy(&fields);
}


static void
fill_texts(void)
{
    size_t    i;
    uint32_t  seed;

    for (i = 0; i < sizeof(filler) - 1; i++) {
        filler[i] = "a page of some static text \n"[(i * i + i / 7) % 28];
    }

    seed = 7;

    for (i = 0; i < sizeof(large) - 1; i++) {
        seed = seed * 1103515245 + 12345;
        large[i] = "0123456789abcdefghijklmnopqrstuv"[seed >> 27];
    }
}


int
main(void)
{
    fill_texts();

    check("nothing at all", "", "x", 1);
    check("a short text only", "short", "x", 1);

    check_lengths("a field only", "{{a}}", 'x');
    check_lengths("a field that grows", "{{a}}", '"');
    check_lengths("a raw field", "{{{r}}}", '<');
    check_lengths("a field before", "{{a}}%s", 'x');
    check_lengths("a field between", "%s{{a}}%s", '&');
    check_lengths("a field after", "%s{{a}}", 'x');
    check_lengths("fields before, between and after",
                  "{{a}}%s{{b}}%s{{c}}", '\'');
    check_lengths("neighbours", "%s{{a}}{{b}} - {{{r}}}%s", '<');
    check_lengths("one value at several places",
                  "{{{r}}}%s{{r}}{{a}}{{a}}{{{r}}}{{r}}%s{{a}}", '>');
    check_lengths("short texts between", "{{a}}: {{b}}, {{c}}.", 'x');
    check_lengths("a section that may drop the first segment",
                  "{{#a}}%s{{/a}}%s{{b}}", 'x');
    check_lengths("a section that may drop the last segment",
                  "{{b}}%s{{#a}}%s{{/a}}", 'x');
    check_lengths("a section that may drop the middle",
                  "%s{{#a}}%s{{a}}{{/a}}{{^a}}none{{/a}}%s", 'x');
    check_lengths("a section that may drop all", "{{#a}}%s{{a}}{{/a}}", 'x');
    check_lengths("a false section", "{{^a}}%s{{/a}}%s", 'x');

    check_texts();
    check_pieces();

    check_lengths_of("a large text before", "%s{{a}}", large, 'x');
    check_lengths_of("a large text after", "{{a}}%s", large, '"');
    check_lengths_of("large texts in a row", "%s{{a}}%s{{! }}%s{{b}}", large,
                     '<');
    check_lengths_of("a section that may drop the first large text",
                     "{{#a}}%s{{/a}}%s{{a}}", large, 'x');
    check_lengths_of("a section that may drop the last large text",
                     "{{b}}%s{{#a}}%s{{/a}}", large, 'x');
    check_lengths_of("large texts alone", "%s{{#a}}%s{{/a}}%s", large, 'x');

    return tap_done();
}
