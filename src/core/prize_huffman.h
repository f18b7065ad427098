
/*
 * Prefix codes as DEFLATE has them (RFC 1951, 3.2.2): the lengths of the
 * codes of an alphabet, the shortest that counts allow, and the codes that
 * follow from their lengths.
 */

#ifndef _PRIZE_HUFFMAN_H_INCLUDED_
#define _PRIZE_HUFFMAN_H_INCLUDED_


#include <stdint.h>


/* of the largest alphabet, and in the longest code */
#define PRIZE_HUFFMAN_SYMBOLS  288
#define PRIZE_HUFFMAN_BITS     15


/*
 * Lengths of codes of at most "limit" bits, 0 for a symbol that has no count.
 * There are two codes at least: some decoders do not take a single one.  A
 * count is less than 2^23, and "n" is 2 at least.
 */
void prize_huffman_lengths(const uint32_t *counts, unsigned n, unsigned limit,
    uint8_t *lengths);

/* codes with their first bit lowest, as they are written */
void prize_huffman_codes(const uint8_t *lengths, unsigned n, uint16_t *codes);


#endif /* _PRIZE_HUFFMAN_H_INCLUDED_ */
