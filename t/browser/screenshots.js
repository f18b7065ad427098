'use strict';

/*
 * A picture of every page in every state on every screen, in light and in
 * dark, and one sheet of each state; and how soon each page is painted.
 */

const fs = require('fs');
const path = require('path');
const { picture, withBrowser } = require('./browser');
const { site, states, screens } = require('./site');

const out = process.env.OUT;

/* Chromium's own "Slow 4G": milliseconds, and bytes a second */
const SLOW_4G = { offline: false, latency: 562.5, downloadThroughput: 180000,
                  uploadThroughput: 84375 };

/* in milliseconds, of a page on a phone with a quarter of this processor */
const SOON = 1000, PAINTS = 5;


async function shoot(browser, screen, option, dark) {
    const page = await browser.page({ ...option, dark, reduced: true,
                                      still: true }),
          name = screen + (dark ? '-dark' : '');

    for (const [state, target] of states) {
        if (chosen(state)) {
            await page.goto('about:blank');
            await page.goto(site + target);
            await picture(page, { path: file(state, name), fullPage: true });
        }
    }

    await page.done();
    console.log(name);
    return name;
}


function chosen(state) {
    return !process.env.STATES
           || process.env.STATES.split(',').includes(state);
}


function file(state, name) {
    return path.join(out, `${state}.${name}.png`);
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
    for (const [state, target] of states.filter(([name]) => chosen(name))) {
        const times = await paint(browser, target);

        console.log(`${state}: painted after ${times[0]} ms, the middle one `
                    + `of ${PAINTS} after ${times[PAINTS >> 1]} ms`);

        if (times[0] >= SOON) {
            console.error(`${state}: that is not within ${SOON} ms`);
            process.exitCode = 1;
        }
    }
}


async function sheet(page, state, names) {
    const images = names.map((name) => {
        const data = fs.readFileSync(file(state, name)).toString('base64');

        return `<figure><img src="data:image/png;base64,${data}">`
               + `<figcaption>${name}</figcaption></figure>`;
    });

    await page.setContent('<style>body{margin:8px;background:#888;'
        + 'font:14px sans-serif;display:flex;flex-wrap:wrap;gap:8px}'
        + 'figure{margin:0}img{display:block;height:560px}'
        + '</style>' + images.join(''));
    await picture(page, { path: path.join(out, `sheet.${state}.png`),
                          fullPage: true });
}


withBrowser(async (browser) => {
    const names = [];

    fs.mkdirSync(out, { recursive: true });
    await paints(browser);

    for (const [screen, option] of screens) {
        for (const dark of [false, true]) {
            names.push(await shoot(browser, screen, option, dark));
        }
    }

    const page = await browser.page({ width: 2000, height: 600,
                                      touch: false });

    for (const [state] of states) {
        if (chosen(state)) {
            await sheet(page, state, names);
        }
    }

}).catch((error) => {
    console.error(error);
    process.exitCode = 1;
});
