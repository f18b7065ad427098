
#include <stdint.h>
#include <string.h>

#include "prize_slot.h"


/* CRC16-XMODEM (polynomial 0x1021), four bits at a time */

static unsigned
prize_slot_crc(const char *data, size_t len)
{
    size_t         i;
    unsigned       crc;
    unsigned char  byte;

    static const uint16_t  table[16] = {
        0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
        0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef
    };

    crc = 0;

    for (i = 0; i < len; i++) {
        byte = data[i];

        crc = (crc << 4) ^ table[((crc >> 12) ^ (byte >> 4)) & 0x0f];
        crc = (crc << 4) ^ table[((crc >> 12) ^ byte) & 0x0f];
    }

    return crc;
}


unsigned
prize_slot(const prize_str_t *key)
{
    size_t       len;
    const char  *data, *open, *end;

    data = key->data;
    len = key->len;

    open = memchr(data, '{', len);

    if (open) {
        open++;
        end = memchr(open, '}', data + len - open);

        if (end && end != open) {
            data = open;
            len = end - open;
        }
    }

    return prize_slot_crc(data, len) & (PRIZE_SLOTS - 1);
}
