
/*
 * A unit test is a program: it prints TAP and exits 0 if all went well.
 */

#ifndef _TAP_H_INCLUDED_
#define _TAP_H_INCLUDED_


#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>


#define tap_nitems(list)  (sizeof(list) / sizeof((list)[0]))


static unsigned  tap_tests;
static unsigned  tap_failures;


__attribute__((format(printf, 2, 3)))
static int
ok(int passed, const char *fmt, ...)
{
    char            text[512];
    va_list         args;
    unsigned char  *p;

    va_start(args, fmt);
    (void) vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    tap_tests++;
    tap_failures += !passed;

    printf("%sok %u - ", passed ? "" : "not ", tap_tests);

    /* one line of text, whatever the test is about */

    for (p = (unsigned char *) text; *p; p++) {
        printf(*p < ' ' || *p >= 0x7f ? "\\x%02x" : "%c", *p);
    }

    printf("\n");

    return passed;
}


/* of just that size, so that a sanitizer sees a byte too many */

static inline void *
tap_alloc(size_t size)
{
    void  *p;

    p = malloc(size);

    if (p == NULL && size) {
        abort();
    }

    return p;
}


static int
tap_done(void)
{
    printf("1..%u\n", tap_tests);

    return tap_failures || tap_tests == 0;
}


#endif /* _TAP_H_INCLUDED_ */
