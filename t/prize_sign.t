use strict;
use warnings;

use lib 't/lib';
use Digest::SHA qw(hmac_sha256);
use MIME::Base64 qw(encode_base64);
use Test::Nginx::Socket 'no_plan';
use Test::Prize qw(run_dir spew);
use Test::Prize::Socket;

# Signed links: prize_sign_key_file, prize_sign_event, and the files of keys.
# Each signature is computed here, by other code than the module's.  All that
# can be wrong with a signature itself, and in a file of keys, is in
# t/unit/signature.c.

# the keys of the blocks, and a file with the first of them
my %keys = (a => "\0" x 32, b => "\1" x 32, c => "\2" x 32);

$ENV{TEST_NGINX_KEYS} = spew(run_dir() . '/keys',
                             'a ' . encode_base64($keys{a}));


# the arguments of an ID's link, which ends in 2099 where nothing else is said

sub link_of {
    my ($id, %option) = @_;

    %option = (event => 'gift', key => 'a', expires => 4070908800, %option);

    my $text = join '', '6:prize1,', map { length($_) . ":$_," }
               $option{event}, $id, $option{expires};
    my $mac = encode_base64(hmac_sha256($text, $keys{$option{key}}), '');

    return "id=$id&x=$option{expires}&k=$option{key}&s="
           . $mac =~ tr{+/=}{-_}dr;
}


# these arguments with the signature of 7's link in place of <s>

sub forged {
    my ($s) = link_of(7) =~ /&s=(.*)/;

    return map { s/<s>/$s/gr } @_;
}


run_tests();

__DATA__

=== TEST 1: without the two directives an ID is enough
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config
    location = /h5 {
        prize_page page.html;
        prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    }
--- request: GET /h5?id=7&x=1&k=a&s=none
--- response_body: 7

=== TEST 2: with them a page takes the link of its employee; an absolute path
--- http_config
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- redis
HSET employee:7 id 7
HSET employee:a.b_c@d-E id a.b_c@d-E
--- page: {{id}}
--- request eval
["GET /h5?" . ::link_of(7),
 "GET /h5?" . ::link_of('a.b_c@d-E'),
 "GET /h5?" . ::link_of(7) =~ s/id=7/id=%37/r,
 "GET /h5?lang=zh&" . ::link_of(7) =~ s/(id=7)&(.*)/$2&xx=1&$1/r,
 "GET /h5?" . ::link_of(7) =~ s/=\K([^&]+)/$1 =~ s{(.)}{sprintf '%%%02X', ord $1}ger/ger]
--- response_body eval: ["7", "a.b_c\@d-E", "7", "7", "7"]

=== TEST 3: several keys, all of which verify
--- http_config
    prize_sign_key_file keys;
    prize_sign_event gift;
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- pages
>>> keys
# this year's

b AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=
a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
--- request eval: [map { "GET /h5?" . ::link_of(7, key => $_) } qw(a b c)]
--- error_code eval: [200, 200, 403]

=== TEST 4: a part of the link is missing: 403, and no store is asked
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
    add_header X-Asked "$upstream_addr" always;
--- page
--- request eval
[map { "GET /h5?$_" } ::forged(
    "id=7",
    "id=7&x=4070908800&k=a",
    "id=7&k=a&s=<s>",
    "id=7&x=4070908800&s=<s>",
    "id=7&x=4070908800&k=a&s=",
    "id=7&x=&k=a&s=<s>",
    "id=7&x=4070908800&k=&s=<s>",
    "id=7&x=4070908800&k=a&s=<s>")]
--- error_code eval: [(403) x 7, 503]
--- response_headers eval
[("Cache-Control: private, no-store\n!X-Asked") x 7,
 "Cache-Control: private, no-store\nX-Asked: $ENV{TEST_NGINX_DEAD}"]

=== TEST 5: a part of the link is another: 403, and no store is asked
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_sign_key_file keys;
    prize_sign_event gift;
    add_header X-Asked "$upstream_addr" always;
