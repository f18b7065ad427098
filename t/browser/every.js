'use strict';

/* What the pages are to do in every browser, one after the other. */

require('./retry');
require('./switch');
require('./wire');
require('./pages');
require('./widths');
