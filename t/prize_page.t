use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# prize_page: where its file is, who gets which page, where it may stand, and
# what "nginx -t" says of it.

run_tests();

__DATA__

=== TEST 1: a page beside the configuration, and one by its whole path
--- redis: HSET employee:7 id 7 name Ann
--- page: Hello, {{name}}!
--- config
    location = /h5 { prize_page page.html; }
    location = /whole { prize_page $TEST_NGINX_SERVROOT/conf/page.html; }
--- request eval: ["GET /h5?id=7", "GET /whole?id=7"]
--- response_body eval: ["Hello, Ann!", "Hello, Ann!"]
--- no_error_log
[warn]
[error]

=== TEST 2: several pages, the first one whose condition holds
--- redis
HSET e:gold id gold prize gold late no name ''
HSET e:silver id silver prize silver late no name ''
HSET e:late id late prize silver late yes name ''
HSET e:none id none prize '' late 0 name ''
HSET e:no id no prize No late FALSE name ''
HSET e:both id both prize gold late yes name ''
HSET e:eq id eq prize 'a=b' late '' name ''
--- pages
>>> gold.html
gold
>>> late.html
late
>>> equals.html
a=b
>>> some.html
some: {{prize}}
>>> none.html
none
--- config
    location = /h5 {
        prize_redis_key e:$prize_id;
        prize_page gold.html if=prize=gold;
        prize_page late.html if=late;
        prize_page equals.html if=prize=a=b;
        prize_page some.html if=prize;
        prize_page none.html;
    }
--- request eval: [map { "GET /h5?id=$_" } qw(gold silver late none no both eq)]
--- response_body eval
["gold\n", "some: silver\n", "late\n", "none\n", "none\n", "gold\n", "a=b\n"]
--- no_error_log: [warn]

=== TEST 3: conditions turned round
--- redis
HSET e:gold id gold prize gold
HSET e:capital id capital prize Gold
HSET e:longer id longer prize golden
HSET e:empty id empty prize ''
--- pages
>>> unlike.html
not gold
>>> absent.html
nothing
>>> rest.html
rest
--- config
    location = /h5 {
        prize_redis_key e:$prize_id;
        prize_page absent.html if=!prize;
        prize_page unlike.html if=prize!=gold;
        prize_page rest.html;
    }
    location = /empty {
        prize_redis_key e:$prize_id;
        prize_page absent.html if=prize=;
        prize_page rest.html if=prize!=;
    }
--- request eval
[map({ "GET /h5?id=$_" } qw(gold capital longer empty)),
 map { "GET /empty?id=$_" } qw(gold empty)]
--- response_body eval
["rest\n", "not gold\n", "not gold\n", "nothing\n", "rest\n", "nothing\n"]

=== TEST 4: where no page's condition holds the answer is 404
--- redis: HSET employee:8 id 8 prize silver
--- page: gold
--- config
    location = /h5 {
        prize_page page.html if=prize=gold;
        add_header X-Result "$prize_result $prize_source" always;
    }
--- request: GET /h5?id=8
--- error_code: 404
--- response_headers
X-Result: found redis
Cache-Control: private, no-store

=== TEST 5: a field that only a condition names is asked for
--- query: SELECT '8' AS id, 'gold' AS prize WHERE '8' = ANY($1)
--- http_config: prize_write_back off;
--- redis: HSET employee:8 id 8
--- page: gold
--- pages
>>> rest.html
rest
--- config
    location = /h5 {
        prize_page page.html if=prize=gold;
        prize_page rest.html;
        add_header X-Source $prize_source;
    }
--- request: GET /h5?id=8
--- response_body: gold
--- response_headers: X-Source: postgres

=== TEST 6: raw= names the fields that a page may show as they are
--- redis: HSET employee:7 id 7 badge "<b title=\"x\">&'</b>" sign '<i>'
--- page: {{badge}}|{{{badge}}}|{{&badge}}|{{{sign}}}
--- config
    location = /h5 { prize_page page.html raw=sign,badge; }
    location = /twice { prize_page page.html raw=sign raw=badge; }
