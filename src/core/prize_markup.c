
#include <string.h>

#include "prize_markup.h"


/* no policy can allow these, whatever their value */

static void
prize_markup_attribute_policy(prize_markup_t *markup)
{
    const prize_name_t  *name;

    name = &markup->html.attribute;

    if (name->len > 2 && prize_name_begins(name, "on")) {
        prize_inlines_fault(markup->inlines, markup->html.name_start,
                            "on... attribute: expected addEventListener() in "
                            "a script of the page");

    } else if (prize_name_is(name, "style")) {
        prize_inlines_fault(markup->inlines, markup->html.name_start,
                            "style attribute: expected a class");
    }
}


/* what an attribute says by being there */

static void
prize_markup_attribute(prize_markup_t *markup)
{
    const prize_name_t  *tag, *name;

    if (markup->html.end) {
        return;
    }

    prize_markup_attribute_policy(markup);

    tag = &markup->html.tag;
    name = &markup->html.attribute;

    markup->frameworks.seen |= 1U << prize_place_framework(name);

    if (prize_name_is(name, "v-pre") || prize_name_is(name, "ng-non-bindable"))
    {
        markup->tag.plain = 1;

    } else if (prize_name_is(tag, "font")
               && (prize_name_is(name, "color") || prize_name_is(name, "face")
                   || prize_name_is(name, "size")))
    {
        markup->tag.font = PRIZE_YES;

    } else if (prize_name_is(tag, "meta")
               && prize_name_is(name, "http-equiv"))
    {
        markup->tag.pragma = 1;

    } else if (prize_name_is(name, "type")) {
        markup->tag.hidden = markup->tag.type ? PRIZE_MAYBE : PRIZE_NO;
        markup->tag.type = 1;

    } else if (prize_name_is(name, "encoding")) {
        markup->tag.html_text = markup->tag.encoding ? PRIZE_MAYBE : PRIZE_NO;
        markup->tag.encoding = 1;
    }
}


static void
prize_markup_value(prize_markup_t *markup)
{
    int                  loads;
    prize_markup_tag_t  *tag;

    tag = &markup->tag;

    tag->place = prize_place_find(&markup->html.tag, &markup->html.attribute,
                                  markup->html.foreign != PRIZE_NO
                                  || prize_name_is(&markup->html.tag, "svg"));
    prize_url_init(&tag->url);

    loads = !markup->html.end
            && prize_load_attribute(&tag->loads, &markup->html.tag,
                                    &markup->html.attribute, markup->source
                                    + markup->html.name_start);

    markup->html.watched = loads || tag->place.kind == PRIZE_PLACE_URL;
}


static void
prize_markup_value_byte(prize_markup_t *markup, int ch)
{
    prize_load_byte(&markup->tag.loads, markup->html.offset);

    if (markup->tag.place.kind != PRIZE_PLACE_URL) {
        return;
    }

    prize_url_byte(&markup->tag.url, ch);

    if (ch == ':' && markup->tag.url.state == PRIZE_URL_OTHER
        && prize_url_is_script(&markup->tag.url))
    {
        prize_inlines_fault(markup->inlines, markup->html.name_start,
                            "javascript: URL: expected addEventListener() in "
                            "a script of the page");
    }
}


static prize_maybe_e
prize_markup_is(const prize_html_t *html, const char *one, const char *two)
{
    if (html->some || memchr(html->value.data, '&', html->value.len)) {
        return PRIZE_MAYBE;
    }

    return prize_name_is(&html->value, one)
           || (two && prize_name_is(&html->value, two)) ? PRIZE_YES : PRIZE_NO;
}


static void
prize_markup_value_known(prize_markup_t *markup)
{
    const prize_html_t  *html;
    prize_markup_tag_t  *tag;

    html = &markup->html;
    tag = &markup->tag;

    if (prize_name_is(&html->attribute, "type")) {
        if (tag->hidden == PRIZE_NO) {
            tag->hidden = prize_markup_is(html, "hidden", NULL);
        }

    } else if (prize_name_is(&html->attribute, "encoding")) {
        if (tag->html_text == PRIZE_NO) {
            tag->html_text = prize_markup_is(html, "text/html",
                                             "application/xhtml+xml");
        }

    } else if (prize_name_is(&html->tag, "meta")
               && prize_name_is(&html->attribute, "name")
               && prize_markup_is(html, "referrer", "htmx-config")
                  != PRIZE_NO)
    {
        tag->pragma = 1;
    }

    prize_load_value(&tag->loads, &html->tag, &html->attribute, &html->value);
}


