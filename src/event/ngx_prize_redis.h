
/*
 * An endpoint: one address, asked with one login, by TLS or not, and under
 * one name where a certificate has to bear it.  A worker has one connection to
 * it, which all requests share, and lookups wait here until it is up.  It has
 * a pool of its own.
 */

#ifndef _NGX_PRIZE_REDIS_H_INCLUDED_
#define _NGX_PRIZE_REDIS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_prize_backend.h"
#include "ngx_prize_redis_ask.h"
#include "ngx_prize_redis_conn.h"


typedef enum {
    NGX_PRIZE_REDIS_ROUTE_UP = 0,       /* it is connected to */
    NGX_PRIZE_REDIS_ROUTE_LOST,         /* no more, or it could not be */
    NGX_PRIZE_REDIS_ROUTE_MOVED         /* it says that it is the wrong one */
} ngx_prize_redis_route_event_e;

/*
 * What a route is told of an endpoint.  NGX_AGAIN to UP: lookups wait, until
 * ngx_prize_redis_admit() or the connection's end.
 */
typedef ngx_int_t (*ngx_prize_redis_watch_pt)(void *data,
    ngx_prize_redis_t *redis, ngx_prize_redis_route_event_e event);


struct ngx_prize_redis_s {
    ngx_prize_backend_t         backend;
    ngx_pool_t                 *pool;
    ngx_str_t                   name;
    ngx_str_t                   host;       /* to be certified, or empty */
    socklen_t                   socklen;
    ngx_sockaddr_t              sockaddr;

    ngx_prize_redis_conn_t      conn;
    ngx_queue_t                 waiting;    /* lookups until it is ready, */
    ngx_queue_t                 asks;       /*   asks until it is up */

    ngx_prize_redis_watch_pt    watch;      /* the route's, or NULL */
    void                       *watcher;

    ngx_uint_t                  holders;    /* these four are the */
    ngx_event_t                 end;        /*   registry's: while nobody */
                                            /*   holds it */
    ngx_uint_t                  seeds;      /* of them, who ask it only */
                                            /*   where the stores are */
    unsigned                    listed:1;   /* a block names it, or did */

    ngx_uint_t                  answer;     /* that was written back last, */
    uint32_t                    answer_key; /*   and under which key */

    ngx_prize_notice_t          denied;
    ngx_prize_notice_t          unwritten;
    ngx_prize_notice_t          error;
    ngx_prize_notice_t          foreign;

    unsigned                    blame:1;    /* the next lookup that is lost */
    unsigned                    checking:1; /* the order of its replies */
    unsigned                    admitted:1; /* lookups may be sent */
};


/* commands that one connection may owe a reply to */
#define NGX_PRIZE_REDIS_PENDING_MAX  65536

/* whose connection has that pipe */
#define ngx_prize_redis_of(p)                                                 \
    ((ngx_prize_redis_t *)                                                    \
        ((u_char *) (p) - offsetof(ngx_prize_redis_t, conn)                   \
                        - offsetof(ngx_prize_redis_conn_t, pipe)))


extern const ngx_prize_backend_kind_t  ngx_prize_redis_kind;


/*
 * Not yet connected, and held by nobody; NULL without memory.  The address and
 * the names are copied, "login" must live as long as the cycle.  "host" is
 * what a certificate has to name, or empty.  It ends by kind->destroy().
 */
ngx_prize_redis_t *ngx_prize_redis_create(ngx_cycle_t *cycle,
    const ngx_prize_redis_login_t *login, struct sockaddr *sockaddr,
    socklen_t socklen, ngx_str_t *name, ngx_str_t *host);

/* connects ahead of the first lookup, once */
void ngx_prize_redis_connect(ngx_prize_redis_t *redis, ngx_msec_t timeout);

/* connects once more, unless it is left alone or has failed a moment ago */
void ngx_prize_redis_retry(ngx_prize_redis_t *redis);

/* it can answer, as far as is known */
ngx_uint_t ngx_prize_redis_answers(ngx_prize_redis_t *redis);

/*
 * Who is told of its events from here on, in place of whoever was before;
 * NULL: nobody.
 */
void ngx_prize_redis_watch(ngx_prize_redis_t *redis,
    ngx_prize_redis_watch_pt watch, void *watcher);

/* the lookups that wait are sent, if it is connected to */
void ngx_prize_redis_admit(ngx_prize_redis_t *redis);

/* it is not who it should be: it is left alone, and told of by "why" */
void ngx_prize_redis_reject(ngx_prize_redis_t *redis, const char *why);

/*
 * Connects first if need be.  NGX_OK: the ask's handler will be called, but
 * not from here.  NGX_DECLINED: it is left alone, or has failed a moment ago.
 * NGX_ERROR: no memory.
 */
ngx_int_t ngx_prize_redis_ask(ngx_prize_redis_t *redis,
    ngx_prize_redis_ask_t *ask, ngx_msec_t connect_timeout);

/* ends the connection, if nothing is asked by it */
void ngx_prize_redis_rest(ngx_prize_redis_t *redis);

/* it is connected to, and lookups may be sent */
ngx_uint_t ngx_prize_redis_ready(ngx_prize_redis_t *redis);

/* 0 while it is to be left alone */
ngx_uint_t ngx_prize_redis_usable(ngx_prize_redis_t *redis);

/*
 * Asks for lookup->key by lookup->command, connecting first if need be.
 * NGX_OK: the handler will be called, but not from here.  NGX_DECLINED: it
 * cannot be connected to, or could not a moment ago; another may do.
 * NGX_BUSY: it owes too many replies.  NGX_ERROR: no memory, or more is
 * unsent than is good.
 */
ngx_int_t ngx_prize_redis_lookup(ngx_prize_redis_t *redis,
    ngx_prize_lookup_t *lookup, ngx_msec_t connect_timeout);

/*
 * Stores the row that lookup's handler was called with, once for each answer
 * and key, and only if the connection is ready.  Its outcome is counted; one
 * that says that the server is away is heeded.
 */
void ngx_prize_redis_write_back(ngx_prize_redis_t *redis,
    const ngx_prize_lookup_t *lookup, ngx_msec_t ttl, ngx_msec_t timeout);


#endif /* _NGX_PRIZE_REDIS_H_INCLUDED_ */
