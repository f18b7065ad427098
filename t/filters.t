use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# What nginx's filters make of a page: SSI, sub_filter and addition.

run_tests();

__DATA__

=== TEST 1: SSI includes the pages of several employees in one document
--- query
SELECT u AS id, 'from PostgreSQL' AS name
FROM unnest($1::text[]) AS u WHERE u ~ '^p'
--- http_config
    prize_write_back off;
    gzip on;
    gzip_min_length 1;
--- redis
HSET employee:7 id 7 name Ann
HSET employee:8 id 8 name Ben
--- page
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
--- request: GET /all
--- response_body chomp
7 Ann

8 Ben

p1 from PostgreSQL

7 Ann

p2 from PostgreSQL

end

=== TEST 2: a page that includes another by SSI
--- redis
HSET employee:7 id 7 boss 8 name Ann
HSET employee:8 id 8 boss 8 name Ben
--- page: {{name}} and <!--# include virtual="/name?id={{boss}}" -->
--- pages
>>> name.html
{{name}}
--- config
    location = /h5 { prize_page page.html; prize_gzip off; ssi on; }
    location = /name { prize_page name.html; }
--- request: GET /h5?id=7
--- response_body eval: "Ann and Ben\n"

=== TEST 3: an unknown one in SSI hurts no other
--- redis: HSET employee:7 id 7 name Ann
--- page
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
--- request: GET /all
--- response_body
nobody
nobody
Ann

=== TEST 4: sub_filter, with prize_gzip off
--- redis: HSET employee:7 id 7 name 'Ann of CITY'
--- page: Hello, {{name}}: CITY!
--- config
    location = /h5 {
        prize_page page.html;
        prize_gzip off;
        sub_filter CITY Berlin;
        sub_filter_once off;
    }
--- request: GET /h5?id=7
--- more_headers: Accept-Encoding: gzip
--- response_body: Hello, Ann of Berlin: Berlin!

=== TEST 5: addition around a page
--- redis
HSET employee:7 id 7 name Ann
HSET employee:8 id 8 name Ben
--- page
{{name}}
--- config
    location = /h5 {
        prize_page page.html;
        prize_gzip off;
        add_after_body /foot;
    }
    location = /foot { prize_page page.html; prize_id 8; }
--- request: GET /h5?id=7
--- response_body
Ann
Ben
