
#include <ngx_config.h>

#include <stdlib.h>

#include "ngx_prize_redis_pipe.h"
#include "ngx_prize_timer.h"


#define NGX_PRIZE_REDIS_PENDING_MAX  65536


static void ngx_prize_redis_read_handler(ngx_event_t *rev);
static void ngx_prize_redis_write_handler(ngx_event_t *wev);


static ngx_queue_t  ngx_prize_redis_conns =
    { &ngx_prize_redis_conns, &ngx_prize_redis_conns };


/* AUTH and SELECT where they are wanted, and PING: up once that is answered */

static ngx_int_t
ngx_prize_redis_handshake(ngx_prize_redis_conn_t *conn)
{
    int                             argc;
    size_t                          lens[3];
    u_char                          database[NGX_INT_T_LEN];
    const char                     *argv[3];
    const ngx_prize_redis_login_t  *login;

    login = conn->login;
    conn->state = NGX_PRIZE_REDIS_HANDSHAKE;

    /* a worker that was late to see its socket has not asked anything yet */
    conn->connect_deadline = ngx_current_msec + conn->connect_timeout;

    if (login->password.len) {
        argc = 0;

        argv[argc] = "AUTH";
        lens[argc++] = 4;

        if (login->username.len) {
            argv[argc] = (char *) login->username.data;
            lens[argc++] = login->username.len;
        }

        argv[argc] = (char *) login->password.data;
        lens[argc++] = login->password.len;

        if (ngx_prize_redis_send_argv(conn, NGX_PRIZE_SLOT_AUTH, argc, argv,
                                      lens)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (login->database) {
        argv[0] = "SELECT";
        lens[0] = 6;
        argv[1] = (char *) database;
        lens[1] = ngx_sprintf(database, "%ui", login->database) - database;

        if (ngx_prize_redis_send_argv(conn, NGX_PRIZE_SLOT_SELECT, 2, argv,
                                      lens)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_prize_redis_send_ping(conn, NGX_PRIZE_SLOT_PING);
}


/* the first event of a socket that was connecting */

static void
ngx_prize_redis_connected(ngx_prize_redis_conn_t *conn)
{
    int        err;
    socklen_t  len;

    err = 0;
    len = sizeof(int);

    if (getsockopt(conn->peer.connection->fd, SOL_SOCKET, SO_ERROR,
                   (void *) &err, &len)
        == -1)
    {
        err = ngx_socket_errno;
    }

    if (err) {
        ngx_prize_redis_failed(conn, PRIZE_PEER_ERROR_CONNECT, err,
                               "connect() failed");
        return;
    }

    if (ngx_prize_redis_handshake(conn) != NGX_OK) {
        ngx_prize_redis_failed(conn, PRIZE_PEER_ERROR_CONNECT, NGX_ENOMEM,
                               "handshake failed");
    }
}


static ngx_int_t
ngx_prize_redis_connect(ngx_prize_redis_conn_t *conn, ngx_msec_t timeout)
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    conn->connect_timeout = timeout;

    rc = ngx_event_connect_peer(&conn->peer);

    if (rc == NGX_ERROR || rc == NGX_DECLINED) {
        ngx_prize_redis_failed(conn, PRIZE_PEER_ERROR_CONNECT,
                               ngx_socket_errno, "connect() failed");
        return NGX_DECLINED;
    }

    c = conn->peer.connection;
    c->data = conn;
    c->log = conn->log;
    c->read->log = conn->log;
    c->write->log = conn->log;
    c->log_error = NGX_ERROR_INFO;
    c->read->handler = ngx_prize_redis_read_handler;
    c->write->handler = ngx_prize_redis_write_handler;

    /* a worker that is to end may close it while nothing is asked of it */
    c->idle = 1;

    if (conn->peer.sockaddr->sa_family != AF_UNIX
        && ngx_tcp_nodelay(c) != NGX_OK)
    {
        ngx_prize_redis_failed(conn, PRIZE_PEER_ERROR_CONNECT, 0,
                               "no TCP_NODELAY");
        return NGX_DECLINED;
    }

    conn->state = NGX_PRIZE_REDIS_CONNECTING;
    ngx_prize_redis_gauge(conn, PRIZE_PEER_CONNECTING, 1);

    conn->connect_deadline = ngx_current_msec + timeout;
    conn->last_read = ngx_current_msec;

    ngx_prize_timer_advance(&conn->timer, conn->connect_deadline);

    if (rc == NGX_OK && ngx_prize_redis_handshake(conn) != NGX_OK) {
        ngx_prize_redis_failed(conn, PRIZE_PEER_ERROR_CONNECT, NGX_ENOMEM,
                               "handshake failed");
        return NGX_DECLINED;
    }

    return NGX_OK;
}


void
ngx_prize_redis_ready(ngx_prize_redis_conn_t *conn)
{
    ngx_queue_t          waiting;
    ngx_prize_lookup_t  *lookup;

    conn->state = NGX_PRIZE_REDIS_READY;
    ngx_prize_redis_gauge(conn, PRIZE_PEER_CONNECTING, -1);
    ngx_prize_redis_gauge(conn, PRIZE_PEER_CONNECTED, 1);

    if (ngx_prize_breaker_probed(&conn->breaker)) {
        ngx_prize_notice(&conn->back, NGX_LOG_NOTICE, conn->log, 0,
                         "redis \"%V\" is used again", &conn->name);
    }

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, conn->log, 0,
                   "prize redis \"%V\" ready", &conn->name);

    ngx_queue_init(&waiting);

    if (!ngx_queue_empty(&conn->waiting)) {
        ngx_queue_add(&waiting, &conn->waiting);
        ngx_queue_init(&conn->waiting);
    }

    for (lookup = ngx_prize_lookup_shift(&waiting);
         lookup;
         lookup = ngx_prize_lookup_shift(&waiting))
    {
        if (ngx_prize_redis_send_lookup(conn, lookup) != NGX_OK) {
            ngx_prize_redis_complete(conn, lookup, NGX_PRIZE_ERROR);
        }
    }
}


static void
ngx_prize_redis_close(ngx_prize_redis_conn_t *conn)
{
    if (conn->state == NGX_PRIZE_REDIS_READY) {
        ngx_prize_redis_gauge(conn, PRIZE_PEER_CONNECTED, -1);

    } else if (conn->state != NGX_PRIZE_REDIS_CLOSED) {
        ngx_prize_redis_gauge(conn, PRIZE_PEER_CONNECTING, -1);
    }

    if (conn->peer.connection) {
        ngx_close_connection(conn->peer.connection);
        conn->peer.connection = NULL;
    }

    if (conn->timer.timer_set) {
        ngx_del_timer(&conn->timer);
    }

    if (conn->flush.posted) {
        ngx_delete_posted_event(&conn->flush);
    }

    prize_reply_destroy(&conn->reply);

    conn->state = NGX_PRIZE_REDIS_CLOSED;
    conn->out_sent = 0;
    conn->out_len = 0;
    conn->evalsha = 0;
    conn->checking = 0;

    ngx_prize_redis_lose(conn);
}


/* one event of a connection, whatever number of lookups it takes along */

void
ngx_prize_redis_failed(ngx_prize_redis_conn_t *conn,
    prize_peer_counter_e reason, ngx_err_t err, const char *why)
{
    const char  *now;

    ngx_prize_redis_error(conn, conn->state == NGX_PRIZE_REDIS_READY
                                ? reason : PRIZE_PEER_ERROR_CONNECT);

    now = ngx_prize_breaker_failure(&conn->breaker) ? ", left alone for now"
                                                    : "";

    ngx_prize_notice(&conn->lost, NGX_LOG_ERR, conn->log, err,
                     "redis \"%V\": %s%s, %ui commands in flight",
                     &conn->name, why, now, conn->pending);

    ngx_prize_redis_close(conn);
}


/* the server answers, but not to us, or not yet */

void
ngx_prize_redis_away(ngx_prize_redis_conn_t *conn, ngx_msec_t least)
{
    ngx_prize_notice(&conn->denied, NGX_LOG_ERR, conn->log, 0,
                     "redis \"%V\" says \"%*s\", left alone for now",
                     &conn->name, ngx_min(conn->reply.text.len, 200),
                     conn->reply.text.data);

    ngx_prize_redis_error(conn, least ? PRIZE_PEER_ERROR_DENIED
                                      : PRIZE_PEER_ERROR_AWAY);

    ngx_prize_breaker_open(&conn->breaker, least);
    ngx_prize_redis_close(conn);
}


/* NGX_DONE: closed */

static ngx_int_t
ngx_prize_redis_read(ngx_prize_redis_conn_t *conn, ngx_connection_t *c)
{
    ssize_t        n;

    static u_char  buffer[PRIZE_REPLY_FEED_MAX];

    for ( ;; ) {

        if (c->close && conn->pending == 0 && ngx_queue_empty(&conn->waiting)) {
            ngx_prize_redis_close(conn);
            return NGX_DONE;
        }

        n = c->recv(c, buffer, sizeof(buffer));

        if (n == NGX_AGAIN) {
            return NGX_OK;
        }

        if (n == 0 && conn->state == NGX_PRIZE_REDIS_READY
            && conn->pending == 0)
        {
            ngx_prize_redis_close(conn);
            return NGX_DONE;
        }

        if (n <= 0) {
            ngx_prize_redis_failed(conn, PRIZE_PEER_ERROR_LOST,
                                   n < 0 ? ngx_socket_errno : 0,
                                   n < 0 ? "recv() failed"
                                         : "closed by the server");
            return NGX_DONE;
        }

        conn->last_read = ngx_current_msec;
        conn->clock = ngx_prize_clock();

        if (prize_reply_feed(&conn->reply, (char *) buffer, n) != 0) {
            ngx_prize_redis_failed(conn, PRIZE_PEER_ERROR_PROTOCOL, 0,
                                   "a reply that is too large");
            return NGX_DONE;
        }

        if (ngx_prize_redis_parse(conn) == NGX_DONE) {
            return NGX_DONE;
        }
    }
}


static void
ngx_prize_redis_read_handler(ngx_event_t *rev)
{
    ngx_connection_t        *c;
    ngx_prize_redis_conn_t  *conn;

    c = rev->data;
    conn = c->data;

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, rev->log, 0,
                   "prize redis \"%V\" read", &conn->name);

    if (conn->state == NGX_PRIZE_REDIS_CONNECTING && !c->close) {

        /* nothing was asked yet: this is its failure, or comes after it */

        ngx_prize_redis_connected(conn);

        if (conn->state != NGX_PRIZE_REDIS_HANDSHAKE) {
            return;
        }
    }

    if (ngx_prize_redis_read(conn, c) == NGX_DONE) {
        return;
    }

    if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_prize_redis_failed(conn, PRIZE_PEER_ERROR_LOST, 0, "no read event");
    }
}


