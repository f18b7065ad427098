use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# Which ID is one, where it comes from (prize_id), and how long it may be
# (prize_id_max_length).

run_tests();

__DATA__

=== TEST 1: the default is $arg_id, the first one, decoded once
--- redis
HSET employee:7 id 7 name Ann
HSET employee:li@example id li@example name Li
--- page: {{id}} {{name}}
--- http_config: add_header X-Id $prize_id always;
--- request eval
[map { "GET /h5?$_" } 'id=7', 'a=1&id=7&b=2', 'id=7&id=8', 'ID=7',
                      'id=%37', 'id=li@example', 'id=%6ci%40example']
--- response_body eval: [("7 Ann") x 5, ("li\@example Li") x 2]
--- response_headers eval: [("X-Id: 7") x 5, ("X-Id: li\@example") x 2]

=== TEST 2: what is no ID is refused, and no store is asked
--- http_config
    add_header X-Id $prize_id always;
    add_header X-Result $prize_result always;
    add_header X-Asked $upstream_addr always;
--- redis
HSET employee:7 id 7
HSET employee: id ''
--- page: {{id}}
--- request eval
[map { "GET /h5$_" } '', '?xid=7&i=7', '?id=', '?id=&id=7', '?id=7%208',
                     '?id=%207', '?id=7+8', '?id=%00', '?id=7%00',
                     '?id=%2537', '?id=7%', '?id=%zz', '?id=..%2f7',
                     "?id='7'", '?id=7%0d%0aFLUSHALL%0d%0a',
                     "?id=\xe6\x9d\x8e", '?id=%e6%9d%8e', '?id=%ff']
--- error_code eval: [(400) x 18]
--- response_headers eval
[("X-Result: refused\n!X-Id\n!X-Asked\nCache-Control: private, no-store") x 18]

=== TEST 3: each ID is itself, to Redis and to PostgreSQL
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres_query "SELECT u AS id FROM unnest($1::text[]) AS u";
--- redis
HSET employee:. id .
HSET employee:.. id ..
HSET employee:_ id _
HSET employee:@ id @
HSET employee:- id -
HSET employee:a.b_c@d-e id a.b_c@d-e
HSET employee:null id null
HSET employee:nil id nil
--- page: {{id}}
--- config
    location = /redis { prize_page page.html; }
    location = /postgres {
        prize_page page.html;
        prize_redis_pass off;
        prize_postgres_pass hr;
    }
--- request eval
[map { my $store = $_; map { "GET /$store?id=$_" }
       qw(. .. _ @ - a.b_c@d-e null nil) } qw(redis postgres)]
--- response_body eval: [(qw(. .. _ @ - a.b_c@d-e null nil)) x 2]

=== TEST 4: another argument, a cookie, a header, a capture, and text
--- redis
HSET employee:7 id 7 name Ann
HSET employee:p7 id p7 name Pia
HSET employee:p7x id p7x name Pax
HSET employee:7.8 id 7.8 name Two
--- page: {{name}}
--- config
    location = /arg { prize_page page.html; prize_id $arg_staff; }
    location = /cookie { prize_page page.html; prize_id $cookie_staff; }
    location = /header { prize_page page.html; prize_id $http_x_staff; }
    location ~ ^/named/(?<who>[^/]*)$ { prize_page page.html; prize_id $who; }
    location ~ ^/numbered/([^/]*)$ { prize_page page.html; prize_id $1; }
    location = /before { prize_page page.html; prize_id p$arg_n; }
    location = /around { prize_page page.html; prize_id p${arg_n}x; }
    location = /two { prize_page page.html; prize_id $arg_n.$arg_m; }
    location = /text { prize_page page.html; prize_id 7; }
--- request eval
["GET /arg?staff=7&id=8", "GET /cookie?id=8", "GET /header?id=8",
 "GET /named/7?id=8", "GET /numbered/7?id=8", "GET /before?n=7",
 "GET /around?n=7", "GET /two?n=7&m=8", "GET /text?id=8"]
--- more_headers
Cookie: a=b; staff=%37
X-Staff: %37
--- response_body eval: [("Ann") x 5, "Pia", "Pax", "Two", "Ann"]

=== TEST 5: no ID there, or a bad one, is refused as well
--- redis
--- http_config
    add_header X-Result $prize_result always;
    add_header X-Asked $upstream_addr always;
--- page: {{id}}
--- config
    location = /arg { prize_page page.html; prize_id $arg_staff; }
    location = /cookie { prize_page page.html; prize_id $cookie_staff; }
    location = /bad { prize_page page.html; prize_id $cookie_bad; }
    location = /header { prize_page page.html; prize_id $http_x_staff; }
    location ~ ^/named/(?<who>[^/]*)$ { prize_page page.html; prize_id $who; }
