
#include <endian.h>
#include <string.h>

#include <zlib.h>

#include "prize_crc.h"


#define PRIZE_CRC_SLICES  8

/* zlib is made for what is longer, and slow to begin */
#define PRIZE_CRC_LONG    64


/* what a byte does to a CRC with so many bytes behind it */

static uint32_t  prize_crc_slices[PRIZE_CRC_SLICES][256];


void
prize_crc_init(void)
{
    unsigned           n, slice;
    uint32_t           crc;
    const z_crc_t     *table;

    table = get_crc_table();

    for (n = 0; n < 256; n++) {
        crc = table[n];

        for (slice = 0; slice < PRIZE_CRC_SLICES; slice++) {
            prize_crc_slices[slice][n] = crc;
            crc = table[crc & 0xff] ^ (crc >> 8);
        }
    }
}


void
prize_crc_shift_init(prize_crc_shift_t *shift, size_t len)
{
    unsigned   digit, n, low;
    uint32_t  *values;

    for (digit = 0; digit < PRIZE_CRC_DIGITS; digit++) {
        values = shift->digits[digit];
        values[0] = 0;

        for (n = 1; n < PRIZE_CRC_DIGIT; n++) {
            low = n & -n;

            values[n] = (n == low)
                        ? crc32_combine((uLong) n << (4 * digit), 0, len)
                        : values[low] ^ values[n - low];
        }
    }
}


uint32_t
prize_crc_shift(const prize_crc_shift_t *shift, uint32_t crc, uint32_t piece)
{
    unsigned  digit;

    for (digit = 0; digit < PRIZE_CRC_DIGITS; digit++) {
        piece ^= shift->digits[digit][(crc >> (4 * digit))
                                      % PRIZE_CRC_DIGIT];
    }

    return piece;
}


/* four bytes and what stands before them, with "behind" bytes to follow */

static uint32_t
prize_crc_word(uint32_t crc, const unsigned char *p, unsigned behind)
{
    uint32_t  word;

    memcpy(&word, p, sizeof(uint32_t));
    word = le32toh(word) ^ crc;

    return prize_crc_slices[behind + 3][word & 0xff]
           ^ prize_crc_slices[behind + 2][(word >> 8) & 0xff]
           ^ prize_crc_slices[behind + 1][(word >> 16) & 0xff]
           ^ prize_crc_slices[behind][word >> 24];
}


uint32_t
prize_crc_add(uint32_t crc, const char *data, size_t len)
{
    const unsigned char  *p;

    if (len >= PRIZE_CRC_LONG) {
        return crc32(crc, (const Bytef *) data, len);
    }

    p = (const unsigned char *) data;
    crc = ~crc;

    for ( /* void */ ; len >= 8; len -= 8, p += 8) {
        crc = prize_crc_word(crc, p, 4) ^ prize_crc_word(0, p + 4, 0);
    }

    if (len >= 4) {
        crc = prize_crc_word(crc, p, 0);
        len -= 4;
        p += 4;
    }

    for ( /* void */ ; len; len--) {
        crc = prize_crc_slices[0][(crc ^ *p++) & 0xff] ^ (crc >> 8);
    }

    return ~crc;
}
