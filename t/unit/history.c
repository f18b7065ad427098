
/*
 * prize_history: one sample a second, whoever takes it, and what happened
 * between two of them.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prize_history.h"
#include "tap.h"


static prize_metrics_t  *metrics;
static prize_history_t  *history;


/* the rows since a second, a line each; the caller frees it */

static char *
rows(uint64_t since)
{
    char          *start;
    prize_text_t   text;

    memset(&text, 0, sizeof(prize_text_t));

    prize_history_json(history, since, &text);

    if (prize_text_done(&text) != 0) {
        return NULL;
    }

    start = strstr(text.data, "\"history\":[");
    memmove(text.data, start + 11, strlen(start + 11) + 1);

    return text.data;
}


static unsigned
count(uint64_t since)
{
    char      *text, *p;
    unsigned   n;

    text = rows(since);
    n = 0;

    for (p = text; p && *p; p++) {
        n += (p[0] == '\n' && p[1] == '[');
    }

    free(text);

    return n;
}


static void
is(uint64_t since, const char *expected, const char *what)
{
    char  *text;

    text = rows(since);
    ok(text && strcmp(text, expected) == 0, "%s: \"%s\"", what,
       text ? text : "nothing");
    free(text);
}


static void
take(uint64_t clock)
{
    if (prize_history_take(history, metrics, clock) != 0) {
        ok(0, "no memory");
    }
}


static void
seconds(prize_metrics_slot_t *slot)
{
    is(0, "]", "nothing at the start");

    prize_counter_add(slot, PRIZE_HTTP_200, 100);
    take(5200000);
    is(0, "]", "the first sample is where the first row begins");

    prize_counter_add(slot, PRIZE_HTTP_200, 3);
    prize_counter_add(slot, PRIZE_HTTP_503, 2);
    prize_counter_add(slot, PRIZE_SHED_QUEUE, 4);
    prize_counter_add(slot, PRIZE_SHED_DOWN, 5);
    prize_counter_add(slot, PRIZE_REDIS_ERROR, 8);
    prize_counter_add(slot, PRIZE_STALE_RECORDS, 3);
    prize_histogram_add(slot, PRIZE_REQUEST_REDIS, 400000);
    prize_histogram_add(slot, PRIZE_REQUEST_REDIS, 1500000);
    prize_histogram_add(slot, PRIZE_REQUEST_NOBODY, 1600000);
    prize_histogram_add(slot, PRIZE_REDIS_COMMAND, 99000000000);
    prize_histogram_add(slot, PRIZE_POSTGRES_BATCH, 7);
    prize_gauge_add(slot, PRIZE_REQUESTS_IN_FLIGHT, 6);
    slot->peers[0].gauges[PRIZE_PEER_CONNECTED] = 2;
    slot->peers[1].gauges[PRIZE_PEER_BREAKER] = 1;

    take(5999999);
    is(0, "]", "there is one sample in a second");

    take(6100000);
    is(0, "\n[6,900000,3,0,0,0,0,0,0,0,2,0,9,8,3,0,0,0,0,2,0,1,1,7,[1,0,2],"
          "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1],[],6,0,0,0,0,0,2,0,1,0]]",
       "a row is what was counted in its second");

    prize_counter_add(slot, PRIZE_HTTP_200, 1);
    slot->beat = 2;
    take(8100000);
    slot->beat = 0;
    is(6, "\n[8,2000000,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,[],[],[],"
          "6,0,0,0,0,0,2,0,1,1]]",
       "a second without a sample is part of the next row, and a worker "
       "hangs");
    ok(count(0) == 2, "two rows in all");
    ok(count(7) == 1, "from a second that has none on");
    ok(count(8) == 0 && count(99) == 0, "none after the last");

    take(7000000);
    ok(count(0) == 2, "a worker that comes late takes none");
}


static void
round_and_round(prize_metrics_slot_t *slot)
{
    uint64_t  i;

    for (i = 9; i <= 3000; i++) {
        prize_counter_add(slot, PRIZE_HTTP_200, i == 2500);
        take(i * 1000000);
    }

    ok(count(0) == 900, "15 minutes are kept");
    ok(count(2998) == 2, "and told from where they are wanted");
    ok(count(1000) == 900, "not from where they are gone");

    is(2999, "\n[3000,1000000,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
             "[],[],[],6,0,0,0,0,0,2,0,1,0]]", "the last one");

    /* its writer was killed */

    history->samples[2999 % PRIZE_HISTORY_SAMPLES].second = 0;
    ok(count(0) == 899, "a sample that was never finished is left out");

    history->second = 3001;
    ok(count(0) == 898, "nor is one there that has only begun");
}


int
main(void)
{
    prize_metrics_slot_t  *slot;

    metrics = calloc(1, sizeof(prize_metrics_t));
    history = calloc(1, sizeof(prize_history_t));

    if (metrics == NULL || history == NULL) {
        return 1;
    }

    slot = prize_metrics_claim(metrics, getpid());
    (void) prize_metrics_label(metrics, slot, PRIZE_LABEL_REDIS, "redis", 5);
    (void) prize_metrics_label(metrics, slot, PRIZE_LABEL_POSTGRES, "hr", 2);

    seconds(slot);
    round_and_round(slot);

    free(history);
    free(metrics);

    return tap_done();
}
