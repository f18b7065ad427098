use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;
use Test::Prize;
use Time::HiRes qw(time);

# What "prizectl load" looks at before it stores anything, and what it says.

my $redis = Test::Prize::Redis->start;
my $postgres = shared_postgres();
my $conninfo = $postgres->conninfo;
my $url = "redis://127.0.0.1:$redis->{port}";
my $dir = run_dir();

$postgres->sql(<<'SQL');
CREATE TABLE roster AS
    SELECT 'E' || i AS id, 'name ' || i AS name,
           CASE WHEN i % 4 = 0 THEN 'gold' WHEN i % 4 = 1 THEN 'NO'
                WHEN i % 4 = 2 THEN '否' END AS prize,
           (i <= 10)::text AS phone, repeat('x', i % 100) AS note
    FROM generate_series(1, 2000) AS i;
SQL


sub load {
    my (@options) = @_;

    return run(prizectl(), 'load', '--postgres', $conninfo, '--redis', $url,
               '--query', 'SELECT * FROM roster', @options);
}


sub page {
    my ($name, $text) = @_;

    return spew("$dir/$name", $text);
}


sub refused {
    my ($like, $name, @options) = @_;
    my ($status, $out, $err) = load(@options);

    is($status, 1, $name);
    is($out, '', "$name: nothing is claimed");
    like($err, $like, "$name: the reason");
    is($redis->command('DBSIZE'), 0, "$name: nothing is stored");
    return $err;
}


# pages

my $good = page('good.html', "<p>{{name}}</p>\n{{#prize}}\n{{prize}}\n"
                . "{{^phone}}none{{/phone}}\n{{/prize}}\n");
my $other = page('other.html', '{{#name}}{{#prize}}{{id}}{{/prize}}{{/name}}');

refused(qr{^prizectl: \Q$dir\E/bad\.html:2: the field "Prize" is no column of the query; its columns are: id, name, prize, phone, note$}m,
        'a field that is no column', '--page', $good, '--page',
        page('bad.html', "{{name}}\n{{#Prize}}{{gift}}{{/Prize}}\n"));
like((load('--page', "$dir/bad.html"))[2], qr/"gift" is no column/,
     'all of them are named');
refused(qr{broken\.html:1:1: section "name"}, 'a page that does not compile',
        '--page', page('broken.html', '{{#name}}'));
refused(qr{cannot open it: No such file}, 'no page', '--page', "$dir/none");
refused(qr{raw\.html:1:\d+: }, 'an unescaped field', '--page',
        page('raw.html', '<p>{{{name}}}</p>'));

my ($status, $out, $err) = load('--page', $good, '--page', $other, '--raw',
                                'name', '--page', "$dir/raw.html");

is($status, 0, 'pages that fit') or diag($err);
like($out, qr/^loaded 2000 rows in /, 'are loaded');
like($out, qr/^prize: true in 500 of 2000 records \(25\.00 %\)$/m,
     'how many have a prize: NULL, NO and 否 are none');
like($out, qr/^phone: true in 10 of 2000 records \(0\.50 %\)$/m,
     'and not a phone: a section that is shown for false');
like($out, qr/^name: true in 2000 of 2000/m, 'of every page');
unlike($out, qr/^(?:id|note):/m, 'only of sections');

# which values they are, the rarest first

like($out, qr/^prize: .*
  no         500 ""
  no         500 "NO"
  yes        500 "gold"
  no         500 "否"
phone: /m, 'each value, how often, and whether it shows the section');
like($out, qr/^phone: .*\n  yes         10 "true"\n  no        1990 "false"$/m,
     'also for the other side');

my ($names) = $out =~ /^(name: .*(?:\n .*)*)/m;
my @shown = sort map { "name $_" } 1 .. 2000;

is($names, join("\n", 'name: true in 2000 of 2000 records (100.00 %)',
                '  the 20 rarest of 2000 values:',
                map { "  yes          1 \"$_\"" } @shown[0 .. 19]),
   'of many the rarest');

# one that is not yes or no for everybody to see

($status, $out) = load('--page', page('odd.html', '{{^x}}{{/x}}{{#id}}{{/id}}'),
                       '--dry-run', '--query', <<'SQL');
