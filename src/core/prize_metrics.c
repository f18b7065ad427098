
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "prize_metrics.h"
#include "prize_version.h"


#define PRIZE_METRICS_PATIENCE  1000    /* turns of the scheduler */
#define PRIZE_METRICS_OTHER     "other"


typedef struct {
    const char            *name;        /* of the family */
    const char            *labels;      /* the series' own, or "" */
} prize_series_t;


typedef struct {
    const char            *name;
    const char            *labels;
    double                 unit;        /* of the sum and the bounds */
} prize_histogram_series_t;


typedef struct {
    const char            *name;
    const char            *type;
    const char            *help;
} prize_family_t;


static const prize_family_t  prize_families[] = {
    { "prize_http_requests_total", "counter",
      "Answers to main requests of locations with pages, by status." },
    { "prize_lookups_total", "counter",
      "Lookups by who was asked and what came of it." },
    { "prize_postgres_errors_total", "counter",
      "Events of connections and of queries that went wrong." },
    { "prize_breaker_transitions_total", "counter",
      "Changes of the state of a breaker." },
    { "prize_shed_total", "counter",
      "Lookups that PostgreSQL was not asked for, and why." },
    { "prize_writebacks_total", "counter",
      "Rows that were sent to Redis after a miss." },
    { "prize_coalesced_requests_total", "counter",
      "Lookups that waited for one that was already under way." },
    { "prize_client_aborts_total", "counter",
      "Clients that left before their answer." },
    { "prize_stale_records_total", "counter",
      "Records in Redis that lacked a field that a page uses." },
    { "prize_owner_mismatches_total", "counter",
      "Records that named another owner than was asked for." },
    { "prize_log_suppressed_total", "counter",
      "Log lines that were counted instead of written." },
    { "prize_worker_starts_total", "counter",
      "Workers that have started." },
    { "prize_requests_in_flight", "gauge",
      "Requests that wait for a lookup." },
    { "prize_postgres_connections", "gauge",
      "Connections to PostgreSQL, by state." },
    { "prize_postgres_queue_length", "gauge",
      "IDs that wait for a connection." },
    { "prize_postgres_queue_max", "gauge",
      "IDs that may wait, over all pools and workers." },
    { "prize_postgres_lookups_in_flight", "gauge",
      "IDs that PostgreSQL has been asked for." },
    { "prize_request_duration_seconds", "histogram",
      "Time to an answer, by who had the record." },
    { "prize_redis_command_duration_seconds", "histogram",
      "Time from a command to its reply." },
    { "prize_postgres_query_duration_seconds", "histogram",
      "Time from a query to its result." },
    { "prize_postgres_queue_wait_seconds", "histogram",
      "Time that an ID waited for a connection." },
    { "prize_postgres_batch_size", "histogram",
      "IDs of one query." },
    { "prize_redis_connections", "gauge",
      "Connections to a server of Redis, by state." },
    { "prize_redis_commands_in_flight", "gauge",
      "Commands that a server of Redis has been asked." },
    { "prize_breaker_open", "gauge",
      "Workers that leave a server alone for now." },
    { "prize_redis_errors_total", "counter",
      "Events of connections and of replies that went wrong." },
    { "prize_pages_total", "counter",
      "Pages sent, by template." },
    { NULL, NULL, NULL }
};


