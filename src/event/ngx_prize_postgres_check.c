
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

    if (check->wrong) {
        ngx_prize_backend_wake(&member->pool->backend,
                               check->ended + NGX_PRIZE_POSTGRES_RECHECK);
    }
}


static ngx_prize_postgres_query_t *
ngx_prize_postgres_check_query(ngx_prize_postgres_member_t *member)
{
    ngx_prize_postgres_query_t  *queries;

    queries = member->pool->conf->queries.elts;

    return &queries[member->query];
}


/* is to be told; "what" tells one mistake from another */

static void
ngx_prize_postgres_check_wrong(ngx_prize_postgres_member_t *member,
    const char *what)
{
    ngx_prize_postgres_check_t  *check;

    check = ngx_prize_postgres_check_of(member);

    if (!check->wrong
        || ngx_strncmp(check->what, what, sizeof(check->what) - 1) != 0)
    {
        ngx_prize_notice_change(&check->notice);
    }

    (void) ngx_cpystrn((u_char *) check->what, (u_char *) what,
                       sizeof(check->what));

    if (!check->wrong) {
        check->wrong = 1;
        ngx_prize_gauge_add(PRIZE_QUERIES_WRONG, 1);
    }

    ngx_prize_count(PRIZE_POSTGRES_ERROR_QUERY);
}


static void
ngx_prize_postgres_check_right(ngx_prize_postgres_member_t *member)
{
    ngx_prize_postgres_pool_t   *pool;
    ngx_prize_postgres_query_t  *query;
    ngx_prize_postgres_check_t  *check;

    pool = member->pool;
    query = ngx_prize_postgres_check_query(member);
    check = ngx_prize_postgres_check_of(member);

    if (check->wrong) {
        check->wrong = 0;
        ngx_prize_gauge_add(PRIZE_QUERIES_WRONG, -1);

        ngx_prize_notice_change(&check->notice);
        ngx_prize_notice(&check->notice, NGX_LOG_NOTICE, pool->backend.log, 0,
                         "postgres \"%V\": the query in %s:%ui is right now",
                         &pool->conf->name, query->file, query->line);
    }

    ngx_prize_postgres_check_end(member, NGX_PRIZE_POSTGRES_ASKABLE);
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
    ngx_prize_postgres_check_t  *check;

    pool = member->pool;
    query = ngx_prize_postgres_check_query(member);
    check = ngx_prize_postgres_check_of(member);

    ngx_prize_postgres_check_wrong(member, why);

    ngx_prize_notice(&check->notice, NGX_LOG_ERR, pool->backend.log, 0,
                     "postgres \"%V\": the query in %s:%ui %s",
                     &pool->conf->name, query->file, query->line, why);

    ngx_prize_postgres_check_end(member, NGX_PRIZE_POSTGRES_WRONG);
    ngx_prize_postgres_check_finish(pool, member->query);
}


/*
 * What the server is at, and not the query: it is on its way down, or out of
 * something, or another session is in the way (PostgreSQL manual, "PostgreSQL
 * Error Codes").
 */

static ngx_uint_t
ngx_prize_postgres_check_passes(const char *state)
{
    ngx_uint_t  i;

    static const char  *classes[] = { "08", "40", "53", "55", "57", "58",
                                      "XX" };

    for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (ngx_strncmp(state, classes[i], 2) == 0) {
            return 1;
        }
    }

    return 0;
}


/* it is asked all the same: a right may be given at any time */

static void
ngx_prize_postgres_check_error(ngx_prize_postgres_member_t *member,
    const PGresult *result)
{
    const char                  *state, *text;
    ngx_prize_postgres_pool_t   *pool;
    ngx_prize_postgres_query_t  *query;

    pool = member->pool;
    query = ngx_prize_postgres_check_query(member);

    state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (state && text && !ngx_prize_postgres_check_passes(state)) {
        ngx_prize_postgres_check_wrong(member, state);

        ngx_prize_notice(&ngx_prize_postgres_check_of(member)->notice,
                         NGX_LOG_ERR, pool->backend.log, 0,
                         "postgres \"%V\": the query in %s:%ui is refused: "
                         "SQLSTATE %s: %s", &pool->conf->name, query->file,
                         query->line, state, text);
    }

    ngx_prize_postgres_check_fail(member);
}


/* the first column that a page needs and does not get, and their number */

