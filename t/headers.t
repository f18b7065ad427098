use strict;
use warnings;

use lib 't/lib';
use IO::Uncompress::Gunzip qw(gunzip $GunzipError);
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# The headers of a page and of an error: which, and each exactly once,
# whatever else in a configuration sets them.  To response_headers, a header
# that is there twice has both values: "a, a".


# a page as a browser shows it

sub plain {
    my ($body) = @_;

    return $body if $body !~ /^\x1f\x8b/;

    gunzip(\$body, \my $plain) or die "gunzip: $GunzipError";
    return $plain;
}


run_tests();

__DATA__

=== TEST 1: a page
--- redis eval: "HSET employee:7 id 7 name J\xf6rg"
--- page
<p>李 {{name}}</p>
--- request: GET /h5?id=7
--- response_headers
Content-Type: text/html; charset=utf-8
Content-Length: 17
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Vary: Accept-Encoding
! Retry-After
! Content-Encoding
! Transfer-Encoding
! Last-Modified
! ETag
! Expires
! Accept-Ranges
--- response_body eval: "<p>\xe6\x9d\x8e J\xc3\xb6rg</p>\n"

=== TEST 2: an empty page
--- redis: HSET employee:7 id 7 name ''
--- page
{{#name}}
Hello, {{name}}!
{{/name}}
--- request: GET /h5?id=7
--- response_headers
Content-Type: text/html; charset=utf-8
Content-Length: 0
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Vary: Accept-Encoding
! Retry-After
--- response_body eval: ""

=== TEST 3: a long page
--- redis eval: 'HSET employee:8 id 8 name ' . 'x' x 5000
--- page eval: "<p>{{name}}</p>" . 'static ' x 1000 . "\n"
--- request: GET /h5?id=8
--- response_headers
Content-Type: text/html; charset=utf-8
Content-Length: 12008
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Vary: Accept-Encoding
! Retry-After
--- response_body eval: '<p>' . 'x' x 5000 . '</p>' . 'static ' x 1000 . "\n"

=== TEST 4: whatever default_type, charset, types, expires and add_header say
--- redis eval: "HSET employee:7 id 7 name J\xf6rg"
--- page
<p>李 {{name}}</p>
--- config
    location = /type { prize_page page.html; default_type image/png; }
    location = /types { prize_page page.html; types { } }
    location = /charset { prize_page page.html; charset koi8-r; }
    location = /utf-8 { prize_page page.html; charset utf-8; }
    location = /expires { prize_page page.html; expires 1h; }
    location = /max { prize_page page.html; expires max; }
    location = /epoch { prize_page page.html; expires epoch; }
    location = /add {
        prize_page page.html;
        add_header X-More more;
        add_header Referrer-Policy-Report-Only no;
    }
--- pipelined_requests eval
[map { "GET /$_?id=7" } qw(type types charset utf-8 expires max epoch add)]
--- response_headers eval
my $headers = "Content-Type: text/html; charset=utf-8
Content-Length: 17
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Vary: Accept-Encoding
! Retry-After";
[($headers) x 7, "$headers\nX-More: more\nReferrer-Policy-Report-Only: no"]
--- response_body eval: [("<p>\xe6\x9d\x8e J\xc3\xb6rg</p>\n") x 8]

=== TEST 5: a page has no date and no tag that a request could name
--- redis: HSET employee:7 id 7 name Ann
--- page
Hello, {{name}}!
--- pipelined_requests eval: [("GET /h5?id=7") x 5]
--- more_headers eval
['If-None-Match: *', 'If-Match: "x"',
 'If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT',
 'If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT',
 'Range: bytes=0-3']
--- response_headers eval
[("Content-Type: text/html; charset=utf-8
Content-Length: 12
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Vary: Accept-Encoding
! Retry-After
! Content-Range") x 5]
--- response_body eval: [("Hello, Ann!\n") x 5]

=== TEST 6: one Vary with prize_gzip on, whatever gzip and gzip_vary say
--- redis eval: "HSET employee:7 id 7 name J\xf6rg"
--- page eval: "<p>{{name}}</p>" . 'static ' x 1000 . "\n"
--- config
    location = /off-off { prize_page page.html; gzip off; gzip_vary off; }
    location = /off-on { prize_page page.html; gzip off; gzip_vary on; }
    location = /on-off { prize_page page.html; gzip on; gzip_vary off; }
    location = /on-on { prize_page page.html; gzip on; gzip_vary on; }
--- pipelined_requests eval
[map { ("GET $_?id=7") x 3 } qw(/off-off /off-on /on-off /on-on)]
--- more_headers eval
[('', 'Accept-Encoding: gzip;q=0',
 'Accept-Encoding: gzip') x 4]
--- response_headers eval
[(("Vary: Accept-Encoding\n! Content-Encoding") x 2,
 "Vary: Accept-Encoding\nContent-Encoding: gzip") x 4]
--- response_body_filters eval: \&::plain
--- response_body eval: [("<p>J\xc3\xb6rg</p>" . 'static ' x 1000 . "\n") x 12]

=== TEST 7: with prize_gzip off Vary is nginx's own affair
--- http_config: prize_gzip off;
--- redis eval: "HSET employee:7 id 7 name J\xf6rg"
--- page eval: "<p>{{name}}</p>" . 'static ' x 1000 . "\n"
--- config
    location = /off-off { prize_page page.html; gzip off; gzip_vary off; }
    location = /off-on { prize_page page.html; gzip off; gzip_vary on; }
    location = /on-off { prize_page page.html; gzip on; gzip_vary off; }
    location = /on-on { prize_page page.html; gzip on; gzip_vary on; }
--- pipelined_requests eval
[map { ("GET $_?id=7") x 3 } qw(/off-off /off-on /on-off /on-on)]
--- more_headers eval
[('', 'Accept-Encoding: gzip;q=0',
 'Accept-Encoding: gzip') x 4]
--- response_headers eval
[("! Vary\n! Content-Encoding") x 8, "! Vary\nContent-Encoding: gzip",
 ("Vary: Accept-Encoding\n! Content-Encoding") x 2,
 "Vary: Accept-Encoding\nContent-Encoding: gzip"]
--- response_body_filters eval: \&::plain
--- response_body eval: [("<p>J\xc3\xb6rg</p>" . 'static ' x 1000 . "\n") x 12]

=== TEST 8: an error is as private as a page; who is refused is told no time
--- http_config: limit_req_zone $server_port zone=all:1m rate=1r/m;
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /denied { prize_page page.html; deny all; }
    location = /dead {
        prize_page page.html;
        prize_redis_pass $TEST_NGINX_DEAD;
    }
    location = /limited { prize_page page.html; limit_req zone=all; }
--- request eval
["GET /h5", "GET /h5?id=8", "POST /h5?id=7", "GET /denied?id=7",
 "GET /dead?id=7", "GET /limited?id=7", "GET /limited?id=7"]
--- error_code eval: [400, 404, 405, 403, 503, 200, 503]
--- response_headers eval
my $private = "Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff";
[("$private\n! Retry-After") x 4, $private, ("$private\n! Retry-After") x 2]

=== TEST 9: a 503 says when to come back: after 1, 2 or 3 seconds, at random
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    log_format after "after $sent_http_retry_after seconds";
--- page: {{id}}
--- config
    location = /h5 { prize_page page.html; access_log logs/access.log after; }
--- pipelined_requests eval: [("GET /h5?id=7") x 40]
--- error_code eval: [(503) x 40]
--- response_headers_like eval: [("Retry-After: [123]") x 40]
--- access_log
after 1 seconds
after 2 seconds
after 3 seconds

=== TEST 10: the forms of prize_status have a length, and no header twice
--- config
    location = /prometheus { prize_status; }
    location = /json { prize_status json; }
    location = /html { prize_status html; }
    location = /health { prize_status health; }
--- request eval: ["GET /prometheus", "GET /json", "GET /html", "GET /health"]
--- error_code eval: [200, 200, 200, 503]
--- raw_response_headers_like eval: [('(?m)^Content-Length: [1-9]\d*\r$') x 4]
