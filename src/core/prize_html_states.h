
/*
 * The states of the tokenizer (13.2.5), for the rooms that it is made of.
 * Nobody else includes it.
 */

#ifndef _PRIZE_HTML_STATES_H_INCLUDED_
#define _PRIZE_HTML_STATES_H_INCLUDED_


#include "prize_html.h"


/* in the order of their sections, but for those that are several at once */

typedef enum {
    PRIZE_STATE_DATA = 0,
    PRIZE_STATE_RCDATA,
    PRIZE_STATE_RAWTEXT,
    PRIZE_STATE_SCRIPT_DATA,
    PRIZE_STATE_PLAINTEXT,
    PRIZE_STATE_TAG_OPEN,
    PRIZE_STATE_END_TAG_OPEN,
    PRIZE_STATE_TAG_NAME,
    PRIZE_STATE_TEXT_LESS_THAN,
    PRIZE_STATE_TEXT_END_TAG_OPEN,
    PRIZE_STATE_TEXT_END_TAG_NAME,
    PRIZE_STATE_SCRIPT_LESS_THAN,
    PRIZE_STATE_SCRIPT_ESCAPE_START,
    PRIZE_STATE_SCRIPT_ESCAPE_START_DASH,
    PRIZE_STATE_SCRIPT_ESCAPED,
    PRIZE_STATE_SCRIPT_ESCAPED_DASH,
    PRIZE_STATE_SCRIPT_ESCAPED_DASH_DASH,
    PRIZE_STATE_SCRIPT_ESCAPED_LESS_THAN,
    PRIZE_STATE_SCRIPT_DOUBLE_ESCAPE_START,
    PRIZE_STATE_SCRIPT_DOUBLE_ESCAPED,
    PRIZE_STATE_SCRIPT_DOUBLE_ESCAPED_DASH,
    PRIZE_STATE_SCRIPT_DOUBLE_ESCAPED_DASH_DASH,
    PRIZE_STATE_SCRIPT_DOUBLE_ESCAPED_LESS_THAN,
    PRIZE_STATE_SCRIPT_DOUBLE_ESCAPE_END,
    PRIZE_STATE_BEFORE_ATTRIBUTE_NAME,
    PRIZE_STATE_ATTRIBUTE_NAME,
    PRIZE_STATE_AFTER_ATTRIBUTE_NAME,
    PRIZE_STATE_BEFORE_ATTRIBUTE_VALUE,
    PRIZE_STATE_ATTRIBUTE_VALUE_QUOTED,
    PRIZE_STATE_ATTRIBUTE_VALUE_UNQUOTED,
    PRIZE_STATE_AFTER_ATTRIBUTE_VALUE_QUOTED,
    PRIZE_STATE_SELF_CLOSING_START_TAG,
    PRIZE_STATE_TAG_GAP,
    PRIZE_STATE_TAG_GAP_SPACE,
    PRIZE_STATE_BOGUS_COMMENT,
    PRIZE_STATE_MARKUP_DECLARATION_OPEN,
    PRIZE_STATE_COMMENT_START,
    PRIZE_STATE_COMMENT_START_DASH,
    PRIZE_STATE_COMMENT,
    PRIZE_STATE_COMMENT_LESS_THAN,
    PRIZE_STATE_COMMENT_LESS_THAN_BANG,
    PRIZE_STATE_COMMENT_LESS_THAN_BANG_DASH,
    PRIZE_STATE_COMMENT_LESS_THAN_BANG_DASH_DASH,
    PRIZE_STATE_COMMENT_END_DASH,
    PRIZE_STATE_COMMENT_END,
    PRIZE_STATE_COMMENT_END_BANG,
    PRIZE_STATE_COMMENT_SOME,
    PRIZE_STATE_COMMENT_SOME_DASH,
    PRIZE_STATE_COMMENT_SOME_BANG,
    PRIZE_STATE_DOCTYPE,
    PRIZE_STATE_BEFORE_DOCTYPE_NAME,
    PRIZE_STATE_DOCTYPE_NAME,
    PRIZE_STATE_AFTER_DOCTYPE_NAME,
    PRIZE_STATE_BOGUS_DOCTYPE,
    PRIZE_STATE_CDATA_SECTION,
    PRIZE_STATE_CDATA_SECTION_BRACKET,
    PRIZE_STATE_CDATA_SECTION_END,
    PRIZE_STATE_CDATA_SOME,
    PRIZE_STATE_CDATA_SOME_BRACKET,
    PRIZE_STATE_CHARACTER_REFERENCE
} prize_state_e;


#define prize_html_go(html, state)                                            \
    ((html)->step = (state), (const char *) NULL)

/* "reconsume in" */
#define prize_html_again(html, state)                                         \
    ((html)->step = (state), (html)->again = 1, (const char *) NULL)


/* each takes a byte in lower case: NULL, or what is wrong with it */

