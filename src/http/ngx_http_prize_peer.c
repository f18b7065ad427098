
#include "ngx_http_prize_host.h"
#include "ngx_http_prize_peer.h"
#include "ngx_http_prize_servers.h"


/* some of nginx's variables look at it; nothing in it is ever set */
static ngx_http_upstream_conf_t   ngx_http_prize_peer_conf;

/* and some balancers at the state of a try, when there is none */
static ngx_http_upstream_state_t  ngx_http_prize_peer_no_state;


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


/* the array may have moved; balancers read the entry of the try */

static void
ngx_http_prize_peer_set_state(ngx_http_prize_peer_t *peer)
{
    ngx_array_t                *states;
    ngx_http_upstream_state_t  *state;

    if (peer->upstream == NULL) {
        return;
    }

    states = peer->request->upstream_states;
    state = states->elts;

    peer->upstream->state = states->nelts ? &state[states->nelts - 1]
                                          : &ngx_http_prize_peer_no_state;
}


ngx_int_t
ngx_http_prize_peer_init(ngx_http_prize_peer_t *peer, ngx_http_request_t *r,
    ngx_http_prize_loc_conf_t *conf, const prize_str_t *key)
{
    ngx_http_upstream_t           *u;
    ngx_http_upstream_srv_conf_t  *uscf;

    peer->request = r;
    peer->conf = conf;
    peer->upstream = NULL;
    peer->route = NULL;
    peer->renewed = 0;

    ngx_memzero(&peer->turn, sizeof(ngx_prize_redis_turn_t));
    peer->turn.key = key;
    peer->turn.read_from = conf->redis_read_from;

    if (ngx_http_prize_peer_states(r) != NGX_OK) {
        return NGX_ERROR;
    }

    if (conf->redis == NULL || conf->redis_route) {
        return NGX_OK;
    }

    uscf = conf->redis->upstream;

    if (ngx_http_upstream_create(r) != NGX_OK) {
        return NGX_ERROR;
    }

    u = r->upstream;
    peer->upstream = u;

    u->conf = &ngx_http_prize_peer_conf;
    u->upstream = uscf;
    ngx_str_set(&u->schema, "redis://");

    /* a request's log has its arguments, and a signature among them */
    u->peer.log = ngx_cycle->log;

    ngx_http_prize_peer_set_state(peer);

    return uscf->peer.init(r, uscf);
}


/* the store may end before the request, and its name may change */

static ngx_str_t *
ngx_http_prize_peer_copy_name(ngx_http_prize_peer_t *peer, ngx_str_t *name)
{
    ngx_str_t  *copy;

    copy = ngx_palloc(peer->request->pool, sizeof(ngx_str_t) + name->len);

    if (copy) {
        copy->len = name->len;
        copy->data = (u_char *) (copy + 1);
        ngx_memcpy(copy->data, name->data, name->len);
    }

    return copy;
}


