
#include "ngx_http_prize_open.h"
#include "prize_moment.h"


static ngx_int_t
ngx_http_prize_open_moment(ngx_conf_t *cf, const char *name, u_char *value,
    time_t *moment)
{
    const char  *fault;

    fault = prize_moment_parse((char *) value, moment);

    if (fault == NULL) {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"prize_open\" takes moments such as "
                       "\"2026-12-24T09:00:00+08:00\", not \"%s%s\": %s",
                       name, value, fault);

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_prize_open_until(ngx_conf_t *cf, ngx_http_prize_open_t *open,
    ngx_str_t *parameter)
{
    if (open->closes) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_open\" takes \"until=\" once, and \"%V\" "
                           "is another", parameter);
        return NGX_ERROR;
    }

    open->closes = 1;

    if (ngx_http_prize_open_moment(cf, "until=", parameter->data + 6,
                                   &open->until)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (open->until <= open->from) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_open\" ends with \"%V\" before it has "
                           "begun", parameter);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* ID[,ID...]; may be given several times */

static ngx_int_t
ngx_http_prize_open_early(ngx_conf_t *cf, ngx_http_prize_open_t *open,
    ngx_str_t *parameter)
{
    size_t      i;
    u_char     *p, *last, *comma;
    ngx_str_t  *id;

    p = parameter->data + 6;
    last = parameter->data + parameter->len;

    for ( ;; ) {
        comma = ngx_strlchr(p, last, ',');
        comma = comma ? comma : last;

        id = ngx_array_push(&open->early);
        if (id == NULL) {
            return NGX_ERROR;
        }

        id->data = p;
        id->len = comma - p;

        for (i = 0; i < id->len && prize_id_allowed(id->data[i]); i++) {
            /* void */
        }

        if (id->len == 0 || i < id->len || id->len > PRIZE_SIGNATURE_ID_MAX) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"prize_open\" takes \"early=ID[,ID...]\", "
                               "each ID of A-Z a-z 0-9 . _ @ -, not \"%V\" "
                               "in \"%V\"", id, parameter);
            return NGX_ERROR;
        }

        if (comma == last) {
            return NGX_OK;
        }

        p = comma + 1;
    }
}


static ngx_int_t
ngx_http_prize_open_parameter(ngx_conf_t *cf, ngx_http_prize_open_t *open,
    ngx_str_t *parameter)
{
    if (ngx_strncmp(parameter->data, "until=", 6) == 0) {
        return ngx_http_prize_open_until(cf, open, parameter);
    }

    if (ngx_strncmp(parameter->data, "early=", 6) == 0) {
        return ngx_http_prize_open_early(cf, open, parameter);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"prize_open\" takes a moment, \"until=\" and "
                       "\"early=\", not \"%V\"", parameter);

    return NGX_ERROR;
}


char *
ngx_http_prize_open(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_str_t                  *value;
    ngx_uint_t                  i;
    ngx_http_prize_open_t      *open;

    if (plcf->open != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        plcf->open = NULL;
        return NGX_CONF_OK;
    }

    open = ngx_pcalloc(cf->pool, sizeof(ngx_http_prize_open_t));

    if (open == NULL
        || ngx_array_init(&open->early, cf->pool, 4, sizeof(ngx_str_t))
           != NGX_OK
        || ngx_http_prize_open_moment(cf, "", value[1].data, &open->from)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_prize_open_parameter(cf, open, &value[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    plcf->open = open;

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_http_prize_open_is_early(const ngx_http_prize_open_t *open,
    const ngx_str_t *id)
{
    ngx_str_t   *early;
    ngx_uint_t   i;

    early = open->early.elts;

    for (i = 0; i < open->early.nelts; i++) {
        if (ngx_http_prize_equal_str(&early[i], id)) {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_http_prize_open_refusal(const ngx_http_prize_open_t *open,
    const ngx_str_t *id)
{
    ngx_int_t  refusal;

    if (open == NULL) {
        return 0;
    }

    refusal = ngx_time() < open->from ? NGX_HTTP_FORBIDDEN
              : open->closes && ngx_time() >= open->until ? NGX_HTTP_PRIZE_GONE
              : 0;

    return refusal && ngx_http_prize_open_is_early(open, id) ? 0 : refusal;
}


uint64_t
ngx_http_prize_open_left(const ngx_http_prize_open_t *open)
{
    ngx_time_t  *tp;

    tp = ngx_timeofday();

    return tp->sec < open->from
           ? (uint64_t) (open->from - tp->sec) * 1000 - tp->msec : 0;
}
