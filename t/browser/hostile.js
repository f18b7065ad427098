'use strict';

/*
 * Pages by chance with hostile values, t/html/pages.js, in a real browser: no
 * value runs, and none asks another host.
 *
 *     hostile.js FOLDER       writes PAGES pages of each policy there, as
 *                             ON.html and OFF.html with a number before, and
 *                             their records for Redis, in its protocol
 *     hostile.js              opens them
 *
 * What a value could run calls alert(), and its hosts are host.example and
 * such; a page's own host is 127.0.0.1, and what it names itself "own...".
 */

const fs = require('fs');
const { FIELDS, page: pieces } = require('../html/pages');
const { render } = require('../html/render');
const { groups } = require('../html/values');

const PAGES = process.env.PRIZE_NIGHTLY ? 200 : 40;


/* so many accepted pages with a tag, each with the first hostile record */

function choose(...options) {
    const chosen = [];

    for (let n = 0; chosen.length < PAGES; n++) {
        const text = pieces(n).join(''), [[, record]] = groups(n);

        if (text.includes('{{f') && !render([{ text, records: [record] }],
                                            ...options)[0].error)
        {
            chosen.push({ text, record });
        }
    }

    return chosen;
}


function command(...words) {
    return Buffer.concat([Buffer.from(`*${words.length}\r\n`),
        ...words.flatMap((word) => {
            const data = Buffer.from(word);

            return [Buffer.from(`$${data.length}\r\n`), data,
                    Buffer.from('\r\n')];
        })]);
}


function write(folder) {
    const records = [];

    for (const [policy, options] of [['on', ['--policy']], ['off', []]]) {
        choose(...options).forEach(({ text, record }, i) => {
            const id = `${policy}${i}`;

            fs.writeFileSync(`${folder}/${id}.html`, text);
            records.push(command('HSET', `employee:${id}`, 'id', id,
                ...FIELDS.flatMap((name) => [name, record[name]])));
        });
    }

    fs.writeFileSync(`${folder}/records`, Buffer.concat(records));
}


const isOwn = (url) => /^(127\.0\.0\.1|own[.\w]*)$/.test(new URL(url).hostname);


async function look(browser, policy, { is }) {
    const page = await browser.page(), ran = [], asked = [];
    let shown = 0;

    page.on('dialog', (dialog) => {
        ran.push(page.url());
        dialog.dismiss();
    });

    await page.context().route(() => true, (route) => {
        const request = route.request(), url = request.url(),
              own = url.startsWith(process.env.SITE)
                    && request.isNavigationRequest();

        if (!isOwn(url) || (policy === 'on' && !own)) {
            asked.push(`${page.url()}: ${url}`);
        }

        shown += own;
        return own ? route.continue() : route.abort();
    });

    for (let i = 0; i < PAGES; i++) {
        const url = `${process.env.SITE}/${policy}${i}?id=${policy}${i}`;

        /* one that goes elsewhere by itself has been shown before */
        await page.goto(url).catch(() => {});
    }

    is(shown >= PAGES, true, `policy ${policy}: ${PAGES} pages were shown`);
    is(ran, [], `policy ${policy}: nothing was run`);
    is(asked, [], `policy ${policy}: nothing was asked for elsewhere`);
    await page.done();
}


if (process.argv[2]) {
    write(process.argv[2]);

} else {
    const tap = require('./tap');

    tap.test(async (browser) => {
        await look(browser, 'on', tap);
        await look(browser, 'off', tap);
    });
}
