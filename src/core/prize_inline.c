
#include <stdlib.h>
#include <string.h>

#include "prize_inline.h"


int
prize_inlines_add(prize_inlines_t *inlines, size_t start, size_t end,
    unsigned script)
{
    unsigned         n;
    prize_inline_t  *list;

    if (inlines->n == inlines->allocated) {
        n = inlines->allocated ? 2 * inlines->allocated : 4;

        list = realloc(inlines->list, n * sizeof(prize_inline_t));
        if (list == NULL) {
            return -1;
        }

        inlines->list = list;
        inlines->allocated = n;
    }

    list = &inlines->list[inlines->n++];
    list->start = start;
    list->end = end;
    list->script = script;

    return 0;
}


int
prize_inlines_load(prize_inlines_t *inlines, const prize_load_t *load)
{
    if (inlines->nloads == PRIZE_INLINE_LOADS) {
        return 0;
    }

    if (inlines->loads == NULL) {
        inlines->loads = calloc(PRIZE_INLINE_LOADS, sizeof(prize_load_t));
        if (inlines->loads == NULL) {
            return -1;
        }
    }

    inlines->loads[inlines->nloads++] = *load;

    return 0;
}


void
prize_inlines_fault(prize_inlines_t *inlines, size_t at, const char *fault)
{
    if (inlines->fault == NULL) {
        inlines->fault = fault;
        inlines->fault_at = at;
    }
}


void
prize_inlines_destroy(prize_inlines_t *inlines)
{
    free(inlines->list);
    free(inlines->loads);
}
