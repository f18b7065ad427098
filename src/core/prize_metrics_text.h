
/*
 * What prize_metrics.h counts, as text: the names of its families and series,
 * in Prometheus' text format 0.0.4 and in JSON.
 */

#ifndef _PRIZE_METRICS_TEXT_H_INCLUDED_
#define _PRIZE_METRICS_TEXT_H_INCLUDED_


#include "prize_metrics.h"
#include "prize_text.h"


/*
 * Both add everything to "text", which stays the caller's, and return 0, or
 * -1 without memory for the sums.  Memory for the text itself may have failed
 * as well, which prize_text_done() says.  Durations are in seconds.  "now" is
 * the wall clock of this host, which is told: that of another may differ.
 */
int prize_metrics_prometheus(const prize_metrics_t *metrics, time_t now,
    prize_text_t *text);

/* the members of an object, without its braces */
int prize_metrics_json(const prize_metrics_t *metrics, time_t now,
    prize_text_t *text);


#endif /* _PRIZE_METRICS_TEXT_H_INCLUDED_ */
