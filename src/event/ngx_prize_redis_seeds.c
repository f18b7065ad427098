
#include "ngx_prize_redis_seeds.h"


static void
ngx_prize_redis_seeds_resolved(ngx_prize_resolve_t *resolve,
    ngx_addr_t *addrs, ngx_uint_t naddrs)
{
    ngx_uint_t                i;
    ngx_prize_redis_seeds_t  *seeds;

    seeds = resolve->data;

    ngx_prize_redis_list_begin(&seeds->list);

    for (i = 0; i < naddrs; i++) {
        ngx_prize_redis_list_add(&seeds->list, addrs[i].sockaddr,
                                 addrs[i].socklen, &addrs[i].name,
                                 &resolve->conf->name);
    }

    ngx_prize_redis_list_end(&seeds->list);

    ngx_prize_redis_seeds_changed(seeds);
}


void
ngx_prize_redis_seeds_changed(ngx_prize_redis_seeds_t *seeds)
{
    if (seeds->handler) {
        seeds->handler(seeds->data);
    }
}


void
ngx_prize_redis_seeds_resolve(ngx_prize_redis_seeds_t *seeds,
    const ngx_prize_resolve_conf_t *conf)
{
    seeds->resolve.conf = conf;
    seeds->resolve.cycle = seeds->list.cycle;
    seeds->resolve.handler = ngx_prize_redis_seeds_resolved;
    seeds->resolve.data = seeds;

    ngx_prize_resolve_start(&seeds->resolve);
}


void
ngx_prize_redis_seeds_stop(ngx_prize_redis_seeds_t *seeds)
{
    if (seeds->resolve.conf) {
        ngx_prize_resolve_stop(&seeds->resolve);
    }
}
