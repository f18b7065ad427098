
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

/* room for what stands around the keys and the values of a transaction, */
/* the time to live among it */
#define PRIZECTL_TRANSACTION_LEN  192


/* the replies of one record, in their order */

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
    prizectl_redis_t *redis, size_t key_max)
{
    unsigned  i;

    memset(pipeline, 0, sizeof(prizectl_pipeline_t));

    pipeline->redis = redis;
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
    free(pipeline->buffer);
    free(pipeline->keys);
    free(pipeline->window);
}


static void
prizectl_pipeline_error(prizectl_pipeline_t *pipeline, const char *command,
    const char *text)
{
    char        quoted[PRIZECTL_QUOTE_LEN];
    const char *key;

    if (pipeline->n == 0) {
        prizectl_error("%s: %s", pipeline->redis->url, text);
        return;
    }

    key = pipeline->window[pipeline->first].key;

    prizectl_error("%s: %s%skey %s: %s", pipeline->redis->url, command,
                   *command ? " of " : "",
                   prizectl_quote(quoted, key, strlen(key)), text);
}


/* DEL, HSET, PEXPIRE: how many keys, how many fields, and whether it took */

static int
prizectl_pipeline_exec(prizectl_pipeline_t *pipeline, const redisReply *reply)
{
    unsigned           i;
    const char        *name;
    const redisReply  *element;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) {
        prizectl_pipeline_error(pipeline, "EXEC", "unexpected reply");
        return -1;
    }

    for (i = 0; i < 3; i++) {
        name = prizectl_reply_names[PRIZECTL_REPLY_DEL + i];
        element = reply->element[i];

        if (element->type == REDIS_REPLY_ERROR) {
            prizectl_pipeline_error(pipeline, name, element->str);
            return -1;
        }

        if (element->type != REDIS_REPLY_INTEGER
            || (i == 1 && element->integer
                          != pipeline->window[pipeline->first].ncolumns)
            || (i == 2 && element->integer != 1))
        {
            prizectl_pipeline_error(pipeline, name, "unexpected reply");
            return -1;
        }
    }

    return 0;
}


static int
prizectl_pipeline_reply(prizectl_pipeline_t *pipeline, const redisReply *reply)
{
    const char  *name;

    if (pipeline->n == 0) {
        prizectl_pipeline_error(pipeline, "", "a reply to nothing");
        return -1;
    }

    name = prizectl_reply_names[pipeline->reply];

    if (reply->type == REDIS_REPLY_ERROR) {
        prizectl_pipeline_error(pipeline, name, reply->str);
        return -1;
    }

    if (pipeline->reply < PRIZECTL_REPLY_EXEC) {

        if (reply->type != REDIS_REPLY_STATUS) {
            prizectl_pipeline_error(pipeline, name, "unexpected reply");
            return -1;
        }

        pipeline->reply++;

        return 0;
    }

    if (prizectl_pipeline_exec(pipeline, reply) == -1) {
        return -1;
    }

    pipeline->reply = PRIZECTL_REPLY_MULTI;
    pipeline->bytes -= pipeline->window[pipeline->first].len;
    pipeline->first = (pipeline->first + 1) % PRIZECTL_WINDOW_RECORDS;
    pipeline->n--;
    pipeline->stored++;

    return 0;
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
            prizectl_pipeline_error(pipeline, "",
                                    pipeline->redis->context->errstr);
            return -1;
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
        prizectl_pipeline_error(pipeline, "", c->errstr);
        return -1;
    }

    pfd.fd = c->fd;
    pfd.events = sent ? POLLIN : POLLIN | POLLOUT;

    rc = poll(&pfd, 1, timeout);

    if (rc == -1) {
        if (errno == EINTR) {
            return 0;
        }

        prizectl_pipeline_error(pipeline, "", strerror(errno));
        return -1;
    }

    if (rc == 0) {
        if (timeout == 0) {
            return 0;
        }

        prizectl_pipeline_error(pipeline, "", "no answer in time");
        return -1;
    }

    if (pfd.revents == POLLOUT) {
        return 0;
    }

    if (redisBufferRead(c) != REDIS_OK) {
        prizectl_pipeline_error(pipeline, "", c->errstr);
        return -1;
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


/* the most bytes that a transaction takes */

static size_t
prizectl_pipeline_size(const prize_str_t *key, const prize_record_t *record)
{
    size_t    size;
    unsigned  i;

    size = PRIZECTL_TRANSACTION_LEN + 3 * (key->len + PRIZE_BULK_OVERHEAD);

    for (i = 0; i < record->ncolumns; i++) {
        size += record->columns[i].name.len + record->columns[i].value.len
                + 2 * PRIZE_BULK_OVERHEAD;
    }

    return size;
}


static int
prizectl_pipeline_reserve(prizectl_pipeline_t *pipeline, size_t size)
{
    char  *buffer;

    if (size <= pipeline->size) {
        return 0;
    }

    buffer = realloc(pipeline->buffer, size);
    if (buffer == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    pipeline->buffer = buffer;
    pipeline->size = size;

    return 0;
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


static int
prizectl_pipeline_append(prizectl_pipeline_t *pipeline,
    const prize_str_t *key, const prize_record_t *record,
    unsigned long long ttl, size_t *len)
{
    char  *end;

    if (prizectl_pipeline_reserve(pipeline,
                                  prizectl_pipeline_size(key, record))
        == -1)
    {
        return -1;
    }

    end = prizectl_pipeline_write(pipeline->buffer, key, record, ttl);
    *len = end - pipeline->buffer;

    if (redisAppendFormattedCommand(pipeline->redis->context,
                                    pipeline->buffer, *len)
        != REDIS_OK)
    {
        prizectl_error("out of memory");
        return -1;
    }

    return 0;
}


int
prizectl_pipeline_store(prizectl_pipeline_t *pipeline, const prize_str_t *key,
    const prize_record_t *record, unsigned long long ttl)
{
    unsigned              last;
    prizectl_transfer_t  *transfer;

    last = (pipeline->first + pipeline->n) % PRIZECTL_WINDOW_RECORDS;
    transfer = &pipeline->window[last];

    memcpy(transfer->key, key->data, key->len);
    transfer->key[key->len] = '\0';
    transfer->ncolumns = record->ncolumns;

    if (prizectl_pipeline_append(pipeline, key, record, ttl, &transfer->len)
        == -1)
    {
        return -1;
    }

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
