use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Cluster;
use Test::Prize::Fault;
use Test::Prize::Peer;
use Test::Prize::Roster;
use Time::HiRes qw(time);

# A Redis Cluster whose slots move and whose nodes die, under load.

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 300);
my $ids = $roster->ids;

# no write-back where a record is missing on purpose
my $follow = 'prize_redis_cluster on; prize_write_back off;';


sub site {
    my ($cluster, %option) = @_;

    return Test::Prize::Fault->new(roster => $roster,
        redis => [$cluster->nodes], location => $follow, %option);
}


sub start {
    my $cluster = Test::Prize::Cluster->start(@_);

    return $cluster->load($roster);
}


# another primary

sub other {
    my ($cluster, $node) = @_;

    return (grep { $_ != $node } $cluster->primaries)[0];
}


# maps that were asked for, one each worker and second at most

sub at_most_one_a_second {
    my ($calls, $since, $workers) = @_;
    my $seconds = time - $since;

    cmp_ok($calls, '<=', ($workers // 1) * (1 + $seconds),
           sprintf '%d maps in %.1f s', $calls, $seconds);
}


# the module's connections to each node

sub connection_ids {
    my ($node) = @_;

    return map { /^(id=\d+) / } $node->module_clients;
}


my $cluster = start(primaries => 3);

subtest 'row 74: MOVED' => sub {
    my $site = site($cluster);

    $site->returns_to_redis;

    my ($id) = @$ids;
    my ($slot) = $cluster->slots("employee:$id");
    my $from = $cluster->primary("employee:$id");
    my $to = other($cluster, $from);
    my @one = (ids => [$id], from => 'redis');
    my $maps = $cluster->calls('cluster|slots');

    $cluster->move_slot($slot, $to);
    is_deeply($site->ask('the next page', @one, requests => 1)->{asked},
              { $from->address => 1, $to->address => 1 }, 'is asked at both');
    is_deeply($site->ask('all others', @one, requests => 200)->{asked},
              { $to->address => 200 }, 'and the new one alone from then on');
    eventually { $cluster->calls('cluster|slots') > $maps } 'a new map';
    $site->ask('with the new map', @one, requests => 200);
    is($cluster->calls('cluster|slots'), $maps + 1, 'of which there is one');

    # many slots at once
    my ($mine) = $cluster->split_ids($ids, $to);
    my @some = @$mine[0 .. 49];
    my ($since, $asked) = (time, $cluster->calls('cluster|slots'));

    $cluster->move_slot($_, $from)
        for keys %{{ map { $_ => 1 }
                     $cluster->slots(map { "employee:$_" } @some) }};

    $site->ask('fifty slots have moved', ids => \@some, requests => 500,
               from => 'redis');
    at_most_one_a_second($cluster->calls('cluster|slots') - $asked, $since);
    is_deeply([$cluster->connections], [1, 1, 1], 'one connection a node');
    $site->over;
};


subtest 'row 75: ASK while a slot moves' => sub {
    my $site = site($cluster);

    $site->returns_to_redis;

    my $id = $ids->[1];
    my ($slot) = $cluster->slots("employee:$id");
    my $from = $cluster->primary("employee:$id");
    my $to = other($cluster, $from);
    my @one = (ids => [$id], requests => 50);
    my $maps = $cluster->calls('cluster|slots');

    $cluster->open_slot($slot, $to);
    is_deeply($site->ask('it may move', @one, from => 'redis')->{asked},
              { $from->address => 50 }, 'and has not yet');
    $cluster->move_keys($slot);
    is_deeply($site->ask('it has moved', @one, from => 'redis')->{asked},
              { $from->address => 50, $to->address => 50 },
              'each asks at both');
    is($to->calls('asking'), 50, 'and says so');
    is($cluster->calls('cluster|slots'), $maps, 'the map stands');

    $to->commands(['ASKING'], ['DEL', "employee:$id"]);
    $site->ask('it is at neither', @one, from => 'postgres');
    $cluster->close_slot($slot);
    $cluster->load($roster, ids => [$id]);
    $site->ask('it is there', @one, from => 'redis');
    $site->over;
};


# A write-back is of one command and goes where the map says.

subtest 'row 75: a write-back while a slot moves' => sub {
    my $site = site($cluster, location => 'prize_redis_cluster on;');

    $site->returns_to_redis;

    my $id = $ids->[2];
    my $key = "employee:$id";
    my ($slot) = $cluster->slots($key);
    my $to = other($cluster, $cluster->primary($key));

    $cluster->open_slot($slot, $to);
    $cluster->primary($key)->command('DEL', $key);
    $site->ask('missing at both', ids => [$id], requests => 3,
               connections => 1, from => 'postgres');
    $cluster->close_slot($slot);

    # it is written back when the map is the new one
    ok(eval { eventually {
        $site->quietly(ids => [$id], requests => 1)->{source}{redis};
    } 'a record' }, 'and then in Redis');
    is_deeply({ @{ $to->command('HGETALL', $key) } }, $roster->record($id),
              'where it belongs');
    $site->over;
};


subtest 'row 75: every slot moves, one after the other, under load' => sub {
    my $site = site($cluster);
    my %some = map { $_ => 1 } $cluster->slots(map { "employee:$_" }
                                               @$ids[0 .. 99]);
    my @steps = map {
        my $slot = $_;
        my $to;
        (sub { $to = other($cluster, $cluster->owners->[$slot]);
               $cluster->open_slot($slot, $to) },
         sub { $cluster->move_keys($slot) },
         sub { $cluster->close_slot($slot) });
    } keys %some;

    $site->returns_to_redis;

    my $before = $cluster->calls('asking');
    my $result = $site->ask('all pages', rate => 500, status => 200,
        ids => [@$ids[0 .. 99]], every => [0.02 => sub {
            my ($clients) = @_;
            my $step = shift @steps // return $clients->stop;
            $step->();
        }]);

    cmp_ok($cluster->calls('asking') - $before, '>', 0, 'some were moving');
    cmp_ok($result->{source}{postgres} // 0, '<=', $result->{requests} / 100,
           'at most 1 in 100 from PostgreSQL')
        or diag(explain $result->{source});
    is_deeply([$cluster->connections], [1, 1, 1], 'one connection a node');
    $site->over;
};


# Slots that nobody has: the map of one site has them still, and of one not.

subtest 'row 77: an uncovered slot' => sub {
    my $id = $ids->[3];
    my ($slot) = $cluster->slots("employee:$id");
    my $owner = $cluster->primary("employee:$id");
    my @others = grep { $_ ne $id } @$ids;
    my $knows = site($cluster);

    $knows->returns_to_redis;

    my @before = map { connection_ids($_) } $cluster->nodes;

    $_->command('CLUSTER', 'DELSLOTS', $slot)
        for $owner, grep { $_ != $owner } $cluster->nodes;
    $cluster->settle;

    my $sees = site($cluster);

    $sees->returns_to_redis(ids => \@others);
    is_deeply($sees->ask('it is in no map', ids => [$id], requests => 50,
                         from => 'postgres')->{asked}{$owner->address}, undef,
              'so its node is not asked');

    for my $site ($knows, $sees) {
        $site->ask('that key is from PostgreSQL', ids => [$id], requests => 50,
                   from => 'postgres');
        $site->ask('and no other', ids => \@others, requests => 300,
                   from => 'redis');
    }

    my %now = map { $_ => 1 } map { connection_ids($_) } $cluster->nodes;

    is_deeply([grep { !$now{$_} } @before], [], 'over the same connections');
    $owner->command('CLUSTER', 'ADDSLOTS', $slot);
    $cluster->settle->load($roster, ids => [$id]);
    $_->returns_to_redis(ids => [$id]) for $knows, $sees;
    $_->over for $knows, $sees;
};


# Two of three are dead, and the third says so for those it still has.

subtest 'row 77: CLUSTERDOWN' => sub {
    my $cluster = start(primaries => 3, timeout => 1000);
    my $site = site($cluster);
    my ($left, @dead) = $cluster->primaries;
    my ($its) = $cluster->split_ids($ids, $left);

    $site->returns_to_redis;

    my @before = connection_ids($left);

    $_->kill for @dead;
    eventually { !eval { $left->command('HGET', "employee:$its->[0]", 'id') }
                 && $@ =~ /^CLUSTERDOWN/ } 'CLUSTERDOWN';
    $site->ask('all from PostgreSQL', requests => 600, from => 'postgres');
    is_deeply([connection_ids($left)], \@before, 'over the same connection');

    $_->start for @dead;
    $cluster->settle->load($roster);
    $site->returns_to_redis;
    $site->over;
};


subtest 'row 77: TRYAGAIN' => sub {
    my $port = free_port();
    my ($id, @others) = @$ids;
    my $peer = Test::Prize::Peer->start(port => $port,
        records => Test::Prize::Peer->records_of($roster),
        replies => { CLUSTER => Test::Prize::Peer->slots(
                         [0, 16_383, ['127.0.0.1', $port, 'a' x 40]]) },
        lookup => sub {
            my ($peer, $client, $usual, $key) = @_;
            return $key eq "employee:$id"
                ? "-TRYAGAIN Multiple keys request during rehashing of slot\r\n"
                : $usual;
        });
    my $site = Test::Prize::Fault->new(roster => $roster, redis => [$peer],
                                       location => $follow);

    $site->returns_to_redis(ids => \@others);
    $site->ask('that key is from PostgreSQL', ids => [$id], requests => 50,
               from => 'postgres');
    $site->ask('and no other', ids => \@others, requests => 300,
               from => 'redis');
    is($peer->connects, 1, 'over the same connection');
    $site->over;
};


# Until its replica is elected, the pages of a dead primary are the replica's
# where that may be read, and PostgreSQL's where it may not.

subtest 'row 76: a primary dies under load' => sub {
    my $cluster = start(primaries => 3, replicas => 3, timeout => 1500);

    for my $case ([primary => 'postgres'], [prefer_primary => 'redis']) {
        my ($read, $store) = @$case;
        my $site = site($cluster, location => "$follow prize_redis_read_from"
                                              . " $read;");
        my $dead = $cluster->primary("employee:$ids->[0]");
        my ($replica) = $cluster->replicas_of($dead);
        my ($its, $others) = $cluster->split_ids($ids, $dead);
        my %its = map { $_ => 1 } @$its;
        my (%source, $killed, $elected, $used);

        $site->returns_to_redis;

        # a worker has a second for the new map after each election
        my $result = $site->ask("$read: all pages", rate => 400,
            status => 200, after => { 200 => sub { $dead->kill;
                                                   $killed = 1 } },
            keep => sub {
                my (undef, $answer) = @_;
                my ($source) = $answer->{head} =~ /^X-Source: (\w+)\r$/m;
                my ($asked) = $answer->{head} =~ /^X-Asked: (.+)\r$/m;

                return if !$killed;
                $source{$its{$answer->{id}} ? 'its' : 'others'}{$source}++;
                $used++ if $elected && $its{$answer->{id}}
                           && $asked eq $replica->address;
            },
            every => [0.1 => sub {
                return if !$killed;
                $elected ||= grep { $_ == $replica } $cluster->primaries;
                $_[0]->stop if $used && $used >= 20;
            }]);

        is_deeply($source{others}, { redis => $source{others}{redis} },
                  'those of others are from Redis');
        cmp_ok($source{its}{$store} // 0, '>', 0, "its own from $store");
        is($source{its}{postgres}, undef, 'and not from PostgreSQL')
            if $store eq 'redis';

        $site->returns_to_redis;
        is_deeply($site->ask('the elected one', ids => $its, requests => 200,
                             from => 'redis')->{asked},
                  { $replica->address => 200 }, 'is used');

        $dead->start;
        $cluster->settle;
        $site->ask('the dead one is back', requests => 200, from => 'redis');
        $site->over(lines => 8);
    }
};


# All of them wait for one node, which then dies: its replica has not been
# elected yet.

subtest 'row 81: fail-over with all requests in flight' => sub {
    my $cluster = start(primaries => 3, replicas => 3);
    my $workers = 2;
    my $n = $ENV{PRIZE_NIGHTLY} ? 10_000 : 2_000;
    my $site = site($cluster, workers => $workers, connections => 16_384);
    my $dead = $cluster->primary("employee:$ids->[0]");
    my ($replica) = $cluster->replicas_of($dead);
    my ($its) = $cluster->split_ids($ids, $dead);
    my $most = 0;

    # each worker has its map
    $site->returns_to_redis;
    $site->ask('before', close => 1, requests => 200, status => 200);
    $site->returns_to_redis(close => 1);

    my ($since, $maps) = (time, $cluster->calls('cluster|slots')
                                - $dead->calls('cluster|slots'));

    $dead->pause;

    my $result = $site->ask('all at once', ids => $its, requests => $n,
        connections => $n, status => 200, every => [0.1 => sub {
            for ($cluster->connections) { $most = $_ if $_ > $most }
            $dead->kill if $dead->{pid}
                && $site->status->{redis_commands_in_flight} >= $n;
        }]);

    is($result->{busiest}, $n, "$n requests at once");
    $site->ask('until the election', ids => $its, requests => 500,
               from => 'redis');
    $cluster->fail_over($replica);
    ok(eval { eventually {
        my $asked = $site->quietly(ids => $its, requests => 100,
                                   close => 1)->{asked};
        return ($asked->{$replica->address} // 0) == 100;
    } 'the new one' }, 'the new primary alone is asked');
    at_most_one_a_second($cluster->calls('cluster|slots') - $maps, $since,
                         $workers);
    cmp_ok($_, '<=', $workers, 'a connection a worker')
        for $most, $cluster->connections;
    $site->over;
};

done_testing();
