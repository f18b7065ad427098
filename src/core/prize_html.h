
/*
 * Where a text stands in an HTML document, as far as a tokenizer can tell.
 *
 * The machine follows the tokenizer of the HTML standard, a byte at a time.
 * It reports where names, values and elements begin and end, and tells which
 * kind of place it is at.  It has no rules of what may stand there: these are
 * its caller's (prize_markup.h).
 *
 * The text is that of a template.  Something that is not seen may stand
 * between two bytes, a part of the text may be left out, and yet each byte
 * has to have one place.
 *
 * The tree is not built: foreign content is what stands between <svg> or
 * <math> and its end tag.
 */

#ifndef _PRIZE_HTML_H_INCLUDED_
#define _PRIZE_HTML_H_INCLUDED_


#include <stddef.h>


/* longer than any name that matters, and than any mark that ends something */
#define PRIZE_HTML_NAME  16


/* a name or a tail in lower case; len is of what was seen, up to the limit */

typedef struct {
    size_t                       len;
    char                         data[PRIZE_HTML_NAME];
} prize_html_name_t;


typedef enum {
    PRIZE_HTML_CHARACTERS = 0,
    PRIZE_HTML_STYLE,
    PRIZE_HTML_SCRIPT
} prize_html_code_e;


/* an element whose text is no markup */

typedef struct {
    const char                  *name;
    const char                  *close;
    prize_html_code_e            code;      /* what its text is */
} prize_html_element_t;


typedef enum {
    PRIZE_HTML_IN_TEXT = 0,
    PRIZE_HTML_IN_TAG,          /* before, in or after a name */
    PRIZE_HTML_IN_VALUE,        /* of an attribute, or before it */
    PRIZE_HTML_IN_QUOTES,       /* the same, but quoted */
    PRIZE_HTML_IN_ELEMENT,      /* whose text is no markup: "element" */
    PRIZE_HTML_IN_COMMENT,      /* or in a declaration, or in CDATA */
    PRIZE_HTML_IN_UNKNOWN       /* the text has begun something, and does not */
                                /*   say yet what it is */
} prize_html_place_e;


typedef enum {
    PRIZE_HTML_ATTRIBUTE = 0,   /* its name, "attribute", is whole */
    PRIZE_HTML_VALUE,           /* that attribute has one, which follows */
    PRIZE_HTML_VALUE_BYTE,
    PRIZE_HTML_VALUE_END,
    PRIZE_HTML_ELEMENT,         /* "element" begins, with the next byte */
    PRIZE_HTML_ELEMENT_END      /* "text_start" and "text_end" are known */
} prize_html_event_e;


typedef struct prize_html_s  prize_html_t;

/* "ch" is the byte of a value, in lower case */
typedef void (*prize_html_report_pt)(prize_html_t *html,
    prize_html_event_e event, int ch);

/* takes one byte in lower case; NULL, or what is wrong with it */
typedef const char *(*prize_html_step_pt)(prize_html_t *html, int ch);


/* owns nothing; a copy is the place where it was made */

struct prize_html_s {
    prize_html_step_pt           step;
    prize_html_report_pt         report;
    const prize_html_element_t  *element;    /* NULL: outside of one */
    prize_html_name_t            tag;        /* the tag being read */
    prize_html_name_t            attribute;
    prize_html_name_t            tail;       /* last bytes since a cut */
    int                          quote;      /* of a value; 0: it has none */
    unsigned                     foreign;    /* depth of <svg> and <math> */

    size_t                       offset;     /* bytes before this one */
    size_t                       name_start; /* of the attribute, an offset */
    size_t                       text_start; /* of the element, two offsets */
    size_t                       text_end;

    unsigned                     end:1;      /* the tag is an end tag */
    unsigned                     escaped:1;  /* <!-- in a script */
    unsigned                     doubled:1;  /* and <script> in that */
};


/* at the start of a document */
void prize_html_init(prize_html_t *html, prize_html_report_pt report);

/*
 * NULL, or what is wrong with this byte: what it does depends on a value or a
 * section before it.  The text is constant and says what was expected.
 */
const char *prize_html_byte(prize_html_t *html, unsigned char byte);

prize_html_place_e prize_html_place(const prize_html_t *html);

/* something that is not seen stands here */
void prize_html_cut(prize_html_t *html);

/*
 * The text from "begin" to "html" may be left out: 0, and "html" is a place
 * that what follows has in either case, or -1 if there is none.
 */
int prize_html_join(prize_html_t *html, const prize_html_t *begin);


int prize_html_name_is(const prize_html_name_t *name, const char *data);
int prize_html_name_same(const prize_html_name_t *one,
    const prize_html_name_t *two);

/* a name of full length is cut there: it is none that matters */
void prize_html_name_append(prize_html_name_t *name, int ch);


#endif /* _PRIZE_HTML_H_INCLUDED_ */
