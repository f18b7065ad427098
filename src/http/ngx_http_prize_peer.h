
/*
 * From prize_redis_pass to an endpoint.  An upstream block's own balancer is
 * asked for every request, and the address that it names selects the endpoint;
 * the addresses of a name, the nodes of a cluster and the servers of a master
 * are a route's.  Of nginx's upstream only the peer and the states are used;
 * the states make $upstream_addr, $upstream_status and
 * $upstream_response_time, and hold one entry for each store that was asked.
 */

#ifndef _NGX_HTTP_PRIZE_PEER_H_INCLUDED_
#define _NGX_HTTP_PRIZE_PEER_H_INCLUDED_


#include "ngx_http_prize.h"


/* zeroed at first; of one request */

typedef struct {
    ngx_http_request_t            *request;
    ngx_http_prize_loc_conf_t     *conf;
    ngx_http_upstream_t           *upstream;    /* ours, if not r's any more; */
                                                /*   NULL without a balancer */
    ngx_prize_redis_route_t       *route;       /* NULL: not asked for yet */
    ngx_prize_redis_turn_t         turn;        /* over the route */
    ngx_prize_redis_t             *redis;       /* that is asked; held, or */
                                                /*   NULL */
    ngx_str_t                     *name;        /* of it, in the pool */
    ngx_msec_t                     start;       /* of the current try */
    unsigned                       held:1;      /* of the balancer */
    unsigned                       renewed:1;   /* the balancer's list was */
} ngx_http_prize_peer_t;


/*
 * Once a search, before the first try.  "key" is the lookup's, and known when
 * the first peer is asked for.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_prize_peer_init(ngx_http_prize_peer_t *peer,
    ngx_http_request_t *r, ngx_http_prize_loc_conf_t *conf,
    const prize_str_t *key);

/*
 * The next peer's endpoint that is not left alone, in peer->redis.  NGX_OK,
 * NGX_BUSY if there is none, NGX_ERROR without memory.
 */
ngx_int_t ngx_http_prize_peer_get(ngx_http_prize_peer_t *peer);

/*
 * The peer that is held has told lookup->redirect.  NGX_OK: whom it names is
 * who comes next; NGX_DECLINED: he cannot be asked, or enough were.
 */
ngx_int_t ngx_http_prize_peer_redirect(ngx_http_prize_peer_t *peer,
    const ngx_prize_lookup_t *lookup);

/* who may be written to what the held peer misses, held; NULL: nobody */
ngx_prize_redis_t *ngx_http_prize_peer_get_primary(
    ngx_http_prize_peer_t *peer);

/* of the peer that is held, if any; "state" is NGX_PEER_..., or 0 */
void ngx_http_prize_peer_free(ngx_http_prize_peer_t *peer, ngx_uint_t state);

/*
 * An entry for a store that is asked, of which a copy of "name" is kept, if it
 * is known already; it was not after all; its outcome.
 */
ngx_int_t ngx_http_prize_peer_asked(ngx_http_prize_peer_t *peer,
    ngx_str_t *name);
void ngx_http_prize_peer_unasked(ngx_http_prize_peer_t *peer);
void ngx_http_prize_peer_answered(ngx_http_prize_peer_t *peer,
    ngx_prize_result_e result);


#endif /* _NGX_HTTP_PRIZE_PEER_H_INCLUDED_ */
