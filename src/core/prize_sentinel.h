
/*
 * What Redis' Sentinels and their masters say: who is the master, who are its
 * replicas, and what a server takes itself for (the commands SENTINEL
 * GET-MASTER-ADDR-BY-NAME, SENTINEL REPLICAS and ROLE).
 */

#ifndef _PRIZE_SENTINEL_H_INCLUDED_
#define _PRIZE_SENTINEL_H_INCLUDED_


#include "prize_reply.h"


/* the strings are the reply's, and valid as long as that */

typedef struct {
    prize_str_t  host;          /* an address or a name */
    unsigned     port;
    unsigned     down:1;        /* the Sentinel cannot reach it */
} prize_sentinel_server_t;


typedef enum {
    PRIZE_ROLE_OTHER = 0,       /* a Sentinel, or no reply to ROLE */
    PRIZE_ROLE_MASTER,
    PRIZE_ROLE_REPLICA
} prize_role_e;


/* 0; -1: what the reply has is no address */
int prize_sentinel_master_read(prize_sentinel_server_t *server,
    const prize_reply_t *reply);

/*
 * The server that "*node" is, and the next one in "*node": the first is
 * &reply->nodes[1], of which there are reply->nodes[0].elements.  0; -1: it is
 * none.
 */
int prize_sentinel_replica_read(prize_sentinel_server_t *server,
    const prize_reply_node_t **node);

prize_role_e prize_sentinel_role_read(const prize_reply_t *reply);


#endif /* _PRIZE_SENTINEL_H_INCLUDED_ */
