
/*
 * The name under which a server of Redis was written into the configuration:
 * by TLS, its certificate has to bear it.
 */

#ifndef _NGX_HTTP_PRIZE_HOST_H_INCLUDED_
#define _NGX_HTTP_PRIZE_HOST_H_INCLUDED_


#include "ngx_http_prize.h"


/*
 * The host of a server as it was written, "host:port" or "[address]:port";
 * empty for a Unix socket.  It points into "server".
 */
ngx_str_t ngx_http_prize_host_of(ngx_str_t server);

/*
 * The host of the "server" line that has this address, in the configuration's
 * memory; empty if there is none, or if "login" has no use for it.
 */
ngx_str_t ngx_http_prize_host_find(ngx_http_upstream_srv_conf_t *uscf,
    const ngx_prize_redis_login_t *login, struct sockaddr *sockaddr,
    socklen_t socklen);


#endif /* _NGX_HTTP_PRIZE_HOST_H_INCLUDED_ */
