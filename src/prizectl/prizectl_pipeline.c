
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "prize_command.h"
#include "prizectl.h"
#include "prizectl_pipeline.h"


#define PRIZECTL_WINDOW_RECORDS  1024
#define PRIZECTL_WINDOW_BYTES    (1024 * 1024)

/* a system call for each record would cost more than the record */
#define PRIZECTL_WINDOW_TURN     (32 * 1024)

/* milliseconds that Redis may let us wait for any one reply */
#define PRIZECTL_WINDOW_TIMEOUT  10000

/* room for what stands around the keys and the values of TYPE and of a */
/* transaction, the time to live among it */
#define PRIZECTL_COMMANDS_LEN    224

/* keys that hold no hash and are told one by one */
#define PRIZECTL_OTHERS_NAMED    100


/* the replies of a transaction, in their order */

enum {
    PRIZECTL_REPLY_MULTI = 0,
    PRIZECTL_REPLY_DEL,
    PRIZECTL_REPLY_HSET,
    PRIZECTL_REPLY_PEXPIRE,
    PRIZECTL_REPLY_EXEC
};


static const char *const  prizectl_reply_names[] = {
    "MULTI", "DEL", "HSET", "PEXPIRE", "EXEC"
};


int
prizectl_pipeline_init(prizectl_pipeline_t *pipeline,
    prizectl_redis_t *redis, size_t key_max, int dry_run)
{
    unsigned  i;

    memset(pipeline, 0, sizeof(prizectl_pipeline_t));

    pipeline->redis = redis;
    pipeline->dry_run = dry_run;
    pipeline->keys = malloc(PRIZECTL_WINDOW_RECORDS * (key_max + 1));
    pipeline->window = calloc(PRIZECTL_WINDOW_RECORDS,
                              sizeof(prizectl_transfer_t));

    if (pipeline->keys == NULL || pipeline->window == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    for (i = 0; i < PRIZECTL_WINDOW_RECORDS; i++) {
        pipeline->window[i].key = pipeline->keys + i * (key_max + 1);
    }

    /* a turn writes what the socket takes and reads what it has */

    return prizectl_redis_blocking(redis, 0);
}


void
prizectl_pipeline_destroy(prizectl_pipeline_t *pipeline)
{
    unsigned  i;

    for (i = 0; pipeline->window && i < PRIZECTL_WINDOW_RECORDS; i++) {
        free(pipeline->window[i].commands);
    }

    free(pipeline->keys);
    free(pipeline->window);
}


/* a record under way, the oldest one by 0 */

static prizectl_transfer_t *
prizectl_pipeline_transfer(const prizectl_pipeline_t *pipeline, unsigned place)
{
    return &pipeline->window[(pipeline->first + place)
                             % PRIZECTL_WINDOW_RECORDS];
}


/* of a command, or of the connection; the record's key is named */

static int
prizectl_pipeline_error(prizectl_pipeline_t *pipeline, unsigned place,
    const char *command, const char *text)
{
    char         quoted[PRIZECTL_QUOTE_LEN];
    const char  *key;

    if (pipeline->n == 0) {
        prizectl_error("%s: %s", pipeline->redis->url, text);
        return -1;
    }

    key = prizectl_pipeline_transfer(pipeline, place)->key;

    prizectl_error("%s: %s%skey %s: %s", pipeline->redis->url, command,
                   *command ? " of " : "",
                   prizectl_quote(quoted, key, strlen(key)), text);

    return -1;
}


/* what an error says, and that another reply is none that was asked for */

static int
prizectl_pipeline_refused(prizectl_pipeline_t *pipeline, unsigned place,
    const char *command, const redisReply *reply)
{
    return prizectl_pipeline_error(pipeline, place, command,
                                   reply->type == REDIS_REPLY_ERROR
                                   ? reply->str : "unexpected reply");
}


/* those that are done leave the window, the oldest one first */

static void
prizectl_pipeline_shift(prizectl_pipeline_t *pipeline)
{
    prizectl_transfer_t  *transfer;

    while (pipeline->n) {
        transfer = prizectl_pipeline_transfer(pipeline, 0);

        if (!transfer->done) {
            return;
        }

        pipeline->bytes -= transfer->len;
        pipeline->first = (pipeline->first + 1) % PRIZECTL_WINDOW_RECORDS;
        pipeline->n--;
        pipeline->ntyped--;
    }
}


/* a key that another program has: the other records are stored all the same */

static void
prizectl_pipeline_other(prizectl_pipeline_t *pipeline, const char *key,
    const char *kind)
{
    char  quoted[PRIZECTL_QUOTE_LEN];

    if (pipeline->others++ < PRIZECTL_OTHERS_NAMED) {
        prizectl_error("%s: key %s holds no hash but a %s: it is left alone",
                       pipeline->redis->url,
                       prizectl_quote(quoted, key, strlen(key)), kind);
    }
}


static int
prizectl_pipeline_typed(prizectl_pipeline_t *pipeline, const redisReply *reply)
{
    int                   rc;
    prizectl_transfer_t  *transfer;

    if (reply->type != REDIS_REPLY_STATUS) {
        return prizectl_pipeline_refused(pipeline, pipeline->ntyped, "TYPE",
                                         reply);
    }

    transfer = prizectl_pipeline_transfer(pipeline, pipeline->ntyped);
    rc = REDIS_OK;

    pipeline->answered++;
    pipeline->ntyped++;

    if (strcmp(reply->str, "hash") != 0 && strcmp(reply->str, "none") != 0) {
        prizectl_pipeline_other(pipeline, transfer->key, reply->str);
        transfer->done = 1;

    } else if (pipeline->dry_run) {
        transfer->done = 1;

    } else {
        transfer->before = pipeline->asked;
        rc = redisAppendFormattedCommand(pipeline->redis->context,
                                         transfer->commands + transfer->head,
                                         transfer->len - transfer->head);
    }

    free(transfer->commands);
    transfer->commands = NULL;

    if (rc != REDIS_OK) {
        prizectl_error("out of memory");
        return -1;
    }

    return 0;
}


/* DEL, HSET, PEXPIRE: how many keys, how many fields, and whether it took */

static int
prizectl_pipeline_exec(prizectl_pipeline_t *pipeline, const redisReply *reply)
{
    unsigned              i;
    const redisReply     *element;
    prizectl_transfer_t  *transfer;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) {
        return prizectl_pipeline_refused(pipeline, 0, "EXEC", reply);
    }

    transfer = prizectl_pipeline_transfer(pipeline, 0);

    for (i = 0; i < 3; i++) {
        element = reply->element[i];

        if (element->type != REDIS_REPLY_INTEGER
            || (i == 1 && element->integer != transfer->ncolumns)
            || (i == 2 && element->integer != 1))
        {
            return prizectl_pipeline_refused(pipeline, 0,
                        prizectl_reply_names[PRIZECTL_REPLY_DEL + i], element);
        }
    }

    pipeline->reply = PRIZECTL_REPLY_MULTI;
    pipeline->stored++;
    transfer->done = 1;

    return 0;
}


