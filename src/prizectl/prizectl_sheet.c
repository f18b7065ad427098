
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_sheet.h"


static int
prizectl_sheet_header_field(prizectl_sheet_t *sheet, unsigned i,
    const prize_str_t *name, const char *const *added)
{
    if (name->len == strlen(sheet->id_column)
        && memcmp(name->data, sheet->id_column, name->len) == 0)
    {
        if (sheet->id_field < sheet->nfields) {
            return prizectl_csv_error(&sheet->csv, 1, "the header has two "
                                      "columns \"%s\"", sheet->id_column);
        }

        sheet->id_field = i;
    }

    for ( /* void */ ; added && *added; added++) {

        if (name->len == strlen(*added)
            && memcmp(name->data, *added, name->len) == 0)
        {
            return prizectl_csv_error(&sheet->csv, 1, "the header has a "
                                      "column \"%s\" already", *added);
        }
    }

    return 0;
}


static int
prizectl_sheet_header(prizectl_sheet_t *sheet, const char *const *added)
{
    int              rc;
    char            *dst;
    unsigned         i;
    prize_str_t      name;
    prizectl_csv_t  *csv;

    csv = &sheet->csv;

    dst = malloc(csv->record.len + 1);
    if (dst == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    sheet->nfields = csv->nfields;
    sheet->id_field = csv->nfields;

    rc = 0;

    for (i = 0; i < csv->nfields && rc == 0; i++) {
        name = prizectl_csv_value(&csv->fields[i], dst);
        rc = prizectl_sheet_header_field(sheet, i, &name, added);
    }

    free(dst);

    if (rc == 0 && sheet->id_field == sheet->nfields) {
        rc = prizectl_csv_lacks(csv, sheet->id_column);
    }

    return rc;
}


int
prizectl_sheet_open(prizectl_sheet_t *sheet, int fd, const char *name,
    const char *id_column, unsigned id_max_length, const char *const *added)
{
    int  rc;

    sheet->id_column = id_column;
    sheet->id_max_length = id_max_length;

    if (prizectl_csv_init(&sheet->csv, fd, name) == -1) {
        return -1;
    }

    rc = prizectl_csv_next(&sheet->csv);

    if (rc == 0) {
        prizectl_error("%s is empty: want CSV with a header", sheet->csv.name);
    }

    if (rc != 1 || prizectl_sheet_header(sheet, added) == -1) {
        return -1;
    }

    sheet->eol = sheet->csv.eol.len == 2 ? "\r\n" : "\n";

    if (added == NULL) {
        return 0;
    }

    (void) fwrite(sheet->csv.record.data, 1, sheet->csv.record.len, stdout);

    for ( /* void */ ; *added; added++) {
        printf(",%s", *added);
    }

    printf("%s", sheet->eol);

    return 0;
}


void
prizectl_sheet_close(prizectl_sheet_t *sheet)
{
    prizectl_csv_destroy(&sheet->csv);
}


int
prizectl_sheet_next(prizectl_sheet_t *sheet)
{
    int                 rc;
    char                quoted[PRIZECTL_QUOTE_LEN];
    prizectl_csv_t     *csv;
    const prize_str_t  *field;

    csv = &sheet->csv;

    rc = prizectl_csv_next(csv);

    if (rc != 1) {
        return rc;
    }

    if (csv->nfields != sheet->nfields) {
        return prizectl_csv_error(csv, csv->line, "%u columns, and the header "
                                  "has %u", csv->nfields, sheet->nfields);
    }

    field = &csv->fields[sheet->id_field];
    sheet->id = *field;

    /* quotes are two more; what is longer still is no ID */

    if (field->len <= sizeof(sheet->value)) {
        sheet->id = prizectl_csv_value(field, sheet->value);
    }

    if (prizectl_id_check(&sheet->id, sheet->id_max_length) == -1) {
        return prizectl_csv_error(csv, csv->line, "no link can name the id "
                                  "%s: want 1 to %u of A-Z a-z 0-9 . _ @ -",
                                  prizectl_quote(quoted, sheet->id.data,
                                                 sheet->id.len),
                                  sheet->id_max_length);
    }

    return 1;
}


/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */

unsigned long long
prizectl_sheet_hash(const prizectl_sheet_t *sheet)
{
    size_t               i;
    unsigned             n, quoted;
    const prize_str_t   *field;
    unsigned long long   hash;

    hash = 0xcbf29ce484222325ULL;

    for (n = 0; n < sheet->nfields; n++) {
        field = &sheet->csv.fields[n];
        quoted = field->len && field->data[0] == '"';

        for (i = quoted; i < field->len - quoted; i++) {
            hash = (hash ^ (unsigned char) field->data[i])
                   * 0x100000001b3ULL;
            i += quoted && field->data[i] == '"';
        }

        /* no byte: where a value ends */

        hash = (hash ^ 256) * 0x100000001b3ULL;
    }

    return hash;
}
