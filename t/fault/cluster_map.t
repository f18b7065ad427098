use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clock;
use Test::Prize::Cluster;
use Test::Prize::DNS;
use Test::Prize::Fault;
use Test::Prize::Peer;
use Test::Prize::Roster;
use Time::HiRes qw(time);

# Where the map of a Redis Cluster comes from, what it may say, and whom it is
# believed.

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 300);
my $records = Test::Prize::Peer->records_of($roster);
my $ids = $roster->ids;
my $follow = 'prize_redis_cluster on; prize_write_back off;';

# the slot of each key, as Redis has it
my $judge = Test::Prize::Redis->start(options => [
    '--cluster-enabled', 'yes', '--cluster-port', free_port()]);
my @keys = map { "employee:$_" } @$ids;
my %slot;

@slot{@keys} = $judge->commands(map { ['CLUSTER', 'KEYSLOT', $_] } @keys);
$judge->stop;


sub site {
    return Test::Prize::Fault->new(roster => $roster, location => $follow, @_);
}


# a node that has all records, whatever its map says

# with "id", or what that returns, it tells who it is

sub peer {
    my ($map, %option) = @_;
    my $id = delete $option{id};

    return Test::Prize::Peer->start(records => $records, %option, replies => {
        CLUSTER => sub {
            my ($peer, @command) = @_;

            return ref $map ? $map->(@_) : $map if $command[1] !~ /^myid$/i;
            return "-ERR unknown subcommand\r\n" if !$id;
            return "\$40\r\n" . (ref $id ? $id->($peer) : $id) . "\r\n";
        } });
}


sub slots { return Test::Prize::Peer->slots(@_) }


# the ID of a node, from its number

sub id { return sprintf '%040x', $_[0] }


# one map a second and worker at most

sub at_most_one_a_second {
    my ($since, @peers) = @_;
    my $maps = () = map { $_->commands(qr/^CLUSTER SLOTS/i) } @peers;
    my $seconds = time - $since;

    cmp_ok($maps, '<=', 1 + $seconds,
           sprintf '%d maps in %.1f s', $maps, $seconds);
}


subtest 'row 78: all seeds are dead at start' => sub {
    my $cluster = Test::Prize::Cluster->start(primaries => 3);
    my @nodes = $cluster->nodes;

    $_->kill for @nodes;

    my $site = site(redis => [@nodes]);

    $site->ask('from PostgreSQL', requests => 300, from => 'postgres');
    $_->start for @nodes;
    $cluster->settle->load($roster);
    $site->returns_to_redis;
    $site->over;
};


subtest 'all seeds are "down" in their block' => sub {
    my $site = site(redis => [free_port() . ' down']);
    my $ask = sub {
        $site->ask('from PostgreSQL', requests => 10_000, from => 'postgres');
        return $site->memory;
    };

    $ask->();

    my $before = $ask->();

    cmp_ok($ask->() - $before, '<', 1024, 'no memory for each request');
    $site->over;
};


# Each node is replaced by one that has been its replica.

subtest 'row 78: no seed is left' => sub {
    my $cluster = Test::Prize::Cluster->start(primaries => 3);
    my @seeds = $cluster->nodes;
    my $site = site(redis => [@seeds]);

    $cluster->load($roster);
    $site->returns_to_redis;

    for my $old (@seeds) {
        my $new = $cluster->add;

        $cluster->meet($new);
        $cluster->replicate($new, $old);
        $cluster->settle;
        $new->command(qw(CLUSTER FAILOVER));
        $cluster->elected($new);
        $cluster->settle;
        ok(eval { eventually {
            !$site->ask('meanwhile', requests => 300, from => 'redis')
                  ->{asked}{$old->address};
        } 'the new one' }, 'the new one is asked');
        $cluster->forget($old);
        $site->ask('the old one is gone', requests => 300, from => 'redis');
    }

    $site->over;
};


# What real nodes announce: names, and nothing.

