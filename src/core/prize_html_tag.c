
#include <string.h>

#include "prize_html_states.h"


int
prize_html_space(int ch)
{
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r' || ch == '\f';
}


int
prize_html_letter(int ch)
{
    return ch >= 'a' && ch <= 'z';
}


static int
prize_html_digit(int ch)
{
    return ch >= '0' && ch <= '9';
}


/* FNV-1a */

static uint32_t
prize_html_hash(uint32_t hash, int ch)
{
    return (hash ^ (uint32_t) ch) * 16777619;
}


/* each run of text is reported once, and once more where it is no space */

const char *
prize_html_emit_text(prize_html_t *html, int ch)
{
    if (prize_html_space(ch)) {
        if (!html->space) {
            html->space = 1;
            html->report(html, PRIZE_HTML_SPACE, 0);
        }

    } else if (!html->character) {
        html->space = 1;
        html->character = 1;
        html->report(html, PRIZE_HTML_CHARACTER, 0);
    }

    return NULL;
}


void
prize_html_cut_text(prize_html_t *html)
{
    html->space = 0;
    html->character = 0;
}


/* what text is read by, after a start tag */

static void
prize_html_switch(prize_html_t *html)
{
    static const uint8_t  states[] = {
        PRIZE_STATE_DATA,
        PRIZE_STATE_RCDATA,
        PRIZE_STATE_RAWTEXT,
        PRIZE_STATE_SCRIPT_DATA,
        PRIZE_STATE_PLAINTEXT
    };

    html->step = states[html->content];
    html->text = html->step;

    html->reference = 0;

    if (html->content != PRIZE_CONTENT_DATA) {
        html->element = html->tag;
        html->text_start = html->offset + 1;
    }
}


static const char *
prize_html_emit_tag(prize_html_t *html)
{
    prize_html_cut_text(html);
    html->step = PRIZE_STATE_DATA;

    if (html->end) {
        html->report(html, PRIZE_HTML_END, 0);

    } else {
        html->content = PRIZE_CONTENT_DATA;
        html->report(html, PRIZE_HTML_START, 0);
        prize_html_switch(html);
    }

    /* so that places after different tags compare as equal */

    html->end = 0;
    html->self_closing = 0;
    html->tag.len = 0;
    html->tag_hash = 0;
    html->attribute.len = 0;
    html->value.len = 0;
    html->attribute_hash = 0;
    html->nattributes = 0;
    html->some = 0;

    return NULL;
}


static void
prize_html_begin_tag(prize_html_t *html, unsigned end)
{
    html->end = end;
    html->self_closing = 0;
    html->tag.len = 0;
    html->tag_hash = 2166136261u;
    html->nattributes = 0;
    html->attribute_hash = 0;
    html->some = 0;
    html->report(html, PRIZE_HTML_TAG, 0);
}


/* the end tag of "element", whose text ends before it */

static void
prize_html_end_text(prize_html_t *html)
{
    html->text_end = html->tag_start;
    html->report(html, PRIZE_HTML_ELEMENT_END, 0);

    html->element.len = 0;
    html->text = PRIZE_STATE_DATA;
}


/* 13.2.5.1 Data state */

const char *
prize_html_data(prize_html_t *html, int ch)
{
    if (ch == '<') {
        html->tag_start = html->offset;
        return prize_html_go(html, PRIZE_STATE_TAG_OPEN);
    }

    if (ch == '&') {
        html->word.len = 0;
        return prize_html_go(html, PRIZE_STATE_CHARACTER_REFERENCE);
    }

    return prize_html_emit_text(html, ch);
}


/* what follows may be a part of a character reference */

static void
prize_html_see_reference(prize_html_t *html, int ch)
{
    html->reference = ch == '&'
                      || (html->reference
                          && (ch == '#' || prize_html_letter(ch)
                              || prize_html_digit(ch)));
}


/* 13.2.5.2 RCDATA state; a character reference in it is text as well */

const char *
prize_html_rcdata(prize_html_t *html, int ch)
{
    prize_html_see_reference(html, ch);

    if (ch == '<') {
        html->tag_start = html->offset;
        return prize_html_go(html, PRIZE_STATE_TEXT_LESS_THAN);
    }

    return NULL;
}


