
#include <ngx_config.h>

#include <arpa/inet.h>

#include "ngx_prize_postgres_hosts.h"


#define NGX_PRIZE_POSTGRES_CONNECT  2000    /* ms, or conninfo's own */


static const char  *ngx_prize_postgres_lists[] = { "host", "hostaddr",
                                                   "port" };


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


ngx_uint_t
ngx_prize_postgres_hosts_block(PQconninfoOption *options)
{
    size_t       len;
    u_char       address[sizeof(struct in6_addr)];
    char         name[NGX_INET6_ADDRSTRLEN + 1];
    const char  *p;

    if (*ngx_prize_postgres_hosts_option(options, "hostaddr")) {
        return 0;
    }

    for (p = ngx_prize_postgres_hosts_option(options, "host");
         *p;
         p += len + (p[len] == ','))
    {
        len = strcspn(p, ",");

        if (len == 0 || p[0] == '/' || p[0] == '@') {
            continue;
        }

        if (len >= sizeof(name)) {
            return 1;
        }

        ngx_memcpy(name, p, len);
        name[len] = '\0';

        if (inet_pton(AF_INET, name, address) != 1
            && inet_pton(AF_INET6, name, address) != 1)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_prize_postgres_hosts_count(const char *list)
{
    ngx_uint_t  n;

    for (n = 1; *list; list++) {
        if (*list == ',') {
            n++;
        }
    }

    return n;
}


/* "a,b,c" from its element n on, which is not the first, then those before */

static char *
ngx_prize_postgres_hosts_rotate(const char *list, ngx_uint_t n,
    ngx_pool_t *pool)
{
    char        *rotated;
    size_t       size;
    const char  *p;

    size = ngx_strlen(list) + 1;

    rotated = ngx_pnalloc(pool, size);
    if (rotated == NULL) {
        return NULL;
    }

    for (p = list; n; n--) {
        p = ngx_strchr(p, ',') + 1;
    }

    (void) ngx_snprintf((u_char *) rotated, size, "%s,%*s%Z", p,
                        (size_t) (p - 1 - list), list);
    return rotated;
}


static ngx_int_t
ngx_prize_postgres_hosts_lists(ngx_prize_postgres_hosts_t *hosts,
    PQconninfoOption *options, ngx_pool_t *pool)
{
    ngx_uint_t   i, n;
    const char  *list;

    hosts->lists = ngx_pcalloc(pool, hosts->n * sizeof(hosts->lists[0]));
    if (hosts->lists == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < 3; i++) {
        list = ngx_prize_postgres_hosts_option(options,
                                               ngx_prize_postgres_lists[i]);

        /* one port is that of all hosts */

        if (ngx_prize_postgres_hosts_count(list) != hosts->n) {
            continue;
        }

        for (n = 1; n < hosts->n; n++) {
            hosts->lists[n][i] = ngx_prize_postgres_hosts_rotate(list, n,
                                                                 pool);
            if (hosts->lists[n][i] == NULL) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_prize_postgres_hosts_init(ngx_prize_postgres_hosts_t *hosts,
    const char *conninfo, const char *password, ngx_pool_t *pool)
{
    ngx_int_t          rc, seconds;
    ngx_uint_t         n;
    const char        *value;
    PQconninfoOption  *options;

    options = PQconninfoParse(conninfo, NULL);
    if (options == NULL) {
        return NGX_ERROR;
    }

    hosts->conninfo = conninfo;
    hosts->password = password;
    hosts->n = 1;

    for (n = 0; n < 2; n++) {
        value = ngx_prize_postgres_hosts_option(options,
                                                ngx_prize_postgres_lists[n]);
        hosts->n = ngx_max(hosts->n, ngx_prize_postgres_hosts_count(value));
    }

    /* all of them have the time that PQconnectPoll() does not look at */

    value = ngx_prize_postgres_hosts_option(options, "connect_timeout");
    seconds = ngx_atoi((u_char *) value, ngx_strlen(value));

    hosts->timeout = seconds > 0 ? (ngx_msec_t) seconds * 1000
                                 : NGX_PRIZE_POSTGRES_CONNECT;
    hosts->timeout /= hosts->n;

    rc = ngx_prize_postgres_hosts_lists(hosts, options, pool);

    PQconninfoFree(options);

    return rc;
}


PGconn *
ngx_prize_postgres_hosts_connect(ngx_prize_postgres_hosts_t *hosts)
{
    char       **lists = hosts->lists[hosts->first % hosts->n];

    /* what stands before the conninfo yields to it, what stands after wins */

    const char  *keywords[] = { "gssencmode", "fallback_application_name",
                                "keepalives_idle", "keepalives_interval",
                                "keepalives_count",
                                "dbname", "client_encoding",
                                "host", "hostaddr", "port", "password",
                                NULL };
    const char  *values[] = { "disable", "nginx", "30", "5", "3",
                              hosts->conninfo, "UTF8",
                              lists[0], lists[1], lists[2],
                              hosts->password, NULL };

    return PQconnectStartParams(keywords, values, 1);
}


ngx_uint_t
ngx_prize_postgres_hosts_next(ngx_prize_postgres_hosts_t *hosts)
{
    hosts->first++;

    return hosts->first % hosts->n;
}
