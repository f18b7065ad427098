use strict;
use warnings;

use lib 't/lib';
use Digest::SHA ();
use Test::Nginx::Socket 'no_plan';
use Test::Prize qw(root run_dir slurp spew);
use Test::Prize::Socket;

# prize_status: what it answers in each form, where it may stand, and what
# nginx -t says of it.  What counts under which metric is in t/metrics.t.

# the dashboard is one document

my $http = root() . '/src/http';

our $html = slurp("$http/ngx_http_prize_status.html")
            =~ s{^\@import "(.*)";\n}{slurp("$http/$1")}emr
            =~ s{^<script src="(.*)">\n}{"<script>\n" . slurp("$http/$1")}emr;


# The series of Prometheus' format and of JSON, both as "series value".  "N"
# is how many connections there are by now, and what they have sent.

our $series = sub {
    my ($metrics) = @_;
    my @lines = grep { /^"?prize_(?!build|start|time|\w+_bucket)/ }
                split /\n/, $metrics =~ tr/\\//dr;

    s/^"(.*)":([^,}]+).*/$1 $2/ for @lines;
    s/^(\w+_connections|prize_redis_command)(\S*) .*/$1$2 N/ for @lines;
    return join '', map { "$_\n" } @lines;
};


# each histogram with the bounds of its buckets

our $bounds = sub {
    my ($metrics) = @_;
    my (@names, %bounds);

    while ($metrics =~ /^(\w+)_bucket\{(.*?),?le="(.*?)"\} 0$/gm) {
        push @names, "$1\{$2}" unless exists $bounds{"$1\{$2}"};
        $bounds{"$1\{$2}"} .= " $3";
    }

    return join '', map { "$_:$bounds{$_}\n" } @names;
};


# "openssl_conf" is OpenSSL's own configuration for a block

add_block_preprocessor(sub {
    my ($block) = @_;

    delete $ENV{OPENSSL_CONF};
    $ENV{OPENSSL_CONF} = spew(run_dir() . '/openssl.cnf',
                              $block->openssl_conf)
        if defined $block->openssl_conf;
});

run_tests();

__DATA__

=== TEST 1: Prometheus' text format is the default
--- config: location = /status { prize_status; }
--- request: GET /status
--- response_headers
Content-Type: text/plain; version=0.0.4
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Content-Security-Policy:
--- response_body_like
\A# HELP prize_build_info .*
# TYPE prize_build_info gauge
prize_build_info\{version="\d+\.\d+\.\d+"\} 1
# HELP prize_start_time_seconds .*
# TYPE prize_start_time_seconds gauge
prize_start_time_seconds \d{10}
# HELP prize_time_seconds .*
# TYPE prize_time_seconds gauge
prize_time_seconds \d{10}
# HELP prize_http_requests_total .*
# TYPE prize_http_requests_total counter
prize_http_requests_total\{code="200"\} 0

=== TEST 2: "prometheus" is the same
--- config: location = /status { prize_status prometheus; }
--- request: GET /status
--- response_headers: Content-Type: text/plain; version=0.0.4
--- response_body_like
\A# HELP prize_build_info .*
# TYPE prize_build_info gauge

