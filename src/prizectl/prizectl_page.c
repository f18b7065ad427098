
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_page.h"


/* grows with what was read: the page may be a pipe */

static char *
prizectl_page_read(FILE *file, size_t *len)
{
    char    *data, *grown;
    size_t   n, size;

    size = 64 * 1024;
    *len = 0;

    data = malloc(size);
    if (data == NULL) {
        return NULL;
    }

    for ( ;; ) {
        n = fread(data + *len, 1, size - *len, file);
        *len += n;

        if (*len < size) {
            break;
        }

        size *= 2;

        grown = realloc(data, size);
        if (grown == NULL) {
            free(data);
            return NULL;
        }

        data = grown;
    }

    if (ferror(file)) {
        free(data);
        return NULL;
    }

    return data;
}


static char *
prizectl_page_load(const char *name, size_t *len)
{
    char  *data;
    FILE  *file;

    file = fopen(name, "re");

    if (file == NULL) {
        prizectl_error("--page \"%s\": cannot open it: %s", name,
                       strerror(errno));
        return NULL;
    }

    errno = 0;
    data = prizectl_page_read(file, len);

    if (data == NULL) {
        prizectl_error("--page \"%s\": cannot read it: %s", name,
                       strerror(errno));
    }

    (void) fclose(file);

    return data;
}


static prize_template_t *
prizectl_page_compile(const char *name, const prize_str_t *raw, unsigned nraw,
    prize_fields_t *fields)
{
    char                      *source;
    size_t                     len;
    prize_template_t          *page;
    prize_template_error_t     error;
    prize_template_options_t   options;

    source = prizectl_page_load(name, &len);
    if (source == NULL) {
        return NULL;
    }

    options.file = name;
    options.raw = raw;
    options.nraw = nraw;

    page = prize_template_compile(source, len, fields, &options, &error);

    free(source);

    if (page == NULL) {
        prizectl_error("%s:%u:%u: %s", name, error.line, error.column,
                       error.text);
    }

    return page;
}


