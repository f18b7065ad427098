
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


/* those of the last check, without their bytes */
static page_t  plain, member;


static void
check(const char *name, const char *source, const char *value, size_t len)
{
    prize_str_t              values[8], raw = { 1, "r" };
    prize_gzip_t            *gzip;
    prize_fields_t           fields;
    prize_record_t           record = { values, NULL, 0 };
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


/* with values of all lengths; "format" has up to three places for "text" */

static void
check_lengths(const char *shape, const char *format, const char *text,
    char fill)
{
    char      name[128], *source, *value;
    size_t    i, size;

    size = strlen(format) + 3 * strlen(text) + 1;
    source = page_alloc(size);

    /* cppcheck-suppress wrongPrintfScanfArgNum ; it may have fewer places */
    (void) snprintf(source, size, format, text, text, text);

    for (i = 0; i < tap_nitems(lengths); i++) {
        value = page_alloc(lengths[i]);
        memset(value, fill, lengths[i]);

        (void) snprintf(name, sizeof(name), "%s, %zu bytes of %c", shape,
                        lengths[i], fill);
        check(name, source, value, lengths[i]);

        free(value);
    }

    free(source);
}


/* static text that is just stored, deflated, copied or not copied any more */

static void
check_texts(void)
{
    char      name[64], source[2 * sizeof(large) + 32];
    size_t    i;

    static const size_t  texts[] = { 63, 64, 65, PRIZE_OUTPUT_COPY_MAX - 1,
                                     PRIZE_OUTPUT_COPY_MAX,
                                     PRIZE_OUTPUT_COPY_MAX + 1 };

    for (i = 0; i < tap_nitems(texts); i++) {
        (void) snprintf(name, sizeof(name), "a text of %zu bytes", texts[i]);
        (void) snprintf(source, sizeof(source), "{{a}}%.*s{{b}}",
                        (int) texts[i], large);
        check(name, source, "x", 1);
    }

    (void) snprintf(source, sizeof(source), "%s{{a}}%s", large, large);
    check("large texts", source, "x", 1);

    ok(plain.pieces == 3, "large texts are pieces of their own");
    ok(member.pieces == 5, "and gzipped, between the header and the trailer");
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


static const struct {
    const char  *name;
    const char  *format;
    const char  *text;
    char         fill;      /* of the values */
} shapes[] = {
    { "a field only", "{{a}}", filler, 'x' },
    { "a field that grows", "{{a}}", filler, '"' },
    { "a raw field", "{{{r}}}", filler, '<' },
    { "a field before", "{{a}}%s", filler, 'x' },
    { "a field between", "%s{{a}}%s", filler, '&' },
    { "a field after", "%s{{a}}", filler, 'x' },
    { "fields before, between and after", "{{a}}%s{{b}}%s{{c}}", filler,
      '\'' },
    { "neighbours", "%s{{a}}{{b}} - {{{r}}}%s", filler, '<' },
    { "one value at several places",
      "{{{r}}}%s{{r}}{{a}}{{a}}{{{r}}}{{r}}%s{{a}}", filler, '>' },
    { "short texts between", "{{a}}: {{b}}, {{c}}.", filler, 'x' },
    { "a section that may drop the first segment",
      "{{#a}}%s{{/a}}%s{{b}}", filler, 'x' },
    { "a section that may drop the last segment",
      "{{b}}%s{{#a}}%s{{/a}}", filler, 'x' },
    { "a section that may drop the middle",
      "%s{{#a}}%s{{a}}{{/a}}{{^a}}none{{/a}}%s", filler, 'x' },
    { "a section that may drop all", "{{#a}}%s{{a}}{{/a}}", filler, 'x' },
    { "a false section", "{{^a}}%s{{/a}}%s", filler, 'x' },

    { "a large text before", "%s{{a}}", large, 'x' },
    { "a large text after", "{{a}}%s", large, '"' },
    { "large texts in a row", "%s{{a}}%s{{! }}%s{{b}}", large, '<' },
    { "a section that may drop the first large text",
      "{{#a}}%s{{/a}}%s{{a}}", large, 'x' },
    { "a section that may drop the last large text",
      "{{b}}%s{{#a}}%s{{/a}}", large, 'x' },
    { "large texts alone", "%s{{#a}}%s{{/a}}%s", large, 'x' }
};


int
main(void)
{
    size_t  i;

    fill_texts();

    check("nothing at all", "", "x", 1);
    check("a short text only", "short", "x", 1);

    for (i = 0; i < tap_nitems(shapes); i++) {
        check_lengths(shapes[i].name, shapes[i].format, shapes[i].text,
                      shapes[i].fill);
    }

    check_texts();

    return tap_done();
}
