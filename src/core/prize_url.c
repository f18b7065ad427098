
#include <string.h>

#include "prize_url.h"


void
prize_url_init(prize_url_t *url)
{
    memset(url, 0, sizeof(prize_url_t));
}


static prize_url_state_e
prize_url_scheme(prize_url_t *url)
{
    const prize_name_t  *name;

    name = &url->name;
    url->https = prize_name_is(name, "https");

    if (url->https || prize_name_is(name, "http")) {
        return PRIZE_URL_HTTP;
    }

    if (prize_name_is(name, "tel") || prize_name_is(name, "mailto")
        || prize_name_is(name, "sms"))
    {
        return PRIZE_URL_CALL;
    }

    if (prize_name_is(name, "data")) {
        url->name.len = 0;
        return PRIZE_URL_DATA;
    }

    return PRIZE_URL_OTHER;
}


static prize_url_state_e
prize_url_data(const prize_url_t *url)
{
    unsigned  i;

    static const char *const  images[] = {
        "image/png;base64", "image/jpeg;base64", "image/gif;base64",
        "image/webp;base64", NULL
    };

    for (i = 0; images[i]; i++) {
        if (prize_name_is(&url->name, images[i])) {
            return PRIZE_URL_DATA_IMAGE;
        }
    }

    return PRIZE_URL_OTHER;
}


/* before anything that ends a name; \ is / to a browser */

static void
prize_url_begin(prize_url_t *url, int ch)
{
    switch (ch) {

    case '/':
        url->state = url->state == PRIZE_URL_START ? PRIZE_URL_SLASH
                                                   : PRIZE_URL_PATH;
        break;

    case '\\':
        url->state = url->state == PRIZE_URL_START ? PRIZE_URL_OTHER
                                                   : PRIZE_URL_PATH;
        break;

    case '?':
    case '#':
        url->state = PRIZE_URL_QUERY;
        break;

    case ':':
        url->state = prize_url_scheme(url);
        break;

    default:
        prize_name_append(&url->name, ch);
        url->state = PRIZE_URL_NAME;
        break;
    }
}


static void
prize_url_http(prize_url_t *url, int ch)
{
    switch (url->state) {

    case PRIZE_URL_HTTP:
        url->state = ch == '/' ? PRIZE_URL_HTTP_SLASH : PRIZE_URL_OTHER;
        break;

    case PRIZE_URL_HTTP_SLASH:
        url->state = ch == '/' ? PRIZE_URL_HTTP_SLASHES : PRIZE_URL_OTHER;
        break;

    default: /* a host */

        if (strchr("/\\?#", ch) == NULL) {
            url->state = PRIZE_URL_HTTP_HOST;

        } else if (url->state == PRIZE_URL_HTTP_SLASHES) {
            url->state = PRIZE_URL_OTHER;

        } else {
            url->state = ch == '?' || ch == '#' ? PRIZE_URL_QUERY
                                                : PRIZE_URL_PATH;
        }

        break;
    }
}


/*
 * Tabs and line ends are dropped from a URL, and what is no higher than a
 * space from its beginning.  A character reference, &#58; for example, may be
 * any character: behind one nothing is known that was not known before.
 */

void
prize_url_byte(prize_url_t *url, int ch)
{
    if (url->state == PRIZE_URL_OTHER || url->state == PRIZE_URL_QUERY
        || ch == '\t' || ch == '\n' || ch == '\r')
    {
        return;
    }

    if (url->state == PRIZE_URL_PATH) {
        if (ch == '?' || (ch == '#' && !url->reference)) {
            url->state = PRIZE_URL_QUERY;
        }

        url->reference = (ch == '&');
        return;
    }

    if (url->state == PRIZE_URL_DATA_IMAGE || url->state == PRIZE_URL_CALL) {
        return;
    }

    if (ch == '&') {
        url->state = PRIZE_URL_OTHER;
        return;
    }

    switch (url->state) {

    case PRIZE_URL_START:
        if (ch > ' ') {
            prize_url_begin(url, ch);
        }

        break;

    case PRIZE_URL_NAME:
        prize_url_begin(url, ch);
        break;

    case PRIZE_URL_SLASH:
        url->state = ch == '?' || ch == '#' ? PRIZE_URL_QUERY
                     : ch == '/' || ch == '\\' ? PRIZE_URL_OTHER
                                               : PRIZE_URL_PATH;
        break;

    case PRIZE_URL_DATA:
        if (ch == ',') {
            url->state = prize_url_data(url);

        } else {
            prize_name_append(&url->name, ch);
        }

        break;

    default:
        prize_url_http(url, ch);
        break;
    }
}


const char *
prize_url_value(const prize_url_t *url, prize_url_use_e use)
{
    if (use == PRIZE_URL_CODE) {
        return "in a URL that is code or a base for others: expected the "
               "whole URL in the page";
    }

    if (url->state == PRIZE_URL_QUERY) {
        return NULL;
    }

    if (use == PRIZE_URL_DOCUMENT) {
        return "in a URL of a frame or a form, where it decides what is shown "
               "or submitted to: expected a literal ? or # before it, in a "
               "relative URL or one that begins with https://host/";
    }

    if (url->state == PRIZE_URL_PATH
        || (use == PRIZE_URL_IMAGE && url->state == PRIZE_URL_DATA_IMAGE))
    {
        return NULL;
    }

    if (use != PRIZE_URL_FOLLOWED) {
        return "at the start of a URL that is loaded: expected a literal ?, "
               "#, /name or https://host/ before it";
    }

    if (url->state == PRIZE_URL_CALL
        || (url->https && (url->state == PRIZE_URL_HTTP_SLASHES
                           || url->state == PRIZE_URL_HTTP_HOST)))
    {
        return NULL;
    }

    return "at the start of a URL, where it could name javascript: or "
           "another host: expected a literal ?, #, /name, https://, tel:, "
           "mailto: or sms: before it";
}


void
prize_url_field(prize_url_t *url)
{
    if (url->state == PRIZE_URL_HTTP_SLASHES) {
        url->state = PRIZE_URL_HTTP_HOST;
    }
}


/*
 * What is known of a path or a query stays true whatever follows, and then
 * the other one is all that has to be looked at.
 */

void
prize_url_join(prize_url_t *url, const prize_url_t *begin)
{
    if (url->state == begin->state && url->https == begin->https
        && prize_name_same(&url->name, &begin->name))
    {
        return;
    }

    if (begin->state == PRIZE_URL_QUERY
        || (begin->state == PRIZE_URL_PATH && url->state != PRIZE_URL_QUERY))
    {
        return;
    }

    if (url->state == PRIZE_URL_QUERY || url->state == PRIZE_URL_PATH) {
        *url = *begin;
        return;
    }

    url->state = PRIZE_URL_OTHER;
}


int
prize_url_is_script(const prize_url_t *url)
{
    return prize_name_is(&url->name, "javascript");
}
