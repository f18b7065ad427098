
#include <stdlib.h>
#include <string.h>

#include "prize_command.h"
#include "prizectl.h"
#include "prizectl_pipeline.h"


/* for each server that has records, but for no more than some */
#define PRIZECTL_WINDOW_RECORDS  1024
#define PRIZECTL_WINDOW_SERVERS  8

/* bytes for each record that fits into the window, on average */
#define PRIZECTL_WINDOW_BYTES    1024

/* and of them, those that wait for a look at the sockets: a system call for */
/* each record would cost more than the record */
#define PRIZECTL_WINDOW_TURN     32

/* room for what stands around the keys and the values of TYPE and of a */
/* transaction, the time to live among it */
#define PRIZECTL_COMMANDS_LEN    224

/* keys that hold no hash and are told one by one */
#define PRIZECTL_OTHERS_NAMED    100

/* nodes that send a record to each other */
#define PRIZECTL_REDIRECTS_MAX   16

#define PRIZECTL_ASKING          "*1\r\n$6\r\nASKING\r\n"


/* the replies of a record, in their order: those to ASKING are rare */

enum {
    PRIZECTL_REPLY_ASKING = 0,
    PRIZECTL_REPLY_TYPE,
    PRIZECTL_REPLY_ASKING_AGAIN,
    PRIZECTL_REPLY_MULTI,
    PRIZECTL_REPLY_DEL,
    PRIZECTL_REPLY_HSET,
    PRIZECTL_REPLY_PEXPIRE,
    PRIZECTL_REPLY_EXEC
};


static const char *const  prizectl_reply_names[] = {
    "ASKING", "TYPE", "ASKING", "MULTI", "DEL", "HSET", "PEXPIRE", "EXEC"
};


void
prizectl_pipeline_init(prizectl_pipeline_t *pipeline, prizectl_route_t *route,
    int dry_run)
{
    unsigned  i, n;

    memset(pipeline, 0, sizeof(prizectl_pipeline_t));

    for (i = 0, n = 0; i < route->n && n < PRIZECTL_WINDOW_SERVERS; i++) {
        n += prizectl_route_slots(route, i) != 0;
    }

    pipeline->route = route;
    pipeline->dry_run = dry_run;
    pipeline->max = n * PRIZECTL_WINDOW_RECORDS;
}


void
prizectl_pipeline_destroy(prizectl_pipeline_t *pipeline)
{
    unsigned              i;
    prizectl_transfer_t  *transfer;

    for (i = 0; i < PRIZE_CLUSTER_NODES_MAX; i++) {

        while (pipeline->queues[i].first) {
            transfer = pipeline->queues[i].first;
            pipeline->queues[i].first = transfer->next;
            free(transfer);
        }
    }
}


/* of a command, or of the connection; the record's key is named */

static int
prizectl_pipeline_error(prizectl_pipeline_t *pipeline, unsigned node,
    const char *command, const char *text, const char *hint)
{
    char                  quoted[PRIZECTL_QUOTE_LEN];
    const char           *url;
    prizectl_transfer_t  *transfer;

    url = pipeline->route->nodes[node]->url;
    transfer = pipeline->queues[node].first;

    if (transfer == NULL) {
        prizectl_error("%s: %s%s", url, text, hint);
        return -1;
    }

    prizectl_error("%s: %s%skey %s: %s%s", url, command,
                   *command ? " of " : "",
                   prizectl_quote(quoted, transfer->key.data,
                                  transfer->key.len), text, hint);

    return -1;
}


/* what an error says, and that another reply is none that was asked for */

static int
prizectl_pipeline_refused(prizectl_pipeline_t *pipeline, unsigned node,
    const char *command, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ERROR) {
        return prizectl_pipeline_error(pipeline, node, command,
                                       "unexpected reply", "");
    }

    return prizectl_pipeline_error(pipeline, node, command, reply->str,
                                   prizectl_redis_hint(reply->str));
}


/* a server that was lost, for the reason that it has */

static int
prizectl_pipeline_lost(prizectl_pipeline_t *pipeline, unsigned node,
    const char *why)
{
    return prizectl_pipeline_error(pipeline, node, "", why,
                                   prizectl_route_hint(pipeline->route));
}


/* a key that another program has: the other records are stored all the same */

