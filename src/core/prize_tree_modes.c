
#include <string.h>

#include "prize_tree_rules.h"


static const uint8_t  prize_tree_table_context[] = {
    PRIZE_E_TABLE, PRIZE_E_TEMPLATE, PRIZE_E_HTML, 0
};

static const uint8_t  prize_tree_body_context[] = {
    PRIZE_E_TBODY, PRIZE_E_TFOOT, PRIZE_E_THEAD, PRIZE_E_TEMPLATE,
    PRIZE_E_HTML, 0
};

static const uint8_t  prize_tree_row_context[] = {
    PRIZE_E_TR, PRIZE_E_TEMPLATE, PRIZE_E_HTML, 0
};


/* "anything else", of the modes before a body */

const char *
prize_tree_advance(prize_tree_t *tree)
{
    switch (tree->mode) {

    case PRIZE_MODE_INITIAL:
        tree->quirks = PRIZE_YES;
        tree->mode = PRIZE_MODE_BEFORE_HTML;
        return NULL;

    case PRIZE_MODE_BEFORE_HTML:
        tree->mode = PRIZE_MODE_BEFORE_HEAD;
        return prize_tree_insert_implied(tree, PRIZE_E_HTML);

    case PRIZE_MODE_BEFORE_HEAD:
        tree->head = 1;
        tree->mode = PRIZE_MODE_IN_HEAD;
        return prize_tree_insert_implied(tree, PRIZE_E_HEAD);

    case PRIZE_MODE_IN_HEAD:
        tree->stack.n--;
        tree->mode = PRIZE_MODE_AFTER_HEAD;
        return NULL;

    case PRIZE_MODE_IN_HEAD_NOSCRIPT:
        tree->stack.n--;
        tree->mode = PRIZE_MODE_IN_HEAD;
        return NULL;

    default: /* PRIZE_MODE_AFTER_HEAD */
        tree->mode = PRIZE_MODE_IN_BODY;
        return prize_tree_insert_implied(tree, PRIZE_E_BODY);
    }
}


/* "in head" and "in head noscript"; 0 if the mode has no rule for it */

static int
prize_tree_head_start(prize_tree_t *tree, const prize_token_t *token,
    const char **fault)
{
    unsigned  element;

    *fault = NULL;
    element = token->node.element;

    if (tree->mode == PRIZE_MODE_IN_HEAD_NOSCRIPT) {

        if (element == PRIZE_E_NOSCRIPT) {
            return 1;
        }

        if (!prize_element_is(element, PRIZE_E_METADATA)
            || element == PRIZE_E_BASE || element == PRIZE_E_SCRIPT
            || element == PRIZE_E_TEMPLATE || element == PRIZE_E_TITLE)
        {
            return 0;
        }

    } else if (element == PRIZE_E_NOSCRIPT
               && tree->mode == PRIZE_MODE_IN_HEAD)
    {
        if (tree->scripting) {
            *fault = prize_tree_noscript_start(tree);
            return 1;
        }

        tree->mode = PRIZE_MODE_IN_HEAD_NOSCRIPT;
        *fault = prize_tree_insert(tree, token);
        return 1;

    } else if (!prize_element_is(element, PRIZE_E_METADATA)) {
        return 0;
    }

    *fault = prize_tree_metadata_start(tree, token);

    return 1;
}


/* what begins an element that there is once */

static int
prize_tree_frame_start(prize_tree_t *tree, const prize_token_t *token,
    const char **fault)
{
    unsigned      element;
    prize_mode_e  mode, next;

    *fault = NULL;
    mode = tree->mode;
    element = token->node.element;

    if (element == PRIZE_E_HTML && mode == PRIZE_MODE_BEFORE_HTML) {
        next = PRIZE_MODE_BEFORE_HEAD;

    } else if (element == PRIZE_E_HEAD && mode == PRIZE_MODE_BEFORE_HEAD) {
        tree->head = 1;
        next = PRIZE_MODE_IN_HEAD;

    } else if (element == PRIZE_E_BODY && mode == PRIZE_MODE_AFTER_HEAD) {
        next = PRIZE_MODE_IN_BODY;

    } else {
        return (element == PRIZE_E_HTML && mode > PRIZE_MODE_BEFORE_HTML)
               || (element == PRIZE_E_HEAD && mode > PRIZE_MODE_BEFORE_HEAD);
    }

    tree->mode = next;
    *fault = prize_tree_insert(tree, token);

    return 1;
}


