
/*
 * What a directive's value with variables is for one request.  The one
 * variable of most of them is asked for as it is: nginx's script engine would
 * ask it the same, for three times the price.
 */

#ifndef _NGX_HTTP_PRIZE_VALUE_H_INCLUDED_
#define _NGX_HTTP_PRIZE_VALUE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


typedef struct {
    ngx_http_complex_value_t  *complex;
    ngx_int_t                  index;    /* of its only variable, or */
                                         /*   NGX_ERROR: it is not so simple */
    ngx_str_t                  before;   /* the text around that */
    ngx_str_t                  after;
} ngx_http_prize_value_t;


/* "complex" must live as long as the configuration; NGX_ERROR: no memory */
ngx_int_t ngx_http_prize_value_init(ngx_conf_t *cf,
    ngx_http_prize_value_t *value, ngx_http_complex_value_t *complex);

/* may point into the request; NGX_ERROR: no memory */
ngx_int_t ngx_http_prize_value_get(ngx_http_request_t *r,
    ngx_http_prize_value_t *value, ngx_str_t *result);


#endif /* _NGX_HTTP_PRIZE_VALUE_H_INCLUDED_ */
