
#include "prize_id.h"


static int
prize_id_hex(char ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    if (ch >= 'a' && ch <= 'f') {
        return ch - 'a' + 10;
    }

    if (ch >= 'A' && ch <= 'F') {
        return ch - 'A' + 10;
    }

    return -1;
}


int
prize_id_allowed(char ch)
{
    return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z')
           || (ch >= '0' && ch <= '9')
           || ch == '.' || ch == '_' || ch == '@' || ch == '-';
}


size_t
prize_id_decode(char *dst, const prize_str_t *src, size_t max)
{
    int     high, low;
    char    ch;
    size_t  i, n;

    n = 0;

    for (i = 0; i < src->len; i++) {
        ch = src->data[i];

        if (ch == '%') {
            if (src->len - i < 3) {
                return 0;
            }

            high = prize_id_hex(src->data[i + 1]);
            low = prize_id_hex(src->data[i + 2]);

            if (high < 0 || low < 0) {
                return 0;
            }

            ch = (char) (high * 16 + low);
            i += 2;
        }

        if (n == max || !prize_id_allowed(ch)) {
            return 0;
        }

        dst[n++] = ch;
    }

    return n;
}
