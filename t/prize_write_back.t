use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# prize_write_back: what PostgreSQL answered is found in Redis the next time,
# and what is not stored or left as it is.  For how long it is stored says
# t/stores/write_back.t.
#
# A worker's commands to Redis take turns: whoever asks after an answer has
# arrived finds what that answer has stored.

run_tests();

__DATA__

=== TEST 1: by default the row is stored whole
--- sql
CREATE TABLE employee (id text, name text, seat text, note text, more text);
INSERT INTO employee VALUES ('7', 'Ann', NULL, E'x\r\ny', '');
--- query: SELECT * FROM employee WHERE id = ANY($1)
--- redis
--- page
{{name}} [{{seat}}]
--- pages
>>> other.html
{{id}} [{{note}}] [{{more}}]
--- config
    add_header X-From "$prize_source $upstream_status";
    location = /h5 { prize_page page.html; }
    location = /other { prize_page other.html; }
--- request eval: ["GET /h5?id=7", "GET /h5?id=7", "GET /other?id=7"]
--- response_body eval: ["Ann []\n", "Ann []\n", "7 [x\r\ny] []\n"]
--- response_headers eval
["X-From: postgres 404, 200", "X-From: redis 200", "X-From: redis 200"]

=== TEST 2: in each context, and inherited
--- query: SELECT id FROM unnest($1::text[]) AS id
--- redis
--- http_config
    prize_write_back off;
    server {
        listen unix:$TEST_NGINX_SERVROOT/logs/http.sock;
        location / { prize_page page.html; }
        add_header X-From "$prize_source $upstream_status";
    }
--- page: {{id}}
--- config
    prize_write_back 90s;
    add_header X-From "$prize_source $upstream_status";
    location = /http {
        proxy_pass http://unix:$TEST_NGINX_SERVROOT/logs/http.sock;
        add_header X-By proxy;      # the answer has an X-From of its own
    }
    location = /server { prize_page page.html; }
    location /location {
        prize_page page.html;
        prize_write_back off;
        location = /location/inner { prize_page page.html; }
        location = /location/own { prize_page page.html; prize_write_back 1h; }
    }
    location = /if {
        prize_page page.html;
        if ($arg_if) { prize_write_back off; }
    }
    location = /except {
        limit_except POST { prize_page page.html; prize_write_back off; }
    }
--- request eval
[map { ("GET $_", "GET $_") } qw(/http?id=1 /server?id=2 /location?id=3
 /location/inner?id=4 /location/own?id=5 /if?id=6&if=1 /if?id=7 /except?id=8)]
--- response_headers eval
my $off = "X-From: postgres 404, 200";
[map { ($off, $_ ? "X-From: redis 200" : $off) } 0, 1, 0, 0, 1, 0, 1, 0]

