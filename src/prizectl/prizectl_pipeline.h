
/*
 * Records on their way to Redis.
 *
 * Of each key Redis is asked first what it holds.  A key that holds no hash is
 * another program's: it is left alone and named.  Otherwise the record is a
 * transaction: the old record goes, the new one comes, with its time to live,
 * or nothing happens at all.  Several are under way at once, at all servers
 * side by side, in a window bounded in records and in bytes, and each one's
 * replies are checked.
 *
 * No command and no transaction has more than one key, as a node of a Redis
 * Cluster wants it.  A record whose slot moves to another node is sent there.
 */

#ifndef _PRIZECTL_PIPELINE_H_INCLUDED_
#define _PRIZECTL_PIPELINE_H_INCLUDED_


#include "prize_record.h"
#include "prizectl_route.h"


typedef struct prizectl_transfer_s  prizectl_transfer_t;

struct prizectl_transfer_s {
    prizectl_transfer_t *next;          /* whose reply comes behind its own */
    prize_str_t          key;           /* in "commands" */
    unsigned             ncolumns;
    unsigned             reply;         /* which one comes next */
    unsigned             to;            /* where it has to go instead */
    unsigned             redirects;     /* how often it had to */
    prizectl_redirect_e  asks;          /* behind ASKING? */
    prizectl_redirect_e  redirect;      /* to there, once all replies came */
    size_t               head;          /* of TYPE, in bytes */
    size_t               len;           /* of all, in bytes */
    char                 commands[];    /* TYPE, and the transaction but in */
                                        /*   a dry run */
};


/* what a server has been sent and has not answered, in its order */

typedef struct {
    prizectl_transfer_t *first;
    prizectl_transfer_t *last;
} prizectl_queue_t;


typedef struct {
    prizectl_route_t    *route;
    prizectl_queue_t     queues[PRIZE_CLUSTER_NODES_MAX];

    unsigned             n;             /* records under way */
    unsigned             max;           /* of them */
    size_t               bytes;         /* of all that are under way */
    size_t               unsent;        /* since the last look at sockets */
    unsigned             dry_run:1;     /* keys are looked at, no more */

    unsigned long long   stored;        /* records that Redis has confirmed */
    unsigned long long   others;        /* keys that hold no hash */
} prizectl_pipeline_t;


/*
 * Nothing that can fail.  The other functions return 0, or -1 after a message;
 * once one has failed only prizectl_pipeline_destroy() may follow, which takes
 * zeros, too.
 */
void prizectl_pipeline_init(prizectl_pipeline_t *pipeline,
    prizectl_route_t *route, int dry_run);

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
