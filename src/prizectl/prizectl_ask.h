
/*
 * The same commands about each of several keys, at whichever servers have
 * them, all at once.
 */

#ifndef _PRIZECTL_ASK_H_INCLUDED_
#define _PRIZECTL_ASK_H_INCLUDED_


#include "prizectl_route.h"


/* commands about a key, and keys in one turn, at most */
#define PRIZECTL_ASK_COMMANDS  2
#define PRIZECTL_ASK_KEYS      1024


/* a command: its second word is the key */

typedef struct {
    int                      argc;
    const char             **argv;
    size_t                  *lens;
} prizectl_ask_command_t;


typedef struct {
    prizectl_route_t        *route;
    prizectl_ask_command_t   commands[PRIZECTL_ASK_COMMANDS];
    unsigned                 ncommands;
    void                    *data;          /* the caller's, for these: */

    /* of the key with that number; it holds until the next call */
    void                   (*name)(void *data, unsigned key,
                                   prize_str_t *name);

    /* its replies, which are freed afterwards: 0, or -1 after a message */
    int                    (*take)(void *data, unsigned key,
                                   prizectl_redis_t *redis,
                                   redisReply **replies);
} prizectl_ask_t;


/*
 * Asks about the keys from 0 to "n" - 1.  Whose slot moves is asked of another
 * node, and taken later.  0, or -1 after a message.
 */
int prizectl_ask_keys(prizectl_ask_t *ask, unsigned n);


#endif /* _PRIZECTL_ASK_H_INCLUDED_ */
