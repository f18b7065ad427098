use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize qw(slurp);
use Test::Prize::Certificates;
use Test::Prize::Socket;

# prize_postgres, prize_postgres_pass, prize_postgres_query and
# prize_postgres_timeout: pools, their connections, queue and batches, who is
# asked what, for how long, and what "nginx -t" says.

our $certificate = slurp(Test::Prize::Certificates->new->{file});

run_tests();

__DATA__

=== TEST 1: prize_postgres: two connections by default
--- sql
CREATE SEQUENCE queries;
CREATE FUNCTION connections_when(wanted int) RETURNS bigint AS $$ BEGIN
    PERFORM nextval('queries');
    WHILE (SELECT last_value FROM queries) < wanted LOOP
        PERFORM pg_sleep(0.01);
    END LOOP;
    RETURN (SELECT count(*) FROM pg_stat_activity
            WHERE application_name = 'two');
END $$ LANGUAGE plpgsql;
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO application_name=two" batch=1;
    prize_postgres_pass hr;
    prize_postgres_query "SELECT id, connections_when(2) AS n
                          FROM unnest($1::text[]) AS id";
--- page
{{id}}: {{n}} connections
--- config
    location = /h5 { prize_page page.html; }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/h5?id=1"
                 --><!--# include virtual="/h5?id=2" -->';
    }
--- request: GET /all
--- response_body
1: 2 connections
2: 2 connections

=== TEST 2: prize_postgres: connections=, one query at a time on each
--- sql
CREATE SEQUENCE queries;
CREATE FUNCTION connections_when(wanted int) RETURNS bigint AS $$ BEGIN
    PERFORM nextval('queries');
    WHILE (SELECT last_value FROM queries) < wanted LOOP
        PERFORM pg_sleep(0.01);
    END LOOP;
    RETURN (SELECT count(*) FROM pg_stat_activity
            WHERE application_name = 'three');
END $$ LANGUAGE plpgsql;
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO application_name=three"
                   connections=3 batch=1;
    prize_postgres_pass hr;
    prize_postgres_query "SELECT id, connections_when(3) AS n
                          FROM unnest($1::text[]) AS id";
--- page
{{id}}: {{n}} connections
--- config
    location = /h5 { prize_page page.html; }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/h5?id=1"
                 --><!--# include virtual="/h5?id=2"
                 --><!--# include virtual="/h5?id=3" -->';
    }
--- request: GET /all
--- response_body
1: 3 connections
2: 3 connections
3: 3 connections

=== TEST 3: prize_postgres: 4096 lookups may wait by default
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO" connections=1;
    prize_postgres_pass hr;
    prize_postgres_query "SELECT id FROM unnest($1::text[]) AS id";
--- pages eval
">>> page.html\n{{id}}\n>>> all.html\n"
. CORE::join '', map { "<!--# include virtual=\"/h5?id=$_\" -->" } 1 .. 4097
--- config
    location = /h5 { prize_page page.html; error_page 503 /busy; }
    location = /busy { return 503 "busy: $prize_result\n"; }
    location = /all.html { root $TEST_NGINX_SERVROOT/conf; ssi on; }
--- request eval: ["GET /h5?id=connected", "GET /all.html"]
--- response_body eval
["connected\n", CORE::join '', map({ "$_\n" } 1 .. 4096), "busy: shed\n"]

=== TEST 4: prize_postgres: queue=, and who finds it full is turned away
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO" connections=1 queue=2 batch=1;
    prize_postgres_pass hr;
    prize_postgres_query "SELECT id FROM unnest($1::text[]) AS id";
--- page
{{id}}
--- config
    location = /h5 { prize_page page.html; error_page 503 /busy; }
    location = /busy { return 503 "busy: $prize_result\n"; }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/h5?id=1"
                 --><!--# include virtual="/h5?id=2"
                 --><!--# include virtual="/h5?id=3"
                 --><!--# include virtual="/h5?id=1"
                 --><!--# include virtual="/h5?id=4" -->';
    }
    location = /metrics { prize_status; }
--- request eval
["GET /h5?id=connected", "GET /all", "GET /h5?id=3", "GET /metrics"]
--- response_body_like eval
["^connected\n\\z", "^1\n2\nbusy: shed\n1\nbusy: shed\n\\z", "^3\n\\z",
 "(?m:^prize_postgres_queue_max 2\$)"]

