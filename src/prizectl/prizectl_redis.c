
/* asprintf() */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "prize_cluster.h"
#include "prize_command.h"
#include "prizectl.h"
#include "prizectl_redis.h"
#include "prizectl_tls.h"


prizectl_redis_t *
prizectl_redis_create(const char *url, int tls, const char *host, int port,
    const char *name)
{
    const char        *open, *end;
    prizectl_redis_t  *redis;

    redis = calloc(1, sizeof(prizectl_redis_t));

    if (redis) {
        open = strchr(host, ':') ? "[" : "";
        end = *open ? "]" : "";

        redis->port = port;
        redis->host = strdup(host);
        redis->name = name ? strdup(name) : NULL;

        if (url) {
            redis->url = strdup(url);

        } else if (asprintf(&redis->url, "redis%s://%s%s%s:%d", tls ? "s" : "",
                            open, host, end, port)
                   == -1)
        {
            redis->url = NULL;
        }
    }

    if (redis == NULL || redis->url == NULL || redis->host == NULL
        || (name && redis->name == NULL))
    {
        prizectl_error("out of memory");
        prizectl_redis_destroy(redis);
        return NULL;
    }

    return redis;
}


void
prizectl_redis_close(prizectl_redis_t *redis)
{
    SSL_free(redis->ssl);
    redis->ssl = NULL;

    if (redis->context) {
        redisFree(redis->context);
        redis->context = NULL;
    }

    redis->sent = 0;
    redis->used = 0;
    redis->why[0] = '\0';
}


void
prizectl_redis_destroy(prizectl_redis_t *redis)
{
    if (redis == NULL) {
        return;
    }

    prizectl_redis_close(redis);

    free(redis->out);
    free(redis->name);
    free(redis->host);
    free(redis->url);
    free(redis);
}


int
prizectl_redis_put(prizectl_redis_t *redis, const char *data, size_t len)
{
    char    *out;
    size_t   size;

    if (redis->sent == redis->used) {
        redis->sent = 0;
        redis->used = 0;
    }

    if (redis->sent && redis->size - redis->used < len) {
        redis->used -= redis->sent;
        memmove(redis->out, redis->out + redis->sent, redis->used);
        redis->sent = 0;
    }

    if (redis->size - redis->used < len) {
        size = 2 * redis->size + len;

        out = realloc(redis->out, size);
        if (out == NULL) {
            prizectl_error("out of memory");
            return -1;
        }

        redis->out = out;
        redis->size = size;
    }

    memcpy(redis->out + redis->used, data, len);
    redis->used += len;

    return 0;
}


