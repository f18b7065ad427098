
#include <endian.h>
#include <string.h>

#include "prize_deflate.h"
#include "prize_lengths.h"


/* RFC 1951, 3.2.3: the header of every block, and two kinds of it */
#define PRIZE_DEFLATE_HEADER   3
#define PRIZE_DEFLATE_FIXED    1
#define PRIZE_DEFLATE_DYNAMIC  2


unsigned
prize_deflate_length(unsigned len)
{
    unsigned  bits;

    if (len == PRIZE_DEFLATE_MATCH_MAX) {
        return PRIZE_CODES_LENGTHS - 1;
    }

    len -= PRIZE_DEFLATE_MATCH_MIN;
    bits = len < 8 ? 0 : 29 - __builtin_clz(len);

    return PRIZE_CODES_LENGTH + 4 * bits + (len >> bits);
}


unsigned
prize_deflate_distance(unsigned distance)
{
    unsigned  bits;

    distance--;
    bits = distance < 4 ? 0 : 30 - __builtin_clz(distance);

    return 2 * bits + (distance >> bits);
}


void
prize_deflate_count(prize_counts_t *counts,
    const prize_token_t *tokens, size_t n)
{
    const prize_token_t  *t;

    for (t = tokens; t < tokens + n; t++) {
        if (prize_token_is_match(t)) {
            counts->lengths[prize_deflate_length(t->len)]++;
            counts->distances[
                prize_deflate_distance(prize_token_distance(t))]++;

        } else {
            counts->lengths[t->value]++;
        }
    }
}


void
prize_deflate_choose(prize_deflate_t *block, const prize_counts_t *counts,
    unsigned trade)
{
    size_t         size;
    prize_codes_t  fixed;

    prize_codes_best(&block->codes, counts);
    prize_codes_header(&block->header, &block->codes);

    block->size = trade ? prize_lengths_trade(counts, &block->codes,
                                              &block->header)
                        : block->header.size
                          + prize_codes_size(&block->codes, counts);

    prize_codes_fixed(&fixed);
    size = PRIZE_DEFLATE_HEADER + prize_codes_size(&fixed, counts);

    if (size <= block->size) {
        block->codes = fixed;
        block->header.n = 0;
        block->size = size;
    }
}


static void
prize_deflate_put(prize_deflate_bits_t *bits, unsigned value, unsigned n)
{
    uint8_t   *p;
    uint32_t   word;

    p = bits->data + bits->bit / 8;

    memcpy(&word, p, sizeof(uint32_t));
    word = htole32(le32toh(word) | (uint32_t) value << bits->bit % 8);
    memcpy(p, &word, sizeof(uint32_t));

    bits->bit += n;
}


static void
prize_deflate_put_header(prize_deflate_bits_t *bits,
    const prize_codes_t *codes, const prize_header_t *header)
{
    unsigned  i, symbol;
    uint16_t  code[PRIZE_CODES_HEADER];

    prize_deflate_put(bits, codes->nlengths - PRIZE_CODES_LENGTH, 5);
    prize_deflate_put(bits, codes->ndistances - 1, 5);
    prize_deflate_put(bits, header->nlengths - 4, 4);

    for (i = 0; i < header->nlengths; i++) {
        prize_deflate_put(bits, header->lengths[prize_codes_order[i]], 3);
    }

    prize_huffman_codes(header->lengths, PRIZE_CODES_HEADER, code);

    for (i = 0; i < header->n; i++) {
        symbol = header->symbols[i];
        prize_deflate_put(bits, code[symbol], header->lengths[symbol]);

        if (symbol >= PRIZE_CODES_REPEAT) {
            prize_deflate_put(bits, header->extra[i],
                              prize_codes_repeat_bits[
                                  symbol - PRIZE_CODES_REPEAT]);
        }
    }
}


static void
prize_deflate_put_tokens(prize_deflate_bits_t *bits,
    const prize_codes_t *codes, const prize_token_t *tokens, size_t n,
    size_t *places)
{
    unsigned              symbol, extra;
    uint16_t              lengths[PRIZE_HUFFMAN_SYMBOLS];
    uint16_t              distances[PRIZE_CODES_DISTANCES];
    const prize_token_t  *t;

    prize_huffman_codes(codes->lengths, codes->nlengths, lengths);
    prize_huffman_codes(codes->distances, codes->ndistances, distances);

    for (t = tokens; t < tokens + n; t++) {

        if (!prize_token_is_match(t)) {
            prize_deflate_put(bits, lengths[t->value],
                              codes->lengths[t->value]);
            continue;
        }

        symbol = prize_deflate_length(t->len);
        extra = prize_codes_length_bits(symbol);

        prize_deflate_put(bits, lengths[symbol], codes->lengths[symbol]);
        prize_deflate_put(bits, (t->len - PRIZE_DEFLATE_MATCH_MIN)
                                & ((1 << extra) - 1), extra);

        symbol = prize_deflate_distance(prize_token_distance(t));
        extra = prize_codes_distance_bits(symbol);

        prize_deflate_put(bits, distances[symbol], codes->distances[symbol]);

        if (prize_token_is_mended(t)) {
            *places++ = bits->bit;
        }

        prize_deflate_put(bits, (prize_token_distance(t) - 1)
                                & ((1 << extra) - 1), extra);
    }

    prize_deflate_put(bits, lengths[PRIZE_CODES_END],
                      codes->lengths[PRIZE_CODES_END]);
}


void
prize_deflate_write(prize_deflate_bits_t *bits, const prize_deflate_t *block,
    const prize_token_t *tokens, size_t n, unsigned final, size_t *places)
{
    prize_deflate_put(bits, final, 1);
    prize_deflate_put(bits, block->header.n ? PRIZE_DEFLATE_DYNAMIC
                                            : PRIZE_DEFLATE_FIXED, 2);

    if (block->header.n) {
        prize_deflate_put_header(bits, &block->codes, &block->header);
    }

    prize_deflate_put_tokens(bits, &block->codes, tokens, n, places);
}
