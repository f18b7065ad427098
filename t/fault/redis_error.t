use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clock;
use Test::Prize::Fault;
use Test::Prize::Peer;
use Test::Prize::Roster;

# A Redis that answers, but with an error: not yet, not to us, not here, not
# this key.

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 500);
my $records = Test::Prize::Peer->records_of($roster);
my $ids = $roster->ids;


sub site { return Test::Prize::Fault->new(roster => $roster, @_) }


# what a server is told over a connection that it accepted before

sub told {
    my ($socket, @command) = @_;

    print {$socket} Test::Prize::Redis::encode(@command);
    return Test::Prize::Redis::decode($socket);
}


sub statistic {
    my ($socket, $name) = @_;

    return (told($socket, 'INFO', 'stats') =~ /^$name:(\d+)/m)[0];
}


# nobody is turned away, and the server is tried, but not for each request

sub not_used {
    my ($site, $socket, $statistic, $before) = @_;

    $site->ask('all from PostgreSQL', requests => 150, from => 'postgres')
        for 1 .. 3;

    my $tries = statistic($socket, $statistic) - $before;

    cmp_ok($tries, '>=', 1, 'it was tried');
    cmp_ok($tries, '<=', 8, 'but not for each request');
}


# Servers that say so, and to all but the last word of a PING, too; and what
# each is told when it is to be of use again.

sub loading {
    my $redis = Test::Prize::Redis->start;

    # 20 ms for each key, and now and then a look at its connections
    $roster->load($redis);
    $redis->command('SAVE');
    $redis->{options} = ['--key-load-delay', '20000',
                         '--loading-process-events-interval-bytes', '1024'];
    $redis->kill;
    $redis->launch;
    return $redis;
}


sub masterdown {
    my $redis = Test::Prize::Redis->start(
        options => ['--replica-serve-stale-data', 'no']);

    $redis->command('REPLICAOF', '127.0.0.1', free_port());
    return $redis;
}


sub clusterdown {
    return Test::Prize::Redis->start(options => [
        '--cluster-enabled', 'yes', '--cluster-port', free_port()]);
}


for my $case ([LOADING => \&loading, 'CONFIG SET key-load-delay 0'],
              [MASTERDOWN => \&masterdown, 'REPLICAOF NO ONE'],
              [CLUSTERDOWN => \&clusterdown, 'CLUSTER ADDSLOTSRANGE 0 16383'])
{
    my ($word, $start, $mend) = @$case;

    subtest "row 8: $word" => sub {
        my $redis = $start->();

        eventually { !eval { $redis->command('HGET', 'a', 'b') }
                     && $@ =~ /^$word/ } $word;

        my @received = ($redis->connect, 'total_connections_received');
        my $before = statistic(@received);
        my $site = site(redis => [$redis]);

        not_used($site, @received, $before);
        like($site->nginx->error_log, qr/prize: redis .* says "$word /,
             'the log says why');
        $redis->command(split / /, $mend);
        eventually { eval { $redis->command('HGET', 'a', 'b'); 1 } } 'its use';
        $roster->load($redis);
        $site->returns_to_redis;
        $site->over;
    };
}


# nginx's clock moves on, so that nobody has to wait for ten seconds

subtest 'row 9: NOAUTH, WRONGPASS, NOPERM' => sub {
    my $clock = Test::Prize::Clock->new(timers => 1);
    my $secret = 'correct-horse-battery-staple';
    my $password = "prize_redis_password $secret;";
    my $start = $clock->now;

    # what nginx says, and how the sysadmin mends it
    my @cases = (
        [NOAUTH => '', 'CONFIG', 'SET', 'requirepass', ''],
        [WRONGPASS => $password, 'CONFIG', 'SET', 'requirepass', $secret],
        [NOPERM => "prize_redis_username page; $password",
         'ACL', 'SETUSER', 'page', '+hmget'],
    );
    my @servers = map { Test::Prize::Redis->start } @cases;

    $roster->load($_) for @servers;

    # the test's own way in, which needs no password later
    my @admin = map { $_->connect } @servers;

    $servers[2]->command('ACL', 'SETUSER', 'page', 'on', ">$secret", '~*',
                         '+ping', '+select', '+eval', '+evalsha');
    $_->command('CONFIG', 'SET', 'requirepass', 'another') for @servers[0, 1];

    my @before = map { statistic($_, 'total_connections_received') } @admin;
    my @sites = map { site(redis => [$servers[$_]], secrets => [$secret],
                           clock => $clock, location => $cases[$_][1]) } 0 .. 2;

    my $tried = sub {
        my ($n, $least) = @_;
        my $tries = statistic($admin[$n], 'total_connections_received')
                    - $before[$n];

        cmp_ok($tries, '>=', $least, "$cases[$n][0]: it was tried");
        cmp_ok($tries, '<=', 1 + int(($clock->now - $start) / 10),
               'once in ten seconds');
    };

    # one attempt at once, another after ten seconds
    for my $pass (4, 4, 0) {
        $sites[$_]->ask("$cases[$_][0]: from PostgreSQL", requests => 150,
                        from => 'postgres') for 0 .. 2;
        $clock->pass($pass);
    }

    for my $n (0 .. 2) {
        my (undef, undef, @mend) = @{ $cases[$n] };

        $tried->($n, 1);
        told($admin[$n], @mend);
    }

    $clock->pass(10);

    for my $n (0 .. 2) {
        $sites[$n]->returns_to_redis;
        $tried->($n, 2);
        like("@{ $sites[$n]->over }", qr/says "$cases[$n][0] /,
             'the log says why');
    }
};