static const prize_series_t  prize_counters[PRIZE_COUNTERS] = {
    [PRIZE_HTTP_200] = { "prize_http_requests_total", "code=\"200\"" },
    [PRIZE_HTTP_400] = { "prize_http_requests_total", "code=\"400\"" },
    [PRIZE_HTTP_403] = { "prize_http_requests_total", "code=\"403\"" },
    [PRIZE_HTTP_404] = { "prize_http_requests_total", "code=\"404\"" },
    [PRIZE_HTTP_405] = { "prize_http_requests_total", "code=\"405\"" },
    [PRIZE_HTTP_410] = { "prize_http_requests_total", "code=\"410\"" },
    [PRIZE_HTTP_499] = { "prize_http_requests_total", "code=\"499\"" },
    [PRIZE_HTTP_500] = { "prize_http_requests_total", "code=\"500\"" },
    [PRIZE_HTTP_503] = { "prize_http_requests_total", "code=\"503\"" },
    [PRIZE_HTTP_OTHER] = { "prize_http_requests_total", "code=\"other\"" },

    [PRIZE_REDIS_FOUND] =
        { "prize_lookups_total", "source=\"redis\",result=\"found\"" },
    [PRIZE_REDIS_NOT_FOUND] =
        { "prize_lookups_total", "source=\"redis\",result=\"not_found\"" },
    [PRIZE_REDIS_STALE] =
        { "prize_lookups_total", "source=\"redis\",result=\"stale\"" },
    [PRIZE_REDIS_FOREIGN] =
        { "prize_lookups_total", "source=\"redis\",result=\"foreign\"" },
    [PRIZE_REDIS_LATE] =
        { "prize_lookups_total", "source=\"redis\",result=\"timeout\"" },
    [PRIZE_REDIS_LOST] =
        { "prize_lookups_total", "source=\"redis\",result=\"lost\"" },
    [PRIZE_REDIS_ERROR] =
        { "prize_lookups_total", "source=\"redis\",result=\"error\"" },

    [PRIZE_POSTGRES_FOUND] =
        { "prize_lookups_total", "source=\"postgres\",result=\"found\"" },
    [PRIZE_POSTGRES_NOT_FOUND] =
        { "prize_lookups_total", "source=\"postgres\",result=\"not_found\"" },
    [PRIZE_POSTGRES_LATE] =
        { "prize_lookups_total", "source=\"postgres\",result=\"timeout\"" },
    [PRIZE_POSTGRES_LOST] =
        { "prize_lookups_total", "source=\"postgres\",result=\"lost\"" },
    [PRIZE_POSTGRES_ERROR] =
        { "prize_lookups_total", "source=\"postgres\",result=\"error\"" },

    [PRIZE_POSTGRES_ERROR_CONNECT] =
        { "prize_postgres_errors_total", "reason=\"connect\"" },
    [PRIZE_POSTGRES_ERROR_LOST] =
        { "prize_postgres_errors_total", "reason=\"lost\"" },
    [PRIZE_POSTGRES_ERROR_TIMEOUT] =
        { "prize_postgres_errors_total", "reason=\"timeout\"" },
    [PRIZE_POSTGRES_ERROR_QUERY] =
        { "prize_postgres_errors_total", "reason=\"query\"" },
    [PRIZE_POSTGRES_ERROR_ROWS] =
        { "prize_postgres_errors_total", "reason=\"rows\"" },

    [PRIZE_BREAKER_REDIS_OPEN] =
        { "prize_breaker_transitions_total", "backend=\"redis\",to=\"open\"" },
    [PRIZE_BREAKER_REDIS_HALF_OPEN] = { "prize_breaker_transitions_total",
                                "backend=\"redis\",to=\"half_open\"" },
    [PRIZE_BREAKER_REDIS_SHUT] =
        { "prize_breaker_transitions_total", "backend=\"redis\",to=\"shut\"" },
    [PRIZE_BREAKER_POSTGRES_OPEN] = { "prize_breaker_transitions_total",
                                "backend=\"postgres\",to=\"open\"" },
    [PRIZE_BREAKER_POSTGRES_HALF_OPEN] = { "prize_breaker_transitions_total",
                                "backend=\"postgres\",to=\"half_open\"" },
    [PRIZE_BREAKER_POSTGRES_SHUT] = { "prize_breaker_transitions_total",
                                "backend=\"postgres\",to=\"shut\"" },

    [PRIZE_SHED_QUEUE] = { "prize_shed_total", "reason=\"queue_full\"" },
    [PRIZE_SHED_DOWN] = { "prize_shed_total", "reason=\"down\"" },

    [PRIZE_WRITEBACK_STORED] =
        { "prize_writebacks_total", "result=\"stored\"" },
    [PRIZE_WRITEBACK_KEPT] = { "prize_writebacks_total", "result=\"kept\"" },
    [PRIZE_WRITEBACK_FAILED] =
        { "prize_writebacks_total", "result=\"failed\"" },

    [PRIZE_COALESCED] = { "prize_coalesced_requests_total", "" },
    [PRIZE_CLIENT_ABORTS] = { "prize_client_aborts_total", "" },
    [PRIZE_STALE_RECORDS] = { "prize_stale_records_total", "" },
    [PRIZE_OWNER_MISMATCHES] = { "prize_owner_mismatches_total", "" },
    [PRIZE_LOG_SUPPRESSED] = { "prize_log_suppressed_total", "" },
    [PRIZE_WORKER_STARTS] = { "prize_worker_starts_total", "" }
};


