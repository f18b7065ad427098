
#include "ngx_http_prize_directive.h"
#include "ngx_http_prize_status.h"
#include "ngx_prize_postgres_hosts.h"
#include "prize_policy.h"


#define NGX_HTTP_PRIZE_PAGE_MAX      (16 * 1024 * 1024)
#define NGX_HTTP_PRIZE_DATABASE_MAX  65535


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
     *     plcf->redis_username = { 0, NULL };
     *     plcf->redis_password = { 0, NULL };
     *     plcf->redis_login = NULL;
     *     plcf->postgres_name = { 0, NULL };
     *     plcf->postgres = NULL;
     *     plcf->postgres_query = { 0, NULL };
     *     plcf->query = 0;
     *     plcf->sign_event = { 0, NULL };
     *     plcf->csp_more = { 0, NULL };
     *     plcf->policies = NULL;
     */

    plcf->id = NGX_CONF_UNSET_PTR;
    plcf->id_max_length = NGX_CONF_UNSET_SIZE;

    plcf->redis = NGX_CONF_UNSET_PTR;
    plcf->redis_key = NGX_CONF_UNSET_PTR;
    plcf->redis_connect_timeout = NGX_CONF_UNSET_MSEC;
    plcf->redis_timeout = NGX_CONF_UNSET_MSEC;
    plcf->redis_database = NGX_CONF_UNSET;

    plcf->postgres_timeout = NGX_CONF_UNSET_MSEC;

    plcf->sign_keys = NGX_CONF_UNSET_PTR;

    plcf->write_back = NGX_CONF_UNSET_MSEC;
    plcf->gzip = NGX_CONF_UNSET;
    plcf->csp = NGX_CONF_UNSET;

    return plcf;
}


static ngx_http_complex_value_t *
ngx_http_prize_complex_value(ngx_conf_t *cf, ngx_str_t *value)
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


/* equal logins are one, so that locations share their connections */

static ngx_prize_redis_login_t *
ngx_http_prize_login(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf)
{
    ngx_uint_t                    i;
    ngx_prize_redis_login_t      *login, **logins;
    ngx_http_prize_main_conf_t   *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_prize_module);
    logins = pmcf->logins.elts;

    for (i = 0; i < pmcf->logins.nelts; i++) {
        login = logins[i];

        if (login->database == (ngx_uint_t) plcf->redis_database
            && login->username.len == plcf->redis_username.len
            && login->password.len == plcf->redis_password.len
            && ngx_strncmp(login->username.data, plcf->redis_username.data,
                           login->username.len) == 0
            && ngx_strncmp(login->password.data, plcf->redis_password.data,
                           login->password.len) == 0)
        {
            return login;
        }
    }

    login = ngx_palloc(cf->pool, sizeof(ngx_prize_redis_login_t));
    logins = ngx_array_push(&pmcf->logins);

    if (login == NULL || logins == NULL) {
        return NULL;
    }

    login->username = plcf->redis_username;
    login->password = plcf->redis_password;
    login->database = plcf->redis_database;
    *logins = login;

    return login;
}


static ngx_int_t
ngx_http_prize_query(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf)
{
    ngx_str_t   *query;
    ngx_uint_t   i;

    query = plcf->postgres->queries.elts;

    for (i = 0; i < plcf->postgres->queries.nelts; i++) {
        if (query[i].len == plcf->postgres_query.len
            && ngx_memcmp(query[i].data, plcf->postgres_query.data,
                          query[i].len)
               == 0)
        {
            plcf->query = i;
            return NGX_OK;
        }
    }

    query = ngx_array_push(&plcf->postgres->queries);
    if (query == NULL) {
        return NGX_ERROR;
    }

    *query = plcf->postgres_query;
    plcf->query = i;

    return NGX_OK;
}


static ngx_prize_postgres_conf_t *
ngx_http_prize_pool(ngx_http_prize_main_conf_t *pmcf, ngx_str_t *name)
{
    ngx_uint_t                   i;
    ngx_prize_postgres_conf_t  **pools;

    pools = pmcf->pools.elts;

    for (i = 0; i < pmcf->pools.nelts; i++) {
        if (pools[i]->name.len == name->len
            && ngx_memcmp(pools[i]->name.data, name->data, name->len) == 0)
        {
            return pools[i];
        }
    }

    return NULL;
}


