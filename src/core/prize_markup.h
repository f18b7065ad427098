
/*
 * Where in an HTML document the static text of a page stands, so that a field
 * is refused where escaping does not protect.
 *
 * The machine follows the tokenizer of the HTML standard through the static
 * text of a page in source order, through every section's body as well.  At
 * the end of a body the place must be the one where the body began (or one
 * from which all further text leads to the same places), so whichever
 * sections are shown, a field stands where the machine has seen it.  A raw
 * field is trusted to hold whole elements.
 *
 * The tree is not built: foreign content is what stands between <svg> or
 * <math> and its end tag.
 */

#ifndef _PRIZE_MARKUP_H_INCLUDED_
#define _PRIZE_MARKUP_H_INCLUDED_


#include <stddef.h>

#include "prize_inline.h"


/* longer than any name that matters, and than any mark that ends something */
#define PRIZE_MARKUP_NAME  16


typedef struct prize_markup_s          prize_markup_t;
typedef struct prize_markup_element_s  prize_markup_element_t;

/* takes one byte of static text; NULL, or what is wrong with it */
typedef const char *(*prize_markup_step_pt)(prize_markup_t *markup, int ch);


/* a name or a tail in lower case; len is of what was seen, up to the limit */

typedef struct {
    size_t                         len;
    char                           data[PRIZE_MARKUP_NAME];
} prize_markup_name_t;


struct prize_markup_s {
    prize_markup_step_pt           step;
    const prize_markup_element_t  *element;  /* whose text is no markup */
    prize_markup_name_t            tag;      /* the tag being read */
    prize_markup_name_t            attribute;
    prize_markup_name_t            tail;     /* last bytes since a tag {{}} */
    unsigned                       kind;     /* of the attribute */
    int                            quote;    /* of its value */
    unsigned                       url;      /* its scheme, as far as seen */
    prize_markup_name_t            scheme;
    unsigned                       foreign;  /* depth of <svg> and <math> */
    size_t                         offset;   /* static bytes before this one */
    size_t                         start;    /* of the element's text */
    size_t                         name;     /* of the attribute */
    prize_inlines_t               *inlines;
    unsigned                       end:1;    /* the tag is an end tag */
    unsigned                       escaped:1;    /* <!-- in a script */
    unsigned                       doubled:1;    /* and <script> in that */
};


/* what policies have to know of the page is added to "inlines" */
void prize_markup_init(prize_markup_t *markup, prize_inlines_t *inlines);

/*
 * Each returns NULL, or a text that says what is wrong here and what was
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
