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
    return Test::Prize::Fault->new(@_,
        http => "upstream far { server $far max_fails=0; }",
        location => 'prize_redis_pass far;');
}


my $site = site();
my $roster = $site->roster;

$roster->load($redis);
$site->returns_to_redis('row 4: before');

$network->cut;

my $first = $site->ask('row 4: dropped', requests => 50, connections => 1,
                       status => {200 => 50});

cmp_ok($first->{asked}{$far} // 0, '>=', 1, 'row 4: it is asked');
cmp_ok($first->{asked}{$far} // 0, '<', 20,
       'row 4: until the breaker opens');

my $then = $site->ask('row 4: dropped', requests => 500,
                      status => {200 => 500});

is($then->{asked}{$far}, undef, 'row 4: and then left alone');

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
