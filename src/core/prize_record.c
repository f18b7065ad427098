
#include <stdlib.h>
#include <string.h>

#include "prize_record.h"


#define prize_word(text)  { sizeof(text) - 1, text }

/* of a word that says no, with a full-width form as one byte */
#define PRIZE_WORD_MAX    9

/* of a character of white space */
#define PRIZE_SPACE_MAX   3


/* what says no, in lower case, beside nothing at all and any zero */

static const prize_str_t  prize_false_words[] = {
    prize_word("f"),
    prize_word("false"),
    prize_word("n"),
    prize_word("no"),
    prize_word("off"),
    prize_word("none"),
    prize_word("nil"),
    prize_word("null"),
    prize_word("n/a"),
    prize_word("#n/a"),
    prize_word("/"),
    prize_word("-"),
    prize_word("--"),
    prize_word("–"),
    prize_word("––"),
    prize_word("—"),
    prize_word("——"),
    prize_word("否"),
    prize_word("无"),
    prize_word("未"),
    prize_word("没有"),
    prize_word("暂无"),
    prize_word("不是"),
    prize_word("未中"),
    prize_word("未中奖"),
    prize_word("未获奖")
};


/* how each of these begins, or a zero, a full-width form, white space */

static const char  prize_false_bytes[] = "FfNnOo#/-+0 \t\n\v\f\r\xc2";

static const char  prize_false_pairs[] =
    "\xe2\x80" "\xe3\x80" "\xe4\xb8" "\xe5\x90" "\xe6\x97" "\xe6\x9a"
    "\xe6\x9c" "\xe6\xb2" "\xef\xbb" "\xef\xbc" "\xef\xbd";


int
prize_field_is_name(unsigned char ch)
{
    return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z')
           || (ch >= '0' && ch <= '9') || ch == '_' || ch == '-'
           || ch >= 0x80;
}


int
prize_fields_init(prize_fields_t *fields)
{
    memset(fields, 0, sizeof(prize_fields_t));

    return prize_fields_add(fields, "id", 2) == PRIZE_FIELD_ID ? 0 : -1;
}


int
prize_fields_add(prize_fields_t *fields, const char *name, size_t len)
{
    int             i;
    char           *copy;
    unsigned        n;
    prize_field_t  *list;

    i = prize_fields_find(fields, name, len);

    if (i != PRIZE_FIELD_NOT_FOUND) {
        return i;
    }

    if (fields->n == fields->allocated) {
        n = fields->allocated ? 2 * fields->allocated : 8;

        list = realloc(fields->list, n * sizeof(prize_field_t));
        if (list == NULL) {
            return -1;
        }

        fields->list = list;
        fields->allocated = n;
    }

    copy = malloc(len + 1);
    if (copy == NULL) {
        return -1;
    }

    memcpy(copy, name, len);
    copy[len] = '\0';

    memset(&fields->list[fields->n], 0, sizeof(prize_field_t));

    fields->list[fields->n].name.data = copy;
    fields->list[fields->n].name.len = len;

    return fields->n++;
}


int
prize_fields_find(const prize_fields_t *fields, const char *name, size_t len)
{
    unsigned  i;

    for (i = 0; i < fields->n; i++) {
        if (fields->list[i].name.len == len
            && memcmp(fields->list[i].name.data, name, len) == 0)
        {
            return i;
        }
    }

    return PRIZE_FIELD_NOT_FOUND;
}


void
prize_fields_destroy(prize_fields_t *fields)
{
    unsigned  i;

    for (i = 0; i < fields->n; i++) {
        free((char *) fields->list[i].name.data);
    }

    free(fields->list);
    memset(fields, 0, sizeof(prize_fields_t));
}


/* most prizes begin otherwise, and are told from a "no" at once */

static int
prize_value_may_be_no(const prize_str_t *value)
{
    size_t  i;

    if ((unsigned char) value->data[0] < 0xe0) {
        return memchr(prize_false_bytes, value->data[0],
                      sizeof(prize_false_bytes) - 1)
               != NULL;
    }

    for (i = 0; value->len > 1 && prize_false_pairs[i]; i += 2) {

        if (prize_false_pairs[i] == value->data[0]
            && prize_false_pairs[i + 1] == value->data[1])
        {
            return 1;
        }
    }

    return 0;
}