static void
ngx_prize_redis_write_handler(ngx_event_t *wev)
{
    ngx_connection_t        *c;
    ngx_prize_redis_conn_t  *conn;

    c = wev->data;
    conn = c->data;

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, wev->log, 0,
                   "prize redis \"%V\" write", &conn->name);

    if (conn->state != NGX_PRIZE_REDIS_CONNECTING) {
        ngx_prize_redis_flush(conn);
        return;
    }

    ngx_prize_redis_connected(conn);
}


static void
ngx_prize_redis_timer_handler(ngx_event_t *ev)
{
    ngx_queue_t              late;
    ngx_prize_lookup_t      *lookup;
    ngx_prize_redis_conn_t  *conn;

    conn = ev->data;

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, ev->log, 0,
                   "prize redis \"%V\" timer", &conn->name);

    if (conn->state == NGX_PRIZE_REDIS_CONNECTING
        || conn->state == NGX_PRIZE_REDIS_HANDSHAKE)
    {
        if ((ngx_msec_int_t) (conn->connect_deadline - ngx_current_msec) <= 0) {
            ngx_prize_redis_failed(conn, PRIZE_PEER_ERROR_CONNECT,
                                   NGX_ETIMEDOUT, "connecting timed out");
            return;
        }

        ngx_prize_timer_advance(&conn->timer, conn->connect_deadline);
    }

    ngx_queue_init(&late);
    ngx_prize_redis_collect(conn, &late);

    if (conn->state == NGX_PRIZE_REDIS_READY && ngx_prize_redis_overdue(conn)) {
        ngx_prize_redis_failed(conn, PRIZE_PEER_ERROR_TIMEOUT, NGX_ETIMEDOUT,
                               "no reply");
    }

    for (lookup = ngx_prize_lookup_shift(&late);
         lookup;
         lookup = ngx_prize_lookup_shift(&late))
    {
        ngx_prize_redis_complete(conn, lookup, NGX_PRIZE_LATE);
    }
}


