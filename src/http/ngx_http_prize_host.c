
#include "ngx_http_prize_host.h"


ngx_str_t
ngx_http_prize_host_of(ngx_str_t server)
{
    u_char     *p, *last;
    ngx_str_t   host = server;

    last = server.data + server.len;

    if (server.len == 0 || server.data[0] == '/'
        || (server.len > 5 && ngx_strncmp(server.data, "unix:", 5) == 0))
    {
        host.len = 0;
        return host;
    }

    if (server.data[0] == '[') {
        p = ngx_strlchr(server.data, last, ']');

        if (p) {
            host.data++;
            host.len = p - host.data;
        }

        return host;
    }

    p = ngx_strlchr(server.data, last, ':');

    if (p) {
        host.len = p - host.data;
    }

    /* no certificate has the dot that ends a full name */

    if (host.len > 1 && host.data[host.len - 1] == '.') {
        host.len--;
    }

    return host;
}


/* a block's lines, and the addresses that they had from the start */

static ngx_str_t
ngx_http_prize_host_listed(ngx_array_t *list, struct sockaddr *sockaddr,
    socklen_t socklen)
{
    ngx_str_t                    none = ngx_null_string;
    ngx_uint_t                   i, n;
    ngx_http_upstream_server_t  *server;

    server = list->elts;

    for (i = 0; i < list->nelts; i++) {
        for (n = 0; n < server[i].naddrs; n++) {
            if (ngx_cmp_sockaddr(server[i].addrs[n].sockaddr,
                                 server[i].addrs[n].socklen,
                                 sockaddr, socklen, 1)
                == NGX_OK)
            {
                return server[i].name;
            }
        }
    }

    return none;
}


#if (NGX_HTTP_UPSTREAM_ZONE)

/* what a zone says may change under us: the line's own text is the same */

static ngx_str_t
ngx_http_prize_host_line(ngx_array_t *list, ngx_str_t *name)
{
    ngx_str_t                    none = ngx_null_string;
    ngx_uint_t                   i;
    ngx_http_upstream_server_t  *server;

    server = list->elts;

    for (i = 0; i < list->nelts; i++) {
        if (ngx_http_prize_equal_str(&server[i].name, name)) {
            return server[i].name;
        }
    }

    return none;
}


/* the addresses that a line's name has now */

static ngx_str_t
ngx_http_prize_host_resolved(ngx_http_upstream_srv_conf_t *uscf,
    struct sockaddr *sockaddr, socklen_t socklen)
{
    ngx_str_t                      line = ngx_null_string;
    ngx_http_upstream_rr_peer_t   *peer;
    ngx_http_upstream_rr_peers_t  *peers;

    for (peers = uscf->peer.data; peers && line.len == 0; peers = peers->next)
    {
        ngx_http_upstream_rr_peers_rlock(peers);

        for (peer = peers->peer; peer && line.len == 0; peer = peer->next) {
            if (ngx_cmp_sockaddr(peer->sockaddr, peer->socklen, sockaddr,
                                 socklen, 1)
                == NGX_OK)
            {
                line = ngx_http_prize_host_line(uscf->servers, &peer->server);
            }
        }

        ngx_http_upstream_rr_peers_unlock(peers);
    }

    return line;
}

#endif


ngx_str_t
ngx_http_prize_host_find(ngx_http_upstream_srv_conf_t *uscf,
    const ngx_prize_redis_login_t *login, struct sockaddr *sockaddr,
    socklen_t socklen)
{
    ngx_str_t  line = ngx_null_string;

    if (login->tls == NULL || login->tls->name.len) {
        return line;
    }

    /* prize_redis_pass itself has the only server */

    if (uscf->flags == 0) {
        return ngx_http_prize_host_of(uscf->host);
    }

    /* a balancer of another module may have no lines */

    if (uscf->servers == NULL) {
        return line;
    }

    line = ngx_http_prize_host_listed(uscf->servers, sockaddr, socklen);

#if (NGX_HTTP_UPSTREAM_ZONE)

    if (line.len == 0 && uscf->shm_zone) {
        line = ngx_http_prize_host_resolved(uscf, sockaddr, socklen);
    }

#endif

    return ngx_http_prize_host_of(line);
}
