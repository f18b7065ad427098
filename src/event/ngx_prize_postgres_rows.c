
#include <ngx_config.h>

#include <stdlib.h>

#include "ngx_prize_postgres_pool.h"


/* two rows of one ID must not differ; NULL is an empty string */

static ngx_uint_t
ngx_prize_postgres_same(PGresult *result, int a, int b)
{
    int  i, len;

    for (i = 0; i < PQnfields(result); i++) {
        len = PQgetlength(result, a, i);

        if (len != PQgetlength(result, b, i)
            || ngx_memcmp(PQgetvalue(result, a, i), PQgetvalue(result, b, i),
                          len)
               != 0)
        {
            return 0;
        }
    }

    return 1;
}


static void
ngx_prize_postgres_row(ngx_prize_postgres_member_t *member,
    PGresult *result, ngx_uint_t query, int row, int column)
{
    size_t                      len;
    u_char                     *id;
    ngx_prize_postgres_item_t  *item, *first;
    ngx_prize_postgres_pool_t  *pool;

    pool = member->pool;

    id = (u_char *) PQgetvalue(result, row, column);
    len = PQgetlength(result, row, column);

    item = ngx_prize_postgres_find(pool, query, id, len);

    if (item == NULL || item->member != member) {
        first = ngx_prize_postgres_batch_head(member);

        ngx_prize_count(PRIZE_POSTGRES_ERROR_ROWS);
        ngx_prize_notice(&pool->foreign, NGX_LOG_WARN, pool->backend.log, 0,
                         "postgres \"%V\": a row with id \"%*s\", which "
                         "nobody asked for, but \"%*s\" and %ui more: is "
                         "\"id\" padded or cast?", &pool->conf->name,
                         ngx_min(len, 200), id, first->len, first->id,
                         member->size - 1);
        return;
    }

    if (item->row == -1) {
        item->row = row;
        return;
    }

    if (!ngx_prize_postgres_same(result, item->row, row)) {
        item->differs = 1;
        ngx_prize_count(PRIZE_POSTGRES_ERROR_ROWS);
        ngx_prize_notice(&pool->differs, NGX_LOG_ERR, pool->backend.log, 0,
                         "postgres \"%V\": two differing rows for id \"%*s\"",
                         &pool->conf->name, len, id);
    }
}


/* room for a row's columns and for a page's values */

static ngx_int_t
ngx_prize_postgres_scratch(ngx_prize_postgres_pool_t *pool, size_t columns,
    size_t fields)
{
    void  *p;

    if (columns > pool->columns_size) {
        p = realloc(pool->columns, columns * sizeof(prize_column_t));
        if (p == NULL) {
            return NGX_ERROR;
        }

        pool->columns = p;
        pool->columns_size = columns;
    }

    if (fields > pool->map_size) {
        p = realloc(pool->map, fields * sizeof(int));
        if (p == NULL) {
            return NGX_ERROR;
        }

        pool->map = p;

        p = realloc(pool->values, fields * sizeof(prize_str_t));
        if (p == NULL) {
            return NGX_ERROR;
        }

        pool->values = p;
        pool->map_size = fields;
    }

    return NGX_OK;
}


int
ngx_prize_postgres_column(const PGresult *result, const char *name)
{
    int  i;

    for (i = 0; i < PQnfields(result); i++) {
        if (ngx_strcmp(PQfname(result, i), name) == 0) {
            return i;
        }
    }

    return -1;
}


/* which column is which field; most lookups of a batch are of one location */

static ngx_int_t
ngx_prize_postgres_map(ngx_prize_postgres_pool_t *pool, PGresult *result,
    const prize_fields_t *fields)
{
    unsigned              i;
    const prize_field_t  *field;

    if (pool->mapped == fields) {
        return NGX_OK;
    }

    pool->mapped = NULL;

    if (ngx_prize_postgres_scratch(pool, PQnfields(result), fields->n)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < fields->n; i++) {
        field = &fields->list[i];
        pool->map[i] = ngx_prize_postgres_column(result, field->name.data);

        if (pool->map[i] == -1 && field->required) {
            ngx_prize_count(PRIZE_POSTGRES_ERROR_ROWS);
            ngx_prize_notice(&pool->column, NGX_LOG_ERR, pool->backend.log, 0,
                             "postgres \"%V\": the query has no column \"%s\", "
                             "which %s:%ui uses", &pool->conf->name,
                             field->name.data,
                             field->file ? field->file : "the configuration",
                             (ngx_uint_t) field->line);
            return NGX_ERROR;
        }
    }

    pool->mapped = fields;

    return NGX_OK;
}


