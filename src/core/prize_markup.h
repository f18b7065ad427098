
/*
 * What may stand where in an HTML document: a field is refused where escaping
 * does not protect, and what no policy can allow is told.
 *
 * prize_html goes through the static text of a page in source order, through
 * every section's body as well.  At the end of a body the place must be the
 * one where the body began (or one from which all further text leads to the
 * same places), so whichever sections are shown, a field stands where the
 * machine has seen it.  A raw field is trusted to hold whole elements.
 */

#ifndef _PRIZE_MARKUP_H_INCLUDED_
#define _PRIZE_MARKUP_H_INCLUDED_


#include <stddef.h>

#include "prize_html.h"
#include "prize_inline.h"


/* owns nothing; a copy is the place where it was made */

typedef struct {
    prize_html_t        html;       /* first: its reports find the markup */
    unsigned            kind;       /* of the value that it is in */
    unsigned            url;        /* its scheme, as far as seen */
    prize_html_name_t   scheme;
    prize_inlines_t    *inlines;
    const char         *fault;      /* of the last byte, or NULL */
} prize_markup_t;


/*
 * What policies have to know of the page is added to "inlines", which stays
 * the caller's and outlives the markup.
 */
void prize_markup_init(prize_markup_t *markup, prize_inlines_t *inlines);

/*
 * Static text, a field, and where a section's body begins or ends.  Each
 * returns NULL, or a constant text that says what is wrong here and what was
 * expected; prize_markup_static() sets "n" to the bytes before the fault.
 */
const char *prize_markup_static(prize_markup_t *markup, const char *data,
    size_t len, size_t *n);
const char *prize_markup_field(prize_markup_t *markup, unsigned raw);
const char *prize_markup_section(prize_markup_t *markup);

/* "markup" is at the end of a section's body that began at "begin" */
const char *prize_markup_join(prize_markup_t *markup,
    const prize_markup_t *begin);

/* after the last byte of the page */
void prize_markup_done(prize_markup_t *markup);


#endif /* _PRIZE_MARKUP_H_INCLUDED_ */
