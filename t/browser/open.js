'use strict';

/*
 * The page for those who come too early counts down by the clock of the server,
 * whatever that of the phone says, asks for nothing meanwhile, and opens the
 * letter by itself.  The clock of nginx stands where the test has put it, and
 * that of the page goes on as the test says.
 */

const fs = require('fs');
const path = require('path');
const { is, ok, test } = require('./tap');
const { site } = require('./site');
const { loadsAfter } = require('./clock');

const url = `${site}/event?id=winner`;

/* what it is to do: how long it waits at most once it is open, in ms */
const SPREAD = 5000;

const HOUR = 3600000, FROM = Date.UTC(2026, 11, 24, 1);

const OPENS = '到时会自动打开，不必刷新。', NOW = '正在打开…',
      LATER = '请到时再打开这个链接。';


/* what nginx says it is: so many seconds from when it opens */

function stand(seconds) {
    const file = process.env.CLOCK,
          text = new Date(FROM + seconds * 1000).toISOString();

    fs.writeFileSync(`${file}.new`, text.replace('T', ' ').slice(0, 19) + '\n');
    fs.renameSync(`${file}.new`, file);
}


/* a phone whose clock is wrong by so much, and what it draws by lot */

async function waiting(browser, wrong, chance, option = {}) {
    const page = await browser.page(option);

    await page.addInitScript((value) => { Math.random = () => value; }, chance);
    await page.clock.install({ time: Date.now() + wrong });
    await page.clock.pauseAt(Date.now() + wrong + HOUR / 2);
    page.answer = await page.goto(url);
    return page;
}


function said(page) {
    return page.evaluate(() => ['count', 'say'].map((id) => {
        return document.getElementById(id).textContent;
    }));
}


async function isLetter(page, name) {
    is(await page.evaluate(() => document.querySelector('.name').textContent),
       '林知夏，', `${name}: the letter`);
    is(page.url(), url, 'at the same address');
    await page.done();
}


async function countsDown(browser, name, wrong, chance) {
    stand(-3605);

    const page = await waiting(browser, wrong, chance);

    is(page.answer.status(), 403, `${name}: it is closed`);
    is(await said(page), ['01:00:05', OPENS], 'an hour and five seconds');

    await page.clock.runFor(4000);
    is(await said(page), ['01:00:01', OPENS], 'four seconds less');
    await page.clock.runFor(HOUR);
    is(await said(page), ['00:00:01', OPENS], 'an hour less');
    await page.clock.runFor(999);
    is(await said(page), ['00:00:01', OPENS], 'not too early');
    await page.clock.runFor(1);
    is(await said(page), ['00:00:00', NOW], 'and then it opens');
    is(page.seen.requests.length, 1, 'without a question meanwhile');

    stand(0);
    await loadsAfter(page, chance * SPREAD, `after ${chance * SPREAD} ms more`);
    await isLetter(page, name);
}


/* a host whose clock is behind says how long it still takes */

async function behind(browser) {
    stand(-2);

    const page = await waiting(browser, 0, 0.5);

    stand(-1);
    await loadsAfter(page, 2000 + SPREAD / 2, 'a host that is behind');
    is(await said(page), ['00:00:01', OPENS], 'has the page count once more');
    stand(0);
    await loadsAfter(page, 1000 + SPREAD / 2, 'a second later');
    await isLetter(page, 'then');
}


/* its clock is set while it waits: back, and to a time when it would be open */

async function clockSet(browser) {
    stand(-60);

    const page = await waiting(browser, HOUR, 0.5);

    await page.clock.setSystemTime(Date.now() - HOUR);
    await page.clock.runFor(30000);
    is(await said(page), ['00:00:30', OPENS], 'a clock that is set back');
    stand(-30);

    const load = page.waitForEvent('load');

    await page.clock.setSystemTime(Date.now() + 4 * HOUR);
    await page.clock.runFor(1000);
    await load;
    is(await said(page), ['00:00:30', OPENS],
       'one that is set forward: it asks, and is told');
    await page.clock.runFor(10000);
    is([(await said(page))[0], page.seen.requests.length], ['00:00:20', 2],
       'and goes on');
    await page.done();
}


/* it sleeps for longer than it takes, and is woken */

async function sleeps(browser) {
    stand(-600);

    const page = await waiting(browser, -HOUR, 0.5);

    stand(3000);

    const load = page.waitForEvent('load');

    await page.clock.fastForward(HOUR);
    await load;
    is(page.seen.requests.length, 2, 'a phone that slept asks once');
    await isLetter(page, 'after its sleep');
}


async function hidden(browser) {
    stand(-10);

    const page = await waiting(browser, HOUR, 0.5, { init: () => {
        Object.defineProperty(document, 'hidden', {
            get: () => !window.looking
        });
    } });

    stand(60);
    await page.clock.runFor(60000);
    is(page.seen.requests.length, 1, 'while nobody looks it does not open');

    const load = page.waitForEvent('load');

    await page.evaluate(() => {
        window.looking = true;
        document.dispatchEvent(new Event('visibilitychange'));
    });
    await load;
    await isLetter(page, 'when somebody does');
}


async function days(browser) {
    stand(-2 * 86400 - 3 * 3600 - 4 * 60 - 5);

    const page = await waiting(browser, HOUR, 0);

    is((await said(page))[0], '2 天 03:04:05', 'days are told');
    await page.done();
}


async function withoutScript(browser) {
    stand(-10);

    const page = await browser.page({ script: false });

    await page.goto(url);
    is(await said(page), ['', LATER], 'without scripts: it promises nothing');
    await page.done();
}


/* nginx sends the file as it is */

async function withoutSsi(browser) {
    const page = await browser.page(),
          file = path.join(__dirname, '../../conf/pages/before.html');

    await page.route(url, (route) => route.fulfill({
        status: 403, contentType: 'text/html; charset=utf-8',
        body: fs.readFileSync(file)
    }));
    await page.goto(url);
    is(await said(page), ['', LATER], 'without SSI: neither');
    is(page.seen.console.filter((text) => !/403/.test(text)), [],
       'and nothing fails');
    await page.done();
}


/* the page itself draws */

async function apart(browser) {
    stand(-1);

    const drawn = new Set(), page = await browser.page({ init: () => {
        const random = Math.random;

        Math.random = () => (window.drawn = random());
    }, still: true });

    for (let i = 0; i < 4; i++) {
        await page.goto(url);
        drawn.add(await page.evaluate(() => window.drawn));
    }

    ok(drawn.size > 1, 'not the same for all', `   found: ${[...drawn]}`);
    await page.done();
}


test(async (browser) => {
    await countsDown(browser, 'a clock that is right', 0, 0.5);
    await countsDown(browser, 'one that is an hour ahead', HOUR, 0.25);
    await countsDown(browser, 'one that is an hour behind', -HOUR, 0.999);
    await behind(browser);
    await clockSet(browser);
    await sleeps(browser);
    await hidden(browser);
    await days(browser);
    await withoutScript(browser);
    await withoutSsi(browser);
    await apart(browser);
});
