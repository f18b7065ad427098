
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_key.h"
#include "prizectl_roster.h"


/* milliseconds without a row after which the caller may look around */
#define PRIZECTL_ROSTER_WAIT  500

/* notices of the server that are shown */
#define PRIZECTL_ROSTER_NOTICES  10

/* seconds, where conninfo has no connect_timeout of its own */
#define PRIZECTL_ROSTER_CONNECT_TIMEOUT  "10"


/* libpq ends its messages by a newline, prizectl_error() adds one */

static int
prizectl_roster_error(const char *what, const char *text)
{
    size_t  len;

    len = strlen(text);

    while (len && isspace((unsigned char) text[len - 1])) {
        len--;
    }

    prizectl_error("%s: %.*s", what, (int) len, text);

    return -1;
}


/*
 * A function of the query may say something for each row: in one line, since
 * libpq puts details into lines of their own, and what is said once more, or
 * after some others, is only counted.
 */

static void
prizectl_roster_notice(void *data, const char *text)
{
    char               *line, *p;
    prizectl_roster_t  *roster = data;

    line = strdup(text);
    if (line == NULL) {
        roster->ncounted++;
        return;
    }

    for (p = strchr(line, '\n'); p; p = strchr(p, '\n')) {
        *p = ' ';
    }

    if (roster->nnotices == PRIZECTL_ROSTER_NOTICES
        || (roster->notice && strcmp(roster->notice, line) == 0))
    {
        roster->ncounted++;
        free(line);
        return;
    }

    free(roster->notice);
    roster->notice = line;
    roster->nnotices++;

    (void) prizectl_roster_error("PostgreSQL", line);
}


static int
prizectl_roster_connect(prizectl_roster_t *roster, const char *conninfo)
{
    /* what stands after "dbname" cannot be overridden by conninfo */

    const char *const  keywords[] = {
        "connect_timeout", "fallback_application_name", "dbname",
        "client_encoding", NULL
    };

    const char *const  values[] = {
        PRIZECTL_ROSTER_CONNECT_TIMEOUT, "prizectl", conninfo, "UTF8", NULL
    };

    roster->conn = PQconnectdbParams(keywords, values, 1);

    if (roster->conn == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    if (PQstatus(roster->conn) != CONNECTION_OK) {
        return prizectl_roster_error("cannot connect to PostgreSQL",
                                     PQerrorMessage(roster->conn));
    }

    (void) PQsetNoticeProcessor(roster->conn, prizectl_roster_notice,
                                roster);

    return 0;
}


/* takes the result; 0, or -1 after a message */

static int
prizectl_roster_done(prizectl_roster_t *roster, PGresult *result)
{
    int  rc;

    rc = 0;

    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        rc = prizectl_roster_error("PostgreSQL", PQerrorMessage(roster->conn));
    }

    PQclear(result);

    return rc;
}


/* the columns' names, with a comma between them, in one block */