SELECT i AS id, CASE i WHEN 1 THEN E'\x1b[2Jno' WHEN 2 THEN E' No\t'
                WHEN 3 THEN repeat('0', 1000) WHEN 4 THEN repeat('0', 1000) || 1
                WHEN 5 THEN repeat('0', 1000) || 2 END AS x
FROM generate_series(1, 8) AS i
SQL
like($out, qr/^id: true in 8 of 8 .*
(?:  yes          1 "\d"\n){8}x: true in 3 of 8 records .*
  yes          1 "\\x1b\[2Jno"
  no           1 " No\\x09"
  no           1 "0{10,}\.\.\."
  yes          2 "0{10,}\.\.\."
  no           3 ""$/m, 'long values that begin alike, and odd ones')
    or diag($out);

# more values than anybody reads

($status, $out) = load('--dry-run', '--page',
    page('many.html', '{{#x}}{{/x}}{{#y}}{{/y}}'), '--query', <<'SQL');
SELECT i AS id, md5((i % 10001)::text) AS x, md5((i % 10000)::text) AS y
FROM generate_series(1, 10003) AS i
SQL
like($out, qr/^x: .*\n  more than 10000 values\ny: .*
  the 20 rarest of 10000 values:\n(?:  yes          1 "\w+"\n){20}/m,
     'of too many none');

# nothing is done

$redis->command('FLUSHALL');
($status, $out) = load('--dry-run', '--prune', '--page', $good);
is($status, 0, '--dry-run');
like($out, qr/^would load 2000 rows .*\nprize: true in 500 /,
     '--dry-run: counts');
like($out, qr/^would prune 0 of 0 records$/m, '--dry-run: would prune');
like($out, qr/^memory: about \d\.\d MiB .* \(no limit\), policy noeviction$/m,
     '--dry-run: memory');
is($redis->command('DBSIZE'), 0, '--dry-run: stores nothing');

$redis->command(qw(HSET employee:gone id gone));
like((load('--dry-run', '--prune'))[1], qr/^would prune 1 of 1 records$/m,
     '--dry-run: what would be pruned');
is($redis->command(qw(EXISTS employee:gone)), 1, '--dry-run: is there');
$redis->command('FLUSHALL');

($status, $out) = run(prizectl(), 'load', '--postgres', $conninfo, '--redis',
    $url, '--dry-run', '--query', "SELECT '张三' AS id");
is($status, 1, '--dry-run: finds what load would find');

# one object

my $json = JSON::PP->new->utf8;
my ($result) = map { $json->decode($_) }
               (load('--json', '--page', $good, '--prune'))[1];

is_deeply([@$result{qw(command result rows stored records beyond pruned)},
           $result->{sections}, $result->{dry_run} ? 1 : 0],
          ['load', 'done', 2000, 2000, 2000, 0, 0,
           {prize => 500, phone => 10}, 0], '--json');
cmp_ok($result->{rows_per_second}, '>', 0, '--json: a number');
is_deeply($result->{values}{prize}, {distinct => 4, rarest => [
    {value => '', records => 500, yes => JSON::PP::false},
    {value => 'NO', records => 500, yes => JSON::PP::false},
    {value => 'gold', records => 500, yes => JSON::PP::true},
    {value => "\x{5426}", records => 500, yes => JSON::PP::false}]},
    '--json: the values');

($result) = map { $json->decode($_) } (load('--json', '--page',
    page('long.html', '{{#x}}{{/x}}'), '--query',
    q{SELECT 1 AS id, repeat('手机', 50) AS x}))[1];
is_deeply($result->{values}, {x => {distinct => 1, rarest => [
    {value => "\x{624b}\x{673a}" x 21, shortened => JSON::PP::true,
     records => 1, yes => JSON::PP::true}]}}, '--json: a long one');

($status, $out) = load('--json', '--query', 'SELECT 1 AS id WHERE false');
is($status, 1, '--json: a failure');
is($json->decode($out)->{result}, 'failed', '--json: says so');

($status, $out) = load('--json', '--page', "$dir/broken.html");
is($json->decode($out)->{result}, 'failed', '--json: before there is a query');