/* 13.2.6.4.1 to 13.2.6.4.6 */

static const char *
prize_tree_before_start(prize_tree_t *tree, const prize_token_t *token)
{
    const char  *fault;

    if (prize_tree_frame_start(tree, token, &fault)
        || (tree->mode >= PRIZE_MODE_IN_HEAD
            && prize_tree_head_start(tree, token, &fault)))
    {
        return fault;
    }

    fault = prize_tree_advance(tree);

    return fault ? fault : prize_tree_html_start(tree, token);
}


static const char *
prize_tree_before_end(prize_tree_t *tree, const prize_token_t *token)
{
    const char  *fault;

    switch (token->node.element) {

    case PRIZE_E_HEAD:
        if (tree->mode == PRIZE_MODE_IN_HEAD) {
            return prize_tree_advance(tree);
        }

        if (tree->mode > PRIZE_MODE_IN_HEAD) {
            return NULL;
        }

        break;

    case PRIZE_E_BODY:
    case PRIZE_E_HTML:
        if (tree->mode == PRIZE_MODE_IN_HEAD_NOSCRIPT) {
            return NULL;
        }

        break;

    case PRIZE_E_BR:
        break;

    case PRIZE_E_NOSCRIPT:
        if (tree->mode == PRIZE_MODE_IN_HEAD_NOSCRIPT) {
            return prize_tree_advance(tree);
        }

        return NULL;

    case PRIZE_E_TEMPLATE:
        if (tree->mode == PRIZE_MODE_IN_HEAD
            || tree->mode == PRIZE_MODE_AFTER_HEAD)
        {
            prize_tree_end_template(tree);
        }

        return NULL;

    default:
        if (tree->mode != PRIZE_MODE_INITIAL) {
            return NULL;
        }

        break;
    }

    fault = prize_tree_advance(tree);

    return fault ? fault : prize_tree_html_end(tree, token);
}


/* the start of a row, a cell, ..., whose own parents no tag has to name */

static const char *
prize_tree_insert_context(prize_tree_t *tree, const uint8_t *context,
    unsigned element, prize_mode_e mode)
{
    prize_stack_clear_to(&tree->stack, context);
    tree->mode = mode;

    return prize_tree_insert_implied(tree, element);
}


static const char *
prize_tree_insert_part(prize_tree_t *tree, const uint8_t *context,
    const prize_token_t *token, prize_mode_e mode)
{
    prize_stack_clear_to(&tree->stack, context);
    tree->mode = mode;

    return prize_tree_insert(tree, token);
}


/* 13.2.6.4.9, what begins a part of a table */

static const char *
prize_tree_table_part_start(prize_tree_t *tree, const prize_token_t *token)
{
    const char  *fault;

    switch (token->node.element) {

    case PRIZE_E_CAPTION:
        fault = prize_tree_insert_part(tree, prize_tree_table_context, token,
                                       PRIZE_MODE_IN_CAPTION);
        return fault ? fault : prize_stack_marker_push(&tree->stack);

    case PRIZE_E_COLGROUP:
        return prize_tree_insert_part(tree, prize_tree_table_context, token,
                                      PRIZE_MODE_IN_COLUMN_GROUP);

    case PRIZE_E_COL:
        return prize_tree_insert_context(tree, prize_tree_table_context,
                                         PRIZE_E_COLGROUP,
                                         PRIZE_MODE_IN_COLUMN_GROUP);

    case PRIZE_E_TBODY:
    case PRIZE_E_TFOOT:
    case PRIZE_E_THEAD:
        return prize_tree_insert_part(tree, prize_tree_table_context, token,
                                      PRIZE_MODE_IN_TABLE_BODY);

    default: /* td, th, tr */
        fault = prize_tree_insert_context(tree, prize_tree_table_context,
                                          PRIZE_E_TBODY,
                                          PRIZE_MODE_IN_TABLE_BODY);
        return fault ? fault : prize_tree_html_start(tree, token);
    }
}


