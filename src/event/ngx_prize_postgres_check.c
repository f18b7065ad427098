
#include "ngx_prize_postgres_pool.h"


#define NGX_PRIZE_POSTGRES_RECHECK  10000    /* ms */

/* "{}" casts to no scalar, and to every array */
#define NGX_PRIZE_POSTGRES_NO_IDS   "{}"


static ngx_prize_postgres_check_t *
ngx_prize_postgres_check_of(ngx_prize_postgres_member_t *member)
{
    return &member->pool->checks[member->query];
}


static void
ngx_prize_postgres_check_end(ngx_prize_postgres_member_t *member,
    ngx_prize_postgres_check_e state)
{
    ngx_prize_postgres_check_t  *check;

    check = ngx_prize_postgres_check_of(member);

    check->state = state;
    check->ended = ngx_current_msec;

    member->asked = NGX_PRIZE_POSTGRES_NOTHING;
}


/* the server did not say; it may be asked on, and this once more later */

static void
ngx_prize_postgres_check_fail(ngx_prize_postgres_member_t *member)
{
    ngx_prize_postgres_check_of(member)->failed = 1;
    ngx_prize_postgres_check_end(member, NGX_PRIZE_POSTGRES_ASKABLE);
}


/* who waits for a query that is wrong is told at once */

static void
ngx_prize_postgres_check_finish(ngx_prize_postgres_pool_t *pool,
    ngx_uint_t query)
{
    ngx_queue_t                *q;
    ngx_prize_postgres_item_t  *item;

    /* a handler may take other items from the queue: begin anew each time */

    for (q = ngx_queue_head(&pool->waiting);
         q != ngx_queue_sentinel(&pool->waiting);
         /* void */ )
    {
        item = ngx_queue_data(q, ngx_prize_postgres_item_t, queue);

        if (item->query != query) {
            q = ngx_queue_next(q);
            continue;
        }

        ngx_prize_postgres_unwait(pool, item);
        ngx_prize_postgres_finish(pool, item, NGX_PRIZE_ERROR);

        q = ngx_queue_head(&pool->waiting);
    }
}


static void
ngx_prize_postgres_check_refuse(ngx_prize_postgres_member_t *member,
    const char *why)
{
    ngx_prize_postgres_pool_t   *pool;
    ngx_prize_postgres_query_t  *query;

    pool = member->pool;
    query = pool->conf->queries.elts;
    query += member->query;

    ngx_prize_count(PRIZE_POSTGRES_ERROR_QUERY);

    ngx_prize_notice(&pool->wrong, NGX_LOG_ERR, pool->backend.log, 0,
                     "postgres \"%V\": the query in %s:%ui %s",
                     &pool->conf->name, query->file, query->line, why);

    ngx_prize_postgres_check_end(member, NGX_PRIZE_POSTGRES_WRONG);
    ngx_prize_postgres_check_finish(pool, member->query);
}


/* what the parameter is: an array, and of what */

static ngx_int_t
ngx_prize_postgres_check_type(ngx_prize_postgres_member_t *member, Oid type)
{
    u_char  oid[NGX_INT_T_LEN + 1];

    (void) ngx_sprintf(oid, "%ui%Z", (ngx_uint_t) type);

    member->asked = NGX_PRIZE_POSTGRES_TYPE;
    member->deadline = ngx_current_msec + member->pool->hosts.budget;
    ngx_prize_backend_wake(&member->pool->backend, member->deadline);

    return ngx_prize_postgres_conn_query(&member->conn,
                "SELECT typcategory, format_type(typelem, NULL) "
                "FROM pg_catalog.pg_type WHERE oid = $1", (char *) oid);
}


static ngx_int_t
ngx_prize_postgres_check_described(ngx_prize_postgres_member_t *member)
{
    PGresult  *described;

    described = member->conn.described;

    /* the same error will be that of each lookup, and is told there */

    if (described == NULL) {
        ngx_prize_postgres_check_fail(member);
        return NGX_OK;
    }

    if (PQfnumber(described, "id") == -1) {
        ngx_prize_postgres_check_refuse(member, "has no column \"id\"");
        return NGX_OK;
    }

    if (PQnparams(described) == 0) {
        ngx_prize_postgres_check_refuse(member, "has $1 in quotes: expected "
                                        "it as in \"id = ANY($1)\"");
        return NGX_OK;
    }

    if (PQnparams(described) != 1) {
        ngx_prize_postgres_check_refuse(member, "takes more than $1");
        return NGX_OK;
    }

    return ngx_prize_postgres_check_type(member, PQparamtype(described, 0));
}