static ngx_int_t
ngx_prize_redis_open(ngx_prize_redis_conn_t *conn, ngx_msec_t connect_timeout)
{
    if (conn->state != NGX_PRIZE_REDIS_CLOSED) {
        return NGX_OK;
    }

    if (conn->reply.reader == NULL && prize_reply_init(&conn->reply) != 0) {
        return NGX_ERROR;
    }

    return ngx_prize_redis_connect(conn, connect_timeout);
}


static void
ngx_prize_redis_probe(void *data)
{
    ngx_prize_redis_conn_t  *conn = data;

    if (ngx_exiting || ngx_terminate) {
        return;
    }

    /* a connect() that fails has opened it again already */

    if (ngx_prize_redis_open(conn, conn->connect_timeout) == NGX_ERROR) {
        ngx_prize_breaker_open(&conn->breaker, 0);
    }
}


static void
ngx_prize_redis_cleanup(void *data)
{
    ngx_queue_t             *q;
    ngx_prize_redis_conn_t  *conn = data;

    ngx_prize_redis_close(conn);
    ngx_prize_breaker_done(&conn->breaker);

    while (!ngx_queue_empty(&conn->free)) {
        q = ngx_queue_head(&conn->free);
        ngx_queue_remove(q);
        free(ngx_queue_data(q, ngx_prize_slot_t, queue));
    }

    free(conn->out);

    ngx_queue_remove(&conn->queue);
}


