
/*
 * The configurations of the module: their defaults, what a location inherits,
 * and what one directive needs of another.
 */

#ifndef _NGX_HTTP_PRIZE_CONF_H_INCLUDED_
#define _NGX_HTTP_PRIZE_CONF_H_INCLUDED_


#include "ngx_http_prize.h"


/* ngx_http_prize_main_conf_t, in cf->pool; NULL: no memory */
void *ngx_http_prize_create_main_conf(ngx_conf_t *cf);

/* ngx_http_prize_loc_conf_t, in cf->pool, all of it unset; NULL: no memory */
void *ngx_http_prize_create_loc_conf(ngx_conf_t *cf);

/*
 * NGX_CONF_ERROR: no memory, or a mistake of the location's, which has been
 * logged with its place.
 */
char *ngx_http_prize_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);


#endif /* _NGX_HTTP_PRIZE_CONF_H_INCLUDED_ */
