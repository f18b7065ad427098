
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_redis.h"


#define PRIZECTL_REDIS_TIMEOUT        10        /* seconds */
#define PRIZECTL_REDIS_PORT           6379
#define PRIZECTL_REDIS_DATABASE_MAX   1000000


static int
prizectl_redis_number(const char *p, int min, int max, int *number)
{
    long   n;
    char  *end;

    if (*p < '0' || *p > '9') {
        return -1;
    }

    errno = 0;
    n = strtol(p, &end, 10);

    if (errno || *end || n < min || n > max) {
        return -1;
    }

    *number = n;

    return 0;
}


/* what stands behind the "?" of a unix: URL */

static int
prizectl_redis_arguments(prizectl_redis_t *redis, char *p)
{
    char  *next;

    while (p) {
        next = strchr(p, '&');
        if (next) {
            *next++ = '\0';
        }

        if (strncmp(p, "db=", 3) == 0) {
            if (prizectl_redis_number(p + 3, 0, PRIZECTL_REDIS_DATABASE_MAX,
                                      &redis->database)
                == -1)
            {
                return -1;
            }

        } else if (strncmp(p, "user=", 5) == 0 && p[5]) {
            redis->user = p + 5;

        } else {
            return -1;
        }

        p = next;
    }

    return 0;
}


static int
prizectl_redis_unix(prizectl_redis_t *redis, char *p)
{
    char  *arguments;

    arguments = strchr(p, '?');
    if (arguments) {
        *arguments++ = '\0';
    }

    redis->path = p;

    if (*p != '/') {
        return -1;
    }

    return prizectl_redis_arguments(redis, arguments);
}


static int
prizectl_redis_tcp(prizectl_redis_t *redis, char *p)
{
    char  *end;

    end = strrchr(p, '@');
    if (end) {
        *end = '\0';
        redis->user = p;
        p = end + 1;

        if (*redis->user == '\0' || strchr(redis->user, ':')) {
            return -1;
        }
    }

    end = strchr(p, '/');
    if (end) {
        *end++ = '\0';

        if (*end
            && prizectl_redis_number(end, 0, PRIZECTL_REDIS_DATABASE_MAX,
                                     &redis->database)
               == -1)
        {
            return -1;
        }
    }

    /* an IPv6 address stands in brackets */

    if (*p == '[') {
        redis->host = p + 1;

        end = strchr(p, ']');
        if (end == NULL) {
            return -1;
        }

        *end++ = '\0';

    } else {
        redis->host = p;
        end = p + strcspn(p, ":");
    }

    if (end == redis->host) {
        return -1;
    }

    if (*end == ':') {
        *end++ = '\0';
        return prizectl_redis_number(end, 1, 65535, &redis->port);
    }

    return *end ? -1 : 0;
}


