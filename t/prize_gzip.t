use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

use IO::Uncompress::Gunzip qw($GunzipError);

# When a page goes gzipped, and that it is the same page then: prize_gzip,
# and nginx's own directives beside it.

# one whole member with the right checksum and length, and nothing behind it

sub gunzip {
    my ($body) = @_;
    my $z = IO::Uncompress::Gunzip->new(\$body, MultiStream => 0, Strict => 1)
        or return "no gzip: $GunzipError";
    my ($plain, $some) = ('', '');

    while ((my $n = $z->read($some)) != 0) {
        return "broken: $GunzipError" if $n < 0;
        $plain .= $some;
    }

    return length $z->trailingData ? 'something behind it' : $plain;
}


run_tests();

__DATA__

=== TEST 1: on, by default: gzipped for who accepts it
--- redis: HSET employee:7 id 7 name Ann
--- page: Hello, {{name}}!
--- request eval: ["GET /h5?id=7", "GET /h5?id=7", "GET /h5?id=9"]
--- more_headers eval: ["Accept-Encoding: gzip", "", "Accept-Encoding: gzip"]
--- error_code eval: [200, 200, 404]
--- response_headers eval
["Content-Encoding: gzip\nVary: Accept-Encoding\n"
 . "Content-Type: text/html; charset=utf-8",
 "! Content-Encoding\nVary: Accept-Encoding", "! Content-Encoding"]
--- response_body_filters eval: [[\&::gunzip], [], []]
--- response_body eval: ["Hello, Ann!", "Hello, Ann!", qr/404 Not Found/]

=== TEST 2: in http, inherited and turned round below
--- http_config: prize_gzip off;
--- redis: HSET employee:7 id 7 name Ann
--- page: Hello, {{name}}!
--- config
    location = /inherited { prize_page page.html; }
    location /on {
        prize_gzip on;
        location = /on/inherited { prize_page page.html; }
        location = /on/off { prize_page page.html; prize_gzip off; }
    }
--- request eval
["GET /inherited?id=7", "GET /on/inherited?id=7", "GET /on/off?id=7"]
--- more_headers: Accept-Encoding: gzip
--- response_headers eval
["! Content-Encoding", "Content-Encoding: gzip", "! Content-Encoding"]

=== TEST 3: in server, if in location and limit_except
--- redis: HSET employee:7 id 7 name Ann
--- page: Hello, {{name}}!
--- config
    prize_gzip off;
    location = /inherited { prize_page page.html; }
    location = /if {
        prize_page page.html;
        if ($arg_gzip) { prize_page page.html; prize_gzip on; }
    }
    location = /limit_except {
        prize_page page.html;
        limit_except POST { prize_page page.html; prize_gzip on; }
    }
--- request eval
["GET /inherited?id=7", "GET /if?id=7", "GET /if?id=7&gzip=1",
 "GET /limit_except?id=7"]
--- more_headers: Accept-Encoding: gzip
--- response_headers eval
["! Content-Encoding", "! Content-Encoding", "Content-Encoding: gzip",
 "Content-Encoding: gzip"]

=== TEST 4: another value
--- config: prize_gzip maybe; # here
--- must_die
invalid value "maybe" in "prize_gzip" directive, it must be "on" or "off"

=== TEST 5: no value
--- config: location = /h5 { prize_gzip; } # here
--- must_die: invalid number of arguments in "prize_gzip" directive

=== TEST 6: twice
--- config
    prize_gzip on;
    prize_gzip on; # here
--- must_die: "prize_gzip" directive is duplicate

