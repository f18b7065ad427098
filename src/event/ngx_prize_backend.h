
/*
 * What both stores are to a worker: something that lookups are handed to, and
 * that answers each of them once, in time; that is left alone while it fails;
 * and that is told of when it is lost and when it is used again.
 *
 * A store embeds one as its first member.  It lives until its store calls
 * ngx_prize_backend_end().
 */

#ifndef _NGX_PRIZE_BACKEND_H_INCLUDED_
#define _NGX_PRIZE_BACKEND_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_prize_breaker.h"
#include "ngx_prize_lookup.h"
#include "ngx_prize_metrics.h"
#include "ngx_prize_notice.h"


/* what one kind of store does in its own way */

typedef struct {
    const prize_counter_e        *results;      /* by ngx_prize_result_e */
    prize_counter_e               breaker;      /* PRIZE_BREAKER_..._SHUT */
    prize_label_e                 label;

    /* the breaker is half-open: a connection is tried */
    ngx_prize_probe_pt            probe;

    /*
     * A deadline has come: moves the lookups that are late to "late", and
     * ends what is overdue; wakes the backend for those that are not.
     */
    void                        (*expire)(void *backend, ngx_queue_t *late);

    /* takes a lookup that is still open from the store's own places */
    void                        (*detach)(void *backend,
                                          ngx_prize_lookup_t *lookup);

    /* closes all connections; the breaker keeps what is lost from asking */
    void                        (*close)(void *backend);

    /* and frees all of it */
    void                        (*destroy)(void *backend);
} ngx_prize_backend_kind_t;


struct ngx_prize_backend_s {
    ngx_queue_t                      queue;     /* of the worker's backends */
    const ngx_prize_backend_kind_t  *kind;
    ngx_cycle_t                     *cycle;     /* it ends with it */
    ngx_log_t                       *log;       /* the cycle's */
    ngx_uint_t                       label;     /* of ngx_prize_metrics' */
                                                /*   peers */
    ngx_prize_breaker_t              breaker;
    ngx_event_t                      timer;     /* the earliest deadline */
    ngx_uint_t                       lookups;   /* that it has to answer */

    ngx_prize_notice_t               lost;
    ngx_prize_notice_t               back;
};


/*
 * "name" is the label; "backend" was zeroed.  It is destroyed with the cycle,
 * unless it ends before.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_prize_backend_init(ngx_prize_backend_t *backend,
    const ngx_prize_backend_kind_t *kind, ngx_cycle_t *cycle,
    ngx_str_t *name);

/* it is no backend of this worker any more; its lookups were answered */
void ngx_prize_backend_end(ngx_prize_backend_t *backend);

/* the next one of that kind behind "last"; NULL: the first, there is none */
ngx_prize_backend_t *ngx_prize_backend_next(
    const ngx_prize_backend_kind_t *kind, ngx_prize_backend_t *last);

#define ngx_prize_backend_foreach(kind, backend)                              \
    for (backend = ngx_prize_backend_next(kind, NULL);                        \
         backend;                                                             \
         backend = ngx_prize_backend_next(kind, backend))

/* closes all connections of all backends: the worker ends */
void ngx_prize_backend_close_all(void);

/* expire() is called at that time of ngx_current_msec at the latest */
void ngx_prize_backend_wake(ngx_prize_backend_t *backend, ngx_msec_t time);

/* the lookup is this backend's to answer */
void ngx_prize_backend_take(ngx_prize_backend_t *backend,
    ngx_prize_lookup_t *lookup);

/* the end of a lookup; its handler may use it again at once */
void ngx_prize_backend_complete(ngx_prize_backend_t *backend,
    ngx_prize_lookup_t *lookup, ngx_prize_result_e result);

/* the end of all lookups of a queue that the backend's own do not see */
void ngx_prize_backend_drain(ngx_prize_backend_t *backend,
    ngx_queue_t *lookups, ngx_prize_result_e result);

/* whichever backend has it: the handler will not be called */
void ngx_prize_backend_detach(ngx_prize_lookup_t *lookup);


#endif /* _NGX_PRIZE_BACKEND_H_INCLUDED_ */