# passwords

for my $secret ('password=s3cret', 'sslpassword=s3cret') {
    ($status, $out, $err) = load('--postgres', "$conninfo $secret");
    is($status, 2, "$secret in conninfo");
    like($err, qr/passfile=/, "$secret: where to put it");
    unlike($err, qr/s3cret/, "$secret: is not shown");
}

is((load('--postgres', 'postgresql://u:s3cret@127.0.0.1/x'))[0], 2,
   'a password in a URL');


# memory

sub config {
    my ($name, $value) = @_;

    $redis->command('CONFIG', 'SET', $name, $value);
}


sub used {
    return ($redis->command(qw(INFO memory)) =~ /^used_memory:(\d+)/m)[0];
}


$redis->command('FLUSHALL');

for my $policy (qw(allkeys-lru volatile-ttl allkeys-random)) {
    config('maxmemory', '100mb');
    config('maxmemory-policy', $policy);
    refused(qr/records could be evicted: maxmemory is 100\.0 MiB, of which \d\.\d MiB are used, and the policy is $policy/,
            "maxmemory-policy $policy");
}

is((load('--force'))[0], 0, 'eviction: --force');

config('maxmemory-policy', 'noeviction');
is((load())[0], 0, 'enough room');

# the estimate: not less than what it takes, nor twice as much

my ($need) = map { $json->decode($_)->{estimated_memory} }
             (load('--json', '--dry-run'))[1];
my $with = used();
$redis->command('FLUSHALL', 'SYNC');
my $takes = $with - used();

cmp_ok($need, '>', $takes, "an estimate of $need for $takes bytes");
cmp_ok($need, '<', 2 * $takes, 'and no exaggeration');

config('maxmemory', used() + int($takes / 2));
$err = refused(qr/does not fit: 2000 records, 0 of which are there, need about \d\.\d MiB more, and of a maxmemory of \d\.\d MiB 0\.\d MiB are free/,
               'half of the room');
like($err, qr/--force/, 'and what to do');

# what is there already needs no more room: a load can be completed

config('maxmemory', 0);
is((load())[0], 0, 'without a limit');
config('maxmemory', used() + 50_000);
($status, $out, $err) = load();
is($status, 0, 'once more, where there is no room for another one')
    or diag($err);
config('maxmemory', 0);

# a user who may not ask

$redis->command(qw(ACL SETUSER bob on nopass ~employee:* +@all -info));
{
    local $ENV{REDISCLI_AUTH} = 'x';
    ($status, $out, $err) = load('--redis', "redis://bob\@127.0.0.1:"
                                            . $redis->{port});
    is($status, 0, 'without the right to ask it goes on');
    like($err, qr/cannot tell whether the roster fits: INFO: NOPERM/,
         'and says what it does not know');
}

# rate

my $before = time;
my $counted = load('--rate', '4000/s');
my $seconds = time - $before;

cmp_ok($seconds, '>', 0.49, '2,000 records at 4,000 a second');
$before = time;
is((load('--rate', '2000000'))[0], 0, 'a rate that is no limit');

# a terminal: "script" gives it one

my $command = join ' ', map { "'$_'" } prizectl(), 'load', '--postgres',
              $conninfo, '--redis', $url, '--rate', '2000/s', '--query',
              'SELECT id, name FROM roster';

{
    my ($code, $said) = run('script', '-qec', $command, '/dev/null');

    is($code, 0, 'on a terminal');
    like($said, qr/\r\[#{1,29}\.+\] +\d+ % \d+ rows, \d+\/s, 0:0\d left, 0 errors\e\[K/,
         'a bar with rows, rate, time left and errors');
    like($said, qr/\r\e\[Kloaded 2000 rows/, 'that is gone in the end');

    ($code, $said) = run('script', '-qec', "stty cols 40; $command",
                         '/dev/null');
    my @long = grep { length > 39 } map { s/\e\[K//r } split /[\r\n]+/, $said;
    is_deeply([grep { !/loaded/ } @long], [], 'not wider than the terminal');
}

my ($quiet, undef, $no_bar) = load('--rate', '4000/s');
is($no_bar, '', 'no bar where there is no terminal');

done_testing();
