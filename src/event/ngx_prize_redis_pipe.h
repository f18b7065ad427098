
/*
 * The inside of an endpoint, for the rooms that it is made of: the connection,
 * the pipe of commands and of the places that their replies have, and what
 * these replies say.  Nobody else includes it.
 */

#ifndef _NGX_PRIZE_REDIS_PIPE_H_INCLUDED_
#define _NGX_PRIZE_REDIS_PIPE_H_INCLUDED_


#include "ngx_prize_redis.h"


typedef enum {
    NGX_PRIZE_SLOT_LOOKUP = 0,
    NGX_PRIZE_SLOT_WRITE_BACK,
    NGX_PRIZE_SLOT_AUTH,
    NGX_PRIZE_SLOT_SELECT,
    NGX_PRIZE_SLOT_PING,
    NGX_PRIZE_SLOT_CHECK
} ngx_prize_slot_kind_e;


/* the place of one reply */

typedef struct {
    ngx_queue_t             queue;
    ngx_prize_slot_kind_e   kind;
    ngx_prize_lookup_t     *lookup;     /* NULL: swallow the reply */
    unsigned                wanted;     /* elements of an array */
    uint64_t                sent;       /* ngx_prize_clock() */
    ngx_msec_t              timeout;
    ngx_msec_t              deadline;
} ngx_prize_slot_t;


#define ngx_prize_redis_gauge(conn, gauge, n)                                 \
    (ngx_prize_peer_metrics((conn)->label)->gauges[gauge] += (n))

#define ngx_prize_redis_error(conn, reason)                                   \
    (ngx_prize_peer_metrics((conn)->label)->counters[reason]++)


/* pipe: commands out, and a slot for each until it is answered */

/* so many lookups more */
void ngx_prize_redis_count(ngx_prize_redis_conn_t *conn, ngx_int_t n);

/* the end of a lookup; it may be used for another at once */
void ngx_prize_redis_complete(ngx_prize_redis_conn_t *conn,
    ngx_prize_lookup_t *lookup, ngx_prize_result_e result);

/* NGX_ERROR: no memory, or more is unsent than is good */

ngx_int_t ngx_prize_redis_send_lookup(ngx_prize_redis_conn_t *conn,
    ngx_prize_lookup_t *lookup);
ngx_int_t ngx_prize_redis_send(ngx_prize_redis_conn_t *conn,
    ngx_prize_slot_kind_e kind, const char *command, size_t len,
    ngx_msec_t timeout);
ngx_int_t ngx_prize_redis_send_argv(ngx_prize_redis_conn_t *conn,
    ngx_prize_slot_kind_e kind, int argc, const char **argv, size_t *lens);
ngx_int_t ngx_prize_redis_send_ping(ngx_prize_redis_conn_t *conn,
    ngx_prize_slot_kind_e kind);

/* writes what there is; posted once a turn */
void ngx_prize_redis_flush(ngx_prize_redis_conn_t *conn);
void ngx_prize_redis_flush_handler(ngx_event_t *ev);

/* a slot that was answered, to be used again */
void ngx_prize_redis_pop(ngx_prize_redis_conn_t *conn,
    ngx_prize_slot_t *slot);

/* moves what is over its time from the connection's queues to "late" */
void ngx_prize_redis_collect(ngx_prize_redis_conn_t *conn,
    ngx_queue_t *late);

/* the head is late by a whole budget, and nothing was read since */
ngx_uint_t ngx_prize_redis_overdue(ngx_prize_redis_conn_t *conn);

/* what was asked, or waits, is another server's now */
void ngx_prize_redis_lose(ngx_prize_redis_conn_t *conn);


/* reply: NGX_DONE: the connection has been closed */

ngx_int_t ngx_prize_redis_parse(ngx_prize_redis_conn_t *conn);


/* the connection */

/* PING was answered */
void ngx_prize_redis_ready(ngx_prize_redis_conn_t *conn);

/* one event of a connection, whatever number of lookups it takes along */
void ngx_prize_redis_failed(ngx_prize_redis_conn_t *conn,
    prize_peer_counter_e reason, ngx_err_t err, const char *why);

/* the server answers, but not to us, or not yet */
void ngx_prize_redis_away(ngx_prize_redis_conn_t *conn, ngx_msec_t least);


#endif /* _NGX_PRIZE_REDIS_PIPE_H_INCLUDED_ */
