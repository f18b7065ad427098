
#include "ngx_prize_redis_conn.h"
#include "ngx_prize_redis_reply.h"


#define ngx_prize_redis_conn_of(p)                                            \
    ((ngx_prize_redis_conn_t *)                                               \
        ((u_char *) (p) - offsetof(ngx_prize_redis_conn_t, pipe)))

#define ngx_prize_redis_conn_gauge(conn, gauge, n)                            \
    (ngx_prize_peer_metrics((conn)->pipe.label)->gauges[gauge] += (n))


static void ngx_prize_redis_conn_read_handler(ngx_event_t *rev);
static void ngx_prize_redis_conn_write_handler(ngx_event_t *wev);


static void
ngx_prize_redis_conn_set_loss(ngx_prize_redis_conn_t *conn,
    ngx_prize_redis_fault_e fault, prize_peer_counter_e reason,
    ngx_err_t err, const char *why)
{
    conn->loss.fault = fault;
    conn->loss.reason = reason;
    conn->loss.err = err;
    conn->loss.why = why;
}


void
ngx_prize_redis_conn_lose(ngx_prize_redis_conn_t *conn,
    ngx_prize_redis_fault_e fault, prize_peer_counter_e reason,
    ngx_err_t err, const char *why)
{
    ngx_log_debug3(NGX_LOG_DEBUG_EVENT, conn->log, 0,
                   "prize redis \"%V\" lost in state %d, fault %d",
                   conn->peer.name, conn->state, fault);

    /* a session may be what is wrong, also where it is cut without a word */

    if (conn->state == NGX_PRIZE_REDIS_HANDSHAKE
        || conn->state == NGX_PRIZE_REDIS_LOGIN)
    {
        ngx_prize_redis_tls_forget(&conn->tls);
    }

    ngx_prize_redis_conn_set_loss(conn, fault, reason, err, why);
    conn->handler(conn->owner, NGX_PRIZE_REDIS_LOST);
}


static void
ngx_prize_redis_conn_fail(ngx_prize_redis_conn_t *conn,
    prize_peer_counter_e reason, ngx_err_t err, const char *why)
{
    ngx_prize_redis_conn_lose(conn, NGX_PRIZE_REDIS_SERVER,
                              conn->state == NGX_PRIZE_REDIS_READY
                              ? reason : PRIZE_PEER_ERROR_CONNECT, err, why);
}


/* as above, but one attempt in ten seconds is enough */

static void
ngx_prize_redis_conn_no_tls(ngx_prize_redis_conn_t *conn, const char *why)
{
    ngx_prize_redis_conn_lose(conn, NGX_PRIZE_REDIS_NO_TLS,
                              PRIZE_PEER_ERROR_TLS, 0, why);
}


/*
 * c->recv or c->send has failed.  By TLS, errno says nothing, and the server
 * may refuse our certificate only now (RFC 8446, section 4.4.2.4).
 */

static void
ngx_prize_redis_conn_broken(ngx_prize_redis_conn_t *conn, ngx_err_t err,
    const char *why)
{
    u_char             byte;
    ngx_connection_t  *c;

    c = conn->peer.connection;

    if (conn->login->tls == NULL) {
        ngx_prize_redis_conn_fail(conn, PRIZE_PEER_ERROR_LOST, err, why);
        return;
    }

    if (conn->state == NGX_PRIZE_REDIS_LOGIN) {

        /* what it said before it closed stands before the reset */

        if (!ngx_prize_redis_tls_refused(&conn->tls)) {
            (void) c->recv(c, &byte, 1);
        }

        if (ngx_prize_redis_tls_refused(&conn->tls)) {
            ngx_prize_redis_conn_no_tls(conn, "it refuses us");
            return;
        }
    }

    ngx_prize_redis_conn_fail(conn, PRIZE_PEER_ERROR_LOST, 0, why);
}


/* nobody waits for anything of it */

static void
ngx_prize_redis_conn_end(ngx_prize_redis_conn_t *conn)
{
    ngx_prize_redis_conn_lose(conn, NGX_PRIZE_REDIS_NO_FAULT,
                              PRIZE_PEER_ERROR_LOST, 0, NULL);
}


