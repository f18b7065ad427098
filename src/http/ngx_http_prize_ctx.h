
/*
 * One request's way to its page.  A context lives in a cleanup of the
 * request's pool, where an internal redirect does not lose it, so that the
 * log phase still knows what happened.
 */

#ifndef _NGX_HTTP_PRIZE_CTX_H_INCLUDED_
#define _NGX_HTTP_PRIZE_CTX_H_INCLUDED_


#include "ngx_http_prize.h"
#include "ngx_http_prize_search.h"


typedef struct {
    ngx_http_request_t              *request;    /* or a subrequest */
    ngx_http_prize_loc_conf_t       *conf;       /* of the location that ran */
    ngx_str_t                        id;         /* empty: not a valid one */
    ngx_int_t                        refusal;    /* its status, or 0 */
    ngx_http_prize_result_e          result;

    ngx_http_prize_search_t          search;

    /* the record found, indexed by conf->pages->fields; in the pool */
    prize_str_t                     *values;

    uint64_t                         clock;      /* when this location's */
                                                 /*   phases began */
    ngx_table_elt_t                 *retry_after;    /* of a 503, or NULL */
    ngx_table_elt_t                 *policy;     /* of the page, or NULL */

    unsigned                         guarded:1;  /* has its cleanup */
    unsigned                         post_action:1;  /* as r->post_action, */
                                                 /*   when it was asked */
} ngx_http_prize_ctx_t;


/* NULL: no memory */
ngx_http_prize_ctx_t *ngx_http_prize_ctx_create(ngx_http_request_t *r);

/* where an internal redirect has lost it, or NULL */
ngx_http_prize_ctx_t *ngx_http_prize_ctx_find(ngx_http_request_t *r);


/* the context of this request, or NULL; also after an internal redirect */

static ngx_inline ngx_http_prize_ctx_t *
ngx_http_prize_ctx_get(ngx_http_request_t *r)
{
    ngx_http_prize_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_prize_module);

    return ctx ? ctx : ngx_http_prize_ctx_find(r);
}


/* is abandoned with its request; NGX_ERROR: no memory */
ngx_int_t ngx_http_prize_ctx_guard(ngx_http_prize_ctx_t *ctx);

/* the request is gone, whatever it was waiting for; it is in flight no more */
void ngx_http_prize_ctx_abandon(ngx_http_prize_ctx_t *ctx);

/* takes and checks the request's ID; NGX_ERROR without memory */
ngx_int_t ngx_http_prize_ctx_take_id(ngx_http_request_t *r,
    ngx_http_prize_loc_conf_t *plcf, ngx_str_t *id);


#endif /* _NGX_HTTP_PRIZE_CTX_H_INCLUDED_ */
