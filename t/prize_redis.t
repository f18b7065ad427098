use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize ();
use Test::Prize::Peer;
use Test::Prize::Socket;

# The directives about Redis, prize_redis_...: which servers, which key, as
# whom and for how long.

# Five servers that no section of a block fills:
#
#     $TEST_NGINX_LOCKED  a Redis whose password is: a "good" one.  It has the
#                         employee 7, Lea.
#     $TEST_NGINX_MUTE    accepts connections, and says nothing
#     $TEST_NGINX_SLOW    answers the handshake, and no lookup but that of the
#                         employee 1
#     $TEST_NGINX_LATE    takes 0.3s for each answer, and has nobody
#     $TEST_NGINX_ECHO    has of anybody, in each field, the command that asks

my $locked = Test::Prize::Redis->start(
    options => ['--requirepass', 'a "good" one']);

$locked->commands(['AUTH', 'a "good" one'],
                  [qw(HSET employee:7 id 7 name Lea)]);

my $mute = Test::Prize::Peer->start(answer => sub { undef });

my $slow = Test::Prize::Peer->start(
    records => {'employee:1' => {id => 1}},
    answer => sub {
        my ($peer, $client, @command) = @_;
        return $command[0] eq 'HMGET' && $command[1] ne 'employee:1'
               ? undef : $peer->usual(@command);
    });

my $late = Test::Prize::Peer->start(answer => sub {
    my ($peer, $client, @command) = @_;
    return $peer->write_later(0.3, $client, $peer->usual(@command));
});

my $echo = Test::Prize::Peer->start(answer => sub {
    my ($peer, $client, @command) = @_;

    $peer->{records} = {$command[1] // '' => {
        map({ $_ => "@command" } @command), id => 7 }};
    return $peer->usual(@command);
});

$ENV{TEST_NGINX_LOCKED} = "unix:$locked->{socket}";
$ENV{TEST_NGINX_MUTE} = $mute->{port};
$ENV{TEST_NGINX_SLOW} = $slow->{port};
$ENV{TEST_NGINX_LATE} = $late->{port};
$ENV{TEST_NGINX_ECHO} = $echo->{port};

run_tests();

__DATA__

=== TEST 1: prize_redis_pass takes an address, a socket or an upstream block
--- http_config
    map $upstream_addr $way { ~^unix: socket; ~^127\. address; }
    add_header X-Way $way;

    upstream before { server unix:$TEST_NGINX_REDIS_SOCKET2; }
    server {
        listen 127.0.0.1:$TEST_NGINX_CLIENT_PORT;
        server_name other;
        location = /before { prize_page page.html; prize_redis_pass before; }
        location = /behind { prize_page page.html; prize_redis_pass behind; }
    }
    upstream behind { server 127.0.0.1:$TEST_NGINX_REDIS_PORT2; }
--- redis: HSET employee:7 id 7 name Ann
--- redis2: HSET employee:7 id 7 name Ben
--- page: {{name}}
--- config
    location = /address {
        prize_page page.html;
        prize_redis_pass 127.0.0.1:$TEST_NGINX_REDIS_PORT;
    }
    location = /socket {
        prize_page page.html;
        prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    }
