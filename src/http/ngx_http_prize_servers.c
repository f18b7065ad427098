
#include "ngx_http_prize_host.h"
#include "ngx_http_prize_servers.h"


#define NGX_HTTP_PRIZE_SERVERS_INTERVAL  1000    /* ms */


/* of one location; lives as long as the cycle */

typedef struct {
    ngx_http_upstream_srv_conf_t  *upstream;
    ngx_prize_redis_list_t        *list;    /* ours, or that of the seeds: */
    ngx_prize_redis_list_t         own;
    ngx_prize_redis_seeds_t       *seeds;   /* of a route, or NULL */
    ngx_uint_t                     named;   /* to be listed, last time */
    ngx_event_t                    timer;
} ngx_http_prize_servers_t;


static void
ngx_http_prize_servers_add(ngx_http_prize_servers_t *servers,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_str_t *name)
{
    ngx_str_t  host;

    host = ngx_http_prize_host_find(servers->upstream, servers->list->login,
                                    sockaddr, socklen);

    servers->named++;
    ngx_prize_redis_list_add(servers->list, sockaddr, socklen, name, &host);
}


static void
ngx_http_prize_servers_list(ngx_http_prize_servers_t *servers,
    ngx_array_t *list)
{
    ngx_uint_t                   i, n;
    ngx_http_upstream_server_t  *server;

    server = list->elts;

    for (i = 0; i < list->nelts; i++) {

        if (server[i].down) {
            continue;
        }

        for (n = 0; n < server[i].naddrs; n++) {
            ngx_http_prize_servers_add(servers, server[i].addrs[n].sockaddr,
                                       server[i].addrs[n].socklen,
                                       &server[i].addrs[n].name);
        }
    }
}


/* a name has no peer before its first answer */

static void
ngx_http_prize_servers_walk(ngx_http_prize_servers_t *servers,
    ngx_http_upstream_rr_peers_t *peers)
{
    ngx_http_upstream_rr_peer_t  *peer;

    for ( /* void */ ; peers; peers = peers->next) {

        ngx_http_upstream_rr_peers_rlock(peers);

        for (peer = peers->peer; peer; peer = peer->next) {
            if (!peer->down && peer->name.len) {
                ngx_http_prize_servers_add(servers, peer->sockaddr,
                                           peer->socklen, &peer->name);
            }
        }

        ngx_http_upstream_rr_peers_unlock(peers);
    }
}


static void
ngx_http_prize_servers_look(ngx_http_prize_servers_t *servers)
{
    ngx_http_upstream_srv_conf_t  *uscf;

    uscf = servers->upstream;
    servers->named = 0;

    ngx_prize_redis_list_begin(servers->list);

    if (servers->timer.handler || uscf->servers == NULL) {
        ngx_http_prize_servers_walk(servers, uscf->peer.data);

    } else {
        ngx_http_prize_servers_list(servers, uscf->servers);
    }

    ngx_prize_redis_list_end(servers->list);

    if (servers->seeds) {
        ngx_prize_redis_seeds_changed(servers->seeds);
    }
}


static void
ngx_http_prize_servers_timer_handler(ngx_event_t *ev)
{
    if (ngx_exiting || ngx_terminate) {
        return;
    }

    ngx_http_prize_servers_look(ev->data);
    ngx_add_timer(ev, NGX_HTTP_PRIZE_SERVERS_INTERVAL);
}


static void
ngx_http_prize_servers_cleanup(void *data)
{
    ngx_http_prize_servers_t  *servers = data;

    if (servers->timer.timer_set) {
        ngx_del_timer(&servers->timer);
    }
}


static ngx_int_t
ngx_http_prize_servers_init(ngx_http_prize_servers_t *servers,
    ngx_cycle_t *cycle, ngx_http_prize_loc_conf_t *plcf,
    ngx_prize_redis_route_t *route)
{
    servers->upstream = plcf->redis->upstream;

    if (route) {
        servers->seeds = ngx_prize_redis_route_seeds(route);
        servers->list = &servers->seeds->list;

        return NGX_OK;
    }

    servers->list = &servers->own;

    return ngx_prize_redis_list_init(&servers->own, cycle, plcf->redis_login,
                                     plcf->redis_connect_timeout);
}


/* of a block, which are the stores, or a route's seeds */

static void
ngx_http_prize_servers_watch(ngx_cycle_t *cycle,
    ngx_http_prize_loc_conf_t *plcf, ngx_prize_redis_route_t *route)
{
    ngx_pool_cleanup_t        *cln;
    ngx_http_prize_servers_t  *servers;

    cln = ngx_pool_cleanup_add(cycle->pool, sizeof(ngx_http_prize_servers_t));
    if (cln == NULL) {
        return;
    }

    servers = cln->data;
    ngx_memzero(servers, sizeof(ngx_http_prize_servers_t));

    if (ngx_http_prize_servers_init(servers, cycle, plcf, route) != NGX_OK) {
        return;
    }

    cln->handler = ngx_http_prize_servers_cleanup;

#if (NGX_HTTP_UPSTREAM_ZONE)

    if (servers->upstream->shm_zone) {
        servers->timer.handler = ngx_http_prize_servers_timer_handler;
        servers->timer.data = servers;
        servers->timer.log = cycle->log;
        servers->timer.cancelable = 1;

        ngx_add_timer(&servers->timer, NGX_HTTP_PRIZE_SERVERS_INTERVAL);
    }

#endif

    ngx_http_prize_servers_look(servers);

    if (servers->seeds) {
        servers->seeds->known = servers->timer.handler != NULL
                                || ngx_prize_redis_listed(servers->list)->nelts
                                   == servers->named;
    }
}


void
ngx_http_prize_servers_open(ngx_cycle_t *cycle,
    ngx_http_prize_loc_conf_t *plcf)
{
    ngx_prize_redis_route_t  *route;

    if (plcf->redis == NULL) {
        return;
    }

    route = NULL;

    if (plcf->redis_route) {
        route = ngx_prize_redis_route_get(cycle, plcf->redis_route,
                                          plcf->redis_connect_timeout);
        if (route == NULL) {
            return;
        }
    }

    if (plcf->redis->upstream) {
        ngx_http_prize_servers_watch(cycle, plcf, route);
    }
}
