
#include <stdlib.h>

#include "ngx_http_prize_page.h"
#include "ngx_http_prize_status.h"


#define NGX_HTTP_PRIZE_HEALTH_LEN  64


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


static void
ngx_http_prize_status_cleanup(void *data)
{
    free(data);
}


/* what core has written becomes a buffer of the request's */

static ngx_int_t
ngx_http_prize_status_text(ngx_http_request_t *r, ngx_str_t *type,
    long (*write)(const prize_metrics_t *metrics, char **text))
{
    long                         len;
    char                        *text;
    ngx_int_t                    rc;
    ngx_buf_t                   *b;
    ngx_pool_cleanup_t          *cln;
    ngx_http_prize_main_conf_t  *pmcf;

    rc = ngx_http_prize_status_accept(r);

    if (rc != NGX_OK) {
        return rc;
    }

    pmcf = ngx_http_get_module_main_conf(r, ngx_http_prize_module);

    b = ngx_calloc_buf(r->pool);
    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (b == NULL || cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    len = write(pmcf->zone->data, &text);

    if (len < 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_prize_status_cleanup;
    cln->data = text;

    b->start = (u_char *) text;
    b->pos = b->start;
    b->last = b->pos + len;
    b->end = b->last;
    b->temporary = 1;

    return ngx_http_prize_status_send(r, NGX_HTTP_OK, type, b);
}


ngx_int_t
ngx_http_prize_status_prometheus_handler(ngx_http_request_t *r)
{
    static ngx_str_t  type = ngx_string("text/plain; version=0.0.4");

    return ngx_http_prize_status_text(r, &type, prize_metrics_prometheus);
}


ngx_int_t
ngx_http_prize_status_json_handler(ngx_http_request_t *r)
{
    static ngx_str_t  type = ngx_string("application/json");

    return ngx_http_prize_status_text(r, &type, prize_metrics_json);
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

    b = ngx_create_temp_buf(r->pool, NGX_HTTP_PRIZE_HEALTH_LEN);
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
