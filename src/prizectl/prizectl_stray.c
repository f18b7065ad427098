
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_scan.h"
#include "prizectl_stray.h"


#define PRIZECTL_STRAY_BLOCK   (4 * 1024 * 1024)
#define PRIZECTL_STRAY_IDS     (256 * 1024)

#define PRIZECTL_STRAY_REMOVE  500      /* in one turn */

/* an ID, its newline and a NUL */
#define PRIZECTL_STRAY_LINE    (PRIZECTL_ID_LENGTH_MAX + 2)


static int
prizectl_stray_file_error(const char *what)
{
    prizectl_error("cannot %s a temporary file: %s", what, strerror(errno));

    return -1;
}


int
prizectl_stray_init(prizectl_stray_t *stray, prizectl_route_t *route,
    prizectl_key_t *key)
{
    memset(stray, 0, sizeof(prizectl_stray_t));

    stray->route = route;
    stray->key = key;

    stray->block = malloc(PRIZECTL_STRAY_BLOCK);
    stray->ids = malloc(PRIZECTL_STRAY_IDS * sizeof(char *));

    if (stray->block == NULL || stray->ids == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    stray->roster = tmpfile();
    stray->found = tmpfile();

    if (stray->roster == NULL || stray->found == NULL) {
        return prizectl_stray_file_error("make");
    }

    return 0;
}


void
prizectl_stray_destroy(prizectl_stray_t *stray)
{
    if (stray->roster) {
        (void) fclose(stray->roster);
    }

    if (stray->found) {
        (void) fclose(stray->found);
    }

    free(stray->block);
    free(stray->ids);
}


static int
prizectl_stray_write(FILE *file, const char *id, size_t len)
{
    if (fwrite(id, 1, len, file) != len || putc('\n', file) == EOF) {
        return prizectl_stray_file_error("write");
    }

    return 0;
}


/* the next line without its newline; 1, 0 at the end, or -1 */

static int
prizectl_stray_read(FILE *file, char line[PRIZECTL_STRAY_LINE])
{
    if (fgets(line, PRIZECTL_STRAY_LINE, file) == NULL) {
        return ferror(file) ? prizectl_stray_file_error("read") : 0;
    }

    line[strcspn(line, "\n")] = '\0';

    return 1;
}


int
prizectl_stray_expect(prizectl_stray_t *stray, const prize_str_t *id)
{
    return prizectl_stray_write(stray->roster, id->data, id->len);
}


static int
prizectl_stray_compare(const void *one, const void *two)
{
    return strcmp(*(char *const *) one, *(char *const *) two);
}


/* an ID that comes twice in the block counts once */

static int
prizectl_stray_merge(prizectl_stray_t *stray)
{
    int          rc, order;
    char         line[PRIZECTL_STRAY_LINE];
    unsigned     i;
    const char  *id;

    qsort(stray->ids, stray->nids, sizeof(char *), prizectl_stray_compare);

    if (fflush(stray->roster) != 0) {
        return prizectl_stray_file_error("write");
    }

    rewind(stray->roster);
    rc = prizectl_stray_read(stray->roster, line);

    for (i = 0; i < stray->nids && rc != -1; i++) {
        id = stray->ids[i];

        if (i && strcmp(id, stray->ids[i - 1]) == 0) {
            continue;
        }

        order = 1;

        while (rc == 1 && (order = strcmp(id, line)) > 0) {
            rc = prizectl_stray_read(stray->roster, line);
        }

        stray->nrecords++;

        if (rc == 1 && order == 0) {
            continue;
        }

        stray->nstrays++;

        if (prizectl_stray_write(stray->found, id, strlen(id)) == -1) {
            return -1;
        }
    }

    stray->nids = 0;
    stray->used = 0;

    return rc == -1 ? -1 : 0;
}


static int
prizectl_stray_add(prizectl_stray_t *stray, const prize_str_t *id)
{
    if (stray->nids == PRIZECTL_STRAY_IDS
        || stray->used + id->len + 1 > PRIZECTL_STRAY_BLOCK)
    {
        if (prizectl_stray_merge(stray) == -1) {
            return -1;
        }
    }

    stray->ids[stray->nids] = stray->block + stray->used;

    memcpy(stray->ids[stray->nids], id->data, id->len);
    stray->ids[stray->nids][id->len] = '\0';

    stray->nids++;
    stray->used += id->len + 1;

    return 0;
}


int
prizectl_stray_find(prizectl_stray_t *stray)
{
    int                   rc;
    unsigned              i;
    prizectl_scan_t       scan;
    unsigned long long    nkeys;
    prizectl_progress_t   progress;

    rc = 0;
    nkeys = 0;

    prizectl_progress_start(&progress, "records compared", 0);
    prizectl_scan_init(&scan, stray->route, stray->key);

    while (!prizectl_interrupted && (rc = prizectl_scan_next(&scan)) == 1) {

        for (i = 0; i < scan.nids && rc != -1; i++) {
            rc = prizectl_stray_add(stray, &scan.ids[i]);
        }

        if (rc == -1) {
            break;
        }

        nkeys += scan.nids;
        prizectl_progress(&progress, nkeys, stray->nstrays);
    }

    prizectl_scan_destroy(&scan);
    prizectl_progress_hide();

    if (prizectl_interrupted) {
        return 0;
    }

    if (rc == -1 || prizectl_stray_merge(stray) == -1) {
        return -1;
    }

    if (fflush(stray->found) != 0) {
        return prizectl_stray_file_error("write");
    }

    rewind(stray->found);

    return 0;
}


int
prizectl_stray_next(prizectl_stray_t *stray, prize_str_t *id)
{
    int  rc;

    /* the block is of no other use once all are found */

    rc = prizectl_stray_read(stray->found, stray->block + stray->used);

    id->data = stray->block + stray->used;
    id->len = rc == 1 ? strlen(id->data) : 0;

    return rc;
}


int
prizectl_stray_remove(prizectl_stray_t *stray, unsigned long long *removed)
{
    int           rc;
    unsigned      n;
    prize_str_t   ids[PRIZECTL_STRAY_REMOVE];

    *removed = 0;

    do {
        stray->used = 0;
        rc = 1;

        for (n = 0; n < PRIZECTL_STRAY_REMOVE && rc == 1; n += rc == 1) {
            rc = prizectl_stray_next(stray, &ids[n]);
            stray->used += ids[n].len + 1;
        }

        if (rc == -1) {
            return -1;
        }

        if (prizectl_scan_remove(stray->route, stray->key, ids, n, removed)
            == -1)
        {
            return -1;
        }

    } while (rc == 1 && !prizectl_interrupted);

    return 0;
}
