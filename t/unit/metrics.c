
/*
 * prize_metrics: slots that come and go with their processes, and labels;
 * prize_metrics_text: what is written of it all.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prize_metrics_text.h"
#include "tap.h"


#define LOST(peer)                                                            \
    "prize_redis_errors_total{peer=\"" peer "\",reason=\"lost\"}"

#define BREAKER(store, peer)                                                  \
    "prize_breaker_open{backend=\"" store "\",peer=\"" peer "\"}"


#define ROLE(peer, role)                                                      \
    "prize_redis_role{peer=\"" peer "\",role=\"" role "\"}"


static prize_metrics_t  *metrics;


/* a series and its value; where none is expected, it is not there */

static void
is(const char *series, const char *expected)
{
    char          line[256];
    prize_text_t  text;

    memset(&text, 0, sizeof(prize_text_t));
    (void) snprintf(line, sizeof(line), "\n%s %s%s", series, expected,
                    *expected ? "\n" : "");

    ok(prize_metrics_prometheus(metrics, 1798074000, &text) == 0
       && prize_text_done(&text) == 0
       && !strstr(text.data, line) == !*expected,
       "%s is %s", series, *expected ? expected : "not there");

    free(text.data);
}


static unsigned
label(prize_metrics_slot_t *slot, prize_label_e kind, const char *name)
{
    return prize_metrics_label(metrics, slot, kind, name, strlen(name));
}


static unsigned
numbered(prize_metrics_slot_t *slot, prize_label_e kind, const char *name,
    unsigned i)
{
    char  text[32];

    (void) snprintf(text, sizeof(text), "%s%u", name, i);

    return label(slot, kind, text);
}


static pid_t
dead(void)
{
    pid_t  pid;

    pid = fork();

    if (pid == 0) {
        _exit(0);
    }

    (void) waitpid(pid, NULL, 0);

    return pid;
}


static void
slots(void)
{
    prize_metrics_slot_t  *one, *two, *three;

    one = prize_metrics_claim(metrics, getpid());
    two = prize_metrics_claim(metrics, getppid());

    ok(one && two && one != two, "two living processes have two slots");
    ok(prize_metrics_claim(metrics, getpid()) == one,
       "and each finds its own again");

    prize_counter_add(one, PRIZE_HTTP_200, 3);
    prize_counter_add(two, PRIZE_HTTP_200, 4);
    prize_gauge_add(one, PRIZE_REQUESTS_IN_FLIGHT, 5);
    prize_gauge_add(two, PRIZE_REQUESTS_IN_FLIGHT, -1);

    is("prize_http_requests_total{code=\"200\"}", "7");
    is("prize_requests_in_flight", "4");
    ok(prize_metrics_workers(metrics) == 2, "two workers");

    prize_metrics_release(two);

    is("prize_http_requests_total{code=\"200\"}", "7");
    is("prize_requests_in_flight", "5");

    /* a process that died without a word */

    two->pid = dead();
    two->gauges[PRIZE_REQUESTS_IN_FLIGHT] = 100;

    is("prize_requests_in_flight", "5");

    three = prize_metrics_claim(metrics, getppid());

    ok(three == two, "its slot is claimed by the next");
    ok(three->gauges[PRIZE_REQUESTS_IN_FLIGHT] == 0, "its gauges are not");
    is("prize_http_requests_total{code=\"200\"}", "7");

    prize_counter_add(three, PRIZE_HTTP_200, 1);
    is("prize_http_requests_total{code=\"200\"}", "8");

    prize_metrics_release(one);
    prize_metrics_release(three);
}


