use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# What the fuzzers have found stays found: every kept input, without them.

for my $source (glob root() . '/t/fuzz/corpus/*') {
    my ($name) = $source =~ m{([^/]+)$};
    my ($status, $out, $err) = run("$ENV{TEST_NGINX_BUILD}/fuzz/$name-corpus",
                                   glob "$source/*");

    is($status, 0, "$name takes them all, and there are some")
        or diag($out, $err);
}

done_testing();
