
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prize_host.h"
#include "prize_sentinel.h"
#include "prizectl.h"
#include "prizectl_route.h"
#include "prizectl_tls.h"


#define PRIZECTL_ROUTE_PORT           6379
#define PRIZECTL_ROUTE_SENTINEL_PORT  26379


static int
prizectl_route_check_tls(const prizectl_options_t *options, unsigned tls)
{
    if (!tls && (options->redis_cacert || options->redis_cert
                 || options->redis_key || options->redis_sni
                 || options->redis_insecure))
    {
        prizectl_error("an option of TLS wants --redis rediss://...");
        return -1;
    }

    if ((options->redis_cert == NULL) != (options->redis_key == NULL)) {
        prizectl_error("--redis-cert and --redis-key go together");
        return -1;
    }

    return 0;
}


int
prizectl_route_check(const prizectl_options_t *options)
{
    int             rc, several;
    prizectl_url_t  url;

    if (options->redis == NULL) {
        return 0;
    }

    several = options->redis_cluster || options->redis_sentinel;
    rc = prizectl_url_parse(&url, options->redis);

    if (rc == -1) {
        /* void */

    } else if (options->redis_sentinel == NULL
               && (options->redis_sentinel_user
                   || options->redis_sentinel_password_file))
    {
        prizectl_error("--redis-sentinel-user and "
                       "--redis-sentinel-password-file want "
                       "--redis-sentinel");
        rc = -1;

    } else if (options->redis_cluster && options->redis_sentinel) {
        prizectl_error("--redis-cluster and --redis-sentinel exclude each "
                       "other");
        rc = -1;

    } else if (options->redis_cluster && url.database) {
        prizectl_error("--redis \"%s\": a cluster has no database but 0",
                       options->redis);
        rc = -1;

    } else if (several ? url.path != NULL : url.nservers > 1) {
        prizectl_error("--redis \"%s\": several servers, by TCP, go with "
                       "--redis-cluster or --redis-sentinel", options->redis);
        rc = -1;

    } else if (options->redis_sentinel_user
               && options->redis_sentinel_password_file == NULL)
    {
        prizectl_error("--redis-sentinel-user wants "
                       "--redis-sentinel-password-file");
        rc = -1;

    } else {
        rc = prizectl_route_check_tls(options, url.tls);
    }

    prizectl_url_destroy(&url);

    return rc;
}


/* the first line of the file, to be freed; NULL after a message */

static char *
prizectl_route_read_password(const char *name)
{
    FILE    *file;
    char    *line;
    size_t   size;
    ssize_t  len;

    file = fopen(name, "re");
    if (file == NULL) {
        prizectl_error("cannot open password file \"%s\": %s", name,
                       strerror(errno));
        return NULL;
    }

    line = NULL;
    size = 0;
    errno = 0;
    len = getline(&line, &size, file);

    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r')) {
        line[--len] = '\0';
    }

    if (len <= 0) {
        prizectl_error("no password in the first line of \"%s\"%s%s", name,
                       errno ? ": " : "", errno ? strerror(errno) : "");
        free(line);
        line = NULL;
    }

    fclose(file);

    return line;
}


static int
prizectl_route_login(prizectl_route_t *route)
{
    const char         *env;
    prizectl_access_t  *access;

    access = &route->access;
    env = getenv("REDISCLI_AUTH");

    if (route->options->redis_password_file) {
        route->password =
            prizectl_route_read_password(route->options->redis_password_file);

        if (route->password == NULL) {
            return -1;
        }

        env = route->password;
    }

    access->password = env && *env ? env : NULL;
    access->user = route->url.user;
    access->database = route->url.database;
    access->name = route->options->redis_sni;

    if (access->user && access->password == NULL) {
        prizectl_error("%s: a user needs a password, by REDISCLI_AUTH or "
                       "--redis-password-file", route->url.text);
        return -1;
    }

    if (route->url.tls) {
        access->tls = prizectl_tls_create(route->options);

        if (access->tls == NULL) {
            return -1;
        }
    }

    return 0;
}


/* a server that may have records, or was there already: its index, or -1 */

static int
prizectl_route_add(prizectl_route_t *route, const char *url, const char *host,
    int port, const char *name)
{
    unsigned           i;
    prizectl_redis_t  *node;

    for (i = 0; i < route->n; i++) {
        if (route->nodes[i]->port == port
            && strcmp(route->nodes[i]->host, host) == 0)
        {
            return i;
        }
    }

    if (route->n == PRIZE_CLUSTER_NODES_MAX) {
        prizectl_error("%s: more than %d nodes", route->url.text,
                       PRIZE_CLUSTER_NODES_MAX);
        return -1;
    }

    node = prizectl_redis_create(url, route->url.tls, host, port, name);
    if (node == NULL) {
        return -1;
    }

    route->nodes[route->n] = node;

    return route->n++;
}


