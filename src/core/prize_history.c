
#include <stdlib.h>
#include <string.h>

#include "prize_history.h"


typedef struct {
    const char            *name;
    unsigned               first;       /* of an enumeration */
    unsigned               last;        /* they are added up */
} prize_history_column_t;


static const prize_history_column_t  prize_history_counters[] = {
    { "200", PRIZE_HTTP_200, PRIZE_HTTP_200 },
    { "400", PRIZE_HTTP_400, PRIZE_HTTP_400 },
    { "403", PRIZE_HTTP_403, PRIZE_HTTP_403 },
    { "404", PRIZE_HTTP_404, PRIZE_HTTP_404 },
    { "405", PRIZE_HTTP_405, PRIZE_HTTP_405 },
    { "410", PRIZE_HTTP_410, PRIZE_HTTP_410 },
    { "499", PRIZE_HTTP_499, PRIZE_HTTP_499 },
    { "500", PRIZE_HTTP_500, PRIZE_HTTP_500 },
    { "503", PRIZE_HTTP_503, PRIZE_HTTP_503 },
    { "other", PRIZE_HTTP_OTHER, PRIZE_HTTP_OTHER },
    { "shed", PRIZE_SHED_QUEUE, PRIZE_SHED_DOWN },
    { "redis_errors", PRIZE_REDIS_ERROR, PRIZE_REDIS_ERROR },
    { "stale", PRIZE_STALE_RECORDS, PRIZE_STALE_RECORDS },
    { "owner_mismatches", PRIZE_OWNER_MISMATCHES, PRIZE_OWNER_MISMATCHES },
    { "worker_starts", PRIZE_WORKER_STARTS, PRIZE_WORKER_STARTS },
    { "refreshes", PRIZE_REFRESHES_OK, PRIZE_REFRESHES_OK },
    { "refreshes_failed", PRIZE_REFRESHES_FAILED, PRIZE_REFRESHES_FAILED },
    { NULL, 0, 0 }
};


static const prize_history_column_t  prize_history_counts[] = {
    { "from_redis", PRIZE_REQUEST_REDIS, PRIZE_REQUEST_REDIS },
    { "from_postgres", PRIZE_REQUEST_POSTGRES, PRIZE_REQUEST_POSTGRES },
    { "from_nobody", PRIZE_REQUEST_NOBODY, PRIZE_REQUEST_NOBODY },
    { "batches", PRIZE_POSTGRES_BATCH, PRIZE_POSTGRES_BATCH },
    { NULL, 0, 0 }
};


static const prize_history_column_t  prize_history_buckets[] = {
    { "request", PRIZE_REQUEST_REDIS, PRIZE_REQUEST_NOBODY },
    { "redis", PRIZE_REDIS_COMMAND, PRIZE_REDIS_COMMAND },
    { "postgres", PRIZE_POSTGRES_QUERY, PRIZE_POSTGRES_QUERY },
    { NULL, 0, 0 }
};


static const prize_history_column_t  prize_history_gauges[] = {
    { "in_flight", PRIZE_REQUESTS_IN_FLIGHT, PRIZE_REQUESTS_IN_FLIGHT },
    { "queue", PRIZE_POSTGRES_QUEUED, PRIZE_POSTGRES_QUEUED },
    { "queue_max", PRIZE_POSTGRES_QUEUE_MAX, PRIZE_POSTGRES_QUEUE_MAX },
    { "postgres_connections", PRIZE_POSTGRES_CONNECTED,
      PRIZE_POSTGRES_CONNECTED },
    { "wrong_queries", PRIZE_QUERIES_WRONG, PRIZE_QUERIES_WRONG },
    { "uncovered", PRIZE_SLOTS_UNCOVERED, PRIZE_SLOTS_UNCOVERED },
    { NULL, 0, 0 }
};


/*
 * A worker that was stopped for just 15 minutes could write beside another;
 * one that dies while it writes leaves a second out.
 */

int
prize_history_take(prize_history_t *history, const prize_metrics_t *metrics,
    uint64_t clock)
{
    uint64_t               last, second;
    prize_sample_t        *sample;
    prize_metrics_slot_t  *sum;

    second = clock / 1000000;
    last = history->second;

    if (last >= second
        || !__sync_bool_compare_and_swap(&history->second, last, second))
    {
        return 0;
    }

    sum = prize_metrics_sum(metrics);
    if (sum == NULL) {
        return -1;
    }

    sample = &history->samples[second % PRIZE_HISTORY_SAMPLES];

    sample->second = 0;
    __sync_synchronize();

    sample->clock = clock;
    memcpy(sample->counters, sum->counters, sizeof(sample->counters));
    memcpy(sample->histograms, sum->histograms, sizeof(sample->histograms));
    memcpy(sample->gauges, sum->gauges, sizeof(sample->gauges));
    prize_metrics_backends(metrics, sum, &sample->backends);
    sample->silent = (second > PRIZE_HISTORY_SILENCE)
                     ? prize_metrics_silent(metrics,
                                            second - PRIZE_HISTORY_SILENCE)
                     : 0;

    __sync_synchronize();
    sample->second = second;

    free(sum);

    return 0;
}


/* what is rewritten while it is read does not count */

