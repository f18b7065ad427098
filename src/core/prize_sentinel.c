
#include <string.h>

#include "prize_host.h"
#include "prize_sentinel.h"


static int
prize_sentinel_is(const prize_reply_node_t *node, const char *text)
{
    return node->type == PRIZE_REPLY_STRING
           && node->text.len == strlen(text)
           && memcmp(node->text.data, text, node->text.len) == 0;
}


static int
prize_sentinel_host(const prize_reply_node_t *node, prize_str_t *host)
{
    if (node->type != PRIZE_REPLY_STRING || node->text.len == 0
        || !prize_host_is_clean(&node->text))
    {
        return -1;
    }

    *host = node->text;

    return 0;
}


static int
prize_sentinel_port(const prize_reply_node_t *node, unsigned *port)
{
    size_t  i;

    if (node->type != PRIZE_REPLY_STRING || node->text.len > 5) {
        return -1;
    }

    *port = 0;

    for (i = 0; i < node->text.len; i++) {
        if (node->text.data[i] < '0' || node->text.data[i] > '9') {
            return -1;
        }

        *port = *port * 10 + (node->text.data[i] - '0');
    }

    return *port && *port <= 65535 ? 0 : -1;
}


int
prize_sentinel_master_read(prize_sentinel_server_t *server,
    const prize_reply_t *reply)
{
    const prize_reply_node_t  *node;

    node = reply->nodes;
    server->down = 0;

    if (node[0].elements != 2
        || prize_sentinel_host(&node[1], &server->host) != 0
        || prize_sentinel_port(&node[2], &server->port) != 0)
    {
        return -1;
    }

    return 0;
}


/* is "word" among the words of a list, which commas part? */

static int
prize_sentinel_has(const prize_str_t *list, const char *word)
{
    size_t       len;
    const char  *p, *end, *comma;

    len = strlen(word);
    end = list->data + list->len;

    for (p = list->data; p < end; p = comma + 1) {
        comma = memchr(p, ',', end - p);
        comma = comma ? comma : end;

        if ((size_t) (comma - p) == len && memcmp(p, word, len) == 0) {
            return 1;
        }
    }

    return 0;
}


int
prize_sentinel_replica_read(prize_sentinel_server_t *server,
    const prize_reply_node_t **node)
{
    unsigned                   found;
    const prize_reply_node_t  *n, *end;

    n = *node;
    end = prize_reply_skip(n);
    *node = end;

    found = 0;
    server->down = 0;

    if (n->type != PRIZE_REPLY_TREE || n->elements % 2 != 0
        || (unsigned) (end - n) != n->elements + 1)
    {
        return -1;
    }

    for (n++; n < end; n += 2) {

        if (prize_sentinel_is(n, "ip")) {
            found |= prize_sentinel_host(n + 1, &server->host) == 0 ? 1 : 0;

        } else if (prize_sentinel_is(n, "port")) {
            found |= prize_sentinel_port(n + 1, &server->port) == 0 ? 2 : 0;

        } else if (prize_sentinel_is(n, "flags")
                   && n[1].type == PRIZE_REPLY_STRING)
        {
            server->down = prize_sentinel_has(&n[1].text, "s_down")
                           || prize_sentinel_has(&n[1].text, "o_down")
                           || prize_sentinel_has(&n[1].text, "disconnected");
        }
    }

    return found == 3 ? 0 : -1;
}


prize_role_e
prize_sentinel_role_read(const prize_reply_t *reply)
{
    if (reply->nodes[0].elements == 0) {
        return PRIZE_ROLE_OTHER;
    }

    return prize_sentinel_is(&reply->nodes[1], "master") ? PRIZE_ROLE_MASTER
           : prize_sentinel_is(&reply->nodes[1], "slave") ? PRIZE_ROLE_REPLICA
           : PRIZE_ROLE_OTHER;
}
