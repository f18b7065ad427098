
/*
 * The nodes of a Redis Cluster, and which of them has which slots, as one of
 * them has said last and redirects since.
 */

#ifndef _NGX_PRIZE_REDIS_MAP_H_INCLUDED_
#define _NGX_PRIZE_REDIS_MAP_H_INCLUDED_


#include "ngx_prize_redis_node.h"
#include "prize_cluster.h"


typedef struct {
    ngx_prize_redis_node_t    node;
    ngx_prize_redis_ask_t     ask;          /* CLUSTER MYID */
    prize_str_t               id;           /* empty: a redirect named it, */
                                            /*   and no map yet */
    ngx_uint_t                shard;        /* the index of its primary */
    ngx_msec_t                listed;       /* when it was named first */
    unsigned                  connected:1;  /* it was, once, */
    unsigned                  fresh:1;      /*   and first just now */
    unsigned                  kept:1;       /* in the next map, too, */
    unsigned                  added:1;      /*   or only in that */
    char                      data[PRIZE_CLUSTER_ID_MAX];
} ngx_prize_redis_member_t;


/* zeroed at first; "site" is the caller's to set */

typedef struct {
    ngx_prize_redis_site_t    *site;
    ngx_prize_redis_member_t **members;     /* allocated, as each of them */
    ngx_uint_t                 nmembers;
    uint16_t                   slots[PRIZE_SLOTS];  /* as in what was told */
} ngx_prize_redis_map_t;


/* whose endpoint it is; NULL: nobody's */
ngx_prize_redis_member_t *ngx_prize_redis_map_find(
    ngx_prize_redis_map_t *map, ngx_prize_redis_t *redis);

/* 1: it shares a node's ID with what is told now */
ngx_uint_t ngx_prize_redis_map_is_known(ngx_prize_redis_map_t *map,
    const prize_cluster_map_t *told);

/*
 * What "from" has told becomes the map.  NGX_ERROR: no memory, and the present
 * one stays.
 */
ngx_int_t ngx_prize_redis_map_take(ngx_prize_redis_map_t *map,
    const prize_cluster_map_t *told, ngx_prize_redis_t *from);

/*
 * The index of whom a redirect names, who may be new; NGX_ERROR: no memory, or
 * too many that no map has.
 */
ngx_int_t ngx_prize_redis_map_guest(ngx_prize_redis_map_t *map,
    const prize_str_t *host, in_port_t port);

/* at the worker's end: nothing of it is left */
void ngx_prize_redis_map_stop(ngx_prize_redis_map_t *map);

/* the slot is that member's, until something else is told */
void ngx_prize_redis_map_move(ngx_prize_redis_map_t *map, ngx_uint_t slot,
    ngx_uint_t i);

/* the index of the primary that has the key; NGX_DECLINED: nobody has it */
ngx_int_t ngx_prize_redis_map_shard(ngx_prize_redis_map_t *map,
    const prize_str_t *key);

/* how many replicas a primary has, and which is the one with that number */
ngx_uint_t ngx_prize_redis_map_count_replicas(ngx_prize_redis_map_t *map,
    ngx_uint_t shard);
ngx_prize_redis_member_t *ngx_prize_redis_map_replica(
    ngx_prize_redis_map_t *map, ngx_uint_t shard, ngx_uint_t n);


#endif /* _NGX_PRIZE_REDIS_MAP_H_INCLUDED_ */
