
#include "ngx_http_prize_redis_conf.h"
#include "ngx_http_prize_file.h"
#include "ngx_http_prize_ssl_conf.h"


#define NGX_HTTP_PRIZE_DATABASE_MAX  65535


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


/* "NAME:PORT resolve"; an address has nothing to look up */

static ngx_int_t
ngx_http_prize_target_name(ngx_conf_t *cf, ngx_url_t *url,
    ngx_http_prize_target_t *target)
{
    if (ngx_parse_url(cf->pool, url) != NGX_OK) {
        if (url->err) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"prize_redis_pass\" takes NAME:PORT with "
                               "\"resolve\", not \"%V\": %s",
                               &url->url, url->err);
        }

        return NGX_ERROR;
    }

    if (url->family == AF_UNIX || url->no_port) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_redis_pass\" takes NAME:PORT with "
                           "\"resolve\", not \"%V\"", &url->url);
        return NGX_ERROR;
    }

    if (url->naddrs) {
        return NGX_DECLINED;
    }

    if (url->host.len > 1 && url->host.data[url->host.len - 1] == '.') {
        url->host.len--;
    }

    target->name.len = url->host.len;
    target->name.data = ngx_pnalloc(cf->pool, url->host.len);
    if (target->name.data == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(target->name.data, url->host.data, url->host.len);
    target->port = url->port;

    return NGX_OK;
}


