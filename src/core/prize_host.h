
/*
 * A host as a server names it, another one or itself: an address or a name.
 */

#ifndef _PRIZE_HOST_H_INCLUDED_
#define _PRIZE_HOST_H_INCLUDED_


#include "prize_record.h"


#define PRIZE_HOST_MAX  255     /* characters */


/*
 * 1: it may stand in a log line, and be resolved.  It may be empty, and need
 * not be a name that DNS would take.
 */
int prize_host_is_clean(const prize_str_t *host);


#endif /* _PRIZE_HOST_H_INCLUDED_ */