/* what a location with pages needs, and where it was forgotten */

static ngx_int_t
ngx_http_prize_merge_redis(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf)
{
    if (plcf->redis == NULL) {
        return NGX_OK;
    }

    if (plcf->redis_username.len && plcf->redis_password.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_redis_username\" has no "
                      "\"prize_redis_password\" for the \"prize_page\" "
                      "in %s:%ui",
                      plcf->pages->conf_file, plcf->pages->line);
        return NGX_ERROR;
    }

    plcf->redis_login = ngx_http_prize_login(cf, plcf);

    return plcf->redis_login ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_prize_merge_postgres(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf)
{
    ngx_http_prize_main_conf_t  *pmcf;

    if (plcf->postgres_name.len == 0) {
        return NGX_OK;
    }

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_prize_module);
    plcf->postgres = ngx_http_prize_pool(pmcf, &plcf->postgres_name);

    if (plcf->postgres == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_postgres_pass\" names an unknown pool \"%V\", "
                      "no \"prize_postgres\" has it, in %s:%ui",
                      &plcf->postgres_name, plcf->postgres_conf_file,
                      plcf->postgres_line);
        return NGX_ERROR;
    }

    if (plcf->postgres_query.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_postgres_pass\" has no "
                      "\"prize_postgres_query\" in %s:%ui",
                      plcf->postgres_conf_file, plcf->postgres_line);
        return NGX_ERROR;
    }

    return ngx_http_prize_query(cf, plcf);
}


