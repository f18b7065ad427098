
#include "ngx_prize_postgres_pool.h"
#include "ngx_prize_ready.h"


#define NGX_PRIZE_POSTGRES_REFUSED   15000   /* ms after a wrong password */
#define NGX_PRIZE_POSTGRES_RETRIES   3       /* at once, after a loss */


ngx_uint_t
ngx_prize_postgres_members(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_state_e from)
{
    ngx_uint_t  i, n;

    n = 0;

    for (i = 0; i < pool->conf->connections; i++) {
        if (pool->members[i].conn.state >= from) {
            n++;
        }
    }

    return n;
}


/*
 * libpq keeps the SQLSTATE of a refused connection to itself but for the
 * verbose text: "FATAL:  28P01: ..."
 */

static ngx_uint_t
ngx_prize_postgres_denied(const char *message)
{
    const char  *p;

    for (p = ngx_strstr(message, ":  28"); p; p = ngx_strstr(p + 1, ":  28")) {
        if (ngx_strlen(p) > 8 && p[8] == ':') {
            return 1;
        }
    }

    return 0;
}


/* the first line of libpq's message says it; its pointer lives as conn->pg */

static void
ngx_prize_postgres_say(ngx_prize_postgres_pool_t *pool, const char *why,
    const char *message)
{
    size_t  len;

    len = strcspn(message, "\n");
    why = why ? why : "ended by the server";

    ngx_prize_notice(&pool->backend.lost, NGX_LOG_ERR, pool->backend.log, 0,
                     "postgres \"%V\": %s%s%*s", &pool->conf->name, why,
                     len ? ": " : "", ngx_min(len, 500), message);
}


void
ngx_prize_postgres_close(ngx_prize_postgres_member_t *member)
{
    if (member->conn.state >= NGX_PRIZE_POSTGRES_IDLE) {
        ngx_prize_gauge_add(PRIZE_POSTGRES_CONNECTED, -1);

    } else if (member->conn.state == NGX_PRIZE_POSTGRES_CONNECTING) {
        ngx_prize_gauge_add(PRIZE_POSTGRES_CONNECTING, -1);
    }

    PQclear(member->doubt);
    member->doubt = NULL;

    ngx_prize_postgres_conn_close(&member->conn);
}


/*
 * One event of a server ends many connections.  0: an attempt made this one
 * before the last loss or refusal, so that it is of that event.
 */

static ngx_uint_t
ngx_prize_postgres_note_loss(ngx_prize_postgres_member_t *member)
{
    if (member->number <= member->pool->noted) {
        return 0;
    }

    member->pool->noted = member->pool->attempts;

    return 1;
}


/*
 * What follows a loss at once may be refused by a server that is on its way
 * out, and the next attempt may be another host's.  Other refusals, and a
 * server that lets us in only to put us out, are followed by a pause.
 */

static void
ngx_prize_postgres_blame(ngx_prize_postgres_member_t *member, ngx_uint_t idle)
{
    ngx_prize_breaker_t        *breaker;
    ngx_prize_postgres_pool_t  *pool;

    if (!ngx_prize_postgres_note_loss(member)) {
        return;
    }

    pool = member->pool;
    breaker = &pool->backend.breaker;

    if (member->attempt == NGX_PRIZE_POSTGRES_TRIED && pool->retries
        && breaker->state == NGX_PRIZE_BREAKER_SHUT)
    {
        pool->retries--;
        return;
    }

    if (!idle) {
        (void) ngx_prize_breaker_failure(breaker);
    }

    if (member->attempt == NGX_PRIZE_POSTGRES_USEFUL
        || (member->attempt == NGX_PRIZE_POSTGRES_UP && !idle))
    {
        pool->retries = NGX_PRIZE_POSTGRES_RETRIES;

    } else {
        ngx_prize_breaker_pause(breaker);
    }
}


void
ngx_prize_postgres_failed(ngx_prize_postgres_member_t *member,
    prize_counter_e reason, const char *why)
{
    ngx_uint_t                  idle;
    const char                 *message;
    ngx_prize_postgres_pool_t  *pool;

    pool = member->pool;

    message = member->conn.farewell[0] ? member->conn.farewell
                                       : PQerrorMessage(member->conn.pg);

    ngx_prize_postgres_say(pool, why, message);
    ngx_prize_count(reason);

    idle = (member->conn.state == NGX_PRIZE_POSTGRES_IDLE
            && member->asked == NGX_PRIZE_POSTGRES_NOTHING);

    ngx_prize_postgres_blame(member, idle);

    if (ngx_prize_postgres_denied(message)) {
        ngx_prize_breaker_open(&pool->backend.breaker,
                               NGX_PRIZE_POSTGRES_REFUSED);
    }

    pool->last = member->attempt;

    ngx_prize_postgres_check_lost(member);
    ngx_prize_postgres_close(member);
    ngx_prize_postgres_return(pool, member, member->number);
}


