
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prize_id.h"
#include "prize_revoked.h"
#include "prize_signature.h"


struct prize_revoked_s {
    prize_str_t  *list;             /* owned; sorted */
    size_t        n;
    size_t        allocated;
    char         *text;             /* owned; the IDs, of which "list" tells */
};


__attribute__((format(printf, 3, 4)))
static int
prize_revoked_error(prize_revoked_error_t *error, unsigned line,
    const char *fmt, ...)
{
    va_list  args;

    error->line = line;

    va_start(args, fmt);
    (void) vsnprintf(error->text, sizeof(error->text), fmt, args);
    va_end(args);

    return -1;
}


static int
prize_revoked_order(const void *one, const void *two)
{
    const prize_str_t  *a = one, *b = two;

    if (a->len != b->len) {
        return a->len < b->len ? -1 : 1;
    }

    return memcmp(a->data, b->data, a->len);
}


/* the value is not shown: a file in another encoding has no text to show */

static int
prize_revoked_check(const prize_str_t *id, unsigned line, size_t column,
    prize_revoked_error_t *error)
{
    size_t  i;

    for (i = 0; i < id->len; i++) {

        if (!prize_id_allowed(id->data[i])) {
            return prize_revoked_error(error, line, "the byte 0x%02x in "
                                       "column %zu is in no ID: want an ID "
                                       "a line, of A-Z a-z 0-9 . _ @ -",
                                       (unsigned char) id->data[i],
                                       column + i);
        }
    }

    if (id->len > PRIZE_SIGNATURE_ID_MAX) {
        return prize_revoked_error(error, line, "an ID has at most %d bytes",
                                   PRIZE_SIGNATURE_ID_MAX);
    }

    return 0;
}


static int
prize_revoked_add(prize_revoked_t *revoked, const prize_str_t *id)
{
    size_t        n;
    prize_str_t  *list;

    if (revoked->n == revoked->allocated) {
        n = revoked->allocated ? 2 * revoked->allocated : 64;

        list = realloc(revoked->list, n * sizeof(prize_str_t));
        if (list == NULL) {
            return -1;
        }

        revoked->list = list;
        revoked->allocated = n;
    }

    revoked->list[revoked->n++] = *id;

    return 0;
}


static int
prize_revoked_space(char ch)
{
    return ch == ' ' || ch == '\t';
}


static int
prize_revoked_line(prize_revoked_t *revoked, const char *start,
    const char *end, unsigned line, prize_revoked_error_t *error)
{
    prize_str_t  id;

    if (end > start && end[-1] == '\r') {
        end--;
    }

    while (end > start && prize_revoked_space(end[-1])) {
        end--;
    }

    id.data = start;

    while (id.data < end && prize_revoked_space(*id.data)) {
        id.data++;
    }

    id.len = end - id.data;

    if (id.len == 0 || id.data[0] == '#') {
        return 0;
    }

    if (prize_revoked_check(&id, line, id.data - start + 1, error) == -1) {
        return -1;
    }

    return prize_revoked_add(revoked, &id) == 0
           ? 0 : prize_revoked_error(error, 0, "out of memory");
}


static int
prize_revoked_lines(prize_revoked_t *revoked, size_t len,
    prize_revoked_error_t *error)
{
    unsigned     line;
    const char  *pos, *end, *last;

    static const char  mark[] = "\xef\xbb\xbf";

    pos = revoked->text;
    last = pos + len;

    if (len >= sizeof(mark) - 1 && memcmp(pos, mark, sizeof(mark) - 1) == 0) {
        pos += sizeof(mark) - 1;
    }

    for (line = 1; pos < last; line++) {

        end = memchr(pos, '\n', last - pos);
        if (end == NULL) {
            end = last;
        }

        if (prize_revoked_line(revoked, pos, end, line, error) == -1) {
            return -1;
        }

        pos = end + 1;
    }

    if (revoked->n) {
        qsort(revoked->list, revoked->n, sizeof(prize_str_t),
              prize_revoked_order);
    }

    return 0;
}


prize_revoked_t *
prize_revoked_parse(const char *text, size_t len,
    prize_revoked_error_t *error)
{
    prize_revoked_t  *revoked;

    revoked = calloc(1, sizeof(prize_revoked_t));

    if (revoked) {
        revoked->text = malloc(len + 1);
    }

    if (revoked == NULL || revoked->text == NULL) {
        prize_revoked_error(error, 0, "out of memory");
        free(revoked);
        return NULL;
    }

    memcpy(revoked->text, text, len);

    if (prize_revoked_lines(revoked, len, error) == -1) {
        prize_revoked_destroy(revoked);
        return NULL;
    }

    return revoked;
}


void
prize_revoked_destroy(prize_revoked_t *revoked)
{
    if (revoked == NULL) {
        return;
    }

    free(revoked->list);
    free(revoked->text);
    free(revoked);
}


int
prize_revoked_find(const prize_revoked_t *revoked, const prize_str_t *id)
{
    return revoked->n
           && bsearch(id, revoked->list, revoked->n, sizeof(prize_str_t),
                      prize_revoked_order);
}
