use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# Which request counts under which metric.
#
#     --- counted    every counter that is not 0 after the block's requests,
#                    as "GET /status" of "prize_status" tells of it
#
# Of a histogram it is the number of values.  What workers and connections
# begin with is left out: prize_worker_starts_total and the commands of Redis.

add_block_preprocessor(sub {
    my ($block) = @_;
    my $counted = $block->counted // return;
    my ($requests, $codes) = map { ref $_ ? $_ : [$_] }
                             $block->request, $block->error_code // 200;

    my $config = $block->config // $Test::Prize::Socket::location;

    $block->set_value(config => $config
                      . "    location = /status { prize_status; }\n");
    $block->set_value(request => [@$requests, 'GET /status']);
    $block->set_value(error_code => [@$codes, 200])
        if defined $block->error_code;
    $block->set_value(response_body => [(qr//) x @$requests, $counted]);
    $block->set_value(response_body_filters => \&counted);
});


sub counted {
    my ($metrics) = @_;

    return join '', grep { /^\w+_(?:total|count|size_sum)\b.* [1-9]/
                           && !/^prize_(?:worker_starts|redis_command)/ }
                    $metrics =~ /^.*\n/gm;
}


run_tests();

__DATA__

=== TEST 1: pages from Redis
--- redis: HSET employee:7 id 7 name Ann
--- pages
>>> pages/page.html
{{name}}
>>> other.html
{{name}}
--- config
    location = /h5 { prize_page pages/page.html; }
    location = /other { prize_page other.html; }
--- request eval: ["GET /h5?id=7", "HEAD /h5?id=7", "GET /other?id=7"]
--- counted
prize_http_requests_total{code="200"} 3
prize_lookups_total{source="redis",result="found"} 3
prize_request_duration_seconds_count{source="redis"} 3
prize_pages_total{page="page.html"} 2
prize_pages_total{page="other.html"} 1

=== TEST 2: a page from PostgreSQL, and an ID that nobody has
--- query: SELECT '7' AS id, 'Ann' AS name WHERE '7' = ANY($1)
--- redis
--- http_config: prize_write_back off;
--- page: {{name}}
--- request eval: ["GET /h5?id=7", "GET /h5?id=9"]
--- error_code eval: [200, 404]
--- counted
prize_http_requests_total{code="200"} 1
prize_http_requests_total{code="404"} 1
prize_lookups_total{source="redis",result="not_found"} 2
prize_lookups_total{source="postgres",result="found"} 1
prize_lookups_total{source="postgres",result="not_found"} 1
prize_request_duration_seconds_count{source="postgres"} 1
prize_request_duration_seconds_count{source="none"} 1
prize_postgres_query_duration_seconds_count 2
prize_postgres_queue_wait_seconds_count 2
prize_postgres_batch_size_sum 2.000000
prize_postgres_batch_size_count 2
prize_pages_total{page="page.html"} 1

=== TEST 3: who is refused asks no store
--- redis
--- page: {{id}}
--- pages
>>> keys
k1 b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xk
--- config
    location = /h5 { prize_page page.html; }
    location = /signed {
        prize_page page.html;
        prize_sign_key_file keys;
        prize_sign_event gift;
    }
--- request eval
["GET /h5?id=no%20id", "GET /h5", "GET /signed?id=7", "POST /h5?id=7",
 "GET /signed?id=7&x=1577836800&k=k1"
 . "&s=lbcEyOcCKy0X4OpmKBZLzc2QCvnf2ZOrUGwPOltuZAA"]
--- error_code eval: [400, 400, 403, 405, 410]
--- counted
prize_http_requests_total{code="400"} 2
prize_http_requests_total{code="403"} 1
prize_http_requests_total{code="405"} 1
prize_http_requests_total{code="410"} 1
prize_request_duration_seconds_count{source="none"} 5

=== TEST 4: statuses that nginx's own modules gave
--- redis
--- page: {{id}}
--- config
    location = /broken { prize_page page.html; auth_request /bad; }
    location = /login { prize_page page.html; auth_request /who; }
    location = /bad { return 404; }
    location = /who { return 401; }
--- request eval: ["GET /broken?id=7", "GET /login?id=7"]
--- error_code eval: [500, 401]
--- counted
prize_http_requests_total{code="500"} 1
prize_http_requests_total{code="other"} 1
prize_request_duration_seconds_count{source="none"} 2

=== TEST 5: neither an answer of the rewrite phase nor a subrequest is one
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config
    location = /h5 { prize_page page.html; log_subrequest on; }
    location = /early { prize_page page.html; return 403; }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/h5?id=7" -->';
    }
--- request eval: ["GET /early?id=7", "GET /all"]
--- error_code eval: [403, 200]
--- counted
prize_lookups_total{source="redis",result="found"} 1
prize_pages_total{page="page.html"} 1

=== TEST 6: records of Redis that are of no use
--- query: SELECT u AS id, 'Ann' AS name FROM unnest($1::text[]) AS u
--- http_config: prize_write_back off;
--- redis
HSET employee:stale id stale
HSET employee:foreign id other name Other
SET employee:text Ann
--- page: {{name}}
--- request eval: ["GET /h5?id=stale", "GET /h5?id=foreign", "GET /h5?id=text"]
--- counted
prize_http_requests_total{code="200"} 3
prize_lookups_total{source="redis",result="stale"} 1
prize_lookups_total{source="redis",result="foreign"} 1
prize_lookups_total{source="redis",result="error"} 1
prize_lookups_total{source="postgres",result="found"} 3
prize_stale_records_total 1
prize_owner_mismatches_total 1
prize_request_duration_seconds_count{source="postgres"} 3
prize_postgres_query_duration_seconds_count 3
prize_postgres_queue_wait_seconds_count 3
prize_postgres_batch_size_sum 3.000000
prize_postgres_batch_size_count 3
prize_redis_errors_total{peer="unix:$TEST_NGINX_REDIS_SOCKET",reason="reply"} 1
prize_pages_total{page="page.html"} 3

=== TEST 7: lines that are not logged, since they are like the first
--- redis: SET employee:7 Ann
--- page: {{id}}
--- request eval: [("GET /h5?id=7") x 4]
--- error_code eval: [(503) x 4]
--- counted
prize_http_requests_total{code="503"} 4
prize_lookups_total{source="redis",result="error"} 4
prize_log_suppressed_total 3
prize_request_duration_seconds_count{source="none"} 4
prize_redis_errors_total{peer="unix:$TEST_NGINX_REDIS_SOCKET",reason="reply"} 4

=== TEST 8: a Redis that denies us
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    prize_redis_username metrics;
    prize_redis_password secret;
--- redis: ACL SETUSER metrics on >secret ~* +ping
--- page: {{id}}
--- request: GET /h5?id=7
--- error_code: 503
--- counted
prize_http_requests_total{code="503"} 1
prize_lookups_total{source="redis",result="lost"} 1
prize_breaker_transitions_total{backend="redis",to="open"} 1
prize_request_duration_seconds_count{source="none"} 1
prize_redis_errors_total{peer="unix:$TEST_NGINX_REDIS_SOCKET",reason="denied"} 1

=== TEST 9: rows that nobody may see, and a query that is refused
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres_pass hr;
--- page: {{id}}
--- config
    location = /twice {
        prize_page page.html;
        prize_postgres_query "SELECT u AS id, n FROM unnest($1::text[]) AS u,
                              generate_series(1, 2) AS n";
    }
    location = /other {
        prize_page page.html;
        prize_postgres_query "SELECT u || 'x' AS id
                              FROM unnest($1::text[]) AS u";
    }
    location = /refused {
        prize_page page.html;
        prize_postgres_query "SELECT u AS id, 1 / (u <> '7')::int
                              FROM unnest($1::text[]) AS u";
    }
--- request eval: ["GET /twice?id=7", "GET /other?id=7", "GET /refused?id=7"]
--- error_code eval: [503, 404, 503]
--- counted
prize_http_requests_total{code="404"} 1
prize_http_requests_total{code="503"} 2
prize_lookups_total{source="postgres",result="not_found"} 1
prize_lookups_total{source="postgres",result="error"} 2
prize_postgres_errors_total{reason="query"} 1
prize_postgres_errors_total{reason="rows"} 2
prize_request_duration_seconds_count{source="none"} 3
prize_postgres_query_duration_seconds_count 3
prize_postgres_queue_wait_seconds_count 3
prize_postgres_batch_size_sum 3.000000
prize_postgres_batch_size_count 3

=== TEST 10: write-backs, of which a second one finds a record there
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO" connections=1;
    prize_postgres it "$TEST_NGINX_CONNINFO" connections=1;
    prize_postgres_pass hr;
    prize_postgres_query "SELECT u AS id FROM unnest($1::text[]) AS u";
--- redis: ACL SETUSER reader on >secret ~* +@all -@scripting
--- page: {{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /it { prize_page page.html; prize_postgres_pass it; }
    location = /reader {
        prize_page page.html;
        prize_redis_username reader;
        prize_redis_password secret;
    }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/h5?id=7" -->
<!--# include virtual="/it?id=7" -->';
    }
--- request eval
["GET /all", "GET /h5?id=7", "GET /reader?id=8", "GET /reader?id=7"]
--- counted
prize_http_requests_total{code="200"} 3
prize_lookups_total{source="redis",result="found"} 2
prize_lookups_total{source="redis",result="not_found"} 3
prize_lookups_total{source="postgres",result="found"} 3
prize_writebacks_total{result="stored"} 1
prize_writebacks_total{result="kept"} 1
prize_writebacks_total{result="failed"} 1
prize_request_duration_seconds_count{source="redis"} 2
prize_request_duration_seconds_count{source="postgres"} 1
prize_postgres_query_duration_seconds_count 3
prize_postgres_queue_wait_seconds_count 3
prize_postgres_batch_size_sum 3.000000
prize_postgres_batch_size_count 3
prize_pages_total{page="page.html"} 5

=== TEST 11: lookups that are shed, share another's, or share a query
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO" connections=1 queue=2;
    prize_postgres_pass hr;
    prize_postgres_query "SELECT u AS id FROM unnest($1::text[]) AS u";
--- page: {{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/h5?id=1" -->
<!--# include virtual="/h5?id=1" -->
<!--# include virtual="/h5?id=2" -->
<!--# include virtual="/h5?id=3" -->
<!--# include virtual="/h5?id=3" -->
<!--# include virtual="/h5?id=4" -->';
    }
--- request eval: ["GET /h5?id=7", "GET /all"]
--- counted
prize_http_requests_total{code="200"} 1
prize_lookups_total{source="postgres",result="found"} 4
prize_shed_total{reason="queue_full"} 3
prize_coalesced_requests_total 1
prize_request_duration_seconds_count{source="postgres"} 1
prize_postgres_query_duration_seconds_count 2
prize_postgres_queue_wait_seconds_count 3
prize_postgres_batch_size_sum 3.000000
prize_postgres_batch_size_count 2
prize_pages_total{page="page.html"} 4

=== TEST 12: a Redis that is not there
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    # after an attempt that failed there is a pause of at most 100 ms
    limit_req_zone $server_name zone=wait:32k rate=8r/s;
--- page: {{id}}
--- config
    location = /h5 { prize_page page.html; limit_req zone=wait burst=20; }
    location = /status { prize_status; }
--- request eval: [("GET /h5?id=7") x 6, "GET /status"]
--- error_code eval: [(503) x 6, 200]
--- response_body_like eval
[(qr/503/) x 6, qr/
^prize_http_requests_total\{code="503"\}\ 6$ .*
^prize_lookups_total\{source="redis",result="lost"\}\ [1-5]$ .*
^prize_breaker_transitions_total\{backend="redis",to="open"\}\ [1-9]$ .*
^prize_redis_errors_total\{peer="127[.0-9:]+",reason="connect"\}\ [5-9]$
/msx]

=== TEST 13: a PostgreSQL that is not there
--- http_config
    prize_postgres hr "postgresql://$TEST_NGINX_DEAD/hr";
    prize_postgres_pass hr;
    limit_req_zone $server_name zone=wait:32k rate=8r/s;
    prize_postgres_query "SELECT u AS id FROM unnest($1::text[]) AS u";
--- page: {{id}}
--- config
    location = /h5 { prize_page page.html; limit_req zone=wait burst=20; }
    location = /status { prize_status; }
--- request eval: [("GET /h5?id=7") x 6, "GET /status"]
--- error_code eval: [(503) x 6, 200]
--- response_body_like eval
[(qr/503/) x 6, qr/
^prize_http_requests_total\{code="503"\}\ 6$ .*
^prize_postgres_errors_total\{reason="connect"\}\ [1-9]\d*$ .*
^prize_breaker_transitions_total\{backend="postgres",to="open"\}\ [1-9]$ .*
^prize_shed_total\{reason="down"\}\ [1-6]$
/msx]

=== TEST 14: the commands of Redis, with the PING that opens a connection
--- redis: HSET employee:7 id 7
--- page: {{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /status { prize_status; }
--- request eval: [("GET /h5?id=7") x 3, "GET /status"]
--- response_body_like eval
[("7") x 3, qr/
^prize_redis_command_duration_seconds_bucket\{le="\+Inf"\}\ 4\n
prize_redis_command_duration_seconds_sum\ 0\.\d*[1-9]\d*\n
prize_redis_command_duration_seconds_count\ 4$
/mx]

=== TEST 15: the gauges of connections that are there
--- redis
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO" connections=1 queue=7;
    prize_postgres it "$TEST_NGINX_CONNINFO" connections=1 queue=5;
    prize_postgres_pass hr;
    prize_postgres_query "SELECT u AS id FROM unnest($1::text[]) AS u";
    prize_write_back off;
--- page: {{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /it { prize_page page.html; prize_postgres_pass it; }
    location = /status { prize_status; }
--- request eval: ["GET /h5?id=7", "GET /it?id=7", "GET /status"]
--- response_body_like eval
[("7") x 2, qr/
^prize_postgres_connections\{state="connecting"\}\ 0
\nprize_postgres_connections\{state="connected"\}\ 2
\n.*\n.*\nprize_postgres_queue_length\ 0
\n.*\n.*\nprize_postgres_queue_max\ 12
\n.*\n.*\nprize_postgres_lookups_in_flight\ 0$ .*
^prize_redis_connections\{peer="unix:[^"]+",state="connected"\}\ 1$
/msx]
