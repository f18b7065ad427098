
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "prizectl.h"
#include "prizectl_ask.h"
#include "prizectl_commands.h"
#include "prizectl_progress.h"
#include "prizectl_stores.h"
#include "prizectl_stray.h"
#include "prizectl_time.h"


/* rows that are compared in one turn: so many, or of so many bytes */
#define PRIZECTL_VERIFY_ROWS      256
#define PRIZECTL_VERIFY_BYTES     (1024 * 1024)

/* differences that are told one by one */
#define PRIZECTL_VERIFY_EXAMPLES  10

/* fields beyond the row's columns that are told by name */
#define PRIZECTL_VERIFY_EXTRA     32


typedef enum {
    PRIZECTL_RECORD_EQUAL = 0,
    PRIZECTL_RECORD_MISSING,
    PRIZECTL_RECORD_DIFFERENT
} prizectl_record_e;


typedef struct {
    const prizectl_options_t  *options;
    prizectl_stores_t          stores;
    prizectl_stray_t           stray;
    prizectl_progress_t        progress;

    prizectl_ask_t             ask;         /* HGETALL and PTTL */
    const char                *words[2][2];
    size_t                     lens[2][2];

    PGresult                  *rows[PRIZECTL_VERIFY_ROWS];
    unsigned                   n;
    size_t                     bytes;

    unsigned long long         nrows;
    unsigned long long         equal;
    unsigned long long         missing;
    unsigned long long         different;
    unsigned long long         endless;     /* without a time to live */
    unsigned long long         early;       /* end before --until */
    long long                  ttl;         /* the shortest, or -1 */
    unsigned long long         nexamples;

    unsigned long long        *columns;     /* owned: differ in it */
    prize_fields_t             extra;       /* fields that no row has */
    unsigned long long         nextra[PRIZECTL_VERIFY_EXTRA];
    unsigned long long         nothers;     /* of more names than that */

    double                     seconds;
    unsigned                   complete:1;
} prizectl_verify_t;


/* one line of the first differences, on standard output, without values */

static void
prizectl_verify_example(prizectl_verify_t *verify, const char *what,
    const prize_str_t *id, const char *fields)
{
    if (verify->options->json
        || verify->nexamples++ >= PRIZECTL_VERIFY_EXAMPLES)
    {
        return;
    }

    prizectl_progress_hide();

    printf("%s: %.*s%s\n", what, (int) id->len, id->data, fields);
}


static void
prizectl_verify_extra(prizectl_verify_t *verify, const redisReply *name)
{
    int  i;

    i = prize_fields_find(&verify->extra, name->str, name->len);

    if (i == PRIZE_FIELD_NOT_FOUND
        && verify->extra.n < PRIZECTL_VERIFY_EXTRA)
    {
        i = prize_fields_add(&verify->extra, name->str, name->len);
    }

    if (i < 0) {
        verify->nothers++;
        return;
    }

    verify->nextra[i]++;
}


/*
 * The value of a column in a reply of names and values, or NULL.  A load
 * writes the columns in their order, so the first guess is mostly right.
 */

static const redisReply *
prizectl_verify_find(const redisReply *record, const prize_str_t *name,
    size_t guess)
{
    size_t             i, n;
    const redisReply  *element;

    n = record->elements / 2;

    for (i = 0; i < n; i++) {
        element = record->element[2 * ((guess + i) % n)];

        if ((size_t) element->len == name->len
            && memcmp(element->str, name->data, name->len) == 0)
        {
            return record->element[2 * ((guess + i) % n) + 1];
        }
    }

    return NULL;
}


/* ", name", while there is room for it */

static void
prizectl_verify_name(char *fields, size_t size, const char *what,
    const char *name, size_t len)
{
    char    quoted[PRIZECTL_QUOTE_LEN];
    size_t  used;

    used = strlen(fields);

    snprintf(fields + used, size - used, "%s%s%s", used ? ", " : ": ", what,
             prizectl_quote(quoted, name, len));
}


