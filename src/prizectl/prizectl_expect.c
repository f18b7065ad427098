
/* memmem() */
#define _GNU_SOURCE

#include <stdlib.h>
#include <string.h>

#include "prize_escape.h"
#include "prizectl.h"
#include "prizectl_expect.h"


/* bytes of a page that are shown in the place of what was expected */
#define PRIZECTL_EXPECT_SHOWN  64


static int
prizectl_expect_part(prizectl_expect_t *expect, const char *p,
    const char *open, const prizectl_csv_t *csv)
{
    int                      column;
    char                     quoted[PRIZECTL_QUOTE_LEN];
    const char              *close;
    prizectl_expect_part_t  *part;

    part = &expect->parts[expect->nparts++];
    part->text.data = p;
    part->text.len = open - p;
    part->column = -1;

    if (*open == '\0') {
        return 0;
    }

    close = strchr(open, '}');

    if (close == NULL) {
        prizectl_error("--expect \"%s\": want {NAME}, and no other {",
                       expect->pattern);
        return -1;
    }

    column = prizectl_csv_find(csv, open + 1, close - open - 1);

    if (column == -1) {
        prizectl_error("--expect \"%s\": %s has no column \"%.*s\": %s",
                       expect->pattern, csv->name, (int) (close - open - 1),
                       open + 1, prizectl_quote(quoted, csv->record.data,
                                                csv->record.len));
    }

    part->column = column;

    return column < 0 ? -1 : 0;
}


int
prizectl_expect_init(prizectl_expect_t *expect, const char *pattern,
    const prizectl_csv_t *csv)
{
    const char  *p, *open;

    expect->pattern = pattern;
    expect->nparts = 0;

    /* no more than one for each byte, and one more */

    expect->parts = calloc(strlen(pattern) + 1,
                           sizeof(prizectl_expect_part_t));
    if (expect->parts == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    for (p = pattern; /* void */ ; p = strchr(open, '}') + 1) {
        open = p + strcspn(p, "{");

        if (prizectl_expect_part(expect, p, open, csv) == -1) {
            return -1;
        }

        if (*open == '\0') {
            return 0;
        }
    }
}


void
prizectl_expect_destroy(prizectl_expect_t *expect)
{
    free(expect->parts);
}


char *
prizectl_expect_text(const prizectl_expect_t *expect,
    const prizectl_csv_t *csv, size_t *len)
{
    char                          *text, *dst, *raw;
    size_t                         size;
    unsigned                       i;
    prize_str_t                    value;
    const prizectl_expect_part_t  *part;

    size = strlen(expect->pattern) + 1;

    for (i = 0; i < expect->nparts; i++) {
        part = &expect->parts[i];

        if (part->column >= 0) {
            size += PRIZE_ESCAPE_MAX * csv->fields[part->column].len;
        }
    }

    text = malloc(size);
    raw = malloc(csv->record.len + 1);

    if (text == NULL || raw == NULL) {
        prizectl_error("out of memory");
        free(text);
        free(raw);
        return NULL;
    }

    dst = text;

    for (i = 0; i < expect->nparts; i++) {
        part = &expect->parts[i];

        memcpy(dst, part->text.data, part->text.len);
        dst += part->text.len;

        if (part->column >= 0) {
            value = prizectl_csv_value(&csv->fields[part->column], raw);
            dst = prize_escape(dst, &value);
        }
    }

    free(raw);

    *len = dst - text;

    return text;
}


prize_str_t
prizectl_expect_found(const prizectl_expect_t *expect, const char *page,
    size_t len)
{
    prize_str_t         found;
    const char         *p;
    const prize_str_t  *text;

    text = &expect->parts[0].text;

    p = len && text->len ? memmem(page, len, text->data, text->len) : NULL;

    found.data = p ? p : page;
    found.len = page + len - found.data;

    if (found.len > PRIZECTL_EXPECT_SHOWN) {
        found.len = PRIZECTL_EXPECT_SHOWN;
    }

    return found;
}