=== TEST 7: it is the plain page, byte for byte, and of the length that it says
--- redis
HSET employee:few id few value xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx first yes
HSET employee:empty id empty value '' first ''
HSET employee:html id html value "<&>\"'<&>\"'<&>\"'" first yes
EVAL 'redis.call("HSET", KEYS[1], "id", "long", "first", "", "value", string.rep("y", 70000))' 1 employee:long
EVAL 'redis.call("HSET", KEYS[1], "id", "huge", "first", 1, "value", string.rep("\"", 200000))' 1 employee:huge
--- pages eval
my $text = "@{[map { qq(word$_) } 1 .. 900]}";
">>> page.html
{{#first}}<p>$text</p>{{/first}}<p data-id=\"{{id}}\">{{value}}</p>{{value}}{{^first}}<p>$text</p>{{/first}}
"
--- pipelined_requests eval
[map { ("GET /h5?id=$_") x 2 } qw(few empty html long huge)]
--- more_headers eval: [("Accept-Encoding: gzip", "") x 5]
--- response_headers eval
[("Content-Encoding: gzip", "! Content-Encoding") x 5]
--- response_body_filters eval: [([\&::gunzip], []) x 5]
--- response_body eval
my $text = "<p>@{[map { qq(word$_) } 1 .. 900]}</p>";
my @pages = map {
    my ($id, $value, $first) = @$_;
    ($first ? $text : "") . "<p data-id=\"$id\">$value</p>$value"
        . ($first ? "" : $text) . "\n";
} (["few", "x" x 50, 1], ["empty", "", 0],
   ["html", "&lt;&amp;&gt;&quot;&#39;" x 3, 1], ["long", "y" x 70_000, 0],
   ["huge", "&quot;" x 200_000, 1]);
[map { ($_, $_) } @pages]
--- no_error_log: [error]

=== TEST 8: Accept-Encoding
--- redis: HSET employee:7 id 7 name Ann
--- page: Hello, {{name}}!
--- request eval: [("GET /h5?id=7") x 9]
--- more_headers eval
[map { "Accept-Encoding: $_" }
     "deflate, gzip;q=0.5", "gzip;q=0.001", "GZIP",
     "gzip;q=0", "gzip;q=0.000", "identity", "br", "x-gzip", ""]
--- response_headers eval
[("Content-Encoding: gzip\nVary: Accept-Encoding") x 3,
 ("! Content-Encoding\nVary: Accept-Encoding") x 6]

=== TEST 9: HEAD has the headers of GET
--- http_config
    log_format headers '$sent_http_content_length $sent_http_content_encoding '
                       '$sent_http_content_type $sent_http_vary';
--- redis: HSET employee:7 id 7 name Ann
--- page
Hello, {{name}}!
--- config
    location = /h5 {
        prize_page page.html;
        access_log logs/headers.log headers;
    }
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
--- request eval: ["GET /h5?id=7", "HEAD /h5?id=7", "GET /logs/headers.log"]
--- more_headers: Accept-Encoding: gzip
--- response_body_filters eval: [[\&::gunzip], [], []]
--- response_body eval
["Hello, Ann!\n", "",
 qr{\A(\d+ gzip text/html; charset=utf-8 Accept-Encoding)\n\1\n\z}]

=== TEST 10: gzip_proxied decides about who comes through a proxy
--- redis: HSET employee:7 id 7 name Ann
--- page: Hello, {{name}}!
--- config
    location = /h5 { prize_page page.html; }
    location = /any { prize_page page.html; gzip_proxied any; }
    location = /auth { prize_page page.html; gzip_proxied auth; }
    location = /no-store { prize_page page.html; gzip_proxied no-store; }
    location = /private { prize_page page.html; gzip_proxied private; }
--- request eval: [map { "GET /$_?id=7" } qw(h5 any auth no-store private)]
--- more_headers
Accept-Encoding: gzip
Via: 1.1 proxy
--- response_headers eval
["! Content-Encoding", "Content-Encoding: gzip", "! Content-Encoding",
 "Content-Encoding: gzip", "Content-Encoding: gzip"]

=== TEST 11: gzip_http_version decides about HTTP/1.0
--- redis: HSET employee:7 id 7 name Ann
--- page: Hello, {{name}}!
--- config
    location = /h5 { prize_page page.html; }
    location = /old { prize_page page.html; gzip_http_version 1.0; }
--- request eval: ["GET /h5?id=7 HTTP/1.0", "GET /old?id=7 HTTP/1.0"]
--- more_headers: Accept-Encoding: gzip
--- response_headers eval: ["! Content-Encoding", "Content-Encoding: gzip"]

=== TEST 12: gzip_disable decides about browsers
--- redis: HSET employee:7 id 7 name Ann
--- page: Hello, {{name}}!
--- config: location = /h5 { prize_page page.html; gzip_disable Lynx; }
--- request eval: ["GET /h5?id=7", "GET /h5?id=7"]
--- more_headers eval
["Accept-Encoding: gzip\nUser-Agent: Lynx/2",
 "Accept-Encoding: gzip\nUser-Agent: curl"]
--- response_headers eval: ["! Content-Encoding", "Content-Encoding: gzip"]

=== TEST 13: gzip_min_length and gzip_types are for what nginx itself compresses
--- redis: HSET employee:7 id 7 name Ann
--- page: Hello, {{name}}!
--- config
    location = /h5 {
        prize_page page.html;
        gzip on;
        gzip_min_length 100000;
        gzip_types text/plain;
    }
--- request: GET /h5?id=7
--- more_headers: Accept-Encoding: gzip
--- response_headers: Content-Encoding: gzip

=== TEST 14: where gzip is on as well, the module's own, of a known length
--- http_config
    gzip on;
    gzip_min_length 1;
--- redis: HSET employee:7 id 7 name Ann
--- page: Hello, {{name}}!
--- config
    location = /h5 { prize_page page.html; }
    location = /nginx { prize_page page.html; prize_gzip off; }
--- request eval: ["GET /h5?id=7", "GET /nginx?id=7"]
--- more_headers: Accept-Encoding: gzip
--- raw_response_headers_like eval
["Content-Length: \\d", "Transfer-Encoding: chunked"]
--- response_body_filters eval: \&::gunzip
--- response_body eval: ["Hello, Ann!", "Hello, Ann!"]

=== TEST 15: sub_filter, and then nginx's own gzip
--- http_config
    gzip on;
    gzip_min_length 1;
--- redis: HSET employee:7 id 7 name Ann
--- page: Hello, {{name}}!
--- config
    location = /h5 {
        prize_page page.html;
        prize_gzip off;
        sub_filter Hello Bonjour;
    }
--- request: GET /h5?id=7
--- more_headers: Accept-Encoding: gzip
--- response_headers: Content-Encoding: gzip
--- response_body_filters eval: \&::gunzip
--- response_body: Bonjour, Ann!

=== TEST 16: a page in another document is gzipped with it, not by itself
--- http_config
    gzip on;
    gzip_min_length 1;
--- redis: HSET employee:7 id 7 name Ann
--- page
Hello, {{name}}!
--- config
    location = /h5 { prize_page page.html; }
    location = /all {
        ssi on;
        default_type text/html;
        return 200 '[<!--# include virtual="/h5?id=7" -->]';
    }
--- request: GET /all
--- more_headers: Accept-Encoding: gzip
--- response_headers: Content-Encoding: gzip
--- response_body_filters eval: \&::gunzip
--- response_body chomp
[Hello, Ann!
]
--- no_error_log: [error]

=== TEST 17: a page of more than 64 MiB is not made, plain or gzipped
--- redis
EVAL 'redis.call("HSET", KEYS[1], "id", "most", "value", string.rep("y", 1048576))' 1 employee:most
HSET employee:one id one value y
--- pages eval
">>> page.html
" . "{{value}}" x 65
--- config
    location = /h5 { prize_page page.html; }
    location /logs/ { root $TEST_NGINX_SERVROOT; }
--- request eval
[map({ ("GET /h5?id=$_") x 2 } qw(most one)), "GET /logs/error.log"]
--- more_headers eval: [("Accept-Encoding: gzip", "") x 2, ""]
--- error_code eval: [503, 503, 200, 200, 200]
--- response_headers eval
["! Content-Encoding", "! Content-Encoding", "Content-Encoding: gzip",
 "! Content-Encoding", ""]
--- response_body_filters eval: [[], [], [\&::gunzip], [], []]
--- response_body eval
[qr/503 Service/, qr/503 Service/, ("y" x 65) x 2,
 qr{\A(?:(?!\[error\]).)*\[error\][^\n]*prize:\ id\ "most":
    \ its\ values\ may\ take\ 68157440\ bytes\ on\ "\S+/conf/page\.html",
    \ at\ most\ 67108864\ fit\ on\ a\ page\n(?:(?!\[error\]).)*\z}sx]
