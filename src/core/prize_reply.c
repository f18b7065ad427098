
/* memmem() */
#define _GNU_SOURCE

#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>
#include <hiredis/sds.h>

#include "prize_reply.h"


/* a reader whose buffer is larger than that gives it back when it is empty */
#define PRIZE_READER_IDLE_MAX  (256 * 1024)


/* and a reply that has room for more elements, these */
#define PRIZE_REPLY_NODES_IDLE  4096

#define PRIZE_REPLY_BUFFER_MIN  1024


typedef struct {
    const char           *word;
    prize_redis_error_e   error;
} prize_redis_word_t;


static const prize_redis_word_t  prize_redis_words[] = {
    { "LOADING", PRIZE_REDIS_AWAY },
    { "MASTERDOWN", PRIZE_REDIS_AWAY },
    { "CLUSTERDOWN", PRIZE_REDIS_UNCOVERED },
    { "TRYAGAIN", PRIZE_REDIS_UNCOVERED },
    { "BUSY", PRIZE_REDIS_AWAY },
    { "ERR max number of clients", PRIZE_REDIS_AWAY },
    { "NOAUTH", PRIZE_REDIS_DENIED },
    { "WRONGPASS", PRIZE_REDIS_DENIED },
    { "NOPERM", PRIZE_REDIS_DENIED },
    { "MOVED", PRIZE_REDIS_MOVED },
    { "ASK", PRIZE_REDIS_MOVED },
    { "WRONGTYPE", PRIZE_REDIS_TYPE },
    { "OOM", PRIZE_REDIS_WRITE },
    { "READONLY", PRIZE_REDIS_WRITE },
    { "MISCONF", PRIZE_REDIS_WRITE },
    { NULL, PRIZE_REDIS_OTHER }
};


/*
 * The object functions return their prize_reply_t for "all is well"; NULL
 * ends the reader with an error, and "broken" says which.
 */

static void *
prize_reply_refuse(prize_reply_t *reply, const char *why)
{
    reply->broken = why;
    return NULL;
}


/*
 * hiredis 1.0 counts elements in size_t and reads RESP3, which nobody asked
 * for; to 0.14 its types are an error of the protocol.
 */

#if (HIREDIS_MAJOR >= 1)

typedef size_t  prize_reply_count_t;


static void *
prize_reply_double(const redisReadTask *task, double value, char *data,
    size_t len)
{
    (void) value;
    (void) data;
    (void) len;

    return prize_reply_refuse(task->privdata, "a type of RESP3");
}


static void *
prize_reply_bool(const redisReadTask *task, int value)
{
    (void) value;

    return prize_reply_refuse(task->privdata, "a type of RESP3");
}


#define PRIZE_REPLY_FUNCTIONS_RESP3                                           \
    .createDouble = prize_reply_double,                                       \
    .createBool = prize_reply_bool,

#else

typedef int  prize_reply_count_t;

#define PRIZE_REPLY_FUNCTIONS_RESP3

#endif


static int
prize_reply_append(prize_reply_t *reply, const char *data, size_t len)
{
    char    *buffer;
    size_t   size;

    if (reply->size - reply->used < len) {
        size = 2 * reply->size + len;

        buffer = realloc(reply->buffer, size);
        if (buffer == NULL) {
            return -1;
        }

        reply->buffer = buffer;
        reply->size = size;
    }

    memcpy(reply->buffer + reply->used, data, len);
    reply->used += len;

    return 0;
}


/* the next element of a nested array, or the first of all; NULL: refused */

static prize_reply_node_t *
prize_reply_node(prize_reply_t *reply, prize_reply_e type)
{
    unsigned             size;
    prize_reply_node_t  *node, *nodes;

    if (reply->nnodes == reply->nodes_size) {

        if (reply->nodes_size >= PRIZE_REPLY_NODES_MAX) {
            return prize_reply_refuse(reply, "an array of too many elements");
        }

        size = reply->nodes_size ? 2 * reply->nodes_size : 64;

        nodes = realloc(reply->nodes, size * sizeof(prize_reply_node_t));
        if (nodes == NULL) {
            return prize_reply_refuse(reply, "no memory for a reply");
        }

        reply->nodes = nodes;
        reply->nodes_size = size;
    }

    node = &reply->nodes[reply->nnodes++];

    memset(node, 0, sizeof(prize_reply_node_t));
    node->type = type;

    return node;
}


