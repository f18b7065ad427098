use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# error_page and post_action: from a page to a file, to a named location and
# to another page.  Each header is there exactly once on each way: to
# response_headers, one that is there twice has both values, "a, a".

run_tests();

__DATA__

=== TEST 1: a file keeps the status and is as private as a page
--- http_config: limit_req_zone $server_port zone=all:1m rate=1r/m;
--- redis: HSET employee:7 id 7
--- page
{{id}}
--- pages
>>> gone.html
a friendly page
--- config
    error_page 400 403 404 405 503 /error/gone.html;
    location = /h5 { prize_page page.html; }
    location = /denied { prize_page page.html; deny all; }
    location = /dead {
        prize_page page.html;
        prize_redis_pass $TEST_NGINX_DEAD;
    }
    location = /limited { prize_page page.html; limit_req zone=all; }
    location /error/ { internal; alias conf/; expires 1d; }
--- request eval
["GET /limited?id=7", "GET /limited?id=7", "GET /h5", "GET /h5?id=8",
 "POST /h5?id=7", "GET /denied?id=7", "GET /dead?id=7"]
--- error_code eval: [200, 503, 400, 404, 405, 403, 503]
--- response_headers eval
[("Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff") x 7]
--- raw_response_headers_like eval: [("") x 6, '(?m)^Retry-After: [123]\r$']
--- response_body eval: ["7\n", ("a friendly page\n") x 6]

=== TEST 2: a named location keeps the status and is as private as a page
--- redis
--- page: {{id}}
--- config
    error_page 400 403 404 405 503 @friendly;
    location = /h5 { prize_page page.html; }
    location = /denied { prize_page page.html; deny all; }
    location = /dead {
        prize_page page.html;
        prize_redis_pass $TEST_NGINX_DEAD;
    }
    location @friendly { return 200 friendly; }
--- request eval
["GET /h5", "GET /h5?id=8", "POST /h5?id=7", "GET /denied?id=7",
 "GET /dead?id=7"]
--- error_code eval: [400, 404, 405, 403, 503]
--- response_headers eval
[("Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff") x 5]
--- raw_response_headers_like eval: [("") x 4, '(?m)^Retry-After: [123]\r$']
--- response_body eval: [("friendly") x 5]

=== TEST 3: a file as 200 is as private as a page
--- redis
--- page
{{id}}
--- pages
>>> gone.html
a friendly page
--- config
    error_page 400 404 405 503 =200 /error/gone.html;
    location = /h5 { prize_page page.html; }
    location = /dead {
        prize_page page.html;
        prize_redis_pass $TEST_NGINX_DEAD;
    }
    location /error/ { internal; alias conf/; }
--- request eval: ["GET /h5", "GET /h5?id=8", "POST /h5?id=7", "GET /dead?id=7"]
--- response_headers eval
[("Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff") x 4]
--- response_body eval: [("a friendly page\n") x 4]

=== TEST 4: from a page that does not know an ID to one that does
--- redis: HSET spare:9 id 9 name Eve
--- page
Hello, {{name}}!
--- config
    prize_redis_key $arg_key:$prize_id;
    location = /h5 {
        prize_page page.html;
        error_page 404 = /spare?id=9&key=spare;
    }
    location = /spare { prize_page page.html; }
    location = /vary {
        prize_page page.html;
        error_page 404 = /spare/vary?id=9&key=spare;
    }
    location = /spare/vary { prize_page page.html; gzip on; gzip_vary on; }
--- request eval: ["GET /h5?id=9", "GET /vary?id=9"]
--- response_body eval: ["Hello, Eve!\n", "Hello, Eve!\n"]
--- response_headers eval
[("Content-Type: text/html; charset=utf-8
Content-Length: 12
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Vary: Accept-Encoding
! Retry-After") x 2]

=== TEST 5: the same without "=" is a 503 that says when to come back
--- redis: HSET employee:9 id 9 name Eve
--- page: Hello, {{name}}!
--- config
    location = /dead {
        prize_page page.html;
        prize_redis_pass $TEST_NGINX_DEAD;
        error_page 503 /h5?id=9;
    }
    location = /h5 { prize_page page.html; }
--- request: GET /dead?id=9
--- error_code: 503
--- response_body: Hello, Eve!
--- response_headers
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
--- raw_response_headers_like: (?m)^Retry-After: [123]\r$

=== TEST 6: through three pages none of which has an answer
--- redis
--- http_config: recursive_error_pages on;
--- page: {{id}}
--- config
    location = /h5 { prize_page page.html; error_page 404 = /dead?id=9; }
    location = /dead {
        prize_page page.html;
        prize_redis_pass $TEST_NGINX_DEAD;
        error_page 503 = /dead-too?id=9;
    }
    location = /dead-too {
        prize_page page.html;
        prize_redis_pass $TEST_NGINX_DEAD;
    }
--- request: GET /h5?id=9
--- error_code: 503
--- response_headers
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
--- raw_response_headers_like: (?m)^Retry-After: [123]\r$

=== TEST 7: from a page to one that limit_req refuses
--- http_config: limit_req_zone $server_port zone=all:1m rate=1r/m;
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config
    location = /h5 { prize_page page.html; error_page 400 = /limited?id=7; }
    location = /limited { prize_page page.html; limit_req zone=all; }
--- request eval: ["GET /h5", "GET /h5"]
--- error_code eval: [200, 503]
--- response_headers eval
[("Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
! Retry-After") x 2]

=== TEST 8: post_action runs another page behind a page
--- http_config: log_format id "$uri $prize_id $prize_result $prize_field_name";
--- redis
HSET employee:1 id 1 name Ann
HSET employee:2 id 2 name Ben
--- page: Hello, {{name}}!
--- config
    location = /h5 { prize_page page.html; post_action /after; }
    location = /after {
        prize_page page.html;
        prize_id 2;
        access_log logs/access.log id;
    }
--- pipelined_requests eval: ["GET /h5?id=1", "GET /h5?id=1"]
--- response_body eval: [("Hello, Ann!") x 2]
--- access_log: /after 2 found Ben
