
/*
 * What a record is called in Redis: a pattern such as "employee:{id}".
 */

#ifndef _PRIZECTL_KEY_H_INCLUDED_
#define _PRIZECTL_KEY_H_INCLUDED_


#include <stddef.h>

#include "prize_record.h"


#define PRIZECTL_KEY          "employee:{id}"
#define PRIZECTL_KEY_ID       "{id}"

/* the most that --id-max-length takes */
#define PRIZECTL_ID_LENGTH_MAX  1024


typedef struct {
    const char   *pattern;      /* the caller's */
    prize_str_t   head;         /* in the pattern */
    prize_str_t   tail;
    unsigned      id_max_length;

    char         *name;         /* owned: the head, and room for the rest */
    char         *glob;         /* owned: every name matches it */
} prizectl_key_t;


/* whether a link can name it: 1 to "max" bytes of A-Z a-z 0-9 . _ @ - */
int prizectl_id_check(const prize_str_t *id, size_t max);

/* the pattern holds "{id}" just once; 0, or -1 after a message */
int prizectl_key_init(prizectl_key_t *key, const char *pattern,
    unsigned id_max_length);

void prizectl_key_destroy(prizectl_key_t *key);

/* the longest name there can be */
size_t prizectl_key_max(const prizectl_key_t *key);

/* "name" holds until the next call */
void prizectl_key_name(prizectl_key_t *key, const prize_str_t *id,
    prize_str_t *name);

/*
 * Whose record a name is of: 0, and "id" points into it, or -1 if no load can
 * have made it, such as "employee:7:visits" of another program.
 */
int prizectl_key_owner(const prizectl_key_t *key, const prize_str_t *name,
    prize_str_t *id);


#endif /* _PRIZECTL_KEY_H_INCLUDED_ */
