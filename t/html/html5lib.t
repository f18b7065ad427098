use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize::Browser;

# The tests of html5lib, with a value at each place: t/html/html5lib.js

my $folder = ($ENV{TEST_NGINX_BUILD} // die "no TEST_NGINX_BUILD\n")
             . '/html5lib/html5lib/tests/testdata';

plan skip_all => 'make nightly fetches these tests' unless -d $folder;

exit Test::Prize::Browser::run_node(['html/html5lib.js', $folder]);
