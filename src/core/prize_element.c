
#include <stdlib.h>
#include <string.h>

#include "prize_element.h"


#define S   PRIZE_E_SPECIAL
#define F   PRIZE_E_FORMATTING
#define C   PRIZE_E_SCOPE
#define I   PRIZE_E_IMPLIED
#define T   PRIZE_E_THOROUGHLY
#define P   PRIZE_E_ENDS_P
#define E   PRIZE_E_BLOCK_END
#define V   PRIZE_E_VOID
#define M   PRIZE_E_METADATA
#define X   PRIZE_E_BREAKOUT
#define B   PRIZE_E_TABLE_PART
#define R   PRIZE_E_SECTION_PART
#define H   PRIZE_E_HEADING


typedef struct {
    const char    *name;
    unsigned       flags;
} prize_element_t;


/* as the enum; 13.2.4.2 has most of the flags, 13.2.6.4.7 the rest */

static const prize_element_t  prize_elements[] = {
    { "", 0 },
    { "a", F },
    { "address", S | P | E },
    { "annotation-xml", 0 },
    { "applet", S | C },
    { "area", S | V },
    { "article", S | P | E },
    { "aside", S | P | E },
    { "b", F | X },
    { "base", S | M },
    { "basefont", S | M },
    { "bgsound", S | M },
    { "big", F | X },
    { "blockquote", S | P | E | X },
    { "body", S | X },
    { "br", S | V | X },
    { "button", S | E },
    { "caption", S | C | T | B },
    { "center", S | P | E | X },
    { "code", F | X },
    { "col", S | B },
    { "colgroup", S | T | B },
    { "dd", S | I | X },
    { "desc", 0 },
    { "details", S | P | E },
    { "dialog", P | E },
    { "dir", S | P | E },
    { "div", S | P | E | X },
    { "dl", S | P | E | X },
    { "dt", S | I | X },
    { "em", F | X },
    { "embed", S | V | X },
    { "fieldset", S | P | E },
    { "figcaption", S | P | E },
    { "figure", S | P | E },
    { "font", F },
    { "footer", S | P | E },
    { "foreignobject", 0 },
    { "form", S },
    { "frame", S },
    { "frameset", S },
    { "h1", S | X | H },
    { "h2", S | X | H },
    { "h3", S | X | H },
    { "h4", S | X | H },
    { "h5", S | X | H },
    { "h6", S | X | H },
    { "head", S | X },
    { "header", S | P | E },
    { "hgroup", S | P | E },
    { "hr", S | X },
    { "html", S | C },
    { "i", F | X },
    { "iframe", S },
    { "image", 0 },
    { "img", S | V | X },
    { "input", S },
    { "keygen", S | V },
    { "li", S | I | X },
    { "link", S | M },
    { "listing", S | E | X },
    { "main", S | P | E },
    { "malignmark", 0 },
    { "marquee", S | C },
    { "math", 0 },
    { "menu", S | P | E | X },
    { "meta", S | M | X },
    { "mglyph", 0 },
    { "mi", 0 },
    { "mn", 0 },
    { "mo", 0 },
    { "ms", 0 },
    { "mtext", 0 },
    { "nav", S | P | E },
    { "nobr", F | X },
    { "noembed", S },
    { "noframes", S | M },
    { "noscript", S },
    { "object", S | C },
    { "ol", S | P | E | X },
    { "optgroup", I },
    { "option", I },
    { "p", S | I | P | X },
    { "param", S },
    { "plaintext", S },
    { "pre", S | E | X },
    { "rb", I },
    { "rp", I },
    { "rt", I },
    { "rtc", I },
    { "ruby", X },
    { "s", F | X },
    { "script", S | M },
    { "search", S | P | E },
    { "section", S | P | E },
    { "select", S },
    { "small", F | X },
    { "source", S },
    { "span", X },
    { "strike", F | X },
    { "strong", F | X },
    { "style", S | M },
    { "sub", X },
    { "summary", S | P | E },
    { "sup", X },
    { "svg", 0 },
    { "table", S | C | X },
    { "tbody", S | T | B | R },
    { "td", S | C | T | B },
    { "template", S | C | M },
    { "textarea", S },
    { "tfoot", S | T | B | R },
    { "th", S | C | T | B },
    { "thead", S | T | B | R },
    { "title", S | M },
    { "tr", S | T | B },
    { "track", S },
    { "tt", F | X },
    { "u", F | X },
    { "ul", S | P | E | X },
    { "var", X },
    { "wbr", S | V },
    { "xmp", S }
};


static int
prize_element_compare(const void *key, const void *element)
{
    return strcmp(key, ((const prize_element_t *) element)->name);
}


prize_element_e
prize_element_find(const char *name, size_t len)
{
    char                    key[16];
    const prize_element_t  *found;

    if (len >= sizeof(key)) {
        return PRIZE_E_OTHER;
    }

    memcpy(key, name, len);
    key[len] = '\0';

    found = bsearch(key, prize_elements,
                    sizeof(prize_elements) / sizeof(prize_elements[0]),
                    sizeof(prize_element_t), prize_element_compare);

    return found ? (prize_element_e) (found - prize_elements) : PRIZE_E_OTHER;
}


unsigned
prize_element_is(unsigned element, unsigned flags)
{
    return prize_elements[element].flags & flags;
}
