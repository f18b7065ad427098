
/*
 * prize_slot, prize_cluster and prize_sentinel: what a cluster and the
 * Sentinels say, and what is no answer of theirs.
 */

#include <string.h>

#include "prize_cluster.h"
#include "prize_sentinel.h"
#include "tap.h"


#define NODE(host, port, id)                                                  \
    "*3\r\n" host ":" port "\r\n$" id "\r\n"

#define A  NODE("$9\r\n127.0.0.1\r\n", "7001", "1\r\na")
#define B  NODE("$9\r\n127.0.0.1\r\n", "7002", "1\r\nb")
#define C  NODE("$9\r\n127.0.0.1\r\n", "7003", "1\r\nc")


static prize_reply_t        reply;
static prize_cluster_map_t  map;


static int
is(const prize_str_t *string, const char *text)
{
    return string->len == strlen(text)
           && memcmp(string->data, text, string->len) == 0;
}


static prize_reply_e
begin(const char *data)
{
    if (prize_reply_init(&reply) != 0
        || prize_reply_feed(&reply, data, strlen(data)) != 0)
    {
        abort();
    }

    return prize_reply_next(&reply, PRIZE_REPLY_NESTED);
}


static const char *
read_map(const char *data)
{
    if (begin(data) != PRIZE_REPLY_TREE) {
        return "no array";
    }

    return prize_cluster_map_read(&map, &reply);
}


static void
end(void)
{
    prize_cluster_map_destroy(&map);
    prize_reply_destroy(&reply);
}


static void
test_slots(void)
{
    unsigned     i;
    prize_str_t  key;

    static const struct {
        const char  *key;
        unsigned     slot;
    } tests[] = {
        /* the check value of the specification, and what redis-cli says */
        { "123456789", 0x31c3 }, { "", 0 }, { "foo", 12182 },
        { "employee:1", 2253 },
        { "{foo}bar", 12182 }, { "a{foo}b{bar}", 12182 },
        { "{}foo", 9500 }, { "foo{", 7673 }, { "{foo", 13308 }
    };

    for (i = 0; i < tap_nitems(tests); i++) {
        key.data = tests[i].key;
        key.len = strlen(tests[i].key);

        ok(prize_slot(&key) == tests[i].slot, "slot of \"%s\": %u",
           tests[i].key, prize_slot(&key));
    }
}


static void
test_map(void)
{
    const char  *why;

    why = read_map("*3\r\n"
                   "*4\r\n:0\r\n:5000\r\n" A B
                   "*3\r\n:5001\r\n:9999\r\n" C
                   "*4\r\n:10001\r\n:16383\r\n" A B);

    ok(why == NULL && map.nnodes == 3, "three nodes");
    ok(map.uncovered == 1 && map.slots[10000] == 0, "one slot is nobody's");
    ok(map.slots[0] == 1 && map.slots[5001] == 3 && map.slots[16383] == 1,
       "the others have a primary");
    ok(map.nodes[0].primary && map.nodes[2].primary && !map.nodes[1].primary
       && map.nodes[1].shard == 0 && map.nodes[2].shard == 2,
       "which has its replicas");
    ok(is(&map.nodes[1].id, "b") && is(&map.nodes[1].host, "127.0.0.1")
       && map.nodes[1].port == 7002, "a node's address and ID");
    end();

    ok(read_map("*0\r\n") == NULL && map.nnodes == 0, "a map of nobody");
    end();

    /* who lost its slots to its replica may stand in both places */

    why = read_map("*2\r\n*4\r\n:0\r\n:1\r\n" A B "*4\r\n:2\r\n:3\r\n" B A);
    ok(why == NULL && map.nodes[0].shard == 0 && map.nodes[1].shard == 1,
       "who has slots is nobody's replica");
    end();
}