/* what Redis has and the row has not */

static void
prizectl_verify_unknown(prizectl_verify_t *verify, const redisReply *record,
    char *fields, size_t size)
{
    size_t              i;
    unsigned            n;
    const redisReply   *element;
    const prize_str_t  *name;

    for (i = 0; i < record->elements; i += 2) {
        element = record->element[i];

        for (n = 0; n < verify->stores.roster.record.ncolumns; n++) {
            name = &verify->stores.roster.columns[n].name;

            if ((size_t) element->len == name->len
                && memcmp(element->str, name->data, name->len) == 0)
            {
                break;
            }
        }

        if (n == verify->stores.roster.record.ncolumns) {
            prizectl_verify_extra(verify, element);
            prizectl_verify_name(fields, size, "extra field ", element->str,
                                 element->len);
        }
    }
}


static prizectl_record_e
prizectl_verify_record(prizectl_verify_t *verify, const PGresult *row,
    const redisReply *record, char *fields, size_t size)
{
    int                 i, same;
    const prize_str_t  *name;
    const redisReply   *value;

    if (record->type != REDIS_REPLY_ARRAY) {
        snprintf(fields, size, ": no hash");
        return PRIZECTL_RECORD_DIFFERENT;
    }

    if (record->elements == 0) {
        return PRIZECTL_RECORD_MISSING;
    }

    same = 0;

    for (i = 0; i < verify->stores.roster.ncolumns; i++) {
        name = &verify->stores.roster.columns[i].name;
        value = prizectl_verify_find(record, name, i);

        if (value && (size_t) value->len == (size_t) PQgetlength(row, 0, i)
            && memcmp(value->str, PQgetvalue(row, 0, i), value->len) == 0)
        {
            same++;
            continue;
        }

        verify->columns[i]++;
        prizectl_verify_name(fields, size, value ? "" : "no field ",
                             name->data, name->len);
    }

    if (record->elements / 2 != (size_t) same) {
        prizectl_verify_unknown(verify, record, fields, size);
    }

    return fields[0] ? PRIZECTL_RECORD_DIFFERENT : PRIZECTL_RECORD_EQUAL;
}


static void
prizectl_verify_ttl(prizectl_verify_t *verify, const prize_str_t *id,
    long long ttl)
{
    struct timeval  now;

    /* -2: it has gone since, and is missing for who asks now */

    if (ttl == -1) {
        verify->endless++;
        prizectl_verify_example(verify, "without a time to live", id, "");
        return;
    }

    if (verify->ttl == -1 || ttl < verify->ttl) {
        verify->ttl = ttl < 0 ? 0 : ttl;
    }

    if (verify->options->until == 0) {
        return;
    }

    (void) gettimeofday(&now, NULL);

    if (now.tv_sec * 1000LL + now.tv_usec / 1000 + ttl
        < verify->options->until * 1000LL)
    {
        verify->early++;
        prizectl_verify_example(verify, "ends before --until", id, "");
    }
}


static void
prizectl_verify_name_key(void *data, unsigned i, prize_str_t *name)
{
    int                 column;
    prize_str_t         id;
    prizectl_verify_t  *verify = data;

    column = verify->stores.roster.id_column;

    id.data = PQgetvalue(verify->rows[i], 0, column);
    id.len = PQgetlength(verify->rows[i], 0, column);

    prizectl_key_name(&verify->stores.key, &id, name);
}


