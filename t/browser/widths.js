'use strict';

/*
 * "prize_status html" on screens of every width, with figures as long as they
 * come and in fonts that differ in width: no text over another, or out of the
 * card that it is in.
 */

const { kind } = require('./browser');
const { is, ok, test } = require('./tap');
const { site, nightly } = require('./site');

const NARROWEST = 320, WIDEST = 2560, STEP = 40, HEIGHT = 900;

/* what people have, in every browser */
const COMMON = [320, 390, 768, 1024, 1280, 1366, 1920, 2560];

/* what the page itself names, the widest on Debian, a narrow one, a serif */
const FONTS = ['', 'DejaVu Sans', 'Noto Sans CJK SC', 'DejaVu Serif'];


/*
 * In the page: what nginx counts becomes as large as it can be on a host that
 * answers ten times what it was designed for, and all stores are away.
 */

function inflate() {
    const send = XMLHttpRequest.prototype.send, count = 20480, total = 987654321,
          peers = ['redis', 'postgres'].map((backend) => [backend,
              `${backend}-primary-1.production.internal.example.com:16379`]);

    function row(columns, values) {
        return values.map((value, i) => {
            return columns[i] === 'second' ? value
                   : columns[i] === 'microseconds' ? 1e6
                   : Array.isArray(value) ? value.map(() => count) : count;
        });
    }

    function large(text) {
        const told = JSON.parse(text), month = Date.now() / 1000 + 2.6e6;

        told.history = told.history.map((one) => row(told.columns, one));

        for (const name of Object.keys(told)) {
            if (/^prize_/.test(name)) {
                told[name] = total;
            } else if (/^(requests|postgres)_/.test(name)) {
                told[name] = count;
            }
        }

        for (const [backend, peer] of peers) {
            const store = `{peer="${peer}"`, redis = 'prize_redis_';

            told[`prize_breaker_open{backend="${backend}",peer="${peer}"}`] =
                16;
            told[`${redis}connections${store},state="connected"}`] = 16;
            told[`${redis}tls_connections${store}}`] = 12;
            told[`${redis}commands_in_flight${store}}`] = count;
            told[`${redis}role${store},role="primary"}`] = 1;
            told[`${redis}role${store},role="sentinel"}`] = 1;

            for (const owner of ['server', 'client']) {
                told[`${redis}certificate_end_seconds${store},`
                     + `owner="${owner}"}`] = month;
            }
        }

        return JSON.stringify({ ...told, workers: 1024, start_time: 1e9,
                                version: '10.20.30' });
    }

    XMLHttpRequest.prototype.send = function () {
        this.addEventListener('readystatechange', () => {
            if (this.readyState === 4 && this.status === 200) {
                const text = large(this.responseText);

                Object.defineProperty(this, 'responseText', { value: text });
            }
        });
        send.call(this);
    };
}


/* the lines of text that is seen, as places on the page */

function texts() {
    const walker = document.createTreeWalker(document.body,
                                             NodeFilter.SHOW_TEXT),
          found = [], block = (element) => {
              while (/^inline$/.test(getComputedStyle(element).display)) {
                  element = element.parentElement;
              }

              return element;
          };

    while (walker.nextNode()) {
        const node = walker.currentNode, parent = node.parentElement,
              range = document.createRange();

        if (!node.data.trim() || parent.closest('script, noscript, .aloud')) {
            continue;
        }

        range.selectNodeContents(node);

        for (const { left, right, top, bottom } of range.getClientRects()) {

            /* letters do not fill what a font keeps for its tallest */
            const some = (bottom - top) * .18;

            found.push({ words: node.data.trim(), block: block(parent), parent,
                         left, right, top: top + some,
                         bottom: bottom - some });
        }
    }

    return found;
}


/* what stands over or against another, and what is out of its card */

function faults(seen) {
    const found = new Set(), NEAR = 3;

    seen.forEach((one, i) => {
        const card = one.parent.closest('.plot, .tiles li, .stores li, .panel, '
                                        + '.banner, body')
                               .getBoundingClientRect();

        if (one.left < card.left || one.right > card.right + .5
            || one.top < card.top || one.bottom > card.bottom)
        {
            found.add(`${one.words}: out of its card`);
        }

        for (const other of seen.slice(i + 1)) {
            if (one.block !== other.block
                && one.left < other.right + NEAR
                && other.left < one.right + NEAR
                && one.top < other.bottom && other.top < one.bottom)
            {
                found.add(`${one.words} / ${other.words}`);
            }
        }
    });

    return [...found];
}


/* what is wrong in each font; "sideways" is how far the page can be scrolled */

function look(fonts) {
    return fonts.map((font) => {
        const sheet = new CSSStyleSheet(), root = document.scrollingElement;

        sheet.replaceSync(font ? `body { font-family: "${font}" !important }`
                               : '');
        document.adoptedStyleSheets = [sheet];

        const seen = window.textsToTest();

        return { texts: seen.length, wrong: window.faultsToTest(seen),
                 sideways: root.scrollWidth - root.clientWidth };
    });
}


function widths() {
    const all = [];

    for (let width = NARROWEST; width <= WIDEST; width += STEP) {
        all.push(width);
    }

    return kind === 'chromium' || nightly
           ? [...new Set([...all, ...COMMON])].sort((a, b) => a - b) : COMMON;
}


test(async (browser) => {
    const page = await browser.page({ touch: false, init: inflate });

    await page.goto(`${site}/status`);
    await page.waitForFunction(() => {
        return /,/.test(document.getElementById('rate').textContent);
    }, null, { polling: 100 });
    await page.evaluate(`window.textsToTest = ${texts};
                         window.faultsToTest = ${faults};`);

    for (const width of widths()) {
        await page.setViewportSize({ width, height: HEIGHT });

        (await page.evaluate(look, FONTS)).forEach((seen, i) => {
            const name = `${width}, ${FONTS[i] || 'its own font'}`;

            ok(seen.texts > 80, `${name}: there is something to read`);
            is(seen.wrong, [], `${name}: all has its place`);
            is(seen.sideways, 0, `${name}: nothing to scroll sideways`);
        });
    }

    is(page.seen.console, [], 'nothing on the console');
    await page.done();
});