static const char *
prize_tree_table_start(prize_tree_t *tree, const prize_token_t *token)
{
    const char  *fault;

    switch (token->node.element) {

    case PRIZE_E_TABLE:
        if (!prize_stack_in_scope(&tree->stack, PRIZE_E_TABLE,
                                  PRIZE_SCOPE_TABLE))
        {
            return NULL;
        }

        prize_stack_pop_until(&tree->stack, PRIZE_E_TABLE);
        prize_tree_reset_mode(tree);
        return prize_tree_html_start(tree, token);

    case PRIZE_E_STYLE:
    case PRIZE_E_SCRIPT:
    case PRIZE_E_TEMPLATE:
        return prize_tree_metadata_start(tree, token);

    case PRIZE_E_INPUT:
        if (token->hidden == PRIZE_YES) {
            return NULL;
        }

        if (token->hidden == PRIZE_MAYBE) {
            return "type of an <input> in a table, which decides where it "
                   "stands: expected it in a cell";
        }

        break;

    case PRIZE_E_FORM:
        if (tree->form || prize_tree_has_template(tree)) {
            return NULL;
        }

        fault = prize_tree_insert(tree, token);
        if (fault) {
            return fault;
        }

        tree->form = tree->stack.last;
        tree->stack.n--;
        return NULL;
    }

    if (prize_element_is(token->node.element, PRIZE_E_TABLE_PART)) {
        return prize_tree_table_part_start(tree, token);
    }

    return prize_tree_body_start(tree, token);
}


static const char *
prize_tree_table_end(prize_tree_t *tree, const prize_token_t *token)
{
    switch (token->node.element) {

    case PRIZE_E_TABLE:
        if (prize_stack_in_scope(&tree->stack, PRIZE_E_TABLE,
                                 PRIZE_SCOPE_TABLE))
        {
            prize_stack_pop_until(&tree->stack, PRIZE_E_TABLE);
            prize_tree_reset_mode(tree);
        }

        return NULL;

    case PRIZE_E_BODY:
    case PRIZE_E_HTML:
        return NULL;
    }

    if (prize_element_is(token->node.element, PRIZE_E_TABLE_PART)) {
        return NULL;
    }

    return prize_tree_body_end(tree, token);
}


/*
 * The end of what a mode is in: a caption, a table body, a row or a cell.  0
 * if it is not there.
 */

static int
prize_tree_leave(prize_tree_t *tree)
{
    prize_stack_t  *stack;

    stack = &tree->stack;

    switch (tree->mode) {

    case PRIZE_MODE_IN_CAPTION:
        if (!prize_stack_in_scope(stack, PRIZE_E_CAPTION, PRIZE_SCOPE_TABLE)) {
            return 0;
        }

        prize_stack_pop_until(stack, PRIZE_E_CAPTION);
        prize_stack_marker_clear(stack);
        tree->mode = PRIZE_MODE_IN_TABLE;
        return 1;

    case PRIZE_MODE_IN_TABLE_BODY:
        if (!prize_stack_flags_in_scope(stack, PRIZE_E_SECTION_PART,
                                        PRIZE_SCOPE_TABLE))
        {
            return 0;
        }

        prize_stack_clear_to(stack, prize_tree_body_context);
        stack->n--;
        tree->mode = PRIZE_MODE_IN_TABLE;
        return 1;

    case PRIZE_MODE_IN_ROW:
        if (!prize_stack_in_scope(stack, PRIZE_E_TR, PRIZE_SCOPE_TABLE)) {
            return 0;
        }

        prize_stack_clear_to(stack, prize_tree_row_context);
        stack->n--;
        tree->mode = PRIZE_MODE_IN_TABLE_BODY;
        return 1;

    default: /* PRIZE_MODE_IN_CELL */
        if (!prize_stack_in_scope(stack, PRIZE_E_TD, PRIZE_SCOPE_TABLE)
            && !prize_stack_in_scope(stack, PRIZE_E_TH, PRIZE_SCOPE_TABLE))
        {
            return 0;
        }

        prize_stack_imply_ends(stack, 0, 0);

        while (!prize_stack_current_is(stack, PRIZE_E_TD)
               && !prize_stack_current_is(stack, PRIZE_E_TH))
        {
            stack->n--;
        }

        stack->n--;
        prize_stack_marker_clear(stack);
        tree->mode = PRIZE_MODE_IN_ROW;
        return 1;
    }
}


