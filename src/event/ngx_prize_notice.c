
#include <ngx_event.h>

#include "ngx_prize_notice.h"


void ngx_cdecl
ngx_prize_notice(ngx_prize_notice_t *notice, ngx_uint_t level, ngx_log_t *log,
    ngx_err_t err, const char *fmt, ...)
{
    u_char   *p, line[NGX_MAX_ERROR_STR];
    va_list   args;

    if (notice->written != 0
        && ngx_current_msec - notice->written < NGX_PRIZE_NOTICE_INTERVAL)
    {
        notice->suppressed++;
        return;
    }

    va_start(args, fmt);
    p = ngx_vslprintf(line, line + sizeof(line), fmt, args);
    va_end(args);

    if (notice->suppressed) {
        ngx_log_error(level, log, err, "prize: %*s (suppressed %ui like it)",
                      (size_t) (p - line), line, notice->suppressed);

    } else {
        ngx_log_error(level, log, err, "prize: %*s", (size_t) (p - line),
                      line);
    }

    notice->suppressed = 0;
    notice->written = ngx_current_msec;
}