--- page
--- pages
>>> keys
b AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=
a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
--- request eval
[map { "GET /h5?$_" } ::forged(
    "id=8&x=4070908800&k=a&s=<s>",
    "id=7&x=4070908801&k=a&s=<s>",
    "id=7&x=04070908800&k=a&s=<s>",
    "id=7&x=-4070908800&k=a&s=<s>",
    "id=7&x=18446744077780460416&k=a&s=<s>",
    "id=7&x=%2534070908800&k=a&s=<s>",
    "id=7&x=%34070908801&k=a&s=<s>",
    "id=7&x=%&k=%4&s=<s>",
    "id=7&x=4070908800&k=b&s=<s>",
    "id=7&x=4070908800&k=c&s=<s>",
    "id=7&x=4070908800&k=a%00&s=<s>",
    "id=7&x=4070908800&k=" . "a" x 4000 . "&s=<s>",
    "id=7&x=4070908800&k=a&s=<s>A",
    "id=7&x=4070908800&k=a&s=<s>=",
    "id=7&x=4070908800&k=a&s=" . "<s>" x 90,
    substr(::link_of(7), 0, -1),
    ::link_of(8) =~ s/id=8/id=7/r,
    ::link_of(7, event => 'party'),
    ::link_of(7))]
--- error_code eval: [(403) x 18, 503]
--- response_headers eval
[("Cache-Control: private, no-store\n!X-Asked") x 18,
 "Cache-Control: private, no-store\nX-Asked: $ENV{TEST_NGINX_DEAD}"]

=== TEST 6: a part of the link stands there twice: 403, and no store is asked
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
    add_header X-Asked "$upstream_addr" always;
--- page
--- request eval
[map { "GET /h5?$_" } ::forged(
    "id=7&x=4070908800&x=4070908800&k=a&s=<s>",
    "id=7&x=4070908800&k=a&s=<s>&s=<s>",
    "id=7&id=8&x=4070908800&k=a&s=<s>",
    "id=7&x=4070908800&k=a&s=<s>&ID=8",
    "Id=7&x=4070908800&k=a&s=<s>",
    "id=7&x=4070908800&k=a&s=<s>&id=",
    "id=7&x=4070908800&k=a&s=<s>;id=8",
    "id=7&x=4070908800&k=a&s=<s>")]
--- error_code eval: [(403) x 7, 503]
--- response_headers eval
[("Cache-Control: private, no-store\n!X-Asked") x 7,
 "Cache-Control: private, no-store\nX-Asked: $ENV{TEST_NGINX_DEAD}"]

=== TEST 7: a link that has ended: 410, and no store is asked
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
    add_header X-Asked "$upstream_addr" always;
--- page
--- request eval
[map { "GET /h5?$_" } ::link_of(7, expires => time - 1),
                      ::link_of(7, expires => 1),
                      ::link_of(7, expires => time + 3600)]
--- error_code eval: [410, 410, 503]
--- response_headers eval
[("Cache-Control: private, no-store\n!X-Asked") x 2,
 "X-Asked: $ENV{TEST_NGINX_DEAD}"]

=== TEST 8: prize_sign_key_file in a server, a location, an if, a limit_except
--- http_config
    prize_sign_key_file a.keys;
    prize_sign_event gift;
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- pages
>>> a.keys
a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
>>> b.keys
b AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=
>>> c.keys
c AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
--- config
    prize_sign_key_file b.keys;

    location = /server { prize_page page.html; }
    location /location {
        prize_page page.html;
        prize_sign_key_file c.keys;
        location = /location/inner { prize_page page.html; }
    }
    location = /if {
        prize_page page.html;
        if ($arg_c) { prize_sign_key_file c.keys; }
    }
    location = /limit_except {
        prize_page page.html;
        limit_except POST { prize_sign_key_file c.keys; }
    }
--- request eval
[map { "GET $_" }
 map({ "/server?" . ::link_of(7, key => $_) } qw(a b c)),
 map({ "/location?" . ::link_of(7, key => $_) } qw(a b c)),
 map({ "/location/inner?" . ::link_of(7, key => $_) } qw(a b c)),
 "/if?" . ::link_of(7, key => 'b'),
 map({ "/if?c=1&" . ::link_of(7, key => $_) } qw(b c)),
 map { "/limit_except?" . ::link_of(7, key => $_) } qw(b c)]