static void
ngx_prize_postgres_check_typed(ngx_prize_postgres_member_t *member,
    const PGresult *result)
{
    const char                  *element;
    ngx_prize_postgres_check_t  *check;

    check = ngx_prize_postgres_check_of(member);

    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1
        || PQnfields(result) != 2)
    {
        ngx_prize_postgres_check_fail(member);
        return;
    }

    if (PQgetvalue(result, 0, 0)[0] != 'A') {
        ngx_prize_postgres_check_refuse(member, "takes no array: expected it "
                                        "as in \"id = ANY($1)\"");
        return;
    }

    element = PQgetvalue(result, 0, 1);

    /* a longer name is not asked for */

    if (ngx_strlen(element) < sizeof(check->element)) {
        (void) ngx_cpystrn((u_char *) check->element, (u_char *) element,
                           sizeof(check->element));
    }

    ngx_prize_postgres_check_end(member, NGX_PRIZE_POSTGRES_ASKABLE);
}


void
ngx_prize_postgres_check_forget(ngx_prize_postgres_pool_t *pool)
{
    ngx_uint_t                   i;
    ngx_prize_postgres_check_t  *check;

    for (i = 0; i < pool->conf->queries.nelts; i++) {
        check = &pool->checks[i];

        if (!check->failed
            || ngx_current_msec - check->ended >= NGX_PRIZE_POSTGRES_RECHECK)
        {
            ngx_memzero(check, sizeof(ngx_prize_postgres_check_t));
        }
    }
}


ngx_prize_postgres_check_e
ngx_prize_postgres_check_state(ngx_prize_postgres_pool_t *pool,
    ngx_uint_t query)
{
    ngx_prize_postgres_check_t  *check;

    check = &pool->checks[query];

    if ((check->state == NGX_PRIZE_POSTGRES_WRONG
         || (check->state == NGX_PRIZE_POSTGRES_ASKABLE && check->failed))
        && ngx_current_msec - check->ended >= NGX_PRIZE_POSTGRES_RECHECK)
    {
        check->state = NGX_PRIZE_POSTGRES_UNCHECKED;
        check->failed = 0;
    }

    return check->state;
}


ngx_int_t
ngx_prize_postgres_check_ask(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_member_t *member)
{
    ngx_uint_t                   i;
    ngx_prize_postgres_query_t  *queries;

    queries = pool->conf->queries.elts;

    for (i = 0; i < pool->conf->queries.nelts; i++) {
        if (pool->checks[i].state == NGX_PRIZE_POSTGRES_UNCHECKED) {
            break;
        }
    }

    if (i == pool->conf->queries.nelts) {
        return NGX_DECLINED;
    }

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, pool->backend.log, 0,
                   "prize postgres \"%V\" checks query %ui",
                   &pool->conf->name, i);

    pool->checks[i].state = NGX_PRIZE_POSTGRES_CHECKING;

    member->asked = NGX_PRIZE_POSTGRES_QUERY;
    member->query = i;
    member->deadline = ngx_current_msec + pool->hosts.budget;
    ngx_prize_backend_wake(&pool->backend, member->deadline);

    return ngx_prize_postgres_conn_check(&member->conn,
                                         (char *) queries[i].text.data,
                                         NGX_PRIZE_POSTGRES_NO_IDS);
}


ngx_int_t
ngx_prize_postgres_check_answered(ngx_prize_postgres_member_t *member,
    const PGresult *result)
{
    if (member->asked == NGX_PRIZE_POSTGRES_QUERY) {
        return ngx_prize_postgres_check_described(member);
    }

    ngx_prize_postgres_check_typed(member, result);

    return NGX_OK;
}


static ngx_uint_t
ngx_prize_postgres_check_asked(ngx_prize_postgres_member_t *member)
{
    return member->asked == NGX_PRIZE_POSTGRES_QUERY
           || member->asked == NGX_PRIZE_POSTGRES_TYPE;
}


void
ngx_prize_postgres_check_late(ngx_prize_postgres_member_t *member)
{
    if (ngx_prize_postgres_check_asked(member)) {
        ngx_prize_postgres_check_fail(member);
    }
}


void
ngx_prize_postgres_check_doubt(ngx_prize_postgres_pool_t *pool,
    ngx_uint_t query)
{
    pool->checks[query].failed = 1;
}


void
ngx_prize_postgres_check_lost(ngx_prize_postgres_member_t *member)
{
    if (ngx_prize_postgres_check_asked(member)) {
        ngx_prize_postgres_check_end(member, NGX_PRIZE_POSTGRES_UNCHECKED);
    }

    member->asked = NGX_PRIZE_POSTGRES_NOTHING;
}
