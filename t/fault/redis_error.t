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


# a machine that is busy with something else must not look like a fault

sub site {
    return Test::Prize::Fault->new(roster => $roster,
        server => 'prize_redis_connect_timeout 20s; prize_redis_timeout 20s;',
        @_);
}


# a statistic of a server, over a connection that it accepted before

sub statistic {
    my ($socket, $name) = @_;

    print {$socket} Test::Prize::Redis::encode('INFO', 'stats');
    my ($value) = Test::Prize::Redis::decode($socket) =~ /^$name:(\d+)/m;
    return $value;
}


sub not_used {
    my ($site, $name) = @_;
    my $result = $site->ask($name, requests => 150, status => {200 => 150});

    is_deeply($result->{source}, {postgres => 150}, 'from PostgreSQL');
}


for my $error ('LOADING Redis is loading the dataset in memory',
               "MASTERDOWN Link with MASTER is down and replica-serve-stale-"
               . "data is set to 'no'.",
               'CLUSTERDOWN Hash slot not served')
{
    my ($word) = $error =~ /^(\w+)/;

    # The first says so of a PING, too; until it has loaded
    subtest "row 8: $word" => sub {
        my $loaded = run_dir() . "/loaded.$$.$word";
        my $peer = Test::Prize::Peer->start(records => $records,
            answer => sub {
                my ($peer, $client, @command) = @_;

                return "-$error\r\n" if !-e $loaded
                    && ($command[0] eq 'HMGET' || $word ne 'CLUSTERDOWN');
                return $peer->usual(@command);
            });
        my $site = site(redis => [$peer]);

        not_used($site, "row 8: $word") for 1 .. 3;
        cmp_ok($peer->connects, '>=', 1, 'it was tried');
        cmp_ok($peer->connects, '<=', 8, 'but not for each request');

        spew($loaded, '');
        $site->returns_to_redis("row 8: $word");
        $site->over('row 8');
    };
}


subtest 'row 8: servers that really say so' => sub {
    my $master = Test::Prize::Redis->start;
    my $replica = Test::Prize::Redis->start(
        options => ['--replica-serve-stale-data', 'no']);
    my $cluster = Test::Prize::Redis->start(
        options => ['--cluster-enabled', 'yes', '--cluster-port', free_port()]);

    $replica->command('REPLICAOF', '127.0.0.1', free_port());
    eventually { !eval { $replica->command('HGET', 'a', 'b'); 1 } }
               'a replica without its master';

    my $site = site(redis => [$replica, $cluster]);

    not_used($site, 'row 8: MASTERDOWN and CLUSTERDOWN');
    $replica->command('REPLICAOF', 'NO', 'ONE');
    $roster->load($replica);
    $site->returns_to_redis('row 8');
    $site->over('row 8', lines => 8);

    # 20 ms for each key, and now and then a look at its connections
    $roster->load($master);
    $master->command('SAVE');
    $master->{options} = ['--key-load-delay', '20000',
                          '--loading-process-events-interval-bytes', '1024'];
    $master->kill;
    $master->launch;
    eventually { !eval { $master->command('PING') } && $@ =~ /^LOADING/ }
               'a Redis that loads';

    $site = site(redis => [$master]);
    not_used($site, 'row 8: LOADING') for 1 .. 2;
    like($site->nginx->error_log, qr/prize: redis .* says "LOADING /,
         'the log says why');
    $master->command('CONFIG', 'SET', 'key-load-delay', '0');
    $site->returns_to_redis('row 8: LOADING');
    $site->over('row 8: LOADING');
};


# nginx's clock moves on, so that nobody has to wait for ten seconds

