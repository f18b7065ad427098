
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
    unsigned             known:1;       /* Redis has told */
    unsigned long long   maxmemory;     /* 0 if there is no limit */
    unsigned long long   used;
    char                 policy[PRIZECTL_MEMORY_POLICY_LEN];

    unsigned long long   need;          /* an estimate, for all records */
} prizectl_memory_t;


/*
 * What INFO says.  A user without the right to ask is no error, but nothing
 * is known then, which a message says.  0, or -1 after a message.
 */
int prizectl_memory_read(prizectl_memory_t *memory, prizectl_redis_t *redis);

/* what the records will take; the columns are the roster's */
void prizectl_memory_estimate(prizectl_memory_t *memory,
    const prizectl_key_t *key, const prizectl_roster_t *roster,
    const prizectl_survey_t *survey);

/*
 * -1 after a message with the figures if a record could be evicted, or if
 * not all fit.  Of "standing" records, the new ones take the place.
 */
int prizectl_memory_check_policy(const prizectl_memory_t *memory,
    const prizectl_redis_t *redis);
int prizectl_memory_check_room(const prizectl_memory_t *memory,
    const prizectl_redis_t *redis, const prizectl_survey_t *survey,
    unsigned long long standing);

/* the room that is left */
unsigned long long prizectl_memory_free(const prizectl_memory_t *memory);


#endif /* _PRIZECTL_MEMORY_H_INCLUDED_ */