void
ngx_prize_redis_conn_refuse(ngx_prize_redis_conn_t *conn,
    ngx_prize_redis_fault_e fault)
{
    ngx_prize_redis_conn_lose(conn, fault,
                              fault == NGX_PRIZE_REDIS_NOT_US
                              ? PRIZE_PEER_ERROR_DENIED
                              : PRIZE_PEER_ERROR_AWAY, 0, NULL);
}


void
ngx_prize_redis_conn_time_out(ngx_prize_redis_conn_t *conn)
{
    if (conn->state != NGX_PRIZE_REDIS_HANDSHAKE) {
        ngx_prize_redis_conn_fail(conn, PRIZE_PEER_ERROR_CONNECT,
                                  NGX_ETIMEDOUT, "connecting timed out");
        return;
    }

    /* a plain Redis waits for the end of a line */

    if (!conn->answered && !ngx_prize_redis_tls_heard(conn->peer.connection)) {
        ngx_prize_redis_conn_lose(conn, NGX_PRIZE_REDIS_SILENT,
                                  PRIZE_PEER_ERROR_CONNECT, NGX_ETIMEDOUT,
                                  "no answer to TLS, it probably speaks none");
        return;
    }

    ngx_prize_redis_conn_fail(conn, PRIZE_PEER_ERROR_CONNECT, NGX_ETIMEDOUT,
                              "the TLS handshake timed out");
}


/* to AUTH and SELECT */

static void
ngx_prize_redis_conn_login_handler(ngx_prize_redis_pipe_t *pipe,
    const ngx_prize_redis_slot_t *slot, prize_reply_e type)
{
    ngx_prize_redis_fault_e  fault;

    if (type != PRIZE_REPLY_ERROR) {
        return;
    }

    fault = ngx_prize_redis_reply_fault(&pipe->reply.text, 0);

    ngx_prize_redis_conn_refuse(ngx_prize_redis_conn_of(pipe),
                                fault == NGX_PRIZE_REDIS_NOT_NOW
                                ? fault : NGX_PRIZE_REDIS_NOT_US);
}


static void
ngx_prize_redis_conn_ping_handler(ngx_prize_redis_pipe_t *pipe,
    const ngx_prize_redis_slot_t *slot, prize_reply_e type)
{
    ngx_prize_redis_conn_t   *conn;
    ngx_prize_redis_fault_e   fault;

    if (type == PRIZE_REPLY_BROKEN) {
        return;
    }

    conn = ngx_prize_redis_conn_of(pipe);

    if (type == PRIZE_REPLY_ERROR) {
        fault = ngx_prize_redis_reply_ping_fault(&pipe->reply.text);

        if (fault != NGX_PRIZE_REDIS_NO_FAULT) {
            ngx_prize_redis_conn_refuse(conn, fault);
            return;
        }
    }

    conn->state = NGX_PRIZE_REDIS_READY;
    conn->answered = 1;

    ngx_prize_redis_conn_gauge(conn, PRIZE_PEER_CONNECTING, -1);
    ngx_prize_redis_conn_gauge(conn, PRIZE_PEER_CONNECTED, 1);
    ngx_prize_redis_conn_gauge(conn, PRIZE_PEER_TLS, conn->login->tls != NULL);

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, conn->log, 0,
                   "prize redis \"%V\" ready", conn->peer.name);

    /* a worker that is to end may close it while nothing is asked of it */

    conn->peer.connection->idle = 1;
    conn->peer.connection->close = ngx_exiting;

    conn->handler(conn->owner, NGX_PRIZE_REDIS_UP);
}


