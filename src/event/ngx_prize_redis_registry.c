
#include "ngx_prize_redis_registry.h"


#define NGX_PRIZE_REDIS_END       60000    /* ms after the last holder */
#define NGX_PRIZE_REDIS_END_DEAD  2000     /* while it is left alone */
#define NGX_PRIZE_REDIS_UNHELD    8        /* that wait for their end */


static void
ngx_prize_redis_end_handler(ngx_event_t *ev)
{
    ngx_prize_redis_t  *redis;

    redis = ev->data;

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, ev->log, 0,
                   "prize redis \"%V\" ends", &redis->name);

    redis->backend.kind->destroy(redis);
}


/*
 * Each address that a name has left keeps a descriptor and a label for a
 * minute.  Where it moves on and on, those that would end first end now, but
 * for the last eight.
 */

static void
ngx_prize_redis_limit_unheld(void)
{
    ngx_uint_t            n;
    ngx_prize_redis_t    *redis, *first;
    ngx_prize_backend_t  *backend;

    n = 0;
    first = NULL;

    ngx_prize_backend_foreach(&ngx_prize_redis_kind, backend) {
        redis = (ngx_prize_redis_t *) backend;

        if (!redis->listed || !redis->end.timer_set
            || (ngx_msec_int_t) (redis->end.timer.key - ngx_current_msec) <= 0)
        {
            continue;
        }

        n++;

        if (first == NULL
            || (ngx_msec_int_t) (redis->end.timer.key - first->end.timer.key)
               < 0)
        {
            first = redis;
        }
    }

    if (n > NGX_PRIZE_REDIS_UNHELD) {
        ngx_del_timer(&first->end);
        ngx_add_timer(&first->end, 0);
    }
}


/*
 * What a server's certificate has to name; empty where nothing is checked or
 * sent.  Two names for one address are two servers.  "text" has room for an
 * address.
 */

static ngx_str_t
ngx_prize_redis_host(const ngx_prize_redis_tls_t *tls,
    struct sockaddr *sockaddr, socklen_t socklen, const ngx_str_t *host,
    u_char *text)
{
    ngx_str_t  address = ngx_null_string;

    if (tls == NULL || (!tls->verify && !tls->server_name)) {
        return address;
    }

    if (tls->name.len) {
        return tls->name;
    }

    if (host && host->len) {
        return *host;
    }

    if (sockaddr->sa_family != AF_UNIX) {
        address.data = text;
        address.len = ngx_sock_ntop(sockaddr, socklen, text,
                                    NGX_SOCKADDR_STRLEN, 0);
    }

    return address;
}


/*
 * 0: all that is known of it is history, since nobody names it any more, or
 * it is no store
 */

static ngx_uint_t
ngx_prize_redis_is_named(ngx_prize_redis_t *redis)
{
    if (redis->conn.login->sentinel) {
        return 0;
    }

    return redis->seeds ? redis->holders > redis->seeds
                        : redis->holders || !redis->listed;
}


void
ngx_prize_redis_hold(ngx_prize_redis_t *redis)
{
    redis->holders++;

    if (redis->end.timer_set) {
        ngx_del_timer(&redis->end);
    }
}


ngx_prize_redis_t *
ngx_prize_redis_get(ngx_cycle_t *cycle, const ngx_prize_redis_login_t *login,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_str_t *name,
    const ngx_str_t *host)
{
    u_char                text[NGX_SOCKADDR_STRLEN];
    ngx_str_t             wanted;
    ngx_prize_redis_t    *redis;
    ngx_prize_backend_t  *backend;

    wanted = ngx_prize_redis_host(login->tls, sockaddr, socklen, host, text);

    ngx_prize_backend_foreach(&ngx_prize_redis_kind, backend) {
        redis = (ngx_prize_redis_t *) backend;

        if (redis->conn.login == login
            && redis->host.len == wanted.len
            && (wanted.len == 0
                || ngx_strncmp(redis->host.data, wanted.data, wanted.len) == 0)
            && ngx_cmp_sockaddr(&redis->sockaddr.sockaddr, redis->socklen,
                                sockaddr, socklen, 1)
               == NGX_OK)
        {
            ngx_prize_redis_hold(redis);
            return redis;
        }
    }

    redis = ngx_prize_redis_create(cycle, login, sockaddr, socklen, name,
                                   &wanted);

    if (redis == NULL) {
        return NULL;
    }

    redis->end.handler = ngx_prize_redis_end_handler;
    redis->end.data = redis;
    redis->end.log = cycle->log;
    redis->end.cancelable = 1;

    ngx_prize_redis_hold(redis);

    return redis;
}


void
ngx_prize_redis_release(ngx_prize_redis_t *redis)
{
    ngx_uint_t  dead;

    redis->holders--;

    if (redis->holders) {
        return;
    }

    /*
     * A probe of what nobody names would go on telling that it is dead.  What
     * is in no list is held by requests alone, and is wanted again.
     */

    dead = redis->listed && !ngx_prize_redis_usable(redis);

    ngx_add_timer(&redis->end, dead ? NGX_PRIZE_REDIS_END_DEAD
                                    : NGX_PRIZE_REDIS_END);

    if (redis->listed) {
        ngx_prize_redis_limit_unheld();
    }
}


void
ngx_prize_redis_warm(ngx_prize_redis_t *redis, ngx_msec_t timeout)
{
    redis->listed = 1;

    ngx_prize_redis_connect(redis, timeout);
}


ngx_uint_t
ngx_prize_redis_healthy(void)
{
    ngx_prize_redis_t    *redis;
    ngx_prize_backend_t  *backend;

    ngx_prize_backend_foreach(&ngx_prize_redis_kind, backend) {
        redis = (ngx_prize_redis_t *) backend;

        if (ngx_prize_redis_is_named(redis) && ngx_prize_redis_answers(redis)) {
            return 1;
        }
    }

    /* who is told so asks for no page, and no lookup would find out */

    ngx_prize_backend_foreach(&ngx_prize_redis_kind, backend) {
        redis = (ngx_prize_redis_t *) backend;

        if (ngx_prize_redis_is_named(redis)) {
            ngx_prize_redis_retry(redis);
        }
    }

    return 0;
}
