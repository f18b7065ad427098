
#include "ngx_prize_redis_map.h"


/* that only redirects have named; a map has them, or they go */
#define NGX_PRIZE_REDIS_MAP_GUESTS  16


ngx_prize_redis_member_t *
ngx_prize_redis_map_find(ngx_prize_redis_map_t *map,
    ngx_prize_redis_t *redis)
{
    ngx_uint_t  i;

    for (i = 0; i < map->nmembers; i++) {
        if (map->members[i]->node.redis == redis) {
            return map->members[i];
        }
    }

    return NULL;
}


static ngx_prize_redis_member_t *
ngx_prize_redis_map_create(ngx_prize_redis_map_t *map,
    const prize_cluster_node_t *node, const prize_str_t *host)
{
    ngx_prize_redis_member_t  *member;

    member = ngx_calloc(sizeof(ngx_prize_redis_member_t),
                        map->site->cycle->log);
    if (member == NULL) {
        return NULL;
    }

    member->listed = ngx_current_msec;

    member->id.data = member->data;
    member->id.len = node->id.len;
    ngx_memcpy(member->data, node->id.data, node->id.len);

    if (node->unknown || host->len == 0) {
        return member;
    }

    ngx_prize_redis_node_init(&member->node, map->site, host, node->port,
                              &node->hostname);
    ngx_prize_redis_node_locate(&member->node, &node->address);

    return member;
}


static void
ngx_prize_redis_map_destroy(ngx_prize_redis_member_t *member)
{
    ngx_prize_redis_ask_cancel(&member->ask);
    ngx_prize_redis_node_done(&member->node);
    ngx_free(member);
}


static ngx_prize_redis_member_t *
ngx_prize_redis_map_member(ngx_prize_redis_map_t *map,
    const prize_cluster_node_t *node, const prize_str_t *host)
{
    ngx_uint_t                 i;
    ngx_prize_redis_member_t  *member;

    for (i = 0; i < map->nmembers; i++) {
        member = map->members[i];

        if (member->kept || node->unknown
            || !ngx_prize_redis_node_is(&member->node, host, node->port)
            || (member->id.len
                && !prize_cluster_equal_id(&member->id, &node->id)))
        {
            continue;
        }

        member->kept = 1;
        member->id.len = node->id.len;
        ngx_memcpy(member->data, node->id.data, node->id.len);

        ngx_prize_redis_node_locate(&member->node, &node->address);

        return member;
    }

    member = ngx_prize_redis_map_create(map, node, host);

    if (member) {
        member->kept = 1;
        member->added = 1;
    }

    return member;
}


static void
ngx_prize_redis_map_replace(ngx_prize_redis_map_t *map,
    ngx_prize_redis_member_t **members, const prize_cluster_map_t *told)
{
    ngx_uint_t                 i;
    ngx_prize_redis_member_t  *member;

    for (i = 0; i < map->nmembers; i++) {
        if (!map->members[i]->kept) {
            ngx_prize_redis_map_destroy(map->members[i]);
        }
    }

    if (map->members) {
        ngx_free(map->members);
    }

    map->members = members;
    map->nmembers = told->nnodes;
    ngx_memcpy(map->slots, told->slots, sizeof(map->slots));

    for (i = 0; i < map->nmembers; i++) {
        member = members[i];

        member->kept = 0;
        member->added = 0;
        member->shard = told->nodes[i].shard;

        ngx_prize_redis_node_set_role(&member->node,
                                      member->shard == i ? PRIZE_PEER_PRIMARY
                                                         : PRIZE_PEER_REPLICA);
    }
}


ngx_int_t
ngx_prize_redis_map_take(ngx_prize_redis_map_t *map,
    const prize_cluster_map_t *told, ngx_prize_redis_t *from)
{
    u_char                      text[NGX_SOCKADDR_STRLEN];
    prize_str_t                 own;
    ngx_uint_t                  i;
    ngx_prize_redis_member_t  **members;

    members = ngx_alloc(told->nnodes * sizeof(ngx_prize_redis_member_t *),
                        map->site->cycle->log);
    if (members == NULL) {
        return NGX_ERROR;
    }

    own = ngx_prize_redis_node_address(from, text);

    for (i = 0; i < told->nnodes; i++) {
        members[i] = ngx_prize_redis_map_member(map, &told->nodes[i],
                                                told->nodes[i].host.len
                                                ? &told->nodes[i].host
                                                : &own);
        if (members[i] == NULL) {
            goto failed;
        }
    }

    ngx_prize_redis_map_replace(map, members, told);

    return NGX_OK;

failed:

    /* the present map stays */

    while (i--) {
        members[i]->kept = 0;

        if (members[i]->added) {
            ngx_prize_redis_map_destroy(members[i]);
        }
    }

    ngx_free(members);

    return NGX_ERROR;
}


