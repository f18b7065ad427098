
#include "ngx_prize_lookup.h"


ngx_prize_lookup_t *
ngx_prize_lookup_shift(ngx_queue_t *lookups)
{
    ngx_queue_t  *q;

    if (ngx_queue_empty(lookups)) {
        return NULL;
    }

    q = ngx_queue_head(lookups);
    ngx_queue_remove(q);

    return ngx_queue_data(q, ngx_prize_lookup_t, queue);
}


ngx_prize_result_e
ngx_prize_lookup_check(ngx_prize_lookup_t *lookup)
{
    unsigned      i;
    prize_str_t  *values;

    values = lookup->record.values;

    if (values[PRIZE_FIELD_ID].data == NULL) {
        return NGX_PRIZE_NOT_FOUND;
    }

    if (values[PRIZE_FIELD_ID].len != lookup->id.len
        || ngx_memcmp(values[PRIZE_FIELD_ID].data, lookup->id.data,
                      lookup->id.len)
           != 0)
    {
        return NGX_PRIZE_FOREIGN;
    }

    for (i = 0; i < lookup->fields->n; i++) {
        if (lookup->fields->list[i].required && values[i].data == NULL) {
            return NGX_PRIZE_STALE;
        }
    }

    return NGX_PRIZE_FOUND;
}
