
#include "ngx_http_prize_value.h"


static ngx_uint_t
ngx_http_prize_value_is_name(u_char ch)
{
    return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z')
           || (ch >= '0' && ch <= '9') || ch == '_';
}


/* nginx has compiled it, so that its braces are known to be paired */

ngx_int_t
ngx_http_prize_value_init(ngx_conf_t *cf, ngx_http_prize_value_t *value,
    ngx_http_complex_value_t *complex)
{
    u_char     *p, *last;
    ngx_str_t   name;

    value->complex = complex;
    value->index = NGX_ERROR;
    value->before.data = complex->value.data;

    last = complex->value.data + complex->value.len;

    p = ngx_strlchr(complex->value.data, last, '$');

    if (p == NULL || ngx_strlchr(p + 1, last, '$')) {
        return NGX_OK;
    }

    value->before.len = p - complex->value.data;

    name.data = p + ((p[1] == '{') ? 2 : 1);

    for (p = name.data; p < last && ngx_http_prize_value_is_name(*p); p++) {
        /* void */
    }

    name.len = p - name.data;
    value->after.data = p + (name.data[-1] == '{');
    value->after.len = last - value->after.data;

    /* a capture is no variable */

    if (name.data[0] >= '0' && name.data[0] <= '9') {
        return NGX_OK;
    }

    value->index = ngx_http_get_variable_index(cf, &name);

    return (value->index == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}


ngx_int_t
ngx_http_prize_value_get(ngx_http_request_t *r, ngx_http_prize_value_t *value,
    ngx_str_t *result)
{
    u_char                     *p;
    ngx_http_variable_value_t  *v;

    if (value->index == NGX_ERROR) {
        return ngx_http_complex_value(r, value->complex, result);
    }

    v = ngx_http_get_flushed_variable(r, value->index);

    if (v == NULL || v->not_found) {
        v = &ngx_http_variable_null_value;
    }

    if (value->before.len + value->after.len == 0) {
        result->data = v->data;
        result->len = v->len;
        return NGX_OK;
    }

    result->len = value->before.len + v->len + value->after.len;

    result->data = ngx_pnalloc(r->pool, result->len);
    if (result->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(result->data, value->before.data, value->before.len);
    p = ngx_cpymem(p, v->data, v->len);
    ngx_memcpy(p, value->after.data, value->after.len);

    return NGX_OK;
}
