'use strict';

/*
 * From the letter to the phone and back: by tap, by keyboard, without
 * scripts, without motion, and by the browser's own way back.  What is not a
 * winner's is not sent to others.
 */

const fs = require('fs');
const path = require('path');
const { LIMIT, can } = require('./browser');
const { is, ok, test } = require('./tap');
const { site } = require('./site');

const page_of = (id) => `${site}/h5?id=${id}`;

/* in milliseconds: the longest that a switch may take */
const LONGEST = 800;

/* "visibility" has no frames between, and keeps what leaves out of reach */
const MOVES = ['opacity', 'transform', 'visibility'];

const sides = { '#phone': '#greeting', '#greeting': '#phone' };


/* a page without scripts can be asked, but wakes nobody */

async function until(page, condition, argument) {
    const end = Date.now() + LIMIT;

    while (!await page.evaluate(condition, argument)) {
        if (Date.now() > end) {
            throw new Error('waited in vain: ' + condition);
        }

        await new Promise((done) => setTimeout(done, 100));
    }
}


function settled([shown, hidden]) {
    const one = getComputedStyle(document.querySelector(shown)),
          other = getComputedStyle(document.querySelector(hidden));

    return one.visibility === 'visible' && one.opacity === '1'
           && other.visibility === 'hidden' && other.opacity === '0';
}


/* what is to be seen, to be reached and to be heard: one side */

async function shows(page, side, name) {
    const other = sides[side];

    await until(page, settled, [side, other]);
    ok(true, `${name}: ${side} is there, ${other} is not`);

    is(await stops(page), await page.evaluate((selector) => {
        return [...document.querySelectorAll(`${selector} a`)].map((link) => {
            return link.textContent;
        });
    }, side), `${name}: the keyboard stops at the links of ${side}`);

    if (!can.tree) {
        return;
    }

    const heard = await names(page),
          [title, hidden] = await page.evaluate((selectors) => {
              return selectors.map((selector) => {
                  return document.querySelector(`${selector} h1`).textContent;
              });
          }, [side, other]);

    ok(heard.includes(title), `${name}: a screen reader finds ${side}`);
    ok(!heard.includes(hidden), `${name}: and nothing of ${other}`);
}


/* the links at which the tabulator key stops, one time round */

async function stops(page) {
    const found = [];

    await page.evaluate(() => document.activeElement.blur());

    for (let i = 0; i < 6; i++) {
        await page.keyboard.press('Tab');

        const text = await page.evaluate(() => {
            return document.activeElement === document.body
                   ? null : document.activeElement.textContent;
        });

        if (text === null ? found.length : found.includes(text)) {
            break;
        }

        if (text !== null) {
            found.push(text);
        }
    }

    return found;
}


/* all that the tree of a screen reader says, without the spaces */

async function names(page) {
    const session = await page.context().newCDPSession(page),
          { nodes } = await session.send('Accessibility.getFullAXTree');

    await session.detach();
    return nodes.filter((node) => !node.ignored && node.name)
                .map((node) => String(node.name.value).replace(/\s/g, ''))
                .join('\n');
}


/* what a page does by itself comes after its address has changed */

function said(word) {
    return document.getElementById('say').textContent === word;
}


/* where the focus is, what is announced, and how far it is scrolled */

function told(page) {
    return page.evaluate(() => [document.activeElement.id,
                                document.getElementById('say').textContent,
                                scrollY]);
}


async function byTap(page) {
    await page.goto(page_of('winner'));
    await shows(page, '#greeting', 'at first');
    await page.evaluate(() => scrollTo(0, 9999));

    await page.tap('#greeting .go');
    await until(page, said, '礼物已打开');
    is(await told(page), ['phone', '礼物已打开', 0],
       'a tap: the focus, the word and the top of the phone');
    await shows(page, '#phone', 'a tap');

    await page.tap('#phone .back');
    await until(page, said, '已回到信中');
    is(await told(page), ['greeting', '已回到信中', 0],
       'the way back: the focus, the word and the top of the letter');
    await shows(page, '#greeting', 'the way back');

    await page.goBack({ waitUntil: 'commit' });
    await until(page, () => location.hash === '#phone');
    await shows(page, '#phone', "the browser's way back");

    is(page.seen.requests, [page_of('winner')], 'all that with one request');
    is(page.seen.console, [], 'and in silence');
}


async function byKeyboard(page) {
    await page.goto(page_of('winner'));
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await until(page, said, '礼物已打开');
    is((await told(page))[0], 'phone', 'a key: the focus');

    /* the link can be reached once its side has begun to show */
    await until(page, settled, ['#phone', '#greeting']);
    await page.keyboard.press('Tab');
    is(await page.evaluate(() => document.activeElement.href),
       'https://gift.example.com/claim?ticket=1',
       'the next stop is the link to claim');

    /* a window without a window manager may have no focus to show */

    if (await page.evaluate(() => document.hasFocus())) {
        is(await page.evaluate(() => {
            return getComputedStyle(document.activeElement).outlineStyle;
        }), 'solid', 'and is seen to be it');
    }

    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await until(page, said, '已回到信中');
    is((await told(page))[0], 'greeting', 'and back by keys');
    await shows(page, '#greeting', 'by keyboard');
}