static void
prize_markup_value_end(prize_markup_t *markup)
{
    if (!markup->html.end) {
        prize_markup_value_known(markup);
    }

    prize_load_end(&markup->tag.loads, markup->html.offset);
    memset(&markup->tag.place, 0, sizeof(prize_place_t));
}


static void
prize_markup_token(const prize_markup_t *markup, prize_token_t *token)
{
    const prize_html_t        *html;
    const prize_markup_tag_t  *tag;

    html = &markup->html;
    tag = &markup->tag;

    memset(token, 0, sizeof(prize_token_t));

    token->node.element = (uint8_t) prize_element_find(html->tag.data,
                                                       html->tag.len);
    token->node.hash = token->node.element ? 0 : html->tag_hash;
    token->node.plain = tag->plain;
    token->hidden = tag->hidden;
    token->font = tag->font;
    token->html_text = tag->html_text;
    token->self_closing = html->self_closing;

    token->attributes = html->nattributes == 0 ? 1
                        : html->nattributes == 1
                          ? html->attribute_hash | 0x80000000 : 0;
}


/* after a tag: what the tokenizer has to know of the trees */

static void
prize_markup_tag_end(prize_markup_t *markup)
{
    markup->html.foreign = prize_trees_is_foreign(&markup->trees);

    if (!markup->noscript) {
        markup->noscript_end = 0;
    }

    markup->noscript = prize_trees_in_noscript(&markup->trees) != 0;
}


static const char *
prize_markup_start(prize_markup_t *markup)
{
    const char     *fault;
    prize_html_t   *html;
    prize_token_t   token;

    html = &markup->html;

    if (markup->tag.content && markup->tag.pragma) {
        markup->fault_at = markup->tag.content_at;
        return "field in the content of a <meta> with http-equiv, or of "
               "name=\"referrer\" or \"htmx-config\", which is obeyed: "
               "expected a literal value";
    }

    if (markup->tag.filled && !markup->tag.plain
        && !prize_trees_is_plain(&markup->trees)
        && !markup->frameworks.attribute)
    {
        markup->frameworks.attribute = 1;
        markup->frameworks.attribute_at = markup->tag.filled_at;
    }

    prize_markup_token(markup, &token);

    fault = prize_trees_start(&markup->trees, &token, &html->content);

    if (fault) {
        return fault;
    }

    if (prize_load_done(&markup->tag.loads, &html->tag, markup->inlines)
        == -1)
    {
        return "not enough memory";
    }

    /* a tag in it is a tag there, and &amp; is & */

    if ((token.node.element == PRIZE_E_STYLE
         || token.node.element == PRIZE_E_SCRIPT)
        && html->content == PRIZE_CONTENT_DATA)
    {
        prize_inlines_fault(markup->inlines, html->offset,
                            "<style> or <script> inside <svg> or <math>: "
                            "expected it outside");
    }

    prize_markup_tag_end(markup);

    return NULL;
}


static const char *
prize_markup_end(prize_markup_t *markup)
{
    const char     *fault;
    prize_token_t   token;

    prize_markup_token(markup, &token);
    fault = prize_trees_end(&markup->trees, &token);
    prize_markup_tag_end(markup);

    return fault;
}


static int
prize_markup_in_code(const prize_markup_t *markup)
{
    return prize_name_is(&markup->html.element, "script")
           || prize_name_is(&markup->html.element, "style");
}


static const char *
prize_markup_element_end(prize_markup_t *markup)
{
    unsigned       script;
    prize_html_t  *html;

    html = &markup->html;

    if (!prize_markup_in_code(markup)) {
        return NULL;
    }

    script = prize_name_is(&html->element, "script") != 0;

    /* nothing is run, nothing is asked of a policy */

    if (script && html->text_end == html->text_start) {
        return NULL;
    }

    return prize_inlines_add(markup->inlines, html->text_start,
                             html->text_end, script) == 0
           ? NULL : "not enough memory";
}


