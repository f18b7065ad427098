use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize ();
use Test::Prize::Socket;

# What prize_redis_sentinel takes.  What it does is in t/stores/routes.t, and
# with servers that die in t/fault/sentinel.t.

$ENV{TEST_NGINX_FILE} = Test::Prize::spew(Test::Prize::run_dir()
                                          . '/password', "secret\n");

run_tests();

__DATA__

=== TEST 1: prize_redis_sentinel without a name
--- config: prize_redis_sentinel; # here
--- must_die: invalid number of arguments in "prize_redis_sentinel" directive

=== TEST 2: prize_redis_sentinel with a name that is empty
--- config: prize_redis_sentinel ""; # here
--- must_die: "prize_redis_sentinel"

=== TEST 3: prize_redis_sentinel twice
--- config
    prize_redis_sentinel employees;
    prize_redis_sentinel off; # here
--- must_die: "prize_redis_sentinel" directive is duplicate

=== TEST 4: prize_redis_sentinel with another parameter
--- config: prize_redis_sentinel employees user=h5; # here
--- must_die eval: qr/"prize_redis_sentinel".*"user=h5"|"user=h5".*"prize_redis_sentinel"/

=== TEST 5: prize_redis_sentinel with a parameter that has no value
--- config: prize_redis_sentinel employees password_file=; # here
--- must_die eval: qr/prize_redis_sentinel.*password_file|password_file.*prize_redis_sentinel/

=== TEST 6: prize_redis_sentinel with a file that is not there
--- config: prize_redis_sentinel employees password_file=nowhere; # here
--- must_die: conf/nowhere"

=== TEST 7: prize_redis_sentinel with all it takes, and off
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_redis_sentinel employees username=h5 password_file=$TEST_NGINX_FILE;
--- query: SELECT '7' AS id, 'Ann' AS name WHERE '7' = ANY($1)
--- page: {{name}}
--- config
    location = /h5 { prize_page page.html; }
    location = /other { prize_page page.html; prize_redis_sentinel other; }
    location = /off { prize_page page.html; prize_redis_sentinel off; }
    location = /database { prize_page page.html; prize_redis_database 1; }
--- request eval: [map { "GET /$_?id=7" } qw(h5 other off database)]
--- response_body eval: [("Ann") x 4]

=== TEST 8: no password is in a message
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_redis_sentinel employees username=h5 password_file=$TEST_NGINX_FILE;
--- page
--- request: GET /h5?id=7
--- error_code: 503
--- no_error_log
secret