/* how long the white space is that these bytes begin with, or 0 */

static size_t
prize_value_space(const unsigned char *p, size_t len)
{
    switch (p[0]) {

    case ' ':
    case '\t':
    case '\n':
    case '\v':
    case '\f':
    case '\r':
        return 1;

    case 0xc2:
        /* U+00A0 */
        return (len >= 2 && p[1] == 0xa0) ? 2 : 0;

    case 0xe2:
        /* U+200B */
        return (len >= 3 && p[1] == 0x80 && p[2] == 0x8b) ? 3 : 0;

    case 0xe3:
        /* U+3000 */
        return (len >= 3 && p[1] == 0x80 && p[2] == 0x80) ? 3 : 0;

    case 0xef:
        /* U+FEFF */
        return (len >= 3 && p[1] == 0xbb && p[2] == 0xbf) ? 3 : 0;
    }

    return 0;
}


/* a cell of a spreadsheet is copied with what stands around it */

static void
prize_value_trim(prize_str_t *value)
{
    size_t                n;
    const unsigned char  *p, *end;

    p = (const unsigned char *) value->data;
    end = p + value->len;

    while (p < end && (n = prize_value_space(p, end - p)) != 0) {
        p += n;
    }

    value->data = (const char *) p;

    /* where the last character may begin */

    for (n = 1; n <= PRIZE_SPACE_MAX && n <= (size_t) (end - p); n++) {

        if (prize_value_space(end - n, n) == n) {
            end -= n;
            n = 0;
        }
    }

    value->len = end - p;
}


/* takes a byte off, in lower case, or a full-width form as what it means */

static unsigned char
prize_value_next(prize_str_t *value)
{
    size_t                n;
    unsigned char         ch;
    const unsigned char  *p;

    n = 1;
    p = (const unsigned char *) value->data;
    ch = p[0];

    /* U+FF01 to U+FF3F, and U+FF40 to U+FF5E */

    if (ch == 0xef && value->len >= 3) {

        if (p[1] == 0xbc && p[2] >= 0x81 && p[2] <= 0xbf) {
            ch = p[2] - 0x81 + '!';
            n = 3;

        } else if (p[1] == 0xbd && p[2] >= 0x80 && p[2] <= 0x9e) {
            ch = p[2] - 0x80 + '`';
            n = 3;
        }
    }

    value->data += n;
    value->len -= n;

    return (ch >= 'A' && ch <= 'Z') ? ch | 0x20 : ch;
}


/* [+-]?0+(\.0+)? */

static int
prize_value_is_zero(prize_str_t value)
{
    int            zeros, point;
    unsigned char  ch;

    zeros = 0;
    point = 0;
    ch = prize_value_next(&value);

    if ((ch == '+' || ch == '-') && value.len) {
        ch = prize_value_next(&value);
    }

    for ( ;; ) {

        if (ch == '0') {
            zeros = 1;

        } else if (ch == '.' && zeros && !point) {
            zeros = 0;
            point = 1;

        } else {
            return 0;
        }

        if (value.len == 0) {
            return zeros;
        }

        ch = prize_value_next(&value);
    }
}


static int
prize_value_is_no(prize_str_t value)
{
    char    word[PRIZE_WORD_MAX];
    size_t  i, len;

    if (value.len == 0) {
        return 0;
    }

    for (len = 0; value.len; len++) {

        if (len == PRIZE_WORD_MAX) {
            return 0;
        }

        word[len] = (char) prize_value_next(&value);
    }

    for (i = 0;
         i < sizeof(prize_false_words) / sizeof(prize_false_words[0]);
         i++)
    {
        if (len == prize_false_words[i].len
            && memcmp(word, prize_false_words[i].data, len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


int
prize_value_is_true(const prize_str_t *value)
{
    prize_str_t  text;

    text = *value;

    if (text.data == NULL || text.len == 0) {
        return 0;
    }

    if (!prize_value_may_be_no(&text)) {
        return 1;
    }

    prize_value_trim(&text);

    return text.len
           && !prize_value_is_zero(text)
           && !prize_value_is_no(text);
}
