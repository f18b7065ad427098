
/*
 * The endpoints that a block or a name lists.  They are held as long as they
 * are listed.  Stores are connected to ahead of the first lookup; who only
 * knows where the stores are is connected to when he is asked.
 */

#ifndef _NGX_PRIZE_REDIS_LIST_H_INCLUDED_
#define _NGX_PRIZE_REDIS_LIST_H_INCLUDED_


#include "ngx_prize_redis_registry.h"


/* in a cycle's memory, and lives as long as the cycle */

typedef struct {
    ngx_cycle_t                    *cycle;
    const ngx_prize_redis_login_t  *login;
    ngx_msec_t                      timeout;    /* to connect */
    ngx_array_t                     held[2];    /* of ngx_prize_redis_t *: */
    ngx_uint_t                      current;    /*   of now, and of before */
    unsigned                        seeds:1;    /* they are no stores */
} ngx_prize_redis_list_t;


#define ngx_prize_redis_listed(list)                                          \
    (&(list)->held[(list)->current])


/* empty; NGX_ERROR: no memory */
ngx_int_t ngx_prize_redis_list_init(ngx_prize_redis_list_t *list,
    ngx_cycle_t *cycle, const ngx_prize_redis_login_t *login,
    ngx_msec_t timeout);

/*
 * It is listed anew: begin, add() for each, end, after which those that were
 * not added again are released.  The parameters are those of
 * ngx_prize_redis_get().  What fails for want of memory is left out.
 */
void ngx_prize_redis_list_begin(ngx_prize_redis_list_t *list);
void ngx_prize_redis_list_add(ngx_prize_redis_list_t *list,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_str_t *name,
    const ngx_str_t *host);
void ngx_prize_redis_list_end(ngx_prize_redis_list_t *list);


#endif /* _NGX_PRIZE_REDIS_LIST_H_INCLUDED_ */
