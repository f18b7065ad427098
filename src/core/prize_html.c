
#include <string.h>

#include "prize_html_states.h"


typedef const char *(*prize_html_step_pt)(prize_html_t *html, int ch);


/* as prize_state_e */

static const prize_html_step_pt  prize_html_steps[] = {
    prize_html_data,
    prize_html_rcdata,
    prize_html_rawtext,
    prize_html_script_data,
    prize_html_plaintext,
    prize_html_tag_open,
    prize_html_end_tag_open,
    prize_html_tag_name,
    prize_html_text_less_than_sign,
    prize_html_text_end_tag_open,
    prize_html_text_end_tag_name,
    prize_html_script_data_less_than_sign,
    prize_html_script_data_escape_start,
    prize_html_script_data_escape_start_dash,
    prize_html_script_data_escaped,
    prize_html_script_data_escaped_dash,
    prize_html_script_data_escaped_dash_dash,
    prize_html_script_data_escaped_less_than_sign,
    prize_html_script_data_double_escape_start,
    prize_html_script_data_double_escaped,
    prize_html_script_data_double_escaped_dash,
    prize_html_script_data_double_escaped_dash_dash,
    prize_html_script_data_double_escaped_less_than_sign,
    prize_html_script_data_double_escape_end,
    prize_html_before_attribute_name,
    prize_html_attribute_name,
    prize_html_after_attribute_name,
    prize_html_before_attribute_value,
    prize_html_attribute_value_quoted,
    prize_html_attribute_value_unquoted,
    prize_html_after_attribute_value_quoted,
    prize_html_self_closing_start_tag,
    prize_html_tag_gap,
    prize_html_tag_gap_space,
    prize_html_bogus_comment,
    prize_html_markup_declaration_open,
    prize_html_comment_start,
    prize_html_comment_start_dash,
    prize_html_comment,
    prize_html_comment_less_than_sign,
    prize_html_comment_less_than_sign_bang,
    prize_html_comment_less_than_sign_bang_dash,
    prize_html_comment_less_than_sign_bang_dash_dash,
    prize_html_comment_end_dash,
    prize_html_comment_end,
    prize_html_comment_end_bang,
    prize_html_comment_some,
    prize_html_comment_some_dash,
    prize_html_comment_some_bang,
    prize_html_doctype,
    prize_html_before_doctype_name,
    prize_html_doctype_name,
    prize_html_after_doctype_name,
    prize_html_bogus_doctype,
    prize_html_cdata_section,
    prize_html_cdata_section_bracket,
    prize_html_cdata_section_end,
    prize_html_cdata_some,
    prize_html_cdata_some_bracket,
    prize_html_character_reference
};


void
prize_html_init(prize_html_t *html, prize_html_report_pt report)
{
    memset(html, 0, sizeof(prize_html_t));

    html->report = report;
}


size_t
prize_html_skip_mark(prize_html_t *html, const char *data, size_t len)
{
    if (len < 3 || memcmp(data, "\xef\xbb\xbf", 3) != 0) {
        return 0;
    }

    html->offset += 3;

    return 3;
}


/* bytes of text that no state but this one would see */

static size_t
prize_html_skip(const prize_html_t *html, const char *p, size_t len)
{
    size_t  i;

    if (html->step != PRIZE_STATE_DATA || !html->character) {
        return 0;
    }

    for (i = 0; i < len && p[i] != '<' && p[i] != '&'; i++) {
        /* void */
    }

    return i;
}


const char *
prize_html_read(prize_html_t *html, const char *data, size_t len, size_t *n)
{
    int          ch;
    size_t       i;
    const char  *fault;

    fault = NULL;

    for (i = 0; i < len; i++, html->offset++) {
        ch = (unsigned char) data[i];
        html->byte = ch;

        if (ch >= 'A' && ch <= 'Z') {
            ch |= 0x20;
        }

        do {
            html->again = 0;
            fault = prize_html_steps[html->step](html, ch);
        } while (html->again && fault == NULL);

        if (fault == NULL) {
            fault = html->fault;
        }

        if (fault) {
            *n = i;
            return fault;
        }

        *n = prize_html_skip(html, data + i + 1, len - i - 1);
        html->offset += *n;
        i += *n;
    }

    *n = len;

    return NULL;
}


