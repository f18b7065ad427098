
#include <string.h>

#include "prize_markup.h"


struct prize_markup_element_s {
    const char  *name;
    const char  *close;
    unsigned     code;        /* what it holds is a program, or style rules */
};


enum {
    PRIZE_MARKUP_PLAIN = 0,
    PRIZE_MARKUP_EVENT,
    PRIZE_MARKUP_STYLE,
    PRIZE_MARKUP_SRCDOC,
    PRIZE_MARKUP_URL
};


/* how much of a URL is known, so that no field chooses its scheme */

enum {
    PRIZE_MARKUP_URL_START = 0,
    PRIZE_MARKUP_URL_SCHEME,
    PRIZE_MARKUP_URL_HTTP,
    PRIZE_MARKUP_URL_SAFE,
    PRIZE_MARKUP_URL_OTHER
};


static const char *prize_markup_text(prize_markup_t *markup, int ch);
static const char *prize_markup_tag_open(prize_markup_t *markup, int ch);
static const char *prize_markup_end_tag_open(prize_markup_t *markup, int ch);
static const char *prize_markup_tag_name(prize_markup_t *markup, int ch);
static const char *prize_markup_slash(prize_markup_t *markup, int ch);
static const char *prize_markup_before_attribute(prize_markup_t *markup,
    int ch);
static const char *prize_markup_attribute(prize_markup_t *markup, int ch);
static const char *prize_markup_after_attribute(prize_markup_t *markup,
    int ch);
static const char *prize_markup_before_value(prize_markup_t *markup, int ch);
static const char *prize_markup_quoted(prize_markup_t *markup, int ch);
static const char *prize_markup_unquoted(prize_markup_t *markup, int ch);
static const char *prize_markup_gap(prize_markup_t *markup, int ch);
static const char *prize_markup_gap_space(prize_markup_t *markup, int ch);
static const char *prize_markup_declaration(prize_markup_t *markup, int ch);
static const char *prize_markup_bogus_comment(prize_markup_t *markup, int ch);
static const char *prize_markup_comment(prize_markup_t *markup, int ch);
static const char *prize_markup_cdata(prize_markup_t *markup, int ch);
static const char *prize_markup_raw_text(prize_markup_t *markup, int ch);


/* elements whose text holds no tags, as the HTML standard lists them */

static const prize_markup_element_t  prize_markup_elements[] = {
    { "script", "</script", 1 },
    { "style", "</style", 1 },
    { "title", "</title", 0 },
    { "textarea", "</textarea", 0 },
    { "iframe", "</iframe", 0 },
    { "noembed", "</noembed", 0 },
    { "noframes", "</noframes", 0 },
    { "xmp", "</xmp", 0 },
    { NULL, NULL, 0 }
};


static const char  *prize_markup_urls[] = {
    "href", "src", "action", "formaction", "xlink:href", "data", NULL
};


static int
prize_markup_space(int ch)
{
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r' || ch == '\f';
}


static int
prize_markup_letter(int ch)
{
    return ch >= 'a' && ch <= 'z';
}


static void
prize_markup_set(prize_markup_name_t *name, const char *data)
{
    name->len = strlen(data);
    memcpy(name->data, data, name->len);
}


/* a name of full length is cut there: it is none that matters */

static void
prize_markup_append(prize_markup_name_t *name, int ch)
{
    if (name->len < PRIZE_MARKUP_NAME) {
        name->data[name->len++] = (char) ch;
    }
}


static void
prize_markup_slide(prize_markup_name_t *tail, int ch)
{
    if (tail->len == PRIZE_MARKUP_NAME) {
        memmove(tail->data, tail->data + 1, PRIZE_MARKUP_NAME - 1);
        tail->len--;
    }

    tail->data[tail->len++] = (char) ch;
}


static int
prize_markup_is(const prize_markup_name_t *name, const char *data)
{
    return name->len == strlen(data)
           && memcmp(name->data, data, name->len) == 0;
}


static int
prize_markup_same(const prize_markup_name_t *one,
    const prize_markup_name_t *two)
{
    return one->len == two->len
           && memcmp(one->data, two->data, one->len) == 0;
}


