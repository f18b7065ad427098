
#include <string.h>

#include "prize_tree_rules.h"


/* an element that no tag of the page names */

const char *
prize_tree_insert_implied(prize_tree_t *tree, unsigned element)
{
    prize_node_t  node;

    memset(&node, 0, sizeof(prize_node_t));
    node.element = (uint8_t) element;

    return prize_stack_push(&tree->stack, &node);
}


const char *
prize_tree_insert(prize_tree_t *tree, const prize_token_t *token)
{
    return prize_stack_push(&tree->stack, &token->node);
}


/* "generic raw text element parsing algorithm" and the like */

static const char *
prize_tree_insert_text(prize_tree_t *tree, prize_content_e content)
{
    tree->content = content;
    tree->text = PRIZE_TREE_TEXT;

    return NULL;
}


/* 13.2.4.1: "reset the insertion mode appropriately" */

void
prize_tree_reset_mode(prize_tree_t *tree)
{
    unsigned             i;
    const prize_node_t  *node;

    static const uint8_t  modes[][2] = {
        { PRIZE_E_SELECT, PRIZE_MODE_IN_SELECT },
        { PRIZE_E_TD, PRIZE_MODE_IN_CELL },
        { PRIZE_E_TH, PRIZE_MODE_IN_CELL },
        { PRIZE_E_TR, PRIZE_MODE_IN_ROW },
        { PRIZE_E_TBODY, PRIZE_MODE_IN_TABLE_BODY },
        { PRIZE_E_THEAD, PRIZE_MODE_IN_TABLE_BODY },
        { PRIZE_E_TFOOT, PRIZE_MODE_IN_TABLE_BODY },
        { PRIZE_E_CAPTION, PRIZE_MODE_IN_CAPTION },
        { PRIZE_E_COLGROUP, PRIZE_MODE_IN_COLUMN_GROUP },
        { PRIZE_E_TABLE, PRIZE_MODE_IN_TABLE },
        { PRIZE_E_HEAD, PRIZE_MODE_IN_HEAD },
        { PRIZE_E_BODY, PRIZE_MODE_IN_BODY },
        { 0, 0 }
    };

    for (node = prize_stack_current(&tree->stack);
         node > tree->stack.nodes; node--)
    {
        if (node->ns != PRIZE_NS_HTML) {
            continue;
        }

        if (node->element == PRIZE_E_TEMPLATE && tree->ntemplates) {
            tree->mode = tree->templates[tree->ntemplates - 1];
            return;
        }

        for (i = 0; modes[i][0]; i++) {
            if (modes[i][0] == node->element) {
                tree->mode = modes[i][1];
                return;
            }
        }
    }

    tree->mode = tree->head ? PRIZE_MODE_AFTER_HEAD : PRIZE_MODE_BEFORE_HEAD;
}


static void
prize_tree_close_p(prize_tree_t *tree)
{
    if (prize_stack_in_scope(&tree->stack, PRIZE_E_P, PRIZE_SCOPE_BUTTON)) {
        prize_stack_pop_until(&tree->stack, PRIZE_E_P);
    }
}


/* with what is opened again before it, as most that is no block has */

static const char *
prize_tree_insert_inline(prize_tree_t *tree, const prize_token_t *token)
{
    const char  *fault;

    fault = prize_stack_reconstruct(&tree->stack);

    return fault ? fault : prize_tree_insert(tree, token);
}


static const char *
prize_tree_insert_formatting(prize_tree_t *tree, const prize_token_t *token)
{
    const char  *fault;

    fault = prize_tree_insert_inline(tree, token);

    return fault ? fault : prize_stack_format_push(&tree->stack,
                                                   token->attributes);
}


static const char *
prize_tree_insert_block(prize_tree_t *tree, const prize_token_t *token)
{
    prize_tree_close_p(tree);

    return prize_tree_insert(tree, token);
}


int
prize_tree_has_template(const prize_tree_t *tree)
{
    return prize_stack_find(&tree->stack, PRIZE_E_TEMPLATE) != -1;
}


