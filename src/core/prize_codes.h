
/*
 * The codes of one DEFLATE block and its header, in which the lengths of the
 * codes stand (RFC 1951, 3.2.5 to 3.2.7).
 */

#ifndef _PRIZE_CODES_H_INCLUDED_
#define _PRIZE_CODES_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "prize_huffman.h"


#define PRIZE_CODES_LENGTHS          286     /* literals, the end, lengths */
#define PRIZE_CODES_DISTANCES        30
#define PRIZE_CODES_END              256
#define PRIZE_CODES_LENGTH           257     /* the first of a length */

#define prize_codes_length_bits(symbol)                                       \
    ((symbol) < 265 || (symbol) == 285 ? 0 : ((symbol) - 261) / 4)
#define prize_codes_distance_bits(symbol)                                     \
    ((symbol) < 4 ? 0 : (symbol) / 2 - 1)


/* how often each symbol stands in a block, the end aside */

typedef struct {
    uint32_t  lengths[PRIZE_CODES_LENGTHS];
    uint32_t  distances[PRIZE_CODES_DISTANCES];
} prize_counts_t;


/* the lengths of codes, in two alphabets */

typedef struct {
    uint8_t   lengths[PRIZE_HUFFMAN_SYMBOLS];
    uint8_t   distances[PRIZE_CODES_DISTANCES];
    unsigned  nlengths;
    unsigned  ndistances;
} prize_codes_t;


/* these lengths as they are written, in an alphabet of their own */

#define PRIZE_CODES_REPEAT           16      /* the last one, 3 to 6 times */
#define PRIZE_CODES_ZEROS            17      /* 3 to 10 zeros */
#define PRIZE_CODES_MORE_ZEROS       18      /* 11 to 138 */
#define PRIZE_CODES_HEADER           19

#define PRIZE_CODES_SEQUENCE         (PRIZE_CODES_LENGTHS                     \
                                      + PRIZE_CODES_DISTANCES)

extern const uint8_t  prize_codes_order[PRIZE_CODES_HEADER];
extern const uint8_t  prize_codes_repeat_bits[];     /* of the last three */

typedef struct {
    uint8_t   symbols[PRIZE_CODES_SEQUENCE];
    uint8_t   extra[PRIZE_CODES_SEQUENCE];
    unsigned  n;

    uint8_t   lengths[PRIZE_CODES_HEADER];
    unsigned  nlengths;
    size_t    size;                          /* of the header, in bits */
} prize_header_t;


/* the codes that everybody knows; and those that take least, without header */
void prize_codes_fixed(prize_codes_t *codes);
void prize_codes_best(prize_codes_t *codes, const prize_counts_t *counts);

/* the shortest that is found */
void prize_codes_header(prize_header_t *header, const prize_codes_t *codes);

/* the size in bits of symbols and what follows them, with the end */
size_t prize_codes_size(const prize_codes_t *codes,
    const prize_counts_t *counts);


#endif /* _PRIZE_CODES_H_INCLUDED_ */
