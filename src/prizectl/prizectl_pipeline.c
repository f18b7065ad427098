
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_pipeline.h"


#define PRIZECTL_WINDOW_RECORDS  1024
#define PRIZECTL_WINDOW_BYTES    (1024 * 1024)

/* a system call for each record would cost more than the record */
#define PRIZECTL_WINDOW_TURN     (32 * 1024)

/* milliseconds that Redis may let us wait for any one reply */
#define PRIZECTL_WINDOW_TIMEOUT  10000


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
    prizectl_redis_t *redis, size_t key_max, unsigned ncolumns)
{
    unsigned  i;

    memset(pipeline, 0, sizeof(prizectl_pipeline_t));

    pipeline->redis = redis;
    pipeline->argv = malloc((2 * ncolumns + 2) * sizeof(char *));
    pipeline->lens = malloc((2 * ncolumns + 2) * sizeof(size_t));
    pipeline->keys = malloc(PRIZECTL_WINDOW_RECORDS * (key_max + 1));
    pipeline->window = calloc(PRIZECTL_WINDOW_RECORDS,
                              sizeof(prizectl_transfer_t));

    if (pipeline->argv == NULL || pipeline->lens == NULL
        || pipeline->keys == NULL || pipeline->window == NULL)
    {
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
    free(pipeline->argv);
    free(pipeline->lens);
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


static int
prizectl_pipeline_append(prizectl_pipeline_t *pipeline, int argc,
    prizectl_transfer_t *transfer)
{
    int    rc;
    char  *command;
    long   len;

    len = redisFormatCommandArgv(&command, argc, pipeline->argv,
                                 pipeline->lens);
    if (len < 0) {
        prizectl_error("out of memory");
        return -1;
    }

    rc = redisAppendFormattedCommand(pipeline->redis->context, command, len);

    redisFreeCommand(command);

    if (rc != REDIS_OK) {
        prizectl_error("out of memory");
        return -1;
    }

    transfer->len += len;

    return 0;
}


static int
prizectl_pipeline_append_words(prizectl_pipeline_t *pipeline, int argc,
    const char *first, const char *third, prizectl_transfer_t *transfer)
{
    pipeline->argv[0] = first;
    pipeline->lens[0] = strlen(first);

    if (argc == 3) {
        pipeline->argv[2] = third;
        pipeline->lens[2] = strlen(third);
    }

    return prizectl_pipeline_append(pipeline, argc, transfer);
}


static int
prizectl_pipeline_append_record(prizectl_pipeline_t *pipeline,
    const prize_record_t *record, prizectl_transfer_t *transfer)
{
    unsigned  i, n;

    n = 2;

    for (i = 0; i < record->ncolumns; i++) {
        pipeline->argv[n] = record->columns[i].name.data;
        pipeline->lens[n++] = record->columns[i].name.len;
        pipeline->argv[n] = record->columns[i].value.data;
        pipeline->lens[n++] = record->columns[i].value.len;
    }

    pipeline->argv[0] = "HSET";
    pipeline->lens[0] = 4;

    return prizectl_pipeline_append(pipeline, n, transfer);
}


int
prizectl_pipeline_store(prizectl_pipeline_t *pipeline, const prize_str_t *key,
    const prize_record_t *record, unsigned long long ttl)
{
    char                  ms[sizeof("18446744073709551615")];
    unsigned              last;
    prizectl_transfer_t  *transfer;

    last = (pipeline->first + pipeline->n) % PRIZECTL_WINDOW_RECORDS;
    transfer = &pipeline->window[last];

    memcpy(transfer->key, key->data, key->len);
    transfer->key[key->len] = '\0';
    transfer->ncolumns = record->ncolumns;
    transfer->len = 0;

    snprintf(ms, sizeof(ms), "%llu", ttl);

    /* argument 1 of all but MULTI and EXEC, which do not reach so far */

    pipeline->argv[1] = key->data;
    pipeline->lens[1] = key->len;

    if (prizectl_pipeline_append_words(pipeline, 1, "MULTI", NULL, transfer)
        || prizectl_pipeline_append_words(pipeline, 2, "DEL", NULL, transfer)
        || prizectl_pipeline_append_record(pipeline, record, transfer)
        || prizectl_pipeline_append_words(pipeline, 3, "PEXPIRE", ms, transfer)
        || prizectl_pipeline_append_words(pipeline, 1, "EXEC", NULL, transfer))
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
