
#include "ngx_prize_breaker.h"


static void
ngx_prize_breaker_set(ngx_prize_breaker_t *breaker,
    ngx_prize_breaker_state_e state)
{
    if (breaker->state == state) {
        return;
    }

    ngx_prize_peer_metrics(breaker->label)->gauges[PRIZE_PEER_BREAKER] +=
                                      (state != NGX_PRIZE_BREAKER_SHUT)
                                      - (breaker->state
                                         != NGX_PRIZE_BREAKER_SHUT);
    ngx_prize_count(breaker->transitions + state);

    breaker->state = state;
}


static void
ngx_prize_breaker_timer(ngx_event_t *ev)
{
    ngx_prize_breaker_t  *breaker;

    ngx_log_debug0(NGX_LOG_DEBUG_EVENT, ev->log, 0, "prize breaker timer");

    breaker = ev->data;

    if (breaker->state == NGX_PRIZE_BREAKER_OPEN) {
        ngx_prize_breaker_set(breaker, NGX_PRIZE_BREAKER_HALF_OPEN);
    }

    breaker->probe(breaker->data);
}


void
ngx_prize_breaker_init(ngx_prize_breaker_t *breaker,
    ngx_prize_probe_pt probe, void *data, prize_counter_e transitions,
    ngx_uint_t label, ngx_log_t *log)
{
    ngx_memzero(breaker, sizeof(ngx_prize_breaker_t));

    breaker->probe = probe;
    breaker->data = data;
    breaker->transitions = transitions;
    breaker->label = label;

    breaker->timer.handler = ngx_prize_breaker_timer;
    breaker->timer.data = breaker;
    breaker->timer.log = log;

    /* a backend that is away must not hold up the end of a worker */
    breaker->timer.cancelable = 1;
}


ngx_uint_t
ngx_prize_breaker_failure(ngx_prize_breaker_t *breaker)
{
    breaker->failures++;

    if (breaker->state == NGX_PRIZE_BREAKER_OPEN) {
        return 0;
    }

    if (breaker->state == NGX_PRIZE_BREAKER_SHUT
        && breaker->failures < NGX_PRIZE_BREAKER_FAILURES)
    {
        return 0;
    }

    ngx_prize_breaker_open(breaker, 0);

    return 1;
}


void
ngx_prize_breaker_open(ngx_prize_breaker_t *breaker, ngx_msec_t least)
{
    ngx_msec_t  wait;

    if (breaker->done) {
        return;
    }

    if (breaker->backoff == 0) {
        breaker->backoff = NGX_PRIZE_BREAKER_MIN;

    } else {
        breaker->backoff = ngx_min(2 * breaker->backoff,
                                   NGX_PRIZE_BREAKER_MAX);
    }

    /* workers must not probe at the same time: 75 to 100 per cent of it */

    wait = breaker->backoff - ngx_random() % (breaker->backoff / 4);

    ngx_prize_breaker_set(breaker, NGX_PRIZE_BREAKER_OPEN);

    /* a running timer is not moved by less than 300 ms */

    if (breaker->timer.timer_set) {
        ngx_del_timer(&breaker->timer);
    }

    ngx_add_timer(&breaker->timer, ngx_max(wait, least));
}


ngx_uint_t
ngx_prize_breaker_probed(ngx_prize_breaker_t *breaker)
{
    if (breaker->state == NGX_PRIZE_BREAKER_SHUT || breaker->done) {
        return 0;
    }

    /* one that was connecting before it opened came up: no probe is due */

    if (breaker->timer.timer_set) {
        ngx_del_timer(&breaker->timer);
    }

    ngx_prize_breaker_set(breaker, NGX_PRIZE_BREAKER_SHUT);
    breaker->failures = NGX_PRIZE_BREAKER_FAILURES - 1;

    return 1;
}


void
ngx_prize_breaker_success(ngx_prize_breaker_t *breaker)
{
    breaker->failures = 0;
    breaker->backoff = 0;
}


void
ngx_prize_breaker_pause(ngx_prize_breaker_t *breaker)
{
    if (breaker->state == NGX_PRIZE_BREAKER_SHUT && !breaker->done
        && !breaker->timer.timer_set)
    {
        ngx_add_timer(&breaker->timer, NGX_PRIZE_BREAKER_PAUSE
                                       + ngx_random()
                                         % NGX_PRIZE_BREAKER_PAUSE);
    }
}


ngx_uint_t
ngx_prize_breaker_is_paused(ngx_prize_breaker_t *breaker)
{
    return breaker->state == NGX_PRIZE_BREAKER_SHUT
           && breaker->timer.timer_set;
}


void
ngx_prize_breaker_done(ngx_prize_breaker_t *breaker)
{
    if (breaker->done) {
        return;
    }

    if (breaker->timer.timer_set) {
        ngx_del_timer(&breaker->timer);
    }

    if (breaker->state != NGX_PRIZE_BREAKER_SHUT) {
        ngx_prize_peer_metrics(breaker->label)->gauges[PRIZE_PEER_BREAKER]--;
    }

    breaker->state = NGX_PRIZE_BREAKER_OPEN;
    breaker->done = 1;
}