static ngx_int_t
ngx_prize_redis_conn_auth(ngx_prize_redis_conn_t *conn)
{
    int                             argc;
    size_t                          lens[3];
    const char                     *argv[3];
    const ngx_prize_redis_login_t  *login;

    login = conn->login;
    argc = 0;

    argv[argc] = "AUTH";
    lens[argc++] = 4;

    if (login->username.len) {
        argv[argc] = (char *) login->username.data;
        lens[argc++] = login->username.len;
    }

    argv[argc] = (char *) login->password.data;
    lens[argc++] = login->password.len;

    return ngx_prize_redis_pipe_command(&conn->pipe, argc, argv, lens,
                                        conn->timeout,
                                        ngx_prize_redis_conn_login_handler)
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_prize_redis_conn_select(ngx_prize_redis_conn_t *conn)
{
    u_char       database[NGX_INT_T_LEN];
    size_t       lens[2];
    const char  *argv[2];

    argv[0] = "SELECT";
    lens[0] = 6;

    argv[1] = (char *) database;
    lens[1] = ngx_sprintf(database, "%ui", conn->login->database) - database;

    return ngx_prize_redis_pipe_command(&conn->pipe, 2, argv, lens,
                                        conn->timeout,
                                        ngx_prize_redis_conn_login_handler)
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_prize_redis_conn_login(ngx_prize_redis_conn_t *conn)
{
    size_t       len;
    const char  *ping;

    conn->state = NGX_PRIZE_REDIS_LOGIN;

    if (conn->login->password.len
        && ngx_prize_redis_conn_auth(conn) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (conn->login->database
        && ngx_prize_redis_conn_select(conn) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ping = "PING";
    len = 4;

    return ngx_prize_redis_pipe_command(&conn->pipe, 1, &ping, &len,
                                        conn->timeout,
                                        ngx_prize_redis_conn_ping_handler)
           ? NGX_OK : NGX_ERROR;
}


/* what came with the last flight of a handshake has no event of its own */

static ngx_int_t
ngx_prize_redis_conn_handshaked(ngx_prize_redis_conn_t *conn)
{
    ngx_uint_t         lost;
    const char        *why;
    ngx_connection_t  *c;

    c = conn->peer.connection;
    why = ngx_prize_redis_tls_refuse(&conn->tls, c, &lost);

    if (why && lost) {
        ngx_prize_redis_conn_fail(conn, PRIZE_PEER_ERROR_CONNECT, 0, why);
        return NGX_ERROR;
    }

    if (why) {
        ngx_prize_redis_conn_no_tls(conn, why);
        return NGX_ERROR;
    }

    conn->tls.words[0] = '\0';

    c->read->handler = ngx_prize_redis_conn_read_handler;
    c->write->handler = ngx_prize_redis_conn_write_handler;

    if (ngx_prize_redis_conn_login(conn) != NGX_OK) {
        ngx_prize_redis_conn_fail(conn, PRIZE_PEER_ERROR_CONNECT, NGX_ENOMEM,
                                  "handshake failed");
        return NGX_ERROR;
    }

    ngx_post_event(c->read, &ngx_posted_events);

    return NGX_OK;
}


static void
ngx_prize_redis_conn_handshake_handler(ngx_connection_t *c)
{
    ngx_prize_redis_conn_t  *conn;

    conn = c->data;

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, c->log, 0,
                   "prize redis \"%V\" handshaked", conn->peer.name);

    (void) ngx_prize_redis_conn_handshaked(conn);
}


/* NGX_ERROR: it has been lost */

static ngx_int_t
ngx_prize_redis_conn_handshake(ngx_prize_redis_conn_t *conn)
{
    ngx_int_t  rc;

    conn->state = NGX_PRIZE_REDIS_HANDSHAKE;

    rc = ngx_prize_redis_tls_handshake(&conn->tls, conn->peer.connection,
                                       ngx_prize_redis_conn_handshake_handler);

    if (rc == NGX_ERROR) {
        ngx_prize_redis_conn_fail(conn, PRIZE_PEER_ERROR_CONNECT, NGX_ENOMEM,
                                  "handshake failed");
        return NGX_ERROR;
    }

    return rc == NGX_AGAIN ? NGX_OK : ngx_prize_redis_conn_handshaked(conn);
}


/* the first event of a socket; NGX_ERROR: it has been lost */

static ngx_int_t
ngx_prize_redis_conn_connected(ngx_prize_redis_conn_t *conn)
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
        ngx_prize_redis_conn_fail(conn, PRIZE_PEER_ERROR_CONNECT, err,
                                  "connect() failed");
        return NGX_ERROR;
    }

    /* a worker that was late to see its socket has not asked anything yet */

    conn->deadline = ngx_current_msec + conn->timeout;

    if (conn->login->tls) {
        return ngx_prize_redis_conn_handshake(conn);
    }

    if (ngx_prize_redis_conn_login(conn) != NGX_OK) {
        ngx_prize_redis_conn_fail(conn, PRIZE_PEER_ERROR_CONNECT, NGX_ENOMEM,
                                  "handshake failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_prize_redis_conn_flush(ngx_prize_redis_conn_t *conn)
{
    ssize_t                  n;
    ngx_connection_t        *c;
    ngx_prize_redis_pipe_t  *pipe;

    c = conn->peer.connection;
    pipe = &conn->pipe;

    while (pipe->out_sent < pipe->out_len) {

        n = c->send(c, pipe->out + pipe->out_sent,
                    pipe->out_len - pipe->out_sent);

        if (n == NGX_AGAIN) {
            if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
                ngx_prize_redis_conn_fail(conn, PRIZE_PEER_ERROR_LOST, 0,
                                          "no write event");
            }

            return;
        }

        if (n <= 0) {
            ngx_prize_redis_conn_broken(conn, ngx_socket_errno,
                                        "send() failed");
            return;
        }

        pipe->out_sent += n;
    }

    pipe->out_sent = 0;
    pipe->out_len = 0;
}


static void
ngx_prize_redis_conn_flush_handler(ngx_event_t *ev)
{
    ngx_prize_redis_conn_t  *conn;

    conn = ev->data;

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, ev->log, 0,
                   "prize redis \"%V\" flush %uz", conn->peer.name,
                   conn->pipe.out_len);

    ngx_prize_redis_conn_flush(conn);
}


static void
ngx_prize_redis_conn_write_handler(ngx_event_t *wev)
{
    ngx_connection_t        *c;
    ngx_prize_redis_conn_t  *conn;

    c = wev->data;
    conn = c->data;

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, wev->log, 0,
                   "prize redis \"%V\" write", conn->peer.name);

    if (conn->state == NGX_PRIZE_REDIS_CONNECTING) {
        (void) ngx_prize_redis_conn_connected(conn);
        return;
    }

    ngx_prize_redis_conn_flush(conn);
}


/*
 * Nobody has ever answered here, and not now.  A server that wants TLS answers
 * plain words by an alert (RFC 8446, section 5.1: type 21) or not at all, and
 * closes, which a proxy without a server does, too.
 */

static ngx_uint_t
ngx_prize_redis_conn_wants_tls(ngx_prize_redis_conn_t *conn,
    const u_char *data, ssize_t n)
{
    if (conn->login->tls || conn->answered || conn->heard
        || conn->state != NGX_PRIZE_REDIS_LOGIN)
    {
        return 0;
    }

    if (n > 0 && data[0] == 0x15) {
        ngx_prize_redis_conn_no_tls(conn, "it probably wants TLS");
        return 1;
    }

    if (n == 0 || (n < 0 && ngx_socket_errno == NGX_ECONNRESET)) {
        ngx_prize_redis_conn_lose(conn, NGX_PRIZE_REDIS_SILENT,
                                  PRIZE_PEER_ERROR_CONNECT,
                                  n < 0 ? NGX_ECONNRESET : 0,
                                  "closed without an answer, it probably "
                                  "wants TLS");
        return 1;
    }

    return 0;
}


/* NGX_DONE: it has been lost */

static ngx_int_t
ngx_prize_redis_conn_read(ngx_prize_redis_conn_t *conn, ngx_connection_t *c)
{
    ssize_t                  n;
    ngx_int_t                rc;
    ngx_uint_t               idle;

    static u_char            buffer[PRIZE_REPLY_FEED_MAX];

    for ( ;; ) {
        idle = (conn->state == NGX_PRIZE_REDIS_READY
                && conn->pipe.pending == 0);

        if (c->close && idle) {
            ngx_prize_redis_conn_end(conn);
            return NGX_DONE;
        }

        n = c->recv(c, buffer, sizeof(buffer));

        if (n == NGX_AGAIN) {
            return NGX_OK;
        }

        if (n <= 0 && idle) {
            ngx_prize_redis_conn_end(conn);
            return NGX_DONE;
        }

        if (ngx_prize_redis_conn_wants_tls(conn, buffer, n)) {
            return NGX_DONE;
        }

        if (n == 0) {
            ngx_prize_redis_conn_fail(conn, PRIZE_PEER_ERROR_LOST, 0,
                                      "closed by the server");
            return NGX_DONE;
        }

        if (n < 0) {
            ngx_prize_redis_conn_broken(conn, ngx_socket_errno,
                                        "recv() failed");
            return NGX_DONE;
        }

        conn->heard = 1;

        rc = ngx_prize_redis_pipe_feed(&conn->pipe, buffer, n);

        if (rc == NGX_ERROR) {
            ngx_prize_redis_conn_fail(conn, PRIZE_PEER_ERROR_PROTOCOL, 0,
                                      conn->pipe.reply.text.data);
            return NGX_DONE;
        }

        if (rc == NGX_DONE) {
            return NGX_DONE;
        }
    }
}


static void
ngx_prize_redis_conn_read_handler(ngx_event_t *rev)
{
    ngx_connection_t        *c;
    ngx_prize_redis_conn_t  *conn;

    c = rev->data;
    conn = c->data;

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, rev->log, 0,
                   "prize redis \"%V\" read", conn->peer.name);

    /* nothing was asked yet: this is its failure, or comes after it */

    if (conn->state == NGX_PRIZE_REDIS_CONNECTING
        && ngx_prize_redis_conn_connected(conn) != NGX_OK)
    {
        return;
    }

    if (conn->state == NGX_PRIZE_REDIS_HANDSHAKE
        || ngx_prize_redis_conn_read(conn, c) == NGX_DONE)
    {
        return;
    }

    if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_prize_redis_conn_fail(conn, PRIZE_PEER_ERROR_LOST, 0,
                                  "no read event");
    }
}


