
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prize_escape.h"
#include "prizectl.h"
#include "prizectl_commands.h"
#include "prizectl_lookup.h"


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
        prizectl_error("out of memory");
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
    const prize_record_t *record)
{
    prize_sink_t  sink;

    if (prize_template_values(page, record) > PRIZE_TEMPLATE_VALUES_MAX) {
        prizectl_error("the page takes more than %d bytes",
                       PRIZE_TEMPLATE_VALUES_MAX);
        return -1;
    }

    sink.literal = prizectl_render_literal;
    sink.field = prizectl_render_field;

    return prize_template_render(page, record, &sink);
}


/* of the values that were given */

static int
prizectl_render_given(const prizectl_pages_t *pages,
    const prizectl_options_t *options)
{
    int              rc, index;
    unsigned         i;
    prize_record_t   record;
    prize_column_t  *column;

    memset(&record, 0, sizeof(prize_record_t));

    record.values = calloc(pages->fields.n, sizeof(prize_str_t));
    if (record.values == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    for (i = 0; i < options->ncolumns; i++) {
        column = &options->columns[i];

        index = prize_fields_find(&pages->fields, column->name.data,
                                  column->name.len);

        if (index != PRIZE_FIELD_NOT_FOUND) {
            record.values[index] = column->value;
        }
    }

    rc = prizectl_render_page(pages->page, &record);

    free(record.values);

    return rc;
}


static int
prizectl_render_stored(prizectl_pages_t *pages,
    const prizectl_options_t *options)
{
    int                rc;
    prize_record_t     record;
    prizectl_lookup_t  lookup;

    memset(&lookup, 0, sizeof(prizectl_lookup_t));

    lookup.options = options;
    lookup.pages = pages;
    lookup.id = options->id;

    rc = prizectl_lookup_run(&lookup, &record);

    if (rc == 0) {
        rc = prizectl_render_page(pages->page, &record);
    }

    prizectl_lookup_destroy(&lookup);

    return rc;
}


int
prizectl_render(const prizectl_options_t *options)
{
    int               rc;
    const char       *word;
    prizectl_pages_t  pages;

    /* of several pages the last one counts */

    rc = prizectl_pages_init(&pages, options->pages + options->npages - 1, 1,
                             options->raw, options->nraw);

    if (rc == 0) {
        rc = options->fields ? prizectl_render_list_fields(&pages.fields)
             : options->id.data ? prizectl_render_stored(&pages, options)
             : prizectl_render_given(&pages, options);
    }

    prizectl_pages_destroy(&pages);

    return prizectl_outcome(rc, 0, 0, "pages", &word);
}
