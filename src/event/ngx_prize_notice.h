
/*
 * A log line that must not come ten thousand times: the first one is written,
 * those of the next ten seconds are counted, and the next one after that says
 * how many were left out.
 */

#ifndef _NGX_PRIZE_NOTICE_H_INCLUDED_
#define _NGX_PRIZE_NOTICE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_PRIZE_NOTICE_INTERVAL  10000    /* ms */


/* zeroed at first; one for each thing that can be said */

typedef struct {
    ngx_msec_t    written;
    ngx_uint_t    suppressed;
} ngx_prize_notice_t;


void ngx_cdecl ngx_prize_notice(ngx_prize_notice_t *notice, ngx_uint_t level,
    ngx_log_t *log, ngx_err_t err, const char *fmt, ...);


#endif /* _NGX_PRIZE_NOTICE_H_INCLUDED_ */
