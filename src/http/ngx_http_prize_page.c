
#include "ngx_http_prize_ctx.h"
#include "ngx_http_prize_page.h"
#include "ngx_prize_block.h"
#include "ngx_prize_notice.h"


static ngx_str_t  ngx_http_prize_no_store = ngx_string("private, no-store");

static ngx_str_t  ngx_http_prize_referrer_policy =
    ngx_string("Referrer-Policy");
static ngx_str_t  ngx_http_prize_no_referrer = ngx_string("no-referrer");

static ngx_str_t  ngx_http_prize_content_type_options =
    ngx_string("X-Content-Type-Options");
static ngx_str_t  ngx_http_prize_nosniff = ngx_string("nosniff");

static ngx_str_t  ngx_http_prize_content_encoding =
    ngx_string("Content-Encoding");
static ngx_str_t  ngx_http_prize_gzip = ngx_string("gzip");

static ngx_str_t  ngx_http_prize_vary = ngx_string("Vary");
static ngx_str_t  ngx_http_prize_accept_encoding =
    ngx_string("Accept-Encoding");


static ngx_str_t  ngx_http_prize_csp = ngx_string("Content-Security-Policy");

static ngx_http_output_header_filter_pt  ngx_http_prize_next_header_filter;

static ngx_prize_notice_t  ngx_http_prize_page_large;


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


ngx_table_elt_t *
ngx_http_prize_page_header(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key = *name;
    h->value = *value;

    return h;
}


/* nginx 1.23 has a list where there was an array of pointers */

