use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# What $prize_id, $prize_source, $prize_result, $prize_field_NAME and nginx's
# own $upstream_... say: each value, in each phase, and after error_page has
# gone elsewhere.

run_tests();

__DATA__

=== TEST 1: $prize_id is decoded once and checked, and else empty
--- redis
--- page: {{name}}
--- http_config: add_header X-Id "[$prize_id]" always;
--- request eval: [map { "GET /h5?id=$_" } qw(7 %37 E-1@h5 %2537 %00 a/b), '']
--- error_code eval: [404, 404, 404, 400, 400, 400, 400]
--- response_headers eval: [map { "X-Id: [$_]" } qw(7 7 E-1@h5), ('') x 4]

=== TEST 2: in the rewrite phase the ID is known, and nothing else
--- http_config: map $prize_id $known { default yes; "" no; }
--- redis: HSET employee:7 id 7 name Ann
--- page: {{name}}
--- config
    set $early "$prize_id/$known/$prize_source/$prize_result/$prize_field_name";
    add_header X-Early $early always;
    add_header X-Late $prize_id/$known/$prize_source/$prize_result/$prize_field_name
                      always;
    location = /h5 { prize_page page.html; }
--- request eval: ["GET /h5?id=%37", "GET /h5?id=%00", "GET /h5?id=9"]
--- error_code eval: [200, 400, 404]
--- response_headers eval
["X-Early: 7/yes///\nX-Late: 7/yes/redis/found/Ann",
 "X-Early: /no///\nX-Late: /no//refused/",
 "X-Early: 9/yes///\nX-Late: 9/yes//unknown/"]

=== TEST 3: in a location without a page
--- config
    location = /no-page {
        return 200 "$prize_id|$prize_source|$prize_result|$prize_field_name\n";
    }
--- request eval: ["GET /no-page?id=%37", "GET /no-page?id=%00"]
--- response_body eval: ["7|||\n", "|||\n"]

=== TEST 4: shed: nobody could be asked
--- http_config
    upstream nobody { server unix:$TEST_NGINX_REDIS_SOCKET down; }
    prize_redis_pass nobody;
    add_header X-Result "[$prize_id $prize_source $prize_result]" always;
    add_header X-Tries "[$upstream_addr]" always;
--- redis: HSET employee:7 id 7 name Ann
--- page: {{name}}
--- request: GET /h5?id=7
--- error_code: 503
--- response_headers
X-Result: [7  shed]
X-Tries: []

=== TEST 5: error: the store is not there, or its record is wrong
--- redis
HSET employee:other id 8 name Ben
SET employee:text Ann
--- page: {{name}}
--- config
    add_header X-Result "[$prize_id $prize_source $prize_result]" always;
    add_header X-Status "$upstream_status" always;
    location = /dead {
        prize_page page.html;
        prize_redis_pass $TEST_NGINX_DEAD;
    }
    location = /h5 { prize_page page.html; }
--- request eval: ["GET /dead?id=7", "GET /h5?id=other", "GET /h5?id=text"]
--- error_code eval: [503, 503, 503]
--- response_headers eval
[map { "X-Result: [$_  error]\nX-Status: 502" } qw(7 other text)]

=== TEST 6: fields, also those that no page names
--- query: SELECT * FROM employee WHERE id = ANY($1)
--- http_config
    map $prize_field_prize $winner { default 1; "" 0; }
    log_format fields '$prize_field_name|$prize_field_prize|'
                      '$prize_field_extra|$prize_field_none|$winner';
    prize_write_back off;
--- redis
HSET employee:7 id 7 name Ann prize phone extra seven
HSET employee:8 id 8 name Ben prize ''
--- sql
CREATE TABLE employee (id text, name text, prize text, extra text);
INSERT INTO employee VALUES ('p1', 'Pia', 'car', 'one'),
                            ('p2', 'Pat', '', NULL);
--- page
{{name}}
--- config
    location = /h5 {
        prize_page page.html;
        access_log logs/fields.log fields;
        access_log logs/winners.log fields if=$winner;
        add_header X-Name "[$prize_field_name]" always;
    }
    location /logs/ {
        root $TEST_NGINX_SERVROOT;
        access_log off;
    }
--- request eval
[map({ "GET /h5?id=$_" } qw(7 p1 p2 8 none), ''),
 "GET /logs/fields.log", "GET /logs/winners.log"]
