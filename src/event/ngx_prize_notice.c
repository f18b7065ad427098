
#include <ngx_event.h>

#include "ngx_prize_notice.h"


void ngx_cdecl
ngx_prize_notice(ngx_prize_notice_t *notice, ngx_uint_t level, ngx_log_t *log,
    ngx_err_t err, const char *fmt, ...)
{
    u_char   *p, *last, line[NGX_MAX_ERROR_STR];
    va_list   args;

    if (notice->written != 0
        && ngx_current_msec - notice->written < NGX_PRIZE_NOTICE_INTERVAL)
    {
        notice->suppressed++;
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
    notice->written = ngx_current_msec;
}
