
#include <ngx_config.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "ngx_http_prize_store_conf.h"
#include "ngx_http_prize_file.h"
#include "ngx_http_prize_redis_conf.h"
#include "ngx_prize_postgres_hosts.h"


#define NGX_HTTP_PRIZE_CERTIFICATES       20
#define NGX_HTTP_PRIZE_RESOLVER_TIMEOUT   30000  /* ms, nginx's own default */


char *
ngx_http_prize_check_positive(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t  *value = data;

    return *value ? NGX_CONF_OK : "must be more than 0";
}


static ngx_prize_postgres_conf_t *
ngx_http_prize_pool_find(ngx_http_prize_main_conf_t *pmcf, ngx_str_t *name)
{
    ngx_uint_t                   i;
    ngx_prize_postgres_conf_t  **pools;

    pools = pmcf->pools.elts;

    for (i = 0; i < pmcf->pools.nelts; i++) {
        if (ngx_http_prize_equal_str(&pools[i]->name, name)) {
            return pools[i];
        }
    }

    return NULL;
}


/* NGX_DECLINED: it is no number's parameter */

static ngx_int_t
ngx_http_prize_pool_number(ngx_conf_t *cf, ngx_str_t *value,
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

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_prize_pool_option(ngx_conf_t *cf, ngx_str_t *value,
    ngx_prize_postgres_conf_t *pool)
{
    ngx_int_t  rc;
    ngx_str_t  file;

    static const ngx_str_t  name = ngx_string("password_file=");

    if (ngx_strcmp(value->data, "resolve") == 0) {
        pool->conf_file = cf->conf_file->file.name.data;
        pool->line = cf->conf_file->line;
        return NGX_OK;
    }

    if (value->len > name.len
        && ngx_strncmp(value->data, name.data, name.len) == 0)
    {
        file.data = value->data + name.len;
        file.len = value->len - name.len;

        return ngx_http_prize_file_password(cf, &file, &pool->password);
    }

    rc = ngx_http_prize_pool_number(cf, value, pool);

    if (rc != NGX_DECLINED) {
        return rc;
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


/* libpq reads pg_service.conf when it connects, and looks up what is there */

static ngx_int_t
ngx_http_prize_conninfo_service(ngx_conf_t *cf,
    ngx_prize_postgres_conf_t *pool, PQconninfoOption *options)
{
    const char  *service;

    service = ngx_prize_postgres_hosts_option(options, "service");

    if (pool->conf_file == NULL || *service == '\0'
        || *ngx_prize_postgres_hosts_option(options, "host")
        || *ngx_prize_postgres_hosts_option(options, "hostaddr"))
    {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"prize_postgres\" with \"resolve\" wants the hosts "
                       "of pool \"%V\" in its conninfo, not in service "
                       "\"%s\"", &pool->name, service);

    return NGX_ERROR;
}


/* libpq reads them all each time that it connects, and a worker waits */

static void
ngx_http_prize_conninfo_certificates(ngx_conf_t *cf,
    ngx_prize_postgres_conf_t *pool, const char *file)
{
    BIO         *bio;
    X509        *x509;
    ngx_uint_t   n;

    /* one that is not there libpq complains of when it connects */

    bio = BIO_new_file(file, "r");

    for (n = 0; bio && n <= NGX_HTTP_PRIZE_CERTIFICATES; n++) {
        x509 = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);

        if (x509 == NULL) {
            break;
        }

        X509_free(x509);
    }

    BIO_free(bio);
    ERR_clear_error();

    if (n > NGX_HTTP_PRIZE_CERTIFICATES) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"sslrootcert\" of pool \"%V\" holds more than %d "
                           "certificates, which a worker stands still for "
                           "whenever it connects: name a file with those of "
                           "your own authority alone, not \"%s\"",
                           &pool->name, NGX_HTTP_PRIZE_CERTIFICATES, file);
    }
}


static ngx_int_t
ngx_http_prize_conninfo_examine(ngx_conf_t *cf,
    ngx_prize_postgres_conf_t *pool, PQconninfoOption *options)
{
    if (pool->password.len
        && *ngx_prize_postgres_hosts_option(options, "password"))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_postgres\" has a password in the conninfo "
                           "of pool \"%V\" and \"password_file=\" beside it",
                           &pool->name);
        return NGX_ERROR;
    }

    if (ngx_http_prize_conninfo_service(cf, pool, options) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!ngx_prize_postgres_hosts_named(options)) {
        /* an address, or a socket, needs no resolver */
        pool->conf_file = NULL;

    } else if (pool->conf_file == NULL) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "the conninfo of pool \"%V\" names a host that has "
                           "to be resolved, which blocks a worker: use "
                           "\"resolve\", \"hostaddr=\" or a socket directory",
                           &pool->name);
    }

    ngx_http_prize_conninfo_certificates(cf, pool,
                      ngx_prize_postgres_hosts_option(options, "sslrootcert"));

    return NGX_OK;
}


