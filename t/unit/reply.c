
/*
 * prize_reply: what is a record and what is none, in pieces as large as they
 * come.
 */

#include <string.h>

#include "prize_reply.h"
#include "tap.h"


static prize_reply_t  reply;


static int
feed(const char *data)
{
    return prize_reply_feed(&reply, data, strlen(data));
}


static void
begin(void)
{
    if (prize_reply_init(&reply) != 0) {
        exit(1);
    }
}


/* the length and the bytes of a value, but for its end; the caller frees it */

static char *
feed_value(size_t len)
{
    char  *value, head[32];

    value = tap_alloc(len);
    memset(value, 'x', len);

    (void) snprintf(head, sizeof(head), "$%zu\r\n", len);
    (void) feed(head);
    (void) prize_reply_feed(&reply, value, len);

    return value;
}


/* a value so large that the reader would give its buffer back after it */

static void
large(void)
{
    begin();

    (void) feed("*3\r\n$2\r\nE1\r\n");
    free(feed_value(600000));
    (void) feed("\r\n");
    ok(prize_reply_next(&reply, 3) == PRIZE_REPLY_AGAIN,
       "a record that lacks its last value is not there yet");

    /* the end of the value was the end of a read */

    (void) feed("$1\r\nz\r\n");
    ok(prize_reply_next(&reply, 3) == PRIZE_REPLY_RECORD,
       "and is, with the rest of it");
    ok(reply.values[0].len == 2 && reply.values[1].len == 600000
       && reply.values[2].len == 1 && reply.values[2].data[0] == 'z',
       "each value in its place");

    (void) feed("+PONG\r\n");
    ok(prize_reply_next(&reply, 0) == PRIZE_REPLY_STRING,
       "the next reply is the next one");

    prize_reply_destroy(&reply);
}


/* its last byte may come with as much of the next replies as one read takes */

static void
largest(void)
{
    char    *value;
    size_t   n;

    begin();

    (void) feed("*1\r\n");
    value = feed_value(PRIZE_FIELD_MAX);
    (void) feed("\r");
    ok(prize_reply_next(&reply, 1) == PRIZE_REPLY_AGAIN,
       "the largest value, but for its last byte");

    value[0] = '\n';

    for (n = 1; n + 7 <= PRIZE_REPLY_FEED_MAX; n += 7) {
        memcpy(value + n, "+PONG\r\n", 7);
    }

    ok(prize_reply_feed(&reply, value, n) == 0, "and one whole read more");
    ok(prize_reply_next(&reply, 1) == PRIZE_REPLY_RECORD
       && reply.values[0].len == PRIZE_FIELD_MAX, "is there");

    for (n /= 7; n && prize_reply_next(&reply, 0) == PRIZE_REPLY_STRING; n--) {
        /* void */
    }

    ok(n == 0, "with all that came behind it");

    free(value);
    prize_reply_destroy(&reply);
}


/* a map of many nodes takes more than what comes behind it needs */

static void
tree(void)
{
    unsigned  i;

    begin();

    (void) feed("*5000\r\n");

    for (i = 0; i < 5000; i++) {
        (void) feed("$10\r\n0123456789\r\n");
    }

    ok(prize_reply_next(&reply, PRIZE_REPLY_NESTED) == PRIZE_REPLY_TREE
       && reply.nnodes == 5001 && reply.size >= 50000, "a large tree");

    (void) feed("*1\r\n$1\r\na\r\n");

    ok(prize_reply_next(&reply, 1) == PRIZE_REPLY_RECORD
       && reply.values[0].len == 1 && reply.values[0].data[0] == 'a'
       && reply.size < 5000 && reply.nodes == NULL,
       "a record behind it, and its memory is given back");

    prize_reply_destroy(&reply);
}


/* behind a whole reply: nothing, the next one, or the beginning of one */

static void
torn(const char *behind, int expected, const char *name)
{
    begin();

    (void) feed("*1\r\n$1\r\na\r\n");
    (void) feed(behind);

    while (prize_reply_next(&reply, 1) != PRIZE_REPLY_AGAIN) {
        /* void */
    }

    ok(prize_reply_torn(&reply) == expected, "%s", name);

    prize_reply_destroy(&reply);
}


static void
is(const char *data, unsigned wanted, prize_reply_e type, const char *name)
{
    begin();

    (void) feed(data);
    ok(prize_reply_next(&reply, wanted) == type, "%s", name);

    prize_reply_destroy(&reply);
}


static void
broken(const char *data, unsigned wanted, const char *name)
{
    is(data, wanted, PRIZE_REPLY_BROKEN, name);
}


int
main(void)
{
    large();
    largest();
    tree();

    is("*2\r\n$1\r\na\r\n$-1\r\n", 2, PRIZE_REPLY_RECORD, "a nil in a record");
    is(":7\r\n", 0, PRIZE_REPLY_INTEGER, "a number");
    is("-ERR no\r\n", 1, PRIZE_REPLY_ERROR, "an error");
    is("$-1\r\n", 1, PRIZE_REPLY_NIL, "nil");
    is("*-1\r\n", 1, PRIZE_REPLY_NIL, "no array");

    broken("*2\r\n$1\r\na\r\n$1\r\nb\r\n", 3, "too short");
    broken("*2\r\n$1\r\na\r\n$1\r\nb\r\n", 1, "too long");
    broken("*0\r\n", 0, "none was wanted");
    broken("*2\r\n$1\r\na\r\n:1\r\n", 2, "a number in it");
    broken("*2\r\n$1\r\na\r\n+b\r\n", 2, "a status in it");
    broken("*2\r\n$1\r\na\r\n-b\r\n", 2, "an error in it");
    broken("*1\r\n*1\r\n$1\r\na\r\n", 1, "a nested one");
    broken("*2\r\n$1\r\na\r\n,1.5\r\n", 2, "a double in it");
    broken("*2\r\n$1\r\na\r\n#t\r\n", 2, "a boolean in it");
    broken("*1\r\n=5\r\ntxt:a\r\n", 1, "a text of RESP3 in it");
    broken("HTTP/1.1 400\r\n", 1, "another protocol");

    broken("%1\r\n$1\r\na\r\n$1\r\nb\r\n", 2, "a map of RESP3");
    broken("~1\r\n$1\r\na\r\n", 1, "a set of RESP3");
    broken(">1\r\n$1\r\na\r\n", 1, "a push of RESP3");
    broken("=5\r\ntxt:a\r\n", 1, "a text of RESP3");
    broken("(12345\r\n", 1, "a large number of RESP3");
    broken(",1.5\r\n", 1, "a double of RESP3");
    broken("#t\r\n", 1, "a boolean of RESP3");

    torn("", 0, "nothing behind a reply");
    torn("*1\r\n$1\r\nb\r\n", 0, "another one behind it");
    torn("*", 1, "a byte behind it");
    torn("*1\r\n$1\r\nb\r\n*1\r\n", 1, "half a reply behind another one");

    return tap_done();
}