static void
prizectl_pipeline_other(prizectl_pipeline_t *pipeline, unsigned node,
    const prize_str_t *key, const char *kind)
{
    char  quoted[PRIZECTL_QUOTE_LEN];

    if (pipeline->others++ < PRIZECTL_OTHERS_NAMED) {
        prizectl_error("%s: key %s holds no hash but a %s: it is left alone",
                       pipeline->route->nodes[node]->url,
                       prizectl_quote(quoted, key->data, key->len), kind);
    }
}


/* a part of its commands, whose replies come behind all others of the node */

static int
prizectl_pipeline_send(prizectl_pipeline_t *pipeline, unsigned node,
    prizectl_transfer_t *transfer, size_t from, size_t to)
{
    prizectl_queue_t  *queue;
    prizectl_redis_t  *redis;

    queue = &pipeline->queues[node];
    redis = pipeline->route->nodes[node];

    transfer->next = NULL;
    transfer->reply += transfer->asks == PRIZECTL_REDIRECT_ASK ? 0 : 1;

    if (queue->first) {
        queue->last->next = transfer;

    } else {
        queue->first = transfer;
    }

    queue->last = transfer;

    return (transfer->asks == PRIZECTL_REDIRECT_ASK
            && prizectl_redis_put(redis, PRIZECTL_ASKING,
                                  sizeof(PRIZECTL_ASKING) - 1)
               == -1)
           || prizectl_redis_put(redis, transfer->commands + from, to - from)
              == -1 ? -1 : 0;
}


static int
prizectl_pipeline_send_type(prizectl_pipeline_t *pipeline, unsigned node,
    prizectl_transfer_t *transfer)
{
    transfer->reply = PRIZECTL_REPLY_ASKING;

    return prizectl_pipeline_send(pipeline, node, transfer, 0,
                                  transfer->head);
}


/* the oldest one of a node has all its replies */

static prizectl_transfer_t *
prizectl_pipeline_take(prizectl_pipeline_t *pipeline, unsigned node)
{
    prizectl_transfer_t  *transfer;

    transfer = pipeline->queues[node].first;
    pipeline->queues[node].first = transfer->next;

    return transfer;
}


static int
prizectl_pipeline_finish(prizectl_pipeline_t *pipeline, unsigned node)
{
    prizectl_transfer_t  *transfer;

    transfer = prizectl_pipeline_take(pipeline, node);

    pipeline->n--;
    pipeline->bytes -= transfer->len;

    free(transfer);

    return 0;
}


/* once more from the beginning, at the node that it was sent to */

static int
prizectl_pipeline_redirect(prizectl_pipeline_t *pipeline, unsigned node)
{
    prizectl_transfer_t  *transfer;

    transfer = pipeline->queues[node].first;

    if (transfer->redirects++ == PRIZECTL_REDIRECTS_MAX) {
        return prizectl_pipeline_error(pipeline, node, "",
                                       "nodes send it to each other (run the "
                                       "command again when the cluster is at "
                                       "rest)", "");
    }

    transfer->asks = transfer->redirect;
    transfer->redirect = PRIZECTL_REDIRECT_NONE;

    return prizectl_pipeline_send_type(pipeline, transfer->to,
                                     prizectl_pipeline_take(pipeline, node));
}


static int
prizectl_pipeline_typed(prizectl_pipeline_t *pipeline, unsigned node,
    const redisReply *reply)
{
    prizectl_transfer_t  *transfer;

    if (reply->type != REDIS_REPLY_STATUS) {
        return prizectl_pipeline_refused(pipeline, node, "TYPE", reply);
    }

    transfer = pipeline->queues[node].first;

    if (strcmp(reply->str, "hash") != 0 && strcmp(reply->str, "none") != 0) {
        prizectl_pipeline_other(pipeline, node, &transfer->key, reply->str);
        return prizectl_pipeline_finish(pipeline, node);
    }

    if (pipeline->dry_run) {
        return prizectl_pipeline_finish(pipeline, node);
    }

    transfer->reply = PRIZECTL_REPLY_ASKING_AGAIN;

    return prizectl_pipeline_send(pipeline, node,
                                  prizectl_pipeline_take(pipeline, node),
                                  transfer->head, transfer->len);
}


/* DEL, HSET, PEXPIRE: how many keys, how many fields, and whether it took */

