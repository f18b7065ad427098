
/*
 * The tree construction of the HTML standard (13.2.6), as far as it decides
 * what the text of an element is, and whether a value stays where it stands.
 * It is given the tokens of a page and keeps what is open; the tree itself is
 * kept by nobody.
 *
 * What a parser would do differently for an empty value, for white space and
 * for text is refused, at the value or at what follows it.
 */

#ifndef _PRIZE_TREE_H_INCLUDED_
#define _PRIZE_TREE_H_INCLUDED_


#include "prize_stack.h"


#define PRIZE_TREE_TEMPLATES  16


/* of something that a value or a section decides about */

typedef enum {
    PRIZE_NO = 0,
    PRIZE_YES,
    PRIZE_MAYBE
} prize_maybe_e;


/* what the tokenizer goes on with */

typedef enum {
    PRIZE_CONTENT_DATA = 0,
    PRIZE_CONTENT_RCDATA,
    PRIZE_CONTENT_RAWTEXT,
    PRIZE_CONTENT_SCRIPT,
    PRIZE_CONTENT_PLAINTEXT
} prize_content_e;


/*
 * 13.2.6.4, without those of frames; "in select" with "in select in table" is
 * that of before 2025
 */

typedef enum {
    PRIZE_MODE_INITIAL = 0,
    PRIZE_MODE_BEFORE_HTML,
    PRIZE_MODE_BEFORE_HEAD,
    PRIZE_MODE_IN_HEAD,
    PRIZE_MODE_IN_HEAD_NOSCRIPT,
    PRIZE_MODE_AFTER_HEAD,
    PRIZE_MODE_IN_BODY,
    PRIZE_MODE_IN_TABLE,
    PRIZE_MODE_IN_CAPTION,
    PRIZE_MODE_IN_COLUMN_GROUP,
    PRIZE_MODE_IN_TABLE_BODY,
    PRIZE_MODE_IN_ROW,
    PRIZE_MODE_IN_CELL,
    PRIZE_MODE_IN_SELECT,
    PRIZE_MODE_IN_TEMPLATE,
    PRIZE_MODE_AFTER_BODY,
    PRIZE_MODE_AFTER_AFTER_BODY
} prize_mode_e;


/* a start tag or an end tag */

typedef struct {
    prize_node_t     node;
    uint32_t         attributes;    /* as prize_format_t has it */
    prize_maybe_e    hidden;        /* type=hidden */
    prize_maybe_e    font;          /* color, face or size */
    prize_maybe_e    html_text;     /* encoding=text/html or as XHTML */
    unsigned         self_closing:1;
} prize_token_t;


typedef enum {
    PRIZE_TREE_TEXT_NONE = 0,
    PRIZE_TREE_TEXT,            /* until the next end tag */
    PRIZE_TREE_TEXT_NOSCRIPT    /* until that of <noscript> */
} prize_tree_text_e;


typedef struct {
    prize_stack_t        stack;
    prize_mode_e         mode;
    prize_tree_text_e    text;      /* the element whose text is no markup */
    prize_content_e      content;   /* of the last start tag */
    prize_maybe_e        quirks;
    uint32_t             form;      /* the form element pointer, a serial */
    unsigned             head:1;    /* the head element pointer is set */
    unsigned             scripting:1;
    unsigned             unsure:1;  /* text that may be empty began <body> */
    unsigned             ntemplates;
    uint8_t              templates[PRIZE_TREE_TEMPLATES];
} prize_tree_t;


/* at the start of a document */
void prize_tree_init(prize_tree_t *tree);

/*
 * Each returns NULL, or what is wrong and what was expected, a constant text.
 * "space": text that is white space, else text that begins otherwise.
 */
const char *prize_tree_start(prize_tree_t *tree, const prize_token_t *token);
const char *prize_tree_end(prize_tree_t *tree, const prize_token_t *token);
const char *prize_tree_text(prize_tree_t *tree, unsigned space);
const char *prize_tree_value(prize_tree_t *tree);
const char *prize_tree_comment(prize_tree_t *tree);
const char *prize_tree_doctype(prize_tree_t *tree, prize_maybe_e quirks);

/* what is wrong where it is not here, but at the first value */
const char *prize_tree_unsure_fault(void);

/*
 * The adjusted current node is none of HTML, so that CDATA may stand here; of
 * those that hold HTML not all parsers agree.
 */
prize_maybe_e prize_tree_is_foreign(const prize_tree_t *tree);

/* an element that no framework looks into is open */
int prize_tree_is_plain(const prize_tree_t *tree);

int prize_tree_same(const prize_tree_t *one, const prize_tree_t *two);
void prize_tree_copy(prize_tree_t *dst, const prize_tree_t *src);


#endif /* _PRIZE_TREE_H_INCLUDED_ */
