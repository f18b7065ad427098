'use strict';

/* What axe-core finds. */

const fs = require('fs');
const { is, ok } = require('./tap');

const source = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');


function audit(rules) {
    return window.axe.run(document, { resultTypes: ['violations'],
                                      ...rules ? { runOnly: rules } : {} });
}


/* by all rules, or by those that are named */

async function axe(page, name, rules) {
    if (!await page.evaluate(() => 'axe' in window)) {
        await page.evaluate(source);
    }

    const result = await page.evaluate(audit, rules);

    ok(rules || result.passes.length > 5, `${name}: axe-core has looked at it`);
    is(result.violations
        .filter(({ impact }) => /serious|critical/.test(impact))
        .map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]),
       [], `${name}: nothing serious or critical`);
}


module.exports = { axe };
