use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# The unit tests of src/core are programs: each exits 0 or says what is wrong.

my @sources = glob root() . '/t/unit/*.c';
my $build = $ENV{TEST_NGINX_BUILD};

ok(scalar @sources, 'there are unit tests');

for my $source (@sources) {
    my ($name) = $source =~ m{([^/]+)\.c$};
    my ($status, $out, $err) = run("$build/unit/$name");

    is($status, 0, "unit/$name") or diag($out, $err);
}

done_testing();
