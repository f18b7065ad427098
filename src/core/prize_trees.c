
#include <stdlib.h>
#include <string.h>

#include "prize_trees.h"


/* the bit that says whether scripts run; each below it is a field's */
#define PRIZE_TREES_SCRIPTING  63


static const char *
prize_trees_no_memory(void)
{
    return "not enough memory";
}


static void
prize_branch_copy(prize_branch_t *dst, const prize_branch_t *src)
{
    dst->known = src->known;
    dst->truth = src->truth;
    prize_tree_copy(&dst->tree, &src->tree);
}


/* room for one more behind the others; -1 without memory */

static int
prize_trees_grow(prize_trees_t *trees)
{
    unsigned         n;
    prize_branch_t  *list;

    if (trees->n < trees->allocated) {
        return 0;
    }

    n = trees->allocated ? 2 * trees->allocated : 1;

    list = realloc(trees->list, n * sizeof(prize_branch_t));
    if (list == NULL) {
        return -1;
    }

    trees->list = list;
    trees->allocated = n;

    return 0;
}


/* copies of those of another */

static int
prize_trees_add(prize_trees_t *trees, const prize_trees_t *more)
{
    unsigned  i;

    for (i = 0; i < more->n; i++) {
        if (prize_trees_grow(trees) == -1) {
            return -1;
        }

        prize_branch_copy(&trees->list[trees->n++], &more->list[i]);
    }

    return 0;
}


static void
prize_trees_remove(prize_trees_t *trees, unsigned i)
{
    trees->n--;

    if (i != trees->n) {
        prize_branch_copy(&trees->list[i], &trees->list[trees->n]);
    }
}


/* of two that are the same one stays, and knows what both know */

static void
prize_trees_merge(prize_trees_t *trees)
{
    unsigned         i, k;
    prize_branch_t  *one, *two;

    for (i = 0; i < trees->n; i++) {
        for (k = trees->n - 1; k > i; k--) {
            one = &trees->list[i];
            two = &trees->list[k];

            if (!prize_tree_same(&one->tree, &two->tree)) {
                continue;
            }

            one->known &= two->known & ~(one->truth ^ two->truth);
            one->truth &= one->known;
            prize_trees_remove(trees, k);
        }
    }
}


int
prize_trees_init(prize_trees_t *trees)
{
    prize_branch_t  *branch;

    memset(trees, 0, sizeof(prize_trees_t));

    branch = calloc(1, sizeof(prize_branch_t));
    if (branch == NULL) {
        return -1;
    }

    prize_tree_init(&branch->tree);

    trees->list = branch;
    trees->n = 1;
    trees->allocated = 1;

    return 0;
}


void
prize_trees_destroy(prize_trees_t *trees)
{
    free(trees->list);
    memset(trees, 0, sizeof(prize_trees_t));
}


static const char *
prize_trees_check(const prize_trees_t *trees)
{
    return trees->n > PRIZE_TREES
           ? "sections that leave too many elements open or not: expected "
             "each to hold whole elements"
           : NULL;
}


/* for a browser with scripts, and one without */

static const char *
prize_trees_split_scripting(prize_trees_t *trees)
{
    unsigned         i, n;
    uint64_t         bit;
    prize_branch_t  *branch;

    bit = (uint64_t) 1 << PRIZE_TREES_SCRIPTING;
    n = trees->n;

    for (i = 0; i < n; i++) {
        if (trees->list[i].known & bit) {
            continue;
        }

        if (prize_trees_grow(trees) == -1) {
            return prize_trees_no_memory();
        }

        branch = &trees->list[trees->n++];
        trees->list[i].known |= bit;
        prize_branch_copy(branch, &trees->list[i]);
        branch->truth |= bit;
    }

    for (i = 0; i < trees->n; i++) {
        trees->list[i].tree.scripting = (trees->list[i].truth & bit) != 0;
    }

    return prize_trees_check(trees);
}


static const char *
prize_trees_each(prize_trees_t *trees, const char *(*tell)(prize_tree_t *tree))
{
    unsigned     i;
    const char  *fault;

    for (i = 0; i < trees->n; i++) {
        fault = tell(&trees->list[i].tree);
        if (fault) {
            return fault;
        }
    }

    return NULL;
}


const char *
prize_trees_start(prize_trees_t *trees, const prize_token_t *token,
    prize_content_e *content)
{
    unsigned       i, n;
    const char    *fault;
    prize_tree_t  *tree;

    if (token->node.element == PRIZE_E_NOSCRIPT) {
        fault = prize_trees_split_scripting(trees);
        if (fault) {
            return fault;
        }
    }

    n = 0;
    *content = PRIZE_CONTENT_DATA;

    for (i = 0; i < trees->n; i++) {
        tree = &trees->list[i].tree;

        fault = prize_tree_start(tree, token);
        if (fault) {
            return fault;
        }

        if (tree->text == PRIZE_TREE_TEXT_NOSCRIPT) {
            continue;
        }

        if (n++ && tree->content != *content) {
            return "element whose text is markup or not, as a section before "
                   "it says: expected that section to hold whole elements";
        }

        *content = tree->content;
    }

    return NULL;
}


