
#include "ngx_http_prize_host.h"
#include "ngx_http_prize_servers.h"


#define NGX_HTTP_PRIZE_SERVERS_INTERVAL  1000    /* ms */


/* of one location; lives as long as the cycle */

typedef struct {
    ngx_cycle_t                *cycle;
    ngx_http_prize_loc_conf_t  *plcf;
    ngx_array_t                 held[2];    /* of ngx_prize_redis_t * */
    ngx_uint_t                  current;    /* of the two */
    ngx_event_t                 timer;
} ngx_http_prize_servers_t;


static void
ngx_http_prize_servers_add(ngx_http_prize_servers_t *servers,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_str_t *name)
{
    ngx_str_t           host;
    ngx_prize_redis_t  *redis, **held;

    host = ngx_http_prize_host_find(servers->plcf->redis,
                                    servers->plcf->redis_login, sockaddr,
                                    socklen);

    redis = ngx_prize_redis_get(servers->cycle, servers->plcf->redis_login,
                                sockaddr, socklen, name, &host);
    if (redis == NULL) {
        return;
    }

    held = ngx_array_push(&servers->held[servers->current]);
    if (held == NULL) {
        ngx_prize_redis_release(redis);
        return;
    }

    *held = redis;
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


/* those of last time are released only when those of now are held */

static void
ngx_http_prize_servers_look(ngx_http_prize_servers_t *servers)
{
    ngx_uint_t                     i;
    ngx_array_t                   *last, *now;
    ngx_prize_redis_t            **redis;
    ngx_http_upstream_srv_conf_t  *uscf;

    uscf = servers->plcf->redis;

    last = &servers->held[servers->current];
    servers->current = !servers->current;
    now = &servers->held[servers->current];

    if (servers->timer.handler || uscf->servers == NULL) {
        ngx_http_prize_servers_walk(servers, uscf->peer.data);

    } else {
        ngx_http_prize_servers_list(servers, uscf->servers);
    }

    redis = last->elts;

    for (i = 0; i < last->nelts; i++) {
        ngx_prize_redis_release(redis[i]);
    }

    last->nelts = 0;

    redis = now->elts;

    for (i = 0; i < now->nelts; i++) {
        ngx_prize_redis_warm(redis[i], servers->plcf->redis_connect_timeout);
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


void
ngx_http_prize_servers_open(ngx_cycle_t *cycle,
    ngx_http_prize_loc_conf_t *plcf)
{
    ngx_uint_t                 i;
    ngx_pool_cleanup_t        *cln;
    ngx_http_prize_servers_t  *servers;

    if (plcf->redis == NULL) {
        return;
    }

    cln = ngx_pool_cleanup_add(cycle->pool, sizeof(ngx_http_prize_servers_t));
    if (cln == NULL) {
        return;
    }

    servers = cln->data;
    ngx_memzero(servers, sizeof(ngx_http_prize_servers_t));

    servers->cycle = cycle;
    servers->plcf = plcf;

    for (i = 0; i < 2; i++) {
        if (ngx_array_init(&servers->held[i], cycle->pool, 4,
                           sizeof(ngx_prize_redis_t *))
            != NGX_OK)
        {
            return;
        }
    }

    cln->handler = ngx_http_prize_servers_cleanup;

#if (NGX_HTTP_UPSTREAM_ZONE)

    if (plcf->redis->shm_zone) {
        servers->timer.handler = ngx_http_prize_servers_timer_handler;
        servers->timer.data = servers;
        servers->timer.log = cycle->log;
        servers->timer.cancelable = 1;

        ngx_add_timer(&servers->timer, NGX_HTTP_PRIZE_SERVERS_INTERVAL);
    }

#endif

    ngx_http_prize_servers_look(servers);
}
