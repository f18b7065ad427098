
/*
 * Replies from anywhere: however they are cut into pieces, they are the same
 * replies, and what is called a record has its values in place.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "prize_reply.h"


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

    case PRIZE_REPLY_ERROR:
        (void) prize_redis_error(&reply->text);
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

    wanted = data[0] % 8;
    whole = read_all(data + 2, size - 2, size, wanted);

    if (read_all(data + 2, size - 2, 1, wanted) != whole
        || read_all(data + 2, size - 2, 1 + data[1] % 16, wanted) != whole)
    {
        abort();
    }

    return 0;
}