static void *
prize_reply_nested_string(const redisReadTask *task, const char *data,
    size_t len)
{
    prize_reply_t       *reply;
    prize_reply_node_t  *node;

    reply = task->privdata;

    if (task->type != REDIS_REPLY_STRING && task->type != REDIS_REPLY_STATUS
        && task->type != REDIS_REPLY_ERROR)
    {
        return prize_reply_refuse(reply, "a type of RESP3");
    }

    if (reply->used + len > PRIZE_REPLY_TREE_MAX) {
        return prize_reply_refuse(reply, "an array of too many bytes");
    }

    node = prize_reply_node(reply, task->type == REDIS_REPLY_ERROR
                                   ? PRIZE_REPLY_ERROR : PRIZE_REPLY_STRING);
    if (node == NULL) {
        return NULL;
    }

    if (prize_reply_append(reply, data, len) != 0) {
        return prize_reply_refuse(reply, "no memory for a reply");
    }

    node->text.len = len;

    return reply;
}


static void *
prize_reply_nested_array(const redisReadTask *task,
    prize_reply_count_t elements)
{
    unsigned              depth;
    prize_reply_t        *reply;
    prize_reply_node_t   *node;
    const redisReadTask  *parent;

    reply = task->privdata;
    depth = 1;

    for (parent = task->parent; parent; parent = parent->parent) {
        depth++;
    }

    if (depth > PRIZE_REPLY_DEPTH_MAX) {
        return prize_reply_refuse(reply, "arrays that are nested too deeply");
    }

    if (elements > PRIZE_REPLY_NODES_MAX) {
        return prize_reply_refuse(reply, "an array of too many elements");
    }

    node = prize_reply_node(reply, PRIZE_REPLY_TREE);
    if (node == NULL) {
        return NULL;
    }

    node->elements = elements;
    reply->type = PRIZE_REPLY_TREE;

    return reply;
}


static void *
prize_reply_string(const redisReadTask *task, char *data, size_t len)
{
    prize_str_t    *value;
    prize_reply_t  *reply;

    reply = task->privdata;

    if (len > PRIZE_FIELD_MAX) {
        return prize_reply_refuse(reply, "a string of more than 1 MiB");
    }

    if (task->parent == NULL) {
        if (task->type != REDIS_REPLY_STRING
            && task->type != REDIS_REPLY_STATUS
            && task->type != REDIS_REPLY_ERROR)
        {
            return prize_reply_refuse(reply, "a type of RESP3");
        }

        reply->type = (task->type == REDIS_REPLY_ERROR) ? PRIZE_REPLY_ERROR
                                                        : PRIZE_REPLY_STRING;
        value = &reply->text;

    } else if (reply->wanted == PRIZE_REPLY_NESTED) {
        return prize_reply_nested_string(task, data, len);

    } else {
        if (task->type != REDIS_REPLY_STRING) {
            return prize_reply_refuse(reply, "an element that is no string");
        }

        if (reply->nvalues == reply->wanted) {
            return prize_reply_refuse(reply, "an array of another length");
        }

        value = &reply->values[reply->nvalues++];
    }

    if (prize_reply_append(reply, data, len) != 0) {
        return prize_reply_refuse(reply, "no memory for a reply");
    }

    value->len = len;
    value->data = reply->buffer;    /* its place is known at the end */

    return reply;
}


