use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# Which Redis is asked: what an upstream block of nginx says, with each of its
# balancers and parameters, and the next server where one is dead.

run_tests();

__DATA__

=== TEST 1: weight
--- http_config
    upstream employees {
        server unix:$TEST_NGINX_REDIS_SOCKET weight=4;
        server unix:$TEST_NGINX_REDIS_SOCKET2;
    }
    prize_redis_pass employees;
--- redis: HSET employee:7 id 7 home one
--- redis2: HSET employee:7 id 7 home two
--- page: {{home}}
--- request eval: [("GET /h5?id=7") x 10]
--- response_body eval: [(qw(one one two one one)) x 2]

=== TEST 2: zone
--- http_config
    log_format store '$prize_field_home $upstream_addr';
    upstream employees {
        zone employees 64k;
        server 127.0.0.1:$TEST_NGINX_REDIS_PORT;
        server unix:$TEST_NGINX_REDIS_SOCKET2;
    }
    prize_redis_pass employees;
--- redis: HSET employee:7 id 7 home one
--- redis2: HSET employee:7 id 7 home two
--- page: {{home}}
--- config
    location = /h5 { prize_page page.html; access_log logs/store.log store; }
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
--- request eval: [("GET /h5?id=7") x 4, "GET /logs/store.log"]
--- response_body eval
["one", "two", "one", "two",
 'one 127.0.0.1:$TEST_NGINX_REDIS_PORT
two unix:$TEST_NGINX_REDIS_SOCKET2
one 127.0.0.1:$TEST_NGINX_REDIS_PORT
two unix:$TEST_NGINX_REDIS_SOCKET2
']

=== TEST 3: keepalive
--- http_config
    upstream employees {
        server unix:$TEST_NGINX_REDIS_SOCKET;
        server unix:$TEST_NGINX_REDIS_SOCKET2;
        keepalive 8;
    }
    prize_redis_pass employees;
--- redis: HSET employee:7 id 7 home one
--- redis2: HSET employee:7 id 7 home two
--- page: {{home}}
--- request eval: [("GET /h5?id=7") x 4]
--- response_body eval: ["one", "two", "one", "two"]

=== TEST 4: a connection that a proxy has left in the block is not used
--- http_config
    upstream shared {
        server unix:$TEST_NGINX_SERVROOT/logs/other.sock max_fails=0;
        keepalive 8;
    }
    server {
        listen unix:$TEST_NGINX_SERVROOT/logs/other.sock;
        access_log off;
        location / { return 200 "connection $connection_requests\n"; }
    }
--- page
{{home}}
--- config
    location = /proxied {
        proxy_pass http://shared;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
    }
    location = /h5 { prize_page page.html; prize_redis_pass shared; }
--- request eval
["GET /proxied", "GET /proxied", "GET /h5?id=7", "GET /proxied"]
--- error_code eval: [200, 200, 503, 200]
--- response_body eval
["connection 1\n", "connection 2\n", qr/503 Service/, "connection 1\n"]

=== TEST 5: hash: where memcached_pass would look for the key
--- http_config
    log_format store '$arg_id $upstream_addr';
    upstream employees {
        hash $arg_id;
        server 127.0.0.1:$TEST_NGINX_REDIS_PORT max_fails=0;
        server unix:$TEST_NGINX_REDIS_SOCKET2 max_fails=0;
    }
    upstream shared {
        zone shared 64k;
        hash $arg_id;
        server 127.0.0.1:$TEST_NGINX_REDIS_PORT max_fails=0;
        server unix:$TEST_NGINX_REDIS_SOCKET2 max_fails=0;
    }
--- redis
EVAL 'for i = 1, 6 do redis.call("HSET", "employee:"..i, "id", i, "home", "one") end' 0
--- redis2
EVAL 'for i = 1, 6 do redis.call("HSET", "employee:"..i, "id", i, "home", "two") end' 0
--- page: {{home}}
--- config
    access_log logs/store.log store;
    location = /h5 { prize_page page.html; prize_redis_pass employees; }
    location = /zone { prize_page page.html; prize_redis_pass shared; }
    location = /memcached {
        set $memcached_key $arg_id;
        memcached_pass employees;
    }
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
--- request eval
[map({ my $id = $_; map { "GET /$_?id=$id" } qw(h5 zone memcached) } 1 .. 6),
 "GET /logs/store.log"]
--- error_code eval: [(200, 200, 502) x 6, 200]
--- response_body eval
[map({ ("$_", "$_", qr/502 Bad Gateway/) } qw(one two one one two one)),
 qr/\A(?:([1-6] (?:127|unix)\S+)\n\1\n\1\n){6}\z/]

=== TEST 6: hash ... consistent
--- http_config
    log_format store '$arg_id $upstream_addr';
    upstream employees {
        hash $arg_id consistent;
        server 127.0.0.1:$TEST_NGINX_REDIS_PORT max_fails=0;
        server unix:$TEST_NGINX_REDIS_SOCKET2 max_fails=0;
    }
--- redis
EVAL 'for i = 1, 6 do redis.call("HSET", "employee:"..i, "id", i, "home", "one") end' 0
--- redis2
EVAL 'for i = 1, 6 do redis.call("HSET", "employee:"..i, "id", i, "home", "two") end' 0
--- page: {{home}}
--- config
    access_log logs/store.log store;
    location = /h5 { prize_page page.html; prize_redis_pass employees; }
    location = /memcached {
        set $memcached_key $arg_id;
        memcached_pass employees;
    }
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
--- request eval
[map({ ("GET /h5?id=$_", "GET /memcached?id=$_") } 1 .. 6),
 "GET /logs/store.log"]
--- error_code eval: [(200, 502) x 6, 200]
--- response_body eval
[(qr/\A(?:one|two)\z/, qr/502 Bad Gateway/) x 6,
 qr/\A(?:([1-6] (?:127|unix)\S+)\n\1\n){6}\z/]

=== TEST 7: hash: the key decides, not the request
--- http_config
    upstream employees {
        hash $prize_id;
        server unix:$TEST_NGINX_REDIS_SOCKET;
        server unix:$TEST_NGINX_REDIS_SOCKET2;
    }
    prize_redis_pass employees;
--- redis: HSET employee:7 id 7 home one
--- redis2: HSET employee:7 id 7 home two
--- page: {{home}}
--- request eval: [("GET /h5?id=7") x 3]
--- response_body eval: [("two") x 3]

=== TEST 8: ip_hash: the client decides
--- http_config
    log_format store '$remote_addr $upstream_addr';
    upstream employees {
        ip_hash;
        server 127.0.0.1:$TEST_NGINX_REDIS_PORT max_fails=0;
        server unix:$TEST_NGINX_REDIS_SOCKET2 max_fails=0;
    }
--- redis: HSET employee:7 id 7 home one
--- redis2: HSET employee:7 id 7 home two
--- page: {{home}}
--- config
    access_log logs/store.log store;
    set_real_ip_from 127.0.0.1;
    location = /h5 { prize_page page.html; prize_redis_pass employees; }
    location = /memcached {
        set $memcached_key $arg_id;
        memcached_pass employees;
    }
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
--- request eval
[("GET /h5?id=7", "GET /memcached?id=7") x 6, "GET /logs/store.log"]
--- more_headers eval: [map({ ("X-Real-IP: 10.0.$_.1") x 2 } 1 .. 6), '']
--- error_code eval: [(200, 502) x 6, 200]
--- response_body eval
[map({ ("$_", qr/502 Bad Gateway/) } qw(one two one two one two)),
 qr/\A(?:(10\S+ (?:127|unix)\S+)\n\1\n){6}\z/]

=== TEST 9: least_conn: in turn while nobody waits
--- http_config
    upstream employees {
        least_conn;
        server unix:$TEST_NGINX_REDIS_SOCKET;
        server unix:$TEST_NGINX_REDIS_SOCKET2;
    }
    upstream shared {
        zone shared 64k;
        least_conn;
        server unix:$TEST_NGINX_REDIS_SOCKET;
        server unix:$TEST_NGINX_REDIS_SOCKET2;
    }
--- redis: HSET employee:7 id 7 home one
--- redis2: HSET employee:7 id 7 home two
--- page: {{home}}
--- config
    location = /h5 { prize_page page.html; prize_redis_pass employees; }
    location = /zone { prize_page page.html; prize_redis_pass shared; }
--- request eval: [("GET /h5?id=7") x 4, ("GET /zone?id=7") x 4]
--- response_body eval: [("one", "two") x 4]

=== TEST 10: random: of those that are there
--- http_config
    upstream employees {
        random;
        server unix:$TEST_NGINX_REDIS_SOCKET down;
        server unix:$TEST_NGINX_REDIS_SOCKET2;
    }
    upstream shared {
        zone shared 64k;
        random two least_conn;
        server unix:$TEST_NGINX_REDIS_SOCKET down;
        server unix:$TEST_NGINX_REDIS_SOCKET2;
    }
--- redis: HSET employee:7 id 7 home one
--- redis2: HSET employee:7 id 7 home two
--- page: {{home}}
--- config
    location = /h5 { prize_page page.html; prize_redis_pass employees; }
    location = /zone { prize_page page.html; prize_redis_pass shared; }
--- request eval: [("GET /h5?id=7") x 4, ("GET /zone?id=7") x 4]
--- response_body eval: [("two") x 8]

=== TEST 11: down
--- http_config
    upstream employees {
        server unix:$TEST_NGINX_REDIS_SOCKET down;
        server unix:$TEST_NGINX_REDIS_SOCKET2;
    }
    prize_redis_pass employees;
--- redis: HSET employee:7 id 7 home one
--- redis2: HSET employee:7 id 7 home two
--- page: {{home}}
--- request eval: [("GET /h5?id=7") x 4]
--- response_body eval: [("two") x 4]

=== TEST 12: backup: not asked while the first is there
--- http_config
    upstream employees {
        server unix:$TEST_NGINX_REDIS_SOCKET;
        server unix:$TEST_NGINX_REDIS_SOCKET2 backup;
    }
    prize_redis_pass employees;
--- redis: HSET employee:7 id 7 home one
--- redis2: HSET employee:7 id 7 home two
--- page: {{home}}
--- request eval: [("GET /h5?id=7") x 4]
--- response_body eval: [("one") x 4]

=== TEST 13: max_conns: a lookup that has ended counts no longer
--- http_config
    upstream employees {
        server unix:$TEST_NGINX_REDIS_SOCKET max_conns=1;
        server unix:$TEST_NGINX_REDIS_SOCKET2 backup;
    }
    upstream shared {
        zone shared 64k;
        server unix:$TEST_NGINX_REDIS_SOCKET max_conns=1;
        server unix:$TEST_NGINX_REDIS_SOCKET2 backup;
    }
--- redis: HSET employee:7 id 7 home one
--- redis2: HSET employee:7 id 7 home two
--- page
{{home}}
--- config
    location = /h5 { prize_page page.html; prize_redis_pass employees; }
    location = /zone { prize_page page.html; prize_redis_pass shared; }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/h5?id=7" wait="yes" -->
<!--# include virtual="/h5?id=7" wait="yes" -->
<!--# include virtual="/zone?id=7" wait="yes" -->
<!--# include virtual="/zone?id=7" wait="yes" -->';
    }
