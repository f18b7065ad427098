
#include <string.h>

#include "prize_stack.h"


static const char *
prize_stack_too_deep(void)
{
    return "elements that are nested too deep: expected end tags before it";
}


int
prize_stack_is_math_text(const prize_node_t *node)
{
    if (node->ns != PRIZE_NS_MATHML) {
        return 0;
    }

    switch (node->element) {

    case PRIZE_E_MI:
    case PRIZE_E_MN:
    case PRIZE_E_MO:
    case PRIZE_E_MS:
    case PRIZE_E_MTEXT:
        return 1;

    default:
        return 0;
    }
}


int
prize_stack_is_html_text(const prize_node_t *node)
{
    if (node->ns == PRIZE_NS_MATHML) {
        return node->element == PRIZE_E_ANNOTATION_XML && node->html_text;
    }

    return node->ns == PRIZE_NS_SVG
           && (node->element == PRIZE_E_FOREIGNOBJECT
               || node->element == PRIZE_E_DESC
               || node->element == PRIZE_E_TITLE);
}


/* of foreign elements, the same are special and end a scope */

static int
prize_node_is(const prize_node_t *node, unsigned flags)
{
    if (node->ns == PRIZE_NS_HTML) {
        return prize_element_is(node->element, flags) != 0;
    }

    return (flags & (PRIZE_E_SPECIAL | PRIZE_E_SCOPE))
           && (prize_stack_is_math_text(node)
               || (node->ns == PRIZE_NS_MATHML
                   && node->element == PRIZE_E_ANNOTATION_XML)
               || (node->ns == PRIZE_NS_SVG
                   && prize_stack_is_html_text(node)));
}


static int
prize_node_is_html(const prize_node_t *node, unsigned element)
{
    return node->ns == PRIZE_NS_HTML && node->element == element;
}


static int
prize_node_same(const prize_node_t *one, const prize_node_t *two)
{
    return one->element == two->element && one->hash == two->hash
           && one->ns == two->ns;
}


int
prize_stack_current_is(const prize_stack_t *stack, unsigned element)
{
    return prize_node_is_html(prize_stack_current(stack), element);
}


const char *
prize_stack_push(prize_stack_t *stack, const prize_node_t *node)
{
    if (stack->n == PRIZE_STACK_DEPTH) {
        return prize_stack_too_deep();
    }

    stack->nodes[stack->n] = *node;
    stack->nodes[stack->n++].serial = ++stack->last;

    return NULL;
}


void
prize_stack_remove(prize_stack_t *stack, unsigned i)
{
    stack->n--;
    memmove(&stack->nodes[i], &stack->nodes[i + 1],
            (stack->n - i) * sizeof(prize_node_t));
}


static void
prize_stack_insert(prize_stack_t *stack, unsigned i, const prize_node_t *node)
{
    memmove(&stack->nodes[i + 1], &stack->nodes[i],
            (stack->n - i) * sizeof(prize_node_t));
    stack->nodes[i] = *node;
    stack->n++;
}


int
prize_stack_find(const prize_stack_t *stack, unsigned element)
{
    int  i;

    for (i = (int) stack->n - 1; i >= 0; i--) {
        if (prize_node_is_html(&stack->nodes[i], element)) {
            break;
        }
    }

    return i;
}


int
prize_stack_find_serial(const prize_stack_t *stack, uint32_t serial)
{
    int  i;

    for (i = (int) stack->n - 1; i >= 0; i--) {
        if (stack->nodes[i].serial == serial) {
            break;
        }
    }

    return i;
}


static int
prize_stack_ends_scope(const prize_node_t *node, prize_scope_e scope)
{
    if (scope == PRIZE_SCOPE_TABLE) {
        return prize_node_is_html(node, PRIZE_E_HTML)
               || prize_node_is_html(node, PRIZE_E_TABLE)
               || prize_node_is_html(node, PRIZE_E_TEMPLATE);
    }

    if (prize_node_is(node, PRIZE_E_SCOPE)) {
        return 1;
    }

    if (scope == PRIZE_SCOPE_LIST_ITEM) {
        return prize_node_is_html(node, PRIZE_E_OL)
               || prize_node_is_html(node, PRIZE_E_UL);
    }

    return scope == PRIZE_SCOPE_BUTTON
           && prize_node_is_html(node, PRIZE_E_BUTTON);
}