/* 13.2.6.4.11 and 13.2.6.4.13 to 13.2.6.4.15 */

static const char *
prize_tree_part_start(prize_tree_t *tree, const prize_token_t *token)
{
    unsigned     element;
    const char  *fault;

    element = token->node.element;

    if (!prize_element_is(element, PRIZE_E_TABLE_PART)) {
        return tree->mode == PRIZE_MODE_IN_CAPTION
               || tree->mode == PRIZE_MODE_IN_CELL
               ? prize_tree_body_start(tree, token)
               : prize_tree_table_start(tree, token);
    }

    if (tree->mode == PRIZE_MODE_IN_TABLE_BODY) {

        if (element == PRIZE_E_TR) {
            return prize_tree_insert_part(tree, prize_tree_body_context,
                                          token, PRIZE_MODE_IN_ROW);
        }

        if (element == PRIZE_E_TD || element == PRIZE_E_TH) {
            fault = prize_tree_insert_context(tree, prize_tree_body_context,
                                              PRIZE_E_TR, PRIZE_MODE_IN_ROW);
            return fault ? fault : prize_tree_html_start(tree, token);
        }
    }

    if (tree->mode == PRIZE_MODE_IN_ROW
        && (element == PRIZE_E_TD || element == PRIZE_E_TH))
    {
        fault = prize_tree_insert_part(tree, prize_tree_row_context, token,
                                       PRIZE_MODE_IN_CELL);
        return fault ? fault : prize_stack_marker_push(&tree->stack);
    }

    return prize_tree_leave(tree) ? prize_tree_html_start(tree, token) : NULL;
}


/* what ends by its own end tag, and by those of what it stands in */

static const char *
prize_tree_part_end(prize_tree_t *tree, const prize_token_t *token)
{
    unsigned      own, outer, element;
    prize_mode_e  mode;

    mode = tree->mode;
    element = token->node.element;
    outer = (element == PRIZE_E_TABLE);

    switch (mode) {

    case PRIZE_MODE_IN_CAPTION:
        own = (element == PRIZE_E_CAPTION);
        break;

    case PRIZE_MODE_IN_TABLE_BODY:
        own = prize_element_is(element, PRIZE_E_SECTION_PART);
        break;

    case PRIZE_MODE_IN_ROW:
        own = (element == PRIZE_E_TR);
        outer = outer || prize_element_is(element, PRIZE_E_SECTION_PART);
        break;

    default: /* PRIZE_MODE_IN_CELL */
        own = (element == PRIZE_E_TD || element == PRIZE_E_TH);
        outer = outer || element == PRIZE_E_TR
                || prize_element_is(element, PRIZE_E_SECTION_PART);
        break;
    }

    if (own || (outer && mode != PRIZE_MODE_IN_CAPTION
                && (element != PRIZE_E_TABLE || mode == PRIZE_MODE_IN_CELL)))
    {
        if (!prize_stack_in_scope(&tree->stack, element, PRIZE_SCOPE_TABLE)) {
            return NULL;
        }
    }

    if (own && mode == PRIZE_MODE_IN_CELL) {
        prize_stack_pop_until(&tree->stack, element);
        prize_stack_marker_clear(&tree->stack);
        tree->mode = PRIZE_MODE_IN_ROW;
        return NULL;
    }

    if (own || outer) {
        return prize_tree_leave(tree) && outer
               ? prize_tree_html_end(tree, token) : NULL;
    }

    if (prize_element_is(element, PRIZE_E_TABLE_PART)
        || element == PRIZE_E_BODY || element == PRIZE_E_HTML)
    {
        return NULL;
    }

    return mode == PRIZE_MODE_IN_CAPTION || mode == PRIZE_MODE_IN_CELL
           ? prize_tree_body_end(tree, token)
           : prize_tree_table_end(tree, token);
}