=== TEST 5: prize_postgres: 256 IDs in a query by default
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO" connections=1;
    prize_postgres_pass hr;
    prize_postgres_query "SELECT id, cardinality($1::text[]) AS n
                          FROM unnest($1::text[]) AS id";
--- pages eval
">>> page.html\n{{n}}\n>>> all.html\n"
. CORE::join '', map { "<!--# include virtual=\"/h5?id=$_\" -->" } 1 .. 258
--- config
    location = /h5 { prize_page page.html; }
    location = /all.html { root $TEST_NGINX_SERVROOT/conf; ssi on; }
--- request eval: ["GET /h5?id=connected", "GET /all.html"]
--- response_body eval: ["1\n", "256\n" x 256 . "2\n" x 2]

=== TEST 6: prize_postgres: batch=, what waits together is asked together
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO" batch=2 connections=1;
    prize_postgres_pass hr;
    prize_postgres_query "SELECT id, array_to_string($1::text[], '+') AS batch
                          FROM unnest($1::text[]) AS id";
--- page
{{id}} in {{batch}}
--- config
    location = /h5 { prize_page page.html; }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/h5?id=1"
                 --><!--# include virtual="/h5?id=2"
                 --><!--# include virtual="/h5?id=3"
                 --><!--# include virtual="/h5?id=4"
                 --><!--# include virtual="/h5?id=5" -->';
    }
--- request eval: ["GET /h5?id=connected", "GET /all"]
--- response_body eval
["connected in connected\n", <<'END']
1 in 1+2
2 in 1+2
3 in 3+4
4 in 3+4
5 in 5
END

=== TEST 7: prize_postgres: an ID is asked once, however many wait for it
--- sql: CREATE SEQUENCE queries;
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO" connections=1;
    prize_postgres_pass hr;
    prize_postgres_query "WITH query AS MATERIALIZED
                              (SELECT nextval('queries') AS n)
                          SELECT id, n, array_to_string($1::text[], '+') AS ids
                          FROM unnest($1::text[]) AS id, query";
--- page
{{id}} by query {{n}} for {{ids}}
--- config
    location = /h5 { prize_page page.html; }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/h5?id=7"
                 --><!--# include virtual="/h5?id=8"
                 --><!--# include virtual="/h5?id=7"
                 --><!--# include virtual="/h5?id=9"
                 --><!--# include virtual="/h5?id=8"
                 --><!--# include virtual="/h5?id=7" -->';
    }
--- request eval: ["GET /h5?id=connected", "GET /all"]
--- response_body eval
["connected by query 1 for connected\n", <<'END']
7 by query 2 for 7+8+9
8 by query 2 for 7+8+9
7 by query 2 for 7+8+9
9 by query 2 for 7+8+9
8 by query 2 for 7+8+9
7 by query 2 for 7+8+9
END

=== TEST 8: prize_postgres: by TCP, by a socket, by a URI
--- http_config
    prize_postgres tcp "$TEST_NGINX_CONNINFO";
    prize_postgres socket "$TEST_NGINX_SOCKET_CONNINFO";
    prize_postgres uri
        postgresql://postgres@127.0.0.1:$TEST_NGINX_POSTGRES_PORT/postgres;
    prize_postgres_query "SELECT id FROM unnest($1::text[]) AS id";
--- page: {{id}}
--- config
    add_header X-Addr $upstream_addr;
    location = /tcp { prize_page page.html; prize_postgres_pass tcp; }
    location = /socket { prize_page page.html; prize_postgres_pass socket; }
    location = /uri { prize_page page.html; prize_postgres_pass uri; }
--- request eval
[map { ("GET /$_?id=connected", "GET /$_?id=7") } qw(tcp socket uri)]
--- response_body eval: [("connected", "7") x 3]
--- response_headers_like eval
["X-Addr: .+", "X-Addr: 127[.]0[.]0[.]1:\\d+", "X-Addr: .+",
 "X-Addr: unix:/.+", "X-Addr: .+", "X-Addr: 127[.]0[.]0[.]1:\\d+"]

=== TEST 9: prize_postgres: a pool may stand behind its use
--- http_config
    server {
        listen unix:$TEST_NGINX_SERVROOT/logs/before.sock;
        location = /h5 {
            prize_page page.html;
            prize_postgres_pass hr;
            prize_postgres_query "SELECT id FROM unnest($1::text[]) AS id";
        }
    }
    prize_postgres hr "$TEST_NGINX_CONNINFO";
