use strict;
use warnings;

use lib 't/lib';
use Test::Prize::Browser;
use Test::Prize::Clock;

# The page for those who come before "prize_open": t/browser/open.js, which
# moves the clock of nginx.

$ENV{TZ} = 'UTC';

my $clock = Test::Prize::Clock->new;
my $site = Test::Prize::Browser->site(binary => $clock->binary,
                                      main => $clock->main);

exit $site->node('open.js', CLOCK => $clock->{file});