const char *prize_html_data(prize_html_t *html, int ch);
const char *prize_html_rcdata(prize_html_t *html, int ch);
const char *prize_html_rawtext(prize_html_t *html, int ch);
const char *prize_html_script_data(prize_html_t *html, int ch);
const char *prize_html_plaintext(prize_html_t *html, int ch);
const char *prize_html_tag_open(prize_html_t *html, int ch);
const char *prize_html_end_tag_open(prize_html_t *html, int ch);
const char *prize_html_tag_name(prize_html_t *html, int ch);
const char *prize_html_text_less_than_sign(prize_html_t *html, int ch);
const char *prize_html_text_end_tag_open(prize_html_t *html, int ch);
const char *prize_html_text_end_tag_name(prize_html_t *html, int ch);
const char *prize_html_script_data_less_than_sign(prize_html_t *html, int ch);
const char *prize_html_script_data_escape_start(prize_html_t *html, int ch);
const char *prize_html_script_data_escape_start_dash(prize_html_t *html,
    int ch);
const char *prize_html_script_data_escaped(prize_html_t *html, int ch);
const char *prize_html_script_data_escaped_dash(prize_html_t *html, int ch);
const char *prize_html_script_data_escaped_dash_dash(prize_html_t *html,
    int ch);
const char *prize_html_script_data_escaped_less_than_sign(prize_html_t *html,
    int ch);
const char *prize_html_script_data_double_escape_start(prize_html_t *html,
    int ch);
const char *prize_html_script_data_double_escaped(prize_html_t *html, int ch);
const char *prize_html_script_data_double_escaped_dash(prize_html_t *html,
    int ch);
const char *prize_html_script_data_double_escaped_dash_dash(prize_html_t *html,
    int ch);
const char *prize_html_script_data_double_escaped_less_than_sign(
    prize_html_t *html, int ch);
const char *prize_html_script_data_double_escape_end(prize_html_t *html,
    int ch);
const char *prize_html_before_attribute_name(prize_html_t *html, int ch);
const char *prize_html_attribute_name(prize_html_t *html, int ch);
const char *prize_html_after_attribute_name(prize_html_t *html, int ch);
const char *prize_html_before_attribute_value(prize_html_t *html, int ch);
const char *prize_html_attribute_value_quoted(prize_html_t *html, int ch);
const char *prize_html_attribute_value_unquoted(prize_html_t *html, int ch);
const char *prize_html_after_attribute_value_quoted(prize_html_t *html, int ch);
const char *prize_html_self_closing_start_tag(prize_html_t *html, int ch);
const char *prize_html_tag_gap(prize_html_t *html, int ch);
const char *prize_html_tag_gap_space(prize_html_t *html, int ch);
const char *prize_html_bogus_comment(prize_html_t *html, int ch);
const char *prize_html_markup_declaration_open(prize_html_t *html, int ch);
const char *prize_html_comment_start(prize_html_t *html, int ch);
const char *prize_html_comment_start_dash(prize_html_t *html, int ch);
const char *prize_html_comment(prize_html_t *html, int ch);
const char *prize_html_comment_less_than_sign(prize_html_t *html, int ch);
const char *prize_html_comment_less_than_sign_bang(prize_html_t *html, int ch);
const char *prize_html_comment_less_than_sign_bang_dash(prize_html_t *html,
    int ch);
const char *prize_html_comment_less_than_sign_bang_dash_dash(prize_html_t *html,
    int ch);
const char *prize_html_comment_end_dash(prize_html_t *html, int ch);
const char *prize_html_comment_end(prize_html_t *html, int ch);
const char *prize_html_comment_end_bang(prize_html_t *html, int ch);
const char *prize_html_comment_some(prize_html_t *html, int ch);
const char *prize_html_comment_some_dash(prize_html_t *html, int ch);
const char *prize_html_comment_some_bang(prize_html_t *html, int ch);
const char *prize_html_doctype(prize_html_t *html, int ch);
const char *prize_html_before_doctype_name(prize_html_t *html, int ch);
const char *prize_html_doctype_name(prize_html_t *html, int ch);
const char *prize_html_after_doctype_name(prize_html_t *html, int ch);
const char *prize_html_bogus_doctype(prize_html_t *html, int ch);
const char *prize_html_cdata_section(prize_html_t *html, int ch);
const char *prize_html_cdata_section_bracket(prize_html_t *html, int ch);
const char *prize_html_cdata_section_end(prize_html_t *html, int ch);
const char *prize_html_cdata_some(prize_html_t *html, int ch);
const char *prize_html_cdata_some_bracket(prize_html_t *html, int ch);
const char *prize_html_character_reference(prize_html_t *html, int ch);


int prize_html_space(int ch);
int prize_html_letter(int ch);

/* each run of text is reported once, and once more where it is no space */
const char *prize_html_emit_text(prize_html_t *html, int ch);
void prize_html_cut_text(prize_html_t *html);


#endif /* _PRIZE_HTML_STATES_H_INCLUDED_ */