subtest 'row 9: NOAUTH, WRONGPASS, NOPERM' => sub {
    my $clock = Test::Prize::Clock->new(timers => 1);
    my $secret = 'correct-horse-battery-staple';
    my @servers = map { Test::Prize::Redis->start } 1 .. 3;
    my @names = qw(NOAUTH WRONGPASS NOPERM);
    my $start = $clock->now;

    $roster->load($_) for @servers;

    # the test's own way in, which needs no password later
    my @admin = map { $_->connect } @servers;

    $servers[2]->command('ACL', 'SETUSER', 'page', 'on', ">$secret", '~*',
                         '+ping', '+select', '+eval', '+evalsha');
    $_->command('CONFIG', 'SET', 'requirepass', 'another') for @servers[0, 1];

    my @before = map { statistic($_, 'total_connections_received') } @admin;
    my $password = "prize_redis_password $secret;";
    my %option = (secrets => [$secret], clock => $clock);
    my @sites = (site(redis => [$servers[0]], %option),
                 site(redis => [$servers[1]], %option,
                      location => $password),
                 site(redis => [$servers[2]], %option,
                      location => "prize_redis_username page; $password"));

    my $tried = sub {
        my ($n, $least) = @_;
        my $tries = statistic($admin[$n], 'total_connections_received')
                    - $before[$n];

        cmp_ok($tries, '>=', $least, "$names[$n]: it was tried");
        cmp_ok($tries, '<=', 1 + int(($clock->now - $start) / 10),
               'once in ten seconds');
    };

    # one attempt at once, another after ten seconds
    for (1 .. 2) {
        not_used($sites[$_], "row 9: $names[$_]") for 0 .. 2;
        $clock->pass(4);
    }

    not_used($sites[$_], "row 9: $names[$_]") for 0 .. 2;
    $tried->($_, 1) for 0 .. 2;

    # as the sysadmin mends them
    my @mend = (['CONFIG', 'SET', 'requirepass', ''],
                ['CONFIG', 'SET', 'requirepass', $secret],
                ['ACL', 'SETUSER', 'page', '+hmget']);

    for my $n (0 .. 2) {
        print {$admin[$n]} Test::Prize::Redis::encode(@{ $mend[$n] });
        Test::Prize::Redis::decode($admin[$n]);
    }

    $clock->pass(10);

    for my $n (0 .. 2) {
        $sites[$n]->returns_to_redis("row 9: $names[$n]");
        $tried->($n, 2);

        my $ours = $sites[$n]->over('row 9');
        like("@$ours", qr/says "$names[$n] /, 'the log says why');
    }
};


for my $word ('MOVED', 'ASK') {
    subtest "row 10: $word" => sub {
        my $peer = Test::Prize::Peer->start(records => $records,
            answer => sub {
                my ($peer, $client, @command) = @_;

                return "-$word 3999 127.0.0.1:6381\r\n"
                    if $command[0] eq 'HMGET' && $peer->{n}++ % 2;
                return $peer->usual(@command);
            });
        my $site = site(redis => [$peer]);
        my $result = $site->ask("row 10: $word", requests => 300,
                                status => {200 => 300});

        is_deeply($result->{source}, {redis => 150, postgres => 150},
                  'from PostgreSQL what is not here');
        is($peer->connects, 1, 'the connection is kept');

        my $ours = $site->over('row 10');
        is(scalar(@$ours), 1, 'logged once');
        like($ours->[0], qr/$word 3999/, 'as the server says it');
    };
}


subtest 'row 11: OOM, READONLY, MISCONF on write-back' => sub {
    my $master = Test::Prize::Redis->start(
        options => ['--repl-diskless-sync-delay', '0']);
    my %redis = (
        OOM => Test::Prize::Redis->start(options => ['--maxmemory', '1']),
        READONLY => Test::Prize::Redis->start(
            options => ['--replicaof', "127.0.0.1 $master->{port}"]),
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
    eventually { $redis{READONLY}->command('INFO', 'replication')
                 =~ /master_link_status:up/ } 'the replica';

    for my $word (sort keys %redis) {
        my $site = site(redis => [$redis{$word}]);
        my $result = $site->ask("row 11: $word", requests => 100,
                                status => {200 => 100});

        is_deeply($result->{source}, {postgres => 100}, 'from PostgreSQL');
        is(scalar(my @clients = $redis{$word}->clients('cmd=evalsha|cmd=eval'
                                                       . '|cmd=hmget')), 1,
           'the connection is kept');

        my $status;

        eventually { $status = $site->status;
                     !$status->{redis_commands_in_flight} } 'all replies';
        is($status->{'prize_writebacks_total{result="failed"}'}, 100,
           'counted');
        is($status->{'prize_writebacks_total{result="stored"}'}, 0,
           'none was stored');

        my $ours = $site->over('row 11');
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
    my $result = $site->ask('rows 12 and 18', connections => 200,
        requests => $failures / 3 * 4, status => 200);

    is_deeply($result->{source}, {postgres => $failures,
              redis => $failures / 3}, 'from PostgreSQL, but for the good');
    is_deeply([map { /^(id=\d+)/ } $redis->clients], \@before,
              'over the same connection');

    my $seconds = $result->{seconds};
    my $ours = $site->over('rows 12 and 18',
                           lines => 4 * (1 + int($seconds / 10)));

    cmp_ok(scalar(@$ours), '>=', 2, 'one for either kind');
};


# with a password it is AUTH that seems to be answered so

for my $case (['', ''], [', with a password', 'prize_redis_password secret;'])
{
    my ($how, $password) = @$case;

    subtest "row 13: an error before any command$how" => sub {
        my $redis = Test::Prize::Redis->start(options => ['--maxclients', 5]);

        $roster->load($redis);

        my @taken = map { $redis->connect } 1 .. 5;

        if ($password) {
            print {$taken[0]} Test::Prize::Redis::encode('CONFIG', 'SET',
                'requirepass', 'secret');
            Test::Prize::Redis::decode($taken[0]);
        }

        my $site = site(redis => [$redis], location => $password);

        not_used($site, 'row 13: too many clients') for 1 .. 3;

        my $tries = statistic($taken[0], 'rejected_connections');
        cmp_ok($tries, '>=', 1, 'it was tried');
        cmp_ok($tries, '<=', 8, 'but not for each request');

        is($site->status->{'prize_redis_errors_total{peer="127.0.0.1:'
                           . "$redis->{port}\",reason=\"denied\"}"}, 0,
           'nor taken for a refusal');

        close $_ for @taken;
        $site->returns_to_redis('row 13');

        my $ours = $site->over('row 13');
        like("@$ours", qr/max number of clients|Connection reset/,
             'the log says why');
    };
}


done_testing();
