
/*
 * A socket's life: connecting, TLS, AUTH and SELECT where they are wanted,
 * PING, and the end.  No timers: who owns a connection keeps its deadline.
 */

#ifndef _NGX_PRIZE_REDIS_CONN_H_INCLUDED_
#define _NGX_PRIZE_REDIS_CONN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_event_connect.h>

#include "ngx_prize_metrics.h"
#include "ngx_prize_redis_pipe.h"
#include "ngx_prize_redis_tls.h"


/*
 * How a server is entered, and as whom; part of an endpoint.  The words are
 * sent once a connection.
 */

typedef struct {
    const ngx_prize_redis_tls_t    *tls;        /* NULL: plain TCP */
    ngx_str_t                       username;
    ngx_str_t                       password;
    ngx_uint_t                      database;
    const void                     *route;      /* whose endpoints these are */
                                                /*   alone, or NULL */
    unsigned                        cluster:1;  /* they are nodes of one */
    unsigned                        sentinel:1; /* they are no stores */
} ngx_prize_redis_login_t;


typedef enum {
    NGX_PRIZE_REDIS_CLOSED = 0,
    NGX_PRIZE_REDIS_CONNECTING,
    NGX_PRIZE_REDIS_HANDSHAKE,          /* of TLS; its handlers are nginx's */
    NGX_PRIZE_REDIS_LOGIN,              /* AUTH, SELECT, PING are under way */
    NGX_PRIZE_REDIS_READY
} ngx_prize_redis_state_e;


typedef enum {
    NGX_PRIZE_REDIS_UP = 0,             /* PING was answered */
    NGX_PRIZE_REDIS_LOST                /* conn->loss; it is to be closed */
} ngx_prize_redis_event_e;


typedef enum {
    NGX_PRIZE_REDIS_NO_FAULT = 0,       /* it was idle, or is to end */
    NGX_PRIZE_REDIS_SERVER,             /* one failure of the server */
    NGX_PRIZE_REDIS_SILENT,             /* the same, of one that may want it */
                                        /*   otherwise: TLS, or none */
    NGX_PRIZE_REDIS_NOT_NOW,            /* the server says so */
    NGX_PRIZE_REDIS_NOT_US,             /* and does not let us in */
    NGX_PRIZE_REDIS_NO_TLS,             /* one side wants it otherwise */
    NGX_PRIZE_REDIS_STRANGER            /* it is not who it should be */
} ngx_prize_redis_fault_e;


typedef struct {
    ngx_prize_redis_fault_e         fault;
    prize_peer_counter_e            reason;
    ngx_err_t                       err;
    const char                     *why;    /* what the server said, if any, */
                                            /*   is pipe.reply.text; */
                                            /*   OpenSSL's are tls.words */
} ngx_prize_redis_loss_t;


typedef struct ngx_prize_redis_conn_s  ngx_prize_redis_conn_t;

/* the owner's; it may close the connection, and open it again */
typedef void (*ngx_prize_redis_conn_pt)(void *owner,
    ngx_prize_redis_event_e event);


struct ngx_prize_redis_conn_s {
    ngx_prize_redis_pipe_t          pipe;
    ngx_prize_redis_state_e         state;
    ngx_prize_redis_loss_t          loss;

    ngx_msec_t                      timeout;    /* to connect, and to log in */
    ngx_msec_t                      deadline;   /* of what it is at */

    ngx_peer_connection_t           peer;
    ngx_log_t                      *log;        /* the cycle's */
    ngx_log_t                       quiet;      /* for connect() */
    const ngx_prize_redis_login_t  *login;
    ngx_prize_redis_tls_conn_t      tls;        /* if login->tls */
    unsigned                        heard:1;    /* some byte, in this life */
    unsigned                        answered:1; /* it was up before, once */
    unsigned                        readonly:1; /* READONLY, in this life */

    ngx_prize_redis_conn_pt         handler;
    void                           *owner;
};


/*
 * "conn" was zeroed; the address, its name, the name that a certificate has to
 * bear, which ends with a NUL, and the login are the owner's, and live as long
 * as the connection.  The owner sets "handler" and "owner", and the label of
 * the pipe.
 */
void ngx_prize_redis_conn_init(ngx_prize_redis_conn_t *conn,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_str_t *name,
    ngx_str_t *host, const ngx_prize_redis_login_t *login, ngx_log_t *log);

/*
 * NGX_OK: it is under way, the handler will be called.  NGX_DECLINED: it
 * failed at once, and is to be closed: conn->loss.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_prize_redis_conn_open(ngx_prize_redis_conn_t *conn,
    ngx_msec_t timeout);

/* conn->loss is this from here on, and the handler is told */
void ngx_prize_redis_conn_lose(ngx_prize_redis_conn_t *conn,
    ngx_prize_redis_fault_e fault, prize_peer_counter_e reason,
    ngx_err_t err, const char *why);

/* its deadline has come before it was up: it is lost */
void ngx_prize_redis_conn_time_out(ngx_prize_redis_conn_t *conn);

/* the same where the server says so, in pipe.reply.text: NOT_NOW or NOT_US */
void ngx_prize_redis_conn_refuse(ngx_prize_redis_conn_t *conn,
    ngx_prize_redis_fault_e fault);

/* the handlers of all slots are called, the owner's is not */
void ngx_prize_redis_conn_close(ngx_prize_redis_conn_t *conn);

/* frees what a closed one keeps for its next life */
void ngx_prize_redis_conn_destroy(ngx_prize_redis_conn_t *conn);


#endif /* _NGX_PRIZE_REDIS_CONN_H_INCLUDED_ */
