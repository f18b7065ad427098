
/*
 * Where the records are: one server, the master that Sentinels name, or the
 * primaries of a cluster.
 */

#ifndef _PRIZECTL_ROUTE_H_INCLUDED_
#define _PRIZECTL_ROUTE_H_INCLUDED_


#include "prize_cluster.h"
#include "prizectl_options.h"
#include "prizectl_redis.h"
#include "prizectl_url.h"


typedef struct {
    const prizectl_options_t  *options;
    prizectl_url_t             url;
    prizectl_access_t          access;
    char                      *password;    /* owned; or NULL */

    prizectl_redis_t          *nodes[PRIZE_CLUSTER_NODES_MAX];  /* owned */
    unsigned                   n;
    uint16_t                   slots[PRIZE_SLOTS];  /* the index of each */
                                                    /*   slot's node */
    prize_cluster_map_t        map;         /* that they come from */
    prize_reply_t              reply;       /* owned: its strings */
} prizectl_route_t;


typedef enum {
    PRIZECTL_REDIRECT_ERROR = -1,   /* after a message */
    PRIZECTL_REDIRECT_NONE,         /* the reply is none */
    PRIZECTL_REDIRECT_MOVED,
    PRIZECTL_REDIRECT_ASK           /* behind ASKING, for this once */
} prizectl_redirect_e;


/* which options go together: 0, or -1 after a message */
int prizectl_route_check(const prizectl_options_t *options);

/*
 * Starts as zeros: finds the servers that have the records and connects to
 * them.  0, or -1 after a message; prizectl_route_close() takes both.
 */
int prizectl_route_open(prizectl_route_t *route,
    const prizectl_options_t *options);

void prizectl_route_close(prizectl_route_t *route);

/* the index of the node that has a key */
unsigned prizectl_route_find(const prizectl_route_t *route,
    const prize_str_t *key);

/* how many of the slots a node has: all of them but in a cluster */
unsigned prizectl_route_slots(const prizectl_route_t *route, unsigned node);

/*
 * Where a reply of "node" sends to, which is connected then and, after MOVED,
 * has the slot from now on.
 */
prizectl_redirect_e prizectl_route_redirect(prizectl_route_t *route,
    unsigned node, const redisReply *reply, unsigned *to);

/* what to do where a server was lost, to follow the reason; or "" */
const char *prizectl_route_hint(const prizectl_route_t *route);


#endif /* _PRIZECTL_ROUTE_H_INCLUDED_ */
