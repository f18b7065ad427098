
#include "ngx_prize_ready.h"


static ngx_prize_ready_t  *ngx_prize_ready;
static ngx_atomic_uint_t   ngx_prize_ready_load;


void
ngx_prize_ready_open(ngx_prize_ready_t *ready, ngx_atomic_uint_t load)
{
    ngx_prize_ready = ready;
    ngx_prize_ready_load = load;
}


ngx_uint_t
ngx_prize_ready_noted(void)
{
    return ngx_prize_ready && ngx_prize_ready->answered >= ngx_prize_ready_load;
}


void
ngx_prize_ready_note(void)
{
    ngx_atomic_uint_t  answered;

    if (ngx_prize_ready == NULL) {
        return;
    }

    /* a worker of the load before may be connected once more */

    for ( ;; ) {
        answered = ngx_prize_ready->answered;

        if (answered >= ngx_prize_ready_load
            || ngx_atomic_cmp_set(&ngx_prize_ready->answered, answered,
                                  ngx_prize_ready_load))
        {
            return;
        }
    }
}