static int
prizectl_pipeline_exec(prizectl_pipeline_t *pipeline, unsigned node,
    const redisReply *reply)
{
    unsigned              i;
    const redisReply     *element;
    prizectl_transfer_t  *transfer;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) {
        return prizectl_pipeline_refused(pipeline, node, "EXEC", reply);
    }

    transfer = pipeline->queues[node].first;

    for (i = 0; i < 3; i++) {
        element = reply->element[i];

        if (element->type != REDIS_REPLY_INTEGER
            || (i == 1 && element->integer != transfer->ncolumns)
            || (i == 2 && element->integer != 1))
        {
            return prizectl_pipeline_refused(pipeline, node,
                        prizectl_reply_names[PRIZECTL_REPLY_DEL + i], element);
        }
    }

    pipeline->stored++;

    return prizectl_pipeline_finish(pipeline, node);
}


/*
 * A transaction whose slot has moved meanwhile is discarded as a whole, which
 * EXEC says, at the latest.
 */

static int
prizectl_pipeline_reply(prizectl_pipeline_t *pipeline, unsigned node,
    const redisReply *reply)
{
    unsigned              to;
    prizectl_redirect_e   redirect;
    prizectl_transfer_t  *transfer;

    transfer = pipeline->queues[node].first;

    if (transfer == NULL) {
        return prizectl_pipeline_error(pipeline, node, "",
                                       "a reply to nothing", "");
    }

    redirect = prizectl_route_redirect(pipeline->route, node, reply, &to);

    if (redirect == PRIZECTL_REDIRECT_ERROR) {
        return -1;
    }

    if (redirect) {
        transfer->redirect = redirect;
        transfer->to = to;
    }

    if (transfer->redirect && (transfer->reply == PRIZECTL_REPLY_TYPE
                               || transfer->reply == PRIZECTL_REPLY_EXEC))
    {
        return prizectl_pipeline_redirect(pipeline, node);
    }

    if (transfer->reply == PRIZECTL_REPLY_TYPE) {
        return prizectl_pipeline_typed(pipeline, node, reply);
    }

    if (transfer->reply == PRIZECTL_REPLY_EXEC) {
        return prizectl_pipeline_exec(pipeline, node, reply);
    }

    if (reply->type != REDIS_REPLY_STATUS && !transfer->redirect) {
        return prizectl_pipeline_refused(pipeline, node,
                               prizectl_reply_names[transfer->reply], reply);
    }

    transfer->reply++;

    return 0;
}


static int
prizectl_pipeline_replies(prizectl_pipeline_t *pipeline, unsigned node)
{
    int                rc;
    redisReply        *reply;
    prizectl_redis_t  *redis;

    redis = pipeline->route->nodes[node];

    for ( ;; ) {

        if (prizectl_redis_next(redis, &reply) == -1) {
            return prizectl_pipeline_lost(pipeline, node, redis->why);
        }

        if (reply == NULL) {
            return 0;
        }

        rc = prizectl_pipeline_reply(pipeline, node, reply);
        freeReplyObject(reply);

        if (rc == -1) {
            return -1;
        }
    }
}


/* one look at all sockets: 0, or -1 after a message */

static int
prizectl_pipeline_poll(prizectl_pipeline_t *pipeline, int timeout)
{
    int                rc;
    unsigned           i, n, nodes[PRIZE_CLUSTER_NODES_MAX];
    prizectl_redis_t  *list[PRIZE_CLUSTER_NODES_MAX];

    for (i = 0, n = 0; i < pipeline->route->n; i++) {

        if (pipeline->queues[i].first) {
            nodes[n] = i;
            list[n++] = pipeline->route->nodes[i];
        }
    }

    pipeline->unsent = 0;

    rc = prizectl_redis_poll(list, n, timeout);

    for (i = 0; i < n; i++) {

        if (rc == -1 && list[i]->why[0]) {
            return prizectl_pipeline_lost(pipeline, nodes[i], list[i]->why);
        }

        if (rc == 0 && timeout) {
            return prizectl_pipeline_lost(pipeline, nodes[i],
                                          "no answer in time");
        }

        if (rc == 1 && prizectl_pipeline_replies(pipeline, nodes[i]) == -1) {
            return -1;
        }
    }

    return 0;
}


static int
prizectl_pipeline_wait(prizectl_pipeline_t *pipeline, unsigned n, size_t bytes)
{
    while (pipeline->n > n || pipeline->bytes > bytes) {

        if (prizectl_pipeline_poll(pipeline, PRIZECTL_REDIS_TIMEOUT) == -1) {
            return -1;
        }
    }

    return 0;
}


/* the most bytes that all commands take */

