
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
