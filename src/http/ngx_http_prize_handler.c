
#include "ngx_http_prize_ctx.h"
#include "ngx_http_prize_handler.h"
#include "ngx_http_prize_open.h"
#include "ngx_http_prize_page.h"


static ngx_prize_notice_t  ngx_http_prize_link_damaged;


/*
 * Of a signed link, in the time that it takes anyway; 0 if it is valid.  Whose
 * links were withdrawn is told to those alone who have one.
 */

static ngx_int_t
ngx_http_prize_signed(ngx_http_request_t *r, ngx_http_prize_ctx_t *ctx)
{
    prize_str_t              args, event, id;
    prize_signature_link_t   link;

    args.data = (char *) r->args.data;
    args.len = r->args.len;

    if (prize_signature_link_parse(&link, &args) != 0) {
        return NGX_HTTP_FORBIDDEN;
    }

    event.data = (char *) ctx->conf->sign_event.data;
    event.len = ctx->conf->sign_event.len;
    id.data = (char *) ctx->id.data;
    id.len = ctx->id.len;

    switch (prize_signature_verify(ctx->conf->sign_keys, &event, &id, &link,
                                   ngx_time()))
    {
    case PRIZE_SIGNATURE_VALID:
        return ctx->conf->sign_revoked
               && prize_revoked_find(ctx->conf->sign_revoked, &id)
               ? NGX_HTTP_PRIZE_GONE : 0;

    case PRIZE_SIGNATURE_EXPIRED:
        return NGX_HTTP_PRIZE_GONE;

    default:
        return NGX_HTTP_FORBIDDEN;
    }
}


/* why a good link may have been refused; the log has its ID alone */

static void
ngx_http_prize_explain(ngx_http_request_t *r, ngx_http_prize_ctx_t *ctx)
{
    const char   *damage;
    prize_str_t   args;

    args.data = (char *) r->args.data;
    args.len = r->args.len;

    damage = prize_signature_link_damage(&args);

    if (damage) {
        ngx_prize_notice(&ngx_http_prize_link_damaged, NGX_LOG_INFO,
                         ngx_cycle->log, 0, "id \"%V\": its link is not as "
                         "it was signed: %s", &ctx->id, damage);
    }
}


/* of its link: 400, or what its signature says */

static ngx_int_t
ngx_http_prize_link(ngx_http_request_t *r, ngx_http_prize_ctx_t *ctx)
{
    ngx_int_t  refusal;

    if (ctx->conf->sign_keys == NULL) {
        return ctx->id.len ? 0 : NGX_HTTP_BAD_REQUEST;
    }

    refusal = ctx->id.len ? ngx_http_prize_signed(r, ctx)
                          : NGX_HTTP_BAD_REQUEST;

    if (refusal == NGX_HTTP_BAD_REQUEST || refusal == NGX_HTTP_FORBIDDEN) {
        ngx_http_prize_explain(r, ctx);
    }

    return refusal;
}


/* 405, 400, closed, 403, 410: the first of them */

static void
ngx_http_prize_refuse(ngx_http_request_t *r, ngx_http_prize_ctx_t *ctx)
{
    ctx->result = NGX_HTTP_PRIZE_REFUSED;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        ctx->refusal = NGX_HTTP_NOT_ALLOWED;
        return;
    }

    if (ctx->id.len) {
        ctx->refusal = ngx_http_prize_open_refusal(ctx->conf->open, &ctx->id);

        if (ctx->refusal) {
            ctx->result = NGX_HTTP_PRIZE_CLOSED;
            return;
        }
    }

    ctx->refusal = ngx_http_prize_link(r, ctx);

    if (ctx->refusal == 0) {
        ctx->result = NGX_HTTP_PRIZE_NONE;
    }
}