static int
prizectl_roster_names(prizectl_roster_t *roster, const PGresult *description)
{
    int          i;
    char        *p;
    size_t       len;
    prize_str_t *name;

    len = 1;

    for (i = 0; i < roster->ncolumns; i++) {
        len += strlen(PQfname(description, i)) + 2;
    }

    roster->names = malloc(len);
    roster->columns = calloc(roster->ncolumns, sizeof(prize_column_t));

    if (roster->names == NULL || roster->columns == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    p = roster->names;

    for (i = 0; i < roster->ncolumns; i++) {

        if (i) {
            p = stpcpy(p, ", ");
        }

        name = &roster->columns[i].name;
        name->data = p;
        p = stpcpy(p, PQfname(description, i));
        name->len = p - name->data;
    }

    roster->record.columns = roster->columns;
    roster->record.ncolumns = roster->ncolumns;

    return 0;
}


static int
prizectl_roster_columns(prizectl_roster_t *roster)
{
    int                 i, j;
    const prize_str_t  *a, *b;

    roster->id_column = -1;

    for (i = 0; i < roster->ncolumns; i++) {
        a = &roster->columns[i].name;

        for (j = 0; j < i; j++) {
            b = &roster->columns[j].name;

            if (a->len == b->len && memcmp(a->data, b->data, a->len) == 0) {
                prizectl_error("the query has two columns of the name "
                               "\"%.*s\": %s", (int) a->len, a->data,
                               roster->names);
                return -1;
            }
        }

        if (a->len == 2 && memcmp(a->data, "id", 2) == 0) {
            roster->id_column = i;
        }
    }

    if (roster->id_column == -1) {
        prizectl_error("the query has no column \"id\", which says whose row "
                       "it is; its columns are: %s", roster->names);
        return -1;
    }

    return 0;
}


/* a statement that was prepared, but never run, tells its columns */

static int
prizectl_roster_describe(prizectl_roster_t *roster, const char *query)
{
    int        rc;
    PGresult  *description;

    if (prizectl_roster_done(roster, PQprepare(roster->conn, "", query, 0,
                                               NULL))
        == -1)
    {
        return -1;
    }

    rc = -1;
    description = PQdescribePrepared(roster->conn, "");
    roster->ncolumns = PQnfields(description);
    roster->nparams = PQnparams(description);

    if (PQresultStatus(description) != PGRES_COMMAND_OK) {
        prizectl_roster_error("PostgreSQL", PQerrorMessage(roster->conn));

    } else if (roster->only && roster->nparams > 1) {
        prizectl_error("the query takes %d parameters: want none, or "
                       "\"WHERE id = ANY($1)\"", roster->nparams);

    } else if (roster->only == NULL && roster->nparams) {
        prizectl_error("the query takes a parameter: the whole roster is "
                       "wanted here, without \"WHERE id = ANY($1)\"");

    } else if (roster->ncolumns == 0) {
        prizectl_error("the query returns no columns");

    } else if (prizectl_roster_names(roster, description) == 0) {
        rc = prizectl_roster_columns(roster);
    }

    PQclear(description);

    return rc;
}


/*
 * The server sorts, on its disk if need be, so that rows of one ID are
 * neighbours and nobody has to remember IDs.  Rows without an ID come first,
 * before anything is stored.
 */

int
prizectl_roster_start(prizectl_roster_t *roster)
{
    int          rc;
    char        *sorted, array[PRIZECTL_ID_LENGTH_MAX + 5];
    size_t       size;
    const char  *where, *params[1];

    static const char  format[] =
        "SELECT * FROM (%.*s\n) AS roster %s"
        "ORDER BY roster.id::text COLLATE \"C\" NULLS FIRST";
    static const char  only[] = "WHERE roster.id::text = ($1::text[])[1] ";

    where = roster->only && roster->nparams == 0 ? only : "";
    params[0] = array;

    /* an ID has no character that an array would take for one of its own */

    if (roster->only) {
        sprintf(array, "{\"%.*s\"}", (int) roster->only->len,
                roster->only->data);
    }

    size = sizeof(format) + sizeof(only) + roster->query.len;

    sorted = malloc(size);
    if (sorted == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    snprintf(sorted, size, format, (int) roster->query.len,
             roster->query.data, where);

    rc = 0;

    if (PQsendQueryParams(roster->conn, sorted, roster->only != NULL, NULL,
                          params, NULL, NULL, 0)
        != 1
        || PQsetSingleRowMode(roster->conn) != 1)
    {
        rc = prizectl_roster_error("PostgreSQL", PQerrorMessage(roster->conn));
    }

    free(sorted);

    return rc;
}


int
prizectl_roster_open(prizectl_roster_t *roster, const char *conninfo,
    const char *query, unsigned id_max_length, const prize_str_t *only)
{
    prize_str_t  *q;

    memset(roster, 0, sizeof(prizectl_roster_t));

    roster->id_max_length = id_max_length;
    roster->only = only;

    q = &roster->query;
    q->data = query;
    q->len = strlen(query);

    while (q->len && (isspace((unsigned char) query[q->len - 1])
                      || query[q->len - 1] == ';'))
    {
        q->len--;
    }

    /* a role's limit is made for lookups; PgBouncer lets LOCAL pass */

    if (prizectl_roster_connect(roster, conninfo) == -1
        || prizectl_roster_done(roster,
               PQexec(roster->conn, "BEGIN ISOLATION LEVEL REPEATABLE READ "
                                    "READ ONLY; "
                                    "SET LOCAL statement_timeout = 0"))
           == -1)
    {
        return -1;
    }

    return prizectl_roster_describe(roster, query);
}


void
prizectl_roster_close(prizectl_roster_t *roster)
{
    PQclear(roster->row);
    PQclear(roster->ahead);
    PQfinish(roster->conn);

    if (roster->ncounted) {
        prizectl_error("PostgreSQL: %llu further notices", roster->ncounted);
    }

    free(roster->notice);
    free(roster->names);
    free(roster->columns);
}


static int
prizectl_roster_wait(prizectl_roster_t *roster)
{
    int            rc;
    struct pollfd  pfd;

    while (PQisBusy(roster->conn)) {

        pfd.fd = PQsocket(roster->conn);
        pfd.events = POLLIN;

        rc = poll(&pfd, 1, PRIZECTL_ROSTER_WAIT);

        if (rc == 0 || (rc == -1 && errno == EINTR)) {
            return PRIZECTL_ROSTER_AGAIN;
        }

        if (rc == -1) {
            return prizectl_roster_error("poll() failed", strerror(errno));
        }

        if (PQconsumeInput(roster->conn) != 1) {
            return prizectl_roster_error("PostgreSQL",
                                         PQerrorMessage(roster->conn));
        }
    }

    return PRIZECTL_ROSTER_ROW;
}


/* a column's length in bytes, NULL as 0 */

static int
prizectl_roster_write_length(prizectl_roster_t *roster, FILE *sql,
    const prize_str_t *name)
{
    char  *quoted;

    quoted = PQescapeIdentifier(roster->conn, name->data, name->len);
    if (quoted == NULL) {
        return prizectl_roster_error("PostgreSQL",
                                     PQerrorMessage(roster->conn));
    }

    fprintf(sql, "coalesce(octet_length(roster.%s::text), 0)", quoted);

    PQfreemem(quoted);

    return 0;
}


/*
 * SELECT count(*), sum(bytes), count(*) FILTER (WHERE longest > 64)
 * FROM (SELECT a + b AS bytes, greatest(a, b) AS longest FROM (...)) ...
 */

static int
prizectl_roster_write_survey(prizectl_roster_t *roster, FILE *sql)
{
    int          i;
    const char  *between, *end;

    fprintf(sql, "SELECT count(*), coalesce(sum(bytes), 0), "
                 "count(*) FILTER (WHERE longest > %d) FROM (SELECT ",
            PRIZECTL_ROSTER_SHORT);

    between = "";
    end = "::bigint AS bytes, greatest(";

    for (i = 0; i < 2 * roster->ncolumns; i++) {

        if (i == roster->ncolumns) {
            fprintf(sql, "%s", end);
            between = "";
        }

        fprintf(sql, "%s", between);
        between = i < roster->ncolumns ? " + " : ", ";

        if (prizectl_roster_write_length(roster, sql,
                              &roster->columns[i % roster->ncolumns].name)
            == -1)
        {
            return -1;
        }
    }

    fprintf(sql, ") AS longest FROM (%.*s\n) AS roster) AS lengths",
            (int) roster->query.len, roster->query.data);

    return 0;
}


static char *
prizectl_roster_survey_sql(prizectl_roster_t *roster)
{
    int      rc;
    char    *text;
    FILE    *sql;
    size_t   size;

    text = NULL;

    sql = open_memstream(&text, &size);
    if (sql == NULL) {
        prizectl_error("out of memory");
        return NULL;
    }

    rc = prizectl_roster_write_survey(roster, sql);

    if (fclose(sql) != 0) {
        prizectl_error("out of memory");
        rc = -1;
    }

    if (rc == -1) {
        free(text);
        return NULL;
    }

    return text;
}


static int
prizectl_roster_survey_result(prizectl_roster_t *roster,
    prizectl_survey_t *survey, const PGresult *result)
{
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1) {
        return prizectl_roster_error("PostgreSQL",
                                     PQerrorMessage(roster->conn));
    }

    survey->nrows = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
    survey->nbytes = strtoull(PQgetvalue(result, 0, 1), NULL, 10);
    survey->nlong = strtoull(PQgetvalue(result, 0, 2), NULL, 10);

    return 0;
}


int
prizectl_roster_survey(prizectl_roster_t *roster, prizectl_survey_t *survey)
{
    int        rc;
    char      *sql;
    PGresult  *result;

    memset(survey, 0, sizeof(prizectl_survey_t));

    sql = prizectl_roster_survey_sql(roster);
    if (sql == NULL) {
        return -1;
    }

    rc = PQsendQuery(roster->conn, sql);

    free(sql);

    if (rc != 1) {
        return prizectl_roster_error("PostgreSQL",
                                     PQerrorMessage(roster->conn));
    }

    do {
        rc = prizectl_roster_wait(roster);

        if (prizectl_interrupted) {
            return 0;
        }
    } while (rc == PRIZECTL_ROSTER_AGAIN);

    if (rc == PRIZECTL_ROSTER_ERROR) {
        return -1;
    }

    /* the result, and then the NULL after which another query may begin */

    result = PQgetResult(roster->conn);
    rc = prizectl_roster_survey_result(roster, survey, result);
    PQclear(result);

    while ((result = PQgetResult(roster->conn)) != NULL) {
        PQclear(result);
    }

    return rc;
}


static int
prizectl_roster_fetch(prizectl_roster_t *roster, PGresult **result)
{
    int  rc;

    if (roster->ended) {
        return PRIZECTL_ROSTER_END;
    }

    rc = prizectl_roster_wait(roster);

    if (rc != PRIZECTL_ROSTER_ROW) {
        return rc;
    }

    *result = PQgetResult(roster->conn);

    switch (PQresultStatus(*result)) {

    case PGRES_SINGLE_TUPLE:
        roster->nrows++;
        return PRIZECTL_ROSTER_ROW;

    case PGRES_TUPLES_OK:
        PQclear(*result);
        roster->ended = 1;
        return PRIZECTL_ROSTER_END;

    default:
        PQclear(*result);
        return prizectl_roster_error("PostgreSQL",
                                     PQerrorMessage(roster->conn));
    }
}


static void
prizectl_roster_value(const PGresult *row, int column, prize_str_t *value)
{
    /* NULL is an empty string, as in the module */

    value->data = PQgetvalue(row, 0, column);
    value->len = PQgetlength(row, 0, column);
}


/* which row it is, by its other columns: it has no ID to name it by */

static int
prizectl_roster_no_id(prizectl_roster_t *roster, const PGresult *row)
{
    int          i;
    char         quoted[PRIZECTL_QUOTE_LEN];
    prize_str_t  value;

    for (i = 0; i < roster->ncolumns; i++) {
        prizectl_roster_value(row, i, &value);

        if (value.len) {
            prizectl_error("a row has no id: row %llu in the order of ids, "
                           "the one with \"%.*s\" %s", roster->nrows,
                           (int) roster->columns[i].name.len,
                           roster->columns[i].name.data,
                           prizectl_quote(quoted, value.data, value.len));
            return -1;
        }
    }

    prizectl_error("a row has no id: row %llu in the order of ids, all of "
                   "whose columns are empty", roster->nrows);

    return -1;
}


static int
prizectl_roster_check(prizectl_roster_t *roster, const PGresult *row)
{
    int          i;
    char         quoted[PRIZECTL_QUOTE_LEN];
    prize_str_t  id, value;

    prizectl_roster_value(row, roster->id_column, &id);

    if (id.len == 0) {
        return prizectl_roster_no_id(roster, row);
    }

    if (prizectl_id_check(&id, roster->id_max_length) == -1) {
        prizectl_error("no link can name the id %s of row %llu: want 1 to %u "
                       "of A-Z a-z 0-9 . _ @ -",
                       prizectl_quote(quoted, id.data, id.len), roster->nrows,
                       roster->id_max_length);
        return -1;
    }

    for (i = 0; i < roster->ncolumns; i++) {
        prizectl_roster_value(row, i, &value);

        if (value.len > PRIZE_FIELD_MAX) {
            prizectl_error("id \"%.*s\": column \"%.*s\" has %zu bytes, at "
                           "most %d fit into a record", (int) id.len, id.data,
                           (int) roster->columns[i].name.len,
                           roster->columns[i].name.data, value.len,
                           PRIZE_FIELD_MAX);
            return -1;
        }
    }

    return 0;
}


static int
prizectl_roster_same(const PGresult *one, const PGresult *two, int column)
{
    prize_str_t  a, b;

    prizectl_roster_value(one, column, &a);
    prizectl_roster_value(two, column, &b);

    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}


/* another row of the ID of the one ahead: it must not say anything else */

static int
prizectl_roster_compare(prizectl_roster_t *roster, const PGresult *row)
{
    int          i;
    char         a[PRIZECTL_QUOTE_LEN], b[PRIZECTL_QUOTE_LEN];
    prize_str_t  one, two;

    for (i = 0; i < roster->ncolumns; i++) {

        if (prizectl_roster_same(roster->ahead, row, i)) {
            continue;
        }

        prizectl_roster_value(roster->ahead, i, &one);
        prizectl_roster_value(row, i, &two);

        prizectl_error("two rows of the id \"%s\" differ: \"%.*s\" is %s in "
                       "one and %s in the other",
                       PQgetvalue(row, 0, roster->id_column),
                       (int) roster->columns[i].name.len,
                       roster->columns[i].name.data,
                       prizectl_quote(a, one.data, one.len),
                       prizectl_quote(b, two.data, two.len));
        return -1;
    }

    return 0;
}


static int
prizectl_roster_take(prizectl_roster_t *roster)
{
    int  i;

    roster->row = roster->ahead;
    roster->ahead = NULL;

    for (i = 0; i < roster->ncolumns; i++) {
        prizectl_roster_value(roster->row, i, &roster->columns[i].value);
    }

    roster->id = roster->columns[roster->id_column].value;

    return PRIZECTL_ROSTER_ROW;
}


int
prizectl_roster_next(prizectl_roster_t *roster)
{
    int        rc;
    PGresult  *result;

    PQclear(roster->row);
    roster->row = NULL;

    for ( ;; ) {

        rc = prizectl_roster_fetch(roster, &result);

        if (rc == PRIZECTL_ROSTER_END && roster->ahead) {
            return prizectl_roster_take(roster);
        }

        if (rc != PRIZECTL_ROSTER_ROW) {
            return rc;
        }

        if (prizectl_roster_check(roster, result) == -1) {
            PQclear(result);
            return PRIZECTL_ROSTER_ERROR;
        }

        if (roster->ahead == NULL) {
            roster->ahead = result;
            continue;
        }

        if (prizectl_roster_same(roster->ahead, result, roster->id_column)) {
            rc = prizectl_roster_compare(roster, result);
            PQclear(result);

            if (rc == -1) {
                return PRIZECTL_ROSTER_ERROR;
            }

            continue;
        }

        rc = prizectl_roster_take(roster);
        roster->ahead = result;

        return rc;
    }
}


int
prizectl_roster_none(void)
{
    prizectl_error("the query returned no rows; if that is right, say "
                   "--allow-empty");

    return -1;
}


PGresult *
prizectl_roster_keep(prizectl_roster_t *roster)
{
    PGresult  *row;

    row = roster->row;
    roster->row = NULL;

    return row;
}
