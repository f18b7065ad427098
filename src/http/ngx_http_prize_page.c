
#include "ngx_http_prize_page.h"


/* renders twice: the first time to know how much, the second time to write */

typedef struct {
    prize_sink_t    sink;
    size_t          length;     /* of the page */
    size_t          dynamic;    /* bytes of it that are not static */
    ngx_uint_t      buffers;
    unsigned        open:1;     /* the last buffer takes further values */
} ngx_http_prize_measure_t;


typedef struct {
    prize_sink_t    sink;
    ngx_chain_t    *chain;      /* the next link to fill in */
    ngx_chain_t    *last;
    u_char         *pos;        /* where the next value goes */
    unsigned        open:1;
} ngx_http_prize_writer_t;


static ngx_str_t  ngx_http_prize_no_store = ngx_string("private, no-store");

static ngx_str_t  ngx_http_prize_referrer_policy =
    ngx_string("Referrer-Policy");
static ngx_str_t  ngx_http_prize_no_referrer = ngx_string("no-referrer");

static ngx_str_t  ngx_http_prize_content_type_options =
    ngx_string("X-Content-Type-Options");
static ngx_str_t  ngx_http_prize_nosniff = ngx_string("nosniff");

static ngx_str_t  ngx_http_prize_vary = ngx_string("Vary");
static ngx_str_t  ngx_http_prize_accept_encoding =
    ngx_string("Accept-Encoding");


static ngx_uint_t
ngx_http_prize_page_meets(ngx_http_prize_condition_t *condition,
    const prize_str_t *values)
{
    ngx_uint_t          yes;
    const prize_str_t  *value;

    if (!condition->conditional) {
        return 1;
    }

    value = &values[condition->field];

    if (condition->compare) {
        yes = (value->len == condition->value.len
               && ngx_memcmp(value->data, condition->value.data, value->len)
                  == 0);

    } else {
        yes = prize_value_is_true(value);
    }

    return yes != condition->negative;
}


ngx_http_prize_page_t *
ngx_http_prize_page_choose(ngx_http_prize_pages_t *pages,
    const prize_str_t *values)
{
    ngx_uint_t              i;
    ngx_http_prize_page_t  *page;

    page = pages->list.elts;

    for (i = 0; i < pages->list.nelts; i++) {
        if (ngx_http_prize_page_meets(&page[i].condition, values)) {
            return &page[i];
        }
    }

    return NULL;
}


static int
ngx_http_prize_measure_literal(prize_sink_t *sink,
    const prize_segment_t *segment)
{
    ngx_http_prize_measure_t  *measure = (ngx_http_prize_measure_t *) sink;

    measure->length += segment->len;
    measure->buffers++;
    measure->open = 0;

    return 0;
}


static int
ngx_http_prize_measure_field(prize_sink_t *sink, const prize_str_t *value,
    unsigned escape)
{
    size_t                     len;
    ngx_http_prize_measure_t  *measure = (ngx_http_prize_measure_t *) sink;

    if (value->len == 0) {
        return 0;
    }

    len = escape ? prize_escaped_length(value) : value->len;

    measure->length += len;
    measure->dynamic += len;

    if (!measure->open) {
        measure->buffers++;
        measure->open = 1;
    }

    return 0;
}


static ngx_buf_t *
ngx_http_prize_writer_next(ngx_http_prize_writer_t *writer)
{
    writer->last = writer->chain;
    writer->chain = writer->chain->next;

    return writer->last->buf;
}


static int
ngx_http_prize_writer_literal(prize_sink_t *sink,
    const prize_segment_t *segment)
{
    ngx_buf_t                *b;
    ngx_http_prize_writer_t  *writer = (ngx_http_prize_writer_t *) sink;

    b = ngx_http_prize_writer_next(writer);

    b->pos = (u_char *) segment->data;
    b->last = b->pos + segment->len;
    b->start = b->pos;
    b->end = b->last;
    b->memory = 1;

    writer->open = 0;

    return 0;
}


static int
ngx_http_prize_writer_field(prize_sink_t *sink, const prize_str_t *value,
    unsigned escape)
{
    u_char                   *end;
    ngx_buf_t                *b;
    ngx_http_prize_writer_t  *writer = (ngx_http_prize_writer_t *) sink;

    if (value->len == 0) {
        return 0;
    }

    if (escape) {
        end = (u_char *) prize_escape((char *) writer->pos, value);

    } else {
        end = ngx_cpymem(writer->pos, value->data, value->len);
    }

    if (!writer->open) {
        b = ngx_http_prize_writer_next(writer);

        b->pos = writer->pos;
        b->start = writer->pos;
        b->temporary = 1;

        writer->open = 1;
    }

    writer->last->buf->last = end;
    writer->last->buf->end = end;
    writer->pos = end;

    return 0;
}


