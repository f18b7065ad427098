
#include <ngx_config.h>

#include <openssl/evp.h>
#include <stdlib.h>

#include "ngx_http_prize_page.h"
#include "ngx_http_prize_status.h"
#include "prize_metrics_text.h"

/* written by "config" from ngx_http_prize_status.html, .css and .js */
#include "ngx_http_prize_status_html.h"


#define NGX_HTTP_PRIZE_HEALTH_LEN  64

#define NGX_HTTP_PRIZE_SHA256_LEN  32
#define NGX_HTTP_PRIZE_CSP_LEN     512


static ngx_str_t  ngx_http_prize_status_html =
    ngx_string(NGX_HTTP_PRIZE_STATUS_HTML);


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
    prize_text_t *text, ngx_int_t rc)
{
    ngx_buf_t           *b;
    ngx_pool_cleanup_t  *cln;

    if (prize_text_done(text) != 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b = ngx_calloc_buf(r->pool);
    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (rc != NGX_OK || b == NULL || cln == NULL) {
        free(text->data);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_prize_status_cleanup;
    cln->data = text->data;

    b->start = (u_char *) text->data;
    b->pos = b->start;
    b->last = b->pos + text->len;
    b->end = b->last;
    b->temporary = 1;

    return ngx_http_prize_status_send(r, NGX_HTTP_OK, type, b);
}


static ngx_http_prize_zone_t *
ngx_http_prize_status_zone(ngx_http_request_t *r)
{
    ngx_http_prize_main_conf_t  *pmcf;

    pmcf = ngx_http_get_module_main_conf(r, ngx_http_prize_module);

    return pmcf->zone->data;
}


ngx_int_t
ngx_http_prize_status_prometheus_handler(ngx_http_request_t *r)
{
    ngx_int_t               rc;
    prize_text_t            text;
    ngx_http_prize_zone_t  *zone;

    static ngx_str_t  type = ngx_string("text/plain; version=0.0.4");

    rc = ngx_http_prize_status_accept(r);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_memzero(&text, sizeof(prize_text_t));
    zone = ngx_http_prize_status_zone(r);

    rc = prize_metrics_prometheus(&zone->metrics, ngx_time(), &text) == 0
         ? NGX_OK : NGX_ERROR;

    return ngx_http_prize_status_text(r, &type, &text, rc);
}


/* with "since=SECOND" the history after it too */

ngx_int_t
ngx_http_prize_status_json_handler(ngx_http_request_t *r)
{
    ngx_int_t               rc, since;
    ngx_str_t               value;
    prize_text_t            text;
    ngx_http_prize_zone_t  *zone;

    static ngx_str_t  type = ngx_string("application/json");

    rc = ngx_http_prize_status_accept(r);

    if (rc != NGX_OK) {
        return rc;
    }

    since = NGX_ERROR;

    if (ngx_http_arg(r, (u_char *) "since", 5, &value) == NGX_OK) {
        since = ngx_atoi(value.data, value.len);

        if (since == NGX_ERROR) {
            return NGX_HTTP_BAD_REQUEST;
        }
    }

    ngx_memzero(&text, sizeof(prize_text_t));
    zone = ngx_http_prize_status_zone(r);

    prize_text_add(&text, "{");
    rc = prize_metrics_json(&zone->metrics, ngx_time(), &text) == 0
         ? NGX_OK : NGX_ERROR;

    if (since != NGX_ERROR) {
        prize_history_json(&zone->history, since, &text);
    }

    prize_text_add(&text, "}\n");

    return ngx_http_prize_status_text(r, &type, &text, rc);
}


/* "'sha256-...'" of what stands between the two tags */

static u_char *
ngx_http_prize_status_hash(u_char *p, const char *start, const char *end)
{
    u_char     *first, *last, hash[NGX_HTTP_PRIZE_SHA256_LEN];
    ngx_str_t   in, out;

    first = (u_char *) ngx_strstr(ngx_http_prize_status_html.data, start)
            + ngx_strlen(start);
    last = (u_char *) ngx_strstr(first, end);

    if (EVP_Digest(first, last - first, hash, NULL, EVP_sha256(), NULL) != 1) {
        return NULL;
    }

    in.len = NGX_HTTP_PRIZE_SHA256_LEN;
    in.data = hash;

    p = ngx_cpymem(p, "'sha256-", sizeof("'sha256-") - 1);
    out.data = p;
    ngx_encode_base64(&out, &in);
    p += out.len;
    *p++ = '\'';

    return p;
}


/* it asks nobody but itself, and runs nothing but its own */

ngx_int_t
ngx_http_prize_status_html_init(ngx_conf_t *cf)
{
    u_char                      *p;
    ngx_str_t                   *csp;
    ngx_http_prize_main_conf_t  *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_prize_module);
    csp = &pmcf->status_csp;

    if (csp->data) {
        return NGX_OK;
    }

    csp->data = ngx_pnalloc(cf->pool, NGX_HTTP_PRIZE_CSP_LEN);
    if (csp->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(csp->data, "default-src 'none'; connect-src 'self'; "
                    "img-src data:; base-uri 'none'; form-action 'none'; "
                    "frame-ancestors 'none'; style-src ");
    p = ngx_http_prize_status_hash(p, "<style>", "</style>");

    if (p) {
        p = ngx_sprintf(p, "; script-src ");
        p = ngx_http_prize_status_hash(p, "<script>", "</script>");
    }

    if (p == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "OpenSSL has no SHA-256, which "
                           "\"prize_status html\" needs");
        return NGX_ERROR;
    }

    csp->len = p - csp->data;

    return NGX_OK;
}


/* the document, and with "?json" what it draws */

ngx_int_t
ngx_http_prize_status_html_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_buf_t                   *b;
    ngx_http_prize_main_conf_t  *pmcf;

    static ngx_str_t  type = ngx_string("text/html; charset=utf-8");
    static ngx_str_t  name = ngx_string("Content-Security-Policy");

    if (r->args.len >= 4 && ngx_strncmp(r->args.data, "json", 4) == 0
        && (r->args.len == 4 || r->args.data[4] == '&'))
    {
        return ngx_http_prize_status_json_handler(r);
    }

    rc = ngx_http_prize_status_accept(r);

    if (rc != NGX_OK) {
        return rc;
    }

    pmcf = ngx_http_get_module_main_conf(r, ngx_http_prize_module);

    b = ngx_calloc_buf(r->pool);

    if (b == NULL
        || ngx_http_prize_page_header(r, &name, &pmcf->status_csp) == NULL)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->pos = ngx_http_prize_status_html.data;
    b->last = b->pos + ngx_http_prize_status_html.len;
    b->memory = 1;

    return ngx_http_prize_status_send(r, NGX_HTTP_OK, &type, b);
}