static int
prizectl_verify_take(void *data, unsigned i, prizectl_redis_t *redis,
    redisReply **replies)
{
    char                fields[512];
    PGresult           *row;
    prize_str_t         id;
    redisReply         *record, *ttl;
    prizectl_verify_t  *verify = data;

    row = verify->rows[i];
    record = replies[0];
    ttl = replies[1];

    if ((record->type != REDIS_REPLY_ERROR
         || strncmp(record->str, "WRONGTYPE", 9) != 0)
        && prizectl_redis_refused(redis, "HGETALL", record,
                                  REDIS_REPLY_ARRAY)
           == -1)
    {
        return -1;
    }

    if (prizectl_redis_refused(redis, "PTTL", ttl, REDIS_REPLY_INTEGER)
        == -1)
    {
        return -1;
    }

    id.data = PQgetvalue(row, 0, verify->stores.roster.id_column);
    id.len = PQgetlength(row, 0, verify->stores.roster.id_column);
    fields[0] = '\0';

    switch (prizectl_verify_record(verify, row, record, fields,
                                   sizeof(fields)))
    {
    case PRIZECTL_RECORD_EQUAL:
        verify->equal++;
        break;

    case PRIZECTL_RECORD_DIFFERENT:
        verify->different++;
        prizectl_verify_example(verify, "different", &id, fields);
        break;

    default: /* PRIZECTL_RECORD_MISSING */
        verify->missing++;
        prizectl_verify_example(verify, "missing", &id, "");
        return 0;
    }

    prizectl_verify_ttl(verify, &id, ttl->integer);

    return 0;
}


/* asks for the rows that were gathered, and lets go of them */

static int
prizectl_verify_turn(prizectl_verify_t *verify)
{
    int       rc;
    unsigned  i;

    rc = prizectl_ask_keys(&verify->ask, verify->n);

    for (i = 0; i < verify->n; i++) {
        PQclear(verify->rows[i]);
    }

    verify->n = 0;
    verify->bytes = 0;

    return rc;
}


static void
prizectl_verify_pace(prizectl_verify_t *verify)
{
    double           wait;
    struct timespec  ts;

    if (verify->options->rate == 0) {
        return;
    }

    wait = verify->progress.started
           + (double) verify->nrows / verify->options->rate
           - prizectl_time_now();

    if (wait > 0) {
        ts.tv_sec = wait;
        ts.tv_nsec = (wait - ts.tv_sec) * 1e9;

        (void) nanosleep(&ts, NULL);
    }
}


static int
prizectl_verify_gather(prizectl_verify_t *verify)
{
    unsigned               i;
    const prize_record_t  *record;

    record = &verify->stores.roster.record;

    if (prizectl_pages_count(&verify->stores.pages, record) == -1) {
        return -1;
    }

    if (prizectl_stray_expect(&verify->stray, &verify->stores.roster.id)
        == -1)
    {
        return -1;
    }

    for (i = 0; i < record->ncolumns; i++) {
        verify->bytes += record->columns[i].value.len;
    }

    verify->nrows++;
    verify->rows[verify->n++] = prizectl_roster_keep(&verify->stores.roster);

    if (verify->n < PRIZECTL_VERIFY_ROWS
        && verify->bytes < PRIZECTL_VERIFY_BYTES
        && (verify->options->rate == 0
            || verify->n < verify->options->rate / 10))
    {
        return 0;
    }

    prizectl_verify_pace(verify);

    return prizectl_verify_turn(verify);
}


static int
prizectl_verify_rows(prizectl_verify_t *verify)
{
    int  rc;

    while (!prizectl_interrupted) {

        rc = prizectl_roster_next(&verify->stores.roster);

        if (rc == PRIZECTL_ROSTER_ERROR) {
            return -1;
        }

        if (rc == PRIZECTL_ROSTER_END) {
            return prizectl_verify_turn(verify);
        }

        if (rc == PRIZECTL_ROSTER_ROW
            && prizectl_verify_gather(verify) == -1)
        {
            return -1;
        }

        prizectl_progress(&verify->progress, verify->nrows,
                          verify->missing + verify->different
                          + verify->endless + verify->early);
    }

    return 0;
}


/* what is asked of each row's record */