static const char *
prize_tree_insert_template(prize_tree_t *tree, const prize_token_t *token)
{
    const char  *fault;

    if (tree->ntemplates == PRIZE_TREE_TEMPLATES) {
        return "<template> that is nested too deep: expected </template> "
               "before it";
    }

    tree->templates[tree->ntemplates++] = PRIZE_MODE_IN_TEMPLATE;
    tree->mode = PRIZE_MODE_IN_TEMPLATE;

    fault = prize_tree_insert(tree, token);

    return fault ? fault : prize_stack_marker_push(&tree->stack);
}


void
prize_tree_end_template(prize_tree_t *tree)
{
    if (!prize_tree_has_template(tree)) {
        return;
    }

    prize_stack_imply_ends(&tree->stack, 0, 1);
    prize_stack_pop_until(&tree->stack, PRIZE_E_TEMPLATE);
    prize_stack_marker_clear(&tree->stack);

    if (tree->ntemplates) {
        tree->ntemplates--;
    }

    prize_tree_reset_mode(tree);
}


const char *
prize_tree_metadata_start(prize_tree_t *tree, const prize_token_t *token)
{
    switch (token->node.element) {

    case PRIZE_E_TITLE:
        return prize_tree_insert_text(tree, PRIZE_CONTENT_RCDATA);

    case PRIZE_E_STYLE:
    case PRIZE_E_NOFRAMES:
        return prize_tree_insert_text(tree, PRIZE_CONTENT_RAWTEXT);

    case PRIZE_E_SCRIPT:
        return prize_tree_insert_text(tree, PRIZE_CONTENT_SCRIPT);

    case PRIZE_E_TEMPLATE:
        return prize_tree_insert_template(tree, token);

    default:
        return NULL;
    }
}


/* its text is markup for a browser without scripts only */

const char *
prize_tree_noscript_start(prize_tree_t *tree)
{
    tree->text = PRIZE_TREE_TEXT_NOSCRIPT;

    return NULL;
}


/* li, dd and dt end one of their own */

static const char *
prize_tree_item_start(prize_tree_t *tree, const prize_token_t *token)
{
    unsigned             i, item, element;
    const prize_node_t  *node;

    item = token->node.element;

    for (i = tree->stack.n; i-- > 0; /* void */ ) {
        node = &tree->stack.nodes[i];
        element = node->ns == PRIZE_NS_HTML ? node->element : PRIZE_E_OTHER;

        if (item == PRIZE_E_LI ? element == PRIZE_E_LI
                               : element == PRIZE_E_DD
                                 || element == PRIZE_E_DT)
        {
            prize_stack_pop_until(&tree->stack, element);
            break;
        }

        if (element == PRIZE_E_ADDRESS || element == PRIZE_E_DIV
            || element == PRIZE_E_P)
        {
            continue;
        }

        if (prize_element_is(element, PRIZE_E_SPECIAL)
            || prize_stack_is_math_text(node)
            || prize_stack_is_html_text(node)
            || (node->ns == PRIZE_NS_MATHML
                && node->element == PRIZE_E_ANNOTATION_XML))
        {
            break;
        }
    }

    return prize_tree_insert_block(tree, token);
}


static const char *
prize_tree_form_start(prize_tree_t *tree, const prize_token_t *token)
{
    int          template;
    const char  *fault;

    template = prize_tree_has_template(tree);

    if (tree->form && !template) {
        return NULL;
    }

    fault = prize_tree_insert_block(tree, token);

    if (fault == NULL && !template) {
        tree->form = tree->stack.last;
    }

    return fault;
}


static const char *
prize_tree_a_start(prize_tree_t *tree, const prize_token_t *token)
{
    int       i, at;
    uint32_t  serial;

    i = prize_stack_format_find(&tree->stack, PRIZE_E_A);

    if (i != -1) {
        serial = tree->stack.formats[i].node.serial;
        prize_stack_adopt(&tree->stack, &token->node);

        i = prize_stack_format_find(&tree->stack, PRIZE_E_A);

        if (i != -1 && tree->stack.formats[i].node.serial == serial) {
            prize_stack_format_remove(&tree->stack, i);
        }

        at = prize_stack_find_serial(&tree->stack, serial);

        if (at != -1) {
            prize_stack_remove(&tree->stack, at);
        }
    }

    return prize_tree_insert_formatting(tree, token);
}