/* 13.2.6.4.12; 0 if it goes on in the table */

static int
prize_tree_leave_column_group(prize_tree_t *tree)
{
    if (!prize_stack_current_is(&tree->stack, PRIZE_E_COLGROUP)) {
        return 0;
    }

    tree->stack.n--;
    tree->mode = PRIZE_MODE_IN_TABLE;

    return 1;
}


static const char *
prize_tree_column_group_start(prize_tree_t *tree, const prize_token_t *token)
{
    switch (token->node.element) {

    case PRIZE_E_HTML:
    case PRIZE_E_COL:
        return NULL;

    case PRIZE_E_TEMPLATE:
        return prize_tree_metadata_start(tree, token);

    default:
        return prize_tree_leave_column_group(tree)
               ? prize_tree_html_start(tree, token) : NULL;
    }
}


static const char *
prize_tree_column_group_end(prize_tree_t *tree, const prize_token_t *token)
{
    switch (token->node.element) {

    case PRIZE_E_COL:
        return NULL;

    case PRIZE_E_COLGROUP:
        (void) prize_tree_leave_column_group(tree);
        return NULL;

    case PRIZE_E_TEMPLATE:
        prize_tree_end_template(tree);
        return NULL;

    default:
        return prize_tree_leave_column_group(tree)
               ? prize_tree_html_end(tree, token) : NULL;
    }
}


/*
 * "in select", which was 13.2.6.4.16 until the standard dropped it in 2025,
 * only as far as it and the rules that are there now, of "in body", agree: by
 * these a <select> holds more, and browsers have one or the other.
 */

static const char *
prize_tree_select_fault(void)
{
    return "tag inside <select>, which browsers read in more than one way: "
           "expected <option>, <optgroup>, <hr> or </select>";
}


static const char *
prize_tree_select_start(prize_tree_t *tree, const prize_token_t *token)
{
    unsigned  element;

    element = token->node.element;

    switch (element) {

    case PRIZE_E_OPTION:
    case PRIZE_E_OPTGROUP:
    case PRIZE_E_HR:
        if (prize_stack_current_is(&tree->stack, PRIZE_E_OPTION)) {
            tree->stack.n--;
        }

        if (element != PRIZE_E_OPTION
            && prize_stack_current_is(&tree->stack, PRIZE_E_OPTGROUP))
        {
            tree->stack.n--;
        }

        return element == PRIZE_E_HR ? NULL : prize_tree_insert(tree, token);

    case PRIZE_E_SCRIPT:
    case PRIZE_E_TEMPLATE:
        return prize_tree_metadata_start(tree, token);

    default:
        return prize_tree_select_fault();
    }
}


static const char *
prize_tree_select_end(prize_tree_t *tree, const prize_token_t *token)
{
    prize_stack_t  *stack;

    stack = &tree->stack;

    switch (token->node.element) {

    case PRIZE_E_OPTGROUP:
        if (prize_stack_current_is(stack, PRIZE_E_OPTION)
            && stack->nodes[stack->n - 2].element == PRIZE_E_OPTGROUP)
        {
            stack->n--;
        }

        if (prize_stack_current_is(stack, PRIZE_E_OPTGROUP)) {
            stack->n--;
        }

        return NULL;

    case PRIZE_E_OPTION:
        if (prize_stack_current_is(stack, PRIZE_E_OPTION)) {
            stack->n--;
        }

        return NULL;

    case PRIZE_E_SELECT:
        prize_stack_pop_until(stack, PRIZE_E_SELECT);
        prize_tree_reset_mode(tree);
        return NULL;

    default:
        return prize_tree_select_fault();
    }
}


/* 13.2.6.4.16 */

