
#include <ngx_config.h>

#include "ngx_prize_metrics.h"


#define NGX_PRIZE_METRICS_WARN_INTERVAL  10     /* seconds */


static prize_metrics_slot_t   ngx_prize_metrics_none;
static prize_metrics_t       *ngx_prize_metrics_all;

prize_metrics_slot_t  *ngx_prize_metrics = &ngx_prize_metrics_none;


ngx_int_t
ngx_prize_metrics_open(prize_metrics_t *metrics)
{
    prize_metrics_slot_t  *slot;

    ngx_prize_metrics_all = metrics;

    slot = prize_metrics_claim(metrics, ngx_pid);
    if (slot == NULL) {
        return NGX_DECLINED;
    }

    ngx_prize_metrics = slot;
    ngx_prize_count(PRIZE_WORKER_STARTS);

    return NGX_OK;
}


void
ngx_prize_metrics_close(void)
{
    if (ngx_prize_metrics != &ngx_prize_metrics_none) {
        prize_metrics_release(ngx_prize_metrics);
        ngx_prize_metrics = &ngx_prize_metrics_none;
    }
}


/* a cluster may have a thousand nodes */

static void
ngx_prize_metrics_warn(ngx_str_t *name)
{
    static time_t  last;

    if (ngx_time() - last < NGX_PRIZE_METRICS_WARN_INTERVAL) {
        return;
    }

    last = ngx_time();

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "prize: no label is left for \"%V\", "
                  "\"prize_status\" counts it as \"other\"", name);
}


ngx_uint_t
ngx_prize_metrics_label(prize_label_e kind, ngx_str_t *name)
{
    ngx_uint_t  label;

    if (ngx_prize_metrics_all == NULL) {
        return prize_metrics_other(kind);
    }

    label = prize_metrics_label(ngx_prize_metrics_all, ngx_prize_metrics, kind,
                                (char *) name->data, name->len);

    if (label == prize_metrics_other(kind)) {
        ngx_prize_metrics_warn(name);
    }

    return label;
}


void
ngx_prize_metrics_unlabel(ngx_uint_t label)
{
    ngx_prize_peer_metrics(label)->gauges[PRIZE_PEER_KNOWN]--;
}