static ngx_int_t
ngx_http_prize_examine(ngx_http_request_t *r, ngx_http_prize_ctx_t *ctx)
{
    if (ngx_http_prize_ctx_take_id(r, ctx->conf, &ctx->id) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_prize_refuse(r, ctx);

    return NGX_OK;
}


/*
 * Before the phases that refuse, so that what they refuse is private too; so
 * that the ID is known after an internal redirect has lost the arguments; and
 * so that "limit_req" can tell a refused request, by $prize_result.
 */

ngx_int_t
ngx_http_prize_preaccess_handler(ngx_http_request_t *r)
{
    ngx_http_prize_ctx_t       *ctx;
    ngx_http_prize_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_prize_module);

    if (plcf->pages == NULL) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_prize_ctx_get(r);

    if (ctx == NULL) {
        ctx = ngx_http_prize_ctx_create(r);

        if (ctx == NULL || ngx_http_prize_page_privacy(r) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    /* an "error_page" may have come here, to answer with another status */

    if (ctx->retry_after) {
        ctx->retry_after->hash = (r->err_status
                                  == NGX_HTTP_SERVICE_UNAVAILABLE);
    }

    /* a "post_action" may come here while a lookup is still somewhere */

    ngx_http_prize_ctx_abandon(ctx);

    ctx->conf = plcf;
    ctx->clock = ngx_prize_clock();
    ctx->search.source = NGX_HTTP_PRIZE_NOBODY;
    ctx->values = NULL;
    ctx->policy = NULL;

    if (ngx_http_prize_examine(r, ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_DECLINED;
}


/* 1 to 3 seconds: those who were turned away must not come back together */

static ngx_int_t
ngx_http_prize_unavailable(ngx_http_prize_ctx_t *ctx)
{
    ngx_table_elt_t     *h;

    static ngx_str_t     name = ngx_string("Retry-After");
    static ngx_str_t     seconds[] = { ngx_string("1"), ngx_string("2"),
                                       ngx_string("3") };

    h = ctx->retry_after;

    if (h == NULL) {
        h = ngx_http_prize_page_header(ctx->request, &name, &seconds[0]);
        if (h == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        ctx->retry_after = h;
    }

    h->hash = 1;
    h->value = seconds[ngx_random() % 3];

    return NGX_HTTP_SERVICE_UNAVAILABLE;
}


/* the backend's values end with its handler: the page and the log need them */

static ngx_int_t
ngx_http_prize_keep(ngx_http_prize_ctx_t *ctx, const prize_record_t *record)
{
    char         *p;
    size_t        size;
    unsigned      i, n;
    prize_str_t  *values;

    n = ctx->conf->pages->fields.n;
    size = n * sizeof(prize_str_t);

    for (i = 0; i < n; i++) {
        size += record->values[i].len;
    }

    values = ngx_palloc(ctx->request->pool, size);
    if (values == NULL) {
        return NGX_ERROR;
    }

    p = (char *) &values[n];

    for (i = 0; i < n; i++) {
        values[i].len = record->values[i].len;
        values[i].data = NULL;

        if (record->values[i].data) {
            values[i].data = p;
            p = (char *) ngx_cpymem(p, record->values[i].data, values[i].len);
        }
    }

    ctx->values = values;

    return NGX_OK;
}


/* the one place where a record becomes somebody's page */

static ngx_int_t
ngx_http_prize_found(ngx_http_prize_ctx_t *ctx)
{
    size_t                  values;
    prize_record_t          kept, *record;
    ngx_http_prize_page_t  *page;

    record = &ctx->search.lookup.record;

    if (record->values[PRIZE_FIELD_ID].len != ctx->id.len
        || ngx_memcmp(record->values[PRIZE_FIELD_ID].data, ctx->id.data,
                      ctx->id.len)
           != 0)
    {
        ctx->result = NGX_HTTP_PRIZE_ERROR;
        return ngx_http_prize_unavailable(ctx);
    }

    if (ngx_http_prize_keep(ctx, record) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    page = ngx_http_prize_page_choose(ctx->conf->pages, ctx->values);

    if (page == NULL) {
        return NGX_HTTP_NOT_FOUND;
    }

    ngx_memzero(&kept, sizeof(prize_record_t));
    kept.values = ctx->values;

    if (ngx_http_prize_page_values(page, &kept, &values) != NGX_OK) {
        ctx->result = NGX_HTTP_PRIZE_ERROR;
        return ngx_http_prize_unavailable(ctx);
    }

    ngx_prize_metrics->pages[page->label]++;

    return ngx_http_prize_page_send(ctx->request, ctx->conf, page, &kept,
                                    values);
}


static ngx_int_t
ngx_http_prize_respond(ngx_http_prize_ctx_t *ctx,
    ngx_http_prize_result_e result)
{
    ctx->result = (result == NGX_HTTP_PRIZE_NO_MEMORY) ? NGX_HTTP_PRIZE_ERROR
                                                       : result;

    switch (result) {

    case NGX_HTTP_PRIZE_FOUND:
        return ngx_http_prize_found(ctx);

    case NGX_HTTP_PRIZE_UNKNOWN:
        return NGX_HTTP_NOT_FOUND;

    case NGX_HTTP_PRIZE_NO_MEMORY:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;

    default:
        return ngx_http_prize_unavailable(ctx);
    }
}


/*
 * A search has ended, in an event of a store and not in one of the request.
 *
 * nginx runs a "post_action" for a client that has left before it runs any
 * cleanup: the request is then somebody else's, and is not ours to end.
 */

static void
ngx_http_prize_search_handler(ngx_http_prize_search_t *search,
    ngx_http_prize_result_e result)
{
    ngx_int_t              rc;
    ngx_connection_t      *c;
    ngx_http_request_t    *r;
    ngx_http_prize_ctx_t  *ctx;

    ctx = search->data;
    r = ctx->request;
    c = r->connection;

    ngx_prize_gauge_add(PRIZE_REQUESTS_IN_FLIGHT, -1);

    if (r->post_action != ctx->post_action) {
        return;
    }

    rc = ngx_http_prize_respond(ctx, result);

    ngx_http_set_log_request(c->log, r);
    ngx_http_finalize_request(r, rc);
    ngx_http_run_posted_requests(c);
}


ngx_int_t
ngx_http_prize_handler(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_http_prize_ctx_t     *ctx;
    ngx_http_prize_result_e   result;

    ctx = ngx_http_prize_ctx_get(r);

    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* an "auth_request" names the employee after our phase */

    if (ctx->refusal && ctx->id.len == 0
        && ngx_http_prize_examine(r, ctx) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->refusal) {
        return ctx->refusal;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_prize_ctx_guard(ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->post_action = r->post_action;
    ctx->search.handler = ngx_http_prize_search_handler;
    ctx->search.data = ctx;

    result = ngx_http_prize_search_start(&ctx->search, r, ctx->conf, &ctx->id);

    if (result != NGX_HTTP_PRIZE_NONE) {
        return ngx_http_prize_respond(ctx, result);
    }

    ngx_prize_gauge_add(PRIZE_REQUESTS_IN_FLIGHT, 1);

    /* a client that leaves takes its request along */
    r->read_event_handler = ngx_http_test_reading;

    r->main->count++;

    return NGX_DONE;
}


/* main requests of a location with pages, whatever answered them in the end */

ngx_int_t
ngx_http_prize_log_handler(ngx_http_request_t *r)
{
    ngx_uint_t             status;
    ngx_http_prize_ctx_t  *ctx;

    static const prize_histogram_e  histograms[] = {
        [NGX_HTTP_PRIZE_NOBODY] = PRIZE_REQUEST_NOBODY,
        [NGX_HTTP_PRIZE_REDIS] = PRIZE_REQUEST_REDIS,
        [NGX_HTTP_PRIZE_POSTGRES] = PRIZE_REQUEST_POSTGRES
    };

    if (r != r->main) {
        return NGX_OK;
    }

    ctx = ngx_http_prize_ctx_get(r);

    if (ctx == NULL) {
        return NGX_OK;
    }

    status = r->err_status ? r->err_status : r->headers_out.status;

    ngx_prize_count(status == NGX_HTTP_OK ? PRIZE_HTTP_200
                                          : prize_metrics_status(status));

    if (ctx->result == NGX_HTTP_PRIZE_CLOSED) {
        ngx_prize_count(ctx->refusal == NGX_HTTP_FORBIDDEN
                        ? PRIZE_CLOSED_BEFORE : PRIZE_CLOSED_AFTER);
    }

    prize_histogram_add(ngx_prize_metrics, histograms[ctx->search.source],
                        ngx_prize_clock() - ctx->clock);

    return NGX_OK;
}