static void
ngx_prize_redis_peer(ngx_prize_redis_conn_t *conn)
{
    /* nginx has a line for every connect() that fails, we have a notice */

    conn->quiet = *conn->log;

    if (!(conn->quiet.log_level & NGX_LOG_DEBUG_EVENT)) {
        conn->quiet.log_level = NGX_LOG_STDERR;
    }

    conn->peer.sockaddr = &conn->sockaddr.sockaddr;
    conn->peer.socklen = conn->socklen;
    conn->peer.name = &conn->name;
    conn->peer.get = ngx_event_get_peer;
    conn->peer.log = &conn->quiet;
    conn->peer.log_error = NGX_ERROR_INFO;
    conn->peer.so_keepalive = 1;
}


static ngx_prize_redis_conn_t *
ngx_prize_redis_create(ngx_cycle_t *cycle,
    const ngx_prize_redis_login_t *login, struct sockaddr *sockaddr,
    socklen_t socklen, ngx_str_t *name)
{
    ngx_pool_cleanup_t      *cln;
    ngx_prize_redis_conn_t  *conn;

    cln = ngx_pool_cleanup_add(cycle->pool, sizeof(ngx_prize_redis_conn_t));
    if (cln == NULL) {
        return NULL;
    }

    conn = cln->data;
    ngx_memzero(conn, sizeof(ngx_prize_redis_conn_t));

    conn->name.data = ngx_pstrdup(cycle->pool, name);
    if (conn->name.data == NULL) {
        return NULL;
    }

    conn->name.len = name->len;
    conn->login = login;
    conn->log = cycle->log;
    conn->label = ngx_prize_metrics_label(PRIZE_LABEL_REDIS, &conn->name);

    ngx_memcpy(&conn->sockaddr, sockaddr, socklen);
    conn->socklen = socklen;

    ngx_prize_redis_peer(conn);

    ngx_queue_init(&conn->slots);
    ngx_queue_init(&conn->waiting);
    ngx_queue_init(&conn->free);

    conn->flush.handler = ngx_prize_redis_flush_handler;
    conn->flush.data = conn;
    conn->flush.log = cycle->log;

    conn->timer.handler = ngx_prize_redis_timer_handler;
    conn->timer.data = conn;
    conn->timer.log = cycle->log;
    conn->timer.cancelable = 1;

    ngx_prize_breaker_init(&conn->breaker, ngx_prize_redis_probe, conn,
                           cycle->log);

    ngx_prize_breaker_count(&conn->breaker, PRIZE_BREAKER_REDIS_SHUT,
                            conn->label);

    ngx_queue_insert_tail(&ngx_prize_redis_conns, &conn->queue);
    cln->handler = ngx_prize_redis_cleanup;

    return conn;
}


ngx_prize_redis_conn_t *
ngx_prize_redis_get(ngx_cycle_t *cycle, const ngx_prize_redis_login_t *login,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_str_t *name)
{
    ngx_queue_t             *q;
    ngx_prize_redis_conn_t  *conn;

    for (q = ngx_queue_head(&ngx_prize_redis_conns);
         q != ngx_queue_sentinel(&ngx_prize_redis_conns);
         q = ngx_queue_next(q))
    {
        conn = ngx_queue_data(q, ngx_prize_redis_conn_t, queue);

        if (conn->login == login
            && ngx_cmp_sockaddr(&conn->sockaddr.sockaddr, conn->socklen,
                                sockaddr, socklen, 1)
               == NGX_OK)
        {
            return conn;
        }
    }

    return ngx_prize_redis_create(cycle, login, sockaddr, socklen, name);
}