--- error_code eval
[403, 200, 403,  (403, 403, 200) x 2,  200, 403, 200,  403, 200]

=== TEST 9: prize_sign_key_file off cuts both directives
--- http_config
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config
    location = /signed { prize_page page.html; }
    location = /off { prize_page page.html; prize_sign_key_file off; }
    location = /event {
        prize_page page.html;
        prize_sign_key_file off;
        prize_sign_event party;
    }
    location = /if {
        prize_page page.html;
        if ($arg_off) { prize_sign_key_file off; }
    }
--- request eval
[map { "GET $_&id=7" } qw(/signed? /off? /event? /if? /if?off=1)]
--- error_code eval: [403, 200, 200, 403, 200]

=== TEST 10: refused: "prize_sign_key_file" twice
--- config
    prize_sign_key_file off;
    prize_sign_key_file off; # here
--- must_die: "prize_sign_key_file" directive is duplicate

=== TEST 11: refused: "prize_sign_key_file" without an event
--- page
--- config
    location = /h5 {
        prize_page page.html; # here
        prize_redis_pass $TEST_NGINX_DEAD;
        prize_sign_key_file $TEST_NGINX_KEYS;
    }
--- must_die
"prize_sign_key_file" and "prize_sign_event" need one another, and the "prize_page" in
has only one of them

=== TEST 12: refused: a key file below one that is off, which has cut the event
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- page
--- config
    prize_sign_key_file off;
    location = /h5 {
        prize_sign_key_file $TEST_NGINX_KEYS;
        prize_page page.html; # here
    }
--- must_die
"prize_sign_key_file" and "prize_sign_event" need one another, and the "prize_page" in
has only one of them

=== TEST 13: refused: a key of 31 bytes
--- pages
>>> keys
2026a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==
--- config: prize_sign_key_file keys; # here
--- must_die
"prize_sign_key_file"
/conf/keys:1: key "2026a" has 31 bytes: want at least 32, as "openssl rand -base64 32" writes them
--- no_error_log: AAAAAAA

=== TEST 14: refused: a key file without a key
--- pages
>>> keys
# none
--- config: prize_sign_key_file keys; # here
--- must_die
"prize_sign_key_file"
/conf/keys: there is no key in it

=== TEST 15: refused: a key file that others may read
--- post_setup_server_root
Test::Prize::spew("$ENV{TEST_NGINX_SERVROOT}/conf/keys", "a key\n");
chmod 0604, "$ENV{TEST_NGINX_SERVROOT}/conf/keys" or die $!;
--- config: prize_sign_key_file keys; # here
--- must_die
"prize_sign_key_file"
/conf/keys: others may read or write it (mode 0604): want 0640 or less

=== TEST 16: refused: a key file that others may write
--- post_setup_server_root
Test::Prize::spew("$ENV{TEST_NGINX_SERVROOT}/conf/keys", "a key\n");
chmod 0602, "$ENV{TEST_NGINX_SERVROOT}/conf/keys" or die $!;
--- config: prize_sign_key_file keys; # here
--- must_die
"prize_sign_key_file"
/conf/keys: others may read or write it (mode 0602): want 0640 or less

=== TEST 17: refused: a folder in place of the key file
--- config: prize_sign_key_file $TEST_NGINX_SERVROOT/conf; # here
--- must_die
"prize_sign_key_file"
/conf: it is not a regular file

=== TEST 18: refused: a key file that is too large
--- pages eval
">>> keys\n" . "#" x 65_537
--- config: prize_sign_key_file keys; # here
--- must_die
"prize_sign_key_file"
/conf/keys: it has more than 65536 bytes

=== TEST 19: refused: no key file
--- config: prize_sign_key_file keys; # here
--- must_die
"prize_sign_key_file"
/conf/keys: cannot open it: No such file or directory

=== TEST 20: refused: a key file that cannot be read
--- config: prize_sign_key_file /proc/self/mem; # here
--- must_die
"prize_sign_key_file" /proc/self/mem: cannot read it: Input/output error

