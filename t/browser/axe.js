'use strict';

/* What axe-core finds. */

const fs = require('fs');
const { is, ok } = require('./tap');

const source = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');


function audit(rules) {
    return window.axe.run(document, { resultTypes: ['violations'],
                                      ...rules ? { runOnly: rules } : {} });
}


/* its rules, and the elements that break one */

function grave(result) {
    return result.violations.filter((rule) => {
        return rule.impact === 'serious' || rule.impact === 'critical';

    }).map((rule) => [rule.id, ...rule.nodes.map((node) => node.html)]);
}


/* by all rules, or by those that are named */

async function axe(page, name, rules) {
    if (!await page.evaluate(() => 'axe' in window)) {
        await page.evaluate(source);
    }

    const result = await page.evaluate(audit, rules);

    ok(rules || result.passes.length > 5, `${name}: axe-core has looked at it`);
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


module.exports = { axe, broken };