/* the server whose host is empty is the one that was asked */

static int
prizectl_route_add_named(prizectl_route_t *route,
    const prizectl_redis_t *asked, const prize_str_t *host, unsigned port,
    const prize_str_t *name)
{
    char  host_text[PRIZE_HOST_MAX + 1], name_text[PRIZE_HOST_MAX + 1];

    snprintf(host_text, sizeof(host_text), "%.*s",
             host->len ? (int) host->len : PRIZE_HOST_MAX,
             host->len ? host->data : asked->host);
    snprintf(name_text, sizeof(name_text), "%.*s", name ? (int) name->len : 0,
             name ? name->data : "");

    return prizectl_route_add(route, NULL, host_text, port,
                              *name_text ? name_text : NULL);
}


/* what was not asked for: -1 after a message */

static int
prizectl_route_refused(const prizectl_redis_t *redis, const char *command,
    prize_reply_e type, const prize_reply_t *reply)
{
    if (type == PRIZE_REPLY_ERROR) {
        prizectl_error("%s: %s: %.*s", redis->url, command,
                       (int) reply->text.len, reply->text.data);

    } else if (type != PRIZE_REPLY_BROKEN) {
        prizectl_error("%s: %s: unexpected reply", redis->url, command);
    }

    return -1;
}


/*
 * The map that a node of a cluster has, and the reply that holds its strings;
 * both are zeros, and to be destroyed.  0, or -1 after a message.
 */

static int
prizectl_route_ask_map(prizectl_redis_t *redis, prize_cluster_map_t *map,
    prize_reply_t *reply)
{
    const char     *why, *argv[2];
    prize_reply_e   type;

    if (prize_reply_init(reply) == -1) {
        prizectl_error("out of memory");
        return -1;
    }

    argv[0] = "CLUSTER";
    argv[1] = "SLOTS";

    type = prizectl_redis_ask_tree(redis, reply, 2, argv);

    if (type != PRIZE_REPLY_TREE) {
        return prizectl_route_refused(redis, argv[0], type, reply);
    }

    why = prize_cluster_map_read(map, reply);

    if (why) {
        prizectl_error("%s: CLUSTER: %s", redis->url, why);
        return -1;
    }

    return 0;
}


/* whether two maps have a node in common */

static int
prizectl_route_is_same(const prize_cluster_map_t *one,
    const prize_cluster_map_t *two)
{
    unsigned  i, j;

    for (i = 0; i < one->nnodes; i++) {

        for (j = 0; j < two->nnodes; j++) {

            if (prize_cluster_equal_id(&one->nodes[i].id, &two->nodes[j].id)) {
                return 1;
            }
        }
    }

    return 0;
}


/*
 * The address of a node that is gone may be another's by now, whose Redis
 * would take records just as well.  An error about CLUSTER says so, too.
 */

static int
prizectl_route_check_node(const prizectl_route_t *route,
    prizectl_redis_t *redis)
{
    int                   rc;
    prize_reply_t         reply;
    prize_cluster_map_t   map;

    memset(&reply, 0, sizeof(prize_reply_t));
    memset(&map, 0, sizeof(prize_cluster_map_t));

    rc = prizectl_route_ask_map(redis, &map, &reply);

    if (rc == 0 && !prizectl_route_is_same(&map, &route->map)) {
        prizectl_error("%s: is named as a node of the cluster, and is of "
                       "another one", redis->url);
        rc = -1;
    }

    prize_cluster_map_destroy(&map);
    prize_reply_destroy(&reply);

    return rc;
}


static int
prizectl_route_connect(prizectl_route_t *route, unsigned node)
{
    prizectl_redis_t  *redis;

    redis = route->nodes[node];

    if (redis->context) {
        return 0;
    }

    if (prizectl_redis_connect(redis, &route->access) == -1) {
        return -1;
    }

    if (route->options->redis_cluster
        && prizectl_route_check_node(route, redis) == -1)
    {
        prizectl_redis_close(redis);
        return -1;
    }

    return 0;
}


/* whom a Sentinel names: its index, or -1 after a message */

