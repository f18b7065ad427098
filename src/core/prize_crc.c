
#include <endian.h>
#include <string.h>

#include <zlib.h>

#include "prize_crc.h"

#if (__x86_64__)
#include <wmmintrin.h>
#define PRIZE_CRC_HAVE_PCLMUL  1
#endif


#define PRIZE_CRC_SLICES  8

/* bits that are multiplied at a time */
#define PRIZE_CRC_DIGIT   4

/* zlib is made for what is longer, and slow to begin */
#define PRIZE_CRC_LONG    64


/* what a byte does to a CRC with so many bytes behind it */

static uint32_t  prize_crc_slices[PRIZE_CRC_SLICES][256];

#if (PRIZE_CRC_HAVE_PCLMUL)
static int       prize_crc_has_pclmul;
#endif


void
prize_crc_init(void)
{
    unsigned           n, slice;
    uint32_t           crc;
    const z_crc_t     *table;

#if (PRIZE_CRC_HAVE_PCLMUL)
    prize_crc_has_pclmul = __builtin_cpu_supports("pclmul");
#endif

    table = get_crc_table();

    for (n = 0; n < 256; n++) {
        crc = table[n];

        for (slice = 0; slice < PRIZE_CRC_SLICES; slice++) {
            prize_crc_slices[slice][n] = crc;
            crc = table[crc & 0xff] ^ (crc >> 8);
        }
    }
}


prize_crc_shift_t
prize_crc_shift_by(size_t len)
{
    return crc32_combine(1UL << 31, 0, len);
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


/* the product of two polynomials, by the bits of one in fours */

static uint64_t
prize_crc_multiply(uint32_t a, uint32_t b)
{
    unsigned  n;
    uint64_t  product, multiples[1 << PRIZE_CRC_DIGIT];

    multiples[0] = 0;
    multiples[1] = a;

    for (n = 2; n < 1 << PRIZE_CRC_DIGIT; n += 2) {
        multiples[n] = multiples[n / 2] << 1;
        multiples[n + 1] = multiples[n] ^ a;
    }

    for (n = 32, product = 0; n; /* void */ ) {
        n -= PRIZE_CRC_DIGIT;
        product = product << PRIZE_CRC_DIGIT
                  ^ multiples[b >> n & ((1 << PRIZE_CRC_DIGIT) - 1)];
    }

    return product;
}


#if (PRIZE_CRC_HAVE_PCLMUL)

/* an instruction of most x86-64 does the same */

__attribute__((target("pclmul")))
static uint64_t
prize_crc_pclmul(uint32_t a, uint32_t b)
{
    return _mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_cvtsi64_si128(a),
                                                  _mm_cvtsi64_si128(b), 0));
}

#endif


uint32_t
prize_crc_shift(prize_crc_shift_t shift, uint32_t crc, uint32_t piece)
{
    uint64_t  product;

#if (PRIZE_CRC_HAVE_PCLMUL)
    product = prize_crc_has_pclmul ? prize_crc_pclmul(crc, shift)
                                   : prize_crc_multiply(crc, shift);
#else
    product = prize_crc_multiply(crc, shift);
#endif

    /* the lower half is multiplied by x^32, as by four bytes that follow */

    product <<= 1;
    crc = (uint32_t) product;

    return piece ^ (uint32_t) (product >> 32)
           ^ prize_crc_slices[3][crc & 0xff]
           ^ prize_crc_slices[2][(crc >> 8) & 0xff]
           ^ prize_crc_slices[1][(crc >> 16) & 0xff]
           ^ prize_crc_slices[0][crc >> 24];
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
