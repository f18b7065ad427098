
#include <ngx_config.h>

#include <arpa/inet.h>
#include <stdlib.h>

#include "ngx_prize_postgres_hosts.h"


#define NGX_PRIZE_POSTGRES_CONNECT  2000    /* ms, or conninfo's own */


static const char  *ngx_prize_postgres_lists[] = {
    [NGX_PRIZE_POSTGRES_HOST] = "host",
    [NGX_PRIZE_POSTGRES_HOSTADDR] = "hostaddr",
    [NGX_PRIZE_POSTGRES_PORT] = "port"
};


const char *
ngx_prize_postgres_hosts_option(PQconninfoOption *options,
    const char *keyword)
{
    PQconninfoOption  *o;

    for (o = options; o->keyword; o++) {
        if (ngx_strcmp(o->keyword, keyword) == 0) {
            return o->val ? o->val : "";
        }
    }

    return "";
}


static ngx_uint_t
ngx_prize_postgres_list_length(const char *list)
{
    ngx_uint_t  n;

    for (n = 1; *list; list++) {
        if (*list == ',') {
            n++;
        }
    }

    return n;
}


/* empty if the list is shorter */

static ngx_str_t
ngx_prize_postgres_list_entry(const char *list, ngx_uint_t n)
{
    ngx_str_t  entry;

    for ( /* void */ ; n; n--) {
        list += strcspn(list, ",");

        if (*list == ',') {
            list++;
        }
    }

    entry.data = (u_char *) list;
    entry.len = strcspn(list, ",");

    return entry;
}


/* neither a socket nor an address, and without an address beside it */

static ngx_uint_t
ngx_prize_postgres_host_named(const ngx_str_t *values)
{
    u_char            address[sizeof(struct in6_addr)];
    char              text[NGX_INET6_ADDRSTRLEN + 1];
    const ngx_str_t  *host;

    host = &values[NGX_PRIZE_POSTGRES_HOST];

    if (values[NGX_PRIZE_POSTGRES_HOSTADDR].len || host->len == 0
        || host->data[0] == '/' || host->data[0] == '@')
    {
        return 0;
    }

    if (host->len >= sizeof(text)) {
        return 1;
    }

    (void) ngx_cpystrn((u_char *) text, host->data, host->len + 1);

    return inet_pton(AF_INET, text, address) != 1
           && inet_pton(AF_INET6, text, address) != 1;
}


static ngx_uint_t
ngx_prize_postgres_hosts_length(const char *const *lists)
{
    ngx_uint_t  hosts, addresses;

    hosts = ngx_prize_postgres_list_length(lists[NGX_PRIZE_POSTGRES_HOST]);
    addresses = ngx_prize_postgres_list_length(
                                          lists[NGX_PRIZE_POSTGRES_HOSTADDR]);

    return ngx_max(hosts, addresses);
}


static void
ngx_prize_postgres_hosts_read(PQconninfoOption *options, const char **lists)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_PRIZE_POSTGRES_LISTS; i++) {
        lists[i] = ngx_prize_postgres_hosts_option(options,
                                                 ngx_prize_postgres_lists[i]);
    }
}


ngx_uint_t
ngx_prize_postgres_hosts_named(PQconninfoOption *options)
{
    ngx_str_t    values[NGX_PRIZE_POSTGRES_LISTS];
    ngx_uint_t   i, n;
    const char  *lists[NGX_PRIZE_POSTGRES_LISTS];

    ngx_prize_postgres_hosts_read(options, lists);

    for (n = 0; n < ngx_prize_postgres_hosts_length(lists); n++) {

        for (i = 0; i < NGX_PRIZE_POSTGRES_LISTS; i++) {
            values[i] = ngx_prize_postgres_list_entry(lists[i], n);
        }

        if (ngx_prize_postgres_host_named(values)) {
            return 1;
        }
    }

    return 0;
}


/* the resolver's name of a host: DNS knows no case, and no dot at the end */

