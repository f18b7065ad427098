use strict;
use warnings;

use lib 't/lib';
use Digest::SHA qw(hmac_sha256);
use MIME::Base64 qw(encode_base64);
use POSIX qw(strftime);
use Test::Nginx::Socket 'no_plan';
use Test::Prize qw(run_dir spew);
use Test::Prize::Socket;

# prize_open.  That it opens and closes to the second, in any zone, is in
# t/fault/open.t, and all that a moment can be written as in t/unit/moment.c.

$ENV{TEST_NGINX_KEYS} = spew(run_dir() . '/keys',
                             'a ' . encode_base64("\0" x 32));


# a moment so many hours from now, in UTC or an offset of hours

sub moment {
    my ($hours, $offset) = @_;
    my $zone = defined $offset ? sprintf('%+03d:00', $offset) : 'Z';

    return strftime("%Y-%m-%dT%H:%M:%S$zone",
                    gmtime time + 3600 * ($hours + ($offset // 0)));
}


# before, within, and after an event, as parameters of the directive

sub before { return moment(1) . ' until=' . moment(2) }
sub within { return moment(-1) . ' until=' . moment(1) }
sub after  { return moment(-2) . ' until=' . moment(-1) }

sub link_of {
    my ($id, $expires) = @_;
    my $text = join '', '6:prize1,', map { length($_) . ":$_," }
               'gift', $id, $expires;
    my $mac = encode_base64(hmac_sha256($text, "\0" x 32), '');

    return "id=$id&x=$expires&k=a&s=" . $mac =~ tr{+/=}{-_}dr;
}


run_tests();

__DATA__

=== TEST 1: before it opens 403, after it has closed 410; no store is asked
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    add_header X-Asked "$upstream_addr" always;
--- page
--- config eval
my ($before, $within, $after) = (::before(), ::within(), ::after());
my ($past, $future) = (::moment(-1), ::moment(1));
<<"CONF";
    location = /before { prize_page page.html; prize_open $before; }
    location = /future { prize_page page.html; prize_open $future; }
    location = /after { prize_page page.html; prize_open $after; }
    location = /within { prize_page page.html; prize_open $within; }
    location = /past { prize_page page.html; prize_open $past; }
CONF
--- request eval
[map { "GET /$_?id=7" } qw(before future after within past)]
--- error_code eval: [403, 403, 410, 503, 503]
--- response_headers eval
[("Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
!Retry-After
!X-Asked") x 3, ("X-Asked: $ENV{TEST_NGINX_DEAD}") x 2]

=== TEST 2: the offset counts, and not this machine's zone
--- main_config: env TZ=Asia/Kathmandu;
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config eval
CORE::join '', map { my $offset = $_; map {
    my $moment = ::moment($_, $offset);
    "    location = /$_/$offset { prize_page page.html; prize_open $moment; }\n"
} -1, 1 } -12, -5, 0, 8, 14
--- request eval
[map { my $hour = $_; map { "GET /$hour/$_?id=7" } -12, -5, 0, 8, 14 } -1, 1]
--- error_code eval: [(200) x 5, (403) x 5]

=== TEST 3: seconds may be left out, and have a fraction
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config
    location = /past { prize_page page.html; prize_open 2020-01-01T00:00Z; }
    location = /exact {
        prize_page page.html;
        prize_open 2020-01-01t00:00:00.000000z until=2099-01-01T00:00:00.5Z;
    }
    location = /future { prize_page page.html; prize_open 2099-01-01T00:00Z; }
--- request eval: [map { "GET /$_?id=7" } qw(past exact future)]
--- error_code eval: [200, 200, 403]

=== TEST 4: 405 and 400 come before it, 403 and 410 of a link after it
--- http_config
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
    add_header X-Result "$prize_result" always;
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config eval
my ($before, $within, $after) = (::before(), ::within(), ::after());
<<"CONF";
    location = /before { prize_page page.html; prize_open $before; }
    location = /after { prize_page page.html; prize_open $after; }
    location = /within { prize_page page.html; prize_open $within; }
CONF
--- request eval
[map { my $path = $_; ("POST /$path?id=7", "GET /$path?id=", "GET /$path",
                       "GET /$path?id=7", "HEAD /$path?id=7",
                       "GET /$path?" . ::link_of(7, 1),
                       "GET /$path?" . ::link_of(7, 4070908800)) }
 qw(before after within)]
--- error_code eval
[405, 400, 400, (403) x 4,  405, 400, 400, (410) x 4,
 405, 400, 400, 403, 403, 410, 200]
--- response_headers eval
[((("X-Result: refused") x 3, ("X-Result: closed") x 4) x 2),
 ("X-Result: refused") x 6, "X-Result: found"]

=== TEST 5: testers come in early and late, with their own links
--- http_config
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
--- redis
HSET employee:T1 id T1
HSET employee:T2 id T2
HSET employee:t.3@a_b-c id t.3@a_b-c
HSET employee:7 id 7
--- page: {{id}}
--- config eval
my ($before, $after) = (::before(), ::after());
<<"CONF";
    location = /before {
        prize_page page.html;
        prize_open $before early=T1,T2 early=t.3\@a_b-c;
    }
    location = /after { prize_page page.html; prize_open $after early=T1; }
CONF
--- request eval
[map { "GET /$_" }
 map({ "before?" . ::link_of($_, 4070908800) } qw(T1 T2 t.3@a_b-c 7 T T12 t1)),
 "before?" . ::link_of('T1', 4070908800) =~ s/id=T1/id=%54%31/r,
 "before?id=T1", "before?" . ::link_of('T1', 1),
 map({ "after?" . ::link_of($_, 4070908800) } qw(T1 T2))]
--- error_code eval
[200, 200, 200, 403, 403, 403, 403, 200, 403, 410, 200, 410]

=== TEST 6: in http, a server, a location, an if, a limit_except; off
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- http_config eval: "    prize_open " . ::after() . ";\n"
--- config eval
my ($before, $within) = (::before(), ::within());
<<"CONF";
    location = /http { prize_page page.html; }
    location /location {
        prize_page page.html;
        prize_open $before early=7;
        location = /location/inner { prize_page page.html; }
        location = /location/other { prize_page page.html; prize_open $before; }
        location = /location/off { prize_page page.html; prize_open off; }
    }
    location = /off { prize_page page.html; prize_open off; }
    location = /if {
        prize_page page.html;
        if (\$arg_open) { prize_open $within; }
        if (\$arg_off) { prize_open off; }
    }
    location = /limit_except {
        prize_page page.html;
        limit_except POST { prize_open $before; }
    }
CONF
--- request eval
[map { "GET $_&id=7" } qw(/http? /location? /location/inner? /location/other?
                          /location/off? /off? /if? /if?open=1 /if?off=1
                          /limit_except?)]
--- error_code eval
[410, 200, 200, 403, 200, 200, 410, 200, 200, 403]

=== TEST 7: in a server
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- http_config eval: "    prize_open " . ::after() . ";\n"
--- config eval
my $before = ::before();
<<"CONF";
    prize_open $before;
    location = /h5 { prize_page page.html; }
CONF
--- request: GET /h5?id=7
--- error_code: 403

=== TEST 8: a page of its own, which knows when it opens
--- http_config
    prize_sign_key_file $TEST_NGINX_KEYS;
    prize_sign_event gift;
    map $prize_result $closed { closed "closed"; default "forbidden"; }
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- pages
>>> closed.html
[<!--# echo var="prize_opens_in" -->]
>>> forbidden.html
(<!--# echo var="prize_opens_in" default="" -->)
--- config eval
my ($before, $within, $after) = (::before(), ::within(), ::after());
<<"CONF";
    error_page 403 410 /error/\$closed.html;
    location /error/ { internal; alias conf/; ssi on; }
    location = /before { prize_page page.html; prize_open $before; }
    location = /within { prize_page page.html; prize_open $within; }
    location = /after { prize_page page.html; prize_open $after; }
CONF
--- request eval
["GET /before?id=7", "GET /within?id=7", "GET /after?id=7"]
--- error_code eval: [403, 403, 410]
--- response_body_like eval
['^\[3(600\.000|5[5-9]\d\.\d{3})\]$', '^\(\)$', '^\[\]$']
--- response_headers eval: [("Cache-Control: private, no-store") x 3]

=== TEST 9: limit_req does not take who waits for one that is refused
--- http_config
    map $prize_result $refused { refused $binary_remote_addr; }
    limit_req_zone $refused zone=refused:1m rate=1r/m;
--- redis
--- page
--- config eval
my $before = ::before();
<<"CONF";
    location = /h5 {
        prize_page page.html;
        prize_open $before;
        limit_req zone=refused;
        limit_req_status 429;
    }
CONF
--- request eval: [("GET /h5?id=7") x 5, "GET /h5", "GET /h5", "GET /h5?id=7"]
--- error_code eval: [(403) x 5, 400, 429, 403]

=== TEST 10: the ID that auth_request names
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config eval
my $before = ::before();
<<"CONF";
    location = /who { internal; return 204; }
    location = /h5 {
        prize_page page.html;
        prize_id \$employee;
        auth_request /who;
        auth_request_set \$employee \$http_x_employee;
        prize_open $before early=7;
    }
CONF
--- request eval: [("GET /h5") x 3]
--- more_headers eval: ["X-Employee: 7", "X-Employee: 8", "X-Employee: "]
--- error_code eval: [200, 403, 400]

=== TEST 11: requests before and after are counted
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config eval
my ($before, $within, $after) = (::before(), ::within(), ::after());
<<"CONF";
    error_page 403 = \@waiting;
    location \@waiting { return 200 waiting; }
    location = /before { prize_page page.html; prize_open $before; }
    location = /within { prize_page page.html; prize_open $within; }
    location = /after { prize_page page.html; prize_open $after; }
    location = /status { prize_status; }
CONF
--- request eval
[(("GET /before?id=7") x 3, "GET /within?id=7", "GET /within", "POST /after",
  ("GET /after?id=7") x 2), "GET /status"]
--- error_code eval: [200, 200, 200, 200, 400, 405, 410, 410, 200]
--- response_body_like eval
[("") x 8, qr/^prize_closed_total\{when="before"\} 3
prize_closed_total\{when="after"\} 2$/m]

=== TEST 12: refused: "prize_open" twice
--- config
    prize_open off;
    prize_open 2026-12-24T09:00:00+08:00; # here
--- must_die: "prize_open" directive is duplicate

=== TEST 13: refused: "prize_open" without an offset
--- config: prize_open 2026-12-24T09:00:00; # here
--- must_die
"prize_open" takes moments such as "2026-12-24T09:00:00+08:00", not "2026-12-24T09:00:00": it has no offset

=== TEST 14: refused: "prize_open" with a day that is none
--- config: prize_open 2026-02-30T09:00:00+08:00; # here
--- must_die
"prize_open" takes moments such as "2026-12-24T09:00:00+08:00", not "2026-02-30T09:00:00+08:00": there is no such day or time of the day

=== TEST 15: refused: "prize_open" with a zone's name
--- config: prize_open 2026-12-24T09:00:00CST; # here
--- must_die
"prize_open" takes moments such as "2026-12-24T09:00:00+08:00", not "2026-12-24T09:00:00CST": want an offset at its end, "Z" or up to 14 hours

=== TEST 16: refused: "prize_open on"
--- config: prize_open on; # here
--- must_die
"prize_open" takes moments such as "2026-12-24T09:00:00+08:00", not "on": want a date, "T" and a time of the day

=== TEST 17: refused: "prize_open" with a space for the "T"
--- config: prize_open 2026-12-24 09:00:00+08:00; # here
--- must_die
"prize_open" takes moments such as "2026-12-24T09:00:00+08:00", not "2026-12-24": want a date, "T" and a time of the day

=== TEST 18: refused: "until=" without an offset
--- config: prize_open 2026-12-24T09:00:00Z until=2026-12-25T09:00; # here
--- must_die
"prize_open" takes moments such as "2026-12-24T09:00:00+08:00", not "until=2026-12-25T09:00": it has no offset

=== TEST 19: refused: "until=" before it opens, as its offset says
--- config: prize_open 2026-12-24T09:00:00-05:00 until=2026-12-24T21:00+08:00; # here
--- must_die
"prize_open" ends with "until=2026-12-24T21:00+08:00" before it has begun

=== TEST 20: refused: "until=" in the second in which it opens
--- config: prize_open 2026-12-24T09:00:00Z until=2026-12-24T17:00:00+08:00; # here
--- must_die
"prize_open" ends with "until=2026-12-24T17:00:00+08:00" before it has begun

=== TEST 21: refused: "until=" twice
--- config: prize_open 2026-12-24T09:00Z until=2027-01-01T00:00Z until=2027-01-02T00:00Z; # here
--- must_die
"prize_open" takes "until=" once, and "until=2027-01-02T00:00Z" is another

=== TEST 22: refused: "early=" with what is no ID
--- config: prize_open 2026-12-24T09:00Z "early=T1,T 2"; # here
--- must_die
"prize_open" takes "early=ID[,ID...]", each ID of A-Z a-z 0-9 . _ @ -, not "T 2" in "early=T1,T 2"

=== TEST 23: refused: "early=" without an ID
--- config: prize_open 2026-12-24T09:00Z early=T1,; # here
--- must_die
"prize_open" takes "early=ID[,ID...]", each ID of A-Z a-z 0-9 . _ @ -, not "" in "early=T1,"

=== TEST 24: refused: another parameter
--- config: prize_open 2026-12-24T09:00Z to=2027-01-01T00:00Z; # here
--- must_die
"prize_open" takes a moment, "until=" and "early=", not "to=2027-01-01T00:00Z"

=== TEST 25: refused: "off" with more
--- config: prize_open off early=T1; # here
--- must_die
"prize_open" takes moments such as "2026-12-24T09:00:00+08:00", not "off": want a date, "T" and a time of the day