=== TEST 21: prize_sign_event is a name of any bytes
--- http_config: prize_sign_key_file $TEST_NGINX_KEYS;
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config eval
my $longest = 'e' x 255;
<<"CONF";
    location = /quoted { prize_page page.html; prize_sign_event "a,7:b c"; }
    location = /chinese { prize_page page.html; prize_sign_event 新年; }
    location = /longest { prize_page page.html; prize_sign_event $longest; }
CONF
--- request eval
["GET /quoted?" . ::link_of(7, event => 'a,7:b c'),
 "GET /chinese?" . ::link_of(7, event => '新年'),
 "GET /longest?" . ::link_of(7, event => 'e' x 255),
 "GET /longest?" . ::link_of(7)]
--- error_code eval: [200, 200, 200, 403]

=== TEST 22: prize_sign_event in a server, a location, an if, a limit_except
--- http_config
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config
    prize_sign_event server;

    location = /server { prize_page page.html; }
    location /location {
        prize_page page.html;
        prize_sign_event other;
        location = /location/inner { prize_page page.html; }
    }
    location = /if {
        prize_page page.html;
        if ($arg_other) { prize_sign_event other; }
    }
    location = /limit_except {
        prize_page page.html;
        limit_except POST { prize_sign_event other; }
    }
--- request eval
[map { "GET $_" }
 map({ "/server?" . ::link_of(7, event => $_) } qw(gift server other)),
 map({ "/location?" . ::link_of(7, event => $_) } qw(gift server other)),
 map({ "/location/inner?" . ::link_of(7, event => $_) } qw(gift server other)),
 "/if?" . ::link_of(7, event => 'server'),
 map({ "/if?other=1&" . ::link_of(7, event => $_) } qw(server other)),
 map { "/limit_except?" . ::link_of(7, event => $_) } qw(server other)]
--- error_code eval
[403, 200, 403,  (403, 403, 200) x 2,  200, 403, 200,  403, 200]

=== TEST 23: refused: "prize_sign_event" twice
--- config
    prize_sign_event gift;
    prize_sign_event gift; # here
--- must_die: "prize_sign_event" directive is duplicate

=== TEST 24: refused: "prize_sign_event" without a key file
--- page
--- config
    location = /h5 {
        prize_page page.html; # here
        prize_redis_pass $TEST_NGINX_DEAD;
        prize_sign_event gift;
    }
--- must_die
"prize_sign_key_file" and "prize_sign_event" need one another, and the "prize_page" in
has only one of them

=== TEST 25: refused: "prize_sign_event" without a name
--- config: prize_sign_event ""; # here
--- must_die: "prize_sign_event" takes a name of 1 to 255 bytes, not ""

=== TEST 26: refused: "prize_sign_event" with a name that is too long
--- config eval: "    prize_sign_event " . "e" x 256 . "; # here\n"
--- must_die eval
'"prize_sign_event" takes a name of 1 to 255 bytes, not "' . "e" x 256 . '"'

=== TEST 27: of a refused link the ID is known
--- http_config
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
    add_header X-Result "$prize_id $prize_result" always;
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- request eval
["GET /h5?" . ::link_of(8) =~ s/id=8/id=7/r,
 "GET /h5?" . ::link_of(7, expires => 1),
 "GET /h5?" . ::link_of(7)]
--- error_code eval: [403, 410, 200]
--- response_headers eval
["X-Result: 7 refused", "X-Result: 7 refused", "X-Result: 7 found"]

=== TEST 28: limit_req tells a refused link from its owner
--- http_config
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
    map $prize_result $refused { refused $binary_remote_addr; }
    limit_req_zone $refused zone=refused:1m rate=1r/m;
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config
    location = /h5 {
        prize_page page.html;
        limit_req zone=refused;
        limit_req_status 429;
    }
--- request eval
["GET /h5?" . ::link_of(7), "GET /h5?" . ::link_of(7),
 "GET /h5?id=7", "GET /h5?id=7", "GET /h5?" . ::link_of(7)]
--- error_code eval: [200, 200, 403, 429, 200]

=== TEST 29: the ID that auth_request names needs its own link
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- page
--- config
    location = /who { internal; return 204; }
    location = /h5 {
        prize_page page.html;
        prize_id $employee;
        auth_request /who;
        auth_request_set $employee $http_x_employee;
        add_header X-Asked "$upstream_addr" always;
    }