static ngx_int_t
ngx_prize_postgres_host_name(ngx_prize_postgres_host_t *host,
    ngx_pool_t *pool)
{
    u_char      *texts;
    ngx_str_t   *name, *value;
    ngx_uint_t   i;

    value = &host->values[NGX_PRIZE_POSTGRES_HOST];
    name = &host->name.name;

    name->data = ngx_pnalloc(pool, value->len);
    host->addrs = ngx_palloc(pool, NGX_PRIZE_RESOLVE_ADDRS
                                   * sizeof(ngx_str_t));
    texts = ngx_pnalloc(pool, NGX_PRIZE_RESOLVE_ADDRS * NGX_INET6_ADDRSTRLEN);

    if (name->data == NULL || host->addrs == NULL || texts == NULL) {
        return NGX_ERROR;
    }

    name->len = value->len;
    ngx_strlow(name->data, value->data, value->len);

    if (name->len > 1 && name->data[name->len - 1] == '.') {
        name->len--;
    }

    for (i = 0; i < NGX_PRIZE_RESOLVE_ADDRS; i++) {
        host->addrs[i].len = 0;
        host->addrs[i].data = texts + i * NGX_INET6_ADDRSTRLEN;
    }

    host->name.resolver = host->hosts->resolver;
    host->name.timeout = host->hosts->resolver_timeout;

    return NGX_OK;
}


static ngx_int_t
ngx_prize_postgres_host_init(ngx_prize_postgres_host_t *host,
    const char *const *lists, ngx_uint_t n, ngx_pool_t *pool)
{
    ngx_str_t   entry;
    ngx_uint_t  i;

    for (i = 0; i < NGX_PRIZE_POSTGRES_LISTS; i++) {
        entry = ngx_prize_postgres_list_entry(lists[i], n);

        host->values[i].len = entry.len;
        host->values[i].data = ngx_pstrdup(pool, &entry);

        if (host->values[i].data == NULL) {
            return NGX_ERROR;
        }
    }

    if (host->hosts->resolver == NULL
        || !ngx_prize_postgres_host_named(host->values))
    {
        return NGX_OK;
    }

    host->hosts->rewritten[NGX_PRIZE_POSTGRES_HOSTADDR] = 1;

    return ngx_prize_postgres_host_name(host, pool);
}


/* a list of another length is left to libpq to complain of */

