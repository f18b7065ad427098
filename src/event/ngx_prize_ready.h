
/*
 * Whether a store has answered since the configuration was loaded, for all
 * workers in shared memory.  Loads are numbered from 1 on: what holds for one
 * holds for those before it too, and for none behind it.
 */

#ifndef _NGX_PRIZE_READY_H_INCLUDED_
#define _NGX_PRIZE_READY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* zeroed once, when the memory is made */

typedef struct {
    ngx_atomic_t    loads;          /* so far; the master's to write */
    ngx_atomic_t    answered;       /* the last one a store has answered in */
} ngx_prize_ready_t;


/*
 * This worker is of that load.  "ready" lives as long as the worker; before
 * this call nothing is noted.
 */
void ngx_prize_ready_open(ngx_prize_ready_t *ready, ngx_atomic_uint_t load);

/* a store has let this worker in */
void ngx_prize_ready_note(void);

/* some worker of this load, or of a later one, has noted that */
ngx_uint_t ngx_prize_ready_noted(void);


#endif /* _NGX_PRIZE_READY_H_INCLUDED_ */
