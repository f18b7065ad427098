use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Cluster;
use Test::Prize::Fault;
use Test::Prize::Roster;
use Test::Prize::Sentinel;

# A replica that lags, where replicas are read: what it lacks may be at the
# primary, and is no reason to say that nobody knows an employee.

my $name = Test::Prize::Sentinel::NAME;
my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 200);
my $ids = $roster->ids;
my ($both, $stale, $missing, $nowhere)
    = map { my $n = $_; [@$ids[map { 4 * $_ + $n } 0 .. 49]] } 0 .. 3;


# The primary has written what the replica has not seen.

sub lag {
    my ($store, $primary, $replica) = @_;

    $primary->commands(map { ['HSET', "employee:$_", id => $_] } @$stale);
    $store->load($roster, ids => $both);

    $primary->command(qw(ACL SETUSER default -psync -sync));
    $primary->command(qw(CLIENT KILL TYPE replica));
    eventually { $replica->command(qw(INFO replication))
                 =~ /^master_link_status:down/m } 'a link that is down';

    $store->load($roster, ids => [@$stale, @$missing], lag => 1);
    is($replica->command('DBSIZE'), 100, 'it lacks some');
}


# The last location is one without PostgreSQL.

sub site {
    my ($follow, @servers) = @_;

    $follow .= ' prize_redis_read_from prefer_replica; prize_write_back off;';
    return Test::Prize::Fault->new(roster => $roster, redis => [@servers],
                                   location => $follow, server => <<"CONF");
        location = /redis {
            prize_redis_pass store;
            prize_page page.html;
            $follow
        }
CONF
}


# what each page of the location without PostgreSQL is

sub statuses {
    my ($site, $ids) = @_;
    my %status;

    for my $id (@$ids) {
        my $url = "http://127.0.0.1:$site->{port}/redis?id=$id";
        my $answer = $site->nginx->get($url);

        $status{$answer->{status}}++;
        ok($answer->{content} =~ /data-id="\Q$id\E"/, "the page of $id")
            if $answer->{status} == 200;
    }

    return \%status;
}


sub from_primary {
    my ($site, $primary, $replica) = @_;
    my @from = (requests => 50, from => 'redis');

    ok(eval { eventually {
        $site->quietly(ids => $both, requests => 1)->{asked}{
            $replica->address};
    } 'the replica' }, 'the replica is asked');
    is_deeply($site->ask('at both', @from, ids => $both)->{asked},
              { $replica->address => 50 }, 'the replica alone is asked');

    for my $case (['stale', $stale], ['missing', $missing]) {
        my ($what, $some) = @$case;

        is_deeply($site->ask($what, @from, ids => $some)->{asked},
                  { map { $_->address => 50 } $primary, $replica },
                  'so the primary is asked, too');
        is_deeply(statuses($site, $some), { 200 => 50 },
                  'also without PostgreSQL');
    }

    $site->ask('at neither', ids => $nowhere, requests => 50,
               from => 'postgres');
    is_deeply(statuses($site, $nowhere), { 404 => 50 },
              'the primary knows that');
}


sub from_postgres {
    my ($site, $primary) = @_;

    $primary->kill;
    $site->ask('without the primary', ids => $both, requests => 50,
               from => 'redis');
    is_deeply(statuses($site, $both), { 200 => 50 },
              'also without PostgreSQL');

    for my $some ($stale, $missing, $nowhere) {
        $site->ask('from PostgreSQL', ids => $some, requests => 50,
                   from => 'postgres');
        is_deeply(statuses($site, $some), { 503 => 50 },
                  'with neither nobody can tell');
    }
}


subtest 'row 83: of a cluster' => sub {
    my $cluster = Test::Prize::Cluster->start(primaries => 1, replicas => 1);
    my ($primary, $replica) = $cluster->nodes;

    lag($cluster, $primary, $replica);

    my $site = site('prize_redis_cluster on;', $primary, $replica);

    from_primary($site, $primary, $replica);
    from_postgres($site, $primary);
    $site->over(lines => 8);
};


subtest 'row 83: of Sentinels' => sub {
    my $group = Test::Prize::Sentinel->start(replicas => 1,
                                             down_after => 600_000);
    my ($primary, $replica) = $group->redis;

    lag($group, $primary, $replica);

    my $site = site("prize_redis_sentinel $name;", $group->sentinels);

    from_primary($site, $primary, $replica);
    from_postgres($site, $primary);
    $site->over(lines => 8);
};

done_testing();
