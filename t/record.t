use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# What a record is: whose it is, what it may lack, and what is said about one
# that is none.

run_tests();

__DATA__

=== TEST 1: another's record in Redis is not shown, PostgreSQL has the own
--- query: SELECT * FROM employee WHERE id = ANY($1)
--- http_config
    prize_write_back off;
    add_header X-Source $prize_source;
--- redis: HSET employee:7 id 8 name Ben prize secret
--- sql
CREATE TABLE employee (id text, name text, prize text);
INSERT INTO employee VALUES ('7', 'Ann', 'phone');
--- page: {{id}}|{{name}}|{{prize}}
--- request: GET /h5?id=7
--- response_body: 7|Ann|phone
--- response_headers: X-Source: postgres
--- error_log: "7" was asked for, but the record at key "employee:7" has id "8"
--- no_error_log: secret

=== TEST 2: another's record is not shown where nobody has the own
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres down "postgresql://$TEST_NGINX_DEAD/hr";
    prize_postgres_query "SELECT '' AS id, '' AS name
                          WHERE cardinality($1::text[]) = 0";
    prize_write_back off;
--- redis
HSET employee:x1 id x2 name Xen
HSET employee:abc id ABC name Xen
HSET employee:ab id abc name Xen
HSET employee:abcd id abc name Xen
HSET employee:empty id '' name Xen
EVAL 'redis.call("HSET", KEYS[1], "id", "nul\0", "name", "Xen")' 1 employee:nul
--- page
{{id}}|{{name}}
--- config
    error_page 404 503 /none;
    location = /none { return 200 "$prize_source:$prize_result\n"; }

    location = /redis { prize_page page.html; }
    location = /down { prize_page page.html; prize_postgres_pass down; }
    location = /both { prize_page page.html; prize_postgres_pass hr; }
--- request eval
[map { my $id = $_; map { "GET /$_?id=$id" } qw(redis down both) }
 qw(x1 abc ab abcd empty nul)]
--- error_code eval: [(503, 503, 404) x 6]
--- response_body eval
[(":error\n", qr/^:(?:error|shed)\n\z/, ":unknown\n") x 6]

=== TEST 3: another's id makes no line of its own in the log
--- redis
EVAL 'redis.call("HSET", KEYS[1], "id", "x\n2026/01/01 00:00:00 nginx exited on signal 11", "name", "Xen")' 1 employee:7
--- page: {{id}}|{{name}}
--- request: GET /h5?id=7
--- error_code: 503
--- error_log
"7" was asked for, but the record at key "employee:7" has id "x 2026/01/01 00:00:00 nginx exited on signal 11"

=== TEST 4: a miss in Redis
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres down "postgresql://$TEST_NGINX_DEAD/hr";
    prize_postgres_query 'SELECT * FROM employee WHERE id = ANY($1)';
    prize_write_back off;
--- redis: HSET employee:7 id 7 name Ann
--- sql
CREATE TABLE employee (id text, name text);
INSERT INTO employee VALUES ('8', 'Ben');
--- page
{{id}}|{{name}}
--- config
    add_header X-Source $prize_source;
    error_page 404 503 /none;
    location = /none { return 200 "$prize_source:$prize_result\n"; }

    location = /redis { prize_page page.html; }
    location = /both { prize_page page.html; prize_postgres_pass hr; }
    location = /down { prize_page page.html; prize_postgres_pass down; }
--- request eval
[map { "GET /$_" } qw(redis?id=9 both?id=9 both?id=8 down?id=8)]
--- error_code eval: [404, 404, 200, 503]
--- response_body eval
[":unknown\n", ":unknown\n", "8|Ben\n", qr/^:(?:error|shed)\n\z/]
--- response_headers eval
["!X-Source", "!X-Source", "X-Source: postgres", "!X-Source"]

=== TEST 5: a hash without an id is a miss
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres_query "SELECT '8' AS id, 'Ben' AS name
                          WHERE '8' = ANY($1)";
    prize_write_back off;