static ngx_int_t
ngx_http_prize_merge_needs(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf)
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

    if (ngx_http_prize_merge_redis(cf, plcf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_prize_merge_postgres(cf, plcf);
}


/* deflated once, however many locations have the pages */

static ngx_int_t
ngx_http_prize_merge_gzip(ngx_conf_t *cf, ngx_http_prize_pages_t *pages)
{
    ngx_uint_t              i;
    ngx_http_prize_page_t  *page;

    page = pages->list.elts;

    for (i = 0; i < pages->list.nelts; i++) {

        if (page[i].gzip == NULL) {
            page[i].gzip = prize_gzip_create(page[i].template);
        }

        if (page[i].gzip == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"prize_gzip\" has no memory for \"%V\", in %s:%ui",
                          &page[i].file, pages->conf_file, pages->line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_prize_policy(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf,
    ngx_http_prize_page_t *page, ngx_str_t *policy)
{
    char                          *text;
    size_t                         len;
    prize_str_t                    more;
    const prize_template_error_t  *fault;

    fault = prize_template_fault(page->template);

    if (fault) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_csp\" has no hash for %V:%ui:%ui: %s, in "
                      "%s:%ui", &page->file, (ngx_uint_t) fault->line,
                      (ngx_uint_t) fault->column, fault->text,
                      plcf->pages->conf_file, plcf->pages->line);
        return NGX_ERROR;
    }

    more.data = (char *) plcf->csp_more.data;
    more.len = plcf->csp_more.len;

    text = prize_policy_create(page->template, &more, &len);
    if (text == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_csp\" has no memory for \"%V\", in %s:%ui",
                      &page->file, plcf->pages->conf_file, plcf->pages->line);
        return NGX_ERROR;
    }

    policy->len = len;
    policy->data = ngx_pnalloc(cf->pool, len);

    if (policy->data) {
        ngx_memcpy(policy->data, text, len);
    }

    free(text);

    return policy->data ? NGX_OK : NGX_ERROR;
}


/* of each location, since those that share their pages may add other things */

static ngx_int_t
ngx_http_prize_merge_policies(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf)
{
    ngx_uint_t              i, n;
    ngx_http_prize_page_t  *page;

    if (!plcf->csp) {
        return NGX_OK;
    }

    page = plcf->pages->list.elts;
    n = plcf->pages->list.nelts;

    plcf->policies = ngx_palloc(cf->pool, n * sizeof(ngx_str_t));
    if (plcf->policies == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        if (ngx_http_prize_policy(cf, plcf, &page[i], &plcf->policies[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static char *
ngx_http_prize_merge_pages(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *prev,
    ngx_http_prize_loc_conf_t *plcf)
{
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_prize_page_t        *page;
    ngx_http_prize_main_conf_t   *pmcf;
    ngx_http_prize_loc_conf_t   **location;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* others set the handler without a look at who has */

    if (plcf->pages && clcf->handler != ngx_http_prize_handler) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_page\" conflicts with another content handler "
                      "of the location in %s:%ui",
                      plcf->pages->conf_file, plcf->pages->line);
        return NGX_CONF_ERROR;
    }

    if (clcf->noname && plcf->pages == NULL && clcf->handler == NULL) {
        plcf->pages = prev->pages;
    }

    if (plcf->pages == NULL) {
        return NGX_CONF_OK;
    }

    if (clcf->lmt_excpt && clcf->handler == NULL) {
        clcf->handler = ngx_http_prize_handler;
    }

    page = plcf->pages->list.elts;
    page += plcf->pages->list.nelts - 1;

    if (page->condition.conditional && plcf->pages != prev->pages) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "the last \"prize_page\" has an \"if=\": an employee "
                      "who meets none of them gets 404, in %s:%ui",
                      plcf->pages->conf_file, plcf->pages->line);
    }

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_prize_module);

    location = ngx_array_push(&pmcf->locations);
    if (location == NULL) {
        return NGX_CONF_ERROR;
    }

    *location = plcf;

    if (plcf->gzip && ngx_http_prize_merge_gzip(cf, plcf->pages) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_prize_merge_policies(cf, plcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_prize_merge_needs(cf, plcf) == NGX_OK ? NGX_CONF_OK
                                                          : NGX_CONF_ERROR;
}


static ngx_int_t
ngx_http_prize_merge_values(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *prev,
    ngx_http_prize_loc_conf_t *conf)
{
    if (prev->id == NGX_CONF_UNSET_PTR) {
        prev->id = ngx_http_prize_complex_value(cf,
                                                &ngx_http_prize_default_id);
        if (prev->id == NULL) {
            return NGX_ERROR;
        }
    }

    if (prev->redis_key == NGX_CONF_UNSET_PTR) {
        prev->redis_key = ngx_http_prize_complex_value(cf,
                                                &ngx_http_prize_default_key);
        if (prev->redis_key == NULL) {
            return NGX_ERROR;
        }
    }

    ngx_conf_merge_ptr_value(conf->id, prev->id, NULL);
    ngx_conf_merge_ptr_value(conf->redis_key, prev->redis_key, NULL);
    ngx_conf_merge_ptr_value(conf->redis, prev->redis, NULL);

    if (ngx_http_prize_value_init(cf, &conf->id_value, conf->id) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_prize_value_init(cf, &conf->key_value, conf->redis_key);
}


char *
ngx_http_prize_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_prize_loc_conf_t  *prev = parent;
    ngx_http_prize_loc_conf_t  *conf = child;

    if (ngx_http_prize_merge_values(cf, prev, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_conf_merge_size_value(conf->id_max_length, prev->id_max_length, 64);

    ngx_conf_merge_msec_value(conf->redis_connect_timeout,
                              prev->redis_connect_timeout, 100);
    ngx_conf_merge_msec_value(conf->redis_timeout, prev->redis_timeout, 50);
    ngx_conf_merge_value(conf->redis_database, prev->redis_database, 0);

    ngx_conf_merge_str_value(conf->redis_username, prev->redis_username, "");
    ngx_conf_merge_str_value(conf->redis_password, prev->redis_password, "");

    if (conf->postgres_name.data == NULL) {
        conf->postgres_name = prev->postgres_name;
        conf->postgres_conf_file = prev->postgres_conf_file;
        conf->postgres_line = prev->postgres_line;
    }

    ngx_conf_merge_str_value(conf->postgres_query, prev->postgres_query, "");
    ngx_conf_merge_msec_value(conf->postgres_timeout, prev->postgres_timeout,
                              300);

    /* "off" cuts both of them */

    if (conf->sign_keys == NULL) {
        ngx_str_set(&conf->sign_event, "");
    }

    ngx_conf_merge_ptr_value(conf->sign_keys, prev->sign_keys, NULL);
    ngx_conf_merge_str_value(conf->sign_event, prev->sign_event, "");

    ngx_conf_merge_msec_value(conf->write_back, prev->write_back, 3600000);
    ngx_conf_merge_value(conf->gzip, prev->gzip, 1);

    ngx_conf_merge_str_value(conf->csp_more, prev->csp_more, "");
    ngx_conf_merge_value(conf->csp, prev->csp, 0);

    return ngx_http_prize_merge_pages(cf, prev, conf);
}


char *
ngx_http_prize_check_positive(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t  *value = data;

    return *value ? NGX_CONF_OK : "must be more than 0";
}


char *
ngx_http_prize_check_id_length(ngx_conf_t *cf, void *post, void *data)
{
    size_t  *value = data;

    if (*value >= 1 && *value <= PRIZE_SIGNATURE_ID_MAX) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"prize_id_max_length\" takes 1 to %d bytes, not %uz",
                       PRIZE_SIGNATURE_ID_MAX, *value);

    return NGX_CONF_ERROR;
}


char *
ngx_http_prize_check_database(ngx_conf_t *cf, void *post, void *data)
{
    ngx_int_t  *value = data;

    if (*value <= NGX_HTTP_PRIZE_DATABASE_MAX) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"prize_redis_database\" takes 0 to %d, not %i",
                       NGX_HTTP_PRIZE_DATABASE_MAX, *value);

    return NGX_CONF_ERROR;
}


static ngx_int_t
ngx_http_prize_pool_option(ngx_conf_t *cf, ngx_str_t *value,
    ngx_prize_postgres_conf_t *pool)
{
    size_t       i;
    ngx_int_t    n;
    ngx_str_t    number;
    ngx_uint_t  *options[] = { &pool->connections, &pool->queue,
                               &pool->batch };

    static ngx_str_t  names[] = { ngx_string("connections="),
                                  ngx_string("queue="),
                                  ngx_string("batch=") };
    static ngx_int_t  maximum[] = { 1000, 1000000, 10000 };

    for (i = 0; i < 3; i++) {

        if (value->len < names[i].len
            || ngx_strncmp(value->data, names[i].data, names[i].len) != 0)
        {
            continue;
        }

        number.data = value->data + names[i].len;
        number.len = value->len - names[i].len;

        n = ngx_atoi(number.data, number.len);

        if (n == NGX_ERROR || n < 1 || n > maximum[i]) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"prize_postgres\" takes \"%V\" from 1 to %i, "
                               "not \"%V\"", &names[i], maximum[i], &number);
            return NGX_ERROR;
        }

        *options[i] = n;

        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"prize_postgres\" has no parameter \"%V\"", value);

    return NGX_ERROR;
}


/*
 * The length of what may be told of libpq's message: of a URI it quotes all,
 * and of "password=one two" the second word.
 */

static size_t
ngx_http_prize_conninfo_told(const char *message)
{
    const char  *end, *quote;

    end = message + strcspn(message, "\n");

    quote = strstr(message, ": \"");
    end = quote && quote < end ? quote : end;

    quote = strstr(message, " after \"");
    end = quote && quote < end ? quote : end;

    return end - message;
}


static ngx_int_t
ngx_http_prize_conninfo(ngx_conf_t *cf, ngx_prize_postgres_conf_t *pool)
{
    char              *message;
    size_t             len;
    PQconninfoOption  *options;

    options = PQconninfoParse((char *) pool->conninfo.data, &message);

    if (options == NULL) {
        len = message ? ngx_http_prize_conninfo_told(message) : 0;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_postgres\" cannot read the conninfo of "
                           "pool \"%V\": %*s", &pool->name, len,
                           message ? message : "");
        PQfreemem(message);

        return NGX_ERROR;
    }

    if (ngx_prize_postgres_hosts_block(options)) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "the conninfo of pool \"%V\" names a host that has "
                           "to be resolved, which blocks a worker: use "
                           "\"hostaddr=\" or a socket directory",
                           &pool->name);
    }

    PQconninfoFree(options);

    return NGX_OK;
}


