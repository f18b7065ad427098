
#include <string.h>

#include "prize_html_states.h"


static const char *
prize_html_emit_comment(prize_html_t *html)
{
    prize_html_cut_text(html);
    html->report(html, PRIZE_HTML_COMMENT, 0);

    return prize_html_go(html, PRIZE_STATE_DATA);
}


static const char *
prize_html_emit_doctype(prize_html_t *html)
{
    prize_html_cut_text(html);
    html->report(html, PRIZE_HTML_DOCTYPE, 0);
    html->quirks = PRIZE_NO;

    return prize_html_go(html, PRIZE_STATE_DATA);
}


/* 13.2.5.41 Bogus comment state */

const char *
prize_html_bogus_comment(prize_html_t *html, int ch)
{
    return ch == '>' ? prize_html_emit_comment(html) : NULL;
}


/* 13.2.5.42 Markup declaration open state */

const char *
prize_html_markup_declaration_open(prize_html_t *html, int ch)
{
    unsigned  i;
    size_t    len;

    static const char *const  words[] = { "--", "doctype", "[cdata[" };

    static const uint8_t  states[] = {
        PRIZE_STATE_COMMENT_START, PRIZE_STATE_DOCTYPE,
        PRIZE_STATE_CDATA_SECTION
    };

    /* "doctype" is matched whatever its case, "[CDATA[" only in capitals */

    prize_name_append(&html->word, ch);
    len = html->word.len;

    for (i = 0; i < 3; i++) {
        if (len > strlen(words[i])
            || memcmp(html->word.data, words[i], len) != 0
            || (i == 2 && prize_html_letter(html->byte)))
        {
            continue;
        }

        if (i == 2 && html->foreign == PRIZE_NO) {
            continue;
        }

        if (i == 2 && html->foreign == PRIZE_MAYBE) {
            return "<![CDATA[ that is a comment to some browsers, or with "
                   "some records: expected plain text";
        }

        if (len == strlen(words[i])) {
            html->step = states[i];
            prize_html_cut_text(html);
        }

        return NULL;
    }

    return prize_html_again(html, PRIZE_STATE_BOGUS_COMMENT);
}


/* a > after a value, with nothing or too little between them */

static const char *
prize_html_some_fault(void)
{
    return "a > that ends the comment or not, as the tag before it says: "
           "expected a space before it";
}


/* 13.2.5.43 Comment start state */

const char *
prize_html_comment_start(prize_html_t *html, int ch)
{
    switch (ch) {

    case '-':
        return prize_html_go(html, PRIZE_STATE_COMMENT_START_DASH);

    case '>':
        return prize_html_emit_comment(html);

    default:
        return prize_html_again(html, PRIZE_STATE_COMMENT);
    }
}


/* 13.2.5.44 Comment start dash state */

const char *
prize_html_comment_start_dash(prize_html_t *html, int ch)
{
    switch (ch) {

    case '-':
        return prize_html_go(html, PRIZE_STATE_COMMENT_END);

    case '>':
        return prize_html_emit_comment(html);

    default:
        return prize_html_again(html, PRIZE_STATE_COMMENT);
    }
}


/* 13.2.5.45 Comment state */

const char *
prize_html_comment(prize_html_t *html, int ch)
{
    switch (ch) {

    case '<':
        return prize_html_go(html, PRIZE_STATE_COMMENT_LESS_THAN);

    case '-':
        return prize_html_go(html, PRIZE_STATE_COMMENT_END_DASH);

    default:
        return NULL;
    }
}


/* 13.2.5.46 Comment less-than sign state */

const char *
prize_html_comment_less_than_sign(prize_html_t *html, int ch)
{
    switch (ch) {

    case '!':
        return prize_html_go(html, PRIZE_STATE_COMMENT_LESS_THAN_BANG);

    case '<':
        return NULL;

    default:
        return prize_html_again(html, PRIZE_STATE_COMMENT);
    }
}


