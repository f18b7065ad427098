use strict;
use warnings;

use lib 't/lib';
use Test::Prize::Browser;

# Words and what is painted behind them: t/browser/contrast.js

exit Test::Prize::Browser->site->node('contrast.js');
