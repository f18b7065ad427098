use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clock;
use Test::Prize::Fault;
use Test::Prize::Peer;
use Test::Prize::Roster;

# Redis that refuses, dies, hangs, or is merely slow: pages come from
# PostgreSQL, and from Redis again when it is back.

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 500);
my $records = Test::Prize::Peer->records_of($roster);


# A machine that is busy with something else must not look like a fault:
# what a row says of budgets it sets by itself.

sub site {
    return Test::Prize::Fault->new(roster => $roster,
        server => 'prize_redis_connect_timeout 20s; prize_redis_timeout 20s;',
        @_);
}


subtest 'row 1: Redis refuses connections' => sub {
    my $port = free_port();
    my $site = site(redis => [$port]);

    # the first failure may have been that of the worker's own first attempt
    my $first = $site->ask('row 1: one by one', requests => 50,
                           connections => 1, status => {200 => 50});
    my $asked = $first->{asked}{"127.0.0.1:$port"} // 0;

    cmp_ok($asked, '>=', 1, 'it is tried');
    cmp_ok($asked, '<=', 5, 'until the breaker opens');

    my $result = $site->ask('row 1: all pages', requests => 500,
                            status => {200 => 500});

    is_deeply($result->{source}, {postgres => 500}, 'from PostgreSQL');
    is($result->{asked}{"127.0.0.1:$port"}, undef, 'and then left alone');

    my $ours = $site->over('row 1');
    cmp_ok(scalar(@$ours), '>=', 1, 'and the log says so');
};


subtest 'row 2: Redis dies in the middle of a reply' => sub {
    my $peer = Test::Prize::Peer->start(records => $records, answer => sub {
        my ($peer, $client, @command) = @_;
        my $reply = $peer->usual(@command);

        return $reply if $command[0] ne 'HMGET' || ++$peer->{n} != 200;

        # as much as one page needs, but for its end
        $peer->write($client, substr $reply, 0, -1);

        # a reset would take along what was answered before and not read yet
        shutdown $client->{socket}, 1;
        1 while sysread $client->{socket}, my $rest, 65_536;
        POSIX::_exit(0);
    });
    my $site = site(redis => [$peer]);
    my $result = $site->ask('row 2: all pages', requests => 600,
                            status => {200 => 600});

    is($result->{source}{redis}, 199, 'what was answered whole is from Redis');
    is($result->{source}{postgres}, 401, 'the rest from PostgreSQL');
    $site->over('row 2');
};


subtest 'row 3: a reset with 1,000 lookups in flight' => sub {
    my $redis = Test::Prize::Redis->start;
    my $peer = Test::Prize::Peer->start(answer => sub {
        my ($peer, $client, @command) = @_;

        return $peer->usual(@command) if $command[0] ne 'HMGET';
        return ++$peer->{n} == 1000 ? $peer->reset($client) : undef;
    });

    $roster->load($redis);

    # all of them go to the first one until it has failed
    my $site = site(http => "upstream two {"
                    . " server 127.0.0.1:$peer->{port} max_fails=0;"
                    . " server 127.0.0.1:$redis->{port} backup max_fails=0; }",
                    location => 'prize_redis_pass two;');
    my $result = $site->ask('row 3: each is answered', requests => 1000,
        connections => 1000, status => {200 => 1000});

    is($result->{busiest}, 1000, '1,000 at once');
    is_deeply($result->{source}, {redis => 1000}, 'by the other server');
    is($peer->connects, 1, 'over one connection');
    $site->over('row 3');

    $peer->stop;
    $peer->start;

    $site = site(redis => [$peer]);
    $result = $site->ask('row 3: each is answered', requests => 1000,
        connections => 1000, status => {200 => 1000});

    is_deeply($result->{source}, {postgres => 1000},
              'or by PostgreSQL where there is no other');
    $site->over('row 3');
};


subtest 'row 5: Redis is stopped after connecting' => sub {
    my $redis = Test::Prize::Redis->start;

    $roster->load($redis);

    my $site = site(redis => [$redis], server => '');
    $site->returns_to_redis('row 5: at first');

    my ($before) = $redis->clients;
    $redis->pause;

    my $address = "127.0.0.1:$redis->{port}";
    my $first = $site->ask('row 5: frozen', requests => 50, connections => 1,
                           status => {200 => 50});

    cmp_ok($first->{asked}{$address} // 0, '<', 20,
           'it is asked until the breaker opens');

    my $result = $site->ask('row 5: frozen', requests => 500,
                         status => {200 => 500});

    is_deeply($result->{source}, {postgres => 500}, 'from PostgreSQL');
    is($result->{asked}{$address}, undef, 'and then left alone');
    like($site->nginx->error_log, qr/redis \S+ no reply/,
         'the overdue connection was closed');

    $redis->resume;
    $site->returns_to_redis('row 5');

    my @after = $redis->clients;
    is(scalar(@after), 1, 'one connection again');
    isnt(($after[0] =~ /^id=(\d+)/)[0], ($before =~ /^id=(\d+)/)[0],
         'another one');
    $site->over('row 5');
};


# nginx's clock moves on, so that nobody waits for budgets, or is late for one

sub clock { return Test::Prize::Clock->new(timers => 1) }


# One reply comes in pieces, for three budgets: what waits behind it is late,
# but there is somebody who sends.  A piece is there before the time passes.