prize_html_place_e
prize_html_place(const prize_html_t *html)
{
    unsigned  i;

    static const struct {
        uint8_t             first;
        uint8_t             last;
        prize_html_place_e  place;
    } places[] = {
        { PRIZE_STATE_DATA, PRIZE_STATE_DATA, PRIZE_HTML_IN_TEXT },
        { PRIZE_STATE_RCDATA, PRIZE_STATE_RCDATA, PRIZE_HTML_IN_RCDATA },
        { PRIZE_STATE_RAWTEXT, PRIZE_STATE_PLAINTEXT, PRIZE_HTML_IN_ELEMENT },
        { PRIZE_STATE_TAG_NAME, PRIZE_STATE_TAG_NAME, PRIZE_HTML_IN_TAG },
        { PRIZE_STATE_SCRIPT_ESCAPED,
          PRIZE_STATE_SCRIPT_ESCAPED_DASH_DASH, PRIZE_HTML_IN_ELEMENT },
        { PRIZE_STATE_SCRIPT_DOUBLE_ESCAPED,
          PRIZE_STATE_SCRIPT_DOUBLE_ESCAPED_DASH_DASH,
          PRIZE_HTML_IN_ELEMENT },
        { PRIZE_STATE_BEFORE_ATTRIBUTE_NAME,
          PRIZE_STATE_AFTER_ATTRIBUTE_NAME, PRIZE_HTML_IN_TAG },
        { PRIZE_STATE_BEFORE_ATTRIBUTE_VALUE,
          PRIZE_STATE_BEFORE_ATTRIBUTE_VALUE, PRIZE_HTML_IN_VALUE },
        { PRIZE_STATE_ATTRIBUTE_VALUE_QUOTED,
          PRIZE_STATE_ATTRIBUTE_VALUE_QUOTED, PRIZE_HTML_IN_QUOTES },
        { PRIZE_STATE_ATTRIBUTE_VALUE_UNQUOTED,
          PRIZE_STATE_ATTRIBUTE_VALUE_UNQUOTED, PRIZE_HTML_IN_VALUE },
        { PRIZE_STATE_AFTER_ATTRIBUTE_VALUE_QUOTED,
          PRIZE_STATE_TAG_GAP_SPACE, PRIZE_HTML_IN_TAG },
        { PRIZE_STATE_BOGUS_COMMENT, PRIZE_STATE_BOGUS_COMMENT,
          PRIZE_HTML_IN_COMMENT },
        { PRIZE_STATE_COMMENT_START, PRIZE_STATE_COMMENT_SOME_BANG,
          PRIZE_HTML_IN_COMMENT },
        { PRIZE_STATE_DOCTYPE, PRIZE_STATE_BOGUS_DOCTYPE,
          PRIZE_HTML_IN_DOCTYPE },
        { PRIZE_STATE_CDATA_SECTION, PRIZE_STATE_CDATA_SOME_BRACKET,
          PRIZE_HTML_IN_CDATA },
        { PRIZE_STATE_CHARACTER_REFERENCE, PRIZE_STATE_CHARACTER_REFERENCE,
          PRIZE_HTML_IN_TEXT }
    };

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (html->step >= places[i].first && html->step <= places[i].last) {
            return places[i].place;
        }
    }

    return PRIZE_HTML_IN_UNKNOWN;
}


void
prize_html_field(prize_html_t *html)
{
    prize_html_cut_text(html);
    html->some = 1;
    html->nattributes = PRIZE_HTML_SOME_ATTRIBUTES;

    if (prize_html_place(html) == PRIZE_HTML_IN_CDATA) {
        html->step = PRIZE_STATE_CDATA_SOME;

    } else if (html->step >= PRIZE_STATE_COMMENT_START
               && html->step <= PRIZE_STATE_COMMENT_SOME_BANG)
    {
        html->step = PRIZE_STATE_COMMENT_SOME;
    }
}