static void
ngx_prize_postgres_record(ngx_prize_postgres_pool_t *pool, PGresult *result,
    ngx_prize_lookup_t *lookup, int row)
{
    int       i, n;
    unsigned  f;

    n = PQnfields(result);

    for (i = 0; i < n; i++) {
        pool->columns[i].name.data = PQfname(result, i);
        pool->columns[i].name.len = ngx_strlen(PQfname(result, i));
        pool->columns[i].value.data = PQgetvalue(result, row, i);
        pool->columns[i].value.len = PQgetlength(result, row, i);
    }

    for (f = 0; f < lookup->fields->n; f++) {
        i = pool->map[f];

        if (i == -1) {
            pool->values[f].data = NULL;
            pool->values[f].len = 0;

        } else {
            pool->values[f] = pool->columns[i].value;
        }
    }

    lookup->record.values = pool->values;
    lookup->record.columns = pool->columns;
    lookup->record.ncolumns = n;
}


/* a record that Redis could not give back: the rule of "prizectl load" too */

static ngx_uint_t
ngx_prize_postgres_large(ngx_prize_postgres_pool_t *pool, PGresult *result,
    ngx_prize_postgres_item_t *item)
{
    int  i, len;

    for (i = 0; i < PQnfields(result); i++) {
        len = PQgetlength(result, item->row, i);

        if (len > PRIZE_FIELD_MAX) {
            ngx_prize_count(PRIZE_POSTGRES_ERROR_ROWS);
            ngx_prize_notice(&pool->large, NGX_LOG_ERR, pool->backend.log, 0,
                             "postgres \"%V\": id \"%*s\": column \"%s\" has "
                             "%d bytes, at most %d fit into a record",
                             &pool->conf->name, item->len, item->id,
                             PQfname(result, i), len, PRIZE_FIELD_MAX);
            return 1;
        }
    }

    return 0;
}


static void
ngx_prize_postgres_answer(ngx_prize_postgres_pool_t *pool, PGresult *result,
    ngx_prize_postgres_item_t *item)
{
    int                  row;
    ngx_queue_t          lookups;
    ngx_prize_lookup_t  *lookup;

    /* of all pools */
    static ngx_uint_t    answer;

    row = item->row;

    if (row == -1 || item->differs
        || ngx_prize_postgres_large(pool, result, item))
    {
        ngx_prize_postgres_finish(pool, item, row == -1 ? NGX_PRIZE_NOT_FOUND
                                                        : NGX_PRIZE_ERROR);
        return;
    }

    ngx_prize_postgres_release(pool, item, &lookups);
    answer++;

    for (lookup = ngx_prize_lookup_shift(&lookups);
         lookup;
         lookup = ngx_prize_lookup_shift(&lookups))
    {
        lookup->answer = answer;

        if (ngx_prize_postgres_map(pool, result, lookup->fields) != NGX_OK) {
            ngx_prize_backend_complete(&pool->backend, lookup,
                                       NGX_PRIZE_ERROR);
            continue;
        }

        ngx_prize_postgres_record(pool, result, lookup, row);
        ngx_prize_backend_complete(&pool->backend, lookup,
                                   ngx_prize_lookup_check(lookup));
    }
}


/* a page would show one of two columns of a name, and a hash keep the other */

static ngx_int_t
ngx_prize_postgres_columns(ngx_prize_postgres_pool_t *pool, PGresult *result,
    int id)
{
    int  i;

    if (id == -1) {
        ngx_prize_notice(&pool->column, NGX_LOG_ERR, pool->backend.log, 0,
                         "postgres \"%V\": the query has no column \"id\"",
                         &pool->conf->name);
        return NGX_ERROR;
    }

    for (i = 0; i < PQnfields(result); i++) {

        if (ngx_prize_postgres_column(result, PQfname(result, i)) != i) {
            ngx_prize_notice(&pool->column, NGX_LOG_ERR, pool->backend.log, 0,
                             "postgres \"%V\": the query has two columns "
                             "\"%s\"", &pool->conf->name,
                             PQfname(result, i));
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


void
ngx_prize_postgres_tuples(ngx_prize_postgres_member_t *member,
    PGresult *result)
{
    int                         column, row;
    ngx_uint_t                  query;
    ngx_queue_t                *q, batch;
    ngx_prize_postgres_item_t  *item;
    ngx_prize_postgres_pool_t  *pool;

    pool = member->pool;
    query = ngx_prize_postgres_batch_head(member)->query;

    column = ngx_prize_postgres_column(result, "id");

    if (ngx_prize_postgres_columns(pool, result, column) != NGX_OK) {
        ngx_prize_count(PRIZE_POSTGRES_ERROR_ROWS);
        ngx_prize_postgres_finish_batch(member, NGX_PRIZE_ERROR);
        return;
    }

    pool->types[query].oid = PQftype(result, column);
    pool->types[query].learned = ngx_current_msec;
    pool->mapped = NULL;

    for (row = 0; row < PQntuples(result); row++) {
        ngx_prize_postgres_row(member, result, query, row, column);
    }

    ngx_prize_postgres_detach_batch(member, &batch);

    while (!ngx_queue_empty(&batch)) {
        q = ngx_queue_head(&batch);
        ngx_queue_remove(q);

        item = ngx_queue_data(q, ngx_prize_postgres_item_t, queue);
        ngx_prize_postgres_answer(pool, result, item);
    }
}
