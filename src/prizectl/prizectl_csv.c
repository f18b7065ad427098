
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prizectl.h"
#include "prizectl_csv.h"


#define PRIZECTL_CSV_ERROR  (-1)
#define PRIZECTL_CSV_AGAIN  0           /* more of the file is wanted */
#define PRIZECTL_CSV_DONE   1


int
prizectl_csv_init(prizectl_csv_t *csv, int fd)
{
    memset(csv, 0, sizeof(prizectl_csv_t));

    csv->fd = fd;

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
        prizectl_error("line %llu: a record of more than %d bytes: is a "
                       "closing quote missing?", csv->line,
                       PRIZECTL_CSV_RECORD_MAX);
        return -1;
    }

    n = read(csv->fd, csv->data + csv->end, PRIZECTL_CSV_RECORD_MAX - csv->end);

    if (n == -1) {
        if (errno == EINTR) {
            return 0;
        }

        prizectl_error("cannot read standard input: %s", strerror(errno));
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


static int
prizectl_csv_bad(const prizectl_csv_t *csv, unsigned long long nlines,
    const char *text)
{
    prizectl_error("line %llu: %s", csv->line + nlines, text);

    return PRIZECTL_CSV_ERROR;
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
            return csv->ended ? prizectl_csv_bad(csv, 0, "a quote is not "
                                                         "closed")
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

            return prizectl_csv_bad(csv, nlines, "a carriage return without "
                                                 "a line feed");
        }

        if (*p++ != ',') {
            return prizectl_csv_bad(csv, nlines, "a quote inside of a field, "
                                                 "or something behind one");
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

        rc = csv->start == csv->end ? PRIZECTL_CSV_AGAIN
                                    : prizectl_csv_parse(csv);

        if (rc == PRIZECTL_CSV_ERROR) {
            return -1;
        }

        if (rc == PRIZECTL_CSV_DONE && csv->record.len) {
            return 1;
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
