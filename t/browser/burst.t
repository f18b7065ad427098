use strict;
use warnings;

use lib 't/lib';
use Test::Prize::Browser;

# Ten thousand pages that wait for the same moment: t/browser/burst.js

exit Test::Prize::Browser::run_node(['browser/burst.js']);
