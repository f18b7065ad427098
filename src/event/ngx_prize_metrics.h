
/*
 * Where this worker counts.
 */

#ifndef _NGX_PRIZE_METRICS_H_INCLUDED_
#define _NGX_PRIZE_METRICS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <time.h>

#include "prize_metrics.h"


/*
 * Never NULL: without a slot of its own a worker counts for nobody.  Hidden:
 * a page asks for it ten times, and would by the global offset table.
 */
extern prize_metrics_slot_t  *ngx_prize_metrics
    __attribute__((visibility("hidden")));

#define ngx_prize_count(counter)                                              \
    prize_counter_add(ngx_prize_metrics, counter, 1)

#define ngx_prize_gauge_add(gauge, n)                                         \
    prize_gauge_add(ngx_prize_metrics, gauge, n)


/* takes a slot for this worker; NGX_DECLINED: there is none left */
ngx_int_t ngx_prize_metrics_open(prize_metrics_t *metrics);

/* gives it back; its counters stay */
void ngx_prize_metrics_close(void);

/* what this worker counts of a server or a pool, and where it is a label */
ngx_uint_t ngx_prize_metrics_label(prize_label_e kind, ngx_str_t *name);

/* once for each time that a server or a pool was given it */
void ngx_prize_metrics_unlabel(ngx_uint_t label);

#define ngx_prize_peer_metrics(label)  (&ngx_prize_metrics->peers[label])


/*
 * Nanoseconds of the monotonic clock: ngx_current_msec is too coarse for what
 * takes less than one.  Inline, since a page asks four times, which is also
 * why nothing is divided here.
 */

static ngx_inline uint64_t
ngx_prize_clock(void)
{
    /* on the stack its caller's would be checked at each return */
    static struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}


#endif /* _NGX_PRIZE_METRICS_H_INCLUDED_ */