static int
prizectl_route_ask_sentinel(prizectl_route_t *route,
    prizectl_redis_t *sentinel, prize_reply_t *reply)
{
    const char               *argv[3];
    prize_reply_e             type;
    prize_sentinel_server_t   master;

    argv[0] = "SENTINEL";
    argv[1] = "GET-MASTER-ADDR-BY-NAME";
    argv[2] = route->options->redis_sentinel;

    type = prizectl_redis_ask_tree(sentinel, reply, 3, argv);

    if (type == PRIZE_REPLY_TREE
        && prize_sentinel_master_read(&master, reply) == 0)
    {
        return prizectl_route_add_named(route, sentinel, &master.host,
                                        master.port, NULL);
    }

    if (type == PRIZE_REPLY_NIL) {
        prizectl_error("%s: knows no master \"%s\"", sentinel->url, argv[2]);
        return -1;
    }

    return prizectl_route_refused(sentinel, argv[0], type, reply);
}


/* a server that was the master is named as one for some seconds more */

static int
prizectl_route_check_role(prizectl_redis_t *redis, prize_reply_t *reply)
{
    const char     *argv[1];
    prize_reply_e   type;

    argv[0] = "ROLE";

    type = prizectl_redis_ask_tree(redis, reply, 1, argv);

    if (type != PRIZE_REPLY_TREE) {
        return prizectl_route_refused(redis, argv[0], type, reply);
    }

    if (prize_sentinel_role_read(reply) != PRIZE_ROLE_MASTER) {
        prizectl_error("%s: is named as the master, and says that it is none",
                       redis->url);
        return -1;
    }

    return 0;
}


/* the master that this Sentinel names: 0, or -1 after a message */

static int
prizectl_route_try_sentinel(prizectl_route_t *route,
    prizectl_redis_t *sentinel)
{
    int            rc, node;
    unsigned       slot;
    prize_reply_t  replies[2];

    memset(replies, 0, sizeof(replies));
    rc = -1;

    if (prize_reply_init(&replies[0]) == -1
        || prize_reply_init(&replies[1]) == -1)
    {
        prizectl_error("out of memory");

    } else {
        node = prizectl_route_ask_sentinel(route, sentinel, &replies[0]);

        if (node != -1 && prizectl_route_connect(route, node) == 0) {
            rc = prizectl_route_check_role(route->nodes[node], &replies[1]);

            /* another Sentinel may name it, and an answer be late */

            if (rc == -1) {
                prizectl_redis_close(route->nodes[node]);
            }

            for (slot = 0; slot < PRIZE_SLOTS; slot++) {
                route->slots[slot] = node;
            }
        }
    }

    prize_reply_destroy(&replies[0]);
    prize_reply_destroy(&replies[1]);

    return rc;
}


static int
prizectl_route_take_map(prizectl_route_t *route, const prizectl_redis_t *seed)
{
    int                         index;
    unsigned                    i, slot;
    prize_cluster_node_t       *node;
    const prize_cluster_map_t  *map;

    map = &route->map;

    if (map->uncovered) {
        prizectl_error("%s: %u of %d slots have no node: mend the cluster, "
                       "then run the command again", seed->url,
                       map->uncovered, PRIZE_SLOTS);
        return -1;
    }

    for (i = 0; i < map->nnodes; i++) {
        node = &map->nodes[i];

        if (node->unknown) {

            if (node->primary) {
                prizectl_error("%s: does not know where the node %.*s is",
                               seed->url, (int) node->id.len, node->id.data);
                return -1;
            }

            continue;
        }

        index = prizectl_route_add_named(route, seed, &node->host,
                                         node->port, &node->hostname);
        if (index == -1) {
            return -1;
        }

        for (slot = 0; slot < PRIZE_SLOTS; slot++) {
            if (map->slots[slot] == i + 1) {
                route->slots[slot] = index;
            }
        }
    }

    return 0;
}


/* the map that this node has: 0, or -1 after a message */

static int
prizectl_route_try_seed(prizectl_route_t *route, prizectl_redis_t *seed)
{
    prize_cluster_map_destroy(&route->map);
    prize_reply_destroy(&route->reply);

    return prizectl_route_ask_map(seed, &route->map, &route->reply) == -1
           ? -1 : prizectl_route_take_map(route, seed);
}


/* a Sentinel or a node of the cluster is asked, and left */

