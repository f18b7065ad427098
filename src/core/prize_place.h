
/*
 * Which attributes a value may stand in: it decides nothing of what is run,
 * loaded or submitted, or from where.
 */

#ifndef _PRIZE_PLACE_H_INCLUDED_
#define _PRIZE_PLACE_H_INCLUDED_


#include "prize_url.h"


/* the kinds of attributes that are not for everything */

typedef enum {
    PRIZE_PLACE_PLAIN = 0,
    PRIZE_PLACE_EVENT,
    PRIZE_PLACE_STYLE,
    PRIZE_PLACE_SRCDOC,
    PRIZE_PLACE_FRAMEWORK,
    PRIZE_PLACE_DECIDES,
    PRIZE_PLACE_PAINT,      /* url() of SVG */
    PRIZE_PLACE_URLS,       /* more than one */
    PRIZE_PLACE_URL
} prize_place_kind_e;


typedef struct {
    prize_place_kind_e   kind;
    prize_url_use_e      use;       /* of the URL */
} prize_place_t;


/* the frameworks that look for {{ in a page, and whose attributes say so */

typedef enum {
    PRIZE_FRAMEWORK_NONE = 0,
    PRIZE_FRAMEWORK_VUE,
    PRIZE_FRAMEWORK_VUE_OR_ALPINE,  /* @... and :... */
    PRIZE_FRAMEWORK_ALPINE,         /* looks for none */
    PRIZE_FRAMEWORK_ANGULARJS       /* looks into attributes as well */
} prize_framework_e;


prize_framework_e prize_place_framework(const prize_name_t *attribute);

/* of an attribute of a tag; "svg" if it may be one of SVG */
prize_place_t prize_place_find(const prize_name_t *tag,
    const prize_name_t *attribute, unsigned svg);

/* NULL, or what is wrong with a value there; not for URLs */
const char *prize_place_value(const prize_place_t *place);


#endif /* _PRIZE_PLACE_H_INCLUDED_ */
