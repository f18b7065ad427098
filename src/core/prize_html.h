
/*
 * The tokenizer of the HTML standard (13.2.5), a byte at a time.  Each of its
 * functions has the name and the number of a state.
 *
 * It reports what begins and ends, and tells which kind of place it is at.
 * What the text of an element is, and whether CDATA may begin, the tree
 * construction decides (prize_tree.h), which the caller asks; which place is
 * fit for what is the caller's as well (prize_place.h).
 *
 * The text is that of a template: a value that is not seen may stand between
 * two bytes, a part of the text may be left out, and yet each byte has to
 * have one place.  Where it has several states at once, that is a state of
 * its own here.
 */

#ifndef _PRIZE_HTML_H_INCLUDED_
#define _PRIZE_HTML_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "prize_name.h"
#include "prize_tree.h"


typedef enum {
    PRIZE_HTML_IN_TEXT = 0,
    PRIZE_HTML_IN_TAG,          /* before, in or after a name */
    PRIZE_HTML_IN_VALUE,        /* of an attribute, or before it */
    PRIZE_HTML_IN_QUOTES,       /* the same, but quoted */
    PRIZE_HTML_IN_RCDATA,       /* of a <title> or a <textarea> */
    PRIZE_HTML_IN_ELEMENT,      /* "element", whose text is no markup */
    PRIZE_HTML_IN_COMMENT,
    PRIZE_HTML_IN_DOCTYPE,
    PRIZE_HTML_IN_CDATA,
    PRIZE_HTML_IN_UNKNOWN       /* the text has begun something, and does not */
                                /*   say yet what it is */
} prize_html_place_e;


typedef enum {
    PRIZE_HTML_SPACE = 0,       /* text begins; it is white space so far */
    PRIZE_HTML_CHARACTER,       /* text that is none */
    PRIZE_HTML_COMMENT,         /* has ended */
    PRIZE_HTML_DOCTYPE,         /* the same; "quirks" is known */
    PRIZE_HTML_TAG,             /* begins */
    PRIZE_HTML_ATTRIBUTE,       /* its name, "attribute", is whole */
    PRIZE_HTML_VALUE,           /* that attribute has one, which follows; */
                                /*   "watched" is to be set */
    PRIZE_HTML_VALUE_BYTE,
    PRIZE_HTML_VALUE_END,
    PRIZE_HTML_START,           /* a start tag is whole: "content" and */
                                /*   "foreign" are to be set */
    PRIZE_HTML_END,             /* an end tag is: "foreign" is to be set */
    PRIZE_HTML_ELEMENT_END      /* "text_start" and "text_end" are known */
} prize_html_event_e;


typedef struct prize_html_s  prize_html_t;

/* "ch" is the byte of a value, in lower case */
typedef void (*prize_html_report_pt)(prize_html_t *html,
    prize_html_event_e event, int ch);


/* of attributes that are not known here */
#define PRIZE_HTML_SOME_ATTRIBUTES  0xffff


/* owns nothing; a copy is the place where it was made */

struct prize_html_s {
    unsigned                     step;       /* a state */
    unsigned                     text;       /* the one that text is read by */
    prize_html_report_pt         report;
    const char                  *fault;      /* what a report has found */

    prize_name_t                 tag;        /* the tag being read */
    prize_name_t                 element;    /* whose text this is */
    prize_name_t                 attribute;
    prize_name_t                 value;      /* how the attribute's begins */
    prize_name_t                 word;       /* the "temporary buffer" */
    uint32_t                     tag_hash;
    uint32_t                     attribute_hash;
    unsigned                     nattributes;

    prize_content_e              content;
    prize_maybe_e                foreign;
    prize_maybe_e                quirks;
    int                          quote;      /* of a value; 0: it has none */
    int                          byte;       /* as it is written */

    size_t                       offset;     /* bytes before this one */
    size_t                       tag_start;  /* offsets of its <, */
    size_t                       name_start; /*   of the attribute, */
    size_t                       text_start; /*   and of the element */
    size_t                       text_end;

    unsigned                     again:1;    /* the byte, in the next state */
    unsigned                     end:1;      /* the tag is an end tag */
    unsigned                     self_closing:1;
    unsigned                     watched:1;  /* each byte of the value is */
                                             /*   to be reported */
    unsigned                     some:1;     /* the value is not known here */
    unsigned                     reference:1;    /* behind & and a name */
    unsigned                     space:1;    /* this text was reported */
    unsigned                     character:1;
};


/* at the start of a document */
void prize_html_init(prize_html_t *html, prize_html_report_pt report);

/*
 * The bytes of a byte order mark that the text begins with, or 0.  Where it is
 * the first of a page, a parser does not see it (Encoding standard, 6, decode).
 */
size_t prize_html_skip_mark(prize_html_t *html, const char *data, size_t len);

/*
 * NULL, or what is wrong with the byte behind the first "n": what it does
 * depends on a value or a section before it, or it is what "fault" says.  The
 * text is constant and says what was expected.
 */
const char *prize_html_read(prize_html_t *html, const char *data, size_t len,
    size_t *n);

prize_html_place_e prize_html_place(const prize_html_t *html);

/* the text before it may be the beginning of a character reference */
int prize_html_in_reference(const prize_html_t *html);

/* a value stands here, or a section's text begins or ends */
void prize_html_field(prize_html_t *html);
void prize_html_section(prize_html_t *html);

/*
 * The text from "begin" to "html" may be left out: 0, and "html" is a place
 * that what follows has in either case, or -1 if there is none.
 */
int prize_html_join(prize_html_t *html, const prize_html_t *begin);


#endif /* _PRIZE_HTML_H_INCLUDED_ */
