use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# What prize_redis_cluster and prize_redis_read_from take.  What they do is in
# t/stores/routes.t, and with nodes that die in t/fault/cluster.t.

run_tests();

__DATA__

=== TEST 1: prize_redis_cluster that is neither on nor off
--- config: prize_redis_cluster yes; # here
--- must_die
"prize_redis_cluster"
it must be "on" or "off"

=== TEST 2: prize_redis_cluster twice
--- config
    prize_redis_cluster on;
    prize_redis_cluster off; # here
--- must_die: "prize_redis_cluster" directive is duplicate

=== TEST 3: prize_redis_cluster and a database
--- http_config: prize_redis_pass 127.0.0.1:$TEST_NGINX_REDIS_PORT;
--- page
--- config
    location = /h5 {
        prize_page page.html;
        prize_redis_cluster on;
        prize_redis_database 1;
    }
--- must_die eval: qr/"prize_redis_(?:cluster|database)".* in .*nginx\.conf:\d+/

=== TEST 4: prize_redis_cluster and a database from outside
--- http_config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_REDIS_PORT;
    prize_redis_database 15;
--- page
--- config
    location = /h5 { prize_page page.html; prize_redis_cluster on; }
--- must_die eval: qr/"prize_redis_(?:cluster|database)".* in .*nginx\.conf:\d+/

=== TEST 5: prize_redis_cluster from outside and a database
--- http_config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_REDIS_PORT;
    prize_redis_cluster on;
--- page
--- config
    location = /h5 { prize_page page.html; prize_redis_database 1; }
--- must_die eval: qr/"prize_redis_(?:cluster|database)".* in .*nginx\.conf:\d+/

=== TEST 6: prize_redis_cluster and database 0, or off and another one
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_redis_database 1;
--- query: SELECT '7' AS id, 'Ann' AS name WHERE '7' = ANY($1)
--- page: {{name}}
--- config
    prize_redis_cluster on;

    location = /zero { prize_page page.html; prize_redis_database 0; }
    location = /off { prize_page page.html; prize_redis_cluster off; }
--- request eval: ["GET /zero?id=7", "GET /off?id=7"]
--- response_body eval: ["Ann", "Ann"]

=== TEST 7: prize_redis_read_from takes three words
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_redis_cluster on;
--- query: SELECT '7' AS id, 'Ann' AS name WHERE '7' = ANY($1)
--- page: {{name}}
--- config
    location = /1 { prize_page page.html; prize_redis_read_from primary; }
    location = /2 {
        prize_page page.html;
        prize_redis_read_from prefer_primary;
    }
    location = /3 {
        prize_page page.html;
        prize_redis_read_from prefer_replica;
    }
--- request eval: [map { "GET /$_?id=7" } 1 .. 3]
--- response_body eval: [("Ann") x 3]

=== TEST 8: prize_redis_read_from and another word
--- config: prize_redis_read_from replica; # here
--- must_die eval: qr/"prize_redis_read_from".*"replica"|"replica".*"prize_redis_read_from"/

=== TEST 9: prize_redis_read_from without a word
--- config: prize_redis_read_from; # here
--- must_die: invalid number of arguments in "prize_redis_read_from" directive

=== TEST 10: prize_redis_read_from twice
--- config
    prize_redis_read_from primary;
    prize_redis_read_from primary; # here
--- must_die: "prize_redis_read_from" directive is duplicate

=== TEST 11: prize_redis_read_from needs neither of the two
--- redis: HSET employee:7 id 7 name Ann
--- page: {{name}}
--- config
    location = /h5 {
        prize_page page.html;
        prize_redis_read_from prefer_replica;
    }
--- request: GET /h5?id=7
--- response_body: Ann
