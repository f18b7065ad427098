
#include <string.h>

#include "prize_html.h"


static const char *prize_html_text(prize_html_t *html, int ch);
static const char *prize_html_tag_open(prize_html_t *html, int ch);
static const char *prize_html_end_tag_open(prize_html_t *html, int ch);
static const char *prize_html_tag_name(prize_html_t *html, int ch);
static const char *prize_html_slash(prize_html_t *html, int ch);
static const char *prize_html_before_attribute(prize_html_t *html, int ch);
static const char *prize_html_attribute(prize_html_t *html, int ch);
static const char *prize_html_after_attribute(prize_html_t *html, int ch);
static const char *prize_html_before_value(prize_html_t *html, int ch);
static const char *prize_html_quoted(prize_html_t *html, int ch);
static const char *prize_html_unquoted(prize_html_t *html, int ch);
static const char *prize_html_gap(prize_html_t *html, int ch);
static const char *prize_html_gap_space(prize_html_t *html, int ch);
static const char *prize_html_declaration(prize_html_t *html, int ch);
static const char *prize_html_bogus_comment(prize_html_t *html, int ch);
static const char *prize_html_comment(prize_html_t *html, int ch);
static const char *prize_html_cdata(prize_html_t *html, int ch);
static const char *prize_html_raw_text(prize_html_t *html, int ch);


/* elements whose text holds no tags, as the HTML standard lists them */

static const prize_html_element_t  prize_html_elements[] = {
    { "script", "</script", PRIZE_HTML_SCRIPT },
    { "style", "</style", PRIZE_HTML_STYLE },
    { "title", "</title", PRIZE_HTML_CHARACTERS },
    { "textarea", "</textarea", PRIZE_HTML_CHARACTERS },
    { "iframe", "</iframe", PRIZE_HTML_CHARACTERS },
    { "noembed", "</noembed", PRIZE_HTML_CHARACTERS },
    { "noframes", "</noframes", PRIZE_HTML_CHARACTERS },
    { "xmp", "</xmp", PRIZE_HTML_CHARACTERS },
    { NULL, NULL, PRIZE_HTML_CHARACTERS }
};


static int
prize_html_space(int ch)
{
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r' || ch == '\f';
}


static int
prize_html_letter(int ch)
{
    return ch >= 'a' && ch <= 'z';
}


static void
prize_html_name_set(prize_html_name_t *name, const char *data)
{
    name->len = strlen(data);
    memcpy(name->data, data, name->len);
}


void
prize_html_name_append(prize_html_name_t *name, int ch)
{
    if (name->len < PRIZE_HTML_NAME) {
        name->data[name->len++] = (char) ch;
    }
}


static void
prize_html_name_slide(prize_html_name_t *tail, int ch)
{
    if (tail->len == PRIZE_HTML_NAME) {
        memmove(tail->data, tail->data + 1, PRIZE_HTML_NAME - 1);
        tail->len--;
    }

    tail->data[tail->len++] = (char) ch;
}


int
prize_html_name_is(const prize_html_name_t *name, const char *data)
{
    return name->len == strlen(data)
           && memcmp(name->data, data, name->len) == 0;
}


int
prize_html_name_same(const prize_html_name_t *one,
    const prize_html_name_t *two)
{
    return one->len == two->len
           && memcmp(one->data, two->data, one->len) == 0;
}


static int
prize_html_name_ends(const prize_html_name_t *tail, const char *data)
{
    size_t  len;

    len = strlen(data);

    return tail->len >= len
           && memcmp(tail->data + tail->len - len, data, len) == 0;
}


static void
prize_html_element(prize_html_t *html, const prize_html_element_t *element)
{
    html->element = element;
    html->tail.len = 0;
    html->text_start = html->offset + 1;
    html->step = prize_html_raw_text;

    html->report(html, PRIZE_HTML_ELEMENT, 0);
}


/* its end tag is known to be one by the byte after its name */

static void
prize_html_element_end(prize_html_t *html)
{
    html->text_end = html->offset - strlen(html->element->close);

    html->report(html, PRIZE_HTML_ELEMENT_END, 0);

    prize_html_name_set(&html->tag, html->element->name);
    html->element = NULL;
    html->escaped = 0;
    html->end = 1;
}