char *
ngx_http_prize_redis_pass(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_int_t                   rc;
    ngx_url_t                   url, name;
    ngx_str_t                  *value;
    ngx_http_prize_target_t    *target;

    if (plcf->redis != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 3 && ngx_strcmp(value[2].data, "resolve") != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_redis_pass\" has no parameter \"%V\"",
                           &value[2]);
        return NGX_CONF_ERROR;
    }

    if (ngx_strcmp(value[1].data, "off") == 0 && cf->args->nelts == 2) {
        plcf->redis = NULL;
        return NGX_CONF_OK;
    }

    if (ngx_strlchr(value[1].data, value[1].data + value[1].len, '$')) {
        return "takes no variables";
    }

    target = ngx_pcalloc(cf->pool, sizeof(ngx_http_prize_target_t));
    if (target == NULL) {
        return NGX_CONF_ERROR;
    }

    target->conf_file = cf->conf_file->file.name.data;
    target->line = cf->conf_file->line;
    plcf->redis = target;

    ngx_memzero(&url, sizeof(ngx_url_t));

    url.url = value[1];
    url.no_resolve = 1;

    if (cf->args->nelts == 3) {
        name = url;
        rc = ngx_http_prize_target_name(cf, &name, target);

        if (rc != NGX_DECLINED) {
            return rc == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
        }
    }

    target->upstream = ngx_http_upstream_add(cf, &url, 0);

    return target->upstream ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_http_prize_redis_read_from(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_str_t                  *value;
    ngx_uint_t                  i;

    static const char          *words[] = {
        [NGX_PRIZE_REDIS_PRIMARY] = "primary",
        [NGX_PRIZE_REDIS_PREFER_PRIMARY] = "prefer_primary",
        [NGX_PRIZE_REDIS_PREFER_REPLICA] = "prefer_replica"
    };

    if (plcf->redis_read_from != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (ngx_strcmp(value[1].data, words[i]) == 0) {
            plcf->redis_read_from = i;
            return NGX_CONF_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"prize_redis_read_from\" takes \"primary\", "
                       "\"prefer_primary\" or \"prefer_replica\", not "
                       "\"%V\"", &value[1]);

    return NGX_CONF_ERROR;
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


char *
ngx_http_prize_redis_password_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_str_t                  *value;

    if (plcf->redis_password.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    return ngx_http_prize_file_password(cf, &value[1], &plcf->redis_password)
           == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_int_t
ngx_http_prize_redis_sentinel_option(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_prize_sentinel_t *sentinel)
{
    ngx_str_t  text;

    static const ngx_str_t  username = ngx_string("username=");
    static const ngx_str_t  file = ngx_string("password_file=");

    if (value->len > username.len
        && ngx_strncmp(value->data, username.data, username.len) == 0)
    {
        sentinel->username.data = value->data + username.len;
        sentinel->username.len = value->len - username.len;

        return NGX_OK;
    }

    if (value->len > file.len
        && ngx_strncmp(value->data, file.data, file.len) == 0)
    {
        text.data = value->data + file.len;
        text.len = value->len - file.len;

        return ngx_http_prize_file_password(cf, &text, &sentinel->password);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"prize_redis_sentinel\" takes \"username=\" and "
                       "\"password_file=\" with a value, not \"%V\"", value);

    return NGX_ERROR;
}


char *
ngx_http_prize_redis_sentinel(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_str_t                  *value;
    ngx_uint_t                  i;
    ngx_http_prize_sentinel_t  *sentinel;

    if (plcf->redis_sentinel != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0 && cf->args->nelts == 2) {
        plcf->redis_sentinel = NULL;
        return NGX_CONF_OK;
    }

    if (value[1].len == 0) {
        return "names no master";
    }

    sentinel = ngx_pcalloc(cf->pool, sizeof(ngx_http_prize_sentinel_t));
    if (sentinel == NULL) {
        return NGX_CONF_ERROR;
    }

    sentinel->master = value[1];

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_prize_redis_sentinel_option(cf, &value[i], sentinel)
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (sentinel->username.len && sentinel->password.len == 0) {
        return "has a \"username=\" without a \"password_file=\"";
    }

    plcf->redis_sentinel = sentinel;

    return NGX_CONF_OK;
}


/* equal logins are one, so that locations share their connections */

static const ngx_prize_redis_login_t *
ngx_http_prize_login_get(ngx_conf_t *cf, const ngx_prize_redis_login_t *wanted)
{
    ngx_uint_t                    i;
    ngx_prize_redis_login_t      *login, **logins;
    ngx_http_prize_main_conf_t   *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_prize_module);
    logins = pmcf->logins.elts;

    for (i = 0; i < pmcf->logins.nelts; i++) {
        login = logins[i];

        if (login->tls == wanted->tls
            && login->database == wanted->database
            && ngx_http_prize_equal_str(&login->username, &wanted->username)
            && ngx_http_prize_equal_str(&login->password, &wanted->password))
        {
            return login;
        }
    }

    login = ngx_palloc(cf->pool, sizeof(ngx_prize_redis_login_t));
    logins = ngx_array_push(&pmcf->logins);

    if (login == NULL || logins == NULL) {
        return NULL;
    }

    *login = *wanted;
    *logins = login;

    return login;
}


/* nginx would look such a name up by a blocking call, or not at all */

static ngx_int_t
ngx_http_prize_check_name(ngx_conf_t *cf, ngx_http_prize_target_t *target,
    ngx_resolver_t *resolver)
{
    ngx_uint_t                       i;
    ngx_http_upstream_srv_conf_t   **uscf;
    ngx_http_upstream_main_conf_t   *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_upstream_module);
    uscf = umcf->upstreams.elts;

    for (i = 0; i < umcf->upstreams.nelts; i++) {
        if (uscf[i]->flags
            && uscf[i]->host.len == target->name.len
            && ngx_strncasecmp(uscf[i]->host.data, target->name.data,
                               target->name.len)
               == 0)
        {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"prize_redis_pass\" with \"resolve\" names the "
                          "upstream block \"%V\": leave port and \"resolve\" "
                          "out, in %s:%ui",
                          &uscf[i]->host, target->conf_file, target->line);
            return NGX_ERROR;
        }
    }

    if (resolver == NULL || resolver->connections.nelts == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_redis_pass\" has no \"resolver\" to look up "
                      "\"%V\", in %s:%ui",
                      &target->name, target->conf_file, target->line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* equal names are one, so that locations share what was found */

static ngx_prize_resolve_conf_t *
ngx_http_prize_name_get(ngx_conf_t *cf, ngx_http_prize_target_t *target)
{
    ngx_uint_t                    i;
    ngx_prize_resolve_conf_t     *name, **names;
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_prize_main_conf_t   *pmcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (ngx_http_prize_check_name(cf, target, clcf->resolver) != NGX_OK) {
        return NULL;
    }

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_prize_module);
    names = pmcf->names.elts;

    for (i = 0; i < pmcf->names.nelts; i++) {
        name = names[i];

        if (name->port == target->port
            && name->resolver == clcf->resolver
            && name->timeout == clcf->resolver_timeout
            && ngx_http_prize_equal_str(&name->name, &target->name))
        {
            return name;
        }
    }

    name = ngx_palloc(cf->pool, sizeof(ngx_prize_resolve_conf_t));
    names = ngx_array_push(&pmcf->names);

    if (name == NULL || names == NULL) {
        return NULL;
    }

    name->name = target->name;
    name->port = target->port;
    name->resolver = clcf->resolver;
    name->timeout = clcf->resolver_timeout;
    *names = name;

    return name;
}


/* of a cluster or a master, equal ones are one, so that its map is one */

static ngx_uint_t
ngx_http_prize_route_equal(const ngx_http_prize_route_t *one,
    const ngx_http_prize_route_t *two)
{
    return one->conf.kind == two->conf.kind
           && one->conf.block == two->conf.block
           && one->conf.name == two->conf.name
           && ngx_http_prize_equal_str(&one->conf.master, &two->conf.master)
           && one->login_base == two->login_base
           && one->ask_base == two->ask_base
           && one->conf.resolver == two->conf.resolver
           && one->conf.resolver_timeout == two->conf.resolver_timeout;
}


static ngx_http_prize_route_t *
ngx_http_prize_route_get(ngx_conf_t *cf, const ngx_http_prize_route_t *wanted)
{
    ngx_uint_t                    i;
    ngx_http_prize_route_t       *route, **routes;
    ngx_http_prize_main_conf_t   *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_prize_module);
    routes = pmcf->routes.elts;

    for (i = 0; i < pmcf->routes.nelts; i++) {
        if (ngx_http_prize_route_equal(routes[i], wanted)) {
            return routes[i];
        }
    }

    route = ngx_palloc(cf->pool, sizeof(ngx_http_prize_route_t));
    routes = ngx_array_push(&pmcf->routes);

    if (route == NULL || routes == NULL) {
        return NULL;
    }

    *route = *wanted;
    *routes = route;

    route->conf.login = wanted->login_base;
    route->conf.ask = wanted->ask_base;

    if (route->conf.kind == NGX_PRIZE_REDIS_ROUTE_NAME) {
        return route;
    }

    /* nobody else's connection is one to a node, and no node is told twice */

    route->login = *wanted->login_base;
    route->login.route = route;
    route->login.cluster
                       = route->conf.kind == NGX_PRIZE_REDIS_ROUTE_CLUSTER;

    route->conf.login = &route->login;
    route->conf.ask = &route->login;

    if (route->conf.kind == NGX_PRIZE_REDIS_ROUTE_SENTINEL) {
        route->ask = *wanted->ask_base;
        route->ask.route = route;
        route->ask.sentinel = 1;

        route->conf.ask = &route->ask;
    }

    return route;
}


