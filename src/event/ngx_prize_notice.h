
/*
 * A log line that must not come ten thousand times: the first one is written,
 * those of the next ten seconds are counted, and the next one after that says
 * how many were left out.  When something else is to be said than the last
 * time, one line more may be written within the ten seconds.
 */

#ifndef _NGX_PRIZE_NOTICE_H_INCLUDED_
#define _NGX_PRIZE_NOTICE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_PRIZE_NOTICE_INTERVAL  10000    /* ms */
#define NGX_PRIZE_NOTICE_LINES     2        /* in that time */


/* zeroed at first; one for each thing that can be said */

typedef struct {
    ngx_msec_t    since;        /* the first line of the ten seconds */
    ngx_uint_t    lines;        /* in them */
    ngx_uint_t    suppressed;
    unsigned      changed:1;
} ngx_prize_notice_t;


void ngx_cdecl ngx_prize_notice(ngx_prize_notice_t *notice, ngx_uint_t level,
    ngx_log_t *log, ngx_err_t err, const char *fmt, ...);

/* what comes next is not like the last */
void ngx_prize_notice_change(ngx_prize_notice_t *notice);


#endif /* _NGX_PRIZE_NOTICE_H_INCLUDED_ */
