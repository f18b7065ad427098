
/*
 * The servers of a location without a request: what a worker connects to
 * before the first page is asked for, and what prize_status health may count
 * on.  Those of an upstream block in a zone are looked at again each second,
 * since names may move.
 */

#ifndef _NGX_HTTP_PRIZE_SERVERS_H_INCLUDED_
#define _NGX_HTTP_PRIZE_SERVERS_H_INCLUDED_


#include "ngx_http_prize.h"


/*
 * Connects to a location's servers of Redis, if it has any, and holds them as
 * long as its block or its name lists them.  What fails for want of memory is
 * left to the first lookup.
 */
void ngx_http_prize_servers_open(ngx_cycle_t *cycle,
    ngx_http_prize_loc_conf_t *plcf);


#endif /* _NGX_HTTP_PRIZE_SERVERS_H_INCLUDED_ */
