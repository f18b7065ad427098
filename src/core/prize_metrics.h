
/*
 * What is going on now: gauges in a block of memory that all workers share.
 * Each worker writes to a slot of its own, which it claims by its process ID,
 * so nothing is locked; a reader adds up the slots of the living.
 */

#ifndef _PRIZE_METRICS_H_INCLUDED_
#define _PRIZE_METRICS_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>


#define PRIZE_METRICS_SLOTS  1024


typedef enum {
    PRIZE_REQUESTS_IN_FLIGHT = 0,
    PRIZE_REDIS_CONNECTIONS,
    PRIZE_REDIS_IN_FLIGHT,
    PRIZE_POSTGRES_CONNECTIONS,
    PRIZE_POSTGRES_QUEUED,
    PRIZE_POSTGRES_IN_FLIGHT,
    PRIZE_GAUGES
} prize_gauge_e;


typedef struct {
    volatile pid_t    pid;          /* 0 if free */
    volatile int64_t  gauges[PRIZE_GAUGES];
} prize_metrics_slot_t;


typedef struct {
    prize_metrics_slot_t  slots[PRIZE_METRICS_SLOTS];
} prize_metrics_t;


/*
 * A slot for that process, all its gauges at 0; NULL if every slot belongs
 * to a living process.  A slot whose process has died is free.
 */
prize_metrics_slot_t *prize_metrics_claim(prize_metrics_t *metrics,
    pid_t pid);

void prize_metrics_release(prize_metrics_slot_t *slot);

/* the sum over all living processes */
int64_t prize_metrics_gauge(prize_metrics_t *metrics, prize_gauge_e gauge);

/* living processes that hold a slot */
unsigned prize_metrics_workers(prize_metrics_t *metrics);

/* "redis_connections", say */
const char *prize_metrics_gauge_name(prize_gauge_e gauge);


#endif /* _PRIZE_METRICS_H_INCLUDED_ */