static int
prizectl_redis_init(prizectl_redis_t *redis, const char *url)
{
    int  rc;

    memset(redis, 0, sizeof(prizectl_redis_t));

    redis->url = url;
    redis->port = PRIZECTL_REDIS_PORT;

    redis->parts = strdup(url);
    if (redis->parts == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    if (strncmp(url, "redis://", 8) == 0) {
        rc = prizectl_redis_tcp(redis, redis->parts + 8);

    } else if (strncmp(url, "unix:", 5) == 0) {
        rc = prizectl_redis_unix(redis, redis->parts + 5);

    } else {
        rc = -1;
    }

    if (rc == -1) {
        prizectl_error("--redis \"%s\": want redis://[user@]host[:port][/db] "
                       "or unix:/path[?db=N][&user=NAME]; a password comes "
                       "from REDISCLI_AUTH or --redis-password-file",
                       strchr(url, '@') ? "..." : url);
    }

    return rc;
}


int
prizectl_redis_check(const char *url)
{
    int               rc;
    prizectl_redis_t  redis;

    rc = prizectl_redis_init(&redis, url);
    prizectl_redis_destroy(&redis);

    return rc;
}


/* the first line of the file, to be freed; NULL after a message */

static char *
prizectl_redis_password_read(const char *name)
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


redisReply *
prizectl_redis_reply(prizectl_redis_t *redis, const char *command)
{
    void  *reply;

    errno = 0;

    if (redisGetReply(redis->context, &reply) == REDIS_OK) {
        return reply;
    }

    prizectl_error("%s: %s: %s", redis->url, command,
                   errno == EAGAIN ? "no answer in time"
                                   : redis->context->errstr);
    return NULL;
}


int
prizectl_redis_append(prizectl_redis_t *redis, int argc, const char **argv,
    const size_t *lens)
{
    if (redisAppendCommandArgv(redis->context, argc, argv, lens) != REDIS_OK) {
        prizectl_error("out of memory");
        return -1;
    }

    return 0;
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


int
prizectl_redis_refused(prizectl_redis_t *redis, const char *command,
    const redisReply *reply, int type)
{
    if (reply->type == type) {
        return 0;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        prizectl_error("%s: %s: %s%s", redis->url, command, reply->str,
                       strncmp(reply->str, "NOAUTH", 6) == 0
                       ? " (by REDISCLI_AUTH or --redis-password-file)" : "");

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


static int
prizectl_redis_auth(prizectl_redis_t *redis, const char *password_file)
{
    int          rc;
    char        *line;
    const char  *argv[3], *password;

    line = NULL;
    password = getenv("REDISCLI_AUTH");

    if (password_file) {
        line = prizectl_redis_password_read(password_file);
        if (line == NULL) {
            return -1;
        }

        password = line;
    }

    if (password == NULL || *password == '\0') {
        if (redis->user == NULL) {
            return 0;
        }

        prizectl_error("%s: a user needs a password, by REDISCLI_AUTH or "
                       "--redis-password-file", redis->url);
        return -1;
    }

    argv[0] = "AUTH";
    argv[1] = redis->user ? redis->user : password;
    argv[2] = password;

    rc = prizectl_redis_command(redis, redis->user ? 3 : 2, argv);

    free(line);

    return rc;
}


static int
prizectl_redis_select(prizectl_redis_t *redis)
{
    char         number[sizeof("1000000")];
    const char  *argv[2];

    if (redis->database == 0) {
        return 0;
    }

    snprintf(number, sizeof(number), "%d", redis->database);

    argv[0] = "SELECT";
    argv[1] = number;

    return prizectl_redis_command(redis, 2, argv);
}


int
prizectl_redis_connect(prizectl_redis_t *redis,
    const prizectl_options_t *options)
{
    redisContext    *c;
    const char      *ping;
    struct timeval   tv;

    if (prizectl_redis_init(redis, options->redis) == -1) {
        return -1;
    }

    ping = "PING";
    tv.tv_sec = PRIZECTL_REDIS_TIMEOUT;
    tv.tv_usec = 0;

    c = redis->path ? redisConnectUnixWithTimeout(redis->path, tv)
                    : redisConnectWithTimeout(redis->host, redis->port, tv);

    redis->context = c;

    if (c == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    if (c->err || redisSetTimeout(c, tv) != REDIS_OK) {
        prizectl_error("cannot connect to %s: %s", redis->url, c->errstr);
        return -1;
    }

    if (prizectl_redis_auth(redis, options->redis_password_file) == -1
        || prizectl_redis_select(redis) == -1)
    {
        return -1;
    }

    return prizectl_redis_command(redis, 1, &ping);
}


int
prizectl_redis_blocking(prizectl_redis_t *redis, int blocking)
{
    int            flags;
    redisContext  *c;

    c = redis->context;
    flags = fcntl(c->fd, F_GETFL);

    if (flags != -1) {
        flags = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
        flags = fcntl(c->fd, F_SETFL, flags);
    }

    if (flags == -1) {
        prizectl_error("%s: fcntl() failed: %s", redis->url, strerror(errno));
        return -1;
    }

    if (blocking) {
        c->flags |= REDIS_BLOCK;

    } else {
        c->flags &= ~REDIS_BLOCK;
    }

    return 0;
}


void
prizectl_redis_destroy(prizectl_redis_t *redis)
{
    if (redis->context) {
        redisFree(redis->context);
        redis->context = NULL;
    }

    free(redis->parts);
    redis->parts = NULL;
}
