
/*
 * One employee's record, found as the module finds it: in Redis; where that
 * has none, a stale one or no answer, in PostgreSQL.
 */

#ifndef _PRIZECTL_LOOKUP_H_INCLUDED_
#define _PRIZECTL_LOOKUP_H_INCLUDED_


#include "prizectl_key.h"
#include "prizectl_options.h"
#include "prizectl_page.h"
#include "prizectl_roster.h"
#include "prizectl_route.h"


typedef struct {
    const prizectl_options_t  *options;
    prizectl_pages_t          *pages;
    prize_str_t                id;

    prizectl_key_t             key;
    prizectl_route_t           route;
    prize_str_t                name;        /* of the key */
    prizectl_redis_t          *redis;       /* that has it */
    redisReply                *reply;       /* owned */
    prizectl_roster_t          roster;
    prize_str_t               *values;      /* owned; they point into "reply" */
                                            /*   or "roster" */
} prizectl_lookup_t;


/*
 * Starts as zeros but for what stands above the empty line.  The values of the
 * page's fields go to "record" and live as long as the lookup.  0, or -1 after
 * a message, also if there is no such employee; prizectl_lookup_destroy()
 * takes both.
 */
int prizectl_lookup_run(prizectl_lookup_t *lookup, prize_record_t *record);

void prizectl_lookup_destroy(prizectl_lookup_t *lookup);


#endif /* _PRIZECTL_LOOKUP_H_INCLUDED_ */
