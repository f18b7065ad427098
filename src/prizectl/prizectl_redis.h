
/*
 * A Redis server, named by a URL:
 *
 *     redis://[user@]host[:port][/database]
 *     unix:/path[?db=database][&user=user]
 *
 * A password never stands in it, since every user of the machine can read
 * a command line.
 */

#ifndef _PRIZECTL_REDIS_H_INCLUDED_
#define _PRIZECTL_REDIS_H_INCLUDED_


#include <hiredis/hiredis.h>

#include "prizectl_options.h"


typedef struct {
    const char          *url;           /* the caller's, for messages */
    char                *parts;         /* owned; the next three are in it */
    const char          *host;          /* or NULL: */
    const char          *path;
    const char          *user;          /* or NULL */
    int                  port;
    int                  database;
    redisContext        *context;       /* owned; once connected */
} prizectl_redis_t;


/* whether it is such a URL: 0, or -1 after a message */
int prizectl_redis_check(const char *url);

/*
 * Connects to the options' Redis, authenticates (with the first line of the
 * file, or, where none is named, with the environment's REDISCLI_AUTH),
 * selects the database and sees an answer.  The socket blocks afterwards, for
 * no longer than some seconds.  0, or -1 after a message;
 * prizectl_redis_destroy() takes both, and zeros.
 */
int prizectl_redis_connect(prizectl_redis_t *redis,
    const prizectl_options_t *options);

void prizectl_redis_destroy(prizectl_redis_t *redis);

/*
 * While it blocks: a command and its reply, or some commands and then the
 * reply of each.  A reply is to be freed with freeReplyObject(); NULL or -1
 * after a message, which has the command's name and no argument.
 */

redisReply *prizectl_redis_ask(prizectl_redis_t *redis, int argc,
    const char **argv, const size_t *lens);
int prizectl_redis_append(prizectl_redis_t *redis, int argc,
    const char **argv, const size_t *lens);
redisReply *prizectl_redis_reply(prizectl_redis_t *redis,
    const char *command);

/* -1 after a message if the reply is an error or not of that type */
int prizectl_redis_refused(prizectl_redis_t *redis, const char *command,
    const redisReply *reply, int type);

/* 0, or -1 after a message */
int prizectl_redis_blocking(prizectl_redis_t *redis, int blocking);


#endif /* _PRIZECTL_REDIS_H_INCLUDED_ */