char *
ngx_http_prize_postgres(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_main_conf_t  *pmcf = conf;

    ngx_str_t                   *value;
    ngx_uint_t                   i;
    ngx_prize_postgres_conf_t   *pool, **p;

    value = cf->args->elts;

    if (value[1].len == 0 || ngx_strcmp(value[1].data, "off") == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_postgres\" cannot name a pool \"%V\"",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_prize_pool(pmcf, &value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_postgres\" names pool \"%V\" twice",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    pool = ngx_pcalloc(cf->pool, sizeof(ngx_prize_postgres_conf_t));
    p = ngx_array_push(&pmcf->pools);

    if (pool == NULL || p == NULL) {
        return NGX_CONF_ERROR;
    }

    *p = pool;

    pool->name = value[1];
    pool->conninfo = value[2];
    pool->connections = 2;
    pool->queue = 4096;
    pool->batch = 256;

    if (ngx_array_init(&pool->queries, cf->pool, 2, sizeof(ngx_str_t))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 3; i < cf->args->nelts; i++) {
        if (ngx_http_prize_pool_option(cf, &value[i], pool) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return ngx_http_prize_conninfo(cf, pool) == NGX_OK ? NGX_CONF_OK
                                                       : NGX_CONF_ERROR;
}


static void
ngx_http_prize_pages_cleanup(void *data)
{
    ngx_http_prize_pages_t  *pages = data;

    ngx_uint_t              i;
    ngx_http_prize_page_t  *page;

    page = pages->list.elts;

    for (i = 0; i < pages->list.nelts; i++) {
        prize_gzip_destroy(page[i].gzip);
        prize_template_destroy(page[i].template);
    }

    prize_command_destroy(&pages->command);
    prize_fields_destroy(&pages->fields);
}


static ngx_http_prize_pages_t *
ngx_http_prize_pages(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t           *cln;
    ngx_http_prize_pages_t       *pages, **p;
    ngx_http_prize_main_conf_t   *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_prize_module);

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_http_prize_pages_t));
    p = ngx_array_push(&pmcf->pages);

    if (cln == NULL || p == NULL) {
        return NULL;
    }

    pages = cln->data;
    *p = pages;

    ngx_memzero(pages, sizeof(ngx_http_prize_pages_t));

    pages->conf_file = cf->conf_file->file.name.data;
    pages->line = cf->conf_file->line;

    if (ngx_array_init(&pages->list, cf->pool, 2,
                       sizeof(ngx_http_prize_page_t))
        != NGX_OK
        || prize_fields_init(&pages->fields) != 0)
    {
        return NULL;
    }

    cln->handler = ngx_http_prize_pages_cleanup;

    return pages;
}


/* if=FIELD, if=!FIELD, if=FIELD=VALUE, if=FIELD!=VALUE */

static ngx_int_t
ngx_http_prize_page_if(ngx_conf_t *cf, ngx_http_prize_pages_t *pages,
    ngx_http_prize_condition_t *condition, ngx_str_t *value)
{
    u_char         *p, *last, *name;
    prize_field_t  *field;

    name = value->data;
    last = value->data + value->len;

    if (name < last && *name == '!') {
        condition->negative = 1;
        name++;
    }

    p = ngx_strlchr(name, last, '=');

    if (p) {
        condition->compare = 1;
        condition->value.data = p + 1;
        condition->value.len = last - p - 1;

        if (p > name && p[-1] == '!' && !condition->negative) {
            condition->negative = 1;
            p--;
        }

    } else {
        p = last;
    }

    if (p == name || *name == '$' || ngx_strlchr(name, p, '!')
        || (condition->compare && value->data[0] == '!'))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_page\" takes \"if=FIELD\", \"if=!FIELD\", "
                           "\"if=FIELD=VALUE\" or \"if=FIELD!=VALUE\" with the "
                           "name of a field, not \"if=%V\"", value);
        return NGX_ERROR;
    }

    condition->conditional = 1;
    condition->field = prize_fields_add(&pages->fields, (char *) name,
                                        p - name);
    if (condition->field == -1) {
        return NGX_ERROR;
    }

    field = &pages->fields.list[condition->field];
    field->required = 1;

    if (field->file == NULL) {
        field->file = (char *) cf->conf_file->file.name.data;
        field->line = cf->conf_file->line;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_prize_page_raw(ngx_conf_t *cf, ngx_array_t *raw, ngx_str_t *value)
{
    u_char       *p, *last, *comma;
    prize_str_t  *name;

    p = value->data;
    last = p + value->len;

    for ( ;; ) {
        comma = ngx_strlchr(p, last, ',');
        comma = comma ? comma : last;

        if (comma == p) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"prize_page\" takes \"raw=FIELD[,FIELD...]\", "
                               "not \"raw=%V\"", value);
            return NGX_ERROR;
        }

        name = ngx_array_push(raw);
        if (name == NULL) {
            return NGX_ERROR;
        }

        name->data = (char *) p;
        name->len = comma - p;

        if (comma == last) {
            return NGX_OK;
        }

        p = comma + 1;
    }
}


