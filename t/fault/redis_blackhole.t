use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Fault;
use Test::Prize::Network;

# Packets to Redis are dropped, and nobody is told.

my $network = Test::Prize::Network->new
    or plan skip_all => Test::Prize::Network->why_not;
my $redis = Test::Prize::Redis->start;
my $port = $network->relay($redis);
my $far = "$network->{address}:$port";


sub site {
    return Test::Prize::Fault->new(log_level => 'debug', @_,
        http => "upstream far { server $far max_fails=0; }",
        location => 'prize_redis_pass far;');
}


sub connects {
    my ($site) = @_;

    return scalar(my @connects = $site->nginx->error_log
                  =~ /connect to \Q$far\E, fd/g);
}


my $site = site();
my $roster = $site->roster;

$roster->load($redis);
$site->returns_to_redis('row 4: before');

my $before = connects($site);

$network->cut;

# without a breaker, each of these runs waits for two connects at least
for (1 .. 40) {
    $site->ask('row 4: dropped', requests => 50, status => {200 => 50});
}

my $tries = connects($site) - $before;
cmp_ok($tries, '>=', 1, 'row 4: it was tried again');
cmp_ok($tries, '<', 20, 'row 4: but not for each request');

# one that never saw it answer
my $other = site(roster => $roster);
my $result = $other->ask('row 4: from the start', requests => 300,
                         status => {200 => 300});

is_deeply($result->{source}, {postgres => 300}, 'row 4: from PostgreSQL');

$network->mend;

for ($site, $other) {
    $_->returns_to_redis('row 4: mended');
    is($_->status->{redis_connections}, 1, 'row 4: one connection');
    $_->over('row 4');
}

done_testing();