--- page: {{id}}
--- config
    location = /h5 {
        proxy_pass http://unix:$TEST_NGINX_SERVROOT/logs/before.sock;
    }
--- request: GET /h5?id=7
--- response_body: 7

=== TEST 10: prize_postgres: the largest values
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO"
                   connections=1000 queue=1000000 batch=10000;
--- config: location = / { return 200 fine; }
--- request: GET /
--- response_body: fine
--- no_error_log: [warn]

=== TEST 11: prize_postgres: addresses and folders do not block
--- http_config
    prize_postgres one "host=127.0.0.1";
    prize_postgres two "host=::1,127.0.0.1";
    prize_postgres three "host=/run/postgresql";
    prize_postgres four "host=@abstract";
    prize_postgres five "host=db.example.com hostaddr=127.0.0.1";
    prize_postgres six "dbname=hr";
    prize_postgres seven postgresql:///hr?host=/run/postgresql;
--- config: location = / { return 200 fine; }
--- request: GET /
--- response_body: fine
--- no_error_log: [warn]

=== TEST 12: prize_postgres: a host name blocks
--- http_config: prize_postgres hr "host=db.example.com dbname=hr"; # here
--- config: location = / { return 200 fine; }
--- request: GET /
--- response_body: fine
--- grep_error_log eval: qr/\[warn\].*? in /
--- grep_error_log_out eval: qr/^\[warn\].*: the conninfo of pool "hr" names a host that has to be resolved, which blocks a worker: use "resolve", "hostaddr=" or a socket directory in \n\z/

=== TEST 13: prize_postgres: one host name among addresses blocks
--- http_config: prize_postgres hr "host=127.0.0.1,db.example.com"; # here
--- config: location = / { return 200 fine; }
--- request: GET /
--- response_body: fine
--- error_log
[warn]
the conninfo of pool "hr" names a host that has to be resolved

=== TEST 14: prize_postgres: a host name longer than any address blocks
--- http_config
    prize_postgres hr
        host=a-host-name-that-is-longer-than-any-address.example.com; # here
--- config: location = / { return 200 fine; }
--- request: GET /
--- response_body: fine
--- error_log
[warn]
the conninfo of pool "hr" names a host that has to be resolved

=== TEST 15: prize_postgres: in server
--- config: prize_postgres hr dbname=hr; # here
--- must_die: "prize_postgres" directive is not allowed here

=== TEST 16: prize_postgres: in location
--- config: location / { prize_postgres hr dbname=hr; } # here
--- must_die: "prize_postgres" directive is not allowed here

=== TEST 17: prize_postgres: without a conninfo
--- http_config: prize_postgres hr; # here
--- must_die: invalid number of arguments in "prize_postgres" directive

=== TEST 18: prize_postgres: a name twice
--- http_config
    prize_postgres hr dbname=hr;
    prize_postgres other dbname=hr;
    prize_postgres hr dbname=other; # here
--- must_die: "prize_postgres" names pool "hr" twice

=== TEST 19: prize_postgres: a pool cannot be named "off"
--- http_config: prize_postgres off dbname=hr; # here
--- must_die: "prize_postgres" cannot name a pool "off"

=== TEST 20: prize_postgres: a pool without a name
--- http_config: prize_postgres "" dbname=hr; # here
--- must_die: "prize_postgres" cannot name a pool ""

=== TEST 21: prize_postgres: a conninfo without a value
--- http_config: prize_postgres hr nonsense; # here
--- must_die
"prize_postgres" cannot read the conninfo of pool "hr": missing "=" in

=== TEST 22: prize_postgres: a conninfo with an unknown option
--- http_config: prize_postgres hr hostadr=127.0.0.1; # here
--- must_die
"prize_postgres" cannot read the conninfo of pool "hr": invalid connection option "hostadr" in

=== TEST 23: prize_postgres: a conninfo with an open quote
--- http_config: prize_postgres hr "host='127.0.0.1"; # here
--- must_die
"prize_postgres" cannot read the conninfo of pool "hr": unterminated quoted string in connection info string in

=== TEST 24: prize_postgres: a broken URI, whose password is not told
--- http_config: prize_postgres hr postgresql://h5:unspeakable@[::1/hr; # here
--- must_die
"prize_postgres" cannot read the conninfo of pool "hr": end of string reached when looking for matching "]" in IPv6 host address in URI in
--- no_error_log: unspeakable

