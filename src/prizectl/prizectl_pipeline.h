
/*
 * Records on their way to Redis.
 *
 * Each is a transaction: the old record goes, the new one comes, with its
 * time to live, or nothing happens at all.  Several are under way at once, in
 * a window bounded in records and in bytes, and each one's replies are
 * checked.
 */

#ifndef _PRIZECTL_PIPELINE_H_INCLUDED_
#define _PRIZECTL_PIPELINE_H_INCLUDED_


#include "prize_record.h"
#include "prizectl_redis.h"


typedef struct {
    char                *key;           /* in the window's own block */
    size_t               len;           /* of the commands, in bytes */
    unsigned             ncolumns;
} prizectl_transfer_t;


typedef struct {
    prizectl_redis_t    *redis;

    /* a ring; the oldest record under way is the one that is answered next */

    prizectl_transfer_t *window;
    char                *keys;
    unsigned             first;
    unsigned             n;
    unsigned             reply;         /* of how many the oldest one has */

    size_t               bytes;         /* of all that are under way */
    size_t               unsent;        /* since the last look at the socket */

    char                *buffer;        /* owned: one record's commands */
    size_t               size;

    unsigned long long   stored;        /* records that Redis has confirmed */
} prizectl_pipeline_t;


/*
 * A key is at most "key_max" bytes long.  0, or -1 after a message, as all
 * functions here that return an int; once one has failed only
 * prizectl_pipeline_destroy() may follow.
 */
int prizectl_pipeline_init(prizectl_pipeline_t *pipeline,
    prizectl_redis_t *redis, size_t key_max);

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
