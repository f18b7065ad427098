
/*
 * A text that grows.  After a failure nothing is added any more, so that only
 * the end has to be checked.
 */

#ifndef _PRIZE_TEXT_H_INCLUDED_
#define _PRIZE_TEXT_H_INCLUDED_


#include <stddef.h>


/* starts as zeros */

typedef struct {
    char                  *data;        /* to be freed with free() */
    size_t                 len;
    size_t                 size;
    unsigned               failed:1;
} prize_text_t;


__attribute__((format(printf, 2, 3)))
void prize_text_add(prize_text_t *text, const char *fmt, ...);

/* -1, and nothing is left to be freed, if memory ran out on the way */
int prize_text_done(prize_text_t *text);

/* length of the first character of bytes, or 0 if it is none (RFC 3629) */
size_t prize_text_utf8(const char *text, size_t len);


#endif /* _PRIZE_TEXT_H_INCLUDED_ */
