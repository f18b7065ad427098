use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clock;
use Test::Prize::Fault;
use Test::Prize::Network;
use Test::Prize::Peer;
use Test::Prize::Roster;
use Time::HiRes qw(time);

# Redis that refuses, dies, hangs, or is out of reach: pages come from
# PostgreSQL, and from Redis again when it is back.

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 500);
my $records = Test::Prize::Peer->records_of($roster);


sub site { return Test::Prize::Fault->new(roster => $roster, @_) }


# a server that hangs is asked for a while, and then left alone

sub opens_breaker {
    my ($site, $address) = @_;
    my $first = $site->ask('hangs', requests => 50, connections => 1,
                           status => 200);
    my $asked = $first->{asked}{$address} // 0;

    ok($asked >= 1 && $asked < 20, "asked $asked times");

    my $then = $site->ask('then', requests => 500, from => 'postgres');

    is($then->{asked}{$address}, undef, 'and then left alone');
}


# One accepts and resets.  The first failure may have been that of the worker's
# own first attempt.

subtest 'rows 1 and 19: a dead Redis, alone or one of two' => sub {
    my $redis = Test::Prize::Redis->start;
    my $peer = Test::Prize::Peer->start(accept => sub { $_[0]->reset($_[1]) });
    my $refuses = free_port();

    $roster->load($redis);

    for my $case ([postgres => $refuses], [redis => $refuses, $redis],
                  [redis => $peer->{port}, $redis])
    {
        my ($from, @servers) = @$case;
        my $dead = "127.0.0.1:$servers[0]";
        my $site = site(redis => \@servers);

        $site->ask("one by one, from $from", requests => 50,
                   connections => 1, from => $from);
        $site->leaves_alone($dead);
        $site->ask("all from $from", requests => 1000, from => $from);
        cmp_ok(scalar(@{ $site->over }), '>=', 1, 'and the log says so');
    }

    cmp_ok($peer->connects, '>=', 5, 'it is tried');
    cmp_ok($peer->connects, '<=', 10, 'until the breaker opens');

    # all at once, while its breaker is still shut
    my $before = $peer->connects;
    my $site = site(redis => [$peer->{port}, $redis]);

    $site->ask('at once', requests => 1000, connections => 1000,
               from => 'redis');
    cmp_ok($peer->connects - $before, '>=', 1, 'it is tried');
    cmp_ok($peer->connects - $before, '<=', 10, 'but not for each request');
    $site->over;
};


subtest 'row 2: Redis dies in the middle of a reply' => sub {
    my $peer = Test::Prize::Peer->start(records => $records, lookup => sub {
        my ($peer, $client, $reply) = @_;

        return $reply if ++$peer->{n} != 200;

        # as much as one page needs, but for its end
        $peer->write($client, substr $reply, 0, -1);

        # a reset would take along what was answered before and not read yet
        shutdown $client->{socket}, 1;
        1 while sysread $client->{socket}, my $rest, 65_536;
        POSIX::_exit(0);
    });
    my $site = site(redis => [$peer]);

    $site->ask('what was answered whole is from Redis', requests => 600,
               from => {redis => 199, postgres => 401});
    $site->over;
};


# the other server is asked when the first one has failed

subtest 'row 3: a reset with 1,000 lookups in flight' => sub {
    my $redis = Test::Prize::Redis->start;

    $roster->load($redis);

    for my $case ([redis => "server 127.0.0.1:$redis->{port} backup;"],
                  [postgres => ''])
    {
        my ($from, $other) = @$case;
        my $peer = Test::Prize::Peer->start(lookup => sub {
            my ($peer, $client) = @_;
            return ++$peer->{n} == 1000 ? $peer->reset($client) : undef;
        });
        my $site = site(location => 'prize_redis_pass two;', http =>
            "upstream two { server 127.0.0.1:$peer->{port} max_fails=0;"
            . " $other }");
        my $result = $site->ask("each is answered by $from", requests => 1000,
            connections => 1000, from => $from);

        is($result->{busiest}, 1000, '1,000 at once');
        is($peer->connects, 1, 'over one connection') if $other;
        $site->over;
    }
};


# nobody is told that packets are dropped

subtest 'row 4: Redis blackholed' => sub {
    my $network = Test::Prize::Network->new
        or plan skip_all => Test::Prize::Network->why_not;
    my $redis = Test::Prize::Redis->start;
    my $far = "$network->{address}:" . $network->relay($redis);
    my @option = (budgets => '', location => 'prize_redis_pass far;',
                  http => "upstream far { server $far max_fails=0; }");
    my $site = site(@option);

    $roster->load($redis);
    $site->returns_to_redis;
    $network->cut;
    opens_breaker($site, $far);

    # one that never saw it answer
    my $other = site(@option);

    $other->ask('from the start', requests => 300, from => 'postgres');
    $network->mend;

    for ($site, $other) {
        $_->returns_to_redis;
        is($_->status->{redis_connections}, 1, 'one connection');
        $_->over;
    }
};


subtest 'row 5: Redis is stopped after connecting' => sub {
    my $redis = Test::Prize::Redis->start;

    $roster->load($redis);

    my $site = site(redis => [$redis], budgets => '');
    $site->returns_to_redis;

    my ($before) = $redis->clients;
    $redis->pause;

    opens_breaker($site, "127.0.0.1:$redis->{port}");
    like($site->nginx->error_log, qr/redis \S+ no reply/,
         'the overdue connection was closed');

    $redis->resume;
    $site->returns_to_redis;

    my @after = $redis->clients;
    is(scalar(@after), 1, 'one connection again');
    isnt(($after[0] =~ /^id=(\d+)/)[0], ($before =~ /^id=(\d+)/)[0],
         'another one');
    $site->over;
};