--- redis: HSET employee:8 name Xen
--- page
{{id}}|{{name}}
--- config
    add_header X-Result "$prize_source:$prize_result" always;

    location = /redis { prize_page page.html; error_page 404 /none; }
    location = /none { return 200 "none\n"; }
    location = /both { prize_page page.html; prize_postgres_pass hr; }
--- request eval: ["GET /redis?id=8", "GET /both?id=8"]
--- error_code eval: [404, 200]
--- response_body eval: ["none\n", "8|Ben\n"]
--- response_headers eval: ["X-Result: :unknown", "X-Result: postgres:found"]

=== TEST 6: a hash that lacks a field of the page is stale
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres_query "SELECT '7' AS id, 'Ann' AS name, 'phone' AS prize
                          WHERE '7' = ANY($1)";
    prize_write_back off;
--- redis
HSET employee:7 id 7 prize old
HSET employee:8 id 8 prize old
--- page
{{id}}|{{name}}|{{prize}}
--- config
    add_header X-Result "$prize_source:$prize_result" always;
    error_page 404 /none;
    location = /none { return 200 "none\n"; }

    location = /redis { prize_page page.html; }
    location = /both { prize_page page.html; prize_postgres_pass hr; }
--- request eval: ["GET /both?id=7", "GET /both?id=8", "GET /redis?id=7"]
--- error_code eval: [200, 404, 200]
--- response_body eval: ["7|Ann|phone\n", "none\n", "7||old\n"]
--- response_headers eval
[map { "X-Result: $_" } qw(postgres:found :unknown redis:found)]

=== TEST 7: a hash with an empty field, or with more than the page needs, is whole
--- query
SELECT u AS id, 'Xen' AS name, 'x' AS prize
FROM unnest($1::text[]) AS u
--- redis
HSET employee:7 id 7 name '' prize ''
HSET employee:8 id 8 name Ben prize phone more m
--- page: {{id}}|{{name}}|{{prize}}
--- http_config: add_header X-Source $prize_source;
--- request eval: ["GET /h5?id=7", "GET /h5?id=8"]
--- response_body eval: ["7||", "8|Ben|phone"]
--- response_headers eval: ["X-Source: redis", "X-Source: redis"]

=== TEST 8: a key that holds no hash
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres_query "SELECT '7' AS id, 'Ann' AS name
                          WHERE '7' = ANY($1)";
    prize_write_back off;
--- redis
SET employee:7 text
RPUSH employee:8 a b
SADD employee:9 a
HSET employee:10 id 10 name Joe
--- page
{{id}}|{{name}}
--- config
    add_header X-Result "$prize_source:$prize_result" always;
    error_page 503 /none;
    location = /none { return 200 "none\n"; }

    location = /both { prize_page page.html; prize_postgres_pass hr; }
    location = /redis { prize_page page.html; }
--- request eval: ["GET /both?id=7", map { "GET /redis?id=$_" } 7 .. 10]
--- error_code eval: [200, 503, 503, 503, 200]
--- response_body eval: ["7|Ann\n", "none\n", "none\n", "none\n", "10|Joe\n"]
--- response_headers eval
[map { "X-Result: $_" } qw(postgres:found :error :error :error redis:found)]
--- error_log eval
[qr/says "WRONGTYPE [^"]+" to a lookup of key "employee:7": it should hold a hash, as "prizectl load" writes/]

=== TEST 9: a store that is dead
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres down "postgresql://$TEST_NGINX_DEAD/hr";
    prize_postgres_query "SELECT '7' AS id, 'Ann' AS name
                          WHERE '7' = ANY($1)";
    prize_redis_pass $TEST_NGINX_DEAD;
--- page
{{id}}|{{name}}
--- config
    add_header X-Source $prize_source;
    error_page 503 /none;
    location = /none { return 200 "$prize_source:$prize_result\n"; }

    location = /redis { prize_page page.html; }
    location = /both { prize_page page.html; prize_postgres_pass hr; }
    location = /down { prize_page page.html; prize_postgres_pass down; }
--- request eval: [map { ("GET /$_?id=7") x 2 } qw(redis down both)]
--- error_code eval: [503, 503, 503, 503, 200, 200]
--- response_body eval
[(":error\n") x 2, (qr/^:(?:error|shed)\n\z/) x 2, ("7|Ann\n") x 2]
--- response_headers eval: [("!X-Source") x 4, ("X-Source: postgres") x 2]

