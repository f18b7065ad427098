use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# "prizectl load": what it stores, what it refuses and where it ends.

my $redis = Test::Prize::Redis->start;
my $postgres = shared_postgres();
my $conninfo = $postgres->conninfo;
my $url = "redis://127.0.0.1:$redis->{port}";
my $hour = 3600 * 1000;


sub sql { return $postgres->sql(@_) }


# options that are given twice: the last one counts

sub start_load {
    my ($query, @options) = @_;

    return Test::Prize::Program->start(prizectl(), 'load', '--postgres',
        $conninfo, '--redis', $url, '--query', $query, @options);
}


sub load { return start_load(@_)->finish }


sub loads {
    my ($query, $rows, $name, @options) = @_;
    my ($status, $out, $err) = load($query, @options);

    is($status, 0, $name) or diag($err);
    like($out, qr{^loaded $rows rows in \d+\.\d\d s \(\d+/s\)\n\z},
         "$name: says how many");
    is($err, '', "$name: no message");
}


sub fails {
    my ($query, $like, $name, @options) = @_;
    my ($status, $out, $err) = load($query, @options);

    is($status, 1, $name);
    is($out, '', "$name: nothing is claimed");
    like($err, qr/^prizectl: /, "$name: a message");
    like($err, $like, "$name: the reason");
    return $err;
}