static const char *
prize_tree_template_start(prize_tree_t *tree, const prize_token_t *token)
{
    switch (token->node.element) {

    case PRIZE_E_CAPTION:
    case PRIZE_E_COLGROUP:
    case PRIZE_E_TBODY:
    case PRIZE_E_TFOOT:
    case PRIZE_E_THEAD:
        tree->mode = PRIZE_MODE_IN_TABLE;
        break;

    case PRIZE_E_COL:
        tree->mode = PRIZE_MODE_IN_COLUMN_GROUP;
        break;

    case PRIZE_E_TR:
        tree->mode = PRIZE_MODE_IN_TABLE_BODY;
        break;

    case PRIZE_E_TD:
    case PRIZE_E_TH:
        tree->mode = PRIZE_MODE_IN_ROW;
        break;

    default:
        if (prize_element_is(token->node.element, PRIZE_E_METADATA)) {
            return prize_tree_metadata_start(tree, token);
        }

        tree->mode = PRIZE_MODE_IN_BODY;
        break;
    }

    if (tree->ntemplates) {
        tree->templates[tree->ntemplates - 1] = (uint8_t) tree->mode;
    }

    return prize_tree_html_start(tree, token);
}


/* "using the rules for the current insertion mode" */

const char *
prize_tree_html_start(prize_tree_t *tree, const prize_token_t *token)
{
    /* what is in the body before it decides whether there are frames */

    if (token->node.element == PRIZE_E_FRAMESET) {
        return "<frameset>: expected a page with a <body>";
    }

    switch (tree->mode) {

    case PRIZE_MODE_IN_BODY:
        return prize_tree_body_start(tree, token);

    case PRIZE_MODE_IN_TABLE:
        return prize_tree_table_start(tree, token);

    case PRIZE_MODE_IN_CAPTION:
    case PRIZE_MODE_IN_TABLE_BODY:
    case PRIZE_MODE_IN_ROW:
    case PRIZE_MODE_IN_CELL:
        return prize_tree_part_start(tree, token);

    case PRIZE_MODE_IN_COLUMN_GROUP:
        return prize_tree_column_group_start(tree, token);

    case PRIZE_MODE_IN_SELECT:
        return prize_tree_select_start(tree, token);

    case PRIZE_MODE_IN_TEMPLATE:
        return prize_tree_template_start(tree, token);

    case PRIZE_MODE_AFTER_BODY:
    case PRIZE_MODE_AFTER_AFTER_BODY:
        if (token->node.element != PRIZE_E_HTML) {
            tree->mode = PRIZE_MODE_IN_BODY;
        }

        return prize_tree_body_start(tree, token);

    default:
        return prize_tree_before_start(tree, token);
    }
}


const char *
prize_tree_html_end(prize_tree_t *tree, const prize_token_t *token)
{
    switch (tree->mode) {

    case PRIZE_MODE_IN_BODY:
        return prize_tree_body_end(tree, token);

    case PRIZE_MODE_IN_TABLE:
        return prize_tree_table_end(tree, token);

    case PRIZE_MODE_IN_CAPTION:
    case PRIZE_MODE_IN_TABLE_BODY:
    case PRIZE_MODE_IN_ROW:
    case PRIZE_MODE_IN_CELL:
        return prize_tree_part_end(tree, token);

    case PRIZE_MODE_IN_COLUMN_GROUP:
        return prize_tree_column_group_end(tree, token);

    case PRIZE_MODE_IN_SELECT:
        return prize_tree_select_end(tree, token);

    case PRIZE_MODE_IN_TEMPLATE:
        if (token->node.element == PRIZE_E_TEMPLATE) {
            prize_tree_end_template(tree);
        }

        return NULL;

    case PRIZE_MODE_AFTER_BODY:
        if (token->node.element == PRIZE_E_HTML) {
            tree->mode = PRIZE_MODE_AFTER_AFTER_BODY;
            return NULL;
        }

        /* fall through */

    case PRIZE_MODE_AFTER_AFTER_BODY:
        tree->mode = PRIZE_MODE_IN_BODY;
        return prize_tree_body_end(tree, token);

    default:
        return prize_tree_before_end(tree, token);
    }
}
