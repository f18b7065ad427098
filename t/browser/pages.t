use strict;
use warnings;

use lib 't/lib';
use Test::Prize::Browser;

# How the pages look, on phones, upright and not: t/browser/pages.js

exit Test::Prize::Browser->site->node('pages.js');
