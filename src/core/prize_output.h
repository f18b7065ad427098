
/*
 * A page as a list of pieces: static bytes by reference, and between them
 * bytes that were made for this one page, all in one block of memory.
 *
 * A page is rendered twice: the first time there is no memory yet, and only
 * the sizes are counted; the second time it is written.
 */

#ifndef _PRIZE_OUTPUT_H_INCLUDED_
#define _PRIZE_OUTPUT_H_INCLUDED_


#include <stddef.h>

#include "prize_template.h"


/* static bytes that are fewer than these are copied: a piece costs more */
#define PRIZE_OUTPUT_COPY_MAX  1024


/* all zero to begin with */

typedef struct {
    size_t         length;      /* of the page */
    size_t         dynamic;     /* bytes of it that are no reference */
    unsigned       n;           /* pieces */
    unsigned       open:1;      /* the last one can be appended to */

    prize_str_t   *pieces;      /* room for n of the first rendering, or NULL */
    char          *pos;         /* and for its dynamic bytes */
} prize_output_t;


/* after the first rendering: the second one is written there */
void prize_output_begin(prize_output_t *out, prize_str_t *pieces,
    char *dynamic);

/* static bytes, at least one */
void prize_output_static(prize_output_t *out, const char *data, size_t len);

/* where to write "len" bytes, of more than 0; NULL while only counting */
char *prize_output_reserve(prize_output_t *out, size_t len);


/* the page as it is */

typedef struct {
    prize_sink_t     sink;
    prize_output_t  *out;
} prize_plain_t;


void prize_plain_init(prize_plain_t *plain, prize_output_t *out);


#endif /* _PRIZE_OUTPUT_H_INCLUDED_ */
