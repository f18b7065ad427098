
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prize_metrics.h"
#include "prize_text.h"


#define PRIZE_METRICS_PATIENCE  1000    /* turns of the scheduler */
#define PRIZE_METRICS_OTHER     "other"


const uint64_t  prize_seconds_bounds[PRIZE_BUCKETS - 1] = {
    500000, 1000000, 2000000, 3000000, 5000000, 7500000, 10000000, 15000000,
    25000000, 50000000, 100000000, 250000000, 500000000, 1000000000, 2500000000
};

const uint64_t  prize_batch_bounds[PRIZE_BUCKETS - 1] = {
    1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 10000
};


static int
prize_metrics_alive(pid_t pid)
{
    /* a process of another user is alive all the same */

    return pid != 0 && (kill(pid, 0) == 0 || errno == EPERM);
}


static void
prize_metrics_calm(prize_metrics_slot_t *slot)
{
    unsigned  i;

    slot->beat = 0;
    slot->leaving = 0;
    memset(slot->gauges, 0, sizeof(slot->gauges));

    for (i = 0; i < PRIZE_METRICS_LABELS; i++) {
        memset(slot->peers[i].gauges, 0, sizeof(slot->peers[i].gauges));
    }
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
            prize_metrics_calm(slot);
            slot->used = 1;
            return slot;
        }
    }

    return NULL;
}


void
prize_metrics_release(prize_metrics_slot_t *slot)
{
    prize_metrics_calm(slot);
    __sync_synchronize();
    slot->pid = 0;
}


/*
 * A label is data: what would end it, or is no text, is left out, also half a
 * character at the end.  Prometheus would take nothing of it all.
 */

static void
prize_metrics_write_label(prize_metrics_label_t *label, prize_label_e kind,
    const char *name, size_t len)
{
    size_t  i, n, size;

    n = 0;

    for (i = 0; i < len; i += size ? size : 1) {
        size = prize_text_utf8(&name[i], len - i);

        if (n + size > PRIZE_METRICS_LABEL - 1) {
            break;
        }

        if (size > 1
            || (size == 1 && name[i] >= ' ' && name[i] != '"'
                && name[i] != '\\' && name[i] != 0x7f))
        {
            memcpy(&label->name[n], &name[i], size);
            n += size;
        }
    }

    label->name[n] = '\0';
    label->kind = kind;

    __sync_synchronize();
    label->written = 1;
}


/* whoever holds it has few instructions to go, or was killed in them */

static int
prize_metrics_lock(prize_metrics_t *metrics)
{
    pid_t     owner;
    unsigned  n;

    for (n = 0; n < PRIZE_METRICS_PATIENCE; n++) {
        owner = metrics->labelling;

        if (!prize_metrics_alive(owner)
            && __sync_bool_compare_and_swap(&metrics->labelling, owner,
                                            getpid()))
        {
            return 0;
        }

        (void) sched_yield();
    }

    return -1;
}


static int
prize_metrics_known(const prize_metrics_t *metrics, unsigned i)
{
    unsigned                     n;
    const prize_metrics_slot_t  *slot;

    for (n = 0; n < PRIZE_METRICS_SLOTS && metrics->slots[n].used; n++) {
        slot = &metrics->slots[n];

        if (slot->peers[i].gauges[PRIZE_PEER_KNOWN]
            && prize_metrics_alive(slot->pid))
        {
            return 1;
        }
    }

    return 0;
}


/* a label that no worker has, with nothing counted under it */

static void
prize_metrics_clear_label(prize_metrics_t *metrics, unsigned i)
{
    unsigned  n;

    metrics->peers[i].written = 0;
    __sync_synchronize();

    for (n = 0; n < PRIZE_METRICS_SLOTS && metrics->slots[n].used; n++) {
        memset(&metrics->slots[n].peers[i], 0, sizeof(prize_peer_metrics_t));
    }
}


/* the one of that name, else the first that is free, else one of the past */

