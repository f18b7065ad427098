
/*
 * The inside of a gzipped page, for the two rooms that it is made of:
 * deflating, which makes its parts, and writing, which puts them together.
 * Nobody else includes it.
 */

#ifndef _PRIZE_GZIP_PARTS_H_INCLUDED_
#define _PRIZE_GZIP_PARTS_H_INCLUDED_


#include "prize_crc.h"
#include "prize_gzip.h"
#include "prize_path.h"
#include "prize_run.h"


/*
 * RFC 1951, 3.2.4: three bits of a stored block's header and what is left of
 * their byte, and its length twice.  What is deflated ends on the three bits
 * of a stored block of no bytes: what follows it takes over the length, so
 * that it needs no header of its own.
 */
#define PRIZE_GZIP_STORED_HEADER 5
#define PRIZE_GZIP_STORED_LENGTH 4


/* a segment by itself, which looks back to nothing */

typedef struct {
    char                    *data;     /* deflated; NULL if it is stored */
    size_t                   len;      /* without the length of its flush */
    uint32_t                 crc;      /* of the segment */
    prize_crc_shift_t        shift;
} prize_gzip_segment_t;


/* segments without a value between, which look back to earlier ones */

struct prize_gzip_run_s {
    prize_run_t              deflated;
    size_t                   head;     /* its bytes that are always copied */
    unsigned                 nsegments;
    size_t                   size;     /* of these, */
    uint32_t                 crc;      /*   and their CRC */
    prize_crc_shift_t        shift;
    prize_gzip_run_t        *next;     /* in the order of their making */
};


struct prize_gzip_s {
    prize_output_room_t      room;     /* for what is static */

    prize_gzip_run_t        *runs;     /* all of them */
    prize_gzip_run_t       **paths;    /* for each path and segment the run */
    unsigned                 npaths;   /*   that begins there, or NULL */

    prize_path_node_t        nodes[PRIZE_PATHS_MAX];
    unsigned                 nnodes;

    unsigned                 n;
    prize_gzip_segment_t     segments[];
};


#endif /* _PRIZE_GZIP_PARTS_H_INCLUDED_ */
