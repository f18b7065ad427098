
/* The beginning of a name or of a value, in lower case. */

#ifndef _PRIZE_NAME_H_INCLUDED_
#define _PRIZE_NAME_H_INCLUDED_


#include <stddef.h>


/* longer than any that matters; what is longer is cut */
#define PRIZE_NAME  24


typedef struct {
    size_t      len;
    char        data[PRIZE_NAME];
} prize_name_t;


void prize_name_append(prize_name_t *name, int ch);

int prize_name_is(const prize_name_t *name, const char *data);
int prize_name_begins(const prize_name_t *name, const char *data);
int prize_name_same(const prize_name_t *one, const prize_name_t *two);


#endif /* _PRIZE_NAME_H_INCLUDED_ */