static ngx_int_t
ngx_prize_postgres_hosts_lists(ngx_prize_postgres_hosts_t *hosts,
    const char *const *lists, ngx_pool_t *pool)
{
    ngx_uint_t                  i;
    ngx_prize_postgres_host_t  *host;

    for (i = 0; i < NGX_PRIZE_POSTGRES_LISTS; i++) {
        hosts->rewritten[i] = lists[i][0]
                              && ngx_prize_postgres_list_length(lists[i])
                                 == hosts->n;
    }

    /* one port is that of all hosts */

    if (hosts->n == 1) {
        hosts->rewritten[NGX_PRIZE_POSTGRES_PORT] = 0;
    }

    hosts->list = ngx_pcalloc(pool, hosts->n
                                    * sizeof(ngx_prize_postgres_host_t));
    if (hosts->list == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < hosts->n; i++) {
        host = &hosts->list[i];
        host->hosts = hosts;

        if (ngx_prize_postgres_host_init(host, lists, i, pool) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_prize_postgres_hosts_init(ngx_prize_postgres_hosts_t *hosts,
    ngx_pool_t *pool)
{
    ngx_int_t          rc, seconds;
    const char        *value, *lists[NGX_PRIZE_POSTGRES_LISTS];
    PQconninfoOption  *options;

    options = PQconninfoParse(hosts->conninfo, NULL);
    if (options == NULL) {
        return NGX_ERROR;
    }

    ngx_prize_postgres_hosts_read(options, lists);

    hosts->n = ngx_prize_postgres_hosts_length(lists);

    /* all of them have the time that PQconnectPoll() does not look at */

    value = ngx_prize_postgres_hosts_option(options, "connect_timeout");
    seconds = ngx_atoi((u_char *) value, ngx_strlen(value));

    hosts->budget = seconds > 0 ? (ngx_msec_t) seconds * 1000
                                : NGX_PRIZE_POSTGRES_CONNECT;

    rc = ngx_prize_postgres_hosts_lists(hosts, lists, pool);

    PQconninfoFree(options);

    return rc;
}


static ngx_uint_t
ngx_prize_postgres_host_has(const ngx_str_t *addrs, ngx_uint_t n,
    const u_char *address, size_t len)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (addrs[i].len == len
            && ngx_memcmp(addrs[i].data, address, len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/*
 * Those that stay keep their order, and new ones stand behind them: nginx
 * says the same ones in another order each time, and whoever was silent has
 * been passed over.
 */

static void
ngx_prize_postgres_host_resolved(ngx_prize_resolve_t *resolve,
    ngx_addr_t *addrs, ngx_uint_t naddrs)
{
    u_char                     *p;
    ngx_str_t                   text[NGX_PRIZE_RESOLVE_ADDRS], old;
    ngx_uint_t                  i, n;
    ngx_prize_postgres_host_t  *host;
    u_char   texts[NGX_PRIZE_RESOLVE_ADDRS][NGX_INET6_ADDRSTRLEN];

    host = resolve->data;

    for (i = 0; i < naddrs; i++) {
        text[i].data = texts[i];
        text[i].len = ngx_sock_ntop(addrs[i].sockaddr, addrs[i].socklen,
                                    texts[i], NGX_INET6_ADDRSTRLEN, 0);
    }

    for (i = 0, n = 0; i < host->naddrs; i++) {
        old = host->addrs[i];

        if (ngx_prize_postgres_host_has(text, naddrs, old.data, old.len)) {
            host->addrs[i] = host->addrs[n];
            host->addrs[n++] = old;
        }
    }

    for (i = 0; i < naddrs && n < NGX_PRIZE_RESOLVE_ADDRS; i++) {
        p = text[i].data;

        if (!ngx_prize_postgres_host_has(host->addrs, n, p, text[i].len)) {
            ngx_memcpy(host->addrs[n].data, p, text[i].len);
            host->addrs[n++].len = text[i].len;
        }
    }

    host->naddrs = n;
    host->hosts->handler(host->hosts->data);
}


void
ngx_prize_postgres_hosts_start(ngx_prize_postgres_hosts_t *hosts,
    ngx_cycle_t *cycle)
{
    ngx_uint_t                  i;
    ngx_prize_postgres_host_t  *host;

    for (i = 0; i < hosts->n; i++) {
        host = &hosts->list[i];

        if (host->name.name.len == 0) {
            continue;
        }

        host->resolve.conf = &host->name;
        host->resolve.cycle = cycle;
        host->resolve.handler = ngx_prize_postgres_host_resolved;
        host->resolve.data = host;

        ngx_prize_resolve_start(&host->resolve);
    }
}


void
ngx_prize_postgres_hosts_stop(ngx_prize_postgres_hosts_t *hosts)
{
    ngx_uint_t  i;

    for (i = 0; i < hosts->n; i++) {
        if (hosts->list[i].resolve.conf) {
            ngx_prize_resolve_stop(&hosts->list[i].resolve);
        }
    }
}


/* a name has an entry for each of its addresses */

static ngx_uint_t
ngx_prize_postgres_host_entries(ngx_prize_postgres_host_t *host)
{
    return host->name.name.len ? host->naddrs : 1;
}


ngx_uint_t
ngx_prize_postgres_hosts_count(ngx_prize_postgres_hosts_t *hosts)
{
    ngx_uint_t  i, n;

    n = 0;

    for (i = 0; i < hosts->n; i++) {
        n += ngx_prize_postgres_host_entries(&hosts->list[i]);
    }

    return n;
}


ngx_msec_t
ngx_prize_postgres_hosts_timeout(ngx_prize_postgres_hosts_t *hosts)
{
    ngx_uint_t  n;

    n = ngx_prize_postgres_hosts_count(hosts);

    return hosts->budget / ngx_max(n, 1);
}


static ngx_str_t *
ngx_prize_postgres_hosts_entry(ngx_prize_postgres_hosts_t *hosts,
    ngx_uint_t list, ngx_uint_t n)
{
    ngx_uint_t                  entries;
    ngx_prize_postgres_host_t  *host;

    host = hosts->list;

    for (entries = ngx_prize_postgres_host_entries(host);
         n >= entries;
         entries = ngx_prize_postgres_host_entries(host))
    {
        n -= entries;
        host++;
    }

    return list == NGX_PRIZE_POSTGRES_HOSTADDR && host->name.name.len
           ? &host->addrs[n] : &host->values[list];
}


/* "a,b,c" from the first entry on, then those before; to be freed */

static char *
ngx_prize_postgres_hosts_write(ngx_prize_postgres_hosts_t *hosts,
    ngx_uint_t list, ngx_uint_t n)
{
    u_char      *text, *p;
    size_t       size;
    ngx_str_t   *entry;
    ngx_uint_t   i;

    for (i = 0, size = 0; i < n; i++) {
        size += ngx_prize_postgres_hosts_entry(hosts, list, i)->len + 1;
    }

    text = malloc(size);
    if (text == NULL) {
        return NULL;
    }

    for (i = 0, p = text; i < n; i++) {
        entry = ngx_prize_postgres_hosts_entry(hosts, list,
                                               (hosts->first + i) % n);
        p = ngx_cpymem(p, entry->data, entry->len);
        *p++ = ',';
    }

    p[-1] = '\0';

    return (char *) text;
}


static PGconn *
ngx_prize_postgres_hosts_begin(ngx_prize_postgres_hosts_t *hosts,
    char *const *lists)
{
    /* what stands before the conninfo yields to it, what stands after wins */

    const char  *keywords[] = { "gssencmode", "fallback_application_name",
                                "keepalives_idle", "keepalives_interval",
                                "keepalives_count",
                                "dbname", "client_encoding",
                                "host", "hostaddr", "port", "password",
                                NULL };
    const char  *values[] = { "disable", "nginx", "30", "5", "3",
                              hosts->conninfo, "UTF8",
                              lists[NGX_PRIZE_POSTGRES_HOST],
                              lists[NGX_PRIZE_POSTGRES_HOSTADDR],
                              lists[NGX_PRIZE_POSTGRES_PORT],
                              hosts->password, NULL };

    return PQconnectStartParams(keywords, values, 1);
}


PGconn *
ngx_prize_postgres_hosts_connect(ngx_prize_postgres_hosts_t *hosts)
{
    char        *lists[NGX_PRIZE_POSTGRES_LISTS];
    PGconn      *pg;
    ngx_uint_t   i, n, failed;

    n = ngx_prize_postgres_hosts_count(hosts);
    failed = 0;

    for (i = 0; i < NGX_PRIZE_POSTGRES_LISTS; i++) {
        lists[i] = NULL;

        if (hosts->rewritten[i] && n > 0) {
            lists[i] = ngx_prize_postgres_hosts_write(hosts, i, n);
            failed |= lists[i] == NULL;
        }
    }

    pg = failed ? NULL : ngx_prize_postgres_hosts_begin(hosts, lists);

    for (i = 0; i < NGX_PRIZE_POSTGRES_LISTS; i++) {
        free(lists[i]);
    }

    return pg;
}


ngx_uint_t
ngx_prize_postgres_hosts_next(ngx_prize_postgres_hosts_t *hosts)
{
    hosts->first++;

    return hosts->first % ngx_prize_postgres_hosts_count(hosts);
}
