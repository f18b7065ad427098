
/*
 * The rules of the insertion modes (13.2.6.4), for the three rooms that the
 * tree construction is made of: "in body" and what is common to it and to "in
 * head", all modes, and what chooses between them and foreign content.  Nobody
 * else includes it.
 */

#ifndef _PRIZE_TREE_RULES_H_INCLUDED_
#define _PRIZE_TREE_RULES_H_INCLUDED_


#include "prize_tree.h"


const char *prize_tree_insert(prize_tree_t *tree, const prize_token_t *token);

/* an element that no tag of the page names */
const char *prize_tree_insert_implied(prize_tree_t *tree, unsigned element);

/* "reset the insertion mode appropriately" (13.2.4.1) */
void prize_tree_reset_mode(prize_tree_t *tree);

int prize_tree_has_template(const prize_tree_t *tree);
void prize_tree_end_template(prize_tree_t *tree);

/* base, link, meta, script, style, template, title, ..., of "in head" */
const char *prize_tree_metadata_start(prize_tree_t *tree,
    const prize_token_t *token);

/* where scripts run, its text is no markup */
const char *prize_tree_noscript_start(prize_tree_t *tree);

const char *prize_tree_body_start(prize_tree_t *tree,
    const prize_token_t *token);
const char *prize_tree_body_end(prize_tree_t *tree,
    const prize_token_t *token);

/* "anything else" of a mode before "in body" */
const char *prize_tree_advance(prize_tree_t *tree);

/* "using the rules for the current insertion mode" */
const char *prize_tree_html_start(prize_tree_t *tree,
    const prize_token_t *token);
const char *prize_tree_html_end(prize_tree_t *tree,
    const prize_token_t *token);


#endif /* _PRIZE_TREE_RULES_H_INCLUDED_ */
