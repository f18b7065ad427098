
/*
 * "prize_status": what goes on, for a person, a program and a balancer.
 */

#ifndef _NGX_HTTP_PRIZE_STATUS_H_INCLUDED_
#define _NGX_HTTP_PRIZE_STATUS_H_INCLUDED_


#include "ngx_http_prize.h"


ngx_int_t ngx_http_prize_status_prometheus_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_prize_status_json_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_prize_status_html_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_prize_status_health_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_prize_status_ready_handler(ngx_http_request_t *r);

/* what the document's Content-Security-Policy is to be, for all locations */
ngx_int_t ngx_http_prize_status_html_init(ngx_conf_t *cf);


#endif /* _NGX_HTTP_PRIZE_STATUS_H_INCLUDED_ */
