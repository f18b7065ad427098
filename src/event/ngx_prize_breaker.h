
/*
 * A backend that fails is left alone for a while, and then probed.
 *
 * Shut: ask it.  Open: do not, until the time is over; then one probe, and
 * only that (half-open).  One failure is one event of a connection, never
 * one of a lookup.  Times are of ngx_current_msec, which no change of the
 * wall clock moves.
 */

#ifndef _NGX_PRIZE_BREAKER_H_INCLUDED_
#define _NGX_PRIZE_BREAKER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_prize_metrics.h"


#define NGX_PRIZE_BREAKER_FAILURES  5
#define NGX_PRIZE_BREAKER_MIN       500     /* ms */
#define NGX_PRIZE_BREAKER_MAX       5000
#define NGX_PRIZE_BREAKER_PAUSE     50


/* in the order of the counters of their transitions */

typedef enum {
    NGX_PRIZE_BREAKER_SHUT = 0,
    NGX_PRIZE_BREAKER_OPEN,
    NGX_PRIZE_BREAKER_HALF_OPEN
} ngx_prize_breaker_state_e;


typedef void (*ngx_prize_probe_pt)(void *data);


typedef struct {
    ngx_prize_breaker_state_e   state;
    ngx_uint_t                  failures;   /* in a row */
    ngx_msec_t                  backoff;    /* of the last opening */

    ngx_prize_probe_pt          probe;
    void                       *data;
    ngx_event_t                 timer;

    ngx_uint_t                  label;      /* of ngx_prize_metrics' peers */
    ngx_uint_t                  transitions;  /* PRIZE_BREAKER_..._SHUT */
    unsigned                    done:1;
} ngx_prize_breaker_t;


/*
 * "probe" is called with "data" when it is time to try a connection.  Counted
 * is by "transitions", PRIZE_BREAKER_..._SHUT, and under "label" it is open.
 */
void ngx_prize_breaker_init(ngx_prize_breaker_t *breaker,
    ngx_prize_probe_pt probe, void *data, prize_counter_e transitions,
    ngx_uint_t label, ngx_log_t *log);

/* returns 1 if this failure has opened it, else 0 */
ngx_uint_t ngx_prize_breaker_failure(ngx_prize_breaker_t *breaker);

/* opens it for that long at least, whatever was counted */
void ngx_prize_breaker_open(ngx_prize_breaker_t *breaker, ngx_msec_t least);

/*
 * An attempt to connect has failed, and the breaker is still shut: the next
 * one is a probe in 50 to 100 ms, however many lookups come meanwhile.
 */
void ngx_prize_breaker_pause(ngx_prize_breaker_t *breaker);
ngx_uint_t ngx_prize_breaker_is_paused(ngx_prize_breaker_t *breaker);

/* a probe was answered: shut, but the next failure opens it; 1 if it was not */
ngx_uint_t ngx_prize_breaker_probed(ngx_prize_breaker_t *breaker);

/* a lookup was answered: all is well */
void ngx_prize_breaker_success(ngx_prize_breaker_t *breaker);

/* the end: open, so that what is lost then asks nobody again */
void ngx_prize_breaker_done(ngx_prize_breaker_t *breaker);


#endif /* _NGX_PRIZE_BREAKER_H_INCLUDED_ */
