
/*
 * The stack of open elements and the list of active formatting elements of
 * the HTML standard (13.2.4.2, 13.2.4.3), with what it does to both of them.
 * An element is its name, not a node: there is no tree beside them.
 */

#ifndef _PRIZE_STACK_H_INCLUDED_
#define _PRIZE_STACK_H_INCLUDED_


#include "prize_element.h"


/* a page that nests deeper is refused; browsers stop nesting at 512 */
#define PRIZE_STACK_DEPTH       256
#define PRIZE_STACK_FORMATTING  64


typedef enum {
    PRIZE_NS_HTML = 0,
    PRIZE_NS_MATHML,
    PRIZE_NS_SVG
} prize_ns_e;


typedef struct {
    uint32_t             hash;      /* of the name */
    uint32_t             serial;    /* which one it is; 0: a marker */
    uint8_t              element;   /* prize_element_e */
    uint8_t              ns;
    unsigned             plain:1;       /* no framework looks into it */
    unsigned             html_text:1;   /* annotation-xml that holds HTML */
} prize_node_t;


/* "attributes": a number that is the same for the same; 0: not known here */

typedef struct {
    prize_node_t         node;
    uint32_t             attributes;
} prize_format_t;


typedef struct {
    uint32_t             last;      /* serial */
    unsigned             n;
    unsigned             nformats;
    prize_node_t         nodes[PRIZE_STACK_DEPTH];
    prize_format_t       formats[PRIZE_STACK_FORMATTING];
} prize_stack_t;


typedef enum {
    PRIZE_SCOPE = 0,
    PRIZE_SCOPE_LIST_ITEM,
    PRIZE_SCOPE_BUTTON,
    PRIZE_SCOPE_TABLE
} prize_scope_e;


#define prize_stack_current(stack)  (&(stack)->nodes[(stack)->n - 1])

/* the current node is this element of HTML */
int prize_stack_current_is(const prize_stack_t *stack, unsigned element);

/* NULL, or what is wrong: it is full */
const char *prize_stack_push(prize_stack_t *stack, const prize_node_t *node);
void prize_stack_remove(prize_stack_t *stack, unsigned i);

/* the topmost one of HTML, or -1 */
int prize_stack_find(const prize_stack_t *stack, unsigned element);
int prize_stack_find_serial(const prize_stack_t *stack, uint32_t serial);

/* an element of HTML that has these flags, or is this one */
int prize_stack_in_scope(const prize_stack_t *stack, unsigned element,
    prize_scope_e scope);
int prize_stack_flags_in_scope(const prize_stack_t *stack, unsigned flags,
    prize_scope_e scope);
int prize_stack_node_in_scope(const prize_stack_t *stack, unsigned at);

/* the first one of these from the current node on, itself included */
void prize_stack_pop_until(prize_stack_t *stack, unsigned element);
void prize_stack_pop_until_flags(prize_stack_t *stack, unsigned flags);

/* up to one of these, which stays */
void prize_stack_clear_to(prize_stack_t *stack, const uint8_t *elements);

void prize_stack_imply_ends(prize_stack_t *stack, unsigned except,
    unsigned thoroughly);

/* an end tag without a rule of its own (13.2.6.4.7) */
void prize_stack_end_other(prize_stack_t *stack, const prize_node_t *node);

/* mathml text and html integration points (13.2.6.5) */
int prize_stack_is_math_text(const prize_node_t *node);
int prize_stack_is_html_text(const prize_node_t *node);

/*
 * The list of active formatting elements.  Those that add to it return NULL,
 * or what is wrong.
 */
const char *prize_stack_format_push(prize_stack_t *stack,
    uint32_t attributes);
const char *prize_stack_marker_push(prize_stack_t *stack);
void prize_stack_marker_clear(prize_stack_t *stack);
int prize_stack_format_find(const prize_stack_t *stack, unsigned element);
void prize_stack_format_remove(prize_stack_t *stack, unsigned i);

/* would text open an element again? */
int prize_stack_is_format_pending(const prize_stack_t *stack);
const char *prize_stack_reconstruct(prize_stack_t *stack);

/* "adoption agency algorithm" */
void prize_stack_adopt(prize_stack_t *stack, const prize_node_t *node);

/* both lead the same text to the same elements */
int prize_stack_same(const prize_stack_t *one, const prize_stack_t *two);
void prize_stack_copy(prize_stack_t *dst, const prize_stack_t *src);


#endif /* _PRIZE_STACK_H_INCLUDED_ */
