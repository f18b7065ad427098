
/*
 * The directives prize_redis_ssl...: from their values to a setting of TLS,
 * of which equal ones are one.
 */

#ifndef _NGX_HTTP_PRIZE_SSL_CONF_H_INCLUDED_
#define _NGX_HTTP_PRIZE_SSL_CONF_H_INCLUDED_


#include "ngx_http_prize.h"


/* as nginx calls a directive's handler; what they make lives in cf->pool */

char *ngx_http_prize_ssl_name(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_prize_ssl_value(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_ssl_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_prize_ssl_conf_command(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* what follows a stock slot, of a flag */
char *ngx_http_prize_check_ssl(ngx_conf_t *cf, void *post, void *data);

/* of prize_redis_ssl_protocols */
extern ngx_conf_bitmask_t  ngx_http_prize_ssl_protocols[];

/* before the values of a location are merged, and then */
void ngx_http_prize_ssl_conf_create(ngx_http_prize_loc_conf_t *conf);
void ngx_http_prize_ssl_conf_merge(ngx_http_prize_loc_conf_t *prev,
    ngx_http_prize_loc_conf_t *conf);

/*
 * The setting that merged values make, in "*tls"; NULL: plain TCP.
 * NGX_ERROR: no memory, or a value is wrong, which has been logged.
 */
ngx_int_t ngx_http_prize_ssl_conf_prepare(ngx_conf_t *cf,
    ngx_http_prize_loc_conf_t *plcf, const ngx_prize_redis_tls_t **tls);


#endif /* _NGX_HTTP_PRIZE_SSL_CONF_H_INCLUDED_ */