=== TEST 25: prize_postgres: a message does not tell a password
--- http_config: prize_postgres hr "password=unspeakable secret"; # here
--- must_die
"prize_postgres" cannot read the conninfo of pool "hr": missing "=" in
--- no_error_log
unspeakable
secret

=== TEST 26: prize_postgres: too few connections
--- http_config: prize_postgres hr dbname=hr connections=0; # here
--- must_die: "prize_postgres" takes "connections=" from 1 to 1000, not "0"

=== TEST 27: prize_postgres: too many connections
--- http_config: prize_postgres hr dbname=hr connections=1001; # here
--- must_die: "prize_postgres" takes "connections=" from 1 to 1000, not "1001"

=== TEST 28: prize_postgres: connections= without a number
--- http_config: prize_postgres hr dbname=hr connections=; # here
--- must_die: "prize_postgres" takes "connections=" from 1 to 1000, not ""

=== TEST 29: prize_postgres: no queue
--- http_config: prize_postgres hr dbname=hr queue=0; # here
--- must_die: "prize_postgres" takes "queue=" from 1 to 1000000, not "0"

=== TEST 30: prize_postgres: too long a queue
--- http_config: prize_postgres hr dbname=hr queue=1000001; # here
--- must_die: "prize_postgres" takes "queue=" from 1 to 1000000, not "1000001"

=== TEST 31: prize_postgres: batches of nothing
--- http_config: prize_postgres hr dbname=hr batch=0; # here
--- must_die: "prize_postgres" takes "batch=" from 1 to 10000, not "0"

=== TEST 32: prize_postgres: too large batches
--- http_config: prize_postgres hr dbname=hr batch=10001; # here
--- must_die: "prize_postgres" takes "batch=" from 1 to 10000, not "10001"

=== TEST 33: prize_postgres: a number with a unit
--- http_config: prize_postgres hr dbname=hr queue=9 batch=1k; # here
--- must_die: "prize_postgres" takes "batch=" from 1 to 10000, not "1k"

=== TEST 34: prize_postgres: an unknown parameter
--- http_config: prize_postgres hr dbname=hr size=4; # here
--- must_die: "prize_postgres" has no parameter "size=4"

=== TEST 35: prize_postgres: a parameter without "="
--- http_config: prize_postgres hr dbname=hr batch; # here
--- must_die: "prize_postgres" has no parameter "batch"

=== TEST 36: prize_postgres_pass: in each context, and inherited
--- http_config
    prize_postgres one "$TEST_NGINX_CONNINFO application_name=http"
                   connections=1;
    prize_postgres two "$TEST_NGINX_CONNINFO application_name=server"
                   connections=1;
    prize_postgres three "$TEST_NGINX_CONNINFO application_name=location"
                   connections=1;
    prize_postgres four "$TEST_NGINX_CONNINFO application_name=if"
                   connections=1;
    prize_postgres five "$TEST_NGINX_CONNINFO application_name=except"
                   connections=1;
    prize_postgres_pass one;
    prize_postgres_query "SELECT id, application_name FROM pg_stat_activity,
                              unnest($1::text[]) AS id
                          WHERE pid = pg_backend_pid()";
    server {
        listen unix:$TEST_NGINX_SERVROOT/logs/http.sock;
        location / { prize_page page.html; }
    }
--- page: {{application_name}}
--- config
    prize_postgres_pass two;
    location = /http {
        proxy_pass http://unix:$TEST_NGINX_SERVROOT/logs/http.sock;
    }
    location = /server { prize_page page.html; }
    location /location {
        prize_page page.html;
        prize_postgres_pass three;
        location = /location/inner { prize_page page.html; }
    }
    location = /if {
        prize_page page.html;
        if ($arg_if) { prize_postgres_pass four; }
    }
    location = /except {
        limit_except POST { prize_page page.html; prize_postgres_pass five; }
    }
--- request eval
["GET /http?id=1", "GET /server?id=1", "GET /location?id=1",
 "GET /location/inner?id=1", "GET /if?id=1&if=1", "GET /if?id=1",
 "GET /except?id=1"]
--- response_body eval: [qw(http server location location if server except)]