int
prizectl_pages_init(prizectl_pages_t *pages, const char *const *names,
    unsigned npages, const prize_str_t *raw, unsigned nraw)
{
    unsigned  i;

    memset(pages, 0, sizeof(prizectl_pages_t));

    if (prize_fields_init(&pages->fields) == -1) {
        prizectl_error("out of memory");
        return -1;
    }

    for (i = 0; i < npages; i++) {

        prize_template_destroy(pages->page);

        pages->page = prizectl_page_compile(names[i], raw, nraw,
                                            &pages->fields);
        if (pages->page == NULL) {
            return -1;
        }
    }

    pages->sections = calloc(pages->fields.n, sizeof(prizectl_section_t));

    if (pages->sections == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    return 0;
}


int
prizectl_pages_match(prizectl_pages_t *pages, const prize_record_t *record,
    const char *names)
{
    int                   rc;
    unsigned              i, n;
    const prize_str_t    *column;
    const prize_field_t  *field;

    rc = 0;

    for (i = 0; i < pages->fields.n; i++) {
        field = &pages->fields.list[i];

        for (n = 0; n < record->ncolumns; n++) {
            column = &record->columns[n].name;

            if (column->len == field->name.len
                && memcmp(column->data, field->name.data, column->len) == 0)
            {
                break;
            }
        }

        if (n == record->ncolumns) {
            prizectl_error("%s:%u: the field \"%s\" is no column of the "
                           "query; its columns are: %s", field->file,
                           field->line, field->name.data, names);
            rc = -1;
        }

        pages->sections[i].column = n;
    }

    return rc;
}


int
prizectl_pages_count(prizectl_pages_t *pages, const prize_record_t *record)
{
    unsigned             i, yes;
    const prize_str_t   *value;
    prizectl_section_t  *section;

    for (i = 0; i < pages->fields.n; i++) {

        if (!pages->fields.list[i].section) {
            continue;
        }

        section = &pages->sections[i];
        value = &record->columns[section->column].value;

        yes = prize_value_is_true(value);
        section->ntrue += yes;

        if (prizectl_values_add(&section->values, value, yes) == -1) {
            return -1;
        }
    }

    return 0;
}


static unsigned
prizectl_pages_shown(const prizectl_values_t *values)
{
    return values->n < PRIZECTL_VALUES_SHOWN ? values->n
                                             : PRIZECTL_VALUES_SHOWN;
}


static void
prizectl_pages_report_values(prizectl_values_t *values)
{
    char                     quoted[PRIZECTL_QUOTE_LEN];
    unsigned                 i, n;
    const prizectl_value_t  *value;

    if (values->many) {
        printf("  more than %d values\n", PRIZECTL_VALUES_MAX);
        return;
    }

    prizectl_values_sort(values);

    n = prizectl_pages_shown(values);

    if (n < values->n) {
        printf("  the %u rarest of %u values:\n", n, values->n);
    }

    for (i = 0; i < n; i++) {
        value = values->list[i];

        printf("  %-3s %10llu %s\n", value->yes ? "yes" : "no",
               value->nrecords,
               prizectl_quote(quoted, value->text,
                              prizectl_value_text(value)));
    }
}


void
prizectl_pages_report(const prizectl_pages_t *pages,
    unsigned long long nrecords)
{
    unsigned             i;
    unsigned long long   ntrue;

    for (i = 0; i < pages->fields.n; i++) {

        if (!pages->fields.list[i].section) {
            continue;
        }

        ntrue = pages->sections[i].ntrue;

        printf("%s: true in %llu of %llu records (%.2f %%)\n",
               pages->fields.list[i].name.data, ntrue, nrecords,
               nrecords ? 100.0 * ntrue / nrecords : 0);

        prizectl_pages_report_values(&pages->sections[i].values);
    }
}


/* a long value is cut where a character begins */

static void
prizectl_pages_json_value(const prizectl_value_t *value)
{
    size_t  len;

    len = prizectl_value_text(value);

    if (len < value->len) {
        len--;

        while (len && ((unsigned char) value->text[len] & 0xc0) == 0x80) {
            len--;
        }
    }

    printf("{\"value\":");
    prizectl_json_string(value->text, len);
    printf("%s,\"records\":%llu,\"yes\":%s}",
           len < value->len ? ",\"shortened\":true" : "", value->nrecords,
           value->yes ? "true" : "false");
}


static void
prizectl_pages_json_rarest(prizectl_section_t *section)
{
    unsigned            i, n;
    prizectl_values_t  *values;

    values = &section->values;

    if (values->many) {
        printf("{\"more_than\":%d}", PRIZECTL_VALUES_MAX);
        return;
    }

    prizectl_values_sort(values);

    n = prizectl_pages_shown(values);

    printf("{\"distinct\":%u,\"rarest\":[", values->n);

    for (i = 0; i < n; i++) {
        printf("%s", i ? "," : "");
        prizectl_pages_json_value(values->list[i]);
    }

    printf("]}");
}


static void
prizectl_pages_json_true(prizectl_section_t *section)
{
    printf("%llu", section->ntrue);
}


/* an object with a member for each section, of which "print" is the value */

static void
prizectl_pages_json_each(const prizectl_pages_t *pages,
    void (*print)(prizectl_section_t *section))
{
    unsigned     i;
    const char  *comma;

    comma = "";

    putchar('{');

    for (i = 0; pages->sections && i < pages->fields.n; i++) {

        if (pages->fields.list[i].section) {
            printf("%s", comma);
            prizectl_json_string(pages->fields.list[i].name.data,
                                 pages->fields.list[i].name.len);
            putchar(':');
            print(&pages->sections[i]);
            comma = ",";
        }
    }

    putchar('}');
}


void
prizectl_pages_json(const prizectl_pages_t *pages)
{
    prizectl_pages_json_each(pages, prizectl_pages_json_true);
}


void
prizectl_pages_json_values(const prizectl_pages_t *pages)
{
    prizectl_pages_json_each(pages, prizectl_pages_json_rarest);
}


void
prizectl_pages_destroy(prizectl_pages_t *pages)
{
    unsigned  i;

    for (i = 0; pages->sections && i < pages->fields.n; i++) {
        prizectl_values_destroy(&pages->sections[i].values);
    }

    prize_template_destroy(pages->page);
    prize_fields_destroy(&pages->fields);
    free(pages->sections);
}
