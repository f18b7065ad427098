
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_progress.h"


void
prizectl_error(const char *fmt, ...)
{
    va_list  args;

    prizectl_progress_hide();

    fprintf(stderr, "prizectl: ");

    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);

    fputc('\n', stderr);
}


void
prizectl_option_error(int option, char **argv)
{
    if (option == ':') {
        prizectl_error("\"%s\" wants a value, see \"prizectl %s --help\"",
                       argv[optind - 1], argv[0]);

    } else if (optopt > ' ') {
        prizectl_error("unknown option \"-%c\", see \"prizectl %s --help\"",
                       optopt, argv[0]);

    } else {
        prizectl_error("unknown option \"%s\", see \"prizectl %s --help\"",
                       argv[optind - 1], argv[0]);
    }
}


int
prizectl_print(const char *text)
{
    (void) fputs(text, stdout);

    return prizectl_flush();
}


int
prizectl_flush(void)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        prizectl_error("cannot write to standard output: %s",
                       strerror(errno));
        return PRIZECTL_FAILED;
    }

    return PRIZECTL_DONE;
}


/* the bytes of the UTF-8 character at "p", or 0 if there is none */

static size_t
prizectl_json_character(const unsigned char *p, size_t len)
{
    size_t  i, n;

    n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2
        : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

    if (n > len) {
        return 0;
    }

    for (i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }

    /* too long a form, a surrogate, beyond Unicode */

    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)
        || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
    {
        return 0;
    }

    return n;
}


void
prizectl_json_string(const char *data, size_t len)
{
    size_t                n;
    const unsigned char  *p, *end;

    p = (const unsigned char *) data;
    end = p + len;

    putchar('"');

    while (p < end) {
        n = prizectl_json_character(p, end - p);

        if (n == 0) {
            printf("\\ufffd");
            n = 1;

        } else if (*p < 0x20 || *p == '"' || *p == '\\') {
            printf("\\u%04x", *p);

        } else {
            (void) fwrite(p, 1, n, stdout);
        }

        p += n;
    }

    putchar('"');
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
