'use strict';

/*
 * A page in WebKitGTK with as much of Playwright's interface as the tests use,
 * for which a proxy says what is asked for and puts a script before a page's
 * own.  WebDriver has no more: "can" of browser.js says what that leaves out.
 */

const fs = require('fs');
const { openProxy } = require('./proxy');
const { LIMIT, openScreen, openSession, sleep } = require('./webdriver');

const KEYS = { Tab: '\uE004', Enter: '\uE007' };


/* in each document, before its own scripts: what is said there is kept */

function listen() {
    const said = [];

    document.currentScript.remove();
    Object.defineProperty(window, 'saidToTest', { value: said });

    for (const name of ['log', 'info', 'warn', 'error', 'debug']) {
        const call = console[name];

        console[name] = function (...words) {
            said.push(words.join(' '));
            call.apply(console, words);
        };
    }

    addEventListener('error', (event) => {
        said.push(event.message || `${event.target.tagName} is not loaded`);
    }, true);
    addEventListener('unhandledrejection', ({ reason }) => {
        said.push(String(reason));
    });
    document.addEventListener('securitypolicyviolation', (event) => {
        said.push(`violates ${event.violatedDirective}: ${event.blockedURI}`);
    });
}


/* a clock that stands, and goes on by "runFor", over a reload too */

function stopClock(start) {
    const kept = 'clock of the test', real = Date, tasks = [];
    let now = Number(sessionStorage.getItem(kept)) || start, last = 0;

    function plan(run, wait, every, rest) {
        tasks.push({ id: ++last, at: now + Math.max(1, wait || 0), every,
                     run: () => run(...rest) });
        return last;
    }

    function forget(id) {
        const i = tasks.findIndex((task) => task.id === id);

        if (i >= 0) {
            tasks.splice(i, 1);
        }
    }

    window.Date = class extends real {
        constructor(...parts) {
            super(...parts.length ? parts : [now]);
        }

        static now() {
            return now;
        }
    };
    window.setTimeout = (run, wait, ...rest) => plan(run, wait, 0, rest);
    window.setInterval = (run, wait, ...rest) => {
        return plan(run, wait, Math.max(1, wait || 0), rest);
    };
    window.clearTimeout = window.clearInterval = forget;

    function goTo(time) {
        now = time;
        sessionStorage.setItem(kept, now);
    }

    window.clockOfTest = {
        goTo,
        runFor(wait) {
            const end = now + wait;

            for (;;) {
                const [next] = tasks.filter(({ at }) => at <= end)
                                    .sort((a, b) => a.at - b.at);

                if (!next) {
                    break;
                }

                goTo(next.at);

                if (next.every) {
                    next.at += next.every;
                } else {
                    forget(next.id);
                }

                next.run();
            }

            goTo(end);
        }
    };
}


/* the size of a user's text */

function enlarge(percent) {
    document.documentElement.style.fontSize = percent + '%';
}


function call(run, argument) {
    return `(${run})(${argument === undefined ? ''
                                              : JSON.stringify(argument)});`;
}


/* what is evaluated: its value, the address, and what was said before it */

function question(what, argument, script) {
    const value = typeof what === 'function'
        ? `(${what})(...arguments[0])` : `(() => { ${what}\n })()`;

    /* WebKit never answers with an object that has a value undefined */

    const all = (one) => `{ value: (${one}) ?? null, url: location.href, said:
        window.saidToTest ? window.saidToTest.splice(0) : [] }`;

    return {
        script: script ? `const done = arguments[arguments.length - 1];
            Promise.resolve().then(() => ${value})
                .then((value) => done(${all('value')}),
                      (error) => done({ error: String(error), said: [] }));`
                       : `return ${all(value)};`,
        args: [argument === undefined ? [] : [argument]]
    };
}


class Page {
    constructor(option) {
        this.option = option;
        this.seen = { requests: [], console: [] };
        this.scripts = [call(listen)];
        this.answers = new Map();
        this.keyboard = { press: (key) => this.press(key) };
        this.clock = {
            install: ({ time }) => this.addInitScript(stopClock, time),
            pauseAt: (time) => this.addInitScript((at) => {
                sessionStorage.getItem('clock of the test')
                    || window.clockOfTest.goTo(at);
            }, time),
            runFor: (wait) => this.evaluate((time) => {
                window.clockOfTest.runFor(time);
            }, wait)
        };

        if (option.text) {
            this.addInitScript(enlarge, option.text);
        }
    }

    async open(display, dir) {
        this.proxy = await openProxy({
            request: (url) => { this.seen.requests.push(url); },
            answer: (answer) => this.answers.set(answer.url, answer)
        });

        this.chooseScript();

        const { session, end } = await openSession(display, dir, {
            reduced: this.option.reduced,
            args: [`--proxy=http://127.0.0.1:${this.proxy.port}`,
                   ...this.option.script === false
                       ? ['--enable-javascript=false'] : [],
                   ...this.option.dark ? ['--dark-mode'] : []]
        });

        this.session = session;
        this.end = end;
        await this.setViewportSize({ width: this.option.width || 390,
                                     height: this.option.height || 844 });
        return this;
    }