static ngx_int_t
ngx_http_prize_file_load(ngx_conf_t *cf, ngx_fd_t fd, ngx_str_t *file,
    ngx_str_t *source, size_t size)
{
    ssize_t     n;
    ngx_str_t  *directive;

    directive = cf->args->elts;

    source->data = ngx_pnalloc(cf->temp_pool, size + 1);
    if (source->data == NULL) {
        return NGX_ERROR;
    }

    while (source->len < size) {
        n = ngx_read_fd(fd, source->data + source->len, size - source->len);

        if (n <= 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, n < 0 ? ngx_errno : 0,
                               "\"%V\" cannot read \"%V\"", directive, file);
            return NGX_ERROR;
        }

        source->len += n;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_prize_file_read(ngx_conf_t *cf, ngx_str_t *file, ngx_str_t *source)
{
    ngx_fd_t         fd;
    ngx_int_t        rc;
    ngx_str_t       *directive;
    ngx_file_info_t  fi;

    directive = cf->args->elts;
    rc = NGX_ERROR;
    source->len = 0;

    fd = ngx_open_file(file->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "\"%V\" cannot open \"%V\"", directive, file);
        return NGX_ERROR;
    }

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "\"%V\" cannot stat \"%V\"", directive, file);
        goto done;
    }

    if (!ngx_is_file(&fi) || ngx_file_size(&fi) > NGX_HTTP_PRIZE_PAGE_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" wants a file of at most 16 MiB, which "
                           "\"%V\" is not", directive, file);
        goto done;
    }

    rc = ngx_http_prize_file_load(cf, fd, file, source, ngx_file_size(&fi));

