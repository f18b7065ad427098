use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# Which page an employee gets, and what nginx's filters make of it.

run_tests();

__DATA__

=== TEST 1: one page
--- redis
HSET employee:7 id 7 name Ann
--- pages
>>> page.html
Hello, {{name}}!
--- config
    location = /h5 {
        prize_page page.html;
        prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    }
--- request
GET /h5?id=7
--- response_body
Hello, Ann!



=== TEST 2: several pages, the first one whose condition holds
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
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
--- request eval
[map { "GET /h5?id=$_" } qw(gold silver late none no both eq)]
--- response_body eval
["gold\n", "some: silver\n", "late\n", "none\n", "none\n", "gold\n", "a=b\n"]



=== TEST 3: conditions turned round
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
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



=== TEST 4: no page's condition holds
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
--- redis
HSET employee:8 id 8 prize silver
--- pages
>>> page.html
gold
--- config
    location = /h5 {
        prize_page page.html if=prize=gold;
        add_header X-Result "$prize_result $prize_source" always;
    }
--- request
GET /h5?id=8
--- error_code: 404
--- response_headers
X-Result: found redis
Cache-Control: private, no-store



=== TEST 5: a field that only a condition names is asked for
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres_pass hr;
    prize_postgres_query "SELECT '8' AS id, 'gold' AS prize
                          WHERE '8' = ANY($1)";
    prize_write_back off;
--- redis
HSET employee:8 id 8
--- pages
>>> page.html
gold
>>> rest.html
rest
--- config
    location = /h5 {
        prize_page page.html if=prize=gold;
        prize_page rest.html;
        add_header X-Source $prize_source;
    }
--- request
GET /h5?id=8
--- response_body
gold
--- response_headers
X-Source: postgres



=== TEST 6: escaped, and raw where the page may
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
--- redis
HSET employee:7 id 7 badge "<b title=\"x\">&'</b>"
--- pages
>>> page.html
{{badge}}|{{{badge}}}|{{&badge}}
--- config
    location = /h5 { prize_page page.html raw=badge; }
--- request
GET /h5?id=7
--- response_body
&lt;b title=&quot;x&quot;&gt;&amp;&#39;&lt;/b&gt;|<b title="x">&'</b>|<b title="x">&'</b>



=== TEST 7: SSI includes a page
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
--- redis
HSET employee:7 id 7 name Ann
--- pages
>>> page.html
Hello, {{name}}!
--- config
    location = /h5 { prize_page page.html; }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '[<!--# include virtual="/h5?id=7" -->]';
    }
--- request
GET /all
--- response_body chomp
[Hello, Ann!
]



=== TEST 8: SSI includes the pages of several employees in one document
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres_pass hr;
    prize_postgres_query "SELECT u AS id, 'from PostgreSQL' AS name
                          FROM unnest($1::text[]) AS u WHERE u ~ '^p'";
    prize_write_back off;
    gzip on;
    gzip_min_length 1;
--- redis
HSET employee:7 id 7 name Ann
HSET employee:8 id 8 name Ben
--- pages
>>> page.html
{{id}} {{name}}
--- config
    location = /h5 { prize_page page.html; }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/h5?id=7" -->
<!--# include virtual="/h5?id=8" -->
<!--# include virtual="/h5?id=p1" -->
<!--# include virtual="/h5?id=7" -->
<!--# include virtual="/h5?id=p2" -->
end';
    }
--- request
GET /all
--- response_body chomp
7 Ann

8 Ben

p1 from PostgreSQL

7 Ann

p2 from PostgreSQL

end



=== TEST 9: a page that includes another by SSI
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
--- redis
HSET employee:7 id 7 boss 8 name Ann
HSET employee:8 id 8 boss 8 name Ben
--- pages
>>> page.html
{{name}} and <!--# include virtual="/name?id={{boss}}" -->
>>> name.html
{{name}}
--- config
    location = /h5 { prize_page page.html; prize_gzip off; ssi on; }
    location = /name { prize_page name.html; }
--- request
GET /h5?id=7
--- response_body eval
"Ann and Ben\n\n"



=== TEST 10: an unknown one in SSI hurts no other
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
--- redis
HSET employee:7 id 7 name Ann
--- pages
>>> page.html
{{name}}
--- config
    location = /h5 { prize_page page.html; error_page 404 400 /none; }
    location = /none { return 200 nobody; }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/h5?id=9" -->
<!--# include virtual="/h5?id=%20" -->
<!--# include virtual="/h5?id=7" -->';
    }
--- request
GET /all
--- response_body
nobody
nobody
Ann



=== TEST 11: sub_filter, with prize_gzip off
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
--- redis
HSET employee:7 id 7 name 'Ann of CITY'
--- pages
>>> page.html
Hello, {{name}}: CITY!
--- config
    location = /h5 {
        prize_page page.html;
        prize_gzip off;
        sub_filter CITY Berlin;
        sub_filter_once off;
    }
--- request
GET /h5?id=7
--- more_headers
Accept-Encoding: gzip
--- response_body
Hello, Ann of Berlin: Berlin!



=== TEST 12: addition around a page
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
--- redis
HSET employee:7 id 7 name Ann
HSET employee:8 id 8 name Ben
--- pages
>>> page.html
{{name}}
--- config
    location = /h5 {
        prize_page page.html;
        prize_gzip off;
        add_after_body /foot;
    }
    location = /foot { prize_page page.html; prize_id 8; }
--- request
GET /h5?id=7
--- response_body
Ann
Ben



=== TEST 13: map and add_header with a field
--- http_config
    map $prize_field_prize $class { default plain; phone winner; }
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
--- redis
HSET employee:7 id 7 prize phone name Ann
HSET employee:8 id 8 prize '' name Ben
--- pages
>>> page.html
{{name}}
--- config
    location = /h5 {
        prize_page page.html;
        add_header X-Class $class;
        add_header X-Prize "($prize_field_prize)";
    }
--- request eval
["GET /h5?id=7", "GET /h5?id=8"]
--- response_body eval
["Ann\n", "Ben\n"]
--- response_headers eval
["X-Class: winner\nX-Prize: (phone)", "X-Class: plain\nX-Prize: ()"]



=== TEST 14: one page in two locations, each with its own Redis
--- http_config
--- redis
HSET employee:7 id 7 name one
--- redis2
HSET employee:7 id 7 name two
--- pages
>>> page.html
{{name}}
--- config
    location = /one {
        prize_page page.html;
        prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    }
    location = /two {
        prize_page page.html;
        prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET2;
    }
--- request eval
["GET /one?id=7", "GET /two?id=7"]
--- response_body eval
["one\n", "two\n"]
