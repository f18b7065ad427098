'use strict';

/* What a page asks for, says and shifts; and that values are text. */

const { can } = require('./browser');
const { is, ok, test } = require('./tap');
const { site, people, friendly, screens, nightly } = require('./site');

/* the first window of a connection, with which it comes in one round trip */
const SIZE = 14 * 1024;

/* what the fifth edition of ECMAScript has no word for */
const NEWER = new RegExp('=>|`|\\.\\.\\.|\\?[?.]|\\*\\*'
    + '|\\b(?:let|const|class|async|await|of|import|Promise|fetch|Map|Set)\\b'
    + '|\\.(?:includes|startsWith|padStart|find|assign|closest|append)\\(',
    'g');


async function quiet(page, name, url, status) {
    for (const list of Object.values(page.seen)) {
        list.length = 0;
    }

    const answer = await page.goto(url, { waitUntil: 'load' });

    is(answer.status(), status, `${name}: ${status}`);
    await page.evaluate(() => new Promise((done) => {
        requestAnimationFrame(() => requestAnimationFrame(done));
    }));

    is(page.seen.requests, [url], `${name}: one request`);
    is(page.seen.console.filter((text) => !expected(text, status)), [],
       `${name}: nothing on the console, no violation either`);
    is((await page.evaluate(scripts)).match(NEWER), null,
       `${name}: no script that an old browser cannot read`);

    if (can.shifts) {
        is(await page.evaluate(() => window.shifts), [],
           `${name}: nothing has shifted`);
    }
}


/* all of them, without comments and text */

function scripts() {
    return [...document.scripts].map((script) => script.textContent).join()
        .replace(/\/\*[^]*?\*\/|'[^'\n]*'/g, '');
}


/* Chromium itself notes that a document came with an error's status */

function expected(text, status) {
    return status !== 200 && /^Failed to load resource: .*status of/.test(text);
}


function watchShifts() {
    if (!PerformanceObserver.supportedEntryTypes.includes('layout-shift')) {
        return;
    }

    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
            window.shifts.push(entry.value);
        }
    }).observe({ type: 'layout-shift', buffered: true });
}


/*
 * A page may be painted wherever the network stops for a moment.  Here it is
 * before each tag that begins something and each text, but for those of a
 * picture: what ends and what is white adds no box.
 */

async function inPieces(page, name, target) {
    const text = await (await page.goto(site + target)).text();

    const pieces = await page.evaluate(async (text) => {
        const frame = () => new Promise(requestAnimationFrame);
        const ends = '(?:\\s|</[^>]*>)*',
              whole = '<(svg|script|style)[^]*?</\\1>',
              piece = new RegExp(`${ends}(?:${whole}|<[^>]*>|[^<]+)`, 'g');
        const body = text.indexOf('<body'),
              parts = text.slice(body).match(piece);

        window.shifts = [];
        document.open();
        document.write(text.slice(0, body));

        /* what is written in one frame has been laid out before the next */

        for (const part of parts) {
            await frame();
            document.write(part);
        }

        document.close();
        await frame();
        await frame();
        return parts.length;
    }, text);

    ok(pieces > 8, `${name}: came in pieces`, `   ${pieces}`);
    is(await page.evaluate(() => window.shifts), [],
       `${name}: none of them moved another`);
}


/*
 * Values wrap soonest on 320.  What 390 has rules of its own for is the
 * letter, with a gift or without, and 430 is laid out as 390 is.
 */

function comesInPieces(name, screen) {
    return nightly || screen === '320' || screen === 'landscape'
           || screen === '390' && ['winner', 'everybody'].includes(name);
}


/* the page as it is sent */

async function small(page, id) {
    const headers = (await page.goto(`${site}/h5?id=${id}`)).headers(),
          length = Number(headers['content-length']);

    is(headers['content-encoding'], 'gzip', `${id}: sent compressed`);
    ok(length > 1000 && length <= SIZE, `${id}: in ${SIZE} bytes at most`,
       `   found: ${length}`);
}


async function escaped(page) {
    const value = '"><script>alert(1)</script>';
    let alerts = 0;

    page.on('dialog', (dialog) => {
        alerts++;
        dialog.dismiss();
    });
    await page.goto(`${site}/h5?id=script#phone`);

    const seen = await page.evaluate(() => ({
        name: document.querySelector('.name').textContent,
        prize: document.querySelector('.prize').textContent,
        link: document.querySelector('#phone .go').getAttribute('href'),
        scripts: document.scripts.length
    }));

    is(seen.name, value + '，', 'a name of markup is text');
    is(seen.prize, value, 'so is a prize');
    is(seen.link, 'https://' + value, 'and a link is one attribute');

    await page.goto(`${site}/h5?id=winner`);
    is(seen.scripts, await page.evaluate(() => document.scripts.length),
       'there are as many scripts as on any page');
    is(alerts, 0, 'nothing was run');
}


/* U+202E in a value turns what follows it, to the end of what holds it */

async function turned(page) {
    for (const [side, line] of [['', '#greeting h1 + p'],
                                ['#phone', '#phone .to']]) {
        await page.goto(`${site}/h5?id=turned${side}`);
        ok(await page.evaluate((selector) => {
            const next = document.querySelector(selector + ' .half'),
                  value = document.createRange();

            value.setStart(next.parentNode, 0);
            value.setEndBefore(next);

            return value.getBoundingClientRect().left
                   < next.getBoundingClientRect().left;
        }, line), `${line}: a value that is turned round turns nothing else`);
    }
}


/* a comma after nobody */

async function nameless(page) {
    for (const [side, line, words] of [
        ['', '#hello', '谢谢你，一路同行'], ['#phone', '#phone .to', '恭喜你']
    ]) {
        await page.goto(`${site}/h5?id=nameless${side}`);
        is((await page.locator(line).innerText()).replace(/\s/g, ''), words,
           `${line}: who has no name is greeted without one`);
    }
}


/* who gives another scheme gets a link that leads nowhere, by https */

async function insecure(page) {
    await page.goto(`${site}/h5?id=insecure#phone`);
    is(await page.evaluate(() => {
        return document.querySelector('#phone .go').getAttribute('href');
    }), 'https://javascript:alert(1)', 'claim_url is always https');
}


test(async (browser) => {
    const all = [...people.map((id) => [id, `/h5?id=${id}`, 200]), ...friendly],
          page = await browser.page({ init: watchShifts, still: true });

    for (const [name, target, status] of all) {
        await quiet(page, name, site + target, status);
    }

    for (const [screen, option] of can.shifts
                                   ? screens.filter(([, it]) => !it.text) : [])
    {
        await page.setViewportSize(option);

        for (const [name, target] of all) {
            if (comesInPieces(name, screen)) {
                await inPieces(page, `${name}, ${screen}`, target);
            }
        }
    }

    for (const id of ['winner', 'long', 'everybody']) {
        await small(page, id);
    }

    await escaped(page);
    await turned(page);
    await nameless(page);
    await insecure(page);
    await page.done();
});
