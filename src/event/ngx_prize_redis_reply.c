
#include "ngx_prize_redis_reply.h"


ngx_prize_redis_fault_e
ngx_prize_redis_reply_fault(const prize_str_t *error, ngx_uint_t cluster)
{
    switch (prize_redis_error(error)) {

    case PRIZE_REDIS_AWAY:
        return NGX_PRIZE_REDIS_NOT_NOW;

    case PRIZE_REDIS_UNCOVERED:
        return cluster ? NGX_PRIZE_REDIS_NO_FAULT : NGX_PRIZE_REDIS_NOT_NOW;

    case PRIZE_REDIS_DENIED:
        return NGX_PRIZE_REDIS_NOT_US;

    default:
        return NGX_PRIZE_REDIS_NO_FAULT;
    }
}


ngx_prize_redis_fault_e
ngx_prize_redis_reply_ping_fault(const prize_str_t *error)
{
    switch (prize_redis_error(error)) {

    case PRIZE_REDIS_WRITE:
        return NGX_PRIZE_REDIS_NO_FAULT;

    case PRIZE_REDIS_DENIED:
        return NGX_PRIZE_REDIS_NOT_US;

    default:
        return NGX_PRIZE_REDIS_NOT_NOW;
    }
}


ngx_prize_result_e
ngx_prize_redis_reply_result(prize_reply_t *reply, prize_reply_e type,
    ngx_prize_lookup_t *lookup)
{
    switch (type) {

    case PRIZE_REPLY_RECORD:
        lookup->record.values = reply->values;
        lookup->record.columns = NULL;
        lookup->record.ncolumns = 0;

        return ngx_prize_lookup_check(lookup);

    case PRIZE_REPLY_BROKEN:
        return NGX_PRIZE_LOST;

    case PRIZE_REPLY_ERROR:
        return lookup->cluster
               && prize_cluster_redirect_read(&lookup->redirect, &reply->text)
                  == 0
               ? NGX_PRIZE_MOVED : NGX_PRIZE_ERROR;

    default:
        return NGX_PRIZE_ERROR;
    }
}