static const prize_series_t  prize_gauges[PRIZE_GAUGES] = {
    [PRIZE_REQUESTS_IN_FLIGHT] = { "prize_requests_in_flight", "" },
    [PRIZE_POSTGRES_CONNECTING] =
        { "prize_postgres_connections", "state=\"connecting\"" },
    [PRIZE_POSTGRES_CONNECTED] =
        { "prize_postgres_connections", "state=\"connected\"" },
    [PRIZE_POSTGRES_QUEUED] = { "prize_postgres_queue_length", "" },
    [PRIZE_POSTGRES_QUEUE_MAX] = { "prize_postgres_queue_max", "" },
    [PRIZE_POSTGRES_IN_FLIGHT] = { "prize_postgres_lookups_in_flight", "" }
};


static const prize_series_t  prize_peer_gauges[PRIZE_PEER_GAUGES] = {
    [PRIZE_PEER_CONNECTING] =
        { "prize_redis_connections", ",state=\"connecting\"" },
    [PRIZE_PEER_CONNECTED] =
        { "prize_redis_connections", ",state=\"connected\"" },
    [PRIZE_PEER_IN_FLIGHT] = { "prize_redis_commands_in_flight", "" },
    [PRIZE_PEER_BREAKER] = { "prize_breaker_open", "" },
    [PRIZE_PEER_KNOWN] = { "", "" }     /* a family of no name is not told */
};


static const prize_series_t  prize_peer_counters[PRIZE_PEER_COUNTERS] = {
    [PRIZE_PEER_ERROR_CONNECT] =
        { "prize_redis_errors_total", ",reason=\"connect\"" },
    [PRIZE_PEER_ERROR_LOST] =
        { "prize_redis_errors_total", ",reason=\"lost\"" },
    [PRIZE_PEER_ERROR_TIMEOUT] =
        { "prize_redis_errors_total", ",reason=\"timeout\"" },
    [PRIZE_PEER_ERROR_PROTOCOL] =
        { "prize_redis_errors_total", ",reason=\"protocol\"" },
    [PRIZE_PEER_ERROR_AWAY] =
        { "prize_redis_errors_total", ",reason=\"away\"" },
    [PRIZE_PEER_ERROR_DENIED] =
        { "prize_redis_errors_total", ",reason=\"denied\"" },
    [PRIZE_PEER_ERROR_REPLY] =
        { "prize_redis_errors_total", ",reason=\"reply\"" }
};


const uint64_t  prize_seconds_bounds[PRIZE_BUCKETS - 1] = {
    500000, 1000000, 2000000, 3000000, 5000000, 7500000, 10000000, 15000000,
    25000000, 50000000, 100000000, 250000000, 500000000, 1000000000, 2500000000
};

const uint64_t  prize_batch_bounds[PRIZE_BUCKETS - 1] = {
    1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 10000
};


