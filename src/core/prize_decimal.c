
#include <string.h>

#include "prize_decimal.h"


char *
prize_decimal(char *dst, unsigned long long number)
{
    char    *p, digits[PRIZE_DECIMAL_LEN];
    size_t   len;

    p = digits + sizeof(digits);

    do {
        *--p = '0' + number % 10;
        number /= 10;
    } while (number);

    len = digits + sizeof(digits) - p;
    memcpy(dst, p, len);

    return dst + len;
}
