
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "prizectl.h"


void
prizectl_error(const char *fmt, ...)
{
    va_list  args;

    fprintf(stderr, "prizectl: ");

    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);

    fputc('\n', stderr);
}


char *
prizectl_quote(char dst[PRIZECTL_QUOTE_LEN], const char *data, size_t len)
{
    char           *p, *last;
    size_t          i;
    unsigned char   ch;

    p = dst;
    *p++ = '"';

    /* one byte may become \xNN; then come dots, a quote and a NUL */

    last = dst + PRIZECTL_QUOTE_LEN - (4 + 3 + 1 + 1);

    for (i = 0; i < len && p <= last; i++) {
        ch = data[i];

        if (ch < 0x20 || ch == 0x7f || ch == '"' || ch == '\\') {
            p += sprintf(p, "\\x%02x", ch);

        } else {
            *p++ = ch;
        }
    }

    if (i < len) {

        /* half a UTF-8 character is none */

        while (i && ((unsigned char) data[i] & 0xc0) == 0x80
               && (unsigned char) p[-1] >= 0x80)
        {
            i--;
            p--;
        }

        p = stpcpy(p, "...");
    }

    *p++ = '"';
    *p = '\0';

    return dst;
}