# whatever the number of lookups, an attempt that failed is the answer to those
# of the next 50 ms

subtest 'row 57: one attempt a pause' => sub {
    for my $case (['redis', redis => [free_port()]],
                  ['postgres', conninfo => 'hostaddr=127.0.0.1 port='
                                           . free_port()])
    {
        my ($store, @option) = @$case;
        my $site = site(@option);
        my $start = time;

        $site->ask("to $store", requests => 400, connections => 200,
                   status => $store eq 'redis' ? 200 : 503);

        my $attempts = $site->errors($store, 'connect');
        my $most = 1 + (time - $start) / 0.05;

        cmp_ok($attempts, '>=', 1, 'it is tried');
        cmp_ok($attempts, '<=', $most, "$attempts times");
        $site->over;
    }
};


subtest 'an idle connection that is reset' => sub {
    my $peer = Test::Prize::Peer->start(records => $records, accept => sub {
        my ($peer, $client) = @_;
        $peer->later(1, sub { $peer->reset($client) }) if !$peer->{n}++;
    });
    my $site = site(redis => [$peer]);

    eventually { $site->status->{redis_connections} == 0 } 'the end of it';
    is($site->errors(redis => 'lost'), 0, 'is no failure');
    $site->returns_to_redis;
    $site->over(lines => 0);
};


# nginx's clock moves on, so that nobody waits for budgets, or is late for one

sub clock { return Test::Prize::Clock->new(timers => 1) }


# A byte is there before the time passes.

subtest 'row 52: a byte now and then, and never a whole reply' => sub {
    my $clock = clock();
    my $peer = Test::Prize::Peer->start(lookup => sub {
        my ($peer, $client) = @_;

        return undef if $client->{trickles}++;

        for my $n (1 .. 40) {
            $peer->later(0.05 * $n, sub {
                $peer->write($client, $n == 1 ? '*' : '0');
                $clock->pass(6);
            });
        }

        return undef;
    });
    my $site = site(redis => [$peer], clock => $clock);

    $site->ask('all pages', requests => 100, connections => 10,
               from => 'postgres');
    like($site->nginx->error_log, qr/redis \S+ no reply/,
         'the connection is closed');
    $site->leaves_alone("127.0.0.1:$peer->{port}");

    # of minutes, as nginx's clock has it
    $site->over(lines => 30);
};


# Every 100 are kept back until PostgreSQL has answered whoever waited.

subtest 'row 7: replies after their time' => sub {
    my ($clock, $n, @held) = (clock(), 0);
    my ($waiting, $answered) = map { run_dir() . "/$_.$$" }
                               qw(waiting answered);
    my $peer = Test::Prize::Peer->start(records => $records, lookup => sub {
        my ($peer, $client, $reply) = @_;

        return $reply if !@held && ++$peer->{n} % 100 != 1;

        push @held, $reply;
        spew($waiting, '') if @held == 32;
        return undef if @held > 1;

        my $release;

        $release = sub {
            return $peer->later(0.02, $release) if !unlink $answered;
            $peer->write($client, join '', splice @held);
        };
        return $release->();
    });
    my $site = site(redis => [$peer], clock => $clock);
    my $result = $site->ask('the right pages', status => 200,
        every => [0.02, sub { $clock->pass(21) if unlink $waiting }],
        keep => sub {
            my ($clients, $answer) = @_;

            return if $answer->{head} !~ /^X-Source: postgres/m
                      || ++$n % 32;
            spew($answered, '');
            $clients->stop if $n == 3 * 32;
        });

    is($result->{source}{postgres}, 3 * 32, 'the late ones from PostgreSQL');
    cmp_ok($result->{source}{redis} // 0, '>=', 100, 'the others from Redis');
    is($peer->connects, 1, 'over the same connection throughout');
    $site->over(lines => 0);
};


subtest 'row 20: Redis comes back' => sub {
    my $redis = Test::Prize::Redis->start;
    my $site = site(redis => [$redis], workers => 2, close => 1);

    $roster->load($redis);

    for my $time (1 .. 3) {
        $site->returns_to_redis;
        $redis->kill;
        $site->ask('while it is away', requests => 300, connections => 64,
                   from => 'postgres');
        $site->leaves_alone("127.0.0.1:$redis->{port}");
        $redis->start;

        # the last time it comes back empty, and is filled by write-backs
        $roster->load($redis) if $time < 3;
    }

    $site->returns_to_redis;

    my $most = 0;

    $site->ask('many at once', requests => 1000, connections => 200,
        status => 200, close => 1, every => [0.02 => sub {
            my $now = () = $redis->clients;
            $most = $now if $now > $most;
        }], after => { 500 => sub {
            $redis->command(qw(CLIENT KILL TYPE normal));
        } });
    cmp_ok($most, '>=', 1, 'looked at meanwhile');
    cmp_ok($most, '<=', 2, 'never more than one connection a worker');

    my $connections = () = $redis->clients;
    cmp_ok($connections, '<=', 2, 'nor afterwards');
    is($site->status->{redis_connections}, $connections,
       'and the status says how many there are');
    like($site->nginx->error_log,
         qr/prize: redis "127\.0\.0\.1:\d+" is used again/,
         'the log says that it is back');
    $site->over;
};


done_testing();
