
/*
 * One run of a page's static text, deflated (prize_window.h): whole blocks,
 * and what follows begins at a byte.
 *
 * A match into an earlier run is written with the distance that it has when
 * all values are empty.  Its distance grows by what the values between the
 * two have taken: that is added to the bits behind the symbol of the distance,
 * in place, and no other bit changes.
 */

#ifndef _PRIZE_RUN_H_INCLUDED_
#define _PRIZE_RUN_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "prize_lz77.h"
#include "prize_window.h"


/*
 * Runs that one refers to, at most: each is looked up for each page.  With
 * eight of them a page of 15 KB and a hundred tags is larger by 5 %, with
 * sixteen it is smaller by one.
 */
#define PRIZE_RUN_SOURCES  12


/* an earlier run, and the matches into it */

typedef struct {
    uint32_t             growth;    /* the greatest that all of them take */
    uint16_t             back;      /* how many segments back it begins */
    uint16_t             end;       /* of its places */
} prize_run_source_t;


/* the rest of a distance: its first byte, and how many bits are not its own */

typedef struct {
    uint16_t             byte;
    uint16_t             shift;
} prize_run_place_t;


typedef struct {
    uint8_t             *data;      /* NULL: as it is, it takes no more */
    size_t               len;
    unsigned             final;     /* nothing follows; else the header of a */
                                    /*   stored block stands at the end */
    unsigned             nsources;
    prize_run_source_t  *sources;

    unsigned             nplaces;
    prize_run_place_t   *places;    /* by source */
} prize_run_t;


/* 0, or -1 without memory; prize_run_destroy() in both cases */
int prize_run_deflate(prize_run_t *run, prize_window_t *window, unsigned n,
    unsigned final, const prize_lz77_effort_t *effort);

void prize_run_destroy(prize_run_t *run);

/* its first bytes, among which all that is mended is */
size_t prize_run_mended(const prize_run_t *run);

/*
 * Adds "growth" to what is mended for the source, in bytes that are a copy of
 * the run's; up to three bytes behind it are read, and written as they are.
 */
void prize_run_mend(const prize_run_t *run, unsigned source, uint32_t growth,
    char *data);


#endif /* _PRIZE_RUN_H_INCLUDED_ */
