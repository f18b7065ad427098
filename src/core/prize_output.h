
/*
 * A page as a list of pieces: static bytes by reference, and between them
 * bytes that were made for this one page, all in one block of memory.
 *
 * How much memory that takes at most is known before: from the template,
 * once, and from the values of the record.
 */

#ifndef _PRIZE_OUTPUT_H_INCLUDED_
#define _PRIZE_OUTPUT_H_INCLUDED_


#include <stddef.h>

#include "prize_template.h"


/*
 * Static bytes that are fewer than these are copied.  A piece is a buffer, a
 * link, a turn of each filter and an entry of writev(), which is dearer.
 */
#define PRIZE_OUTPUT_COPY_MAX  4096


typedef struct {
    unsigned       pieces;
    size_t         dynamic;     /* bytes that are no reference */
} prize_output_room_t;


typedef struct {
    size_t         length;      /* of the page, once it is finished */
    unsigned       n;           /* pieces */
    prize_str_t   *pieces;
    char          *start;       /* of dynamic bytes that are no piece yet, */
    char          *pos;         /*   and where the next ones go */
} prize_output_t;


/* "pieces" and "dynamic" are the caller's, with the room that was told */
void prize_output_init(prize_output_t *out, prize_str_t *pieces,
    char *dynamic);

/* adds to "room" what prize_output_static() of that many bytes needs */
void prize_output_count(prize_output_room_t *room, size_t len);

/* static bytes, at least one */
void prize_output_static(prize_output_t *out, const char *data, size_t len);

/* where dynamic bytes go; how many there were is told afterwards */
#define prize_output_pos(out)           ((out)->pos)
#define prize_output_written(out, len)  ((void) ((out)->pos += (len)))

/* after the last byte: "length" and all pieces are there */
void prize_output_finish(prize_output_t *out);


/* the page as it is */

typedef struct {
    prize_sink_t     sink;
    prize_output_t  *out;
} prize_plain_t;


/* beside the room for its values, prize_template_values() */
prize_output_room_t prize_plain_room(const prize_template_t *page);

void prize_plain_init(prize_plain_t *plain, prize_output_t *out);


#endif /* _PRIZE_OUTPUT_H_INCLUDED_ */
