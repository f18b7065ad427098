
/*
 * One connection per worker and endpoint, shared by all requests.
 *
 * nginx owns the socket, core/prize_command and core/prize_reply the
 * protocol.  Commands of one turn of the event loop are written together;
 * replies come back in order to a queue of slots, and a slot whose lookup has
 * gone, or is late, swallows its reply.
 */

#ifndef _NGX_PRIZE_REDIS_H_INCLUDED_
#define _NGX_PRIZE_REDIS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_event_connect.h>

#include "ngx_prize_breaker.h"
#include "ngx_prize_lookup.h"
#include "ngx_prize_metrics.h"
#include "ngx_prize_notice.h"
#include "prize_reply.h"


/* who we are at a server; part of an endpoint, and sent once a connection */

typedef struct {
    ngx_str_t                   username;
    ngx_str_t                   password;
    ngx_uint_t                  database;
} ngx_prize_redis_login_t;


typedef enum {
    NGX_PRIZE_REDIS_CLOSED = 0,
    NGX_PRIZE_REDIS_CONNECTING,
    NGX_PRIZE_REDIS_HANDSHAKE,          /* AUTH, SELECT, PING are under way */
    NGX_PRIZE_REDIS_READY
} ngx_prize_redis_state_e;


/* lives as long as the worker, connected or not */

typedef struct {
    ngx_queue_t                 queue;      /* of the worker's endpoints */
    ngx_log_t                  *log;        /* the cycle's */
    ngx_log_t                   quiet;      /* for connect(), see there */

    const ngx_prize_redis_login_t
                               *login;
    ngx_str_t                   name;
    socklen_t                   socklen;
    ngx_sockaddr_t              sockaddr;

    ngx_prize_redis_state_e     state;
    ngx_peer_connection_t       peer;
    ngx_prize_breaker_t         breaker;

    ngx_queue_t                 slots;      /* asked, in order of replies */
    ngx_queue_t                 waiting;    /* lookups until it is ready */
    ngx_queue_t                 free;       /* slots to use again */
    ngx_uint_t                  pending;    /* slots in use */
    ngx_uint_t                  lookups;    /* in them, or waiting */

    prize_reply_t               reply;

    u_char                     *out;        /* commands not yet written */
    size_t                      out_sent;
    size_t                      out_len;
    size_t                      out_size;

    ngx_event_t                 flush;      /* posted once a turn */
    ngx_event_t                 timer;      /* the earliest deadline */
    ngx_msec_t                  connect_timeout;
    ngx_msec_t                  connect_deadline;
    ngx_msec_t                  last_read;

    ngx_prize_notice_t          lost;
    ngx_prize_notice_t          back;
    ngx_prize_notice_t          denied;
    ngx_prize_notice_t          refused;
    ngx_prize_notice_t          error;
    ngx_prize_notice_t          foreign;

    ngx_uint_t                  label;      /* of ngx_prize_metrics' peers */
    uint64_t                    clock;      /* ngx_prize_clock() of this turn */

    unsigned                    evalsha:1;  /* the server has the script */
    unsigned                    checking:1; /* the order of its replies */
} ngx_prize_redis_conn_t;


/*
 * The worker's connection for an endpoint, made on first use and not yet
 * connected; NULL without memory.  "login" must live as long as the cycle.
 */
ngx_prize_redis_conn_t *ngx_prize_redis_get(ngx_cycle_t *cycle,
    const ngx_prize_redis_login_t *login, struct sockaddr *sockaddr,
    socklen_t socklen, ngx_str_t *name);

/* 0 while its breaker says that it is to be left alone */
ngx_uint_t ngx_prize_redis_usable(ngx_prize_redis_conn_t *conn);

/* connects ahead of the first lookup; no lookup waits for it */
void ngx_prize_redis_warm(ngx_prize_redis_conn_t *conn,
    ngx_msec_t connect_timeout);

/*
 * Asks for lookup->key by lookup->command, connecting first if need be.
 * NGX_OK: the handler will be called, but not from here.  NGX_DECLINED: it
 * cannot be connected to, another may do.  NGX_BUSY: it owes too many replies.
 * NGX_ERROR: no memory, or more is unsent than is good.
 */
ngx_int_t ngx_prize_redis_lookup(ngx_prize_redis_conn_t *conn,
    ngx_prize_lookup_t *lookup, ngx_msec_t connect_timeout);

/* the handler will not be called; a reply under way is swallowed */
void ngx_prize_redis_detach(ngx_prize_redis_conn_t *conn,
    ngx_prize_lookup_t *lookup);

/*
 * Stores a row, unless the connection is not ready: then it is dropped.  Its
 * outcome is counted; one that says that the server is away is heeded.
 */
void ngx_prize_redis_write_back(ngx_prize_redis_conn_t *conn,
    const prize_write_back_t *wb, ngx_msec_t timeout);

/*
 * Some endpoint of this worker can answer, as far as is known.  If none can,
 * those that no breaker looks after are tried for the next time.
 */
ngx_uint_t ngx_prize_redis_healthy(void);

/* closes all connections: the worker ends */
void ngx_prize_redis_done(void);


#endif /* _NGX_PRIZE_REDIS_H_INCLUDED_ */
