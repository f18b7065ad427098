
/*
 * An employee's ID as it stands in a link.
 */

#ifndef _PRIZE_ID_H_INCLUDED_
#define _PRIZE_ID_H_INCLUDED_


#include <stddef.h>

#include "prize_record.h"


/* 1 for what may stand in an ID: A-Z a-z 0-9 . _ @ -; else 0 */
int prize_id_allowed(char ch);

/*
 * Percent-decodes "src" once into "dst", which has room for src->len bytes,
 * and checks it.  Returns the length of the ID, or 0 if it is none: empty,
 * longer than "max" bytes, a broken %XX, or a byte outside
 * A-Z a-z 0-9 . _ @ - after decoding.
 */
size_t prize_id_decode(char *dst, const prize_str_t *src, size_t max);


#endif /* _PRIZE_ID_H_INCLUDED_ */
