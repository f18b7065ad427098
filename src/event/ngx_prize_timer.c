
#include "ngx_prize_timer.h"


void
ngx_prize_timer_advance(ngx_event_t *timer, ngx_msec_t deadline)
{
    ngx_msec_int_t  left;

    if (timer->timer_set) {
        if ((ngx_msec_int_t) (timer->timer.key - deadline) <= 0) {
            return;
        }

        /* a running timer is not moved by less than 300 ms */
        ngx_del_timer(timer);
    }

    left = (ngx_msec_int_t) (deadline - ngx_current_msec);
    ngx_add_timer(timer, (ngx_msec_t) ngx_max(left, 0));
}