/* 200 with a line if something is true, else 503 */

static ngx_int_t
ngx_http_prize_status_line(ngx_http_request_t *r, ngx_uint_t is,
    ngx_str_t *line)
{
    ngx_buf_t  *b;

    static ngx_str_t  type = ngx_string("text/plain");

    b = ngx_create_temp_buf(r->pool, line->len);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->last = ngx_cpymem(b->last, line->data, line->len);

    return ngx_http_prize_status_send(r, is ? NGX_HTTP_OK
                                            : NGX_HTTP_SERVICE_UNAVAILABLE,
                                      &type, b);
}


/* this worker's view: it answers 200 while it can ask somebody */

ngx_int_t
ngx_http_prize_status_health_handler(ngx_http_request_t *r)
{
    u_char      text[NGX_HTTP_PRIZE_HEALTH_LEN];
    ngx_int_t   rc;
    ngx_str_t   line;
    ngx_uint_t  redis, postgres;

    rc = ngx_http_prize_status_accept(r);

    if (rc != NGX_OK) {
        return rc;
    }

    redis = ngx_prize_redis_healthy();
    postgres = ngx_prize_postgres_healthy();

    line.data = text;
    line.len = ngx_sprintf(text, "redis %s, postgres %s%s\n",
                           redis ? "up" : "down", postgres ? "up" : "down",
                           ngx_prize_postgres_wrong()
                           ? " but a query is wrong" : "")
               - text;

    return ngx_http_prize_status_line(r, redis || postgres, &line);
}


/* the view of all workers, which a store that dies does not change */

ngx_int_t
ngx_http_prize_status_ready_handler(ngx_http_request_t *r)
{
    ngx_int_t   rc;
    ngx_str_t   line;
    ngx_uint_t  ready;

    rc = ngx_http_prize_status_accept(r);

    if (rc != NGX_OK) {
        return rc;
    }

    ready = ngx_prize_ready_noted();

    if (ready) {
        ngx_str_set(&line, "ready\n");

    } else {
        /* who asks for no page has nobody connect again but by this */
        (void) ngx_prize_redis_healthy();

        ngx_str_set(&line, "no store has answered yet\n");
    }

    return ngx_http_prize_status_line(r, ready, &line);
}
