
#include <stdio.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_commands.h"
#include "prizectl_progress.h"
#include "prizectl_scan.h"
#include "prizectl_stores.h"


typedef struct {
    const prizectl_options_t  *options;
    prizectl_stores_t          stores;

    unsigned long long         nrecords;    /* that were found at first */
    unsigned long long         nothers;     /* names that no load has made */
    unsigned long long         removed;
} prizectl_clear_t;


/* counts the records, or removes them */

static int
prizectl_clear_scan(prizectl_clear_t *clear, int remove)
{
    int                   rc;
    prizectl_scan_t       scan;
    prizectl_progress_t   progress;
    unsigned long long   *n;

    n = remove ? &clear->removed : &clear->nrecords;
    rc = 0;

    prizectl_progress_start(&progress, remove ? "records removed"
                                              : "records found",
                            clear->nrecords);
    prizectl_scan_init(&scan, &clear->stores.route, &clear->stores.key);

    while (!prizectl_interrupted && (rc = prizectl_scan_next(&scan)) == 1) {

        if (!remove) {
            *n += scan.nids;

        } else if (prizectl_scan_remove(&clear->stores.route,
                                        &clear->stores.key, scan.ids,
                                        scan.nids, n)
                   == -1)
        {
            rc = -1;
            break;
        }

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
            clear->nrecords, clear->stores.key.pattern,
            clear->stores.route.url.text);

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
    if (prizectl_stores_open(&clear->stores, clear->options) == -1
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

    code = prizectl_outcome(rc, clear->removed > 0, clear->removed, "records",
                            &result);

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

    return code;
}


int
prizectl_clear(const prizectl_options_t *options)
{
    int               rc;
    prizectl_clear_t  clear;

    memset(&clear, 0, sizeof(prizectl_clear_t));

    clear.options = options;

    rc = prizectl_clear_result(&clear, prizectl_clear_run(&clear));

    prizectl_stores_close(&clear.stores);

    return rc;
}