static void
test_endpoints(void)
{
    (void) read_map("*3\r\n"
                    "*3\r\n:0\r\n:0\r\n" NODE("$-1\r\n", "7001", "1\r\na")
                    "*3\r\n:1\r\n:1\r\n" NODE("$1\r\n?\r\n", "7002", "1\r\nb")
                    "*3\r\n:2\r\n:2\r\n" NODE("$0\r\n\r\n", "0", "1\r\nc"));

    ok(map.nnodes == 3 && map.nodes[0].host.len == 0 && !map.nodes[0].unknown,
       "nil: the host that was asked");
    ok(map.nodes[1].unknown, "\"?\": unknown");
    ok(map.nodes[2].unknown, "port 0: unknown");
    end();

    (void) read_map("*1\r\n*3\r\n:0\r\n:0\r\n*5\r\n$1\r\nh\r\n:1\r\n$1\r\na\r\n"
                    "*4\r\n$2\r\nip\r\n$3\r\n::1\r\n$5\r\nshard\r\n:7\r\n"
                    "*1\r\n*1\r\n:1\r\n");
    ok(map.nnodes == 0, "arrays in an array where none is expected: too deep");
    end();

    (void) read_map("*1\r\n*3\r\n:0\r\n:0\r\n*5\r\n$1\r\nh\r\n:1\r\n$1\r\na\r\n"
                    "*4\r\n$2\r\nip\r\n$3\r\n::1\r\n$5\r\nshard\r\n:7\r\n"
                    "*1\r\n:1\r\n");
    ok(map.nnodes == 1 && is(&map.nodes[0].address, "::1"),
       "the address of a name, and what is not known yet");
    end();

    (void) read_map("*1\r\n*3\r\n:0\r\n:0\r\n*4\r\n$1\r\n1\r\n:1\r\n$1\r\na\r\n"
                    "*2\r\n$8\r\nhostname\r\n$1\r\nn\r\n");
    ok(map.nnodes == 1 && is(&map.nodes[0].hostname, "n"),
       "the name of an address");
    end();
}


static void
test_garbage(void)
{
    unsigned     i;
    const char  *why;

    static const char  *maps[] = {
        "*1\r\n:1\r\n",
        "*1\r\n*2\r\n:1\r\n:2\r\n",
        "*1\r\n*3\r\n:1\r\n:2\r\n:3\r\n",
        "*1\r\n*3\r\n:1\r\n:16384\r\n" A,
        "*1\r\n*3\r\n:-1\r\n:2\r\n" A,
        "*1\r\n*3\r\n$1\r\n0\r\n:2\r\n" A,
        "*2\r\n*3\r\n:1\r\n:2\r\n" A "*3\r\n:2\r\n:3\r\n" B,
        "*1\r\n*3\r\n:1\r\n:2\r\n*2\r\n$1\r\na\r\n:1\r\n",
        "*1\r\n*3\r\n:1\r\n:2\r\n" NODE("$1\r\na\r\n", "65536", "1\r\na"),
        "*1\r\n*3\r\n:1\r\n:2\r\n" NODE("$3\r\na b\r\n", "1", "1\r\na"),
        "*1\r\n*3\r\n:1\r\n:2\r\n" NODE("$1\r\na\r\n", "1", "0\r\n"),
        "*1\r\n*3\r\n:1\r\n:2\r\n*4\r\n$1\r\na\r\n:1\r\n$1\r\na\r\n:1\r\n",
        "*1\r\n*3\r\n:1\r\n:2\r\n*4\r\n$1\r\na\r\n:1\r\n$1\r\na\r\n"
            "*1\r\n$2\r\nip\r\n",
        "*1\r\n*3\r\n:1\r\n:2\r\n*4\r\n$1\r\na\r\n:1\r\n$1\r\na\r\n"
            "*2\r\n$2\r\nip\r\n*0\r\n"
    };

    for (i = 0; i < tap_nitems(maps); i++) {
        why = read_map(maps[i]);
        ok(why != NULL && map.nnodes == 0 && map.uncovered == PRIZE_SLOTS,
           "no map: %s", why ? why : maps[i]);
        end();
    }
}


/* each slot has a node of its own, until there are too many */

static void
test_many(unsigned n, int fits)
{
    char      *data, *p;
    unsigned   i;

    data = tap_alloc(n * 80 + 80);
    p = data + sprintf(data, "*%u\r\n", n);

    for (i = 0; i < n; i++) {
        p += sprintf(p, "*3\r\n:%u\r\n:%u\r\n*3\r\n$1\r\nh\r\n:1\r\n"
                     "$5\r\n%05u\r\n", i, i, i);
    }

    ok((read_map(data) == NULL) == fits && map.nnodes == (fits ? n : 0),
       "%u nodes", n);

    end();
    free(data);
}