ngx_uint_t
ngx_prize_redis_map_is_known(ngx_prize_redis_map_t *map,
    const prize_cluster_map_t *told)
{
    ngx_uint_t  i, n;

    for (i = 0; i < map->nmembers; i++) {
        for (n = 0; n < told->nnodes; n++) {
            if (prize_cluster_equal_id(&map->members[i]->id,
                                              &told->nodes[n].id))
            {
                return 1;
            }
        }
    }

    return 0;
}


ngx_uint_t
ngx_prize_redis_map_count_replicas(ngx_prize_redis_map_t *map,
    ngx_uint_t shard)
{
    ngx_uint_t  i, n;

    n = 0;

    for (i = 0; i < map->nmembers; i++) {
        n += (i != shard && map->members[i]->shard == shard);
    }

    return n;
}


ngx_prize_redis_member_t *
ngx_prize_redis_map_replica(ngx_prize_redis_map_t *map,
    ngx_uint_t shard, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < map->nmembers; i++) {
        if (i != shard && map->members[i]->shard == shard && n-- == 0) {
            return map->members[i];
        }
    }

    return NULL;
}


ngx_int_t
ngx_prize_redis_map_guest(ngx_prize_redis_map_t *map,
    const prize_str_t *host, in_port_t port)
{
    ngx_uint_t                  i, guests;
    prize_cluster_node_t        node;
    ngx_prize_redis_member_t   *member, **members;

    guests = 0;

    for (i = 0; i < map->nmembers; i++) {
        member = map->members[i];

        if (ngx_prize_redis_node_is(&member->node, host, port)) {
            return i;
        }

        guests += (member->id.len == 0);
    }

    if (guests == NGX_PRIZE_REDIS_MAP_GUESTS) {
        return NGX_ERROR;
    }

    members = ngx_alloc((i + 1) * sizeof(ngx_prize_redis_member_t *),
                        map->site->cycle->log);
    if (members == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&node, sizeof(prize_cluster_node_t));
    node.id.data = "";
    node.hostname.data = "";
    node.address.data = "";
    node.port = port;

    member = ngx_prize_redis_map_create(map, &node, host);
    if (member == NULL) {
        ngx_free(members);
        return NGX_ERROR;
    }

    member->shard = i;

    if (map->members) {
        ngx_memcpy(members, map->members, i * sizeof(members[0]));
        ngx_free(map->members);
    }

    members[i] = member;

    map->members = members;
    map->nmembers = i + 1;

    return i;
}


void
ngx_prize_redis_map_stop(ngx_prize_redis_map_t *map)
{
    ngx_uint_t  i;

    for (i = 0; i < map->nmembers; i++) {
        ngx_prize_redis_ask_cancel(&map->members[i]->ask);
        ngx_prize_redis_node_stop(&map->members[i]->node);
        ngx_free(map->members[i]);
    }

    if (map->members) {
        ngx_free(map->members);
    }

    map->members = NULL;
    map->nmembers = 0;
    ngx_memzero(map->slots, sizeof(map->slots));
}


void
ngx_prize_redis_map_move(ngx_prize_redis_map_t *map, ngx_uint_t slot,
    ngx_uint_t i)
{
    map->slots[slot] = i + 1;
    map->members[i]->shard = i;

    ngx_prize_redis_node_set_role(&map->members[i]->node, PRIZE_PEER_PRIMARY);
}


ngx_int_t
ngx_prize_redis_map_shard(ngx_prize_redis_map_t *map, const prize_str_t *key)
{
    ngx_uint_t  shard;

    shard = map->slots[prize_slot(key)];

    return shard ? (ngx_int_t) shard - 1 : NGX_DECLINED;
}
