
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "prize_lines.h"


int
prize_lines_next(prize_lines_t *lines, prize_str_t *text)
{
    const char  *end;

    if (lines->pos >= lines->last) {
        return 0;
    }

    end = memchr(lines->pos, '\n', lines->last - lines->pos);

    text->data = lines->pos;
    text->len = (end ? end : lines->last) - lines->pos;

    lines->pos = end ? end + 1 : lines->last;
    lines->line++;

    if (text->len && text->data[text->len - 1] == '\r') {
        text->len--;
    }

    return 1;
}


int
prize_lines_error(prize_lines_error_t *error, unsigned line, const char *fmt,
    ...)
{
    va_list  args;

    error->line = line;

    va_start(args, fmt);
    (void) vsnprintf(error->text, sizeof(error->text), fmt, args);
    va_end(args);

    return -1;
}
