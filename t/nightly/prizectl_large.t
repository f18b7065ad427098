use strict;
use warnings;

use lib 't/lib', 't/bench';
use List::Util qw(max sum);
use Test::More;
use Test::Prize;
use Test::Prize::Cluster;
use Load;

# The memory of prizectl does not grow with the roster, a million rows, nor does
# a load take longer into three primaries than into one server.  How fast it is,
# "make bench" says.

use constant { ROWS => 1_000_000, KIB => 64 * 1024, ROUNDS => 2 };

plan skip_all => 'the memory of a checker'
    if `ldd '@{[ prizectl() ]}'` =~ /libasan/;

my $redis = Test::Prize::Redis->start;
my $cluster = Test::Prize::Cluster->start(primaries => 3);
my @nodes = $cluster->nodes;
my $roster = Load::create_roster(shared_postgres(), ROWS);
my @stores = (
    ['one server', [$redis], '--redis', 'redis://' . $redis->address],
    ['three primaries', \@nodes, '--redis', 'redis://' . $nodes[0]->address,
     '--redis-cluster'],
);
my %rates;


sub prizectl_run {
    my ($store, @command) = @_;
    my ($name, $servers, @to) = @$store;
    my ($seconds, $kib) = Load::run_program('/dev/null', prizectl(), @command,
        '--postgres', $roster->conninfo, @to, '--query',
        'SELECT * FROM large');

    $name = "$command[0], $name";
    is(sum(map { $_->command('DBSIZE') } @$servers), ROWS,
       "$name: all are there");
    cmp_ok($kib, '>', 0, "$name: its memory was seen");
    cmp_ok($kib, '<', KIB, "$name: KiB of a million rows");
    return ROWS / $seconds;
}


# in turns, since the machine may do other things as well

for (1 .. ROUNDS) {
    for my $store (@stores) {
        $_->command('FLUSHALL') for @{ $store->[1] };
        push @{ $rates{$store->[0]} }, prizectl_run($store, 'load');
    }
}

my ($one, $three) = map { max(@{ $rates{$_->[0]} }) } @stores;

diag("rows/s: $_: ", join ', ', map { int } @{ $rates{$_} })
    for sort keys %rates;
cmp_ok($three, '>=', 0.9 * $one, 'three primaries: no slower than one server');

for my $store (@stores) {
    prizectl_run($store, 'load', '--prune');
    prizectl_run($store, 'verify');
}

done_testing();
