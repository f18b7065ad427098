use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# What the fuzzers have found stays found: every kept input, without them.

my $build = $ENV{BUILD} // root() . '/build';

for my $source (glob root() . '/t/fuzz/corpus/*') {
    my ($name) = $source =~ m{([^/]+)$};
    my ($status, $out, $err) = run("$build/fuzz/$name-corpus",
                                   glob "$source/*");

    is($status, 0, "$name takes them all, and there are some")
        or diag($out, $err);
}

done_testing();
