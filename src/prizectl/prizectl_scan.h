
/*
 * The records that stand in Redis under a key pattern, one batch after the
 * other, in no order, at one server after the other.  What is no hash is no
 * record.  One that stands all the while is named at least once; while Redis
 * shrinks its table, it may be named twice.  One whose slot moves to another
 * node meanwhile may be named twice, or not at all.
 */

#ifndef _PRIZECTL_SCAN_H_INCLUDED_
#define _PRIZECTL_SCAN_H_INCLUDED_


#include "prizectl_key.h"
#include "prizectl_route.h"


typedef struct {
    prizectl_route_t      *route;
    const prizectl_key_t  *key;
    unsigned               node;        /* which is asked now */
    redisReply            *reply;       /* owned: the names are in it */
    prize_str_t           *ids;         /* owned */
    unsigned               nids;        /* of this batch */
    unsigned               allocated;
    char                   cursor[sizeof("18446744073709551615")];
    unsigned               started:1;
    unsigned long long     nothers;     /* names that no load has made */
} prizectl_scan_t;


/* nothing that can fail; prizectl_scan_destroy() takes it */
void prizectl_scan_init(prizectl_scan_t *scan, prizectl_route_t *route,
    const prizectl_key_t *key);

/* 1 and a batch, which may be empty; 0 at the end; -1 after a message */
int prizectl_scan_next(prizectl_scan_t *scan);

void prizectl_scan_destroy(prizectl_scan_t *scan);

/* removes records: "*removed" counts them; 0, or -1 after a message */
int prizectl_scan_remove(prizectl_route_t *route, prizectl_key_t *key,
    const prize_str_t *ids, unsigned nids, unsigned long long *removed);


#endif /* _PRIZECTL_SCAN_H_INCLUDED_ */
