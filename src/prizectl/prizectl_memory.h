
/*
 * Whether a roster fits into Redis, before any of it is stored.
 */

#ifndef _PRIZECTL_MEMORY_H_INCLUDED_
#define _PRIZECTL_MEMORY_H_INCLUDED_


#include "prizectl_key.h"
#include "prizectl_redis.h"
#include "prizectl_roster.h"


#define PRIZECTL_MEMORY_POLICY_LEN  64


typedef struct {
    unsigned             n;             /* servers */
    unsigned             known:1;       /* Redis has told */
    unsigned long long   maxmemory;     /* 0 if there is no limit */
    unsigned long long   used;
    char                 policy[PRIZECTL_MEMORY_POLICY_LEN];
} prizectl_memory_t;


/*
 * What INFO says.  A user without the right to ask is no error, nor is a reply
 * that tells no limit, as managed services give, but nothing is known then,
 * which a message says.  0, or -1 after a message.
 */
int prizectl_memory_read(prizectl_memory_t *memory, prizectl_redis_t *redis);

/* what they have together, from zeros: a limit only where each has one */
void prizectl_memory_add(prizectl_memory_t *sum,
    const prizectl_memory_t *memory);

/* what the records will take, in bytes; the columns are the roster's */
unsigned long long prizectl_memory_estimate(const prizectl_key_t *key,
    const prizectl_roster_t *roster, const prizectl_survey_t *survey);

/*
 * -1 after a message with the figures if a record could be evicted, or if
 * not all "nrows", which need so much, fit.  Of "standing" records, the new
 * ones take the place.
 */
int prizectl_memory_check_policy(const prizectl_memory_t *memory,
    const prizectl_redis_t *redis);
int prizectl_memory_check_room(const prizectl_memory_t *memory,
    const prizectl_redis_t *redis, double need, unsigned long long nrows,
    unsigned long long standing);

/* the room that is left */
unsigned long long prizectl_memory_free(const prizectl_memory_t *memory);


#endif /* _PRIZECTL_MEMORY_H_INCLUDED_ */
