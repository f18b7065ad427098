
/*
 * The static text of a page, as it is when all values are empty, and where
 * its bytes stood before.
 *
 * It is made of runs: what stands between two values.  Where the bytes of a
 * run stood in an earlier one, their distance is greater by the lengths of
 * the values between.  Such a match is one of which the distance has the same
 * symbol up to some greatest growth.
 */

#ifndef _PRIZE_WINDOW_H_INCLUDED_
#define _PRIZE_WINDOW_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>


/* segments from the first one of a run back to the first of its source */
#define PRIZE_WINDOW_BACK     127

/* matches of one place that are told; the longest ones */
#define PRIZE_WINDOW_MATCHES  32


typedef struct {
    size_t         start;        /* its first byte, an offset in the text */
    unsigned       segment;      /* how many segments stand before it, */
    unsigned       values;       /*   and how many values */
    unsigned       region;       /* matches do not leave it */
    unsigned       first;        /* the first run that it may refer to; */
    unsigned       source:1;     /*   one that may be referred to */
} prize_window_run_t;


typedef struct {
    const uint8_t       *text;   /* the caller's */
    size_t               len;
    prize_window_run_t  *runs;   /* and one more that starts at the end */
    unsigned             nruns;
    uint32_t            *before; /* a place of the same hash, and one; or 0 */
} prize_window_t;


typedef struct {
    uint16_t       len;
    uint16_t       distance;
    unsigned       mended;
} prize_match_t;


/*
 * Text and runs are the caller's and outlive it; "first" and "source" are set
 * here.  -1 without memory.
 */
int prize_window_init(prize_window_t *window);
void prize_window_destroy(prize_window_t *window);

/*
 * Matches of the place "at" of a run, each of them longer and farther away
 * than the one before; at most "depth" earlier places are looked at.
 */
unsigned prize_window_find(const prize_window_t *window, unsigned run,
    size_t at, unsigned depth, prize_match_t *matches);

/* whether runs from "first" up to "run" may be referred to, which itself may */
void prize_window_sources(prize_window_t *window, unsigned first, unsigned run,
    unsigned source);

/* the run that the byte is in, which is not after "run" */
unsigned prize_window_run(const prize_window_t *window, unsigned run,
    size_t at);

/* how far the distance may grow without another symbol */
size_t prize_window_slack(size_t distance);


#endif /* _PRIZE_WINDOW_H_INCLUDED_ */