/* 13.2.5.3 RAWTEXT state */

const char *
prize_html_rawtext(prize_html_t *html, int ch)
{
    return prize_html_rcdata(html, ch);
}


/* 13.2.5.5 PLAINTEXT state */

const char *
prize_html_plaintext(prize_html_t *html, int ch)
{
    (void) html;
    (void) ch;

    return NULL;
}


/* 13.2.5.6 Tag open state */

const char *
prize_html_tag_open(prize_html_t *html, int ch)
{
    if (prize_html_letter(ch)) {
        prize_html_begin_tag(html, 0);
        return prize_html_again(html, PRIZE_STATE_TAG_NAME);
    }

    switch (ch) {

    case '!':
        html->word.len = 0;
        return prize_html_go(html, PRIZE_STATE_MARKUP_DECLARATION_OPEN);

    case '/':
        return prize_html_go(html, PRIZE_STATE_END_TAG_OPEN);

    case '?':
        return prize_html_go(html, PRIZE_STATE_BOGUS_COMMENT);

    default:
        (void) prize_html_emit_text(html, '<');
        return prize_html_again(html, PRIZE_STATE_DATA);
    }
}


/* 13.2.5.7 End tag open state */

const char *
prize_html_end_tag_open(prize_html_t *html, int ch)
{
    if (prize_html_letter(ch)) {
        prize_html_begin_tag(html, 1);
        return prize_html_again(html, PRIZE_STATE_TAG_NAME);
    }

    if (ch == '>') {
        return prize_html_go(html, PRIZE_STATE_DATA);
    }

    return prize_html_again(html, PRIZE_STATE_BOGUS_COMMENT);
}


/* 13.2.5.8 Tag name state */

const char *
prize_html_tag_name(prize_html_t *html, int ch)
{
    if (prize_html_space(ch)) {
        return prize_html_go(html, PRIZE_STATE_BEFORE_ATTRIBUTE_NAME);
    }

    switch (ch) {

    case '/':
        return prize_html_go(html, PRIZE_STATE_SELF_CLOSING_START_TAG);

    case '>':
        return prize_html_emit_tag(html);

    default:
        prize_name_append(&html->tag, ch);
        html->tag_hash = prize_html_hash(html->tag_hash, ch);
        return NULL;
    }
}


/*
 * 13.2.5.9 RCDATA less-than sign state, 13.2.5.12 RAWTEXT less-than sign
 * state
 */

const char *
prize_html_text_less_than_sign(prize_html_t *html, int ch)
{
    if (ch == '/') {
        return prize_html_go(html, PRIZE_STATE_TEXT_END_TAG_OPEN);
    }

    return prize_html_again(html, html->text);
}


/*
 * 13.2.5.10 RCDATA end tag open state, 13.2.5.13 RAWTEXT end tag open state,
 * 13.2.5.16 Script data end tag open state, 13.2.5.24 Script data escaped end
 * tag open state
 */

const char *
prize_html_text_end_tag_open(prize_html_t *html, int ch)
{
    if (prize_html_letter(ch)) {
        html->word.len = 0;
        return prize_html_again(html, PRIZE_STATE_TEXT_END_TAG_NAME);
    }

    return prize_html_again(html, html->text);
}


/*
 * 13.2.5.11 RCDATA end tag name state, 13.2.5.14 RAWTEXT end tag name state,
 * 13.2.5.17 Script data end tag name state, 13.2.5.25 Script data escaped end
 * tag name state
 */

const char *
prize_html_text_end_tag_name(prize_html_t *html, int ch)
{
    size_t  i;

    if (prize_html_letter(ch)) {
        prize_name_append(&html->word, ch);
        return NULL;
    }

    if ((prize_html_space(ch) || ch == '/' || ch == '>')
        && prize_name_same(&html->word, &html->element))
    {
        prize_html_end_text(html);
        prize_html_begin_tag(html, 1);

        for (i = 0; i < html->word.len; i++) {
            (void) prize_html_tag_name(html, html->word.data[i]);
        }

        return prize_html_again(html, PRIZE_STATE_TAG_NAME);
    }

    return prize_html_again(html, html->text);
}