/* links, buffers and values of a page in one piece of memory */

static ngx_chain_t *
ngx_http_prize_page_chain(ngx_http_request_t *r, ngx_uint_t n, size_t dynamic,
    u_char **values)
{
    ngx_buf_t    *buf;
    ngx_uint_t    i;
    ngx_chain_t  *chain;

    chain = ngx_palloc(r->pool, n * (sizeof(ngx_chain_t) + sizeof(ngx_buf_t))
                                + dynamic);
    if (chain == NULL) {
        return NULL;
    }

    buf = (ngx_buf_t *) &chain[n];
    ngx_memzero(buf, n * sizeof(ngx_buf_t));

    for (i = 0; i < n; i++) {
        chain[i].buf = &buf[i];
        chain[i].next = &chain[i + 1];
    }

    chain[n - 1].next = NULL;

    *values = (u_char *) &buf[n];

    return chain;
}


ngx_int_t
ngx_http_prize_page_header(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key = *name;
    h->value = *value;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    return NGX_OK;
}


/* known to nginx, so that "expires" finds it and adds no second one */

static ngx_int_t
ngx_http_prize_page_cache_control(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h, **ph;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "Cache-Control");
    h->value = ngx_http_prize_no_store;

#if (nginx_version >= 1023000)

    h->next = NULL;
    ph = &r->headers_out.cache_control;

    while (*ph) {
        ph = &(*ph)->next;
    }

#else

    if (r->headers_out.cache_control.elts == NULL
        && ngx_array_init(&r->headers_out.cache_control, r->pool, 1,
                          sizeof(ngx_table_elt_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ph = ngx_array_push(&r->headers_out.cache_control);
    if (ph == NULL) {
        return NGX_ERROR;
    }

#endif

    *ph = h;

    return NGX_OK;
}


ngx_int_t
ngx_http_prize_page_privacy(ngx_http_request_t *r)
{
    if (ngx_http_prize_page_cache_control(r) != NGX_OK
        || ngx_http_prize_page_header(r, &ngx_http_prize_referrer_policy,
                                      &ngx_http_prize_no_referrer)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_prize_page_header(r, &ngx_http_prize_content_type_options,
                                      &ngx_http_prize_nosniff);
}


static ngx_int_t
ngx_http_prize_page_headers(ngx_http_request_t *r,
    ngx_http_prize_loc_conf_t *plcf, size_t length)
{
#if (NGX_HTTP_GZIP)
    ngx_http_core_loc_conf_t  *clcf;
#endif

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = length;

    ngx_str_set(&r->headers_out.content_type, "text/html; charset=utf-8");
    r->headers_out.content_type_len = sizeof("text/html") - 1;
    r->headers_out.content_type_lowcase = NULL;

    if (!plcf->gzip) {
        return NGX_OK;
    }

#if (NGX_HTTP_GZIP)

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->gzip_vary) {
        r->gzip_vary = 1;
        return NGX_OK;
    }

#endif

    return ngx_http_prize_page_header(r, &ngx_http_prize_vary,
                                      &ngx_http_prize_accept_encoding);
}


ngx_int_t
ngx_http_prize_page_send(ngx_http_request_t *r,
    ngx_http_prize_loc_conf_t *plcf, ngx_http_prize_page_t *page,
    const prize_record_t *record)
{
    ngx_int_t                 rc;
    ngx_buf_t                *last;
    ngx_chain_t              *out;
    ngx_http_prize_writer_t   writer;
    ngx_http_prize_measure_t  measure;

    ngx_memzero(&measure, sizeof(ngx_http_prize_measure_t));
    measure.sink.literal = ngx_http_prize_measure_literal;
    measure.sink.field = ngx_http_prize_measure_field;

    (void) prize_template_render(page->template, record, &measure.sink);

    if (ngx_http_prize_page_headers(r, plcf, measure.length) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    if (measure.buffers == 0) {
        return (r == r->main) ? ngx_http_send_special(r, NGX_HTTP_LAST) : rc;
    }

    ngx_memzero(&writer, sizeof(ngx_http_prize_writer_t));
    writer.sink.literal = ngx_http_prize_writer_literal;
    writer.sink.field = ngx_http_prize_writer_field;

    out = ngx_http_prize_page_chain(r, measure.buffers, measure.dynamic,
                                    &writer.pos);
    if (out == NULL) {
        return NGX_ERROR;
    }

    writer.chain = out;

    (void) prize_template_render(page->template, record, &writer.sink);

    last = writer.last->buf;
    last->last_buf = (r == r->main);
    last->last_in_chain = 1;

    return ngx_http_output_filter(r, out);
}
