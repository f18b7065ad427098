
/*
 * Replies from anywhere: however they are cut into pieces, they are the same
 * replies, and what is called a record has its values in place.  A nested one
 * is read as all that a cluster, a Sentinel or a master could have said.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "prize_cluster.h"
#include "prize_sentinel.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* a digest of what was read: enough to tell two readings apart */

static uint64_t
mix(uint64_t hash, const void *data, size_t len)
{
    size_t          i;
    const uint8_t  *p = data;

    for (i = 0; i < len; i++) {
        hash = (hash ^ p[i]) * 1099511628211u;
    }

    return hash;
}


static uint64_t
mix_string(uint64_t hash, const prize_str_t *string)
{
    uint8_t  there;

    there = (string->data != NULL);
    hash = mix(hash, &there, 1);

    return there ? mix(mix(hash, &string->len, sizeof(size_t)), string->data,
                       string->len)
                 : hash;
}


/* what the tree says; every string that is taken from it is read */

static uint64_t
mix_tree(uint64_t hash, const prize_reply_t *reply)
{
    unsigned                   i;
    prize_cluster_map_t        map;
    prize_sentinel_server_t    server;
    const prize_reply_node_t  *node, *end;

    for (i = 0; i < reply->nnodes; i++) {
        node = &reply->nodes[i];
        hash = mix(hash, &node->type, sizeof(node->type));
        hash = mix(hash, &node->integer, sizeof(node->integer));
        hash = mix_string(hash, &node->text);
    }

    if (prize_cluster_map_read(&map, reply) == NULL) {
        for (i = 0; i < map.nnodes; i++) {
            hash = mix_string(hash, &map.nodes[i].id);
            hash = mix_string(hash, &map.nodes[i].host);
            hash = mix_string(hash, &map.nodes[i].hostname);
            hash = mix_string(hash, &map.nodes[i].address);

            if (map.nodes[i].shard >= map.nnodes) {
                abort();
            }
        }

        for (i = 0; i < PRIZE_SLOTS; i++) {
            if (map.slots[i] > map.nnodes) {
                abort();
            }
        }
    }

    prize_cluster_map_destroy(&map);

    if (prize_sentinel_master_read(&server, reply) == 0) {
        hash = mix_string(hash, &server.host);
    }

    node = &reply->nodes[1];
    end = reply->nodes + reply->nnodes;

    for (i = 0; i < reply->nodes[0].elements; i++) {
        if (prize_sentinel_replica_read(&server, &node) == 0) {
            hash = mix_string(hash, &server.host);
        }
    }

    if (node != end) {
        abort();
    }

    i = prize_sentinel_role_read(reply);

    return mix(hash, &i, sizeof(i));
}


static uint64_t
mix_error(uint64_t hash, const prize_str_t *text)
{
    prize_cluster_redirect_t  to;

    (void) prize_redis_error(text);

    return prize_cluster_redirect_read(&to, text) == 0
           ? mix_string(hash, &to.host) : hash;
}


static uint64_t
mix_reply(uint64_t hash, const prize_reply_t *reply, prize_reply_e type,
    unsigned wanted)
{
    unsigned  i;

    hash = mix(hash, &type, sizeof(type));

    switch (type) {

    case PRIZE_REPLY_RECORD:
        for (i = 0; i < wanted; i++) {
            hash = mix_string(hash, &reply->values[i]);
        }

        break;

    case PRIZE_REPLY_INTEGER:
        hash = mix(hash, &reply->integer, sizeof(reply->integer));
        break;

    case PRIZE_REPLY_TREE:
        hash = mix_tree(hash, reply);
        break;

    case PRIZE_REPLY_ERROR:
        hash = mix_error(hash, &reply->text);
        /* fall through */

    case PRIZE_REPLY_STRING:
        hash = mix_string(hash, &reply->text);
        break;

    default:
        break;
    }

    return hash;
}


static uint64_t
read_all(const uint8_t *data, size_t size, size_t step, unsigned wanted)
{
    size_t          n;
    uint64_t        hash;
    prize_reply_e   type;
    prize_reply_t   reply;

    hash = 14695981039346656037u;

    if (prize_reply_init(&reply) != 0) {
        return hash;
    }

    for ( ;; ) {
        type = prize_reply_next(&reply, wanted);

        if (type == PRIZE_REPLY_AGAIN) {

            if (size == 0) {
                break;
            }

            n = (size < step) ? size : step;

            if (prize_reply_feed(&reply, (const char *) data, n) != 0) {
                break;
            }

            data += n;
            size -= n;

            continue;
        }

        hash = mix_reply(hash, &reply, type, wanted);

        if (type == PRIZE_REPLY_BROKEN) {
            break;
        }
    }

    prize_reply_destroy(&reply);

    return hash;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned  wanted;
    uint64_t  whole;

    if (size < 2) {
        return 0;
    }

    wanted = data[0] % 16;
    wanted = wanted < 8 ? wanted : PRIZE_REPLY_NESTED;
    whole = read_all(data + 2, size - 2, size, wanted);

    if (read_all(data + 2, size - 2, 1, wanted) != whole
        || read_all(data + 2, size - 2, 1 + data[1] % 16, wanted) != whole)
    {
        abort();
    }

    return 0;
}
