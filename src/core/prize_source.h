
/*
 * The source text of a page, tag by tag, and its places, which errors name.
 * What a tag means to the page is for the template to say.
 */

#ifndef _PRIZE_SOURCE_H_INCLUDED_
#define _PRIZE_SOURCE_H_INCLUDED_


#include <stddef.h>

#include "prize_record.h"
#include "prize_template.h"


/* owns nothing: the text and the error are the caller's */

typedef struct {
    const char              *data;
    size_t                   len;
    prize_template_error_t  *error;
    prize_str_t              open;      /* delimiters; they point */
    prize_str_t              close;     /*   into the source */
} prize_source_t;


/* places are offsets in the source */

typedef struct {
    size_t                   start;
    size_t                   end;
    char                     type;      /* '{' is '&' as well; 0 is a field */
    prize_str_t              name;      /* points into the source */
} prize_tag_t;


#define prize_tag_is_field(tag)  ((tag)->type == 0 || (tag)->type == '&')


/* 0, or -1 if it is no text: "error" says why, as after every -1 below */
int prize_source_init(prize_source_t *source, const char *data, size_t len,
    prize_template_error_t *error);

/* the next tag from there on: 1, 0 if there is none, -1 if it is wrong */
int prize_source_tag(prize_source_t *source, size_t from, prize_tag_t *tag);

/*
 * What the tag takes out of the source.  One that shows no field and stands
 * alone on its lines takes them with it, as the specification says.
 */
void prize_source_extent(const prize_source_t *source, const prize_tag_t *tag,
    size_t *start, size_t *end);

/* both from 1, the column in bytes */
void prize_source_place(const prize_source_t *source, size_t at,
    unsigned *line, unsigned *column);

/* describes an error that is found at that offset, and returns -1 */
__attribute__((format(printf, 3, 4)))
int prize_source_error(prize_source_t *source, size_t at, const char *fmt,
    ...);

/* the bytes of a name that an error shows: whole characters, and not many */
int prize_source_shown(const prize_str_t *name);


#endif /* _PRIZE_SOURCE_H_INCLUDED_ */
