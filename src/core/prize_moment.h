
/*
 * A moment as people write it: a date, a time of the day, and the offset of
 * the zone that both are in, so that no zone of a machine has a say.
 */

#ifndef _PRIZE_MOMENT_H_INCLUDED_
#define _PRIZE_MOMENT_H_INCLUDED_


#include <time.h>


/*
 * RFC 3339, 5.6: "2026-12-24T20:00:00+08:00" or "2026-12-24T12:00:00Z"; its
 * seconds may be left out, too.  A fraction counts as the next whole second.
 * An offset is at most 14 hours, as those of all zones are, and there is no
 * second 60, as Unix time has none.
 *
 * Sets "moment", as Unix time, and returns NULL; or returns what is wrong, a
 * static text.
 */
const char *prize_moment_parse(const char *text, time_t *moment);


#endif /* _PRIZE_MOMENT_H_INCLUDED_ */
