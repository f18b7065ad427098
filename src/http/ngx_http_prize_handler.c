
#include "ngx_http_prize.h"
#include "ngx_http_prize_page.h"
#include "ngx_http_prize_peer.h"


/* nginx has no name for it */
#define NGX_HTTP_PRIZE_GONE  410


static ngx_int_t ngx_http_prize_ask_redis(ngx_http_prize_ctx_t *ctx);
static ngx_int_t ngx_http_prize_ask_postgres(ngx_http_prize_ctx_t *ctx);
static void ngx_http_prize_redis_handler(ngx_prize_lookup_t *lookup,
    ngx_prize_result_e result);
static void ngx_http_prize_postgres_handler(ngx_prize_lookup_t *lookup,
    ngx_prize_result_e result);


/* marks the cleanup that holds a context; there is nothing to do in it */

static void
ngx_http_prize_ctx_cleanup(void *data)
{
}


static void
ngx_http_prize_uncount(ngx_http_prize_ctx_t *ctx)
{
    if (ctx->counted) {
        ctx->counted = 0;
        ngx_prize_gauge_add(PRIZE_REQUESTS_IN_FLIGHT, -1);
    }
}


/* the request is gone, whatever it was waiting for */

static void
ngx_http_prize_abandon(void *data)
{
    ngx_http_prize_ctx_t  *ctx = data;

    if (ctx->redis || ctx->postgres) {
        ngx_prize_count(PRIZE_CLIENT_ABORTS);
    }

    if (ctx->redis) {
        ngx_prize_redis_detach(ctx->redis, &ctx->lookup);
        ctx->redis = NULL;
    }

    if (ctx->postgres) {
        ngx_prize_postgres_detach(ctx->postgres, &ctx->lookup);
        ctx->postgres = NULL;
    }

    ngx_http_prize_peer_free(ctx, 0);

    ngx_http_prize_uncount(ctx);
}


ngx_http_prize_ctx_t *
ngx_http_prize_find_ctx(ngx_http_request_t *r)
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


static ngx_http_prize_ctx_t *
ngx_http_prize_create_ctx(ngx_http_request_t *r)
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


ngx_int_t
ngx_http_prize_take_id(ngx_http_request_t *r, ngx_http_prize_loc_conf_t *plcf,
    ngx_str_t *id)
{
    prize_str_t  src;
    ngx_str_t    value;

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


/* of a signed link, in the time that it takes anyway; 0 if it is valid */

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
        return 0;

    case PRIZE_SIGNATURE_EXPIRED:
        return NGX_HTTP_PRIZE_GONE;

    default:
        return NGX_HTTP_FORBIDDEN;
    }
}


static ngx_int_t
ngx_http_prize_refusal(ngx_http_request_t *r, ngx_http_prize_ctx_t *ctx)
{
    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    if (ctx->id.len == 0) {
        return NGX_HTTP_BAD_REQUEST;
    }

    return ctx->conf->sign_keys ? ngx_http_prize_signed(r, ctx) : 0;
}