static void
labels(void)
{
    char                   wide[2 * PRIZE_METRICS_LABEL];
    unsigned               i, page, last;
    prize_metrics_slot_t  *slot;

    slot = prize_metrics_claim(metrics, getpid());
    page = label(slot, PRIZE_LABEL_PAGE, "gift.html");

    ok(label(slot, PRIZE_LABEL_PAGE, "gift.html") == page,
       "a label is found again");

    slot->pages[page] += 2;
    is("prize_pages_total{page=\"gift.html\"}", "2");

    (void) label(slot, PRIZE_LABEL_REDIS, "a\"b\\c\n:6379");
    is("prize_redis_commands_in_flight{peer=\"abc:6379\"}", "0");
    is(BREAKER("redis", "abc:6379"), "0");
    is(LOST("abc:6379"), "0");

    (void) label(slot, PRIZE_LABEL_POSTGRES, "hr");
    is(BREAKER("postgres", "hr"), "0");
    is("prize_redis_commands_in_flight{peer=\"hr\"}", "");

    (void) label(slot, PRIZE_LABEL_PAGE, "\xe7\xa4\xbc\xff\xe7\xa4");
    is("prize_pages_total{page=\"\xe7\xa4\xbc\"}", "0");

    memset(wide, 'a', sizeof(wide));
    memcpy(&wide[PRIZE_METRICS_LABEL - 2], "\xe7\xa4\xbc", 3);
    page = prize_metrics_label(metrics, slot, PRIZE_LABEL_PAGE, wide,
                               sizeof(wide));
    ok(strlen(metrics->pages[page].name) == PRIZE_METRICS_LABEL - 2,
       "a label does not end in half a character");

    ok(label(slot, PRIZE_LABEL_PAGE, "other") == PRIZE_METRICS_LABELS - 1,
       "what is called \"other\" is one of them");

    last = 0;

    for (i = 0; i < 2 * PRIZE_METRICS_LABELS; i++) {
        last = numbered(slot, PRIZE_LABEL_PAGE, "page", i);
    }

    ok(last == PRIZE_METRICS_LABELS - 1, "too many pages share one label");
    slot->pages[last] += 9;
    is("prize_pages_total{page=\"other\"}", "9");

    prize_metrics_release(slot);
}


/* of each worker that has it, once, whatever number of logins it has */

static void
breakers(void)
{
    unsigned               i;
    prize_metrics_slot_t  *one, *two;

    one = prize_metrics_claim(metrics, getpid());
    two = prize_metrics_claim(metrics, getppid());
    i = label(one, PRIZE_LABEL_REDIS, "b:1");

    one->peers[i].gauges[PRIZE_PEER_BREAKER] = 2;
    is(BREAKER("redis", "b:1"), "1");

    (void) label(two, PRIZE_LABEL_REDIS, "b:1");
    two->peers[i].gauges[PRIZE_PEER_BREAKER] = 1;
    is(BREAKER("redis", "b:1"), "2");

    /* one that takes no requests any more leaves nobody alone */

    one->peers[i].gauges[PRIZE_PEER_CONNECTED] = 1;
    one->leaving = 1;
    is(BREAKER("redis", "b:1"), "1");
    is("prize_redis_connections{peer=\"b:1\",state=\"connected\"}", "1");

    prize_metrics_release(two);
    is(BREAKER("redis", "b:1"), "");
    is(LOST("b:1"), "0");

    prize_metrics_release(one);
}


/* which server has which role, and the worst that a worker knows of a map */

