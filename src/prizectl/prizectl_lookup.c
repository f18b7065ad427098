
#include <stdlib.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_ask.h"
#include "prizectl_lookup.h"


typedef enum {
    PRIZECTL_LOOKUP_ERROR = -1,     /* after a message, as are the others */
    PRIZECTL_LOOKUP_FOUND,
    PRIZECTL_LOOKUP_STALE,          /* a field is missing, and empty */
    PRIZECTL_LOOKUP_NONE
} prizectl_lookup_e;


static void
prizectl_lookup_name(void *data, unsigned i, prize_str_t *name)
{
    prizectl_lookup_t  *lookup = data;

    (void) i;

    *name = lookup->name;
}


static int
prizectl_lookup_take(void *data, unsigned i, prizectl_redis_t *redis,
    redisReply **replies)
{
    prizectl_lookup_t  *lookup = data;

    (void) i;

    lookup->redis = redis;
    lookup->reply = replies[0];
    replies[0] = NULL;

    return 0;
}


/* HMGET of all fields, as the module asks */

static int
prizectl_lookup_ask(prizectl_lookup_t *lookup)
{
    int                      rc;
    unsigned                 i;
    prizectl_ask_t           ask;
    const prize_fields_t    *fields;
    prizectl_ask_command_t  *command;

    fields = &lookup->pages->fields;

    ask.route = &lookup->route;
    ask.ncommands = 1;
    ask.data = lookup;
    ask.name = prizectl_lookup_name;
    ask.take = prizectl_lookup_take;

    command = &ask.commands[0];
    command->argc = fields->n + 2;
    command->argv = calloc(command->argc, sizeof(char *));
    command->lens = calloc(command->argc, sizeof(size_t));

    if (command->argv == NULL || command->lens == NULL) {
        prizectl_error("out of memory");
        rc = -1;

    } else {
        command->argv[0] = "HMGET";
        command->lens[0] = 5;

        for (i = 0; i < fields->n; i++) {
            command->argv[i + 2] = fields->list[i].name.data;
            command->lens[i + 2] = fields->list[i].name.len;
        }

        rc = prizectl_ask_keys(&ask, 1);
    }

    free(command->argv);
    free(command->lens);

    return rc;
}


static prizectl_lookup_e
prizectl_lookup_refused(prizectl_lookup_t *lookup, const char *key)
{
    if (lookup->reply->type == REDIS_REPLY_ERROR
        && strncmp(lookup->reply->str, "WRONGTYPE", 9) == 0)
    {
        prizectl_error("%s: key %s holds no hash, as \"prizectl load\" writes",
                       lookup->redis->url, key);

    } else {
        (void) prizectl_redis_refused(lookup->redis, "HMGET", lookup->reply,
                                      REDIS_REPLY_ARRAY);
    }

    return PRIZECTL_LOOKUP_ERROR;
}


/* an "id" that is another's must never be shown */

static prizectl_lookup_e
prizectl_lookup_owner(prizectl_lookup_t *lookup, const char *key)
{
    char          quoted[PRIZECTL_QUOTE_LEN];
    prize_str_t  *owner;

    owner = &lookup->values[PRIZE_FIELD_ID];

    if (owner->data == NULL) {
        prizectl_error("%s: no record at key %s", lookup->redis->url, key);
        return PRIZECTL_LOOKUP_NONE;
    }

    if (owner->len == lookup->id.len
        && memcmp(owner->data, lookup->id.data, owner->len) == 0)
    {
        return PRIZECTL_LOOKUP_FOUND;
    }

    prizectl_error("%s: the record at key %s is of another owner, with the id "
                   "%s", lookup->redis->url, key,
                   prizectl_quote(quoted, owner->data, owner->len));

    return PRIZECTL_LOOKUP_ERROR;
}


static prizectl_lookup_e
prizectl_lookup_values(prizectl_lookup_t *lookup, const char *key)
{
    unsigned              i;
    const redisReply     *element;
    prizectl_lookup_e     rc;
    const prize_field_t  *field;

    for (i = 0; i < lookup->pages->fields.n; i++) {
        element = i < lookup->reply->elements ? lookup->reply->element[i]
                                              : NULL;

        if (element && element->type == REDIS_REPLY_STRING) {
            lookup->values[i].data = element->str;
            lookup->values[i].len = element->len;
        }

        if (lookup->values[i].len > PRIZE_FIELD_MAX) {
            prizectl_error("%s: key %s has a field of %zu bytes, at most %d "
                           "fit into a record", lookup->redis->url, key,
                           lookup->values[i].len, PRIZE_FIELD_MAX);
            return PRIZECTL_LOOKUP_ERROR;
        }
    }

    rc = prizectl_lookup_owner(lookup, key);

    for (i = 0; i < lookup->pages->fields.n && rc >= 0; i++) {
        field = &lookup->pages->fields.list[i];

        if (lookup->values[i].data == NULL && rc != PRIZECTL_LOOKUP_NONE) {
            prizectl_error("%s: the record at key %s is stale: it lacks "
                           "\"%s\", which %s:%u uses", lookup->redis->url,
                           key, field->name.data, field->file, field->line);
            rc = PRIZECTL_LOOKUP_STALE;
        }
    }

    return rc;
}