static const prize_field_t *
ngx_prize_postgres_check_missing(const ngx_prize_postgres_query_t *query,
    const PGresult *described, ngx_uint_t *n)
{
    unsigned                f;
    ngx_uint_t              i;
    const prize_field_t    *field, *missing;
    const prize_fields_t  **fields;

    *n = 0;
    missing = NULL;
    fields = query->fields.elts;

    for (i = 0; i < query->fields.nelts; i++) {

        for (f = 0; f < fields[i]->n; f++) {
            field = &fields[i]->list[f];

            if (field->required
                && ngx_prize_postgres_column(described, field->name.data)
                   == -1)
            {
                missing = missing ? missing : field;
                (*n)++;
            }
        }
    }

    return missing;
}


/* pages that use no other columns are right */

static ngx_uint_t
ngx_prize_postgres_check_columns(ngx_prize_postgres_member_t *member)
{
    ngx_uint_t                   n;
    const prize_field_t         *field;
    ngx_prize_postgres_pool_t   *pool;
    ngx_prize_postgres_query_t  *query;

    pool = member->pool;
    query = ngx_prize_postgres_check_query(member);

    field = ngx_prize_postgres_check_missing(query, member->conn.described,
                                             &n);
    if (field == NULL) {
        return 1;
    }

    ngx_prize_postgres_check_wrong(member, field->name.data);

    ngx_prize_notice(&ngx_prize_postgres_check_of(member)->notice,
                     NGX_LOG_ERR, pool->backend.log, 0,
                     "postgres \"%V\": the query in %s:%ui has no column "
                     "\"%s\", which %s:%ui uses, and lacks %ui more",
                     &pool->conf->name, query->file, query->line,
                     field->name.data,
                     field->file ? field->file : "the configuration",
                     (ngx_uint_t) field->line, n - 1);
    return 0;
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


/*
 * NGX_AGAIN: the result is kept, an error that may be due to an array where
 * none is taken.
 */

static ngx_int_t
ngx_prize_postgres_check_described(ngx_prize_postgres_member_t *member,
    PGresult *result)
{
    PGresult  *described;

    described = member->conn.described;

    if (described == NULL) {
        ngx_prize_postgres_check_error(member, result);
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

    member->lacks = !ngx_prize_postgres_check_columns(member);

    if (ngx_prize_postgres_check_type(member, PQparamtype(described, 0))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
        member->doubt = result;
        return NGX_AGAIN;
    }

    return NGX_OK;
}


static void
ngx_prize_postgres_check_typed(ngx_prize_postgres_member_t *member,
    const PGresult *result, const PGresult *doubt)
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

    if (doubt) {
        ngx_prize_postgres_check_error(member, doubt);

    } else if (member->lacks) {
        ngx_prize_postgres_check_end(member, NGX_PRIZE_POSTGRES_ASKABLE);

    } else {
        ngx_prize_postgres_check_right(member);
    }
}


/* is to be asked; what is known to be wrong is so until the answer */

static void
ngx_prize_postgres_check_reset(ngx_prize_postgres_check_t *check)
{
    check->state = NGX_PRIZE_POSTGRES_UNCHECKED;
    check->failed = 0;
    check->element[0] = '\0';
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
            ngx_prize_postgres_check_reset(check);
        }
    }
}


ngx_uint_t
ngx_prize_postgres_check_again(ngx_prize_postgres_pool_t *pool)
{
    ngx_uint_t                   i, due;
    ngx_msec_t                   time;
    ngx_prize_postgres_check_t  *check;

    due = 0;

    for (i = 0; i < pool->conf->queries.nelts; i++) {
        check = &pool->checks[i];

        if (!check->wrong || check->state == NGX_PRIZE_POSTGRES_UNCHECKED
            || check->state == NGX_PRIZE_POSTGRES_CHECKING)
        {
            continue;
        }

        time = check->ended + NGX_PRIZE_POSTGRES_RECHECK;

        if ((ngx_msec_int_t) (time - ngx_current_msec) > 0) {
            ngx_prize_backend_wake(&pool->backend, time);
            continue;
        }

        ngx_prize_postgres_check_reset(check);
        due = 1;
    }

    return due;
}


ngx_uint_t
ngx_prize_postgres_check_count_wrong(ngx_prize_postgres_pool_t *pool)
{
    ngx_uint_t  i, n;

    for (i = 0, n = 0; i < pool->conf->queries.nelts; i++) {
        n += pool->checks[i].wrong;
    }

    return n;
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
        ngx_prize_postgres_check_reset(check);
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
    PGresult *result)
{
    PGresult  *doubt;

    if (member->asked == NGX_PRIZE_POSTGRES_QUERY) {
        return ngx_prize_postgres_check_described(member, result);
    }

    doubt = member->doubt;
    member->doubt = NULL;

    ngx_prize_postgres_check_typed(member, result, doubt);

    PQclear(doubt);

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
