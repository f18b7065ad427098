use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# "prize_redis_pass NAME:PORT resolve": what it takes, and from where.  How a
# name moves is t/fault/names.t.

run_tests();

__DATA__

=== TEST 1: an address needs no resolver
--- http_config: prize_redis_pass 127.0.0.1:$TEST_NGINX_REDIS_PORT resolve;
--- redis: HSET employee:7 id 7 name Ann
--- page: {{name}}
--- request: GET /h5?id=7
--- response_body: Ann

=== TEST 2: a name that is not known yet
--- http_config
    log_format store '$prize_result $upstream_addr.';
    resolver $TEST_NGINX_DEAD;
    prize_redis_pass redis.example:6379 resolve;
--- page: {{name}}
--- config
    access_log logs/error.log store;
    location = /h5 { prize_page page.html; }
--- request: GET /h5?id=7
--- error_code: 503
--- response_headers_like: Retry-After: [123]
--- error_log: shed -.

=== TEST 3: and PostgreSQL beside it
--- http_config
    resolver $TEST_NGINX_DEAD;
    prize_redis_pass Redis.Example.:6379 resolve;
--- query: SELECT '7' AS id, 'Ann' AS name WHERE '7' = ANY($1)
--- page: {{name}}
--- request: GET /h5?id=7
--- response_body: Ann

=== TEST 4: the resolver is the location's
--- http_config: prize_redis_pass redis.example:6379 resolve;
--- page
--- config
    location = /h5 {
        resolver $TEST_NGINX_DEAD;
        resolver_timeout 1s;
        prize_page page.html;
    }
--- request: GET /h5?id=7
--- error_code: 503

=== TEST 5: another location has none
--- page
--- config
    prize_redis_pass Redis.Example:6379 resolve; # here

    location = /has {
        resolver $TEST_NGINX_DEAD;
        prize_page page.html;
    }
    location = /h5 { prize_page page.html; }
--- must_die
"prize_redis_pass" has no "resolver" to look up "redis.example", in 

=== TEST 6: a location without it needs none
--- http_config: prize_redis_pass redis.example:6379 resolve;
--- redis: HSET employee:7 id 7 name Ann
--- page: {{name}}
--- config
    location = /h5 {
        prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
        prize_page page.html;
    }
--- request: GET /h5?id=7
--- response_body: Ann

=== TEST 7: no port
--- config: prize_redis_pass redis.example resolve; # here
--- must_die
"prize_redis_pass" takes NAME:PORT with "resolve", not "redis.example"

=== TEST 8: a port that is none
--- config: prize_redis_pass redis.example:redis resolve; # here
--- must_die
"prize_redis_pass" takes NAME:PORT with "resolve", not "redis.example:redis": invalid port

=== TEST 9: a socket
--- config: prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET resolve; # here
--- must_die
"prize_redis_pass" takes NAME:PORT with "resolve", not "unix:

=== TEST 10: off
--- config: prize_redis_pass off resolve; # here
--- must_die
"prize_redis_pass" takes NAME:PORT with "resolve", not "off"

=== TEST 11: another parameter
--- config: prize_redis_pass redis.example:6379 resolved; # here
--- must_die: "prize_redis_pass" has no parameter "resolved"

=== TEST 12: an upstream block, which may stand behind it
--- page
--- config
    resolver $TEST_NGINX_DEAD;
    prize_redis_pass Employees:6379 resolve; # here
    location = /h5 { prize_page page.html; }
--- http_config: upstream employees { server 127.0.0.1:6379; }
--- must_die
"prize_redis_pass" with "resolve" names the upstream block "employees": leave port and "resolve" out, in 

=== TEST 13: by TLS a certificate has to bear the name
--- http_config
    resolver $TEST_NGINX_DEAD;
    prize_redis_ssl on;
    prize_redis_pass redis.example:6379 resolve;
--- page
--- request: GET /h5?id=7
--- error_code: 503
