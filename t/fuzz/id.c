
/*
 * An ID from anywhere: what is taken for one is one, and stays one.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "prize_id.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char         *id, *again;
    size_t        i, len, max;
    prize_str_t   src;

    static const char  allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz"
                                   "0123456789._@-";

    if (size == 0) {
        return 0;
    }

    max = data[0];
    src.data = (const char *) data + 1;
    src.len = size - 1;

    /* just as much room as the interface asks for */

    id = malloc(src.len);
    again = malloc(src.len);

    if ((id == NULL || again == NULL) && src.len != 0) {
        abort();
    }

    len = prize_id_decode(id, &src, max);

    if (len > max || len > src.len) {
        abort();
    }

    for (i = 0; i < len; i++) {
        if (id[i] == '\0' || strchr(allowed, id[i]) == NULL) {
            abort();
        }
    }

    src.data = id;
    src.len = len;

    if (len != 0
        && (prize_id_decode(again, &src, max) != len
            || memcmp(again, id, len) != 0))
    {
        abort();
    }

    free(id);
    free(again);

    return 0;
}
