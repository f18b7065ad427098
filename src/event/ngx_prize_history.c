
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_prize_history.h"
#include "ngx_prize_metrics.h"


static ngx_event_t       ngx_prize_history_timer;
static prize_history_t  *ngx_prize_history;
static prize_metrics_t  *ngx_prize_history_metrics;


static void
ngx_prize_history_tick(ngx_event_t *ev)
{
    uint64_t  clock;

    /* a worker on its way out leaves it to the new ones */

    if (ngx_exiting) {
        ngx_prize_metrics->beat = 0;
        ngx_prize_metrics->leaving = 1;
        return;
    }

    clock = ngx_prize_clock() / 1000;
    ngx_prize_metrics->beat = clock / 1000000;

    if (prize_history_take(ngx_prize_history, ngx_prize_history_metrics,
                           clock)
        != 0)
    {
        ngx_log_error(NGX_LOG_ERR, ev->log, 0,
                      "prize: no memory for the sample of a second, "
                      "\"prize_status html\" leaves it out");
    }

    /* all workers come at the start of a second */

    ngx_add_timer(ev, 1000 - clock / 1000 % 1000);
}


void
ngx_prize_history_start(ngx_cycle_t *cycle, prize_history_t *history,
    prize_metrics_t *metrics)
{
    ngx_prize_history = history;
    ngx_prize_history_metrics = metrics;

    ngx_prize_history_timer.handler = ngx_prize_history_tick;
    ngx_prize_history_timer.data = history;
    ngx_prize_history_timer.log = cycle->log;

    /* a watch must not hold up the end of a worker */
    ngx_prize_history_timer.cancelable = 1;

    ngx_prize_history_tick(&ngx_prize_history_timer);
}
