
/*
 * The slot of a key in a Redis Cluster (Redis cluster specification, "Key
 * distribution model").
 */

#ifndef _PRIZE_SLOT_H_INCLUDED_
#define _PRIZE_SLOT_H_INCLUDED_


#include "prize_record.h"


#define PRIZE_SLOTS  16384


/*
 * 0 to PRIZE_SLOTS - 1.  Where the key has a hash tag, "{...}" with something
 * in it, that alone decides.
 */
unsigned prize_slot(const prize_str_t *key);


#endif /* _PRIZE_SLOT_H_INCLUDED_ */
