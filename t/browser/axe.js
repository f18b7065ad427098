'use strict';

/* What axe-core finds in every page in every state, in light and in dark. */

const fs = require('fs');
const { is, ok, test } = require('./tap');
const { site, states } = require('./site');

const source = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const colors = ['light', 'dark'];


function audit() {
    return window.axe.run(document, { resultTypes: ['violations'] });
}


/* its rules, and the elements that break one */

function grave(result) {
    return result.violations.filter((rule) => {
        return rule.impact === 'serious' || rule.impact === 'critical';

    }).map((rule) => [rule.id, ...rule.nodes.map((node) => node.html)]);
}


async function check(page, name) {
    const result = await page.evaluate(audit);

    ok(result.passes.length > 5, `${name}: axe-core has looked at it`);
    is(grave(result), [], `${name}: nothing serious or critical`);
}


/* that it finds what there is to find */

async function broken(page) {
    await page.evaluate(() => {
        document.documentElement.removeAttribute('lang');
    });

    const found = grave(await page.evaluate(audit)).map(([rule]) => rule);

    is(found, ['html-has-lang'], 'a page without a language is found');
}


test(async (browser) => {
    for (const color of colors) {
        const page = await browser.page({ dark: color === 'dark',
                                          reduced: true, still: true });

        for (const [state, target] of states) {
            await page.goto('about:blank');
            await page.goto(site + target);
            await page.evaluate(source);
            await check(page, `${color}, ${state}`);
        }

        await page.goto('about:blank');
        await page.goto(`${site}/h5?id=winner`);
        await page.evaluate(source);
        await page.tap('#greeting .go');
        await check(page, `${color}, after the switch`);
        await page.tap('.back');
        await check(page, `${color}, and after the way back`);

        await broken(page);
        await page.done();
    }
});
