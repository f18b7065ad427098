
/*
 * One block of a DEFLATE stream (RFC 1951, 3.2): what it is made of, how many
 * bits that takes, and these bits.
 *
 * Neither zlib, libdeflate nor zopfli tells where in its output the extra
 * bits of a distance stand, which prize_gzip.h changes afterwards.
 */

#ifndef _PRIZE_DEFLATE_H_INCLUDED_
#define _PRIZE_DEFLATE_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "prize_codes.h"


#define PRIZE_DEFLATE_MATCH_MIN      3
#define PRIZE_DEFLATE_MATCH_MAX      258
#define PRIZE_DEFLATE_WINDOW         32768

/* the header of a stored block, up to the end of its byte */
#define PRIZE_DEFLATE_STORED_BITS    3


/*
 * A literal, or a match: "len" bytes as they stood "value" and one bytes
 * before.  The distance of a match that is mended changes later, within the
 * range of its symbol.
 */

typedef struct {
    uint16_t  len;               /* 1: a literal, which is the value */
    uint16_t  value;
} prize_token_t;

#define PRIZE_TOKEN_MENDED           0x8000

#define prize_token_is_match(t)      ((t)->len != 1)
#define prize_token_is_mended(t)                                              \
    (prize_token_is_match(t) && (t)->value & PRIZE_TOKEN_MENDED)
#define prize_token_distance(t)                                               \
    (((t)->value & ~PRIZE_TOKEN_MENDED) + 1)


/* the symbols of a length and of a distance */
unsigned prize_deflate_length(unsigned len);
unsigned prize_deflate_distance(unsigned distance);

/* adds to the counts */
void prize_deflate_count(prize_counts_t *counts,
    const prize_token_t *tokens, size_t n);

/* the codes of a block; its header has no symbols where they are fixed */

typedef struct {
    prize_codes_t   codes;
    prize_header_t  header;
    size_t          size;        /* of the block, in bits */
} prize_deflate_t;


/*
 * Those that take least: codes of its own or the fixed ones.  With "trade"
 * also codes that take less together with their header, which is slow.
 */
void prize_deflate_choose(prize_deflate_t *block, const prize_counts_t *counts,
    unsigned trade);


/* "data" is the caller's: zeros, with four bytes more than are written */

typedef struct {
    uint8_t  *data;
    size_t    bit;               /* the next one */
} prize_deflate_bits_t;


/*
 * Writes the block's size of bits.  For each match that is mended, "places" is
 * given the bit at which the rest of its distance begins.
 */
void prize_deflate_write(prize_deflate_bits_t *bits,
    const prize_deflate_t *block, const prize_token_t *tokens, size_t n,
    unsigned final, size_t *places);


#endif /* _PRIZE_DEFLATE_H_INCLUDED_ */