sub records {
    my ($pattern) = @_;
    my @keys = sort @{$redis->command('KEYS', $pattern // '*')};
    my %record;

    @record{@keys} = map { {@$_} }
                     $redis->commands(map { ['HGETALL', $_] } @keys);
    return \%record;
}


# the records of a table; hex, so that no byte is mistaken for psql's own

sub rows {
    my ($table) = @_;
    my %row;

    for (split /\n/, sql(<<"SQL")) {
        SELECT 'employee:' || id, key,
               encode(convert_to(coalesce(value, ''), 'UTF8'), 'hex')
        FROM $table AS t, json_each_text(to_json(t))
SQL
        my ($key, $name, $value) = split /\t/, $_, -1;

        $row{$key}{$name} = pack 'H*', $value;
    }

    return \%row;
}


# A word every 5 s, while PostgreSQL has none; a limit that was set for lookups
# does not end it.  The end of this file has what came of it.

sql("ALTER DATABASE postgres SET statement_timeout = '3s'");

my $slow = start_load("SELECT 'slow' AS id, pg_sleep(5.8)::text AS x",
                      '--redis', 'redis://' . shared_redis()->address);

eventually { sql(<<'SQL') } 'the slow query';
SELECT 1 FROM pg_stat_activity
WHERE query LIKE '%pg_sleep(5.8)%' AND pid <> pg_backend_pid()
SQL
sql('ALTER DATABASE postgres RESET statement_timeout');


# the roster; what sockets would hold is less than "large"

sql(<<'SQL');
CREATE TABLE roster (id text, name text, department text, prize text);
INSERT INTO roster
    SELECT 'E' || i, '王小明 O''Brien <' || i || '>', 'R&D ' || i % 40,
           CASE WHEN i % 3 = 0 THEN 'gold' END
    FROM generate_series(1, 3000) AS i;
CREATE TABLE odd (id text, name text, note text);
INSERT INTO odd VALUES
    ('a.b_c@d-E', E'\' '' " \\ \r\n \t $5 *1 +OK <b>&amp;{{x}} 😀', NULL),
    ('z', '', E'\x01\x1b[31m\x7f' || repeat('啊', 5000)),
    ('Z', repeat('x', 1048576), E'\r\n$-1\r\n'),
    -- each byte of ASCII, and the first and the last of each length of UTF-8
    ('every', (SELECT string_agg(chr(i), '' ORDER BY i)
               FROM generate_series(1, 127) AS i),
     E'\u0080\u07ff\u0800\ud7ff\ue000\ufeff\uffff\U00010000\U0010ffff');
CREATE TABLE large AS
    SELECT 'L' || i AS id, md5(i::text) AS name, repeat('d', 800) AS note
    FROM generate_series(1, 40000) AS i;
SQL

loads('SELECT * FROM roster', 3000, '3,000 rows');

my $roster = rows('roster');

is_deeply(records(), $roster, 'every record is its row');

my @ttls = sort { $a <=> $b }
           $redis->commands(map { ['PTTL', "employee:E$_"] } 1 .. 3000);

cmp_ok($ttls[0], '>', 48 * $hour - 120_000, 'no time to live below --ttl');
cmp_ok($ttls[-1], '<=', 52.8 * $hour, 'none more than a tenth above');
cmp_ok($ttls[-1] - $ttls[0], '>', 4 * $hour, 'they are spread');

# a record is replaced whole

$redis->commands(['HSET', 'employee:E1', 'another', 'field'],
                 ['HSET', 'employee:E2', 'gone', 'x', 'name', 'old'],
                 ['PERSIST', 'employee:E3'],
                 ['DEL', 'employee:E4']);
loads('SELECT * FROM roster;; ', 3000, 'the same again');
is_deeply(records(), $roster, 'what was wrong is right again');
cmp_ok($redis->command('PTTL', 'employee:E3'), '>', 0, 'none is for ever');

# one record: it alone is written, and --prune takes the query for a wrong one

{
    my $one = q{SELECT id, 'mended' AS name, department, prize FROM roster}
              . q{ WHERE id = 'E7'};
    my %want = (%$roster,
                'employee:E7' => { %{ $roster->{'employee:E7'} },
                                   name => 'mended' });

    $redis->commands(['PEXPIRE', 'employee:E7', 1000 * $hour],
                     ['PEXPIRE', 'employee:E8', 1000 * $hour]);
    loads($one, 1, 'one record');
    is_deeply(records(), \%want, 'is mended, and no other is touched');

    my ($mended, $other) = $redis->commands(['PTTL', 'employee:E7'],
                                            ['PTTL', 'employee:E8']);

    cmp_ok($mended, '<=', 52.8 * $hour, 'it has its time to live');
    cmp_ok($other, '>', 999 * $hour, 'the others have theirs');

    my ($status, undef, $said) = load($one, '--prune');

    is($status, 1, 'one record with --prune');
    like($said, qr/^prizectl: --prune: 2999 of 3000 records of "employee:\{id\}" have no row, more than a tenth: none was removed;/,
         'is refused');
    is_deeply(records(), \%want, 'and removes nothing');
    loads('SELECT * FROM roster', 3000, 'all of them again');
}

# a key that holds no hash is another program's

my @foreign = (['string', 'SET', 'employee:E1', 'no hash'],
               ['list', 'RPUSH', 'employee:E2', 'a', 'b'],
               ['set', 'SADD', 'employee:E3', 'a'],
               ['zset', 'ZADD', 'employee:E999', 1, 'a'],
               ['stream', 'XADD', 'employee:E3000', '1-1', 'a', 'b']);

$redis->command('FLUSHALL');
$redis->commands(map { [@$_[1 .. $#$_]] } @foreign);
$redis->command('PEXPIRE', 'employee:E2', $hour);


sub foreign {
    my ($command) = @_;

    return [$redis->commands(map { [$command, $_->[2]] } @foreign)];
}


my $dumps = foreign('DUMP');

for my $options ([], ['--prune', '--force'], ['--dry-run']) {
    my $name = "no hash, @$options";

    $redis->command('HSET', 'employee:gone', 'id', 'gone') if @$options;

    my ($status, $out, $said) = load('SELECT * FROM roster', @$options);

    is($status, 1, "$name: is a failure");
    like($out, qr/^(?:would load|loaded) 2995 rows /, "$name: of a few");

    for (@foreign) {
        my ($kind, undef, $key) = @$_;

        like($said, qr/^prizectl: \Q$url\E: key "$key" holds no hash but a $kind: it is left alone$/m,
             "$name: a $kind is named");
    }

    like($said, qr/^prizectl: \Q$url\E: 5 of 3000 keys hold no hash: take another --key, or delete them$/m,
         "$name: and counted");
    is_deeply(foreign('DUMP'), $dumps, "$name: they are as they were");
    is($redis->command('DBSIZE'), 3000 + !!@$options,
       "$name: the others are there, and nothing was pruned");
    is($said =~ /^prizectl: --prune: not all rows are stored: no record was removed$/m ? 1 : 0,
       scalar(grep { /prune/ } @$options), "$name: which it says");
}

my ($string, $list, @others) = @{ foreign('PTTL') };

is_deeply([$string, @others], [(-1) x 4], 'no hash: none has another end');
ok($list > 0 && $list <= $hour, 'nor a later one') or diag($list);

# so is one that comes while it loads, and not each of many is named

my ($late, @late);

do {
    $late->end_by('KILL') if $late;
    $redis->command('FLUSHALL');
    $late = start_load('SELECT * FROM roster', '--rate', '1500/s', '--json');
    eventually { $redis->command('DBSIZE') > 100 } 'some rows';
    kill 'STOP', $late->{pid};

    # by the order of the roster
    my @ids = sort map { "E$_" } 1 .. 3000;
    my @there = $redis->commands(map { ['EXISTS', "employee:$_"] } @ids);
    @late = map { "employee:$ids[$_]" } grep { !$there[$_] } 0 .. $#ids;
} while @late < 500;

splice @late, 0, @late - 101;
$redis->commands(map { ['SET', $_, 'x'] } @late);
kill 'CONT', $late->{pid};

my ($code, $object, $named) = $late->finish;

is($code, 1, 'no hash since a moment ago: is a failure');
like($object,
     qr/"result":"failed",.*"rows":3000,"stored":2899,"others":101,/,
     'which the object says');
is(scalar(() = $named =~ /holds no hash but a string/g), 100,
   'a hundred are named');
like($named, qr/: 101 of 3000 keys hold no hash/, 'all are counted');
is_deeply([grep { $_ ne 'x' } $redis->commands(map { ['GET', $_] } @late)],
          [], 'and as they were');

# values

$redis->command('FLUSHALL');
loads('SELECT * FROM odd -- every one', 4, 'odd values');
is_deeply(records(), rows('odd'), 'odd values: byte for byte');
is(records()->{'employee:a.b_c@d-E'}{note}, '', 'NULL is an empty string');

my $columns = join ', ', map { "$_ AS c$_" } 2 .. 1663;

loads("SELECT 'wide' AS id, $columns", 1, 'as many columns as there can be');
is($redis->command('HLEN', 'employee:wide'), 1663, 'all of them are fields');

loads("SELECT current_setting('transaction_isolation') AS isolation,"
      . " current_setting('transaction_read_only') AS read_only,"
      . " current_setting('client_encoding') AS encoding, 7 AS id",
      1, 'an integer is an ID, in any column');
is_deeply(records('employee:7')->{'employee:7'},
          {id => 7, isolation => 'repeatable read', read_only => 'on',
           encoding => 'UTF8'}, 'one snapshot that cannot write');

# key and time to live

$redis->command('FLUSHALL');
loads("SELECT 'a' AS id", 1, 'a key of its own', '--key', 'x:{id}:{y}',
      '--ttl', '1h30m', '--jitter', '0');
is_deeply($redis->command('KEYS', '*'), ['x:a:{y}'], 'the key');

my $ttl = $redis->command('PTTL', 'x:a:{y}');
ok($ttl > 1.4 * $hour && $ttl <= 1.5 * $hour, '1h30m without jitter')
    or diag($ttl);

# several rows of one ID

sql(<<'SQL');
CREATE TABLE equal (id text, name text);
INSERT INTO equal VALUES ('a', 'A'), ('b', NULL), ('a', 'A'), ('b', '');
CREATE TABLE differing AS SELECT * FROM roster;
INSERT INTO differing VALUES ('E77', 'another', 'R&D 37', NULL);
SQL

loads('SELECT * FROM equal', 2, 'equal rows of one ID');

$redis->command('FLUSHALL');
my $err = fails('SELECT * FROM differing', qr/"E77".*"name".*"another"/,
                'two differing rows of one ID');
like($err, qr/^prizectl: failed after \d+ rows$/m, 'says how far it came');
is($redis->command('EXISTS', 'employee:E77'), 0, 'neither of them is stored');

# what is no roster

for my $bad (["SELECT '张三' AS id", qr/id "张三" of row 1/],
             ["SELECT 'a%41' AS id", qr/id "a%41"/],
             ["SELECT 'a b' AS id", qr/id "a b"/],
             ["SELECT E'\\x1b[2J' AS id", qr/id "\\x1b\[2J"/],
             ["SELECT repeat('a', 65) AS id", qr/id "a{65}".*1 to 64/],
             ["SELECT '' AS id, 'Eve' AS name", qr/row 1 .*"name" "Eve"/],
             ["SELECT NULL AS id, 'Eve' AS name", qr/row 1 .*"name" "Eve"/],
             ["SELECT 'a' AS id, repeat('x', 1048577) AS bio",
              qr/id "a": column "bio" has 1048577 bytes/],
             ["SELECT 1 AS \"ID\", 2 AS name", qr/no column "id".*: ID, name/],
             ["SELECT 1 AS id, 2 AS n, 3 AS n", qr/two columns .*"n"/],
             ['SELECT id FROM roster WHERE id = ANY($1)', qr/parameter/],
             ['SELECT 1 AS id; DROP TABLE roster', qr/multiple commands/],
             ['DELETE FROM roster RETURNING id', qr/syntax error.*"FROM"/],
             ['DELETE FROM roster', qr/no columns/],
             ['SELECT id FROM nowhere', qr/"nowhere" does not exist/],
             ['', qr/no columns/],
             ['SELECT 1 AS id WHERE false', qr/no rows/])
{
    fails(@$bad, $bad->[0] || 'an empty query');
}

is(sql('SELECT count(*) FROM roster'), 3000, 'the table is as it was');

loads('SELECT 1 AS id WHERE false', 0, 'no rows', '--allow-empty');
loads("SELECT repeat('a', 65) AS id", 1, 'a long ID',
      '--id-max-length', 65);

# usage

for my $usage (['--ttl', '0'], ['--ttl', '5x'], ['--ttl', '3651d'],
               ['--ttl', '-1h'], ['--ttl', '18446744073709551617s'],
               ['--jitter', '101%'], ['--jitter', 'x'], ['--key', 'employee'],
               ['--key', '{id}{id}'], ['--id-max-length', 0],
               ['--redis', 'http://127.0.0.1'], ['--redis', 'redis://h:0'],
               ['--redis', 'redis://h:1/x'], ['--redis', 'unix:x'],
               ['--redis', 'redis://user:password@h'], ['--redis'],
               ['--redis', 'unix:/s?db=1&pass=password'],
               ['--redis', 'redis://h/0?pass=password'],
               ['--redis', 'redis://[]:1'],
               ['--redis-sentinel-user', 'x'],
               ['--redis-sentinel-password-file', '/x'],
               ['--nonsense'], ['-x'], ['more'])
{
    my ($status, $out, $message) = load('SELECT 1 AS id', @$usage);

    is($status, 2, "usage: @$usage");
    like($message, qr/^prizectl: .+\n\z/, "usage: @$usage: one line");
    unlike($message, qr/[:=]password/, "usage: @$usage: no password in it");
}

# connections

my $dead = free_port();

fails('SELECT 1 AS id', qr/cannot connect to redis:.*Connection refused/,
      'no Redis', '--redis', "redis://127.0.0.1:$dead");
fails('SELECT 1 AS id', qr/cannot connect to PostgreSQL: .*refused/s,
      'no PostgreSQL', '--postgres', "hostaddr=127.0.0.1 port=$dead");
fails('SELECT 1 AS id', qr/invalid connection option "nonsense"/,
      'no conninfo', '--postgres', 'nonsense=1');
fails('SELECT 1 AS id', qr/SELECT: ERR DB index/, 'no such database',
      '--redis', "$url/99");

loads("SELECT 'u' AS id", 1, 'a socket', '--redis',
      "unix:$redis->{socket}?db=3");
is($redis->command(qw(SWAPDB 0 3)), 'OK', 'the database of the URL');
is_deeply($redis->command(qw(KEYS *)), ['employee:u'], 'has the record');

# a node of a cluster takes one key in a command or a transaction

my $node = Test::Prize::Redis->start(options => [
    '--cluster-enabled', 'yes', '--cluster-port', free_port()]);

$node->command(qw(CLUSTER ADDSLOTSRANGE 0 16383));
eventually { $node->command(qw(CLUSTER INFO)) =~ /^cluster_state:ok/ }
           'all slots are served';
loads('SELECT * FROM roster', 3000, 'a node of a cluster', '--redis',
      'redis://' . $node->address);
is($node->command('DBSIZE'), 3000, 'a node of a cluster: has all records');
$node->stop;

# users, passwords and rights

my $guarded = Test::Prize::Redis->start(options => [
    '--requirepass', 'secret',
    '--user', 'bob', 'on', '>bob pw', '~employee:*', '+@all',
    '--user', 'eve', 'on', '>eve pw', '~employee:*', '+@all']);
my $at = "127.0.0.1:$guarded->{port}";
my $file = spew(run_dir() . '/password', "bob pw\nmore\n");
my $nothing = spew(run_dir() . '/nothing', "\n");

fails('SELECT 1 AS id', qr/NOAUTH.*REDISCLI_AUTH/, 'no password',
      '--redis', "redis://$at");
fails('SELECT 1 AS id', qr/a user needs a password/, 'no password of a user',
      '--redis', "redis://bob\@$at");
loads('SELECT 1 AS id', 1, 'a password file', '--redis', "redis://bob\@$at",
      '--redis-password-file', $file);
fails('SELECT 1 AS id', qr/no password in .*nothing/, 'an empty file',
      '--redis', "redis://bob\@$at", '--redis-password-file', $nothing);
fails('SELECT 1 AS id', qr/cannot open .*: No such file/, 'no file',
      '--redis', "redis://bob\@$at", '--redis-password-file', "$nothing.x");
fails('SELECT 1 AS id', qr/key "x:1": NOPERM/, 'a key that is not allowed',
      '--redis', "redis://bob\@$at", '--redis-password-file', $file,
      '--key', 'x:{id}');

{
    local $ENV{REDISCLI_AUTH} = 'secret';
    loads('SELECT 1 AS id', 1, 'REDISCLI_AUTH', '--redis', "redis://$at/0");

    # nothing is left half done

    $ENV{REDISCLI_AUTH} = 'eve pw';

    for my $right (qw(type del hset pexpire)) {
        $guarded->commands(['AUTH', 'secret'],
            ['ACL', 'SETUSER', 'eve', '+@all', "-$right"]);
        fails("SELECT 1 AS id, 'new' AS name",
              qr/\U$right\E of key "employee:1": NOPERM.*'$right'/,
              "without the right to $right", '--redis', "redis://eve\@$at");
        is_deeply(($guarded->commands(['AUTH', 'secret'],
                                      ['HGETALL', 'employee:1']))[1],
                  ['id', 1], "without the right to $right: as it was");
    }

    $ENV{REDISCLI_AUTH} = 'wrong pw';
    my $message = fails('SELECT 1 AS id', qr/AUTH: WRONGPASS/,
                        'a wrong password', '--redis', "redis://bob\@$at");
    unlike($message, qr/wrong pw/, 'a password is never shown');
}

$guarded->stop;

# Redis cannot take it

$redis->command('FLUSHALL');
$redis->command(qw(CONFIG SET maxmemory-policy noeviction));
$redis->command(qw(CONFIG SET maxmemory 3mb));
$err = fails('SELECT * FROM large', qr/key "employee:L\d+": .*\bOOM /,
             'Redis is full', '--force');
like($err, qr/^prizectl: failed after [1-9]\d* rows$/m, 'after some rows');
whole('Redis is full');
$redis->command(qw(CONFIG SET maxmemory 0));

$redis->command('REPLICAOF', '127.0.0.1', $dead);
fails('SELECT 1 AS id', qr/key "employee:1": READONLY/, 'a replica');
$redis->command(qw(REPLICAOF NO ONE));


# whatever stands in Redis is a row of "large" with a time to live

sub whole {
    my ($name) = @_;
    my $bad = $redis->command('EVAL', <<~'LUA', 0);
        local bad = 0
        for _, key in ipairs(redis.call('KEYS', 'employee:*')) do
            if redis.call('PTTL', key) <= 0 or redis.call('HLEN', key) ~= 3 then
                bad = bad + 1
            end
        end
        return bad
        LUA

    is($bad, 0, "$name: no record in part or without a time to live");
}


# cut off in the middle: what stands is whole

sub cut_off {
    my ($name, $exit, $like, $cut) = @_;

    $redis->command('FLUSHALL');

    my $load = start_load('SELECT * FROM large', '--rate', '4000/s');

    eventually(sub { $redis->command('DBSIZE') > 1000 }, 'some rows');
    $cut->($load);

    my ($status, $out, $message) = $load->finish;

    is($status, $exit, $name);
    is($out, '', "$name: nothing is claimed");
    like($message, $like, "$name: the reason");
    like($message, qr/after [1-9]\d* rows$/m, "$name: how far it came");

    return ($message =~ /after (\d+) rows$/m)[0];
}


for my $signal (qw(INT TERM)) {
    my $rows = cut_off("SIG$signal", 130, qr/^prizectl: interrupted after/m,
                       sub { kill $signal, $_[0]{pid} });

    is($redis->command('DBSIZE'), $rows, "SIG$signal: just so many are there");
    whole("SIG$signal");
}

my $rows = cut_off('PostgreSQL hangs up', 1, qr/^prizectl: PostgreSQL: /m,
                   sub { sql(<<'SQL') });
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'prizectl' AND query LIKE '%large%'
SQL
is($redis->command('DBSIZE'), $rows, 'PostgreSQL hangs up: so many are there');
whole('PostgreSQL hangs up');

# the same command again completes it, in little memory

my $load = start_load('SELECT * FROM large');
my $peak = 0;

until ($load->ended) {
    my $text = eval { slurp("/proc/$load->{pid}/status") } // '';

    $peak = $1 if $text =~ /^VmHWM:\s+(\d+) kB/m;
    select undef, undef, undef, 0.05;
}

my ($status, $out, $said) = $load->finish;

is($status, 0, 'the same command again') or diag($said);
like($out, qr/^loaded 40000 rows/, 'completes it');
is($redis->command('DBSIZE'), 40000, 'all records are there');
whole('the same command again');
cmp_ok($peak, '<', 16 * 1024, "memory in KiB, at most $peak")
    unless sanitized();

($status, undef, $said) = $slow->finish;

is($status, 0, 'a slow query');
like($said, qr{^prizectl: after \d s: 0 rows, 0/s, 0 errors$}m,
     'says that it waits');


# what PostgreSQL has to say beside its rows

sql(<<~'SQL');
    CREATE FUNCTION noticed() RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN RAISE NOTICE 'look here'; RETURN 'n1'; END $$;
    CREATE FUNCTION noticed(i int) RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN
        RAISE NOTICE 'row %', i USING DETAIL = 'first', HINT = 'second';
        RETURN 'n' || i;
    END $$
    SQL

($status, undef, $said) = load('SELECT noticed() AS id');

is($status, 0, 'a query with a notice');
is($said, "prizectl: PostgreSQL: NOTICE:  look here\n", 'which is told');

($status, undef, $said) =
    load('SELECT i AS id, noticed() AS n FROM generate_series(1, 200) AS i');

is($said, "prizectl: PostgreSQL: NOTICE:  look here\n"
          . "prizectl: PostgreSQL: 199 further notices\n",
   'the same notice of each row is told once, and counted');

($status, undef, $said) =
    load('SELECT noticed(i) AS id FROM generate_series(1, 200) AS i');

is($status, 0, 'notices that differ');
is($said, join('', map({ "prizectl: PostgreSQL: NOTICE:  row $_ DETAIL:  first"
                         . " HINT:  second\n" } 1 .. 10),
               "prizectl: PostgreSQL: 190 further notices\n"),
   'ten are told, in a line each, and the others counted');

done_testing();
