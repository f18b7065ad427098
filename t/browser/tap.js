'use strict';

/*
 * Results in the form that prove reads.
 *
 *     const { is, ok, test } = require('./tap');
 *
 *     test(async (browser) => {
 *         ok(value, 'name');
 *         is(found, wanted, 'name');
 *     });
 */

const { withBrowser } = require('./browser');

const runs = [];

let count = 0, failed = 0;


function ok(value, name, ...more) {
    count++;
    console.log(`${value ? 'ok' : 'not ok'} ${count} - ${name}`);

    if (!value) {
        failed++;
        console.error([name, ...more].join('\n').replace(/^/gm, '# '));
    }
}


function is(found, wanted, name) {
    const one = JSON.stringify(found), two = JSON.stringify(wanted);

    ok(one === two, name, `   found: ${one}`, `  wanted: ${two}`);
}


/* runs the tests in a browser, one file's after another's, and ends */

function test(run) {
    runs.push(run);

    if (runs.length === 1) {
        setImmediate(start);
    }
}


function start() {
    withBrowser(async (browser) => {
        for (const run of runs) {
            await run(browser);
        }

    }).then(() => {
        console.log(`1..${count}`);
        process.exit(failed ? 1 : 0);

    }, (error) => {
        console.error(error);
        process.exit(255);
    });
}


module.exports = { is, ok, test };