void
ngx_prize_redis_conn_init(ngx_prize_redis_conn_t *conn,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_str_t *name,
    ngx_str_t *host, const ngx_prize_redis_login_t *login, ngx_log_t *log)
{
    ngx_prize_redis_pipe_init(&conn->pipe, ngx_prize_redis_conn_flush_handler,
                              conn, log);

    conn->log = log;
    conn->login = login;

    if (login->tls) {
        ngx_prize_redis_tls_init(&conn->tls, login->tls, host, log);
    }

    /* nginx has a line for every connect() that fails, we have a notice */

    conn->quiet = *log;

    if (!(conn->quiet.log_level & NGX_LOG_DEBUG_EVENT)) {
        conn->quiet.log_level = NGX_LOG_STDERR;
    }

    conn->peer.sockaddr = sockaddr;
    conn->peer.socklen = socklen;
    conn->peer.name = name;
    conn->peer.get = ngx_event_get_peer;
    conn->peer.log = &conn->quiet;
    conn->peer.log_error = NGX_ERROR_INFO;
    conn->peer.so_keepalive = 1;
}


/*
 * What a firewall forgot at night is noticed in 45 seconds.  SO_KEEPALIVE is
 * on; without its times it is as good as the kernel's, so nothing fails.
 */

static void
ngx_prize_redis_conn_keepalive(ngx_prize_redis_conn_t *conn, ngx_socket_t fd)
{
#if (NGX_HAVE_KEEPALIVE_TUNABLE)
    ngx_uint_t  i;

    static const struct {
        int  name;
        int  value;
    } options[] = {
        { TCP_KEEPIDLE, 30 }, { TCP_KEEPINTVL, 5 }, { TCP_KEEPCNT, 3 }
    };

    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (setsockopt(fd, IPPROTO_TCP, options[i].name,
                       (const void *) &options[i].value, sizeof(int))
            == -1)
        {
            ngx_log_error(NGX_LOG_WARN, conn->log, ngx_socket_errno,
                          "prize: redis \"%V\": no keepalive",
                          conn->peer.name);
            return;
        }
    }
