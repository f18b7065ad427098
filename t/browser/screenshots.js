'use strict';

/*
 * A picture of every page in every state on every screen, in light and in
 * dark, and one sheet of each state; and how soon each page is painted.
 */

const fs = require('fs');
const path = require('path');
const { withBrowser } = require('./browser');
const { site, states, screens } = require('./site');

const out = process.env.OUT;


async function shoot(browser, screen, option, dark) {
    const page = await browser.page({ ...option, dark, reduced: true }),
          name = screen + (dark ? '-dark' : '');

    for (const [state, target] of states) {
        if (chosen(state)) {
            await page.goto('about:blank');
            await page.goto(site + target);
            await page.screenshot({ path: file(state, name), fullPage: true });
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
    await page.screenshot({ path: path.join(out, `sheet.${state}.png`),
                            fullPage: true });
}


withBrowser(async (browser) => {
    const names = [];

    fs.mkdirSync(out, { recursive: true });

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
