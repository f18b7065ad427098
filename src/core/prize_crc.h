
/*
 * The CRC-32 of gzip (RFC 1952, 8) of a whole whose pieces come one after the
 * other, some of them known long before.
 */

#ifndef _PRIZE_CRC_H_INCLUDED_
#define _PRIZE_CRC_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>


/*
 * What a CRC is multiplied by when a piece of some length follows: x to the
 * power of its bits, modulo the polynomial, as zlib has it: x to the power of
 * 0 is the highest bit.
 */
typedef uint32_t  prize_crc_shift_t;


/* once, before any call of the next ones; again does no harm */
void prize_crc_init(void);

prize_crc_shift_t prize_crc_shift_by(size_t len);

/* of what "crc" is of and a piece whose own CRC is "piece" */
uint32_t prize_crc_shift(prize_crc_shift_t shift, uint32_t crc,
    uint32_t piece);

/* of what "crc" is of, 0 for nothing, and these bytes */
uint32_t prize_crc_add(uint32_t crc, const char *data, size_t len);


#endif /* _PRIZE_CRC_H_INCLUDED_ */