static int
prizectl_pipeline_reply(prizectl_pipeline_t *pipeline, const redisReply *reply)
{
    int  rc;

    /* the oldest transaction, once what was asked before it is answered */

    if (pipeline->ntyped
        && prizectl_pipeline_transfer(pipeline, 0)->before
           == pipeline->answered)
    {
        if (pipeline->reply == PRIZECTL_REPLY_EXEC) {
            rc = prizectl_pipeline_exec(pipeline, reply);

        } else if (reply->type != REDIS_REPLY_STATUS) {
            rc = prizectl_pipeline_refused(pipeline, 0,
                                 prizectl_reply_names[pipeline->reply], reply);

        } else {
            rc = 0;
            pipeline->reply++;
        }

    } else if (pipeline->ntyped < pipeline->n) {
        rc = prizectl_pipeline_typed(pipeline, reply);

    } else {
        rc = prizectl_pipeline_error(pipeline, 0, "", "a reply to nothing");
    }

    if (rc == 0) {
        prizectl_pipeline_shift(pipeline);
    }

    return rc;
}


static int
prizectl_pipeline_replies(prizectl_pipeline_t *pipeline)
{
    int    rc;
    void  *reply;

    for ( ;; ) {

        if (redisGetReplyFromReader(pipeline->redis->context, &reply)
            != REDIS_OK)
        {
            return prizectl_pipeline_error(pipeline, 0, "",
                                           pipeline->redis->context->errstr);
        }

        if (reply == NULL) {
            return 0;
        }

        rc = prizectl_pipeline_reply(pipeline, reply);
        freeReplyObject(reply);

        if (rc == -1) {
            return -1;
        }
    }
}