subtest 'row 79: endpoints of real nodes' => sub {
    my $dns = Test::Prize::DNS->start;
    my $cluster = Test::Prize::Cluster->start(primaries => 3);
    my @nodes = $cluster->nodes;
    my $resolver = "resolver $dns->{address} valid=1s ipv6=off;";

    $cluster->load($roster);

    my $announce = sub {
        my ($type) = @_;
        $_->command('CONFIG', 'SET', 'cluster-preferred-endpoint-type', $type)
            for @nodes;
    };
    my $used = sub {
        my ($what, %option) = @_;
        my $site = site(redis => [$nodes[0]], %option);

        $site->returns_to_redis;
        $site->ask($what, requests => 300, from => 'redis');
        is_deeply([$cluster->connections], [1, 1, 1], 'all three are asked');
        $site->over;
    };

    # the host that was asked
    $announce->('unknown-endpoint');
    $used->('no endpoint');

    for my $n (0 .. 2) {
        $nodes[$n]->command('CONFIG', 'SET', 'cluster-announce-hostname',
                            "node$n.example");
        $dns->set("node$n.example" => '127.0.0.1');
    }

    # each knows the others' names
    eventually {
        !grep { 3 != (() = $_->command(qw(CLUSTER NODES)) =~ /,node\d\.ex/g) }
        @nodes;
    } 'names';

    $announce->('hostname');
    $used->('names, by a resolver', http => $resolver);
    cmp_ok($dns->asked('node2.example'), '>', 0, 'it was asked');

    # the address stands beside it
    $used->('names, without a resolver');

    # and is not believed where there is a resolver
    $dns->set('node2.example' => 'NXDOMAIN');

    my $site = site(redis => [$nodes[0]], http => $resolver);
    my ($lost, $left) = $cluster->split_ids($ids, $nodes[2]);

    $site->returns_to_redis(ids => $left);
    $site->ask('a name that is none', ids => $lost, requests => 100,
               status => 200);
    $dns->set('node2.example' => '127.0.0.1');
    $site->returns_to_redis;
    $site->over;
};


# The map has two nodes, and the first one sends all of its slots to an address
# of the second one's.