const char *
prize_trees_end(prize_trees_t *trees, const prize_token_t *token)
{
    unsigned     i;
    const char  *fault;

    for (i = 0; i < trees->n; i++) {
        fault = prize_tree_end(&trees->list[i].tree, token);
        if (fault) {
            return fault;
        }
    }

    if (trees->n > 1) {
        prize_trees_merge(trees);
    }

    return NULL;
}


const char *
prize_trees_text(prize_trees_t *trees, unsigned space)
{
    unsigned     i;
    const char  *fault;

    for (i = 0; i < trees->n; i++) {
        fault = prize_tree_text(&trees->list[i].tree, space);
        if (fault) {
            return fault;
        }
    }

    return NULL;
}


const char *
prize_trees_value(prize_trees_t *trees)
{
    return prize_trees_each(trees, prize_tree_value);
}


const char *
prize_trees_comment(prize_trees_t *trees)
{
    return prize_trees_each(trees, prize_tree_comment);
}


const char *
prize_trees_doctype(prize_trees_t *trees, prize_maybe_e quirks)
{
    unsigned     i;
    const char  *fault;

    for (i = 0; i < trees->n; i++) {
        fault = prize_tree_doctype(&trees->list[i].tree, quirks);
        if (fault) {
            return fault;
        }
    }

    return NULL;
}


int
prize_trees_are_at_start(const prize_trees_t *trees)
{
    unsigned  i;

    for (i = 0; i < trees->n; i++) {
        if (trees->list[i].tree.mode == PRIZE_MODE_INITIAL) {
            return 1;
        }
    }

    return 0;
}


prize_maybe_e
prize_trees_is_foreign(const prize_trees_t *trees)
{
    unsigned             i, n;
    prize_maybe_e        foreign, one;
    const prize_tree_t  *tree;

    n = 0;
    foreign = PRIZE_NO;

    for (i = 0; i < trees->n; i++) {
        tree = &trees->list[i].tree;

        if (tree->text == PRIZE_TREE_TEXT_NOSCRIPT) {
            continue;
        }

        one = prize_tree_is_foreign(tree);
        foreign = n++ == 0 || one == foreign ? one : PRIZE_MAYBE;
    }

    return foreign;
}


int
prize_trees_is_plain(const prize_trees_t *trees)
{
    unsigned  i;

    for (i = 0; i < trees->n; i++) {
        if (!prize_tree_is_plain(&trees->list[i].tree)) {
            return 0;
        }
    }

    return 1;
}


int
prize_trees_in_noscript(const prize_trees_t *trees)
{
    unsigned  i;

    for (i = 0; i < trees->n; i++) {
        if (trees->list[i].tree.text == PRIZE_TREE_TEXT_NOSCRIPT) {
            return 1;
        }
    }

    return 0;
}


/* is there one in which the field is not known to be otherwise? */

static int
prize_trees_may_be(const prize_trees_t *trees, unsigned field, unsigned truth)
{
    unsigned               i;
    uint64_t               bit;
    const prize_branch_t  *branch;

    if (field >= PRIZE_TREES_SCRIPTING) {
        return 1;
    }

    bit = (uint64_t) 1 << field;

    for (i = 0; i < trees->n; i++) {
        branch = &trees->list[i];

        if (!(branch->known & bit) || !(branch->truth & bit) == !truth) {
            return 1;
        }
    }

    return 0;
}


/* those that a section is shown for stay, the others go */

static void
prize_trees_choose(prize_trees_t *trees, unsigned field, unsigned truth)
{
    unsigned         i;
    uint64_t         bit;
    prize_branch_t  *branch;

    if (field >= PRIZE_TREES_SCRIPTING) {
        return;
    }

    bit = (uint64_t) 1 << field;

    for (i = trees->n; i-- > 0; /* void */ ) {
        branch = &trees->list[i];

        if ((branch->known & bit) && !(branch->truth & bit) == !!truth) {
            prize_trees_remove(trees, i);
            continue;
        }

        branch->known |= bit;
        branch->truth = truth ? branch->truth | bit : branch->truth & ~bit;
    }
}


const char *
prize_trees_open(prize_trees_t *trees, prize_trees_t *others, unsigned field,
    unsigned truth)
{
    memset(others, 0, sizeof(prize_trees_t));

    if (prize_trees_add(others, trees) == -1) {
        return prize_trees_no_memory();
    }

    if (!prize_trees_may_be(trees, field, truth)) {

        /* its text is read all the same */

        others->never = 1;
        return NULL;
    }

    prize_trees_choose(trees, field, truth);
    prize_trees_choose(others, field, !truth);

    return NULL;
}


const char *
prize_trees_close(prize_trees_t *trees, prize_trees_t *others)
{
    if (others->never) {
        prize_trees_destroy(trees);
        *trees = *others;
        memset(others, 0, sizeof(prize_trees_t));
        return NULL;
    }

    if (prize_trees_add(trees, others) == -1) {
        return prize_trees_no_memory();
    }

    prize_trees_destroy(others);
    prize_trees_merge(trees);

    return prize_trees_check(trees);
}