/* one look at the socket: 0, or -1 after a message */

static int
prizectl_pipeline_poll(prizectl_pipeline_t *pipeline, int timeout)
{
    int            sent, rc;
    redisContext  *c;
    struct pollfd  pfd;

    c = pipeline->redis->context;
    pipeline->unsent = 0;

    if (redisBufferWrite(c, &sent) != REDIS_OK) {
        return prizectl_pipeline_error(pipeline, 0, "", c->errstr);
    }

    pfd.fd = c->fd;
    pfd.events = sent ? POLLIN : POLLIN | POLLOUT;

    rc = poll(&pfd, 1, timeout);

    if (rc == -1) {
        if (errno == EINTR) {
            return 0;
        }

        return prizectl_pipeline_error(pipeline, 0, "", strerror(errno));
    }

    if (rc == 0) {
        if (timeout == 0) {
            return 0;
        }

        return prizectl_pipeline_error(pipeline, 0, "", "no answer in time");
    }

    if (pfd.revents == POLLOUT) {
        return 0;
    }

    if (redisBufferRead(c) != REDIS_OK) {
        return prizectl_pipeline_error(pipeline, 0, "", c->errstr);
    }

    return prizectl_pipeline_replies(pipeline);
}


static int
prizectl_pipeline_wait(prizectl_pipeline_t *pipeline, unsigned n, size_t bytes)
{
    while (pipeline->n > n || pipeline->bytes > bytes) {

        if (prizectl_pipeline_poll(pipeline, PRIZECTL_WINDOW_TIMEOUT) == -1) {
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

static int
prizectl_pipeline_prepare(prizectl_pipeline_t *pipeline,
    prizectl_transfer_t *transfer, const prize_str_t *key,
    const prize_record_t *record, unsigned long long ttl)
{
    char  *end;

    transfer->commands = malloc(prizectl_pipeline_size(key, record));
    if (transfer->commands == NULL) {
        return -1;
    }

    end = stpcpy(transfer->commands, "*2\r\n$4\r\nTYPE\r\n");
    end = prize_bulk_write(end, key);
    transfer->head = end - transfer->commands;

    if (!pipeline->dry_run) {
        end = prizectl_pipeline_write(end, key, record, ttl);
    }

    transfer->len = end - transfer->commands;

    return 0;
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
    prizectl_transfer_t  *transfer;

    transfer = prizectl_pipeline_transfer(pipeline, pipeline->n);

    memcpy(transfer->key, key->data, key->len);
    transfer->key[key->len] = '\0';
    transfer->ncolumns = record->ncolumns;
    transfer->done = 0;

    if (prizectl_pipeline_prepare(pipeline, transfer, key, record, ttl) == -1
        || redisAppendFormattedCommand(pipeline->redis->context,
                                       transfer->commands, transfer->head)
           != REDIS_OK)
    {
        prizectl_error("out of memory");
        return -1;
    }

    pipeline->asked++;
    pipeline->n++;
    pipeline->bytes += transfer->len;
    pipeline->unsent += transfer->len;

    if (pipeline->unsent >= PRIZECTL_WINDOW_TURN
        && prizectl_pipeline_turn(pipeline) == -1)
    {
        return -1;
    }

    if (pipeline->n < PRIZECTL_WINDOW_RECORDS
        && pipeline->bytes < PRIZECTL_WINDOW_BYTES)
    {
        return 0;
    }

    /* to half, so that the next wait is not for the next record already */

    return prizectl_pipeline_wait(pipeline, PRIZECTL_WINDOW_RECORDS / 2,
                                  PRIZECTL_WINDOW_BYTES / 2);
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