static ngx_int_t
ngx_http_prize_conninfo_check(ngx_conf_t *cf, ngx_prize_postgres_conf_t *pool)
{
    char              *message;
    size_t             len;
    ngx_int_t          rc;
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

    rc = ngx_http_prize_conninfo_examine(cf, pool, options);

    PQconninfoFree(options);

    return rc;
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

    if (ngx_http_prize_pool_find(pmcf, &value[1])) {
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

    if (ngx_array_init(&pool->queries, cf->pool, 2,
                       sizeof(ngx_prize_postgres_query_t))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 3; i < cf->args->nelts; i++) {
        if (ngx_http_prize_pool_option(cf, &value[i], pool) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return ngx_http_prize_conninfo_check(cf, pool) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
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

    if (plcf->postgres_query.text.data) {
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

    plcf->postgres_query.text = value[1];
    plcf->postgres_query.file = cf->conf_file->file.name.data;
    plcf->postgres_query.line = cf->conf_file->line;

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


/* locations may share their pages */

static ngx_int_t
ngx_http_prize_query_use(ngx_prize_postgres_query_t *query,
    const prize_fields_t *fields)
{
    ngx_uint_t              i;
    const prize_fields_t  **list;

    list = query->fields.elts;

    for (i = 0; i < query->fields.nelts; i++) {
        if (list[i] == fields) {
            return NGX_OK;
        }
    }

    list = ngx_array_push(&query->fields);
    if (list == NULL) {
        return NGX_ERROR;
    }

    *list = fields;

    return NGX_OK;
}


static ngx_int_t
ngx_http_prize_query_add(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf)
{
    ngx_uint_t                   i;
    ngx_prize_postgres_query_t  *query;

    query = plcf->postgres->queries.elts;

    for (i = 0; i < plcf->postgres->queries.nelts; i++) {
        if (ngx_http_prize_equal_str(&query[i].text,
                                     &plcf->postgres_query.text))
        {
            plcf->query = i;
            return ngx_http_prize_query_use(&query[i], &plcf->pages->fields);
        }
    }

    query = ngx_array_push(&plcf->postgres->queries);
    if (query == NULL) {
        return NGX_ERROR;
    }

    *query = plcf->postgres_query;
    plcf->query = i;

    if (ngx_array_init(&query->fields, cf->pool, 2, sizeof(void *)) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_prize_query_use(query, &plcf->pages->fields);
}


static ngx_int_t
ngx_http_prize_postgres_prepare(ngx_conf_t *cf,
    ngx_http_prize_loc_conf_t *plcf)
{
    ngx_http_prize_main_conf_t  *pmcf;

    if (plcf->postgres_name.len == 0) {
        return NGX_OK;
    }

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_prize_module);
    plcf->postgres = ngx_http_prize_pool_find(pmcf, &plcf->postgres_name);

    if (plcf->postgres == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_postgres_pass\" names an unknown pool \"%V\", "
                      "no \"prize_postgres\" has it, in %s:%ui",
                      &plcf->postgres_name, plcf->postgres_conf_file,
                      plcf->postgres_line);
        return NGX_ERROR;
    }

    if (plcf->postgres_query.text.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_postgres_pass\" has no "
                      "\"prize_postgres_query\" in %s:%ui",
                      plcf->postgres_conf_file, plcf->postgres_line);
        return NGX_ERROR;
    }

    return ngx_http_prize_query_add(cf, plcf);
}


ngx_int_t
ngx_http_prize_store_conf_prepare(ngx_conf_t *cf,
    ngx_http_prize_loc_conf_t *plcf)
{
    if (ngx_http_prize_redis_conf_prepare(cf, plcf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_prize_postgres_prepare(cf, plcf);
}


/* http's own resolver, since a pool is no server's */

ngx_int_t
ngx_http_prize_store_conf_finish(ngx_conf_t *cf)
{
    ngx_uint_t                    i;
    ngx_http_core_loc_conf_t     *clcf;
    ngx_prize_postgres_conf_t   **pools;
    ngx_http_prize_main_conf_t   *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_prize_module);
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    pools = pmcf->pools.elts;

    for (i = 0; i < pmcf->pools.nelts; i++) {

        if (pools[i]->conf_file == NULL) {
            continue;
        }

        if (clcf->resolver == NULL || clcf->resolver->connections.nelts == 0) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"prize_postgres\" with \"resolve\" has no "
                          "\"resolver\" in http to look up the hosts of pool "
                          "\"%V\", in %s:%ui", &pools[i]->name,
                          pools[i]->conf_file, pools[i]->line);
            return NGX_ERROR;
        }

        pools[i]->resolver = clcf->resolver;
        pools[i]->resolver_timeout =
                  clcf->resolver_timeout == NGX_CONF_UNSET_MSEC
                  ? NGX_HTTP_PRIZE_RESOLVER_TIMEOUT : clcf->resolver_timeout;
    }

    return NGX_OK;
}
