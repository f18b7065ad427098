use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# What nginx's filters make of a page: SSI, sub_filter and addition.

run_tests();

__DATA__

=== TEST 1: SSI includes the pages of several employees in one document
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

=== TEST 2: a page that includes another by SSI
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

=== TEST 3: an unknown one in SSI hurts no other
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

=== TEST 4: sub_filter, with prize_gzip off
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

=== TEST 5: addition around a page
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
