
#include <stdlib.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_ask.h"
#include "prizectl_scan.h"


/* keys that Redis looks at for one answer: others wait for it meanwhile */
#define PRIZECTL_SCAN_COUNT  "1000"


void
prizectl_scan_init(prizectl_scan_t *scan, prizectl_route_t *route,
    const prizectl_key_t *key)
{
    memset(scan, 0, sizeof(prizectl_scan_t));

    scan->route = route;
    scan->key = key;

    strcpy(scan->cursor, "0");
}


static int
prizectl_scan_take(prizectl_scan_t *scan, const redisReply *keys)
{
    size_t        i;
    prize_str_t   name, *ids;

    if (keys->elements > scan->allocated) {
        ids = realloc(scan->ids, keys->elements * sizeof(prize_str_t));
        if (ids == NULL) {
            prizectl_error("out of memory");
            return -1;
        }

        scan->ids = ids;
        scan->allocated = keys->elements;
    }

    scan->nids = 0;

    for (i = 0; i < keys->elements; i++) {
        name.data = keys->element[i]->str;
        name.len = keys->element[i]->len;

        if (prizectl_key_owner(scan->key, &name, &scan->ids[scan->nids])
            == 0)
        {
            scan->nids++;

        } else {
            scan->nothers++;
        }
    }

    return 0;
}


/* a cursor, and names */

static int
prizectl_scan_reply(prizectl_scan_t *scan)
{
    size_t             i;
    prizectl_redis_t  *redis;
    const redisReply  *cursor, *keys;

    redis = scan->route->nodes[scan->node];

    if (prizectl_redis_refused(redis, "SCAN", scan->reply,
                               REDIS_REPLY_ARRAY)
        == -1)
    {
        return -1;
    }

    cursor = scan->reply->elements == 2 ? scan->reply->element[0] : NULL;
    keys = cursor ? scan->reply->element[1] : NULL;

    if (cursor == NULL || cursor->type != REDIS_REPLY_STRING
        || (size_t) cursor->len >= sizeof(scan->cursor)
        || keys->type != REDIS_REPLY_ARRAY)
    {
        prizectl_error("%s: SCAN: unexpected reply", redis->url);
        return -1;
    }

    for (i = 0; i < keys->elements; i++) {
        if (keys->element[i]->type != REDIS_REPLY_STRING) {
            prizectl_error("%s: SCAN: unexpected reply", redis->url);
            return -1;
        }
    }

    strcpy(scan->cursor, cursor->str);

    return prizectl_scan_take(scan, keys);
}


int
prizectl_scan_next(prizectl_scan_t *scan)
{
    const char  *argv[8];

    if (scan->started && strcmp(scan->cursor, "0") == 0) {
        scan->started = 0;
        scan->node++;
    }

    while (!scan->started && scan->node < scan->route->n
           && prizectl_route_slots(scan->route, scan->node) == 0)
    {
        scan->node++;
    }

    if (scan->node == scan->route->n) {
        return 0;
    }

    if (scan->reply) {
        freeReplyObject(scan->reply);
    }

    scan->started = 1;

    argv[0] = "SCAN";
    argv[1] = scan->cursor;
    argv[2] = "MATCH";
    argv[3] = scan->key->glob;
    argv[4] = "COUNT";
    argv[5] = PRIZECTL_SCAN_COUNT;
    argv[6] = "TYPE";
    argv[7] = "hash";

    scan->reply = prizectl_redis_ask(scan->route->nodes[scan->node], 8, argv,
                                     NULL);

    if (scan->reply == NULL || prizectl_scan_reply(scan) == -1) {
        return -1;
    }

    return 1;
}


void
prizectl_scan_destroy(prizectl_scan_t *scan)
{
    if (scan->reply) {
        freeReplyObject(scan->reply);
    }

    free(scan->ids);
}


typedef struct {
    prizectl_key_t      *key;
    const prize_str_t   *ids;
    unsigned long long  *removed;
} prizectl_scan_removal_t;


static void
prizectl_scan_remove_name(void *data, unsigned i, prize_str_t *name)
{
    prizectl_scan_removal_t  *removal = data;

    prizectl_key_name(removal->key, &removal->ids[i], name);
}


static int
prizectl_scan_remove_take(void *data, unsigned i, prizectl_redis_t *redis,
    redisReply **replies)
{
    prizectl_scan_removal_t  *removal = data;

    (void) i;

    if (prizectl_redis_refused(redis, "UNLINK", replies[0],
                               REDIS_REPLY_INTEGER)
        == -1)
    {
        return -1;
    }

    *removal->removed += replies[0]->integer;

    return 0;
}


/* one command a record: their replies come in one turn all the same */

int
prizectl_scan_remove(prizectl_route_t *route, prizectl_key_t *key,
    const prize_str_t *ids, unsigned nids, unsigned long long *removed)
{
    int                       rc;
    size_t                    lens[2];
    unsigned                  n;
    const char               *argv[2];
    prizectl_ask_t            ask;
    prizectl_scan_removal_t   removal;

    removal.key = key;
    removal.removed = removed;

    argv[0] = "UNLINK";
    lens[0] = 6;

    ask.route = route;
    ask.commands[0].argc = 2;
    ask.commands[0].argv = argv;
    ask.commands[0].lens = lens;
    ask.ncommands = 1;
    ask.data = &removal;
    ask.name = prizectl_scan_remove_name;
    ask.take = prizectl_scan_remove_take;

    for (rc = 0; nids && rc == 0; nids -= n, ids += n) {
        n = nids < PRIZECTL_ASK_KEYS ? nids : PRIZECTL_ASK_KEYS;
        removal.ids = ids;
        rc = prizectl_ask_keys(&ask, n);
    }

    return rc;
}