static prizectl_lookup_e
prizectl_lookup_redis(prizectl_lookup_t *lookup)
{
    char  key[PRIZECTL_QUOTE_LEN];

    if (prizectl_route_open(&lookup->route, lookup->options) == -1
        || prizectl_key_init(&lookup->key, lookup->options->key,
                             lookup->options->id_max_length)
           == -1)
    {
        return PRIZECTL_LOOKUP_ERROR;
    }

    prizectl_key_name(&lookup->key, &lookup->id, &lookup->name);
    prizectl_quote(key, lookup->name.data, lookup->name.len);

    if (prizectl_lookup_ask(lookup) == -1) {
        return PRIZECTL_LOOKUP_ERROR;
    }

    return lookup->reply->type == REDIS_REPLY_ARRAY
           ? prizectl_lookup_values(lookup, key)
           : prizectl_lookup_refused(lookup, key);
}


/* the row with this ID; any other one means that "id" was changed on its way */

static int
prizectl_lookup_row(prizectl_lookup_t *lookup)
{
    int                 rc;
    char                quoted[PRIZECTL_QUOTE_LEN];
    prizectl_roster_t  *roster;

    roster = &lookup->roster;

    do {
        rc = prizectl_roster_next(roster);

        if (prizectl_interrupted) {
            return -1;
        }

        if (rc == PRIZECTL_ROSTER_ROW) {

            if (roster->id.len == lookup->id.len
                && memcmp(roster->id.data, lookup->id.data, roster->id.len)
                   == 0)
            {
                return 0;
            }

            prizectl_error("PostgreSQL: a row with the id %s, which nobody "
                           "asked for",
                           prizectl_quote(quoted, roster->id.data,
                                          roster->id.len));
        }
    } while (rc == PRIZECTL_ROSTER_ROW || rc == PRIZECTL_ROSTER_AGAIN);

    if (rc == PRIZECTL_ROSTER_END) {
        prizectl_error("PostgreSQL: no row with the id \"%.*s\"",
                       (int) lookup->id.len, lookup->id.data);
    }

    return -1;
}


static prizectl_lookup_e
prizectl_lookup_postgres(prizectl_lookup_t *lookup)
{
    unsigned            i;
    prizectl_roster_t  *roster;

    roster = &lookup->roster;

    if (prizectl_roster_open(roster, lookup->options->postgres,
                             lookup->options->query,
                             lookup->options->id_max_length, &lookup->id)
        == -1
        || prizectl_pages_match(lookup->pages, &roster->record, roster->names)
           == -1
        || prizectl_roster_start(roster) == -1
        || prizectl_lookup_row(lookup) == -1)
    {
        return PRIZECTL_LOOKUP_ERROR;
    }

    for (i = 0; i < lookup->pages->fields.n; i++) {
        lookup->values[i] =
                     roster->columns[lookup->pages->sections[i].column].value;
    }

    return PRIZECTL_LOOKUP_FOUND;
}


int
prizectl_lookup_run(prizectl_lookup_t *lookup, prize_record_t *record)
{
    prizectl_lookup_e  rc;

    lookup->values = calloc(lookup->pages->fields.n, sizeof(prize_str_t));

    if (lookup->values == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    rc = lookup->options->redis ? prizectl_lookup_redis(lookup)
                                : PRIZECTL_LOOKUP_NONE;

    if (rc != PRIZECTL_LOOKUP_FOUND && lookup->options->postgres) {
        rc = prizectl_lookup_postgres(lookup);
    }

    memset(record, 0, sizeof(prize_record_t));
    record->values = lookup->values;

    return rc == PRIZECTL_LOOKUP_FOUND || rc == PRIZECTL_LOOKUP_STALE ? 0 : -1;
}


void
prizectl_lookup_destroy(prizectl_lookup_t *lookup)
{
    if (lookup->reply) {
        freeReplyObject(lookup->reply);
    }

    prizectl_roster_close(&lookup->roster);
    prizectl_route_close(&lookup->route);
    prizectl_key_destroy(&lookup->key);
    free(lookup->values);
}
