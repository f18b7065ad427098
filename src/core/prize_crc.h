
/*
 * The CRC-32 of gzip (RFC 1952, 8) of a whole whose pieces come one after the
 * other, some of them known long before.
 */

#ifndef _PRIZE_CRC_H_INCLUDED_
#define _PRIZE_CRC_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>


#define PRIZE_CRC_DIGITS  8
#define PRIZE_CRC_DIGIT   16


/*
 * What a CRC becomes when a piece of some length follows.  That is linear, so
 * it is the sum of what its hexadecimal digits become: eight look-ups where
 * zlib's operator takes 32 steps.
 */

typedef struct {
    uint32_t  digits[PRIZE_CRC_DIGITS][PRIZE_CRC_DIGIT];
} prize_crc_shift_t;


/* once, before any call of prize_crc_add(); again does no harm */
void prize_crc_init(void);

void prize_crc_shift_init(prize_crc_shift_t *shift, size_t len);

/* of what "crc" is of and a piece whose own CRC is "piece" */
uint32_t prize_crc_shift(const prize_crc_shift_t *shift, uint32_t crc,
    uint32_t piece);

/* of what "crc" is of, 0 for nothing, and these bytes */
uint32_t prize_crc_add(uint32_t crc, const char *data, size_t len);


#endif /* _PRIZE_CRC_H_INCLUDED_ */
