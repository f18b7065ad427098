
/*
 * What policies have to know of a page: the styles and scripts that stand in
 * it, which are named by their hashes; the first thing in it that no hash can
 * stand for; what it loads or submits to; and the policies that it has itself.
 *
 * Places are offsets in the static text of the page, all of it in a row.
 */

#ifndef _PRIZE_INLINE_H_INCLUDED_
#define _PRIZE_INLINE_H_INCLUDED_


#include <stddef.h>

#include "prize_name.h"


/* a page that loads more has had enough warnings */
#define PRIZE_INLINE_LOADS  256


/* as a policy tells them apart (prize_policy_load.h) */

typedef enum {
    PRIZE_LOAD_IMAGE = 0,
    PRIZE_LOAD_ELEMENT,         /* of SVG; behind a # alone, the page's own */
    PRIZE_LOAD_MEDIA,
    PRIZE_LOAD_SCRIPT,
    PRIZE_LOAD_STYLE,
    PRIZE_LOAD_FONT,
    PRIZE_LOAD_FRAME,
    PRIZE_LOAD_OBJECT,
    PRIZE_LOAD_CONNECT,
    PRIZE_LOAD_MANIFEST,
    PRIZE_LOAD_FORM,
    PRIZE_LOAD_BASE,
    PRIZE_LOAD_LINK,            /* as rel= and as= say */
    PRIZE_LOAD_POLICY           /* none: the page's own policy */
} prize_load_kind_e;


typedef struct {
    prize_load_kind_e   kind;
    const char         *what;       /* <img src> */
    size_t              at;         /* an offset in the source */
    size_t              start;      /* of the URL, up to the first tag in it */
    size_t              end;
    unsigned            line;       /* from 1; 0: not known yet */
    unsigned            column;
} prize_load_t;


typedef struct {
    size_t              start;
    size_t              end;
    unsigned            script:1;   /* else a style */
} prize_inline_t;


typedef struct {
    prize_inline_t     *list;
    unsigned            n;
    unsigned            allocated;

    prize_load_t       *loads;
    unsigned            nloads;

    const char         *fault;      /* what no hash covers, or NULL */
    size_t              fault_at;
} prize_inlines_t;


/* -1 without memory */
int prize_inlines_add(prize_inlines_t *inlines, size_t start, size_t end,
    unsigned script);
int prize_inlines_load(prize_inlines_t *inlines, const prize_load_t *load);

/* the first fault stays */
void prize_inlines_fault(prize_inlines_t *inlines, size_t at,
    const char *fault);

void prize_inlines_destroy(prize_inlines_t *inlines);


#endif /* _PRIZE_INLINE_H_INCLUDED_ */
