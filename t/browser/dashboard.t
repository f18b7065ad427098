use strict;
use warnings;

use lib 't/lib';
use Test::Prize::Dashboard;

# prize_status html in a browser, while Redis, PostgreSQL and nginx are killed
# and come back: t/browser/dashboard.js.

exit Test::Prize::Dashboard->new->node('dashboard.js', RATE => 8);
