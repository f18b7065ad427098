'use strict';

/*
 * The page for 503 comes again by itself: ever later, each time at a moment of
 * its own, and not for ever.  The page's clock is the test's; nginx is real,
 * and answers once the browser has a cookie.
 */

const { is, ok, test } = require('./tap');
const { site } = require('./site');
const { loadsAfter } = require('./clock');

const url = `${site}/gate?id=winner`;

/* what it is to do: in milliseconds, and in tries */
const FIRST = 3000, LONGEST = 30000, TRIES = 6, FORGET = 120000;


/* the longest wait before each try */

const waits = Array.from({ length: TRIES }, (none, n) => {
    return Math.min(LONGEST, FIRST * Math.pow(2, n));
});


/* a page that draws this number */

async function busy(browser, chance) {
    const page = await browser.page();

    await page.addInitScript((value) => { Math.random = () => value; }, chance);
    await page.clock.install({ time: 0 });
    await page.clock.pauseAt(1000);
    await page.goto(url);
    return page;
}


/* lets nginx answer from now on */

function open(page) {
    return page.context().addCookies([{ name: 'open', value: '1', url: site }]);
}


function said(page) {
    return page.evaluate(() => document.getElementById('say').textContent);
}


async function schedule(browser, chance) {
    const page = await busy(browser, chance);

    for (const [n, longest] of waits.entries()) {
        const wait = longest / 2 + chance * longest / 2;

        ok((await said(page)).includes(` ${Math.ceil(wait / 1000)} 秒`),
           `try ${n + 1} of one that draws ${chance}: it says when`);
        await loadsAfter(page, wait, `and comes after ${wait} ms`);
    }

    ok(!/秒/.test(await said(page)), `after try ${TRIES} it promises nothing`);
    await page.clock.runFor(FORGET + 1);
    await page.evaluate(() => 0);
    is(page.seen.requests.length, TRIES + 1, 'and does not come again');

    await page.reload();
    ok(/秒/.test(await said(page)), 'after a while it begins anew');
    return page;
}


async function comesBack(page) {
    const load = page.waitForEvent('load');

    await open(page);
    await page.clock.runFor(FIRST / 2);
    await load;
    is(await page.evaluate(() => document.querySelector('.name').textContent),
       '林知夏，', 'the letter, as soon as it can be had');
    is(page.url(), url, 'at the same address');
    await page.done();
}


/* the page itself draws: two that are refused together part */

async function apart(browser) {
    const drawn = new Set(), page = await browser.page({ init: () => {
        const start = window.setTimeout;

        sessionStorage.clear();
        window.setTimeout = (run, wait) => {
            window.wait = window.wait || wait;
            return start(() => 0, 0);
        };
    } });

    for (let i = 0; i < 4; i++) {
        await page.goto(url);
        drawn.add(await page.evaluate(() => window.wait));
    }

    const all = [...drawn];

    ok(all.every((wait) => wait >= FIRST / 2 && wait <= FIRST),
       'a first wait is between half and whole', `   found: ${all}`);
    ok(drawn.size > 1, 'and not the same for all', `   found: ${all}`);
    return page;
}


async function byHand(page, name) {
    const load = page.waitForEvent('load');

    await open(page);
    await page.tap('.again');
    await load;
    ok(await page.evaluate(() => !!document.querySelector('.name')),
       `${name}: the letter after a tap`);
    await page.done();
}


async function withoutScript(browser) {
    const page = await browser.page({ script: false });

    await page.goto(url);
    ok(!/秒/.test(await said(page)), 'without scripts: it promises nothing');
    await byHand(page, 'without scripts');
}


test(async (browser) => {
    await comesBack(await schedule(browser, 0));
    await (await schedule(browser, 0.75)).done();
    await byHand(await apart(browser), 'by hand');
    await withoutScript(browser);
});
