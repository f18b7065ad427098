use strict;
use warnings;

use lib 't/lib';
use Test::Prize::Browser;

# The pages in WebKit: t/browser/every.js

exit Test::Prize::Browser->site->node('every.js', BROWSER => 'webkit');
