
/* vasprintf() */
#define _GNU_SOURCE

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prize_text.h"
#include "prizectl.h"
#include "prizectl_progress.h"


/* a terminal would obey it, or there is no character: a byte of C1 could be */

static int
prizectl_control(const unsigned char *p, size_t n)
{
    return n == 0 || p[0] < 0x20 || p[0] == 0x7f
           || (n == 2 && p[0] == 0xc2 && p[1] < 0xa0);
}


/*
 * The number of the character, if nobody sees it: two values that look alike
 * differ by it.  Else 0.  Spaces are among them, but for that of ASCII.
 */

static unsigned
prizectl_invisible(const unsigned char *p, size_t n)
{
    size_t    i;
    unsigned  ch;

    static const struct {
        unsigned  first;
        unsigned  last;
    } ranges[] = {
        { 0xa0, 0xa0 }, { 0xad, 0xad }, { 0x2000, 0x200f },
        { 0x2028, 0x202f }, { 0x205f, 0x206f }, { 0x3000, 0x3000 },
        { 0xfeff, 0xfeff }
    };

    if (n != 2 && n != 3) {
        return 0;
    }

    ch = n == 2 ? (p[0] & 0x1f) << 6 | (p[1] & 0x3f)
                : (p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);

    for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (ch >= ranges[i].first && ch <= ranges[i].last) {
            return ch;
        }
    }

    return 0;
}


/* somebody else's words are in it, libpq's with their line ends */

static void
prizectl_error_text(const char *text)
{
    size_t                i, n;
    const unsigned char  *p, *end;

    p = (const unsigned char *) text;

    for (end = p + strlen(text); p < end; p += n) {
        n = prize_text_utf8((const char *) p, end - p);

        if (!prizectl_control(p, n) || *p == '\n' || *p == '\t') {
            (void) fwrite(p, 1, n, stderr);
            continue;
        }

        n = n ? n : 1;

        for (i = 0; i < n; i++) {
            fprintf(stderr, "\\x%02x", p[i]);
        }
    }
}


void
prizectl_error(const char *fmt, ...)
{
    char     *text;
    va_list   args;

    prizectl_progress_hide();

    fprintf(stderr, "prizectl: ");

    va_start(args, fmt);

    if (vasprintf(&text, fmt, args) == -1) {
        text = NULL;
    }

    va_end(args);

    prizectl_error_text(text ? text : fmt);

    free(text);

    fputc('\n', stderr);
}


int
prizectl_outcome(int rc, int partly, unsigned long long done,
    const char *unit, const char **word)
{
    prizectl_progress_hide();

    if (rc == 0 && !prizectl_interrupted) {
        *word = "done";
        return PRIZECTL_DONE;
    }

    *word = prizectl_interrupted ? "interrupted" : "failed";

    if (partly || prizectl_interrupted) {
        prizectl_error("%s after %llu %s", *word, done, unit);
    }

    return prizectl_interrupted ? PRIZECTL_INTERRUPTED : PRIZECTL_FAILED;
}


int
prizectl_flush(void)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        prizectl_error("cannot write to standard output: %s",
                       strerror(errno));
        clearerr(stdout);
        return PRIZECTL_FAILED;
    }

    return PRIZECTL_DONE;
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
        n = prize_text_utf8((const char *) p, end - p);

        if (n == 0) {
            printf("\\ufffd");
            n = 1;

        } else if (prizectl_control(p, n) || *p == '"' || *p == '\\') {
            printf("\\u%04x", p[n - 1]);

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
    char                 *to, *last;
    size_t                n;
    unsigned              ch;
    const unsigned char  *p, *end;

    to = dst;
    *to++ = '"';

    /* two bytes may become \xNN each; then come dots, a quote and a NUL */

    last = dst + PRIZECTL_QUOTE_LEN - (8 + 3 + 1 + 1);

    p = (const unsigned char *) data;
    end = p + len;

    while (p < end && to <= last) {
        n = prize_text_utf8((const char *) p, end - p);
        ch = prizectl_invisible(p, n);

        if (ch) {
            to += sprintf(to, "\\u%04x", ch);
            p += n;
            continue;
        }

        if (!prizectl_control(p, n) && *p != '"' && *p != '\\') {
            memcpy(to, p, n);
            to += n;
            p += n;
            continue;
        }

        to += sprintf(to, "\\x%02x", *p++);

        if (n == 2) {
            to += sprintf(to, "\\x%02x", *p++);
        }
    }

    if (p < end) {
        to = stpcpy(to, "...");
    }

    *to++ = '"';
    *to = '\0';

    return dst;
}