--- request eval: ["GET /h5?id=7", "GET /twice?id=7"]
--- response_body eval
[("&lt;b title=&quot;x&quot;&gt;&amp;&#39;&lt;/b&gt;|<b title=\"x\">&'</b>|"
  . "<b title=\"x\">&'</b>|<i>") x 2]

=== TEST 7: a location in a location has the stores around it, and no page
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    add_header X-Asked $upstream_status always;
--- redis: HSET employee:7 id 7 name Ann
--- page: {{name}}
--- pages
>>> own.html
own of {{name}}
--- config
    location /outer {
        prize_page page.html;
        prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;

        location /outer/own { prize_page own.html; }
        location /outer/none { }
    }
--- request eval: [map { "GET /outer$_?id=7" } '', '/own', '/none']
--- error_code eval: [200, 200, 404]
--- response_body_like eval: ['^Ann$', '^own of Ann$', '404 Not Found']
--- response_headers eval
["X-Asked: 200", "X-Asked: 200", "!X-Asked\n!Cache-Control"]

=== TEST 8: if in location: a page of its own, or the one around it
--- http_config
    server {
        listen unix:$TEST_NGINX_SERVROOT/logs/other.sock;
        return 200 other;
    }
--- redis: HSET employee:7 id 7 name Ann
--- page: {{name}}
--- pages
>>> vip.html
vip {{name}}
--- config
    location = /h5 {
        prize_page page.html;
        if ($arg_vip) { prize_page vip.html; }
        if ($arg_set) { set $any 1; }
        if ($arg_gone) { return 410; }
        if ($arg_other) {
            proxy_pass http://unix:$TEST_NGINX_SERVROOT/logs/other.sock;
        }
    }
--- request eval
[map { "GET /h5?id=7$_" } '', '&vip=1', '&set=1', '&gone=1', '&other=1']
--- error_code eval: [200, 200, 200, 410, 200]
--- response_body_like eval
['^Ann$', '^vip Ann$', '^Ann$', '410 Gone', '^other$']

=== TEST 9: limit_except: a page of its own, or the one around it
--- redis: HSET employee:7 id 7 name Ann
--- page: {{name}}
--- config
    location = /own {
        limit_except POST { prize_page page.html; }
        return 200 posted;
    }
    location = /around {
        prize_page page.html;
        limit_except POST { prize_gzip off; }
    }
--- request eval
["GET /own?id=7", "POST /own?id=7", "GET /around?id=7", "POST /around?id=7"]
--- error_code eval: [200, 200, 200, 405]
--- response_body_like eval: ['^Ann$', '^posted$', '^Ann$', '405 Not Allowed']
--- response_headers eval: ["Vary: Accept-Encoding", "!Vary", "!Vary", "!Vary"]

=== TEST 10: not in http
--- http_config: prize_page page.html; # here
--- must_die: "prize_page" directive is not allowed here

=== TEST 11: not in server
--- config: prize_page page.html; # here
--- must_die: "prize_page" directive is not allowed here

=== TEST 12: a warning, once, where the last page has a condition
--- redis: HSET employee:7 id 7 a '' b 1
--- page: page
--- config
    location = /h5 {
        prize_page page.html if=a; # here
        prize_page page.html if=b;
        if ($arg_set) { set $any 1; }
    }
--- request: GET /h5?id=7
--- response_body: page
--- error_log
the last "prize_page" has an "if=": an employee who meets none of them gets 404, in
--- grep_error_log chop
[warn]
--- grep_error_log_out
[warn]

=== TEST 13: a page behind one without a condition is never sent
--- http_config: prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
--- page: page
--- config
    location = /h5 {
        prize_page page.html;
        prize_page page.html if=a; # here
    }
--- must_die
"prize_page" directive is never sent: the one before it has no "if="

