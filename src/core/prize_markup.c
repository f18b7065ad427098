
#include <string.h>

#include "prize_markup.h"


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


static const char  *prize_markup_urls[] = {
    "href", "src", "action", "formaction", "xlink:href", "data", NULL
};


/* no policy can allow these, whatever their value */

static void
prize_markup_attribute(prize_markup_t *markup)
{
    const prize_html_name_t  *name;

    name = &markup->html.attribute;

    if (markup->html.end) {
        return;
    }

    if (name->len > 2 && memcmp(name->data, "on", 2) == 0) {
        prize_inlines_fault(markup->inlines, markup->html.name_start,
                            "on... attribute: expected addEventListener() in "
                            "a script of the page");

    } else if (prize_html_name_is(name, "style")) {
        prize_inlines_fault(markup->inlines, markup->html.name_start,
                            "style attribute: expected a class");
    }
}


static void
prize_markup_value(prize_markup_t *markup)
{
    unsigned                  i;
    const prize_html_name_t  *name;

    name = &markup->html.attribute;

    if (name->len >= 2 && memcmp(name->data, "on", 2) == 0) {
        markup->kind = PRIZE_MARKUP_EVENT;

    } else if (prize_html_name_is(name, "style")) {
        markup->kind = PRIZE_MARKUP_STYLE;

    } else if (prize_html_name_is(name, "srcdoc")) {
        markup->kind = PRIZE_MARKUP_SRCDOC;

    } else {
        markup->kind = PRIZE_MARKUP_PLAIN;

        for (i = 0; prize_markup_urls[i]; i++) {
            if (prize_html_name_is(name, prize_markup_urls[i])) {
                markup->kind = PRIZE_MARKUP_URL;
            }
        }
    }

    markup->scheme.len = 0;
    markup->url = PRIZE_MARKUP_URL_START;
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
        || markup->html.quote == 0)
    {
        return;
    }

    switch (ch) {

    case '\t':
    case '\n':
    case '\r':
    case '\f':
        return;

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

        if (prize_html_name_is(&markup->scheme, "javascript")) {
            prize_inlines_fault(markup->inlines, markup->html.name_start,
                                "javascript: URL: expected addEventListener() "
                                "in a script of the page");
        }

        markup->url = prize_html_name_is(&markup->scheme, "http")
                      || prize_html_name_is(&markup->scheme, "https")
                      ? PRIZE_MARKUP_URL_HTTP : PRIZE_MARKUP_URL_OTHER;
        return;
    }

    if (markup->url != PRIZE_MARKUP_URL_HTTP) {
        prize_html_name_append(&markup->scheme, ch);
        markup->url = PRIZE_MARKUP_URL_SCHEME;
    }
}


static void
prize_markup_element(prize_markup_t *markup)
{
    /* a tag in it is a tag there, and &amp; is & */

    if (markup->html.element->code && markup->html.foreign) {
        prize_inlines_fault(markup->inlines, markup->html.offset,
                            "<style> or <script> inside <svg> or <math>: "
                            "expected it outside");
    }
}


static const char *
prize_markup_element_end(prize_markup_t *markup)
{
    unsigned       script;
    prize_html_t  *html;

    html = &markup->html;

    if (!html->element->code) {
        return NULL;
    }

    script = (html->element->code == PRIZE_HTML_SCRIPT);

    /* nothing is run, nothing is asked of a policy */

    if (script && html->text_end == html->text_start) {
        return NULL;
    }

    return prize_inlines_add(markup->inlines, html->text_start,
                             html->text_end, script) == 0
           ? NULL : "not enough memory";
}


static void
prize_markup_report(prize_html_t *html, prize_html_event_e event, int ch)
{
    prize_markup_t  *markup = (prize_markup_t *) html;

    switch (event) {

    case PRIZE_HTML_ATTRIBUTE:
        prize_markup_attribute(markup);
        break;

    case PRIZE_HTML_VALUE:
        prize_markup_value(markup);
        break;

    case PRIZE_HTML_VALUE_BYTE:
        prize_markup_url(markup, ch);
        break;

    case PRIZE_HTML_VALUE_END:
        markup->kind = PRIZE_MARKUP_PLAIN;
        break;

    case PRIZE_HTML_ELEMENT:
        prize_markup_element(markup);
        break;

    case PRIZE_HTML_ELEMENT_END:
        markup->fault = prize_markup_element_end(markup);
        break;
    }
}


