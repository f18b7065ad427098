
#include "ngx_prize_backend.h"


static ngx_queue_t   ngx_prize_backends =
    { &ngx_prize_backends, &ngx_prize_backends };

/* the last one that has a cleanup for its backends */
static ngx_cycle_t  *ngx_prize_backends_cycle;


/* a worker that is to end waits for lookups, and for nothing else */

static void
ngx_prize_backend_add(ngx_prize_backend_t *backend, ngx_int_t n)
{
    backend->lookups += n;
    backend->timer.cancelable = (backend->lookups == 0);
}


static void
ngx_prize_backend_timer_handler(ngx_event_t *ev)
{
    ngx_queue_t           late;
    ngx_prize_backend_t  *backend;

    backend = ev->data;

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, ev->log, 0,
                   "prize backend timer, %ui lookups", backend->lookups);

    ngx_queue_init(&late);

    backend->kind->expire(backend, &late);

    ngx_prize_backend_drain(backend, &late, NGX_PRIZE_LATE);
}


static void
ngx_prize_backend_cleanup(void *data)
{
    ngx_queue_t          *q, *next;
    ngx_cycle_t          *cycle = data;
    ngx_prize_backend_t  *backend;

    for (q = ngx_queue_head(&ngx_prize_backends);
         q != ngx_queue_sentinel(&ngx_prize_backends);
         q = next)
    {
        next = ngx_queue_next(q);
        backend = ngx_queue_data(q, ngx_prize_backend_t, queue);

        if (backend->cycle == cycle) {
            ngx_prize_breaker_done(&backend->breaker);
            backend->kind->destroy(backend);
        }
    }

    if (ngx_prize_backends_cycle == cycle) {
        ngx_prize_backends_cycle = NULL;
    }
}


/* one cleanup for all: those of addresses that move come and go */

static ngx_int_t
ngx_prize_backend_guard(ngx_cycle_t *cycle)
{
    ngx_pool_cleanup_t  *cln;

    if (ngx_prize_backends_cycle == cycle) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(cycle->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_prize_backend_cleanup;
    cln->data = cycle;

    ngx_prize_backends_cycle = cycle;

    return NGX_OK;
}


ngx_int_t
ngx_prize_backend_init(ngx_prize_backend_t *backend,
    const ngx_prize_backend_kind_t *kind, ngx_cycle_t *cycle, ngx_str_t *name)
{
    if (ngx_prize_backend_guard(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    backend->kind = kind;
    backend->cycle = cycle;
    backend->log = cycle->log;
    backend->label = ngx_prize_metrics_label(kind->label, name);

    backend->timer.handler = ngx_prize_backend_timer_handler;
    backend->timer.data = backend;
    backend->timer.log = cycle->log;
    backend->timer.cancelable = 1;

    ngx_prize_breaker_init(&backend->breaker, kind->probe, backend,
                           kind->breaker, backend->label, cycle->log);

    ngx_queue_insert_tail(&ngx_prize_backends, &backend->queue);

    return NGX_OK;
}


void
ngx_prize_backend_end(ngx_prize_backend_t *backend)
{
    ngx_prize_breaker_done(&backend->breaker);

    if (backend->timer.timer_set) {
        ngx_del_timer(&backend->timer);
    }

    ngx_prize_metrics_unlabel(backend->label);
    ngx_queue_remove(&backend->queue);
}


ngx_prize_backend_t *
ngx_prize_backend_next(const ngx_prize_backend_kind_t *kind,
    ngx_prize_backend_t *last)
{
    ngx_queue_t          *q;
    ngx_prize_backend_t  *backend;

    for (q = last ? ngx_queue_next(&last->queue)
                  : ngx_queue_head(&ngx_prize_backends);
         q != ngx_queue_sentinel(&ngx_prize_backends);
         q = ngx_queue_next(q))
    {
        backend = ngx_queue_data(q, ngx_prize_backend_t, queue);

        if (backend->kind == kind) {
            return backend;
        }
    }

    return NULL;
}


void
ngx_prize_backend_close_all(void)
{
    ngx_queue_t          *q;
    ngx_prize_backend_t  *backend;

    for (q = ngx_queue_head(&ngx_prize_backends);
         q != ngx_queue_sentinel(&ngx_prize_backends);
         q = ngx_queue_next(q))
    {
        backend = ngx_queue_data(q, ngx_prize_backend_t, queue);

        ngx_prize_breaker_done(&backend->breaker);
        backend->kind->close(backend);
    }
}


void
ngx_prize_backend_wake(ngx_prize_backend_t *backend, ngx_msec_t time)
{
    ngx_event_t     *timer;
    ngx_msec_int_t   left;

    timer = &backend->timer;

    if (timer->timer_set) {

        if ((ngx_msec_int_t) (timer->timer.key - time) <= 0) {
            return;
        }

        /* a running timer is not moved by less than 300 ms */
        ngx_del_timer(timer);
    }

    left = (ngx_msec_int_t) (time - ngx_current_msec);

    ngx_add_timer(timer, (ngx_msec_t) ngx_max(left, 0));
}


void
ngx_prize_backend_take(ngx_prize_backend_t *backend,
    ngx_prize_lookup_t *lookup)
{
    lookup->backend = backend;

    ngx_prize_backend_add(backend, 1);
    ngx_prize_backend_wake(backend, lookup->deadline);
}


void
ngx_prize_backend_complete(ngx_prize_backend_t *backend,
    ngx_prize_lookup_t *lookup, ngx_prize_result_e result)
{
    ngx_prize_count(backend->kind->results[result]);
    ngx_prize_backend_add(backend, -1);

    lookup->backend = NULL;
    lookup->handler(lookup, result);
}


void
ngx_prize_backend_drain(ngx_prize_backend_t *backend, ngx_queue_t *lookups,
    ngx_prize_result_e result)
{
    ngx_prize_lookup_t  *lookup;

    for (lookup = ngx_prize_lookup_shift(lookups);
         lookup;
         lookup = ngx_prize_lookup_shift(lookups))
    {
        ngx_prize_backend_complete(backend, lookup, result);
    }
}


void
ngx_prize_backend_detach(ngx_prize_lookup_t *lookup)
{
    ngx_prize_backend_t  *backend;

    backend = lookup->backend;

    if (backend == NULL) {
        return;
    }

    backend->kind->detach(backend, lookup);

    ngx_prize_backend_add(backend, -1);
    lookup->backend = NULL;
}