=== TEST 37: prize_postgres_pass: off, where a pool is inherited
--- query: SELECT id FROM unnest($1::text[]) AS id
--- redis
--- http_config: prize_write_back off;
--- page: {{id}}
--- config
    add_header X-Asked "$upstream_status" always;
    location = /both { prize_page page.html; }
    location /redis {
        prize_page page.html;
        prize_postgres_pass off;
        location = /redis/inner { prize_page page.html; }
        location = /redis/both { prize_page page.html; prize_postgres_pass hr; }
        location = /redis/dead {
            prize_page page.html;
            prize_redis_pass $TEST_NGINX_DEAD;
        }
    }
--- request eval
["GET /both?id=1", "GET /redis?id=1", "GET /redis/inner?id=1",
 "GET /redis/both?id=1", "GET /redis/dead?id=1"]
--- error_code eval: [200, 404, 404, 200, 503]
--- response_headers eval
["X-Asked: 404, 200", "X-Asked: 404", "X-Asked: 404", "X-Asked: 404, 200",
 "X-Asked: 502"]

=== TEST 38: prize_postgres_pass: twice
--- config
    prize_postgres_pass hr;
    prize_postgres_pass hr; # here
--- must_die: "prize_postgres_pass" directive is duplicate

=== TEST 39: prize_postgres_pass: off, and then a pool
--- config
    prize_postgres_pass off;
    prize_postgres_pass hr; # here
--- must_die: "prize_postgres_pass" directive is duplicate

=== TEST 40: prize_postgres_pass: an unknown pool
--- http_config
    prize_postgres hr dbname=hr;
    prize_postgres_query "SELECT id FROM unnest($1::text[]) AS id";
--- page: {{id}}
--- config
    location = /h5 {
        prize_page page.html;
        prize_postgres_pass hs; # here
    }
--- must_die
"prize_postgres_pass" names an unknown pool "hs", no "prize_postgres" has it

=== TEST 41: prize_postgres_pass: without a query, which is told where it stands
--- http_config
    prize_postgres hr dbname=hr;
    prize_postgres_pass hr; # here
--- page: {{id}}
--- must_die: "prize_postgres_pass" has no "prize_postgres_query" in

=== TEST 42: prize_postgres_query: in each context, and inherited
--- query: SELECT id, 'http' AS by FROM unnest($1::text[]) id
--- http_config
    server {
        listen unix:$TEST_NGINX_SERVROOT/logs/http.sock;
        location / { prize_page page.html; }
    }
--- page: {{by}}
--- config
    prize_postgres_query "SELECT id, 'server' AS by FROM unnest($1::text[]) id";
    location = /http {
        proxy_pass http://unix:$TEST_NGINX_SERVROOT/logs/http.sock;
    }
    location = /server { prize_page page.html; }
    location /location {
        prize_page page.html;
        prize_postgres_query "SELECT id, 'location' AS by
                              FROM unnest($1::text[]) AS id";
        location = /location/inner { prize_page page.html; }
    }
    location = /if {
        prize_page page.html;
        if ($arg_if) {
            prize_postgres_query "SELECT id, 'if' AS by
                                  FROM unnest($1::text[]) AS id";
        }
    }
    location = /except {
        limit_except POST {
            prize_page page.html;
            prize_postgres_query "SELECT id, 'except' AS by
                                  FROM unnest($1::text[]) AS id";
        }
    }
--- request eval
["GET /http?id=1", "GET /server?id=1", "GET /location?id=1",
 "GET /location/inner?id=1", "GET /if?id=1&if=1", "GET /if?id=1",
 "GET /except?id=1"]
--- response_body eval: [qw(http server location location if server except)]

=== TEST 43: prize_postgres_query: the same one elsewhere shares its batches
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO" connections=1;
    prize_postgres_pass hr;
--- page
{{id}} in {{batch}}
--- config
    location = /one {
        prize_page page.html;
        prize_postgres_query "SELECT id, array_to_string($1::text[], '+') AS batch
                              FROM unnest($1::text[]) AS id";
    }
    location = /same {
        prize_page page.html;
        prize_postgres_query "SELECT id, array_to_string($1::text[], '+') AS batch
                              FROM unnest($1::text[]) AS id";
    }
    location = /another {
        prize_page page.html;
        prize_postgres_query "SELECT id, array_to_string($1::text[], '&') AS batch
                              FROM unnest($1::text[]) AS id";
    }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/one?id=1"
                 --><!--# include virtual="/one?id=2"
                 --><!--# include virtual="/another?id=2"
                 --><!--# include virtual="/same?id=3"
                 --><!--# include virtual="/another?id=4"
                 --><!--# include virtual="/same?id=2" -->';
    }