static int
prize_markup_ends(const prize_markup_name_t *tail, const char *data)
{
    size_t  len;

    len = strlen(data);

    return tail->len >= len
           && memcmp(tail->data + tail->len - len, data, len) == 0;
}


static void
prize_markup_element(prize_markup_t *markup,
    const prize_markup_element_t *element)
{
    markup->element = element;
    markup->tail.len = 0;
    markup->start = markup->offset + 1;
    markup->step = prize_markup_raw_text;

    /* a tag in it is a tag there, and &amp; is & */

    if (element->code && markup->foreign) {
        prize_inlines_fault(markup->inlines, markup->offset,
                            "<style> or <script> inside <svg> or <math>: "
                            "expected it outside");
    }
}


/* the text of a style or a script has ended before its end tag */

static const char *
prize_markup_code_end(prize_markup_t *markup)
{
    size_t    end;
    unsigned  script;

    if (!markup->element->code) {
        return NULL;
    }

    end = markup->offset - strlen(markup->element->close);
    script = (markup->element == &prize_markup_elements[0]);

    /* nothing is run, nothing is asked of a policy */

    if (script && end == markup->start) {
        return NULL;
    }

    return prize_inlines_add(markup->inlines, markup->start, end, script) == 0
           ? NULL : "not enough memory";
}


static void
prize_markup_attribute_end(prize_markup_t *markup)
{
    prize_markup_name_t  *name;

    name = &markup->attribute;

    if (markup->end) {
        return;
    }

    if (name->len > 2 && memcmp(name->data, "on", 2) == 0) {
        prize_inlines_fault(markup->inlines, markup->name,
                            "on... attribute: expected addEventListener() in "
                            "a script of the page");

    } else if (prize_markup_is(name, "style")) {
        prize_inlines_fault(markup->inlines, markup->name,
                            "style attribute: expected a class");
    }
}


static void
prize_markup_tag_end(prize_markup_t *markup, int self_closing)
{
    const prize_markup_element_t  *element;

    markup->step = prize_markup_text;

    if (prize_markup_is(&markup->tag, "svg")
        || prize_markup_is(&markup->tag, "math"))
    {
        if (!markup->end && !self_closing) {
            markup->foreign++;

        } else if (markup->end && markup->foreign) {
            markup->foreign--;
        }

    } else if (!markup->end && !(markup->foreign && self_closing)) {

        for (element = prize_markup_elements; element->name; element++) {
            if (prize_markup_is(&markup->tag, element->name)
                && (element->code || !markup->foreign))
            {
                prize_markup_element(markup, element);
                break;
            }
        }
    }

    /* so that places after different tags compare as equal */

    markup->end = 0;
    markup->tag.len = 0;
    markup->attribute.len = 0;
    markup->kind = PRIZE_MARKUP_PLAIN;
}


static void
prize_markup_new_value(prize_markup_t *markup)
{
    unsigned              i;
    prize_markup_name_t  *name;

    name = &markup->attribute;

    if (name->len >= 2 && memcmp(name->data, "on", 2) == 0) {
        markup->kind = PRIZE_MARKUP_EVENT;

    } else if (prize_markup_is(name, "style")) {
        markup->kind = PRIZE_MARKUP_STYLE;

    } else if (prize_markup_is(name, "srcdoc")) {
        markup->kind = PRIZE_MARKUP_SRCDOC;

    } else {
        markup->kind = PRIZE_MARKUP_PLAIN;

        for (i = 0; prize_markup_urls[i]; i++) {
            if (prize_markup_is(name, prize_markup_urls[i])) {
                markup->kind = PRIZE_MARKUP_URL;
            }
        }
    }

    markup->attribute.len = 0;
    markup->scheme.len = 0;
    markup->url = PRIZE_MARKUP_URL_START;
    markup->step = prize_markup_before_value;
}


/*
 * Browsers drop tabs and line ends from a URL, and resolve a character
 * reference: &#58; makes a scheme as well as a colon does.
 */