/* one with these flags, or without flags the one of that name */

static int
prize_stack_search(const prize_stack_t *stack, unsigned element,
    unsigned flags, prize_scope_e scope)
{
    unsigned             i;
    const prize_node_t  *node;

    for (i = stack->n; i-- > 0; /* void */ ) {
        node = &stack->nodes[i];

        if (node->ns == PRIZE_NS_HTML
            && (flags ? prize_element_is(node->element, flags) != 0
                      : node->element == element))
        {
            return 1;
        }

        if (prize_stack_ends_scope(node, scope)) {
            return 0;
        }
    }

    return 0;
}


int
prize_stack_in_scope(const prize_stack_t *stack, unsigned element,
    prize_scope_e scope)
{
    return prize_stack_search(stack, element, 0, scope);
}


int
prize_stack_flags_in_scope(const prize_stack_t *stack, unsigned flags,
    prize_scope_e scope)
{
    return prize_stack_search(stack, 0, flags, scope);
}


int
prize_stack_node_in_scope(const prize_stack_t *stack, unsigned at)
{
    unsigned  i;

    for (i = stack->n - 1; i > at; i--) {
        if (prize_stack_ends_scope(&stack->nodes[i], PRIZE_SCOPE)) {
            return 0;
        }
    }

    return 1;
}


void
prize_stack_pop_until(prize_stack_t *stack, unsigned element)
{
    while (stack->n > 1) {
        stack->n--;

        if (prize_node_is_html(&stack->nodes[stack->n], element)) {
            return;
        }
    }
}


void
prize_stack_pop_until_flags(prize_stack_t *stack, unsigned flags)
{
    while (stack->n > 1) {
        stack->n--;

        if (stack->nodes[stack->n].ns == PRIZE_NS_HTML
            && prize_element_is(stack->nodes[stack->n].element, flags))
        {
            return;
        }
    }
}


void
prize_stack_clear_to(prize_stack_t *stack, const uint8_t *elements)
{
    unsigned  i;

    for ( /* void */ ; stack->n > 1; stack->n--) {
        for (i = 0; elements[i]; i++) {
            if (prize_stack_current_is(stack, elements[i])) {
                return;
            }
        }
    }
}


void
prize_stack_imply_ends(prize_stack_t *stack, unsigned except,
    unsigned thoroughly)
{
    unsigned             flags;
    const prize_node_t  *node;

    flags = PRIZE_E_IMPLIED | (thoroughly ? PRIZE_E_THOROUGHLY : 0);

    while (stack->n > 1) {
        node = prize_stack_current(stack);

        if (node->ns != PRIZE_NS_HTML || node->element == except
            || !prize_element_is(node->element, flags))
        {
            return;
        }

        stack->n--;
    }
}


void
prize_stack_end_other(prize_stack_t *stack, const prize_node_t *node)
{
    unsigned  i;

    for (i = stack->n; i-- > 0; /* void */ ) {

        if (prize_node_same(&stack->nodes[i], node)) {

            /* implied end tags are above it, and go with it */

            stack->n = i ? i : 1;
            return;
        }

        if (prize_node_is(&stack->nodes[i], PRIZE_E_SPECIAL)) {
            return;
        }
    }
}


static int
prize_stack_format_of(const prize_stack_t *stack, uint32_t serial)
{
    int  i;

    for (i = (int) stack->nformats - 1; i >= 0; i--) {
        if (stack->formats[i].node.serial == serial) {
            break;
        }
    }

    return i;
}


