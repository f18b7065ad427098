use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# A page among nginx's own directives: limit_req, deny and auth_request in
# front of it, "if" and limit_except around it, internal redirects
# on the way to it.  X-Asked has what each store answered that was asked.

run_tests();

__DATA__

=== TEST 1: limit_req counts an ID, however it is written, and no bad one
--- http_config: limit_req_zone $prize_id zone=employee:1m rate=1r/m;
--- redis
HSET employee:7 id 7
HSET employee:8 id 8
--- page: {{id}}
--- config
    location = /h5 {
        prize_page page.html;
        limit_req zone=employee;
        add_header X-Asked "$upstream_status" always;
    }
--- request eval
["GET /h5?id=7", "GET /h5?id=7", "GET /h5?id=%37", "GET /h5?id=8",
 "GET /h5?id=%208", "GET /h5?id=%208"]
--- error_code eval: [200, 503, 503, 200, 400, 400]
--- response_headers eval
my $private = "Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff\n";
my ($asked, $not) = ("${private}X-Asked: 200", "$private! X-Asked");
[$asked, $not, $not, $asked, $not, $not]

=== TEST 2: deny or auth_request in front of a page: who is refused asks no store
--- http_config: add_header X-Asked "$upstream_status" always;
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config
    location = /h5 { prize_page page.html; auth_request /may; }
    location = /denied { prize_page page.html; deny all; }
    location = /may {
        if ($http_x_may) { return 204; }
        return 403;
    }
--- request eval: ["GET /h5?id=7", "GET /h5?id=7", "GET /denied?id=7"]
--- more_headers eval: ["X-May: 1", "", ""]
--- error_code eval: [200, 403, 403]
--- response_headers eval
["X-Asked: 200",
("Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
! X-Asked") x 2]
--- response_body_like eval: ['^7$', ('403 Forbidden') x 2]

=== TEST 3: auth_request by another's page leaves this one alone
--- redis
HSET employee:7 id 7 name Ann
HSET employee:8 id 8 name Ben
--- page
Hello, {{name}}!
--- pages
>>> boss.html
The boss is {{name}}.
--- config
    location = /h5 {
        prize_page page.html;
        auth_request /boss;
        add_header X-Result "$prize_id $prize_result $prize_source" always;
        add_header X-Name "$prize_field_name $upstream_status";
    }
    location = /boss { prize_page boss.html; prize_id $http_x_boss; }
--- request: GET /h5?id=7
--- more_headers: X-Boss: 8
--- response_headers
X-Result: 7 found redis
X-Name: Ann 200
Content-Type: text/html; charset=utf-8
Content-Length: 12
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Vary: Accept-Encoding
--- response_body
Hello, Ann!

=== TEST 4: auth_request says who the employee is
--- redis: HSET employee:7 id 7 name Ann
--- page: Hello, {{name}}!
--- config
    location = /h5 {
        prize_page page.html;
        prize_id $employee;
        auth_request /who;
        auth_request_set $employee $http_x_badge;
    }
    location = /who { return 204; }
--- request eval: ["GET /h5", "GET /h5"]
--- more_headers eval: ["X-Badge: 7", "X-Badge: 7 8"]
--- error_code eval: [200, 400]
--- response_body_like eval: ['^Hello, Ann!$', '400 Bad Request']

=== TEST 5: "if" without Redis, in a location with both stores
--- query: SELECT '7' AS id, 'Pia' AS name WHERE '7' = ANY($1)
--- redis: HSET employee:7 id 7 name Ann
--- page: Hello, {{name}}!
--- config
    location = /h5 {
        prize_page page.html;
        if ($arg_local) { prize_redis_pass off; }
        add_header X-Asked "$upstream_status" always;
    }
--- request eval: ["GET /h5?id=7", "GET /h5?id=7&local=1"]
--- response_headers eval: [("X-Asked: 200") x 2]
--- response_body eval: ["Hello, Ann!", "Hello, Pia!"]

=== TEST 6: limit_except around a page
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config
    location = /h5 {
        prize_page page.html;
        limit_except GET { deny all; }
    }
--- request eval: ["GET /h5?id=7", "HEAD /h5?id=7", "POST /h5?id=7"]
--- error_code eval: [200, 200, 403]
--- response_headers eval
[("Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff") x 3]
--- response_body_like eval: ['^7$', '^$', '403 Forbidden']

=== TEST 7: rewrite, try_files and X-Accel-Redirect on the way to a page
--- http_config
    server {
        listen unix:$TEST_NGINX_SERVROOT/logs/other.sock;
        location / { add_header X-Accel-Redirect /h5?id=8; return 200; }
    }
--- redis
HSET employee:7 id 7
HSET employee:8 id 8
--- page: {{id}}
--- config
    location = /h5 { prize_page page.html; }
    location /rewrite/ { rewrite ^/rewrite/(.*) /h5?id=$1? last; }
    location /try/ { try_files $uri /h5?id=8; }
    location /away/ {
        proxy_pass http://unix:$TEST_NGINX_SERVROOT/logs/other.sock;
    }
    location /named/ { error_page 418 = @h5; return 418; }
    location @h5 { prize_page page.html; }
--- request eval
["GET /rewrite/7", "GET /rewrite/%20", "GET /try/?id=7", "GET /away/?id=7",
 "GET /named/?id=7"]
--- error_code eval: [200, 400, 200, 200, 200]
--- response_headers eval
my $private = "Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff";
my $page = "$private\nVary: Accept-Encoding";
[$page, $private, $page, $page, $page]
--- response_body_like eval: ['^7$', '400 Bad Request', '^8$', '^8$', '^7$']
