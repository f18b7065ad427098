
/*
 * The last 15 minutes, a sample a second: a ring in memory that all workers
 * share.  In each second one of them takes the sample, whichever comes first,
 * so that a reload or the death of a worker leaves no gap; nothing is locked.
 */

#ifndef _PRIZE_HISTORY_H_INCLUDED_
#define _PRIZE_HISTORY_H_INCLUDED_


#include "prize_metrics.h"
#include "prize_text.h"


/* 900 seconds, and the sample that the first of them is counted from */
#define PRIZE_HISTORY_SAMPLES  901

/* a worker that has not been heard of for so many seconds hangs */
#define PRIZE_HISTORY_SILENCE  5


typedef struct {
    volatile uint64_t       second;     /* 0 while it is written */
    uint64_t                clock;      /* of the sample, in microseconds */
    uint64_t                counters[PRIZE_COUNTERS];
    prize_histogram_t       histograms[PRIZE_HISTOGRAMS];
    int64_t                 gauges[PRIZE_GAUGES];
    prize_backends_t        backends;
    unsigned                silent;     /* workers that do not go on */
} prize_sample_t;


/* all zeros at the start */

typedef struct {
    volatile uint64_t       second;     /* the last one that was taken */
    prize_sample_t          samples[PRIZE_HISTORY_SAMPLES];
} prize_history_t;


/*
 * Takes the sample of this second, unless somebody has.  The clock is the
 * monotonic one, in microseconds.  -1 without memory: a second is left out.
 */
int prize_history_take(prize_history_t *history,
    const prize_metrics_t *metrics, uint64_t clock);

/*
 * Adds members to an object: "second", the last one; "columns", their names;
 * "history", a row a second, what was counted in it and how the gauges stood
 * at its end, for each second after "since".
 */
void prize_history_json(const prize_history_t *history, uint64_t since,
    prize_text_t *text);


#endif /* _PRIZE_HISTORY_H_INCLUDED_ */