subtest 'row 5: overdue, but something is read' => sub {
    my $clock = clock();
    my $peer = Test::Prize::Peer->start(records => $records, answer => sub {
        my ($peer, $client, @command) = @_;
        my $reply = $peer->usual(@command);

        return $reply
            if $command[0] ne 'HMGET' || $peer->{slow}++ && !$peer->{pieces};

        # the others go out behind it
        push @{ $peer->{behind} }, $reply;
        return undef if $peer->{pieces};

        my @pieces = unpack '(a8)5 a*', shift @{ $peer->{behind} };

        $peer->{pieces} = @pieces;
        $peer->later(0.2 * $_, sub {
            $peer->write($client, shift @pieces);
            $clock->pass(12) if --$peer->{pieces};
            $peer->write($client, join '', splice @{ $peer->{behind} })
                if !$peer->{pieces};
        }) for 1 .. @pieces;
        return undef;
    });
    my $site = site(redis => [$peer], clock => $clock);
    my $result = $site->ask('row 5: all pages', requests => 100,
                            connections => 10, status => {200 => 100});

    cmp_ok($result->{source}{postgres}, '>=', 20, 'the late from PostgreSQL');
    $site->returns_to_redis('row 5: in pieces');
    is($peer->connects, 1, 'over the same connection');
    is_deeply($site->over('row 5: in pieces', lines => 0), [],
              'nothing to complain of');
};


subtest 'row 6: Redis is slow but inside the budget' => sub {
    my $peer = Test::Prize::Peer->start(records => $records, answer => sub {
        my ($peer, $client, @command) = @_;
        my $reply = $peer->usual(@command);

        return $reply if $command[0] ne 'HMGET';
        return $peer->later(0.04, sub { $peer->write($client, $reply) });
    });
    my $site = site(redis => [$peer]);
    my $result = $site->ask('row 6: all pages', requests => 600,
                            status => {200 => 600});

    is_deeply($result->{source}, {redis => 600}, 'all of them from Redis');
    is($peer->connects, 1, 'over one connection');
    is_deeply($site->over('row 6', lines => 0), [], 'nothing to complain of');
};


# Every 100 are kept back until PostgreSQL has answered whoever waited.

subtest 'row 7: replies after their time' => sub {
    my ($clock, $n, @held) = (clock(), 0);
    my ($waiting, $answered) = map { run_dir() . "/$_.$$" }
                               qw(waiting answered);
    my $peer = Test::Prize::Peer->start(records => $records, answer => sub {
        my ($peer, $client, @command) = @_;
        my $reply = $peer->usual(@command);

        return $reply
            if $command[0] ne 'HMGET' || !@held && ++$peer->{n} % 100 != 1;

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
    my $result = $site->ask('row 7: the right pages', status => 200,
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
    is_deeply($site->over('row 7', lines => 0), [], 'nothing to complain of');
};


subtest 'row 19: one of two Redis servers is dead' => sub {
    my $redis = Test::Prize::Redis->start;
    my $peer = Test::Prize::Peer->start(accept => sub {
        my ($peer, $client) = @_;
        $peer->reset($client);
    });

    $roster->load($redis);

    my $site = site(redis => [$peer, $redis]);
    my $result = $site->ask('row 19: all pages', requests => 1000,
                            status => {200 => 1000});

    is_deeply($result->{source}, {redis => 1000},
              'all of them from the other');

    cmp_ok($peer->connects, '>=', 1, 'the dead one was tried');
    cmp_ok($peer->connects, '<=', 10, 'but not for each request');
    $site->over('row 19');

    # and one where nobody listens
    my $port = free_port();

    $site = site(redis => [$port, $redis]);
    $result = $site->ask('row 19: refused', requests => 1000,
                         status => {200 => 1000});

    is_deeply($result->{source}, {redis => 1000},
              'all of them from the other');
    cmp_ok($result->{asked}{"127.0.0.1:$port"} // 0, '<=', 5 * 32,
           'who was asked meanwhile');

    $result = $site->ask('row 19: refused', requests => 1000,
                         status => {200 => 1000});
    is_deeply($result->{asked}, {"127.0.0.1:$redis->{port}" => 1000},
              'the dead one is not asked per request');
    $site->over('row 19');
};


subtest 'row 20: Redis comes back' => sub {
    my $redis = Test::Prize::Redis->start;
    my $site = site(redis => [$redis], workers => 2, close => 1);

    $roster->load($redis);

    for my $time (1 .. 3) {
        $site->returns_to_redis('row 20');
        $redis->kill;

        my $result = $site->ask('row 20: while it is away', requests => 300,
                                connections => 64, status => {200 => 300});

        is_deeply($result->{source}, {postgres => 300}, 'from PostgreSQL');
        $redis->start;

        # the last time it comes back empty, and is filled by write-backs
        $roster->load($redis) if $time < 3;
    }

    $site->returns_to_redis('row 20');

    my $most = 0;

    $site->ask('row 20: many at once', requests => 1000, connections => 200,
        status => {200 => 1000}, close => 1, every => [0.02 => sub {
            my $now = () = $redis->clients;
            $most = $now if $now > $most;
        }], after => { 500 => sub {
            $redis->command(qw(CLIENT KILL TYPE normal));
        } });
    cmp_ok($most, '>=', 1, 'looked at meanwhile');
    cmp_ok($most, '<=', 2, 'never more than one connection a worker');

    my $connections = my @clients = $redis->clients;
    cmp_ok($connections, '<=', 2, 'nor afterwards');
    is($site->status->{redis_connections}, $connections,
       'and the status says how many there are');
    like($site->nginx->error_log,
         qr/prize: redis "127\.0\.0\.1:\d+" is used again/,
         'the log says that it is back');
    $site->over('row 20');
};


done_testing();
