
/*
 * What Redis answers: hiredis' reader with object functions of our own, which
 * copy a reply into one buffer that is used again for the next, so reading
 * allocates nothing once the buffer has grown.
 */

#ifndef _PRIZE_REPLY_H_INCLUDED_
#define _PRIZE_REPLY_H_INCLUDED_


#include <stddef.h>

#include "prize_record.h"


/* bytes that are read and fed at once, at most */
#define PRIZE_REPLY_FEED_MAX    (64 * 1024)

/* of one field: the line of its length, and an end of line behind it */
#define PRIZE_REPLY_FIELD_ENDS  32

/* the next array may have arrays in it: PRIZE_REPLY_TREE */
#define PRIZE_REPLY_NESTED      ((unsigned) -1)

/* arrays in arrays, as CLUSTER SLOTS has them; elements; bytes of strings */
#define PRIZE_REPLY_DEPTH_MAX   4
#define PRIZE_REPLY_NODES_MAX   (512 * 1024)
#define PRIZE_REPLY_TREE_MAX    (16 * 1024 * 1024)

/*
 * Unread bytes that a peer may make us hold: one field but for its last byte,
 * which may come with a whole read of what follows.
 */
#define PRIZE_REPLY_UNREAD_MAX                                                \
    (PRIZE_FIELD_MAX + PRIZE_REPLY_FIELD_ENDS + PRIZE_REPLY_FEED_MAX)


typedef enum {
    PRIZE_REPLY_AGAIN = 0,      /* not all of it is there yet */
    PRIZE_REPLY_RECORD,         /* an array of just the wanted length */
    PRIZE_REPLY_TREE,           /* an array of whatever there is */
    PRIZE_REPLY_STRING,         /* a bulk or a simple string */
    PRIZE_REPLY_INTEGER,
    PRIZE_REPLY_NIL,
    PRIZE_REPLY_ERROR,          /* Redis' own error, in "text" */
    PRIZE_REPLY_BROKEN          /* no RESP, or not ours: close; why: "text" */
} prize_reply_e;


/* what an error reply says about its server, from how it begins */

typedef enum {
    PRIZE_REDIS_OTHER = 0,
    PRIZE_REDIS_AWAY,           /* LOADING, MASTERDOWN, too many clients... */
    PRIZE_REDIS_DENIED,         /* NOAUTH, WRONGPASS, NOPERM to a command */
    PRIZE_REDIS_KEY,            /* NOPERM to a key */
    PRIZE_REDIS_MOVED,          /* MOVED, ASK */
    PRIZE_REDIS_UNCOVERED,      /* CLUSTERDOWN, TRYAGAIN */
    PRIZE_REDIS_TYPE,           /* WRONGTYPE */
    PRIZE_REDIS_WRITE           /* OOM, READONLY, MISCONF */
} prize_redis_error_e;


/* an element of a nested array, or an array itself */

typedef struct {
    prize_reply_e        type;          /* PRIZE_REPLY_TREE: an array */
    unsigned             elements;      /* of an array: those that follow, */
                                        /*   each with its own */
    long long            integer;
    prize_str_t          text;          /* of a string */
} prize_reply_node_t;


typedef struct {
    struct redisReader  *reader;        /* owned */

    unsigned             wanted;        /* elements of the next array */

    size_t               fed;           /* bytes, in all */
    size_t               whole;         /* of them, to the last whole reply */

    /* the last whole reply; valid until the next prize_reply_next() */

    prize_str_t         *values;        /* PRIZE_REPLY_RECORD: wanted of them */
    prize_str_t          text;          /* PRIZE_REPLY_STRING and _ERROR */
    long long            integer;
    prize_reply_node_t  *nodes;         /* PRIZE_REPLY_TREE: the array, and */
    unsigned             nnodes;        /*   all below it in order */

    /* all the strings of a reply, one after the other */

    char                *buffer;
    size_t               size;
    size_t               used;

    unsigned             nvalues;
    unsigned             allocated;
    unsigned             nodes_size;
    prize_reply_e        type;
    unsigned             done:1;        /* it was whole, and returned */
    const char          *broken;        /* what an object function objects to */
} prize_reply_t;


/* 0, or -1 without memory */
int prize_reply_init(prize_reply_t *reply);

void prize_reply_destroy(prize_reply_t *reply);

/* 0, or -1 if it cannot be held: without memory, or too much is unread */
int prize_reply_feed(prize_reply_t *reply, const char *data, size_t len);

/*
 * The next reply; an array must have "wanted" strings or nils, unless "wanted"
 * is PRIZE_REPLY_NESTED.
 */
prize_reply_e prize_reply_next(prize_reply_t *reply, unsigned wanted);

/* what stands behind an element and all that is below it */
const prize_reply_node_t *prize_reply_skip(const prize_reply_node_t *node);

/* something has come behind the last whole reply */
int prize_reply_torn(const prize_reply_t *reply);

prize_redis_error_e prize_redis_error(const prize_str_t *text);


#endif /* _PRIZE_REPLY_H_INCLUDED_ */
