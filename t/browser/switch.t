use strict;
use warnings;

use lib 't/lib';
use Test::Prize::Browser;

# From the letter to the phone, and who gets one: t/browser/switch.js

exit Test::Prize::Browser->site->node('switch.js');
