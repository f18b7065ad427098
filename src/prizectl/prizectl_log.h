
/*
 * An access log of nginx, plain or gzipped: which pages it sent to whom.  A
 * line is that of "combined", or of any log_format that begins like it:
 *
 *     ... [$time_local] "$request" $status ...
 *
 * with $time_iso8601 for $time_local, too.
 */

#ifndef _PRIZECTL_LOG_H_INCLUDED_
#define _PRIZECTL_LOG_H_INCLUDED_


#include <time.h>
#include <zlib.h>

#include "prizectl_key.h"


/* of a longer line the rest is left out */
#define PRIZECTL_LOG_LINE_MAX  (64 * 1024)


typedef struct {
    const char           *name;         /* the caller's */
    const char           *path;         /* the caller's: of the page, or NULL */
    unsigned              id_max_length;

    gzFile                file;         /* owned */
    unsigned long long    nlines;
    unsigned long long    nunread;      /* lines of another format */

    /* the last opening, until the next one */

    prize_str_t           id;
    time_t                time;
    long                  zone;         /* seconds east of UTC */

    char                  value[PRIZECTL_ID_LENGTH_MAX];
    char                  line[PRIZECTL_LOG_LINE_MAX];
} prizectl_log_t;


/*
 * 0, or -1 after a message; prizectl_log_close() takes both.  "path" and
 * "id_max_length" are to be set before.
 */
int prizectl_log_open(prizectl_log_t *log, const char *name);

void prizectl_log_close(prizectl_log_t *log);

/*
 * The next line with a GET that was answered by 200 and has an ID: the
 * argument "id" of its URL, decoded and checked as the module does; where the
 * URL is logged without arguments, what stands behind " id=", outside of
 * quotes.  Is there a " result=", too, only "found" counts: an error_page may
 * have made another answer a 200.  1, 0 at the end, or -1 after a message.
 */
int prizectl_log_next(prizectl_log_t *log);


#endif /* _PRIZECTL_LOG_H_INCLUDED_ */
