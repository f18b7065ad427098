
/*
 * A pool of connections to PostgreSQL, and natural batches.
 *
 * Lookups queue per pool.  A free connection takes all that wait, up to
 * "batch", as one "= ANY($1)"; an ID that already waits or is in flight is
 * asked once.  An idle pool sends a batch of one at once, so nobody waits for
 * company.
 *
 * libpq owns its sockets: nginx only watches them.
 */

#ifndef _NGX_PRIZE_POSTGRES_H_INCLUDED_
#define _NGX_PRIZE_POSTGRES_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include <libpq-fe.h>

#include "ngx_prize_backend.h"


/* where in the configuration it stands is for messages */

typedef struct {
    ngx_str_t                   text;           /* NUL-terminated */
    u_char                     *file;
    ngx_uint_t                  line;
    ngx_array_t                 fields;         /* of const prize_fields_t *: */
                                                /*   what pages want of it */
} ngx_prize_postgres_query_t;


/* what the configuration says of a pool */

typedef struct {
    ngx_str_t                   name;
    ngx_str_t                   conninfo;       /* both NUL-terminated; */
    ngx_str_t                   password;       /*   empty: conninfo's own */
    ngx_resolver_t             *resolver;       /* of its hosts' names; NULL: */
    ngx_msec_t                  resolver_timeout;   /* libpq looks them up */
    ngx_uint_t                  connections;
    ngx_uint_t                  queue;          /* lookups that may wait */
    ngx_uint_t                  batch;          /* IDs of one query */
    ngx_array_t                 queries;        /* of ..._query_t */
    u_char                     *conf_file;      /* of "resolve", if a host is */
    ngx_uint_t                  line;           /*   a name; else NULL */
} ngx_prize_postgres_conf_t;


typedef struct ngx_prize_postgres_pool_s  ngx_prize_postgres_pool_t;


/*
 * The worker's pool, made and connected on first use; NULL without memory.
 * "conf" must live as long as the cycle.
 */
ngx_prize_postgres_pool_t *ngx_prize_postgres_get(ngx_cycle_t *cycle,
    const ngx_prize_postgres_conf_t *conf);

/*
 * NGX_OK: the handler will be called, but not from here.  NGX_BUSY: the queue
 * is full, or the database is left alone for now.  NGX_DECLINED: no row can
 * have that ID, the type of the column does not hold it.  NGX_ABORT: the query
 * is wrong.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_prize_postgres_lookup(ngx_prize_postgres_pool_t *pool,
    ngx_prize_lookup_t *lookup);

/* "host:port" or "unix:directory", or its own before the first connection */
ngx_str_t *ngx_prize_postgres_name(ngx_prize_postgres_pool_t *pool);

/* some pool of this worker is connected */
ngx_uint_t ngx_prize_postgres_healthy(void);

/* a query of some pool is wrong, as far as it was asked for nobody */
ngx_uint_t ngx_prize_postgres_wrong(void);


#endif /* _NGX_PRIZE_POSTGRES_H_INCLUDED_ */
