
#include "ngx_http_prize_conf.h"
#include "ngx_http_prize_page_conf.h"
#include "ngx_http_prize_ssl_conf.h"
#include "ngx_http_prize_store_conf.h"


static ngx_str_t  ngx_http_prize_default_id = ngx_string("$arg_id");
static ngx_str_t  ngx_http_prize_default_key = ngx_string("employee:$prize_id");


void *
ngx_http_prize_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_prize_main_conf_t  *pmcf;

    pmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_prize_main_conf_t));
    if (pmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&pmcf->pools, cf->pool, 2, sizeof(void *)) != NGX_OK
        || ngx_array_init(&pmcf->logins, cf->pool, 2, sizeof(void *)) != NGX_OK
        || ngx_array_init(&pmcf->tls, cf->pool, 2, sizeof(void *)) != NGX_OK
        || ngx_array_init(&pmcf->names, cf->pool, 2, sizeof(void *)) != NGX_OK
        || ngx_array_init(&pmcf->routes, cf->pool, 2, sizeof(void *)) != NGX_OK
        || ngx_array_init(&pmcf->pages, cf->pool, 4, sizeof(void *)) != NGX_OK
        || ngx_array_init(&pmcf->locations, cf->pool, 4, sizeof(void *))
           != NGX_OK)
    {
        return NULL;
    }

    return pmcf;
}


void *
ngx_http_prize_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_prize_loc_conf_t  *plcf;

    plcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_prize_loc_conf_t));
    if (plcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     plcf->pages = NULL;
     *     plcf->redis_route = NULL;
     *     plcf->redis_username = { 0, NULL };
     *     plcf->redis_password = { 0, NULL };
     *     plcf->redis_login = NULL;
     *     plcf->postgres_name = { 0, NULL };
     *     plcf->postgres = NULL;
     *     plcf->postgres_query = { { 0, NULL }, NULL, 0 };
     *     plcf->query = 0;
     *     plcf->sign_event = { 0, NULL };
     *     plcf->csp_more = { 0, NULL };
     *     plcf->policies = NULL;
     */

    plcf->id = NGX_CONF_UNSET_PTR;
    plcf->id_max_length = NGX_CONF_UNSET_SIZE;

    plcf->redis = NGX_CONF_UNSET_PTR;
    plcf->redis_cluster = NGX_CONF_UNSET;
    plcf->redis_sentinel = NGX_CONF_UNSET_PTR;
    plcf->redis_read_from = NGX_CONF_UNSET_UINT;
    plcf->redis_key = NGX_CONF_UNSET_PTR;
    plcf->redis_connect_timeout = NGX_CONF_UNSET_MSEC;
    plcf->redis_timeout = NGX_CONF_UNSET_MSEC;
    plcf->redis_database = NGX_CONF_UNSET;

    ngx_http_prize_ssl_conf_create(plcf);

    plcf->postgres_timeout = NGX_CONF_UNSET_MSEC;

    plcf->open = NGX_CONF_UNSET_PTR;
    plcf->sign_keys = NGX_CONF_UNSET_PTR;
    plcf->sign_revoked = NGX_CONF_UNSET_PTR;

    plcf->write_back = NGX_CONF_UNSET_MSEC;
    plcf->gzip = NGX_CONF_UNSET;
    plcf->csp = NGX_CONF_UNSET;

    return plcf;
}