subtest 'row 79: where -MOVED leads' => sub {
    my $dns = Test::Prize::DNS->start;

    $dns->set('second.example' => '127.0.0.1');

    for my $case (['127.0.0.1', '127.0.0.1'], ['::1', '[::1]'],
                  ['', '127.0.0.1'], ['second.example', '127.0.0.1'])
    {
        my ($endpoint, $address) = @$case;
        my ($first, $second) = (free_port(), free_port());
        my $map = slots([0, 16_383, ['127.0.0.1', $first, id(1)]]);
        my @peers = (
            peer($map, port => $first, lookup => sub {
                return "-MOVED $slot{$_[3]} $endpoint:$second\r\n";
            }),
            peer($map, port => $second, address => $address =~ s/[][]//gr));
        my $site = site(redis => [$peers[0]], http =>
            "resolver $dns->{address} valid=1s ipv6=off;");
        my $asked = $site->returns_to_redis;

        is_deeply($site->ask("\"$endpoint\" is the second",
                      requests => 1, from => 'redis')->{asked}{
                      "$address:$second"}, 1, $address);
        $site->over;
    }
};


# An endpoint "?" is nobody's: its slots are PostgreSQL's.

subtest 'row 79: an unknown endpoint' => sub {
    my $port = free_port();
    my $peer = peer(slots([0, 8191, ['127.0.0.1', $port, id(1)]],
                          [8192, 16_383, ['?', $port, id(2)]]),
                    port => $port);
    my @low = grep { $slot{"employee:$_"} < 8192 } @$ids;
    my @high = grep { $slot{"employee:$_"} > 8191 } @$ids;
    my $site = site(redis => [$peer]);

    $site->returns_to_redis(ids => \@low);
    $site->ask('those of the node', ids => \@low, requests => 200,
               from => 'redis');
    $site->ask('those of nobody', ids => \@high, requests => 200,
               from => 'postgres');
    $site->over;
};


# The map is another one each time, and none of them will do.

subtest 'row 80: a map that is garbage' => sub {
    my $port = free_port();
    my @node = ('127.0.0.1', $port, id(1));
    my $node = Test::Prize::Peer::array(
        Test::Prize::Peer::bulk($node[0]), ":$port\r\n",
        Test::Prize::Peer::bulk($node[2]));
    my @garbage = (
        "*0\r\n", "*-1\r\n", "\$-1\r\n", "+OK\r\n", ":1\r\n",
        "-ERR no cluster\r\n", "-NOPERM no right to CLUSTER SLOTS\r\n",
        "\$9\r\nnot a map\r\n", "*1\r\n:5\r\n", "*1\r\n*0\r\n",
        "*1\r\n*2\r\n:0\r\n:16383\r\n", "*1\r\n*3\r\n:0\r\n:16383\r\n*0\r\n",
        "*1\r\n*3\r\n\$1\r\n0\r\n\$5\r\n16383\r\n$node",
        (map { my ($first, $last) = @$_;
               "*1\r\n*3\r\n:$first\r\n:$last\r\n$node" }
         [-1, 16_383], [0, 16_384], [16_383, 0], [2**33, 2**33 + 1]),
        (map { slots([0, 16_383, $_]) }
         ["a\0b", 6379, id(1)], ["a b\r\n", 6379, id(1)],
         ['x' x 300, 6379, id(1)], [$node[0], 0, id(1)],
         [$node[0], 65_536, id(1)], [$node[0], -1, id(1)],
         [$node[0], $port, ''], [$node[0], $port, undef],
         [$node[0], $port, 'z' x 5000]),
        '*1' . "\r\n*1" x 100 . "\r\n:1\r\n", "*2147483647\r\n",
        "*99999999999999999999\r\n", "!\r\n",
    );
    my $good = slots([0, 16_383, [@node]]);
    my $clock = Test::Prize::Clock->new(timers => 1);
    my $count = run_dir() . "/garbage.$$";

    # a file says how many were sent
    my $peer = peer(sub {
        my ($peer) = @_;
        my $n = $peer->{n}++;
        spew($count, $peer->{n});
        return $garbage[$n] // $good;
    }, port => $port);
    my $site = site(redis => [$peer], clock => $clock);
    my %total;

    eventually {
        my $result = $site->quietly(requests => 20);
        $total{$_} += $result->{$_} for qw(lost wrong extra);
        $total{other} += grep { $_ != 200 } keys %{ $result->{status} };
        $clock->pass(6);
        return -s $count && slurp($count) > @garbage;
    } 'all of the garbage', 120;

    is_deeply([values %total], [0, 0, 0, 0], 'all pages');
    $clock->pass(6);
    $site->returns_to_redis;
    $site->over(lines => 200);
};


subtest 'row 80: a map of 1,000 nodes' => sub {
    my $port = free_port();
    my @ranges = map {
        my $n = $_;
        [int(16_384 * $n / 1000), int(16_384 * ($n + 1) / 1000) - 1,
         [sprintf('127.1.%d.%d', $n / 250, 1 + $n % 250), $port, id($n)]]
    } 0 .. 999;
    my $peer = peer(slots(@ranges), port => $port, address => '0.0.0.0',
        id => sub {
            my (@bytes) = split /\./, $_[0]{client}{socket}->sockhost;
            return id($bytes[2] * 250 + $bytes[3] - 1);
        });
    my $since = time;
    my $site = site(redis => [$peer]);

    $site->returns_to_redis;
    $site->ask('all pages', requests => 600, from => 'redis');
    cmp_ok($peer->connects, '<=', 1001, 'a connection each');
    at_most_one_a_second($since, $peer);
    $site->over;
};


# 1,000 nodes that nobody can reach

subtest 'row 80: a map of 1,000 dead nodes' => sub {
    my ($port, $dead) = (free_port(), free_port());
    my $peer = peer(slots(map {
        my $n = $_;
        [int(16_384 * $n / 1000), int(16_384 * ($n + 1) / 1000) - 1,
         [sprintf('127.1.%d.%d', $n / 250, 1 + $n % 250), $dead, id($n)]]
    } 0 .. 999), port => $port);
    my $since = time;
    my $site = site(redis => [$peer]);

    $site->ask('all pages', requests => 600, from => 'postgres') for 1 .. 5;
    at_most_one_a_second($since, $peer);

    # those that have a label of their own, and one for all others
    $site->over(lines => 32 * (1 + int((time - $since) / 10)));
};


subtest 'row 80: MOVED and ASK in a circle' => sub {
    for my $word (qw(MOVED ASK)) {
        my @ports = (free_port(), free_port());
        my $map = slots(map { [8192 * $_, 8192 * $_ + 8191,
                               ['127.0.0.1', $ports[$_], id($_)]] } 0, 1);
        my @peers = map {
            my $other = $ports[1 - $_];
            peer($map, port => $ports[$_], lookup => sub {
                return "-$word $slot{$_[3]} 127.0.0.1:$other\r\n";
            });
        } 0, 1;
        my $since = time;
        my $site = site(redis => [@peers]);

        my $lookups = sub {
            return scalar(() = map { $_->commands(qr/^HMGET/) } @peers);
        };

        eventually { $site->ask('a page', requests => 1, from => 'postgres');
                     $lookups->() } 'a lookup';

        my $before = $lookups->();

        $site->ask("all pages: $word", requests => 200, from => 'postgres');
        is($lookups->() - $before, 200 * 4, 'three redirections each');
        at_most_one_a_second($since, @peers);
        is_deeply([map { $_->connects } @peers], [1, 1],
                  'over the same connections');
        $site->over;
    }
};


# A node that is left alone comes back, and its first connection ends while
# nobody has asked it yet who it is.

subtest 'a probe that ends before it is believed' => sub {
    my $dead = free_port();
    my $map = slots([0, 16_383, ['127.0.0.1', $dead, id(1)]]);
    my $clock = Test::Prize::Clock->new(timers => 1);
    my $seed = peer($map);
    my $site = site(redis => [$seed], clock => $clock);

    eventually {
        $site->quietly(requests => 5);
        return $site->status->{'prize_breaker_open{backend="redis",peer="'
                               . "127.0.0.1:$dead\"}"};
    } 'left alone';

    # it is not new any more
    $clock->pass(6);

    my $node = peer($map, port => $dead, answer => sub {
        my ($peer, $client, @command) = @_;

        $peer->later(0, sub { $peer->close($client) }) if !$peer->{n}++;
        return $peer->usual(@command);
    });

    $site->returns_to_redis;
    cmp_ok($node->connects, '>', 1, 'it is connected to once more');
    $site->over;
};


# A node was a replica, is read, and becomes a primary and a replica again, all
# over one connection.  Redis answers for another node's slots where the
# connection has said READONLY.

subtest 'row 83: a replica that was a primary for a while' => sub {
    my ($role, $map) = map { run_dir() . "/$_.$$" } qw(role map);
    my @ports = (free_port(), free_port());
    my ($one, $two) = map { ['127.0.0.1', $ports[$_], id($_)] } 0, 1;
    my $clock = Test::Prize::Clock->new(timers => 1);
    my $reply = sub { return slurp($map) };

    spew($map, slots([0, 16_383, $one, $two]));
    spew($role, 'replica');

    my $first = peer($reply, port => $ports[0]);
    my $second = peer($reply, port => $ports[1], answer => sub {
        my ($peer, $client, @command) = @_;

        $client->{readonly} = $command[0] eq 'READONLY'
            if $command[0] =~ /^READ(?:ONLY|WRITE)$/;

        return "-MOVED $slot{$command[1]} 127.0.0.1:$ports[0]\r\n"
            if $command[0] eq 'HMGET' && !$client->{readonly}
               && slurp($role) eq 'replica';
        return $peer->usual(@command);
    });
    my $site = site(redis => [$first], clock => $clock, location =>
                    "$follow prize_redis_read_from prefer_replica;");
    my $used = sub {
        my ($what, $peer) = @_;

        ok(eval { eventually {
            $clock->pass(100);
            ($site->quietly(requests => 20)->{asked}{
                "127.0.0.1:$peer->{port}"} // 0) == 20;
        } $what, 20 }, $what);
    };

    $used->('the replica is read', $second);
    spew($role, 'primary');
    spew($map, slots([0, 16_383, $two]));
    $site->returns_to_redis;
    $used->('the primary', $second);
    $clock->pass(100);
    $site->ask('the primary', requests => 20, from => 'redis');

    spew($role, 'replica');
    my $asked = $site->ask('a replica once more', requests => 20,
                           from => 'redis')->{asked};
    is($asked->{"127.0.0.1:$ports[0]"}, 20,
       'which says who is the primary');
    $site->over;
};


# A node is connected to, slowly, and lookups wait for it; then the map is one
# without it, and its address may be anybody's.

subtest 'row 82: who is no node any more is not asked' => sub {
    my ($port, $gone) = (free_port(), free_port());
    my $map = run_dir() . "/gone.$$";
    my $answer = run_dir() . "/answer.$$";

    spew($map, slots([0, 8191, ['127.0.0.1', $port, id(1)]],
                     [8192, 16_383, ['127.0.0.1', $gone, id(2)]]));

    my $seed = peer(sub { return slurp($map) }, port => $port);
    my $other = peer('', port => $gone, answer => sub {
        my ($peer, $client, @command) = @_;

        return $peer->usual(@command) if $command[0] ne 'PING';
        return $peer->write_later(4, $client, "+PONG\r\n");
    });
    my $site = site(redis => [$seed], budgets =>
                    'prize_redis_connect_timeout 6s; prize_redis_timeout 6s;');
    my ($id) = grep { $slot{"employee:$_"} > 8191 } @$ids;

    eventually { $other->connects } 'a connection';

    my $client = $site->begin($id);

    spew($map, slots([0, 16_383, ['127.0.0.1', $port, id(1)]]));
    my $answered = $client->answer;
    is($answered->{status}, 200, 'a page');
    is_deeply([$other->commands(qr/^HMGET/)], [], 'that is not its own');
    $site->over;
};


# The address of a node that is no seed is that of a stranger's now, who has
# records of the same IDs.

subtest 'row 82: a node is another cluster\'s now' => sub {
    my $cluster = Test::Prize::Cluster->start(primaries => 3);
    my $stranger = Test::Prize::Cluster->start(primaries => 1);
    my ($seed, $dead) = $cluster->nodes;
    my ($spy) = $stranger->nodes;
    my ($its, $others) = $cluster->split_ids($ids, $dead);
    my $site = site(redis => [$seed], location => 'prize_redis_cluster on;');

    $cluster->load($roster);
    $stranger->load($roster);
    $site->returns_to_redis;
    $dead->kill;
    $site->ask('from PostgreSQL', ids => $its, requests => 100,
               from => 'postgres');

    $spy->stop;
    $spy->{port} = $dead->{port};
    $spy->start;
    $stranger->settle->load($roster);

    my @before = map { $spy->calls($_) } qw(hmget eval evalsha);
    my $end = time + 6;

    while (time < $end) {
        $site->ask('from PostgreSQL still', ids => $its, requests => 20,
                   from => 'postgres');
    }

    cmp_ok($spy->calls('cluster|slots'), '>', 0, 'the address is tried');
    is_deeply([map { $spy->calls($_) } qw(hmget eval evalsha)], \@before,
              'the stranger is asked nothing, and told nothing');
    $site->ask('others are as before', ids => $others, requests => 200,
               from => 'redis');

    # and back
    $spy->stop;
    $dead->start;
    $cluster->settle->load($roster);
    $site->returns_to_redis;
    $site->over(lines => 8);
};


# A new connection is to somebody who has not proved yet that he is of the same
# cluster, and who is asked no key before.  That does not wait for the map's
# next second: one after the other they would take as many as there are nodes.

subtest 'row 80: all connections end, and all nodes are used again' => sub {
    my $n = 16;
    my @ports = map { free_port() } 1 .. $n;
    my $share = 16_384 / $n;
    my $map = slots(map { [$_ * $share, ($_ + 1) * $share - 1,
                           ['127.0.0.1', $ports[$_], id($_)]] } 0 .. $n - 1);
    my @peers = map { peer($map, port => $ports[$_], id => id($_)) }
                0 .. $n - 1;
    my $site = site(redis => \@peers);
    my %of = map { int($slot{"employee:$_"} / $share) => $_ } @$ids;
    my @one_each = (ids => [values %of]);

    is(scalar keys %of, $n, 'an employee of each');
    $site->returns_to_redis(@one_each);
    $_->stop for @peers;
    @peers = map { peer($map, port => $ports[$_], id => id($_)) } 0 .. $n - 1;

    my $since = time;

    $site->returns_to_redis(@one_each);

    my $maps = () = map { $_->commands(qr/^CLUSTER SLOTS/i) } @peers;

    cmp_ok($maps, '<', $n - 4, 'before each has told a map');
    at_most_one_a_second($since, @peers);
    $site->over(lines => 3 * $n);
};

# The same where the worker has never known the node.

subtest 'row 82: a node was another cluster\'s from the start' => sub {
    my ($port, $dead) = (free_port(), free_port());
    my $seed = peer(slots([0, 8191, ['127.0.0.1', $port, id(1)]],
                          [8192, 16_383, ['127.0.0.1', $dead, id(2)]]),
                    port => $port);
    my $stranger = peer(slots([0, 16_383, ['127.0.0.1', $dead, id(9)]]),
                        port => $dead, id => id(9));
    my @its = grep { $slot{"employee:$_"} > 8191 } @$ids;
    my $site = site(redis => [$seed]);

    $site->ask('from PostgreSQL', ids => \@its, requests => 100,
               from => 'postgres') for 1 .. 5;
    is_deeply([$stranger->commands(qr/^HMGET/)], [], 'it is asked nothing');
    $site->over;
};

done_testing();
