
/*
 * The inside of a pool, for the rooms that it is made of: the queue of the
 * IDs that are wanted, the batch that a connection is asked, and the rows
 * that answer it.  Nobody else includes it.
 */

#ifndef _NGX_PRIZE_POSTGRES_POOL_H_INCLUDED_
#define _NGX_PRIZE_POSTGRES_POOL_H_INCLUDED_


#include "ngx_prize_postgres.h"
#include "ngx_prize_postgres_conn.h"


typedef struct ngx_prize_postgres_member_s  ngx_prize_postgres_member_t;


/* one ID that waits or is in flight, for all the lookups that want it */

struct ngx_prize_postgres_item_s {
    ngx_rbtree_node_t             node;
    ngx_queue_t                   queue;     /* waiting, or a batch */
    ngx_queue_t                   lookups;
    ngx_uint_t                    query;
    ngx_prize_postgres_member_t  *member;    /* NULL: it waits */

    /* of a batch that was split: asked with these only; 0: with anybody */
    ngx_uint_t                    group;

    uint64_t                      since;     /* ngx_prize_clock(): waits */
    ngx_msec_t                    timeout;   /* of its lookups, the longest */

    int                           row;       /* of the result, -1: none */
    unsigned                      differs:1; /* two rows that differ */

    ngx_uint_t                    returned;  /* the pool's attempts when it */
                                             /*   was given back; 0: never */
    size_t                        len;
    u_char                        id[1];
};


/* how far an attempt to connect has come */

typedef enum {
    NGX_PRIZE_POSTGRES_NO_ATTEMPT = 0,
    NGX_PRIZE_POSTGRES_SILENT,          /* no answer came in time */
    NGX_PRIZE_POSTGRES_TRIED,           /* no answer yet, or a refusal */
    NGX_PRIZE_POSTGRES_UP,              /* connected */
    NGX_PRIZE_POSTGRES_USEFUL           /* and a query was answered */
} ngx_prize_postgres_attempt_e;


typedef enum {
    NGX_PRIZE_POSTGRES_NOTHING = 0,
    NGX_PRIZE_POSTGRES_BATCH,           /* for the rows of IDs */
    NGX_PRIZE_POSTGRES_ID,              /* whether its type holds the one ID */
    NGX_PRIZE_POSTGRES_QUERY,           /* check: how it understands a query */
    NGX_PRIZE_POSTGRES_TYPE             /* check: what that type is */
} ngx_prize_postgres_asked_e;


/* a connection with what it was asked */

struct ngx_prize_postgres_member_s {
    ngx_prize_postgres_conn_t     conn;
    ngx_prize_postgres_pool_t    *pool;
    ngx_queue_t                   batch;
    ngx_uint_t                    size;
    ngx_msec_t                    deadline;  /* connecting, or its query */
    uint64_t                      sent;      /* ngx_prize_clock(): its query */
    ngx_prize_postgres_asked_e    asked;
    ngx_uint_t                    query;     /* that is checked */
    PGresult                     *doubt;     /* the error that an ID, or its */
                                             /*   row, is to blame for; of a */
                                             /*   check, that is told later */
    unsigned                      lacks:1;   /* check: a page's column */
    ngx_prize_postgres_attempt_e  attempt;
    ngx_uint_t                    number;    /* of the pool's attempts */
};


/* of a batch that is asked for, its first */
#define ngx_prize_postgres_batch_head(member)                                 \
    (ngx_queue_data(ngx_queue_head(&(member)->batch),                         \
                    ngx_prize_postgres_item_t, queue))


/* what an answer told of the column "id"; 0: nothing that still holds */

typedef struct {
    Oid                              oid;
    ngx_msec_t                       learned;
} ngx_prize_postgres_type_t;


/* what the server says of a query before IDs are asked for */

typedef enum {
    NGX_PRIZE_POSTGRES_UNCHECKED = 0,
    NGX_PRIZE_POSTGRES_CHECKING,
    NGX_PRIZE_POSTGRES_ASKABLE,
    NGX_PRIZE_POSTGRES_WRONG
} ngx_prize_postgres_check_e;


typedef struct {
    ngx_prize_postgres_check_e       state;
    ngx_msec_t                       ended;
    unsigned                         failed:1;
    unsigned                         wrong:1;   /* told; until it is right */
    char                             what[64];  /* is wrong */
    ngx_prize_notice_t               notice;
    char                             element[128];  /* type of an ID, as SQL */
                                                    /*   has it; or empty */
} ngx_prize_postgres_check_t;


struct ngx_prize_postgres_pool_s {
    ngx_prize_backend_t              backend;
    const ngx_prize_postgres_conf_t *conf;

    ngx_prize_postgres_member_t     *members;
    ngx_prize_postgres_hosts_t       hosts;
    ngx_uint_t                       attempts;   /* to connect, so far */
    ngx_uint_t                       noted;      /* attempts at the last */
                                                 /*   loss or refusal */
    ngx_uint_t                       retries;    /* without a pause, left */
    ngx_prize_postgres_attempt_e     last;       /* that came up, or ended */

    ngx_queue_t                      waiting;    /* items, oldest first */
    ngx_uint_t                       nwaiting;
    ngx_rbtree_t                     items;      /* by query and ID */
    ngx_rbtree_node_t                sentinel;
    ngx_uint_t                       groups;