static const char *
prize_markup_event(prize_markup_t *markup, prize_html_event_e event, int ch)
{
    switch (event) {

    case PRIZE_HTML_SPACE:
    case PRIZE_HTML_CHARACTER:
        return prize_trees_text(&markup->trees, event == PRIZE_HTML_SPACE);

    case PRIZE_HTML_COMMENT:
        return prize_trees_comment(&markup->trees);

    case PRIZE_HTML_DOCTYPE:
        return prize_trees_doctype(&markup->trees, markup->html.quirks);

    case PRIZE_HTML_TAG:
        memset(&markup->tag, 0, offsetof(prize_markup_tag_t, loads));
        prize_load_begin(&markup->tag.loads,
                         markup->source + markup->html.tag_start);
        return NULL;

    case PRIZE_HTML_ATTRIBUTE:
        prize_markup_attribute(markup);
        return NULL;

    case PRIZE_HTML_VALUE:
        prize_markup_value(markup);
        return NULL;

    case PRIZE_HTML_VALUE_BYTE:
        prize_markup_value_byte(markup, ch);
        return NULL;

    case PRIZE_HTML_VALUE_END:
        prize_markup_value_end(markup);
        return NULL;

    case PRIZE_HTML_START:
        return prize_markup_start(markup);

    case PRIZE_HTML_END:
        return prize_markup_end(markup);

    default: /* PRIZE_HTML_ELEMENT_END */
        return prize_markup_element_end(markup);
    }
}


static void
prize_markup_report(prize_html_t *html, prize_html_event_e event, int ch)
{
    const char      *fault;
    prize_markup_t  *markup = (prize_markup_t *) html;

    fault = prize_markup_event(markup, event, ch);

    if (html->fault == NULL) {
        html->fault = fault;
    }
}


/*
 * Where scripts run, the text of <noscript> ends at the first </noscript>,
 * wherever that stands; where none run, at the end tag.
 */

static const char *
prize_markup_noscript_byte(prize_markup_t *markup, unsigned char byte)
{
    int  ch;

    static const char  end[] = "</noscript";

    ch = byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;

    if (markup->noscript_end == sizeof(end) - 1) {
        markup->noscript_end = 0;

        if (strchr(" \t\n\r\f/>", ch)
            && !(prize_html_place(&markup->html) == PRIZE_HTML_IN_TAG
                 && markup->html.end && markup->html.nattributes == 0
                 && prize_name_is(&markup->html.tag, "noscript")))
        {
            return "</noscript> that ends it only where scripts run: "
                   "expected it as an end tag of its own";
        }
    }

    if (ch == end[markup->noscript_end]) {
        markup->noscript_end++;

    } else {
        markup->noscript_end = (ch == '<');
    }

    return NULL;
}


/* up to the first byte that can end a tag */

static size_t
prize_markup_until_tag(const char *data, size_t len)
{
    const char  *end;

    end = memchr(data, '>', len);

    return end ? (size_t) (end - data) + 1 : len;
}


/* the place of what is wrong, where that is not here */

static const char *
prize_markup_fault(prize_markup_t *markup, const char *fault)
{
    if (fault == prize_tree_unsure_fault() && markup->values) {
        markup->fault_at = markup->value_at;
    }

    return fault;
}


/* neither a field nor a section can stand there */

static const char *
prize_markup_unknown(const prize_markup_t *markup)
{
    if (prize_html_in_reference(&markup->html)) {
        return "right behind & or &name, which it could make another "
               "character of: expected &amp; for a plain &, or a ; behind it";
    }

    return prize_html_place(&markup->html) == PRIZE_HTML_IN_UNKNOWN
           || (markup->noscript && markup->noscript_end)
           ? "in the middle of markup: expected text before it, or &lt; "
             "for a plain <"
           : NULL;
}


static const char *
prize_markup_field_element(const prize_markup_t *markup)
{
    if (prize_name_is(&markup->html.element, "script")) {
        return "inside <script>, where escaping does not protect: expected "
               "it in a quoted attribute (data-...) that the script reads";
    }

    if (prize_name_is(&markup->html.element, "style")) {
        return "inside <style>, where escaping does not protect: expected "
               "it in text or in a quoted attribute";
    }

    return "inside <iframe>, <noembed>, <noframes>, <plaintext> or <xmp>, "
           "where escaping does not protect: expected it in text";
}


static const char *
prize_markup_field_value(prize_markup_t *markup, size_t at)
{
    const char          *fault;
    prize_markup_tag_t  *tag;

    tag = &markup->tag;

    if (tag->place.kind == PRIZE_PLACE_URL) {
        fault = prize_url_value(&tag->url, tag->place.use);
        if (fault) {
            return fault;
        }

        prize_url_field(&tag->url);
    }

    if (prize_name_is(&markup->html.tag, "meta")
        && prize_name_is(&markup->html.attribute, "content") && !tag->content)
    {
        tag->content = 1;
        tag->content_at = at;
    }

    if (!tag->filled) {
        tag->filled = 1;
        tag->filled_at = at;
    }

    prize_load_cut(&markup->tag.loads, markup->html.offset);

    return prize_place_value(&tag->place);
}