    chooseScript() {
        if (this.proxy && this.option.script !== false) {
            this.proxy.option.script = this.scripts.join('\n')
                                           .replace(/<\//g, '<\\/');
        }
    }

    async addInitScript(run, argument) {
        this.scripts.push(call(run, argument));
        this.chooseScript();
    }

    on() {}

    url() {
        return this.address;
    }

    context() {
        return { addCookies: async (cookies) => {
            for (const { name, value } of cookies) {
                await this.session('POST', '/cookie',
                                   { cookie: { name, value } });
            }
        } };
    }

    async evaluate(what, argument) {
        const script = this.option.script !== false,
              { value, url, said, error } = await this.session('POST',
                  `/execute/${script ? 'async' : 'sync'}`,
                  question(what, argument, script));

        if (error) {
            throw new Error(error);
        }

        this.address = url;
        this.seen.console.push(...said);
        return value;
    }

    locator(selector) {
        const ask = (run, ...more) => this.evaluate(run, [selector, ...more]);

        return {
            innerText: () => ask(([css]) => {
                return document.querySelector(css).innerText;
            }),
            getAttribute: (name) => ask(([css, key]) => {
                return document.querySelector(css).getAttribute(key);
            }, name)
        };
    }

    async goto(url) {
        await this.evaluate('').catch(() => {});
        await this.session('POST', '/url', { url });
        await this.evaluate('');

        const answer = this.answers.get(url.replace(/#.*/, ''));

        return answer && { status: () => answer.status,
                           headers: () => answer.headers,
                           text: async () => answer.text };
    }

    goBack() {
        return this.session('POST', '/back', {});
    }

    reload() {
        return this.session('POST', '/refresh', {});
    }

    async waitForFunction(run, argument, { polling = 100 } = {}) {
        const end = Date.now() + LIMIT;

        while (!await this.evaluate(run, argument).catch(() => false)) {
            if (Date.now() > end) {
                throw new Error('waited in vain: ' + run);
            }

            await sleep(polling);
        }
    }

    /* of a document that is another than the one of now */

    async waitForEvent() {
        const origin = () => performance.timeOrigin,
              before = await this.evaluate(origin);

        await this.waitForFunction((old) => {
            return document.readyState === 'complete'
                   && performance.timeOrigin !== old;
        }, before, { polling: 20 });
    }

    /* the toolbar is above the page */

    async setViewportSize({ width, height }) {
        const inner = () => this.evaluate(() => [innerWidth, innerHeight]),
              end = Date.now() + LIMIT;
        let found = await inner();

        while (found[0] !== width || found[1] !== height) {
            const bar = await this.evaluate(() => outerHeight - innerHeight);

            if (Date.now() > end) {
                throw new Error(`a window of ${found}, not ${width},${height}`);
            }

            await this.session('POST', '/window/rect',
                               { width, height: height + bar });
            await sleep(20);
            found = await inner();
        }

        this.size = { width, height };
    }

    async screenshot({ path, fullPage } = {}) {
        const size = this.size,
              height = fullPage && await this.evaluate(() => {
                  return document.scrollingElement.scrollHeight;
              });

        if (height > size.height) {
            await this.setViewportSize({ width: size.width, height });
        }

        const picture = Buffer.from(await this.session('GET', '/screenshot'),
                                    'base64');

        if (height > size.height) {
            await this.setViewportSize(size);
        }

        if (path) {
            fs.writeFileSync(path, picture);
        }

        return picture;
    }

    async tap(selector) {
        await this.waitForFunction((css) => {
            const one = document.querySelector(css);

            if (!one || getComputedStyle(one).visibility !== 'visible') {
                return false;
            }

            one.scrollIntoView({ block: 'center' });
            return true;
        }, selector);

        const origin = await this.session('POST', '/element', {
            using: 'css selector', value: selector
        });

        await this.act('pointer', { parameters: { pointerType: 'touch' } }, [
            { type: 'pointerMove', duration: 0, x: 0, y: 0, origin },
            { type: 'pointerDown', button: 0 },
            { type: 'pointerUp', button: 0 }
        ]);
    }

    press(key) {
        const value = KEYS[key];

        return this.act('key', {}, [{ type: 'keyDown', value },
                                    { type: 'keyUp', value }]);
    }

    act(type, option, actions) {
        return this.session('POST', '/actions', {
            actions: [{ type, id: type, ...option, actions }]
        });
    }

    async done() {
        await this.end();
        this.proxy.close();
    }
}


/* pages on one screen, each in a browser of its own */

async function launch(dir) {
    const screen = await openScreen(), pages = [];

    return {
        page: async (option) => {
            const page = new Page(option);

            pages.push(page);
            return page.open(screen.display, dir);
        },
        close: async () => {
            for (const page of pages) {
                await page.done().catch(() => {});
            }

            await screen.end();
        }
    };
}


module.exports = { launch };