void
prize_html_section(prize_html_t *html)
{
    prize_html_cut_text(html);
}


int
prize_html_in_reference(const prize_html_t *html)
{
    return html->step == PRIZE_STATE_CHARACTER_REFERENCE
           || (html->reference
               && (html->step == PRIZE_STATE_RCDATA
                   || html->step == PRIZE_STATE_ATTRIBUTE_VALUE_QUOTED));
}


/* the name of an attribute, or what stands between it and its value's end */

static int
prize_html_in_attribute(const prize_html_t *html)
{
    return html->step >= PRIZE_STATE_ATTRIBUTE_NAME
           && html->step <= PRIZE_STATE_ATTRIBUTE_VALUE_UNQUOTED;
}


static int
prize_html_is_name(const prize_html_t *html)
{
    return html->step == PRIZE_STATE_TAG_NAME
           || html->step == PRIZE_STATE_ATTRIBUTE_NAME
           || html->step == PRIZE_STATE_TAG_GAP;
}


/* two states of a tag: what follows has to end a name, if there is one */

static int
prize_html_join_tag(prize_html_t *html, const prize_html_t *begin)
{
    if (prize_html_place(html) != PRIZE_HTML_IN_TAG
        || prize_html_place(begin) != PRIZE_HTML_IN_TAG
        || html->step == PRIZE_STATE_SELF_CLOSING_START_TAG
        || begin->step == PRIZE_STATE_SELF_CLOSING_START_TAG)
    {
        return -1;
    }

    if (html->step == PRIZE_STATE_ATTRIBUTE_NAME) {
        html->report(html, PRIZE_HTML_ATTRIBUTE, 0);
    }

    /* where the section is not shown, this name ends here as well */

    if (begin->step == PRIZE_STATE_ATTRIBUTE_NAME) {
        html->attribute = begin->attribute;
        html->name_start = begin->name_start;
        html->report(html, PRIZE_HTML_ATTRIBUTE, 0);
    }

    html->step = prize_html_is_name(html) || prize_html_is_name(begin)
                 ? PRIZE_STATE_TAG_GAP : PRIZE_STATE_TAG_GAP_SPACE;

    return 0;
}


int
prize_html_join(prize_html_t *html, const prize_html_t *begin)
{
    prize_html_place_e  place;

    if (html->end != begin->end
        || html->quirks != begin->quirks
        || (prize_html_place(html) == PRIZE_HTML_IN_DOCTYPE
            && !prize_name_same(&html->word, &begin->word))
        || html->quote != begin->quote
        || html->text != begin->text
        || html->foreign != begin->foreign
        || !prize_name_same(&html->element, &begin->element)
        || !prize_name_same(&html->tag, &begin->tag)
        || html->tag_hash != begin->tag_hash)
    {
        return -1;
    }

    html->some = html->some || begin->some
                 || !prize_name_same(&html->value, &begin->value);

    if (html->nattributes != begin->nattributes
        || html->attribute_hash != begin->attribute_hash)
    {
        html->nattributes = PRIZE_HTML_SOME_ATTRIBUTES;
    }

    if (html->step == begin->step
        && (!prize_html_in_attribute(html)
            || prize_name_same(&html->attribute, &begin->attribute)))
    {
        return 0;
    }

    place = prize_html_place(html);

    if (place != prize_html_place(begin)) {
        return -1;
    }

    if (place == PRIZE_HTML_IN_COMMENT
        && html->step != PRIZE_STATE_BOGUS_COMMENT
        && begin->step != PRIZE_STATE_BOGUS_COMMENT)
    {
        html->step = PRIZE_STATE_COMMENT_SOME;
        return 0;
    }

    if (place == PRIZE_HTML_IN_CDATA) {
        html->step = PRIZE_STATE_CDATA_SOME;
        return 0;
    }

    return prize_html_join_tag(html, begin);
}
