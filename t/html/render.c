
/*
 * Renders many pages, each with many sets of values.
 *
 *     render [--policy] NAME...
 *
 * The names are those of the fields; one that begins with "raw" may stand in
 * a raw tag.  With --policy, what no policy can allow is an error.
 *
 * Standard input has, for each page, its text, the number of its sets, and of
 * each set a value for each name.  Standard output has, for each page, a
 * number, and so many texts: what each set gives, or for 0 the text of the
 * error, after its line and column.  A number has four bytes, little endian; a
 * text is the number of its bytes, and these.
 */

#include <stdint.h>
#include <stdio.h>

#include "../unit/page.h"


static uint32_t
number_read(void)
{
    int       i, ch;
    uint32_t  n;

    n = 0;

    for (i = 0; i < 4; i++) {
        ch = getchar();

        if (ch == EOF) {
            exit(i == 0 ? 0 : 1);
        }

        n |= (uint32_t) ch << (8 * i);
    }

    return n;
}


static prize_str_t
text_read(void)
{
    char         *data;
    prize_str_t   text;

    text.len = number_read();
    data = page_alloc(text.len);
    text.data = data;

    if (fread(data, 1, text.len, stdin) != text.len) {
        exit(1);
    }

    return text;
}


static void
number_write(uint32_t n)
{
    int  i;

    for (i = 0; i < 4; i++) {
        putchar(n >> (8 * i) & 0xff);
    }
}


static void
text_write(const char *data, size_t len)
{
    number_write(len);
    (void) fwrite(data, 1, len, stdout);
}


static void
error_write(const prize_template_error_t *error)
{
    int   len;
    char  text[PRIZE_TEMPLATE_ERROR_TEXT + 32];

    len = snprintf(text, sizeof(text), "%u:%u: %s", error->line,
                   error->column, error->text);

    number_write(0);
    text_write(text, len);
}


/* a value for each field that the page has, of those for all names */

static void
set_render(const prize_template_t *page, const prize_fields_t *fields,
    char **names, const prize_str_t *all)
{
    page_t           got;
    unsigned         i, n;
    prize_str_t     *values;
    prize_record_t   record;

    values = page_alloc(fields->n * sizeof(prize_str_t));

    for (i = 0; i < fields->n; i++) {
        values[i].data = NULL;
        values[i].len = 0;

        for (n = 0; names[n]; n++) {
            if (strlen(names[n]) == fields->list[i].name.len
                && memcmp(names[n], fields->list[i].name.data,
                          fields->list[i].name.len) == 0)
            {
                values[i] = all[n];
            }
        }
    }

    record.values = values;
    record.columns = NULL;
    record.ncolumns = 0;

    got = page_render(page, &record, NULL);
    text_write(got.data, got.len);

    free(got.data);
    free(values);
}


static void
sets_read(const prize_template_t *page, const prize_fields_t *fields,
    char **names, unsigned nnames)
{
    uint32_t      sets;
    unsigned      n;
    prize_str_t  *all;

    all = page_alloc(nnames * sizeof(prize_str_t));
    sets = number_read();

    if (page) {
        number_write(sets);
    }

    while (sets--) {
        for (n = 0; n < nnames; n++) {
            all[n] = text_read();
        }

        if (page) {
            set_render(page, fields, names, all);
        }

        for (n = 0; n < nnames; n++) {
            free((char *) all[n].data);
        }
    }

    free(all);
}


int
main(int argc, char **argv)
{
    unsigned                  n, policy;
    prize_str_t               source, *raw;
    prize_fields_t            fields;
    prize_template_t         *page;
    prize_template_error_t    error;
    prize_template_options_t  options = { "page.html", NULL, 0 };

    policy = (argc > 1 && strcmp(argv[1], "--policy") == 0);
    argv += policy;
    argc -= policy;

    raw = page_alloc(argc * sizeof(prize_str_t));
    options.raw = raw;

    for (n = 1; argv[n]; n++) {
        if (strncmp(argv[n], "raw", 3) == 0) {
            raw[options.nraw].data = argv[n];
            raw[options.nraw++].len = strlen(argv[n]);
        }
    }

    for ( ;; ) {
        source = text_read();

        if (prize_fields_init(&fields) != 0) {
            return 1;
        }

        page = prize_template_compile(source.data, source.len, &fields,
                                      &options, &error);
        if (page && policy && prize_template_fault(page)) {
            error = *prize_template_fault(page);
            prize_template_destroy(page);
            page = NULL;
        }

        if (page == NULL) {
            error_write(&error);
        }

        sets_read(page, &fields, argv + 1, argc - 1);

        prize_template_destroy(page);
        prize_fields_destroy(&fields);
        free((char *) source.data);
    }
}
