
/*
 * A page gzipped without compressing it (RFC 1951, RFC 1952).
 *
 * Each static segment is deflated once, on its own, and ends on a full
 * flush: at a byte, with nothing after it that looks back.  What is written
 * for one page only goes between them as stored blocks, and the CRC is
 * combined from those of the segments.  Since no two parts of a page are
 * compressed together, the length tells nothing of a value but its length.
 */

#ifndef _PRIZE_GZIP_H_INCLUDED_
#define _PRIZE_GZIP_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "prize_output.h"
#include "prize_template.h"


typedef struct prize_gzip_s  prize_gzip_t;


/* the template must outlive it; NULL without memory */
prize_gzip_t *prize_gzip_create(const prize_template_t *page);

void prize_gzip_destroy(prize_gzip_t *gzip);


/* for a page whose values take at most so many bytes */
prize_output_room_t prize_gzip_room(const prize_gzip_t *gzip, size_t values);


typedef struct {
    prize_sink_t         sink;
    const prize_gzip_t  *gzip;
    prize_output_t      *out;

    uint32_t             crc;       /* of the page, inflated, and its */
    size_t               size;      /*   length, but for the open block */

    char                *block;     /* length of the open stored block, */
    unsigned             stored;    /*   and how many bytes it has */
} prize_gzip_sink_t;


/* before rendering: the header */
void prize_gzip_init(prize_gzip_sink_t *sink, const prize_gzip_t *gzip,
    prize_output_t *out);

/* after rendering: the last block and the trailer */
void prize_gzip_finish(prize_gzip_sink_t *sink);


#endif /* _PRIZE_GZIP_H_INCLUDED_ */
