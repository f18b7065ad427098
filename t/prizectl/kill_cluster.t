use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Cluster;
use Test::Prize::Employees;
use Test::Prize::Roster;

# A load into a cluster that is killed, that loses a primary or whose slots
# move, while employees open their pages: each page is right at every moment,
# and the next run completes.

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 1500);
my $cluster = Test::Prize::Cluster->start(primaries => 3, replicas => 3);
my @nodes = $cluster->nodes;
my $n = @{ $roster->ids };
my @command = ('--postgres', $roster->conninfo, '--query',
               'SELECT * FROM employee', '--redis-cluster', '--redis',
               'redis://' . join(',', map { $_->address } @nodes));
my $employees = Test::Prize::Employees->start($roster, redis => \@nodes,
    location => 'prize_redis_cluster on;', load => \@command,
    primaries => sub { $cluster->primaries });

$employees->kill_loads(10, '300/s', 6);

# slots move, with their keys

{
    my @slots = $cluster->slots(map { "employee:$_" } @{ $roster->ids });
    my ($load, $moved) = (undef, 0);

    $employees->flush;
    $employees->open('slots move', {}, sub {
        $load //= $employees->load('300/s');
        return 1 if $load->ended;

        my $slot = splice @slots, rand @slots, 1;
        my $owner = $cluster->owners->[$slot];
        my ($to) = grep { $_ != $owner } @nodes[$moved % 3, ($moved + 1) % 3];

        $cluster->move_slot($slot, $to);
        $moved++;
        return 0;
    });

    my ($status, undef, $err) = $load->finish;

    is($status, 0, 'slots move: the load goes on') or diag($err);
    cmp_ok($moved, '>', 0, 'slots move: some');
    $employees->completes('slots move');
}

# a primary is killed, and a replica has its place

{
    my $primary = $nodes[1];
    my ($replica) = $cluster->replicas_of($primary);
    my ($load, $exit, $out, $err, $ended);

    $employees->flush;
    $employees->open('a primary is killed', {}, sub {
        $load //= $employees->load('300/s');

        if ($primary->{pid}) {
            $primary->kill if ($employees->records)[0] > $n / 8;
            return 0;
        }

        return 0 if !$load->ended;
        ($exit, $out, $err, $ended) = ($load->finish, time)
            if !defined $exit;
        return time > $ended + 2;
    });

    is($exit, 1, 'a primary is killed: the load fails');
    is($out, '', 'a primary is killed: it claims nothing');
    like($err, qr/^prizectl: redis:\/\/127\.0\.0\.1:$primary->{port}: .*\(run the command again when another server has its place\)\nprizectl: failed after \d+ rows\n\z/m,
         'a primary is killed: says which, what to do and how far it came');
    is((run(prizectl(), 'load', @command))[0], 1,
       'a primary is killed: nobody has its place');

    $cluster->fail_over($replica);
    $employees->completes('a primary is killed');
    $primary->start;
    $cluster->settle;
}

# A primary gives its place up, and lives: slots are told by MOVED alone, unless
# a node knows for a moment of nobody who has them.

{
    my $primary = $nodes[2];
    my ($replica) = $cluster->replicas_of($primary);
    my ($load, $over);

    $employees->flush;
    $employees->open('a place is given up', {}, sub {
        $load //= $employees->load('300/s');

        if (!$over && ($employees->records)[0] > $n / 8) {
            $replica->command(qw(CLUSTER FAILOVER));
            eventually { $replica->command('ROLE')->[0] eq 'master' }
                       'the new primary';
            $over = 1;
        }

        return $load->ended;
    });

    my ($status, undef, $err) = $load->finish;

    ok($status == 0 || $err =~ /: CLUSTERDOWN .* \(run the command again when /,
       'a place is given up: the load goes on, or says what to do')
        or diag($err);
    $employees->completes('a place is given up');
}

unlike($employees->error_log, qr/\[(?:crit|alert|emerg)\]/,
       'nginx has nothing worse than an error to say');

done_testing();