static void
prize_markup_url(prize_markup_t *markup, int ch)
{
    if (markup->kind != PRIZE_MARKUP_URL
        || markup->url == PRIZE_MARKUP_URL_SAFE
        || markup->url == PRIZE_MARKUP_URL_OTHER
        || (prize_markup_space(ch) && ch != ' '))
    {
        return;
    }

    switch (ch) {

    case '/':
    case '?':
    case '#':
        markup->url = PRIZE_MARKUP_URL_SAFE;
        return;

    case '&':
        markup->url = PRIZE_MARKUP_URL_OTHER;
        return;

    case ' ':
        if (markup->url == PRIZE_MARKUP_URL_START) {
            return;
        }

        break;

    case ':':
        if (markup->url == PRIZE_MARKUP_URL_HTTP) {
            break;
        }

        if (prize_markup_is(&markup->scheme, "javascript")) {
            prize_inlines_fault(markup->inlines, markup->name,
                                "javascript: URL: expected addEventListener() "
                                "in a script of the page");
        }

        markup->url = prize_markup_is(&markup->scheme, "http")
                      || prize_markup_is(&markup->scheme, "https")
                      ? PRIZE_MARKUP_URL_HTTP : PRIZE_MARKUP_URL_OTHER;
        return;
    }

    if (markup->url != PRIZE_MARKUP_URL_HTTP) {
        prize_markup_append(&markup->scheme, ch);
        markup->url = PRIZE_MARKUP_URL_SCHEME;
    }
}


/*
 * A > right after a tag {{}}, or with nothing but "bytes" between them, ends
 * a comment or not as the value of the tag says.
 */

static const char *
prize_markup_ambiguous(prize_markup_t *markup, const char *bytes)
{
    size_t  i;

    if (markup->tail.len > 3
        || markup->tail.data[markup->tail.len - 1] != '>')
    {
        return NULL;
    }

    for (i = 0; i < markup->tail.len - 1; i++) {
        if (strchr(bytes, markup->tail.data[i]) == NULL) {
            return NULL;
        }
    }

    return "a > that ends the comment or not, as the tag before it says: "
           "expected a space before it";
}


static const char *
prize_markup_text(prize_markup_t *markup, int ch)
{
    if (ch == '<') {
        markup->step = prize_markup_tag_open;
    }

    return NULL;
}


static const char *
prize_markup_tag_open(prize_markup_t *markup, int ch)
{
    if (prize_markup_letter(ch)) {
        markup->end = 0;
        markup->tag.len = 0;
        markup->step = prize_markup_tag_name;
        return prize_markup_tag_name(markup, ch);
    }

    switch (ch) {

    case '/':
        markup->step = prize_markup_end_tag_open;
        return NULL;

    case '!':
        prize_markup_set(&markup->tail, "<!");
        markup->step = prize_markup_declaration;
        return NULL;

    case '?':
        markup->step = prize_markup_bogus_comment;
        return NULL;

    default:
        markup->step = prize_markup_text;
        return prize_markup_text(markup, ch);
    }
}


static const char *
prize_markup_end_tag_open(prize_markup_t *markup, int ch)
{
    if (prize_markup_letter(ch)) {
        markup->end = 1;
        markup->tag.len = 0;
        markup->step = prize_markup_tag_name;
        return prize_markup_tag_name(markup, ch);
    }

    markup->step = prize_markup_bogus_comment;

    return prize_markup_bogus_comment(markup, ch);
}


static const char *
prize_markup_tag_name(prize_markup_t *markup, int ch)
{
    if (prize_markup_space(ch) || ch == '/' || ch == '>') {
        markup->step = prize_markup_before_attribute;
        return prize_markup_before_attribute(markup, ch);
    }

    prize_markup_append(&markup->tag, ch);

    return NULL;
}


static const char *
prize_markup_slash(prize_markup_t *markup, int ch)
{
    if (ch == '>') {
        prize_markup_tag_end(markup, 1);
        return NULL;
    }

    markup->step = prize_markup_before_attribute;

    return prize_markup_before_attribute(markup, ch);
}


static const char *
prize_markup_before_attribute(prize_markup_t *markup, int ch)
{
    if (prize_markup_space(ch)) {
        return NULL;
    }

    switch (ch) {

    case '/':
        markup->step = prize_markup_slash;
        break;

    case '>':
        prize_markup_tag_end(markup, 0);
        break;

    default:
        markup->attribute.len = 0;
        markup->name = markup->offset;
        prize_markup_append(&markup->attribute, ch);
        markup->step = prize_markup_attribute;
        break;
    }

    return NULL;
}


