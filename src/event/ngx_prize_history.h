
/*
 * The second hand: each worker looks once a second whether a sample is to be
 * taken.
 */

#ifndef _NGX_PRIZE_HISTORY_H_INCLUDED_
#define _NGX_PRIZE_HISTORY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "prize_history.h"


void ngx_prize_history_start(ngx_cycle_t *cycle, prize_history_t *history,
    prize_metrics_t *metrics);


#endif /* _NGX_PRIZE_HISTORY_H_INCLUDED_ */