static void *
prize_reply_array(const redisReadTask *task, prize_reply_count_t elements)
{
    prize_str_t    *values;
    prize_reply_t  *reply;

    reply = task->privdata;

    if (task->type != REDIS_REPLY_ARRAY) {
        return prize_reply_refuse(reply, "a type of RESP3");
    }

    if (reply->wanted == PRIZE_REPLY_NESTED) {
        return prize_reply_nested_array(task, elements);
    }

    if (task->parent != NULL || elements != (prize_reply_count_t) reply->wanted
        || reply->wanted == 0)
    {
        return prize_reply_refuse(reply, "an array of another length");
    }

    if (reply->allocated < reply->wanted) {
        values = realloc(reply->values, reply->wanted * sizeof(prize_str_t));
        if (values == NULL) {
            return prize_reply_refuse(reply, "no memory for a reply");
        }

        reply->values = values;
        reply->allocated = reply->wanted;
    }

    reply->type = PRIZE_REPLY_RECORD;

    return reply;
}


static void *
prize_reply_integer(const redisReadTask *task, long long integer)
{
    prize_reply_t       *reply;
    prize_reply_node_t  *node;

    reply = task->privdata;

    if (task->parent != NULL && reply->wanted == PRIZE_REPLY_NESTED) {
        node = prize_reply_node(reply, PRIZE_REPLY_INTEGER);

        if (node == NULL) {
            return NULL;
        }

        node->integer = integer;
        return reply;
    }

    if (task->parent != NULL) {
        return prize_reply_refuse(reply, "an element that is no string");
    }

    reply->type = PRIZE_REPLY_INTEGER;
    reply->integer = integer;

    return reply;
}


static void *
prize_reply_nil(const redisReadTask *task)
{
    prize_reply_t  *reply;

    reply = task->privdata;

    if (task->parent == NULL) {
        reply->type = PRIZE_REPLY_NIL;

    } else if (reply->wanted == PRIZE_REPLY_NESTED) {
        return prize_reply_node(reply, PRIZE_REPLY_NIL) ? reply : NULL;

    } else if (reply->nvalues == reply->wanted) {
        return prize_reply_refuse(reply, "an array of another length");

    } else {
        reply->values[reply->nvalues].data = NULL;
        reply->values[reply->nvalues++].len = 0;
    }

    return reply;
}


static void
prize_reply_free(void *object)
{
    (void) object;
}


static redisReplyObjectFunctions  prize_reply_functions = {
    .createString = prize_reply_string,
    .createArray = prize_reply_array,
    .createInteger = prize_reply_integer,
    .createNil = prize_reply_nil,
    PRIZE_REPLY_FUNCTIONS_RESP3
    .freeObject = prize_reply_free
};


static redisReader *
prize_reply_reader(prize_reply_t *reply)
{
    redisReader  *reader;

    reader = redisReaderCreateWithFunctions(&prize_reply_functions);

    if (reader) {
        reader->privdata = reply;

        /* without memory its own way to give a buffer back is an assertion */
        reader->maxbuf = 0;
    }

    return reader;
}


int
prize_reply_init(prize_reply_t *reply)
{
    memset(reply, 0, sizeof(prize_reply_t));

    /* so that an empty string has a place too */

    reply->buffer = malloc(PRIZE_REPLY_BUFFER_MIN);
    if (reply->buffer == NULL) {
        return -1;
    }

    reply->size = PRIZE_REPLY_BUFFER_MIN;

    reply->reader = prize_reply_reader(reply);
    if (reply->reader == NULL) {
        prize_reply_destroy(reply);
        return -1;
    }

    return 0;
}


void
prize_reply_destroy(prize_reply_t *reply)
{
    if (reply->reader) {
        redisReaderFree(reply->reader);
    }

    free(reply->buffer);
    free(reply->values);
    free(reply->nodes);

    memset(reply, 0, sizeof(prize_reply_t));
}


static size_t
prize_reply_unread(const prize_reply_t *reply)
{
    return reply->reader->len - reply->reader->pos;
}


