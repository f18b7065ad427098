'use strict';

/*
 * "prize_status html" over an event in which everything is killed once: what
 * it says in each state, that its numbers are those of the access log, and
 * how it looks on a wall and on a phone.
 *
 * RATE is how many requests a second there are; of fewer than ten the
 * dashboard judges nothing by how fast the machine is.
 */

const { ok, is, test } = require('./tap');
const { site } = require('./site');
const { accessible, act, chartsEqualLog, equalsLog, open, reach,
        strip } = require('./event');

const load = `load ${process.env.RATE || 8}`;

const kinds = [
    ['wall', { width: 1920, height: 1080, touch: false }],
    ['phone', { width: 390, height: 844, dark: true }]
];


async function withoutScript(browser) {
    const page = await browser.page({ script: false });

    await page.goto(`${site}/status`);
    ok(/JavaScript is off/.test(await page.locator('#banner').innerText()),
       'without scripts it says what it lacks');
    await page.done();
}


/* nginx is there, and its numbers are not */

async function waiting(screens) {
    for (const { page } of screens) {
        await page.route(/\?json/, (route) => route.abort());
        await page.goto(`${site}/status`);
    }

    await reach(screens, 'waiting', 'wait', /nginx cannot be reached/);

    for (const { page } of screens) {
        await page.unroute(/\?json/);
    }

    await reach(screens, 'idle', 'ok', /no request in the last/);
}


async function everythingDies(screens) {
    const well = /every employee gets an answer in time/;

    await act(load);
    await reach(screens, 'well', 'ok', well);
    await accessible(screens, 'well', ['light', 'dark']);

    await act('spoil');
    await act('burst 1200');
    await reach(screens, 'refused', 'degraded',
                /Redis refused [\d,]+ lookup/);

    await act('kill redis');
    await reach(screens, 'redis-away', 'degraded',
                /Redis is left alone \(127\.0\.0\.1:\d+ by 2 of 2 workers\)/);
    await accessible(screens, 'redis-away');

    await act('start redis');
    await reach(screens, 'redis-back', 'ok|degraded',
                /^(?!Redis is left alone)/);

    await act('kill postgres');
    await reach(screens, 'postgres-away', 'degraded',
                /^PostgreSQL is left alone \(<b>hr<\/b> by 2 of 2 workers\)/);

    await act('kill redis');
    await reach(screens, 'down', 'down',
                /Neither Redis nor PostgreSQL answers; .* were 500 or 503/);
    await accessible(screens, 'down');

    await act('start redis');
    await act('start postgres');
    await reach(screens, 'recovering', 'degraded', /were 500 or 503/);
    await reach(screens, 'all-back', 'ok', well);
}


/*
 * Neither a reload nor a worker's death takes a count away.  One that is killed
 * at work may have counted what it has not logged: see t/stores/metrics.t.
 */

async function counts(screens) {
    await act('reload');
    is((await act('end_load')).wrong, 0, 'nobody got another page');
    await act('kill_worker');
    await act('reload');
    await equalsLog(screens, 'over reloads');
}


/* a screen that is opened late shows what the others have seen */

async function late(browser, screens) {
    const one = await open(browser, ...kinds[0]);

    await one.page.goto(`${site}/status`);
    await reach([one], 'late', 'ok', /./);
    await equalsLog([one], 'late');

    const [, ...seen] = await strip(one);

    ok(seen[0] > 0 && seen[1] > 0, 'late: degraded and down are on the strip');
    is(seen, (await strip(screens[0])).slice(1),
       'late: for as many seconds as on a screen that saw them');
    return one;
}


/* nobody asks Redis, so that it stays without a connection, and is there */

async function idle(screens) {
    await act('disconnect');
    await act('kill postgres');
    await reach(screens, 'idle-redis', 'degraded', /^PostgreSQL is left alone/);
    await act('start postgres');
    await reach(screens, 'idle-again', 'ok', /no request/);
}


/* in a quiet hour one answer is all of them */

async function single(screens) {
    await act('ask twice');
    await reach(screens, 'single', 'degraded',
                /^1 of 1 answer was 500 or 503$/);
}


async function stale(screens) {
    const log = await act('log');

    await act('pause');
    await reach(screens, 'paused', 'stale', /nginx does not answer/);
    await accessible(screens.slice(0, 2), 'paused');
    await chartsEqualLog(screens[0], log);
    await act('resume');
    await reach(screens, 'resumed', 'ok', /no request/);

    await act('stop nginx');
    await reach(screens, 'stopped', 'stale', /nginx cannot be reached/);
}


/* a new nginx counts from 0, and what came before it stays on the charts */

async function restarted(screens) {
    const [, ...before] = await strip(screens[0]);

    await act('start nginx');
    await act('burst 90');
    await reach(screens, 'restarted', 'ok', /./);
    await equalsLog(screens, 'restarted');

    const [, degraded, down] = await strip(screens[0]);

    ok(degraded >= before[0] && down === before[1],
       'restarted: the strip still shows what was before');
}


/* a machine that sleeps: what happened meanwhile is there once it is awake */

async function asleep(screen) {
    const session = await screen.page.context().newCDPSession(screen.page);

    await session.send('Debugger.enable');

    const slept = new Promise((done) => {
        session.once('Debugger.paused', done);
    });

    await session.send('Debugger.pause');
    await slept;

    const asked = screen.page.seen.requests.length;

    await act('burst 100');
    await act('kill redis');
    await act('fail 8');
    await act('rows 6');
    is(screen.page.seen.requests.length, asked, 'asleep: nothing is asked');

    await session.send('Debugger.resume');
    await session.send('Debugger.disable');
    await reach([screen], 'awake', 'degraded', /Redis is left alone/);
    await equalsLog([screen], 'awake');
}


async function quiet(screens) {
    for (const { name, page } of screens) {
        is(page.seen.requests.filter((url) => {
            return !/^http:[^?]*\/status(\?json&since=\d+)?$/.test(url);
        }), [], `${name} asks for nothing but the document and its numbers`);
        is(page.seen.console.filter((text) => {
            return !/^Failed to load resource: net::ERR_/.test(text);
        }), [], `${name}: nothing on the console, no violation either`);
        is(await page.evaluate(() => window.most), 1,
           `${name}: one question at a time`);

        const [changes, spoken] = await page.evaluate(() => {
            return [window.changes, window.spoken];
        });

        is(spoken.length, changes.length - 1,
           `${name}: a change of the state is read out, and nothing else`);
        ok(/^Degraded\. \w/.test(spoken[changes.indexOf('degraded') - 1]),
           `${name}: with what it is by`, spoken);
    }
}


test(async (browser) => {
    const screens = [];

    for (const [name, option] of kinds) {
        screens.push(await open(browser, name, option));
    }

    await withoutScript(browser);
    await waiting(screens);
    await everythingDies(screens);
    await counts(screens);
    screens.push(await late(browser, screens));
    await idle(screens);
    await single(screens);
    await stale(screens);
    await restarted(screens);
    await asleep(screens[1]);
    await quiet(screens);
});
