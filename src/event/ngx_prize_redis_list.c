
#include "ngx_prize_redis_list.h"


ngx_int_t
ngx_prize_redis_list_init(ngx_prize_redis_list_t *list, ngx_cycle_t *cycle,
    const ngx_prize_redis_login_t *login, ngx_msec_t timeout)
{
    ngx_uint_t  i;

    list->cycle = cycle;
    list->login = login;
    list->timeout = timeout;
    list->current = 0;
    list->seeds = 0;

    for (i = 0; i < 2; i++) {
        if (ngx_array_init(&list->held[i], cycle->pool, 4,
                           sizeof(ngx_prize_redis_t *))
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


void
ngx_prize_redis_list_begin(ngx_prize_redis_list_t *list)
{
    list->current = !list->current;
}


void
ngx_prize_redis_list_add(ngx_prize_redis_list_t *list,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_str_t *name,
    const ngx_str_t *host)
{
    ngx_prize_redis_t  *redis, **held;

    redis = ngx_prize_redis_get(list->cycle, list->login, sockaddr, socklen,
                                name, host);
    if (redis == NULL) {
        return;
    }

    held = ngx_array_push(&list->held[list->current]);
    if (held == NULL) {
        ngx_prize_redis_release(redis);
        return;
    }

    *held = redis;

    if (list->seeds) {
        redis->seeds++;
    }
}


void
ngx_prize_redis_list_end(ngx_prize_redis_list_t *list)
{
    ngx_uint_t           i;
    ngx_array_t         *now, *before;
    ngx_prize_redis_t  **redis;

    now = ngx_prize_redis_listed(list);
    before = &list->held[!list->current];

    redis = before->elts;

    for (i = 0; i < before->nelts; i++) {
        redis[i]->seeds -= list->seeds;
        ngx_prize_redis_release(redis[i]);
    }

    before->nelts = 0;

    redis = now->elts;

    for (i = 0; i < now->nelts && !list->seeds; i++) {
        ngx_prize_redis_warm(redis[i], list->timeout);
    }
}
