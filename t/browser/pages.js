'use strict';

/*
 * Every page in every state on every screen, in light and in dark: its layout,
 * the contrast of its words and what axe-core says, each page loaded once.
 */

const { can, kind } = require('./browser');
const { is, test } = require('./tap');
const { site, states, screens, nightly } = require('./site');
const { inLight, inOldBrowser, measure } = require('./layout');
const { contrast } = require('./contrast');
const { axe } = require('./axe');

/* in others only the layout may differ, and that in the light is enough */
const chromium = kind === 'chromium';

/* who differs from another by values, and whose are shorter than others */
const VALUES = /^(unclaimed$|long|latin)/,
      SHORT = /^(winner|unclaimed|everybody|alone|latin)/;

/* no rule is for screens between these widths: 430 is laid out as 390 is */

const looked = screens.filter(([name]) => {
    return nightly || name !== '430'
                      && (chromium || !/^(390|.*-text)$/.test(name));
});


/* the rules for the dark ask for nothing else but which way a phone is held */

function inDark(screen) {
    return nightly || screen === '320' || screen === 'landscape';
}


/*
 * A color depends on neither the width nor the size of text, only what is
 * behind it does: where text is large, the longest words reach furthest over
 * the picture.  The letter of who cannot claim yet is the winner's.
 */

function hasContrast(state, { text }, screen) {
    return nightly || (!text ? state !== 'unclaimed'
                             : screen !== '390-text' && !SHORT.test(state));
}


/* axe-core asks for what a page is made of, not for sizes and values */

function hasAxe(state, screen) {
    return screen === '390' && (nightly || !VALUES.test(state));
}


async function look(page, [state], [screen, option], sizes) {
    const name = `${screen}, ${state}`;

    await page.setViewportSize(option);

    if (can.emulate) {
        await page.emulateMedia({ colorScheme: 'light' });
    }

    const seen = await inLight(page, name, state, option.text),
          usual = sizes[screen.replace('-text', '')];

    sizes[screen] = seen.blocks.map((block) => block.size);

    if (option.text) {
        is(sizes[screen], usual.map((size) => size * option.text / 100),
           `${name}: all text is as large as was asked for`);

    } else if (chromium || nightly) {
        await inOldBrowser(page, name);
    }

    if (!chromium) {
        return;
    }

    const colored = hasContrast(state, option, screen),
          audited = hasAxe(state, screen);

    for (const color of ['light', 'dark']) {
        if (color === 'dark') {
            if (!colored && !audited && !inDark(screen)) {
                break;
            }

            await page.emulateMedia({ colorScheme: color });
            is(await page.evaluate(measure), seen,
               `${name}: the same in the dark`);
        }

        if (colored) {
            await contrast(page, `${name}, ${color}`);
        }

        if (audited) {
            await axe(page, `${name}, ${color}`,
                      color === 'dark' && !nightly ? ['color-contrast'] : null);
        }
    }
}


test(async (browser) => {
    const still = { reduced: true, still: true },
          page = await browser.page(still),
          large = looked.some(([, { text }]) => text)
                  && await browser.page({ ...still, text: 200 });

    for (const state of states) {
        const sizes = {};

        await page.goto(site + state[1]);

        if (large) {
            await large.goto(site + state[1]);
        }

        for (const screen of looked) {
            await look(screen[1].text ? large : page, state, screen, sizes);
        }
    }

    await page.goto(`${site}/h5?id=winner#phone`);
    await page.tap('.back');
    await axe(page, 'after the way back');
    await page.done();

    if (large) {
        await large.done();
    }
});
