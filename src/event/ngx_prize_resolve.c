
#include "ngx_prize_resolve.h"


#define NGX_PRIZE_RESOLVE_MIN    1000       /* ms between two lookups */
#define NGX_PRIZE_RESOLVE_MAX    10000      /* after many that failed */


static void ngx_prize_resolve_ask(ngx_prize_resolve_t *resolve);


static void
ngx_prize_resolve_wait(ngx_prize_resolve_t *resolve, ngx_msec_t wait)
{
    if (!ngx_exiting && !ngx_terminate) {
        ngx_add_timer(&resolve->timer, wait);
    }
}


/* all workers lose a name server in the same moment */

static void
ngx_prize_resolve_retry(ngx_prize_resolve_t *resolve)
{
    ngx_msec_t  wait;

    wait = NGX_PRIZE_RESOLVE_MIN << ngx_min(resolve->failures, 8);
    wait = ngx_min(wait, NGX_PRIZE_RESOLVE_MAX);

    resolve->failures++;

    ngx_prize_resolve_wait(resolve, wait - ngx_random() % (wait / 4));
}


static void
ngx_prize_resolve_report(ngx_prize_resolve_t *resolve, ngx_resolver_ctx_t *ctx)
{
    ngx_str_t       *name;
    ngx_addr_t      *addr, addrs[NGX_PRIZE_RESOLVE_ADDRS];
    ngx_uint_t       i, n;
    ngx_sockaddr_t   sockaddrs[NGX_PRIZE_RESOLVE_ADDRS];
    u_char           names[NGX_PRIZE_RESOLVE_ADDRS][NGX_SOCKADDR_STRLEN];

    n = ngx_min(ctx->naddrs, NGX_PRIZE_RESOLVE_ADDRS);

    for (i = 0; i < n; i++) {
        addr = &addrs[i];
        name = &addr->name;

        ngx_memcpy(&sockaddrs[i], ctx->addrs[i].sockaddr,
                   ctx->addrs[i].socklen);

        addr->sockaddr = &sockaddrs[i].sockaddr;
        addr->socklen = ctx->addrs[i].socklen;

        ngx_inet_set_port(addr->sockaddr, resolve->conf->port);

        name->data = names[i];
        name->len = ngx_sock_ntop(addr->sockaddr, addr->socklen, name->data,
                                  NGX_SOCKADDR_STRLEN, 1);
    }

    resolve->handler(resolve, addrs, n);
}


static void
ngx_prize_resolve_handler(ngx_resolver_ctx_t *ctx)
{
    time_t                valid;
    ngx_int_t             state;
    ngx_prize_resolve_t  *resolve;

    resolve = ctx->data;

    state = ctx->state;
    valid = ctx->valid - ngx_time();

    if (state == NGX_OK) {
        resolve->found = 1;
        ngx_prize_resolve_report(resolve, ctx);
    }

    resolve->ctx = NULL;
    ngx_resolve_name_done(ctx);

    if (state != NGX_OK) {
        ngx_prize_notice(&resolve->failed, NGX_LOG_ERR, resolve->cycle->log, 0,
                         "\"%V\" could not be resolved: %s; %s",
                         &resolve->conf->name, ngx_resolver_strerror(state),
                         resolve->found ? "its last addresses stay in use"
                                        : "no address of it is known yet");

        ngx_prize_resolve_retry(resolve);
        return;
    }

    if (resolve->failures) {
        ngx_log_error(NGX_LOG_NOTICE, resolve->cycle->log, 0,
                      "prize: \"%V\" is resolved again",
                      &resolve->conf->name);
        ngx_prize_notice_change(&resolve->failed);
        resolve->failures = 0;
    }

    /* the resolver remembers what is valid still, and would say it again */

    ngx_prize_resolve_wait(resolve, ngx_max(valid * 1000,
                                            NGX_PRIZE_RESOLVE_MIN));
}


static void
ngx_prize_resolve_ask(ngx_prize_resolve_t *resolve)
{
    ngx_resolver_ctx_t  *ctx;

    /* nginx has told of it where there is no memory */

    ctx = ngx_resolve_start(resolve->conf->resolver, NULL);

    if (ctx == NULL || ctx == NGX_NO_RESOLVER) {
        ngx_prize_resolve_retry(resolve);
        return;
    }

    ctx->name = resolve->conf->name;
    ctx->handler = ngx_prize_resolve_handler;
    ctx->data = resolve;
    ctx->timeout = resolve->conf->timeout;
    ctx->cancelable = 1;

    /* the handler may have run when ngx_resolve_name() returns */

    resolve->ctx = ctx;

    if (ngx_resolve_name(ctx) != NGX_OK) {
        resolve->ctx = NULL;
        ngx_prize_resolve_retry(resolve);
    }
}


static void
ngx_prize_resolve_timer_handler(ngx_event_t *ev)
{
    if (!ngx_exiting && !ngx_terminate) {
        ngx_prize_resolve_ask(ev->data);
    }
}


void
ngx_prize_resolve_start(ngx_prize_resolve_t *resolve)
{
    resolve->timer.handler = ngx_prize_resolve_timer_handler;
    resolve->timer.data = resolve;
    resolve->timer.log = resolve->cycle->log;
    resolve->timer.cancelable = 1;

    ngx_prize_resolve_ask(resolve);
}


void
ngx_prize_resolve_again(ngx_prize_resolve_t *resolve)
{
    if (resolve->timer.timer_set && resolve->failures == 0) {
        ngx_del_timer(&resolve->timer);
        ngx_prize_resolve_ask(resolve);
    }
}


void
ngx_prize_resolve_stop(ngx_prize_resolve_t *resolve)
{
    if (resolve->timer.timer_set) {
        ngx_del_timer(&resolve->timer);
    }

    if (resolve->ctx) {
        ngx_resolve_name_done(resolve->ctx);
        resolve->ctx = NULL;
    }
}
