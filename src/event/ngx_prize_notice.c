
#include <ngx_event.h>

#include "ngx_prize_metrics.h"
#include "ngx_prize_notice.h"


void ngx_cdecl
ngx_prize_notice(ngx_prize_notice_t *notice, ngx_uint_t level, ngx_log_t *log,
    ngx_err_t err, const char *fmt, ...)
{
    u_char   *p, *last, line[NGX_MAX_ERROR_STR];
    va_list   args;

    if (notice->lines == 0
        || ngx_current_msec - notice->since >= NGX_PRIZE_NOTICE_INTERVAL)
    {
        notice->since = ngx_current_msec;
        notice->lines = 1;
        notice->changed = 0;

    } else if (notice->changed && notice->lines < NGX_PRIZE_NOTICE_LINES) {
        notice->lines++;
        notice->changed = 0;

    } else {
        notice->suppressed++;
        ngx_prize_count(PRIZE_LOG_SUPPRESSED);
        return;
    }

    va_start(args, fmt);
    last = ngx_vslprintf(line, line + sizeof(line), fmt, args);
    va_end(args);

    /* what a store says must not look like a line of its own */

    for (p = line; p < last; p++) {
        if (*p < ' ' || *p == 0x7f) {
            *p = ' ';
        }
    }

    if (notice->suppressed) {
        ngx_log_error(level, log, err, "prize: %*s (suppressed %ui like it)",
                      (size_t) (last - line), line, notice->suppressed);

    } else {
        ngx_log_error(level, log, err, "prize: %*s", (size_t) (last - line),
                      line);
    }

    notice->suppressed = 0;
}


void
ngx_prize_notice_change(ngx_prize_notice_t *notice)
{
    notice->changed = 1;
}
