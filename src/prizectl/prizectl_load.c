
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_commands.h"
#include "prizectl_memory.h"
#include "prizectl_pipeline.h"
#include "prizectl_progress.h"
#include "prizectl_random.h"
#include "prizectl_scan.h"
#include "prizectl_stores.h"
#include "prizectl_stray.h"
#include "prizectl_time.h"


#define PRIZECTL_MIB  (1024 * 1024.0)


typedef struct {
    const prizectl_options_t  *options;
    prizectl_stores_t          stores;
    prizectl_memory_t          memory;      /* of all servers together */
    unsigned long long         need;        /* of it, an estimate */
    prizectl_survey_t          survey;
    prizectl_pipeline_t        pipeline;
    prizectl_stray_t           stray;
    prizectl_progress_t        progress;

    unsigned long long         nrows;       /* that were taken on */
    unsigned long long         removed;     /* by --prune */
    unsigned long long         random;
    double                     started;     /* seconds */
    double                     seconds;     /* for all rows */
    unsigned                   complete:1;  /* all rows are stored */
} prizectl_load_t;


/*
 * Records that are loaded together would otherwise expire together, and all
 * be asked of PostgreSQL in one second.
 */

static unsigned long long
prizectl_load_ttl(prizectl_load_t *load)
{
    unsigned long long  jitter;

    jitter = load->options->ttl * load->options->jitter / 100;

    return load->options->ttl + prizectl_random(&load->random) % (jitter + 1);
}


/* how many records of a node the new ones take the place of */

static int
prizectl_load_standing(prizectl_load_t *load, unsigned node,
    unsigned long long *standing)
{
    int              rc;
    prizectl_scan_t  scan;

    rc = 0;
    *standing = 0;

    prizectl_scan_init(&scan, &load->stores.route, &load->stores.key);
    scan.node = node;

    while (!prizectl_interrupted && (rc = prizectl_scan_next(&scan)) == 1
           && scan.node == node)
    {
        *standing += scan.nids;
    }

    prizectl_scan_destroy(&scan);

    return rc == -1 ? -1 : 0;
}


/* figures cost a run of the query */

static int
prizectl_load_survey(prizectl_load_t *load)
{
    if (load->survey.nrows) {
        return 0;
    }

    if (prizectl_roster_survey(&load->stores.roster, &load->survey) == -1) {
        return -1;
    }

    load->need = prizectl_memory_estimate(&load->stores.key,
                                          &load->stores.roster, &load->survey);
    return 0;
}


/* whether its share of the roster fits into a node */

static int
prizectl_load_look_node(prizectl_load_t *load, unsigned node, unsigned slots)
{
    double               share;
    prizectl_redis_t    *redis;
    prizectl_memory_t    memory;
    unsigned long long   standing;

    redis = load->stores.route.nodes[node];

    if (prizectl_memory_read(&memory, redis) == -1) {
        return -1;
    }

    prizectl_memory_add(&load->memory, &memory);

    if (memory.maxmemory == 0) {
        return 0;
    }

    if (prizectl_load_survey(load) == -1) {
        return -1;
    }

    share = (double) slots / PRIZE_SLOTS;

    if (load->options->force) {
        return 0;
    }

    if (prizectl_memory_check_policy(&memory, redis) == -1) {
        return -1;
    }

    if (load->need * share <= prizectl_memory_free(&memory)) {
        return 0;
    }

    if (prizectl_load_standing(load, node, &standing) == -1) {
        return -1;
    }

    return prizectl_memory_check_room(&memory, redis, load->need * share,
                                      load->survey.nrows * share, standing);
}


/*
 * Figures are asked for only where there is a limit, or somebody to see how
 * much is left to do.
 */

static int
prizectl_load_look(prizectl_load_t *load)
{
    unsigned  i, slots;

    for (i = 0; i < load->stores.route.n; i++) {
        slots = prizectl_route_slots(&load->stores.route, i);

        if (slots && prizectl_load_look_node(load, i, slots) == -1) {
            return -1;
        }
    }

    return load->options->dry_run || prizectl_progress_terminal()
           ? prizectl_load_survey(load) : 0;
}


