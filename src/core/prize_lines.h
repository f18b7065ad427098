
/*
 * The lines of a file that people write, and what is wrong in one of them.
 */

#ifndef _PRIZE_LINES_H_INCLUDED_
#define _PRIZE_LINES_H_INCLUDED_


#include <stddef.h>

#include "prize_record.h"


#define PRIZE_LINES_ERROR_TEXT  256


typedef struct {
    unsigned      line;             /* from 1; 0 if the file as a whole */
    char          text[PRIZE_LINES_ERROR_TEXT];
} prize_lines_error_t;


/* of a text that lives as long as this; to begin with, line is 0 */

typedef struct {
    const char   *pos;
    const char   *last;             /* the text's end */
    unsigned      line;             /* the current one, from 1 */
} prize_lines_t;


/*
 * The next line, without its LF or CRLF, into "text", which points into the
 * whole: 1, or 0 at the end.
 */
int prize_lines_next(prize_lines_t *lines, prize_str_t *text);

/* -1 */
int prize_lines_error(prize_lines_error_t *error, unsigned line,
    const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));


#endif /* _PRIZE_LINES_H_INCLUDED_ */