ngx_uint_t
ngx_prize_redis_usable(ngx_prize_redis_conn_t *conn)
{
    return conn->breaker.state == NGX_PRIZE_BREAKER_SHUT;
}


void
ngx_prize_redis_warm(ngx_prize_redis_conn_t *conn, ngx_msec_t connect_timeout)
{
    (void) ngx_prize_redis_open(conn, connect_timeout);
}


ngx_int_t
ngx_prize_redis_lookup(ngx_prize_redis_conn_t *conn,
    ngx_prize_lookup_t *lookup, ngx_msec_t connect_timeout)
{
    ngx_int_t  rc;

    if (conn->pending >= NGX_PRIZE_REDIS_PENDING_MAX) {
        return NGX_BUSY;
    }

    rc = ngx_prize_redis_open(conn, connect_timeout);

    if (rc != NGX_OK) {
        return rc;
    }

    if (conn->state == NGX_PRIZE_REDIS_READY) {
        rc = ngx_prize_redis_send_lookup(conn, lookup);

        if (rc == NGX_OK) {
            ngx_prize_redis_count(conn, 1);
        }

        return rc;
    }

    ngx_prize_redis_count(conn, 1);

    lookup->place = conn;
    lookup->deadline = ngx_current_msec + connect_timeout;

    ngx_queue_insert_tail(&conn->waiting, &lookup->queue);
    ngx_prize_timer_advance(&conn->timer, lookup->deadline);

    return NGX_OK;
}


void
ngx_prize_redis_detach(ngx_prize_redis_conn_t *conn,
    ngx_prize_lookup_t *lookup)
{
    ngx_prize_slot_t  *slot;

    if (lookup->place == conn) {
        ngx_queue_remove(&lookup->queue);

    } else {
        slot = lookup->place;
        slot->lookup = NULL;
    }

    ngx_prize_redis_count(conn, -1);
    lookup->place = NULL;
}


void
ngx_prize_redis_write_back(ngx_prize_redis_conn_t *conn,
    const prize_write_back_t *wb, ngx_msec_t timeout)
{
    long   len;
    char  *command;

    if (conn->state != NGX_PRIZE_REDIS_READY) {
        return;
    }

    len = prize_write_back_format(wb, !conn->evalsha, &command);
    if (len < 0) {
        return;
    }

    /* the first one of a connection brings the script along */

    if (ngx_prize_redis_send(conn, NGX_PRIZE_SLOT_WRITE_BACK, command, len,
                             timeout)
        == NGX_OK)
    {
        conn->evalsha = 1;
    }

    free(command);
}


ngx_uint_t
ngx_prize_redis_healthy(void)
{
    ngx_queue_t             *q;
    ngx_prize_redis_conn_t  *conn;

    for (q = ngx_queue_head(&ngx_prize_redis_conns);
         q != ngx_queue_sentinel(&ngx_prize_redis_conns);
         q = ngx_queue_next(q))
    {
        conn = ngx_queue_data(q, ngx_prize_redis_conn_t, queue);

        if (conn->state == NGX_PRIZE_REDIS_READY
            || (ngx_prize_redis_usable(conn) && conn->breaker.failures == 0))
        {
            return 1;
        }
    }

    /* who is told so asks for no page, and no lookup would find out */

    for (q = ngx_queue_head(&ngx_prize_redis_conns);
         q != ngx_queue_sentinel(&ngx_prize_redis_conns);
         q = ngx_queue_next(q))
    {
        conn = ngx_queue_data(q, ngx_prize_redis_conn_t, queue);

        if (ngx_prize_redis_usable(conn)) {
            ngx_prize_redis_warm(conn, conn->connect_timeout);
        }
    }

    return 0;
}


void
ngx_prize_redis_done(void)
{
    ngx_queue_t             *q;
    ngx_prize_redis_conn_t  *conn;

    for (q = ngx_queue_head(&ngx_prize_redis_conns);
         q != ngx_queue_sentinel(&ngx_prize_redis_conns);
         q = ngx_queue_next(q))
    {
        conn = ngx_queue_data(q, ngx_prize_redis_conn_t, queue);

        ngx_prize_breaker_done(&conn->breaker);
        ngx_prize_redis_close(conn);
    }
}
