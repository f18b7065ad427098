
#include "prize_host.h"


int
prize_host_is_clean(const prize_str_t *host)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < host->len; i++) {
        c = host->data[i];

        if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\') {
            return 0;
        }
    }

    return host->len <= PRIZE_HOST_MAX;
}
