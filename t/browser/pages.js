'use strict';

/*
 * Every page in every state on every screen, in light and in dark: its layout,
 * the contrast of its words and what axe-core says, each page loaded once.
 */

const { is, test } = require('./tap');
const { site, states, screens, nightly } = require('./site');
const { inLight, inOldBrowser, measure } = require('./layout');
const { contrast } = require('./contrast');
const { axe, broken } = require('./axe');

/* who differs from another by values, and whose are shorter than others */
const VALUES = ['unclaimed', 'long', 'long-phone', 'latin', 'latin-phone'],
      SHORT = ['winner', 'winner-phone', 'unclaimed', 'unclaimed-phone',
               'everybody', 'alone', 'latin', 'latin-phone'];

/* no rule is for screens between these widths: 430 is laid out as 390 is */

const looked = screens.filter(([name]) => nightly || name !== '430');


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
                             : screen !== '390-text' && !SHORT.includes(state));
}


/* axe-core asks for what a page is made of, not for sizes and values */

function hasAxe(state, screen) {
    return screen === '390' && (nightly || !VALUES.includes(state));
}


/* lost when a picture is taken, unlike the setting of a whole browser */

function setText(session, percent) {
    return session.send('Page.setFontSizes', { fontSizes: {
        standard: 16 * percent / 100, fixed: 13 * percent / 100
    } });
}


/* as a sheet of the page's own would do it, which is found to be the same */

async function enlarge(page, session, percent, name) {
    const seen = await page.evaluate(measure);

    await setText(session, 100);
    await page.evaluate((size) => {
        const sheet = new CSSStyleSheet();

        sheet.replaceSync(`html { font-size: ${size}% }`);
        document.adoptedStyleSheets = [sheet];
    }, percent);
    is(await page.evaluate(measure), seen, `${name}: a sheet enlarges as well`);
}


async function look(page, session, [state], [screen, option], sizes) {
    const name = `${screen}, ${state}`;

    await page.setViewportSize({ width: option.width, height: option.height });
    await setText(session, option.text || 100);
    await page.emulateMedia({ colorScheme: 'light' });

    const seen = await inLight(page, name, state, option.text),
          usual = sizes[screen.replace('-text', '')];

    sizes[screen] = seen.blocks.map((block) => block.size);

    if (option.text) {
        is(sizes[screen], usual.map((size) => size * option.text / 100),
           `${name}: all text is as large as was asked for`);

    } else {
        await inOldBrowser(page, name);
    }

    const colored = hasContrast(state, option, screen),
          audited = hasAxe(state, screen);

    if (colored && option.text) {
        await enlarge(page, session, option.text, name);
    }

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
            await contrast(page, session, `${name}, ${color}`);
        }

        if (audited) {
            await axe(page, `${name}, ${color}`,
                      color === 'dark' && !nightly ? ['color-contrast'] : null);
        }
    }

    await page.evaluate(() => { document.adoptedStyleSheets = []; });
}


test(async (browser) => {
    const page = await browser.page({ reduced: true, still: true }),
          session = await page.context().newCDPSession(page);

    for (const state of states) {
        const sizes = {};

        await page.setViewportSize({ width: looked[0][1].width,
                                     height: looked[0][1].height });
        await page.goto(site + state[1]);

        for (const screen of looked) {
            await look(page, session, state, screen, sizes);
        }
    }

    await page.goto(`${site}/h5?id=winner#phone`);
    await page.tap('.back');
    await axe(page, 'after the way back');
    await broken(page);
    await page.done();
});