--- request eval: ["GET /one?id=connected", "GET /all"]
--- response_body eval
["connected in connected\n", <<'END']
1 in 1+2+3
2 in 1+2+3
2 in 2&amp;4
3 in 1+2+3
4 in 2&amp;4
2 in 1+2+3
END

=== TEST 44: prize_postgres_query: twice
--- config
    prize_postgres_query "SELECT id FROM e WHERE id = ANY($1)";
    prize_postgres_query "SELECT id FROM e WHERE id = ANY($1)"; # here
--- must_die: "prize_postgres_query" directive is duplicate

=== TEST 45: prize_postgres_query: without $1
--- config: prize_postgres_query "SELECT id FROM employee"; # here
--- must_die
"prize_postgres_query" has no $1, the array of IDs that are wanted, as in "... WHERE id = ANY($1)", in "SELECT id FROM employee"

=== TEST 46: prize_postgres_query: with $10 alone
--- config: prize_postgres_query "SELECT id FROM e WHERE id = ANY($10)"; # here
--- must_die
"prize_postgres_query" has no $1, the array of IDs that are wanted, as in "... WHERE id = ANY($1)", in "SELECT id FROM e WHERE id = ANY($10)"

=== TEST 47: prize_postgres_timeout: 300ms by default
# None of the requests ends before its time, and at least one does so in time.
--- budgets: the defaults
--- http_config
    map $upstream_response_time $due { "~^0[.][345]" due; }
    log_format due $due;
    prize_postgres hr "$TEST_NGINX_CONNINFO" connections=5;
    prize_postgres_pass hr;
    prize_postgres_query "SELECT id FROM unnest($1::text[]) AS id,
                                         pg_sleep(20)";
--- page: {{id}}
--- config
    location = /h5 {
        prize_page page.html;
        add_header X-Result "$prize_result $upstream_status" always;
        add_header X-Time $upstream_response_time always;
        access_log logs/due.log due if=$due;
    }
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
--- request eval: [("GET /h5?id=7") x 5, "GET /logs/due.log"]
--- error_code eval: [(503) x 5, 200]
--- response_headers_like eval
[("X-Result: timeout 504\nX-Time: (?!0\\.[0-2]).*") x 5, ""]
--- response_body_like eval: [("503") x 5, '^(?:due\n)+\z']

=== TEST 48: prize_postgres_timeout: in each context, and inherited
--- query: SELECT id FROM unnest($1::text[]) AS id, pg_sleep(0.1)
--- http_config
    prize_postgres_timeout 1ms;
    server {
        listen unix:$TEST_NGINX_SERVROOT/logs/http.sock;
        location / { prize_page page.html; }
    }
--- page: {{id}}
--- config
    prize_postgres_timeout 20s;
    location = /http {
        proxy_pass http://unix:$TEST_NGINX_SERVROOT/logs/http.sock;
    }
    location = /server { prize_page page.html; }
    location /location {
        prize_page page.html;
        prize_postgres_timeout 1ms;
        location = /location/inner { prize_page page.html; }
        location = /location/own {
            prize_page page.html;
            prize_postgres_timeout 20s;
        }
    }
    location = /if {
        prize_page page.html;
        if ($arg_if) { prize_postgres_timeout 1ms; }
    }
    location = /except {
        limit_except POST { prize_page page.html; prize_postgres_timeout 1ms; }
    }
--- request eval
["GET /http?id=1", "GET /server?id=2", "GET /location?id=3",
 "GET /location/inner?id=4", "GET /location/own?id=5", "GET /if?id=6&if=1",
 "GET /if?id=7", "GET /except?id=8"]
--- error_code eval: [503, 200, 503, 503, 200, 503, 200, 503]

=== TEST 49: prize_postgres_timeout: 0
--- config: prize_postgres_timeout 0; # here
--- must_die: "prize_postgres_timeout" directive must be more than 0

=== TEST 50: prize_postgres_timeout: no time
--- config: prize_postgres_timeout soon; # here
--- must_die: "prize_postgres_timeout" directive invalid value

=== TEST 51: prize_postgres_timeout: twice
--- config
    prize_postgres_timeout 1s;
    prize_postgres_timeout 1s; # here
