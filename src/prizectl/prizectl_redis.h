
/*
 * A connection to a Redis server, plain or by TLS.  What is sent waits in a
 * buffer for the socket, which does not block, and replies are read by
 * hiredis.
 */

#ifndef _PRIZECTL_REDIS_H_INCLUDED_
#define _PRIZECTL_REDIS_H_INCLUDED_


#include <stddef.h>

#include <hiredis/hiredis.h>
#include <openssl/ssl.h>

#include "prize_reply.h"


/* milliseconds that a server may let us wait for any one reply */
#define PRIZECTL_REDIS_TIMEOUT  10000


/* how servers are spoken to, and who we are there; all is the caller's */

typedef struct {
    SSL_CTX             *tls;           /* NULL: plain */
    const char          *name;          /* on certificates; NULL: the host's */
    const char          *user;          /* or NULL */
    const char          *password;      /* or NULL */
    int                  database;
} prizectl_access_t;


typedef struct {
    char                *url;           /* owned; for messages */
    char                *host;          /* owned; a path where port is 0 */
    char                *name;          /* owned, or NULL: a host name that */
                                        /*   goes with the address in "host" */
    int                  port;

    redisContext        *context;       /* owned; NULL: not connected */
    SSL                 *ssl;           /* owned; or NULL */
    short                events;        /* that it waits for, but for POLLIN */

    char                *out;           /* owned: commands */
    size_t               sent;          /* of them, in bytes */
    size_t               used;
    size_t               size;

    char                 why[256];      /* it has failed */
} prizectl_redis_t;


/*
 * Not connected yet; "url" is written of host and port where it is NULL, and
 * "name" may be NULL.  NULL after a message; prizectl_redis_destroy() takes
 * both.
 */
prizectl_redis_t *prizectl_redis_create(const char *url, int tls,
    const char *host, int port, const char *name);

void prizectl_redis_destroy(prizectl_redis_t *redis);

/*
 * Connects, authenticates, selects the database and sees an answer.  0, or -1
 * after a message, as all functions here do that return an int but for
 * prizectl_redis_poll() and prizectl_redis_next().
 */
int prizectl_redis_connect(prizectl_redis_t *redis,
    const prizectl_access_t *access);

/* it may be connected again */
void prizectl_redis_close(prizectl_redis_t *redis);

/* commands are sent by the next prizectl_redis_poll() or what calls it */

int prizectl_redis_put(prizectl_redis_t *redis, const char *data, size_t len);
int prizectl_redis_append(prizectl_redis_t *redis, int argc,
    const char **argv, const size_t *lens);

/*
 * Sends and receives what can be, of all of them at once, after waiting for up
 * to "timeout" milliseconds: 1; 0: nothing came in that time.  -1 without a
 * message: one of them has failed, and "why" says so.
 */
int prizectl_redis_poll(prizectl_redis_t **list, unsigned n, int timeout);

/*
 * A reply that has come, or NULL in "*reply"; 0, or -1 without a message and
 * "why".  For freeReplyObject().
 */
int prizectl_redis_next(prizectl_redis_t *redis, redisReply **reply);

/*
 * Waits for the next reply, or sends a command and waits.  For
 * freeReplyObject(); NULL after a message, which has the command's name and
 * no argument.  Where "lens" is NULL, arguments are strings.
 */

redisReply *prizectl_redis_reply(prizectl_redis_t *redis,
    const char *command);
redisReply *prizectl_redis_ask(prizectl_redis_t *redis, int argc,
    const char **argv, const size_t *lens);

/*
 * The same where no other reply is awaited, for what src/core reads: the
 * reply, which has been initialised, is of the type that is returned, or of
 * PRIZE_REPLY_BROKEN after a message.
 */
prize_reply_e prizectl_redis_ask_tree(prizectl_redis_t *redis,
    prize_reply_t *reply, int argc, const char **argv);

/* -1 after a message if the reply is an error or not of that type */
int prizectl_redis_refused(prizectl_redis_t *redis, const char *command,
    const redisReply *reply, int type);

/* what to do about an error that Redis has told, to follow it; or "" */
const char *prizectl_redis_hint(const char *error);


#endif /* _PRIZECTL_REDIS_H_INCLUDED_ */