static void
prize_html_tag_end(prize_html_t *html, int self_closing)
{
    const prize_html_element_t  *element;

    html->step = prize_html_text;

    if (prize_html_name_is(&html->tag, "svg")
        || prize_html_name_is(&html->tag, "math"))
    {
        if (!html->end && !self_closing) {
            html->foreign++;

        } else if (html->end && html->foreign) {
            html->foreign--;
        }

    } else if (!html->end && !(html->foreign && self_closing)) {

        for (element = prize_html_elements; element->name; element++) {
            if (prize_html_name_is(&html->tag, element->name)
                && (element->code || !html->foreign))
            {
                prize_html_element(html, element);
                break;
            }
        }
    }

    /* so that places after different tags compare as equal */

    html->end = 0;
    html->tag.len = 0;
    html->attribute.len = 0;
}


/*
 * A > right after a tag {{}}, or with nothing but "bytes" between them, ends
 * a comment or not as the value of the tag says.
 */

static const char *
prize_html_ambiguous(prize_html_t *html, const char *bytes)
{
    size_t  i;

    if (html->tail.len > 3
        || html->tail.data[html->tail.len - 1] != '>')
    {
        return NULL;
    }

    for (i = 0; i < html->tail.len - 1; i++) {
        if (strchr(bytes, html->tail.data[i]) == NULL) {
            return NULL;
        }
    }

    return "a > that ends the comment or not, as the tag before it says: "
           "expected a space before it";
}


static const char *
prize_html_text(prize_html_t *html, int ch)
{
    if (ch == '<') {
        html->step = prize_html_tag_open;
    }

    return NULL;
}


static const char *
prize_html_tag_open(prize_html_t *html, int ch)
{
    if (prize_html_letter(ch)) {
        html->end = 0;
        html->tag.len = 0;
        html->step = prize_html_tag_name;
        return prize_html_tag_name(html, ch);
    }

    switch (ch) {

    case '/':
        html->step = prize_html_end_tag_open;
        return NULL;

    case '!':
        prize_html_name_set(&html->tail, "<!");
        html->step = prize_html_declaration;
        return NULL;

    case '?':
        html->step = prize_html_bogus_comment;
        return NULL;

    default:
        html->step = prize_html_text;
        return prize_html_text(html, ch);
    }
}


static const char *
prize_html_end_tag_open(prize_html_t *html, int ch)
{
    if (prize_html_letter(ch)) {
        html->end = 1;
        html->tag.len = 0;
        html->step = prize_html_tag_name;
        return prize_html_tag_name(html, ch);
    }

    html->step = prize_html_bogus_comment;

    return prize_html_bogus_comment(html, ch);
}


static const char *
prize_html_tag_name(prize_html_t *html, int ch)
{
    if (prize_html_space(ch) || ch == '/' || ch == '>') {
        html->step = prize_html_before_attribute;
        return prize_html_before_attribute(html, ch);
    }

    prize_html_name_append(&html->tag, ch);

    return NULL;
}


static const char *
prize_html_slash(prize_html_t *html, int ch)
{
    if (ch == '>') {
        prize_html_tag_end(html, 1);
        return NULL;
    }

    html->step = prize_html_before_attribute;

    return prize_html_before_attribute(html, ch);
}


static const char *
prize_html_before_attribute(prize_html_t *html, int ch)
{
    if (prize_html_space(ch)) {
        return NULL;
    }

    switch (ch) {

    case '/':
        html->step = prize_html_slash;
        break;

    case '>':
        prize_html_tag_end(html, 0);
        break;

    default:
        html->attribute.len = 0;
        html->name_start = html->offset;
        prize_html_name_append(&html->attribute, ch);
        html->step = prize_html_attribute;
        break;
    }

    return NULL;
}


static const char *
prize_html_attribute(prize_html_t *html, int ch)
{
    if (prize_html_space(ch) || ch == '/' || ch == '>' || ch == '=') {
        html->report(html, PRIZE_HTML_ATTRIBUTE, 0);
        html->step = prize_html_after_attribute;
        return prize_html_after_attribute(html, ch);
    }

    prize_html_name_append(&html->attribute, ch);

    return NULL;
}


static const char *
prize_html_after_attribute(prize_html_t *html, int ch)
{
    if (prize_html_space(ch)) {
        return NULL;
    }

    if (ch == '=') {
        html->report(html, PRIZE_HTML_VALUE, 0);
        html->attribute.len = 0;
        html->step = prize_html_before_value;
        return NULL;
    }

    html->step = prize_html_before_attribute;

    return prize_html_before_attribute(html, ch);
}