--- request eval: [("GET /h5?id=7") x 2, ("GET /zone?id=7") x 2, "GET /all"]
--- response_body eval: [("one\n") x 4, "one\n\none\n\none\n\none\n"]

=== TEST 14: a dead server: the next one is asked, and soon only that one
--- http_config
    map "$upstream_addr|$upstream_status" $tried {
        default "$upstream_addr|$upstream_status";
        "~^$TEST_NGINX_DEAD, unix:$TEST_NGINX_REDIS_SOCKET\|502, 200$" both;
        "~^unix:$TEST_NGINX_REDIS_SOCKET\|200$" second;
    }
    log_format store $tried;
    # after an attempt that failed, the worker's first one too, there is a
    # pause of at most 100 ms
    limit_req_zone $server_name zone=wait:32k rate=8r/s;
    upstream employees {
        server $TEST_NGINX_DEAD max_fails=0;
        server unix:$TEST_NGINX_REDIS_SOCKET;
    }
    prize_redis_pass employees;
--- redis: HSET employee:7 id 7 home one
--- page
{{home}}
--- config
    location = /h5 { prize_page page.html; access_log logs/store.log store;
                     limit_req zone=wait burst=20; }
    location = /wait { alias $TEST_NGINX_SERVROOT/conf/page.html;
                       limit_req zone=wait; access_log off; }
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
--- request eval
["GET /wait", ("GET /h5?id=7") x 10, "GET /logs/store.log"]
--- response_body eval
["{{home}}\n", ("one\n") x 10, "both\nsecond\n" x 4 . "second\n" x 2]