ngx_int_t
ngx_http_prize_peer_asked(ngx_http_prize_peer_t *peer, ngx_str_t *name)
{
    ngx_http_upstream_state_t  *state;

    if (name) {
        name = ngx_http_prize_peer_copy_name(peer, name);
        if (name == NULL) {
            return NGX_ERROR;
        }
    }

    state = ngx_array_push(peer->request->upstream_states);
    if (state == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(state, sizeof(ngx_http_upstream_state_t));

    state->response_time = (ngx_msec_t) -1;
    state->connect_time = (ngx_msec_t) -1;
    state->header_time = (ngx_msec_t) -1;
    state->peer = name;

    peer->start = ngx_current_msec;

    ngx_http_prize_peer_set_state(peer);

    return NGX_OK;
}


void
ngx_http_prize_peer_answered(ngx_http_prize_peer_t *peer,
    ngx_prize_result_e result)
{
    ngx_array_t                *states;
    ngx_http_upstream_state_t  *state;

    static const ngx_uint_t  statuses[] = {
        [NGX_PRIZE_FOUND] = NGX_HTTP_OK,
        [NGX_PRIZE_NOT_FOUND] = NGX_HTTP_NOT_FOUND,
        [NGX_PRIZE_STALE] = NGX_HTTP_OK,
        [NGX_PRIZE_FOREIGN] = NGX_HTTP_BAD_GATEWAY,
        [NGX_PRIZE_LATE] = NGX_HTTP_GATEWAY_TIME_OUT,
        [NGX_PRIZE_LOST] = NGX_HTTP_BAD_GATEWAY,
        [NGX_PRIZE_MOVED] = NGX_HTTP_MOVED_TEMPORARILY,
        [NGX_PRIZE_ERROR] = NGX_HTTP_BAD_GATEWAY
    };

    states = peer->request->upstream_states;
    state = states->elts;
    state += states->nelts - 1;

    state->status = statuses[result];
    state->response_time = ngx_current_msec - peer->start;
    state->header_time = state->response_time;
}


void
ngx_http_prize_peer_unasked(ngx_http_prize_peer_t *peer)
{
    peer->request->upstream_states->nelts--;

    ngx_http_prize_peer_set_state(peer);
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


/*
 * A block whose names move says that it is busy when they have moved since it
 * was asked first.  What the balancer left in the peer is not its own then:
 * the keepalive module would take its data for those of round robin.
 */

static ngx_int_t
ngx_http_prize_peer_renew(ngx_http_prize_peer_t *peer)
{
#if (NGX_HTTP_UPSTREAM_ZONE)
    ngx_http_upstream_t           *u;
    ngx_http_upstream_srv_conf_t  *uscf;

    uscf = peer->conf->redis->upstream;

    if (peer->renewed || uscf->shm_zone == NULL) {
        return NGX_BUSY;
    }

    peer->renewed = 1;

    u = peer->upstream;
    u->peer.data = NULL;
    u->peer.notify = NULL;

    return uscf->peer.init(peer->request, uscf);
#else
    return NGX_BUSY;
#endif
}


/* what a peer says lives in a zone, which another worker may change */

static ngx_int_t
ngx_http_prize_peer_select(ngx_http_prize_peer_t *peer)
{
    ngx_str_t                 host;
    ngx_peer_connection_t    *pc;
    const ngx_prize_redis_login_t  *login;

    pc = &peer->upstream->peer;
    login = peer->conf->redis_login;

    peer->held = 1;
    peer->name = NULL;

    host = ngx_http_prize_host_find(peer->conf->redis->upstream, login,
                                    pc->sockaddr, pc->socklen);

    peer->redis = ngx_prize_redis_get((ngx_cycle_t *) ngx_cycle, login,
                                      pc->sockaddr, pc->socklen, pc->name,
                                      &host);

    if (peer->redis == NULL) {
        return NGX_ERROR;
    }

    peer->name = ngx_http_prize_peer_copy_name(peer, &peer->redis->name);

    return peer->name ? NGX_OK : NGX_ERROR;
}


/* the balancer's own part of a try; as peer.get */

static ngx_int_t
ngx_http_prize_peer_next(ngx_http_prize_peer_t *peer)
{
    ngx_int_t               rc;
    ngx_peer_connection_t  *pc;

    pc = &peer->upstream->peer;

    for ( ;; ) {
        if (pc->tries == 0) {
            return NGX_BUSY;
        }

        rc = pc->get(pc, pc->data);

        if (rc != NGX_BUSY) {
            break;
        }

        rc = ngx_http_prize_peer_renew(peer);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (rc != NGX_ERROR && pc->connection) {
        ngx_http_prize_peer_close(pc);
    }

    return rc == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


/* a route has no balancer */

static ngx_int_t
ngx_http_prize_peer_get_routed(ngx_http_prize_peer_t *peer)
{
    ngx_prize_redis_t          *redis;
    ngx_http_prize_loc_conf_t  *conf;

    conf = peer->conf;

    if (peer->route == NULL) {
        peer->route = ngx_prize_redis_route_get((ngx_cycle_t *) ngx_cycle,
                                                conf->redis_route,
                                                conf->redis_connect_timeout);
        if (peer->route == NULL) {
            return NGX_ERROR;
        }
    }

    /* there was no memory for it when the worker started */

    if (conf->redis->upstream
        && !ngx_prize_redis_route_seeds(peer->route)->known)
    {
        ngx_http_prize_servers_open((ngx_cycle_t *) ngx_cycle, conf);
    }

    redis = ngx_prize_redis_route_next(peer->route, &peer->turn);
    if (redis == NULL) {
        return NGX_BUSY;
    }

    if (ngx_http_prize_peer_asked(peer, &redis->name) != NGX_OK) {
        ngx_prize_redis_release(redis);
        return NGX_ERROR;
    }

    peer->redis = redis;

    return NGX_OK;
}


ngx_int_t
ngx_http_prize_peer_get(ngx_http_prize_peer_t *peer)
{
    ngx_int_t  rc;

    if (peer->upstream == NULL) {
        return ngx_http_prize_peer_get_routed(peer);
    }

    for ( ;; ) {
        if (ngx_http_prize_peer_asked(peer, NULL) != NGX_OK) {
            return NGX_ERROR;
        }

        rc = ngx_http_prize_peer_next(peer);

        if (rc != NGX_OK) {
            ngx_http_prize_peer_unasked(peer);
            return rc;
        }

        rc = ngx_http_prize_peer_select(peer);

        if (rc == NGX_OK && ngx_prize_redis_usable(peer->redis)) {
            peer->upstream->state->peer = peer->name;
            return NGX_OK;
        }

        ngx_http_prize_peer_free(peer, rc == NGX_OK ? NGX_PEER_NEXT : 0);
        ngx_http_prize_peer_unasked(peer);

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }
}


ngx_int_t
ngx_http_prize_peer_redirect(ngx_http_prize_peer_t *peer,
    const ngx_prize_lookup_t *lookup)
{
    return peer->route
           ? ngx_prize_redis_route_redirect(peer->route, &peer->turn,
                                            peer->redis, &lookup->redirect)
           : NGX_DECLINED;
}


ngx_prize_redis_t *
ngx_http_prize_peer_get_primary(ngx_http_prize_peer_t *peer)
{
    if (peer->route
        && peer->conf->redis_route->kind != NGX_PRIZE_REDIS_ROUTE_NAME)
    {
        return ngx_prize_redis_route_primary(peer->route, &peer->turn);
    }

    ngx_prize_redis_hold(peer->redis);

    return peer->redis;
}


void
ngx_http_prize_peer_free(ngx_http_prize_peer_t *peer, ngx_uint_t state)
{
    ngx_peer_connection_t  *pc;

    if (peer->held) {
        peer->held = 0;

        pc = &peer->upstream->peer;
        pc->free(pc, pc->data, state);

        /* a zone's peer may go away now; nginx's log asks for its name */

        pc->sockaddr = NULL;
        pc->name = peer->name;
    }

    if (peer->redis) {
        ngx_prize_redis_release(peer->redis);
        peer->redis = NULL;
    }
}
