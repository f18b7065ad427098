
#include <string.h>

#include "prizectl.h"
#include "prizectl_ask.h"


/* nodes that send a key to each other */
#define PRIZECTL_ASK_REDIRECTS_MAX  16


/* where a key is asked for */

typedef struct {
    unsigned             key;
    unsigned             node;
    prizectl_redirect_e  how;
} prizectl_ask_place_t;


static int
prizectl_ask_send(prizectl_ask_t *ask, const prizectl_ask_place_t *place)
{
    unsigned                 i;
    const char              *asking[1];
    prize_str_t              name;
    prizectl_redis_t        *redis;
    prizectl_ask_command_t  *command;

    redis = ask->route->nodes[place->node];
    asking[0] = "ASKING";

    ask->name(ask->data, place->key, &name);

    for (i = 0; i < ask->ncommands; i++) {
        command = &ask->commands[i];
        command->argv[1] = name.data;
        command->lens[1] = name.len;

        if (place->how == PRIZECTL_REDIRECT_ASK
            && prizectl_redis_append(redis, 1, asking, NULL) == -1)
        {
            return -1;
        }

        if (prizectl_redis_append(redis, command->argc, command->argv,
                                  command->lens)
            == -1)
        {
            return -1;
        }
    }

    return 0;
}


/* the reply to one of the commands, that to ASKING aside; or NULL */

static redisReply *
prizectl_ask_reply(prizectl_ask_t *ask, const prizectl_ask_place_t *place,
    const char *command)
{
    redisReply        *reply;
    prizectl_redis_t  *redis;

    redis = ask->route->nodes[place->node];

    if (place->how == PRIZECTL_REDIRECT_ASK) {
        reply = prizectl_redis_reply(redis, "ASKING");

        if (reply == NULL) {
            return NULL;
        }

        freeReplyObject(reply);
    }

    return prizectl_redis_reply(redis, command);
}


/* takes the replies of a key: how it has to be asked again, if at all */

static prizectl_redirect_e
prizectl_ask_take(prizectl_ask_t *ask, const prizectl_ask_place_t *place,
    unsigned *to)
{
    unsigned              i, n;
    redisReply           *replies[PRIZECTL_ASK_COMMANDS];
    prizectl_redirect_e   how;

    how = PRIZECTL_REDIRECT_NONE;

    for (n = 0; n < ask->ncommands; n++) {
        replies[n] = prizectl_ask_reply(ask, place, ask->commands[n].argv[0]);

        if (replies[n] == NULL) {
            how = PRIZECTL_REDIRECT_ERROR;
            break;
        }

        if (how == PRIZECTL_REDIRECT_NONE) {
            how = prizectl_route_redirect(ask->route, place->node, replies[n],
                                          to);
        }
    }

    if (how == PRIZECTL_REDIRECT_NONE
        && ask->take(ask->data, place->key, ask->route->nodes[place->node],
                     replies)
           == -1)
    {
        how = PRIZECTL_REDIRECT_ERROR;
    }

    for (i = 0; i < n; i++) {
        freeReplyObject(replies[i]);
    }

    return how;
}


/* some of them in one turn: how many are left to be asked again, or -1 */

static int
prizectl_ask_turn(prizectl_ask_t *ask, prizectl_ask_place_t *places,
    unsigned n)
{
    unsigned              i, to, left;
    prizectl_redirect_e   how;

    for (i = 0; i < n; i++) {
        if (prizectl_ask_send(ask, &places[i]) == -1) {
            return -1;
        }
    }

    for (i = 0, left = 0; i < n; i++) {
        how = prizectl_ask_take(ask, &places[i], &to);

        if (how == PRIZECTL_REDIRECT_ERROR) {
            return -1;
        }

        if (how) {
            places[left].key = places[i].key;
            places[left].node = to;
            places[left++].how = how;
        }
    }

    return left;
}


int
prizectl_ask_keys(prizectl_ask_t *ask, unsigned n)
{
    int                    left;
    unsigned               i, redirects;
    prize_str_t            name;
    prizectl_ask_place_t   places[PRIZECTL_ASK_KEYS];

    for (i = 0; i < n; i++) {
        ask->name(ask->data, i, &name);

        places[i].key = i;
        places[i].node = prizectl_route_find(ask->route, &name);
        places[i].how = PRIZECTL_REDIRECT_NONE;
    }

    redirects = 0;

    for (left = n; left > 0; left = prizectl_ask_turn(ask, places, left)) {

        if (redirects++ > PRIZECTL_ASK_REDIRECTS_MAX) {
            prizectl_error("%s: nodes send keys to each other (run the "
                           "command again when the cluster is at rest)",
                           ask->route->url.text);
            return -1;
        }
    }

    return left;
}