--- request eval
[map { "GET $_?id=7" } qw(/address /socket http://other/before
                          http://other/behind)]
--- response_body eval: ["Ann", "Ann", "Ben", "Ben"]
--- response_headers eval
[map { "X-Way: $_" } qw(address socket socket address)]

=== TEST 2: prize_redis_pass in http, server, location, if and limit_except
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_CLIENT_PORT;
        server_name http;
        location = /h5 { prize_page page.html; }
    }
--- redis: HSET employee:7 id 7 name one
--- redis2: HSET employee:7 id 7 name two
--- page: {{name}}
--- config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET2;

    location = /server { prize_page page.html; }
    location = /location {
        prize_page page.html;
        prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    }
    location = /if {
        prize_page page.html;
        if ($arg_if) { prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET; }
    }
    location = /limit_except {
        prize_page page.html;
        limit_except POST { prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET; }
    }
--- request eval
["GET http://http/h5?id=7", map { "GET /$_&id=7" }
 qw(server? location? if? if?if=1 limit_except?)]
--- response_body eval: [qw(one two one two one one)]
--- no_error_log
[warn]
[error]

=== TEST 3: prize_redis_pass off cancels what is inherited
--- query: SELECT '7' AS id, 'postgres' AS name WHERE '7' = ANY($1)
--- redis: HSET employee:7 id 7 name redis
--- page: {{name}}
--- config
    add_header X-Asked $upstream_status;

    location = /h5 { prize_page page.html; }
    location /off {
        prize_redis_pass off;
        prize_page page.html;
        location = /off/inherited { prize_page page.html; }
        location = /off/on {
            prize_page page.html;
            prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
        }
    }
--- request eval: [map { "GET $_?id=7" } qw(/off /off/inherited /h5 /off/on)]
--- response_body eval: [qw(postgres postgres redis redis)]
--- response_headers eval: [("X-Asked: 200") x 4]

=== TEST 4: a page without a store
--- page
--- config: location = /h5 { prize_page page.html; } # here
--- must_die
"prize_page" has neither "prize_redis_pass" nor "prize_postgres_pass" in 

=== TEST 5: a page whose stores are both off
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres_pass hr;
    prize_postgres_query "SELECT '7' AS id WHERE '7' = ANY($1)";
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
--- page
--- config
    prize_redis_pass off;
    prize_postgres_pass off;

    location = /h5 { prize_page page.html; } # here
--- must_die
"prize_page" has neither "prize_redis_pass" nor "prize_postgres_pass" in 

=== TEST 6: prize_redis_pass with an upstream that is not there
--- http_config: upstream employees { server unix:$TEST_NGINX_REDIS_SOCKET; }
--- config: prize_redis_pass employes; # here
--- must_die: upstream "employes"

=== TEST 7: prize_redis_pass with a host that cannot be resolved
--- config: prize_redis_pass no.such.invalid:1; # here
--- must_die: host not found in upstream "no.such.invalid

=== TEST 8: prize_redis_pass with a variable
--- config: prize_redis_pass $arg_redis; # here
--- must_die: "prize_redis_pass" directive takes no variables

=== TEST 9: prize_redis_pass twice
--- config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    prize_redis_pass off; # here
--- must_die: "prize_redis_pass" directive is duplicate

=== TEST 10: prize_redis_pass after off
--- config
    prize_redis_pass off;
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET; # here
--- must_die: "prize_redis_pass" directive is duplicate

=== TEST 11: prize_redis_key with several variables, and without $prize_id
--- redis
HSET '{berlin}.7 x' id 7 name Ann
HSET '{paris}.7 x' id 7 name Zoe
HSET 7 id 7 name Ben
--- page: {{name}}
--- config
    location = /several {
        prize_page page.html;
        prize_redis_key "{$arg_site}.${prize_id} x";
    }
    location = /other { prize_page page.html; prize_redis_key $arg_id; }
--- request eval
["GET /several?id=7&site=berlin", "GET /several?id=7&site=paris",
 "GET /other?id=7"]
--- response_body eval: [qw(Ann Zoe Ben)]

=== TEST 12: prize_redis_key in http, server, location, if and limit_except
--- http_config
    prize_redis_key http:$prize_id;
    server {
        listen 127.0.0.1:$TEST_NGINX_CLIENT_PORT;
        server_name http;
        location = /h5 { prize_page page.html; }
    }
--- redis
HSET http:7 id 7 name http
HSET server:7 id 7 name server
HSET location:7 id 7 name location
HSET if:7 id 7 name if
HSET limit_except:7 id 7 name limit_except
--- page: {{name}}
--- config
    prize_redis_key server:$prize_id;

    location = /server { prize_page page.html; }
    location = /location {
        prize_page page.html;
        prize_redis_key location:$prize_id;
    }
    location = /if {
        prize_page page.html;
        if ($arg_if) { prize_redis_key if:$prize_id; }
    }
    location = /limit_except {
        prize_page page.html;
        limit_except POST { prize_redis_key limit_except:$prize_id; }
    }
--- request eval
["GET http://http/h5?id=7", map { "GET /$_&id=7" }
 qw(server? location? if? if?if=1 limit_except?)]
--- response_body eval: [qw(http server location server if limit_except)]
--- no_error_log
[warn]
[error]

=== TEST 13: prize_redis_key without a variable
--- config: prize_redis_key employee:id; # here
--- must_die
"prize_redis_key" has no variable in "employee:id": all employees would have one key

=== TEST 14: prize_redis_key twice
--- config
    prize_redis_key $prize_id;
    prize_redis_key $prize_id; # here
--- must_die: "prize_redis_key" directive is duplicate

=== TEST 15: prize_redis_connect_timeout is 100 ms
# The first request waits for the connections that the worker has begun.  None
# of the others ends before its time, and at least one does so in time.
--- budgets: the defaults
--- http_config
    map $upstream_response_time $due { "~^0[.]1" due; }
    log_format due $due;
    prize_redis_pass 127.0.0.1:$TEST_NGINX_MUTE;
--- page
--- config eval
CORE::join '', <<'CONF', map { <<"CONF" } 0 .. 9
    add_header X-Time $upstream_response_time always;
    access_log logs/due.log due if=$due;
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
CONF
    location = /$_ { prize_page page.html; prize_redis_database $_; }
CONF
--- request eval: [map({ "GET /$_?id=7" } 0 .. 9, 0), "GET /logs/due.log"]
--- error_code eval: [(503) x 11, 200]
--- response_headers_like eval: ["", ("X-Time: (?!0\\.0).*") x 10, ""]
--- response_body_like eval: [("503") x 11, '^(?:due\n)+\z']
--- error_log: connecting timed out

=== TEST 16: prize_redis_connect_timeout in http, server, location, if and limit_except
# The first request waits for the connections that the worker has begun.
--- http_config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_MUTE;
    prize_redis_connect_timeout 120ms;
    add_header X-Time $upstream_response_time always;
    server {
        listen 127.0.0.1:$TEST_NGINX_CLIENT_PORT;
        server_name http;
        location = /h5 { prize_page page.html; }
    }
--- page
--- config
    prize_redis_connect_timeout 140ms;

    location = /server { prize_page page.html; prize_redis_database 1; }
    location = /location {
        prize_page page.html;
        prize_redis_connect_timeout 160ms;
        prize_redis_database 2;
    }
    location = /if {
        prize_page page.html;
        prize_redis_database 3;
        if ($arg_if) {
            prize_redis_connect_timeout 180ms;
            prize_redis_database 4;
        }
    }
    location = /limit_except {
        prize_page page.html;
        limit_except POST {
            prize_redis_connect_timeout 190ms;
            prize_redis_database 5;
        }
    }
--- request eval
["GET /limit_except?id=7", "GET http://http/h5?id=7", map { "GET /$_&id=7" }
 qw(server? location? if? if?if=1 limit_except?)]
--- error_code eval: [(503) x 7]
--- response_headers_like eval
["X-Time: .*", map { "X-Time: (?:0\\.(?:1[$_-9]|[2-9].).|[1-4]\\..*)" }
               2, 4, 6, 4, 8, 9]

=== TEST 17: prize_redis_connect_timeout of 0
--- config: prize_redis_connect_timeout 0; # here
--- must_die: "prize_redis_connect_timeout" directive must be more than 0

=== TEST 18: prize_redis_connect_timeout that is no time
--- config: prize_redis_connect_timeout 5min; # here
--- must_die: "prize_redis_connect_timeout" directive invalid value

=== TEST 19: prize_redis_connect_timeout twice
--- config
    prize_redis_connect_timeout 1s;
    prize_redis_connect_timeout 1s; # here
--- must_die: "prize_redis_connect_timeout" directive is duplicate

=== TEST 20: prize_redis_timeout is 50 ms
# The first ten wait for the connections.  None of the others ends before its
# time, and at least one does so in time.
--- budgets: the defaults
--- http_config
    map "$upstream_response_time $arg_id" $due { "~^0[.]0[5-9]. 7$" due; }
    log_format due $due;
    prize_redis_pass 127.0.0.1:$TEST_NGINX_SLOW;
--- page
--- config eval
CORE::join '', <<'CONF', map { <<"CONF" } 0 .. 9
    add_header X-Result "$prize_result $upstream_status" always;
    add_header X-Time $upstream_response_time always;
    access_log logs/due.log due if=$due;
    location /logs/ { root $TEST_NGINX_SERVROOT; access_log off; }
CONF
    location = /$_ { prize_page page.html; prize_redis_database $_; }
CONF
--- request eval
[map({ "GET /$_?id=1" } 0 .. 9), map({ "GET /$_?id=7" } 0 .. 9),
 "GET /logs/due.log"]
--- error_code_like eval: [("200|503") x 10, (503) x 10, 200]
--- response_headers_like eval
[("") x 10, ("X-Result: timeout 504\nX-Time: (?!0\\.0[0-4]).*") x 10, ""]
--- response_body_like eval: [("") x 10, ("503") x 10, '^(?:due\n)+\z']

=== TEST 21: prize_redis_timeout in http, server, location, if and limit_except
--- http_config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_SLOW;
    prize_redis_timeout 120ms;
    add_header X-Time $upstream_response_time always;
    server {
        listen 127.0.0.1:$TEST_NGINX_CLIENT_PORT;
        server_name http;
        location = /h5 { prize_page page.html; }
    }
--- page
--- config
    prize_redis_timeout 140ms;

    location = /server { prize_page page.html; prize_redis_database 1; }
    location = /location {
        prize_page page.html;
        prize_redis_timeout 160ms;
        prize_redis_database 2;
    }
    location = /if {
        prize_page page.html;
        prize_redis_database 3;
        if ($arg_if) {
            prize_redis_timeout 180ms;
            prize_redis_database 4;
        }
    }
    location = /limit_except {
        prize_page page.html;
        limit_except POST {
            prize_redis_timeout 190ms;
            prize_redis_database 5;
        }
    }
--- request eval
["GET http://http/h5?id=7", map { "GET /$_&id=7" }
 qw(server? location? if? if?if=1 limit_except?)]
--- error_code eval: [(503) x 6]
--- response_headers_like eval
[map { "X-Time: (?:0\\.(?:1[$_-9]|[2-9].).|[1-4]\\..*)" } 2, 4, 6, 4, 8, 9]

=== TEST 22: prize_redis_timeout of 0
--- config: prize_redis_timeout 0; # here
--- must_die: "prize_redis_timeout" directive must be more than 0

=== TEST 23: prize_redis_timeout that is no time
--- config: prize_redis_timeout -1; # here
--- must_die: "prize_redis_timeout" directive invalid value

=== TEST 24: prize_redis_timeout twice
--- config
    prize_redis_timeout 1s;
    prize_redis_timeout 1s; # here
--- must_die: "prize_redis_timeout" directive is duplicate

=== TEST 25: prize_redis_username, with its password, is who asks
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    prize_redis_password secret;
--- redis
ACL SETUSER ann reset on >secret ~employee:* +@all
ACL SETUSER ben reset on >secret ~ben:* +@all
HSET employee:7 id 7 name Lea
--- page
{{name}}
--- config
    location = /ben {
        prize_page page.html;
        prize_redis_username ben;
        error_page 503 /refused;
    }
    location = /refused { return 200 "refused\n"; }
    location = /ann { prize_page page.html; prize_redis_username ann; }
--- request eval: ["GET /ben?id=7", "GET /ann?id=7"]
--- error_code eval: [503, 200]
--- response_body eval: ["refused\n", "Lea\n"]
--- error_log: says "NOPERM

=== TEST 26: prize_redis_username and its password in http, server, location, if and limit_except
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    prize_redis_username http;
    prize_redis_password 'of http';
    prize_redis_key $arg_key:$prize_id;
    server {
        listen 127.0.0.1:$TEST_NGINX_CLIENT_PORT;
        server_name http;
        location = /h5 { prize_page page.html; }
    }
--- redis
ACL SETUSER http reset on '>of http' ~http:* +@all
ACL SETUSER server reset on '>of server' ~server:* +@all
ACL SETUSER location reset on '>of location' ~location:* +@all
ACL SETUSER if reset on '>of if' ~if:* +@all
ACL SETUSER limit_except reset on '>of limit_except' ~limit_except:* +@all
HSET http:7 id 7 name http
HSET server:7 id 7 name server
HSET location:7 id 7 name location
HSET if:7 id 7 name if
HSET limit_except:7 id 7 name limit_except
--- page: {{name}}
--- config
    prize_redis_username server;
    prize_redis_password 'of server';

    location = /server { prize_page page.html; }
    location = /location {
        prize_page page.html;
        prize_redis_username location;
        prize_redis_password 'of location';
    }
    location = /if {
        prize_page page.html;
        if ($arg_key = if) {
            prize_redis_username if;
            prize_redis_password 'of if';
        }
    }
    location = /limit_except {
        prize_page page.html;
        limit_except POST {
            prize_redis_username limit_except;
            prize_redis_password 'of limit_except';
        }
    }
--- request eval
["GET http://http/h5?id=7&key=http", map { "GET /$_&id=7" }
 qw(server?key=server location?key=location if?key=server if?key=if
    limit_except?key=limit_except)]
--- response_body eval: [qw(http server location server if limit_except)]
--- no_error_log
[warn]
[error]

=== TEST 27: prize_redis_username without a password
--- http_config: prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
--- page
--- config
    location = /h5 {
        prize_redis_username ann;
        prize_page page.html; # here
    }
--- must_die
"prize_redis_username" has no "prize_redis_password" for the "prize_page" in 

=== TEST 28: prize_redis_username without a password, where no Redis is asked
--- query: SELECT '7' AS id WHERE '7' = ANY($1)
--- http_config: prize_redis_username ann;
--- page: {{id}}
--- request: GET /h5?id=7
--- response_body: 7

=== TEST 29: prize_redis_username twice
--- config
    prize_redis_username ann;
    prize_redis_username ann; # here
--- must_die: "prize_redis_username" directive is duplicate

=== TEST 30: prize_redis_password without a user is the default user's
--- page: {{name}}
--- config
    location = /h5 {
        prize_page page.html;
        prize_redis_pass $TEST_NGINX_LOCKED;
        prize_redis_password 'a "good" one';
    }
--- request: GET /h5?id=7
--- response_body: Lea

=== TEST 31: no prize_redis_password, where Redis wants one
--- page
--- config
    location = /h5 {
        prize_page page.html;
        prize_redis_pass $TEST_NGINX_LOCKED;
    }
--- request: GET /h5?id=7
--- error_code: 503
--- error_log: says "NOAUTH Authentication required.", left alone for now

=== TEST 32: a wrong prize_redis_password is not in the log
--- page
--- config
    location = /h5 {
        prize_page page.html;
        prize_redis_pass $TEST_NGINX_LOCKED;
        prize_redis_password unspeakable;
    }
--- request: GET /h5?id=7
--- error_code: 503
--- error_log: says "WRONGPASS
--- no_error_log: unspeakable

=== TEST 33: locations that differ only in their password share no connection
--- http_config: prize_redis_pass $TEST_NGINX_LOCKED;
--- page
{{name}}
--- config
    location = /right {
        prize_page page.html;
        prize_redis_password 'a "good" one';
    }
    location = /wrong {
        prize_page page.html;
        prize_redis_password 'a "evil" one';
        error_page 503 /refused;
    }
    location = /refused { return 200 "refused\n"; }
--- request eval: ["GET /right?id=7", "GET /wrong?id=7", "GET /right?id=7"]
--- error_code eval: [200, 503, 200]
--- response_body eval: ["Lea\n", "refused\n", "Lea\n"]

=== TEST 34: prize_redis_password twice
--- config
    prize_redis_password secret;
    prize_redis_password secret; # here
--- must_die: "prize_redis_password" directive is duplicate

=== TEST 35: prize_redis_password_file has the password in its first line
--- pages eval
">>> lf.secret\na \"good\" one\nmore\n"
. ">>> crlf.secret\na \"good\" one\r\n"
. ">>> page.html\n{{name}}\n"
. ">>> bare.secret\na \"good\" one"
--- config
    prize_redis_pass $TEST_NGINX_LOCKED;

    location = /bare {
        prize_page page.html;
        prize_redis_password_file bare.secret;
    }
    location = /lf {
        prize_page page.html;
        prize_redis_password_file lf.secret;
    }
    location = /crlf {
        prize_page page.html;
        prize_redis_password_file crlf.secret;
    }
    location = /absolute {
        prize_page page.html;
        prize_redis_password_file $TEST_NGINX_SERVROOT/conf/lf.secret;
    }
--- request eval: [map { "GET /$_?id=7" } qw(bare lf crlf absolute)]
--- response_body eval: [("Lea\n") x 4]

=== TEST 36: prize_redis_password_file in http, server, location, if and limit_except
--- http_config
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    prize_redis_username ann;
    prize_redis_password_file http.secret;
    prize_redis_key $arg_key:$prize_id;
    server {
        listen 127.0.0.1:$TEST_NGINX_CLIENT_PORT;
        server_name http;
        location = /h5 { prize_page page.html; }
    }
--- redis
ACL SETUSER ann reset on >http ~ann:* +@all
ACL SETUSER ben reset on >server ~ben:* +@all
ACL SETUSER cat reset on >location ~cat:* +@all
ACL SETUSER dan reset on >if ~dan:* +@all
ACL SETUSER eve reset on >limit_except ~eve:* +@all
HSET ann:7 id 7 name Ann
HSET ben:7 id 7 name Ben
HSET cat:7 id 7 name Cat
HSET dan:7 id 7 name Dan
HSET eve:7 id 7 name Eve
--- page: {{name}}
--- pages
>>> http.secret
http
>>> server.secret
server
>>> location.secret
location
>>> if.secret
if
>>> limit_except.secret
limit_except
--- config
    prize_redis_username ben;
    prize_redis_password_file server.secret;

    location = /server { prize_page page.html; }
    location = /location {
        prize_page page.html;
        prize_redis_username cat;
        prize_redis_password_file location.secret;
    }
    location = /if {
        prize_page page.html;
        if ($arg_key = dan) {
            prize_redis_username dan;
            prize_redis_password_file if.secret;
        }
    }
    location = /limit_except {
        prize_page page.html;
        limit_except POST {
            prize_redis_username eve;
            prize_redis_password_file limit_except.secret;
        }
    }
--- request eval
["GET http://http/h5?id=7&key=ann", map { "GET /$_&id=7" }
 qw(server?key=ben location?key=cat if?key=ben if?key=dan
    limit_except?key=eve)]
--- response_body eval: [qw(Ann Ben Cat Ben Dan Eve)]
--- no_error_log
[warn]
[error]

=== TEST 37: prize_redis_password_file instead of an inherited password, and the other way round
--- http_config: prize_redis_pass $TEST_NGINX_LOCKED;
--- page: {{name}}
--- pages
>>> wrong.secret
wrong
>>> right.secret
a "good" one
--- config
    location /file {
        prize_redis_password wrong;
        location = /file/h5 {
            prize_page page.html;
            prize_redis_password_file right.secret;
        }
    }
    location /password {
        prize_redis_password_file wrong.secret;
        location = /password/h5 {
            prize_page page.html;
            prize_redis_password 'a "good" one';
        }
    }
--- request eval: ["GET /file/h5?id=7", "GET /password/h5?id=7"]
--- response_body eval: ["Lea", "Lea"]

=== TEST 38: prize_redis_password_file without a password in its first line
--- pages
>>> empty.secret

second line
--- config: prize_redis_password_file empty.secret; # here
--- must_die eval
qr/"prize_redis_password_file" has no password in the first line of "\S+\/conf\/empty\.secret" in /

=== TEST 39: prize_redis_password_file that is not there
--- config: prize_redis_password_file no.secret; # here
--- must_die eval
qr/"prize_redis_password_file" cannot open "\S+\/conf\/no\.secret" \(2: No such file or directory\) in /

=== TEST 40: prize_redis_password_file that is a folder
--- config: prize_redis_password_file ../logs; # here
--- must_die eval
qr/"prize_redis_password_file" wants a file of at most 16 MiB, which "\S+\/logs" is not in /

=== TEST 41: prize_redis_password_file twice
--- pages
>>> the.secret
secret
--- config
    prize_redis_password_file the.secret;
    prize_redis_password_file the.secret; # here
--- must_die: "prize_redis_password_file" directive is duplicate

=== TEST 42: prize_redis_password_file beside a password
--- pages
>>> the.secret
secret
--- config
    prize_redis_password secret;
    prize_redis_password_file the.secret; # here
--- must_die: "prize_redis_password_file" directive is duplicate

=== TEST 43: prize_redis_password beside a password file
--- pages
>>> the.secret
secret
--- config
    prize_redis_password_file the.secret;
    prize_redis_password secret; # here
--- must_die: "prize_redis_password" directive is duplicate

=== TEST 44: prize_redis_database is 0
--- redis
HSET employee:7 id 7 name zero
SELECT 1
HSET employee:7 id 7 name one
--- page: {{name}}
--- config
    location = /h5 { prize_page page.html; }
    location = /0 { prize_page page.html; prize_redis_database 0; }
    location = /1 { prize_page page.html; prize_redis_database 1; }
--- request eval: [map { "GET /$_?id=7" } qw(1 h5 0)]
--- response_body eval: [qw(one zero zero)]

=== TEST 45: prize_redis_database in http, server, location, if and limit_except
--- http_config
    prize_redis_database 1;
    server {
        listen 127.0.0.1:$TEST_NGINX_CLIENT_PORT;
        server_name http;
        location = /h5 { prize_page page.html; }
    }
--- redis
SELECT 1
HSET employee:7 id 7 name http
SELECT 2
HSET employee:7 id 7 name server
SELECT 0
HSET employee:7 id 7 name location
SELECT 4
HSET employee:7 id 7 name if
SELECT 15
HSET employee:7 id 7 name limit_except
--- page: {{name}}
--- config
    prize_redis_database 2;

    location = /server { prize_page page.html; }
    location = /location { prize_page page.html; prize_redis_database 0; }
    location = /if {
        prize_page page.html;
        if ($arg_if) { prize_redis_database 4; }
    }
    location = /limit_except {
        prize_page page.html;
        limit_except POST { prize_redis_database 15; }
    }
--- request eval
["GET http://http/h5?id=7", map { "GET /$_&id=7" }
 qw(server? location? if? if?if=1 limit_except?)]
--- response_body eval: [qw(http server location server if limit_except)]
--- no_error_log
[warn]
[error]

=== TEST 46: prize_redis_database that Redis does not have
--- redis: HSET employee:7 id 7 name zero
--- page: {{name}}
--- config: location = /h5 { prize_page page.html; prize_redis_database 65535; }
--- request: GET /h5?id=7
--- error_code: 503
--- error_log: says "ERR DB index is out of range", left alone for now

=== TEST 47: prize_redis_database that is too large
--- config: prize_redis_database 65536; # here
--- must_die: "prize_redis_database" takes 0 to 65535, not 65536

=== TEST 48: prize_redis_database that is negative
--- config: prize_redis_database -1; # here
--- must_die: "prize_redis_database" directive invalid number

=== TEST 49: prize_redis_database twice
--- config
    prize_redis_database 1;
    prize_redis_database 1; # here
--- must_die: "prize_redis_database" directive is duplicate

=== TEST 50: a location in a location has what is around it
--- http_config
    prize_redis_connect_timeout 1ms;
    prize_redis_timeout 1ms;
    prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    prize_redis_username nobody;
    prize_redis_password 'of nobody';
--- redis eval
"ACL SETUSER ann reset on '>of ann' ~ann:* +\@all
SELECT 2
HSET ann:" . 7 x 70 . " id " . 7 x 70
--- page: {{id}}
--- config
    location /outer {
        prize_redis_connect_timeout 20s;
        prize_redis_timeout 20s;
        prize_id $arg_staff;
        prize_id_max_length 70;
        prize_redis_key ann:$prize_id;
        prize_redis_username ann;
        prize_redis_password 'of ann';
        prize_redis_database 2;
        prize_csp on;
        location = /outer/inner { prize_page page.html; }
    }
    location /late {
        prize_redis_pass 127.0.0.1:$TEST_NGINX_LATE;
        prize_redis_connect_timeout 20s;
        prize_redis_timeout 20s;
        location = /late/inner { prize_page page.html; }
    }
--- request eval
["GET /outer/inner?staff=" . 7 x 70, "GET /late/inner?id=7"]
--- error_code eval: [200, 404]
--- response_headers_like eval: ["Content-Security-Policy: .+", ""]

=== TEST 51: only the fields that are used are asked for
--- http_config: prize_redis_pass 127.0.0.1:$TEST_NGINX_ECHO;
--- page
{{id}}: {{#name}}{{name}}{{/name}}{{#prize}}{{/prize}}
--- pages
>>> other.html
{{seat}}
--- config
    location = /h5 { prize_page page.html if=vip=1; prize_page page.html; }
    location = /other { prize_page other.html; }
--- request eval: ["GET /h5?id=7", "GET /other?id=7"]
--- response_body eval
["7: HMGET employee:7 id vip name prize\n", "HMGET employee:7 id seat\n"]

=== TEST 52: a key that the user may not read is asked of PostgreSQL
A client chooses the key, and the others go on with Redis.
--- http_config
    prize_redis_username reader;
    prize_redis_password secret;
    prize_redis_key $arg_t:$prize_id;
--- redis
ACL SETUSER reader on >secret ~employee:* +@all
HSET employee:7 id 7
--- query: SELECT id FROM unnest($1::text[]) AS id
--- page: {{id}}
--- config
    add_header X-From $prize_source;
    location = /h5 {
        prize_page page.html;
        prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
    }
--- request eval
["GET /h5?id=7&t=staff", "GET /h5?id=7&t=employee"]
--- response_headers eval: ["X-From: postgres", "X-From: redis"]
--- error_log: to a lookup of key "staff:7"
--- no_error_log: left alone
