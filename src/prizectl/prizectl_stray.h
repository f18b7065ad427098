
/*
 * Records that the roster does not have: what stands under the key pattern
 * and is of no row.
 *
 * The roster comes sorted.  Its IDs are written to a file without a name, and
 * the names that Redis has are sorted, as many at once as fit into a fixed
 * block, and compared with that file from its beginning.  So memory does not
 * grow with either; the file does, by the length of each ID.
 */

#ifndef _PRIZECTL_STRAY_H_INCLUDED_
#define _PRIZECTL_STRAY_H_INCLUDED_


#include <stdio.h>

#include "prizectl_key.h"
#include "prizectl_progress.h"
#include "prizectl_route.h"


typedef struct {
    prizectl_route_t      *route;
    prizectl_key_t        *key;

    FILE                  *roster;      /* owned; an ID a line, sorted */
    FILE                  *found;       /* owned; strays' IDs, one a line */

    /* some of Redis' IDs, each ended by a NUL */

    char                  *block;       /* owned */
    size_t                 used;
    char                 **ids;         /* owned; into the block */
    unsigned               nids;

    unsigned long long     nrecords;    /* under the pattern, strays too */
    unsigned long long     nstrays;
} prizectl_stray_t;


/* all but the last: 0, or -1 after a message */

int prizectl_stray_init(prizectl_stray_t *stray, prizectl_route_t *route,
    prizectl_key_t *key);

/* the roster's next ID, in its order */
int prizectl_stray_expect(prizectl_stray_t *stray, const prize_str_t *id);

/* counts and remembers them, once the roster has ended */
int prizectl_stray_find(prizectl_stray_t *stray);

/* the next one that was found, from the first; 1, or 0 at the end */
int prizectl_stray_next(prizectl_stray_t *stray, prize_str_t *id);

/* "*removed" counts also where it fails or is interrupted */
int prizectl_stray_remove(prizectl_stray_t *stray,
    unsigned long long *removed);

/* what is all zero is taken too */
void prizectl_stray_destroy(prizectl_stray_t *stray);


#endif /* _PRIZECTL_STRAY_H_INCLUDED_ */
