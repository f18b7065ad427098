
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "prizectl.h"
#include "prizectl_options.h"
#include "prizectl_pipeline.h"
#include "prizectl_redis.h"
#include "prizectl_roster.h"


#define PRIZECTL_LOAD_REPORT  5     /* seconds */


typedef struct {
    const prizectl_options_t  *options;
    prizectl_roster_t          roster;
    prizectl_redis_t           redis;
    prizectl_pipeline_t        pipeline;

    char                      *key;         /* owned: the pattern's head, */
    size_t                     head;        /*   room for an ID and the tail */
    const char                *tail;

    unsigned long long         random;
    double                     started;     /* seconds */
    double                     reported;
} prizectl_load_t;


static const char  prizectl_load_help[] =
    "usage: prizectl load --postgres CONNINFO --query SQL --redis URL\n"
    "                     [OPTION]...\n"
    "\n"
    "Stores each row of the query as a Redis hash, one field for a column.\n"
    "The column \"id\" says whose row it is.  A record is replaced whole and\n"
    "never stands without its time to live.\n"
    "\n"
    "  --postgres CONNINFO         as libpq takes it: \"host=db dbname=hr\";\n"
    "                              a password by PGPASSFILE or ~/.pgpass\n"
    "  --query SQL                 \"SELECT id, name, prize FROM employee\"\n"
    "  --redis URL                 redis://[user@]host[:port][/db] or\n"
    "                              unix:/path[?db=N][&user=NAME]\n"
    "  --redis-password-file FILE  its first line; else the environment's\n"
    "                              REDISCLI_AUTH\n"
    "  --key PATTERN               a record's name (" PRIZECTL_KEY ")\n"
    "  --ttl TIME                  time to live: 48h, 1h30m or 500ms (48h)\n"
    "  --jitter PERCENT            lengthens each by up to so much (10%)\n"
    "  --id-max-length N           as prize_id_max_length (64)\n"
    "  --allow-empty               no rows are no error\n"
    "  --help                      this text\n"
    "\n"
    "Exit code: 0 done, 1 failed or partly done, 2 usage, 130 interrupted.\n"
    "A load that was cut off is completed by the same command.\n";


static int prizectl_load_print(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));


static double
prizectl_load_now(void)
{
    struct timespec  ts;

    if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1) {
        return 0;
    }

    return ts.tv_sec + ts.tv_nsec / 1e9;
}


static int
prizectl_load_print(const char *fmt, ...)
{
    int      rc;
    va_list  args;

    va_start(args, fmt);
    rc = vprintf(fmt, args);
    va_end(args);

    if (rc < 0 || fflush(stdout) != 0) {
        prizectl_error("cannot write to standard output: %s",
                       strerror(errno));
        return PRIZECTL_FAILED;
    }

    return PRIZECTL_DONE;
}


