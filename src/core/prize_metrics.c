
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "prize_metrics.h"


static const char  *prize_gauge_names[PRIZE_GAUGES] = {
    "requests_in_flight",
    "redis_connections",
    "redis_commands_in_flight",
    "postgres_connections",
    "postgres_queue_length",
    "postgres_lookups_in_flight"
};


static int
prize_metrics_alive(pid_t pid)
{
    /* a process of another user is alive all the same */

    return pid != 0 && (kill(pid, 0) == 0 || errno == EPERM);
}


prize_metrics_slot_t *
prize_metrics_claim(prize_metrics_t *metrics, pid_t pid)
{
    pid_t                  owner;
    unsigned               i;
    prize_metrics_slot_t  *slot;

    for (i = 0; i < PRIZE_METRICS_SLOTS; i++) {
        slot = &metrics->slots[i];
        owner = slot->pid;

        if (owner != pid && prize_metrics_alive(owner)) {
            continue;
        }

        if (__sync_bool_compare_and_swap(&slot->pid, owner, pid)) {
            memset((void *) slot->gauges, 0, sizeof(slot->gauges));
            return slot;
        }
    }

    return NULL;
}


void
prize_metrics_release(prize_metrics_slot_t *slot)
{
    memset((void *) slot->gauges, 0, sizeof(slot->gauges));
    __sync_synchronize();
    slot->pid = 0;
}


int64_t
prize_metrics_gauge(prize_metrics_t *metrics, prize_gauge_e gauge)
{
    int64_t   sum;
    unsigned  i;

    sum = 0;

    for (i = 0; i < PRIZE_METRICS_SLOTS; i++) {
        if (prize_metrics_alive(metrics->slots[i].pid)) {
            sum += metrics->slots[i].gauges[gauge];
        }
    }

    return sum;
}


unsigned
prize_metrics_workers(prize_metrics_t *metrics)
{
    unsigned  i, n;

    n = 0;

    for (i = 0; i < PRIZE_METRICS_SLOTS; i++) {
        if (prize_metrics_alive(metrics->slots[i].pid)) {
            n++;
        }
    }

    return n;
}


const char *
prize_metrics_gauge_name(prize_gauge_e gauge)
{
    return prize_gauge_names[gauge];
}
