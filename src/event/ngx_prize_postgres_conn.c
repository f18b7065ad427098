
#include "ngx_prize_postgres_conn.h"


static void ngx_prize_postgres_conn_event(ngx_event_t *ev);


/*
 * The socket is libpq's: nginx's events for it end before libpq closes it or
 * may replace it (libpq manual, "PQconnectStartParams"), and the descriptor
 * is never closed from here.
 */

static void
ngx_prize_postgres_conn_unwatch(ngx_prize_postgres_conn_t *conn)
{
    ngx_uint_t         flags;
    ngx_connection_t  *c;

    c = conn->c;

    if (c == NULL) {
        return;
    }

    /* libpq closes the socket of a lost connection where it notices */

    flags = (PQsocket(conn->pg) == c->fd) ? 0 : NGX_CLOSE_EVENT;

    if (c->read->active) {
        ngx_del_event(c->read, NGX_READ_EVENT, flags);
    }

    if (c->write->active) {
        ngx_del_event(c->write, NGX_WRITE_EVENT, flags);
    }

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    ngx_free_connection(c);
    c->fd = (ngx_socket_t) -1;
    conn->c = NULL;
}


/* level-triggered: libpq need not read all that is there */

static ngx_int_t
ngx_prize_postgres_conn_watch(ngx_prize_postgres_conn_t *conn,
    ngx_uint_t write)
{
    ngx_connection_t  *c;

    if (conn->c == NULL) {
        c = ngx_get_connection(PQsocket(conn->pg), conn->log);
        if (c == NULL) {
            return NGX_ERROR;
        }

        c->data = conn;
        c->log = conn->log;
        c->read->log = conn->log;
        c->write->log = conn->log;
        c->read->handler = ngx_prize_postgres_conn_event;
        c->write->handler = ngx_prize_postgres_conn_event;

        conn->c = c;
    }

    c = conn->c;
    c->idle = (conn->state == NGX_PRIZE_POSTGRES_IDLE);

    if (!c->read->active
        && ngx_add_event(c->read, NGX_READ_EVENT, NGX_LEVEL_EVENT) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (write && !c->write->active) {
        return ngx_add_event(c->write, NGX_WRITE_EVENT, NGX_LEVEL_EVENT);
    }

    if (!write && c->write->active) {
        return ngx_del_event(c->write, NGX_WRITE_EVENT, 0);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_prize_postgres_conn_poll(ngx_prize_postgres_conn_t *conn)
{
    PostgresPollingStatusType  status;

    ngx_prize_postgres_conn_unwatch(conn);

    status = PQconnectPoll(conn->pg);

    switch (status) {

    case PGRES_POLLING_READING:
        return ngx_prize_postgres_conn_watch(conn, 0);

    case PGRES_POLLING_WRITING:
        return ngx_prize_postgres_conn_watch(conn, 1);

    case PGRES_POLLING_OK:
        break;

    default:
        return NGX_ERROR;
    }

    if (PQsetnonblocking(conn->pg, 1) != 0) {
        return NGX_ERROR;
    }

    if (ngx_prize_postgres_conn_watch(conn, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    conn->state = NGX_PRIZE_POSTGRES_IDLE;
    conn->c->idle = 1;

    conn->handler(conn, NGX_PRIZE_POSTGRES_READY);

    return NGX_OK;
}


/*
 * NGX_AGAIN: the query is not answered yet.  Of several results the last one
 * with an error counts, else the first.
 */

static ngx_int_t
ngx_prize_postgres_conn_read(ngx_prize_postgres_conn_t *conn)
{
    PGresult  *result;

    while (!PQisBusy(conn->pg)) {

        result = PQgetResult(conn->pg);

        if (result == NULL) {
            return NGX_OK;
        }

        switch (PQresultStatus(result)) {

        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH:

            /* there would be no end of results: this is no query of ours */

            PQclear(result);
            return NGX_ERROR;

        default:
            break;
        }

        if (conn->result == NULL) {
            conn->result = result;

        } else if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
            PQclear(conn->result);
            conn->result = result;

        } else {
            PQclear(result);
        }
    }

    return NGX_AGAIN;
}


/* of a check: its second reply is the description, its last one the Sync */

static ngx_int_t
ngx_prize_postgres_conn_take_reply(ngx_prize_postgres_conn_t *conn,
    PGresult *result)
{
    ExecStatusType  status;

    status = PQresultStatus(result);
    conn->replies++;

    if (status == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        return PQexitPipelineMode(conn->pg) ? NGX_OK : NGX_ERROR;
    }

    if (status == PGRES_COMMAND_OK && conn->replies == 2) {
        conn->described = result;

    } else if ((status == PGRES_FATAL_ERROR || status == PGRES_TUPLES_OK)
               && conn->result == NULL)
    {
        conn->result = result;

    } else {
        PQclear(result);
    }

    return NGX_AGAIN;
}


static ngx_int_t
ngx_prize_postgres_conn_read_check(ngx_prize_postgres_conn_t *conn)
{
    ngx_int_t    rc;
    PGresult    *result;
    ngx_uint_t   ends;

    /* one NULL stands between two replies, more of them after the last */

    for (ends = 0; !PQisBusy(conn->pg) && ends < 2; /* void */ ) {

        result = PQgetResult(conn->pg);

        if (result == NULL) {
            ends++;
            continue;
        }

        ends = 0;
        rc = ngx_prize_postgres_conn_take_reply(conn, result);

        if (rc != NGX_AGAIN) {
            return rc;
        }
    }

    return ends < 2 ? NGX_AGAIN : NGX_ERROR;
}


static ngx_int_t
ngx_prize_postgres_conn_flush(ngx_prize_postgres_conn_t *conn)
{
    int  rc;

    rc = PQflush(conn->pg);

    if (rc == -1) {
        return NGX_ERROR;
    }

    return ngx_prize_postgres_conn_watch(conn, rc == 1);
}


/* of a LISTEN that was somebody else's, behind a pooler: libpq keeps them */

static void
ngx_prize_postgres_conn_forget(ngx_prize_postgres_conn_t *conn)
{
    PGnotify  *notify;

    for (notify = PQnotifies(conn->pg);
         notify;
         notify = PQnotifies(conn->pg))
    {
        PQfreemem(notify);
    }
}


static ngx_int_t
ngx_prize_postgres_conn_process(ngx_prize_postgres_conn_t *conn)
{
    ngx_int_t  rc;

    /* a notice, or the end of the connection, comes to an idle one too */

    if (PQconsumeInput(conn->pg) == 0) {

        /* what the server said before it closed says more than the end */
        if (PQpipelineStatus(conn->pg) == PQ_PIPELINE_OFF) {
            (void) ngx_prize_postgres_conn_read(conn);
        }

        return NGX_ERROR;
    }

    if (conn->state != NGX_PRIZE_POSTGRES_BUSY) {
        (void) PQisBusy(conn->pg);
        ngx_prize_postgres_conn_forget(conn);

        /* the socket may still be open when the server has said goodbye */

        return (PQstatus(conn->pg) == CONNECTION_OK && !conn->farewell[0])
               ? NGX_OK : NGX_ERROR;
    }

    if (ngx_prize_postgres_conn_flush(conn) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = (PQpipelineStatus(conn->pg) == PQ_PIPELINE_OFF)
         ? ngx_prize_postgres_conn_read(conn)
         : ngx_prize_postgres_conn_read_check(conn);

    if (rc == NGX_ERROR || PQstatus(conn->pg) != CONNECTION_OK) {
        return NGX_ERROR;
    }

    if (rc == NGX_OK) {
        ngx_prize_postgres_conn_forget(conn);
        conn->state = NGX_PRIZE_POSTGRES_IDLE;
        conn->c->idle = 1;
        conn->handler(conn, NGX_PRIZE_POSTGRES_RESULT);
    }

    return NGX_OK;
}


static void
ngx_prize_postgres_conn_event(ngx_event_t *ev)
{
    ngx_int_t                   rc;
    ngx_connection_t           *c;
    ngx_prize_postgres_conn_t  *conn;

    c = ev->data;
    conn = c->data;

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, ev->log, 0,
                   "prize postgres event write:%d state:%d",
                   ev->write, conn->state);

    if (c->close && conn->state == NGX_PRIZE_POSTGRES_IDLE) {
        conn->handler(conn, NGX_PRIZE_POSTGRES_LOST);
        return;
    }

    rc = (conn->state == NGX_PRIZE_POSTGRES_CONNECTING)
         ? ngx_prize_postgres_conn_poll(conn)
         : ngx_prize_postgres_conn_process(conn);

    if (rc != NGX_OK) {
        conn->handler(conn, NGX_PRIZE_POSTGRES_LOST);
    }
}


/* while no query is under way, an error comes as a notice */

static void
ngx_prize_postgres_conn_notice(void *data, const PGresult *result)
{
    size_t                      len;
    const char                 *severity, *text;
    ngx_prize_postgres_conn_t  *conn = data;

    severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    text = PQresultErrorMessage(result);
    len = strcspn(text, "\n");

    if (severity && (ngx_strcmp(severity, "FATAL") == 0
                     || ngx_strcmp(severity, "PANIC") == 0))
    {
        (void) ngx_cpystrn((u_char *) conn->farewell, (u_char *) text,
                           ngx_min(len + 1, sizeof(conn->farewell)));
        return;
    }

    ngx_prize_notice(&conn->notices, NGX_LOG_INFO, conn->log, 0,
                     "postgres: %*s", len, text);
}


ngx_int_t
ngx_prize_postgres_conn_open(ngx_prize_postgres_conn_t *conn,
    ngx_prize_postgres_hosts_t *hosts)
{
    conn->farewell[0] = '\0';
    conn->pg = ngx_prize_postgres_hosts_connect(hosts);

    if (conn->pg == NULL || PQstatus(conn->pg) == CONNECTION_BAD) {
        return NGX_ERROR;
    }

    (void) PQsetNoticeReceiver(conn->pg, ngx_prize_postgres_conn_notice, conn);

    /* so that a refusal to connect names its SQLSTATE */
    (void) PQsetErrorVerbosity(conn->pg, PQERRORS_VERBOSE);

    conn->state = NGX_PRIZE_POSTGRES_CONNECTING;

    /* until PQconnectPoll() is called, it stands as if it wanted to write */

    return ngx_prize_postgres_conn_watch(conn, 1);
}


ngx_int_t
ngx_prize_postgres_conn_query(ngx_prize_postgres_conn_t *conn,
    const char *query, const char *ids)
{
    if (PQsendQueryParams(conn->pg, query, 1, NULL, &ids, NULL, NULL, 0) == 0)
    {
        return NGX_ERROR;
    }

    conn->state = NGX_PRIZE_POSTGRES_BUSY;

    return ngx_prize_postgres_conn_flush(conn);
}


static void
ngx_prize_postgres_conn_clear(ngx_prize_postgres_conn_t *conn)
{
    PQclear(conn->result);
    conn->result = NULL;

    PQclear(conn->described);
    conn->described = NULL;
}


ngx_int_t
ngx_prize_postgres_conn_check(ngx_prize_postgres_conn_t *conn,
    const char *query, const char *ids)
{
    ngx_prize_postgres_conn_clear(conn);
    conn->replies = 0;

    if (!PQenterPipelineMode(conn->pg)
        || !PQsendPrepare(conn->pg, "", query, 0, NULL)
        || !PQsendDescribePrepared(conn->pg, "")
        || !PQsendQueryPrepared(conn->pg, "", 1, &ids, NULL, NULL, 0)
        || !PQpipelineSync(conn->pg))
    {
        return NGX_ERROR;
    }

    conn->state = NGX_PRIZE_POSTGRES_BUSY;

    return ngx_prize_postgres_conn_flush(conn);
}


void
ngx_prize_postgres_conn_close(ngx_prize_postgres_conn_t *conn)
{
    ngx_prize_postgres_conn_unwatch(conn);
    ngx_prize_postgres_conn_clear(conn);

    PQfinish(conn->pg);
    conn->pg = NULL;

    conn->state = NGX_PRIZE_POSTGRES_CLOSED;
}
