
#include <stdlib.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_scan.h"


/* keys that Redis looks at for one answer: others wait for it meanwhile */
#define PRIZECTL_SCAN_COUNT  "1000"


void
prizectl_scan_init(prizectl_scan_t *scan, prizectl_redis_t *redis,
    const prizectl_key_t *key)
{
    memset(scan, 0, sizeof(prizectl_scan_t));

    scan->redis = redis;
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
    const redisReply  *cursor, *keys;

    if (prizectl_redis_refused(scan->redis, "SCAN", scan->reply,
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
        prizectl_error("%s: SCAN: unexpected reply", scan->redis->url);
        return -1;
    }

    for (i = 0; i < keys->elements; i++) {
        if (keys->element[i]->type != REDIS_REPLY_STRING) {
            prizectl_error("%s: SCAN: unexpected reply", scan->redis->url);
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

    scan->reply = prizectl_redis_ask(scan->redis, 8, argv, NULL);

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


/* one command a record: their replies come in one turn all the same */

long long
prizectl_scan_remove(prizectl_redis_t *redis, prizectl_key_t *key,
    const prize_str_t *ids, unsigned nids)
{
    int          rc;
    size_t       lens[2];
    unsigned     i;
    long long    removed;
    const char  *argv[2];
    redisReply  *reply;
    prize_str_t  name;

    argv[0] = "UNLINK";
    lens[0] = 6;

    for (i = 0; i < nids; i++) {
        prizectl_key_name(key, &ids[i], &name);

        argv[1] = name.data;
        lens[1] = name.len;

        if (prizectl_redis_append(redis, 2, argv, lens) == -1) {
            return -1;
        }
    }

    removed = 0;

    for (i = 0; i < nids; i++) {

        reply = prizectl_redis_reply(redis, "UNLINK");
        if (reply == NULL) {
            return -1;
        }

        rc = prizectl_redis_refused(redis, "UNLINK", reply,
                                    REDIS_REPLY_INTEGER);
        removed += rc == 0 ? reply->integer : 0;

        freeReplyObject(reply);

        if (rc == -1) {
            return -1;
        }
    }

    return removed;
}
