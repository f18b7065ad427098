
#include "ngx_http_prize_page.h"
#include "ngx_http_prize_status.h"


/* "name": a 64-bit number, and a comma */
#define NGX_HTTP_PRIZE_STATUS_ENTRY  (64 + NGX_INT64_LEN)


static ngx_int_t
ngx_http_prize_status_send(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *type, ngx_buf_t *b)
{
    ngx_int_t    rc;
    ngx_chain_t  out;

    r->headers_out.status = status;
    r->headers_out.content_length_n = ngx_buf_size(b);
    r->headers_out.content_type = *type;
    r->headers_out.content_type_len = type->len;
    r->headers_out.content_type_lowcase = NULL;

    if (ngx_http_prize_page_privacy(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


static ngx_int_t
ngx_http_prize_status_accept(ngx_http_request_t *r)
{
    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    return ngx_http_discard_request_body(r);
}


ngx_int_t
ngx_http_prize_status_json_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_buf_t                   *b;
    ngx_uint_t                   i;
    prize_metrics_t             *metrics;
    ngx_http_prize_main_conf_t  *pmcf;

    static ngx_str_t             type = ngx_string("application/json");

    rc = ngx_http_prize_status_accept(r);

    if (rc != NGX_OK) {
        return rc;
    }

    pmcf = ngx_http_get_module_main_conf(r, ngx_http_prize_module);
    metrics = pmcf->zone->data;

    b = ngx_create_temp_buf(r->pool, (PRIZE_GAUGES + 1)
                                     * NGX_HTTP_PRIZE_STATUS_ENTRY);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->last = ngx_sprintf(b->last, "{\"workers\":%uD",
                          prize_metrics_workers(metrics));

    for (i = 0; i < PRIZE_GAUGES; i++) {
        b->last = ngx_sprintf(b->last, ",\"%s\":%L",
                              prize_metrics_gauge_name(i),
                              prize_metrics_gauge(metrics, i));
    }

    b->last = ngx_cpymem(b->last, "}\n", 2);

    return ngx_http_prize_status_send(r, NGX_HTTP_OK, &type, b);
}


/* this worker's view: it answers 200 while it can ask somebody */

ngx_int_t
ngx_http_prize_status_health_handler(ngx_http_request_t *r)
{
    ngx_int_t         rc;
    ngx_buf_t        *b;
    ngx_uint_t        redis, postgres;

    static ngx_str_t  type = ngx_string("text/plain");

    rc = ngx_http_prize_status_accept(r);

    if (rc != NGX_OK) {
        return rc;
    }

    redis = ngx_prize_redis_healthy();
    postgres = ngx_prize_postgres_healthy();

    b = ngx_create_temp_buf(r->pool, NGX_HTTP_PRIZE_STATUS_ENTRY);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->last = ngx_sprintf(b->last, "redis %s, postgres %s\n",
                          redis ? "up" : "down", postgres ? "up" : "down");

    return ngx_http_prize_status_send(r, redis || postgres
                                         ? NGX_HTTP_OK
                                         : NGX_HTTP_SERVICE_UNAVAILABLE,
                                      &type, b);
}
