use strict;
use warnings;

use lib 't/lib';
use Test::Prize::Browser;

# The page for 503, which comes again by itself: t/browser/retry.js

exit Test::Prize::Browser->site->node('retry.js');