static const char *
prize_markup_attribute(prize_markup_t *markup, int ch)
{
    if (prize_markup_space(ch) || ch == '/' || ch == '>' || ch == '=') {
        prize_markup_attribute_end(markup);
        markup->step = prize_markup_after_attribute;
        return prize_markup_after_attribute(markup, ch);
    }

    prize_markup_append(&markup->attribute, ch);

    return NULL;
}


static const char *
prize_markup_after_attribute(prize_markup_t *markup, int ch)
{
    if (prize_markup_space(ch)) {
        return NULL;
    }

    if (ch == '=') {
        prize_markup_new_value(markup);
        return NULL;
    }

    markup->step = prize_markup_before_attribute;

    return prize_markup_before_attribute(markup, ch);
}


static const char *
prize_markup_before_value(prize_markup_t *markup, int ch)
{
    if (prize_markup_space(ch)) {
        return NULL;
    }

    if (ch == '"' || ch == '\'') {
        markup->quote = ch;
        markup->step = prize_markup_quoted;
        return NULL;
    }

    markup->step = prize_markup_unquoted;

    return prize_markup_unquoted(markup, ch);
}


static const char *
prize_markup_quoted(prize_markup_t *markup, int ch)
{
    if (ch == markup->quote) {
        markup->quote = 0;
        markup->kind = PRIZE_MARKUP_PLAIN;
        markup->step = prize_markup_before_attribute;
        return NULL;
    }

    prize_markup_url(markup, ch);

    return NULL;
}


static const char *
prize_markup_unquoted(prize_markup_t *markup, int ch)
{
    if (prize_markup_space(ch) || ch == '>') {
        markup->kind = PRIZE_MARKUP_PLAIN;
        markup->step = prize_markup_before_attribute;
        return prize_markup_before_attribute(markup, ch);
    }

    return NULL;
}


/* after a section that may have ended in the name of a tag or an attribute */

static const char *
prize_markup_gap(prize_markup_t *markup, int ch)
{
    if (prize_markup_space(ch)) {
        markup->step = prize_markup_gap_space;
        return NULL;
    }

    if (ch == '/' || ch == '>') {
        markup->step = prize_markup_before_attribute;
        return prize_markup_before_attribute(markup, ch);
    }

    return "text that goes on with a name which depends on the section "
           "before it: expected a space, / or >";
}


static const char *
prize_markup_gap_space(prize_markup_t *markup, int ch)
{
    if (prize_markup_space(ch)) {
        return NULL;
    }

    if (ch == '=') {
        return "a value of an attribute that depends on the section before "
               "it: expected the whole attribute in the section";
    }

    markup->step = prize_markup_before_attribute;

    return prize_markup_before_attribute(markup, ch);
}


static const char *
prize_markup_declaration(prize_markup_t *markup, int ch)
{
    static const char  cdata[] = "<![cdata[";

    size_t  len;

    prize_markup_slide(&markup->tail, ch);

    if (prize_markup_is(&markup->tail, "<!-")) {
        return NULL;
    }

    if (prize_markup_is(&markup->tail, "<!--")) {
        markup->step = prize_markup_comment;
        return NULL;
    }

    len = markup->tail.len;

    if (markup->foreign && len < sizeof(cdata)
        && memcmp(markup->tail.data, cdata, len) == 0)
    {
        if (len == sizeof(cdata) - 1) {
            markup->step = prize_markup_cdata;
        }

        return NULL;
    }

    markup->step = prize_markup_bogus_comment;

    return prize_markup_bogus_comment(markup, ch);
}


/* also <!doctype>: neither is ended by anything but the first > */

static const char *
prize_markup_bogus_comment(prize_markup_t *markup, int ch)
{
    if (ch == '>') {
        markup->step = prize_markup_text;
    }

    return NULL;
}


static const char *
prize_markup_comment(prize_markup_t *markup, int ch)
{
    prize_markup_slide(&markup->tail, ch);

    if (prize_markup_ends(&markup->tail, "-->")
        || prize_markup_ends(&markup->tail, "--!>"))
    {
        markup->step = prize_markup_text;
        return NULL;
    }

    return prize_markup_ambiguous(markup, "-!");
}


