
/*
 * A name's addresses, kept fresh: nginx's resolver looks it up without
 * blocking, and again when its answer is no longer valid.  What was found
 * stays in use until something else is: a name that cannot be resolved now is
 * tried again, less and less often.
 */

#ifndef _NGX_PRIZE_RESOLVE_H_INCLUDED_
#define _NGX_PRIZE_RESOLVE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_prize_notice.h"


#define NGX_PRIZE_RESOLVE_ADDRS  64         /* of one name, no more are told */


/* what is looked up, and by whom; no two are equal in all of it */

typedef struct {
    ngx_str_t                        name;      /* in lower case, without */
                                                /*   a dot at its end */
    in_port_t                        port;      /* of the addresses */
    ngx_resolver_t                  *resolver;  /* that has servers */
    ngx_msec_t                       timeout;   /* of one lookup */
} ngx_prize_resolve_conf_t;


typedef struct ngx_prize_resolve_s  ngx_prize_resolve_t;

/*
 * With each answer: "resolve->data" has the name's addresses, of which there
 * is one at least.  They have the port, and live until it returns.
 */
typedef void (*ngx_prize_resolve_pt)(ngx_prize_resolve_t *resolve,
    ngx_addr_t *addrs, ngx_uint_t naddrs);


/* zeroed at first; the first four are the caller's to set */

struct ngx_prize_resolve_s {
    const ngx_prize_resolve_conf_t  *conf;      /* lives as long as "cycle" */
    ngx_cycle_t                     *cycle;
    ngx_prize_resolve_pt             handler;
    void                            *data;

    ngx_resolver_ctx_t              *ctx;       /* NULL: nothing is asked */
    ngx_event_t                      timer;     /* until it is asked again */
    ngx_uint_t                       failures;  /* in a row */
    ngx_prize_notice_t               failed;
    unsigned                         found:1;   /* once at least */
};


/* the handler may be called from here */
void ngx_prize_resolve_start(ngx_prize_resolve_t *resolve);

/*
 * Asks before it is due, unless it fails; what is valid still is nginx's own
 * memory.  The handler may be called from here.
 */
void ngx_prize_resolve_again(ngx_prize_resolve_t *resolve);

/* the handler will not be called any more */
void ngx_prize_resolve_stop(ngx_prize_resolve_t *resolve);


#endif /* _NGX_PRIZE_RESOLVE_H_INCLUDED_ */