static void
maps(void)
{
    unsigned               i, k;
    prize_backends_t       backends;
    prize_metrics_slot_t  *one, *two, *sum;

    one = prize_metrics_claim(metrics, getpid());
    two = prize_metrics_claim(metrics, getppid());
    i = label(one, PRIZE_LABEL_REDIS, "c:1");
    k = label(one, PRIZE_LABEL_REDIS, "c:26379");
    (void) label(two, PRIZE_LABEL_REDIS, "c:1");

    is(ROLE("c:1", "primary"), "");
    is("prize_redis_map_timestamp_seconds", "");
    is("prize_redis_uncovered_slots", "0");

    one->peers[i].gauges[PRIZE_PEER_PRIMARY] = 2;
    two->peers[i].gauges[PRIZE_PEER_REPLICA] = 1;
    one->peers[k].gauges[PRIZE_PEER_SENTINEL] = 1;
    is(ROLE("c:1", "primary"), "1");
    is(ROLE("c:1", "replica"), "1");
    is(ROLE("c:26379", "sentinel"), "1");
    is(ROLE("c:26379", "primary"), "");

    one->gauges[PRIZE_REDIS_MAP_TIME] = 1800000000;
    one->gauges[PRIZE_SLOTS_UNCOVERED] = 3;
    two->gauges[PRIZE_SLOTS_UNCOVERED] = 5;
    is("prize_redis_map_timestamp_seconds", "1800000000");
    is("prize_redis_uncovered_slots", "5");

    two->gauges[PRIZE_REDIS_MAP_TIME] = 1700000000;
    is("prize_redis_map_timestamp_seconds", "1700000000");

    two->leaving = 1;
    is("prize_redis_map_timestamp_seconds", "1800000000");
    is("prize_redis_uncovered_slots", "3");
    is(ROLE("c:1", "replica"), "");

    prize_counter_add(one, PRIZE_REDIRECTS_MOVED, 4);
    prize_counter_add(one, PRIZE_REDIRECTS_ASK, 5);
    prize_counter_add(one, PRIZE_REFRESHES_OK, 6);
    prize_counter_add(one, PRIZE_REFRESHES_FAILED, 7);
    is("prize_redis_redirects_total{kind=\"moved\"}", "4");
    is("prize_redis_redirects_total{kind=\"ask\"}", "5");
    is("prize_redis_refreshes_total{result=\"ok\"}", "6");
    is("prize_redis_refreshes_total{result=\"failed\"}", "7");

    /* who watches the stores is none */

    one->peers[i].gauges[PRIZE_PEER_CONNECTED] = 1;
    one->peers[k].gauges[PRIZE_PEER_CONNECTED] = 1;
    sum = prize_metrics_sum(metrics);

    if (sum) {
        prize_metrics_backends(metrics, sum, &backends);
        ok(backends.redis_connections == 1, "Sentinels are no stores");
        free(sum);
    }

    prize_metrics_release(two);
    prize_metrics_release(one);
}


/* the worker that knows of most speaks for all */

static void
queries(void)
{
    prize_metrics_slot_t  *one, *two;

    one = prize_metrics_claim(metrics, getpid());
    two = prize_metrics_claim(metrics, getppid());

    one->gauges[PRIZE_QUERIES_WRONG] = 2;
    two->gauges[PRIZE_QUERIES_WRONG] = 1;
    is("prize_postgres_wrong_queries", "2");

    prize_metrics_release(two);
    prize_metrics_release(one);
}


/* as by one reload after the other, each with a server of its own */

static void
peers(void)
{
    unsigned               i, peer, last, shared;
    prize_metrics_slot_t  *one, *two;

    one = prize_metrics_claim(metrics, getpid());
    peer = label(one, PRIZE_LABEL_REDIS, "stays");
    one->peers[peer].counters[PRIZE_PEER_ERROR_LOST] = 3;

    last = shared = 0;

    for (i = 0; i < 3 * PRIZE_METRICS_LABELS; i++) {
        two = prize_metrics_claim(metrics, getppid());
        last = numbered(two, PRIZE_LABEL_REDIS, "r", i);
        shared += (last == prize_metrics_other(PRIZE_LABEL_REDIS));
        two->peers[last].counters[PRIZE_PEER_ERROR_LOST]++;
        prize_metrics_release(two);
    }

    ok(shared == 0, "servers of the past make room");
    is(LOST("r95"), "1");
    is(LOST("r94"), "");
    is(LOST("stays"), "3");
    is(BREAKER("redis", "stays"), "0");
    is(BREAKER("redis", "other"), "");

    prize_metrics_release(one);
}


/* more than there are labels, at once */

