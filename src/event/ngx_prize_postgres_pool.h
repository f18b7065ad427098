
/*
 * The inside of a pool, for the rooms that it is made of: the queue of the
 * IDs that are wanted, the batch that a connection is asked, and the rows
 * that answer it.  Nobody else includes it.
 */

#ifndef _NGX_PRIZE_POSTGRES_POOL_H_INCLUDED_
#define _NGX_PRIZE_POSTGRES_POOL_H_INCLUDED_


#include "ngx_prize_postgres.h"
#include "ngx_prize_postgres_conn.h"
#include "ngx_prize_timer.h"


typedef struct ngx_prize_postgres_member_s  ngx_prize_postgres_member_t;


/* one ID that waits or is in flight, for all the lookups that want it */

typedef struct {
    ngx_rbtree_node_t             node;
    ngx_queue_t                   queue;     /* waiting, or a batch */
    ngx_queue_t                   lookups;
    ngx_uint_t                    query;
    ngx_prize_postgres_member_t  *member;    /* NULL: it waits */

    /* of a batch that was split: asked with these only; 0: with anybody */
    ngx_uint_t                    group;

    uint64_t                      since;     /* ngx_prize_clock(): waits */
    ngx_msec_t                    deadline;  /* of its lookups, the last */

    int                           row;       /* of the result, -1: none */
    unsigned                      differs:1; /* two rows that differ */

    ngx_uint_t                    returned;  /* after that loss; 0: never */

    size_t                        len;
    u_char                        id[1];
} ngx_prize_postgres_item_t;


/* a connection with what it was asked */

struct ngx_prize_postgres_member_s {
    ngx_prize_postgres_conn_t     conn;
    ngx_prize_postgres_pool_t    *pool;
    ngx_queue_t                   batch;
    ngx_uint_t                    size;
    ngx_msec_t                    deadline;  /* connecting, or its query */
    uint64_t                      sent;      /* ngx_prize_clock(): its query */
    ngx_uint_t                    born;      /* after that loss */
    unsigned                      proven:1;  /* has answered a query */
};


struct ngx_prize_postgres_pool_s {
    ngx_queue_t                      queue;  /* of the worker's pools */
    ngx_log_t                       *log;    /* the cycle's */
    const ngx_prize_postgres_conf_t *conf;

    ngx_prize_postgres_member_t     *members;
    ngx_prize_breaker_t              breaker;
    ngx_prize_postgres_hosts_t       hosts;
    ngx_uint_t                       silent;     /* since the last attempt */

    ngx_queue_t                      waiting;    /* items, oldest first */
    ngx_uint_t                       nwaiting;
    ngx_uint_t                       lookups;    /* of all items */
    ngx_rbtree_t                     items;      /* by query and ID */
    ngx_rbtree_node_t                sentinel;
    ngx_uint_t                       groups;
    ngx_uint_t                       losses;     /* of connections */

    Oid                             *types;  /* of "id", by query; 0: unknown */

    ngx_event_t                      dispatch;   /* posted once a turn */
    ngx_event_t                      timer;
    ngx_event_t                      retry;

    /* reused by every batch */

    u_char                          *ids;
    size_t                           ids_size;
    int                             *map;        /* column of a field */
    size_t                           map_size;
    const prize_fields_t            *mapped;
    prize_str_t                     *values;
    prize_column_t                  *columns;
    size_t                           columns_size;

    ngx_str_t                        name;
    u_char                           name_data[NGX_MAX_ERROR_STR / 8];

    ngx_prize_notice_t               lost;
    ngx_prize_notice_t               back;
    ngx_prize_notice_t               error;
    char                             sqlstate[6];   /* of the last one */
    ngx_prize_notice_t               differs;
    ngx_prize_notice_t               foreign;
    ngx_prize_notice_t               column;
    ngx_prize_notice_t               large;
};


/* queue: each ID once, waiting or in flight, with the lookups that want it */

/* orders pool->items */
void ngx_prize_postgres_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);

/* NULL if nobody waits for it */
ngx_prize_postgres_item_t *ngx_prize_postgres_find(
    ngx_prize_postgres_pool_t *pool, ngx_uint_t query, const u_char *id,
    size_t len);

/* in the tree, and in no queue yet; NULL without memory */
ngx_prize_postgres_item_t *ngx_prize_postgres_add(
    ngx_prize_postgres_pool_t *pool, ngx_prize_lookup_t *lookup);

void ngx_prize_postgres_wait(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_item_t *item, ngx_uint_t head);
void ngx_prize_postgres_unwait(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_item_t *item);

/* an item that is in no queue, and has no lookups any more */
void ngx_prize_postgres_free(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_item_t *item);

/* frees an item and hands its lookups over; a handler may ask for it again */
void ngx_prize_postgres_release(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_item_t *item, ngx_queue_t *lookups);

/* so many lookups more */
void ngx_prize_postgres_tally(ngx_prize_postgres_pool_t *pool, ngx_int_t n);

/* the end of a lookup, and of all of an item's */
void ngx_prize_postgres_complete(ngx_prize_postgres_pool_t *pool,
    ngx_prize_lookup_t *lookup, ngx_prize_result_e result);
void ngx_prize_postgres_finish(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_item_t *item, ngx_prize_result_e result);

/* all that wait now are lost */
void ngx_prize_postgres_shed(ngx_prize_postgres_pool_t *pool);

/* moves lookups that are over their time to "late" */
void ngx_prize_postgres_expire(ngx_prize_postgres_pool_t *pool,
    ngx_queue_t *late);


/* batch: the IDs of one query, asked over one connection */

/* what the head of the queue wants asked, and those that go with it */
void ngx_prize_postgres_take(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_member_t *member);

/* pool->ids becomes the array; NGX_ERROR: no memory */
ngx_int_t ngx_prize_postgres_array(ngx_prize_postgres_pool_t *pool,
    ngx_queue_t *batch);

/* the connection may be asked again; its items are the caller's */
void ngx_prize_postgres_detach_batch(ngx_prize_postgres_member_t *member,
    ngx_queue_t *batch);

void ngx_prize_postgres_finish_batch(ngx_prize_postgres_member_t *member,
    ngx_prize_result_e result);

/* to the head of the queue; who was given back since "born" is lost */
void ngx_prize_postgres_return(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_member_t *member, ngx_uint_t born);

/* in halves, each to be asked by itself */
void ngx_prize_postgres_split(ngx_prize_postgres_member_t *member);


/* rows: answers a batch from its result, which stays the caller's */

void ngx_prize_postgres_tuples(ngx_prize_postgres_member_t *member,
    PGresult *result);


#endif /* _NGX_PRIZE_POSTGRES_POOL_H_INCLUDED_ */