static int
prize_history_read(const prize_history_t *history, uint64_t second,
    prize_sample_t *sample)
{
    const prize_sample_t  *shared;

    shared = &history->samples[second % PRIZE_HISTORY_SAMPLES];

    if (shared->second != second) {
        return -1;
    }

    __sync_synchronize();
    memcpy(sample, shared, sizeof(prize_sample_t));
    __sync_synchronize();

    return (shared->second == second) ? 0 : -1;
}


static void
prize_history_names(prize_text_t *text, const prize_history_column_t *column)
{
    for ( /* void */ ; column->name; column++) {
        prize_text_add(text, ",\"%s\"", column->name);
    }
}


static void
prize_history_columns(prize_text_t *text)
{
    prize_text_add(text, ",\n\"columns\":[\"second\",\"microseconds\"");
    prize_history_names(text, prize_history_counters);
    prize_history_names(text, prize_history_counts);
    prize_text_add(text, ",\"batch_ids\"");
    prize_history_names(text, prize_history_buckets);
    prize_history_names(text, prize_history_gauges);
    prize_text_add(text, ",\"redis_connections\",\"redis_open\","
                   "\"postgres_open\",\"silent\"]");
}


/* of some histograms together; those that end it and are 0 are left out */

static void
prize_history_difference(prize_text_t *text,
    const prize_history_column_t *column, const prize_sample_t *from,
    const prize_sample_t *to)
{
    unsigned  i, k, n;
    uint64_t  buckets[PRIZE_BUCKETS];

    memset(buckets, 0, sizeof(buckets));
    n = 0;

    for (k = 0; k < PRIZE_BUCKETS; k++) {

        for (i = column->first; i <= column->last; i++) {
            buckets[k] += to->histograms[i].buckets[k]
                          - from->histograms[i].buckets[k];
        }

        if (buckets[k]) {
            n = k + 1;
        }
    }

    prize_text_add(text, ",[");

    for (k = 0; k < n; k++) {
        prize_text_add(text, k ? ",%llu" : "%llu",
                       (unsigned long long) buckets[k]);
    }

    prize_text_add(text, "]");
}


static uint64_t
prize_history_count(const prize_histogram_t *histogram)
{
    unsigned  k;
    uint64_t  n;

    n = 0;

    for (k = 0; k < PRIZE_BUCKETS; k++) {
        n += histogram->buckets[k];
    }

    return n;
}


static void
prize_history_row(prize_text_t *text, const prize_sample_t *from,
    const prize_sample_t *to)
{
    unsigned               i;
    uint64_t               n;
    const prize_history_column_t  *c;

    prize_text_add(text, "[%llu,%llu", (unsigned long long) to->second,
                   (unsigned long long) (to->clock - from->clock));

    for (c = prize_history_counters; c->name; c++) {

        for (n = 0, i = c->first; i <= c->last; i++) {
            n += to->counters[i] - from->counters[i];
        }

        prize_text_add(text, ",%llu", (unsigned long long) n);
    }

    for (c = prize_history_counts; c->name; c++) {
        n = prize_history_count(&to->histograms[c->first])
            - prize_history_count(&from->histograms[c->first]);
        prize_text_add(text, ",%llu", (unsigned long long) n);
    }

    n = to->histograms[PRIZE_POSTGRES_BATCH].sum
        - from->histograms[PRIZE_POSTGRES_BATCH].sum;
    prize_text_add(text, ",%llu", (unsigned long long) n);

    for (c = prize_history_buckets; c->name; c++) {
        prize_history_difference(text, c, from, to);
    }

    for (c = prize_history_gauges; c->name; c++) {
        prize_text_add(text, ",%lld", (long long) to->gauges[c->first]);
    }

    prize_text_add(text, ",%lld,%lld,%lld,%u]",
                   (long long) to->backends.redis_connections,
                   (long long) to->backends.redis_open,
                   (long long) to->backends.postgres_open, to->silent);
}


/* the sample that the first row is counted from, the oldest if need be */

static uint64_t
prize_history_start(const prize_history_t *history, uint64_t last,
    uint64_t since)
{
    uint64_t  oldest, second;

    oldest = (last > PRIZE_HISTORY_SAMPLES) ? last - PRIZE_HISTORY_SAMPLES + 1
                                            : 1;

    for (second = (since < last) ? since : last; second > oldest; second--) {
        if (history->samples[second % PRIZE_HISTORY_SAMPLES].second == second)
        {
            return second;
        }
    }

    return oldest;
}


/* a second that nobody has taken is part of the row after it */

void
prize_history_json(const prize_history_t *history, uint64_t since,
    prize_text_t *text)
{
    uint64_t         second, last;
    const char      *comma;
    prize_sample_t   samples[2], *from, *to, *swap;

    last = history->second;
    second = prize_history_start(history, last, since);
    from = NULL;
    to = &samples[0];
    comma = "";

    prize_text_add(text, ",\n\"second\":%llu", (unsigned long long) last);
    prize_history_columns(text);
    prize_text_add(text, ",\n\"history\":[");

    for ( /* void */ ; second <= last; second++) {

        if (prize_history_read(history, second, to) != 0) {
            continue;
        }

        if (from && second > since) {
            prize_text_add(text, "%s\n", comma);
            prize_history_row(text, from, to);
            comma = ",";
        }

        swap = from ? from : &samples[1];
        from = to;
        to = swap;
    }

    prize_text_add(text, "]");
}
