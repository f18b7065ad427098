use strict;
use warnings;

use lib 't/lib';
use Encode qw(decode_utf8);
use JSON::PP ();
use POSIX qw(strftime);
use Test::More;
use Test::Prize;
use Test::Prize::Roster;

# "prizectl verify" finds whatever is not as "load" leaves it, "--prune" mends
# what no row has and nothing else, and "clear" takes all away.

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 600);
my $redis = Test::Prize::Redis->start;
my @ids = @{ $roster->ids };
my $n = @ids;
my @to = ('--redis', "redis://127.0.0.1:$redis->{port}");
my @options = ('--postgres', $roster->conninfo, @to, '--query',
               'SELECT * FROM employee');
my $json = JSON::PP->new->utf8;
my $day = 24 * 3600;


sub command {
    my ($name, @more) = @_;

    return run(prizectl(), $name, @options, @more);
}


sub loaded {
    my ($status, undef, $err) = command('load', @_);

    die "load: $err" if $status;
}


# what verify says, as a hash; all that is not in "want" is 0 or empty

sub finds {
    my ($name, $want, @more) = @_;
    my $exit = %$want && !$want->{sections} ? 3 : 0;
    my ($status, $out, $err) = command('verify', '--json', @more);
    my $got = eval { $json->decode($out) } // {};

    is($status, $exit, $name) or diag($out, $err);

    my %want = (command => 'verify', rows => $n, missing => 0, different => 0,
                beyond => 0, without_ttl => 0, fields => {}, sections => {},
                extra_fields => {}, further_extra_fields => 0, %$want);

    $want{equal} //= $n - $want{missing} - $want{different};
    $want{result} = $exit ? 'different' : 'equal';
    delete @$got{qw(seconds shortest_ttl_ms)};

    is_deeply($got, \%want, "$name: what it says");
    return $err;
}


sub key { return "employee:$_[0]" }


# a moment so many seconds from now, in another zone than that of the test

sub moment {
    my ($seconds, $zone) = @_;

    return strftime('%Y-%m-%dT%H:%M:%SZ', gmtime time + $seconds) if !$zone;
    return strftime('%Y-%m-%dT%H:%M:%S', gmtime time + $seconds + $zone * 3600)
           . sprintf '%s%02d:00', $zone < 0 ? '-' : '+', abs $zone;
}


loaded('--ttl', '48h');
finds('as load wrote it', {});

# as the module writes it back, the order of a hash may differ

{
    my $record = $roster->record($ids[3]);

    $redis->command('DEL', key($ids[3]));
    $redis->command('HSET', key($ids[3]), map { decode_utf8($_) }
                    map { ($_, $record->{$_}) } reverse sort keys %$record);
    $redis->command('PEXPIRE', key($ids[3]), 10 * $day * 1000);
    finds('in another order', {});
}

# each of what can be wrong, one at a time and mended by load

my @wrong = (
    ['a missing record', {missing => 1}, ['DEL', key($ids[7])]],
    ['a changed field', {different => 1, fields => {name => 1}},
     ['HSET', key($ids[8]), 'name', 'somebody else']],
    ['a changed field, of equal length', {different => 1,
      fields => {joined => 1}}, ['HSET', key($ids[8]), 'joined', '1990-01-99']],
    ['a field that is empty', {different => 1, fields => {id => 1}},
     ['HSET', key($ids[9]), 'id', '']],
    ['a missing field', {different => 1, fields => {salary => 1}},
     ['HDEL', key($ids[10]), 'salary']],
    ['an extra field', {different => 1, extra_fields => {'a "b"' => 1}},
     ['HSET', key($ids[11]), 'a "b"', '']],
    ['a missing and an extra field', {different => 1, fields => {salary => 1},
      extra_fields => {Salary => 1}},
     ['HDEL', key($ids[12]), 'salary'], ['HSET', key($ids[12]), 'Salary', 1]],
    ['extra fields of odd names', {different => 1, extra_fields => {
      "\x{fffd}x\x{fffd}" => 1, "\x{738b}\t" => 1}},
     ['HSET', key($ids[12]), "\x{738b}\t", 1],
     ['EVAL', q{redis.call('HSET', KEYS[1], '\255x\237', 1)}, 1,
      key($ids[12])]],
    ['no time to live', {without_ttl => 1}, ['PERSIST', key($ids[14])]],
);

for my $case (@wrong) {
    my ($name, $want, @commands) = @$case;

    $redis->commands(@commands);
    finds($name, $want);
    loaded();
    finds("$name, after load", {});
}

# another program's key is one that load leaves alone

$redis->command('SET', key($ids[13]), 'x', 'PX', 9e7);
finds('no hash', {different => 1});
is((command('load'))[0], 1, 'no hash: load does not mend it');
finds('no hash, after load', {different => 1});
$redis->command('DEL', key($ids[13]));
loaded();

# a short time to live

my $short = key($ids[20]);

