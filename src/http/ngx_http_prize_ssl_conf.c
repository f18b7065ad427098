
#include "ngx_http_prize_host.h"
#include "ngx_http_prize_ssl_conf.h"


ngx_conf_bitmask_t  ngx_http_prize_ssl_protocols[] = {
    { ngx_string("TLSv1"), NGX_PRIZE_REDIS_TLSv1 },
    { ngx_string("TLSv1.1"), NGX_PRIZE_REDIS_TLSv1_1 },
    { ngx_string("TLSv1.2"), NGX_PRIZE_REDIS_TLSv1_2 },
    { ngx_string("TLSv1.3"), NGX_PRIZE_REDIS_TLSv1_3 },
    { ngx_null_string, 0 }
};


char *
ngx_http_prize_check_ssl(ngx_conf_t *cf, void *post, void *data)
{
    ngx_flag_t  *value = data;

    if (*value && !ngx_prize_redis_tls_supported()) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_redis_ssl\" cannot be on: this nginx was "
                           "built without SSL");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_http_prize_ssl_is_host(const ngx_str_t *name)
{
    u_char  *p;
    size_t   i;

#if (NGX_HAVE_INET6)
    u_char   address[16];

    if (ngx_inet6_addr(name->data, name->len, address) == NGX_OK) {
        return 1;
    }
#endif

    for (i = 0; i < name->len; i++) {
        p = &name->data[i];

        if ((*p < 'a' || *p > 'z') && (*p < 'A' || *p > 'Z')
            && (*p < '0' || *p > '9') && *p != '.' && *p != '-' && *p != '_')
        {
            return 0;
        }
    }

    /*
     * As long as the name of a host can be (RFC 1035, section 2.3.4).  With a
     * dot in front any name below it would do (X509_check_host(3)).
     */

    return name->len != 0 && name->data[0] != '.' && name->len <= 255;
}