done:

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", file);
    }

    return rc;
}


static ngx_int_t
ngx_http_prize_page_compile(ngx_conf_t *cf, ngx_http_prize_pages_t *pages,
    ngx_http_prize_page_t *page, ngx_array_t *raw)
{
    ngx_str_t                 source;
    prize_template_error_t    error;
    prize_template_options_t  options;

    if (ngx_conf_full_name(cf->cycle, &page->file, 1) != NGX_OK
        || ngx_http_prize_file_read(cf, &page->file, &source) != NGX_OK)
    {
        return NGX_ERROR;
    }

    options.file = (char *) page->file.data;
    options.raw = raw->elts;
    options.nraw = raw->nelts;

    page->template = prize_template_compile((char *) source.data, source.len,
                                            &pages->fields, &options, &error);
    if (page->template == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_page\" %V:%ui:%ui: %s", &page->file,
                           (ngx_uint_t) error.line, (ngx_uint_t) error.column,
                           error.text);
        return NGX_ERROR;
    }

    page->room = prize_plain_room(page->template);

    return NGX_OK;
}


static ngx_int_t
ngx_http_prize_page_option(ngx_conf_t *cf, ngx_http_prize_pages_t *pages,
    ngx_http_prize_page_t *page, ngx_array_t *raw, ngx_str_t *value)
{
    ngx_str_t  option;

    if (ngx_strncmp(value->data, "if=", 3) == 0
        && !page->condition.conditional)
    {
        option.data = value->data + 3;
        option.len = value->len - 3;

        return ngx_http_prize_page_if(cf, pages, &page->condition, &option);
    }

    if (ngx_strncmp(value->data, "raw=", 4) == 0) {
        option.data = value->data + 4;
        option.len = value->len - 4;

        return ngx_http_prize_page_raw(cf, raw, &option);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"prize_page\" takes a file, one \"if=\" and "
                       "\"raw=\", not \"%V\"", value);

    return NGX_ERROR;
}


