
/*
 * When a location is open: "prize_open".
 */

#ifndef _NGX_HTTP_PRIZE_OPEN_H_INCLUDED_
#define _NGX_HTTP_PRIZE_OPEN_H_INCLUDED_


#include "ngx_http_prize.h"


char *ngx_http_prize_open(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * By the clock of this moment: NGX_HTTP_FORBIDDEN before it opens,
 * NGX_HTTP_PRIZE_GONE after it has closed, and 0 between them, always for a
 * tester, and where "open" is NULL.
 */
ngx_int_t ngx_http_prize_open_refusal(const ngx_http_prize_open_t *open,
    const ngx_str_t *id);

/* milliseconds until it opens; 0 if it has opened */
uint64_t ngx_http_prize_open_left(const ngx_http_prize_open_t *open);


#endif /* _NGX_HTTP_PRIZE_OPEN_H_INCLUDED_ */
