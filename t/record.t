use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Client;

# From two stores to one record: whose it is, what it lacks, and what is said
# about a record that is not one.

my $redis = shared_redis();
my $postgres = shared_postgres();
my $dead = '127.0.0.1:' . free_port();
my $port = free_port();

$postgres->sql('DROP DATABASE IF EXISTS record');
$postgres->sql('CREATE DATABASE record');
$postgres->sql(<<"SQL", 'record');
CREATE TABLE employee (id text, name text, "Prize" text, note text);
INSERT INTO employee VALUES ('7', 'Ann', 'phone', NULL),
    ('8', 'Ben', NULL, ''),
    ('twice', 'Max', 'car', 'a'), ('twice', 'Max', 'bike', 'a'),
    ('same', 'Sue', 'x', NULL), ('same', 'Sue', 'x', NULL),
    ('null', NULL, NULL, NULL), ('NULL', 'Capital', NULL, NULL);
CREATE TABLE nulls (id text, name text);
INSERT INTO nulls VALUES ('n', ''), ('n', NULL);
CREATE TABLE small (id smallint, name text);
CREATE TABLE medium (id integer, name text);
CREATE TABLE large (id bigint, name text);
INSERT INTO small VALUES (7, 'Ann'), (-7, 'Neg'), (32767, 'Max');
INSERT INTO medium VALUES (7, 'Ann'), (-7, 'Neg'), (2147483647, 'Max');
INSERT INTO large VALUES (7, 'Ann'), (-7, 'Neg'), (9223372036854775807, 'Max');
CREATE TABLE uuids (id uuid, name text);
INSERT INTO uuids VALUES ('11111111-2222-3333-4444-555555555555', 'Uma');
CREATE TABLE dates (id text, born text);
INSERT INTO dates VALUES ('good', '2001-02-03'), ('bad', 'yesterdayish');
SQL

$redis->commands(['FLUSHALL'], map { [split /,/, $_, -1] }
    # a record whose owner is somebody else
    'HSET,employee:7,id,8,name,Ben,Prize,secret',
    'HSET,foreign:x1,id,x2,name,Xen',
    'HSET,foreign:abc,id,ABC,name,Xen',
    'HSET,foreign:ab,id,abc,name,Xen',
    'HSET,foreign:abcd,id,abc,name,Xen',
    'HSET,foreign:empty,id,,name,Xen',
    # no hash at all
    'SET,wrong:7,text', 'RPUSH,wrong:8,a,b', 'SADD,wrong:x1,a',
    # a hash that lacks a field the page uses
    'HSET,stale:7,id,7,Prize,old', 'HSET,stale:x1,id,x1,Prize,old',
    'HSET,stale:8,name,Ben,Prize,old',
    # empty is not absent
    'HSET,whole:7,id,7,name,,Prize,',
    'HSET,whole:x1,id,x1,name,Xen,Prize,p,more,m');

my %query = (
    employee => 'SELECT * FROM employee WHERE id = ANY($1)',
    nulls    => 'SELECT * FROM nulls WHERE id = ANY($1)',
    small    => 'SELECT * FROM small WHERE id = ANY($1)',
    medium   => 'SELECT * FROM medium WHERE id = ANY($1)',
    large    => 'SELECT * FROM large WHERE id = ANY($1)',
    uuids    => 'SELECT * FROM uuids WHERE id = ANY($1)',
    nobody   => 'SELECT name FROM employee WHERE id = ANY($1)',
    renamed  => 'SELECT id AS "ID", name FROM employee WHERE id = ANY($1)',
    missing  => 'SELECT id FROM employee WHERE id = ANY($1)',
    twins    => 'SELECT *, 1 AS name FROM employee WHERE id = ANY($1)',
    wrong    => 'SELECT nothing FROM nowhere WHERE id = ANY($1)',
    strangers => 'SELECT id || chr(120) AS id, name FROM employee'
                 . ' WHERE id = ANY($1)',
    others   => 'SELECT * FROM employee WHERE cardinality($1::text[]) > 0',
    dates    => 'SELECT id, born::date::text AS name FROM dates'
                . ' WHERE id = ANY($1)',
);

