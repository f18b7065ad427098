
#include <ngx_config.h>

#include <ctype.h>

#include "ngx_prize_postgres_id.h"


/* pg_type.dat: these are as fixed as the protocol */
#define NGX_PRIZE_POSTGRES_INT8      20
#define NGX_PRIZE_POSTGRES_INT2      21
#define NGX_PRIZE_POSTGRES_INT4      23
#define NGX_PRIZE_POSTGRES_UUID      2950


static ngx_uint_t
ngx_prize_postgres_is_integer(ngx_str_t *id, int bits)
{
    u_char     *p, *last;
    uint64_t    n, max;
    ngx_uint_t  negative;

    p = id->data;
    last = p + id->len;

    negative = (p < last && *p == '-');
    p += negative;

    max = ((uint64_t) 1 << (bits - 1)) - 1 + negative;

    if (p == last) {
        return 0;
    }

    for (n = 0; p < last; p++) {
        if (*p < '0' || *p > '9' || n > (max - (*p - '0')) / 10) {
            return 0;
        }

        n = n * 10 + (*p - '0');
    }

    return 1;
}


static ngx_uint_t
ngx_prize_postgres_is_uuid(ngx_str_t *id)
{
    size_t  i, digits;

    digits = 0;

    for (i = 0; i < id->len; i++) {
        if (id->data[i] == '-') {
            continue;
        }

        if (!isxdigit(id->data[i])) {
            return 0;
        }

        digits++;
    }

    return digits == 32;
}


ngx_uint_t
ngx_prize_postgres_id_fits(Oid type, ngx_str_t *id)
{
    switch (type) {

    case NGX_PRIZE_POSTGRES_INT2:
        return ngx_prize_postgres_is_integer(id, 16);

    case NGX_PRIZE_POSTGRES_INT4:
        return ngx_prize_postgres_is_integer(id, 32);

    case NGX_PRIZE_POSTGRES_INT8:
        return ngx_prize_postgres_is_integer(id, 64);

    case NGX_PRIZE_POSTGRES_UUID:
        return ngx_prize_postgres_is_uuid(id);

    default:
        return 1;
    }
}
