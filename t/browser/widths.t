use strict;
use warnings;

use lib 't/lib';
use Test::Prize::Browser;

# prize_status html on screens of every width: t/browser/widths.js

exit Test::Prize::Browser->site->node('widths.js');