static int
prize_markup_in_code(const prize_markup_t *markup)
{
    return markup->html.element && markup->html.element->code;
}


/* neither a field nor a section can stand there */

static const char *
prize_markup_unknown(const prize_markup_t *markup)
{
    return prize_html_place(&markup->html) == PRIZE_HTML_IN_UNKNOWN
           ? "in the middle of markup: expected text before it, or &lt; "
             "for a plain <"
           : NULL;
}


static const char *
prize_markup_field_element(const prize_markup_t *markup)
{
    switch (markup->html.element->code) {

    case PRIZE_HTML_SCRIPT:
        return "inside <script>, where escaping does not protect: expected "
               "it in a quoted attribute (data-...) that the script reads";

    case PRIZE_HTML_STYLE:
        return "inside <style>, where escaping does not protect: expected "
               "it in text or in a quoted attribute";

    default:
        return NULL;
    }
}


static const char *
prize_markup_field_value(const prize_markup_t *markup)
{
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


static const char *
prize_markup_field_place(const prize_markup_t *markup)
{
    switch (prize_html_place(&markup->html)) {

    case PRIZE_HTML_IN_ELEMENT:
        return prize_markup_field_element(markup);

    case PRIZE_HTML_IN_QUOTES:
        return prize_markup_field_value(markup);

    case PRIZE_HTML_IN_VALUE:
        return "in an attribute without quotes: expected quotes around the "
               "value";

    case PRIZE_HTML_IN_TAG:
        return "among the names of an HTML tag: expected it in text or in a "
               "quoted attribute value";

    default:
        return NULL;
    }
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
        || !prize_html_name_same(&markup->scheme, &begin->scheme))
    {
        markup->url = PRIZE_MARKUP_URL_OTHER;
    }
}


void
prize_markup_init(prize_markup_t *markup, prize_inlines_t *inlines)
{
    memset(markup, 0, sizeof(prize_markup_t));

    prize_html_init(&markup->html, prize_markup_report);
    markup->inlines = inlines;
}


const char *
prize_markup_static(prize_markup_t *markup, const char *data, size_t len,
    size_t *n)
{
    const char  *fault;

    for (*n = 0; *n < len; (*n)++) {
        fault = prize_html_byte(&markup->html, data[*n]);

        if (fault == NULL) {
            fault = markup->fault;
        }

        if (fault) {
            return fault;
        }
    }

    return NULL;
}


const char *
prize_markup_field(prize_markup_t *markup, unsigned raw)
{
    const char  *fault;

    fault = prize_markup_unknown(markup);

    if (fault == NULL) {
        fault = prize_markup_field_place(markup);
    }

    if (fault) {
        return fault;
    }

    if (raw && prize_html_place(&markup->html) != PRIZE_HTML_IN_TEXT) {
        return "raw outside text: expected an escaped tag here";
    }

    prize_html_cut(&markup->html);

    return NULL;
}


const char *
prize_markup_section(prize_markup_t *markup)
{
    const char  *fault;

    fault = prize_markup_unknown(markup);
    if (fault) {
        return fault;
    }

    if (prize_markup_in_code(markup)) {
        prize_inlines_fault(markup->inlines, markup->html.offset,
                            "section inside <style> or <script>: expected the "
                            "whole element in the section");
    }

    prize_html_cut(&markup->html);

    return NULL;
}


const char *
prize_markup_join(prize_markup_t *markup, const prize_markup_t *begin)
{
    if (markup->kind != begin->kind
        || prize_html_join(&markup->html, &begin->html) != 0)
    {
        return "ends at another place of the HTML than it began: expected "
               "whole elements, whole attributes, or a part of one quoted "
               "value";
    }

    prize_markup_join_url(markup, begin);

    return NULL;
}


void
prize_markup_done(prize_markup_t *markup)
{
    if (prize_markup_in_code(markup)) {
        prize_inlines_fault(markup->inlines, markup->html.offset,
                            "<style> or <script> that is not closed: expected "
                            "its end tag");
    }
}