static ngx_int_t
ngx_http_prize_page_know_cache_control(ngx_http_request_t *r,
    ngx_table_elt_t *h)
{
#if (nginx_version >= 1023000)

    ngx_table_elt_t  **ph;

    ph = &r->headers_out.cache_control;

    while (*ph) {
        ph = &(*ph)->next;
    }

#else

    ngx_array_t       *headers;
    ngx_table_elt_t  **ph;

    headers = &r->headers_out.cache_control;

    if (headers->elts == NULL
        && ngx_array_init(headers, r->pool, 1, sizeof(ngx_table_elt_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ph = ngx_array_push(headers);
    if (ph == NULL) {
        return NGX_ERROR;
    }

#endif

    *ph = h;

    return NGX_OK;
}


/*
 * "expires" rewrites the header that nginx knows of, or else adds one: what it
 * knows here is another one, which is not sent.
 */

static ngx_int_t
ngx_http_prize_page_cache_control(ngx_http_request_t *r)
{
    ngx_table_elt_t   *h;

    static ngx_str_t   name = ngx_string("Cache-Control");

    h = ngx_pcalloc(r->pool, sizeof(ngx_table_elt_t));

    if (h == NULL
        || ngx_http_prize_page_header(r, &name, &ngx_http_prize_no_store)
           == NULL)
    {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key = name;
    h->value = ngx_http_prize_no_store;

    return ngx_http_prize_page_know_cache_control(r, h);
}


ngx_int_t
ngx_http_prize_page_privacy(ngx_http_request_t *r)
{
    if (ngx_http_prize_page_cache_control(r) != NGX_OK
        || ngx_http_prize_page_header(r, &ngx_http_prize_referrer_policy,
                                      &ngx_http_prize_no_referrer)
           == NULL
        || ngx_http_prize_page_header(r, &ngx_http_prize_content_type_options,
                                      &ngx_http_prize_nosniff)
           == NULL)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* nginx's own decision about this client, which knows all the directives */

static ngx_uint_t
ngx_http_prize_page_gzips(ngx_http_request_t *r,
    ngx_http_prize_loc_conf_t *plcf)
{
#if (NGX_HTTP_GZIP)
    return plcf->gzip && ngx_http_gzip_ok(r) == NGX_OK;
#else
    return 0;
#endif
}


static ngx_int_t
ngx_http_prize_page_vary(ngx_http_request_t *r)
{
#if (NGX_HTTP_GZIP)
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->gzip_vary) {
        r->gzip_vary = 1;
        return NGX_OK;
    }
#endif

    return ngx_http_prize_page_header(r, &ngx_http_prize_vary,
                                      &ngx_http_prize_accept_encoding)
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_prize_page_encoding(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = ngx_http_prize_page_header(r, &ngx_http_prize_content_encoding,
                                   &ngx_http_prize_gzip);
    if (h == NULL) {
        return NGX_ERROR;
    }

    r->headers_out.content_encoding = h;

    return NGX_OK;
}


static ngx_int_t
ngx_http_prize_page_policy(ngx_http_request_t *r,
    ngx_http_prize_loc_conf_t *plcf, ngx_http_prize_page_t *page)
{
    ngx_str_t              *policy;
    ngx_http_prize_ctx_t   *ctx;
    ngx_http_prize_page_t  *first;

    if (plcf->policies == NULL) {
        return NGX_OK;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_prize_module);

    first = plcf->pages->list.elts;
    policy = &plcf->policies[page - first];

    ctx->policy = ngx_http_prize_page_header(r, &ngx_http_prize_csp, policy);

    return ctx->policy ? NGX_OK : NGX_ERROR;
}


/*
 * A browser obeys all the policies that it is sent, and one that "add_header"
 * has for the whole server would forbid what this page needs.
 */

static ngx_int_t
ngx_http_prize_page_header_filter(ngx_http_request_t *r)
{
    ngx_uint_t             i;
    ngx_list_part_t       *part;
    ngx_table_elt_t       *h;
    ngx_http_prize_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_prize_module);

    if (ctx == NULL || ctx->policy == NULL) {
        return ngx_http_prize_next_header_filter(r);
    }

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (&h[i] != ctx->policy
                && h[i].key.len == ngx_http_prize_csp.len
                && ngx_strncasecmp(h[i].key.data, ngx_http_prize_csp.data,
                                   ngx_http_prize_csp.len)
                   == 0)
            {
                h[i].hash = 0;
            }
        }
    }

    return ngx_http_prize_next_header_filter(r);
}


void
ngx_http_prize_page_init(void)
{
    ngx_http_prize_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_prize_page_header_filter;
}


static ngx_int_t
ngx_http_prize_page_headers(ngx_http_request_t *r,
    ngx_http_prize_loc_conf_t *plcf, ngx_http_prize_page_t *page,
    size_t length, ngx_uint_t gzip)
{
    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = length;

    ngx_str_set(&r->headers_out.content_type, "text/html; charset=utf-8");
    r->headers_out.content_type_len = sizeof("text/html") - 1;
    r->headers_out.content_type_lowcase = NULL;

    /* a page has no date and no tag that a client could name */
    r->disable_not_modified = 1;

    if (ngx_http_prize_page_policy(r, plcf, page) != NGX_OK
        || (plcf->gzip && ngx_http_prize_page_vary(r) != NGX_OK))
    {
        return NGX_ERROR;
    }

    /* the last that can fail: the page of an error is not compressed */

    return gzip ? ngx_http_prize_page_encoding(r) : NGX_OK;
}


/* links, buffers and what is not static, in one piece of memory */

static ngx_chain_t *
ngx_http_prize_page_alloc(ngx_http_request_t *r, prize_output_room_t *room,
    prize_output_t *out)
{
    ngx_chain_t  *chain;
    prize_str_t  *pieces;

    chain = ngx_prize_block_alloc(r->pool,
                                  room->pieces * (sizeof(ngx_chain_t)
                                                  + sizeof(ngx_buf_t)
                                                  + sizeof(prize_str_t))
                                  + room->dynamic);
    if (chain == NULL) {
        return NULL;
    }

    pieces = (prize_str_t *) ((u_char *) chain
                              + room->pieces * (sizeof(ngx_chain_t)
                                                + sizeof(ngx_buf_t)));

    prize_output_init(out, pieces, (char *) &pieces[room->pieces]);

    return chain;
}


static ngx_chain_t *
ngx_http_prize_page_plain(ngx_http_request_t *r, ngx_http_prize_page_t *page,
    const prize_record_t *record, size_t values, prize_output_t *out)
{
    ngx_chain_t          *chain;
    prize_plain_t         plain;
    prize_output_room_t   room;

    room = page->room;
    room.dynamic += values;

    chain = ngx_http_prize_page_alloc(r, &room, out);

    if (chain) {
        prize_plain_init(&plain, out);
        (void) prize_template_render(page->template, record, &plain.sink);
    }

    return chain;
}


static ngx_chain_t *
ngx_http_prize_page_gzip(ngx_http_request_t *r, ngx_http_prize_page_t *page,
    const prize_record_t *record, size_t values, prize_output_t *out)
{
    ngx_chain_t          *chain;
    prize_gzip_sink_t     gzip;
    prize_output_room_t   room;

    room = prize_gzip_room(page->gzip, values);

    chain = ngx_http_prize_page_alloc(r, &room, out);

    if (chain) {
        prize_gzip_init(&gzip, page->gzip, record, out);
        (void) prize_template_render(page->template, record, &gzip.sink);
        prize_gzip_finish(&gzip);
    }

    return chain;
}


static void
ngx_http_prize_page_link(ngx_http_request_t *r, ngx_chain_t *chain,
    prize_output_t *out)
{
    u_char       *dynamic;
    ngx_buf_t    *b;
    ngx_uint_t    i;
    prize_str_t  *piece;

    /* in the order of their allocation: links, buffers, pieces, bytes */

    b = (ngx_buf_t *) ((u_char *) out->pieces
                       - out->n * sizeof(ngx_buf_t));
    dynamic = (u_char *) out->pieces;

    ngx_memzero(b, out->n * sizeof(ngx_buf_t));

    for (i = 0; i < out->n; i++) {
        piece = &out->pieces[i];

        b[i].pos = (u_char *) piece->data;
        b[i].last = b[i].pos + piece->len;
        b[i].start = b[i].pos;
        b[i].end = b[i].last;

        /* a filter may write to what belongs to this page alone */

        if (b[i].pos > dynamic && b[i].pos < (u_char *) out->pos) {
            b[i].temporary = 1;

        } else {
            b[i].memory = 1;
        }

        chain[i].buf = &b[i];
        chain[i].next = &chain[i + 1];
    }

    chain[i - 1].next = NULL;

    b[i - 1].last_buf = (r == r->main);
    b[i - 1].last_in_chain = 1;
}


ngx_int_t
ngx_http_prize_page_values(ngx_http_prize_page_t *page,
    const prize_record_t *record, size_t *values)
{
    uint64_t            size;
    const prize_str_t  *id;

    size = prize_template_values(page->template, record);

    if (size <= PRIZE_TEMPLATE_VALUES_MAX) {
        *values = (size_t) size;
        return NGX_OK;
    }

    id = &record->values[PRIZE_FIELD_ID];

    ngx_prize_notice(&ngx_http_prize_page_large, NGX_LOG_ERR, ngx_cycle->log,
                     0, "id \"%*s\": its values may take %uL bytes on \"%V\", "
                     "at most %d fit on a page", id->len, id->data, size,
                     &page->file, PRIZE_TEMPLATE_VALUES_MAX);

    return NGX_ERROR;
}


ngx_int_t
ngx_http_prize_page_send(ngx_http_request_t *r,
    ngx_http_prize_loc_conf_t *plcf, ngx_http_prize_page_t *page,
    const prize_record_t *record, size_t values)
{
    ngx_int_t        rc;
    ngx_uint_t       gzip;
    ngx_chain_t     *chain;
    prize_output_t   out;

    gzip = ngx_http_prize_page_gzips(r, plcf);

    chain = gzip ? ngx_http_prize_page_gzip(r, page, record, values, &out)
                 : ngx_http_prize_page_plain(r, page, record, values, &out);

    if (chain == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    prize_output_finish(&out);

    if (ngx_http_prize_page_headers(r, plcf, page, out.length, gzip)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    if (out.n == 0) {
        return (r == r->main) ? ngx_http_send_special(r, NGX_HTTP_LAST) : rc;
    }

    ngx_http_prize_page_link(r, chain, &out);

    return ngx_http_output_filter(r, chain);
}
