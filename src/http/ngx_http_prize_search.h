
/*
 * An ID's way through the stores: Redis' servers one after the other,
 * then PostgreSQL, and back to Redis what was missing there.  A search knows
 * no HTTP status: it ends with a result.
 */

#ifndef _NGX_HTTP_PRIZE_SEARCH_H_INCLUDED_
#define _NGX_HTTP_PRIZE_SEARCH_H_INCLUDED_


#include "ngx_http_prize.h"
#include "ngx_http_prize_peer.h"


typedef enum {
    NGX_HTTP_PRIZE_NOT_STARTED = 0,
    NGX_HTTP_PRIZE_ASKING_REDIS,
    NGX_HTTP_PRIZE_ASKING_POSTGRES,
    NGX_HTTP_PRIZE_ENDED
} ngx_http_prize_search_state_e;


typedef enum {
    NGX_HTTP_PRIZE_NOBODY = 0,
    NGX_HTTP_PRIZE_REDIS,
    NGX_HTTP_PRIZE_POSTGRES
} ngx_http_prize_source_e;


typedef enum {
    NGX_HTTP_PRIZE_NONE = 0,        /* not yet */
    NGX_HTTP_PRIZE_FOUND,
    NGX_HTTP_PRIZE_UNKNOWN,         /* there is no such record */
    NGX_HTTP_PRIZE_REFUSED,         /* of a request, never of a search: so is */
    NGX_HTTP_PRIZE_CLOSED,          /*   "prize_open" */
    NGX_HTTP_PRIZE_SHED,            /* nobody could be asked */
    NGX_HTTP_PRIZE_TIMEOUT,         /* nobody answered in time */
    NGX_HTTP_PRIZE_ERROR,           /* nobody had an answer */
    NGX_HTTP_PRIZE_NO_MEMORY
} ngx_http_prize_result_e;


typedef struct ngx_http_prize_search_s  ngx_http_prize_search_t;

/* once, but not from ngx_http_prize_search_start() */
typedef void (*ngx_http_prize_search_pt)(ngx_http_prize_search_t *search,
    ngx_http_prize_result_e result);


/* zeroed at first; a request may search again when one search has ended */

struct ngx_http_prize_search_s {
    ngx_http_prize_search_state_e    state;
    ngx_http_prize_source_e          source;     /* of a record found */
    ngx_http_prize_loc_conf_t       *conf;
    ngx_prize_lookup_t               lookup;     /* its record is valid */
                                                 /*   within the handler */
    ngx_http_prize_peer_t            peer;
    ngx_msec_t                       redis_timeout;  /* of the next lookup */
    ngx_prize_redis_t               *write_to;   /* held: where it is, if it */
                                                 /*   is missing; or NULL */
    ngx_http_prize_search_pt         handler;
    void                            *data;
    unsigned                         asked:1;    /* some Redis was */
    unsigned                         late:1;     /* and answered too late */
    unsigned                         missing:1;  /* there, and it is to be */
                                                 /*   written */
};


/*
 * Looks for "id" as the location's directives say.  NONE: the handler will be
 * called; else this is the result already.
 */
ngx_http_prize_result_e ngx_http_prize_search_start(
    ngx_http_prize_search_t *search, ngx_http_request_t *r,
    ngx_http_prize_loc_conf_t *conf, ngx_str_t *id);

/* the handler will not be called; 0: it would not have been, either */
ngx_uint_t ngx_http_prize_search_cancel(ngx_http_prize_search_t *search);


#endif /* _NGX_HTTP_PRIZE_SEARCH_H_INCLUDED_ */
