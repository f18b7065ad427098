
/*
 * The hosts of a conninfo, each of them first in turn.
 *
 * libpq tries one host after the other, but PQconnectPoll() waits for ever
 * for one that is silent: the next attempt then begins with another.
 */

#ifndef _NGX_PRIZE_POSTGRES_HOSTS_H_INCLUDED_
#define _NGX_PRIZE_POSTGRES_HOSTS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <libpq-fe.h>


typedef struct {
    const char    *conninfo;
    const char    *password;    /* NULL: as conninfo has it */
    ngx_uint_t     n;           /* at least 1 */
    ngx_uint_t     first;       /* grows; the host is this modulo n */
    ngx_msec_t     timeout;     /* for one of them */

    /* "host", "hostaddr" and "port" by host; NULL: as conninfo has them */
    char        *(*lists)[3];
} ngx_prize_postgres_hosts_t;


/* what a conninfo says of a keyword, or "" */
const char *ngx_prize_postgres_hosts_option(PQconninfoOption *options,
    const char *keyword);

/* a name among them would be resolved by libpq, which blocks the worker */
ngx_uint_t ngx_prize_postgres_hosts_block(PQconninfoOption *options);

/*
 * "conninfo" has been parsed before, and lives as long as the pool, as the
 * password does, which may be NULL.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_prize_postgres_hosts_init(ngx_prize_postgres_hosts_t *hosts,
    const char *conninfo, const char *password, ngx_pool_t *pool);

/* as PQconnectStartParams(): NULL without memory, the caller's to finish */
PGconn *ngx_prize_postgres_hosts_connect(ngx_prize_postgres_hosts_t *hosts);

/* the next attempt begins with another host; 0: all have had their turn */
ngx_uint_t ngx_prize_postgres_hosts_next(ngx_prize_postgres_hosts_t *hosts);


#endif /* _NGX_PRIZE_POSTGRES_HOSTS_H_INCLUDED_ */
