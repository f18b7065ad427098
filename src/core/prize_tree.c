
#include <string.h>

#include "prize_tree_rules.h"


/* the text before it may have begun the body, or not */

static const char *
prize_tree_begin_body(prize_tree_t *tree)
{
    const char  *fault;

    tree->unsure = 0;

    while (tree->mode < PRIZE_MODE_IN_BODY) {
        fault = prize_tree_advance(tree);
        if (fault) {
            return fault;
        }
    }

    return NULL;
}


const char *
prize_tree_unsure_fault(void)
{
    return "value before <body>, where a parser moves text and what follows "
           "it: expected <body> before it";
}


/*
 * A parser that has seen text is in the body, one that has not is before it:
 * what both do alike, and else what is wrong.
 */

static const char *
prize_tree_unsure_start(prize_tree_t *tree, const prize_token_t *token)
{
    switch (token->node.element) {

    case PRIZE_E_HTML:
    case PRIZE_E_HEAD:
    case PRIZE_E_BODY:
    case PRIZE_E_NOSCRIPT:
        return prize_tree_unsure_fault();

    default:
        return prize_element_is(token->node.element, PRIZE_E_METADATA)
               ? prize_tree_unsure_fault() : prize_tree_begin_body(tree);
    }
}


static const char *
prize_tree_unsure_end(prize_tree_t *tree, const prize_token_t *token)
{
    switch (token->node.element) {

    case PRIZE_E_HEAD:
    case PRIZE_E_P:
        return prize_tree_unsure_fault();

    case PRIZE_E_HTML:
    case PRIZE_E_BODY:
    case PRIZE_E_BR:
        return prize_tree_begin_body(tree);

    default:    /* it ends nothing */
        return NULL;
    }
}


static int
prize_tree_in_foreign(const prize_tree_t *tree)
{
    return tree->stack.n
           && prize_stack_current(&tree->stack)->ns != PRIZE_NS_HTML;
}


/* 13.2.6: is it for the rules of 13.2.6.5? */

static int
prize_tree_is_foreign_text(const prize_tree_t *tree)
{
    const prize_node_t  *node;

    if (!prize_tree_in_foreign(tree)) {
        return 0;
    }

    node = prize_stack_current(&tree->stack);

    return !prize_stack_is_math_text(node) && !prize_stack_is_html_text(node);
}


prize_maybe_e
prize_tree_is_foreign(const prize_tree_t *tree)
{
    if (!prize_tree_in_foreign(tree)) {
        return PRIZE_NO;
    }

    return prize_tree_is_foreign_text(tree) ? PRIZE_YES : PRIZE_MAYBE;
}


static int
prize_tree_is_foreign_start(const prize_tree_t *tree,
    const prize_token_t *token)
{
    unsigned             element;
    const prize_node_t  *node;

    if (!prize_tree_in_foreign(tree)) {
        return 0;
    }

    node = prize_stack_current(&tree->stack);
    element = token->node.element;

    if (prize_stack_is_math_text(node)) {
        return element == PRIZE_E_MGLYPH || element == PRIZE_E_MALIGNMARK;
    }

    if (node->ns == PRIZE_NS_MATHML && node->element == PRIZE_E_ANNOTATION_XML
        && element == PRIZE_E_SVG)
    {
        return 0;
    }

    return !prize_stack_is_html_text(node);
}


static void
prize_tree_leave_foreign(prize_tree_t *tree)
{
    const prize_node_t  *node;

    for ( ;; ) {
        node = prize_stack_current(&tree->stack);

        if (node->ns == PRIZE_NS_HTML || prize_stack_is_math_text(node)
            || prize_stack_is_html_text(node))
        {
            return;
        }

        tree->stack.n--;
    }
}


/* 13.2.6.5, a start tag */

static const char *
prize_tree_foreign_start(prize_tree_t *tree, const prize_token_t *token)
{
    unsigned        element;
    prize_token_t   foreign;

    element = token->node.element;

    if (element == PRIZE_E_FONT && token->font == PRIZE_MAYBE) {
        return "attributes of a <font> that decide whether it ends <svg> or "
               "<math>: expected them without a section";
    }

    if (prize_element_is(element, PRIZE_E_BREAKOUT)
        || (element == PRIZE_E_FONT && token->font == PRIZE_YES))
    {
        prize_tree_leave_foreign(tree);
        return prize_tree_html_start(tree, token);
    }

    foreign = *token;
    foreign.node.ns = prize_stack_current(&tree->stack)->ns;
    foreign.node.html_text = (token->html_text == PRIZE_YES);

    if (foreign.node.ns == PRIZE_NS_MATHML
        && element == PRIZE_E_ANNOTATION_XML
        && token->html_text == PRIZE_MAYBE)
    {
        return "encoding of an <annotation-xml>, which decides what its text "
               "is: expected a literal one";
    }

    return token->self_closing ? NULL : prize_tree_insert(tree, &foreign);
}