static ngx_int_t
ngx_prize_postgres_connect(ngx_prize_postgres_member_t *member)
{
    ngx_int_t                   rc;
    ngx_prize_postgres_pool_t  *pool;

    pool = member->pool;

    member->attempt = NGX_PRIZE_POSTGRES_TRIED;
    member->number = ++pool->attempts;

    rc = ngx_prize_postgres_conn_open(&member->conn, &pool->hosts);

    if (member->conn.state == NGX_PRIZE_POSTGRES_CONNECTING) {
        ngx_prize_gauge_add(PRIZE_POSTGRES_CONNECTING, 1);
    }

    if (rc != NGX_OK) {
        ngx_prize_postgres_failed(member, PRIZE_POSTGRES_ERROR_CONNECT,
                                  "cannot connect");
        return NGX_ERROR;
    }

    member->deadline = ngx_current_msec
                       + ngx_prize_postgres_hosts_timeout(&pool->hosts);
    ngx_prize_backend_wake(&pool->backend, member->deadline);

    return NGX_OK;
}


/*
 * All at once where one is up and the last attempt was let in; else, as for a
 * probe, one by one.
 */

static ngx_uint_t
ngx_prize_postgres_may_connect(ngx_prize_postgres_pool_t *pool)
{
    ngx_uint_t            up;
    ngx_prize_breaker_t  *breaker;

    breaker = &pool->backend.breaker;

    if (breaker->state == NGX_PRIZE_BREAKER_OPEN
        || ngx_prize_breaker_is_paused(breaker)
        || ngx_prize_postgres_hosts_count(&pool->hosts) == 0)
    {
        return 0;
    }

    up = ngx_prize_postgres_members(pool, NGX_PRIZE_POSTGRES_IDLE);

    return (up && breaker->state == NGX_PRIZE_BREAKER_SHUT
            && pool->last >= NGX_PRIZE_POSTGRES_UP)
           || ngx_prize_postgres_members(pool, NGX_PRIZE_POSTGRES_CONNECTING)
              == up;
}


void
ngx_prize_postgres_fill(ngx_prize_postgres_pool_t *pool)
{
    ngx_uint_t  i;

    for (i = 0; i < pool->conf->connections; i++) {

        if (pool->members[i].conn.state != NGX_PRIZE_POSTGRES_CLOSED) {
            continue;
        }

        do {
            if (!ngx_prize_postgres_may_connect(pool)) {
                return;
            }
        } while (ngx_prize_postgres_connect(&pool->members[i]) != NGX_OK);
    }
}


/* there is a connection, or will be one after a pause: it let us in before */

static ngx_uint_t
ngx_prize_postgres_hopes(ngx_prize_postgres_pool_t *pool)
{
    if (ngx_prize_postgres_members(pool, NGX_PRIZE_POSTGRES_CONNECTING)) {
        return 1;
    }

    return pool->last >= NGX_PRIZE_POSTGRES_UP
           && ngx_prize_breaker_is_paused(&pool->backend.breaker);
}


void
ngx_prize_postgres_recover(ngx_prize_postgres_pool_t *pool)
{
    if (!ngx_exiting || pool->nwaiting) {
        ngx_prize_postgres_fill(pool);
    }

    if (!ngx_prize_postgres_hopes(pool)) {
        ngx_prize_postgres_shed(pool);
    }
}


ngx_uint_t
ngx_prize_postgres_usable(ngx_prize_postgres_pool_t *pool)
{
    if (ngx_prize_postgres_members(pool, NGX_PRIZE_POSTGRES_IDLE)) {
        return 1;
    }

    /* nobody waits for a probe, nor for what comes after a silent attempt */

    if (pool->backend.breaker.state != NGX_PRIZE_BREAKER_SHUT
        || pool->last == NGX_PRIZE_POSTGRES_SILENT)
    {
        return 0;
    }

    ngx_prize_postgres_fill(pool);

    return ngx_prize_postgres_hopes(pool);
}


