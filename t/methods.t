use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# What a client may do with HTTP: methods, bodies that nobody wants, several
# requests in one connection, HTTP/1.0 and HTTP/2.


# for an answer that has exactly these headers, in this order

sub headers {
    my ($text) = @_;

    return '^' . quotemeta($text =~ s/\n/\r\n/gr) =~ s/DATE/[^\r]+/r . '$';
}


run_tests();

__DATA__

=== TEST 1: HEAD has the headers of GET, and no body
--- query: SELECT 'p1' AS id, 'Pia' AS name WHERE 'p1' = ANY($1)
--- http_config
    prize_write_back off;
    server_tokens off;
    add_header X-Result "$prize_id $prize_result" always;
--- redis: HSET employee:7 id 7 name Ann
--- page
Hello, {{name}}!
--- request eval
[map { ("GET $_", "HEAD $_") } qw(/h5?id=7 /h5?id=p1 /h5?id=nobody /h5)]
--- error_code eval: [200, 200, 200, 200, 404, 404, 400, 400]
--- raw_response_headers_like eval
[map { (::headers($_)) x 2 }
"HTTP/1.1 200 OK
Server: nginx
Date: DATE
Content-Type: text/html; charset=utf-8
Content-Length: 12
Connection: close
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Vary: Accept-Encoding
X-Result: 7 found
",
"HTTP/1.1 200 OK
Server: nginx
Date: DATE
Content-Type: text/html; charset=utf-8
Content-Length: 12
Connection: close
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Vary: Accept-Encoding
X-Result: p1 found
",
"HTTP/1.1 404 Not Found
Server: nginx
Date: DATE
Content-Type: text/html
Content-Length: 146
Connection: close
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
X-Result: nobody unknown
",
"HTTP/1.1 400 Bad Request
Server: nginx
Date: DATE
Content-Type: text/html
Content-Length: 150
Connection: close
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
X-Result:  refused
"]
--- response_body_like eval
['^Hello, Ann!\n$', '^$', '^Hello, Pia!\n$', '^$',
 '404 Not Found', '^$', '400 Bad Request', '^$']

=== TEST 2: bodies that nobody wants
--- redis
HSET employee:7 id 7 name Ann
HSET employee:8 id 8 name Ben
--- page: Hello, {{name}}!
--- pipelined_requests eval
["GET /h5?id=7\nhello", "GET /h5?id=8", "POST /h5?id=7\nhello",
 "GET /h5?id=7\n5\r\nhello\r\n0\r\n\r\n", "GET /h5?id=8",
 "POST /h5?id=7\n5\r\nhello\r\n0\r\n\r\n", "GET /h5?id=8"]
--- more_headers eval
['', '', '', 'Transfer-Encoding: chunked', '', 'Transfer-Encoding: chunked',
 '']
--- error_code eval: [200, 200, 405, 200, 200, 405, 200]
--- response_body_like eval
['^Hello, Ann!$', '^Hello, Ben!$', '405 Not Allowed',
 '^Hello, Ann!$', '^Hello, Ben!$', '405 Not Allowed', '^Hello, Ben!$']

=== TEST 3: several statuses in one connection, pipelined
--- query: SELECT 'p1' AS id, 'Pia' AS name WHERE 'p1' = ANY($1)
--- http_config: prize_write_back off;
--- redis
HSET employee:7 id 7 name Ann
HSET employee:8 id 8 name Ben
HSET employee:r1 id r1 name Rob
--- page: Hello, {{name}}!
--- config
    location = /h5 { prize_page page.html; }
    location = /denied { prize_page page.html; deny all; }
--- pipelined_requests eval
["GET /h5?id=7", "GET /h5?id=nobody", "POST /h5?id=7", "GET /h5?id=p1",
 "GET /denied?id=7", "GET /h5?id=r1", "GET /h5?id="]
--- error_code eval: [200, 404, 405, 200, 403, 200, 400]
--- response_body_like eval
['^Hello, Ann!$', '404 Not Found', '405 Not Allowed', '^Hello, Pia!$',
 '403 Forbidden', '^Hello, Rob!$', '400 Bad Request']

=== TEST 4: HTTP/1.0
--- redis: HSET employee:7 id 7 name Ann
--- page
Hello, {{name}}!
--- request eval
["GET /h5?id=7 HTTP/1.0", "GET /h5 HTTP/1.0", "POST /h5?id=7 HTTP/1.0\nx=1"]
--- error_code eval: [200, 400, 405]
--- response_headers eval
["Content-Length: 12\nConnection: close\nVary: Accept-Encoding",
 ("Connection: close") x 2]
--- response_body_like eval
['^Hello, Ann!\n$', '400 Bad Request', '405 Not Allowed']

=== TEST 5: HTTP/2
--- redis: HSET employee:7 id 7 name Ann
--- page
Hello, {{name}}!
--- http_config: add_header X-Protocol $server_protocol always;
--- http2
--- request eval
["GET /h5?id=7", "HEAD /h5?id=7", "POST /h5?id=7", "GET /h5", "GET /h5?id=8"]
--- error_code eval: [200, 200, 405, 400, 404]
--- response_headers eval
[("Content-Type: text/html; charset=utf-8
Content-Length: 12
Vary: Accept-Encoding
Cache-Control: private, no-store
X-Protocol: HTTP/2.0") x 2,
("Cache-Control: private, no-store
X-Protocol: HTTP/2.0") x 3]
--- response_body_like eval
['^Hello, Ann!\n$', '^$', '405 Not Allowed', '400 Bad Request',
 '404 Not Found']