int
prizectl_redis_append(prizectl_redis_t *redis, int argc, const char **argv,
    const size_t *lens)
{
    int           i, rc;
    char         *command, *p;
    size_t        size;
    prize_str_t   value;

    size = PRIZE_BULK_OVERHEAD;

    for (i = 0; i < argc; i++) {
        size += PRIZE_BULK_OVERHEAD + (lens ? lens[i] : strlen(argv[i]));
    }

    command = malloc(size);
    if (command == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    p = prize_bulk_count(command, '*', argc);

    for (i = 0; i < argc; i++) {
        value.data = argv[i];
        value.len = lens ? lens[i] : strlen(argv[i]);
        p = prize_bulk_write(p, &value);
    }

    rc = prizectl_redis_put(redis, command, p - command);

    free(command);

    return rc;
}


static int
prizectl_redis_fail(prizectl_redis_t *redis, const char *why)
{
    snprintf(redis->why, sizeof(redis->why), "%s", why);

    return -1;
}


/* of the last call: 0, it has to wait, or -1 and "why" */

static int
prizectl_redis_wait(prizectl_redis_t *redis, ssize_t n, short event)
{
    if (n == 0) {
        return prizectl_redis_fail(redis, "Server closed the connection");
    }

    if (errno == EAGAIN || errno == EINTR) {
        redis->events |= redis->ssl ? 0 : event;
        return 0;
    }

    return redis->ssl ? -1 : prizectl_redis_fail(redis, strerror(errno));
}


static int
prizectl_redis_write(prizectl_redis_t *redis)
{
    char     *data;
    size_t    len;
    ssize_t   n;

    while (redis->sent < redis->used) {
        data = redis->out + redis->sent;
        len = redis->used - redis->sent;

        n = redis->ssl ? prizectl_tls_write(redis, data, len)
                       : send(redis->context->fd, data, len, 0);

        if (n <= 0) {
            return prizectl_redis_wait(redis, n, POLLOUT);
        }

        redis->sent += n;
    }

    return 0;
}


/*
 * What is there: to hiredis, or so much as it holds to a reply of its own.  A
 * record of TLS has 16 KiB at most, so nothing stays in OpenSSL that poll()
 * could not tell of.
 */

static int
prizectl_redis_read(prizectl_redis_t *redis, prize_reply_t *tree)
{
    char     data[PRIZE_REPLY_FEED_MAX];
    ssize_t  n;

    for ( ;; ) {
        n = redis->ssl ? prizectl_tls_read(redis, data, sizeof(data))
                       : recv(redis->context->fd, data, sizeof(data), 0);

        if (n <= 0) {
            return prizectl_redis_wait(redis, n, POLLIN);
        }

        if (tree ? prize_reply_feed(tree, data, n) == -1
                 : redisReaderFeed(redis->context->reader, data, n)
                   != REDIS_OK)
        {
            return prizectl_redis_fail(redis, "a reply cannot be held");
        }

        if (tree || (redis->ssl == NULL && (size_t) n < sizeof(data))) {
            return 0;
        }
    }
}


static int
prizectl_redis_look(prizectl_redis_t **list, unsigned n, int timeout,
    prize_reply_t *tree)
{
    int            rc;
    unsigned       i;
    struct pollfd  pfds[PRIZE_CLUSTER_NODES_MAX];

    for (i = 0; i < n; i++) {

        if (prizectl_redis_write(list[i]) == -1) {

            /* why it hangs up may have come before */

            (void) prizectl_redis_read(list[i], tree);
            return -1;
        }

        pfds[i].fd = list[i]->context->fd;
        pfds[i].events = list[i]->events | POLLIN;
    }

    rc = poll(pfds, n, timeout);

    if (rc <= 0) {
        return rc == 0 ? 0 : errno == EINTR ? 1
               : prizectl_redis_fail(list[0], strerror(errno));
    }

    for (i = 0; i < n; i++) {
        list[i]->events = 0;

        if (pfds[i].revents && prizectl_redis_read(list[i], tree) == -1) {
            return -1;
        }
    }

    return 1;
}


int
prizectl_redis_poll(prizectl_redis_t **list, unsigned n, int timeout)
{
    return prizectl_redis_look(list, n, timeout, NULL);
}


int
prizectl_redis_next(prizectl_redis_t *redis, redisReply **reply)
{
    void  *object;

    if (redisGetReplyFromReader(redis->context, &object) != REDIS_OK) {
        return prizectl_redis_fail(redis, redis->context->errstr);
    }

    *reply = object;

    return 0;
}


/* one more look at the socket, or -1 after a message */

static int
prizectl_redis_await(prizectl_redis_t *redis, const char *command,
    prize_reply_t *tree)
{
    int  rc;

    rc = prizectl_redis_look(&redis, 1, PRIZECTL_REDIS_TIMEOUT, tree);

    if (rc == 1) {
        return 0;
    }

    prizectl_error("%s: %s: %s", redis->url, command,
                   rc == 0 ? "no answer in time" : redis->why);

    return -1;
}


redisReply *
prizectl_redis_reply(prizectl_redis_t *redis, const char *command)
{
    redisReply  *reply;

    for ( ;; ) {

        if (prizectl_redis_next(redis, &reply) == -1) {
            prizectl_error("%s: %s: %s", redis->url, command, redis->why);
            return NULL;
        }

        if (reply) {
            return reply;
        }

        if (prizectl_redis_await(redis, command, NULL) == -1) {
            return NULL;
        }
    }
}


redisReply *
prizectl_redis_ask(prizectl_redis_t *redis, int argc, const char **argv,
    const size_t *lens)
{
    if (prizectl_redis_append(redis, argc, argv, lens) == -1) {
        return NULL;
    }

    return prizectl_redis_reply(redis, argv[0]);
}


prize_reply_e
prizectl_redis_ask_tree(prizectl_redis_t *redis, prize_reply_t *reply,
    int argc, const char **argv)
{
    prize_reply_e  type;

    if (prizectl_redis_append(redis, argc, argv, NULL) == -1) {
        return PRIZE_REPLY_BROKEN;
    }

    for ( ;; ) {
        type = prize_reply_next(reply, PRIZE_REPLY_NESTED);

        if (type == PRIZE_REPLY_BROKEN) {
            prizectl_error("%s: %s: %s", redis->url, argv[0],
                           reply->text.data);
        }

        if (type != PRIZE_REPLY_AGAIN) {
            return type;
        }

        if (prizectl_redis_await(redis, argv[0], reply) == -1) {
            return PRIZE_REPLY_BROKEN;
        }
    }
}


const char *
prizectl_redis_hint(const char *error)
{
    prize_str_t  text;

    if (strncmp(error, "NOAUTH", 6) == 0) {
        return " (by REDISCLI_AUTH or --redis-password-file)";
    }

    text.data = error;
    text.len = strlen(error);

    switch (prize_redis_error(&text)) {

    case PRIZE_REDIS_MOVED:
        return " (a node of a cluster: say --redis-cluster)";

    case PRIZE_REDIS_UNCOVERED:
        return " (run the command again when the cluster is up)";

    default:
        return "";
    }
}


int
prizectl_redis_refused(prizectl_redis_t *redis, const char *command,
    const redisReply *reply, int type)
{
    if (reply->type == type) {
        return 0;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        prizectl_error("%s: %s: %s%s", redis->url, command, reply->str,
                       prizectl_redis_hint(reply->str));

    } else {
        prizectl_error("%s: %s: unexpected reply", redis->url, command);
    }

    return -1;
}


/* 0, or -1 after a message with the command's name, never its arguments */

static int
prizectl_redis_command(prizectl_redis_t *redis, int argc, const char **argv)
{
    int          rc;
    redisReply  *reply;

    reply = prizectl_redis_ask(redis, argc, argv, NULL);
    if (reply == NULL) {
        return -1;
    }

    rc = prizectl_redis_refused(redis, argv[0], reply, REDIS_REPLY_STATUS);

    freeReplyObject(reply);

    return rc;
}


/* the socket, and TLS on it; -1 and "why" */

static int
prizectl_redis_open(prizectl_redis_t *redis, const prizectl_access_t *access)
{
    int              flags;
    const char      *name;
    redisContext    *c;
    struct timeval   tv;

    tv.tv_sec = PRIZECTL_REDIS_TIMEOUT / 1000;
    tv.tv_usec = 0;

    c = redis->port ? redisConnectWithTimeout(redis->host, redis->port, tv)
                    : redisConnectUnixWithTimeout(redis->host, tv);

    redis->context = c;

    if (c == NULL) {
        return prizectl_redis_fail(redis, "out of memory");
    }

    if (c->err) {
        return prizectl_redis_fail(redis, c->errstr);
    }

    flags = fcntl(c->fd, F_GETFL);

    if (flags == -1 || fcntl(c->fd, F_SETFL, flags | O_NONBLOCK) == -1) {
        return prizectl_redis_fail(redis, strerror(errno));
    }

    name = access->name ? access->name
           : redis->name ? redis->name : redis->host;

    return access->tls ? prizectl_tls_connect(redis, access->tls, name) : 0;
}


static int
prizectl_redis_login(prizectl_redis_t *redis, const prizectl_access_t *access)
{
    char         number[sizeof("1000000")];
    const char  *auth[3], *select[2], *ping[1];

    auth[0] = "AUTH";
    auth[1] = access->user ? access->user : access->password;
    auth[2] = access->password;

    if (access->password
        && prizectl_redis_command(redis, access->user ? 3 : 2, auth) == -1)
    {
        return -1;
    }

    snprintf(number, sizeof(number), "%d", access->database);

    select[0] = "SELECT";
    select[1] = number;

    if (access->database && prizectl_redis_command(redis, 2, select) == -1) {
        return -1;
    }

    ping[0] = "PING";

    return prizectl_redis_command(redis, 1, ping);
}


int
prizectl_redis_connect(prizectl_redis_t *redis,
    const prizectl_access_t *access)
{
    int  rc;

    rc = prizectl_redis_open(redis, access);

    if (rc == -1) {
        prizectl_error("cannot connect to %s: %s", redis->url, redis->why);

    } else {
        rc = prizectl_redis_login(redis, access);
    }

    if (rc == -1) {
        prizectl_redis_close(redis);
    }

    return rc;
}