# below /pg/, a location for each query, without Redis

my $queries = join '', map { <<"CONF" } sort keys %query;
        location = /pg/$_ {
            prize_page name.html;
            prize_redis_pass off;
            prize_postgres_query '$query{$_}';
        }
CONF

# /both/ has both stores, /redis/ Redis alone, /half/ a dead PostgreSQL

my $keys = join '', map { <<"CONF" } qw(employee foreign wrong stale whole);
        location = /both/$_ {
            prize_redis_key $_:\$prize_id;
            prize_page page.html;
        }
        location = /redis/$_ {
            prize_redis_key $_:\$prize_id;
            prize_page page.html;
            prize_postgres_pass off;
        }
        location = /half/$_ {
            prize_redis_key $_:\$prize_id;
            prize_page page.html;
            prize_postgres_pass down;
        }
CONF

my $nginx = Test::Prize::Nginx->start(log_level => 'warn',
    files => {'page.html' => '{{id}}|{{name}}|{{Prize}}',
              'name.html' => "<p>\n{{name}}</p>",
              'prize.html' => '{{#Prize}}won{{/Prize}}{{^Prize}}not{{/Prize}}',
              'note.html' => "\n\n[{{note}}]"},
    http => <<"CONF");
    prize_postgres hr "@{[ $postgres->conninfo('record') ]}";
    prize_postgres down "hostaddr=127.0.0.1 port=@{[ $dead =~ /(\d+)$/ ]}";
    prize_redis_pass 127.0.0.1:$redis->{port};
    prize_redis_connect_timeout 60s;
    prize_redis_timeout 60s;
    prize_postgres_pass hr;
    prize_postgres_query '$query{employee}';
    prize_postgres_timeout 60s;
    prize_write_back off;

    add_header X-Source \$prize_source always;
    add_header X-Result \$prize_result always;

    server {
        listen 127.0.0.1:$port;

        $queries
        $keys
        location = /note { prize_page note.html; prize_redis_pass off; }
        location = /prize { prize_page prize.html; prize_redis_pass off; }
        location = /dead {
            prize_redis_pass $dead;
            prize_page page.html;
            prize_postgres_pass off;
        }
        location = /dead-both {
            prize_redis_pass $dead;
            prize_page page.html;
            prize_postgres_pass down;
        }
        location = /dead-redis {
            prize_redis_pass $dead;
            prize_page page.html;
        }
    }
CONF

my $client = Test::Prize::Client->new($port);


# status, result and source; with the page where there is one

