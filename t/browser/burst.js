'use strict';

/*
 * Ten thousand phones wait for the same moment.  Each runs the script of the
 * page itself, by a clock of its own that a test moves on; what is looked at is
 * when they ask for the letter.
 */

const fs = require('fs');
const path = require('path');
const vm = require('vm');
const { ok, test } = require('./tap');

const PHONES = 10000, SPREAD = 5000, HOUR = 3600000, WAIT = 10 * 60000;

const [, script] = fs.readFileSync(path.join(__dirname,
                       '../../conf/pages/before.html'), 'utf8')
                     .match(/<script>([^]*?)<\/script>/),
      run = new vm.Script(`(function (window, document, location, performance,
          Date, setTimeout, clearTimeout) {${script}})`).runInThisContext();


/*
 * A phone that was sent the page at a moment, in milliseconds from when the
 * letter can be had, and got it later: when it asks for the letter.  Its clock
 * is wrong by hours, and its timers are late.
 */

function asks(sent) {
    const wrong = (Math.floor(Math.random() * 49) - 24) * HOUR,
          got = sent + 20 + Math.random() * 300;
    let now = got, next = null, asked = null;

    const element = { textContent: '', getAttribute: () => {
        return (-sent / 1000).toFixed(3);
    } };

    run({ performance: true, addEventListener: () => null },
        { getElementById: () => element, addEventListener: () => null,
          hidden: false },
        { reload: () => { asked = now; } },
        { now: () => now - got },
        { now: () => Math.floor(now + wrong) },
        (call, wait) => { next = { call, at: now + wait }; return 1; },
        () => { next = null; });

    while (asked === null && next) {
        const { call, at } = next;

        now = Math.max(now, at) + Math.random() * 15;
        next = null;
        call();
    }

    return asked;
}


/* how many ask in each second, and in each 10 ms */

function count(moments, width) {
    const counts = [];

    for (const moment of moments) {
        const i = Math.floor(moment / width);

        counts[i] = (counts[i] || 0) + 1;
    }

    return Array.from(counts, (n) => n || 0);
}


test(async () => {
    const moments = Array.from({ length: PHONES },
                               () => asks(-1000 - Math.random() * WAIT)),
          seconds = count(moments, 1000), short = count(moments, 10),
          mean = PHONES * 1000 / SPREAD, busiest = Math.max(...seconds),
          last = Math.max(...moments), found = `   each second: ${seconds}`;

    console.log(`# ${PHONES} phones, ${mean} a second in the mean; each second:`
                + ` ${seconds}; 10 ms: at most ${Math.max(...short)};`
                + ` the last after ${last.toFixed(0)} ms`);

    ok(!moments.includes(null), 'each of them asks');
    ok(Math.min(...moments) >= 0, 'none too early', found);
    ok(last <= SPREAD + 1000, 'none much later than it may', `   ${last}`);

    /* so far from the mean is chance once in a million */
    ok(busiest <= mean + 5 * Math.sqrt(mean), 'no second has many more',
       found);
    ok(Math.max(...short) <= mean / 100 + 8 * Math.sqrt(mean / 100),
       'nor have 10 ms', `   at most: ${Math.max(...short)}`);
});
