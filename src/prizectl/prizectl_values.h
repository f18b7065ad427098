
/*
 * The distinct values of a field that decides about a section, and how many
 * records have each.
 *
 * A field that says yes or no has few; of one that has too many the values are
 * of no use to a reader, and are counted no further.
 */

#ifndef _PRIZECTL_VALUES_H_INCLUDED_
#define _PRIZECTL_VALUES_H_INCLUDED_


#include "prize_record.h"
#include "prizectl.h"


#define PRIZECTL_VALUES_MAX    10000

/* how many of them are shown, the rarest ones */
#define PRIZECTL_VALUES_SHOWN  20


typedef struct {
    unsigned long long   nrecords;
    size_t               len;           /* of the whole value, in bytes */
    unsigned             yes:1;         /* a section is shown for it */
    char                 text[PRIZECTL_QUOTE_LEN];    /* how it begins */
} prizectl_value_t;


/* zeroed at first */

typedef struct {
    void                *tree;          /* owned, as all below */
    prizectl_value_t   **list;
    unsigned             n;
    unsigned             many:1;        /* more than _MAX: there is no list */
} prizectl_values_t;


/* one record's value; nothing of it need live on.  0, or -1: no memory */
int prizectl_values_add(prizectl_values_t *values, const prize_str_t *text,
    unsigned yes);

/* the rarest first, and among equally rare ones in the order of bytes */
void prizectl_values_sort(prizectl_values_t *values);

/* how much of it is in "text" */
size_t prizectl_value_text(const prizectl_value_t *value);

void prizectl_values_destroy(prizectl_values_t *values);


#endif /* _PRIZECTL_VALUES_H_INCLUDED_ */