static const prize_histogram_series_t  prize_histograms[PRIZE_HISTOGRAMS] = {
    [PRIZE_REQUEST_REDIS] =
        { "prize_request_duration_seconds", "source=\"redis\"", 1e9 },
    [PRIZE_REQUEST_POSTGRES] =
        { "prize_request_duration_seconds", "source=\"postgres\"", 1e9 },
    [PRIZE_REQUEST_NOBODY] =
        { "prize_request_duration_seconds", "source=\"none\"", 1e9 },
    [PRIZE_REDIS_COMMAND] =
        { "prize_redis_command_duration_seconds", "", 1e9 },
    [PRIZE_POSTGRES_QUERY] =
        { "prize_postgres_query_duration_seconds", "", 1e9 },
    [PRIZE_POSTGRES_QUEUE_WAIT] =
        { "prize_postgres_queue_wait_seconds", "", 1e9 },
    [PRIZE_POSTGRES_BATCH] =
        { "prize_postgres_batch_size", "", 1 }
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
        slot->peers[i].gauges[PRIZE_PEER_KNOWN] = 1;
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
prize_metrics_add_gauges(prize_metrics_slot_t *sum,
    const prize_metrics_slot_t *slot)
{
    unsigned  n, k;

    for (n = 0; n < PRIZE_GAUGES; n++) {
        sum->gauges[n] += slot->gauges[n];
    }

    for (n = 0; n < PRIZE_METRICS_LABELS; n++) {
        for (k = 0; k < PRIZE_PEER_BREAKER; k++) {
            sum->peers[n].gauges[k] += slot->peers[n].gauges[k];
        }

        /* workers, each once, though it has a breaker for each login */

        for ( /* void */ ; k < PRIZE_PEER_GAUGES && !slot->leaving; k++) {
            sum->peers[n].gauges[k] += (slot->peers[n].gauges[k] > 0);
        }
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


/*
 * One series after the other, in the order of the families, whatever is done
 * with each: "name", its labels, its value as text.
 */

typedef void (*prize_series_pt)(prize_text_t *text, const char *name,
    const char *suffix, const char *labels, const char *value);


static void
prize_metrics_histogram(prize_text_t *text, prize_series_pt series,
    prize_histogram_e histogram, const prize_histogram_t *h)
{
    char                             labels[96], value[32];
    unsigned                         i;
    uint64_t                         count;
    const char                      *comma;
    const uint64_t                  *bounds;
    const prize_histogram_series_t  *hs;

    hs = &prize_histograms[histogram];
    bounds = prize_histogram_bounds(histogram);

    count = 0;
    comma = hs->labels[0] ? "," : "";

    for (i = 0; i < PRIZE_BUCKETS; i++) {
        count += h->buckets[i];

        if (i < PRIZE_BUCKETS - 1) {
            (void) snprintf(labels, sizeof(labels), "%s%sle=\"%g\"",
                            hs->labels, comma, bounds[i] / hs->unit);

        } else {
            (void) snprintf(labels, sizeof(labels), "%s%sle=\"+Inf\"",
                            hs->labels, comma);
        }

        (void) snprintf(value, sizeof(value), "%llu",
                        (unsigned long long) count);
        series(text, hs->name, "_bucket", labels, value);
    }

    (void) snprintf(value, sizeof(value), "%.6f", h->sum / hs->unit);
    series(text, hs->name, "_sum", hs->labels, value);

    (void) snprintf(value, sizeof(value), "%llu", (unsigned long long) count);
    series(text, hs->name, "_count", hs->labels, value);
}


static void
prize_metrics_peer(prize_text_t *text, prize_series_pt series,
    const char *name, prize_label_e kind, const prize_peer_metrics_t *peer,
    const char *family)
{
    char         labels[PRIZE_METRICS_LABEL + 64], value[32];
    unsigned     i;
    const char  *backend;

    for (i = 0; i < PRIZE_PEER_GAUGES; i++) {

        /* a pool has a breaker here and the rest without a label */

        if (strcmp(prize_peer_gauges[i].name, family) != 0
            || peer->gauges[PRIZE_PEER_KNOWN] == 0
            || (kind != PRIZE_LABEL_REDIS && i != PRIZE_PEER_BREAKER))
        {
            continue;
        }

        backend = (i != PRIZE_PEER_BREAKER) ? ""
                  : (kind == PRIZE_LABEL_REDIS) ? "backend=\"redis\","
                  : "backend=\"postgres\",";

        (void) snprintf(labels, sizeof(labels), "%speer=\"%s\"%s", backend,
                        name, prize_peer_gauges[i].labels);
        (void) snprintf(value, sizeof(value), "%lld",
                        (long long) peer->gauges[i]);
        series(text, family, "", labels, value);
    }

    for (i = 0; i < PRIZE_PEER_COUNTERS && kind == PRIZE_LABEL_REDIS; i++) {

        if (strcmp(prize_peer_counters[i].name, family) != 0) {
            continue;
        }

        (void) snprintf(labels, sizeof(labels), "peer=\"%s\"%s", name,
                        prize_peer_counters[i].labels);
        (void) snprintf(value, sizeof(value), "%llu",
                        (unsigned long long) peer->counters[i]);
        series(text, family, "", labels, value);
    }
}


static void
prize_metrics_peers(prize_text_t *text, prize_series_pt series,
    const prize_metrics_t *metrics, const prize_metrics_slot_t *sum,
    const char *family)
{
    unsigned                      i;
    const prize_metrics_label_t  *label;

    for (i = 0; i < PRIZE_METRICS_LABELS; i++) {
        label = &metrics->peers[i];

        if (label->written) {
            prize_metrics_peer(text, series, label->name, label->kind,
                               &sum->peers[i], family);
        }
    }
}


static void
prize_metrics_pages(prize_text_t *text, prize_series_pt series,
    const prize_metrics_t *metrics, const prize_metrics_slot_t *sum)
{
    char      labels[PRIZE_METRICS_LABEL + 16], value[32];
    unsigned  i;

    for (i = 0; i < PRIZE_METRICS_LABELS; i++) {

        if (!metrics->pages[i].written) {
            continue;
        }

        (void) snprintf(labels, sizeof(labels), "page=\"%s\"",
                        metrics->pages[i].name);
        (void) snprintf(value, sizeof(value), "%llu",
                        (unsigned long long) sum->pages[i]);
        series(text, "prize_pages_total", "", labels, value);
    }
}


static void
prize_metrics_family(prize_text_t *text, prize_series_pt series,
    const prize_metrics_t *metrics, const prize_metrics_slot_t *sum,
    const char *family)
{
    char      value[32];
    unsigned  i;

    for (i = 0; i < PRIZE_COUNTERS; i++) {
        if (strcmp(prize_counters[i].name, family) == 0) {
            (void) snprintf(value, sizeof(value), "%llu",
                            (unsigned long long) sum->counters[i]);
            series(text, family, "", prize_counters[i].labels, value);
        }
    }

    for (i = 0; i < PRIZE_GAUGES; i++) {
        if (strcmp(prize_gauges[i].name, family) == 0) {
            (void) snprintf(value, sizeof(value), "%lld",
                            (long long) sum->gauges[i]);
            series(text, family, "", prize_gauges[i].labels, value);
        }
    }

    for (i = 0; i < PRIZE_HISTOGRAMS; i++) {
        if (strcmp(prize_histograms[i].name, family) == 0) {
            prize_metrics_histogram(text, series, i, &sum->histograms[i]);
        }
    }

    prize_metrics_peers(text, series, metrics, sum, family);

    if (strcmp(family, "prize_pages_total") == 0) {
        prize_metrics_pages(text, series, metrics, sum);
    }
}


static void
prize_prometheus_series(prize_text_t *text, const char *name,
    const char *suffix, const char *labels, const char *value)
{
    if (labels[0]) {
        prize_text_add(text, "%s%s{%s} %s\n", name, suffix, labels, value);

    } else {
        prize_text_add(text, "%s%s %s\n", name, suffix, value);
    }
}


/* the key is the series as Prometheus has it, its quotes escaped */

static void
prize_json_series(prize_text_t *text, const char *name, const char *suffix,
    const char *labels, const char *value)
{
    const char  *p;

    prize_text_add(text, ",\n\"%s%s", name, suffix);

    if (labels[0]) {
        prize_text_add(text, "{");

        for (p = labels; *p; p++) {
            prize_text_add(text, *p == '"' ? "\\\"" : "%c", *p);
        }

        prize_text_add(text, "}");
    }

    prize_text_add(text, "\":%s", value);
}


int
prize_metrics_prometheus(const prize_metrics_t *metrics, prize_text_t *text)
{
    const prize_family_t  *f;
    prize_metrics_slot_t  *sum;

    sum = prize_metrics_sum(metrics);
    if (sum == NULL) {
        return -1;
    }

    prize_text_add(text,
                   "# HELP prize_build_info The version that runs.\n"
                   "# TYPE prize_build_info gauge\n"
                   "prize_build_info{version=\"%s\"} 1\n"
                   "# HELP prize_start_time_seconds When counting began, "
                   "Unix time.\n"
                   "# TYPE prize_start_time_seconds gauge\n"
                   "prize_start_time_seconds %lld\n",
                   PRIZE_VERSION, (long long) metrics->start);

    for (f = prize_families; f->name; f++) {
        prize_text_add(text, "# HELP %s %s\n# TYPE %s %s\n", f->name,
                       f->help, f->name, f->type);
        prize_metrics_family(text, prize_prometheus_series, metrics, sum,
                             f->name);
    }

    free(sum);

    return 0;
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

        if (metrics->peers[i].kind == PRIZE_LABEL_REDIS) {
            backends->redis_connections += gauges[PRIZE_PEER_CONNECTED];
            backends->redis_in_flight += gauges[PRIZE_PEER_IN_FLIGHT];
            backends->redis_open += gauges[PRIZE_PEER_BREAKER];

        } else {
            backends->postgres_open += gauges[PRIZE_PEER_BREAKER];
        }
    }
}


/* what a person asks first stands first, in one number each */

static void
prize_json_summary(prize_text_t *text, const prize_metrics_t *metrics,
    const prize_metrics_slot_t *sum)
{
    prize_backends_t  backends;

    prize_metrics_backends(metrics, sum, &backends);

    prize_text_add(text,
                   "\"version\":\"%s\",\n\"start_time\":%lld,\n"
                   "\"workers\":%u,\n\"requests_in_flight\":%lld,\n"
                   "\"redis_connections\":%lld,\n"
                   "\"redis_commands_in_flight\":%lld,\n"
                   "\"postgres_connections\":%lld,\n"
                   "\"postgres_queue_length\":%lld,\n"
                   "\"postgres_lookups_in_flight\":%lld",
                   PRIZE_VERSION, (long long) metrics->start,
                   prize_metrics_workers(metrics),
                   (long long) sum->gauges[PRIZE_REQUESTS_IN_FLIGHT],
                   (long long) backends.redis_connections,
                   (long long) backends.redis_in_flight,
                   (long long) sum->gauges[PRIZE_POSTGRES_CONNECTED],
                   (long long) sum->gauges[PRIZE_POSTGRES_QUEUED],
                   (long long) sum->gauges[PRIZE_POSTGRES_IN_FLIGHT]);
}


int
prize_metrics_json(const prize_metrics_t *metrics, prize_text_t *text)
{
    const prize_family_t  *f;
    prize_metrics_slot_t  *sum;

    sum = prize_metrics_sum(metrics);
    if (sum == NULL) {
        return -1;
    }

    prize_json_summary(text, metrics, sum);

    for (f = prize_families; f->name; f++) {
        prize_metrics_family(text, prize_json_series, metrics, sum, f->name);
    }

    free(sum);

    return 0;
}