--- request eval: [map { "GET /$_?id=7" } qw(arg cookie bad header named/)]
--- more_headers: Cookie: bad=7%208
--- error_code eval: [(400) x 5]
--- response_headers eval: [("X-Result: refused\n!X-Asked") x 5]

=== TEST 6: prize_id in http
--- http_config: prize_id $arg_http;
--- redis: HSET employee:7 id 7 name Ann
--- page: {{name}}
--- request: GET /h5?id=8&http=7
--- response_body: Ann

=== TEST 7: prize_id in server, location, if in location and limit_except
--- http_config: prize_id $arg_http;
--- redis
HSET employee:1 id 1
HSET employee:2 id 2
HSET employee:3 id 3
HSET employee:4 id 4
--- page: {{id}}
--- config
    prize_id $arg_server;

    location = /server { prize_page page.html; }
    location = /location {
        prize_page page.html;
        prize_id $arg_location;
        if ($arg_if) { prize_id $arg_if; }
    }
    location = /except {
        prize_page page.html;
        limit_except POST { prize_id $arg_except; }
    }
--- request eval
["GET /server?http=9&server=1", "GET /location?server=1&location=2",
 "GET /location?location=2&if=3", "GET /except?server=1&except=4"]
--- response_body eval: ["1", "2", "3", "4"]

=== TEST 8: prize_id twice
--- config
    prize_id $arg_a;
    prize_id $arg_b; # here
--- must_die: "prize_id" directive is duplicate

=== TEST 9: by default an ID has at most 64 bytes, decoded
--- http_config: add_header X-Asked $upstream_status always;
--- redis
HSET employee:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx9 id xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx9 name Max
--- page: {{name}}
--- request eval
[map { "GET /h5?id=$_" } 'x' x 63 . '9', '%78' x 63 . '%39',
                         'x' x 63 . '90', '%78' x 63 . '%39%30']
--- error_code eval: [200, 200, 400, 400]
--- response_headers eval: [("X-Asked: 200") x 2, ("!X-Asked") x 2]

=== TEST 10: prize_id_max_length 1
--- redis
HSET employee:7 id 7
HSET employee:78 id 78
--- page: {{id}}
--- config: location = /h5 { prize_page page.html; prize_id_max_length 1; }
--- request eval: ["GET /h5?id=7", "GET /h5?id=%37", "GET /h5?id=78"]
--- error_code eval: [200, 200, 400]

=== TEST 11: prize_id_max_length 1024
--- redis eval: "HSET employee:" . 'x' x 1024 . ' id ' . 'x' x 1024
--- page: {{id}}
--- config: location = /h5 { prize_page page.html; prize_id_max_length 1024; }
--- request eval: ["GET /h5?id=" . 'x' x 1024, "GET /h5?id=" . 'x' x 1025]
--- error_code eval: [200, 400]
--- response_body_like eval: ['^x{1024}$', '400 Bad Request']

=== TEST 12: prize_id_max_length in http
--- http_config: prize_id_max_length 1;
--- redis
HSET employee:7 id 7
HSET employee:78 id 78
--- page: {{id}}
--- request eval: ["GET /h5?id=7", "GET /h5?id=78"]
--- error_code eval: [200, 400]

=== TEST 13: prize_id_max_length in server, location, if in location and limit_except
--- http_config: prize_id_max_length 9;
--- redis
HSET employee:1 id 1
HSET employee:12 id 12
HSET employee:123 id 123
--- page: {{id}}
--- config
    prize_id_max_length 1;

    location = /server { prize_page page.html; }
    location = /location {
        prize_page page.html;
        prize_id_max_length 2;
        if ($arg_if) { prize_id_max_length 3; }
    }
    location = /except {
        prize_page page.html;
        limit_except POST { prize_id_max_length 2; }
    }
--- request eval
["GET /server?id=1", "GET /server?id=12", "GET /location?id=12",
 "GET /location?id=123", "GET /location?id=123&if=1", "GET /except?id=12",
 "GET /except?id=123"]
--- error_code eval: [200, 400, 200, 400, 200, 200, 400]

=== TEST 14: prize_id_max_length 0
--- config: prize_id_max_length 0; # here
--- must_die: "prize_id_max_length" takes 1 to 1024 bytes, not 0

=== TEST 15: prize_id_max_length 1025
--- config: prize_id_max_length 1025; # here
--- must_die: "prize_id_max_length" takes 1 to 1024 bytes, not 1025

=== TEST 16: prize_id_max_length -1
--- config: prize_id_max_length -1; # here
--- must_die: "prize_id_max_length" directive invalid value

=== TEST 17: prize_id_max_length twice
--- config
    prize_id_max_length 9;
    prize_id_max_length 9; # here
--- must_die: "prize_id_max_length" directive is duplicate