static const char *
prize_markup_cdata(prize_markup_t *markup, int ch)
{
    prize_markup_slide(&markup->tail, ch);

    if (prize_markup_ends(&markup->tail, "]]>")) {
        markup->step = prize_markup_text;
        return NULL;
    }

    return prize_markup_ambiguous(markup, "]");
}


/*
 * In a script, <!-- makes <script> nest: its </script> is text, until -->
 * or the next one.
 */

static const char *
prize_markup_raw_text(prize_markup_t *markup, int ch)
{
    int          script;
    const char  *fault;

    script = (markup->element == &prize_markup_elements[0]);

    if (prize_markup_space(ch) || ch == '/' || ch == '>') {

        if (prize_markup_ends(&markup->tail, markup->element->close)) {

            if (!markup->doubled) {
                fault = prize_markup_code_end(markup);
                if (fault) {
                    return fault;
                }

                prize_markup_set(&markup->tag, markup->element->name);
                markup->element = NULL;
                markup->escaped = 0;
                markup->end = 1;
                markup->step = prize_markup_before_attribute;
                return prize_markup_before_attribute(markup, ch);
            }

            markup->doubled = 0;

        } else if (markup->escaped
                   && prize_markup_ends(&markup->tail, "<script"))
        {
            markup->doubled = 1;
        }
    }

    prize_markup_slide(&markup->tail, ch);

    if (!script) {
        return NULL;
    }

    if (prize_markup_ends(&markup->tail, "<!--")) {
        markup->escaped = 1;
        return NULL;
    }

    if (prize_markup_ends(&markup->tail, "-->")) {
        markup->escaped = 0;
        markup->doubled = 0;
        return NULL;
    }

    return markup->escaped ? prize_markup_ambiguous(markup, "-") : NULL;
}


/* has the text begun something that it does not say yet what it is? */

static int
prize_markup_is_pending(const prize_markup_t *markup)
{
    size_t                      n;
    const char                 *p;
    const prize_markup_name_t  *tail;

    if (markup->step == prize_markup_tag_open
        || markup->step == prize_markup_end_tag_open
        || markup->step == prize_markup_declaration)
    {
        return 1;
    }

    if (markup->step != prize_markup_raw_text) {
        return 0;
    }

    tail = &markup->tail;

    for (n = 1; n <= tail->len && n <= strlen("</textarea"); n++) {
        p = tail->data + tail->len - n;

        if (strncmp(p, markup->element->close, n) == 0
            || (markup->element == &prize_markup_elements[0]
                && ((n < 4 && strncmp(p, "<!--", n) == 0)
                    || strncmp(p, "<script", n) == 0)))
        {
            return 1;
        }
    }

    return 0;
}


static int
prize_markup_in_name(const prize_markup_t *markup)
{
    return markup->step == prize_markup_tag_name
           || markup->step == prize_markup_attribute
           || markup->step == prize_markup_gap;
}


static int
prize_markup_in_tag(const prize_markup_t *markup)
{
    return prize_markup_in_name(markup)
           || markup->step == prize_markup_before_attribute
           || markup->step == prize_markup_after_attribute
           || markup->step == prize_markup_gap_space;
}


static const char *
prize_markup_field_value(const prize_markup_t *markup)
{
    if (markup->step == prize_markup_before_value
        || markup->step == prize_markup_unquoted)
    {
        return "in an attribute without quotes: expected quotes around the "
               "value";
    }

    if (prize_markup_in_tag(markup) || markup->step == prize_markup_slash) {
        return "among the names of an HTML tag: expected it in text or in a "
               "quoted attribute value";
    }

    switch (markup->kind) {

    case PRIZE_MARKUP_EVENT:
        return "in an on... attribute, where escaping does not protect: "
               "expected it in an attribute (data-...) that a script reads";

    case PRIZE_MARKUP_STYLE:
        return "in a style attribute, where escaping does not protect: "
               "expected a class";

    case PRIZE_MARKUP_SRCDOC:
        return "in a srcdoc attribute, where escaping does not protect: "
               "expected it in the page itself";

    case PRIZE_MARKUP_URL:
        if (markup->url != PRIZE_MARKUP_URL_SAFE) {
            return "at the start of a URL, where it could name javascript: "
                   "expected a literal /, ?, # or https:// before it";
        }
    }

    return NULL;
}