static void
test_redirects(void)
{
    unsigned                  i;
    prize_str_t               text;
    prize_cluster_redirect_t  to;

    static const struct {
        const char  *text;
        const char  *host;
        unsigned     slot;
        unsigned     port;
        unsigned     ask;
    } tests[] = {
        { "MOVED 3999 127.0.0.1:6381", "127.0.0.1", 3999, 6381, 0 },
        { "ASK 0 h:1", "h", 0, 1, 1 },
        { "MOVED 16383 ::1:6381", "::1", 16383, 6381, 0 },
        { "MOVED 1 :6381", "", 1, 6381, 0 }
    };

    static const char  *wrong[] = {
        "", "MOVED", "MOVED ", "MOVED 1", "MOVED 1 ", "MOVED 16384 h:1",
        "MOVED 1 h", "MOVED 1 h:", "MOVED 1 h:0", "MOVED 1 h:65536",
        "MOVED 1 h:1 ", "MOVED x h:1", "ASK", "ASK 1", "MOVED 1 ?:1",
        "MOVED 1 a b:1", "MOVED 99999999999 h:1", "ERR 1 h:1"
    };

    for (i = 0; i < tap_nitems(tests); i++) {
        text.data = tests[i].text;
        text.len = strlen(text.data);

        ok(prize_cluster_redirect_read(&to, &text) == 0
           && is(&to.host, tests[i].host) && to.slot == tests[i].slot
           && to.port == tests[i].port && to.ask == tests[i].ask,
           "%s", tests[i].text);
    }

    for (i = 0; i < tap_nitems(wrong); i++) {
        text.data = wrong[i];
        text.len = strlen(text.data);

        ok(prize_cluster_redirect_read(&to, &text) != 0, "nowhere: \"%s\"",
           wrong[i]);
    }
}


static void
test_sentinel(void)
{
    const prize_reply_node_t  *node;
    prize_sentinel_server_t    server;

    ok(begin("*2\r\n$1\r\nh\r\n$4\r\n6379\r\n") == PRIZE_REPLY_TREE
       && prize_sentinel_master_read(&server, &reply) == 0
       && is(&server.host, "h") && server.port == 6379, "a master");
    end();

    ok(begin("*2\r\n$1\r\nh\r\n$5\r\n65536\r\n") == PRIZE_REPLY_TREE
       && prize_sentinel_master_read(&server, &reply) != 0,
       "a port that is none");
    end();

    ok(begin("*1\r\n$1\r\nh\r\n") == PRIZE_REPLY_TREE
       && prize_sentinel_master_read(&server, &reply) != 0, "no port");
    end();

    (void) begin("*3\r\n"
                 "*6\r\n$2\r\nip\r\n$1\r\na\r\n$4\r\nport\r\n$1\r\n1\r\n"
                     "$5\r\nflags\r\n$5\r\nslave\r\n"
                 "*2\r\n$2\r\nip\r\n$1\r\nb\r\n"
                 "*6\r\n$2\r\nip\r\n$1\r\nc\r\n$4\r\nport\r\n$1\r\n3\r\n"
                     "$5\r\nflags\r\n$12\r\ns_down,slave\r\n");
    node = &reply.nodes[1];

    ok(prize_sentinel_replica_read(&server, &node) == 0
       && is(&server.host, "a") && server.port == 1 && !server.down,
       "a replica");
    ok(prize_sentinel_replica_read(&server, &node) != 0, "one without a port");
    ok(prize_sentinel_replica_read(&server, &node) == 0
       && is(&server.host, "c") && server.down, "one that is down");
    end();
}


static void
test_role(const char *data, prize_role_e role, const char *name)
{
    ok(begin(data) == PRIZE_REPLY_TREE
       && prize_sentinel_role_read(&reply) == role, "%s", name);
    end();
}


int
main(void)
{
    test_slots();
    test_map();
    test_endpoints();
    test_garbage();
    test_many(PRIZE_CLUSTER_NODES_MAX, 1);
    test_many(PRIZE_CLUSTER_NODES_MAX + 1, 0);
    test_redirects();
    test_sentinel();

    test_role("*3\r\n$6\r\nmaster\r\n:1\r\n*1\r\n*3\r\n$1\r\nh\r\n$1\r\n1\r\n"
              "$1\r\n0\r\n", PRIZE_ROLE_MASTER, "a master's role");
    test_role("*5\r\n$5\r\nslave\r\n$1\r\nh\r\n:1\r\n$9\r\nconnected\r\n:1\r\n",
              PRIZE_ROLE_REPLICA, "a replica's");
    test_role("*2\r\n$8\r\nsentinel\r\n*0\r\n", PRIZE_ROLE_OTHER,
              "a Sentinel's");
    test_role("*0\r\n", PRIZE_ROLE_OTHER, "nobody's");

    return tap_done();
}
