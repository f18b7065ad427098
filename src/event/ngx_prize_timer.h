
/*
 * One timer for many deadlines: it comes for the earliest of them.
 */

#ifndef _NGX_PRIZE_TIMER_H_INCLUDED_
#define _NGX_PRIZE_TIMER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>


/* the timer comes no later than that, in time of ngx_current_msec */
void ngx_prize_timer_advance(ngx_event_t *timer, ngx_msec_t deadline);


#endif /* _NGX_PRIZE_TIMER_H_INCLUDED_ */
