
/*
 * The trees that a page may have at one place: one for each way that its
 * sections may fall, as far as it makes a difference, and one for a browser
 * with scripts and one without (<noscript>).
 *
 * A tree knows of which fields it takes for granted that they are true or
 * false.  Trees that are the same are one.
 */

#ifndef _PRIZE_TREES_H_INCLUDED_
#define _PRIZE_TREES_H_INCLUDED_


#include "prize_tree.h"


/* a page whose sections make more at one place is refused */
#define PRIZE_TREES  32


typedef struct {
    uint64_t         known;     /* a bit for each field */
    uint64_t         truth;     /* of these */
    prize_tree_t     tree;
} prize_branch_t;


typedef struct {
    prize_branch_t  *list;
    unsigned         n;
    unsigned         allocated;
    unsigned         never:1;   /* the text in the section is never shown */
} prize_trees_t;


/* one tree, at the start of a document; -1 without memory */
int prize_trees_init(prize_trees_t *trees);
void prize_trees_destroy(prize_trees_t *trees);

/*
 * As those of one tree.  They end where what follows would be another kind of
 * text in one tree than in another.
 */
const char *prize_trees_start(prize_trees_t *trees,
    const prize_token_t *token, prize_content_e *content);
const char *prize_trees_end(prize_trees_t *trees, const prize_token_t *token);
const char *prize_trees_text(prize_trees_t *trees, unsigned space);
const char *prize_trees_value(prize_trees_t *trees);
const char *prize_trees_comment(prize_trees_t *trees);
const char *prize_trees_doctype(prize_trees_t *trees, prize_maybe_e quirks);

/* may what follows be the first of the page? */
int prize_trees_are_at_start(const prize_trees_t *trees);

prize_maybe_e prize_trees_is_foreign(const prize_trees_t *trees);
int prize_trees_is_plain(const prize_trees_t *trees);

/* is this the text of a <noscript>, where scripts run? */
int prize_trees_in_noscript(const prize_trees_t *trees);

/*
 * A section's text begins, which is shown if the field is "truth": those for
 * which it is not are kept in "others", to be given to prize_trees_close(),
 * or destroyed.  A field is its index.
 */
const char *prize_trees_open(prize_trees_t *trees, prize_trees_t *others,
    unsigned field, unsigned truth);
const char *prize_trees_close(prize_trees_t *trees, prize_trees_t *others);


#endif /* _PRIZE_TREES_H_INCLUDED_ */