int
prize_stack_format_find(const prize_stack_t *stack, unsigned element)
{
    int  i;

    for (i = (int) stack->nformats - 1; i >= 0; i--) {
        if (stack->formats[i].node.serial == 0) {
            return -1;
        }

        if (stack->formats[i].node.element == element) {
            return i;
        }
    }

    return -1;
}


void
prize_stack_format_remove(prize_stack_t *stack, unsigned i)
{
    stack->nformats--;
    memmove(&stack->formats[i], &stack->formats[i + 1],
            (stack->nformats - i) * sizeof(prize_format_t));
}


/*
 * Of elements that are the same, three are kept.  Whether they are may depend
 * on a value.
 */

static const char *
prize_stack_noahs_ark(prize_stack_t *stack, const prize_format_t *format)
{
    int                    i, earliest;
    unsigned               same, unknown;
    const prize_format_t  *other;

    same = 0;
    unknown = 0;
    earliest = 0;

    for (i = (int) stack->nformats - 1; i >= 0; i--) {
        other = &stack->formats[i];

        if (other->node.serial == 0) {
            break;
        }

        if (!prize_node_same(&other->node, &format->node)) {
            continue;
        }

        if (format->attributes == 0 || other->attributes == 0) {
            unknown++;

        } else if (other->attributes == format->attributes) {
            same++;
            earliest = i;
        }
    }

    if (unknown && same + unknown >= 3) {
        return "elements for the look of text that are nested in others of "
               "their name: expected end tags before it";
    }

    if (same >= 3) {
        prize_stack_format_remove(stack, earliest);
    }

    return NULL;
}


const char *
prize_stack_format_push(prize_stack_t *stack, uint32_t attributes)
{
    const char      *fault;
    prize_format_t   format;

    format.node = *prize_stack_current(stack);
    format.attributes = attributes;

    fault = prize_stack_noahs_ark(stack, &format);

    if (fault == NULL && stack->nformats == PRIZE_STACK_FORMATTING) {
        fault = prize_stack_too_deep();
    }

    if (fault == NULL) {
        stack->formats[stack->nformats++] = format;
    }

    return fault;
}


const char *
prize_stack_marker_push(prize_stack_t *stack)
{
    if (stack->nformats == PRIZE_STACK_FORMATTING) {
        return prize_stack_too_deep();
    }

    memset(&stack->formats[stack->nformats++], 0, sizeof(prize_format_t));

    return NULL;
}


void
prize_stack_marker_clear(prize_stack_t *stack)
{
    while (stack->nformats) {
        if (stack->formats[--stack->nformats].node.serial == 0) {
            return;
        }
    }
}


int
prize_stack_is_format_pending(const prize_stack_t *stack)
{
    uint32_t  serial;

    if (stack->nformats == 0) {
        return 0;
    }

    serial = stack->formats[stack->nformats - 1].node.serial;

    return serial && prize_stack_find_serial(stack, serial) == -1;
}


const char *
prize_stack_reconstruct(prize_stack_t *stack)
{
    unsigned         i;
    const char      *fault;
    prize_format_t  *format;

    if (!prize_stack_is_format_pending(stack)) {
        return NULL;
    }

    for (i = stack->nformats - 1; i > 0; i--) {
        format = &stack->formats[i - 1];

        if (format->node.serial == 0
            || prize_stack_find_serial(stack, format->node.serial) != -1)
        {
            break;
        }
    }

    for ( /* void */ ; i < stack->nformats; i++) {
        format = &stack->formats[i];

        fault = prize_stack_push(stack, &format->node);
        if (fault) {
            return fault;
        }

        format->node.serial = stack->last;
    }

    return NULL;
}


/* steps 4.12 to 4.14: what stands between the two */