=== TEST 15: max_fails, and its default: nginx leaves a dead server alone
--- http_config
    map "$upstream_addr|$upstream_status" $tried {
        default "$upstream_addr|$upstream_status";
        "~^$TEST_NGINX_DEAD, unix:$TEST_NGINX_REDIS_SOCKET\|502, 200$" both;
        "~^unix:$TEST_NGINX_SERVROOT/logs/nobody, unix:$TEST_NGINX_REDIS_SOCKET\|502, 200$" both;
        "~^unix:$TEST_NGINX_REDIS_SOCKET\|200$" second;
    }
    log_format store $tried;
    upstream employees {
        server $TEST_NGINX_DEAD fail_timeout=1h;
        server unix:$TEST_NGINX_REDIS_SOCKET;
    }
    upstream sockets {
        server unix:$TEST_NGINX_SERVROOT/logs/nobody fail_timeout=1h;
        server unix:$TEST_NGINX_REDIS_SOCKET;
    }
    access_log logs/store.log store;
--- redis: HSET employee:7 id 7 home one
--- page
{{home}}
--- config
    location = /h5 { prize_page page.html; prize_redis_pass employees; }
    location = /sockets { prize_page page.html; prize_redis_pass sockets; }
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
--- request eval
[("GET /h5?id=7") x 5, ("GET /sockets?id=7") x 5, "GET /logs/store.log"]
--- response_body eval
[("one\n") x 10,
 "both\n" . "second\n" x 4 . "both\n" . "second\n" x 4]