=== TEST 10: a row, whose NULL is an empty and false field
--- query: SELECT * FROM employee WHERE id = ANY($1)
--- sql
CREATE TABLE employee (id text, name text, "Prize" text);
INSERT INTO employee VALUES ('7', 'Ann', 'phone'), ('8', 'Ben', NULL),
    ('9', '', ''), ('null', NULL, NULL), ('NULL', 'Capital', '0');
--- page
{{id}}|{{name}}|{{Prize}}|{{#Prize}}won{{/Prize}}{{^Prize}}not{{/Prize}}
--- config
    location = /h5 {
        prize_page page.html;
        add_header X-Source $prize_source;
        error_page 404 /none;
    }
    location = /none { return 200 "$prize_result\n"; }
--- request eval: [map { "GET /h5?id=$_" } qw(7 8 9 null NULL letters)]
--- error_code eval: [(200) x 5, 404]
--- response_body eval
[map { "$_\n" } qw(7|Ann|phone|won 8|Ben||not 9|||not null|||not
                   NULL|Capital|0|not unknown)]
--- response_headers eval: [("X-Source: postgres") x 5, "!X-Source"]

=== TEST 11: two rows of one ID, where they do not differ
--- query: SELECT * FROM employee WHERE id = ANY($1)
--- sql
CREATE TABLE employee (id text, name text, more text);
INSERT INTO employee VALUES ('7', 'Ann', NULL), ('7', 'Ann', NULL),
    ('8', '', 'm'), ('8', NULL, 'm');
--- page: {{id}}|{{name}}
--- request eval: ["GET /h5?id=7", "GET /h5?id=8"]
--- response_body eval: ["7|Ann", "8|"]

=== TEST 12: two rows of one ID, where they differ, if only in a column that no page uses
--- query: SELECT * FROM employee WHERE id = ANY($1)
--- redis
--- sql
CREATE TABLE employee (id text, name text, more text);
INSERT INTO employee VALUES ('twice', 'Max', 'car'), ('twice', 'Max', 'bike'),
    ('8', 'Ben', NULL);
--- page
{{id}}|{{name}}
--- config
    location = /h5 { prize_page page.html; error_page 503 /none; }
    location = /none { return 200 "$prize_result\n"; }
--- request eval: ["GET /h5?id=twice", "GET /h5?id=8", "GET /h5?id=twice"]
--- error_code eval: [503, 200, 503]
--- response_body eval: ["error\n", "8|Ben\n", "error\n"]
--- error_log: two differing rows for id "twice"
--- no_error_log: bike

=== TEST 13: in a batch each has their own answer
# What one turn of the event loop asks for goes out together.
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO" connections=1;
    prize_postgres_pass hr;
    prize_postgres_query 'SELECT *, cardinality($1::text[]) AS batch
                          FROM employee WHERE id = ANY($1)';
--- sql
CREATE TABLE employee (id text, name text);
INSERT INTO employee VALUES ('7', 'Ann'), ('8', 'Ben'), ('same', 'Sue'),
    ('same', 'Sue'), ('twice', 'Max'), ('twice', 'Moritz');
--- page
{{id}}|{{name}}|{{batch}}
--- config
    location = /h5 { prize_page page.html; error_page 404 503 /none; }
    location = /none { return 200 "$prize_id|$prize_result\n"; }
    location = /all {
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/h5?id=7" -->
<!--# include virtual="/h5?id=twice" -->
<!--# include virtual="/h5?id=8" -->
<!--# include virtual="/h5?id=nobody" -->
<!--# include virtual="/h5?id=same" -->';
    }
--- request eval: ["GET /h5?id=7", "GET /all"]
--- response_body eval
["7|Ann|1\n", CORE::join "\n", map { "$_\n" }
 qw(7|Ann|5 twice|error 8|Ben|5 nobody|unknown same|Sue|5)]

=== TEST 14: a row that nobody asked for, and none for whom it was
--- query: SELECT u || 'x' AS id, 'Xen' AS name FROM unnest($1::text[]) AS u
--- page
{{id}}|{{name}}
--- config
    location = /h5 { prize_page page.html; error_page 404 /none; }
    location = /none { return 200 "$prize_result\n"; }
--- request: GET /h5?id=7
--- error_code: 404
--- response_body
unknown
--- error_log
a row with id "7x", which nobody asked for, but "7" and 0 more: is "id" padded or cast?

=== TEST 15: a query that returns more than was asked for
--- query
SELECT * FROM (VALUES ('6', 'Kim'), ('7', 'Ann'),
('8', 'Ben')) AS t (id, name)
WHERE cardinality($1::text[]) > 0
--- page: {{id}}|{{name}}
--- request: GET /h5?id=7
--- response_body: 7|Ann

=== TEST 16: a query without a column id
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres_pass hr;
--- page
{{name}}
--- config
    error_page 503 /none;
    location = /none { return 200 "$prize_result\n"; }

    location = /none-at-all {
        prize_page page.html;
        prize_postgres_query "SELECT 'Ann' AS name WHERE '7' = ANY($1)";
    }
    location = /capitals {
        prize_page page.html;
        prize_postgres_query "SELECT '7' AS \"ID\", 'Ann' AS name
                              WHERE '7' = ANY($1)";
    }
--- request eval: ["GET /none-at-all?id=7", "GET /capitals?id=7"]
--- error_code eval: [503, 503]
--- response_body eval: ["error\n", "error\n"]
--- error_log: has no column "id"

=== TEST 17: a query with two columns of one name
--- query: SELECT '7' AS id, 'Ann' AS name, 'Ben' AS name WHERE '7' = ANY($1)
--- page
{{name}}
--- config
    location = /h5 { prize_page page.html; error_page 503 /none; }
    location = /none { return 200 "$prize_result\n"; }
--- request: GET /h5?id=7
--- error_code: 503
--- response_body
error
--- error_log: postgres "hr": the query has two columns "name"

=== TEST 18: a query that fails
--- query: SELECT nothing FROM nowhere WHERE id = ANY($1)
--- page
{{id}}
--- config
    location = /h5 { prize_page page.html; error_page 503 /none; }
    location = /none { return 200 "$prize_result\n"; }
--- request: GET /h5?id=7
--- error_code: 503
--- response_body
error
--- error_log eval
qr/postgres "hr": SQLSTATE 42P01: .*"nowhere".*, with id "7" and 0 more/

=== TEST 19: a field that is no column is told with page and line, and is used once it is one
--- query: SELECT * FROM employee WHERE id = ANY($1)
--- sql
CREATE TABLE employee (id text);
INSERT INTO employee VALUES ('7');
CREATE FUNCTION add_column(text[]) RETURNS text LANGUAGE plpgsql AS '
    BEGIN
        -- a pool asks once for nobody
        IF cardinality($1) > 0 THEN
            ALTER TABLE employee ADD note text;
        END IF;
        RETURN $1[1];
    END';
--- pages
>>> note.html


  [{{note}}]
>>> added.html
added
--- config
    error_page 404 503 /none;
    location = /none { return 200 "$prize_result\n"; }

    location = /h5 { prize_page note.html; }
    location = /add {
        prize_page added.html;
        prize_postgres_query 'SELECT add_column($1) AS id';
    }
--- request eval: [map { "GET /$_" } qw(h5?id=7 h5?id=8 add?id=1 h5?id=7)]
--- error_code eval: [503, 404, 200, 200]
--- response_body eval: ["error\n", "unknown\n", "added\n", "\n\n  []\n"]
--- error_log eval
[qr{postgres "hr": the query has no column "note", which \S+/conf/note\.html:3 uses}]

=== TEST 20: a field of a condition that is no column
--- query: SELECT '7' AS id WHERE '7' = ANY($1)
--- page
{{id}}
--- config
    location = /h5 {
        prize_page page.html if=late;
        prize_page page.html;
        error_page 404 503 /none;
    }
    location = /none { return 200 "$prize_result\n"; }
--- request eval: ["GET /h5?id=7", "GET /h5?id=8"]
--- error_code eval: [503, 404]
--- response_body eval: ["error\n", "unknown\n"]
--- error_log eval
[qr{postgres "hr": the query has no column "late", which \S+/nginx\.conf:\d+ uses}]

=== TEST 21: the id is an integer
# The first two are asked for before the type is known.
--- query: SELECT * FROM employee WHERE id = ANY($1)
--- sql
CREATE TABLE employee (id integer, name text);
INSERT INTO employee VALUES (7, 'Ann'), (-7, 'Neg'), (2147483647, 'Max'),
    (-2147483648, 'Min');
--- page
{{id}}|{{name}}
--- config
    location = /h5 { prize_page page.html; error_page 404 /none; }
    location = /none { return 200 "$prize_result\n"; }
--- request eval
[map { "GET /h5?id=$_" } 'letters', 2147483648, 7, -7, 2147483647,
 -2147483648, 'letters', 2147483648, -2147483649, '9' x 40, '7.0', '-', '007']
--- error_code eval: [404, 404, (200) x 4, (404) x 7]
--- response_body eval
[("unknown\n") x 2,
 map({ "$_\n" } qw(7|Ann -7|Neg 2147483647|Max -2147483648|Min)),
 ("unknown\n") x 7]

=== TEST 22: the id is a smallint, or a bigint
# The first one of each is asked for before the type is known.
--- http_config
    prize_postgres hr "$TEST_NGINX_CONNINFO";
    prize_postgres_pass hr;
--- sql
CREATE TABLE small (id smallint);
CREATE TABLE big (id bigint);
INSERT INTO small VALUES (32767), (-32768);
INSERT INTO big VALUES (9223372036854775807), (-9223372036854775808);
--- page
{{id}}
--- config
    error_page 404 /none;
    location = /small {
        prize_page page.html;
        prize_postgres_query "SELECT * FROM small WHERE id = ANY($1)";
    }
    location = /big {
        prize_page page.html;
        prize_postgres_query "SELECT * FROM big WHERE id = ANY($1)";
    }
    location = /none { return 200 "$prize_result\n"; }
--- request eval
[map({ "GET /small?id=$_" } qw(32768 32767 -32768 32768 -32769)),
 map({ "GET /big?id=$_" } qw(9223372036854775808 9223372036854775807
     -9223372036854775808 9223372036854775808 -9223372036854775809))]
--- error_code eval: [(404, 200, 200, 404, 404) x 2]
--- response_body eval
[map({ ("unknown\n", "$_->[0]\n", "$_->[1]\n", "unknown\n", "unknown\n") }
     [32767, -32768], [qw(9223372036854775807 -9223372036854775808)])]

=== TEST 23: the id is a uuid
# The first one is asked for before the type is known.
--- query: SELECT * FROM employee WHERE id = ANY($1)
--- sql
CREATE TABLE employee (id uuid, name text);
INSERT INTO employee VALUES ('11111111-2222-3333-4444-555555555555', 'Uma');
--- page
{{name}}
--- config
    location = /h5 { prize_page page.html; error_page 404 /none; }
    location = /none { return 200 "$prize_result\n"; }
--- request eval
[map { "GET /h5?id=$_" } qw(letters 11111111-2222-3333-4444-555555555555
 letters 11111111-2222-3333-4444-555555555556)]
--- error_code eval: [404, 200, 404, 404]
--- response_body eval: ["unknown\n", "Uma\n", "unknown\n", "unknown\n"]

=== TEST 24: a row whose own data does not cast
--- query: SELECT id, born::date::text AS born FROM employee WHERE id = ANY($1)
--- sql
CREATE TABLE employee (id text, born text);
INSERT INTO employee VALUES ('good', '2001-02-03'), ('bad', 'yesterdayish');
--- page
{{born}}
--- config
    location = /h5 { prize_page page.html; error_page 503 /none; }
    location = /none { return 200 "$prize_result\n"; }
--- request eval: ["GET /h5?id=bad", "GET /h5?id=good"]
--- error_code eval: [503, 200]
--- response_body eval: ["error\n", "2001-02-03\n"]