for my $word ('MOVED', 'ASK') {
    subtest "row 10: $word" => sub {
        my $peer = Test::Prize::Peer->start(records => $records,
            lookup => sub {
                my ($peer, $client, $usual) = @_;
                return $peer->{n}++ % 2 ? "-$word 3999 127.0.0.1:6381\r\n"
                                        : $usual;
            });
        my $site = site(redis => [$peer]);

        $site->ask('from PostgreSQL what is not here', requests => 300,
                   from => {redis => 150, postgres => 150});
        is($peer->connects, 1, 'the connection is kept');

        my $ours = $site->over;
        is(scalar(@$ours), 1, 'logged once');
        like($ours->[0], qr/$word 3999/, 'as the server says it');
    };
}


subtest 'row 11: OOM, READONLY, MISCONF on write-back' => sub {
    my %redis = (
        OOM => Test::Prize::Redis->start(options => ['--maxmemory', '1']),
        READONLY => Test::Prize::Redis->start(
            options => ['--replicaof', '127.0.0.1 ' . free_port()]),
        MISCONF => Test::Prize::Redis->start(
            options => ['--save', '3600 1', '--dbfilename', 'taken']),
    );

    # a folder where the dump should be
    my $taken = "$redis{MISCONF}{dir}/taken";
    mkdir $taken or die "$taken: $!";
    spew("$taken/file", '');
    $redis{MISCONF}->commands(['SET', 'a', 'b'], ['BGSAVE']);
    eventually { $redis{MISCONF}->command('INFO', 'persistence')
                 =~ /rdb_last_bgsave_status:err/ } 'a failed dump';

    for my $word (sort keys %redis) {
        my $site = site(redis => [$redis{$word}]);

        $site->ask("$word: from PostgreSQL", requests => 100,
                   from => 'postgres');
        is(scalar(() = $redis{$word}->clients('cmd=evalsha|cmd=eval'
                                              . '|cmd=hmget')), 1,
           'the connection is kept');

        my $status;

        eventually { $status = $site->status;
                     !$status->{redis_commands_in_flight} } 'all replies';
        is_deeply([map { $status->{"prize_writebacks_total{result=\"$_\"}"} }
                   qw(failed stored)], [100, 0], 'counted, and none stored');

        my $ours = $site->over;
        is(scalar(@$ours), 1, 'logged once');
        like($ours->[0], qr/refuses a write-back: "$word /, 'and why');
    }

    # it cannot save when it ends either, and would not
    $redis{MISCONF}->kill;
};


# What is counted is lines: the first thousand failures leave as many as nine
# thousand do.  Who is not concerned notices nothing.

subtest 'rows 12 and 18: thousands of failures, four lines' => sub {
    my $failures = $ENV{PRIZE_NIGHTLY} ? 9_000 : 1_200;
    my $redis = Test::Prize::Redis->start;
    my $site = site(redis => [$redis]);

    # of four keys two are no hash, one is somebody else's, and one is good
    $roster->load($redis);
    $redis->commands(map {
        my $key = "employee:$ids->[$_]";
        $_ % 2 ? (['DEL', $key], ['SET', $key, 'no hash'])
               : $_ % 4 ? ['HSET', $key, 'id', 'nobody'] : ()
    } 0 .. 499);

    $site->connected(redis_connections => 1);

    my @before = map { /^(id=\d+)/ } $redis->clients;
    my $result = $site->ask('from PostgreSQL, but for the good',
        connections => 200, requests => $failures / 3 * 4,
        from => {postgres => $failures, redis => $failures / 3});

    is_deeply([map { /^(id=\d+)/ } $redis->clients], \@before,
              'over the same connection');

    my $ours = $site->over(lines => 4 * (1 + int($result->{seconds} / 10)));
    cmp_ok(scalar(@$ours), '>=', 2, 'one for either kind');
};


# with a password it is AUTH that seems to be answered so

for my $password ('', 'prize_redis_password secret;') {
    subtest "row 13: an error before any command $password" => sub {
        my $redis = Test::Prize::Redis->start(options => ['--maxclients', 5]);

        $roster->load($redis);

        my @taken = map { $redis->connect } 1 .. 5;

        told($taken[0], 'CONFIG', 'SET', 'requirepass', 'secret')
            if $password;

        my $site = site(redis => [$redis], location => $password);

        not_used($site, $taken[0], 'rejected_connections', 0);
        is($site->status->{'prize_redis_errors_total{peer="127.0.0.1:'
                           . "$redis->{port}\",reason=\"denied\"}"}, 0,
           'nor taken for a refusal');

        close $_ for @taken;
        $site->returns_to_redis;
        like("@{ $site->over }",
             qr/max number of clients|Connection reset/, 'the log says why');
    };
}


done_testing();
