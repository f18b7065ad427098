'use strict';

/*
 * A picture of every page in every state on every screen, in light and in
 * dark; and how soon each page is painted.
 */

const path = require('path');
const { picture, withBrowser } = require('./browser');
const { site, states, screens } = require('./site');

const { OUT, STATES } = process.env;

const chosen = states.filter(([state]) => {
    return !STATES || STATES.split(',').includes(state);
});

/* Chromium's own "Slow 4G": milliseconds, and bytes a second */
const SLOW_4G = { offline: false, latency: 562.5, downloadThroughput: 180000,
                  uploadThroughput: 84375 };

/* in milliseconds, of a page on a phone with a quarter of this processor */
const SOON = 1000, PAINTS = 5;


async function shoot(browser, screen, option, dark) {
    const page = await browser.page({ ...option, dark, reduced: true,
                                      still: true }),
          name = screen + (dark ? '-dark' : '');

    for (const [state, target] of chosen) {
        await page.goto('about:blank');
        await page.goto(site + target);
        await picture(page, { path: path.join(OUT, `${state}.${name}.png`),
                              fullPage: true });
    }

    await page.done();
    console.log(name);
}


/*
 * How soon something of a page is painted, soonest first: other work on this
 * machine can only make it later.
 */

async function paint(browser, target) {
    const times = [];

    for (let i = 0; i < PAINTS; i++) {
        const page = await browser.page(),
              session = await page.context().newCDPSession(page);

        await session.send('Network.enable');
        await session.send('Network.emulateNetworkConditions', SLOW_4G);
        await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
        await page.goto(site + target);
        times.push(await page.evaluate(() => new Promise((done) => {
            new PerformanceObserver((list) => {
                for (const entry of list.getEntriesByName(
                    'first-contentful-paint'))
                {
                    done(Math.round(entry.startTime));
                }
            }).observe({ type: 'paint', buffered: true });
        })));
        await page.done();
    }

    return times.sort((one, two) => one - two);
}


async function paints(browser) {
    for (const [state, target] of chosen) {
        const times = await paint(browser, target);

        console.log(`${state}: painted after ${times[0]} ms, the middle one `
                    + `of ${PAINTS} after ${times[PAINTS >> 1]} ms`);

        if (times[0] >= SOON) {
            console.error(`${state}: that is not within ${SOON} ms`);
            process.exitCode = 1;
        }
    }
}


withBrowser(async (browser) => {
    await paints(browser);

    for (const [screen, option] of screens) {
        for (const dark of [false, true]) {
            await shoot(browser, screen, option, dark);
        }
    }

}).catch((error) => {
    console.error(error);
    process.exitCode = 1;
});
