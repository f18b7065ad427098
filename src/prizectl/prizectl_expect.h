
/*
 * What a page is expected to hold: text in which {NAME} stands for a column of
 * the employee's record, HTML-escaped as the module does it.
 */

#ifndef _PRIZECTL_EXPECT_H_INCLUDED_
#define _PRIZECTL_EXPECT_H_INCLUDED_


#include "prizectl_csv.h"


/* text, then the value of a column */

typedef struct {
    prize_str_t              text;      /* of the pattern */
    int                      column;    /* or -1: the pattern ends */
} prizectl_expect_part_t;


typedef struct {
    const char              *pattern;   /* the caller's */
    prizectl_expect_part_t  *parts;     /* owned */
    unsigned                 nparts;
} prizectl_expect_t;


/*
 * The columns are those of the header, the current record.  0, or -1 after a
 * message; prizectl_expect_destroy() takes both, and zeros.
 */
int prizectl_expect_init(prizectl_expect_t *expect, const char *pattern,
    const prizectl_csv_t *csv);

void prizectl_expect_destroy(prizectl_expect_t *expect);

/*
 * The text for the current record, to be freed with free(), and its length;
 * NULL after a message.
 */
char *prizectl_expect_text(const prizectl_expect_t *expect,
    const prizectl_csv_t *csv, size_t *len);

/*
 * What a page that does not hold the text has in its place: from where the
 * pattern begins, as far as that is the same for everybody, or else from the
 * page's beginning.
 */
prize_str_t prizectl_expect_found(const prizectl_expect_t *expect,
    const char *page, size_t len);


#endif /* _PRIZECTL_EXPECT_H_INCLUDED_ */