char *
ngx_http_prize_ssl_name(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_str_t                  *value;

    if (plcf->redis_ssl_name.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (!ngx_http_prize_ssl_is_host(&value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_redis_ssl_name\" takes the name of a host "
                           "or an address, without a port, not \"%V\"",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    plcf->redis_ssl_name = value[1];

    /* neither a certificate nor SNI has the dot that ends a full name */

    if (value[1].data[value[1].len - 1] == '.') {
        plcf->redis_ssl_name.len--;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_prize_ssl_value(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    ngx_str_t                *value;
    ngx_http_prize_placed_t  *placed;

    placed = (ngx_http_prize_placed_t *) (p + cmd->offset);

    if (placed->value.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strlchr(value[1].data, value[1].data + value[1].len, '$')) {
        return "takes no variables";
    }

    placed->value = value[1];
    placed->conf_file = cf->conf_file->file.name.data;
    placed->line = cf->conf_file->line;

    return NGX_CONF_OK;
}


/* a key may be one of an engine or of a provider's store, which is no file */

char *
ngx_http_prize_ssl_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    char                     *rv;
    ngx_str_t                *file;

    rv = ngx_http_prize_ssl_value(cf, cmd, conf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    file = &((ngx_http_prize_placed_t *) (p + cmd->offset))->value;

    if (file->len == 0
        || ngx_strncmp(file->data, "engine:", 7) == 0
        || ngx_strncmp(file->data, "store:", 6) == 0
        || ngx_strncmp(file->data, "data:", 5) == 0)
    {
        return NGX_CONF_OK;
    }

    return ngx_conf_full_name(cf->cycle, file, 1) == NGX_OK ? NGX_CONF_OK
                                                            : NGX_CONF_ERROR;
}


/* the place is that of the first one of a block */

char *
ngx_http_prize_ssl_conf_command(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_str_t                  *value;
    ngx_keyval_t               *command;

    value = cf->args->elts;

    if (plcf->redis_ssl_conf_commands == NULL) {

        plcf->redis_ssl_conf_commands = ngx_array_create(cf->pool, 4,
                                                       sizeof(ngx_keyval_t));
        if (plcf->redis_ssl_conf_commands == NULL) {
            return NGX_CONF_ERROR;
        }

        plcf->redis_ssl_conf_command.value = value[1];
        plcf->redis_ssl_conf_command.conf_file
            = cf->conf_file->file.name.data;
        plcf->redis_ssl_conf_command.line = cf->conf_file->line;
    }

    command = ngx_array_push(plcf->redis_ssl_conf_commands);
    if (command == NULL) {
        return NGX_CONF_ERROR;
    }

    command->key = value[1];
    command->value = value[2];

    return NGX_CONF_OK;
}


void
ngx_http_prize_ssl_conf_create(ngx_http_prize_loc_conf_t *conf)
{
    /*
     * zeroed already: the names, the files, the ciphers, the commands, and
     * the protocols
     */

    conf->redis_ssl = NGX_CONF_UNSET;
    conf->redis_ssl_server_name = NGX_CONF_UNSET;
    conf->redis_ssl_verify = NGX_CONF_UNSET;
    conf->redis_ssl_verify_depth = NGX_CONF_UNSET_UINT;
    conf->redis_ssl_session_reuse = NGX_CONF_UNSET;
}


static void
ngx_http_prize_ssl_merge_placed(ngx_http_prize_placed_t *prev,
    ngx_http_prize_placed_t *conf)
{
    if (conf->value.data == NULL) {
        *conf = *prev;
    }
}


void
ngx_http_prize_ssl_conf_merge(ngx_http_prize_loc_conf_t *prev,
    ngx_http_prize_loc_conf_t *conf)
{
    ngx_conf_merge_value(conf->redis_ssl, prev->redis_ssl, 0);
    ngx_conf_merge_str_value(conf->redis_ssl_name, prev->redis_ssl_name, "");
    ngx_conf_merge_value(conf->redis_ssl_server_name,
                         prev->redis_ssl_server_name, 1);
    ngx_conf_merge_value(conf->redis_ssl_verify, prev->redis_ssl_verify, 1);
    ngx_conf_merge_uint_value(conf->redis_ssl_verify_depth,
                              prev->redis_ssl_verify_depth, 4);

    ngx_http_prize_ssl_merge_placed(&prev->redis_ssl_trusted_certificate,
                                    &conf->redis_ssl_trusted_certificate);
    ngx_http_prize_ssl_merge_placed(&prev->redis_ssl_crl,
                                    &conf->redis_ssl_crl);
    ngx_http_prize_ssl_merge_placed(&prev->redis_ssl_certificate,
                                    &conf->redis_ssl_certificate);
    ngx_http_prize_ssl_merge_placed(&prev->redis_ssl_certificate_key,
                                    &conf->redis_ssl_certificate_key);
    ngx_http_prize_ssl_merge_placed(&prev->redis_ssl_password_file,
                                    &conf->redis_ssl_password_file);
    ngx_http_prize_ssl_merge_placed(&prev->redis_ssl_ciphers,
                                    &conf->redis_ssl_ciphers);
    ngx_http_prize_ssl_merge_placed(&prev->redis_ssl_conf_command,
                                    &conf->redis_ssl_conf_command);

    ngx_conf_merge_bitmask_value(conf->redis_ssl_protocols,
                                 prev->redis_ssl_protocols,
                                 (NGX_CONF_BITMASK_SET
                                  |NGX_PRIZE_REDIS_TLSv1_2
                                  |NGX_PRIZE_REDIS_TLSv1_3));
    ngx_conf_merge_str_value(conf->redis_ssl_ciphers.value,
                             prev->redis_ssl_ciphers.value, "DEFAULT");
    ngx_conf_merge_value(conf->redis_ssl_session_reuse,
                         prev->redis_ssl_session_reuse, 1);

    if (conf->redis_ssl_conf_commands == NULL) {
        conf->redis_ssl_conf_commands = prev->redis_ssl_conf_commands;
    }
}


/* what a location with TLS needs, and where it was forgotten */

static ngx_int_t
ngx_http_prize_ssl_check_pair(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf)
{
    ngx_uint_t                key;
    ngx_http_prize_placed_t  *only;

    key = (plcf->redis_ssl_certificate_key.value.len != 0);

    if ((plcf->redis_ssl_certificate.value.len != 0) == key) {
        return NGX_OK;
    }

    only = key ? &plcf->redis_ssl_certificate_key
               : &plcf->redis_ssl_certificate;

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"prize_redis_ssl_certificate%s\" has no "
                  "\"prize_redis_ssl_certificate%s\" in %s:%ui",
                  key ? "_key" : "", key ? "" : "_key", only->conf_file,
                  only->line);

    return NGX_ERROR;
}


/* a server that no name and no address is known of */

static ngx_int_t
ngx_http_prize_ssl_check_names(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf)
{
    ngx_str_t                     *line;
    ngx_uint_t                     i;
    ngx_http_upstream_server_t    *server;
    ngx_http_upstream_srv_conf_t  *uscf;

    if (!plcf->redis_ssl_verify || plcf->redis_ssl_name.len
        || plcf->redis->upstream == NULL)
    {
        return NGX_OK;
    }

    uscf = plcf->redis->upstream;
    line = &uscf->host;

    if (uscf->flags == 0) {
        if (ngx_http_prize_host_of(uscf->host).len) {
            return NGX_OK;
        }

        goto failed;
    }

    if (uscf->servers == NULL || uscf->servers->nelts == 0) {
        goto failed;
    }

    server = uscf->servers->elts;

    for (i = 0; i < uscf->servers->nelts; i++) {
        line = &server[i].name;

        if (ngx_http_prize_host_of(*line).len == 0) {
            goto failed;
        }
    }

    return NGX_OK;

failed:

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"prize_redis_ssl_verify\" needs \"prize_redis_ssl_name\", "
                  "since \"%V\" names no host, for the \"prize_page\" in "
                  "%s:%ui",
                  line, plcf->pages->conf_file, plcf->pages->line);

    return NGX_ERROR;
}


/* equal settings are one, so that locations share their connections */

static ngx_uint_t
ngx_http_prize_ssl_equal_commands(ngx_array_t *one, ngx_array_t *two)
{
    ngx_uint_t     i;
    ngx_keyval_t  *a, *b;

    if (one == two) {
        return 1;
    }

    if (one == NULL || two == NULL || one->nelts != two->nelts) {
        return 0;
    }

    a = one->elts;
    b = two->elts;

    for (i = 0; i < one->nelts; i++) {
        if (!ngx_http_prize_equal_str(&a[i].key, &b[i].key)
            || !ngx_http_prize_equal_str(&a[i].value, &b[i].value))
        {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_http_prize_ssl_equal(const ngx_prize_redis_tls_t *one,
    const ngx_prize_redis_tls_t *two)
{
    return one->server_name == two->server_name
           && one->verify == two->verify
           && one->verify_depth == two->verify_depth
           && one->protocols == two->protocols
           && one->session_reuse == two->session_reuse
           && ngx_http_prize_equal_str(&one->name, &two->name)
           && ngx_http_prize_equal_str(&one->trusted_certificate,
                                       &two->trusted_certificate)
           && ngx_http_prize_equal_str(&one->crl, &two->crl)
           && ngx_http_prize_equal_str(&one->certificate, &two->certificate)
           && ngx_http_prize_equal_str(&one->certificate_key,
                                       &two->certificate_key)
           && ngx_http_prize_equal_str(&one->password_file,
                                       &two->password_file)
           && ngx_http_prize_equal_str(&one->ciphers, &two->ciphers)
           && ngx_http_prize_ssl_equal_commands(one->conf_commands,
                                                two->conf_commands);
}


static void
ngx_http_prize_ssl_fill(const ngx_http_prize_loc_conf_t *plcf,
    ngx_prize_redis_tls_t *tls)
{
    ngx_memzero(tls, sizeof(ngx_prize_redis_tls_t));

    tls->name = plcf->redis_ssl_name;
    tls->server_name = plcf->redis_ssl_server_name;
    tls->verify = plcf->redis_ssl_verify;
    tls->verify_depth = plcf->redis_ssl_verify_depth;
    tls->trusted_certificate = plcf->redis_ssl_trusted_certificate.value;
    tls->crl = plcf->redis_ssl_crl.value;
    tls->certificate = plcf->redis_ssl_certificate.value;
    tls->certificate_key = plcf->redis_ssl_certificate_key.value;
    tls->password_file = plcf->redis_ssl_password_file.value;
    tls->protocols = plcf->redis_ssl_protocols;
    tls->ciphers = plcf->redis_ssl_ciphers.value;
    tls->conf_commands = plcf->redis_ssl_conf_commands;
    tls->session_reuse = plcf->redis_ssl_session_reuse;
}


static void
ngx_http_prize_ssl_complain(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf,
    ngx_prize_redis_tls_value_e value, ngx_str_t *words)
{
    u_char                         *conf_file;
    ngx_uint_t                      line;
    const ngx_http_prize_placed_t  *placed;

    static const struct {
        const char  *name;
        size_t       offset;
    } values[] = {
        [NGX_PRIZE_REDIS_TLS_OTHER] = { "", 0 },
        [NGX_PRIZE_REDIS_TLS_TRUSTED] = { "_trusted_certificate",
            offsetof(ngx_http_prize_loc_conf_t,
                     redis_ssl_trusted_certificate) },
        [NGX_PRIZE_REDIS_TLS_CRL] = { "_crl",
            offsetof(ngx_http_prize_loc_conf_t, redis_ssl_crl) },
        [NGX_PRIZE_REDIS_TLS_CERTIFICATE] = { "_certificate",
            offsetof(ngx_http_prize_loc_conf_t, redis_ssl_certificate) },
        [NGX_PRIZE_REDIS_TLS_KEY] = { "_certificate_key",
            offsetof(ngx_http_prize_loc_conf_t, redis_ssl_certificate_key) },
        [NGX_PRIZE_REDIS_TLS_PASSWORD] = { "_password_file",
            offsetof(ngx_http_prize_loc_conf_t, redis_ssl_password_file) },
        [NGX_PRIZE_REDIS_TLS_CIPHERS] = { "_ciphers",
            offsetof(ngx_http_prize_loc_conf_t, redis_ssl_ciphers) },
        [NGX_PRIZE_REDIS_TLS_COMMAND] = { "_conf_command",
            offsetof(ngx_http_prize_loc_conf_t, redis_ssl_conf_command) }
    };

    conf_file = plcf->pages->conf_file;
    line = plcf->pages->line;

    placed = (ngx_http_prize_placed_t *)
             ((u_char *) plcf + values[value].offset);

    if (values[value].offset && placed->conf_file) {
        conf_file = placed->conf_file;
        line = placed->line;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"prize_redis_ssl%s\" does not work: %V in %s:%ui",
                  values[value].name, words, conf_file, line);
}


static const ngx_prize_redis_tls_t *
ngx_http_prize_ssl_get(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf)
{
    ngx_int_t                      rc;
    ngx_str_t                      words = ngx_null_string;
    ngx_uint_t                     i;
    ngx_prize_redis_tls_t         *tls, **all;
    ngx_http_prize_main_conf_t    *pmcf;
    ngx_prize_redis_tls_value_e    value;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_prize_module);

    tls = ngx_palloc(cf->pool, sizeof(ngx_prize_redis_tls_t));
    if (tls == NULL) {
        return NULL;
    }

    ngx_http_prize_ssl_fill(plcf, tls);

    all = pmcf->tls.elts;

    for (i = 0; i < pmcf->tls.nelts; i++) {
        if (ngx_http_prize_ssl_equal(all[i], tls)) {
            return all[i];
        }
    }

    rc = ngx_prize_redis_tls_create(cf, tls, &value, &words);

    if (rc != NGX_OK) {
        if (rc == NGX_DECLINED) {
            ngx_http_prize_ssl_complain(cf, plcf, value, &words);
        }

        return NULL;
    }

    all = ngx_array_push(&pmcf->tls);
    if (all == NULL) {
        return NULL;
    }

    *all = tls;

    return tls;
}


ngx_int_t
ngx_http_prize_ssl_conf_prepare(ngx_conf_t *cf,
    ngx_http_prize_loc_conf_t *plcf, const ngx_prize_redis_tls_t **tls)
{
    *tls = NULL;

    if (!plcf->redis_ssl) {
        return NGX_OK;
    }

    if (ngx_http_prize_ssl_check_pair(cf, plcf) != NGX_OK
        || ngx_http_prize_ssl_check_names(cf, plcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    *tls = ngx_http_prize_ssl_get(cf, plcf);

    return *tls ? NGX_OK : NGX_ERROR;
}
