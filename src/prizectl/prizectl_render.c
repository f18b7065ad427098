
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prize_escape.h"
#include "prizectl.h"
#include "prizectl_option.h"
#include "prizectl_page.h"


#define PRIZECTL_RENDER_USAGE                                                 \
    "usage: prizectl render --page FILE [--field NAME=VALUE]... "             \
        "[--raw FIELD]...\n"                                                  \
    "       prizectl render --page FILE [--raw FIELD]... --fields\n"          \
    "\n"                                                                      \
    "Writes a page to standard output as nginx would send it to an "          \
        "employee.\n"                                                         \
    "\n"                                                                      \
    "  --page FILE         the page\n"                                        \
    "  --field NAME=VALUE  a field of the employee's record; what is not\n"   \
    "                      given is empty\n"                                  \
    "  --raw FIELD         allow {{{FIELD}}}, as raw=FIELD of prize_page "    \
        "does\n"                                                              \
    "  --fields            list the fields that the page uses instead, "      \
        "one a line\n"                                                        \
    "  --help              this text\n"


enum {
    PRIZECTL_RENDER_PAGE = 1,
    PRIZECTL_RENDER_FIELD,
    PRIZECTL_RENDER_RAW,
    PRIZECTL_RENDER_FIELDS
};


/* names and values point into the arguments */

typedef struct {
    const char           *page;
    prize_column_t       *columns;
    unsigned              ncolumns;
    prize_str_t          *raw;
    unsigned              nraw;
    unsigned              list:1;
} prizectl_render_options_t;


static const struct option  prizectl_render_list[] = {
    { "page", required_argument, NULL, PRIZECTL_RENDER_PAGE },
    { "field", required_argument, NULL, PRIZECTL_RENDER_FIELD },
    { "raw", required_argument, NULL, PRIZECTL_RENDER_RAW },
    { "fields", no_argument, NULL, PRIZECTL_RENDER_FIELDS },
    { "help", no_argument, NULL, PRIZECTL_OPTION_HELP },
    { NULL, 0, NULL, 0 }
};


static int
prizectl_render_option_field(prizectl_render_options_t *options,
    const char *arg)
{
    const char      *value;
    prize_column_t  *column;

    value = strchr(arg, '=');

    if (value == NULL || value == arg) {
        prizectl_error("--field \"%s\": want NAME=VALUE", arg);
        return -1;
    }

    column = &options->columns[options->ncolumns++];

    column->name.data = arg;
    column->name.len = value - arg;
    column->value.data = value + 1;
    column->value.len = strlen(value + 1);

    return 0;
}


static int
prizectl_render_option(void *data, int option, const char *value)
{
    prize_str_t                *raw;
    prizectl_render_options_t  *options = data;

    switch (option) {

    case PRIZECTL_RENDER_PAGE:
        options->page = value;
        return 0;

    case PRIZECTL_RENDER_FIELD:
        return prizectl_render_option_field(options, value);

    case PRIZECTL_RENDER_RAW:
        raw = &options->raw[options->nraw++];
        raw->data = value;
        raw->len = strlen(value);
        return 0;

    default: /* PRIZECTL_RENDER_FIELDS */
        options->list = 1;
        return 0;
    }
}


/* 0, or PRIZECTL_OPTION_HELP, or -1 after a message */

static int
prizectl_render_options(prizectl_render_options_t *options, int argc,
    char **argv)
{
    int  rc;

    rc = prizectl_option_parse(argc, argv, prizectl_render_list,
                               prizectl_render_option, options);

    return rc ? rc : prizectl_option_missing(options->page ? NULL : "page",
                                             argv);
}


static int
prizectl_render_literal(prize_sink_t *sink, const prize_segment_t *segment)
{
    (void) sink;

    return fwrite(segment->data, 1, segment->len, stdout) == segment->len
           ? 0 : -1;
}


static int
prizectl_render_field(prize_sink_t *sink, const prize_str_t *value,
    unsigned escape)
{
    int     rc;
    char   *data;
    size_t  len;

    (void) sink;

    if (!escape) {
        return fwrite(value->data, 1, value->len, stdout) == value->len
               ? 0 : -1;
    }

    len = prize_escaped_length(value);

    data = malloc(len);
    if (data == NULL) {
        return -1;
    }

    (void) prize_escape(data, value);

    rc = fwrite(data, 1, len, stdout) == len ? 0 : -1;

    free(data);

    return rc;
}


/* a field that no page uses has no line: "id" is always in the table */

static int
prizectl_render_list_fields(const prize_fields_t *fields)
{
    unsigned  i;

    for (i = 0; i < fields->n; i++) {

        if (fields->list[i].line
            && printf("%s\n", fields->list[i].name.data) < 0)
        {
            return -1;
        }
    }

    return 0;
}


static int
prizectl_render_page(const prize_template_t *page,
    const prize_fields_t *fields, const prizectl_render_options_t *options)
{
    int              rc, index;
    unsigned         i;
    prize_sink_t     sink;
    prize_record_t   record;
    prize_column_t  *column;

    memset(&record, 0, sizeof(prize_record_t));

    record.values = calloc(fields->n, sizeof(prize_str_t));
    if (record.values == NULL) {
        return -1;
    }

    for (i = 0; i < options->ncolumns; i++) {
        column = &options->columns[i];

        index = prize_fields_find(fields, column->name.data,
                                  column->name.len);

        if (index != PRIZE_FIELD_NOT_FOUND) {
            record.values[index] = column->value;
        }
    }

    sink.literal = prizectl_render_literal;
    sink.field = prizectl_render_field;

    rc = prize_template_render(page, &record, &sink);

    free(record.values);

    return rc;
}


static int
prizectl_render_write(const prize_template_t *page,
    const prize_fields_t *fields, const prizectl_render_options_t *options)
{
    int  rc;

    rc = options->list ? prizectl_render_list_fields(fields)
                       : prizectl_render_page(page, fields, options);

    if (rc != 0 && !ferror(stdout)) {
        prizectl_error("cannot write the page: %s", strerror(errno));
        return PRIZECTL_FAILED;
    }

    return prizectl_flush();
}


static int
prizectl_render_run(const prizectl_render_options_t *options)
{
    int                rc;
    prize_fields_t     fields;
    prize_template_t  *page;

    if (prize_fields_init(&fields) != 0) {
        prizectl_error("out of memory");
        return PRIZECTL_FAILED;
    }

    page = prizectl_page_compile(options->page, options->raw, options->nraw,
                                 &fields);

    rc = page ? prizectl_render_write(page, &fields, options)
              : PRIZECTL_FAILED;

    prize_template_destroy(page);
    prize_fields_destroy(&fields);

    return rc;
}


int
prizectl_render(int argc, char **argv)
{
    int                        rc;
    prizectl_render_options_t  options;

    memset(&options, 0, sizeof(prizectl_render_options_t));

    /* no option can be given more often than there are arguments */

    options.columns = calloc(argc, sizeof(prize_column_t));
    options.raw = calloc(argc, sizeof(prize_str_t));

    if (options.columns == NULL || options.raw == NULL) {
        prizectl_error("not enough memory for %d arguments", argc);
        rc = PRIZECTL_FAILED;

    } else {
        rc = prizectl_render_options(&options, argc, argv);

        rc = rc == -1 ? PRIZECTL_USAGE
             : rc ? prizectl_print(PRIZECTL_RENDER_USAGE)
                  : prizectl_render_run(&options);
    }

    free(options.raw);
    free(options.columns);

    return rc;
}
