
/*
 * A page compiled from a text, with what is wrong with it: for what tests
 * prize_template and the rooms below it.
 */

#ifndef _COMPILE_H_INCLUDED_
#define _COMPILE_H_INCLUDED_


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prize_template.h"
#include "tap.h"


typedef struct {
    const char             *page;
    unsigned                line;
    unsigned                column;
    const char             *text;      /* a part of it */
} error_case_t;


static prize_fields_t          fields;
static prize_template_error_t  error;


static prize_template_t *
compile_bytes(const char *source, size_t len)
{
    char              *copy;
    prize_template_t  *page;

    static const prize_str_t               raw[] = { { 1, "r" } };
    static const prize_template_options_t  options = { "page.html", raw, 1 };

    prize_fields_destroy(&fields);

    if (prize_fields_init(&fields) != 0) {
        return NULL;
    }

    /* gone afterwards: a page owns what it needs */

    copy = tap_alloc(len);

    if (len) {
        memcpy(copy, source, len);
    }

    page = prize_template_compile(copy, len, &fields, &options, &error);

    free(copy);

    return page;
}


static prize_template_t *
compile(const char *source)
{
    return compile_bytes(source, strlen(source));
}


static void
check_errors(const error_case_t *test, size_t n)
{
    prize_template_t  *page;

    for ( ; n; n--, test++) {
        page = compile(test->page);

        if (!ok(page == NULL && error.line == test->line
                && error.column == test->column
                && strstr(error.text, test->text) != NULL,
                "%.70s: %u:%u: ...%s...", test->page, test->line,
                test->column, test->text)
            && page == NULL)
        {
            printf("# got: %u:%u: %s\n", error.line, error.column,
                   error.text);
        }

        prize_template_destroy(page);
    }
}


#endif /* _COMPILE_H_INCLUDED_ */