static unsigned
prize_metrics_find_label(prize_metrics_t *metrics,
    const prize_metrics_label_t *wanted)
{
    unsigned                i, n, unused;
    prize_metrics_label_t  *labels;

    if (wanted->kind == PRIZE_LABEL_PAGE) {
        labels = metrics->pages;
        n = prize_metrics_other(PRIZE_LABEL_PAGE);

    } else {
        labels = metrics->peers;
        n = prize_metrics_other(PRIZE_LABEL_POSTGRES);
    }

    /* a writer that was killed leaves one unused among the others */

    for (i = 0, unused = n; i < n; i++) {

        if (!labels[i].written) {
            unused = (unused == n) ? i : unused;

        } else if (labels[i].kind == wanted->kind
                   && strcmp(labels[i].name, wanted->name) == 0)
        {
            return i;
        }
    }

    if (unused < n) {
        return unused;
    }

    for (i = 0; i < n && wanted->kind != PRIZE_LABEL_PAGE; i++) {
        if (!prize_metrics_known(metrics, i)) {
            prize_metrics_clear_label(metrics, i);
            return i;
        }
    }

    return prize_metrics_other(wanted->kind);
}


unsigned
prize_metrics_label(prize_metrics_t *metrics, prize_metrics_slot_t *slot,
    prize_label_e kind, const char *name, size_t len)
{
    int                     locked;
    unsigned                i;
    prize_metrics_label_t  *label, wanted;

    prize_metrics_write_label(&wanted, kind, name, len);

    i = prize_metrics_other(kind);
    locked = (prize_metrics_lock(metrics) == 0);

    /* a series stands once */

    if (locked && strcmp(wanted.name, PRIZE_METRICS_OTHER) != 0) {
        i = prize_metrics_find_label(metrics, &wanted);
    }

    label = (kind == PRIZE_LABEL_PAGE) ? &metrics->pages[i]
                                       : &metrics->peers[i];

    if (i == prize_metrics_other(kind)) {
        prize_metrics_write_label(label, kind, PRIZE_METRICS_OTHER,
                                  sizeof(PRIZE_METRICS_OTHER) - 1);

    } else if (!label->written) {
        prize_metrics_write_label(label, kind, name, len);
    }

    if (kind != PRIZE_LABEL_PAGE) {
        slot->peers[i].gauges[PRIZE_PEER_KNOWN]++;
    }

    if (locked) {
        __sync_synchronize();
        metrics->labelling = 0;
    }

    return i;
}


prize_counter_e
prize_metrics_status(unsigned status)
{
    switch (status) {

    case 200:
        return PRIZE_HTTP_200;

    case 400:
        return PRIZE_HTTP_400;

    case 403:
        return PRIZE_HTTP_403;

    case 404:
        return PRIZE_HTTP_404;

    case 405:
        return PRIZE_HTTP_405;

    case 410:
        return PRIZE_HTTP_410;

    case 499:
        return PRIZE_HTTP_499;

    case 500:
        return PRIZE_HTTP_500;

    case 503:
        return PRIZE_HTTP_503;

    default:
        return PRIZE_HTTP_OTHER;
    }
}


static void
prize_metrics_add_counters(prize_metrics_slot_t *sum,
    const prize_metrics_slot_t *slot)
{
    unsigned  n, k;

    for (n = 0; n < PRIZE_COUNTERS; n++) {
        sum->counters[n] += slot->counters[n];
    }

    for (n = 0; n < PRIZE_HISTOGRAMS; n++) {
        sum->histograms[n].sum += slot->histograms[n].sum;

        for (k = 0; k < PRIZE_BUCKETS; k++) {
            sum->histograms[n].buckets[k] += slot->histograms[n].buckets[k];
        }
    }

    for (n = 0; n < PRIZE_METRICS_LABELS; n++) {
        sum->pages[n] += slot->pages[n];

        for (k = 0; k < PRIZE_PEER_COUNTERS; k++) {
            sum->peers[n].counters[k] += slot->peers[n].counters[k];
        }
    }
}


static void
prize_metrics_add_peer(prize_peer_metrics_t *sum,
    const prize_peer_metrics_t *peer, int leaving)
{
    unsigned  k;

    for (k = 0; k < PRIZE_PEER_BREAKER; k++) {
        sum->gauges[k] += peer->gauges[k];
    }

    if (leaving) {
        return;
    }

    /* workers, each once, though it has a breaker for each login */

    for ( /* void */ ; k <= PRIZE_PEER_KNOWN; k++) {
        sum->gauges[k] += (peer->gauges[k] > 0);
    }

    /* the first of them to end */

    for ( /* void */ ; k < PRIZE_PEER_GAUGES; k++) {
        if (peer->gauges[k]
            && (sum->gauges[k] == 0 || peer->gauges[k] < sum->gauges[k]))
        {
            sum->gauges[k] = peer->gauges[k];
        }
    }
}