static void
ngx_prize_postgres_set_name(ngx_prize_postgres_pool_t *pool, PGconn *pg)
{
    u_char      *last;
    const char  *host;

    host = PQhost(pg);
    host = host ? host : "";

    last = (host[0] == '/')
           ? ngx_snprintf(pool->name_data, sizeof(pool->name_data), "unix:%s",
                          host)
           : ngx_snprintf(pool->name_data, sizeof(pool->name_data), "%s:%s",
                          host, PQport(pg));

    pool->name.data = pool->name_data;
    pool->name.len = last - pool->name_data;
}


void
ngx_prize_postgres_up(ngx_prize_postgres_member_t *member)
{
    ngx_prize_postgres_pool_t  *pool;

    pool = member->pool;

    ngx_prize_gauge_add(PRIZE_POSTGRES_CONNECTING, -1);
    ngx_prize_gauge_add(PRIZE_POSTGRES_CONNECTED, 1);

    ngx_prize_postgres_set_name(pool, member->conn.pg);
    ngx_prize_ready_note();

    member->attempt = NGX_PRIZE_POSTGRES_UP;
    pool->last = NGX_PRIZE_POSTGRES_UP;

    /* it may be another server, with another table */

    ngx_memzero(pool->types, pool->conf->queries.nelts
                             * sizeof(ngx_prize_postgres_type_t));

    /* without an index a check reads all of it, so that one will do */

    if (ngx_prize_postgres_members(pool, NGX_PRIZE_POSTGRES_IDLE) == 1) {
        ngx_prize_postgres_check_forget(pool);
    }

    if (ngx_prize_breaker_probed(&pool->backend.breaker)) {
        ngx_prize_notice(&pool->backend.back, NGX_LOG_NOTICE,
                         pool->backend.log, 0,
                         "postgres \"%V\": used again, at %V",
                         &pool->conf->name, &pool->name);
    }

    ngx_prize_postgres_fill(pool);
}


void
ngx_prize_postgres_useful(ngx_prize_postgres_member_t *member)
{
    if (member->attempt == NGX_PRIZE_POSTGRES_UP) {
        member->attempt = NGX_PRIZE_POSTGRES_USEFUL;
        ngx_prize_breaker_success(&member->pool->backend.breaker);
    }
}


void
ngx_prize_postgres_lost(ngx_prize_postgres_member_t *member)
{
    /* the worker is to end, and nothing is asked */

    if (member->conn.c && member->conn.c->close) {
        ngx_prize_postgres_close(member);
        return;
    }

    if (member->conn.state == NGX_PRIZE_POSTGRES_CONNECTING) {
        ngx_prize_postgres_failed(member, PRIZE_POSTGRES_ERROR_CONNECT,
                                  "cannot connect");
        return;
    }

    ngx_prize_postgres_failed(member, PRIZE_POSTGRES_ERROR_LOST,
                              "connection lost");
}


/* whom libpq tries, as it says itself: a name with its address */

static void
ngx_prize_postgres_host(PGconn *pg, u_char *text, size_t size)
{
    const char  *host, *address;

    host = PQhost(pg);
    host = host ? host : "";

    address = PQhostaddr(pg);
    address = address ? address : "";

    if (address[0] == '\0' || ngx_strcmp(host, address) == 0) {
        (void) ngx_snprintf(text, size, "%s%Z", host);

    } else {
        (void) ngx_snprintf(text, size, "%s (%s)%Z", host, address);
    }

    text[size - 1] = '\0';
}


/* connecting took too long: a failure once no host is left to be tried */

void
ngx_prize_postgres_unanswered(ngx_prize_postgres_member_t *member)
{
    char                        host[NGX_MAX_ERROR_STR / 8];
    ngx_prize_postgres_pool_t  *pool;

    pool = member->pool;
    pool->last = NGX_PRIZE_POSTGRES_SILENT;

    ngx_prize_count(PRIZE_POSTGRES_ERROR_TIMEOUT);

    ngx_prize_postgres_host(member->conn.pg, (u_char *) host, sizeof(host));
    ngx_prize_postgres_say(pool, "connecting timed out", host);

    if (ngx_prize_postgres_note_loss(member)
        && ngx_prize_postgres_hosts_next(&pool->hosts) == 0)
    {
        (void) ngx_prize_breaker_failure(&pool->backend.breaker);
        ngx_prize_breaker_pause(&pool->backend.breaker);
    }

    ngx_prize_postgres_close(member);
}
