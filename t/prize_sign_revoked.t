use strict;
use warnings;

use lib 't/lib';
use Digest::SHA qw(hmac_sha256);
use MIME::Base64 qw(encode_base64);
use Test::Nginx::Socket 'no_plan';
use Test::Prize qw(run_dir spew);
use Test::Prize::Socket;

# prize_sign_revoked.  All that may stand in its file is in t/unit/revoked.c.

$ENV{TEST_NGINX_KEYS} = spew(run_dir() . '/keys',
                             join '', map { "$_ " . encode_base64($_ x 32) }
                                      qw(a b));


# the arguments of an ID's link, by a key of the file

sub link_of {
    my ($id, %option) = @_;

    %option = (key => 'a', expires => 4070908800, %option);

    my $text = join '', '6:prize1,', map { length($_) . ":$_," }
               'gift', $id, $option{expires};
    my $mac = encode_base64(hmac_sha256($text, $option{key} x 32), '');

    return "id=$id&x=$option{expires}&k=$option{key}&s="
           . $mac =~ tr{+/=}{-_}dr;
}


run_tests();

__DATA__

=== TEST 1: who stands there gets 410, by whatever key; no store is asked
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
    prize_sign_revoked revoked;
    add_header X-Asked "$upstream_addr" always;
    add_header X-Result "$prize_id $prize_result" always;
--- page
--- pages
>>> revoked
# lost phones
7

li.wei@a_b-c
--- request eval
[map { "GET /h5?" . $_ }
 ::link_of(7), ::link_of(7, key => 'b'), ::link_of('li.wei@a_b-c'),
 ::link_of(7) =~ s/id=7/id=%37/r, ::link_of(7, expires => 1),
 ::link_of(8), ::link_of(77)]
--- error_code eval: [(410) x 5, (503) x 2]
--- response_headers eval
[(map { "Cache-Control: private, no-store\n!X-Asked\nX-Result: $_ refused" }
  7, 7, 'li.wei@a_b-c', 7, 7), ("X-Asked: $ENV{TEST_NGINX_DEAD}") x 2]

=== TEST 2: who has no valid link is not told
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
    prize_sign_revoked revoked;
--- page
--- pages
>>> revoked
7
--- request eval
[map { "GET /h5?$_" } "id=7", ::link_of(8) =~ s/id=8/id=7/r,
                      ::link_of(7) . "A", ::link_of(7) =~ s/&x=\d/&x=5/r]
--- error_code eval: [(403) x 4]

=== TEST 3: an empty file, and one as Windows writes it
--- http_config
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- redis
HSET employee:7 id 7
HSET employee:8 id 8
--- page: {{id}}
--- post_setup_server_root
Test::Prize::spew("$ENV{TEST_NGINX_SERVROOT}/conf/empty", "");
Test::Prize::spew("$ENV{TEST_NGINX_SERVROOT}/conf/windows",
                  "\xef\xbb\xbf7\r\n\r\n9");
--- config
    location = /empty { prize_page page.html; prize_sign_revoked empty; }
    location = /windows { prize_page page.html; prize_sign_revoked windows; }
--- request eval
[map { my $path = $_; map { "GET /$path?" . ::link_of($_) } 7, 8 }
 qw(empty windows)]
--- error_code eval: [200, 200, 410, 200]

=== TEST 4: in http, a server, a location, an if, a limit_except; off
--- http_config
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
    prize_sign_revoked http;
--- redis
HSET employee:7 id 7
HSET employee:8 id 8
HSET employee:9 id 9
--- page: {{id}}
--- pages
>>> http
7
>>> server
8
>>> location
9
--- config
    prize_sign_revoked server;

    location = /server { prize_page page.html; }
    location /location {
        prize_page page.html;
        prize_sign_revoked location;
        location = /location/inner { prize_page page.html; }
        location = /location/off { prize_page page.html; prize_sign_revoked off; }
    }
    location = /if {
        prize_page page.html;
        if ($arg_more) { prize_sign_revoked location; }
    }
    location = /limit_except {
        prize_page page.html;
        limit_except POST { prize_sign_revoked location; }
    }
--- request eval
[map { my $path = $_; map { "GET /$path" . ::link_of($_) } 7, 8, 9 }
 qw(server? location? location/inner? location/off? if? if?more=1&
    limit_except?)]
--- error_code eval
[200, 410, 200,  (200, 200, 410) x 2,  200, 200, 200,  200, 410, 200,
 (200, 200, 410) x 2]

=== TEST 5: in http
--- http_config
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
    prize_sign_revoked revoked;
--- redis: HSET employee:8 id 8
--- page: {{id}}
--- pages
>>> revoked
7
--- request eval: [map { "GET /h5?" . ::link_of($_) } 7, 8]
--- error_code eval: [410, 200]

=== TEST 6: "prize_sign_key_file off" cuts it
--- http_config
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
    prize_sign_revoked revoked;
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- pages
>>> revoked
7
--- config
    location = /signed { prize_page page.html; }
    location = /off { prize_page page.html; prize_sign_key_file off; }
--- request eval: ["GET /signed?" . ::link_of(7), "GET /off?id=7"]
--- error_code eval: [410, 200]

=== TEST 7: refused: "prize_sign_revoked" twice
--- config
    prize_sign_revoked off;
    prize_sign_revoked off; # here
--- must_die: "prize_sign_revoked" directive is duplicate

=== TEST 8: refused: "prize_sign_revoked" where links are not signed
--- page
--- pages
>>> revoked
7
--- config
    location = /h5 {
        prize_page page.html; # here
        prize_redis_pass $TEST_NGINX_DEAD;
        prize_sign_revoked revoked;
    }
--- must_die
"prize_sign_revoked" needs "prize_sign_key_file", which the "prize_page" in
has not

=== TEST 9: refused: what is no ID
--- pages
>>> revoked
E1001
E1002,Ann
--- config: prize_sign_revoked revoked; # here
--- must_die
"prize_sign_revoked"
/conf/revoked:2: the byte 0x2c in column 6 is in no ID: want an ID a line, of A-Z a-z 0-9 . _ @ -

=== TEST 10: refused: no such file
--- config: prize_sign_revoked revoked; # here
--- must_die
"prize_sign_revoked" cannot open "
/conf/revoked" (2: No such file or directory)

=== TEST 11: refused: a folder in place of the file
--- config: prize_sign_revoked $TEST_NGINX_SERVROOT/conf; # here
--- must_die
"prize_sign_revoked" wants a file of at most 16 MiB, which "
/conf" is not