    ngx_prize_postgres_type_t       *types;      /* of "id", by query */
    ngx_prize_postgres_check_t      *checks;     /* by query */

    ngx_event_t                      dispatch;   /* posted once a turn */
    unsigned                         moved:1;    /* hosts have addresses */

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

/* the end of all of an item's lookups */
void ngx_prize_postgres_finish(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_item_t *item, ngx_prize_result_e result);

/* all that wait now are lost */
void ngx_prize_postgres_shed(ngx_prize_postgres_pool_t *pool);

/* moves lookups that are over their time to "late" */
void ngx_prize_postgres_expire(ngx_prize_postgres_pool_t *pool,
    ngx_queue_t *late);


/* batch: the IDs of one query, asked over one connection */

/*
 * What the first in the queue whose query may be asked wants asked, and those
 * that go with it; none of them: the batch stays empty.
 */
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

/*
 * To the head of the queue; lost is who was given back before, by an attempt
 * that is older than number "attempt".
 */
void ngx_prize_postgres_return(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_member_t *member, ngx_uint_t attempt);

/* in halves, each to be asked by itself */
void ngx_prize_postgres_split(ngx_prize_postgres_member_t *member);


/* link: who connects when */

ngx_uint_t ngx_prize_postgres_members(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_state_e from);

/* connects what is not, as far as that is wise */
void ngx_prize_postgres_fill(ngx_prize_postgres_pool_t *pool);

/* after a loss: up again if the breaker lets us, else nobody waits */
void ngx_prize_postgres_recover(ngx_prize_postgres_pool_t *pool);

/* there is a connection, or hope for one in time */
ngx_uint_t ngx_prize_postgres_usable(ngx_prize_postgres_pool_t *pool);

/* connected */
void ngx_prize_postgres_up(ngx_prize_postgres_member_t *member);

/* a query was answered */
void ngx_prize_postgres_useful(ngx_prize_postgres_member_t *member);

/* the connection reports that it is lost */
void ngx_prize_postgres_lost(ngx_prize_postgres_member_t *member);

/*
 * One event of a connection that is to be closed; "why" is ours, or NULL, and
 * lives as long as conn.pg.  Its lookups go back to the queue.
 */
void ngx_prize_postgres_failed(ngx_prize_postgres_member_t *member,
    prize_counter_e reason, const char *why);

/* connecting took too long: another host is tried next */
void ngx_prize_postgres_unanswered(ngx_prize_postgres_member_t *member);

/* calls no handler */
void ngx_prize_postgres_close(ngx_prize_postgres_member_t *member);


/* check: a query is asked for nobody before it is asked for IDs */

/*
 * The next connection that is idle asks anew, but for what was not answered in
 * the last 10 seconds: one query that is slow must not keep all others.
 */
void ngx_prize_postgres_check_forget(ngx_prize_postgres_pool_t *pool);

/* as it is now; WRONG is looked at again after 10 seconds */
ngx_prize_postgres_check_e ngx_prize_postgres_check_state(
    ngx_prize_postgres_pool_t *pool, ngx_uint_t query);

/*
 * What is wrong is asked again 10 seconds later: the backend is woken then.
 * 0: nothing is to be asked now.
 */
ngx_uint_t ngx_prize_postgres_check_again(ngx_prize_postgres_pool_t *pool);

/* queries that are known to be wrong */
ngx_uint_t ngx_prize_postgres_check_count_wrong(
    ngx_prize_postgres_pool_t *pool);

/* NGX_DECLINED: nothing is to be checked; NGX_ERROR: the connection is lost */
ngx_int_t ngx_prize_postgres_check_ask(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_member_t *member);

/* NGX_AGAIN: the result is kept; NGX_ERROR: the connection is lost */
ngx_int_t ngx_prize_postgres_check_answered(
    ngx_prize_postgres_member_t *member, PGresult *result);

/* there was no answer in time: the query is asked for IDs all the same */
void ngx_prize_postgres_check_late(ngx_prize_postgres_member_t *member);

/* what was learned of its parameter may be true no more: asked again soon */
void ngx_prize_postgres_check_doubt(ngx_prize_postgres_pool_t *pool,
    ngx_uint_t query);

/* the connection is to be closed: another one checks it */
void ngx_prize_postgres_check_lost(ngx_prize_postgres_member_t *member);


/* query: what is asked, and what is done about an answer */

/* of an idle connection, if anything is; NGX_ERROR: it is lost */
ngx_int_t ngx_prize_postgres_ask(ngx_prize_postgres_pool_t *pool,
    ngx_prize_postgres_member_t *member);

/* NGX_ERROR: the connection has failed, its lookups are in the queue again */
ngx_int_t ngx_prize_postgres_answered(ngx_prize_postgres_member_t *member);


/* of a result or a description; -1: it has none of that name */
int ngx_prize_postgres_column(const PGresult *result, const char *name);


/* rows: answers a batch from its result, which stays the caller's */

void ngx_prize_postgres_tuples(ngx_prize_postgres_member_t *member,
    PGresult *result);


#endif /* _NGX_PRIZE_POSTGRES_POOL_H_INCLUDED_ */