/* 13.2.5.32 Before attribute name state */

const char *
prize_html_before_attribute_name(prize_html_t *html, int ch)
{
    if (prize_html_space(ch)) {
        return NULL;
    }

    if (ch == '/' || ch == '>') {
        return prize_html_again(html, PRIZE_STATE_AFTER_ATTRIBUTE_NAME);
    }

    html->attribute.len = 0;
    html->name_start = html->offset;
    html->nattributes++;
    html->attribute_hash = prize_html_hash(html->attribute_hash + 1, ch);
    prize_name_append(&html->attribute, ch);

    return prize_html_go(html, PRIZE_STATE_ATTRIBUTE_NAME);
}


static const char *
prize_html_begin_value(prize_html_t *html)
{
    html->value.len = 0;
    html->some = 0;
    html->report(html, PRIZE_HTML_VALUE, 0);

    return prize_html_go(html, PRIZE_STATE_BEFORE_ATTRIBUTE_VALUE);
}


/* 13.2.5.33 Attribute name state; without a value it has an empty one */

const char *
prize_html_attribute_name(prize_html_t *html, int ch)
{
    if (prize_html_space(ch) || ch == '/' || ch == '>' || ch == '=') {
        html->attribute_hash = prize_html_hash(html->attribute_hash, '=');
        html->report(html, PRIZE_HTML_ATTRIBUTE, 0);

        return ch == '='
               ? prize_html_begin_value(html)
               : prize_html_again(html, PRIZE_STATE_AFTER_ATTRIBUTE_NAME);
    }

    html->attribute_hash = prize_html_hash(html->attribute_hash, ch);
    prize_name_append(&html->attribute, ch);

    return NULL;
}


/* 13.2.5.34 After attribute name state */

const char *
prize_html_after_attribute_name(prize_html_t *html, int ch)
{
    if (prize_html_space(ch)) {
        return NULL;
    }

    switch (ch) {

    case '/':
        return prize_html_go(html, PRIZE_STATE_SELF_CLOSING_START_TAG);

    case '>':
        return prize_html_emit_tag(html);

    case '=':
        return prize_html_begin_value(html);

    default:
        return prize_html_again(html, PRIZE_STATE_BEFORE_ATTRIBUTE_NAME);
    }
}


/* 13.2.5.35 Before attribute value state */

const char *
prize_html_before_attribute_value(prize_html_t *html, int ch)
{
    if (prize_html_space(ch)) {
        return NULL;
    }

    if (ch == '"' || ch == '\'') {
        html->quote = ch;
        html->reference = 0;
        return prize_html_go(html, PRIZE_STATE_ATTRIBUTE_VALUE_QUOTED);
    }

    return prize_html_again(html, PRIZE_STATE_ATTRIBUTE_VALUE_UNQUOTED);
}


static const char *
prize_html_emit_value(prize_html_t *html, int ch)
{
    prize_html_see_reference(html, ch);
    prize_name_append(&html->value, ch);
    html->attribute_hash = prize_html_hash(html->attribute_hash, html->byte);

    /* a character reference, or a line end, has more than one form */

    if (ch == '&' || ch == '\r') {
        html->nattributes = PRIZE_HTML_SOME_ATTRIBUTES;
    }

    if (html->watched) {
        html->report(html, PRIZE_HTML_VALUE_BYTE, ch);
    }

    return NULL;
}


/*
 * 13.2.5.36 Attribute value (double-quoted) state, 13.2.5.37 Attribute value
 * (single-quoted) state
 */

const char *
prize_html_attribute_value_quoted(prize_html_t *html, int ch)
{
    if (ch == html->quote) {
        html->quote = 0;
        html->report(html, PRIZE_HTML_VALUE_END, 0);
        return prize_html_go(html, PRIZE_STATE_AFTER_ATTRIBUTE_VALUE_QUOTED);
    }

    return prize_html_emit_value(html, ch);
}


/* 13.2.5.38 Attribute value (unquoted) state */

