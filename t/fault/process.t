use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Fault;
use Test::Prize::Peer;
use Test::Prize::Peer::Postgres;
use Test::Prize::Roster;

# Processes of nginx that are replaced, or killed, while they serve.

my $redis = Test::Prize::Redis->start;
my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 200);
my @ids = @{ $roster->ids };

$roster->load($redis, ids => [map { $ids[2 * $_] } 0 .. 99]);


# each other one from Redis, and those between in queries that take a while

sub site {
    return Test::Prize::Fault->new(redis => [$redis], roster => $roster,
        workers => 2, location => 'prize_write_back off;',
        query => 'SELECT employee.* FROM employee, pg_sleep(0.1)'
                 . ' WHERE id = ANY($1)');
}


subtest 'row 39: a worker killed with SIGKILL' => sub {
    my $site = site();
    my (%killed, $in_flight);

    my $murder = sub {
        my ($clients, @workers) = @_;

        $in_flight += $clients->{in_flight};
        kill 'KILL', @workers;
        @killed{@workers} = ();
    };

    # on a connection of its own, no request can be sent a second time

    my $result = $site->quietly(requests => 800, rate => 400, close => 1,
        connections => 200, after => {
            200 => sub { $murder->($_[0], ($site->nginx->workers)[0]) },
            500 => sub { $murder->($_[0], $site->nginx->workers) },
        });

    is_deeply([@$result{qw(wrong extra)}, keys %{ $result->{status} }],
              [0, 0, 200], 'nothing but pages');
    cmp_ok($result->{lost}, '>=', 1, 'what the workers had is lost');
    cmp_ok($result->{lost}, '<=', $in_flight,
           "and no more: $result->{lost} of 800");

    eventually { $site->nginx->workers == 2 } 'successors';
    ok(!grep({ exists $killed{$_} } $site->nginx->workers), 'successors');

    # its gauges are those of two
    $site->connected(redis_connections => 2, postgres_connections => 4,
                     workers => 2);
    $site->ask('all pages', requests => 400, status => 200);
    $site->over(expected => qr/exited on signal 9/);
};


# A master replaces its binary only if it is nobody's child, and lets its
# workers go only if it runs as a daemon.

sub daemonize {
    my ($nginx) = @_;
    my $file = "$nginx->{dir}/nginx.conf";

    $nginx->stop('QUIT');
    spew($file, slurp($file) =~ s/daemon off;/daemon on;/r);

    my ($status, undef, $err) = run($nginx->{binary}, '-p', "$nginx->{dir}/",
        '-c', $file, '-e', "$nginx->{dir}/error.log");

    die "nginx: $err" if $status;
    delete $nginx->{owner};
    eventually { master($nginx) && $nginx->workers } 'nginx';
    return $nginx;
}


# the one that nginx.pid names, if it lives

my %masters;

sub master {
    my ($nginx) = @_;
    my ($pid) = (eval { slurp("$nginx->{dir}/nginx.pid") } // '') =~ /(\d+)/;

    return undef unless $pid;

    my $master = $masters{$pid} = Test::Prize::Nginx->attach(
        dir => $nginx->{dir}, pid => $pid);

    return undef unless $master->alive;
    $nginx->{pid} = $pid;
    return $master;
}


# another one, when it has its workers

sub successor {
    my ($nginx, $old) = @_;
    my $new = master($nginx) // return undef;

    return $new->{pid} != $old->{pid} && $new->workers == 2 ? $new : undef;
}


END {
    local $?;
    kill 'KILL', grep { $masters{$_}->alive } keys %masters;
}


subtest 'row 38: binary upgrade and roll-back' => sub {
    my $site = site();
    my $nginx = daemonize($site->nginx);
    my $old = master($nginx);
    my ($new, $newer, $sent);

    # each step is a signal, and what is true when it has been obeyed
    my @steps = (
        # a new master beside the old one
        [sub { $old->signal('USR2') }, sub { $new = successor($nginx, $old) }],
        # the old workers leave
        [sub { $old->signal('WINCH') }, sub { $old->children == 1 }],
        # the roll-back: they come again, and the new master goes
        [sub { $old->signal('HUP') }, sub { $old->workers == 2 }],
        [sub { $new->signal('QUIT') }, sub {
            return !$new->alive
                   && (master($nginx) // return 0)->{pid} == $old->{pid};
        }],
        # the upgrade again, this time to its end
        [sub { $old->signal('USR2') },
         sub { $newer = successor($nginx, $old) }],
        [sub { $old->signal('QUIT') }, sub { !$old->alive }],
    );

    # for as long as they take

    my $result = $site->ask('pages', rate => 400, connections => 200,
        status => 200, every => [0.05 => sub {
            my ($clients) = @_;

            if (!@steps) {
                $clients->stop if $clients->answers >= 400;
                return;
            }

            my ($signal, $obeyed) = @{ $steps[0] };

            $signal->() unless $sent++;
            return unless $obeyed->();
            shift @steps;
            $sent = 0;
        }]);

    is($result->{source}{redis}, int(($result->{requests} + 1) / 2),
       'half of them from Redis');
    is(master($nginx)->{pid}, $newer->{pid}, 'the new master serves');
    $site->ask('pages', requests => 400, status => 200);
    $site->over;
};


# A site whose stores take every question and answer none, and clients that
# wait for them.

sub silent {
    my ($count, %option) = @_;
    my @redis = map { Test::Prize::Peer->start(lookup => sub { undef }) }
                1 .. $count;
    my $postgres = Test::Prize::Peer::Postgres->start(lookup => sub { undef });
    my $site = Test::Prize::Fault->new(roster => $roster, redis => \@redis,
        conninfo => "hostaddr=127.0.0.1 port=$postgres->{port} user=h5"
                    . ' dbname=hr',
        timeout => '300s', budgets => 'prize_redis_connect_timeout 300s;'
                                      . 'prize_redis_timeout 300s;',
        %option);
    my @clients = map { $site->begin($_) } @ids[0 .. 39];

    $site->connected(requests_in_flight => 40);
    return ($site, \@clients, @redis, $postgres);
}


subtest 'a fast shutdown while lookups are in flight' => sub {
    my ($site, $clients, @stores) = silent(2);
    my @before = map { $_->connects } @stores;
    my $nginx = $site->nginx;

    $nginx->stop('TERM');

    my @status = map { my $client = $_;
                       eval { $client->answer->{status} } // 'none' }
                 @$clients;

    is_deeply([grep { !/^(?:503|none)\z/ } @status], [], 'BUSY, or nothing');
    is_deeply([map { $_->connects } @stores], \@before, 'no store is asked');
    unlike($nginx->error_log, qr/\[(?:alert|crit|emerg)\]|on signal/,
           'no alert');
};


# A client that is gone leaves its lookup behind: no worker waits for that.

for my $redis (1, 0) {
    for my $leave (0, 1) {
        my $what = $leave ? 'clients that leave' : 'worker_shutdown_timeout';

        subtest "row 37: $what, $redis Redis" => sub {
            my ($site, $clients, @stores) = silent($redis, main =>
                $leave ? '' : 'worker_shutdown_timeout 200ms;');
            my @old = $site->nginx->workers;

            $site->nginx->reload;
            $leave && $_->leave for @$clients;
            ok(eval { eventually { !grep { kill 0, $_ } @old } 'end', 100 },
               'the old worker is gone with its requests')
                or kill 'KILL', @old;
            is(scalar(grep { eval { $_->answer } } @$clients), 0,
               'which nobody has answered') unless $leave;
            $site->over;
        };
    }
}


done_testing();
