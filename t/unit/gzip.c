
/*
 * prize_gzip and prize_output: what one writes, zlib inflates to what the
 * other writes, byte for byte, and it is one gzip member and no more.
 */

#include "page.h"
#include "prize_gzip_parts.h"
#include "tap.h"


/* fields of a page, "id" aside: a, b, c ... */
#define FIELDS  8

/* with those of the sample's page */
#define VALUES  16


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


/* a page of which each field has a length of its own */

typedef struct {
    prize_fields_t     fields;
    prize_template_t  *page;
    prize_gzip_t      *gzip;
    prize_str_t        values[VALUES];
} lengths_page_t;

static char  long_value[70000];


static void
open_page(lengths_page_t *t, const char *source, size_t len)
{
    char                    name[2] = "a";
    unsigned                i;
    prize_template_error_t  error;

    memset(t, 0, sizeof(lengths_page_t));
    (void) prize_fields_init(&t->fields);

    /* a is field 1, b field 2, wherever they are on the page */

    for (i = 0; i < FIELDS; i++) {
        name[0] = 'a' + i;
        (void) prize_fields_add(&t->fields, name, 1);
    }

    t->page = prize_template_compile(source, len, &t->fields, NULL, &error);
    t->gzip = t->page ? prize_gzip_create(t->page) : NULL;

    if (t->gzip == NULL || t->fields.n > VALUES) {
        fprintf(stderr, "%u:%u: %s\n", error.line, error.column, error.text);
        abort();
    }

    for (i = 0; i < VALUES; i++) {
        t->values[i].data = long_value;
    }
}


static void
set_value(lengths_page_t *t, const char *name, const char *value)
{
    int  index;

    index = prize_fields_find(&t->fields, name, strlen(name));

    if (index < 0) {
        abort();
    }

    t->values[index].data = value;
    t->values[index].len = value ? strlen(value) : 0;
}


static size_t
gzip_size(const char *data, size_t len)
{
    char      *packed;
    size_t     size;
    z_stream   z;

    memset(&z, 0, sizeof(z_stream));

    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS,
                     8, Z_DEFAULT_STRATEGY)
        != Z_OK)
    {
        abort();
    }

    size = deflateBound(&z, len);
    packed = page_alloc(size);

    z.next_in = (Bytef *) data;
    z.avail_in = len;
    z.next_out = (Bytef *) packed;
    z.avail_out = size;

    if (deflate(&z, Z_FINISH) != Z_STREAM_END) {
        abort();
    }

    size = z.total_out;

    (void) deflateEnd(&z);
    free(packed);

    return size;
}


static void
close_page(lengths_page_t *t)
{
    prize_gzip_destroy(t->gzip);
    prize_template_destroy(t->page);
    prize_fields_destroy(&t->fields);
}


/* 1 if the page is right; the last one's size without its values */

static size_t  last_size;


static int
is_right(lengths_page_t *t)
{
    int             right;
    page_t          one, other;
    prize_record_t  record = { t->values, NULL, 0 };

    one = page_render(t->page, &record, NULL);
    other = page_render(t->page, &record, t->gzip);

    right = one.fits && other.fits && page_inflates(&other, &one);
    last_size = other.len;

    free(one.data);
    free(other.data);

    return right;
}


/* runs of words that are much alike, with fields a, b, c ... between them */

static char *
words_page(unsigned runs, size_t len, unsigned sections)
{
    char      *source, *p;
    size_t     i, n;
    unsigned   run, word;
    uint32_t   seed;

    static const char  *words[] = {
        "prize ", "employee ", "thousand ", "of ", "<p>", "</p>\n", "letter ",
        "mountain ", "sun ", "and ", "year ", "together ", "thank ", "you "
    };

    source = page_alloc((runs + 2) * (len + 64));
    p = source;
    seed = 3;

    for (run = 0; run < runs; run++) {

        if (sections) {
            p += sprintf(p, "{{%c%c}}", "#^"[run % 2], 'a' + run % FIELDS);
        }

        for (i = 0; i < len; i += n) {
            seed = seed * 1103515245 + 12345;
            word = (seed >> 16) % tap_nitems(words);
            n = strlen(words[word]);
            memcpy(p, words[word], n);
            p += n;
        }

        p += sprintf(p, "{{%c}}", 'a' + (run + sections / 2) % FIELDS);

        if (sections) {
            p += sprintf(p, "{{/%c}}", 'a' + run % FIELDS);
        }
    }

    p += sprintf(p, "prize of employee together thousand thank you letter");

    return source;
}


/* one value of each length between two runs: through the ranges of all bits */

static void
check_every_length(void)
{
    char            *source;
    size_t           len, wrong;
    lengths_page_t   t;

    source = words_page(1, 900, 0);
    open_page(&t, source, strlen(source));

    for (len = 0, wrong = 0; len < 5000; len++) {
        t.values[1].len = len;
        wrong += !is_right(&t);
    }

    ok(wrong == 0, "a value of 0 to 4,999 bytes: %zu are wrong", wrong);

    close_page(&t);
    free(source);
}


/*
 * Each source of each run, its distances at the end of their range, and one
 * byte beyond it: where the values are those between the two runs.
 */