/* 13.2.6.5, an end tag */

static const char *
prize_tree_foreign_end(prize_tree_t *tree, const prize_token_t *token)
{
    unsigned             i;
    const prize_node_t  *node;

    if (token->node.element == PRIZE_E_P || token->node.element == PRIZE_E_BR)
    {
        prize_tree_leave_foreign(tree);
        return prize_tree_html_end(tree, token);
    }

    for (i = tree->stack.n - 1; i > 0; i--) {
        node = &tree->stack.nodes[i];

        if (node->ns == PRIZE_NS_HTML) {
            return prize_tree_html_end(tree, token);
        }

        if (node->element == token->node.element
            && node->hash == token->node.hash)
        {
            tree->stack.n = i;
            return NULL;
        }
    }

    return NULL;
}


void
prize_tree_init(prize_tree_t *tree)
{
    memset(tree, 0, sizeof(prize_tree_t));
}


const char *
prize_tree_start(prize_tree_t *tree, const prize_token_t *token)
{
    const char  *fault;

    tree->content = PRIZE_CONTENT_DATA;

    if (tree->text) {
        return NULL;
    }

    if (tree->unsure) {
        fault = prize_tree_unsure_start(tree, token);
        if (fault) {
            return fault;
        }
    }

    return prize_tree_is_foreign_start(tree, token)
           ? prize_tree_foreign_start(tree, token)
           : prize_tree_html_start(tree, token);
}


const char *
prize_tree_end(prize_tree_t *tree, const prize_token_t *token)
{
    const char  *fault;

    if (tree->text) {

        if (tree->text == PRIZE_TREE_TEXT
            || token->node.element == PRIZE_E_NOSCRIPT)
        {
            tree->text = PRIZE_TREE_TEXT_NONE;
        }

        return NULL;
    }

    if (tree->unsure) {
        fault = prize_tree_unsure_end(tree, token);

        if (fault || tree->unsure) {
            return fault;
        }
    }

    return prize_tree_in_foreign(tree) ? prize_tree_foreign_end(tree, token)
                                       : prize_tree_html_end(tree, token);
}


/* is it put before the table, if it is no white space? */

static int
prize_tree_is_in_table(const prize_tree_t *tree)
{
    unsigned  element;

    if (tree->mode != PRIZE_MODE_IN_TABLE && tree->mode != PRIZE_MODE_IN_ROW
        && tree->mode != PRIZE_MODE_IN_TABLE_BODY)
    {
        return 0;
    }

    element = prize_stack_current(&tree->stack)->element;

    return prize_stack_current(&tree->stack)->ns == PRIZE_NS_HTML
           && (element == PRIZE_E_TABLE || element == PRIZE_E_TR
               || element == PRIZE_E_TEMPLATE
               || prize_element_is(element, PRIZE_E_SECTION_PART));
}


static const char *
prize_tree_html_text(prize_tree_t *tree, unsigned space)
{
    if (!space && (tree->mode == PRIZE_MODE_AFTER_BODY
                   || tree->mode == PRIZE_MODE_AFTER_AFTER_BODY))
    {
        tree->mode = PRIZE_MODE_IN_BODY;
    }

    if (space && prize_tree_is_in_table(tree)) {
        return NULL;
    }

    return prize_stack_reconstruct(&tree->stack);
}


const char *
prize_tree_text(prize_tree_t *tree, unsigned space)
{
    const char  *fault;

    if (tree->text) {
        return NULL;
    }

    if (prize_tree_is_foreign_text(tree)) {
        return NULL;
    }

    if (!space && tree->unsure) {
        fault = prize_tree_begin_body(tree);
        if (fault) {
            return fault;
        }
    }

    while (tree->mode < PRIZE_MODE_IN_BODY) {

        if (space) {
            return NULL;
        }

        fault = prize_tree_advance(tree);
        if (fault) {
            return fault;
        }
    }

    switch (tree->mode) {

    case PRIZE_MODE_IN_SELECT:
        return NULL;

    case PRIZE_MODE_IN_COLUMN_GROUP:
        if (space || !prize_stack_current_is(&tree->stack, PRIZE_E_COLGROUP)) {
            return NULL;
        }

        tree->stack.n--;
        tree->mode = PRIZE_MODE_IN_TABLE;
        break;

    default:
        break;
    }

    return prize_tree_html_text(tree, space);
}