static int
prizectl_load_key_init(prizectl_load_t *load)
{
    const char  *pattern, *id;

    pattern = load->options->key;
    id = strstr(pattern, PRIZECTL_KEY_ID);

    load->head = id - pattern;
    load->tail = id + sizeof(PRIZECTL_KEY_ID) - 1;

    load->key = malloc(strlen(pattern) + load->options->id_max_length);
    if (load->key == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    memcpy(load->key, pattern, load->head);

    return 0;
}


static void
prizectl_load_key(prizectl_load_t *load, prize_str_t *key)
{
    size_t  len;

    len = load->head;

    memcpy(load->key + len, load->roster.id.data, load->roster.id.len);
    len += load->roster.id.len;

    strcpy(load->key + len, load->tail);

    key->data = load->key;
    key->len = len + strlen(load->tail);
}


/*
 * Records that are loaded together would otherwise expire together, and all
 * be asked of PostgreSQL in one second.
 */

static unsigned long long
prizectl_load_ttl(prizectl_load_t *load)
{
    unsigned long long  jitter;

    jitter = load->options->ttl * load->options->jitter / 100;

    /* xorshift64 */

    load->random ^= load->random << 13;
    load->random ^= load->random >> 7;
    load->random ^= load->random << 17;

    return load->options->ttl + load->random % (jitter + 1);
}


static void
prizectl_load_report(prizectl_load_t *load)
{
    double  now, seconds;

    now = prizectl_load_now();

    if (now - load->reported < PRIZECTL_LOAD_REPORT) {
        return;
    }

    load->reported = now;
    seconds = now - load->started;

    fprintf(stderr, "prizectl: %llu rows after %.0f s (%.0f/s)\n",
            load->pipeline.stored, seconds, load->pipeline.stored / seconds);
}


static int
prizectl_load_rows(prizectl_load_t *load)
{
    int          rc;
    prize_str_t  key;

    while (!prizectl_interrupted) {

        rc = prizectl_roster_next(&load->roster);

        switch (rc) {

        case PRIZECTL_ROSTER_ROW:
            prizectl_load_key(load, &key);

            if (prizectl_pipeline_store(&load->pipeline, &key,
                                        &load->roster.record,
                                        prizectl_load_ttl(load))
                == -1)
            {
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

            return rc == PRIZECTL_ROSTER_END ? 0 : -1;
        }

        prizectl_load_report(load);
    }

    return prizectl_pipeline_drain(&load->pipeline);
}


static int
prizectl_load_result(prizectl_load_t *load, int rc)
{
    double              seconds;
    unsigned long long  stored;

    stored = load->pipeline.stored;

    if (prizectl_interrupted) {
        prizectl_error("interrupted after %llu rows", stored);
        return PRIZECTL_INTERRUPTED;
    }

    if (rc == -1) {
        prizectl_error("failed after %llu rows", stored);
        return PRIZECTL_FAILED;
    }

    if (stored == 0 && !load->options->allow_empty) {
        prizectl_error("the query returned no rows; if that is right, say "
                       "--allow-empty");
        return PRIZECTL_FAILED;
    }

    seconds = prizectl_load_now() - load->started;

    return prizectl_load_print("loaded %llu rows in %.2f s (%.0f/s)\n", stored,
                               seconds, seconds > 0 ? stored / seconds : 0);
}


static int
prizectl_load_run(prizectl_load_t *load)
{
    const prizectl_options_t  *options;

    options = load->options;

    if (prizectl_load_key_init(load) == -1
        || prizectl_redis_connect(&load->redis, options->redis_password_file)
           == -1
        || prizectl_roster_open(&load->roster, options->postgres,
                                options->query, options->id_max_length)
           == -1
        || prizectl_pipeline_init(&load->pipeline, &load->redis,
                                  strlen(options->key)
                                  + options->id_max_length,
                                  load->roster.ncolumns)
           == -1)
    {
        return PRIZECTL_FAILED;
    }

    if (prizectl_catch_signals() == -1) {
        prizectl_error("sigaction() failed");
        return PRIZECTL_FAILED;
    }

    return prizectl_load_result(load, prizectl_load_rows(load));
}


int
prizectl_load(int argc, char **argv)
{
    int                 rc;
    prizectl_load_t     load;
    prizectl_options_t  options;

    if (prizectl_options(&options, argc, argv) == -1) {
        return PRIZECTL_USAGE;
    }

    if (options.help) {
        return prizectl_load_print("%s", prizectl_load_help);
    }

    /* a server that hangs up is an error of write(), not our end */

    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
        prizectl_error("signal() failed");
        return PRIZECTL_FAILED;
    }

    memset(&load, 0, sizeof(prizectl_load_t));

    load.options = &options;
    load.started = prizectl_load_now();
    load.reported = load.started;
    load.random = 1 + (unsigned long long) time(NULL) * getpid();

    rc = prizectl_redis_init(&load.redis, options.redis) == -1
         ? PRIZECTL_USAGE : prizectl_load_run(&load);

    prizectl_pipeline_destroy(&load.pipeline);
    prizectl_roster_close(&load.roster);
    prizectl_redis_destroy(&load.redis);
    free(load.key);

    return rc;
}