=== TEST 16: backup: asked where the first is dead
--- http_config
    map "$upstream_addr|$upstream_status" $tried {
        default "$upstream_addr|$upstream_status";
        "~^$TEST_NGINX_DEAD, unix:$TEST_NGINX_REDIS_SOCKET\|502, 200$" both;
        "~^unix:$TEST_NGINX_REDIS_SOCKET\|200$" second;
    }
    log_format store $tried;
    # after an attempt that failed, the worker's first one too, there is a
    # pause of at most 100 ms
    limit_req_zone $server_name zone=wait:32k rate=8r/s;
    upstream employees {
        server $TEST_NGINX_DEAD max_fails=0;
        server unix:$TEST_NGINX_REDIS_SOCKET backup;
    }
    prize_redis_pass employees;
--- redis: HSET employee:7 id 7 home one
--- page
{{home}}
--- config
    location = /h5 { prize_page page.html; access_log logs/store.log store;
                     limit_req zone=wait burst=20; }
    location = /wait { alias $TEST_NGINX_SERVROOT/conf/page.html;
                       limit_req zone=wait; access_log off; }
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
--- request eval
["GET /wait", ("GET /h5?id=7") x 8, "GET /logs/store.log"]
--- response_body eval
["{{home}}\n", ("one\n") x 8, "both\n" x 4 . "second\n" x 4]