static const char *
prize_html_before_value(prize_html_t *html, int ch)
{
    if (prize_html_space(ch)) {
        return NULL;
    }

    if (ch == '"' || ch == '\'') {
        html->quote = ch;
        html->step = prize_html_quoted;
        return NULL;
    }

    html->step = prize_html_unquoted;

    return prize_html_unquoted(html, ch);
}


static const char *
prize_html_quoted(prize_html_t *html, int ch)
{
    if (ch == html->quote) {
        html->quote = 0;
        html->report(html, PRIZE_HTML_VALUE_END, 0);
        html->step = prize_html_before_attribute;
        return NULL;
    }

    html->report(html, PRIZE_HTML_VALUE_BYTE, ch);

    return NULL;
}


static const char *
prize_html_unquoted(prize_html_t *html, int ch)
{
    if (prize_html_space(ch) || ch == '>') {
        html->report(html, PRIZE_HTML_VALUE_END, 0);
        html->step = prize_html_before_attribute;
        return prize_html_before_attribute(html, ch);
    }

    html->report(html, PRIZE_HTML_VALUE_BYTE, ch);

    return NULL;
}


/* after a section that may have ended in the name of a tag or an attribute */

static const char *
prize_html_gap(prize_html_t *html, int ch)
{
    if (prize_html_space(ch)) {
        html->step = prize_html_gap_space;
        return NULL;
    }

    if (ch == '/' || ch == '>') {
        html->step = prize_html_before_attribute;
        return prize_html_before_attribute(html, ch);
    }

    return "text that goes on with a name which depends on the section "
           "before it: expected a space, / or >";
}


static const char *
prize_html_gap_space(prize_html_t *html, int ch)
{
    if (prize_html_space(ch)) {
        return NULL;
    }

    if (ch == '=') {
        return "a value of an attribute that depends on the section before "
               "it: expected the whole attribute in the section";
    }

    html->step = prize_html_before_attribute;

    return prize_html_before_attribute(html, ch);
}


static const char *
prize_html_declaration(prize_html_t *html, int ch)
{
    static const char  cdata[] = "<![cdata[";

    size_t  len;

    prize_html_name_slide(&html->tail, ch);

    if (prize_html_name_is(&html->tail, "<!-")) {
        return NULL;
    }

    if (prize_html_name_is(&html->tail, "<!--")) {
        html->step = prize_html_comment;
        return NULL;
    }

    len = html->tail.len;

    if (html->foreign && len < sizeof(cdata)
        && memcmp(html->tail.data, cdata, len) == 0)
    {
        if (len == sizeof(cdata) - 1) {
            html->step = prize_html_cdata;
        }

        return NULL;
    }

    html->step = prize_html_bogus_comment;

    return prize_html_bogus_comment(html, ch);
}


/* also <!doctype>: neither is ended by anything but the first > */

static const char *
prize_html_bogus_comment(prize_html_t *html, int ch)
{
    if (ch == '>') {
        html->step = prize_html_text;
    }

    return NULL;
}


static const char *
prize_html_comment(prize_html_t *html, int ch)
{
    prize_html_name_slide(&html->tail, ch);

    if (prize_html_name_ends(&html->tail, "-->")
        || prize_html_name_ends(&html->tail, "--!>"))
    {
        html->step = prize_html_text;
        return NULL;
    }

    return prize_html_ambiguous(html, "-!");
}


static const char *
prize_html_cdata(prize_html_t *html, int ch)
{
    prize_html_name_slide(&html->tail, ch);

    if (prize_html_name_ends(&html->tail, "]]>")) {
        html->step = prize_html_text;
        return NULL;
    }

    return prize_html_ambiguous(html, "]");
}


/*
 * In a script, <!-- makes <script> nest: its </script> is text, until -->
 * or the next one.
 */

