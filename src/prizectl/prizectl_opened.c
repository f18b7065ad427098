
/* tdestroy() */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prizectl.h"
#include "prizectl_commands.h"
#include "prizectl_log.h"
#include "prizectl_progress.h"
#include "prizectl_sheet.h"


/* somebody who has opened the page */

typedef struct {
    time_t                     first;
    long                       zone;        /* seconds east of UTC */
    unsigned long long         times;
    unsigned                   known:1;     /* the roster has the ID */
    char                       id[];
} prizectl_opener_t;


typedef struct {
    const prizectl_options_t  *options;
    int                        roster;      /* its file */
    void                      *openers;     /* owned: by ID */
    unsigned long long         nopeners;
    unsigned long long         nknown;
    unsigned long long         nopened;     /* of the roster */
    unsigned long long         nrows;
    unsigned long long         nlines;
    prizectl_progress_t        progress;
    prizectl_log_t             log;
    prizectl_sheet_t           sheet;
} prizectl_opened_t;


static int
prizectl_opened_order(const void *one, const void *two)
{
    return strcmp(((const prizectl_opener_t *) one)->id,
                  ((const prizectl_opener_t *) two)->id);
}


/* the one with that ID, who is new if "add" is set; NULL if there is none */

static prizectl_opener_t *
prizectl_opened_find(prizectl_opened_t *opened, const prize_str_t *id, int add)
{
    prizectl_opener_t         *key, *opener;
    prizectl_opener_t *const  *found;

    key = calloc(1, sizeof(prizectl_opener_t) + id->len + 1);
    if (key == NULL) {
        return NULL;
    }

    memcpy(key->id, id->data, id->len);

    found = add ? tsearch(key, &opened->openers, prizectl_opened_order)
                : tfind(key, &opened->openers, prizectl_opened_order);
    opener = found ? *found : NULL;

    if (opener == key) {
        opened->nopeners++;
        return opener;
    }

    free(key);

    return opener;
}


static int
prizectl_opened_add(prizectl_opened_t *opened)
{
    prizectl_log_t     *log;
    prizectl_opener_t  *opener;

    log = &opened->log;

    opener = prizectl_opened_find(opened, &log->id, 1);
    if (opener == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    if (opener->times++ == 0 || log->time < opener->first) {
        opener->first = log->time;
        opener->zone = log->zone;
    }

    return 0;
}


static int
prizectl_opened_log(prizectl_opened_t *opened, const char *name)
{
    int              rc;
    prizectl_log_t  *log;

    log = &opened->log;
    log->path = opened->options->path;
    log->id_max_length = opened->options->id_max_length;

    rc = prizectl_log_open(log, name);

    while (rc != -1 && !prizectl_interrupted
           && (rc = prizectl_log_next(log)) == 1)
    {
        rc = prizectl_opened_add(opened);
        prizectl_progress(&opened->progress, opened->nlines + log->nlines, 0);
    }

    prizectl_log_close(log);
    opened->nlines += log->nlines;

    if (rc == -1 || prizectl_interrupted) {
        return -1;
    }

    if (log->nunread) {
        prizectl_error("log \"%s\": %llu of %llu lines are not in nginx' "
                       "format \"combined\"", name, log->nunread,
                       log->nlines);
    }

    return log->nlines && log->nunread == log->nlines ? -1 : 0;
}


static int
prizectl_opened_row(prizectl_opened_t *opened)
{
    long                first;
    char                moment[sizeof("2026-12-24T20:00:00")];
    struct tm           tm;
    time_t              local;
    prizectl_sheet_t   *sheet;
    prizectl_opener_t  *opener;

    sheet = &opened->sheet;
    opener = prizectl_opened_find(opened, &sheet->id, 0);

    opened->nrows++;
    (void) fwrite(sheet->csv.record.data, 1, sheet->csv.record.len, stdout);

    if (opener == NULL) {
        printf(",,0%s", sheet->eol);
        return 0;
    }

    opened->nopened++;
    opened->nknown += !opener->known;
    opener->known = 1;

    local = opener->first + opener->zone;
    first = labs(opener->zone) / 60;

    if (gmtime_r(&local, &tm) == NULL
        || strftime(moment, sizeof(moment), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
    {
        moment[0] = '\0';
    }

    printf(",%s%c%02ld:%02ld,%llu%s", moment, opener->zone < 0 ? '-' : '+',
           first / 60, first % 60, opener->times, sheet->eol);

    return 0;
}


static int
prizectl_opened_run(prizectl_opened_t *opened)
{
    int                        rc;
    unsigned                   i;
    const prizectl_options_t  *options;

    static const char *const  added[] = { "opened", "times", NULL };

    options = opened->options;

    opened->roster = open(options->roster, O_RDONLY|O_CLOEXEC);

    if (opened->roster == -1) {
        prizectl_error("cannot open roster \"%s\": %s", options->roster,
                       strerror(errno));
        return -1;
    }

    prizectl_progress_start(&opened->progress, "lines", 0);

    for (i = 0; i < options->noperands; i++) {
        if (prizectl_opened_log(opened, options->operands[i]) == -1) {
            return -1;
        }
    }

    rc = prizectl_sheet_open(&opened->sheet, opened->roster, options->roster,
                             options->id_column, options->id_max_length,
                             added);

    while (rc != -1 && !prizectl_interrupted
           && (rc = prizectl_sheet_next(&opened->sheet)) == 1)
    {
        rc = prizectl_opened_row(opened);
    }

    return rc;
}


static int
prizectl_opened_result(prizectl_opened_t *opened, int rc)
{
    int          code;
    const char  *result;

    if (prizectl_flush() != PRIZECTL_DONE) {
        rc = -1;
    }

    code = prizectl_outcome(rc, opened->nlines > 0, opened->nlines, "lines",
                            &result);

    if (code != PRIZECTL_DONE) {
        return code;
    }

    prizectl_error("%llu of %llu employees have opened the page",
                   opened->nopened, opened->nrows);

    if (opened->nknown < opened->nopeners) {
        prizectl_error("%llu IDs of the logs are not in the roster",
                       opened->nopeners - opened->nknown);
    }

    return code;
}


int
prizectl_opened(const prizectl_options_t *options)
{
    int                 rc;
    prizectl_opened_t  *opened;

    opened = calloc(1, sizeof(prizectl_opened_t));
    if (opened == NULL) {
        prizectl_error("out of memory");
        return PRIZECTL_FAILED;
    }

    opened->options = options;
    opened->roster = -1;

    rc = prizectl_opened_result(opened, prizectl_opened_run(opened));

    if (opened->roster != -1) {
        (void) close(opened->roster);
    }

    prizectl_sheet_close(&opened->sheet);
    tdestroy(opened->openers, free);
    free(opened);

    return rc;
}