static int
prizectl_load_open(prizectl_load_t *load)
{
    const prizectl_options_t  *options;

    options = load->options;

    if (prizectl_stores_open(&load->stores, options) == -1
        || prizectl_load_look(load) == -1
        || (options->prune
            && prizectl_stray_init(&load->stray, &load->stores.route,
                                   &load->stores.key)
               == -1)
        || prizectl_interrupted
        || prizectl_roster_start(&load->stores.roster) == -1)
    {
        return -1;
    }

    prizectl_pipeline_init(&load->pipeline, &load->stores.route,
                           options->dry_run);
    return 0;
}


static void
prizectl_load_progress(prizectl_load_t *load)
{
    prizectl_pipeline_t  *pipeline;

    pipeline = &load->pipeline;

    prizectl_progress(&load->progress,
                      load->options->dry_run
                      ? load->nrows : pipeline->stored + pipeline->others,
                      pipeline->others);
}


/* waits until the next record is due, while what is under way goes on */

static int
prizectl_load_pace(prizectl_load_t *load)
{
    double           wait;
    struct timespec  ts;

    while (load->options->rate && !prizectl_interrupted) {

        wait = load->progress.started
               + (double) load->nrows / load->options->rate
               - prizectl_time_now();

        if (wait <= 0) {
            break;
        }

        ts.tv_sec = 0;
        ts.tv_nsec = (wait < 0.01 ? wait : 0.01) * 1e9;

        if (prizectl_pipeline_turn(&load->pipeline) == -1) {
            return -1;
        }

        /* a signal ends it early, and that is right */

        (void) nanosleep(&ts, NULL);

        prizectl_load_progress(load);
    }

    return 0;
}


static int
prizectl_load_row(prizectl_load_t *load)
{
    prize_str_t  name;

    if (prizectl_pages_count(&load->stores.pages, &load->stores.roster.record)
        == -1)
    {
        return -1;
    }

    if (load->options->prune
        && prizectl_stray_expect(&load->stray, &load->stores.roster.id) == -1)
    {
        return -1;
    }

    if (!load->options->dry_run && prizectl_load_pace(load) == -1) {
        return -1;
    }

    prizectl_key_name(&load->stores.key, &load->stores.roster.id, &name);
    load->nrows++;

    return prizectl_pipeline_store(&load->pipeline, &name,
                                   &load->stores.roster.record,
                                   prizectl_load_ttl(load));
}


static int
prizectl_load_rows(prizectl_load_t *load)
{
    int  rc;

    prizectl_progress_start(&load->progress, "rows", load->survey.nrows);

    while (!prizectl_interrupted) {

        rc = prizectl_roster_next(&load->stores.roster);

        switch (rc) {

        case PRIZECTL_ROSTER_ROW:
            if (prizectl_load_row(load) == -1) {
                return -1;
            }

            break;

        case PRIZECTL_ROSTER_AGAIN:
            if (prizectl_pipeline_turn(&load->pipeline) == -1) {
                return -1;
            }

            break;

        default: /* PRIZECTL_ROSTER_END, PRIZECTL_ROSTER_ERROR */

            /* what is under way either way counts for how far it came */

            if (prizectl_pipeline_drain(&load->pipeline) == -1) {
                return -1;
            }

            load->complete = rc == PRIZECTL_ROSTER_END;

            return load->complete ? 0 : -1;
        }

        prizectl_load_progress(load);
    }

    return prizectl_pipeline_drain(&load->pipeline);
}


static int
prizectl_load_prune(prizectl_load_t *load)
{
    prizectl_stray_t  *stray;

    stray = &load->stray;

    if (prizectl_stray_find(stray) == -1) {
        return -1;
    }

    if (load->options->dry_run || prizectl_interrupted) {
        return 0;
    }

    if (stray->nstrays > stray->nrecords / 10 && !load->options->force) {
        prizectl_error("--prune: %llu of %llu records of \"%s\" have no row, "
                       "more than a tenth: none was removed; if that is "
                       "right, say --force", stray->nstrays, stray->nrecords,
                       load->stores.key.pattern);
        return -1;
    }

    return prizectl_stray_remove(stray, &load->removed);
}


/* keys that another program has were left alone: whose are they? */

static int
prizectl_load_others(prizectl_load_t *load)
{
    prizectl_error("%s: %llu of %llu keys hold no hash: take another --key, "
                   "or delete them", load->stores.route.url.text,
                   load->pipeline.others, load->nrows);

    if (load->options->prune) {
        prizectl_error("--prune: not all rows are stored: no record was "
                       "removed");
    }

    return -1;
}


