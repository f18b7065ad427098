use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;
use Test::Prize;
use Test::Prize::Cluster;
use Test::Prize::Peer;
use Test::Prize::Roster;

# prizectl and a cluster: all commands at all primaries, by the user of the
# README, while slots move as well.

my $readme = slurp(root() . '/README.md');
my ($rules) = $readme =~ /acl setuser hr on ">\$password" ((?:.*\\\n)*.*)\n/;
my ($more) = $readme =~ /acl setuser hr ('.*asking.*)\n/;
my @rules = map { s/^'|'$//gr } split ' ', "$rules $more" =~ s/\\\n//gr;

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 1200);
my $cluster = Test::Prize::Cluster->start(primaries => 3,
    options => ['--user', 'hr', 'on', '>secret', @rules]);
my @nodes = $cluster->nodes;
my @ids = @{ $roster->ids };
my $n = @ids;
my $dead = free_port();
my $url = "redis://hr\@127.0.0.1:$dead,127.0.0.1:$nodes[0]{port}";
my @to = ('--redis', $url, '--redis-cluster');
my @from = ('--postgres', $roster->conninfo, '--query',
            'SELECT * FROM employee');
my $json = JSON::PP->new->utf8;
my $away = qr/prizectl: cannot connect to redis:\/\/127\.0\.0\.1:$dead: Connection refused\n/;

$ENV{REDISCLI_AUTH} = 'secret';


sub key { return "employee:$_[0]" }


# at the node that has the key

sub at {
    my ($key, $command, @more) = @_;

    return $cluster->primary($key)->command($command, $key, @more);
}


sub records {
    my $sum = 0;

    $sum += $_->command('DBSIZE') for @nodes;
    return $sum;
}


sub command {
    my ($name, @options) = @_;

    return run(prizectl(), $name, $name eq 'clear' ? () : @from, @to,
               @options);
}


sub loads {
    my ($name, $out_like, @options) = @_;
    my ($status, $out, $err) = command('load', @options);

    is($status, 0, $name) or diag($out, $err);
    like($out, $out_like, "$name: what it did");
    like($err, qr/\A$away\z/, "$name: the seed that is away is told");
}


sub fails {
    my ($name, $like, @command) = @_;
    my ($status, $out, $err) = run(prizectl(), @command);

    is($status, 1, $name);
    is($out, '', "$name: nothing is claimed");
    like($err, $like, "$name: the reason");
}


# what verify says, but for what is zero

sub finds {
    my ($name, $want, @options) = @_;
    my ($status, $out, $err) = command('verify', '--json', @options);
    my $got = eval { $json->decode($out) } // {};

    is($status, %$want ? 3 : 0, $name) or diag($out, $err);
    delete @$got{qw(command result rows equal seconds sections
                    shortest_ttl_ms)};
    delete @$got{grep { ref $got->{$_} ? !%{ $got->{$_} } : !$got->{$_} }
                 keys %$got};
    is_deeply($got, $want, "$name: what it says");
}


# all primaries get their part, and each record is its row

loads('load', qr/^loaded $n rows /);
is(records(), $n, 'each record is there once');
is_deeply($cluster->stored($roster), [map { $roster->record($_) } @ids],
          'and is its row');
is(scalar(grep { $_->command('DBSIZE') > $n / 5 } @nodes), 3,
   'each primary has its share');
finds('verify', {});

# what differs, at any node

my @wrong = (
    ['a missing record', {missing => 1}, ['DEL', $ids[7]]],
    ['a changed field', {different => 1, fields => {name => 1}},
     ['HSET', $ids[8], 'name', 'somebody else']],
    ['a missing field', {different => 1, fields => {salary => 1}},
     ['HDEL', $ids[9], 'salary']],
    ['an extra field', {different => 1, extra_fields => {more => 1}},
     ['HSET', $ids[10], 'more', '']],
    ['no time to live', {without_ttl => 1}, ['PERSIST', $ids[11]]],
    ['a record that ends early', {before_until => 1},
     ['PEXPIRE', $ids[12], 3600_000]],
    ['records of nobody', {beyond => 4},
     map { ['HSET', $_, 'id', $_] } qw(gone g2 g3 g4)],
);
my @until = ('--until', POSIX::strftime('%Y-%m-%dT%H:%M:%SZ',
                                        gmtime time + 24 * 3600));

for my $case (@wrong) {
    my ($name, $want, @commands) = @$case;

    at(key($_->[1]), $_->[0], @$_[2 .. $#$_]) for @commands;
    finds($name, $want, @until);
    loads("$name, load", qr/^loaded $n rows/, '--prune');
    finds("$name, after load", {}, @until);
}

is(records(), $n, 'nobody else is there');

# --prune, and a key that is another program's

at(key("gone$_"), 'HSET', 'id', "gone$_") for 1 .. 200;

my ($status, $out, $err) = command('load', '--prune');

is($status, 1, '--prune of more than a tenth');
like($err, qr/200 of @{[ $n + 200 ]} records of "employee:\{id\}" have no row/,
     'says how many of all nodes');
loads('--prune --force', qr/^pruned 200 of @{[ $n + 200 ]} records$/m,
      '--prune', '--force');

at(key($ids[5]), 'DEL');
at(key($ids[5]), 'SET', 'x');
($status, $out, $err) = command('load');
is($status, 1, "another program's key");
like($err, qr/^prizectl: redis:\/\/127\.0\.0\.1:@{[ $cluster->primary(key($ids[5]))->{port} ]}: key "employee:\Q$ids[5]\E" holds no hash but a string: it is left alone$/m,
     'is named, with its node');
is(at(key($ids[5]), 'GET'), 'x', 'and left alone');
at(key($ids[5]), 'DEL');

# one of them

my $page = spew(run_dir() . '/page.html', '{{id}} {{department}}');

loads('load', qr/^loaded/);

for my $id (@ids[20 .. 29]) {
    ($status, $out, $err) = run(prizectl(), 'render', '--page', $page, '--id',
                                $id, @to);
    like($out, qr/^\Q$id\E /, 'a page of any node') or diag($err);
}


# Slots that move: some are half moved all the while, others move with their
# keys in the middle.

my @slots = $cluster->slots(map { key($_) } @ids);
my @half = @slots[40 .. 59];
my @whole = @slots[60 .. 79];


sub next_node {
    my ($slot) = @_;
    my $owner = $cluster->owners->[$slot];
    my ($i) = grep { $nodes[$_] == $owner } 0 .. 2;

    return $nodes[($i + 1) % 3];
}


sub asked {
    my $sum = 0;

    $sum += $_->calls('asking') for @nodes;
    return $sum;
}


# whose keys are there, when they are asked for, and not

sub halve {
    my ($slot) = @_;

    $cluster->open_slot($slot, next_node($slot));
    $cluster->move_keys($slot);
}


command('clear', '--yes');
$cluster->open_slot($_, next_node($_)) for @half[0 .. 9];
loads('slots whose keys are to come', qr/^loaded $n rows/, '--prune');
cmp_ok(asked(), '>=', 20, 'are asked for behind ASKING');
is(records(), $n, 'no record is there twice');
finds('verify of these', {});
$cluster->move_keys($_) for @half[0 .. 9];
halve($_) for @half[10 .. 19];
finds('keys that have moved before their slots', {});
loads('load of these', qr/^loaded $n rows/);
is(records(), $n, 'no record is there twice, either');
at(key('gone'), 'HSET', 'id', 'gone');
loads('and --prune', qr/^pruned 1 of/m, '--prune');

{
    my $load = Test::Prize::Program->start(prizectl(), 'load', @from, @to,
                                           '--rate', '400/s');

    while (!$load->ended && @whole) {
        my $slot = shift @whole;
        $cluster->move_slot($slot, next_node($slot));
    }

    cmp_ok(scalar(@whole), '<', 20, 'slots move in the middle of a load');
    ($status, $out, $err) = $load->finish;
    is($status, 0, 'which ends as if they had not') or diag($err);
    is(records(), $n, 'no record is there twice');
    finds('verify after that', {});
}

my $verify = Test::Prize::Program->start(prizectl(), 'verify', @from, @to,
                                         '--rate', '600/s');

while (!$verify->ended && @slots) {
    my $slot = pop @slots;
    $cluster->move_slot($slot, next_node($slot))
        unless grep { $_ == $slot } @half;
}

is(($verify->finish)[0], 0, 'slots move in the middle of verify');

is((command('clear', '--yes'))[1], "removed $n records\n",
   'clear, with slots that are half moved');
is(records(), 0, 'none is left');
$cluster->close_slot($_) for @half;


# the memory of each primary

sub limit {
    my ($node, $limit, $policy) = @_;

    $node->commands(['CONFIG', 'SET', 'maxmemory', $limit],
                    ['CONFIG', 'SET', 'maxmemory-policy', $policy]);
}

for my $node (@nodes) {
    my $at = "redis://127.0.0.1:$node->{port}";

    limit($node, '100mb', 'allkeys-lru');
    fails('a policy', qr/^prizectl: \Q$at\E: records could be evicted: /m,
          'load', @from, @to);
    limit($node, '1kb', 'noeviction');
    fails('no room', qr/^prizectl: \Q$at\E: the roster does not fit: (?:3|4)\d\d records, 0 of which are there, /m,
          'load', @from, @to);
    limit($node, 0, 'noeviction');
}

my $peer = Test::Prize::Peer->start(replies => {
    INFO => "\$18\r\nused_memory:1000\r\n\r\n", TYPE => "+none\r\n",
    MULTI => "+OK\r\n", DEL => "+QUEUED\r\n", HSET => "+QUEUED\r\n",
    PEXPIRE => "+QUEUED\r\n", EXEC => "*3\r\n:0\r\n:1\r\n:1\r\n" });
my $managed = "redis://127.0.0.1:$peer->{port}";

($status, $out, $err) = run(prizectl(), 'load', @from[0, 1], '--query',
                            'SELECT 1 AS id', '--redis', $managed);
is($status, 0, 'INFO without maxmemory is no failure') or diag($err);
is($err, "prizectl: $managed: cannot tell whether the roster fits: INFO: it tells no maxmemory\n",
   'and told');


# what is wrong

my @one = ('--redis', "redis://hr\@127.0.0.1:$nodes[1]{port}");
my @single = ('--redis', 'redis://' . shared_redis()->address);

{
    local $ENV{REDISCLI_AUTH};

    delete $ENV{REDISCLI_AUTH};
    fails('no cluster', qr/CLUSTER: ERR This instance has cluster support disabled\nprizectl: redis:\S+: none of them tells where the records are$/m,
          'load', @from, @single, '--redis-cluster');
}

fails('a node without --redis-cluster', qr/key "employee:.*: MOVED \d+ 127\.0\.0\.1:\d+ \(a node of a cluster: say --redis-cluster\)$/m,
      'load', @from, @one);
fails('no node is there', qr/\A${away}prizectl: redis:\S+: none of them tells where the records are\n\z/,
      'verify', @from, '--redis', "redis://hr\@127.0.0.1:$dead",
      '--redis-cluster');


# The address of a node may be another's Redis by now: a cluster's, or one that
# takes whatever it gets.

sub map_of {
    my ($port, $letter) = @_;

    return Test::Prize::Peer->slots([0, 16383, ['127.0.0.1', $port,
                                                $letter x 40]]);
}

my %takes = (TYPE => "+none\r\n", MULTI => "+OK\r\n", DEL => "+QUEUED\r\n",
             HSET => "+QUEUED\r\n", PEXPIRE => "+QUEUED\r\n",
             EXEC => "*3\r\n:0\r\n:1\r\n:1\r\n");

for my $case (['another cluster', 'is named as a node of the cluster, and is'
                                  . ' of another one', 'b'],
              ['a Redis that is no cluster', 'CLUSTER: ERR no cluster'])
{
    my ($what, $why, $letter) = @$case;
    my $port = free_port();
    my $stranger = Test::Prize::Peer->start(port => $port, replies => { %takes,
        CLUSTER => $letter ? map_of($port, $letter)
                           : "-ERR no cluster\r\n" });
    my $seed = Test::Prize::Peer->start(replies => {
        CLUSTER => map_of($port, 'a') });
    my $moves = Test::Prize::Peer->start(port => free_port(), replies => {
        TYPE => "-MOVED 1 127.0.0.1:$port\r\n",
        CLUSTER => sub { return map_of($_[0]{port}, 'a') } });

    for my $from ($seed, $moves) {
        fails("$what at the address of a node",
              qr/^prizectl: redis:\/\/127\.0\.0\.1:$port: $why$/m,
              'load', @from, '--redis', "redis://127.0.0.1:$from->{port}",
              '--redis-cluster');
    }

    is_deeply([$stranger->commands(qr/^(?:TYPE|MULTI|HSET)/)], [],
              "$what gets no record");
}

my $owners = $cluster->owners;
my ($lost) = grep { $owners->[$_] == $nodes[2] } 0 .. $#$owners;

$nodes[2]->command(qw(CLUSTER DELSLOTS), $lost);
fails('a slot that nobody has', qr/^prizectl: redis:\S+: 1 of 16384 slots have no node: mend the cluster, then run the command again$/m,
      'clear', '--yes', '--redis', "redis://hr\@127.0.0.1:$nodes[2]{port}",
      '--redis-cluster');

for my $usage (['--redis', "$url/1", '--redis-cluster'],
               ['--redis', $url], ['--redis', 'redis://h,', '--redis-cluster'],
               ['--redis', 'redis://h,h:x', '--redis-cluster'],
               ['--redis', 'unix:/s', '--redis-cluster'],
               [@to, '--redis-sentinel', 'x'], [@to, '--redis-insecure'])
{
    my ($code, undef, $said) = run(prizectl(), 'load', @from, @$usage);

    is($code, 2, "usage: @$usage");
    like($said, qr/^prizectl: .+\n\z/, "usage: @$usage: one line");
}

done_testing();