#endif
}


static ngx_int_t
ngx_prize_redis_conn_start(ngx_prize_redis_conn_t *conn)
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    rc = ngx_event_connect_peer(&conn->peer);

    if (rc == NGX_ERROR || rc == NGX_DECLINED) {
        ngx_prize_redis_conn_set_loss(conn, NGX_PRIZE_REDIS_SERVER,
                                      PRIZE_PEER_ERROR_CONNECT,
                                      ngx_socket_errno, "connect() failed");
        return NGX_DECLINED;
    }

    c = conn->peer.connection;
    c->data = conn;
    c->log = conn->log;
    c->read->log = conn->log;
    c->write->log = conn->log;
    c->log_error = NGX_ERROR_INFO;
    c->read->handler = ngx_prize_redis_conn_read_handler;
    c->write->handler = ngx_prize_redis_conn_write_handler;

    if (conn->peer.sockaddr->sa_family != AF_UNIX) {

        if (ngx_tcp_nodelay(c) != NGX_OK) {
            ngx_prize_redis_conn_set_loss(conn, NGX_PRIZE_REDIS_SERVER,
                                          PRIZE_PEER_ERROR_CONNECT, 0,
                                          "no TCP_NODELAY");
            return NGX_DECLINED;
        }

        ngx_prize_redis_conn_keepalive(conn, c->fd);
    }

    conn->state = NGX_PRIZE_REDIS_CONNECTING;
    ngx_prize_redis_conn_gauge(conn, PRIZE_PEER_CONNECTING, 1);

    return rc;
}


