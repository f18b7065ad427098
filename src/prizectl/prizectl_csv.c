
/* vasprintf() */
#define _GNU_SOURCE

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prize_text.h"
#include "prizectl.h"
#include "prizectl_csv.h"


#define PRIZECTL_CSV_ERROR  (-1)
#define PRIZECTL_CSV_AGAIN  0           /* more of the file is wanted */
#define PRIZECTL_CSV_DONE   1


int
prizectl_csv_init(prizectl_csv_t *csv, int fd, const char *name)
{
    memset(csv, 0, sizeof(prizectl_csv_t));

    csv->fd = fd;
    csv->name = name;

    csv->data = malloc(PRIZECTL_CSV_RECORD_MAX);
    if (csv->data == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    return 0;
}


void
prizectl_csv_destroy(prizectl_csv_t *csv)
{
    free(csv->data);
    free(csv->fields);
}


int
prizectl_csv_error(const prizectl_csv_t *csv, unsigned long long line,
    const char *fmt, ...)
{
    char     *text;
    va_list   args;

    va_start(args, fmt);

    if (vasprintf(&text, fmt, args) == -1) {
        text = NULL;
    }

    va_end(args);

    prizectl_error("%s, line %llu: %s", csv->name, line, text ? text : fmt);

    free(text);

    return -1;
}


static int
prizectl_csv_read(prizectl_csv_t *csv)
{
    ssize_t  n;

    if (csv->start) {
        memmove(csv->data, csv->data + csv->start, csv->end - csv->start);
        csv->end -= csv->start;
        csv->start = 0;
    }

    if (csv->end == PRIZECTL_CSV_RECORD_MAX) {
        return prizectl_csv_error(csv, csv->line, "a record of more than %d "
                                  "bytes: is a closing quote missing?",
                                  PRIZECTL_CSV_RECORD_MAX);
    }

    n = read(csv->fd, csv->data + csv->end, PRIZECTL_CSV_RECORD_MAX - csv->end);

    if (n == -1) {
        if (errno == EINTR) {
            return 0;
        }

        prizectl_error("cannot read %s: %s", csv->name, strerror(errno));
        return -1;
    }

    csv->end += n;
    csv->nbytes += n;
    csv->ended = n == 0;

    return 0;
}


/* where a field that begins with a quote ends; NULL if it does not yet */

static const char *
prizectl_csv_quoted(const prizectl_csv_t *csv, const char *p,
    unsigned long long *nlines)
{
    const char  *end;

    end = csv->data + csv->end;

    for (p++; p < end; p++) {

        if (*p == '\n') {
            (*nlines)++;

        } else if (*p == '"') {

            if (p + 1 == end) {
                return csv->ended ? end : NULL;
            }

            if (p[1] != '"') {
                return p + 1;
            }

            p++;
        }
    }

    return NULL;
}


static const char *
prizectl_csv_plain(const prizectl_csv_t *csv, const char *p)
{
    const char  *end;

    end = csv->data + csv->end;

    while (p < end && *p != ',' && *p != '\n' && *p != '\r' && *p != '"') {
        p++;
    }

    return p < end || csv->ended ? p : NULL;
}


static int
prizectl_csv_add(prizectl_csv_t *csv, const char *start, const char *end)
{
    unsigned      n;
    prize_str_t  *fields;

    if (csv->nfields == csv->allocated) {
        n = csv->allocated ? 2 * csv->allocated : 16;

        fields = realloc(csv->fields, n * sizeof(prize_str_t));
        if (fields == NULL) {
            prizectl_error("out of memory");
            return -1;
        }

        csv->fields = fields;
        csv->allocated = n;
    }

    csv->fields[csv->nfields].data = start;
    csv->fields[csv->nfields].len = end - start;
    csv->nfields++;

    return 0;
}


/* the record's line ends at "p" by "len" bytes */

static int
prizectl_csv_end(prizectl_csv_t *csv, const char *p, size_t len,
    unsigned long long nlines)
{
    csv->record.data = csv->data + csv->start;
    csv->record.len = p - csv->record.data;
    csv->eol.data = p;
    csv->eol.len = len;

    csv->start += csv->record.len + len;
    csv->nlines += nlines + (len > 0);

    return PRIZECTL_CSV_DONE;
}


/* what a spreadsheet calls "Unicode text", with its mark or without */

static int
prizectl_csv_utf16(const prizectl_csv_t *csv)
{
    const char  *p, *name;

    p = csv->data + csv->start;

    if (csv->line > 1 || csv->end - csv->start < 2) {
        return 0;
    }

    name = memcmp(p, "\xff\xfe", 2) == 0 || memcmp(p, "\xfe\xff", 2) == 0
           ? "UTF-16"
           : p[0] == '\0' ? "UTF-16BE" : p[1] == '\0' ? "UTF-16LE" : NULL;

    return name ? prizectl_csv_error(csv, 1, "this is UTF-16: iconv -f %s "
                                     "-t UTF-8 FILE >utf8.csv", name)
                : 0;
}


/*
 * Bytes that are no UTF-8 and in pairs, as in GBK, which GB18030 contains;
 * other encodings may look like it by chance.
 */

static int
prizectl_csv_gbk(const prize_str_t *text)
{
    size_t                i;
    const unsigned char  *p;

    p = (const unsigned char *) text->data;

    for (i = 0; i < text->len; i++) {

        if (p[i] < 0x80) {
            continue;
        }

        if (p[i] == 0x80 || p[i] == 0xff || ++i == text->len || p[i] < 0x30
            || p[i] == 0x7f || p[i] == 0xff)
        {
            return 0;
        }
    }

    return 1;
}


/* the current record is UTF-8: 0, or -1 after a message */

static int
prizectl_csv_check(const prizectl_csv_t *csv)
{
    size_t       n;
    const char  *p, *end;

    end = csv->record.data + csv->record.len;

    for (p = csv->record.data; p < end; p += n) {
        n = prize_text_utf8(p, end - p);

        if (n == 0) {
            return prizectl_csv_gbk(&csv->record)
                   ? prizectl_csv_error(csv, csv->line, "this is not UTF-8; "
                                        "if it is GBK: iconv -f GB18030 "
                                        "-t UTF-8 FILE >utf8.csv")
                   : prizectl_csv_error(csv, csv->line, "this is not UTF-8: "
                                        "save the file as \"CSV UTF-8\"");
        }
    }

    return 0;
}


static int
prizectl_csv_parse(prizectl_csv_t *csv)
{
    const char          *p, *start, *end;
    unsigned long long   nlines;

    p = csv->data + csv->start;
    end = csv->data + csv->end;
    nlines = 0;
    csv->nfields = 0;

    /* spreadsheets put a mark in front of UTF-8: of no field, but kept */

    if (csv->line == 1 && end - p >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
    }

    for ( ;; ) {
        start = p;

        p = p < end && *p == '"' ? prizectl_csv_quoted(csv, p, &nlines)
                                 : prizectl_csv_plain(csv, p);
        if (p == NULL) {
            return csv->ended ? prizectl_csv_error(csv, csv->line, "a quote "
                                                   "is not closed")
                              : PRIZECTL_CSV_AGAIN;
        }

        if (prizectl_csv_add(csv, start, p) == -1) {
            return PRIZECTL_CSV_ERROR;
        }

        if (p == end) {
            return csv->ended ? prizectl_csv_end(csv, p, 0, nlines)
                              : PRIZECTL_CSV_AGAIN;
        }

        if (*p == '\n') {
            return prizectl_csv_end(csv, p, 1, nlines);
        }

        if (*p == '\r') {

            if (p + 1 == end && !csv->ended) {
                return PRIZECTL_CSV_AGAIN;
            }

            if (p + 1 < end && p[1] == '\n') {
                return prizectl_csv_end(csv, p, 2, nlines);
            }

            return prizectl_csv_error(csv, csv->line + nlines, "a carriage "
                                      "return without a line feed");
        }

        if (*p++ != ',') {
            return prizectl_csv_error(csv, csv->line + nlines, "a quote "
                                      "inside of a field, or something "
                                      "behind one");
        }
    }
}


int
prizectl_csv_next(prizectl_csv_t *csv)
{
    int  rc;

    for ( ;; ) {
        csv->line = csv->nlines + 1;

        if (csv->start == csv->end && csv->ended) {
            return 0;
        }

        if (prizectl_csv_utf16(csv) == -1) {
            return -1;
        }

        rc = csv->start == csv->end ? PRIZECTL_CSV_AGAIN
                                    : prizectl_csv_parse(csv);

        if (rc == PRIZECTL_CSV_ERROR) {
            return -1;
        }

        if (rc == PRIZECTL_CSV_DONE && csv->record.len) {
            return prizectl_csv_check(csv) == -1 ? -1 : 1;
        }

        if (rc == PRIZECTL_CSV_AGAIN
            && (prizectl_interrupted || prizectl_csv_read(csv) == -1))
        {
            return -1;
        }
    }
}


prize_str_t
prizectl_csv_value(const prize_str_t *field, char *dst)
{
    size_t       i;
    prize_str_t  value;

    if (field->len == 0 || field->data[0] != '"') {
        return *field;
    }

    value.data = dst;

    for (i = 1; i < field->len - 1; i++) {
        *dst++ = field->data[i];
        i += field->data[i] == '"';
    }

    value.len = dst - value.data;

    return value;
}


int
prizectl_csv_find(const prizectl_csv_t *csv, const char *name, size_t len)
{
    int          field;
    char        *dst;
    unsigned     i;
    prize_str_t  value;

    dst = malloc(csv->record.len + 1);
    if (dst == NULL) {
        prizectl_error("out of memory");
        return -2;
    }

    field = -1;

    for (i = 0; i < csv->nfields && field == -1; i++) {
        value = prizectl_csv_value(&csv->fields[i], dst);

        if (value.len == len && memcmp(value.data, name, len) == 0) {
            field = i;
        }
    }

    free(dst);

    return field;
}


int
prizectl_csv_lacks(const prizectl_csv_t *csv, const char *name)
{
    char  quoted[PRIZECTL_QUOTE_LEN];

    return prizectl_csv_error(csv, 1, "the header names no column \"%s\": %s",
                              name, prizectl_quote(quoted, csv->record.data,
                                                   csv->record.len));
}
