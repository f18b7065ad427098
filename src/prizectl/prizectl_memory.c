
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_memory.h"


#define PRIZECTL_MIB  (1024 * 1024.0)

/*
 * What Redis 6 and 7 take on a 64-bit machine, by their allocator's sizes:
 * for a key, its entry in the table of keys and in that of expiry times, its
 * slots in both, which are doubled as they grow, and its object; for a hash
 * as a list, each string's length and the list's head; for a hash as a table,
 * an entry and a slot for each field, and two strings.
 */

#define PRIZECTL_MEMORY_KEY          160
#define PRIZECTL_MEMORY_LIST         16
#define PRIZECTL_MEMORY_LIST_STRING  3
#define PRIZECTL_MEMORY_TABLE        160
#define PRIZECTL_MEMORY_TABLE_FIELD  88

/* a hash of more fields, or of a longer value, is a table */
#define PRIZECTL_MEMORY_LIST_FIELDS  128


static const char *
prizectl_memory_find(const char *info, const char *name)
{
    const char  *line;
    size_t       len;

    len = strlen(name);

    for (line = info; line; line = strchr(line, '\n')) {
        line += *line == '\n';

        if (strncmp(line, name, len) == 0 && line[len] == ':') {
            return line + len + 1;
        }
    }

    return NULL;
}


/* what is not told stays unknown */

static void
prizectl_memory_parse(prizectl_memory_t *memory, const char *info)
{
    const char  *used, *max, *policy;

    used = prizectl_memory_find(info, "used_memory");
    max = prizectl_memory_find(info, "maxmemory");
    policy = prizectl_memory_find(info, "maxmemory_policy");

    if (used == NULL || max == NULL || policy == NULL) {
        return;
    }

    snprintf(memory->policy, sizeof(memory->policy), "%.*s",
             (int) strcspn(policy, "\r\n"), policy);

    memory->used = strtoull(used, NULL, 10);
    memory->maxmemory = strtoull(max, NULL, 10);
    memory->known = 1;
}


int
prizectl_memory_read(prizectl_memory_t *memory, prizectl_redis_t *redis)
{
    int          rc;
    redisReply  *reply;
    const char  *why;

    static const char  *info[] = { "INFO", "memory" };

    memset(memory, 0, sizeof(prizectl_memory_t));
    memory->n = 1;

    reply = prizectl_redis_ask(redis, 2, info, NULL);
    if (reply == NULL) {
        return -1;
    }

    rc = 0;
    why = "it tells no maxmemory";

    if (reply->type == REDIS_REPLY_ERROR) {
        why = reply->str;

    } else if (reply->type == REDIS_REPLY_STRING) {
        prizectl_memory_parse(memory, reply->str);

    } else {
        rc = prizectl_redis_refused(redis, info[0], reply,
                                    REDIS_REPLY_STRING);
    }

    if (rc == 0 && !memory->known) {
        prizectl_error("%s: cannot tell whether the roster fits: INFO: %s",
                       redis->url, why);
    }

    freeReplyObject(reply);

    return rc;
}


void
prizectl_memory_add(prizectl_memory_t *sum, const prizectl_memory_t *memory)
{
    if (sum->n++ == 0) {
        *sum = *memory;
        return;
    }

    if (strcmp(sum->policy, "noeviction") == 0) {
        memcpy(sum->policy, memory->policy, sizeof(sum->policy));
    }

    sum->maxmemory = sum->maxmemory && memory->maxmemory
                     ? sum->maxmemory + memory->maxmemory : 0;
    sum->used += memory->used;
    sum->known &= memory->known;
}


unsigned long long
prizectl_memory_estimate(const prizectl_key_t *key,
    const prizectl_roster_t *roster, const prizectl_survey_t *survey)
{
    int                  i;
    unsigned long long   n, names, list, table, nlong, need;

    n = roster->ncolumns;
    names = 0;

    for (i = 0; i < roster->ncolumns; i++) {
        names += roster->columns[i].name.len;
    }

    list = PRIZECTL_MEMORY_LIST + names + 2 * n * PRIZECTL_MEMORY_LIST_STRING;
    table = PRIZECTL_MEMORY_TABLE + names + n * PRIZECTL_MEMORY_TABLE_FIELD;

    nlong = n > PRIZECTL_MEMORY_LIST_FIELDS ? survey->nrows : survey->nlong;

    need = survey->nbytes
           + survey->nrows * (PRIZECTL_MEMORY_KEY + prizectl_key_max(key)
                              - key->id_max_length)
           + (survey->nrows - nlong) * list
           + nlong * table;

    /* sizes are rounded up, by an eighth on average */

    return need + need / 8;
}


int
prizectl_memory_check_policy(const prizectl_memory_t *memory,
    const prizectl_redis_t *redis)
{
    if (memory->maxmemory == 0 || strcmp(memory->policy, "noeviction") == 0) {
        return 0;
    }

    prizectl_error("%s: records could be evicted: maxmemory is %.1f MiB, of "
                   "which %.1f MiB are used, and the policy is %s; say "
                   "\"CONFIG SET maxmemory-policy noeviction\" there, or "
                   "--force", redis->url, memory->maxmemory / PRIZECTL_MIB,
                   memory->used / PRIZECTL_MIB, memory->policy);

    return -1;
}


unsigned long long
prizectl_memory_free(const prizectl_memory_t *memory)
{
    return memory->maxmemory > memory->used
           ? memory->maxmemory - memory->used : 0;
}


int
prizectl_memory_check_room(const prizectl_memory_t *memory,
    const prizectl_redis_t *redis, double need, unsigned long long nrows,
    unsigned long long standing)
{
    if (standing >= nrows) {
        need = 0;

    } else if (standing) {
        need -= need * standing / nrows;
    }

    if (memory->maxmemory == 0 || need <= prizectl_memory_free(memory)) {
        return 0;
    }

    prizectl_error("%s: the roster does not fit: %llu records, %llu of which "
                   "are there, need about %.1f MiB more, and of a maxmemory "
                   "of %.1f MiB %.1f MiB are free; raise it, or say --force",
                   redis->url, nrows, standing, need / PRIZECTL_MIB,
                   memory->maxmemory / PRIZECTL_MIB,
                   prizectl_memory_free(memory) / PRIZECTL_MIB);

    return -1;
}
