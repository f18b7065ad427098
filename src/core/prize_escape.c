
#include <stdint.h>
#include <string.h>

#include "prize_escape.h"


/* what the bytes that cannot stand for themselves are written as, from 1 */

static const unsigned char  prize_special[256] = {
    ['&'] = 1, ['<'] = 2, ['>'] = 3, ['"'] = 4, ['\''] = 5,
    [0xfe] = 6, [0xff] = 6
};

static const prize_str_t  prize_escapes[] = {
    { 0, NULL },
    { 5, "&amp;" },
    { 4, "&lt;" },
    { 4, "&gt;" },
    { 6, "&quot;" },
    { 5, "&#39;" },
    { 3, "\xef\xbf\xbd" }
};


/* a byte of a word is zero, or is "byte" where "mask" counts */

#define PRIZE_BYTES             0x0101010101010101ULL
#define prize_word_zero(w)      (((w) - PRIZE_BYTES) & ~(w) & PRIZE_BYTES << 7)
#define prize_word_has(w, mask, byte)                                         \
    prize_word_zero(((w) & PRIZE_BYTES * (mask)) ^ PRIZE_BYTES * (byte))


/* how many bytes stand for themselves, up to the first that does not */

static size_t
prize_escape_run(const char *p, size_t len)
{
    size_t    i;
    uint64_t  word;

    /* eight at a time: three of them differ from another in one bit only */

    for (i = 0; len - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        memcpy(&word, p + i, sizeof(uint64_t));

        if (prize_word_has(word, 0xfe, '&') || prize_word_has(word, 0xfd, '<')
            || prize_word_has(word, 0xff, '"')
            || prize_word_has(word, 0xfe, 0xfe))
        {
            break;
        }
    }

    while (i < len && prize_special[(unsigned char) p[i]] == 0) {
        i++;
    }

    return i;
}


size_t
prize_escaped_length(const prize_str_t *value)
{
    size_t         i, len;
    unsigned char  special;

    len = value->len;

    for (i = prize_escape_run(value->data, value->len); i < value->len; i++) {
        special = prize_special[(unsigned char) value->data[i]];

        if (special) {
            len += prize_escapes[special].len - 1;
        }
    }

    return len;
}


char *
prize_escape(char *dst, const prize_str_t *value)
{
    size_t              n;
    const char         *p, *end;
    const prize_str_t  *escape;

    p = value->data;
    end = p + value->len;

    for ( ;; ) {
        n = prize_escape_run(p, end - p);

        memcpy(dst, p, n);
        dst += n;
        p += n;

        if (p == end) {
            return dst;
        }

        escape = &prize_escapes[prize_special[(unsigned char) *p++]];

        memcpy(dst, escape->data, escape->len);
        dst += escape->len;
    }
}
