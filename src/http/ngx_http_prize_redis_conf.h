
/*
 * The directives of Redis: whom they name, as what, who we are there, and
 * what is asked; and what "nginx -t" says of a mistake in one.
 */

#ifndef _NGX_HTTP_PRIZE_REDIS_CONF_H_INCLUDED_
#define _NGX_HTTP_PRIZE_REDIS_CONF_H_INCLUDED_


#include "ngx_http_prize.h"


/* as nginx calls a directive's handler; what they make lives in cf->pool */

char *ngx_http_prize_redis_pass(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_redis_sentinel(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_redis_read_from(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_redis_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_prize_redis_password(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_redis_password_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* what follows a stock slot of a number */
char *ngx_http_prize_check_database(ngx_conf_t *cf, void *post, void *data);

/*
 * Makes the login and the route that merged directives name; what locations
 * have in common is one, in cf->pool.  NGX_ERROR: no memory, or a mistake,
 * which has been logged.
 */
ngx_int_t ngx_http_prize_redis_conf_prepare(ngx_conf_t *cf,
    ngx_http_prize_loc_conf_t *plcf);


#endif /* _NGX_HTTP_PRIZE_REDIS_CONF_H_INCLUDED_ */