static ngx_int_t
ngx_http_prize_examine(ngx_http_request_t *r, ngx_http_prize_ctx_t *ctx)
{
    if (ngx_http_prize_take_id(r, ctx->conf, &ctx->id) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->refusal = ngx_http_prize_refusal(r, ctx);
    ctx->result = ctx->refusal ? NGX_HTTP_PRIZE_REFUSED : NGX_HTTP_PRIZE_NONE;

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

    ctx = ngx_http_prize_get_ctx(r);

    if (ctx == NULL) {
        ctx = ngx_http_prize_create_ctx(r);

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

    ngx_http_prize_abandon(ctx);

    ctx->conf = plcf;
    ctx->clock = ngx_prize_clock();
    ctx->source = NGX_HTTP_PRIZE_NOBODY;
    ctx->values = NULL;
    ctx->policy = NULL;

    if (ngx_http_prize_examine(r, ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_prize_refuse(ngx_http_prize_ctx_t *ctx,
    ngx_http_prize_result_e result, ngx_int_t status)
{
    ctx->result = result;
    return status;
}


/* 1 to 3 seconds: those who were turned away must not come back together */

static ngx_int_t
ngx_http_prize_unavailable(ngx_http_prize_ctx_t *ctx,
    ngx_http_prize_result_e result)
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

    return ngx_http_prize_refuse(ctx, result, NGX_HTTP_SERVICE_UNAVAILABLE);
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
ngx_http_prize_found(ngx_http_prize_ctx_t *ctx,
    ngx_http_prize_source_e source, const prize_record_t *record)
{
    size_t                  values;
    prize_record_t          kept;
    ngx_http_prize_page_t  *page;

    if (record->values[PRIZE_FIELD_ID].len != ctx->id.len
        || ngx_memcmp(record->values[PRIZE_FIELD_ID].data, ctx->id.data,
                      ctx->id.len)
           != 0)
    {
        return ngx_http_prize_unavailable(ctx, NGX_HTTP_PRIZE_ERROR);
    }

    if (ngx_http_prize_keep(ctx, record) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->source = source;
    ctx->result = NGX_HTTP_PRIZE_FOUND;

    page = ngx_http_prize_page_choose(ctx->conf->pages, ctx->values);

    if (page == NULL) {
        return NGX_HTTP_NOT_FOUND;
    }

    ngx_memzero(&kept, sizeof(prize_record_t));
    kept.values = ctx->values;

    if (ngx_http_prize_page_values(page, &kept, &values) != NGX_OK) {
        return ngx_http_prize_unavailable(ctx, NGX_HTTP_PRIZE_ERROR);
    }

    ngx_prize_metrics->pages[page->label]++;

    return ngx_http_prize_page_send(ctx->request, ctx->conf, page, &kept,
                                    values);
}


static void
ngx_http_prize_write_back(ngx_http_prize_ctx_t *ctx,
    const prize_record_t *record)
{
    ngx_msec_t           ttl;
    prize_write_back_t   wb;

    if (ctx->write_to == NULL || !ctx->lookup.leader
        || ctx->conf->write_back == 0)
    {
        return;
    }

    /* what was missed together must not expire together */

    ttl = ctx->conf->write_back;
    ttl += ngx_random() % (ttl / 10 + 1);

    wb.key = ctx->lookup.key;
    wb.fields = &ctx->conf->pages->fields;
    wb.record = record;
    wb.ttl = ttl;

    ngx_prize_redis_write_back(ctx->write_to, &wb, ctx->conf->redis_timeout);
}


/* an answer that came from a backend's event, not from nginx's own */

static void
ngx_http_prize_finalize(ngx_http_prize_ctx_t *ctx, ngx_int_t rc)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->request;
    c = r->connection;

    ngx_http_prize_uncount(ctx);

    ngx_http_set_log_request(c->log, r);
    ngx_http_finalize_request(r, rc);
    ngx_http_run_posted_requests(c);
}


/*
 * nginx runs a "post_action" for a client that has left before it runs any
 * cleanup: the request is then somebody else's, and is not ours to end.
 */

static ngx_uint_t
ngx_http_prize_gone(ngx_http_prize_ctx_t *ctx)
{
    if (ctx->request->post_action == ctx->post_action) {
        return 0;
    }

    ngx_http_prize_abandon(ctx);

    return 1;
}


/* all calls below return NGX_DONE while the lookup is somewhere */

static ngx_int_t
ngx_http_prize_ask_redis(ngx_http_prize_ctx_t *ctx)
{
    ngx_int_t                   rc;
    ngx_http_request_t         *r;
    ngx_prize_redis_conn_t     *conn;
    ngx_http_prize_loc_conf_t  *plcf;

    r = ctx->request;
    plcf = ctx->conf;

    for ( ;; ) {
        rc = ngx_http_prize_peer_get(r, ctx, &conn);

        if (rc == NGX_BUSY) {
            return ngx_http_prize_ask_postgres(ctx);
        }

        if (rc != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        ctx->asked = 1;
        ctx->lookup.timeout = plcf->redis_timeout;
        ctx->lookup.handler = ngx_http_prize_redis_handler;

        rc = ngx_prize_redis_lookup(conn, &ctx->lookup,
                                    plcf->redis_connect_timeout);

        if (rc == NGX_OK) {
            ctx->redis = conn;
            return NGX_DONE;
        }

        ngx_http_prize_peer_answered(r, ctx, NGX_HTTP_BAD_GATEWAY);

        if (rc == NGX_ERROR) {
            ngx_http_prize_peer_free(ctx, 0);
            return ngx_http_prize_ask_postgres(ctx);
        }

        ngx_http_prize_peer_free(ctx, rc == NGX_BUSY ? NGX_PEER_NEXT
                                                     : NGX_PEER_FAILED);
    }
}


static ngx_int_t
ngx_http_prize_after_redis(ngx_http_prize_ctx_t *ctx,
    ngx_prize_redis_conn_t *conn, ngx_prize_result_e result)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    switch (result) {

    case NGX_PRIZE_FOUND:
        ngx_http_prize_peer_answered(r, ctx, NGX_HTTP_OK);
        break;

    case NGX_PRIZE_STALE:
        ngx_http_prize_peer_answered(r, ctx, NGX_HTTP_OK);

        if (ctx->conf->postgres) {
            ctx->write_to = conn;
        }

        break;

    case NGX_PRIZE_NOT_FOUND:
        ngx_http_prize_peer_answered(r, ctx, NGX_HTTP_NOT_FOUND);
        ctx->write_to = conn;
        break;

    case NGX_PRIZE_LATE:
        ngx_http_prize_peer_answered(r, ctx, NGX_HTTP_GATEWAY_TIME_OUT);
        ctx->late = 1;
        break;

    default:
        ngx_http_prize_peer_answered(r, ctx, NGX_HTTP_BAD_GATEWAY);
    }

    if (result == NGX_PRIZE_LOST) {
        ngx_http_prize_peer_free(ctx, ctx->lookup.blamed ? NGX_PEER_FAILED
                                                            : NGX_PEER_NEXT);
        return ngx_http_prize_ask_redis(ctx);
    }

    ngx_http_prize_peer_free(ctx, 0);

    if (result == NGX_PRIZE_FOUND
        || (result == NGX_PRIZE_STALE && ctx->conf->postgres == NULL))
    {
        return ngx_http_prize_found(ctx, NGX_HTTP_PRIZE_REDIS,
                                    &ctx->lookup.record);
    }

    if (result == NGX_PRIZE_NOT_FOUND && ctx->conf->postgres == NULL) {
        return ngx_http_prize_refuse(ctx, NGX_HTTP_PRIZE_UNKNOWN,
                                     NGX_HTTP_NOT_FOUND);
    }

    return ngx_http_prize_ask_postgres(ctx);
}


static void
ngx_http_prize_redis_handler(ngx_prize_lookup_t *lookup,
    ngx_prize_result_e result)
{
    ngx_int_t                rc;
    ngx_http_prize_ctx_t    *ctx;
    ngx_prize_redis_conn_t  *conn;

    ctx = lookup->data;
    conn = ctx->redis;
    ctx->redis = NULL;

    if (ngx_http_prize_gone(ctx)) {
        return;
    }

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0,
                   "prize redis result %d for \"%V\"", result, &ctx->id);

    rc = ngx_http_prize_after_redis(ctx, conn, result);

    if (rc != NGX_DONE) {
        ngx_http_prize_finalize(ctx, rc);
    }
}


/* the pool's own name changes when another host takes over */

static ngx_int_t
ngx_http_prize_postgres_asked(ngx_http_request_t *r, ngx_http_prize_ctx_t *ctx,
    ngx_prize_postgres_pool_t *pool)
{
    ngx_str_t  *name;

    name = ngx_palloc(r->pool, sizeof(ngx_str_t));
    if (name == NULL) {
        return NGX_ERROR;
    }

    *name = *ngx_prize_postgres_name(pool);

    name->data = ngx_pstrdup(r->pool, name);
    if (name->data == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_prize_peer_asked(r, ctx, name);
}


static ngx_int_t
ngx_http_prize_ask_postgres(ngx_http_prize_ctx_t *ctx)
{
    ngx_int_t                   rc;
    ngx_http_request_t         *r;
    ngx_http_prize_loc_conf_t  *plcf;
    ngx_prize_postgres_pool_t  *pool;

    r = ctx->request;
    plcf = ctx->conf;

    if (plcf->postgres == NULL) {
        return ngx_http_prize_unavailable(ctx, ctx->late
                                               ? NGX_HTTP_PRIZE_TIMEOUT
                                               : ctx->asked
                                               ? NGX_HTTP_PRIZE_ERROR
                                               : NGX_HTTP_PRIZE_SHED);
    }

    pool = ngx_prize_postgres_get((ngx_cycle_t *) ngx_cycle, plcf->postgres);
    if (pool == NULL
        || ngx_http_prize_postgres_asked(r, ctx, pool) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->lookup.query = plcf->query;
    ctx->lookup.timeout = plcf->postgres_timeout;
    ctx->lookup.handler = ngx_http_prize_postgres_handler;

    rc = ngx_prize_postgres_lookup(pool, &ctx->lookup);

    if (rc == NGX_OK) {
        ctx->postgres = pool;
        return NGX_DONE;
    }

    ngx_http_prize_peer_unasked(r);

    if (rc == NGX_BUSY) {
        return ngx_http_prize_unavailable(ctx, NGX_HTTP_PRIZE_SHED);
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_prize_refuse(ctx, NGX_HTTP_PRIZE_UNKNOWN,
                                     NGX_HTTP_NOT_FOUND);
    }

    return NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static ngx_int_t
ngx_http_prize_after_postgres(ngx_http_prize_ctx_t *ctx,
    ngx_prize_result_e result)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    switch (result) {

    case NGX_PRIZE_FOUND:
        ngx_http_prize_peer_answered(r, ctx, NGX_HTTP_OK);
        ngx_http_prize_write_back(ctx, &ctx->lookup.record);

        return ngx_http_prize_found(ctx, NGX_HTTP_PRIZE_POSTGRES,
                                    &ctx->lookup.record);

    case NGX_PRIZE_NOT_FOUND:
        ngx_http_prize_peer_answered(r, ctx, NGX_HTTP_NOT_FOUND);
        return ngx_http_prize_refuse(ctx, NGX_HTTP_PRIZE_UNKNOWN,
                                     NGX_HTTP_NOT_FOUND);

    case NGX_PRIZE_LATE:
        ngx_http_prize_peer_answered(r, ctx, NGX_HTTP_GATEWAY_TIME_OUT);
        return ngx_http_prize_unavailable(ctx, NGX_HTTP_PRIZE_TIMEOUT);

    default:
        ngx_http_prize_peer_answered(r, ctx, NGX_HTTP_BAD_GATEWAY);
        return ngx_http_prize_unavailable(ctx, NGX_HTTP_PRIZE_ERROR);
    }
}


static void
ngx_http_prize_postgres_handler(ngx_prize_lookup_t *lookup,
    ngx_prize_result_e result)
{
    ngx_http_prize_ctx_t  *ctx;

    ctx = lookup->data;
    ctx->postgres = NULL;

    if (ngx_http_prize_gone(ctx)) {
        return;
    }

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0,
                   "prize postgres result %d for \"%V\"", result, &ctx->id);

    ngx_http_prize_finalize(ctx, ngx_http_prize_after_postgres(ctx, result));
}


static ngx_int_t
ngx_http_prize_key(ngx_http_prize_ctx_t *ctx)
{
    ngx_str_t  key;

    if (ctx->conf->redis == NULL) {
        return NGX_OK;
    }

    if (ngx_http_prize_value_get(ctx->request, &ctx->conf->key_value, &key)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->lookup.key.data = (char *) key.data;
    ctx->lookup.key.len = key.len;
    ctx->lookup.command = &ctx->conf->pages->command;

    return NGX_OK;
}


static ngx_int_t
ngx_http_prize_start(ngx_http_prize_ctx_t *ctx)
{
    ngx_http_cleanup_t  *cln;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ngx_http_prize_key(ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!ctx->guarded) {
        cln = ngx_http_cleanup_add(r, 0);
        if (cln == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        cln->handler = ngx_http_prize_abandon;
        cln->data = ctx;
        ctx->guarded = 1;
    }

    ctx->lookup.id = ctx->id;
    ctx->lookup.fields = &ctx->conf->pages->fields;
    ctx->lookup.data = ctx;
    ctx->write_to = NULL;
    ctx->late = 0;
    ctx->asked = 0;
    ctx->post_action = r->post_action;

    if (ngx_http_prize_peer_init(r, ctx, ctx->conf->redis) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ctx->conf->redis ? ngx_http_prize_ask_redis(ctx)
                            : ngx_http_prize_ask_postgres(ctx);
}


ngx_int_t
ngx_http_prize_handler(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_http_prize_ctx_t  *ctx;

    ctx = ngx_http_prize_get_ctx(r);

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

    rc = ngx_http_prize_start(ctx);

    if (rc != NGX_DONE) {
        return rc;
    }

    ctx->counted = 1;
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

    ctx = ngx_http_prize_get_ctx(r);

    if (ctx == NULL) {
        return NGX_OK;
    }

    status = r->err_status ? r->err_status : r->headers_out.status;

    ngx_prize_count(status == NGX_HTTP_OK ? PRIZE_HTTP_200
                                          : prize_metrics_status(status));

    prize_histogram_add(ngx_prize_metrics, histograms[ctx->source],
                        ngx_prize_clock() - ctx->clock);

    return NGX_OK;
}