static void
prize_metrics_add_views(prize_metrics_slot_t *sum,
    const prize_metrics_slot_t *slot)
{
    unsigned        n;
    const int64_t  *gauges;

    gauges = slot->gauges;

    for (n = PRIZE_QUERIES_WRONG; n <= PRIZE_SLOTS_UNCOVERED; n++) {
        if (gauges[n] > sum->gauges[n]) {
            sum->gauges[n] = gauges[n];
        }
    }

    if (gauges[PRIZE_REDIS_MAP_TIME]
        && (sum->gauges[PRIZE_REDIS_MAP_TIME] == 0
            || gauges[PRIZE_REDIS_MAP_TIME]
               < sum->gauges[PRIZE_REDIS_MAP_TIME]))
    {
        sum->gauges[PRIZE_REDIS_MAP_TIME] = gauges[PRIZE_REDIS_MAP_TIME];
    }
}


static void
prize_metrics_add_gauges(prize_metrics_slot_t *sum,
    const prize_metrics_slot_t *slot)
{
    unsigned  n;

    for (n = 0; n < PRIZE_QUERIES_WRONG; n++) {
        sum->gauges[n] += slot->gauges[n];
    }

    /* each worker has a view of its own; who leaves looks at none any more */

    if (!slot->leaving) {
        prize_metrics_add_views(sum, slot);
    }

    for (n = 0; n < PRIZE_METRICS_LABELS; n++) {
        prize_metrics_add_peer(&sum->peers[n], &slot->peers[n], slot->leaving);
    }
}


prize_metrics_slot_t *
prize_metrics_sum(const prize_metrics_t *metrics)
{
    unsigned               i;
    prize_metrics_slot_t  *sum;

    sum = calloc(1, sizeof(prize_metrics_slot_t));
    if (sum == NULL) {
        return NULL;
    }

    for (i = 0; i < PRIZE_METRICS_SLOTS && metrics->slots[i].used; i++) {

        prize_metrics_add_counters(sum, &metrics->slots[i]);

        if (prize_metrics_alive(metrics->slots[i].pid)) {
            prize_metrics_add_gauges(sum, &metrics->slots[i]);
        }
    }

    return sum;
}


unsigned
prize_metrics_workers(const prize_metrics_t *metrics)
{
    unsigned  i, n;

    n = 0;

    for (i = 0; i < PRIZE_METRICS_SLOTS && metrics->slots[i].used; i++) {
        if (prize_metrics_alive(metrics->slots[i].pid)) {
            n++;
        }
    }

    return n;
}


unsigned
prize_metrics_silent(const prize_metrics_t *metrics, uint64_t second)
{
    unsigned  i, n;
    uint64_t  beat;

    n = 0;

    for (i = 0; i < PRIZE_METRICS_SLOTS && metrics->slots[i].used; i++) {
        beat = metrics->slots[i].beat;

        if (beat && beat < second
            && prize_metrics_alive(metrics->slots[i].pid))
        {
            n++;
        }
    }

    return n;
}


void
prize_metrics_backends(const prize_metrics_t *metrics,
    const prize_metrics_slot_t *sum, prize_backends_t *backends)
{
    unsigned        i;
    const int64_t  *gauges;

    memset(backends, 0, sizeof(prize_backends_t));

    for (i = 0; i < PRIZE_METRICS_LABELS; i++) {
        gauges = sum->peers[i].gauges;

        if (metrics->peers[i].kind != PRIZE_LABEL_REDIS) {
            backends->postgres_open += gauges[PRIZE_PEER_BREAKER];
            continue;
        }

        backends->redis_open += gauges[PRIZE_PEER_BREAKER];

        /* a Sentinel that answers has no record */

        if (gauges[PRIZE_PEER_SENTINEL] == 0) {
            backends->redis_connections += gauges[PRIZE_PEER_CONNECTED];
            backends->redis_in_flight += gauges[PRIZE_PEER_IN_FLIGHT];
        }
    }
}
