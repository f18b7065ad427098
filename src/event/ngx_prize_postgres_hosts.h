
/*
 * The hosts of a conninfo, each of them first in turn, and the addresses of
 * those that are names.
 *
 * libpq tries one host after the other, but PQconnectPoll() waits for ever
 * for one that is silent: the next attempt then begins with another.  A name
 * it would look up by a blocking call, so with a resolver it is told each
 * address in "hostaddr" and the name beside it in "host", which a certificate
 * is checked against (libpq manual, "Specifying Multiple Hosts").
 */

#ifndef _NGX_PRIZE_POSTGRES_HOSTS_H_INCLUDED_
#define _NGX_PRIZE_POSTGRES_HOSTS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <libpq-fe.h>

#include "ngx_prize_resolve.h"


/* libpq's lists, an entry of each for a host */

typedef enum {
    NGX_PRIZE_POSTGRES_HOST = 0,
    NGX_PRIZE_POSTGRES_HOSTADDR,
    NGX_PRIZE_POSTGRES_PORT,
    NGX_PRIZE_POSTGRES_LISTS
} ngx_prize_postgres_list_e;


typedef struct ngx_prize_postgres_hosts_s  ngx_prize_postgres_hosts_t;


/* one of the conninfo */

typedef struct {
    ngx_str_t                    values[NGX_PRIZE_POSTGRES_LISTS];
    ngx_prize_postgres_hosts_t  *hosts;

    ngx_prize_resolve_conf_t     name;      /* empty: it has one address, */
    ngx_prize_resolve_t          resolve;   /*   or libpq looks it up */
    ngx_str_t                   *addrs;     /* the last that were found, */
    ngx_uint_t                   naddrs;    /*   may be none yet */
} ngx_prize_postgres_host_t;


/* zeroed at first; the first six are the caller's to set */

struct ngx_prize_postgres_hosts_s {
    const char                  *conninfo;  /* it has been parsed before */
    const char                  *password;  /* NULL: as conninfo has it */
    ngx_resolver_t              *resolver;  /* NULL: names are libpq's */
    ngx_msec_t                   resolver_timeout;

    /* some host has other addresses; "data" is the handler's */
    void                       (*handler)(void *data);
    void                        *data;

    ngx_prize_postgres_host_t   *list;
    ngx_uint_t                   n;         /* of the list, at least 1 */
    ngx_uint_t                   first;     /* grows; the entry is this */
                                            /*   modulo their number */
    ngx_msec_t                   budget;    /* to connect, for all of them */

    /* those lists that are not as conninfo has them */
    unsigned                     rewritten[NGX_PRIZE_POSTGRES_LISTS];
};


/* what a conninfo says of a keyword, or "" */
const char *ngx_prize_postgres_hosts_option(PQconninfoOption *options,
    const char *keyword);

/* one of them is a name without an address beside it */
ngx_uint_t ngx_prize_postgres_hosts_named(PQconninfoOption *options);

/* conninfo and password live as long as "pool".  NGX_ERROR: no memory. */
ngx_int_t ngx_prize_postgres_hosts_init(ngx_prize_postgres_hosts_t *hosts,
    ngx_pool_t *pool);

/* looks names up, if there is a resolver; the handler may run from here */
void ngx_prize_postgres_hosts_start(ngx_prize_postgres_hosts_t *hosts,
    ngx_cycle_t *cycle);

/* the handler will not be called any more */
void ngx_prize_postgres_hosts_stop(ngx_prize_postgres_hosts_t *hosts);

/* how many a connection may be tried to; 0: no name was found yet */
ngx_uint_t ngx_prize_postgres_hosts_count(ngx_prize_postgres_hosts_t *hosts);

/* what one attempt may take: each of them has its share of the budget */
ngx_msec_t ngx_prize_postgres_hosts_timeout(ngx_prize_postgres_hosts_t *hosts);

/* as PQconnectStartParams(): NULL without memory, the caller's to finish */
PGconn *ngx_prize_postgres_hosts_connect(ngx_prize_postgres_hosts_t *hosts);

/* the next attempt begins with another host; 0: all have had their turn */
ngx_uint_t ngx_prize_postgres_hosts_next(ngx_prize_postgres_hosts_t *hosts);


#endif /* _NGX_PRIZE_POSTGRES_HOSTS_H_INCLUDED_ */
