
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
    prize_lines_error_t *error)
{
    size_t  i;

    for (i = 0; i < id->len; i++) {

        if (!prize_id_allowed(id->data[i])) {
            return prize_lines_error(error, line, "the byte 0x%02x in "
                                     "column %zu is in no ID: want an ID "
                                     "a line, of A-Z a-z 0-9 . _ @ -",
                                     (unsigned char) id->data[i],
                                     column + i);
        }
    }

    if (id->len > PRIZE_SIGNATURE_ID_MAX) {
        return prize_lines_error(error, line, "an ID has at most %d bytes",
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
prize_revoked_line(prize_revoked_t *revoked, const prize_str_t *text,
    unsigned line, prize_lines_error_t *error)
{
    const char   *end;
    prize_str_t   id;

    id.data = text->data;
    end = text->data + text->len;

    while (end > id.data && prize_revoked_space(end[-1])) {
        end--;
    }

    while (id.data < end && prize_revoked_space(*id.data)) {
        id.data++;
    }

    id.len = end - id.data;

    if (id.len == 0 || id.data[0] == '#') {
        return 0;
    }

    if (prize_revoked_check(&id, line, id.data - text->data + 1, error)
        == -1)
    {
        return -1;
    }

    return prize_revoked_add(revoked, &id) == 0
           ? 0 : prize_lines_error(error, 0, "out of memory");
}


static int
prize_revoked_lines(prize_revoked_t *revoked, size_t len,
    prize_lines_error_t *error)
{
    prize_str_t    line;
    prize_lines_t  lines;

    static const char  mark[] = "\xef\xbb\xbf";

    lines.pos = revoked->text;
    lines.last = revoked->text + len;
    lines.line = 0;

    if (len >= sizeof(mark) - 1
        && memcmp(lines.pos, mark, sizeof(mark) - 1) == 0)
    {
        lines.pos += sizeof(mark) - 1;
    }

    while (prize_lines_next(&lines, &line)) {

        if (prize_revoked_line(revoked, &line, lines.line, error) == -1) {
            return -1;
        }
    }

    if (revoked->n) {
        qsort(revoked->list, revoked->n, sizeof(prize_str_t),
              prize_revoked_order);
    }

    return 0;
}


prize_revoked_t *
prize_revoked_parse(const char *text, size_t len,
    prize_lines_error_t *error)
{
    prize_revoked_t  *revoked;

    revoked = calloc(1, sizeof(prize_revoked_t));

    if (revoked) {
        revoked->text = malloc(len + 1);
    }

    if (revoked == NULL || revoked->text == NULL) {
        prize_lines_error(error, 0, "out of memory");
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