/* 13.2.5.47 Comment less-than sign bang state */

const char *
prize_html_comment_less_than_sign_bang(prize_html_t *html, int ch)
{
    return ch == '-'
           ? prize_html_go(html, PRIZE_STATE_COMMENT_LESS_THAN_BANG_DASH)
           : prize_html_again(html, PRIZE_STATE_COMMENT);
}


/* 13.2.5.48 Comment less-than sign bang dash state */

const char *
prize_html_comment_less_than_sign_bang_dash(prize_html_t *html, int ch)
{
    return ch == '-'
           ? prize_html_go(html, PRIZE_STATE_COMMENT_LESS_THAN_BANG_DASH_DASH)
           : prize_html_again(html, PRIZE_STATE_COMMENT_END_DASH);
}


/* 13.2.5.49 Comment less-than sign bang dash dash state */

const char *
prize_html_comment_less_than_sign_bang_dash_dash(prize_html_t *html, int ch)
{
    (void) ch;

    return prize_html_again(html, PRIZE_STATE_COMMENT_END);
}


/* 13.2.5.50 Comment end dash state */

const char *
prize_html_comment_end_dash(prize_html_t *html, int ch)
{
    return ch == '-' ? prize_html_go(html, PRIZE_STATE_COMMENT_END)
                     : prize_html_again(html, PRIZE_STATE_COMMENT);
}


/* 13.2.5.51 Comment end state */

const char *
prize_html_comment_end(prize_html_t *html, int ch)
{
    switch (ch) {

    case '>':
        return prize_html_emit_comment(html);

    case '!':
        return prize_html_go(html, PRIZE_STATE_COMMENT_END_BANG);

    case '-':
        return NULL;

    default:
        return prize_html_again(html, PRIZE_STATE_COMMENT);
    }
}


/* 13.2.5.52 Comment end bang state */

const char *
prize_html_comment_end_bang(prize_html_t *html, int ch)
{
    switch (ch) {

    case '-':
        return prize_html_go(html, PRIZE_STATE_COMMENT_END_DASH);

    case '>':
        return prize_html_emit_comment(html);

    default:
        return prize_html_again(html, PRIZE_STATE_COMMENT);
    }
}


/* any of 13.2.5.43 to 13.2.5.52, as a value before it says */

const char *
prize_html_comment_some(prize_html_t *html, int ch)
{
    switch (ch) {

    case '>':
        return prize_html_some_fault();

    case '-':
        return prize_html_go(html, PRIZE_STATE_COMMENT_SOME_DASH);

    case '!':
        return prize_html_go(html, PRIZE_STATE_COMMENT_SOME_BANG);

    default:
        return prize_html_again(html, PRIZE_STATE_COMMENT);
    }
}


/* 13.2.5.44, 13.2.5.50 or 13.2.5.51 */

const char *
prize_html_comment_some_dash(prize_html_t *html, int ch)
{
    switch (ch) {

    case '>':
        return prize_html_some_fault();

    case '-':
        return prize_html_go(html, PRIZE_STATE_COMMENT_END);

    case '!':
        return prize_html_go(html, PRIZE_STATE_COMMENT_SOME_BANG);

    default:
        return prize_html_again(html, PRIZE_STATE_COMMENT);
    }
}


/* 13.2.5.45 or 13.2.5.52 */

const char *
prize_html_comment_some_bang(prize_html_t *html, int ch)
{
    switch (ch) {

    case '>':
        return prize_html_some_fault();

    case '-':
        return prize_html_go(html, PRIZE_STATE_COMMENT_END_DASH);

    default:
        return prize_html_again(html, PRIZE_STATE_COMMENT);
    }
}


/* 13.2.5.53 DOCTYPE state */