static int
prize_markup_in_code(const prize_markup_t *markup)
{
    return markup->element && markup->element->code
           && markup->step == prize_markup_raw_text;
}


/* what is true whether the section is shown or not */

static void
prize_markup_join_url(prize_markup_t *markup, const prize_markup_t *begin)
{
    if (begin->url == PRIZE_MARKUP_URL_SAFE) {
        return;
    }

    if (markup->url == PRIZE_MARKUP_URL_SAFE) {
        markup->url = begin->url;
        markup->scheme = begin->scheme;
        return;
    }

    if (markup->url != begin->url
        || !prize_markup_same(&markup->scheme, &begin->scheme))
    {
        markup->url = PRIZE_MARKUP_URL_OTHER;
    }
}


void
prize_markup_init(prize_markup_t *markup, prize_inlines_t *inlines)
{
    memset(markup, 0, sizeof(prize_markup_t));

    markup->step = prize_markup_text;
    markup->inlines = inlines;
}


const char *
prize_markup_static(prize_markup_t *markup, const char *data, size_t len,
    size_t *n)
{
    int          ch;
    const char  *fault;

    for (*n = 0; *n < len; (*n)++) {
        ch = (unsigned char) data[*n];

        if (ch >= 'A' && ch <= 'Z') {
            ch |= 0x20;
        }

        fault = markup->step(markup, ch);
        if (fault) {
            return fault;
        }

        markup->offset++;
    }

    return NULL;
}


const char *
prize_markup_field(prize_markup_t *markup, unsigned raw)
{
    const char  *fault;

    if (prize_markup_is_pending(markup)) {
        return "in the middle of markup: expected text before it, or &lt; "
               "for a plain <";
    }

    if (prize_markup_in_code(markup)) {
        return strcmp(markup->element->name, "script") == 0
               ? "inside <script>, where escaping does not protect: expected "
                 "it in a quoted attribute (data-...) that the script reads"
               : "inside <style>, where escaping does not protect: expected "
                 "it in text or in a quoted attribute";
    }

    fault = prize_markup_field_value(markup);
    if (fault) {
        return fault;
    }

    if (raw && markup->step != prize_markup_text) {
        return "raw outside text: expected an escaped tag here";
    }

    markup->tail.len = 0;

    return NULL;
}


const char *
prize_markup_section(prize_markup_t *markup)
{
    if (prize_markup_is_pending(markup)) {
        return "in the middle of markup: expected text before it, or &lt; "
               "for a plain <";
    }

    if (prize_markup_in_code(markup)) {
        prize_inlines_fault(markup->inlines, markup->offset,
                            "section inside <style> or <script>: expected the "
                            "whole element in the section");
    }

    markup->tail.len = 0;

    return NULL;
}


const char *
prize_markup_join(prize_markup_t *markup, const prize_markup_t *begin)
{
    static const char  fault[] = "ends at another place of the HTML than it "
        "began: expected whole elements, whole attributes, or a part of one "
        "quoted value";

    if (markup->end != begin->end
        || markup->kind != begin->kind
        || markup->quote != begin->quote
        || markup->element != begin->element
        || markup->foreign != begin->foreign
        || markup->escaped != begin->escaped
        || markup->doubled != begin->doubled
        || !prize_markup_same(&markup->tag, &begin->tag))
    {
        return fault;
    }

    if (markup->step == begin->step
        && prize_markup_same(&markup->attribute, &begin->attribute))
    {
        prize_markup_join_url(markup, begin);
        return NULL;
    }

    if (!prize_markup_in_tag(markup) || !prize_markup_in_tag(begin)) {
        return fault;
    }

    /* an optional name ends here, unless the text that follows goes on */

    markup->step = (prize_markup_in_name(markup)
                    || prize_markup_in_name(begin))
                   ? prize_markup_gap : prize_markup_gap_space;

    return NULL;
}


void
prize_markup_done(prize_markup_t *markup)
{
    if (prize_markup_in_code(markup)) {
        prize_inlines_fault(markup->inlines, markup->offset,
                            "<style> or <script> that is not closed: expected "
                            "its end tag");
    }
}