=== TEST 3: "json", the sums of all workers and Prometheus' series
--- redis: HSET employee:7 id 7
--- page
{{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /status { prize_status json; }
--- request eval: ["GET /h5?id=7", "GET /h5?id=9", "GET /status"]
--- error_code eval: [200, 404, 200]
--- response_headers eval
["", "", "Content-Type: application/json
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Content-Security-Policy:"]
--- response_body eval
["7\n", qr/404 Not Found/, qr/\A\{"version":"\d+\.\d+\.\d+",
"start_time":\d{10},
"time":\d{10},
"workers":1,
"requests_in_flight":0,
"redis_connections":1,
"redis_commands_in_flight":0,
"postgres_connections":0,
"postgres_queue_length":0,
"postgres_lookups_in_flight":0,
"prize_http_requests_total\{code=\\"200\\"\}":1,
"prize_http_requests_total\{code=\\"400\\"\}":0,
"prize_http_requests_total\{code=\\"403\\"\}":0,
"prize_http_requests_total\{code=\\"404\\"\}":1,
.*
"prize_pages_total\{page=\\"page.html\\"\}":1\}\n\z/s]

=== TEST 4: both have every series before anything has happened
--- redis
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO" queue=7;
    prize_postgres_pass hr;
    prize_postgres_query "SELECT u AS id FROM unnest($1::text[]) AS u";
--- page: {{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /prometheus { prize_status; }
    location = /json { prize_status json; }
--- request eval: ["GET /prometheus", "GET /json"]
--- response_body_filters eval: $::series
--- response_body eval
my $all = <<'END';
prize_http_requests_total{code="200"} 0
prize_http_requests_total{code="400"} 0
prize_http_requests_total{code="403"} 0
prize_http_requests_total{code="404"} 0
prize_http_requests_total{code="405"} 0
prize_http_requests_total{code="410"} 0
prize_http_requests_total{code="499"} 0
prize_http_requests_total{code="500"} 0
prize_http_requests_total{code="503"} 0
prize_http_requests_total{code="other"} 0
prize_closed_total{when="before"} 0
prize_closed_total{when="after"} 0
prize_lookups_total{source="redis",result="found"} 0
prize_lookups_total{source="redis",result="not_found"} 0
prize_lookups_total{source="redis",result="stale"} 0
prize_lookups_total{source="redis",result="foreign"} 0
prize_lookups_total{source="redis",result="timeout"} 0
prize_lookups_total{source="redis",result="lost"} 0
prize_lookups_total{source="redis",result="moved"} 0
prize_lookups_total{source="redis",result="error"} 0
prize_lookups_total{source="postgres",result="found"} 0
prize_lookups_total{source="postgres",result="not_found"} 0
prize_lookups_total{source="postgres",result="timeout"} 0
prize_lookups_total{source="postgres",result="lost"} 0
prize_lookups_total{source="postgres",result="error"} 0
prize_postgres_errors_total{reason="connect"} 0
prize_postgres_errors_total{reason="lost"} 0
prize_postgres_errors_total{reason="timeout"} 0
prize_postgres_errors_total{reason="query"} 0
prize_postgres_errors_total{reason="rows"} 0
prize_breaker_transitions_total{backend="redis",to="shut"} 0
prize_breaker_transitions_total{backend="redis",to="open"} 0
prize_breaker_transitions_total{backend="redis",to="half_open"} 0
prize_breaker_transitions_total{backend="postgres",to="shut"} 0
prize_breaker_transitions_total{backend="postgres",to="open"} 0
prize_breaker_transitions_total{backend="postgres",to="half_open"} 0
prize_shed_total{reason="queue_full"} 0
prize_shed_total{reason="down"} 0
prize_writebacks_total{result="stored"} 0
prize_writebacks_total{result="kept"} 0
prize_writebacks_total{result="failed"} 0
prize_writebacks_total{result="dropped"} 0
prize_redis_redirects_total{kind="moved"} 0
prize_redis_redirects_total{kind="ask"} 0
prize_redis_refreshes_total{result="ok"} 0
prize_redis_refreshes_total{result="failed"} 0
prize_coalesced_requests_total 0
prize_client_aborts_total 0
prize_stale_records_total 0
prize_owner_mismatches_total 0
prize_log_suppressed_total 0
prize_worker_starts_total 1
prize_requests_in_flight 0
prize_postgres_connections{state="connecting"} N
prize_postgres_connections{state="connected"} N
prize_postgres_queue_length 0
prize_postgres_queue_max 7
prize_postgres_lookups_in_flight 0
prize_postgres_wrong_queries 0
prize_request_duration_seconds_sum{source="redis"} 0.000000
prize_request_duration_seconds_count{source="redis"} 0
prize_request_duration_seconds_sum{source="postgres"} 0.000000
prize_request_duration_seconds_count{source="postgres"} 0
prize_request_duration_seconds_sum{source="none"} 0.000000
prize_request_duration_seconds_count{source="none"} 0
prize_redis_command_duration_seconds_sum N
prize_redis_command_duration_seconds_count N
prize_postgres_query_duration_seconds_sum 0.000000
prize_postgres_query_duration_seconds_count 0
prize_postgres_queue_wait_seconds_sum 0.000000
prize_postgres_queue_wait_seconds_count 0
prize_postgres_batch_size_sum 0.000000
prize_postgres_batch_size_count 0
prize_redis_connections{peer="PEER",state="connecting"} N
prize_redis_connections{peer="PEER",state="connected"} N
prize_redis_tls_connections{peer="PEER"} N
prize_redis_uncovered_slots 0
prize_redis_commands_in_flight{peer="PEER"} N
prize_breaker_open{backend="postgres",peer="hr"} 0
prize_breaker_open{backend="redis",peer="PEER"} 0
prize_redis_errors_total{peer="PEER",reason="connect"} 0
prize_redis_errors_total{peer="PEER",reason="lost"} 0
prize_redis_errors_total{peer="PEER",reason="timeout"} 0
prize_redis_errors_total{peer="PEER",reason="protocol"} 0
prize_redis_errors_total{peer="PEER",reason="away"} 0
prize_redis_errors_total{peer="PEER",reason="denied"} 0
prize_redis_errors_total{peer="PEER",reason="tls"} 0
prize_redis_errors_total{peer="PEER",reason="reply"} 0
prize_pages_total{page="page.html"} 0
END
$all =~ s/PEER/unix:\$TEST_NGINX_REDIS_SOCKET/g;
[$all, $all]

=== TEST 5: the bounds of the histograms
--- config: location = /status { prize_status; }
--- request: GET /status
--- response_body_filters eval: $::bounds
--- response_body eval
my $seconds = '0.0005 0.001 0.002 0.003 0.005 0.0075 0.01 0.015 0.025 0.05 '
              . '0.1 0.25 0.5 1 2.5 +Inf';
<<"END"
prize_request_duration_seconds{source="redis"}: $seconds
prize_request_duration_seconds{source="postgres"}: $seconds
prize_request_duration_seconds{source="none"}: $seconds
prize_redis_command_duration_seconds{}: $seconds
prize_postgres_query_duration_seconds{}: $seconds
prize_postgres_queue_wait_seconds{}: $seconds
prize_postgres_batch_size{}: 1 2 4 8 16 32 64 128 256 512 1024 2048 4096 8192 10000 +Inf
END

=== TEST 6: "since" adds a history to "json"
--- config: location = /status { prize_status json; }
--- request eval
["GET /status?since=0", "GET /status?since=999999999", "GET /status"]
--- response_body eval
my $columns = CORE::join ',', map { "\"$_\"" } qw(second microseconds 200 400 403
    404 405 410 499 500 503 other shed redis_errors stale owner_mismatches
    worker_starts refreshes refreshes_failed from_redis from_postgres from_nobody
    batches batch_ids request redis postgres in_flight queue queue_max
    postgres_connections wrong_queries uncovered redis_connections redis_open postgres_open silent);

[qr/,\n"second":\d+,\n"columns":\[$columns\],\n"history":\[(\n\[.*\])?\]\}\n\z/s,
 qr/,\n"second":\d+,\n"columns":\[$columns\],\n"history":\[\]\}\n\z/,
 qr/\A(?!.*(history|columns|"second"))/s]

=== TEST 7: a "since" that is no second
--- config
    location = /json { prize_status json; }
    location = /html { prize_status html; }
--- request eval
[map({ "GET /json?since=$_" } '', 'x', '-1', '1e3', '99999999999999999999'),
 "GET /html?json&since=x", "GET /html?since=x"]
--- error_code eval: [(400) x 6, 200]

=== TEST 8: "html", the dashboard and the policy that allows just that
--- config: location = /status { prize_status html; }
--- request: GET /status
--- response_headers eval
my ($style) = $::html =~ m{<style>(.*?)</style>}s;
my ($script) = $::html =~ m{<script>(.*?)</script>}s;

CORE::join "\n", 'Content-Type: text/html; charset=utf-8',
    'Content-Length: ' . length $::html,
    'Cache-Control: private, no-store',
    'Referrer-Policy: no-referrer',
    'X-Content-Type-Options: nosniff',
    "Content-Security-Policy: default-src 'none'; connect-src 'self'; "
    . "img-src data:; base-uri 'none'; form-action 'none'; "
    . "frame-ancestors 'none'; "
    . "style-src 'sha256-" . Digest::SHA::sha256_base64($style) . "='; "
    . "script-src 'sha256-" . Digest::SHA::sha256_base64($script) . "='"
--- response_body eval: qr/\A\Q$::html\E\z/

=== TEST 9: "html" with ?json is "json", without a policy
--- config: location = /status { prize_status html; }
--- request eval
["GET /status?json", "GET /status?json&since=0", "GET /status?jsonx",
 "GET /status?since=0&json"]
--- response_headers eval
[("Content-Type: application/json\nContent-Security-Policy:") x 2,
 ("Content-Type: text/html; charset=utf-8") x 2]
--- response_body eval
[qr/\A\{"version":(?!.*"history").*\}\n\z/s,
 qr/\A\{"version":.*"history":.*\}\n\z/s, (qr/\A\Q$::html\E\z/) x 2]

=== TEST 10: "health" with no store at all
--- config: location = /status { prize_status health; }
--- request: GET /status
--- error_code: 503
--- response_headers
Content-Type: text/plain
Content-Length: 26
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Content-Security-Policy:
--- response_body
redis down, postgres down

=== TEST 11: "health" with Redis
--- redis: HSET employee:7 id 7
--- page
{{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /status { prize_status health; }
--- request eval: ["GET /status", "GET /h5?id=7", "GET /status"]
--- response_body eval
["redis up, postgres down\n", "7\n", "redis up, postgres down\n"]

=== TEST 12: "health" with PostgreSQL, of two stores one is enough
--- query: SELECT u AS id FROM unnest($1::text[]) AS u
--- http_config
    upstream employees { server $TEST_NGINX_DEAD max_fails=0; }
    prize_redis_pass employees;
--- page
{{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /status { prize_status health; }
--- request eval: [("GET /h5?id=7") x 6, "GET /status"]
--- response_body eval: [("7\n") x 6, "redis down, postgres up\n"]

=== TEST 13: "health" with both, and one of two Redis
--- query: SELECT u AS id FROM unnest($1::text[]) AS u
--- http_config
    upstream employees {
        server $TEST_NGINX_DEAD max_fails=0;
        server unix:$TEST_NGINX_REDIS_SOCKET max_fails=0;
    }
    prize_redis_pass employees;
--- redis: HSET employee:7 id 7
--- page
{{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /status { prize_status health; }
--- request eval: [map({ "GET /h5?id=$_" } (7) x 10, 8), "GET /status"]
--- response_body eval: [("7\n") x 10, "8\n", "redis up, postgres up\n"]

=== TEST 14: "health" with dead stores
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_postgres hr "postgresql://$TEST_NGINX_DEAD/hr";
    prize_postgres_pass hr;
    prize_postgres_query "SELECT u AS id FROM unnest($1::text[]) AS u";
--- page
{{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /status { prize_status health; }
--- request eval: ["GET /h5?id=7", "GET /status"]
--- error_code eval: [503, 503]
--- response_body eval: [qr/503/, "redis down, postgres down\n"]

=== TEST 15: "health" with a Redis that refuses us
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    prize_redis_username status;
    prize_redis_password secret;
--- redis: ACL SETUSER status on >secret ~* +ping
--- page
{{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /status { prize_status health; }
--- request eval: ["GET /status", "GET /h5?id=7", "GET /status"]
--- error_code eval: [200, 503, 503]
--- response_body eval
["redis up, postgres down\n", qr/503/, "redis down, postgres down\n"]

=== TEST 16: each answers GET and HEAD only
--- config
    location = /prometheus { prize_status; }
    location = /json { prize_status json; }
    location = /html { prize_status html; }
    location = /health { prize_status health; }
    location = /ready { prize_status ready; }
--- request eval
[map { ("HEAD $_", "POST $_\nid=7", "PUT $_") }
 qw(/prometheus /json /html /html?json /health /ready)]
--- error_code eval: [(200, 405, 405) x 4, (503, 405, 405) x 2]
--- response_body eval: [('', (qr/405 Not Allowed/) x 2) x 6]

=== TEST 17: in "if" in location
--- config
    location = /status {
        if ($arg_json) { prize_status json; }
        prize_status health;
    }
    location = /same {
        if ($arg_same) { add_header X-Same yes; }
        prize_status health;
    }
--- request eval: ["GET /status", "GET /status?json=1", "GET /same?same=1"]
--- error_code eval: [503, 200, 503]
--- response_body eval
["redis down, postgres down\n", qr/\A\{"version"/,
 "redis down, postgres down\n"]

=== TEST 18: in limit_except
--- config
    location = /status {
        prize_status health;
        limit_except POST { prize_status json; }
    }
--- request eval: ["GET /status", "POST /status"]
--- error_code eval: [200, 405]
--- response_body eval: [qr/\A\{"version"/, qr/405 Not Allowed/]

=== TEST 19: not in http
--- http_config: prize_status; # here
--- must_die: "prize_status" directive is not allowed here

=== TEST 20: not in server
--- config: prize_status json; # here
--- must_die: "prize_status" directive is not allowed here

=== TEST 21: an unknown format
--- config: location = /status { prize_status xml; } # here
--- must_die
"prize_status" takes "prometheus", "json", "html", "health" or "ready", not "xml"

=== TEST 22: two formats
--- config: location = /status { prize_status json html; } # here
--- must_die: invalid number of arguments in "prize_status" directive

=== TEST 23: twice
--- config
    location = /status {
        prize_status json;
        prize_status json; # here
    }
--- must_die
"prize_status" directive conflicts with another content handler of the location

=== TEST 24: behind another content handler
--- config
    location = /status {
        stub_status;
        prize_status; # here
    }
--- must_die
"prize_status" directive conflicts with another content handler of the location

=== TEST 25: behind prize_page
--- page: {{id}}
--- config
    location = /status {
        prize_page page.html;
        prize_redis_pass $TEST_NGINX_DEAD;
        prize_status json; # here
    }
--- must_die
"prize_status" directive conflicts with another content handler of the location

=== TEST 26: before prize_page
--- page: {{id}}
--- config
    location = /status {
        prize_status json;
        prize_redis_pass $TEST_NGINX_DEAD;
        prize_page page.html; # here
    }
--- must_die
"prize_page" directive conflicts with another content handler of the location

=== TEST 27: "html" where OpenSSL has no SHA-256
--- openssl_conf
openssl_conf = all
[all]
providers = providers
[providers]
null = null
[null]
activate = 1
--- config: location = /status { prize_status html; } # here
--- must_die: OpenSSL has no SHA-256, which "prize_status html" needs

=== TEST 28: "ready" with no store at all
--- config: location = /status { prize_status ready; }
--- request: GET /status
--- error_code: 503
--- response_headers
Content-Type: text/plain
Content-Length: 26
Cache-Control: private, no-store
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Content-Security-Policy:
--- response_body
no store has answered yet

=== TEST 29: "ready" with Redis
--- redis: HSET employee:7 id 7
--- page
{{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /status { prize_status ready; }
--- request eval: ["GET /h5?id=7", "GET /status"]
--- response_body eval: ["7\n", "ready\n"]

=== TEST 30: "ready" with PostgreSQL alone
--- query: SELECT u AS id FROM unnest($1::text[]) AS u
--- http_config: prize_redis_pass $TEST_NGINX_DEAD;
--- page
{{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /status { prize_status ready; }
--- request eval: ["GET /h5?id=7", "GET /status"]
--- response_body eval: ["7\n", "ready\n"]

=== TEST 31: "ready" with dead stores
--- http_config
    prize_redis_pass $TEST_NGINX_DEAD;
    prize_postgres hr "postgresql://$TEST_NGINX_DEAD/hr";
    prize_postgres_pass hr;
    prize_postgres_query "SELECT u AS id FROM unnest($1::text[]) AS u";
--- page
{{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /status { prize_status ready; }
--- request eval: ["GET /h5?id=7", "GET /status"]
--- error_code eval: [503, 503]

=== TEST 32: "ready" with a Redis that refuses us
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    prize_redis_password wrong;
--- redis: ACL SETUSER default on >secret
--- page
{{id}}
--- config
    location = /h5 { prize_page page.html; }
    location = /status { prize_status ready; }
--- request eval: ["GET /h5?id=7", "GET /status"]
--- error_code eval: [503, 503]

=== TEST 33: "ready": a Sentinel is no store, nor is a seed that is no node
Both are a Redis here that knows neither a master nor a cluster.
--- http_config: prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
--- redis
--- page
{{id}}
--- config
    location = /sentinel { prize_page page.html; prize_redis_sentinel gift; }
    location = /cluster { prize_page page.html; prize_redis_cluster on; }
    location = /status { prize_status ready; }
--- request eval: ["GET /sentinel?id=7", "GET /cluster?id=7", "GET /status"]
--- error_code eval: [503, 503, 503]
