
/*
 * What a column "id" can hold, by its type: an ID that it cannot hold is
 * nobody's, and PostgreSQL need not be asked to say so.
 */

#ifndef _NGX_PRIZE_POSTGRES_ID_H_INCLUDED_
#define _NGX_PRIZE_POSTGRES_ID_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <libpq-fe.h>


/* 0: no row can have that ID; a type that is not known holds every one */
ngx_uint_t ngx_prize_postgres_id_fits(Oid type, ngx_str_t *id);


#endif /* _NGX_PRIZE_POSTGRES_ID_H_INCLUDED_ */
