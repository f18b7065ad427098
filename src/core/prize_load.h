
/*
 * What the tag that is being read loads or submits to, for the policies of
 * the page (prize_inline.h): it is known when all attributes of the tag are.
 */

#ifndef _PRIZE_LOAD_H_INCLUDED_
#define _PRIZE_LOAD_H_INCLUDED_


#include "prize_inline.h"


/* of one tag; what a tag has more is left out */
#define PRIZE_LOAD_TAG  4


/* owns nothing; a copy is what was known then */

typedef struct {
    prize_load_t        load;       /* of the attribute that is being read; */
                                    /*   "what" is NULL: it loads nothing */
    prize_name_t        rel;
    prize_name_t        as;
    size_t              at;         /* of the tag, an offset in the source */
    unsigned            action:1;
    unsigned            dialog:1;   /* method=dialog: nothing is submitted */
    unsigned            policy:1;   /* http-equiv=content-security-policy */

    unsigned            n;
    prize_load_t        list[PRIZE_LOAD_TAG];   /* last: it is long */
} prize_load_tag_t;


/* a tag begins; "at" is an offset in the source */
void prize_load_begin(prize_load_tag_t *tag, size_t at);

/*
 * An attribute that has a value: 1 if it loads something, and 0 if not.  The
 * names are the tag's and the attribute's own; "at" is where the latter
 * stands in the source.
 */
int prize_load_attribute(prize_load_tag_t *tag, const prize_name_t *name,
    const prize_name_t *attribute, size_t at);

/*
 * The first byte of its value, the place up to which the URL is known, and
 * the end of the value.  "offset" is one of the static text.
 */
void prize_load_byte(prize_load_tag_t *tag, size_t offset);
void prize_load_cut(prize_load_tag_t *tag, size_t offset);
void prize_load_value(prize_load_tag_t *tag, const prize_name_t *name,
    const prize_name_t *attribute, const prize_name_t *value);
void prize_load_end(prize_load_tag_t *tag, size_t offset);

/* the tag is whole: adds what it loads; -1 without memory */
int prize_load_done(prize_load_tag_t *tag, const prize_name_t *name,
    prize_inlines_t *inlines);


#endif /* _PRIZE_LOAD_H_INCLUDED_ */
