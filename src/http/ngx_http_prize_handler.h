
/*
 * A request in its phases: what is refused, and what a search's result
 * becomes, a page or a status.
 */

#ifndef _NGX_HTTP_PRIZE_HANDLER_H_INCLUDED_
#define _NGX_HTTP_PRIZE_HANDLER_H_INCLUDED_


#include "ngx_http_prize.h"


/*
 * Before the phases that refuse, so that what they refuse is private too; so
 * that the ID is known after an internal redirect has lost the arguments; and
 * so that "limit_req" can tell a refused request, by $prize_result.
 */
ngx_int_t ngx_http_prize_preaccess_handler(ngx_http_request_t *r);

/* of a location with pages */
ngx_int_t ngx_http_prize_handler(ngx_http_request_t *r);

/* counts main requests, whatever answered them in the end */
ngx_int_t ngx_http_prize_log_handler(ngx_http_request_t *r);


#endif /* _NGX_HTTP_PRIZE_HANDLER_H_INCLUDED_ */