ngx_int_t
ngx_prize_redis_conn_open(ngx_prize_redis_conn_t *conn, ngx_msec_t timeout)
{
    ngx_int_t  rc;

    if (ngx_prize_redis_pipe_open(&conn->pipe) != NGX_OK) {
        return NGX_ERROR;
    }

    conn->timeout = timeout;
    conn->deadline = ngx_current_msec + timeout;
    conn->heard = 0;
    conn->readonly = 0;

    rc = ngx_prize_redis_conn_start(conn);

    if (rc == NGX_OK && conn->login->tls) {

        /* as if it had taken its time: a handshake may end at once */

        ngx_post_event(conn->peer.connection->write, &ngx_posted_events);
        return NGX_OK;
    }

    if (rc == NGX_OK && ngx_prize_redis_conn_login(conn) != NGX_OK) {
        ngx_prize_redis_conn_set_loss(conn, NGX_PRIZE_REDIS_SERVER,
                                      PRIZE_PEER_ERROR_CONNECT, NGX_ENOMEM,
                                      "handshake failed");
        return NGX_DECLINED;
    }

    return rc == NGX_DECLINED ? NGX_DECLINED : NGX_OK;
}


void
ngx_prize_redis_conn_close(ngx_prize_redis_conn_t *conn)
{
    if (conn->state == NGX_PRIZE_REDIS_READY) {
        ngx_prize_redis_conn_gauge(conn, PRIZE_PEER_CONNECTED, -1);
        ngx_prize_redis_conn_gauge(conn, PRIZE_PEER_TLS,
                                   conn->login->tls ? -1 : 0);

    } else if (conn->state != NGX_PRIZE_REDIS_CLOSED) {
        ngx_prize_redis_conn_gauge(conn, PRIZE_PEER_CONNECTING, -1);
    }

    if (conn->peer.connection) {

        if (conn->login->tls) {
            ngx_prize_redis_tls_close(&conn->tls, conn->peer.connection,
                                      conn->pipe.out_sent
                                      < conn->pipe.out_len);
        }

        ngx_close_connection(conn->peer.connection);
        conn->peer.connection = NULL;
    }

    conn->state = NGX_PRIZE_REDIS_CLOSED;

    ngx_prize_redis_pipe_close(&conn->pipe);
}


void
ngx_prize_redis_conn_destroy(ngx_prize_redis_conn_t *conn)
{
    ngx_prize_redis_tls_forget(&conn->tls);
    ngx_prize_redis_pipe_destroy(&conn->pipe);
}