$redis->command('PEXPIRE', $short, 3600_000);
finds('a short time to live is no difference by itself', {});
like((command('verify'))[1], qr/^shortest time to live: 0 h 59 min \d\d s$/m,
     'but it is said');
finds('a record that ends before --until',
      {before_until => 1}, '--until', moment(2 * $day - 600));
finds('in another zone', {before_until => 1}, '--until',
      moment(2 * $day - 600, 8));
finds('in a third one', {before_until => 1}, '--until',
      moment(2 * $day - 600, -5));
finds('all of them', {before_until => $n}, '--until', moment(60 * $day));
loaded();
is((command('verify', '--until', moment(2 * $day - 600)))[0], 0,
   '--until that all of them outlive');

for my $bad ('2026-12-24T20:00', '2026-12-24 20:00+08:00', '48h', '',
             '2031-02-30T00:00Z', '2031-12-24T24:00Z', '2031-12-24T20:00+8',
             '2031-13-01T00:00Z', '2031-12-24T20:00+15:00',
             '2031-12-24T20:00:00Z ', '2001-01-01T00:00Z')
{
    is((command('verify', '--until', $bad))[0], 2, "--until \"$bad\"");
}

# in words, without a value of anybody

$redis->commands(['DEL', key($ids[30])], ['HSET', key($ids[31]), 'prize', 'x'],
                 ['HSET', key('gone'), 'id', 'gone'],
                 ['PEXPIRE', key('gone'), $day * 1000]);

my ($status, $out, $err) = command('verify');

is($status, 3, 'three differences');
like($out, qr/^missing: \Q$ids[30]\E$/m, 'which is missing');
like($out, qr/^different: \Q$ids[31]\E: "prize"$/m, 'which is different');
like($out, qr/^beyond the roster: gone$/m, 'which is beyond');
like($out, qr/^compared $n rows in .*\nequal: @{[ $n - 2 ]}\nmissing: 1\ndifferent: 1\n  "prize" differs in 1\nbeyond the roster: 1\n/m,
     'how many');
is($err, '', 'no message');
loaded('--prune');

# sections

my $page = spew(run_dir() . '/page.html', '{{#prize}}{{name}}{{/prize}}');
my $true = grep { $roster->wins($_) } @ids;

finds('the records that are true', {sections => {prize => $true}},
      '--page', $page);
cmp_ok($true, '<', $n, 'not all of them are');
like((command('verify', '--page', $page))[1],
     qr/^prize: true in $true of $n records/m, 'in words');

# --prune: the extra record and nothing else

my @others = ('employee:', 'employee:1:visits', 'employee:a b', 'employee:%41',
              'Employee:x', 'xemployee:x', 'employee:' . 'x' x 65, 'other');

my @counters = map { key($_) } qw(counter all queue ranking log);

$redis->commands(map { ['HSET', $_, 'whose', 'theirs'] } @others);
$redis->commands(['SET', $counters[0], 5], ['SADD', $counters[1], 'a'],
                 ['LPUSH', $counters[2], 'a'], ['ZADD', $counters[3], 1, 'a'],
                 ['XADD', $counters[4], '*', 'a', 1]);
$redis->commands(map { ['HSET', key($_), 'id', $_] } 'A', 'zzz', 'e');
$redis->command('HSET', key($ids[40]), 'name', 'changed');

my $all = $redis->command('DBSIZE');

finds('extra records', {beyond => 3, different => 1, fields => {name => 1}});
($status, $out) = command('load', '--prune');
is($status, 0, '--prune');
like($out, qr/^pruned 3 of @{[ $n + 3 ]} records$/m, '--prune: says how many');
is($redis->command('DBSIZE'), $all - 3, '--prune: nothing else is gone');
is(scalar(grep { defined }
          $redis->commands(map { ['HGET', $_, 'whose'] } @others)),
   @others, '--prune: what no load has made is left alone');
is($redis->command('EXISTS', @counters), @counters,
   '--prune: and so is what holds no hash');
push @others, @counters;
finds('after --prune', {});

# more than a tenth

$redis->commands(map { ['HSET', key("gone$_"), 'id', "gone$_"] } 1 .. 200);
($status, $out, $err) = command('load', '--prune');
is($status, 1, '--prune: more than a tenth');
like($err, qr/200 of @{[ $n + 200 ]} records of "employee:\{id\}" have no row, more than a tenth: none was removed/,
     '--prune: the figures');
like($out, qr/^loaded $n rows/, '--prune: the roster is loaded');
is($redis->command('EXISTS', map { key("gone$_") } 1 .. 200), 200,
   '--prune: they are there');

# by a wrong query, too

is((run(prizectl(), 'load', @options, '--prune', '--query',
        'SELECT * FROM employee LIMIT 10'))[0], 1, '--prune: a wrong query');
is($redis->command('DBSIZE'), $n + 200 + @others, '--prune: all are there');