static const char *
prize_tree_foreign_value(prize_tree_t *tree)
{
    unsigned             i;
    const prize_node_t  *node;

    for (i = tree->stack.n - 1; i > 0; i--) {
        node = &tree->stack.nodes[i];

        if (node->ns == PRIZE_NS_HTML) {
            break;
        }

        if (node->element == PRIZE_E_SCRIPT) {
            return "inside <script>, where escaping does not protect: "
                   "expected it in a quoted attribute (data-...) that the "
                   "script reads";
        }

        if (node->element == PRIZE_E_STYLE) {
            return "inside <style>, where escaping does not protect: "
                   "expected it in text or in a quoted attribute";
        }
    }

    return NULL;
}


/* where empty text, white space and other text have one effect */

static const char *
prize_tree_body_value(const prize_tree_t *tree)
{
    if (prize_tree_is_in_table(tree)
        || tree->mode == PRIZE_MODE_IN_COLUMN_GROUP)
    {
        return "directly in a table, which a parser moves out of it: "
               "expected it in a cell (<td>, <th>) or in <caption>";
    }

    if (prize_stack_is_format_pending(&tree->stack)) {
        return "where text opens an element again that ended without its end "
               "tag: expected the end tag of <b>, <a>, ... before those of "
               "the elements around it";
    }

    return NULL;
}


const char *
prize_tree_value(prize_tree_t *tree)
{
    if (tree->text) {
        return NULL;
    }

    if (tree->mode == PRIZE_MODE_INITIAL
        || tree->mode == PRIZE_MODE_BEFORE_HTML)
    {
        tree->unsure = 1;
        return NULL;
    }

    if (prize_tree_is_foreign_text(tree)) {
        return prize_tree_foreign_value(tree);
    }

    if (tree->mode < PRIZE_MODE_IN_BODY) {
        return "before <body>, where a parser moves text: expected it in the "
               "body";
    }

    switch (tree->mode) {

    case PRIZE_MODE_IN_SELECT:
        return NULL;

    case PRIZE_MODE_AFTER_BODY:
    case PRIZE_MODE_AFTER_AFTER_BODY:
        return "after </body>, where a parser moves text: expected it in the "
               "body";

    default:
        return prize_tree_body_value(tree);
    }
}


const char *
prize_tree_comment(prize_tree_t *tree)
{
    return tree->unsure && !tree->text ? prize_tree_unsure_fault() : NULL;
}


const char *
prize_tree_doctype(prize_tree_t *tree, prize_maybe_e quirks)
{
    if (tree->unsure && !tree->text) {
        return prize_tree_unsure_fault();
    }

    if (tree->mode == PRIZE_MODE_INITIAL) {
        tree->quirks = quirks;
        tree->mode = PRIZE_MODE_BEFORE_HTML;
    }

    return NULL;
}


int
prize_tree_is_plain(const prize_tree_t *tree)
{
    unsigned  i;

    for (i = 0; i < tree->stack.n; i++) {
        if (tree->stack.nodes[i].plain) {
            return 1;
        }
    }

    return 0;
}


int
prize_tree_same(const prize_tree_t *one, const prize_tree_t *two)
{
    return one->mode == two->mode
           && one->text == two->text
           && one->quirks == two->quirks
           && (one->form == 0) == (two->form == 0)
           && prize_stack_find_serial(&one->stack, one->form)
              == prize_stack_find_serial(&two->stack, two->form)
           && one->head == two->head
           && one->unsure == two->unsure
           && one->ntemplates == two->ntemplates
           && memcmp(one->templates, two->templates, one->ntemplates) == 0
           && prize_stack_same(&one->stack, &two->stack);
}


void
prize_tree_copy(prize_tree_t *dst, const prize_tree_t *src)
{
    dst->mode = src->mode;
    dst->text = src->text;
    dst->content = src->content;
    dst->quirks = src->quirks;
    dst->form = src->form;
    dst->head = src->head;
    dst->scripting = src->scripting;
    dst->unsure = src->unsure;
    dst->ntemplates = src->ntemplates;
    memcpy(dst->templates, src->templates, sizeof(dst->templates));

    prize_stack_copy(&dst->stack, &src->stack);
}
