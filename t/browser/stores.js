'use strict';

/*
 * "prize_status html" of all kinds of Redis: what it says of each server, and
 * what it says only where there is a cluster or a Sentinel.
 */

const { axe } = require('./axe');
const { is, ok, test } = require('./tap');

const { PLAIN, ALL, LOST } = process.env;
const servers = JSON.parse(process.env.SERVERS);

const maps = ['redirections', 'refreshes', 'failed refreshes',
              'slots of no node', 'age of the map'];


/* what stands in the rows of the stores, by their names */

function rows(page) {
    return page.evaluate(() => {
        const told = {};

        for (const { children } of document.querySelectorAll('#stores li')) {
            const [name, ...more] = [...children].map((one) => one.textContent);
            told[name] = more;
        }

        return told;
    });
}


/* and in the totals that are shown */

function totals(page) {
    return page.evaluate(() => {
        const told = {};

        for (const one of document.querySelectorAll('#totals div')) {
            if (one.offsetParent) {
                told[one.firstChild.textContent] = one.lastChild.textContent;
            }
        }

        return told;
    });
}


/* when all of it is there */

async function look(browser, url, width, ...wanted) {
    const page = await browser.page({ width, touch: false });

    await page.goto(url);
    await page.waitForFunction((all) => all.every((text) => {
        return new RegExp(text, 'i').test(document.body.innerText);
    }), wanted, { polling: 100 });

    return page;
}


async function kinds(browser) {
    const answer = Object.values(servers).flat().map((server) => {
              return `Redis ${server}\\s+(\\w+, )?answers`;
          }),
          page = await look(browser, ALL, 1280, 'no node has', ...answer),
          seen = await rows(page), total = await totals(page),
          away = '0 in flight';

    is(seen[`Redis ${servers.plain}`], ['answers', '1 connection', away, ''],
       'a plain one');
    is(seen[`Redis ${servers.tls}`],
       ['answers', '1 connection by TLS', away,
        'certificate: 19 days, ours: 2 days'],
       'one by TLS, and the days that certificates have left');
    is(seen[`Redis ${servers.sentinel}`],
       ['sentinel, answers', '1 connection', away, ''], 'a Sentinel');

    for (const role of ['primary', 'replica']) {
        is(servers[role].map((server) => seen[`Redis ${server}`]),
           servers[role].map(() => [`${role}, answers`, '1 connection', away,
                                    '']), `each ${role}`);
    }

    ok(total.redirections > 0, 'a redirection', total.redirections);
    ok(total.refreshes > 0, 'refreshes', total.refreshes);
    is(total['slots of no node'], '1', 'a slot that nobody has');
    ok(/^\d+ (s|min)$/.test(total['age of the map']), 'the age of the map',
       total['age of the map']);
    is(await page.locator('#banner').getAttribute('data-state'), 'degraded',
       'the banner is no green one');
    ok(/no node has 1 slot of the Redis Cluster/i
       .test(await page.locator('#why').innerText()), 'and says why');
    await axe(page, 'a cluster');
    await page.done();
}


async function others(browser) {
    const page = await look(browser, PLAIN, 390, 'answers'),
          seen = Object.keys(await totals(page));

    is(maps.filter((name) => seen.includes(name)), [],
       'without either, nothing is said of maps');
    await page.done();

    const lost = await look(browser, LOST, 390, 'nobody says'),
          total = await totals(lost);

    ok(total['failed refreshes'] > 0, 'Sentinels that do not answer');
    is(total['age of the map'], '–', 'have said nothing yet');
    ok(/nobody says where in Redis the records are/i
       .test(await lost.locator('#why').innerText()), 'as the banner says');
    await lost.done();
}


test(async (browser) => {
    await kinds(browser);
    await others(browser);
});