static const char *
prize_tree_nobr_start(prize_tree_t *tree, const prize_token_t *token)
{
    const char  *fault;

    fault = prize_stack_reconstruct(&tree->stack);
    if (fault) {
        return fault;
    }

    if (prize_stack_in_scope(&tree->stack, PRIZE_E_NOBR, PRIZE_SCOPE)) {
        prize_stack_adopt(&tree->stack, &token->node);
    }

    return prize_tree_insert_formatting(tree, token);
}


static const char *
prize_tree_button_start(prize_tree_t *tree, const prize_token_t *token)
{
    if (prize_stack_in_scope(&tree->stack, PRIZE_E_BUTTON, PRIZE_SCOPE)) {
        prize_stack_pop_until(&tree->stack, PRIZE_E_BUTTON);
    }

    return prize_tree_insert_inline(tree, token);
}


static const char *
prize_tree_body_table_start(prize_tree_t *tree,
    const prize_token_t *token)
{
    if (tree->quirks == PRIZE_MAYBE
        && prize_stack_in_scope(&tree->stack, PRIZE_E_P, PRIZE_SCOPE_BUTTON))
    {
        return "<table> in a <p>, which old document types allow and others "
               "do not: expected </p> before it, or <!DOCTYPE html>";
    }

    if (tree->quirks == PRIZE_NO) {
        prize_tree_close_p(tree);
    }

    tree->mode = PRIZE_MODE_IN_TABLE;

    return prize_tree_insert(tree, token);
}


static const char *
prize_tree_ruby_start(prize_tree_t *tree, const prize_token_t *token)
{
    unsigned  element;

    element = token->node.element;

    if (prize_stack_in_scope(&tree->stack, PRIZE_E_RUBY, PRIZE_SCOPE)) {
        prize_stack_imply_ends(&tree->stack,
                               element == PRIZE_E_RP || element == PRIZE_E_RT
                               ? PRIZE_E_RTC : 0, 0);
    }

    return prize_tree_insert(tree, token);
}


static const char *
prize_tree_foreign_root(prize_tree_t *tree, const prize_token_t *token)
{
    const char     *fault;
    prize_token_t   root;

    root = *token;
    root.node.ns = token->node.element == PRIZE_E_SVG ? PRIZE_NS_SVG
                                                      : PRIZE_NS_MATHML;

    fault = prize_tree_insert_inline(tree, &root);

    if (fault == NULL && token->self_closing) {
        tree->stack.n--;
    }

    return fault;
}


/* elements whose text is no markup, or that hold nothing */

static const char *
prize_tree_body_text_start(prize_tree_t *tree, const prize_token_t *token)
{
    unsigned     element;
    const char  *fault;

    element = token->node.element;

    switch (element) {

    case PRIZE_E_TEXTAREA:
        return prize_tree_insert_text(tree, PRIZE_CONTENT_RCDATA);

    case PRIZE_E_XMP:
        prize_tree_close_p(tree);
        fault = prize_stack_reconstruct(&tree->stack);
        return fault ? fault : prize_tree_insert_text(tree,
                                                      PRIZE_CONTENT_RAWTEXT);

    case PRIZE_E_IFRAME:
    case PRIZE_E_NOEMBED:
        return prize_tree_insert_text(tree, PRIZE_CONTENT_RAWTEXT);

    case PRIZE_E_NOSCRIPT:
        return tree->scripting ? prize_tree_noscript_start(tree)
                               : prize_tree_insert_inline(tree, token);

    case PRIZE_E_PLAINTEXT:
        prize_tree_close_p(tree);
        return prize_tree_insert_text(tree, PRIZE_CONTENT_PLAINTEXT);

    case PRIZE_E_HR:
        prize_tree_close_p(tree);
        return NULL;

    default: /* area, br, image, img, input, ... */
        return prize_stack_reconstruct(&tree->stack);
    }
}