const char *
prize_html_doctype(prize_html_t *html, int ch)
{
    html->word.len = 0;
    html->quirks = PRIZE_YES;

    return prize_html_space(ch)
           ? prize_html_go(html, PRIZE_STATE_BEFORE_DOCTYPE_NAME)
           : prize_html_again(html, PRIZE_STATE_BEFORE_DOCTYPE_NAME);
}


/* 13.2.5.54 Before DOCTYPE name state */

const char *
prize_html_before_doctype_name(prize_html_t *html, int ch)
{
    if (prize_html_space(ch)) {
        return NULL;
    }

    return prize_html_again(html, PRIZE_STATE_DOCTYPE_NAME);
}


/* 13.2.5.55 DOCTYPE name state */

const char *
prize_html_doctype_name(prize_html_t *html, int ch)
{
    if (prize_html_space(ch) || ch == '>') {
        html->quirks = prize_name_is(&html->word, "html") ? PRIZE_NO
                                                               : PRIZE_YES;
        return prize_html_again(html, PRIZE_STATE_AFTER_DOCTYPE_NAME);
    }

    prize_name_append(&html->word, ch);

    return NULL;
}


/* 13.2.5.56 After DOCTYPE name state */

const char *
prize_html_after_doctype_name(prize_html_t *html, int ch)
{
    if (prize_html_space(ch)) {
        return NULL;
    }

    if (ch == '>') {
        return prize_html_emit_doctype(html);
    }

    /* of identifiers there is a long list */

    if (html->quirks == PRIZE_NO) {
        html->quirks = PRIZE_MAYBE;
    }

    return prize_html_go(html, PRIZE_STATE_BOGUS_DOCTYPE);
}


/*
 * 13.2.5.57 to 13.2.5.68, the identifiers and the bogus DOCTYPE state: what
 * ends any of them is >, in quotes too
 */

const char *
prize_html_bogus_doctype(prize_html_t *html, int ch)
{
    return ch == '>' ? prize_html_emit_doctype(html) : NULL;
}


/* 13.2.5.69 CDATA section state */

const char *
prize_html_cdata_section(prize_html_t *html, int ch)
{
    if (ch == ']') {
        return prize_html_go(html, PRIZE_STATE_CDATA_SECTION_BRACKET);
    }

    return prize_html_emit_text(html, ch);
}


/* 13.2.5.70 CDATA section bracket state */

const char *
prize_html_cdata_section_bracket(prize_html_t *html, int ch)
{
    if (ch == ']') {
        return prize_html_go(html, PRIZE_STATE_CDATA_SECTION_END);
    }

    (void) prize_html_emit_text(html, ']');

    return prize_html_again(html, PRIZE_STATE_CDATA_SECTION);
}


/* 13.2.5.71 CDATA section end state */

const char *
prize_html_cdata_section_end(prize_html_t *html, int ch)
{
    switch (ch) {

    case ']':
        return prize_html_emit_text(html, ch);

    case '>':
        return prize_html_go(html, PRIZE_STATE_DATA);

    default:
        (void) prize_html_emit_text(html, ']');
        return prize_html_again(html, PRIZE_STATE_CDATA_SECTION);
    }
}


/* 13.2.5.69 to 13.2.5.71, as a value before it says */

const char *
prize_html_cdata_some(prize_html_t *html, int ch)
{
    switch (ch) {

    case '>':
        return prize_html_some_fault();

    case ']':
        return prize_html_go(html, PRIZE_STATE_CDATA_SOME_BRACKET);

    default:
        return prize_html_again(html, PRIZE_STATE_CDATA_SECTION);
    }
}


/* 13.2.5.70 or 13.2.5.71 */

const char *
prize_html_cdata_some_bracket(prize_html_t *html, int ch)
{
    switch (ch) {

    case '>':
        return prize_html_some_fault();

    case ']':
        return prize_html_go(html, PRIZE_STATE_CDATA_SECTION_END);

    default:
        (void) prize_html_emit_text(html, ']');
        return prize_html_again(html, PRIZE_STATE_CDATA_SECTION);
    }
}