--- must_die: "prize_postgres_timeout" directive is duplicate

=== TEST 52: a query that takes no array is told when PostgreSQL is connected
An array would be one ID that nobody has: everybody would get 404.
--- sql
CREATE TABLE employee (id text, badge int);
INSERT INTO employee VALUES ('7', 7);
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres_pass hr;
--- page: {{id}}
--- config
    add_header X-Result $prize_result always;
    location = /is {
        prize_page page.html;
        prize_postgres_query 'SELECT id FROM employee WHERE id = $1';
    }
    location = /in {
        prize_page page.html;
        prize_postgres_query 'SELECT id FROM employee WHERE id IN ($1)';
    }
    location = /int {
        prize_page page.html;
        prize_postgres_query 'SELECT id FROM employee WHERE badge = $1';
    }
    location = /any {
        prize_page page.html;
        prize_postgres_query 'SELECT id FROM employee WHERE id = ANY($1)';
    }
--- request eval
["GET /is?id=7", "GET /in?id=7", "GET /int?id=7", "GET /any?id=7"]
--- error_code eval: [503, 503, 503, 200]
--- response_headers eval
[("X-Result: error") x 3, "X-Result: found"]
--- error_log eval
qr/hr": the query in \S+nginx\.conf:\d+ takes no array: expected it as in/

=== TEST 53: a query without id is told when PostgreSQL is connected
--- sql: CREATE TABLE employee (badge text);
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres_pass hr;
    prize_postgres_query 'SELECT badge FROM employee WHERE badge = ANY($1)'; # here
--- page: {{id}}
--- request: GET /h5?id=7
--- error_code: 503
--- error_log: has no column "id"

=== TEST 54: an ID that its column cannot hold, and a row that does not cast
What PostgreSQL says of the latter has the words that it has for the former.
--- sql
CREATE TABLE employee (id int, seat text);
INSERT INTO employee VALUES (7, '7'), (8, 'window');
CREATE FUNCTION "portal parameter $1"(seat text) RETURNS int AS
    'BEGIN RETURN seat::int; END' LANGUAGE plpgsql;
CREATE FUNCTION number(seat text) RETURNS int AS
    'BEGIN RETURN "portal parameter $1"(seat); END' LANGUAGE plpgsql;
--- query: SELECT id, number(seat) AS seat FROM employee WHERE id = ANY($1)
--- page: {{id}}
--- request eval: ["GET /h5?id=7", "GET /h5?id=8", "GET /h5?id=E1"]
--- error_code eval: [200, 503, 404]

=== TEST 55: a query with $1 in quotes is told when PostgreSQL is connected
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres_pass hr;
    prize_postgres_query "SELECT '7' AS id WHERE '7' = ANY('{$1}')"; # here
--- page: {{id}}
--- request: GET /h5?id=7
--- error_code: 503
--- error_log: has $1 in quotes: expected it as in "id = ANY($1)"

=== TEST 56: prize_postgres: password_file= beside a password in the conninfo
What the password lets in is in t/fault/postgres_error.t.
--- pages
>>> the.secret
unspeakable
--- http_config: prize_postgres hr "user=h5 password=hidden" password_file=the.secret; # here
--- must_die
"prize_postgres" has a password in the conninfo of pool "hr" and "password_file=" beside it
--- no_error_log
unspeakable
hidden

=== TEST 57: prize_postgres: password_file= beside a URI with a password
--- pages
>>> the.secret
unspeakable
--- http_config: prize_postgres hr postgresql://h5:hidden@127.0.0.1/hr password_file=the.secret; # here
--- must_die
"prize_postgres" has a password in the conninfo of pool "hr" and "password_file=" beside it
--- no_error_log
unspeakable
hidden

=== TEST 58: prize_postgres: password_file= without a password in its first line
--- pages
>>> empty.secret

unspeakable
--- http_config: prize_postgres hr user=h5 password_file=empty.secret; # here
--- must_die eval
qr/"prize_postgres" has no password in the first line of "\S+\/conf\/empty\.secret" in /
--- no_error_log: unspeakable

=== TEST 59: prize_postgres: password_file= that is not there
--- http_config: prize_postgres hr user=h5 password_file=no.secret; # here
--- must_die eval
qr/"prize_postgres" cannot open "\S+\/conf\/no\.secret" \(2: No such file or directory\) in /

