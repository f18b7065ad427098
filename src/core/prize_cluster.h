
/*
 * What a Redis Cluster says of itself: which node has which slots, and where
 * a key is that another node was asked for (Redis cluster specification;
 * the command CLUSTER SLOTS).
 */

#ifndef _PRIZE_CLUSTER_H_INCLUDED_
#define _PRIZE_CLUSTER_H_INCLUDED_


#include <stdint.h>

#include "prize_reply.h"
#include "prize_slot.h"


#define PRIZE_CLUSTER_NODES_MAX  1024
#define PRIZE_CLUSTER_ID_MAX     40      /* characters */


/* the strings are the reply's, and valid as long as that */

typedef struct {
    prize_str_t            id;
    prize_str_t            host;        /* an address or a name; empty: that */
                                        /*   of the node that was asked */
    prize_str_t            hostname;    /* that goes with an address, or */
    prize_str_t            address;     /*   the reverse; else empty */
    unsigned               port;
    unsigned               unknown:1;   /* "?": not even they know where */
    unsigned               primary:1;   /* of some slots */
    unsigned               shard;       /* the index of its primary */
} prize_cluster_node_t;


typedef struct {
    prize_cluster_node_t  *nodes;       /* owned */
    unsigned               nnodes;
    unsigned               uncovered;   /* slots that nobody has */
    uint16_t               slots[PRIZE_SLOTS];  /* the index of the primary, */
                                                /*   and 1; 0: nobody */
} prize_cluster_map_t;


/* "MOVED 3999 127.0.0.1:6381" */

typedef struct {
    unsigned               ask:1;       /* ASK: for this once */
    unsigned               slot;
    prize_str_t            host;        /* as in prize_cluster_node_t */
    unsigned               port;
} prize_cluster_redirect_t;


/* 1: they are one node's */
int prize_cluster_equal_id(const prize_str_t *one, const prize_str_t *two);

/*
 * Fills "map" from the reply to CLUSTER SLOTS.  NULL; or why it is none, and
 * the map is empty.  A map without a node is one.
 */
const char *prize_cluster_map_read(prize_cluster_map_t *map,
    const prize_reply_t *reply);

void prize_cluster_map_destroy(prize_cluster_map_t *map);

/* 0, or -1: the error does not say where the key is */
int prize_cluster_redirect_read(prize_cluster_redirect_t *redirect,
    const prize_str_t *error);


#endif /* _PRIZE_CLUSTER_H_INCLUDED_ */
