
#include "ngx_prize_redis_cluster.h"
#include "ngx_prize_redis_route.h"
#include "ngx_prize_redis_sentinel.h"


struct ngx_prize_redis_route_s {
    ngx_queue_t                          queue;     /* of the worker's */
    const ngx_prize_redis_route_conf_t  *conf;
    ngx_prize_redis_seeds_t              seeds;     /* of a name: the stores */
    ngx_uint_t                           next;      /* whose turn it is */

    union {
        ngx_prize_redis_cluster_t        cluster;
        ngx_prize_redis_sentinel_t       sentinel;
    } u;
};


static ngx_queue_t  ngx_prize_redis_routes = {
    &ngx_prize_redis_routes, &ngx_prize_redis_routes
};


static void
ngx_prize_redis_route_cleanup(void *data)
{
    ngx_prize_redis_route_t  *route = data;

    ngx_prize_redis_seeds_stop(&route->seeds);

    if (route->conf->kind == NGX_PRIZE_REDIS_ROUTE_CLUSTER) {
        ngx_prize_redis_cluster_stop(&route->u.cluster);

    } else if (route->conf->kind == NGX_PRIZE_REDIS_ROUTE_SENTINEL) {
        ngx_prize_redis_sentinel_stop(&route->u.sentinel);
    }

    ngx_queue_remove(&route->queue);
}


static void
ngx_prize_redis_route_init_site(ngx_prize_redis_route_t *route,
    ngx_prize_redis_site_t *site)
{
    site->cycle = route->seeds.list.cycle;
    site->login = route->conf->login;
    site->timeout = route->seeds.list.timeout;
    site->resolver = route->conf->resolver;
    site->resolver_timeout = route->conf->resolver_timeout;
    site->seeds = &route->seeds.list;
}


static ngx_int_t
ngx_prize_redis_route_start(ngx_prize_redis_route_t *route)
{
    ngx_prize_redis_cluster_t   *cluster;
    ngx_prize_redis_sentinel_t  *sentinel;

    switch (route->conf->kind) {

    case NGX_PRIZE_REDIS_ROUTE_CLUSTER:
        cluster = &route->u.cluster;

        ngx_prize_redis_route_init_site(route, &cluster->site);
        cluster->seeds = &route->seeds;

        route->seeds.list.seeds = 1;
        route->seeds.handler = ngx_prize_redis_cluster_seeded;
        route->seeds.data = cluster;

        ngx_prize_redis_cluster_start(cluster);
        return NGX_OK;

    case NGX_PRIZE_REDIS_ROUTE_SENTINEL:
        sentinel = &route->u.sentinel;

        ngx_prize_redis_route_init_site(route, &sentinel->site);
        sentinel->seeds = &route->seeds;
        sentinel->name = route->conf->master;

        route->seeds.list.seeds = 1;
        route->seeds.handler = ngx_prize_redis_sentinel_seeded;
        route->seeds.data = sentinel;

        return ngx_prize_redis_sentinel_start(sentinel);

    default:
        return NGX_OK;
    }
}


static ngx_prize_redis_route_t *
ngx_prize_redis_route_create(ngx_cycle_t *cycle,
    const ngx_prize_redis_route_conf_t *conf, ngx_msec_t timeout)
{
    ngx_pool_cleanup_t       *cln;
    ngx_prize_redis_route_t  *route;

    cln = ngx_pool_cleanup_add(cycle->pool, sizeof(ngx_prize_redis_route_t));
    if (cln == NULL) {
        return NULL;
    }

    route = cln->data;
    ngx_memzero(route, sizeof(ngx_prize_redis_route_t));
    route->conf = conf;

    if (ngx_prize_redis_list_init(&route->seeds.list, cycle, conf->ask,
                                  timeout)
        != NGX_OK
        || ngx_prize_redis_route_start(route) != NGX_OK)
    {
        return NULL;
    }

    cln->handler = ngx_prize_redis_route_cleanup;
    ngx_queue_insert_tail(&ngx_prize_redis_routes, &route->queue);

    if (conf->name) {
        ngx_prize_redis_seeds_resolve(&route->seeds, conf->name);
    }

    return route;
}


ngx_prize_redis_route_t *
ngx_prize_redis_route_get(ngx_cycle_t *cycle,
    const ngx_prize_redis_route_conf_t *conf, ngx_msec_t timeout)
{
    ngx_queue_t              *q;
    ngx_prize_redis_route_t  *route;

    for (q = ngx_queue_head(&ngx_prize_redis_routes);
         q != ngx_queue_sentinel(&ngx_prize_redis_routes);
         q = ngx_queue_next(q))
    {
        route = ngx_queue_data(q, ngx_prize_redis_route_t, queue);

        if (route->conf == conf) {
            return route;
        }
    }

    return ngx_prize_redis_route_create(cycle, conf, timeout);
}


ngx_prize_redis_seeds_t *
ngx_prize_redis_route_seeds(ngx_prize_redis_route_t *route)
{
    return &route->seeds;
}


static ngx_prize_redis_t *
ngx_prize_redis_route_next_address(ngx_prize_redis_route_t *route,
    ngx_prize_redis_turn_t *turn)
{
    ngx_array_t         *list;
    ngx_prize_redis_t  **redis, *next;

    list = ngx_prize_redis_listed(&route->seeds.list);
    redis = list->elts;

    while (turn->tries < list->nelts) {
        next = redis[(turn->first + turn->tries) % list->nelts];
        turn->tries++;

        if (ngx_prize_redis_usable(next)) {
            ngx_prize_redis_hold(next);
            return next;
        }
    }

    return NULL;
}


ngx_prize_redis_t *
ngx_prize_redis_route_next(ngx_prize_redis_route_t *route,
    ngx_prize_redis_turn_t *turn)
{
    ngx_prize_redis_t  *redis;

    if (turn->target) {
        redis = turn->target;
        turn->target = NULL;
        turn->replica = 0;

        return redis;
    }

    turn->asking = 0;

    if (turn->tries == 0) {
        turn->first = route->next++;
    }

    switch (route->conf->kind) {

    case NGX_PRIZE_REDIS_ROUTE_CLUSTER:
        return ngx_prize_redis_cluster_next(&route->u.cluster, turn);

    case NGX_PRIZE_REDIS_ROUTE_SENTINEL:
        return ngx_prize_redis_sentinel_next(&route->u.sentinel, turn);

    default:
        return ngx_prize_redis_route_next_address(route, turn);
    }
}


ngx_int_t
ngx_prize_redis_route_redirect(ngx_prize_redis_route_t *route,
    ngx_prize_redis_turn_t *turn, ngx_prize_redis_t *from,
    const prize_cluster_redirect_t *redirect)
{
    return route->conf->kind == NGX_PRIZE_REDIS_ROUTE_CLUSTER
           ? ngx_prize_redis_cluster_redirect(&route->u.cluster, turn, from,
                                              redirect)
           : NGX_DECLINED;
}


ngx_prize_redis_t *
ngx_prize_redis_route_primary(ngx_prize_redis_route_t *route,
    ngx_prize_redis_turn_t *turn)
{
    switch (route->conf->kind) {

    case NGX_PRIZE_REDIS_ROUTE_CLUSTER:
        return ngx_prize_redis_cluster_primary(&route->u.cluster, turn);

    case NGX_PRIZE_REDIS_ROUTE_SENTINEL:
        return ngx_prize_redis_sentinel_primary(&route->u.sentinel);

    default:
        return NULL;
    }
}