=== TEST 60: prize_postgres: password_file= without a name
--- http_config: prize_postgres hr user=h5 password_file=; # here
--- must_die: "prize_postgres" has no parameter "password_file="

=== TEST 61: prize_postgres: resolve without a resolver
--- http_config: prize_postgres hr "host=Db.Example user=h5" resolve; # here
--- must_die
"prize_postgres" with "resolve" has no "resolver" in http to look up the hosts of pool "hr", in 

=== TEST 62: prize_postgres: resolve with a resolver of a server alone
--- http_config: prize_postgres hr "host=127.0.0.1,db.example user=h5" resolve; # here
--- config: resolver $TEST_NGINX_DEAD;
--- must_die
"prize_postgres" with "resolve" has no "resolver" in http to look up the hosts of pool "hr", in 

=== TEST 63: prize_postgres: addresses and sockets need no resolver
How a name moves is in t/fault/postgres_names.t.
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO" resolve;
    prize_postgres socket "$TEST_NGINX_SOCKET_CONNINFO" resolve batch=1;
    prize_postgres both "host=127.0.0.1,db.example hostaddr=127.0.0.1,127.0.0.2" resolve;
    prize_postgres_query "SELECT id FROM unnest($1::text[]) AS id";
--- page
{{id}}
--- config
    location = /hr { prize_page page.html; prize_postgres_pass hr; }
    location = /socket { prize_page page.html; prize_postgres_pass socket; }
--- request eval: ["GET /hr?id=7", "GET /socket?id=8"]
--- response_body eval: ["7\n", "8\n"]
--- no_error_log: [warn]

=== TEST 64: prize_postgres: a name that is not known yet, among addresses
Who is left out of the list leaves the ports of the others in their places.
--- http_config
    resolver $TEST_NGINX_DEAD;
    resolver_timeout 1s;
    prize_postgres hr "$TEST_NGINX_CONNINFO hostaddr='' host=db.example,127.0.0.1,db.example
                       port=1,$TEST_NGINX_POSTGRES_PORT,2" resolve;
    prize_postgres_pass hr;
    prize_postgres_query "SELECT id FROM unnest($1::text[]) AS id";
--- page
{{id}}
--- request: GET /h5?id=7
--- response_body
7

=== TEST 65: prize_postgres: no name that is known yet
--- http_config
    resolver $TEST_NGINX_DEAD;
    prize_postgres hr "host=db.example user=h5" resolve;
    prize_postgres_pass hr;
    prize_postgres_query "SELECT id FROM unnest($1::text[]) AS id";
--- page: {{id}}
--- config
    location = /h5 {
        prize_page page.html;
        add_header X-Result $prize_result always;
    }
--- request: GET /h5?id=7
--- error_code: 503
--- response_headers
X-Result: shed
--- response_headers_like: Retry-After: [123]

=== TEST 66: prize_postgres: many certificates in sslrootcert
--- pages eval: ">>> ca.pem\n" . $::certificate x 21
--- http_config
    prize_postgres hr "hostaddr=127.0.0.1 user=h5
                       sslrootcert=$TEST_NGINX_SERVROOT/conf/ca.pem"; # here
--- config: location = / { return 200; }
--- request: GET /
--- grep_error_log eval: qr/\[warn\].*?sslrootcert.*/
--- grep_error_log_out eval
qr/"sslrootcert" of pool "hr" holds more than 20 certificates, .*, not "\S+\/conf\/ca\.pem" in /

=== TEST 67: prize_postgres: a few certificates in sslrootcert
--- pages eval: ">>> ca.pem\n" . $::certificate x 20
--- http_config
    prize_postgres hr "hostaddr=127.0.0.1 user=h5
                       sslrootcert=$TEST_NGINX_SERVROOT/conf/ca.pem";
--- config: location = / { return 200; }
--- request: GET /
--- no_error_log: [warn]

=== TEST 68: prize_postgres: resolve with the hosts of a service
--- http_config: prize_postgres hr "service=staff user=h5" resolve; # here
--- must_die
"prize_postgres" with "resolve" wants the hosts of pool "hr" in its conninfo, not in service "staff"

=== TEST 69: prize_postgres: resolve with a service and hosts beside it
--- http_config
    prize_postgres hr "service=staff host=db.example user=h5" resolve;
    resolver $TEST_NGINX_DEAD;
--- config: location = / { return 200; }
--- request: GET /
--- no_error_log: [warn]