static ngx_http_complex_value_t *
ngx_http_prize_default_compile(ngx_conf_t *cf, ngx_str_t *value)
{
    ngx_http_complex_value_t          *cv;
    ngx_http_compile_complex_value_t   ccv;

    cv = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (cv == NULL) {
        return NULL;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = value;
    ccv.complex_value = cv;

    return ngx_http_compile_complex_value(&ccv) == NGX_OK ? cv : NULL;
}


static ngx_int_t
ngx_http_prize_merge_variables(ngx_conf_t *cf,
    ngx_http_prize_loc_conf_t *prev, ngx_http_prize_loc_conf_t *conf)
{
    if (prev->id == NGX_CONF_UNSET_PTR) {
        prev->id = ngx_http_prize_default_compile(cf,
                                                  &ngx_http_prize_default_id);
        if (prev->id == NULL) {
            return NGX_ERROR;
        }
    }

    if (prev->redis_key == NGX_CONF_UNSET_PTR) {
        prev->redis_key = ngx_http_prize_default_compile(cf,
                                                  &ngx_http_prize_default_key);
        if (prev->redis_key == NULL) {
            return NGX_ERROR;
        }
    }

    ngx_conf_merge_ptr_value(conf->id, prev->id, NULL);
    ngx_conf_merge_ptr_value(conf->redis_key, prev->redis_key, NULL);

    if (ngx_http_prize_value_init(cf, &conf->id_value, conf->id) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_prize_value_init(cf, &conf->key_value, conf->redis_key);
}


static void
ngx_http_prize_merge_values(ngx_http_prize_loc_conf_t *prev,
    ngx_http_prize_loc_conf_t *conf)
{
    ngx_conf_merge_size_value(conf->id_max_length, prev->id_max_length, 64);

    ngx_conf_merge_ptr_value(conf->redis, prev->redis, NULL);
    ngx_conf_merge_value(conf->redis_cluster, prev->redis_cluster, 0);
    ngx_conf_merge_ptr_value(conf->redis_sentinel, prev->redis_sentinel, NULL);
    ngx_conf_merge_uint_value(conf->redis_read_from, prev->redis_read_from,
                              NGX_PRIZE_REDIS_PREFER_PRIMARY);
    ngx_conf_merge_msec_value(conf->redis_connect_timeout,
                              prev->redis_connect_timeout, 100);
    ngx_conf_merge_msec_value(conf->redis_timeout, prev->redis_timeout, 50);
    ngx_conf_merge_value(conf->redis_database, prev->redis_database, 0);

    ngx_conf_merge_str_value(conf->redis_username, prev->redis_username, "");
    ngx_conf_merge_str_value(conf->redis_password, prev->redis_password, "");

    ngx_http_prize_ssl_conf_merge(prev, conf);

    if (conf->postgres_name.data == NULL) {
        conf->postgres_name = prev->postgres_name;
        conf->postgres_conf_file = prev->postgres_conf_file;
        conf->postgres_line = prev->postgres_line;
    }

    if (conf->postgres_query.text.data == NULL) {
        conf->postgres_query = prev->postgres_query;
    }

    ngx_conf_merge_msec_value(conf->postgres_timeout, prev->postgres_timeout,
                              300);

    ngx_conf_merge_ptr_value(conf->open, prev->open, NULL);

    /* "off" cuts all three of them */

    if (conf->sign_keys == NULL) {
        ngx_str_set(&conf->sign_event, "");
        conf->sign_revoked = NULL;
    }

    ngx_conf_merge_ptr_value(conf->sign_keys, prev->sign_keys, NULL);
    ngx_conf_merge_str_value(conf->sign_event, prev->sign_event, "");
    ngx_conf_merge_ptr_value(conf->sign_revoked, prev->sign_revoked, NULL);

    ngx_conf_merge_msec_value(conf->write_back, prev->write_back, 3600000);
    ngx_conf_merge_value(conf->gzip, prev->gzip, 1);

    ngx_conf_merge_str_value(conf->csp_more, prev->csp_more, "");
    ngx_conf_merge_value(conf->csp, prev->csp, 0);
}


static ngx_int_t
ngx_http_prize_location_add(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf)
{
    ngx_http_prize_main_conf_t   *pmcf;
    ngx_http_prize_loc_conf_t   **location;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_prize_module);

    location = ngx_array_push(&pmcf->locations);
    if (location == NULL) {
        return NGX_ERROR;
    }

    *location = plcf;

    return NGX_OK;
}


/* what a location with pages needs, and where it was forgotten */

static ngx_int_t
ngx_http_prize_check_needs(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf)
{
    if (plcf->redis == NULL && plcf->postgres_name.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_page\" has neither \"prize_redis_pass\" nor "
                      "\"prize_postgres_pass\" in %s:%ui",
                      plcf->pages->conf_file, plcf->pages->line);
        return NGX_ERROR;
    }

    if ((plcf->sign_keys != NULL) != (plcf->sign_event.len != 0)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_sign_key_file\" and \"prize_sign_event\" need "
                      "one another, and the \"prize_page\" in %s:%ui has "
                      "only one of them",
                      plcf->pages->conf_file, plcf->pages->line);
        return NGX_ERROR;
    }

    if (plcf->sign_revoked && plcf->sign_keys == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_sign_revoked\" needs \"prize_sign_key_file\", "
                      "which the \"prize_page\" in %s:%ui has not",
                      plcf->pages->conf_file, plcf->pages->line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


char *
ngx_http_prize_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_prize_loc_conf_t  *prev = parent;
    ngx_http_prize_loc_conf_t  *conf = child;

    if (ngx_http_prize_merge_variables(cf, prev, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_http_prize_merge_values(prev, conf);

    if (ngx_http_prize_page_conf_inherit(cf, prev, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->pages == NULL) {
        return NGX_CONF_OK;
    }

    if (ngx_http_prize_location_add(cf, conf) != NGX_OK
        || ngx_http_prize_page_conf_prepare(cf, conf) != NGX_OK
        || ngx_http_prize_check_needs(cf, conf) != NGX_OK
        || ngx_http_prize_store_conf_prepare(cf, conf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
