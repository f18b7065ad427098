
/*
 * The servers that prize_redis_pass names, of a block or a name: the list is
 * filled by who walks the block, or by the resolver.
 */

#ifndef _NGX_PRIZE_REDIS_SEEDS_H_INCLUDED_
#define _NGX_PRIZE_REDIS_SEEDS_H_INCLUDED_


#include "ngx_prize_redis_list.h"
#include "ngx_prize_resolve.h"


/* in a cycle's memory; zeroed at first */

typedef struct {
    ngx_prize_redis_list_t   list;
    ngx_prize_resolve_t      resolve;
    void                   (*handler)(void *data);  /* there are others, or */
    void                    *data;                  /*   NULL */
    unsigned                 known:1;               /* whose they are, and */
                                                    /*   they were listed */
} ngx_prize_redis_seeds_t;


/* who fills the list of a block has done so */
void ngx_prize_redis_seeds_changed(ngx_prize_redis_seeds_t *seeds);

/* "conf" lives as long as the cycle */
void ngx_prize_redis_seeds_resolve(ngx_prize_redis_seeds_t *seeds,
    const ngx_prize_resolve_conf_t *conf);

void ngx_prize_redis_seeds_stop(ngx_prize_redis_seeds_t *seeds);


#endif /* _NGX_PRIZE_REDIS_SEEDS_H_INCLUDED_ */