sub seen {
    my ($target) = @_;
    my $answer = $client->get($target);
    my @seen = ($answer->{status},
                map { ($answer->header($_))[0] // '-' } qw(X-Result X-Source));

    push @seen, $answer->{body} =~ s/\n//gr if $answer->{status} == 200;
    return join ' ', @seen;
}


# what was logged while the block ran; a line may be held back for a while,
# so that each is looked for once

my $read = 0;

sub logged {
    my $log = substr $nginx->error_log, $read;

    $read += length $log;
    return $log;
}


sub is_logged {
    my ($pattern, $name) = @_;

    like(logged(), $pattern, $name);
}


# an owner

is(seen('/both/employee?id=7'), '200 found postgres 7|Ann|phone',
   'another\'s record is not shown: PostgreSQL has the own');
is_logged(qr/"employee:7"|"7".*"8"|"8".*"7"/,
          'and the log has both IDs');

for my $id (qw(x1 abc ab abcd)) {
    is(seen("/redis/foreign?id=$id"), '503 error -',
       "nor is it without PostgreSQL: $id");
    like(seen("/half/foreign?id=$id"), qr/^503 (?:error|shed) -$/,
         "nor where PostgreSQL is down: $id");
    is(seen("/both/foreign?id=$id"), '404 unknown -',
       "nor where PostgreSQL knows nobody: $id");
}

like(seen('/redis/foreign?id=empty'), qr/^(?:503 error|404 unknown) -$/,
     'nor one without an owner');


# a miss

is(seen('/redis/whole?id=nobody'), '404 unknown -', 'a miss');
is(seen('/both/whole?id=nobody'), '404 unknown -', 'a miss in both');
is(seen('/both/whole?id=8'), '200 found postgres 8|Ben|', 'a miss in Redis');
like(seen('/half/whole?id=8'), qr/^503 (?:error|shed) -$/,
     'a miss in Redis while PostgreSQL is down');
is(seen('/redis/stale?id=8'), '404 unknown -', 'a hash without an id');
is(seen('/both/stale?id=8'), '200 found postgres 8|Ben|',
   'a hash without an id, and a row');


# stale and whole

is(seen('/both/stale?id=7'), '200 found postgres 7|Ann|phone',
   'a stale record: PostgreSQL');
is(seen('/redis/stale?id=7'), '200 found redis 7||old',
   'a stale record without PostgreSQL: the field is empty');
is(seen('/both/stale?id=x1'), '404 unknown -',
   'a stale record of somebody whom PostgreSQL does not know');
is(seen('/both/whole?id=7'), '200 found redis 7||', 'empty is not absent');
is(seen('/both/whole?id=x1'), '200 found redis x1|Xen|p',
   'a field more than is used');


# no hash

is(seen('/both/wrong?id=7'), '200 found postgres 7|Ann|phone',
   'a key that holds no hash: PostgreSQL');
is_logged(qr/"wrong:7".*prizectl load/, 'and what to do about it');

for my $id (qw(7 8 x1)) {
    is(seen("/redis/wrong?id=$id"), '503 error -',
       "a key that holds no hash, without PostgreSQL: $id");
}

is(seen('/both/whole?id=x1'), '200 found redis x1|Xen|p',
   'the connection goes on');


# a dead store

is(seen('/dead?id=7'), '503 error -', 'a dead Redis alone') for 1 .. 2;
like(seen('/dead-both?id=7'), qr/^503 (?:error|shed) -$/, 'both dead')
    for 1 .. 2;
is(seen('/dead-redis?id=7'), '200 found postgres 7|Ann|phone',
   'a dead Redis') for 1 .. 2;


# rows

is(seen('/pg/employee?id=7'), '200 found postgres <p>Ann</p>', 'a row');
is(seen('/both/whole?id=null'), '200 found postgres null||',
   'NULL is empty, and null is an ID');
is(seen('/pg/employee?id=NULL'), '200 found postgres <p>Capital</p>',
   'as is NULL');
is(seen('/note?id=7'), '200 found postgres []', 'a NULL');
is(seen('/note?id=8'), '200 found postgres []', 'an empty text');
is(seen('/prize?id=7'), '200 found postgres won', 'a column with a capital');
is(seen('/prize?id=8'), '200 found postgres not', 'NULL is false');

is(seen('/both/whole?id=same'), '200 found postgres same|Sue|x',
   'two rows that do not differ');
is(seen('/both/whole?id=twice'), '503 error -', 'two rows that differ');
is_logged(qr/two differing rows for id "twice"/, 'are told with their ID');
is(seen('/pg/nulls?id=n'), '200 found postgres <p></p>',
   'NULL and an empty text are the same');
is(seen('/both/whole?id=8'), '200 found postgres 8|Ben|',
   'while the neighbour is well');


# a batch in which one has two rows, another none, and the query returns all

{
    my @ids = qw(7 twice 8 nobody same);

    $postgres->pause;
    my @connections = map {
        my $connection = $client->connect;
        $connection->send(Test::Prize::Client::text('GET',
                                                    "/pg/employee?id=$_"));
        $connection;
    } @ids;
    select undef, undef, undef, 0.1;
    $postgres->resume;

    is_deeply([map { $_->answer->{status} } @connections],
              [200, 503, 200, 404, 200], 'a batch with a bad one');
}

is(seen('/pg/strangers?id=7'), '404 unknown -',
   'a query that returns only others');
is_logged(qr/id "7x", which nobody asked for/, 'which the log names');
is(seen('/pg/others?id=7'), '200 found postgres <p>Ann</p>',
   'a query that returns more than was asked for');


# queries that are wrong

is(seen('/pg/nobody?id=7'), '503 error -', 'a query without a column id');
is_logged(qr/no column "id"/, 'the log names it');
is(seen('/pg/renamed?id=7'), '503 error -', 'a column "ID" is another');

is(seen('/pg/missing?id=7'), '503 error -', 'a field that is no column');
is(seen('/pg/twins?id=7'), '503 error -', 'two columns of one name');

is(seen('/pg/wrong?id=7'), '503 error -', 'a query that fails');
is_logged(qr/SQLSTATE 42P01.*nowhere/, 'the log has the reason');


# types

my %largest = (small => 32767, medium => 2147483647,
               large => '9223372036854775807');

for my $type (qw(small medium large)) {

    # before the type is known, and afterwards
    for my $time (1, 2) {
        is(seen("/pg/$type?id=letters"), '404 unknown -', "$type: letters");
        is(seen("/pg/$type?id=7"), '200 found postgres <p>Ann</p>',
           "$type: 7");
        is(seen("/pg/$type?id=-7"), '200 found postgres <p>Neg</p>',
           "$type: -7");
        is(seen("/pg/$type?id=$largest{$type}"),
           '200 found postgres <p>Max</p>', "$type: $largest{$type}");
        is(seen("/pg/$type?id=" . $largest{$type} =~ s/7$/8/r),
           '404 unknown -', "$type: one more");
        is(seen("/pg/$type?id=" . '9' x 40), '404 unknown -',
           "$type: 40 digits");
        is(seen("/pg/$type?id=7.0"), '404 unknown -', "$type: 7.0");
        is(seen("/pg/$type?id=-"), '404 unknown -', "$type: -");
        is(seen("/pg/$type?id=007"), '404 unknown -',
           "$type: 007 is not the ID 7");
    }
}

for my $time (1, 2) {
    is(seen('/pg/uuids?id=letters'), '404 unknown -', 'uuid: letters');
    is(seen('/pg/uuids?id=11111111-2222-3333-4444-555555555555'),
       '200 found postgres <p>Uma</p>', 'uuid: one');
    is(seen('/pg/uuids?id=11111111-2222-3333-4444-555555555556'),
       '404 unknown -', 'uuid: another');
}

is(seen('/pg/employee?id=letters'), '404 unknown -', 'text: letters');

is(seen('/pg/dates?id=bad'), '503 error -', 'a row that does not cast');
is(seen('/pg/dates?id=good'), '200 found postgres <p>2001-02-03</p>',
   'and its neighbour');

$nginx->stop;

my $log = $nginx->error_log;

unlike($log, qr/\[(?:alert|crit|emerg)\]/, 'nothing at alert or crit');
unlike($log, qr/secret/, 'no value of a record is in the log');

$postgres->sql('DROP DATABASE record WITH (FORCE)');


# A field that is no column, once more with a log of its own: the message is
# held back where another of its kind was just written.

$postgres->sql('CREATE TABLE record_column (id text);'
               . "INSERT INTO record_column VALUES ('7')");

my $column = Test::Prize::Nginx->start(
    files => {'note.html' => "\n\n  [{{note}}]"}, http => <<"CONF");
    prize_postgres hr "@{[ $postgres->conninfo ]}";
    prize_postgres_pass hr;
    prize_postgres_query 'SELECT * FROM record_column WHERE id = ANY(\$1)';
    prize_postgres_timeout 60s;

    server {
        listen 127.0.0.1:$port;

        location = /page { prize_page note.html; }
        location = /if { prize_page note.html if=late; prize_page note.html; }
    }
CONF

is($client->get('/page?id=7')->{status}, 503, 'a field that is no column');
like($column->error_log, qr/no column "note", which \S+note\.html:3 uses/,
     'the log names column, page and line');
is($client->get('/if?id=7')->{status}, 503, 'an if= that is no column');
is($client->get('/page?id=8')->{status}, 404,
   'who is not there needs no column');

$postgres->sql('ALTER TABLE record_column ADD note text, ADD late text');
is($client->get('/page?id=7')->{status}, 200, 'a column that is added later');
$column->stop;
$postgres->sql('DROP TABLE record_column');

done_testing();
