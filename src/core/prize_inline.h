
/*
 * The styles and scripts that stand in a page itself, for a policy that
 * names them by their hashes, and the first thing in the page that no hash
 * can stand for.
 */

#ifndef _PRIZE_INLINE_H_INCLUDED_
#define _PRIZE_INLINE_H_INCLUDED_


#include <stddef.h>


/* places are offsets in the static text of the page, all of it in a row */

typedef struct {
    size_t           start;
    size_t           end;
    unsigned         script:1;  /* else a style */
} prize_inline_t;


typedef struct {
    prize_inline_t  *list;
    unsigned         n;
    unsigned         allocated;

    const char      *fault;     /* what no hash covers, or NULL */
    size_t           fault_at;
} prize_inlines_t;


/* -1 without memory */
int prize_inlines_add(prize_inlines_t *inlines, size_t start, size_t end,
    unsigned script);

/* the first fault stays */
void prize_inlines_fault(prize_inlines_t *inlines, size_t at,
    const char *fault);

void prize_inlines_destroy(prize_inlines_t *inlines);


#endif /* _PRIZE_INLINE_H_INCLUDED_ */