--- error_code eval: [(200) x 4, 404, 400, 200, 200]
--- response_headers eval
[map({ "X-Name: [$_]" } qw(Ann Pia Pat Ben), '', ''), '', '']
--- response_body eval
["Ann\n", "Pia\n", "Pat\n", "Ben\n", qr/404 Not Found/, qr/400 Bad Request/,
 "Ann|phone|seven||1\nPia|car|one||1\nPat||||0\nBen||||0\n||||0\n||||0\n",
 "Ann|phone|seven||1\nPia|car|one||1\n"]

=== TEST 7: a field with capitals, as a page writes it
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres_pass hr;
    prize_postgres_query "SELECT 'p1' AS id, 'blue' AS \"Team\"
                          WHERE 'p1' = ANY($1)";
    prize_write_back off;
    add_header X-Team "$prize_field_team $prize_field_Team";
--- redis: HSET employee:7 id 7 Team green
--- page: {{Team}}
--- request eval: ["GET /h5?id=7", "GET /h5?id=p1"]
--- response_body eval: ["green", "blue"]
--- response_headers eval: ["X-Team: green green", "X-Team: blue blue"]

=== TEST 8: a field that is there to the letter comes before one with capitals
--- redis: HSET employee:7 id 7 Team green team red
--- page: {{Team}} {{team}}
--- http_config: add_header X-Team "$prize_field_team";
--- request: GET /h5?id=7
--- response_body: green red
--- response_headers: X-Team: red

=== TEST 9: a field that only a variable names makes no record stale
--- query: SELECT '7' AS id, 'Ann' AS name, 'x' AS extra WHERE '7' = ANY($1)
--- redis: HSET employee:7 id 7 name Ann
--- page: {{name}}
--- http_config: add_header X-Extra "[$prize_field_extra] $prize_source";
--- request: GET /h5?id=7
--- response_body: Ann
--- response_headers: X-Extra: [] redis

=== TEST 10: a field that only a variable names makes no query wrong
--- query: SELECT '7' AS id, 'Ann' AS name WHERE '7' = ANY($1)
--- page: {{name}}
--- http_config: add_header X-Extra "[$prize_field_extra] $prize_source";
--- request: GET /h5?id=7
--- response_body: Ann
--- response_headers: X-Extra: [] postgres

=== TEST 11: a field in a header makes no header of its own
--- redis
EVAL 'redis.call("HSET", KEYS[1], "id", 7, "name", "A\r\nSet-Cookie: evil=1\1\31\127\31\31\194\160")' 1 employee:7
--- page: {{name}}
--- http_config: add_header X-Name "$prize_field_name|";
--- request: GET /h5?id=7
--- response_headers eval
"X-Name: A  Set-Cookie: evil=1     \xc2\xa0|
! Set-Cookie"
--- response_body eval: "A\r\nSet-Cookie: evil=1\x01\x1f\x7f\x1f\x1f\xc2\xa0"

=== TEST 12: after error_page
--- query
SELECT id, 'Pia' AS name
FROM unnest($1::text[]) AS id WHERE id LIKE 'p%'
--- http_config
    map $upstream_response_time $times {
        default $upstream_response_time;
        "" none;
        "~^\d+\.\d{3}$" one;
        "~^\d+\.\d{3}, \d+\.\d{3}$" two;
        "~^\d+\.\d{3}, \d+\.\d{3} : \d+\.\d{3}$" "two, one";
        "~^\d+\.\d{3} : \d+\.\d{3}$" "one, one";
    }
    log_format store '$status|$prize_id|$prize_source|$prize_result|'
                     '$upstream_addr|$upstream_status|$times';
    prize_write_back off;
    server {
        listen unix:$TEST_NGINX_SERVROOT/logs/other.sock;
        access_log off;
        location / { return 200 "elsewhere\n"; }
    }
