
/*
 * How much of a URL is known before a value in it (URL standard, 4.4): what
 * the value can no longer decide.
 */

#ifndef _PRIZE_URL_H_INCLUDED_
#define _PRIZE_URL_H_INCLUDED_


#include "prize_name.h"


/* what a browser does with it */

typedef enum {
    PRIZE_URL_CODE = 0,     /* runs it, or resolves the page's others by it */
    PRIZE_URL_DOCUMENT,     /* shows it as a document, or submits to it */
    PRIZE_URL_LOADED,       /* loads it by itself */
    PRIZE_URL_IMAGE,        /* the same, of an <img>: as data too */
    PRIZE_URL_FOLLOWED      /* goes there when somebody clicks */
} prize_url_use_e;


typedef enum {
    PRIZE_URL_START = 0,
    PRIZE_URL_NAME,         /* of a scheme, or of a relative path */
    PRIZE_URL_SLASH,        /* one, at the beginning */
    PRIZE_URL_PATH,         /* behind it, of this or of a literal host */
    PRIZE_URL_QUERY,        /* behind ? or # of these */
    PRIZE_URL_HTTP,         /* behind http: or https: */
    PRIZE_URL_HTTP_SLASH,
    PRIZE_URL_HTTP_SLASHES,
    PRIZE_URL_HTTP_HOST,
    PRIZE_URL_DATA,         /* behind data:, and a type perhaps */
    PRIZE_URL_DATA_IMAGE,   /* behind data:image/png;base64, */
    PRIZE_URL_CALL,         /* behind tel:, mailto: or sms: */
    PRIZE_URL_OTHER         /* nothing can be said of it */
} prize_url_state_e;


typedef struct {
    prize_url_state_e   state;
    prize_name_t        name;       /* the scheme, or the type of data: */
    unsigned            https:1;
    unsigned            reference:1;    /* a # here is that of &#9; */
} prize_url_t;


void prize_url_init(prize_url_t *url);

/* a byte of the attribute, in lower case */
void prize_url_byte(prize_url_t *url, int ch);

/* may a value stand here? NULL, or what is wrong */
const char *prize_url_value(const prize_url_t *url, prize_url_use_e use);

/* a value that may stand here does */
void prize_url_field(prize_url_t *url);

/* what is true whether the text from "begin" to "url" is shown or not */
void prize_url_join(prize_url_t *url, const prize_url_t *begin);

int prize_url_is_script(const prize_url_t *url);


#endif /* _PRIZE_URL_H_INCLUDED_ */