/* the rest of those that have a rule of their own in 13.2.6.4.7 */

static const char *
prize_tree_body_own_start(prize_tree_t *tree, const prize_token_t *token)
{
    const char  *fault;

    switch (token->node.element) {

    case PRIZE_E_BODY:
    case PRIZE_E_HTML:
    case PRIZE_E_HEAD:
    case PRIZE_E_FRAME:
    case PRIZE_E_PARAM:
    case PRIZE_E_SOURCE:
    case PRIZE_E_TRACK:
        return NULL;

    case PRIZE_E_PRE:
    case PRIZE_E_LISTING:
        return prize_tree_insert_block(tree, token);

    case PRIZE_E_APPLET:
    case PRIZE_E_MARQUEE:
    case PRIZE_E_OBJECT:
        fault = prize_tree_insert_inline(tree, token);
        return fault ? fault : prize_stack_marker_push(&tree->stack);

    case PRIZE_E_SELECT:
        tree->mode = PRIZE_MODE_IN_SELECT;
        return prize_tree_insert_inline(tree, token);

    case PRIZE_E_OPTGROUP:
    case PRIZE_E_OPTION:
        if (prize_stack_current_is(&tree->stack, PRIZE_E_OPTION)) {
            tree->stack.n--;
        }

        return prize_tree_insert_inline(tree, token);

    default:
        return prize_tree_insert_inline(tree, token);
    }
}


/* those that have a rule of their own, with a condition */

static const char *
prize_tree_body_other_start(prize_tree_t *tree, const prize_token_t *token)
{
    switch (token->node.element) {

    case PRIZE_E_A:
        return prize_tree_a_start(tree, token);

    case PRIZE_E_NOBR:
        return prize_tree_nobr_start(tree, token);

    case PRIZE_E_LI:
    case PRIZE_E_DD:
    case PRIZE_E_DT:
        return prize_tree_item_start(tree, token);

    case PRIZE_E_FORM:
        return prize_tree_form_start(tree, token);

    case PRIZE_E_BUTTON:
        return prize_tree_button_start(tree, token);

    case PRIZE_E_TABLE:
        return prize_tree_body_table_start(tree, token);

    case PRIZE_E_RB:
    case PRIZE_E_RP:
    case PRIZE_E_RT:
    case PRIZE_E_RTC:
        return prize_tree_ruby_start(tree, token);

    case PRIZE_E_MATH:
    case PRIZE_E_SVG:
        return prize_tree_foreign_root(tree, token);

    case PRIZE_E_TEXTAREA:
    case PRIZE_E_XMP:
    case PRIZE_E_IFRAME:
    case PRIZE_E_NOEMBED:
    case PRIZE_E_NOSCRIPT:
    case PRIZE_E_PLAINTEXT:
    case PRIZE_E_HR:
    case PRIZE_E_INPUT:
    case PRIZE_E_IMAGE:
        return prize_tree_body_text_start(tree, token);

    default:
        return prize_tree_body_own_start(tree, token);
    }
}


/* 13.2.6.4.7, a start tag */

const char *
prize_tree_body_start(prize_tree_t *tree, const prize_token_t *token)
{
    unsigned  element;

    element = token->node.element;

    if (prize_element_is(element, PRIZE_E_METADATA)) {
        return prize_tree_metadata_start(tree, token);
    }

    if (prize_element_is(element, PRIZE_E_ENDS_P)) {
        return prize_tree_insert_block(tree, token);
    }

    if (prize_element_is(element, PRIZE_E_TABLE_PART)) {
        return NULL;
    }

    if (prize_element_is(element, PRIZE_E_HEADING)) {
        prize_tree_close_p(tree);

        if (prize_stack_current(&tree->stack)->ns == PRIZE_NS_HTML
            && prize_element_is(prize_stack_current(&tree->stack)->element,
                                PRIZE_E_HEADING))
        {
            tree->stack.n--;
        }

        return prize_tree_insert(tree, token);
    }

    if (prize_element_is(element, PRIZE_E_VOID)) {
        return prize_tree_body_text_start(tree, token);
    }

    if (prize_element_is(element, PRIZE_E_FORMATTING)
        && element != PRIZE_E_A && element != PRIZE_E_NOBR)
    {
        return prize_tree_insert_formatting(tree, token);
    }

    return prize_tree_body_other_start(tree, token);
}