static void
prizectl_verify_prepare(prizectl_verify_t *verify)
{
    unsigned         i;
    prizectl_ask_t  *ask;

    ask = &verify->ask;

    verify->words[0][0] = "HGETALL";
    verify->words[1][0] = "PTTL";

    for (i = 0; i < 2; i++) {
        verify->lens[i][0] = strlen(verify->words[i][0]);

        ask->commands[i].argc = 2;
        ask->commands[i].argv = verify->words[i];
        ask->commands[i].lens = verify->lens[i];
    }

    ask->route = &verify->stores.route;
    ask->ncommands = 2;
    ask->data = verify;
    ask->name = prizectl_verify_name_key;
    ask->take = prizectl_verify_take;
}


static int
prizectl_verify_open(prizectl_verify_t *verify)
{
    prizectl_survey_t  survey;

    prizectl_verify_prepare(verify);

    if (prizectl_stores_open(&verify->stores, verify->options) == -1
        || prize_fields_init(&verify->extra) == -1
        || prizectl_stray_init(&verify->stray, &verify->stores.route,
                               &verify->stores.key)
           == -1)
    {
        return -1;
    }

    verify->columns = calloc(verify->stores.roster.ncolumns,
                             sizeof(unsigned long long));
    if (verify->columns == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    survey.nrows = 0;

    if (prizectl_progress_terminal()
        && prizectl_roster_survey(&verify->stores.roster, &survey) == -1)
    {
        return -1;
    }

    prizectl_progress_start(&verify->progress, "rows", survey.nrows);

    return prizectl_interrupted ? -1
           : prizectl_roster_start(&verify->stores.roster);
}


static int
prizectl_verify_strays(prizectl_verify_t *verify)
{
    prize_str_t  id;

    if (prizectl_stray_find(&verify->stray) == -1) {
        return -1;
    }

    while (verify->nexamples < PRIZECTL_VERIFY_EXAMPLES
           && !verify->options->json && !prizectl_interrupted
           && prizectl_stray_next(&verify->stray, &id) == 1)
    {
        prizectl_verify_example(verify, "beyond the roster", &id, "");
    }

    return 0;
}


static int
prizectl_verify_run(prizectl_verify_t *verify)
{
    double  started;

    started = prizectl_time_now();

    if (prizectl_verify_open(verify) == -1
        || prizectl_verify_rows(verify) == -1)
    {
        return -1;
    }

    if (verify->nrows == 0 && !verify->options->allow_empty
        && !prizectl_interrupted)
    {
        return prizectl_roster_none();
    }

    if (!prizectl_interrupted && prizectl_verify_strays(verify) == -1) {
        return -1;
    }

    verify->seconds = prizectl_time_now() - started;
    verify->complete = !prizectl_interrupted;

    return 0;
}


static void
prizectl_verify_print_fields(const prizectl_verify_t *verify)
{
    int       i;
    unsigned  n;
    char      quoted[PRIZECTL_QUOTE_LEN];

    const prize_str_t  *name;

    for (i = 0; i < verify->stores.roster.ncolumns; i++) {
        name = &verify->stores.roster.columns[i].name;

        if (verify->columns[i]) {
            printf("  %s differs in %llu\n",
                   prizectl_quote(quoted, name->data, name->len),
                   verify->columns[i]);
        }
    }

    for (n = 0; n < verify->extra.n; n++) {
        name = &verify->extra.list[n].name;

        if (verify->nextra[n]) {
            printf("  extra field %s in %llu\n",
                   prizectl_quote(quoted, name->data, name->len),
                   verify->nextra[n]);
        }
    }

    if (verify->nothers) {
        printf("  further extra fields: %llu\n", verify->nothers);
    }
}


static void
prizectl_verify_print(const prizectl_verify_t *verify)
{
    printf("compared %llu rows in %.2f s\n"
           "equal: %llu\n"
           "missing: %llu\n"
           "different: %llu\n", verify->nrows, verify->seconds, verify->equal,
           verify->missing, verify->different);

    prizectl_verify_print_fields(verify);

    printf("beyond the roster: %llu\n", verify->stray.nstrays);
    printf("without a time to live: %llu\n", verify->endless);

    if (verify->ttl >= 0) {
        printf("shortest time to live: %lld h %02lld min %02lld s\n",
               verify->ttl / 3600000, verify->ttl / 60000 % 60,
               verify->ttl / 1000 % 60);
    }

    if (verify->options->until) {
        printf("ends before --until: %llu\n", verify->early);
    }

    prizectl_pages_report(&verify->stores.pages, verify->nrows);
}


static void
prizectl_verify_json_fields(const prizectl_verify_t *verify)
{
    int          i;
    unsigned     n;
    const char  *comma;

    comma = "";
    printf(",\"fields\":{");

    for (i = 0; verify->columns && i < verify->stores.roster.ncolumns; i++) {
        if (verify->columns[i]) {
            printf("%s", comma);
            prizectl_json_string(verify->stores.roster.columns[i].name.data,
                                 verify->stores.roster.columns[i].name.len);
            printf(":%llu", verify->columns[i]);
            comma = ",";
        }
    }

    comma = "";
    printf("},\"extra_fields\":{");

    for (n = 0; n < verify->extra.n; n++) {
        if (verify->nextra[n]) {
            printf("%s", comma);
            prizectl_json_string(verify->extra.list[n].name.data,
                                 verify->extra.list[n].name.len);
            printf(":%llu", verify->nextra[n]);
            comma = ",";
        }
    }

    printf("},\"further_extra_fields\":%llu", verify->nothers);
}


static void
prizectl_verify_json(const prizectl_verify_t *verify, const char *result)
{
    printf("{\"command\":\"verify\",\"result\":\"%s\",\"rows\":%llu,"
           "\"equal\":%llu,\"missing\":%llu,\"different\":%llu,"
           "\"beyond\":%llu,\"without_ttl\":%llu",
           result, verify->nrows, verify->equal, verify->missing,
           verify->different, verify->stray.nstrays, verify->endless);

    if (verify->ttl >= 0) {
        printf(",\"shortest_ttl_ms\":%lld", verify->ttl);
    }

    if (verify->options->until) {
        printf(",\"before_until\":%llu", verify->early);
    }

    prizectl_verify_json_fields(verify);

    printf(",\"seconds\":%.3f,\"sections\":", verify->seconds);
    prizectl_pages_json(&verify->stores.pages);
    printf("}\n");
}


static int
prizectl_verify_result(prizectl_verify_t *verify, int rc)
{
    int          code;
    const char  *result;

    code = prizectl_outcome(rc, !verify->complete && verify->nrows,
                            verify->nrows, "rows", &result);

    if (code == PRIZECTL_DONE) {
        result = "equal";

        if (verify->missing || verify->different || verify->stray.nstrays
            || verify->endless || verify->early)
        {
            code = PRIZECTL_DIFFERENT;
            result = "different";
        }
    }

    if (verify->options->json) {
        prizectl_verify_json(verify, result);

    } else if (verify->complete) {
        prizectl_verify_print(verify);
    }

    return code;
}


static void
prizectl_verify_destroy(prizectl_verify_t *verify)
{
    unsigned  i;

    for (i = 0; i < verify->n; i++) {
        PQclear(verify->rows[i]);
    }

    prizectl_stray_destroy(&verify->stray);
    prizectl_stores_close(&verify->stores);
    prize_fields_destroy(&verify->extra);
    free(verify->columns);
}


int
prizectl_verify(const prizectl_options_t *options)
{
    int                rc;
    prizectl_verify_t  verify;

    memset(&verify, 0, sizeof(prizectl_verify_t));

    verify.options = options;
    verify.ttl = -1;

    rc = prizectl_verify_result(&verify, prizectl_verify_run(&verify));

    prizectl_verify_destroy(&verify);

    return rc;
}
