
#include "ngx_prize_postgres_pool.h"


static ngx_int_t
ngx_prize_postgres_ask_batch(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_member_t *member)
{
    ngx_prize_postgres_item_t   *item;
    ngx_prize_postgres_query_t  *queries;

    ngx_prize_postgres_take(pool, member);

    if (member->size == 0) {
        return NGX_DECLINED;
    }

    item = ngx_prize_postgres_batch_head(member);
    queries = pool->conf->queries.elts;

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, pool->backend.log, 0,
                   "prize postgres \"%V\" asks for %ui",
                   &pool->conf->name, member->size);

    member->asked = NGX_PRIZE_POSTGRES_BATCH;

    if (ngx_prize_postgres_array(pool, &member->batch) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_prize_postgres_conn_query(&member->conn,
                                     (char *) queries[item->query].text.data,
                                     (char *) pool->ids);
}


ngx_int_t
ngx_prize_postgres_ask(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_member_t *member)
{
    ngx_int_t  rc;

    rc = ngx_prize_postgres_check_ask(pool, member);

    if (rc == NGX_DECLINED) {
        rc = ngx_prize_postgres_ask_batch(pool, member);
    }

    return rc == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


/*
 * The row of one ID does not cast: is it the ID that its type cannot hold?
 * What the server says would tell, but in its own language.
 */

static ngx_int_t
ngx_prize_postgres_ask_id(ngx_prize_postgres_member_t *member)
{
    u_char                      *p, *id, *last;
    u_char                       sql[sizeof("SELECT $1::")
                                     + sizeof(member->pool->checks->element)];
    ngx_prize_postgres_item_t   *item;
    ngx_prize_postgres_pool_t   *pool;
    ngx_prize_postgres_check_t  *check;

    pool = member->pool;
    item = ngx_prize_postgres_batch_head(member);
    check = &pool->checks[item->query];

    if (check->element[0] == '\0') {
        return NGX_DECLINED;
    }

    p = ngx_cpymem(sql, "SELECT $1::", sizeof("SELECT $1::") - 1);
    last = sql + sizeof(sql) - 1;
    (void) ngx_cpystrn(p, (u_char *) check->element, last - p);

    /* the array has room for the ID and more */

    id = pool->ids;
    (void) ngx_cpystrn(id, item->id, item->len + 1);

    member->asked = NGX_PRIZE_POSTGRES_ID;
    member->deadline = ngx_current_msec + item->timeout;
    ngx_prize_backend_wake(&pool->backend, member->deadline);

    return ngx_prize_postgres_conn_query(&member->conn, (char *) sql,
                                         (char *) id);
}


/* of a batch that was answered with an error; it is told once a change */

static void
ngx_prize_postgres_tell(ngx_prize_postgres_member_t *member,
    const PGresult *result, const char *state)
{
    const char                 *text;
    ngx_prize_postgres_pool_t  *pool;
    ngx_prize_postgres_item_t  *item;

    pool = member->pool;

    text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    text = text ? text : PQresStatus(PQresultStatus(result));

    item = ngx_prize_postgres_batch_head(member);

    if (ngx_strncmp(pool->sqlstate, state, sizeof(pool->sqlstate)) != 0) {
        (void) ngx_cpystrn((u_char *) pool->sqlstate, (u_char *) state,
                           sizeof(pool->sqlstate));
        ngx_prize_notice_change(&pool->error);
    }

    ngx_prize_count(PRIZE_POSTGRES_ERROR_QUERY);

    ngx_prize_notice(&pool->error, NGX_LOG_ERR, pool->backend.log, 0,
                     "postgres \"%V\": SQLSTATE %s: %s, with id \"%*s\" and "
                     "%ui more", &pool->conf->name, state, text,
                     item->len, item->id, member->size - 1);
}


/*
 * Class 22, data that does not cast.  NGX_AGAIN: the row may be the one at
 * fault, and what was said of it is kept.  NGX_DECLINED: it is told as all
 * others.
 */

static ngx_int_t
ngx_prize_postgres_data_error(ngx_prize_postgres_member_t *member,
    PGresult *result)
{
    ngx_int_t  rc;

    if (member->size > 1) {
        ngx_prize_postgres_split(member);
        return NGX_OK;
    }

    rc = ngx_prize_postgres_ask_id(member);

    if (rc != NGX_OK) {
        return rc;
    }

    member->doubt = result;

    return NGX_AGAIN;
}


/* NGX_AGAIN: the result is kept; NGX_ERROR: the connection is lost */

static ngx_int_t
ngx_prize_postgres_error(ngx_prize_postgres_member_t *member,
    PGresult *result)
{
    ngx_int_t    rc;
    const char  *state;

    state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    state = state ? state : "?";

    if (ngx_strncmp(state, "22", 2) == 0) {
        rc = ngx_prize_postgres_data_error(member, result);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    ngx_prize_postgres_tell(member, result, state);

    /* a serialization failure may go well the second time */

    if (ngx_strcmp(state, "40001") == 0) {
        ngx_prize_postgres_return(member->pool, member,
                                  NGX_MAX_UINT32_VALUE);
        return NGX_OK;
    }

    ngx_prize_postgres_finish_batch(member, NGX_PRIZE_ERROR);

    return NGX_OK;
}


/* the answer to ngx_prize_postgres_ask_id() */

static void
ngx_prize_postgres_id_answered(ngx_prize_postgres_member_t *member,
    const PGresult *result)
{
    PGresult    *doubt;
    const char  *state;

    doubt = member->doubt;
    member->doubt = NULL;

    state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    if (state && ngx_strncmp(state, "22", 2) == 0) {
        ngx_prize_postgres_finish_batch(member, NGX_PRIZE_NOT_FOUND);

    } else {
        state = PQresultErrorField(doubt, PG_DIAG_SQLSTATE);
        ngx_prize_postgres_tell(member, doubt, state);
        ngx_prize_postgres_check_doubt(member->pool,
                                ngx_prize_postgres_batch_head(member)->query);
        ngx_prize_postgres_finish_batch(member, NGX_PRIZE_ERROR);
    }

    PQclear(doubt);
}


static ngx_int_t
ngx_prize_postgres_batch_answered(ngx_prize_postgres_member_t *member,
    PGresult *result)
{
    prize_histogram_add(ngx_prize_metrics, PRIZE_POSTGRES_QUERY,
                        ngx_prize_clock() - member->sent);

    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        return ngx_prize_postgres_error(member, result);
    }

    ngx_prize_postgres_tuples(member, result);

    return NGX_OK;
}


ngx_int_t
ngx_prize_postgres_answered(ngx_prize_postgres_member_t *member)
{
    PGresult    *result;
    ngx_int_t    rc;
    const char  *severity;

    result = member->conn.result;
    severity = result ? PQresultErrorField(result,
                                           PG_DIAG_SEVERITY_NONLOCALIZED)
                      : NULL;

    if (severity && ngx_strcmp(severity, "ERROR") != 0) {
        ngx_prize_postgres_failed(member, PRIZE_POSTGRES_ERROR_LOST,
                                  PQresultErrorField(result,
                                                  PG_DIAG_MESSAGE_PRIMARY));
        return NGX_ERROR;
    }

    /* handlers may have this connection asked again, and answered */

    member->conn.result = NULL;

    switch (member->asked) {

    case NGX_PRIZE_POSTGRES_BATCH:
        member->asked = NGX_PRIZE_POSTGRES_NOTHING;
        ngx_prize_postgres_useful(member);
        rc = ngx_prize_postgres_batch_answered(member, result);
        break;

    case NGX_PRIZE_POSTGRES_ID:
        member->asked = NGX_PRIZE_POSTGRES_NOTHING;
        ngx_prize_postgres_id_answered(member, result);
        rc = NGX_OK;
        break;

    default:
        rc = ngx_prize_postgres_check_answered(member, result);
    }

    if (rc != NGX_AGAIN) {
        PQclear(result);
    }

    if (rc == NGX_ERROR) {
        ngx_prize_postgres_failed(member, PRIZE_POSTGRES_ERROR_LOST,
                                  "cannot send a query");
    }

    return rc == NGX_ERROR ? NGX_ERROR : NGX_OK;
}
