use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# src/core compiles without nginx, src/event does not know of requests, and
# nothing includes a layer above it.

my ($status, $out, $err) = run('make', '-s', '-C', root(), 'layers');

is($status, 0, 'make layers') or diag($out, $err);
like($out, qr{^src/core/prize_template\.c$}m, 'and it looked at the files');

done_testing();
