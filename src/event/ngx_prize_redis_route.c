
#include "ngx_prize_redis_route.h"


struct ngx_prize_redis_route_s {
    ngx_queue_t             queue;      /* of the worker's routes */
    ngx_prize_redis_list_t  list;
    ngx_prize_resolve_t     resolve;
    ngx_uint_t              next;       /* whose turn it is */
};


static ngx_queue_t  ngx_prize_redis_routes = {
    &ngx_prize_redis_routes, &ngx_prize_redis_routes
};


static void
ngx_prize_redis_route_resolved(ngx_prize_resolve_t *resolve,
    ngx_addr_t *addrs, ngx_uint_t naddrs)
{
    ngx_uint_t                i;
    ngx_prize_redis_route_t  *route;

    route = resolve->data;

    ngx_prize_redis_list_begin(&route->list);

    for (i = 0; i < naddrs; i++) {
        ngx_prize_redis_list_add(&route->list, addrs[i].sockaddr,
                                 addrs[i].socklen, &addrs[i].name,
                                 &resolve->conf->name);
    }

    ngx_prize_redis_list_end(&route->list);
}


static void
ngx_prize_redis_route_cleanup(void *data)
{
    ngx_prize_redis_route_t  *route = data;

    ngx_prize_resolve_stop(&route->resolve);
    ngx_queue_remove(&route->queue);
}


ngx_prize_redis_route_t *
ngx_prize_redis_route_get(ngx_cycle_t *cycle,
    const ngx_prize_resolve_conf_t *conf, const ngx_prize_redis_login_t *login,
    ngx_msec_t timeout)
{
    ngx_queue_t              *q;
    ngx_pool_cleanup_t       *cln;
    ngx_prize_redis_route_t  *route;

    for (q = ngx_queue_head(&ngx_prize_redis_routes);
         q != ngx_queue_sentinel(&ngx_prize_redis_routes);
         q = ngx_queue_next(q))
    {
        route = ngx_queue_data(q, ngx_prize_redis_route_t, queue);

        if (route->resolve.conf == conf && route->list.login == login) {
            return route;
        }
    }

    cln = ngx_pool_cleanup_add(cycle->pool, sizeof(ngx_prize_redis_route_t));
    if (cln == NULL) {
        return NULL;
    }

    route = cln->data;
    ngx_memzero(route, sizeof(ngx_prize_redis_route_t));

    if (ngx_prize_redis_list_init(&route->list, cycle, login, timeout)
        != NGX_OK)
    {
        return NULL;
    }

    cln->handler = ngx_prize_redis_route_cleanup;
    ngx_queue_insert_tail(&ngx_prize_redis_routes, &route->queue);

    route->resolve.conf = conf;
    route->resolve.cycle = cycle;
    route->resolve.handler = ngx_prize_redis_route_resolved;
    route->resolve.data = route;

    ngx_prize_resolve_start(&route->resolve);

    return route;
}


ngx_prize_redis_t *
ngx_prize_redis_route_next(ngx_prize_redis_route_t *route,
    ngx_prize_redis_turn_t *turn)
{
    ngx_array_t         *list;
    ngx_prize_redis_t  **redis, *next;

    list = &route->list.held[route->list.current];
    redis = list->elts;

    if (turn->tries == 0) {
        turn->first = route->next++;
    }

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