static void
prize_tree_end_form(prize_tree_t *tree)
{
    int       at;
    uint32_t  form;

    if (prize_tree_has_template(tree)) {
        if (prize_stack_in_scope(&tree->stack, PRIZE_E_FORM, PRIZE_SCOPE)) {
            prize_stack_pop_until(&tree->stack, PRIZE_E_FORM);
        }

        return;
    }

    form = tree->form;
    tree->form = 0;

    at = form ? prize_stack_find_serial(&tree->stack, form) : -1;

    if (at == -1 || !prize_stack_node_in_scope(&tree->stack, at)) {
        return;
    }

    prize_stack_imply_ends(&tree->stack, 0, 0);
    prize_stack_remove(&tree->stack, at);
}


static void
prize_tree_end_in_scope(prize_tree_t *tree, unsigned element,
    prize_scope_e scope)
{
    if (prize_stack_in_scope(&tree->stack, element, scope)) {
        prize_stack_pop_until(&tree->stack, element);
    }
}


static const char *
prize_tree_body_own_end(prize_tree_t *tree, const prize_token_t *token)
{
    unsigned  element;

    element = token->node.element;

    switch (element) {

    case PRIZE_E_TEMPLATE:
        prize_tree_end_template(tree);
        return NULL;

    case PRIZE_E_BODY:
    case PRIZE_E_HTML:
        if (prize_stack_in_scope(&tree->stack, PRIZE_E_BODY, PRIZE_SCOPE)) {
            tree->mode = element == PRIZE_E_BODY
                         ? PRIZE_MODE_AFTER_BODY
                         : PRIZE_MODE_AFTER_AFTER_BODY;
        }

        return NULL;

    case PRIZE_E_FORM:
        prize_tree_end_form(tree);
        return NULL;

    case PRIZE_E_P:     /* if there is none, it is made, and closed */
        prize_tree_close_p(tree);
        return NULL;

    case PRIZE_E_LI:
        prize_tree_end_in_scope(tree, element, PRIZE_SCOPE_LIST_ITEM);
        return NULL;

    case PRIZE_E_DD:
    case PRIZE_E_DT:
        prize_tree_end_in_scope(tree, element, PRIZE_SCOPE);
        return NULL;

    case PRIZE_E_APPLET:
    case PRIZE_E_MARQUEE:
    case PRIZE_E_OBJECT:
        if (prize_stack_in_scope(&tree->stack, element, PRIZE_SCOPE)) {
            prize_stack_pop_until(&tree->stack, element);
            prize_stack_marker_clear(&tree->stack);
        }

        return NULL;

    case PRIZE_E_BR:
        return prize_stack_reconstruct(&tree->stack);

    default:
        prize_stack_end_other(&tree->stack, &token->node);
        return NULL;
    }
}


/* 13.2.6.4.7, an end tag */

const char *
prize_tree_body_end(prize_tree_t *tree, const prize_token_t *token)
{
    unsigned  element;

    element = token->node.element;

    if (prize_element_is(element, PRIZE_E_BLOCK_END)) {
        prize_tree_end_in_scope(tree, element, PRIZE_SCOPE);
        return NULL;
    }

    if (prize_element_is(element, PRIZE_E_FORMATTING)) {
        prize_stack_adopt(&tree->stack, &token->node);
        return NULL;
    }

    if (prize_element_is(element, PRIZE_E_HEADING)) {
        if (prize_stack_flags_in_scope(&tree->stack, PRIZE_E_HEADING,
                                       PRIZE_SCOPE))
        {
            prize_stack_pop_until_flags(&tree->stack, PRIZE_E_HEADING);
        }

        return NULL;
    }

    return prize_tree_body_own_end(tree, token);
}
