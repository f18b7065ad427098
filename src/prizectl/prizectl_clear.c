
#include <stdio.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_key.h"
#include "prizectl_options.h"
#include "prizectl_progress.h"
#include "prizectl_redis.h"
#include "prizectl_scan.h"


typedef struct {
    const prizectl_options_t  *options;
    prizectl_key_t             key;
    prizectl_redis_t           redis;

    unsigned long long         nrecords;    /* that were found at first */
    unsigned long long         nothers;     /* names that no load has made */
    unsigned long long         removed;
} prizectl_clear_t;


static const char  prizectl_clear_help[] =
    "usage: prizectl clear --redis URL [OPTION]...\n"
    "\n"
    "Removes all records under the key pattern, after showing how many there\n"
    "are and asking.  What no load can have made, such as a hash named\n"
    "\"employee:7:visits\" or a key that holds no hash, is left alone.\n"
    "\n"
    "  --redis URL                 redis://[user@]host[:port][/db] or\n"
    "                              unix:/path[?db=N][&user=NAME]\n"
    "  --redis-password-file FILE  its first line; else the environment's\n"
    "                              REDISCLI_AUTH\n"
    "  --key PATTERN               a record's name (" PRIZECTL_KEY ")\n"
    "  --id-max-length N           as prize_id_max_length (64)\n"
    "  --yes                       do not ask\n"
    "  --json                      the result as one object\n"
    "  --help                      this text\n"
    "\n"
    "Exit code: 0 done, 1 failed, partly done or not confirmed, 2 usage, 130\n"
    "interrupted.\n";


/* counts the records, or removes them */

static int
prizectl_clear_scan(prizectl_clear_t *clear, int remove)
{
    int                   rc;
    long long             gone;
    prizectl_scan_t       scan;
    prizectl_progress_t   progress;
    unsigned long long   *n;

    n = remove ? &clear->removed : &clear->nrecords;
    rc = 0;

    prizectl_progress_start(&progress, remove ? "records removed"
                                              : "records found",
                            clear->nrecords);
    prizectl_scan_init(&scan, &clear->redis, &clear->key);

    while (!prizectl_interrupted && (rc = prizectl_scan_next(&scan)) == 1) {

        gone = scan.nids;

        if (remove) {
            gone = prizectl_scan_remove(&clear->redis, &clear->key, scan.ids,
                                        scan.nids);
            if (gone == -1) {
                rc = -1;
                break;
            }
        }

        *n += gone;
        prizectl_progress(&progress, *n, 0);
    }

    clear->nothers = scan.nothers;

    prizectl_scan_destroy(&scan);
    prizectl_progress_hide();

    return rc == -1 ? -1 : 0;
}


/* 0 if the answer is "yes" */

static int
prizectl_clear_confirm(const prizectl_clear_t *clear)
{
    char  answer[16];

    if (clear->options->yes) {
        return 0;
    }

    fprintf(stderr, "remove %llu records \"%s\" from %s? Write \"yes\": ",
            clear->nrecords, clear->key.pattern, clear->redis.url);

    if (fgets(answer, sizeof(answer), stdin)
        && strcmp(answer, "yes\n") == 0)
    {
        return 0;
    }

    if (!prizectl_interrupted) {
        prizectl_error("not confirmed: nothing was removed");
    }

    return -1;
}


static int
prizectl_clear_run(prizectl_clear_t *clear)
{
    const prizectl_options_t  *options;

    options = clear->options;

    if (prizectl_key_init(&clear->key, options->key, options->id_max_length)
        == -1
        || prizectl_redis_connect(&clear->redis, options->redis_password_file)
           == -1
        || prizectl_clear_scan(clear, 0) == -1)
    {
        return -1;
    }

    if (clear->nrecords == 0 || prizectl_interrupted) {
        return 0;
    }

    if (prizectl_clear_confirm(clear) == -1) {
        return -1;
    }

    return prizectl_clear_scan(clear, 1);
}


static int
prizectl_clear_result(const prizectl_clear_t *clear, int rc)
{
    int          code;
    const char  *result;

    code = prizectl_outcome(rc, &result);

    if (code == PRIZECTL_INTERRUPTED || (code && clear->removed)) {
        prizectl_error("%s after %llu of %llu records", result,
                       clear->removed, clear->nrecords);
    }

    if (clear->options->json) {
        printf("{\"command\":\"clear\",\"result\":\"%s\",\"records\":%llu,"
               "\"removed\":%llu,\"others\":%llu}\n", result,
               clear->nrecords, clear->removed, clear->nothers);

    } else if (code == PRIZECTL_DONE) {
        printf("removed %llu records\n", clear->removed);

        if (clear->nothers) {
            printf("left alone, since no load has made them: %llu\n",
                   clear->nothers);
        }
    }

    return prizectl_flush() == PRIZECTL_DONE ? code : PRIZECTL_FAILED;
}


int
prizectl_clear(int argc, char **argv)
{
    int                 rc;
    prizectl_clear_t    clear;
    prizectl_options_t  options;

    memset(&clear, 0, sizeof(prizectl_clear_t));

    clear.options = &options;

    rc = prizectl_options_begin(&options, PRIZECTL_COMMAND_CLEAR, argc, argv,
                                prizectl_clear_help, &clear.redis);

    if (rc == PRIZECTL_BEGUN) {
        rc = prizectl_clear_result(&clear, prizectl_clear_run(&clear));
    }

    prizectl_redis_destroy(&clear.redis);
    prizectl_key_destroy(&clear.key);
    prizectl_options_destroy(&options);

    return rc;
}