static void
check_every_end(void)
{
    char                      *source;
    size_t                     growth, ends, wrong;
    unsigned                   i, k, n;
    lengths_page_t             t;
    prize_gzip_run_t          *run;
    const prize_run_source_t  *s;

    source = words_page(FIELDS, 700, 0);
    open_page(&t, source, strlen(source));

    ends = 0;
    wrong = 0;

    for (i = 0; i < t.gzip->n; i++) {
        run = t.gzip->paths[i];

        for (k = 0; run && k < run->deflated.nsources; k++) {
            s = &run->deflated.sources[k];

            for (growth = s->growth; growth <= s->growth + 1U; growth++) {
                for (n = 1; n <= FIELDS; n++) {
                    t.values[n].len = 0;
                }

                /* segment i follows field i; its source that of "back" less */

                t.values[i].len = growth / 2;
                t.values[i - s->back + 1].len += growth - growth / 2;
                wrong += !is_right(&t);

                ends++;
            }
        }
    }

    ok(ends > 2 * FIELDS, "%zu ends of distances", ends);
    ok(wrong == 0, "and of these %zu are wrong", wrong);

    close_page(&t);
    free(source);
}


/* a run whose source is out of reach by a byte is written by itself */

static void
check_beyond(void)
{
    size_t                     inside;
    char                      *source;
    lengths_page_t             t;
    const prize_run_source_t  *s;

    source = words_page(1, 900, 0);
    open_page(&t, source, strlen(source));

    s = t.gzip->paths[1] ? t.gzip->paths[1]->deflated.sources : NULL;

    if (ok(s != NULL, "the last run refers to the first")) {
        t.values[1].len = s->growth;
        ok(is_right(&t), "at the end of its reach");
        inside = last_size;

        t.values[1].len++;
        ok(is_right(&t), "and one beyond");
        ok(last_size > inside + 2, "that takes more: %zu, %zu", inside,
           last_size);
    }

    close_page(&t);
    free(source);
}


/* all that sections can be; over 16 paths they are not told apart */

static void
check_paths(unsigned sections, size_t len)
{
    char            *source;
    size_t           wrong, sizes;
    unsigned         mask, i;
    lengths_page_t   t;

    source = words_page(sections, len, sections);
    open_page(&t, source, strlen(source));

    for (mask = 0, wrong = 0, sizes = 0; mask < 1U << sections; mask++) {
        for (i = 0; i < sections; i++) {
            t.values[i + 1].len = (mask >> i & 1) * (5 + 7 * i);
        }

        wrong += !is_right(&t);
        sizes += last_size;
    }

    ok(wrong == 0, "%u sections: %u paths, %zu are wrong, %zu bytes", sections,
       t.gzip->npaths, wrong, sizes);
    ok(t.gzip->npaths == (sections > 4 ? 1 : 1U << sections),
       "%u sections: as many paths as there are, if they are few", sections);

    close_page(&t);
    free(source);
}


static void
check_correlated(void)
{
    char            source[512];
    unsigned        mask, i, wrong;
    lengths_page_t  t;

    (void) snprintf(source, sizeof(source),
        "{{#a}}the first of all {{b}} of all{{#b}} the first {{/b}}{{/a}}"
        "{{^a}}none of all{{/a}} the first of all {{c}}"
        "{{#a}} the first of all{{#c}} of all{{/c}}{{/a}} of all the first");
    open_page(&t, source, strlen(source));

    ok(t.gzip->npaths == 5, "paths: of a and b and c, and without a");

    for (mask = 0, wrong = 0; mask < 8; mask++) {
        for (i = 0; i < 3; i++) {
            t.values[i + 1].len = (mask >> i & 1) * 9;
        }

        wrong += !is_right(&t);
    }

    ok(wrong == 0, "and none of them is wrong");

    close_page(&t);
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


/* the sample against "gzip -9", which is zlib's best */

static void
check_sample(const char *who, const char *prize, double most)
{
    FILE            *file;
    size_t           len, wanted;
    page_t           one;
    lengths_page_t   t;
    prize_record_t   record = { t.values, NULL, 0 };

    static char  source[65536];

    file = fopen("conf/pages/gift.html", "r");
    len = file ? fread(source, 1, sizeof(source), file) : 0;

    if (file) {
        fclose(file);
    }

    open_page(&t, source, len);

    set_value(&t, "id", "10000001");
    set_value(&t, "name", "Wang Xiaoming");
    set_value(&t, "department", "Research");
    set_value(&t, "prize", prize);
    set_value(&t, "claim_url",
              prize ? "https://example.com/claim/8f3a2c" : NULL);

    one = page_render(t.page, &record, NULL);
    wanted = gzip_size(one.data, one.len);
    free(one.data);

    ok(is_right(&t), "the sample's page, %s", who);
    ok(last_size <= most * wanted, "%s: %zu bytes, and gzip -9 %zu", who,
       last_size, wanted);

    close_page(&t);
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

    memset(long_value, 'v', sizeof(long_value));

    check_every_length();
    check_every_end();
    check_beyond();

    for (i = 1; i <= 6; i++) {
        check_paths(i, 300);
    }

    check_correlated();

    check_sample("a winner", "a phone", 1.0);
    check_sample("everybody else", NULL, 1.0);

    return tap_done();
}
