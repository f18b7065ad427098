use strict;
use warnings;

use lib 't/lib';
use Test::Prize::Browser;

# What axe-core says of the pages: t/browser/axe.js

exit Test::Prize::Browser->site->node('axe.js');
