
/*
 * The directives of stores: pools, queries and what is written back, and what
 * "nginx -t" says of a mistake in one.
 */

#ifndef _NGX_HTTP_PRIZE_STORE_CONF_H_INCLUDED_
#define _NGX_HTTP_PRIZE_STORE_CONF_H_INCLUDED_


#include "ngx_http_prize.h"


/* as nginx calls a directive's handler; what they make lives in cf->pool */

char *ngx_http_prize_postgres(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_prize_postgres_pass(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_postgres_query(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_write_back(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* what follows a stock slot of a time in milliseconds */
char *ngx_http_prize_check_positive(ngx_conf_t *cf, void *post, void *data);

/*
 * Finds the pool and makes the login, the route and the query that merged
 * directives name; what locations have in common is one, in cf->pool.
 * NGX_ERROR: no memory, or one of them is missing, which has been logged.
 */
ngx_int_t ngx_http_prize_store_conf_prepare(ngx_conf_t *cf,
    ngx_http_prize_loc_conf_t *plcf);

/*
 * What only the whole configuration tells of pools, after it is merged.
 * NGX_ERROR: something is missing, which has been logged.
 */
ngx_int_t ngx_http_prize_store_conf_finish(ngx_conf_t *cf);


#endif /* _NGX_HTTP_PRIZE_STORE_CONF_H_INCLUDED_ */