=== TEST 3: once for all who have asked together
--- query: SELECT id FROM unnest($1::text[]) AS id
--- redis
--- page
{{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/h5?id=7"
                 --><!--# include virtual="/h5?id=7"
                 --><!--# include virtual="/h5?id=8"
                 --><!--# include virtual="/h5?id=7" -->';
    }
    location = /metrics { prize_status; }
--- request eval: ["GET /all", "GET /h5?id=7", "GET /metrics"]
--- response_body_like eval
["^7\n7\n8\n7\n\\z", "^7\n\\z",
 'prize_writebacks_total\{result="stored"\} 2
prize_writebacks_total\{result="kept"\} 0
prize_writebacks_total\{result="failed"\} 0
']

=== TEST 4: to the server that has missed
--- http_config
    upstream employees {
        server unix:$TEST_NGINX_REDIS_SOCKET;
        server unix:$TEST_NGINX_REDIS_SOCKET2;
    }
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres_query "SELECT id FROM unnest($1::text[]) AS id";
--- page: {{id}}
--- config
    location = /h5 {
        prize_page page.html;
        prize_redis_pass employees;
        prize_postgres_pass hr;
    }
    location = /one {
        prize_page page.html;
        prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    }
    location = /two {
        prize_page page.html;
        prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET2;
    }
--- request eval
[map { "GET /$_" } qw(h5?id=7 one?id=7 two?id=7 h5?id=8 one?id=8 two?id=8)]
--- error_code eval: [200, 200, 404, 200, 404, 200]

=== TEST 5: that nobody knows somebody is not stored
--- query: SELECT id FROM unnest($1::text[]) AS id WHERE false
--- redis
--- page: {{id}}
--- http_config: add_header X-Result "$prize_result $upstream_status" always;
--- request eval: ["GET /h5?id=7", "GET /h5?id=7"]
--- error_code eval: [404, 404]
--- response_headers eval
["X-Result: unknown 404, 404", "X-Result: unknown 404, 404"]

=== TEST 6: a record that lacks a field of the page is replaced whole
--- redis: HSET employee:7 id 7 name old gone 'a column that was dropped'
--- query
SELECT id, 'new' AS name, 'a seat' AS seat
FROM unnest($1::text[]) AS id
--- page
{{name}} [{{seat}}]
--- pages
>>> gone.html
{{name}} [{{gone}}]
--- config
    add_header X-From "$prize_source $upstream_status";
    location = /h5 { prize_page page.html; }
    location = /gone { prize_page gone.html; prize_postgres_pass off; }
--- request eval
["GET /gone?id=7", "GET /h5?id=7", "GET /h5?id=7", "GET /gone?id=7"]
--- response_body eval
["old [a column that was dropped]\n", "new [a seat]\n", "new [a seat]\n",
 "new []\n"]
--- response_headers eval
["X-From: redis 200", "X-From: postgres 200, 200", "X-From: redis 200",
 "X-From: redis 200"]

=== TEST 7: off, a record that lacks a field stays as it is
--- redis: HSET employee:7 id 7 name old
--- query
SELECT id, 'new' AS name, 'a seat' AS seat
FROM unnest($1::text[]) AS id
--- http_config: prize_write_back off;
--- page: {{name}} [{{seat}}]
--- config
    add_header X-From "$prize_source $upstream_status";
    location = /h5 { prize_page page.html; }
    location = /redis { prize_page page.html; prize_postgres_pass off; }
--- request eval: ["GET /h5?id=7", "GET /redis?id=7"]
--- response_body eval: ["new [a seat]", "old []"]
--- response_headers eval: ["X-From: postgres 200, 200", "X-From: redis 200"]

=== TEST 8: a record without an id is replaced whole
--- redis: HSET employee:7 name 'of nobody' gone 'of nobody'
--- query: SELECT id, 'Ann' AS name FROM unnest($1::text[]) AS id
--- page
{{name}}
--- pages
>>> gone.html
{{name}} [{{gone}}]
--- config
    add_header X-From "$prize_source $upstream_status";
    location = /h5 { prize_page page.html; }
    location = /gone { prize_page gone.html; prize_postgres_pass off; }
--- request eval: ["GET /h5?id=7", "GET /h5?id=7", "GET /gone?id=7"]
--- response_body eval: ["Ann\n", "Ann\n", "Ann []\n"]
--- response_headers eval
["X-From: postgres 404, 200", "X-From: redis 200", "X-From: redis 200"]

=== TEST 9: what belongs to another stays as it is, whole or not
--- redis
HSET employee:7 id 8 name Ben seat 'a seat'
HSET employee:9 id 8 name Ben
--- query: SELECT id, 'Ann' AS name, '' AS seat FROM unnest($1::text[]) AS id
--- page: {{name}} [{{seat}}]
--- config
    add_header X-From "$prize_source $upstream_status";
    location = /h5 { prize_page page.html; }
    location = /key {
        prize_page page.html;
        prize_redis_key employee:$arg_key;
        prize_postgres_pass off;
    }
--- request eval
["GET /h5?id=7", "GET /h5?id=7", "GET /key?id=8&key=7",
 "GET /h5?id=9", "GET /h5?id=9", "GET /key?id=8&key=9"]
--- response_body eval
["Ann []", "Ann []", "Ben [a seat]", "Ann []", "Ann []", "Ben []"]
--- response_headers eval
[("X-From: postgres 502, 200", "X-From: postgres 502, 200",
  "X-From: redis 200") x 2]
--- error_log: "7" was asked for, but the record at key "employee:7" has id "8"

=== TEST 10: what is no hash stays as it is
--- redis
SET employee:string text
RPUSH employee:list a b
SADD employee:set a
ZADD employee:sorted 1 a
XADD employee:stream * a b
--- query: SELECT id FROM unnest($1::text[]) AS id
--- page: {{id}}
--- config
    add_header X-From "$prize_source $upstream_status";
    location = /h5 { prize_page page.html; }
--- request eval
[map { ("GET /h5?id=$_") x 2 } qw(string list set sorted stream)]
--- response_body eval: [map { ("$_") x 2 } qw(string list set sorted stream)]
--- response_headers eval: [("X-From: postgres 502, 200") x 10]
--- error_log eval: qr/WRONGTYPE.* key "employee:string".*prizectl load/

=== TEST 11: a value of 1 MiB is stored, and a larger one is an error
--- query: SELECT id, repeat('x', id::int) AS name FROM unnest($1::text[]) AS id
--- redis
--- http_config: map $prize_source $from { default $prize_source; "" none; }
--- page
{{name}}
--- config
    add_header X-From "$from $upstream_status" always;
    location = /h5 { prize_page page.html; }
--- request eval
["GET /h5?id=1048577", "GET /h5?id=1048577",
 "GET /h5?id=1048576", "GET /h5?id=1048576"]
--- error_code eval: [503, 503, 200, 200]
--- response_body_like eval
["503", "503", ("^x{16384}" . "x{16384}" x 63 . "\n\\z") x 2]
--- response_headers eval
["X-From: none 404, 502", "X-From: none 404, 502", "X-From: postgres 404, 200",
 "X-From: redis 200"]
--- error_log
postgres "hr": id "1048577": column "name" has 1048577 bytes, at most 1048576 fit into a record

=== TEST 12: a user of Redis who may only read
--- redis
ACL SETUSER reader on >secret ~* +@read +@connection
HSET employee:8 id 8 name Ben
--- query: SELECT id, 'Ann' AS name FROM unnest($1::text[]) AS id
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    prize_redis_username reader;
    prize_redis_password secret;
--- page
{{id}} {{name}}
--- config
    location = /h5 { prize_page page.html; }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/h5?id=7" wait="yes"
                 --><!--# include virtual="/h5?id=7" -->';
    }
    add_header X-From "$prize_source $upstream_status";
--- request eval: ["GET /all", "GET /h5?id=7", "GET /h5?id=8"]
--- response_body eval: ["7 Ann\n7 Ann\n", "7 Ann\n", "8 Ben\n"]
--- response_headers eval
["", "X-From: postgres 404, 200", "X-From: redis 200"]
--- error_log: refuses a write-back: "NOPERM

=== TEST 13: 0
--- config: prize_write_back 0; # here
--- must_die: "prize_write_back" takes a time of more than 0, or "off", not "0"

=== TEST 14: neither a time nor off
--- config: prize_write_back on; # here
--- must_die: "prize_write_back" takes a time of more than 0, or "off", not "on"

=== TEST 15: twice
--- config
    prize_write_back off;
    prize_write_back 1h; # here
--- must_die: "prize_write_back" directive is duplicate

=== TEST 16: who has Redis stores what is asked together with who has none
--- redis
--- query: SELECT id FROM unnest($1::text[]) AS id
--- page: {{id}}
--- config
    add_header X-From "$prize_source $upstream_status";
    location = /h5 { prize_page page.html; }
    location = /none { prize_page page.html; prize_redis_pass off; }
    location = /both {
        ssi on;
        ssi_types *;
        add_header X-From both;
        return 200 '<!--# include virtual="/none?id=7" -->
<!--# include virtual="/h5?id=7" -->';
    }
--- request eval: ["GET /both", "GET /h5?id=7"]
--- response_headers eval: ["X-From: both", "X-From: redis 200"]
