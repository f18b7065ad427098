
#include <string.h>

#include "prize_codes.h"


#define PRIZE_CODES_HEADER_BITS  7

/* which of the three repeats are used */
#define PRIZE_CODES_WAYS         8


const uint8_t  prize_codes_order[PRIZE_CODES_HEADER] = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
};

const uint8_t  prize_codes_repeat_bits[] = { 2, 3, 7 };

static const uint8_t  prize_codes_repeat_min[] = { 3, 3, 11 };


/* RFC 1951, 3.2.6 */

void
prize_codes_fixed(prize_codes_t *codes)
{
    memset(codes->lengths, 8, 144);
    memset(codes->lengths + 144, 9, 112);
    memset(codes->lengths + 256, 7, 24);
    memset(codes->lengths + 280, 8, PRIZE_HUFFMAN_SYMBOLS - 280);
    memset(codes->distances, 5, PRIZE_CODES_DISTANCES);

    codes->nlengths = PRIZE_HUFFMAN_SYMBOLS;
    codes->ndistances = PRIZE_CODES_DISTANCES;
}


void
prize_codes_best(prize_codes_t *codes,
    const prize_counts_t *counts)
{
    uint32_t  lengths[PRIZE_CODES_LENGTHS];

    memcpy(lengths, counts->lengths, sizeof(lengths));
    lengths[PRIZE_CODES_END] = 1;

    prize_huffman_lengths(lengths, PRIZE_CODES_LENGTHS, PRIZE_HUFFMAN_BITS,
                          codes->lengths);
    prize_huffman_lengths(counts->distances, PRIZE_CODES_DISTANCES,
                          PRIZE_HUFFMAN_BITS, codes->distances);

    codes->nlengths = PRIZE_CODES_LENGTHS;
    while (codes->lengths[codes->nlengths - 1] == 0) {
        codes->nlengths--;
    }

    codes->ndistances = PRIZE_CODES_DISTANCES;
    while (codes->distances[codes->ndistances - 1] == 0) {
        codes->ndistances--;
    }
}


/* symbols and what follows them, without header and end */

size_t
prize_codes_size(const prize_codes_t *codes,
    const prize_counts_t *counts)
{
    size_t    size;
    unsigned  i;

    size = codes->lengths[PRIZE_CODES_END];

    for (i = 0; i < PRIZE_CODES_END; i++) {
        size += counts->lengths[i] * codes->lengths[i];
    }

    for (i = PRIZE_CODES_LENGTH; i < PRIZE_CODES_LENGTHS; i++) {
        size += counts->lengths[i]
                * (codes->lengths[i] + prize_codes_length_bits(i));
    }

    for (i = 0; i < PRIZE_CODES_DISTANCES; i++) {
        size += counts->distances[i]
                * (codes->distances[i] + prize_codes_distance_bits(i));
    }

    return size;
}


static unsigned
prize_codes_repeated(prize_header_t *header, unsigned symbol,
    unsigned n)
{
    unsigned  which, most;

    which = symbol - PRIZE_CODES_REPEAT;
    most = prize_codes_repeat_min[which]
           + (1 << prize_codes_repeat_bits[which]) - 1;

    if (n > most) {
        n = most;
    }

    header->symbols[header->n] = symbol;
    header->extra[header->n++] = n - prize_codes_repeat_min[which];

    return n;
}


/* "n" times one length; bits of "way" say which symbols may stand for it */

static void
prize_codes_run(prize_header_t *header, unsigned length, unsigned n,
    unsigned way)
{
    if (length) {
        header->symbols[header->n++] = length;
        n--;
    }

    while (n) {
        if (length == 0 && n >= 11 && way & 4) {
            n -= prize_codes_repeated(header, PRIZE_CODES_MORE_ZEROS, n);

        } else if (length == 0 && n >= 3 && way & 2) {
            n -= prize_codes_repeated(header, PRIZE_CODES_ZEROS, n);

        } else if (length && n >= 3 && way & 1) {
            n -= prize_codes_repeated(header, PRIZE_CODES_REPEAT, n);

        } else {
            header->symbols[header->n++] = length;
            n--;
        }
    }
}


static void
prize_codes_header_size(prize_header_t *header)
{
    unsigned  i, symbol;
    uint32_t  counts[PRIZE_CODES_HEADER];

    memset(counts, 0, sizeof(counts));

    for (i = 0; i < header->n; i++) {
        counts[header->symbols[i]]++;
    }

    prize_huffman_lengths(counts, PRIZE_CODES_HEADER, PRIZE_CODES_HEADER_BITS,
                          header->lengths);

    header->nlengths = PRIZE_CODES_HEADER;
    while (header->lengths[prize_codes_order[header->nlengths - 1]] == 0) {
        header->nlengths--;
    }

    header->size = 3 + 5 + 5 + 4 + 3 * header->nlengths;

    for (i = 0; i < header->n; i++) {
        symbol = header->symbols[i];
        header->size += header->lengths[symbol];

        if (symbol >= PRIZE_CODES_REPEAT) {
            header->size += prize_codes_repeat_bits[symbol
                                                     - PRIZE_CODES_REPEAT];
        }
    }
}


void
prize_codes_header(prize_header_t *best,
    const prize_codes_t *codes)
{
    uint8_t         all[PRIZE_CODES_SEQUENCE];
    unsigned        i, run, n, way;
    prize_header_t  header;

    n = codes->nlengths + codes->ndistances;

    memcpy(all, codes->lengths, codes->nlengths);
    memcpy(all + codes->nlengths, codes->distances, codes->ndistances);

    memset(&header, 0, sizeof(prize_header_t));
    best->size = SIZE_MAX;

    for (way = 0; way < PRIZE_CODES_WAYS; way++) {
        header.n = 0;

        for (i = 0; i < n; i += run) {
            for (run = 1; i + run < n && all[i + run] == all[i]; run++) {
                /* void */
            }

            prize_codes_run(&header, all[i], run, way);
        }

        prize_codes_header_size(&header);

        if (header.size < best->size) {
            *best = header;
        }
    }
}
