use strict;
use warnings;

use lib 't/lib';
use Test::Prize::Browser;

# The pages on phones, upright and not, with large text: t/browser/layout.js

exit Test::Prize::Browser->site->node('layout.js');