static void
prize_stack_adopt_between(prize_stack_t *stack, unsigned formatting,
    unsigned *furthest, int *bookmark)
{
    int       i;
    unsigned  node, count, last;

    count = 0;
    last = *furthest;

    for (node = *furthest - 1; node > formatting; node--) {
        count++;
        i = prize_stack_format_of(stack, stack->nodes[node].serial);

        if (i != -1 && count > 3) {
            prize_stack_format_remove(stack, i);
            *bookmark -= (i < *bookmark);
            i = -1;
        }

        if (i == -1) {
            prize_stack_remove(stack, node);
            (*furthest)--;
            last--;
            continue;
        }

        /* a new one takes its place in both, and its name */

        if (last == *furthest) {
            *bookmark = i + 1;
        }

        last = node;
    }
}


static int
prize_stack_adopt_once(prize_stack_t *stack, const prize_node_t *node)
{
    int             i, at, bookmark;
    unsigned        furthest;
    prize_format_t  format;

    i = prize_stack_format_find(stack, node->element);

    if (i == -1) {
        prize_stack_end_other(stack, node);
        return 0;
    }

    format = stack->formats[i];
    at = prize_stack_find_serial(stack, format.node.serial);

    if (at == -1) {
        prize_stack_format_remove(stack, i);
        return 0;
    }

    if (!prize_stack_node_in_scope(stack, at)) {
        return 0;
    }

    for (furthest = at + 1; furthest < stack->n; furthest++) {
        if (prize_node_is(&stack->nodes[furthest], PRIZE_E_SPECIAL)) {
            break;
        }
    }

    if (furthest == stack->n) {
        stack->n = at;
        prize_stack_format_remove(stack, i);
        return 0;
    }

    bookmark = i;
    prize_stack_adopt_between(stack, at, &furthest, &bookmark);

    i = prize_stack_format_of(stack, format.node.serial);
    prize_stack_format_remove(stack, i);
    bookmark -= (i < bookmark);

    memmove(&stack->formats[bookmark + 1], &stack->formats[bookmark],
            (stack->nformats - bookmark) * sizeof(prize_format_t));
    stack->formats[bookmark] = format;
    stack->nformats++;

    prize_stack_remove(stack, at);
    prize_stack_insert(stack, furthest, &format.node);

    return 1;
}


void
prize_stack_adopt(prize_stack_t *stack, const prize_node_t *node)
{
    unsigned  i;

    if (prize_node_same(prize_stack_current(stack), node)
        && prize_stack_format_of(stack, prize_stack_current(stack)->serial)
           == -1)
    {
        stack->n--;
        return;
    }

    for (i = 0; i < 8 && prize_stack_adopt_once(stack, node); i++) {
        /* void */
    }
}


/*
 * Formatting elements that are open have to be at the same place of the stack.
 * One that is not open any more is opened again by its name: which element it
 * was makes no difference.
 */

int
prize_stack_same(const prize_stack_t *one, const prize_stack_t *two)
{
    unsigned               i;
    const prize_format_t  *a, *b;

    if (one->n != two->n || one->nformats != two->nformats) {
        return 0;
    }

    for (i = 0; i < one->n; i++) {
        if (!prize_node_same(&one->nodes[i], &two->nodes[i])
            || one->nodes[i].html_text != two->nodes[i].html_text
            || one->nodes[i].plain != two->nodes[i].plain)
        {
            return 0;
        }
    }

    for (i = 0; i < one->nformats; i++) {
        a = &one->formats[i];
        b = &two->formats[i];

        if ((a->node.serial == 0) != (b->node.serial == 0)
            || !prize_node_same(&a->node, &b->node)
            || a->attributes != b->attributes
            || prize_stack_find_serial(one, a->node.serial)
               != prize_stack_find_serial(two, b->node.serial))
        {
            return 0;
        }
    }

    return 1;
}


void
prize_stack_copy(prize_stack_t *dst, const prize_stack_t *src)
{
    dst->last = src->last;
    dst->n = src->n;
    dst->nformats = src->nformats;

    memcpy(dst->nodes, src->nodes, src->n * sizeof(prize_node_t));
    memcpy(dst->formats, src->formats, src->nformats * sizeof(prize_format_t));
}
