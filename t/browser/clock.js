'use strict';

/* What pages do by a clock that is the test's. */

const { is } = require('./tap');


/*
 * Lets time pass, up to a moment and over it: something is loaded in this
 * millisecond, and not in the one before.
 */

async function loadsAfter(page, wait, name) {
    const before = page.seen.requests.length;

    await page.clock.runFor(wait - 1);
    await page.evaluate(() => 0);

    const early = page.seen.requests.length - before,
          load = page.waitForEvent('load');

    await page.clock.runFor(2);
    await load;
    is([early, page.seen.requests.length - before], [0, 1], name);
}


module.exports = { loadsAfter };
