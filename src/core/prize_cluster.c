
#include <stdlib.h>
#include <string.h>

#include "prize_cluster.h"
#include "prize_host.h"


#define PRIZE_CLUSTER_TABLE  4096       /* of indices, by a node's ID */


/* while a map is read */

typedef struct {
    prize_cluster_map_t       *map;
    const prize_reply_node_t  *next;
    const char                *why;
    uint16_t                   table[PRIZE_CLUSTER_TABLE];
} prize_cluster_reader_t;


static int
prize_cluster_is_id(const prize_str_t *id)
{
    return id->len && id->len <= PRIZE_CLUSTER_ID_MAX
           && prize_host_is_clean(id);
}


static int
prize_cluster_refuse(prize_cluster_reader_t *reader, const char *why)
{
    reader->why = why;
    return -1;
}


/* the next element, which has to be an integer from 0 to "max" */

static int
prize_cluster_number(prize_cluster_reader_t *reader, unsigned max,
    unsigned *number)
{
    const prize_reply_node_t  *node;

    node = reader->next++;

    if (node->type != PRIZE_REPLY_INTEGER || node->integer < 0
        || node->integer > max)
    {
        return prize_cluster_refuse(reader, "a number that is none");
    }

    *number = node->integer;

    return 0;
}


/* the next element: a host, or nil, which is as empty */

static int
prize_cluster_host(prize_cluster_reader_t *reader, prize_str_t *host)
{
    const prize_reply_node_t  *node;

    node = reader->next++;

    if (node->type == PRIZE_REPLY_NIL) {
        host->len = 0;
        return 0;
    }

    if (node->type != PRIZE_REPLY_STRING
        || !prize_host_is_clean(&node->text))
    {
        return prize_cluster_refuse(reader, "a host that is none");
    }

    *host = node->text;

    return 0;
}


/* "ip" where the host is a name, "hostname" where it is an address */

static int
prize_cluster_metadata(prize_cluster_reader_t *reader,
    prize_cluster_node_t *node)
{
    unsigned            left;
    const prize_str_t  *name;

    if (reader->next->type != PRIZE_REPLY_TREE
        || reader->next->elements % 2 != 0)
    {
        return prize_cluster_refuse(reader, "metadata that is none");
    }

    left = reader->next++->elements;

    for ( ; left; left -= 2) {
        name = &reader->next->text;

        if (reader->next++->type != PRIZE_REPLY_STRING
            || reader->next->type == PRIZE_REPLY_TREE)
        {
            return prize_cluster_refuse(reader, "metadata that is none");
        }

        if (name->len == 2 && memcmp(name->data, "ip", 2) == 0) {
            if (prize_cluster_host(reader, &node->address) != 0) {
                return -1;
            }

        } else if (name->len == 8 && memcmp(name->data, "hostname", 8) == 0) {
            if (prize_cluster_host(reader, &node->hostname) != 0) {
                return -1;
            }

        } else {
            reader->next++;
        }
    }

    return 0;
}


/* an endpoint, a port, an ID, and since Redis 7 metadata */

static int
prize_cluster_node(prize_cluster_reader_t *reader, prize_cluster_node_t *node)
{
    unsigned  i, elements;

    memset(node, 0, sizeof(prize_cluster_node_t));

    node->host.data = "";
    node->hostname.data = "";
    node->address.data = "";

    elements = reader->next->elements;

    if (reader->next++->type != PRIZE_REPLY_TREE || elements < 3) {
        return prize_cluster_refuse(reader, "a node without an ID");
    }

    if (prize_cluster_host(reader, &node->host) != 0
        || prize_cluster_number(reader, 65535, &node->port) != 0)
    {
        return -1;
    }

    node->unknown = (node->port == 0
                     || (node->host.len == 1 && node->host.data[0] == '?'));

    if (reader->next->type != PRIZE_REPLY_STRING
        || !prize_cluster_is_id(&reader->next->text))
    {
        return prize_cluster_refuse(reader, "a node without an ID");
    }

    node->id = reader->next++->text;

    if (elements > 3 && prize_cluster_metadata(reader, node) != 0) {
        return -1;
    }

    for (i = 4; i < elements; i++) {
        reader->next = prize_reply_skip(reader->next);
    }

    return 0;
}


/* the place of an ID in the table: its own, or one that is free */

static uint16_t *
prize_cluster_find(prize_cluster_reader_t *reader, const prize_str_t *id)
{
    size_t    i;
    uint32_t  hash;

    hash = 2166136261u;

    for (i = 0; i < id->len; i++) {
        hash = (hash ^ (unsigned char) id->data[i]) * 16777619u;
    }

    for (i = hash % PRIZE_CLUSTER_TABLE;
         reader->table[i]
         && !prize_cluster_equal_id(
                           &reader->map->nodes[reader->table[i] - 1].id, id);
         i = (i + 1) % PRIZE_CLUSTER_TABLE)
    {
        /* void */
    }

    return &reader->table[i];
}


/* "index" is that of the next node, which is new or was there already */

