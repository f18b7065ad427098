use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Fault;
use Test::Prize::Network;
use Test::Prize::Roster;

# Connections to both stores are silent, and a firewall between forgets them.

my $network = Test::Prize::Network->new
    or plan skip_all => Test::Prize::Network->why_not;
my $redis = Test::Prize::Redis->start;
my $postgres = shared_postgres(direct => 1);
my $roster = Test::Prize::Roster->create($postgres, rows => 200);
my $dbname = $roster->{name};
my %port = (redis => $network->relay($redis),
            postgres => $network->relay($postgres));
my @conninfo = map { "hostaddr=$network->{address} port=$port{postgres}"
                     . " user=postgres dbname=$dbname $_" }
               '', 'keepalives_idle=600';

# half of them have to be asked of PostgreSQL, and stay so
my @ids = @{ $roster->ids };
$roster->load($redis, ids => [map { $ids[2 * $_] } 0 .. 99]);


sub site {
    my ($conninfo) = @_;

    return Test::Prize::Fault->new(roster => $roster, conninfo => $conninfo,
        location => 'prize_redis_pass far; prize_write_back off;',
        http => "upstream far { server $network->{address}:$port{redis}"
                . " max_fails=0; }");
}


# the near ends of all connections, by their ports

sub sockets {
    my (undef, $list) = run(qw(ss -Htn state established dst),
                            $network->{address});

    return map { (split)[2] } split /\n/, $list;
}


# the kernel's own timers, of the sockets to a port

sub timers {
    my ($port) = @_;
    my (undef, $list) = run(qw(ss -Htno state established dst),
                            "$network->{address}:$port");

    return $list =~ /timer:\(keepalive,([\w.]+)/g;
}


# "29sec", "9min58sec", "980ms"

sub seconds {
    my ($time) = @_;
    my %unit = (min => 60, sec => 1, ms => 0.001);
    my $sum = 0;

    $sum += $1 * $unit{$2} while $time =~ /([\d.]+)(min|sec|ms)/g;
    return $sum;
}


# Noticed by the kernel, 45 seconds later; the test waits for it, however long
# that takes here.

subtest 'row 96: silent connections are forgotten by a firewall' => sub {
    my $site = site($conninfo[0]);

    $site->ask('from both', requests => 200,
               from => {redis => 100, postgres => 100});

    $site->connected(redis_connections => 1, postgres_connections => 2);

    for my $store (qw(redis postgres)) {
        my @timers = timers($port{$store});

        cmp_ok(scalar @timers, '>=', 1, "$store has keepalive");
        is_deeply([grep { seconds($_) > 30 } @timers], [],
                  'after 30 seconds at most');
    }

    my %forgotten = map { ($_ => 1) } sockets();

    is($network->forget, 3, 'all connections are forgotten');

    # their sockets end; PostgreSQL's pool has new ones then
    eventually {
        my $status = $site->status;

        return $status->{redis_connections} == 0
               && $status->{postgres_connections} >= 2
               && !grep { $forgotten{$_} } sockets();
    } 'it is noticed', 300;

    $site->ask('the burst: from both', requests => 1000,
               from => {redis => 500, postgres => 500});
    $site->over;
};


subtest 'a conninfo may say otherwise' => sub {
    my $site = site($conninfo[1]);

    $site->connected(postgres_connections => 2);
    cmp_ok(scalar(grep { seconds($_) > 100 } timers($port{postgres})), '==',
           2, 'ten minutes, as it says');
    $site->over;
};

done_testing();
