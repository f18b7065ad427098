use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize qw(run_dir spew);
use Test::Prize::Socket;

# Which status an employee gets, and in which order a request is refused.
# X-Asked has what each store answered that was asked: a refusal asks none.

# no user but nginx's may read a file of keys

$ENV{TEST_NGINX_KEYS} = spew(run_dir() . '/keys',
    "k1 YW4gZXhhbXBsZSdzIGtleSBvZiB0aGlydHktdHdvIGJ5dGVzIQ==\n");
chmod 0600, $ENV{TEST_NGINX_KEYS} or die "chmod: $!";

run_tests();

__DATA__

=== TEST 1: 200, found in Redis
--- query: SELECT id, id AS name FROM unnest($1::text[]) AS id
--- redis: HSET employee:7 id 7 name Ann
--- page: Hello, {{name}}!
--- http_config
    add_header X-Result "$prize_result ($prize_source)" always;
    add_header X-Asked "$upstream_status" always;
--- request: GET /h5?id=7
--- response_body: Hello, Ann!
--- response_headers
X-Result: found (redis)
X-Asked: 200

=== TEST 2: 200, found in PostgreSQL
# At level "debug" the lines of the debug log are taken, too, so that none of
# them crashes.
--- log_level: debug
--- query: SELECT id, 'Pia' AS name FROM unnest($1::text[]) AS id
--- redis
--- http_config
    prize_write_back off;
    add_header X-Result "$prize_result ($prize_source)" always;
    add_header X-Asked "$upstream_status" always;
--- page: Hello, {{name}}!
--- request: GET /h5?id=7
--- response_body: Hello, Pia!
--- response_headers
X-Result: found (postgres)
X-Asked: 404, 200

=== TEST 3: 404, unknown to both
--- log_level: debug
--- query: SELECT 'other' AS id WHERE 'other' = ANY($1)
--- redis
--- page: {{id}}
--- http_config
    add_header X-Result "$prize_id $prize_result" always;
    add_header X-Asked "$upstream_status" always;
--- request: GET /h5?id=7
--- error_code: 404
--- response_headers
X-Result: 7 unknown
X-Asked: 404, 404

=== TEST 4: Redis alone is asked where PostgreSQL is off
--- query: SELECT id FROM unnest($1::text[]) AS id
--- redis: HSET employee:8 id 8
--- page: {{id}}
--- config
    location = /h5 {
        prize_page page.html;
        prize_postgres_pass off;
        add_header X-Result "$prize_result ($prize_source)" always;
        add_header X-Asked "$upstream_status" always;
    }
--- request eval: ["GET /h5?id=7", "GET /h5?id=8"]
--- error_code eval: [404, 200]
--- response_headers eval
["X-Result: unknown ()\nX-Asked: 404", "X-Result: found (redis)\nX-Asked: 200"]

=== TEST 5: PostgreSQL alone is asked where Redis is off
--- query: SELECT '8' AS id WHERE '8' = ANY($1)
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config
    location = /h5 {
        prize_page page.html;
        prize_redis_pass off;
        add_header X-Result "$prize_result ($prize_source)" always;
        add_header X-Asked "$upstream_status" always;
    }
--- request eval: ["GET /h5?id=7", "GET /h5?id=8"]
--- error_code eval: [404, 200]
--- response_headers eval
["X-Result: unknown ()\nX-Asked: 404",
 "X-Result: found (postgres)\nX-Asked: 200"]

=== TEST 6: 405, for other methods than GET and HEAD, and no store is asked
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- http_config
    add_header X-Result "$prize_result" always;
    add_header X-Asked "$upstream_status" always;
--- request eval
[map({ "$_ /h5?id=7" } qw(POST PUT DELETE PATCH OPTIONS)), "HEAD /h5?id=7"]
--- error_code eval: [(405) x 5, 200]
--- response_headers eval
[("X-Result: refused\n!X-Asked") x 5,
 "X-Result: found\nX-Asked: 200"]

=== TEST 7: the order is 405, 400, 403, 410, and then a store is asked
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config
    location = /h5 {
        prize_page page.html;
        prize_sign_key_file $TEST_NGINX_KEYS;
        prize_sign_event gift;
        add_header X-Result "$prize_result" always;
        add_header X-Asked "$upstream_status" always;
    }
--- request eval
my $new = 'x=4070908800&k=k1&s=drF4fMfrn11UAOsblXzvH75f-E7s2PJfR8VoHSjA4zg';
my $old = 'x=978307200&k=k1&s=3tENvu1kDj44FJWdS4yto4cN9TZ4gOcpFM1gfsY3lxQ';
["POST /h5", "POST /h5?id=%00", "POST /h5?id=7", "POST /h5?id=7&$old",
 "GET /h5", "GET /h5?id=%00&$old", "GET /h5?id=%00&$new",
 "GET /h5?id=7", "GET /h5?id=8&$old", "GET /h5?id=8&$new",
 "GET /h5?id=7&$old",
 "GET /h5?id=7&$new"]
--- error_code eval: [(405) x 4, (400) x 3, (403) x 3, 410, 200]
--- response_headers eval
[("X-Result: refused\n!X-Asked") x 11,
 "X-Result: found\nX-Asked: 200"]

=== TEST 8: 503, where Redis is dead and stands alone
--- log_level: debug
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    add_header X-Result "$prize_result" always;
    add_header X-Asked "$upstream_status" always;
--- page: {{id}}
--- request: GET /h5?id=7
--- error_code: 503
--- response_headers_like
X-Result: error
X-Asked: 502
Retry-After: [123]

=== TEST 9: 503, where neither store is there
--- log_level: debug
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_postgres hr "host=$TEST_NGINX_SERVROOT";
    prize_postgres_pass hr;
    prize_postgres_query "SELECT id FROM unnest($1::text[]) AS id";
    add_header X-Result "$prize_result" always;
--- page: {{id}}
--- request: GET /h5?id=7
--- error_code: 503
--- response_headers_like
X-Result: (?:error|shed)
Retry-After: [123]

=== TEST 10: 503, where PostgreSQL is late
--- log_level: debug
--- query: SELECT id FROM unnest($1::text[]) AS id, pg_sleep(30) WHERE id = '8'
--- redis
--- http_config
    prize_postgres_timeout 100ms;
    add_header X-Result "$prize_id $prize_result ($prize_source)" always;
    add_header X-Asked "$upstream_status" always;
--- page: {{id}}
--- request: GET /h5?id=8
--- error_code: 503
--- response_headers_like
X-Result: 8 timeout \(\)
X-Asked: 404, 504
Retry-After: [123]