const char *
prize_html_attribute_value_unquoted(prize_html_t *html, int ch)
{
    if (prize_html_space(ch) || ch == '>') {
        html->report(html, PRIZE_HTML_VALUE_END, 0);
        return prize_html_again(html, PRIZE_STATE_AFTER_ATTRIBUTE_VALUE_QUOTED);
    }

    return prize_html_emit_value(html, ch);
}


/* 13.2.5.39 After attribute value (quoted) state */

const char *
prize_html_after_attribute_value_quoted(prize_html_t *html, int ch)
{
    switch (ch) {

    case '/':
        return prize_html_go(html, PRIZE_STATE_SELF_CLOSING_START_TAG);

    case '>':
        return prize_html_emit_tag(html);

    default:
        return prize_html_again(html, PRIZE_STATE_BEFORE_ATTRIBUTE_NAME);
    }
}


/* 13.2.5.40 Self-closing start tag state */

const char *
prize_html_self_closing_start_tag(prize_html_t *html, int ch)
{
    if (ch == '>') {
        html->self_closing = 1;
        return prize_html_emit_tag(html);
    }

    return prize_html_again(html, PRIZE_STATE_BEFORE_ATTRIBUTE_NAME);
}


/* the text of a reference, after its & */

static int
prize_html_goes_on(const prize_name_t *word, int ch)
{
    if (word->len == 0) {
        return ch == '#' || prize_html_letter(ch) || prize_html_digit(ch);
    }

    if (word->data[0] != '#') {
        return prize_html_letter(ch) || prize_html_digit(ch);
    }

    if (word->len == 1) {
        return ch == 'x' || prize_html_digit(ch);
    }

    return prize_html_digit(ch)
           || (word->data[1] == 'x' && ch >= 'a' && ch <= 'f');
}


static int
prize_html_is_space_reference(const prize_name_t *word)
{
    unsigned  i;

    static const char *const  spaces[] = {
        "#9", "#10", "#12", "#13", "#32", "#x9", "#xa", "#xc", "#xd", "#x20",
        NULL
    };

    for (i = 0; spaces[i]; i++) {
        if (prize_name_is(word, spaces[i])) {
            return 1;
        }
    }

    return 0;
}


/*
 * 13.2.5.72 Character reference state, to 13.2.5.80: all that matters is
 * whether it is white space
 */

const char *
prize_html_character_reference(prize_html_t *html, int ch)
{
    int                 space;
    prize_name_t  *word;

    word = &html->word;

    if (prize_html_goes_on(word, ch)) {

        /* zeros at the beginning of a number */

        if (ch != '0' || word->data[0] != '#'
            || !(word->len == 1 || (word->len == 2 && word->data[1] == 'x')))
        {
            prize_name_append(word, prize_html_letter(ch)
                                         && word->data[0] != '#'
                                         ? html->byte : ch);
        }

        return NULL;
    }

    space = prize_html_is_space_reference(word)
            || (ch == ';' && (prize_name_is(word, "Tab")
                              || prize_name_is(word, "NewLine")));

    (void) prize_html_emit_text(html, space ? ' ' : '&');

    return ch == ';' ? prize_html_go(html, PRIZE_STATE_DATA)
                     : prize_html_again(html, PRIZE_STATE_DATA);
}


/*
 * Any of 13.2.5.8 and 13.2.5.32 to 13.2.5.39, after a section in which a name
 * may have ended, or not
 */

const char *
prize_html_tag_gap(prize_html_t *html, int ch)
{
    if (prize_html_space(ch)) {
        return prize_html_go(html, PRIZE_STATE_TAG_GAP_SPACE);
    }

    if (ch == '/' || ch == '>') {
        return prize_html_again(html, PRIZE_STATE_AFTER_ATTRIBUTE_NAME);
    }

    return "text that goes on with a name which depends on the section "
           "before it: expected a space, / or >";
}


/* 13.2.5.32, 13.2.5.34 or 13.2.5.39 */

const char *
prize_html_tag_gap_space(prize_html_t *html, int ch)
{
    if (ch == '=') {
        return "a value of an attribute that depends on the section before "
               "it: expected the whole attribute in the section";
    }

    return prize_html_space(ch)
           ? NULL : prize_html_again(html, PRIZE_STATE_BEFORE_ATTRIBUTE_NAME);
}
