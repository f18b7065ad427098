
/*
 * Records on their way to Redis.
 *
 * Of each key Redis is asked first what it holds.  A key that holds no hash is
 * another program's: it is left alone and named.  Otherwise the record is a
 * transaction: the old record goes, the new one comes, with its time to live,
 * or nothing happens at all.  Several are under way at once, in a window
 * bounded in records and in bytes, and each one's replies are checked.
 *
 * No command and no transaction has more than one key, as a node of a Redis
 * Cluster wants it.
 */

#ifndef _PRIZECTL_PIPELINE_H_INCLUDED_
#define _PRIZECTL_PIPELINE_H_INCLUDED_


#include "prize_record.h"
#include "prizectl_redis.h"


typedef struct {
    char                *key;           /* in the window's own block */
    char                *commands;      /* owned: TYPE, and the transaction */
                                        /*   but in a dry run; NULL once */
                                        /*   TYPE has its reply */
    size_t               head;          /* of TYPE, in bytes */
    size_t               len;           /* of all, in bytes */
    unsigned             ncolumns;
    unsigned             done:1;        /* it needs no more replies */
    unsigned long long   before;        /* replies to TYPE that come before */
                                        /*   those of the transaction */
} prizectl_transfer_t;


typedef struct {
    prizectl_redis_t    *redis;

    /* a ring; the oldest record under way is the one that is answered next */

    prizectl_transfer_t *window;
    char                *keys;
    unsigned             first;
    unsigned             n;
    unsigned             ntyped;        /* how many of these, from the first */
                                        /*   on, have their reply to TYPE */
    unsigned             reply;         /* how many the oldest transaction */
                                        /*   has had */

    unsigned long long   asked;         /* TYPE: commands, and their replies */
    unsigned long long   answered;

    size_t               bytes;         /* of all that are under way */
    size_t               unsent;        /* since the last look at the socket */
    unsigned             dry_run:1;     /* keys are looked at, no more */

    unsigned long long   stored;        /* records that Redis has confirmed */
    unsigned long long   others;        /* keys that hold no hash */
} prizectl_pipeline_t;


/*
 * A key is at most "key_max" bytes long.  0, or -1 after a message, as all
 * functions here that return an int; once one has failed only
 * prizectl_pipeline_destroy() may follow.
 */
int prizectl_pipeline_init(prizectl_pipeline_t *pipeline,
    prizectl_redis_t *redis, size_t key_max, int dry_run);

void prizectl_pipeline_destroy(prizectl_pipeline_t *pipeline);

/* nothing of what is passed need live on; waits while the window is full */
int prizectl_pipeline_store(prizectl_pipeline_t *pipeline,
    const prize_str_t *key, const prize_record_t *record,
    unsigned long long ttl);

/* sends and receives what can be, without waiting */
int prizectl_pipeline_turn(prizectl_pipeline_t *pipeline);

/* waits until nothing is under way */
int prizectl_pipeline_drain(prizectl_pipeline_t *pipeline);


#endif /* _PRIZECTL_PIPELINE_H_INCLUDED_ */
