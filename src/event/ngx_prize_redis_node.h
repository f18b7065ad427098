
/*
 * A server that a cluster or the Sentinels name: where it is, as far as that
 * is known, and the endpoint there.
 */

#ifndef _NGX_PRIZE_REDIS_NODE_H_INCLUDED_
#define _NGX_PRIZE_REDIS_NODE_H_INCLUDED_


#include "ngx_prize_redis_list.h"
#include "ngx_prize_resolve.h"
#include "prize_host.h"


/* what all nodes of one route share; lives as long as each of them */

typedef struct {
    ngx_queue_t                     queue;      /* of the worker's sites */
    time_t                          told;       /* when a map last came */
    ngx_uint_t                      uncovered;  /* slots */
    ngx_cycle_t                    *cycle;
    const ngx_prize_redis_login_t  *login;
    ngx_msec_t                      timeout;    /* to connect */
    ngx_resolver_t                 *resolver;   /* NULL: none that can ask */
    ngx_msec_t                      resolver_timeout;
    ngx_prize_redis_list_t         *seeds;      /* whose names are theirs */
    ngx_prize_redis_watch_pt        watch;      /* of the endpoints */
    void                           *watcher;
    ngx_prize_notice_t              unresolved;
} ngx_prize_redis_site_t;


typedef struct {
    ngx_prize_redis_site_t         *site;
    ngx_str_t                       host;       /* an address or a name, */
    in_port_t                       port;       /*   as it was said */
    ngx_str_t                       name;       /* that goes with an address */
    ngx_prize_redis_t              *redis;      /* held and watched, or NULL: */
                                                /*   no address is known */
    prize_peer_gauge_e              role;       /* 0: none that is counted */
    ngx_prize_resolve_conf_t        conf;       /* if it is a name */
    ngx_prize_resolve_t             resolve;
    u_char                          data[2 * (PRIZE_HOST_MAX + 1)];
} ngx_prize_redis_node_t;


/* the site has nodes from here on; its gauges are those of all sites */
void ngx_prize_redis_site_open(ngx_prize_redis_site_t *site);
void ngx_prize_redis_site_close(ngx_prize_redis_site_t *site);

/* a map has come, with so many slots that nobody has */
void ngx_prize_redis_site_told(ngx_prize_redis_site_t *site,
    ngx_uint_t uncovered);

/*
 * Zeroed memory of the caller's, until ngx_prize_redis_node_done().  "name" is
 * what goes with an address, if it was said.
 */
void ngx_prize_redis_node_init(ngx_prize_redis_node_t *node,
    ngx_prize_redis_site_t *site, const prize_str_t *host, in_port_t port,
    const prize_str_t *name);

/*
 * Its endpoint, unless it has one or is looking for it, which is connected to.
 * "address" is what goes with a name, if it was said: a name is resolved, or
 * without a resolver has that address, or else no endpoint, which is told of.
 */
void ngx_prize_redis_node_locate(ngx_prize_redis_node_t *node,
    const prize_str_t *address);

void ngx_prize_redis_node_done(ngx_prize_redis_node_t *node);

/* the same at the worker's end, when its endpoint may have ended before */
void ngx_prize_redis_node_stop(ngx_prize_redis_node_t *node);

/* PRIZE_PEER_PRIMARY, or _REPLICA, which its endpoint's gauge tells */
void ngx_prize_redis_node_set_role(ngx_prize_redis_node_t *node,
    prize_peer_gauge_e role);

/* 1: it was said to be there */
ngx_uint_t ngx_prize_redis_node_is(const ngx_prize_redis_node_t *node,
    const prize_str_t *host, in_port_t port);

/* the address of an endpoint, without its port, in "text" */
prize_str_t ngx_prize_redis_node_address(ngx_prize_redis_t *redis,
    u_char text[NGX_SOCKADDR_STRLEN]);


#endif /* _NGX_PRIZE_REDIS_NODE_H_INCLUDED_ */
