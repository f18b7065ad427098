use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Fault;
use Test::Prize::Peer;
use Test::Prize::Roster;

# PostgreSQL that dies, comes up slowly, or ends its connections: who is in
# Redis notices nothing, and everybody else is turned away politely until it
# is back; and everybody, where Redis is gone as well.

# what Redis holds outlives its end

my $redis = Test::Prize::Redis->start(options => ['--appendonly', 'yes']);
my $postgres = Test::Prize::Postgres->start(
    options => ['-c', 'log_connections=on']);
my $roster = Test::Prize::Roster->create($postgres, rows => 400);
my @ids = @{ $roster->ids };
my @stored = @ids[0 .. 199];
my @missing = @ids[200 .. 399];

$roster->load($redis, ids => \@stored);


sub site { return Test::Prize::Fault->new(roster => $roster, @_) }


# connections that PostgreSQL has seen so far

sub connections {
    return scalar(() = $postgres->output =~ /LOG:  connection received/g);
}


subtest 'row 21: PostgreSQL killed' => sub {
    my $site = site(redis => [$redis], location => 'prize_write_back off;');
    my %is_stored = map { $_ => 1 } @stored;
    my (%stored, %missing);

    $site->ask('answers', requests => 1200, keep => sub {
        my (undef, $answer) = @_;
        my $count = $is_stored{$answer->{id}} ? \%stored : \%missing;
        $count->{$answer->{status}}++;
    }, after => { 600 => sub { $postgres->kill } });

    is_deeply(\%stored, {200 => 600}, 'who is in Redis gets a page');
    is_deeply([sort keys %missing], [200, 503],
              'the others before, and are then turned away');

    my $listener = Test::Prize::Peer->start(port => $postgres->{port},
        accept => sub { $_[0]->close($_[1]) });

    $site->ask('BUSY', requests => 400, ids => \@missing, status => 503);
    $site->ask('Redis hits', requests => 400, ids => \@stored,
               from => 'redis');
    cmp_ok($listener->connects, '<=', 10, 'no connect for each request');
    $listener->stop;

    $postgres->start;
    $site->recovers(ids => \@missing);
    $site->over;
};


# a standby that takes no queries says 57P03 until it is promoted

subtest 'row 22: PostgreSQL starting up' => sub {
    $postgres->stop;
    spew("$postgres->{dir}/data/standby.signal", '');
    push @{ $postgres->{options} }, '-c', 'hot_standby=off';
    $postgres->launch;

    eventually { !eval { $postgres->sql('SELECT 1') }
                 && $@ =~ /not (?:yet )?accepting|starting up/ }
               'a server that starts up';

    my $site = site(workers => 2);
    my $before = connections();

    $site->ask('BUSY', requests => 200, rate => 100, ids => \@missing,
               status => 503);

    my $tries = connections() - $before;

    cmp_ok($tries, '>=', 1, 'it was tried');
    cmp_ok($tries, '<=', 40, "but not for each request: $tries times");
    like($site->nginx->error_log, qr/prize: postgres "hr".*57P03/,
         'and the log says why');

    my $uid = (getpwnam 'postgres')[2];
    chown $uid, -1, spew("$postgres->{dir}/data/promote", '');
    $postgres->signal('USR1');

    $site->recovers(ids => \@missing);
    like($site->nginx->error_log, qr/prize: postgres "hr": used again, at /,
         'and that it is over');
    splice @{ $postgres->{options} }, -2;
    $site->over;
};


# how many connections of nginx it ends: those that run a query, or all, where
# there are at least so many

sub terminate {
    my ($which, $least) = @_;

    return $postgres->sql(<<"SQL");
        SELECT count(pg_terminate_backend(pid)) FROM
            (SELECT pid, count(*) OVER () AS n FROM pg_stat_activity
             WHERE application_name = 'nginx' $which) AS nginx
        WHERE n >= $least
SQL
}


# One lookup, on one connection after the other: those of the same time may
# be ended together, and only a younger one is its second try.  Or many, on
# both connections, which are ended at once.

subtest 'row 23: lookups lose one connection, several, or all' => sub {
    my $site = site(timeout => '60s', pool => 'connections=2 batch=32');

    for my $case ([1, 1, 2, 200], [1, 1, 3, 503], [64, 2, 2, 200]) {
        my ($requests, $at_once, $most, $status) = @$case;
        my $lock = $roster->lock;
        my $n = 0;

        $site->connected(postgres_connections => 2);
        $site->ask("$requests, $most ended, $status", requests => $requests,
            connections => $requests, ids => [@missing[0 .. $requests - 1]],
            status => $status, every => [0.05 => sub {
                $n += terminate("AND state = 'active'", $at_once)
                    if $n < $most;
                undef $lock if $n == $most;
            }]);
        is($n, $most, "$n were ended");
    }

    $site->recovers(ids => \@missing);
    $site->over;
};


subtest 'row 23: all connections, many times, between quick queries' => sub {
    my $site = site(workers => 2);
    my $n = 0;

    $site->connected(postgres_connections => 4);
    terminate('', 1);
    eventually { $site->nginx->error_log
                 =~ /postgres "hr": connection lost: FATAL:  57P01/ }
               'why idle connections were lost';

    $site->ask('pages', rate => 400, ids => \@missing, status => 200,
        every => [0.1 => sub {
            my ($clients) = @_;

            $n += terminate('', 1);
            $clients->stop if $n >= 20 && $clients->answers >= 400;
        }]);

    cmp_ok($n, '>=', 20, "$n were ended");
    $site->over;
};


# either of them is enough again

for my $case ([killed => 'kill', 'start'], [frozen => 'pause', 'resume']) {
    my ($what, $stop, $go) = @$case;

    subtest "row 34: both stores $what" => sub {
        my $site = site(redis => [$redis], workers => 2, timeout => '300ms',
                        budgets => '');

        $roster->load($redis);

        my $result = $site->ask('answers', requests => 400, rate => 400,
            after => { 100 => sub { $_->$stop for $redis, $postgres } });

        is_deeply([sort keys %{ $result->{status} }], [200, 503],
                  'pages, then BUSY');
        $site->ask('BUSY', requests => 300, status => 503);

        $redis->$go;
        $site->recovers;

        $redis->$stop;
        $postgres->$go;
        $site->recovers;

        $redis->$go;
        $site->over;
    };
}


done_testing();
