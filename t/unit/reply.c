
/*
 * prize_reply: what is a record and what is none, in pieces as large as they
 * come.
 */

#include <stdlib.h>
#include <string.h>

#include "prize_reply.h"
#include "tap.h"


static prize_reply_t  reply;


static int
feed(const char *data)
{
    return prize_reply_feed(&reply, data, strlen(data));
}


/* a value so large that the reader would give its buffer back after it */

static void
large(void)
{
    char    *value, head[32];
    size_t   len;

    len = 600000;
    value = malloc(len + 1);

    if (value == NULL) {
        exit(1);
    }

    memset(value, 'x', len);
    value[len] = '\0';

    (void) snprintf(head, sizeof(head), "$%lu\r\n", (unsigned long) len);

    (void) feed("*3\r\n$2\r\nE1\r\n");
    (void) feed(head);
    (void) feed(value);
    (void) feed("\r\n");
    ok(prize_reply_next(&reply, 3) == PRIZE_REPLY_AGAIN,
       "a record that lacks its last value is not there yet");

    /* the end of the value was the end of a read */

    (void) feed("$1\r\nz\r\n");
    ok(prize_reply_next(&reply, 3) == PRIZE_REPLY_RECORD,
       "and is, with the rest of it");
    ok(reply.values[0].len == 2 && reply.values[1].len == len
       && reply.values[2].len == 1 && reply.values[2].data[0] == 'z',
       "each value in its place");

    (void) feed("+PONG\r\n");
    ok(prize_reply_next(&reply, 0) == PRIZE_REPLY_STRING,
       "the next reply is the next one");

    free(value);
}


/* behind a whole reply: nothing, the next one, or the beginning of one */

static void
torn(const char *behind, int expected, const char *name)
{
    if (prize_reply_init(&reply) != 0) {
        exit(1);
    }

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
    if (prize_reply_init(&reply) != 0) {
        exit(1);
    }

    (void) feed(data);
    ok(prize_reply_next(&reply, wanted) == type, "%s", name);

    prize_reply_destroy(&reply);
}


/* its last byte may come with as much of the next replies as one read takes */

static void
largest(void)
{
    char    *value, head[32];
    size_t   len, n;

    len = PRIZE_FIELD_MAX;
    value = malloc(len);

    if (value == NULL) {
        exit(1);
    }

    memset(value, 'x', len);

    n = snprintf(head, sizeof(head), "*1\r\n$%lu\r\n", (unsigned long) len);

    (void) prize_reply_feed(&reply, head, n);
    (void) prize_reply_feed(&reply, value, len);
    (void) feed("\r");
    ok(prize_reply_next(&reply, 1) == PRIZE_REPLY_AGAIN,
       "the largest value, but for its last byte");

    value[0] = '\n';
    memcpy(value + 1, "+PONG\r\n", 7);

    for (n = 8; n + 7 <= PRIZE_REPLY_FEED_MAX; n += 7) {
        memcpy(value + n, "+PONG\r\n", 7);
    }

    ok(prize_reply_feed(&reply, value, n) == 0, "and one whole read more");
    ok(prize_reply_next(&reply, 1) == PRIZE_REPLY_RECORD
       && reply.values[0].len == len, "is there");

    for (n /= 7; n && prize_reply_next(&reply, 0) == PRIZE_REPLY_STRING; n--) {
        /* void */
    }

    ok(n == 0, "with all that came behind it");

    free(value);
}


int
main(void)
{
    if (prize_reply_init(&reply) != 0) {
        return 1;
    }

    large();
    largest();
    prize_reply_destroy(&reply);

    is("*2\r\n$1\r\na\r\n$-1\r\n", 2, PRIZE_REPLY_RECORD, "a nil in a record");
    is("*2\r\n$1\r\na\r\n$1\r\nb\r\n", 3, PRIZE_REPLY_BROKEN, "too short");
    is("*2\r\n$1\r\na\r\n$1\r\nb\r\n", 1, PRIZE_REPLY_BROKEN, "too long");
    is("*0\r\n", 0, PRIZE_REPLY_BROKEN, "none was wanted");
    is("*2\r\n$1\r\na\r\n:1\r\n", 2, PRIZE_REPLY_BROKEN, "a number in it");
    is("*2\r\n$1\r\na\r\n+b\r\n", 2, PRIZE_REPLY_BROKEN, "a status in it");
    is("*2\r\n$1\r\na\r\n-b\r\n", 2, PRIZE_REPLY_BROKEN, "an error in it");
    is("*1\r\n*1\r\n$1\r\na\r\n", 1, PRIZE_REPLY_BROKEN, "a nested one");
    is("*2\r\n$1\r\na\r\n,1.5\r\n", 2, PRIZE_REPLY_BROKEN, "a double");
    is("*2\r\n$1\r\na\r\n#t\r\n", 2, PRIZE_REPLY_BROKEN, "a boolean");
    is("#t\r\n", 0, PRIZE_REPLY_BROKEN, "a boolean by itself");
    is("HTTP/1.1 400\r\n", 1, PRIZE_REPLY_BROKEN, "another protocol");

    is("%1\r\n$1\r\na\r\n$1\r\nb\r\n", 2, PRIZE_REPLY_BROKEN,
       "a map of RESP3");
    is("~1\r\n$1\r\na\r\n", 1, PRIZE_REPLY_BROKEN, "a set of RESP3");
    is(">1\r\n$1\r\na\r\n", 1, PRIZE_REPLY_BROKEN, "a push of RESP3");
    is("=5\r\ntxt:a\r\n", 1, PRIZE_REPLY_BROKEN, "a text of RESP3");
    is("*1\r\n=5\r\ntxt:a\r\n", 1, PRIZE_REPLY_BROKEN, "and as an element");
    is("(12345\r\n", 1, PRIZE_REPLY_BROKEN, "a large number of RESP3");
    is(",1.5\r\n", 1, PRIZE_REPLY_BROKEN, "a fraction of RESP3");
    is("#t\r\n", 1, PRIZE_REPLY_BROKEN, "a truth value of RESP3");
    is(":7\r\n", 0, PRIZE_REPLY_INTEGER, "a number");
    is("-ERR no\r\n", 1, PRIZE_REPLY_ERROR, "an error");
    is("$-1\r\n", 1, PRIZE_REPLY_NIL, "nil");
    is("*-1\r\n", 1, PRIZE_REPLY_NIL, "no array");

    torn("", 0, "nothing behind a reply");
    torn("*1\r\n$1\r\nb\r\n", 0, "another one behind it");
    torn("*", 1, "a byte behind it");
    torn("*1\r\n$1\r\nb\r\n*1\r\n", 1, "half a reply behind another one");

    return tap_done();
}
