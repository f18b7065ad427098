
#include <string.h>

#include "prize_html_states.h"


/* 13.2.5.4 Script data state */

const char *
prize_html_script_data(prize_html_t *html, int ch)
{
    if (ch == '<') {
        html->tag_start = html->offset;
        return prize_html_go(html, PRIZE_STATE_SCRIPT_LESS_THAN);
    }

    return NULL;
}


/* 13.2.5.15 Script data less-than sign state */

const char *
prize_html_script_data_less_than_sign(prize_html_t *html, int ch)
{
    if (ch == '!') {
        return prize_html_go(html, PRIZE_STATE_SCRIPT_ESCAPE_START);
    }

    return prize_html_text_less_than_sign(html, ch);
}


/* 13.2.5.18 Script data escape start state */

const char *
prize_html_script_data_escape_start(prize_html_t *html, int ch)
{
    return ch == '-' ? prize_html_go(html, PRIZE_STATE_SCRIPT_ESCAPE_START_DASH)
                     : prize_html_again(html, PRIZE_STATE_SCRIPT_DATA);
}


/* 13.2.5.19 Script data escape start dash state */

const char *
prize_html_script_data_escape_start_dash(prize_html_t *html, int ch)
{
    if (ch == '-') {
        html->text = PRIZE_STATE_SCRIPT_ESCAPED;
        return prize_html_go(html, PRIZE_STATE_SCRIPT_ESCAPED_DASH_DASH);
    }

    return prize_html_again(html, PRIZE_STATE_SCRIPT_DATA);
}


/* 13.2.5.20 Script data escaped state */

const char *
prize_html_script_data_escaped(prize_html_t *html, int ch)
{
    if (ch == '-') {
        return prize_html_go(html, PRIZE_STATE_SCRIPT_ESCAPED_DASH);
    }

    if (ch == '<') {
        html->tag_start = html->offset;
        return prize_html_go(html, PRIZE_STATE_SCRIPT_ESCAPED_LESS_THAN);
    }

    return prize_html_go(html, PRIZE_STATE_SCRIPT_ESCAPED);
}


/* 13.2.5.21 Script data escaped dash state */

const char *
prize_html_script_data_escaped_dash(prize_html_t *html, int ch)
{
    return ch == '-' ? prize_html_go(html, PRIZE_STATE_SCRIPT_ESCAPED_DASH_DASH)
                     : prize_html_script_data_escaped(html, ch);
}


/* 13.2.5.22 Script data escaped dash dash state */

const char *
prize_html_script_data_escaped_dash_dash(prize_html_t *html, int ch)
{
    if (ch == '-') {
        return NULL;
    }

    if (ch == '>') {
        html->text = PRIZE_STATE_SCRIPT_DATA;
        return prize_html_go(html, PRIZE_STATE_SCRIPT_DATA);
    }

    return prize_html_script_data_escaped(html, ch);
}


/* 13.2.5.23 Script data escaped less-than sign state */

const char *
prize_html_script_data_escaped_less_than_sign(prize_html_t *html, int ch)
{
    if (prize_html_letter(ch)) {
        html->word.len = 0;
        return prize_html_again(html, PRIZE_STATE_SCRIPT_DOUBLE_ESCAPE_START);
    }

    return prize_html_text_less_than_sign(html, ch);
}


/* 13.2.5.26 Script data double escape start state */

const char *
prize_html_script_data_double_escape_start(prize_html_t *html, int ch)
{
    if (prize_html_letter(ch)) {
        prize_name_append(&html->word, ch);
        return NULL;
    }

    if (prize_html_space(ch) || ch == '/' || ch == '>') {

        if (prize_name_is(&html->word, "script")) {
            html->text = PRIZE_STATE_SCRIPT_DOUBLE_ESCAPED;
        }

        html->step = html->text;
        return NULL;
    }

    return prize_html_again(html, PRIZE_STATE_SCRIPT_ESCAPED);
}


/* 13.2.5.27 Script data double escaped state */

const char *
prize_html_script_data_double_escaped(prize_html_t *html, int ch)
{
    if (ch == '-') {
        return prize_html_go(html, PRIZE_STATE_SCRIPT_DOUBLE_ESCAPED_DASH);
    }

    if (ch == '<') {
        return prize_html_go(html, PRIZE_STATE_SCRIPT_DOUBLE_ESCAPED_LESS_THAN);
    }

    return prize_html_go(html, PRIZE_STATE_SCRIPT_DOUBLE_ESCAPED);
}


/* 13.2.5.28 Script data double escaped dash state */

const char *
prize_html_script_data_double_escaped_dash(prize_html_t *html, int ch)
{
    return ch == '-'
           ? prize_html_go(html, PRIZE_STATE_SCRIPT_DOUBLE_ESCAPED_DASH_DASH)
           : prize_html_script_data_double_escaped(html, ch);
}


/* 13.2.5.29 Script data double escaped dash dash state */

const char *
prize_html_script_data_double_escaped_dash_dash(prize_html_t *html, int ch)
{
    if (ch == '-') {
        return NULL;
    }

    if (ch == '>') {
        html->text = PRIZE_STATE_SCRIPT_DATA;
        return prize_html_go(html, PRIZE_STATE_SCRIPT_DATA);
    }

    return prize_html_script_data_double_escaped(html, ch);
}


/* 13.2.5.30 Script data double escaped less-than sign state */

const char *
prize_html_script_data_double_escaped_less_than_sign(prize_html_t *html,
    int ch)
{
    if (ch == '/') {
        html->word.len = 0;
        return prize_html_go(html, PRIZE_STATE_SCRIPT_DOUBLE_ESCAPE_END);
    }

    return prize_html_again(html, PRIZE_STATE_SCRIPT_DOUBLE_ESCAPED);
}


/* 13.2.5.31 Script data double escape end state */

const char *
prize_html_script_data_double_escape_end(prize_html_t *html, int ch)
{
    if (prize_html_letter(ch)) {
        prize_name_append(&html->word, ch);
        return NULL;
    }

    if (prize_html_space(ch) || ch == '/' || ch == '>') {

        if (prize_name_is(&html->word, "script")) {
            html->text = PRIZE_STATE_SCRIPT_ESCAPED;
        }

        html->step = html->text;
        return NULL;
    }

    return prize_html_again(html, PRIZE_STATE_SCRIPT_DOUBLE_ESCAPED);
}
