use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# The unit tests of src/core are programs: each exits 0 or says what is wrong.

for my $source (glob root() . '/t/unit/*.c') {
    my ($name) = $source =~ m{([^/]+)\.c$};
    my ($status, $out, $err) = run("$ENV{TEST_NGINX_BUILD}/unit/$name");

    is($status, 0, "unit/$name") or diag($out, $err);
}

done_testing();
