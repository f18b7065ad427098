
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "prize_text.h"


void
prize_text_add(prize_text_t *text, const char *fmt, ...)
{
    int      n;
    char    *data;
    size_t   room;
    va_list  args;

    for ( ;; ) {

        if (text->failed) {
            return;
        }

        room = text->size - text->len;

        va_start(args, fmt);
        n = vsnprintf(text->data ? text->data + text->len : NULL, room, fmt,
                      args);
        va_end(args);

        if (n < 0) {
            text->failed = 1;
            return;
        }

        if ((size_t) n < room) {
            text->len += n;
            return;
        }

        data = realloc(text->data, 2 * text->size + n + 4096);
        if (data == NULL) {
            text->failed = 1;
            return;
        }

        text->data = data;
        text->size = 2 * text->size + n + 4096;
    }
}


int
prize_text_done(prize_text_t *text)
{
    if (text->failed) {
        free(text->data);
        text->data = NULL;
        return -1;
    }

    return 0;
}


size_t
prize_text_utf8(const char *text, size_t len)
{
    size_t                i, n;
    unsigned char         low, high;
    const unsigned char  *p;

    p = (const unsigned char *) text;

    low = 0x80;
    high = 0xbf;

    if (p[0] < 0x80) {
        return 1;

    } else if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        n = 2;

    } else if (p[0] >= 0xe0 && p[0] <= 0xef) {
        n = 3;
        low = (p[0] == 0xe0) ? 0xa0 : 0x80;
        high = (p[0] == 0xed) ? 0x9f : 0xbf;

    } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        n = 4;
        low = (p[0] == 0xf0) ? 0x90 : 0x80;
        high = (p[0] == 0xf4) ? 0x8f : 0xbf;

    } else {
        return 0;
    }

    if (len < n || p[1] < low || p[1] > high) {
        return 0;
    }

    for (i = 2; i < n; i++) {
        if (p[i] < 0x80 || p[i] > 0xbf) {
            return 0;
        }
    }

    return n;
}