=== TEST 14: a file that is not there
--- config: location = /h5 { prize_page no.html; } # here
--- must_die eval
qr/"prize_page" cannot open ".*\/conf\/no\.html" \(2: No such file/

=== TEST 15: a folder in the place of a file
--- config: location = /h5 { prize_page ../logs; } # here
--- must_die eval
qr/"prize_page" wants a file of at most 16 MiB, which ".*\/logs" is not/

=== TEST 16: a file of more than 16 MiB
--- page eval: 'x' x (16 * 1024 * 1024 + 1)
--- config: location = /h5 { prize_page page.html; } # here
--- must_die eval
qr/"prize_page" wants a file of at most 16 MiB, which ".*\.html" is not/

=== TEST 17: a file of 16 MiB is read
--- page eval: "\0" . 'x' x (16 * 1024 * 1024 - 1)
--- config: location = /h5 { prize_page page.html; } # here
--- must_die: page.html:1:1: byte 0x00: expected a page of text

=== TEST 18: a condition without a field
--- config: location = /h5 { prize_page page.html if=; } # here
--- must_die
"prize_page" takes "if=FIELD", "if=!FIELD", "if=FIELD=VALUE" or "if=FIELD!=VALUE" with the name of a field, not "if="

=== TEST 19: a condition with a value, and without a field
--- config: location = /h5 { prize_page page.html if=!=x; } # here
--- must_die: with the name of a field, not "if=!=x"

=== TEST 20: a condition that is turned round in two ways
--- config: location = /h5 { prize_page page.html if=!a=x; } # here
--- must_die: with the name of a field, not "if=!a=x"

=== TEST 21: two exclamation marks in a condition
--- config: location = /h5 { prize_page page.html if=!!a; } # here
--- must_die: with the name of a field, not "if=!!a"

=== TEST 22: a condition on a field that no page can name
--- config: location = /h5 { prize_page page.html if=a.b=x; } # here
--- must_die: with the name of a field, not "if=a.b=x"

=== TEST 23: a variable in the place of a field
--- config: location = /h5 { prize_page page.html if=$arg_x; } # here
--- must_die: with the name of a field, not "if=$arg_x"

=== TEST 24: two conditions of one page
--- config: location = /h5 { prize_page page.html if=a if=b; } # here
--- must_die: "prize_page" takes a file, one "if=" and "raw=", not "if=b"

=== TEST 25: a parameter that there is not
--- config: location = /h5 { prize_page page.html when=a; } # here
--- must_die: "prize_page" takes a file, one "if=" and "raw=", not "when=a"

=== TEST 26: a parameter without its =
--- config: location = /h5 { prize_page page.html ifa; } # here
--- must_die: "prize_page" takes a file, one "if=" and "raw=", not "ifa"

=== TEST 27: raw= without a field
--- config: location = /h5 { prize_page page.html raw=; } # here
--- must_die: "prize_page" takes "raw=FIELD[,FIELD...]", not "raw="

=== TEST 28: a comma too many in raw=
--- config: location = /h5 { prize_page page.html raw=a,,b; } # here
--- must_die: "prize_page" takes "raw=FIELD[,FIELD...]", not "raw=a,,b"

=== TEST 29: raw= with a field that no page can name
--- config: location = /h5 { prize_page page.html raw=a.b; } # here
--- must_die: "prize_page" takes "raw=FIELD[,FIELD...]", not "raw=a.b"

=== TEST 30: behind another content handler
--- page: page
--- config
    location = /h5 {
        proxy_pass http://$TEST_NGINX_DEAD;
        prize_page page.html; # here
    }
--- must_die
"prize_page" directive conflicts with another content handler of the location

=== TEST 31: before another content handler
--- http_config: prize_redis_pass $TEST_NGINX_DEAD;
--- page: page
--- config
    location = /h5 {
        prize_page page.html; # here
        proxy_pass http://$TEST_NGINX_DEAD;
    }
--- must_die
"prize_page" conflicts with another content handler of the location in
