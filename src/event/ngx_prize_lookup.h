
/*
 * One ID in flight at one backend.
 *
 * A request embeds its lookup in its own pool and hands it to one backend at
 * a time.  The backend calls "handler" exactly once, unless the lookup was
 * detached before; within the handler the lookup may be handed to another
 * backend, or its memory freed.
 */

#ifndef _NGX_PRIZE_LOOKUP_H_INCLUDED_
#define _NGX_PRIZE_LOOKUP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "prize_cluster.h"
#include "prize_command.h"
#include "prize_record.h"


typedef struct ngx_prize_lookup_s  ngx_prize_lookup_t;

/* what a lookup points to is known to its backend only */
typedef struct ngx_prize_backend_s        ngx_prize_backend_t;
typedef struct ngx_prize_redis_slot_s     ngx_prize_redis_slot_t;
typedef struct ngx_prize_postgres_item_s  ngx_prize_postgres_item_t;


typedef enum {
    NGX_PRIZE_FOUND = 0,        /* "record" is filled in, see there */
    NGX_PRIZE_NOT_FOUND,        /* the backend knows no such ID */
    NGX_PRIZE_STALE,            /* a record without a required field */
    NGX_PRIZE_FOREIGN,          /* a record of another owner */
    NGX_PRIZE_LATE,             /* not answered in time */
    NGX_PRIZE_LOST,             /* the connection failed: another may do */
    NGX_PRIZE_MOVED,            /* another node has it: "redirect" */
    NGX_PRIZE_ERROR             /* answered with an error */
} ngx_prize_result_e;


typedef void (*ngx_prize_lookup_handler_pt)(ngx_prize_lookup_t *lookup,
    ngx_prize_result_e result);


struct ngx_prize_lookup_s {
    ngx_queue_t                   queue;     /* the backend's, in its order */

    ngx_str_t                     id;
    const prize_fields_t         *fields;    /* which values are wanted */

    prize_str_t                   key;       /* Redis: the key and what is */
    const prize_command_t        *command;   /*   asked of it */

    ngx_uint_t                    query;     /* PostgreSQL: of the pool's */

    ngx_msec_t                    timeout;
    ngx_msec_t                    deadline;  /* set by the backend */

    ngx_prize_backend_t          *backend;   /* that has it, or NULL */

    /* Redis: where its reply will come to; NULL: it was not sent, or is late */
    ngx_prize_redis_slot_t       *slot;

    /* Redis Cluster: after an ASK, and of a replica; set by the backend, */
    /* and within the handler, who is to be asked */
    unsigned                      asking:1;
    unsigned                      readonly:1;
    unsigned                      cluster:1;
    prize_cluster_redirect_t      redirect;

    /* PostgreSQL: its ID in the queue; NULL: it is answered, or late */
    ngx_prize_postgres_item_t    *item;

    /* values and columns are the backend's: valid within the handler only */
    prize_record_t                record;

    /* PostgreSQL: which of its answers this is; one serves many lookups */
    ngx_uint_t                    answer;

    /* of the lookups that one lost connection takes with it, the first */
    unsigned                      blamed:1;

    ngx_prize_lookup_handler_pt   handler;
    void                         *data;
};


/* takes the first one off a queue of them; NULL: there is none */
ngx_prize_lookup_t *ngx_prize_lookup_shift(ngx_queue_t *lookups);

/*
 * FOUND, or why lookup->record, its values filled in, is not this ID's:
 * NOT_FOUND without an id, FOREIGN, or STALE without a required field.  Every
 * backend asks this before it answers.
 */
ngx_prize_result_e ngx_prize_lookup_check(ngx_prize_lookup_t *lookup);


#endif /* _NGX_PRIZE_LOOKUP_H_INCLUDED_ */
