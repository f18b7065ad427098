use strict;
use warnings;

use lib 't/lib';
use Test::Prize::Browser;

# The pages on the wire: t/browser/wire.js

exit Test::Prize::Browser->site->node('wire.js');
