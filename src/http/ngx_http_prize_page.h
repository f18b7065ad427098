
/*
 * A record on its way out: the page that is meant for it, its headers, and
 * its buffers, of which the static ones were made with the configuration.
 */

#ifndef _NGX_HTTP_PRIZE_PAGE_H_INCLUDED_
#define _NGX_HTTP_PRIZE_PAGE_H_INCLUDED_


#include "ngx_http_prize.h"


/* at configuration, before the filters that see an answer later */
void ngx_http_prize_page_init(void);

/* the first page whose condition the record meets, or NULL */
ngx_http_prize_page_t *ngx_http_prize_page_choose(
    ngx_http_prize_pages_t *pages, const prize_str_t *values);

/* the most bytes that they take; NGX_ERROR, logged: more than a page may */
ngx_int_t ngx_http_prize_page_values(ngx_http_prize_page_t *page,
    const prize_record_t *record, size_t *values);

/* sends headers and page; what a content handler returns */
ngx_int_t ngx_http_prize_page_send(ngx_http_request_t *r,
    ngx_http_prize_loc_conf_t *plcf, ngx_http_prize_page_t *page,
    const prize_record_t *record, size_t values);

/* the headers of every answer of a location with pages, errors included */
ngx_int_t ngx_http_prize_page_privacy(ngx_http_request_t *r);

/*
 * A response header, or NULL without memory; name and value are constants, or
 * live in the pool.
 */
ngx_table_elt_t *ngx_http_prize_page_header(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *value);


#endif /* _NGX_HTTP_PRIZE_PAGE_H_INCLUDED_ */
