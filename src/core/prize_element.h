
/*
 * The elements that the HTML standard's tree construction (13.2.6) tells from
 * others, and what it says of each: one list for all of its rules.
 */

#ifndef _PRIZE_ELEMENT_H_INCLUDED_
#define _PRIZE_ELEMENT_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>


/* in the order of their names, for a search; "other" is none of them */

typedef enum {
    PRIZE_E_OTHER = 0,
    PRIZE_E_A,
    PRIZE_E_ADDRESS,
    PRIZE_E_ANNOTATION_XML,
    PRIZE_E_APPLET,
    PRIZE_E_AREA,
    PRIZE_E_ARTICLE,
    PRIZE_E_ASIDE,
    PRIZE_E_B,
    PRIZE_E_BASE,
    PRIZE_E_BASEFONT,
    PRIZE_E_BGSOUND,
    PRIZE_E_BIG,
    PRIZE_E_BLOCKQUOTE,
    PRIZE_E_BODY,
    PRIZE_E_BR,
    PRIZE_E_BUTTON,
    PRIZE_E_CAPTION,
    PRIZE_E_CENTER,
    PRIZE_E_CODE,
    PRIZE_E_COL,
    PRIZE_E_COLGROUP,
    PRIZE_E_DD,
    PRIZE_E_DESC,
    PRIZE_E_DETAILS,
    PRIZE_E_DIALOG,
    PRIZE_E_DIR,
    PRIZE_E_DIV,
    PRIZE_E_DL,
    PRIZE_E_DT,
    PRIZE_E_EM,
    PRIZE_E_EMBED,
    PRIZE_E_FIELDSET,
    PRIZE_E_FIGCAPTION,
    PRIZE_E_FIGURE,
    PRIZE_E_FONT,
    PRIZE_E_FOOTER,
    PRIZE_E_FOREIGNOBJECT,
    PRIZE_E_FORM,
    PRIZE_E_FRAME,
    PRIZE_E_FRAMESET,
    PRIZE_E_H1,
    PRIZE_E_H2,
    PRIZE_E_H3,
    PRIZE_E_H4,
    PRIZE_E_H5,
    PRIZE_E_H6,
    PRIZE_E_HEAD,
    PRIZE_E_HEADER,
    PRIZE_E_HGROUP,
    PRIZE_E_HR,
    PRIZE_E_HTML,
    PRIZE_E_I,
    PRIZE_E_IFRAME,
    PRIZE_E_IMAGE,
    PRIZE_E_IMG,
    PRIZE_E_INPUT,
    PRIZE_E_KEYGEN,
    PRIZE_E_LI,
    PRIZE_E_LINK,
    PRIZE_E_LISTING,
    PRIZE_E_MAIN,
    PRIZE_E_MALIGNMARK,
    PRIZE_E_MARQUEE,
    PRIZE_E_MATH,
    PRIZE_E_MENU,
    PRIZE_E_META,
    PRIZE_E_MGLYPH,
    PRIZE_E_MI,
    PRIZE_E_MN,
    PRIZE_E_MO,
    PRIZE_E_MS,
    PRIZE_E_MTEXT,
    PRIZE_E_NAV,
    PRIZE_E_NOBR,
    PRIZE_E_NOEMBED,
    PRIZE_E_NOFRAMES,
    PRIZE_E_NOSCRIPT,
    PRIZE_E_OBJECT,
    PRIZE_E_OL,
    PRIZE_E_OPTGROUP,
    PRIZE_E_OPTION,
    PRIZE_E_P,
    PRIZE_E_PARAM,
    PRIZE_E_PLAINTEXT,
    PRIZE_E_PRE,
    PRIZE_E_RB,
    PRIZE_E_RP,
    PRIZE_E_RT,
    PRIZE_E_RTC,
    PRIZE_E_RUBY,
    PRIZE_E_S,
    PRIZE_E_SCRIPT,
    PRIZE_E_SEARCH,
    PRIZE_E_SECTION,
    PRIZE_E_SELECT,
    PRIZE_E_SMALL,
    PRIZE_E_SOURCE,
    PRIZE_E_SPAN,
    PRIZE_E_STRIKE,
    PRIZE_E_STRONG,
    PRIZE_E_STYLE,
    PRIZE_E_SUB,
    PRIZE_E_SUMMARY,
    PRIZE_E_SUP,
    PRIZE_E_SVG,
    PRIZE_E_TABLE,
    PRIZE_E_TBODY,
    PRIZE_E_TD,
    PRIZE_E_TEMPLATE,
    PRIZE_E_TEXTAREA,
    PRIZE_E_TFOOT,
    PRIZE_E_TH,
    PRIZE_E_THEAD,
    PRIZE_E_TITLE,
    PRIZE_E_TR,
    PRIZE_E_TRACK,
    PRIZE_E_TT,
    PRIZE_E_U,
    PRIZE_E_UL,
    PRIZE_E_VAR,
    PRIZE_E_WBR,
    PRIZE_E_XMP
} prize_element_e;


/* what holds of an element of HTML; the words are the standard's */

#define PRIZE_E_SPECIAL      0x0001
#define PRIZE_E_FORMATTING   0x0002
#define PRIZE_E_SCOPE        0x0004   /* ends "has an element in scope" */
#define PRIZE_E_IMPLIED      0x0008   /* "generate implied end tags" */
#define PRIZE_E_THOROUGHLY   0x0010   /*   "... thoroughly", beside these */
#define PRIZE_E_ENDS_P       0x0020   /* its start tag closes a p element */
#define PRIZE_E_BLOCK_END    0x0040   /* its end tag pops up to it */
#define PRIZE_E_VOID         0x0080   /* as area, br, embed, img, keygen, wbr */
#define PRIZE_E_METADATA     0x0100   /* by the rules of "in head" */
#define PRIZE_E_BREAKOUT     0x0200   /* ends foreign content */
#define PRIZE_E_TABLE_PART   0x0400   /* caption, col, tbody, td, ... */
#define PRIZE_E_SECTION_PART 0x0800   /* tbody, tfoot, thead */
#define PRIZE_E_HEADING      0x1000


/* of a name in lower case */
prize_element_e prize_element_find(const char *name, size_t len);

unsigned prize_element_is(unsigned element, unsigned flags);


#endif /* _PRIZE_ELEMENT_H_INCLUDED_ */