=== TEST 17: all servers are dead
--- http_config
    log_format store '$prize_source|$prize_result|$upstream_addr|'
                     '$upstream_status';
    upstream employees {
        server $TEST_NGINX_DEAD max_fails=0;
        server unix:$TEST_NGINX_SERVROOT/logs/nobody max_fails=0;
    }
    prize_redis_pass employees;
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres_query "SELECT '7' AS id, 'postgres' AS home
                          WHERE '7' = ANY($1)";
--- page: {{home}}
--- config
    access_log logs/store.log store;
    location = /h5 { prize_page page.html; }
    location = /postgres { prize_page page.html; prize_postgres_pass hr; }
    location = /connected {
        prize_page page.html;
        prize_redis_pass off;
        prize_postgres_pass hr;
        access_log off;
    }
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
--- request eval
["GET /connected?id=7", "GET /h5?id=7", "GET /postgres?id=7",
 "GET /logs/store.log"]
--- error_code eval: [200, 503, 200, 200]
--- response_body eval
["postgres", qr/503 Service/, "postgres",
 '|error|$TEST_NGINX_DEAD, unix:$TEST_NGINX_SERVROOT/logs/nobody|502, 502
postgres|found|unix:$TEST_NGINX_SERVROOT/logs/nobody, $TEST_NGINX_DEAD, 127.0.0.1:$TEST_NGINX_POSTGRES_PORT|502, 502, 200
']

=== TEST 18: all servers are dead, and error_page goes where there are others
--- http_config
    log_format store '$status|$prize_source|$prize_result|$upstream_addr|'
                     '$upstream_status';
    prize_redis_pass $TEST_NGINX_DEAD;
--- redis: HSET employee:7 id 7 home one
--- page: {{home}}
--- config
    access_log logs/store.log store;
    location = /h5 { prize_page page.html; error_page 503 = @other; }
    location @other {
        prize_page page.html;
        prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    }
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
--- request eval: ["GET /h5?id=7", "GET /logs/store.log"]
--- response_body eval
["one",
 '200|redis|found|$TEST_NGINX_DEAD : unix:$TEST_NGINX_REDIS_SOCKET|502 : 200
']
--- response_headers eval
["Cache-Control: private, no-store\n! Retry-After", ""]

=== TEST 19: the debug log has the state of a search at each change
--- skip_eval: 3: qx($ENV{TEST_NGINX_BINARY} -V 2>&1) !~ /--with-debug/
--- redis
--- query: SELECT u AS id FROM unnest($1::text[]) AS u
--- page: {{id}}
--- log_level: debug
--- config
    location = /h5 {
        prize_page page.html;
        prize_postgres_pass hr;
        prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    }
--- request: GET /h5?id=8
--- error_log
prize search for "8": asking redis
prize search for "8": asking postgres
prize search for "8": found

=== TEST 20: a server that has failed once is asked again
--- http_config: prize_redis_pass $TEST_NGINX_DEAD;
--- query: SELECT u AS id FROM unnest($1::text[]) AS u
--- page: {{id}}
--- request: GET /h5?id=8
--- response_body: 8
--- error_log: connect() failed
--- no_error_log: left alone for now

=== TEST 21: least_time with lookups in flight, and a dead server beside it
--- skip_nginx: 3: < 1.31.0
--- http_config
    upstream employees {
        zone employees 64k;
        least_time header inflight;
        server $TEST_NGINX_DEAD max_fails=0;
        server unix:$TEST_NGINX_REDIS_SOCKET max_fails=0;
    }
    prize_redis_pass employees;
--- redis: HSET employee:7 id 7 home one
--- page: {{home}}
--- request eval: [("GET /h5?id=7") x 20]
--- response_body eval: [("one") x 20]

=== TEST 22: and where all are dead
--- skip_nginx: 3: < 1.31.0
--- http_config
    upstream employees {
        zone employees 64k;
        least_time last_byte inflight;
        server $TEST_NGINX_DEAD;
        server $TEST_NGINX_DEAD backup;
    }
    prize_redis_pass employees;
--- query: SELECT u AS id FROM unnest($1::text[]) AS u
--- page: {{id}}
--- request eval: [("GET /h5?id=7") x 20]
--- response_body eval: [("7") x 20]
