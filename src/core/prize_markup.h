
/*
 * What may stand where in an HTML document: a field is refused where escaping
 * does not protect, and what no policy can allow is told.
 *
 * It goes through the static text of a page in source order, through every
 * section's body as well: the tokenizer (prize_html.h) in one state, the tree
 * construction in one for each way that the sections may fall (prize_trees.h).
 * At the end of a body the tokenizer must be where the body began, or where
 * all further text leads to the same places.  So, whichever sections are
 * shown, a field stands where it was seen.  A raw field is trusted to hold
 * whole elements.
 */

#ifndef _PRIZE_MARKUP_H_INCLUDED_
#define _PRIZE_MARKUP_H_INCLUDED_


#include <stddef.h>

#include "prize_html.h"
#include "prize_load.h"
#include "prize_place.h"
#include "prize_trees.h"


/* what is known of the tag that is being read; a copy is a state */

typedef struct {
    prize_place_t       place;      /* of the value being read */
    prize_url_t         url;
    prize_maybe_e       hidden;
    prize_maybe_e       font;
    prize_maybe_e       html_text;
    unsigned            type:1;     /* seen: of two nothing is known */
    unsigned            encoding:1;
    unsigned            plain:1;
    unsigned            pragma:1;   /* http-equiv, or a name as that */
    unsigned            content:1;  /* of a meta, with a field in it */
    size_t              content_at; /* where that stands in the source */
    unsigned            filled:1;   /* an attribute with a field in it */
    size_t              filled_at;
    prize_load_tag_t    loads;      /* last: it is long */
} prize_markup_tag_t;


/*
 * Of which frameworks the page has attributes, a bit for each, and the first
 * fields that they look into
 */

typedef struct {
    unsigned            seen;
    unsigned            text:1;
    unsigned            attribute:1;
    size_t              text_at;
    size_t              attribute_at;
} prize_markup_frameworks_t;


typedef struct {
    prize_html_t        html;       /* first: its reports find the markup */
    prize_markup_tag_t  tag;
    prize_markup_frameworks_t  frameworks;
    prize_trees_t       trees;
    prize_inlines_t    *inlines;

    size_t              source;     /* bytes of tags before this place */
    size_t              value_at;   /* of the first one in text */
    size_t              fault_at;   /* or PRIZE_MARKUP_HERE */
    unsigned            values:1;
    unsigned            noscript:1; /* text of one, where scripts run */
    unsigned            noscript_end;   /* bytes of its end tag */
} prize_markup_t;


#define PRIZE_MARKUP_HERE  ((size_t) -1)


/* where a section's body begins; its memory is the markup's to give back */

typedef struct {
    prize_html_t        html;
    prize_markup_tag_t  tag;
    prize_trees_t       others;
} prize_markup_begin_t;


/*
 * What policies have to know of the page is added to "inlines", which stays
 * the caller's and outlives the markup.  -1 without memory.
 */
int prize_markup_init(prize_markup_t *markup, prize_inlines_t *inlines);
void prize_markup_destroy(prize_markup_t *markup);

/*
 * Static text, a field, and where a section's body begins or ends; "at" is
 * where it stands in the source.  Each returns NULL, or a constant text that
 * says what is wrong and what was expected.  prize_markup_static() sets "n" to
 * the bytes before the fault, which may be one of a field before them: then
 * "fault_at" is the "at" that this one was given with.
 */
const char *prize_markup_static(prize_markup_t *markup, const char *data,
    size_t len, size_t at, size_t *n);
const char *prize_markup_field(prize_markup_t *markup, unsigned raw,
    size_t at);
const char *prize_markup_open(prize_markup_t *markup,
    prize_markup_begin_t *begin, unsigned field, unsigned truth);
const char *prize_markup_close(prize_markup_t *markup,
    prize_markup_begin_t *begin);
void prize_markup_begin_destroy(prize_markup_begin_t *begin);

/* could a front-end framework look into a value here? */
int prize_markup_is_open_to_frameworks(const prize_markup_t *markup);

/* after the last byte of the page: NULL, or what is wrong at "fault_at" */
const char *prize_markup_done(prize_markup_t *markup);

/* then: NULL, or what a framework of the page would run of the field "at" */
const char *prize_markup_notice(const prize_markup_t *markup, size_t *at);


#endif /* _PRIZE_MARKUP_H_INCLUDED_ */