char *
ngx_http_prize_page(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_str_t                  *value;
    ngx_uint_t                  i;
    ngx_array_t                 raw;
    ngx_http_prize_page_t      *page;
    ngx_http_core_loc_conf_t   *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (plcf->pages == NULL) {

        if (clcf->handler) {
            return "conflicts with another content handler of the location";
        }

        plcf->pages = ngx_http_prize_pages(cf);
        if (plcf->pages == NULL) {
            return NGX_CONF_ERROR;
        }

        clcf->handler = ngx_http_prize_handler;
    }

    page = plcf->pages->list.elts;

    if (plcf->pages->list.nelts
        && !page[plcf->pages->list.nelts - 1].condition.conditional)
    {
        return "is never sent: the one before it has no \"if=\"";
    }

    if (ngx_array_init(&raw, cf->temp_pool, 2, sizeof(prize_str_t)) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    page = ngx_array_push(&plcf->pages->list);
    if (page == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(page, sizeof(ngx_http_prize_page_t));

    value = cf->args->elts;
    page->file = value[1];

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_prize_page_option(cf, plcf->pages, page, &raw, &value[i])
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return ngx_http_prize_page_compile(cf, plcf->pages, page, &raw) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_http_prize_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    value = cf->args->elts;

    if (clcf->handler) {
        return "conflicts with another content handler of the location";
    }

    if (cf->args->nelts == 1
        || ngx_strcmp(value[1].data, "prometheus") == 0)
    {
        clcf->handler = ngx_http_prize_status_prometheus_handler;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "json") == 0) {
        clcf->handler = ngx_http_prize_status_json_handler;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "health") == 0) {
        clcf->handler = ngx_http_prize_status_health_handler;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "html") == 0) {
        clcf->handler = ngx_http_prize_status_html_handler;
        return ngx_http_prize_status_html_init(cf) == NGX_OK
               ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"prize_status\" takes \"prometheus\", \"json\", "
                       "\"html\" or \"health\", not \"%V\"", &value[1]);

    return NGX_CONF_ERROR;
}


char *
ngx_http_prize_redis_pass(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_url_t                   url;
    ngx_str_t                  *value;

    if (plcf->redis != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        plcf->redis = NULL;
        return NGX_CONF_OK;
    }

    if (ngx_strlchr(value[1].data, value[1].data + value[1].len, '$')) {
        return "takes no variables";
    }

    ngx_memzero(&url, sizeof(ngx_url_t));

    url.url = value[1];
    url.no_resolve = 1;

    plcf->redis = ngx_http_upstream_add(cf, &url, 0);

    return plcf->redis ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_http_prize_redis_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (ngx_strlchr(value[1].data, value[1].data + value[1].len, '$') == NULL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_redis_key\" has no variable in \"%V\": "
                           "all employees would have one key", &value[1]);
        return NGX_CONF_ERROR;
    }

    return ngx_http_set_complex_value_slot(cf, cmd, conf);
}


char *
ngx_http_prize_redis_password(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_str_t                  *value;

    if (plcf->redis_password.data) {
        return "is duplicate";
    }

    value = cf->args->elts;
    plcf->redis_password = value[1];

    return NGX_CONF_OK;
}


/* the first line of the file, so that an editor's newline does no harm */

