
/*
 * A page gzipped without compressing it (RFC 1951, RFC 1952).
 *
 * The static text between the values is deflated beforehand, each run of it
 * to whole blocks, and what is written for one page only goes between them as
 * stored blocks; the CRC is combined from those of the runs.  A run refers to
 * earlier ones over the values between: to each such distance their lengths
 * are added when the page is written (prize_run.h).  That is done for each
 * path through the sections of the page (prize_path.h).  Where values are
 * longer than such a distance can take, the segments of the run are written
 * by themselves.
 *
 * No value is compressed together with anything: the length of a page tells
 * nothing of a value but its length.
 */

#ifndef _PRIZE_GZIP_H_INCLUDED_
#define _PRIZE_GZIP_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "prize_output.h"
#include "prize_template.h"


/* the last segments of which is known where they stand */
#define PRIZE_GZIP_BEFORE  128


typedef struct prize_gzip_s      prize_gzip_t;
typedef struct prize_gzip_run_s  prize_gzip_run_t;


/* the template must outlive it; NULL without memory */
prize_gzip_t *prize_gzip_create(const prize_template_t *page);

void prize_gzip_destroy(prize_gzip_t *gzip);


/* for a page whose values take at most so many bytes */
prize_output_room_t prize_gzip_room(const prize_gzip_t *gzip, size_t values);


typedef struct {
    prize_sink_t         sink;
    const prize_gzip_t  *gzip;
    prize_gzip_run_t   **runs;      /* of the record's path, by segment */
    prize_output_t      *out;

    uint32_t             crc;       /* of the page, inflated, and its */
    size_t               size;      /*   length, but for the open block */

    char                *block;     /* length of the open stored block, */
    unsigned             stored;    /*   and how many bytes it has */

    unsigned             n;         /* segments so far, */
    unsigned             written;   /*   and next ones of which the run is */
                                    /*   written already */
    uint32_t             values;    /* bytes of all values so far, */
    uint32_t             before[PRIZE_GZIP_BEFORE];    /* up to a segment */
    unsigned             ended;     /* the last block is written */
} prize_gzip_sink_t;


/* before rendering this record: the header */
void prize_gzip_init(prize_gzip_sink_t *sink, const prize_gzip_t *gzip,
    const prize_record_t *record, prize_output_t *out);

/* after rendering: the last block and the trailer */
void prize_gzip_finish(prize_gzip_sink_t *sink);


#endif /* _PRIZE_GZIP_H_INCLUDED_ */
