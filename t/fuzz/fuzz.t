use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# What the fuzzers have found stays found: every kept input, without them.

my $build = $ENV{BUILD} // root() . '/build';

for my $source (glob root() . '/t/fuzz/corpus/*') {
    my ($name) = $source =~ m{([^/]+)$};
    my @inputs = glob "$source/*";

    cmp_ok(scalar @inputs, '>', 0, "$name has inputs");

    my ($status, $out, $err) = run("$build/fuzz/$name-corpus", @inputs);

    is($status, 0, "$name takes them all") or diag($out, $err);
    is(scalar(() = $out =~ /^ok /mg), scalar @inputs, 'each once');
}

done_testing();
