
/*
 * The directives of pages: their templates, the ID, signatures, policies and
 * "prize_status", and what "nginx -t" says of a mistake in one.
 */

#ifndef _NGX_HTTP_PRIZE_PAGE_CONF_H_INCLUDED_
#define _NGX_HTTP_PRIZE_PAGE_CONF_H_INCLUDED_


#include "ngx_http_prize.h"


/* as nginx calls a directive's handler; what they make lives in cf->pool */

char *ngx_http_prize_page(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_prize_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_prize_sign_key_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_sign_revoked(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_sign_event(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_csp(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* what follows the stock slot of a size in bytes */
char *ngx_http_prize_check_id_length(ngx_conf_t *cf, void *post, void *data);

/*
 * The pages that a location ends up with: its own, or those around an "if" or
 * a "limit_except".  They stay NULL where there are none.  NGX_ERROR: another
 * module has the location, which has been logged.
 */
ngx_int_t ngx_http_prize_page_conf_inherit(ngx_conf_t *cf,
    ngx_http_prize_loc_conf_t *prev, ngx_http_prize_loc_conf_t *plcf);

/*
 * Makes what merged directives want of a location's pages: deflated parts,
 * which belong to the pages, and policies, in cf->pool.  NGX_ERROR: no memory,
 * or a page has no policy, which has been logged.
 */
ngx_int_t ngx_http_prize_page_conf_prepare(ngx_conf_t *cf,
    ngx_http_prize_loc_conf_t *plcf);


#endif /* _NGX_HTTP_PRIZE_PAGE_CONF_H_INCLUDED_ */