static int
prizectl_route_try(prizectl_route_t *route, const prizectl_server_t *server,
    const prizectl_access_t *access)
{
    int                rc, port;
    prizectl_redis_t  *seed;

    port = server->port ? server->port
           : route->options->redis_cluster ? PRIZECTL_ROUTE_PORT
                                           : PRIZECTL_ROUTE_SENTINEL_PORT;

    seed = prizectl_redis_create(NULL, route->url.tls, server->host, port,
                                 NULL);

    rc = seed == NULL || prizectl_redis_connect(seed, access) == -1 ? -1
         : route->options->redis_cluster ? prizectl_route_try_seed(route, seed)
         : prizectl_route_try_sentinel(route, seed);

    prizectl_redis_destroy(seed);

    return rc;
}


/* of several, the first that can tell */

static int
prizectl_route_discover(prizectl_route_t *route)
{
    int                        rc;
    char                      *password;
    unsigned                   i;
    prizectl_access_t          access;
    const prizectl_options_t  *options;

    options = route->options;
    access = route->access;
    password = NULL;

    if (options->redis_sentinel) {
        access.user = options->redis_sentinel_user;
        access.password = NULL;

        if (options->redis_sentinel_password_file) {
            password = prizectl_route_read_password(
                                      options->redis_sentinel_password_file);
            if (password == NULL) {
                return -1;
            }

            access.password = password;
        }
    }

    access.database = 0;
    rc = -1;

    for (i = 0; i < route->url.nservers && rc == -1; i++) {
        rc = prizectl_route_try(route, &route->url.servers[i], &access);
    }

    free(password);

    if (rc == -1) {
        prizectl_error("%s: none of them tells where the records are",
                       route->url.text);
    }

    return rc;
}


int
prizectl_route_open(prizectl_route_t *route,
    const prizectl_options_t *options)
{
    int                       rc;
    unsigned                  i;
    const prizectl_url_t     *url;

    url = &route->url;
    route->options = options;

    if (prizectl_url_parse(&route->url, options->redis) == -1
        || prizectl_route_login(route) == -1)
    {
        return -1;
    }

    if (options->redis_cluster || options->redis_sentinel) {
        rc = prizectl_route_discover(route);

    } else if (url->path) {
        rc = prizectl_route_add(route, url->text, url->path, 0, NULL);

    } else {
        rc = prizectl_route_add(route, url->text, url->servers[0].host,
                                url->servers[0].port ? url->servers[0].port
                                                     : PRIZECTL_ROUTE_PORT,
                                NULL);
    }

    for (i = 0; i < route->n && rc != -1; i++) {
        if (prizectl_route_slots(route, i)) {
            rc = prizectl_route_connect(route, i);
        }
    }

    return rc == -1 ? -1 : 0;
}


void
prizectl_route_close(prizectl_route_t *route)
{
    unsigned  i;

    for (i = 0; i < route->n; i++) {
        prizectl_redis_destroy(route->nodes[i]);
    }

    prize_cluster_map_destroy(&route->map);
    prize_reply_destroy(&route->reply);
    SSL_CTX_free(route->access.tls);
    free(route->password);
    prizectl_url_destroy(&route->url);
    memset(route, 0, sizeof(prizectl_route_t));
}


unsigned
prizectl_route_find(const prizectl_route_t *route, const prize_str_t *key)
{
    return route->slots[route->options->redis_cluster ? prize_slot(key) : 0];
}


unsigned
prizectl_route_slots(const prizectl_route_t *route, unsigned node)
{
    unsigned  slot, n;

    for (slot = 0, n = 0; slot < PRIZE_SLOTS; slot++) {
        n += route->slots[slot] == node;
    }

    return n;
}


prizectl_redirect_e
prizectl_route_redirect(prizectl_route_t *route, unsigned node,
    const redisReply *reply, unsigned *to)
{
    int                        index;
    prize_str_t                error;
    prize_cluster_redirect_t   redirect;

    error.data = reply->str;
    error.len = reply->len;

    if (reply->type != REDIS_REPLY_ERROR || !route->options->redis_cluster
        || prize_cluster_redirect_read(&redirect, &error) == -1)
    {
        return PRIZECTL_REDIRECT_NONE;
    }

    index = prizectl_route_add_named(route, route->nodes[node],
                                     &redirect.host, redirect.port, NULL);

    if (index == -1 || prizectl_route_connect(route, index) == -1) {
        return PRIZECTL_REDIRECT_ERROR;
    }

    *to = index;

    if (redirect.ask) {
        return PRIZECTL_REDIRECT_ASK;
    }

    route->slots[redirect.slot] = index;

    return PRIZECTL_REDIRECT_MOVED;
}


const char *
prizectl_route_hint(const prizectl_route_t *route)
{
    return route->options->redis_cluster || route->options->redis_sentinel
           ? " (run the command again when another server has its place)"
           : "";
}