async function withoutScript(browser) {
    const page = await browser.page({ script: false });

    await page.goto(page_of('winner'));
    await shows(page, '#greeting', 'no script');
    await page.tap('#greeting .go');
    await shows(page, '#phone', 'no script, a tap');
    await page.tap('#phone .back');
    await shows(page, '#greeting', 'no script, the way back');
    is(page.seen.console, [], 'no script: nothing on the console');
    await page.done();
}


/* goes to a side, and says what begins to move */

function turn(side) {
    location.hash = side;
    getComputedStyle(document.querySelector(side)).opacity;

    return document.getAnimations().map((animation) => {
        return { what: animation.transitionProperty || 'an animation',
                 until: animation.effect.getComputedTiming().endTime };
    });
}


async function motion(page) {
    await page.goto(page_of('winner'));
    is(await page.evaluate(() => {
        const called = [];

        window.WeixinJSBridge = { call: (name) => called.push(name) };
        document.dispatchEvent(new Event('WeixinJSBridgeReady'));
        return called;
    }), ['hideOptionMenu'], 'a bridge that comes later is called, too');

    for (const [side, other] of Object.entries(sides)) {
        await page.goto(page_of('winner') + other);
        await until(page, settled, [other, side]);

        const moves = await page.evaluate(turn, side);

        ok(moves.some(({ what }) => what === 'opacity')
           && moves.some(({ what }) => what === 'transform'),
           `to ${side}: there is a movement`);
        is(moves.filter(({ what }) => !MOVES.includes(what)), [],
           `to ${side}: it asks for no layout`);
        is(moves.filter((move) => move.until > LONGEST), [],
           `to ${side}: it takes at most ${LONGEST} ms`);
    }
}


async function still(page) {
    await page.goto(page_of('winner'));

    for (const side of ['#phone', '#greeting']) {
        is(await page.evaluate(turn, side), [],
           `reduced motion, to ${side}: nothing moves`);
        ok(await page.evaluate(settled, [side, sides[side]]),
           `reduced motion, to ${side}: at once`);
        is(await page.evaluate((selector) => {
            const element = document.querySelector(`${selector} h1`);

            return getComputedStyle(element.closest('.side')).transform;
        }, side), 'none', `reduced motion, to ${side}: at its place`);
    }
}


/* from the back-forward cache, unless the browser has reasons of its own */

async function fromCache(page) {
    await page.goto(page_of('winner'));
    await page.tap('#greeting .go');
    await until(page, settled, ['#phone', '#greeting']);
    await page.goto(page_of('everybody'));
    await page.goBack({ waitUntil: 'commit' });
    await until(page, () => 'restored' in window
                            && location.hash === '#phone');

    is(await page.evaluate(() => {
        const [entry] = performance.getEntriesByType('navigation'),
              { reasons } = entry.notRestoredReasons || { reasons: [] };

        return window.restored ? [] : reasons.map(({ reason }) => reason)
                                             .filter((one) => one !== 'masked');
    }), [], 'the page keeps no browser from caching it');

    await shows(page, '#phone', 'come back');
    await page.tap('#phone .back');
    await until(page, said, '已回到信中');
    is(await told(page), ['greeting', '已回到信中', 0],
       'come back: the switch goes on working');
}


/* what stands in the sections of the template that are a winner's alone */

function reserved() {
    const text = fs.readFileSync(path.join(__dirname,
                                           '../../conf/pages/gift.html'),
                                 'utf8'),
          section = /^{{#prize}}\n([^]*?)^{{[/^]prize}}/mg,
          common = text.replace(section, '').split('\n');

    return [...text.matchAll(section)].map(([, part]) => part).join('')
        .split('\n').filter((line) => {
            return line.length > 8 && !line.includes('{{')
                   && !common.includes(line);
        });
}


async function others() {
    const lines = reserved(), texts = {};

    ok(lines.length > 50, 'much of the template is for winners');

    for (const id of ['winner', 'unclaimed', 'everybody', 'alone']) {
        texts[id] = await (await fetch(page_of(id))).text();
    }

    is(lines.filter((line) => !texts.winner.includes(line)
                              && !texts.unclaimed.includes(line)), [],
       'they get it');

    for (const id of ['everybody', 'alone']) {
        is(lines.filter((line) => texts[id].includes(line)), [],
           `${id}: not a line of it is sent`);
        is(texts[id].match(/\bphone|gift|prize|claim|手机|礼物|恭喜/ig), null,
           `${id}: nor a word`);
    }
}


/* the bridge of WeChat, there before the page is */

async function bridge(page) {
    for (const target of ['/h5?id=winner', '/h5?id=everybody',
                          '/busy?id=winner', '/greeting?id=winner'])
    {
        await page.goto(site + target);
        is(await page.evaluate(() => window.called), ['hideOptionMenu'],
           `${target}: the option menu is hidden`);
    }
}


test(async (browser) => {
    const moving = await browser.page({ height: 500 });

    await byTap(moving);
    await moving.goto('about:blank');
    await byKeyboard(moving);
    await motion(moving);
    await moving.done();
    await withoutScript(browser);

    const page = await browser.page({ reduced: true, init: () => {
        window.called = [];
        window.WeixinJSBridge = { call: (name) => window.called.push(name) };
        addEventListener('pageshow', (event) => {
            window.restored = event.persisted;
        });
    } });

    await still(page);
    await fromCache(page);
    await bridge(page);
    await page.done();
    await others();
});