static void
others(void)
{
    unsigned               i, last, pool;
    prize_metrics_slot_t  *one;

    one = prize_metrics_claim(metrics, getpid());
    (void) label(one, PRIZE_LABEL_REDIS, "stays");
    last = 0;

    for (i = 0; i < PRIZE_METRICS_LABELS; i++) {
        last = numbered(one, PRIZE_LABEL_REDIS, "s", i);
    }

    pool = label(one, PRIZE_LABEL_POSTGRES, "late");

    ok(last == prize_metrics_other(PRIZE_LABEL_REDIS)
       && pool == prize_metrics_other(PRIZE_LABEL_POSTGRES),
       "where all labels are in use, the rest share one a kind");

    one->peers[last].gauges[PRIZE_PEER_BREAKER] = 0;
    one->peers[pool].gauges[PRIZE_PEER_BREAKER] = 1;
    is(BREAKER("redis", "other"), "0");
    is(BREAKER("postgres", "other"), "1");
    is(LOST("stays"), "3");

    prize_metrics_release(one);
}


/* whoever gives labels was killed, or hangs */

static void
turns(void)
{
    unsigned               peer, last;
    prize_metrics_slot_t  *one;

    one = prize_metrics_claim(metrics, getpid());
    last = prize_metrics_other(PRIZE_LABEL_REDIS);
    peer = label(one, PRIZE_LABEL_REDIS, "stays");

    metrics->labelling = dead();
    ok(peer != last
       && label(one, PRIZE_LABEL_REDIS, "stays") == peer,
       "a process that died holds nobody up");

    metrics->peers[0].written = 0;
    ok(peer != 0
       && label(one, PRIZE_LABEL_REDIS, "stays") == peer,
       "nor is a label written twice for it");
    ok(label(one, PRIZE_LABEL_REDIS, "next") == 0,
       "and what it left is used");

    metrics->labelling = getppid();
    ok(label(one, PRIZE_LABEL_REDIS, "stays") == last,
       "nor does one that hangs");
    ok(metrics->labelling == getppid(), "whose turn it stays");
    metrics->labelling = 0;

    prize_metrics_release(one);
}


static void
histograms(void)
{
    prize_metrics_slot_t  *slot;

    slot = prize_metrics_claim(metrics, getpid());

    prize_histogram_add(slot, PRIZE_REDIS_COMMAND, 0);
    prize_histogram_add(slot, PRIZE_REDIS_COMMAND, 500000);
    prize_histogram_add(slot, PRIZE_REDIS_COMMAND, 501000);
    prize_histogram_add(slot, PRIZE_REDIS_COMMAND, 99000000000);

#define BUCKET  "prize_redis_command_duration_seconds_bucket"

    is(BUCKET "{le=\"0.0005\"}", "2");
    is(BUCKET "{le=\"0.001\"}", "3");
    is(BUCKET "{le=\"2.5\"}", "3");
    is(BUCKET "{le=\"+Inf\"}", "4");
    is("prize_redis_command_duration_seconds_count", "4");
    is("prize_redis_command_duration_seconds_sum", "99.001001");

    prize_histogram_add(slot, PRIZE_POSTGRES_BATCH, 256);
    is("prize_postgres_batch_size_bucket{le=\"128\"}", "0");
    is("prize_postgres_batch_size_bucket{le=\"256\"}", "1");
    is("prize_postgres_batch_size_sum", "256.000000");

    prize_metrics_release(slot);
}


int
main(void)
{
    prize_text_t  text;

    metrics = calloc(1, sizeof(prize_metrics_t));

    if (metrics == NULL) {
        return 1;
    }

    is("prize_time_seconds", "1798074000");

    slots();
    labels();
    breakers();
    maps();
    queries();
    peers();
    others();
    turns();
    histograms();

    ok(prize_metrics_status(200) == PRIZE_HTTP_200
       && prize_metrics_status(503) == PRIZE_HTTP_503
       && prize_metrics_status(206) == PRIZE_HTTP_OTHER, "statuses");

    memset(&text, 0, sizeof(prize_text_t));

    ok(prize_metrics_json(metrics, 1798074000, &text) == 0
       && prize_text_done(&text) == 0, "JSON");
    ok(strstr(text.data, "\n\"time\":1798074000,") != NULL,
       "with the second of this host");
    ok(strstr(text.data, "\n\"prize_http_requests_total{code=\\\"200\\\"}\":8,")
       != NULL, "with the same series");

    free(text.data);
    free(metrics);

    return tap_done();
}
