
#include "ngx_http_prize_peer.h"


/* some of nginx's variables look at it; nothing in it is ever set */
static ngx_http_upstream_conf_t  ngx_http_prize_upstream_conf;


static ngx_int_t
ngx_http_prize_peer_states(ngx_http_request_t *r)
{
    ngx_http_upstream_state_t  *state;

    if (r->upstream_states == NULL) {
        r->upstream_states = ngx_array_create(r->pool, 2,
                                          sizeof(ngx_http_upstream_state_t));
        return r->upstream_states ? NGX_OK : NGX_ERROR;
    }

    if (r->upstream_states->nelts == 0) {
        return NGX_OK;
    }

    /* an empty entry stands between two locations of one request */

    state = ngx_array_push(r->upstream_states);
    if (state == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(state, sizeof(ngx_http_upstream_state_t));

    return NGX_OK;
}


ngx_int_t
ngx_http_prize_peer_init(ngx_http_request_t *r, ngx_http_prize_ctx_t *ctx,
    ngx_http_upstream_srv_conf_t *uscf)
{
    ngx_http_upstream_t  *u;

    if (ngx_http_prize_peer_states(r) != NGX_OK) {
        return NGX_ERROR;
    }

    if (uscf == NULL) {
        return NGX_OK;
    }

    if (ngx_http_upstream_create(r) != NGX_OK) {
        return NGX_ERROR;
    }

    u = r->upstream;
    ctx->upstream = u;

    u->conf = &ngx_http_prize_upstream_conf;
    u->upstream = uscf;
    ngx_str_set(&u->schema, "redis://");

    /* a request's log has its arguments, and a signature among them */
    u->peer.log = ngx_cycle->log;

    return uscf->peer.init(r, uscf);
}


ngx_int_t
ngx_http_prize_peer_asked(ngx_http_request_t *r, ngx_http_prize_ctx_t *ctx,
    ngx_str_t *name)
{
    ngx_http_upstream_state_t  *state;

    state = ngx_array_push(r->upstream_states);
    if (state == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(state, sizeof(ngx_http_upstream_state_t));

    state->response_time = (ngx_msec_t) -1;
    state->connect_time = (ngx_msec_t) -1;
    state->header_time = (ngx_msec_t) -1;
    state->peer = name;

    ctx->start = ngx_current_msec;

    /* the array may have moved; balancers read the entry of the try */

    if (r->upstream) {
        r->upstream->state = state;
    }

    return NGX_OK;
}


void
ngx_http_prize_peer_answered(ngx_http_request_t *r, ngx_http_prize_ctx_t *ctx,
    ngx_uint_t status)
{
    ngx_http_upstream_state_t  *state;

    state = r->upstream_states->elts;
    state += r->upstream_states->nelts - 1;

    state->status = status;
    state->response_time = ngx_current_msec - ctx->start;
    state->header_time = state->response_time;
}


void
ngx_http_prize_peer_unasked(ngx_http_request_t *r)
{
    r->upstream_states->nelts--;

    if (r->upstream) {
        r->upstream->state = NULL;
    }
}


/* of another module that shares the block, and keeps its connections there */

static void
ngx_http_prize_peer_close(ngx_peer_connection_t *pc)
{
    if (pc->connection->pool) {
        ngx_destroy_pool(pc->connection->pool);
    }

    ngx_close_connection(pc->connection);
    pc->connection = NULL;
}


ngx_int_t
ngx_http_prize_peer_get(ngx_http_request_t *r, ngx_http_prize_ctx_t *ctx,
    ngx_prize_redis_conn_t **conn)
{
    ngx_int_t                   rc;
    ngx_peer_connection_t      *pc;
    ngx_http_upstream_state_t  *state;

    pc = &r->upstream->peer;

    while (pc->tries) {

        if (ngx_http_prize_peer_asked(r, ctx, NULL) != NGX_OK) {
            return NGX_ERROR;
        }

        rc = pc->get(pc, pc->data);

        if (rc == NGX_BUSY) {
            ngx_http_prize_peer_unasked(r);
            return NGX_BUSY;
        }

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (pc->connection) {
            ngx_http_prize_peer_close(pc);
        }

        ctx->peer = 1;

        *conn = ngx_prize_redis_get((ngx_cycle_t *) ngx_cycle,
                                    ctx->conf->redis_login, pc->sockaddr,
                                    pc->socklen, pc->name);
        if (*conn == NULL) {
            ngx_http_prize_peer_free(ctx, 0);
            return NGX_ERROR;
        }

        if (ngx_prize_redis_usable(*conn)) {

            /* a zone's peer may go away, a connection lives as its worker */

            state = r->upstream->state;
            state->peer = &(*conn)->name;

            return NGX_OK;
        }

        ngx_http_prize_peer_unasked(r);
        ngx_http_prize_peer_free(ctx, NGX_PEER_NEXT);
    }

    return NGX_BUSY;
}


void
ngx_http_prize_peer_free(ngx_http_prize_ctx_t *ctx, ngx_uint_t state)
{
    ngx_peer_connection_t  *pc;

    if (!ctx->peer) {
        return;
    }

    ctx->peer = 0;
    pc = &ctx->upstream->peer;

    pc->free(pc, pc->data, state);
}
