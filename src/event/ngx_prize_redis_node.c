
#include "ngx_prize_metrics.h"
#include "ngx_prize_redis_node.h"


static ngx_queue_t  ngx_prize_redis_sites = {
    &ngx_prize_redis_sites, &ngx_prize_redis_sites
};


static ngx_int_t
ngx_prize_redis_node_parse(const ngx_str_t *text, in_port_t port,
    ngx_sockaddr_t *sa, socklen_t *socklen)
{
    in_addr_t  inaddr;

    ngx_memzero(sa, sizeof(ngx_sockaddr_t));

    inaddr = ngx_inet_addr(text->data, text->len);

    if (inaddr != INADDR_NONE) {
        sa->sockaddr_in.sin_family = AF_INET;
        sa->sockaddr_in.sin_addr.s_addr = inaddr;
        sa->sockaddr_in.sin_port = htons(port);
        *socklen = sizeof(struct sockaddr_in);

        return NGX_OK;
    }

#if (NGX_HAVE_INET6)

    if (ngx_inet6_addr(text->data, text->len,
                       sa->sockaddr_in6.sin6_addr.s6_addr)
        == NGX_OK)
    {
        sa->sockaddr_in6.sin6_family = AF_INET6;
        sa->sockaddr_in6.sin6_port = htons(port);
        *socklen = sizeof(struct sockaddr_in6);

        return NGX_OK;
    }

#endif

    return NGX_DECLINED;
}


static void
ngx_prize_redis_node_gauge(ngx_prize_redis_node_t *node, int64_t n)
{
    if (node->redis && node->role) {
        ngx_prize_peer_metrics(node->redis->backend.label)
            ->gauges[node->role] += n;
    }
}


static void
ngx_prize_redis_node_release(ngx_prize_redis_node_t *node)
{
    if (node->redis == NULL) {
        return;
    }

    ngx_prize_redis_node_gauge(node, -1);
    ngx_prize_redis_release(node->redis);
    node->redis = NULL;
}


/* by what name the seeds know that address; NULL: by none */

static ngx_str_t *
ngx_prize_redis_node_seed(ngx_prize_redis_node_t *node,
    struct sockaddr *sockaddr, socklen_t socklen)
{
    ngx_uint_t           i;
    ngx_array_t         *list;
    ngx_prize_redis_t  **seed;

    list = ngx_prize_redis_listed(node->site->seeds);
    seed = list->elts;

    for (i = 0; i < list->nelts; i++) {
        if (ngx_cmp_sockaddr(&seed[i]->sockaddr.sockaddr, seed[i]->socklen,
                             sockaddr, socklen, 1)
            == NGX_OK)
        {
            return &seed[i]->host;
        }
    }

    return NULL;
}


static void
ngx_prize_redis_node_set(ngx_prize_redis_node_t *node,
    struct sockaddr *sockaddr, socklen_t socklen)
{
    u_char                   text[NGX_SOCKADDR_STRLEN];
    ngx_str_t                name, *host;
    ngx_prize_redis_t       *redis;
    ngx_prize_redis_site_t  *site;

    site = node->site;

    host = node->name.len
           ? &node->name
           : ngx_prize_redis_node_seed(node, sockaddr, socklen);

    name.data = text;
    name.len = ngx_sock_ntop(sockaddr, socklen, text, NGX_SOCKADDR_STRLEN, 1);

    redis = ngx_prize_redis_get(site->cycle, site->login, sockaddr, socklen,
                                &name, host);

    /* the same one is held for this time only */

    ngx_prize_redis_node_release(node);

    if (redis == NULL) {
        return;
    }

    node->redis = redis;
    ngx_prize_redis_node_gauge(node, 1);

    ngx_prize_redis_watch(redis, site->watch, site->watcher);
    ngx_prize_redis_warm(redis, site->timeout);
}


static void
ngx_prize_redis_node_resolved(ngx_prize_resolve_t *resolve,
    ngx_addr_t *addrs, ngx_uint_t naddrs)
{
    ngx_uint_t               i, next;
    ngx_prize_redis_node_t  *node;

    node = resolve->data;
    next = 0;

    /* its address stays as long as it is one of the name's, and answers */

    for (i = 0; node->redis && i < naddrs; i++) {
        if (ngx_cmp_sockaddr(&node->redis->sockaddr.sockaddr,
                             node->redis->socklen, addrs[i].sockaddr,
                             addrs[i].socklen, 1)
            != NGX_OK)
        {
            continue;
        }

        if (naddrs == 1 || ngx_prize_redis_usable(node->redis)) {
            return;
        }

        next = (i + 1) % naddrs;
        break;
    }

    ngx_prize_redis_node_set(node, addrs[next].sockaddr, addrs[next].socklen);
}


static void
ngx_prize_redis_node_resolve(ngx_prize_redis_node_t *node)
{
    ngx_strlow(node->host.data, node->host.data, node->host.len);

    node->conf.name = node->host;
    node->conf.port = node->port;
    node->conf.resolver = node->site->resolver;
    node->conf.timeout = node->site->resolver_timeout;

    node->resolve.conf = &node->conf;
    node->resolve.cycle = node->site->cycle;
    node->resolve.handler = ngx_prize_redis_node_resolved;
    node->resolve.data = node;

    ngx_prize_resolve_start(&node->resolve);
}