static ngx_int_t
ngx_http_prize_redis_check(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf)
{
    if (plcf->redis_username.len && plcf->redis_password.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_redis_username\" has no "
                      "\"prize_redis_password\" for the \"prize_page\" "
                      "in %s:%ui",
                      plcf->pages->conf_file, plcf->pages->line);
        return NGX_ERROR;
    }

    if (plcf->redis_cluster && plcf->redis_sentinel) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_redis_cluster\" and \"prize_redis_sentinel\" "
                      "exclude one another, and the \"prize_page\" in %s:%ui "
                      "has both",
                      plcf->pages->conf_file, plcf->pages->line);
        return NGX_ERROR;
    }

    if (plcf->redis_cluster && plcf->redis_database) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_redis_cluster\" has database 0 alone, and "
                      "\"prize_redis_database\" says %i for the "
                      "\"prize_page\" in %s:%ui",
                      plcf->redis_database,
                      plcf->pages->conf_file, plcf->pages->line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* the block's balancer says whom to ask, unless "route" is of another kind */

static ngx_int_t
ngx_http_prize_redis_route(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf,
    ngx_http_prize_route_t *route)
{
    ngx_http_core_loc_conf_t  *clcf;

    if (plcf->redis->upstream) {
        route->conf.block = plcf->redis->upstream;

    } else {
        route->conf.name = ngx_http_prize_name_get(cf, plcf->redis);
        if (route->conf.name == NULL) {
            return NGX_ERROR;
        }
    }

    route->conf.kind = plcf->redis_cluster ? NGX_PRIZE_REDIS_ROUTE_CLUSTER
                       : plcf->redis_sentinel ? NGX_PRIZE_REDIS_ROUTE_SENTINEL
                       : NGX_PRIZE_REDIS_ROUTE_NAME;

    if (route->conf.kind != NGX_PRIZE_REDIS_ROUTE_NAME) {
        clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

        if (clcf->resolver && clcf->resolver->connections.nelts) {
            route->conf.resolver = clcf->resolver;
            route->conf.resolver_timeout = clcf->resolver_timeout;
        }

    } else if (route->conf.block) {
        return NGX_OK;
    }

    route = ngx_http_prize_route_get(cf, route);
    if (route == NULL) {
        return NGX_ERROR;
    }

    plcf->redis_route = &route->conf;

    return NGX_OK;
}


ngx_int_t
ngx_http_prize_redis_conf_prepare(ngx_conf_t *cf,
    ngx_http_prize_loc_conf_t *plcf)
{
    ngx_prize_redis_login_t       login;
    ngx_http_prize_route_t        route;
    const ngx_prize_redis_tls_t  *tls;

    if (plcf->redis == NULL) {
        return NGX_OK;
    }

    if (ngx_http_prize_redis_check(cf, plcf) != NGX_OK
        || ngx_http_prize_ssl_conf_prepare(cf, plcf, &tls) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memzero(&login, sizeof(ngx_prize_redis_login_t));
    ngx_memzero(&route, sizeof(ngx_http_prize_route_t));

    login.tls = tls;
    login.username = plcf->redis_username;
    login.password = plcf->redis_password;
    login.database = plcf->redis_database;

    route.login_base = ngx_http_prize_login_get(cf, &login);
    route.ask_base = route.login_base;

    if (plcf->redis_sentinel) {
        login.username = plcf->redis_sentinel->username;
        login.password = plcf->redis_sentinel->password;
        login.database = 0;

        route.conf.master = plcf->redis_sentinel->master;
        route.ask_base = ngx_http_prize_login_get(cf, &login);
    }

    if (route.login_base == NULL || route.ask_base == NULL) {
        return NGX_ERROR;
    }

    plcf->redis_login = route.login_base;

    return ngx_http_prize_redis_route(cf, plcf, &route);
}