static const char *
prize_markup_field_text(prize_markup_t *markup, size_t at)
{
    if (!markup->values) {
        markup->values = 1;
        markup->value_at = at;
    }

    return prize_trees_value(&markup->trees);
}


static const char *
prize_markup_field_place(prize_markup_t *markup, unsigned raw, size_t at)
{
    switch (prize_html_place(&markup->html)) {

    case PRIZE_HTML_IN_TEXT:
        return raw ? NULL : prize_markup_field_text(markup, at);

    case PRIZE_HTML_IN_CDATA:
        return prize_markup_field_text(markup, at);

    case PRIZE_HTML_IN_ELEMENT:
        return prize_markup_field_element(markup);

    case PRIZE_HTML_IN_QUOTES:
        return prize_markup_field_value(markup, at);

    case PRIZE_HTML_IN_VALUE:
        return "in an attribute without quotes: expected quotes around the "
               "value";

    case PRIZE_HTML_IN_TAG:
        return "among the names of an HTML tag: expected it in text or in a "
               "quoted attribute value";

    case PRIZE_HTML_IN_DOCTYPE:
        return "in <!DOCTYPE>, which decides how all of the page is read: "
               "expected it in text";

    default:
        return NULL;
    }
}


int
prize_markup_init(prize_markup_t *markup, prize_inlines_t *inlines)
{
    memset(markup, 0, sizeof(prize_markup_t));

    prize_html_init(&markup->html, prize_markup_report);
    markup->inlines = inlines;
    markup->fault_at = PRIZE_MARKUP_HERE;

    return prize_trees_init(&markup->trees);
}


void
prize_markup_destroy(prize_markup_t *markup)
{
    prize_trees_destroy(&markup->trees);
}


const char *
prize_markup_static(prize_markup_t *markup, const char *data, size_t len,
    size_t at, size_t *n)
{
    size_t       step;
    const char  *fault;

    markup->source = at - markup->html.offset;

    *n = prize_trees_are_at_start(&markup->trees)
         ? prize_html_skip_mark(&markup->html, data, len) : 0;

    if (*n && at) {
        *n = 0;
        return "byte order mark behind a tag, which browsers drop if the page "
               "begins with it: expected none";
    }

    for ( /* void */ ; *n < len; *n += step) {

        /*
         * A <noscript> begins with the > of a tag.  In one, each byte is read
         * as text as well, which it is where scripts run.
         */

        step = 0;
        fault = markup->noscript
                ? prize_markup_noscript_byte(markup, data[*n]) : NULL;

        if (fault == NULL) {
            step = markup->noscript ? 1 : prize_markup_until_tag(data + *n,
                                                                 len - *n);
            fault = prize_html_read(&markup->html, data + *n, step, &step);
        }

        if (fault) {
            *n += step;
            return prize_markup_fault(markup, fault);
        }
    }

    return NULL;
}


int
prize_markup_is_open_to_frameworks(const prize_markup_t *markup)
{
    prize_html_place_e  place;

    place = prize_html_place(&markup->html);

    return (place == PRIZE_HTML_IN_TEXT || place == PRIZE_HTML_IN_CDATA
            || (prize_name_is(&markup->html.element, "textarea")
                && !markup->tag.plain))
           && !prize_trees_is_plain(&markup->trees);
}


const char *
prize_markup_field(prize_markup_t *markup, unsigned raw, size_t at)
{
    const char          *fault;
    prize_html_place_e   place;

    fault = prize_markup_unknown(markup);

    if (fault == NULL) {
        fault = prize_markup_field_place(markup, raw, at);
    }

    if (fault) {
        return fault;
    }

    place = prize_html_place(&markup->html);

    if (raw && place != PRIZE_HTML_IN_TEXT) {
        return "raw outside text: expected an escaped tag here";
    }

    if (markup->noscript && place != PRIZE_HTML_IN_TEXT
        && place != PRIZE_HTML_IN_RCDATA)
    {
        return "inside <noscript>, whose tags and comments are text where "
               "scripts run: expected it in text";
    }

    if (!raw && !markup->frameworks.text
        && prize_markup_is_open_to_frameworks(markup))
    {
        markup->frameworks.text = 1;
        markup->frameworks.text_at = at;
    }

    prize_html_field(&markup->html);

    return NULL;
}


static const char *
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

    prize_load_cut(&markup->tag.loads, markup->html.offset);
    prize_html_section(&markup->html);

    return NULL;
}