static const char *
prize_html_raw_text(prize_html_t *html, int ch)
{
    int  script;

    script = (html->element->code == PRIZE_HTML_SCRIPT);

    if (prize_html_space(ch) || ch == '/' || ch == '>') {

        if (prize_html_name_ends(&html->tail, html->element->close)) {

            if (!html->doubled) {
                prize_html_element_end(html);
                html->step = prize_html_before_attribute;
                return prize_html_before_attribute(html, ch);
            }

            html->doubled = 0;

        } else if (html->escaped
                   && prize_html_name_ends(&html->tail, "<script"))
        {
            html->doubled = 1;
        }
    }

    prize_html_name_slide(&html->tail, ch);

    if (!script) {
        return NULL;
    }

    if (prize_html_name_ends(&html->tail, "<!--")) {
        html->escaped = 1;
        return NULL;
    }

    if (prize_html_name_ends(&html->tail, "-->")) {
        html->escaped = 0;
        html->doubled = 0;
        return NULL;
    }

    return html->escaped ? prize_html_ambiguous(html, "-") : NULL;
}


/* has the text begun something that it does not say yet what it is? */

static int
prize_html_is_pending(const prize_html_t *html)
{
    size_t                    n;
    const char               *p;
    const prize_html_name_t  *tail;

    if (html->step == prize_html_tag_open
        || html->step == prize_html_end_tag_open
        || html->step == prize_html_declaration)
    {
        return 1;
    }

    if (html->step != prize_html_raw_text) {
        return 0;
    }

    tail = &html->tail;

    for (n = 1; n <= tail->len && n <= strlen("</textarea"); n++) {
        p = tail->data + tail->len - n;

        if (strncmp(p, html->element->close, n) == 0
            || (html->element->code == PRIZE_HTML_SCRIPT
                && ((n < 4 && strncmp(p, "<!--", n) == 0)
                    || strncmp(p, "<script", n) == 0)))
        {
            return 1;
        }
    }

    return 0;
}


static int
prize_html_in_name(const prize_html_t *html)
{
    return html->step == prize_html_tag_name
           || html->step == prize_html_attribute
           || html->step == prize_html_gap;
}


static int
prize_html_in_tag(const prize_html_t *html)
{
    return prize_html_in_name(html)
           || html->step == prize_html_before_attribute
           || html->step == prize_html_after_attribute
           || html->step == prize_html_gap_space;
}


void
prize_html_init(prize_html_t *html, prize_html_report_pt report)
{
    memset(html, 0, sizeof(prize_html_t));

    html->step = prize_html_text;
    html->report = report;
}


const char *
prize_html_byte(prize_html_t *html, unsigned char byte)
{
    int          ch;
    const char  *fault;

    ch = byte;

    if (ch >= 'A' && ch <= 'Z') {
        ch |= 0x20;
    }

    fault = html->step(html, ch);
    if (fault) {
        return fault;
    }

    html->offset++;

    return NULL;
}


prize_html_place_e
prize_html_place(const prize_html_t *html)
{
    if (prize_html_is_pending(html)) {
        return PRIZE_HTML_IN_UNKNOWN;
    }

    if (html->step == prize_html_text) {
        return PRIZE_HTML_IN_TEXT;
    }

    if (html->step == prize_html_raw_text) {
        return PRIZE_HTML_IN_ELEMENT;
    }

    if (prize_html_in_tag(html) || html->step == prize_html_slash) {
        return PRIZE_HTML_IN_TAG;
    }

    if (html->step == prize_html_quoted) {
        return PRIZE_HTML_IN_QUOTES;
    }

    if (html->step == prize_html_before_value
        || html->step == prize_html_unquoted)
    {
        return PRIZE_HTML_IN_VALUE;
    }

    return PRIZE_HTML_IN_COMMENT;
}


void
prize_html_cut(prize_html_t *html)
{
    html->tail.len = 0;
}


int
prize_html_join(prize_html_t *html, const prize_html_t *begin)
{
    if (html->end != begin->end
        || html->quote != begin->quote
        || html->element != begin->element
        || html->foreign != begin->foreign
        || html->escaped != begin->escaped
        || html->doubled != begin->doubled
        || !prize_html_name_same(&html->tag, &begin->tag))
    {
        return -1;
    }

    if (html->step == begin->step
        && prize_html_name_same(&html->attribute, &begin->attribute))
    {
        return 0;
    }

    if (!prize_html_in_tag(html) || !prize_html_in_tag(begin)) {
        return -1;
    }

    /* an optional name ends here, unless the text that follows goes on */

    html->step = (prize_html_in_name(html) || prize_html_in_name(begin))
                 ? prize_html_gap : prize_html_gap_space;

    return 0;
}