--- redis: HSET employee:7 id 7 name Ann
--- page
{{name}}
--- pages
>>> sorry.html
sorry
--- config
    access_log logs/store.log store;
    location = /connected { prize_page page.html; access_log off; }
    location = /file { prize_page page.html; error_page 400 404 /sorry.html; }
    location = /ok { prize_page page.html; error_page 404 =200 /sorry.html; }
    location = /sorry.html { root conf; }
    location = /named { prize_page page.html; error_page 404 @named; }
    location @named { return 200 "named\n"; }
    location = /proxied { prize_page page.html; error_page 404 = @proxied; }
    location @proxied {
        proxy_pass http://unix:$TEST_NGINX_SERVROOT/logs/other.sock;
    }
    location = /page {
        prize_page page.html;
        prize_postgres_pass off;
        error_page 404 = /other?id=p2;
    }
    location = /other { prize_page page.html; prize_redis_pass off; }
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
--- request eval
[map { "GET $_" } qw(/connected?id=p1 /file?id=9 /file?id=%20 /file?id=7
                     /ok?id=9 /named?id=9 /proxied?id=9 /page?id=9
                     /logs/store.log)]
--- error_code eval: [200, 404, 400, 200, 200, 404, 200, 200, 200]
--- response_body eval
["Pia\n", "sorry\n", "sorry\n", "Ann\n", "sorry\n", "named\n", "elsewhere\n",
 "Pia\n",
 '404|9||unknown|unix:$TEST_NGINX_REDIS_SOCKET, 127.0.0.1:$TEST_NGINX_POSTGRES_PORT|404, 404|two
400|||refused|-|-|none
200|7|redis|found|unix:$TEST_NGINX_REDIS_SOCKET|200|one
200|9||unknown|unix:$TEST_NGINX_REDIS_SOCKET, 127.0.0.1:$TEST_NGINX_POSTGRES_PORT|404, 404|two
404|9||unknown|unix:$TEST_NGINX_REDIS_SOCKET, 127.0.0.1:$TEST_NGINX_POSTGRES_PORT|404, 404|two
200|9||unknown|unix:$TEST_NGINX_REDIS_SOCKET, 127.0.0.1:$TEST_NGINX_POSTGRES_PORT : unix:$TEST_NGINX_SERVROOT/logs/other.sock|404, 404 : 200|two, one
200|p2|postgres|found|unix:$TEST_NGINX_REDIS_SOCKET : 127.0.0.1:$TEST_NGINX_POSTGRES_PORT|404 : 200|one, one
']

=== TEST 13: in a header after error_page
--- redis: HSET employee:8 id 8 name Ben
--- page
{{name}}
--- pages
>>> sorry.html
sorry
--- config
    add_header X-Result "[$prize_id $prize_source $prize_result]" always;
    add_header X-Name "[$prize_field_name]" always;
    location = /h5 {
        prize_page page.html if=name=Ann;
        error_page 400 404 /sorry.html;
    }
    location = /sorry.html { root conf; }
--- suppress_stderr
--- request eval: ["GET /h5?id=9", "GET /h5?id=%00", "GET /h5?id=8"]
--- error_code eval: [404, 400, 404]
--- response_body eval: [("sorry\n") x 3]
--- response_headers eval
["X-Result: [9  unknown]\nX-Name: []", "X-Result: [  refused]\nX-Name: []",
 "X-Result: [8 redis found]\nX-Name: [Ben]"]

=== TEST 14: a document that includes a page by SSI has variables of its own
--- http_config
    log_format store '$uri|$status|$prize_id|$prize_source|$prize_result|'
                     '$prize_field_name|$upstream_addr';
--- redis: HSET employee:8 id 8 name Ben
--- page: {{name}}
--- config
    access_log logs/store.log store;
    log_subrequest on;
    location = /h5 { prize_page page.html; }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/h5?id=8" -->';
    }
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
--- request eval: ["GET /all?id=7", "GET /logs/store.log"]
--- response_body eval
["Ben", '/h5|200|8|redis|found|Ben|unix:$TEST_NGINX_REDIS_SOCKET
/all|200|7||||-
']

=== TEST 15: $upstream_... has an entry for each store that was asked
--- query
SELECT id, 'Pia' AS name
FROM unnest($1::text[]) AS id WHERE id LIKE 'p%'
--- http_config
    map $upstream_response_time $times {
        default $upstream_response_time;
        "" none;
        "~^\d+\.\d{3}$" one;
        "~^\d+\.\d{3}, \d+\.\d{3}$" two;
    }
    log_format store '$status|$prize_id|$prize_source|$prize_result|'
                     '$upstream_addr|$upstream_status|$times';
    prize_redis_pass 127.0.0.1:$TEST_NGINX_REDIS_PORT;
    prize_write_back off;
--- redis
HSET employee:7 id 7 name Ann
HSET employee:p2 id p2
HSET employee:p3 id p4 name Pat
SET employee:p5 x
--- page: {{name}}
--- config
    access_log logs/store.log store;
    location = /connected { prize_page page.html; access_log off; }
    location = /h5 { prize_page page.html; }
    location = /redis { prize_page page.html; prize_postgres_pass off; }
    location = /postgres { prize_page page.html; prize_redis_pass off; }
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
--- request eval
["GET /connected?id=p1", "GET /h5?id=7", "HEAD /h5?id=7", "GET /h5?id=p1",
 "GET /h5?id=p2", "GET /h5?id=p3", "GET /h5?id=p5", "GET /h5?id=9",
 "GET /redis?id=p1", "GET /postgres?id=p1", "GET /h5?id=%00", "POST /h5?id=7",
 "GET /logs/store.log"]
--- error_code eval: [(200) x 7, 404, 404, 200, 400, 405, 200]
--- response_body eval
["Pia", "Ann", '', ("Pia") x 4, qr/404 Not Found/, qr/404 Not Found/,
 "Pia", qr/400 Bad Request/, qr/405 Not Allowed/,
 '200|7|redis|found|127.0.0.1:$TEST_NGINX_REDIS_PORT|200|one
200|7|redis|found|127.0.0.1:$TEST_NGINX_REDIS_PORT|200|one
200|p1|postgres|found|127.0.0.1:$TEST_NGINX_REDIS_PORT, 127.0.0.1:$TEST_NGINX_POSTGRES_PORT|404, 200|two
200|p2|postgres|found|127.0.0.1:$TEST_NGINX_REDIS_PORT, 127.0.0.1:$TEST_NGINX_POSTGRES_PORT|200, 200|two
200|p3|postgres|found|127.0.0.1:$TEST_NGINX_REDIS_PORT, 127.0.0.1:$TEST_NGINX_POSTGRES_PORT|502, 200|two
200|p5|postgres|found|127.0.0.1:$TEST_NGINX_REDIS_PORT, 127.0.0.1:$TEST_NGINX_POSTGRES_PORT|502, 200|two
404|9||unknown|127.0.0.1:$TEST_NGINX_REDIS_PORT, 127.0.0.1:$TEST_NGINX_POSTGRES_PORT|404, 404|two
404|p1||unknown|127.0.0.1:$TEST_NGINX_REDIS_PORT|404|one
200|p1|postgres|found|127.0.0.1:$TEST_NGINX_POSTGRES_PORT|200|one
400|||refused|-|-|none
405|7||refused|-|-|none
']

=== TEST 16: $upstream_addr of Unix sockets
--- redis
--- http_config
    log_format store '$upstream_addr';
    prize_postgres hr "$TEST_NGINX_SOCKET_CONNINFO";
    prize_postgres_pass hr;
    prize_postgres_query "SELECT 'p1' AS id WHERE 'p1' = ANY($1)";
    prize_write_back off;
--- page: {{id}}
--- config
    location = /connected { prize_page page.html; access_log off; }
    location = /h5 { prize_page page.html; access_log logs/store.log store; }
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
--- request eval
["GET /connected?id=p1", "GET /h5?id=p1", "GET /logs/store.log"]
--- response_body eval
["p1", "p1",
 'unix:$TEST_NGINX_REDIS_SOCKET, unix:$TEST_NGINX_POSTGRES_DIR
']

=== TEST 17: an ID that the column's type cannot hold is asked of nobody
--- query: SELECT * FROM employee WHERE id = ANY($1)
--- http_config
    log_format store '$status|$prize_result|$upstream_addr|$upstream_status|';
--- sql
CREATE TABLE employee (id integer, name text);
INSERT INTO employee VALUES (7, 'Ann');
--- page: {{name}}
--- config
    location = /connected { prize_page page.html; access_log off; }
    location = /h5 { prize_page page.html; access_log logs/store.log store; }
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
--- request eval
["GET /connected?id=7", "GET /h5?id=7", "GET /h5?id=x", "GET /logs/store.log"]
--- error_code eval: [200, 200, 404, 200]
--- response_body eval
["Ann", "Ann", qr/404 Not Found/,
 '200|found|127.0.0.1:$TEST_NGINX_POSTGRES_PORT|200|
404|unknown|-|-|
']