--- request eval
["GET /h5?" . ::link_of(8), "GET /h5?" . ::link_of(7),
 "GET /h5?x=4070908800&k=a", "GET /h5?" . ::link_of(7)]
--- more_headers eval
["X-Employee: 7", "X-Employee: 8", "X-Employee: 7", "X-Employee: 7"]
--- error_code eval: [403, 403, 403, 503]
--- response_headers eval: [("!X-Asked") x 3, "X-Asked: $ENV{TEST_NGINX_DEAD}"]

=== TEST 30: SSI includes what is signed
--- http_config
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- redis: HSET employee:7 id 7
--- page
{{id}}
--- config
    location = /h5 { prize_page page.html; error_page 403 /refused; }
    location = /refused { return 200 "refused\n"; }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/h5?$args" -->';
    }
--- request eval: ["GET /all?" . ::link_of(7), "GET /all?id=7&x=4070908800&k=a"]
--- response_body eval: ["7\n", "refused\n"]

=== TEST 31: where a store fails, no line of the log has the signature
--- http_config
    upstream employees { server $TEST_NGINX_DEAD; server unix:/nowhere; }
    prize_redis_pass employees;
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- page
--- request eval: "GET /h5?" . ::link_of(7)
--- error_code: 503
--- error_log: upstream server temporarily disabled
--- no_error_log: &s=

=== TEST 32: "&amp;" in a link is told
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- page
--- request eval: "GET /h5?" . ::link_of(7) =~ s/&/&amp;/gr
--- error_code: 403
--- error_log
id "7": its link is not as it was signed: it has "&amp;" for "&"
--- no_error_log eval: (::link_of(7) =~ /s=(.*)/)[0]

=== TEST 33: "&amp;" before the ID is told
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- page
--- request eval: "GET /h5?lang=zh&" . ::link_of(7) =~ s/^|&/&amp;/gr
--- error_code: 400
--- error_log
id "": its link is not as it was signed: it has "&amp;" for "&"
--- no_error_log eval: (::link_of(7) =~ /s=(.*)/)[0]

=== TEST 34: a full stop behind a link is told
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- page
--- request eval: "GET /h5?" . ::link_of(7) . "."
--- error_code: 403
--- error_log
id "7": its link is not as it was signed: it ends with a full stop or a bracket
--- no_error_log eval: (::link_of(7) =~ /s=(.*)/)[0]

=== TEST 35: a bracket behind a link is told
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- page
--- request eval: "GET /h5?" . ::link_of(7) . ")"
--- error_code: 403
--- error_log
id "7": its link is not as it was signed: it ends with a full stop or a bracket
--- no_error_log eval: (::link_of(7) =~ /s=(.*)/)[0]

=== TEST 36: an encoded bracket behind a link is told
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- page
--- request eval: "GET /h5?" . ::link_of(7) . "%29"
--- error_code: 403
--- error_log
id "7": its link is not as it was signed: it ends with a full stop or a bracket
--- no_error_log eval: (::link_of(7) =~ /s=(.*)/)[0]

=== TEST 37: an ideographic full stop behind a link is told
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- page
--- request eval: "GET /h5?" . ::link_of(7) . "\xe3\x80\x82"
--- error_code: 403
--- error_log
id "7": its link is not as it was signed: it ends with a full stop or a bracket
--- no_error_log eval: (::link_of(7) =~ /s=(.*)/)[0]

=== TEST 38: an encoded one behind a link is told
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- page
--- request eval: "GET /h5?" . ::link_of(7) . "%e3%80%82"
--- error_code: 403
--- error_log
id "7": its link is not as it was signed: it ends with a full stop or a bracket
--- no_error_log eval: (::link_of(7) =~ /s=(.*)/)[0]

=== TEST 39: of another refused link nothing is told
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- page
--- request eval
["GET /h5?" . ::link_of(7) . "A", "GET /h5?" . ::link_of(7, expires => 1) . "&a=.",
 "GET /h5?" . ::link_of(7) . "&a="]
--- error_code eval: [403, 410, 503]
--- no_error_log: not as it was signed
