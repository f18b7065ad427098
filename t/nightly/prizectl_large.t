use strict;
use warnings;

use lib 't/lib', 't/bench';
use Test::More;
use Test::Prize;
use Load;

# The memory of prizectl does not grow with the roster: a million rows.  How
# fast it is, "make bench" says.

use constant { ROWS => 1_000_000, KIB => 64 * 1024 };

plan skip_all => 'the memory of a checker'
    if `ldd '@{[ prizectl() ]}'` =~ /libasan/;

my $redis = Test::Prize::Redis->start;
my $roster = Load::create_roster(shared_postgres(), ROWS);

for my $command (['load', '--prune'], ['verify']) {
    my (undef, $kib) = Load::run_program('/dev/null', prizectl(), @$command,
        '--postgres', $roster->conninfo, '--redis',
        'redis://' . $redis->address, '--query', 'SELECT * FROM large');

    is($redis->command('DBSIZE'), ROWS, "$command->[0]: all are there");
    cmp_ok($kib, '>', 0, "$command->[0]: its memory was seen");
    cmp_ok($kib, '<', KIB, "$command->[0]: KiB of a million rows");
}

done_testing();