char *
ngx_http_prize_redis_password_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    u_char                     *p, *last;
    ngx_str_t                  *value, source;

    if (plcf->redis_password.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_conf_full_name(cf->cycle, &value[1], 1) != NGX_OK
        || ngx_http_prize_file_read(cf, &value[1], &source) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    last = source.data + source.len;

    for (p = source.data; p < last && *p != LF && *p != CR; p++) {
        /* void */
    }

    source.len = p - source.data;

    if (source.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_redis_password_file\" has no password in "
                           "the first line of \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    plcf->redis_password.len = source.len;
    plcf->redis_password.data = ngx_pstrdup(cf->pool, &source);

    return plcf->redis_password.data ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_http_prize_postgres_pass(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_str_t                  *value;

    if (plcf->postgres_name.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    plcf->postgres_name = value[1];
    plcf->postgres_conf_file = cf->conf_file->file.name.data;
    plcf->postgres_line = cf->conf_file->line;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        plcf->postgres_name.len = 0;
    }

    return NGX_CONF_OK;
}


/* "$1", and not the beginning of "$10" */

static ngx_uint_t
ngx_http_prize_query_has_ids(ngx_str_t *query)
{
    u_char  *p;

    for (p = query->data; (p = (u_char *) ngx_strstr(p, "$1")) != NULL; p++) {
        if (p[2] < '0' || p[2] > '9') {
            return 1;
        }
    }

    return 0;
}


char *
ngx_http_prize_postgres_query(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_str_t                  *value;

    if (plcf->postgres_query.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (!ngx_http_prize_query_has_ids(&value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_postgres_query\" has no $1, the array of "
                           "IDs that are wanted, as in \"... WHERE id = "
                           "ANY($1)\", in \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    plcf->postgres_query = value[1];

    return NGX_CONF_OK;
}


static void
ngx_http_prize_sign_cleanup(void *data)
{
    prize_signature_keys_destroy(data);
}


char *
ngx_http_prize_sign_key_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_str_t                  *value;
    ngx_pool_cleanup_t         *cln;
    prize_signature_error_t     error;

    if (plcf->sign_keys != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        plcf->sign_keys = NULL;
        return NGX_CONF_OK;
    }

    if (ngx_conf_full_name(cf->cycle, &value[1], 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    plcf->sign_keys = prize_signature_keys_read((char *) value[1].data,
                                                &error);
    if (plcf->sign_keys == NULL) {
        if (error.line) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"prize_sign_key_file\" %V:%ui: %s",
                               &value[1], (ngx_uint_t) error.line, error.text);

        } else {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"prize_sign_key_file\" %V: %s", &value[1],
                               error.text);
        }

        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_prize_sign_cleanup;
    cln->data = plcf->sign_keys;

    return NGX_CONF_OK;
}


char *
ngx_http_prize_sign_event(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_str_t                  *value;
    prize_str_t                 event;

    if (plcf->sign_event.data) {
        return "is duplicate";
    }

    value = cf->args->elts;
    event.data = (char *) value[1].data;
    event.len = value[1].len;

    if (prize_signature_event_check(&event) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_sign_event\" takes a name of 1 to %d "
                           "bytes, not \"%V\"", PRIZE_SIGNATURE_EVENT_MAX,
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    plcf->sign_event = value[1];

    return NGX_CONF_OK;
}


char *
ngx_http_prize_write_back(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_int_t                   ttl;
    ngx_str_t                  *value;

    if (plcf->write_back != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        plcf->write_back = 0;
        return NGX_CONF_OK;
    }

    ttl = ngx_parse_time(&value[1], 0);

    if (ttl == NGX_ERROR || ttl == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_write_back\" takes a time of more than 0, "
                           "or \"off\", not \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    plcf->write_back = ttl;

    return NGX_CONF_OK;
}


char *
ngx_http_prize_csp(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    u_char                     *p;
    ngx_str_t                  *value;
    const char                 *fault;
    prize_str_t                 more;

    if (plcf->csp != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    plcf->csp = (ngx_strcasecmp(value[1].data, (u_char *) "off") != 0);

    /* so that nothing is inherited */

    ngx_str_set(&plcf->csp_more, "");

    if (!plcf->csp
        || ngx_strcasecmp(value[1].data, (u_char *) "on") == 0)
    {
        return NGX_CONF_OK;
    }

    plcf->csp_more = value[1];

    /* a header has one line */

    for (p = value[1].data; p < value[1].data + value[1].len; p++) {
        if (*p == LF || *p == CR || *p == '\t') {
            *p = ' ';
        }
    }

    more.data = (char *) value[1].data;
    more.len = value[1].len;

    fault = ngx_strlchr(value[1].data, value[1].data + value[1].len, '$')
            ? "a variable" : prize_policy_check(&more);

    if (fault) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_csp\" takes \"on\", \"off\" or "
                           "directives of a policy to add, not \"%V\": %s",
                           &value[1], fault);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