const char *
prize_markup_open(prize_markup_t *markup, prize_markup_begin_t *begin,
    unsigned field, unsigned truth)
{
    const char  *fault;

    memset(&begin->others, 0, sizeof(prize_trees_t));

    fault = prize_markup_section(markup);
    if (fault) {
        return fault;
    }

    begin->html = markup->html;
    begin->tag = markup->tag;

    return prize_trees_open(&markup->trees, &begin->others, field, truth);
}


static void
prize_markup_join_maybe(prize_maybe_e *one, prize_maybe_e two)
{
    if (*one != two) {
        *one = PRIZE_MAYBE;
    }
}


/* what is true whether the section is shown or not */

static void
prize_markup_join_tag(prize_markup_tag_t *tag, const prize_markup_tag_t *begin)
{
    prize_url_join(&tag->url, &begin->url);

    prize_markup_join_maybe(&tag->hidden, begin->hidden);
    prize_markup_join_maybe(&tag->font, begin->font);
    prize_markup_join_maybe(&tag->html_text, begin->html_text);

    /* it may be there twice */

    if (tag->type != begin->type) {
        tag->type = 1;
        tag->hidden = PRIZE_MAYBE;
    }

    if (tag->encoding != begin->encoding) {
        tag->encoding = 1;
        tag->html_text = PRIZE_MAYBE;
    }

    tag->plain = tag->plain && begin->plain;
    tag->pragma = tag->pragma || begin->pragma;

    if (begin->content) {
        tag->content = 1;
        tag->content_at = begin->content_at;
    }

    if (begin->filled) {
        tag->filled = 1;
        tag->filled_at = begin->filled_at;
    }
}


const char *
prize_markup_close(prize_markup_t *markup, prize_markup_begin_t *begin)
{
    const char  *fault;

    fault = prize_markup_section(markup);
    if (fault) {
        return fault;
    }

    if (markup->tag.place.kind != begin->tag.place.kind
        || markup->tag.place.use != begin->tag.place.use
        || prize_html_join(&markup->html, &begin->html) != 0)
    {
        return "ends at another place of the HTML than it began: expected "
               "whole elements, whole attributes, or a part of one quoted "
               "value";
    }

    prize_markup_join_tag(&markup->tag, &begin->tag);

    fault = prize_trees_close(&markup->trees, &begin->others);

    markup->html.foreign = prize_trees_is_foreign(&markup->trees);
    markup->noscript = prize_trees_in_noscript(&markup->trees) != 0;

    return fault;
}


void
prize_markup_begin_destroy(prize_markup_begin_t *begin)
{
    prize_trees_destroy(&begin->others);
}


const char *
prize_markup_done(prize_markup_t *markup)
{
    prize_html_place_e  place;

    if (prize_markup_in_code(markup)) {
        prize_inlines_fault(markup->inlines, markup->html.offset,
                            "<style> or <script> that is not closed: expected "
                            "its end tag");
    }

    /* the end of the page ends a comment, and <! or <!DOCTYPE as well */

    place = prize_html_place(&markup->html);

    if (place == PRIZE_HTML_IN_COMMENT || place == PRIZE_HTML_IN_DOCTYPE
        || place == PRIZE_HTML_IN_UNKNOWN)
    {
        return prize_markup_fault(markup,
                                  prize_trees_comment(&markup->trees));
    }

    return NULL;
}


const char *
prize_markup_notice(const prize_markup_t *markup, size_t *at)
{
    int                               vue, angular;
    const prize_markup_frameworks_t  *frameworks;

    frameworks = &markup->frameworks;

    angular = frameworks->seen & 1U << PRIZE_FRAMEWORK_ANGULARJS;

    vue = frameworks->seen & 1U << PRIZE_FRAMEWORK_VUE
          || (frameworks->seen & 1U << PRIZE_FRAMEWORK_VUE_OR_ALPINE
              && !(frameworks->seen & 1U << PRIZE_FRAMEWORK_ALPINE));

    if (frameworks->text && (vue || angular)) {
        *at = frameworks->text_at;
        return "a value in text of a page with attributes of Vue or "
               "AngularJS, which would run what the value has between {{ and "
               "}}; expected it inside of an element with v-pre or "
               "ng-non-bindable";
    }

    if (frameworks->attribute && angular) {
        *at = frameworks->attribute_at;
        return "a value in an attribute of a page with attributes of "
               "AngularJS, which would run what the value has between {{ and "
               "}}, and ng-init of a class; expected it in an element with "
               "ng-non-bindable";
    }

    return NULL;
}
