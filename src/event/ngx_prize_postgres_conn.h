
/*
 * One libpq connection in nginx's event loop: connecting, one query at a
 * time, and the end.  No timers: who owns it keeps its deadlines.
 */

#ifndef _NGX_PRIZE_POSTGRES_CONN_H_INCLUDED_
#define _NGX_PRIZE_POSTGRES_CONN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include <libpq-fe.h>

#include "ngx_prize_notice.h"
#include "ngx_prize_postgres_hosts.h"


typedef struct ngx_prize_postgres_conn_s  ngx_prize_postgres_conn_t;


typedef enum {
    NGX_PRIZE_POSTGRES_CLOSED = 0,
    NGX_PRIZE_POSTGRES_CONNECTING,
    NGX_PRIZE_POSTGRES_IDLE,
    NGX_PRIZE_POSTGRES_BUSY                 /* a query is under way */
} ngx_prize_postgres_state_e;


typedef enum {
    NGX_PRIZE_POSTGRES_READY = 0,           /* connected: it is idle */
    NGX_PRIZE_POSTGRES_RESULT,              /* answered: it is idle again */
    NGX_PRIZE_POSTGRES_LOST                 /* it is still to be closed */
} ngx_prize_postgres_event_e;


typedef void (*ngx_prize_postgres_conn_pt)(ngx_prize_postgres_conn_t *conn,
    ngx_prize_postgres_event_e event);


struct ngx_prize_postgres_conn_s {
    ngx_prize_postgres_state_e     state;
    PGconn                        *pg;
    ngx_connection_t              *c;       /* watches libpq's socket */
    PGresult                      *result;  /* the handler's to read */
    PGresult                      *described;   /* of a check, or NULL */
    ngx_uint_t                     replies;     /* to a check, so far */

    /* what the server said when it ended the connection, or empty */
    char                           farewell[256];
    ngx_prize_notice_t             notices;

    ngx_prize_postgres_conn_pt     handler;
    void                          *data;
    ngx_log_t                     *log;     /* the cycle's */
};


/* NGX_OK: under way, the handler will be called; NGX_ERROR: see conn->pg */
ngx_int_t ngx_prize_postgres_conn_open(ngx_prize_postgres_conn_t *conn,
    ngx_prize_postgres_hosts_t *hosts);

/*
 * Sends one query with its array of IDs as $1, by an unnamed statement.
 * NGX_OK: the handler will be called; NGX_ERROR: the connection is lost.
 */
ngx_int_t ngx_prize_postgres_conn_query(ngx_prize_postgres_conn_t *conn,
    const char *query, const char *ids);

/*
 * Has a query prepared, described, and executed with "ids" in one pipeline
 * with one Sync, so that behind a pooler in transaction mode no other client
 * comes in between (libpq manual, "Pipeline Mode").  The handler finds what
 * it takes and gives in conn->described, unless it could not be prepared, and
 * the first error or the rows in conn->result.  Returned as from
 * ngx_prize_postgres_conn_query().
 */
ngx_int_t ngx_prize_postgres_conn_check(ngx_prize_postgres_conn_t *conn,
    const char *query, const char *ids);

/* calls no handler */
void ngx_prize_postgres_conn_close(ngx_prize_postgres_conn_t *conn);


#endif /* _NGX_PRIZE_POSTGRES_CONN_H_INCLUDED_ */