static size_t
prizectl_pipeline_size(const prize_str_t *key, const prize_record_t *record)
{
    size_t    size;
    unsigned  i;

    size = PRIZECTL_COMMANDS_LEN + 4 * (key->len + PRIZE_BULK_OVERHEAD);

    for (i = 0; i < record->ncolumns; i++) {
        size += record->columns[i].name.len + record->columns[i].value.len
                + 2 * PRIZE_BULK_OVERHEAD;
    }

    return size;
}


/* all five in one: hiredis would format each of their words by sprintf() */

static char *
prizectl_pipeline_write(char *dst, const prize_str_t *key,
    const prize_record_t *record, unsigned long long ttl)
{
    char         ms[PRIZE_DECIMAL_LEN];
    unsigned     i;
    prize_str_t  digits;

    digits.data = ms;
    digits.len = prize_decimal(ms, ttl) - ms;

    dst = stpcpy(dst, "*1\r\n$5\r\nMULTI\r\n*2\r\n$3\r\nDEL\r\n");
    dst = prize_bulk_write(dst, key);

    dst = prize_bulk_count(dst, '*', 2 + 2 * record->ncolumns);
    dst = stpcpy(dst, "$4\r\nHSET\r\n");
    dst = prize_bulk_write(dst, key);

    for (i = 0; i < record->ncolumns; i++) {
        dst = prize_bulk_write(dst, &record->columns[i].name);
        dst = prize_bulk_write(dst, &record->columns[i].value);
    }

    dst = stpcpy(dst, "*3\r\n$7\r\nPEXPIRE\r\n");
    dst = prize_bulk_write(dst, key);
    dst = prize_bulk_write(dst, &digits);

    return stpcpy(dst, "*1\r\n$4\r\nEXEC\r\n");
}


/* TYPE, and behind it the transaction, which waits for TYPE's reply */

static prizectl_transfer_t *
prizectl_pipeline_prepare(const prizectl_pipeline_t *pipeline,
    const prize_str_t *key, const prize_record_t *record,
    unsigned long long ttl)
{
    char                 *end;
    prizectl_transfer_t  *transfer;

    transfer = malloc(sizeof(prizectl_transfer_t)
                      + prizectl_pipeline_size(key, record));
    if (transfer == NULL) {
        prizectl_error("out of memory");
        return NULL;
    }

    memset(transfer, 0, sizeof(prizectl_transfer_t));

    end = stpcpy(transfer->commands, "*2\r\n$4\r\nTYPE\r\n");
    end = prize_bulk_write(end, key);

    transfer->head = end - transfer->commands;
    transfer->key.data = end - 2 - key->len;
    transfer->key.len = key->len;
    transfer->ncolumns = record->ncolumns;

    if (!pipeline->dry_run) {
        end = prizectl_pipeline_write(end, key, record, ttl);
    }

    transfer->len = end - transfer->commands;

    return transfer;
}


/*
 * Whoever puts something else under the key between TYPE and the transaction
 * loses it, as with --prune and clear.  WATCH would see that, but each EXEC
 * ends the WATCH of all the keys behind it, so a record would cost a round
 * trip; a script in the place of the transaction takes Redis twice as long.
 */

int
prizectl_pipeline_store(prizectl_pipeline_t *pipeline, const prize_str_t *key,
    const prize_record_t *record, unsigned long long ttl)
{
    size_t                bytes;
    prizectl_transfer_t  *transfer;

    transfer = prizectl_pipeline_prepare(pipeline, key, record, ttl);
    if (transfer == NULL) {
        return -1;
    }

    pipeline->n++;
    pipeline->bytes += transfer->len;
    pipeline->unsent += transfer->len;

    if (prizectl_pipeline_send_type(pipeline,
                                    prizectl_route_find(pipeline->route, key),
                                    transfer)
        == -1
        || (pipeline->unsent >= pipeline->max * PRIZECTL_WINDOW_TURN
            && prizectl_pipeline_turn(pipeline) == -1))
    {
        return -1;
    }

    bytes = (size_t) pipeline->max * PRIZECTL_WINDOW_BYTES;

    if (pipeline->n < pipeline->max && pipeline->bytes < bytes) {
        return 0;
    }

    /* to half, so that the next wait is not for the next record already */

    return prizectl_pipeline_wait(pipeline, pipeline->max / 2, bytes / 2);
}


int
prizectl_pipeline_turn(prizectl_pipeline_t *pipeline)
{
    return prizectl_pipeline_poll(pipeline, 0);
}


int
prizectl_pipeline_drain(prizectl_pipeline_t *pipeline)
{
    return prizectl_pipeline_wait(pipeline, 0, 0);
}
