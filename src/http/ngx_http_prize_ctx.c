
#include "ngx_http_prize_ctx.h"


/* marks the cleanup that holds a context; there is nothing to do in it */

static void
ngx_http_prize_ctx_cleanup(void *data)
{
}


static void
ngx_http_prize_ctx_gone(void *data)
{
    ngx_http_prize_ctx_abandon(data);
}


ngx_http_prize_ctx_t *
ngx_http_prize_ctx_create(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t    *cln;
    ngx_http_prize_ctx_t  *ctx;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_prize_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_prize_ctx_cleanup;

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(ngx_http_prize_ctx_t));
    ctx->request = r;

    ngx_http_set_ctx(r, ctx, ngx_http_prize_module);

    return ctx;
}


ngx_http_prize_ctx_t *
ngx_http_prize_ctx_find(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t    *cln;
    ngx_http_prize_ctx_t  *ctx;

    /* subrequests share the pool of their main request */

    for (cln = r->pool->cleanup; cln; cln = cln->next) {

        if (cln->handler == ngx_http_prize_ctx_cleanup) {
            ctx = cln->data;

            if (ctx->request == r) {
                ngx_http_set_ctx(r, ctx, ngx_http_prize_module);
                return ctx;
            }
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_prize_ctx_guard(ngx_http_prize_ctx_t *ctx)
{
    ngx_http_cleanup_t  *cln;

    if (ctx->guarded) {
        return NGX_OK;
    }

    cln = ngx_http_cleanup_add(ctx->request, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_prize_ctx_gone;
    cln->data = ctx;
    ctx->guarded = 1;

    return NGX_OK;
}


void
ngx_http_prize_ctx_abandon(ngx_http_prize_ctx_t *ctx)
{
    if (ngx_http_prize_search_cancel(&ctx->search)) {
        ngx_prize_count(PRIZE_CLIENT_ABORTS);
        ngx_prize_gauge_add(PRIZE_REQUESTS_IN_FLIGHT, -1);
    }
}


ngx_int_t
ngx_http_prize_ctx_take_id(ngx_http_request_t *r,
    ngx_http_prize_loc_conf_t *plcf, ngx_str_t *id)
{
    ngx_str_t    value;
    prize_str_t  src;

    if (ngx_http_prize_value_get(r, &plcf->id_value, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_str_null(id);

    if (value.len == 0) {
        return NGX_OK;
    }

    id->data = ngx_pnalloc(r->pool, value.len);
    if (id->data == NULL) {
        return NGX_ERROR;
    }

    src.data = (char *) value.data;
    src.len = value.len;

    id->len = prize_id_decode((char *) id->data, &src, plcf->id_max_length);

    return NGX_OK;
}
