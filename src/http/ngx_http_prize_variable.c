
#include "ngx_http_prize_ctx.h"
#include "ngx_http_prize_open.h"
#include "ngx_http_prize_variable.h"


static ngx_int_t ngx_http_prize_id_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_prize_source_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_prize_result_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_prize_opens_in_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_prize_field_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static ngx_str_t  ngx_http_prize_field_prefix = ngx_string("prize_field_");


static ngx_http_variable_t  ngx_http_prize_variables[] = {

    { ngx_string("prize_id"), NULL, ngx_http_prize_id_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("prize_source"), NULL, ngx_http_prize_source_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("prize_result"), NULL, ngx_http_prize_result_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("prize_opens_in"), NULL, ngx_http_prize_opens_in_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("prize_field_"), NULL, ngx_http_prize_field_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

      ngx_http_null_variable
};


static ngx_str_t  ngx_http_prize_sources[] = {
    ngx_null_string,
    ngx_string("redis"),
    ngx_string("postgres")
};


static ngx_str_t  ngx_http_prize_results[] = {
    ngx_null_string,
    ngx_string("found"),
    ngx_string("unknown"),
    ngx_string("refused"),
    ngx_string("closed"),
    ngx_string("shed"),
    ngx_string("timeout"),
    ngx_string("error")
};


static ngx_int_t
ngx_http_prize_variable_set(ngx_http_variable_value_t *v, const void *data,
    size_t len)
{
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->len = len;
    v->data = (u_char *) data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_prize_id_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                   id;
    ngx_http_prize_ctx_t       *ctx;
    ngx_http_prize_loc_conf_t  *plcf;

    ctx = ngx_http_prize_ctx_get(r);

    if (ctx) {
        return ngx_http_prize_variable_set(v, ctx->id.data, ctx->id.len);
    }

    /* before our phase, or in a location without pages */

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_prize_module);

    if (ngx_http_prize_ctx_take_id(r, plcf, &id) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_prize_variable_set(v, id.data, id.len);
}


static ngx_int_t
ngx_http_prize_source_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t             *source;
    ngx_http_prize_ctx_t  *ctx;

    ctx = ngx_http_prize_ctx_get(r);
    source = &ngx_http_prize_sources[ctx ? ctx->search.source
                                         : NGX_HTTP_PRIZE_NOBODY];

    return ngx_http_prize_variable_set(v, source->data, source->len);
}


static ngx_int_t
ngx_http_prize_result_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t             *result;
    ngx_http_prize_ctx_t  *ctx;

    ctx = ngx_http_prize_ctx_get(r);
    result = &ngx_http_prize_results[ctx ? ctx->result : NGX_HTTP_PRIZE_NONE];

    return ngx_http_prize_variable_set(v, result->data, result->len);
}


/* seconds, as $request_time; the location is that which the request was for */

static ngx_int_t
ngx_http_prize_opens_in_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                *p, *last;
    uint64_t               left;
    ngx_http_prize_ctx_t  *ctx;

    ctx = ngx_http_prize_ctx_get(r);

    left = ctx && ctx->result == NGX_HTTP_PRIZE_CLOSED
           ? ngx_http_prize_open_left(ctx->conf->open) : 0;

    if (left == 0) {
        return ngx_http_prize_variable_set(v, NULL, 0);
    }

    p = ngx_pnalloc(r->pool, NGX_TIME_T_LEN + 4);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = ngx_sprintf(p, "%uL.%03uL", left / 1000, left % 1000);

    return ngx_http_prize_variable_set(v, p, last - p);
}


/*
 * nginx lowers the names of variables; a column may have capitals.  A name
 * that is there to the letter comes first.
 */

static int
ngx_http_prize_field_index(const prize_fields_t *fields, u_char *name,
    size_t len)
{
    int       i;
    unsigned  n;

    i = prize_fields_find(fields, (char *) name, len);

    if (i != PRIZE_FIELD_NOT_FOUND) {
        return i;
    }

    for (n = 0; n < fields->n; n++) {
        if (fields->list[n].name.len == len
            && ngx_strncasecmp((u_char *) fields->list[n].name.data, name, len)
               == 0)
        {
            return n;
        }
    }

    return PRIZE_FIELD_NOT_FOUND;
}


/* a value goes where a variable goes, into a header as well: no line feeds */

static ngx_int_t
ngx_http_prize_variable_value(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, const prize_str_t *value)
{
    size_t   i;
    u_char  *copy;

    for (i = 0; i < value->len; i++) {
        if ((u_char) value->data[i] < 0x20 || value->data[i] == 0x7f) {
            break;
        }
    }

    if (i == value->len) {
        return ngx_http_prize_variable_set(v, value->data, value->len);
    }

    copy = ngx_pnalloc(r->pool, value->len);
    if (copy == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < value->len; i++) {
        copy[i] = value->data[i];

        if (copy[i] < 0x20 || copy[i] == 0x7f) {
            copy[i] = ' ';
        }
    }

    return ngx_http_prize_variable_set(v, copy, value->len);
}


static ngx_int_t
ngx_http_prize_field_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    int                    i;
    ngx_str_t             *name = (ngx_str_t *) data;
    ngx_http_prize_ctx_t  *ctx;

    ctx = ngx_http_prize_ctx_get(r);

    if (ctx && ctx->values) {
        i = ngx_http_prize_field_index(&ctx->conf->pages->fields,
                            name->data + ngx_http_prize_field_prefix.len,
                            name->len - ngx_http_prize_field_prefix.len);

        if (i != PRIZE_FIELD_NOT_FOUND) {
            return ngx_http_prize_variable_value(r, v, &ctx->values[i]);
        }
    }

    return ngx_http_prize_variable_set(v, NULL, 0);
}


ngx_int_t
ngx_http_prize_variables_add(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_prize_variables; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_prize_variables_field(ngx_http_prize_main_conf_t *pmcf,
    ngx_str_t *name)
{
    size_t                    len;
    u_char                   *field;
    ngx_uint_t                i;
    ngx_http_prize_pages_t  **pages;

    field = name->data + ngx_http_prize_field_prefix.len;
    len = name->len - ngx_http_prize_field_prefix.len;

    pages = pmcf->pages.elts;

    for (i = 0; i < pmcf->pages.nelts; i++) {

        if (ngx_http_prize_field_index(&pages[i]->fields, field, len)
            != PRIZE_FIELD_NOT_FOUND)
        {
            continue;
        }

        if (prize_fields_add(&pages[i]->fields, (char *) field, len) == -1) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_prize_variables_fields(ngx_conf_t *cf,
    ngx_http_prize_main_conf_t *pmcf)
{
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {

        if (v[i].name.len <= ngx_http_prize_field_prefix.len
            || ngx_strncmp(v[i].name.data, ngx_http_prize_field_prefix.data,
                           ngx_http_prize_field_prefix.len)
               != 0)
        {
            continue;
        }

        if (ngx_http_prize_variables_field(pmcf, &v[i].name) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
