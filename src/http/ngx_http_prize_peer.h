
/*
 * From an upstream block to a shared connection: the block's own balancer is
 * asked for every request, and the address that it names selects the
 * connection.  Of nginx's upstream only the peer and the states are used;
 * the states make $upstream_addr, $upstream_status and
 * $upstream_response_time.
 */

#ifndef _NGX_HTTP_PRIZE_PEER_H_INCLUDED_
#define _NGX_HTTP_PRIZE_PEER_H_INCLUDED_


#include "ngx_http_prize.h"


/* once a request, before the first try; NGX_ERROR: no memory */
ngx_int_t ngx_http_prize_peer_init(ngx_http_request_t *r,
    ngx_http_prize_ctx_t *ctx, ngx_http_upstream_srv_conf_t *uscf);

/*
 * The next peer's connection, whose breaker is shut.  NGX_OK, NGX_BUSY if
 * there is none, NGX_ERROR without memory.
 */
ngx_int_t ngx_http_prize_peer_get(ngx_http_request_t *r,
    ngx_http_prize_ctx_t *ctx, ngx_prize_redis_conn_t **conn);

/* of the peer that is held, if any; "state" is NGX_PEER_..., or 0 */
void ngx_http_prize_peer_free(ngx_http_prize_ctx_t *ctx, ngx_uint_t state);

/* an entry for a backend that is asked; it was not after all; its outcome */
ngx_int_t ngx_http_prize_peer_asked(ngx_http_request_t *r,
    ngx_http_prize_ctx_t *ctx, ngx_str_t *name);
void ngx_http_prize_peer_unasked(ngx_http_request_t *r);
void ngx_http_prize_peer_answered(ngx_http_request_t *r,
    ngx_http_prize_ctx_t *ctx, ngx_uint_t status);


#endif /* _NGX_HTTP_PRIZE_PEER_H_INCLUDED_ */