static int
prize_cluster_add(prize_cluster_reader_t *reader, unsigned *index)
{
    uint16_t              *place;
    prize_cluster_map_t   *map;
    prize_cluster_node_t   node, *nodes;

    if (prize_cluster_node(reader, &node) != 0) {
        return -1;
    }

    map = reader->map;
    place = prize_cluster_find(reader, &node.id);

    if (*place) {
        *index = *place - 1;
        return 0;
    }

    if (map->nnodes == PRIZE_CLUSTER_NODES_MAX) {
        return prize_cluster_refuse(reader, "more than 1024 nodes");
    }

    /* the array grows where its length is a power of two */

    if ((map->nnodes & (map->nnodes - 1)) == 0) {
        nodes = realloc(map->nodes, (map->nnodes ? 2 * map->nnodes : 1)
                                    * sizeof(prize_cluster_node_t));
        if (nodes == NULL) {
            return prize_cluster_refuse(reader, "no memory for a map");
        }

        map->nodes = nodes;
    }

    node.shard = map->nnodes;
    map->nodes[map->nnodes++] = node;
    *place = map->nnodes;
    *index = *place - 1;

    return 0;
}


/* the first slot, the last one, the primary, and its replicas */

static int
prize_cluster_range(prize_cluster_reader_t *reader)
{
    unsigned              i, first, last, index, primary, elements;
    prize_cluster_map_t  *map;

    map = reader->map;
    elements = reader->next->elements;

    if (reader->next++->type != PRIZE_REPLY_TREE || elements < 3) {
        return prize_cluster_refuse(reader, "slots without a node");
    }

    if (prize_cluster_number(reader, PRIZE_SLOTS - 1, &first) != 0
        || prize_cluster_number(reader, PRIZE_SLOTS - 1, &last) != 0
        || prize_cluster_add(reader, &primary) != 0)
    {
        return -1;
    }

    map->nodes[primary].primary = 1;

    for (i = first; i <= last; i++) {
        if (map->slots[i]) {
            return prize_cluster_refuse(reader, "a slot that two nodes have");
        }

        map->slots[i] = primary + 1;
        map->uncovered--;
    }

    for (i = 3; i < elements; i++) {
        if (prize_cluster_add(reader, &index) != 0) {
            return -1;
        }

        map->nodes[index].shard = primary;
    }

    return 0;
}


int
prize_cluster_equal_id(const prize_str_t *one, const prize_str_t *two)
{
    return one->len == two->len && memcmp(one->data, two->data, one->len) == 0;
}


const char *
prize_cluster_map_read(prize_cluster_map_t *map, const prize_reply_t *reply)
{
    unsigned                i;
    prize_cluster_reader_t  reader;

    memset(map, 0, sizeof(prize_cluster_map_t));
    memset(&reader, 0, sizeof(prize_cluster_reader_t));

    map->uncovered = PRIZE_SLOTS;

    reader.map = map;
    reader.next = &reply->nodes[1];

    for (i = 0; i < reply->nodes[0].elements; i++) {
        if (prize_cluster_range(&reader) != 0) {
            prize_cluster_map_destroy(map);
            return reader.why;
        }
    }

    /* who has slots is nobody's replica, whatever another entry says */

    for (i = 0; i < map->nnodes; i++) {
        if (map->nodes[i].primary) {
            map->nodes[i].shard = i;
        }
    }

    return NULL;
}


void
prize_cluster_map_destroy(prize_cluster_map_t *map)
{
    free(map->nodes);
    memset(map, 0, sizeof(prize_cluster_map_t));
    map->uncovered = PRIZE_SLOTS;
}


/* decimal digits from "*p" on, of which there is one at least */

static int
prize_cluster_decimal(const char **p, const char *end, unsigned max,
    unsigned *number)
{
    const char  *start;

    start = *p;
    *number = 0;

    for ( ; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
        *number = *number * 10 + (**p - '0');

        if (*number > max) {
            return -1;
        }
    }

    return *p == start ? -1 : 0;
}


int
prize_cluster_redirect_read(prize_cluster_redirect_t *redirect,
    const prize_str_t *error)
{
    const char  *p, *end, *colon;

    p = error->data;
    end = p + error->len;

    redirect->ask = (error->len > 4 && memcmp(p, "ASK ", 4) == 0);

    if (!redirect->ask && (error->len <= 6 || memcmp(p, "MOVED ", 6) != 0)) {
        return -1;
    }

    p += redirect->ask ? 4 : 6;

    if (prize_cluster_decimal(&p, end, PRIZE_SLOTS - 1, &redirect->slot) != 0
        || p == end || *p != ' ')
    {
        return -1;
    }

    p++;

    /* an IPv6 address has colons of its own, and no brackets */

    for (colon = end; colon > p && colon[-1] != ':'; colon--) {
        /* void */
    }

    if (colon == p) {
        return -1;
    }

    redirect->host.data = p;
    redirect->host.len = colon - 1 - p;

    p = colon;

    return prize_cluster_decimal(&p, end, 65535, &redirect->port) == 0
           && p == end && redirect->port
           && prize_host_is_clean(&redirect->host)
           && !(redirect->host.len == 1 && redirect->host.data[0] == '?')
           ? 0 : -1;
}