int
prize_reply_feed(prize_reply_t *reply, const char *data, size_t len)
{
    redisReader  *reader;

    /* only between two replies: half of one stands in the reader itself */

    if (reply->reader->ridx == -1 && reply->reader->len == 0
        && sdsavail(reply->reader->buf) > PRIZE_READER_IDLE_MAX)
    {
        reader = prize_reply_reader(reply);
        if (reader == NULL) {
            return -1;
        }

        redisReaderFree(reply->reader);
        reply->reader = reader;
    }

    if (prize_reply_unread(reply) + len > PRIZE_REPLY_UNREAD_MAX) {
        return -1;
    }

    reply->fed += len;

    return redisReaderFeed(reply->reader, data, len) == REDIS_OK ? 0 : -1;
}


int
prize_reply_torn(const prize_reply_t *reply)
{
    return reply->fed != reply->whole;
}


static void
prize_reply_place(prize_reply_t *reply)
{
    char      *p;
    unsigned   i;

    p = reply->buffer;

    if (reply->type == PRIZE_REPLY_TREE) {
        for (i = 0; i < reply->nnodes; i++) {
            reply->nodes[i].text.data = p;
            p += reply->nodes[i].text.len;
        }

        return;
    }

    if (reply->type != PRIZE_REPLY_RECORD) {
        reply->text.data = p;
        return;
    }

    for (i = 0; i < reply->nvalues; i++) {
        if (reply->values[i].data) {
            reply->values[i].data = p;
            p += reply->values[i].len;
        }
    }
}


/* what a large tree took; records need no more than they have */

static void
prize_reply_shrink(prize_reply_t *reply)
{
    char  *buffer;

    free(reply->nodes);
    reply->nodes = NULL;
    reply->nodes_size = 0;

    buffer = realloc(reply->buffer, PRIZE_REPLY_BUFFER_MIN);

    if (buffer) {
        reply->buffer = buffer;
        reply->size = PRIZE_REPLY_BUFFER_MIN;
    }
}


prize_reply_e
prize_reply_next(prize_reply_t *reply, unsigned wanted)
{
    void  *object;

    reply->wanted = wanted;

    /* the last one has been looked at; the next may be half read */

    if (reply->done) {
        reply->done = 0;
        reply->used = 0;
        reply->nvalues = 0;
        reply->nnodes = 0;

        if (reply->nodes_size > PRIZE_REPLY_NODES_IDLE) {
            prize_reply_shrink(reply);
        }
    }

    if (redisReaderGetReply(reply->reader, &object) != REDIS_OK) {
        reply->text.data = reply->broken ? reply->broken
                                         : reply->reader->errstr;
        reply->text.len = strlen(reply->text.data);

        return PRIZE_REPLY_BROKEN;
    }

    if (object == NULL) {
        return PRIZE_REPLY_AGAIN;
    }

    reply->whole = reply->fed - prize_reply_unread(reply);

    if (reply->type == PRIZE_REPLY_RECORD && reply->nvalues != wanted) {
        reply->text.data = "an array of another length";
        reply->text.len = strlen(reply->text.data);

        return PRIZE_REPLY_BROKEN;
    }

    prize_reply_place(reply);
    reply->done = 1;

    return reply->type;
}


const prize_reply_node_t *
prize_reply_skip(const prize_reply_node_t *node)
{
    unsigned  left;

    for (left = 1; left; left--, node++) {
        left += node->elements;
    }

    return node;
}


prize_redis_error_e
prize_redis_error(const prize_str_t *text)
{
    size_t                     len;
    const prize_redis_word_t  *w;

    for (w = prize_redis_words; w->word; w++) {
        len = strlen(w->word);

        if (text->len >= len && memcmp(text->data, w->word, len) == 0
            && (text->len == len || text->data[len] == ' '))
        {
            /* Redis has no other word for a key, in any of its versions */

            return (w->error == PRIZE_REDIS_DENIED
                    && memmem(text->data, text->len, " to access ", 11))
                   ? PRIZE_REDIS_KEY : w->error;
        }
    }

    return PRIZE_REDIS_OTHER;
}