static int
prizectl_load_run(prizectl_load_t *load)
{
    int  rc;

    rc = prizectl_load_rows(load);

    load->seconds = prizectl_time_now() - load->started;
    prizectl_progress_hide();

    if (rc == -1 || prizectl_interrupted) {
        return rc;
    }

    if (load->nrows == 0 && !load->options->allow_empty) {
        return prizectl_roster_none();
    }

    if (load->pipeline.others) {
        return prizectl_load_others(load);
    }

    return load->options->prune ? prizectl_load_prune(load) : 0;
}


static void
prizectl_load_print(const prizectl_load_t *load)
{
    double              rate;
    unsigned long long  nrows;

    nrows = load->nrows - load->pipeline.others;
    rate = load->seconds > 0 ? nrows / load->seconds : 0;

    printf("%s %llu rows in %.2f s (%.0f/s)\n",
           load->options->dry_run ? "would load" : "loaded", nrows,
           load->seconds, rate);

    prizectl_pages_report(&load->stores.pages, load->nrows);

    if (load->options->prune) {
        printf("%s %llu of %llu records\n",
               load->options->dry_run ? "would prune" : "pruned",
               load->options->dry_run ? load->stray.nstrays : load->removed,
               load->stray.nrecords);
    }

    if (load->options->dry_run && load->memory.known) {
        printf("memory: about %.1f MiB for all records; %.1f MiB used, "
               "maxmemory %.1f MiB%s, policy %s\n",
               load->need / PRIZECTL_MIB,
               load->memory.used / PRIZECTL_MIB,
               load->memory.maxmemory / PRIZECTL_MIB,
               load->memory.maxmemory ? "" : " (no limit)",
               load->memory.policy);
    }
}


static void
prizectl_load_json(const prizectl_load_t *load, const char *result)
{
    printf("{\"command\":\"load\",\"result\":\"%s\",\"dry_run\":%s,"
           "\"rows\":%llu,\"stored\":%llu,\"others\":%llu,\"seconds\":%.3f,"
           "\"rows_per_second\":%.0f,\"sections\":",
           result, load->options->dry_run ? "true" : "false", load->nrows,
           load->pipeline.stored, load->pipeline.others, load->seconds,
           load->seconds > 0 ? load->nrows / load->seconds : 0);

    prizectl_pages_json(&load->stores.pages);
    printf(",\"values\":");
    prizectl_pages_json_values(&load->stores.pages);

    if (load->options->prune) {
        printf(",\"records\":%llu,\"beyond\":%llu,\"pruned\":%llu",
               load->stray.nrecords, load->stray.nstrays, load->removed);
    }

    if (load->memory.known) {
        printf(",\"maxmemory\":%llu,\"used_memory\":%llu,"
               "\"maxmemory_policy\":", load->memory.maxmemory,
               load->memory.used);
        prizectl_json_string(load->memory.policy,
                             strlen(load->memory.policy));
    }

    if (load->survey.nrows) {
        printf(",\"estimated_memory\":%llu", load->need);
    }

    printf("}\n");
}


static int
prizectl_load_result(prizectl_load_t *load, int rc)
{
    int          code;
    const char  *result;

    code = prizectl_outcome(rc, !load->complete && load->progress.unit,
                            load->pipeline.stored, "rows", &result);

    if (load->options->json) {
        prizectl_load_json(load, result);

    } else if (load->complete
               && (load->nrows || load->options->allow_empty))
    {
        prizectl_load_print(load);
    }

    return code;
}


int
prizectl_load(const prizectl_options_t *options)
{
    int              rc;
    prizectl_load_t  load;

    memset(&load, 0, sizeof(prizectl_load_t));

    load.options = options;
    load.started = prizectl_time_now();
    load.random = prizectl_random_seed();

    rc = prizectl_load_open(&load);
    rc = prizectl_load_result(&load, rc == -1 ? -1 : prizectl_load_run(&load));

    prizectl_stray_destroy(&load.stray);
    prizectl_pipeline_destroy(&load.pipeline);
    prizectl_stores_close(&load.stores);

    return rc;
}
