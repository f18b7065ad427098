
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prize_metrics_text.h"
#include "prize_version.h"


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
    { "prize_closed_total", "counter",
      "Main requests before the location opened or after it had closed." },
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
    { "prize_redis_redirects_total", "counter",
      "Lookups that a node of a cluster sent to another one." },
    { "prize_redis_refreshes_total", "counter",
      "Answers of clusters and of Sentinels to who has what." },
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
    { "prize_postgres_wrong_queries", "gauge",
      "Queries that PostgreSQL cannot answer, by the worst of the workers." },
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
    { "prize_redis_tls_connections", "gauge",
      "Those of them that are up by TLS." },
    { "prize_redis_certificate_end_seconds", "gauge",
      "When the first certificate ends, Unix time." },
    { "prize_redis_role", "gauge",
      "Workers that take a server for a primary, a replica, a Sentinel." },
    { "prize_redis_uncovered_slots", "gauge",
      "Slots of a cluster that no node has, by the worst of the workers." },
    { "prize_redis_map_timestamp_seconds", "gauge",
      "When a map of a cluster or of Sentinels was new, the oldest of all." },
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

    [PRIZE_CLOSED_BEFORE] = { "prize_closed_total", "when=\"before\"" },
    [PRIZE_CLOSED_AFTER] = { "prize_closed_total", "when=\"after\"" },

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
    [PRIZE_REDIS_MOVED_AWAY] =
        { "prize_lookups_total", "source=\"redis\",result=\"moved\"" },
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
    [PRIZE_WRITEBACK_DROPPED] =
        { "prize_writebacks_total", "result=\"dropped\"" },
    [PRIZE_REDIRECTS_MOVED] =
        { "prize_redis_redirects_total", "kind=\"moved\"" },
    [PRIZE_REDIRECTS_ASK] =
        { "prize_redis_redirects_total", "kind=\"ask\"" },
    [PRIZE_REFRESHES_OK] =
        { "prize_redis_refreshes_total", "result=\"ok\"" },
    [PRIZE_REFRESHES_FAILED] =
        { "prize_redis_refreshes_total", "result=\"failed\"" },
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
    [PRIZE_POSTGRES_IN_FLIGHT] = { "prize_postgres_lookups_in_flight", "" },
    [PRIZE_QUERIES_WRONG] = { "prize_postgres_wrong_queries", "" },
    [PRIZE_SLOTS_UNCOVERED] = { "prize_redis_uncovered_slots", "" },
    [PRIZE_REDIS_MAP_TIME] = { "prize_redis_map_timestamp_seconds", "" }
};


static const prize_series_t  prize_peer_gauges[PRIZE_PEER_GAUGES] = {
    [PRIZE_PEER_CONNECTING] =
        { "prize_redis_connections", ",state=\"connecting\"" },
    [PRIZE_PEER_CONNECTED] =
        { "prize_redis_connections", ",state=\"connected\"" },
    [PRIZE_PEER_TLS] = { "prize_redis_tls_connections", "" },
    [PRIZE_PEER_IN_FLIGHT] = { "prize_redis_commands_in_flight", "" },
    [PRIZE_PEER_BREAKER] = { "prize_breaker_open", "" },
    [PRIZE_PEER_PRIMARY] = { "prize_redis_role", ",role=\"primary\"" },
    [PRIZE_PEER_REPLICA] = { "prize_redis_role", ",role=\"replica\"" },
    [PRIZE_PEER_SENTINEL] = { "prize_redis_role", ",role=\"sentinel\"" },
    [PRIZE_PEER_KNOWN] = { "", "" },    /* a family of no name is not told */
    [PRIZE_PEER_SERVER_END] =
        { "prize_redis_certificate_end_seconds", ",owner=\"server\"" },
    [PRIZE_PEER_CLIENT_END] =
        { "prize_redis_certificate_end_seconds", ",owner=\"client\"" }
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
    [PRIZE_PEER_ERROR_TLS] =
        { "prize_redis_errors_total", ",reason=\"tls\"" },
    [PRIZE_PEER_ERROR_REPLY] =
        { "prize_redis_errors_total", ",reason=\"reply\"" }
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
            || (kind != PRIZE_LABEL_REDIS && i != PRIZE_PEER_BREAKER)
            || (i > PRIZE_PEER_BREAKER && peer->gauges[i] == 0))
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
        /* where nobody has a map it is not of 1970 */

        if (strcmp(prize_gauges[i].name, family) == 0
            && (i != PRIZE_REDIS_MAP_TIME || sum->gauges[i]))
        {
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
prize_metrics_prometheus(const prize_metrics_t *metrics, time_t now,
    prize_text_t *text)
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
                   "prize_start_time_seconds %lld\n"
                   "# HELP prize_time_seconds The clock of this host, Unix "
                   "time.\n"
                   "# TYPE prize_time_seconds gauge\n"
                   "prize_time_seconds %lld\n",
                   PRIZE_VERSION, (long long) metrics->start,
                   (long long) now);

    for (f = prize_families; f->name; f++) {
        prize_text_add(text, "# HELP %s %s\n# TYPE %s %s\n", f->name,
                       f->help, f->name, f->type);
        prize_metrics_family(text, prize_prometheus_series, metrics, sum,
                             f->name);
    }

    free(sum);

    return 0;
}


/* what a person asks first stands first, in one number each */

static void
prize_json_summary(prize_text_t *text, const prize_metrics_t *metrics,
    const prize_metrics_slot_t *sum, time_t now)
{
    prize_backends_t  backends;

    prize_metrics_backends(metrics, sum, &backends);

    prize_text_add(text,
                   "\"version\":\"%s\",\n\"start_time\":%lld,\n"
                   "\"time\":%lld,\n"
                   "\"workers\":%u,\n\"requests_in_flight\":%lld,\n"
                   "\"redis_connections\":%lld,\n"
                   "\"redis_commands_in_flight\":%lld,\n"
                   "\"postgres_connections\":%lld,\n"
                   "\"postgres_queue_length\":%lld,\n"
                   "\"postgres_lookups_in_flight\":%lld",
                   PRIZE_VERSION, (long long) metrics->start, (long long) now,
                   prize_metrics_workers(metrics),
                   (long long) sum->gauges[PRIZE_REQUESTS_IN_FLIGHT],
                   (long long) backends.redis_connections,
                   (long long) backends.redis_in_flight,
                   (long long) sum->gauges[PRIZE_POSTGRES_CONNECTED],
                   (long long) sum->gauges[PRIZE_POSTGRES_QUEUED],
                   (long long) sum->gauges[PRIZE_POSTGRES_IN_FLIGHT]);
}


int
prize_metrics_json(const prize_metrics_t *metrics, time_t now,
    prize_text_t *text)
{
    const prize_family_t  *f;
    prize_metrics_slot_t  *sum;

    sum = prize_metrics_sum(metrics);
    if (sum == NULL) {
        return -1;
    }

    prize_json_summary(text, metrics, sum, now);

    for (f = prize_families; f->name; f++) {
        prize_metrics_family(text, prize_json_series, metrics, sum, f->name);
    }

    free(sum);

    return 0;
}