static void
ngx_prize_redis_node_copy(ngx_prize_redis_node_t *node, ngx_str_t *copy,
    u_char *data, const prize_str_t *text)
{
    copy->len = ngx_min(text->len, PRIZE_HOST_MAX);
    copy->data = data;

    ngx_memcpy(data, text->data, copy->len);
    data[copy->len] = '\0';
}


static void
ngx_prize_redis_site_gauge(void)
{
    time_t                   told;
    ngx_uint_t               uncovered;
    ngx_queue_t             *q;
    ngx_prize_redis_site_t  *site;

    told = 0;
    uncovered = 0;

    for (q = ngx_queue_head(&ngx_prize_redis_sites);
         q != ngx_queue_sentinel(&ngx_prize_redis_sites);
         q = ngx_queue_next(q))
    {
        site = ngx_queue_data(q, ngx_prize_redis_site_t, queue);

        uncovered += site->uncovered;

        if (told == 0 || (site->told && site->told < told)) {
            told = site->told;
        }
    }

    ngx_prize_metrics->gauges[PRIZE_SLOTS_UNCOVERED] = uncovered;
    ngx_prize_metrics->gauges[PRIZE_REDIS_MAP_TIME] = told;
}


void
ngx_prize_redis_site_open(ngx_prize_redis_site_t *site)
{
    ngx_queue_insert_tail(&ngx_prize_redis_sites, &site->queue);
}


void
ngx_prize_redis_site_close(ngx_prize_redis_site_t *site)
{
    ngx_queue_remove(&site->queue);
    ngx_prize_redis_site_gauge();
}


void
ngx_prize_redis_site_told(ngx_prize_redis_site_t *site, ngx_uint_t uncovered)
{
    ngx_prize_count(PRIZE_REFRESHES_OK);

    site->told = ngx_time();
    site->uncovered = uncovered;

    ngx_prize_redis_site_gauge();
}


void
ngx_prize_redis_node_init(ngx_prize_redis_node_t *node,
    ngx_prize_redis_site_t *site, const prize_str_t *host, in_port_t port,
    const prize_str_t *name)
{
    node->site = site;
    node->port = port;

    ngx_prize_redis_node_copy(node, &node->host, node->data, host);
    ngx_prize_redis_node_copy(node, &node->name,
                              node->data + PRIZE_HOST_MAX + 1, name);
}


void
ngx_prize_redis_node_locate(ngx_prize_redis_node_t *node,
    const prize_str_t *address)
{
    in_port_t                port;
    socklen_t                socklen;
    ngx_str_t                text;
    ngx_sockaddr_t           sa;
    ngx_prize_redis_site_t  *site;

    if (node->redis || node->resolve.conf) {

        /* another of its name's addresses may answer */

        if (node->redis && node->resolve.conf
            && !ngx_prize_redis_usable(node->redis))
        {
            ngx_prize_resolve_again(&node->resolve);
        }

        return;
    }

    site = node->site;
    port = node->port;

    if (ngx_prize_redis_node_parse(&node->host, port, &sa, &socklen)
        == NGX_OK)
    {
        ngx_prize_redis_node_set(node, &sa.sockaddr, socklen);
        return;
    }

    node->name = node->host;

    if (site->resolver) {
        ngx_prize_redis_node_resolve(node);
        return;
    }

    text.len = address->len;
    text.data = (u_char *) address->data;

    if (ngx_prize_redis_node_parse(&text, port, &sa, &socklen) == NGX_OK) {
        ngx_prize_redis_node_set(node, &sa.sockaddr, socklen);
        return;
    }

    ngx_prize_notice(&site->unresolved, NGX_LOG_ERR, site->cycle->log, 0,
                     "redis names its server \"%V:%d\", which without "
                     "\"resolver\" cannot be looked up", &node->host,
                     (int) port);
}


void
ngx_prize_redis_node_stop(ngx_prize_redis_node_t *node)
{
    if (node->resolve.conf) {
        ngx_prize_resolve_stop(&node->resolve);
    }
}


void
ngx_prize_redis_node_done(ngx_prize_redis_node_t *node)
{
    ngx_prize_redis_node_stop(node);
    ngx_prize_redis_node_release(node);
}


void
ngx_prize_redis_node_set_role(ngx_prize_redis_node_t *node,
    prize_peer_gauge_e role)
{
    ngx_prize_redis_node_gauge(node, -1);
    node->role = role;
    ngx_prize_redis_node_gauge(node, 1);
}


ngx_uint_t
ngx_prize_redis_node_is(const ngx_prize_redis_node_t *node,
    const prize_str_t *host, in_port_t port)
{
    return node->port == port && node->host.len == host->len
           && ngx_strncasecmp(node->host.data, (u_char *) host->data,
                              host->len)
              == 0;
}


prize_str_t
ngx_prize_redis_node_address(ngx_prize_redis_t *redis,
    u_char text[NGX_SOCKADDR_STRLEN])
{
    prize_str_t  address;

    address.data = (char *) text;
    address.len = ngx_sock_ntop(&redis->sockaddr.sockaddr, redis->socklen,
                                text, NGX_SOCKADDR_STRLEN, 0);

    return address;
}
