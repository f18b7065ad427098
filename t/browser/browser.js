'use strict';

/*
 * A browser of Debian's, and pages in it that remember what they asked for and
 * complained about.  BROWSER in the environment says which one: "chromium", the
 * default, without a window, which takes two thirds of what the one with a
 * hidden window does; "firefox"; or "webkit", which is WebKitGTK.
 *
 *     const { withBrowser } = require('./browser');
 *
 *     withBrowser(async (browser) => {
 *         const page = await browser.page({ width: 320, dark: true });
 *
 *         await page.goto('http://127.0.0.1:8080/h5?id=7');
 *         page.seen.requests      // URLs, "data:" ones left out
 *         page.seen.console       // texts of messages and uncaught errors,
 *                                 // violations of the policy among them
 *         await page.done();
 *     });
 *
 * A page is Playwright's own; so much is added to it as this file says.  One
 * in WebKit has only what webkit.js has of that.  What a test cannot ask of
 * each browser "can" tells:
 *
 *     can.emulate     another color scheme for a page that is open
 *     can.shifts      the layout shifts that a page has seen
 *     can.tree        what a screen reader is given
 *     can.touch       a finger: else "tap" is the mouse's
 */

const fs = require('fs');
const os = require('os');
const path = require('path');
const { chromium, firefox } = require('playwright-core');
const webkit = require('./webkit');

const kind = process.env.BROWSER || 'chromium';

const can = {
    chromium: { emulate: true, shifts: true, tree: true, touch: true },
    firefox: {},
    webkit: { touch: true }
}[kind];

/* for what never comes: a machine may be busy for minutes */
const LIMIT = 300000;

/*
 * Playwright adds --headless, --no-sandbox, and what keeps it off the net.  A
 * process for each page is enough: none is kept ready beside it.
 */
const FLAGS = ['--disable-gpu', '--disable-quic', '--renderer-process-limit=1'];


function holdLater() {
    const soon = window.setTimeout, now = Date.now();

    window.setTimeout = (call, wait, ...rest) =>
        wait >= 1000 ? 0 : soon(call, wait, ...rest);
    Date.now = () => now;
    performance.now = () => 0;
}


/*
 * Options, all optional: width, height, touch (true by default), dark, reduced,
 * text (its size in percent), script (false: no JavaScript), init, a function
 * that runs in each document before its own scripts, and still: what a page
 * would do by itself in a second or later does not happen, however long it is
 * looked at, and its clocks stand.
 */

async function openPage(browser, option) {
    const context = await browser.newContext({
        viewport: { width: option.width || 390, height: option.height || 844 },
        hasTouch: can.touch && option.touch !== false,
        isMobile: can.touch && option.touch !== false,
        colorScheme: option.dark ? 'dark' : 'light',
        reducedMotion: option.reduced ? 'reduce' : 'no-preference',
        javaScriptEnabled: option.script !== false,
        locale: 'zh-CN'
    });
    const page = await context.newPage();

    context.setDefaultTimeout(LIMIT);
    page.done = () => context.close();

    if (!can.touch) {
        page.tap = page.click;
    }

    if (option.script === false && kind === 'firefox') {
        await page.route('**', sandbox);
    }

    watch(page);
    return page;
}


/* Firefox has no such setting that leaves "evaluate" at work */

async function sandbox(route) {
    const response = await route.fetch();

    await route.fulfill({ response, headers: {
        ...response.headers(),
        'content-security-policy': 'sandbox allow-same-origin'
    } });
}


function watch(page) {
    const seen = { requests: [], console: [] };

    page.seen = seen;
    page.on('console', (message) => seen.console.push(message.text()));
    page.on('pageerror', (error) => seen.console.push(String(error)));
    page.on('request', (request) => {
        if (!request.url().startsWith('data:')) {
            seen.requests.push(request.url());
        }
    });
}


/* how far the page can be scrolled sideways, and what sticks out */

function sideways(page) {
    return page.evaluate(() => {
        const root = document.scrollingElement,
              width = document.documentElement.clientWidth;
        let far = 0;

        for (const element of document.querySelectorAll('h1, p, a, span')) {
            const box = element.getBoundingClientRect();

            if (box.width > 1) {
                far = Math.max(far, box.right - width, -box.left);
            }
        }

        return Math.max(far, root.scrollWidth - width,
                        root.scrollWidth - window.innerWidth, 0);
    });
}


/* a browser that has no frame to show, on a machine that is busy, says so */

async function patient(shoot) {
    for (let left = 5; ; left--) {
        try {
            return await shoot();

        } catch (error) {
            if (!left || !/Unable to capture/.test(error.message)) {
                throw error;
            }
        }
    }
}


function picture(page, option) {
    return patient(() => page.screenshot(option));
}


/*
 * A text size is one of a whole browser, as the setting of a user is: what is
 * set for a page is lost when its picture is taken.
 */

function launchChromium({ text }) {
    const flags = text ? ['--blink-settings=defaultFontSize=' + 16 * text / 100]
                       : [];

    return chromium.launch({
        executablePath: '/usr/bin/chromium-headless-shell',
        args: [...FLAGS, ...flags], timeout: LIMIT,
        ignoreDefaultArgs: ['--disable-back-forward-cache']
    });
}


/* as it is: Playwright speaks WebDriver BiDi with it, which has no media */

function launchFirefox({ text, dark, reduced }) {
    const set = { 'layout.css.prefers-color-scheme.content-override':
                      dark ? 0 : 1,
                  'ui.prefersReducedMotion': reduced ? 1 : 0 };

    for (const language of text ? ['zh-CN', 'x-western', 'x-unicode'] : []) {
        set[`font.size.variable.${language}`] = 16 * text / 100;
    }

    return firefox.launch({ channel: 'moz-firefox', timeout: LIMIT,
                            executablePath: '/usr/bin/firefox-esr',
                            firefoxUserPrefs: set });
}


/* a browser for each set of options that are a whole browser's */

function opener(dir) {
    const launched = {};

    async function launch({ text, dark, reduced }) {
        const option = kind === 'chromium' ? { text }
                       : kind === 'firefox' ? { text, dark, reduced } : {},
              key = JSON.stringify(option);

        launched[key] = launched[key]
            || await (kind === 'chromium' ? launchChromium(option)
                      : kind === 'firefox' ? launchFirefox(option)
                      : webkit.launch(dir));
        return launched[key];
    }

    return {
        page: async (option = {}) => {
            const browser = await launch(option),
                  page = kind === 'webkit' ? await browser.page(option)
                                           : await openPage(browser, option);

            if (option.still) {
                await page.addInitScript(holdLater);
            }

            if (option.init) {
                await page.addInitScript(option.init);
            }

            return page;
        },
        close: async () => {
            for (const browser of Object.values(launched)) {
                await browser.close();
            }
        }
    };
}


async function withBrowser(run) {
    /* a short name, since there are sockets in it */

    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'browser.'));

    process.env.TMPDIR = dir;
    process.env.HOME = dir;

    /* by its folder t/servers knows who was left behind */

    if (process.env.TEST_NGINX_RUN_DIR) {
        process.chdir(process.env.TEST_NGINX_RUN_DIR);
    }

    const { page, close } = opener(dir);

    try {
        await run({ page });

    } finally {
        await close();
        fs.rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    }
}


module.exports = { LIMIT, can, kind, picture, sideways, withBrowser };