is((command('load', '--prune', '--force'))[0], 0, '--prune --force');
finds('after --prune --force', {});

# a pattern is taken as it is

my @odd = ('--key', 'a*b[x]?\\{id}:tail');

loaded(@odd);
$redis->command('HSET', 'axxb[x]y\\E1:tail', 'whose', 'theirs');
$redis->command('HSET', 'a*b[x]?\\stray:tail', 'whose', 'ours');
finds('a pattern of special characters', {beyond => 1}, @odd);
loaded(@odd, '--prune');
is($redis->command('EXISTS', 'a*b[x]?\\stray:tail'), 0, 'the stray is gone');
is($redis->command('HGET', 'axxb[x]y\\E1:tail', 'whose'), 'theirs',
   'what the characters would match is not');

# of all lengths, and more than fit into the block that is sorted at once

{
    my @many = map { 'stray' . $_ x (1 + 10 * ($_ % 2)) } 10000 .. 10057;

    $redis->commands(map { ['HSET', key($_), 'id', $_] } @many, @many);
    ($status, $out) = command('load', '--prune');
    is($status, 0, 'strays of all lengths');
    like($out, qr/^pruned 58 of /m, 'each once');

    $redis->command('EVAL', <<~'LUA', 1, key('M' . '-' x 58));
        for i = 10001, 75000 do redis.call('HSET', KEYS[1] .. i, 'id', i) end
        LUA
    finds('65,000 strays with long names', {beyond => 65_000});
    ($status, $out) = command('load', '--prune', '--force');
    like($out, qr/^pruned 65000 of @{[ $n + 65_000 ]} records$/m,
         'all of them are pruned');
    finds('after that', {});
}

# the roster in little pieces

is((command('verify', '--rate', '3000/s'))[0], 0, 'verify at a rate');
is((command('verify', '--ttl', '1h', '--jitter', '0', '--prune', '--force',
            '--dry-run'))[0], 0, 'verify takes the options of load');
is($redis->command('DBSIZE'), 2 * $n + @others + 1, 'and changes nothing');

# interrupted: what it did is said, what it did not is not claimed

sub calls {
    my ($name) = @_;

    return ($redis->command('INFO', 'commandstats')
            =~ /^cmdstat_$name:calls=(\d+)/m)[0];
}


for my $how (['verify', qr/^\z/],
             ['verify --json', qr/^\{.*"result":"interrupted"/, '--json'])
{
    my ($name, $like, @more) = @$how;
    my $before = calls('hgetall');
    my $verify = Test::Prize::Program->start(prizectl(), 'verify', @options,
                                             '--rate', '100/s', @more);

    eventually { calls('hgetall') > $before + 20 } "$name: some rows";
    ($status, $out, $err) = $verify->end_by('INT');

    is($status, 130, "$name, interrupted") or diag($err);
    like($err, qr/^prizectl: interrupted after [1-9]\d* rows\n\z/,
         "$name, interrupted: says how far it came");
    like($out, $like, "$name, interrupted: nothing else is claimed");
}

# failures

is((command('verify', '--query', 'SELECT * FROM nowhere'))[0], 1, 'no table');
is((command('verify', '--query', 'SELECT 1 AS id WHERE false'))[0], 1,
   'no rows');
is((command('verify', '--redis', 'redis://127.0.0.1:' . free_port()))[0], 1,
   'no Redis');
is((command('verify', '--yes'))[0], 2, 'an option of clear');

# clear

sub clear {
    my ($answer, @more) = @_;

    return run({stdin => $answer}, prizectl(), 'clear', @to, @more);
}


($status, $out, $err) = clear('');
is($status, 1, 'clear: no answer');
like($err, qr/^remove $n records "employee:\{id\}" from redis:\S+\? Write "yes": /,
     'clear: shows how many and asks');
is((clear("y\n"))[0], 1, 'clear: another answer');
is((clear("yes, all\n"))[0], 1, 'clear: more than yes');
is($redis->command('DBSIZE'), 2 * $n + @others + 1, 'clear: all are there');

($status, $out) = clear("yes\n");
is($status, 0, 'clear: yes');
is($out, "removed $n records\nleft alone, since no load has made them: 5\n",
   'clear: says what it did');
is($redis->command('DBSIZE'), $n + @others + 1, 'clear: nothing else');

($status, $out) = clear('', @odd[0, 1], '--yes', '--json');
is($status, 0, 'clear: --yes');
is_deeply($json->decode($out), {command => 'clear', result => 'done',
          records => $n, removed => $n, others => 0}, 'clear: --json');
is($redis->command('DBSIZE'), @others + 1, 'clear: what is left');

($status, $out) = clear('');
is($status, 0, 'clear: nothing there, nothing to ask');
like($out, qr/^removed 0 records$/m, 'clear: none');
is((clear('', '--postgres', 'x'))[0], 2, 'clear: an option of load');

done_testing();
