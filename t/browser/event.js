'use strict';

/*
 * Screens with "prize_status html", and what is to be seen on them.
 *
 *     const { act, open, reach } = require('./event');
 *
 *     const screen = await open(browser, 'wall', { width: 1920 });
 *
 *     await act('kill redis');         // see Test::Prize::Dashboard
 *     await reach([screen], 'without Redis', 'degraded', /Redis is left/);
 *
 * With OUT in the environment "reach" leaves pictures of each screen there,
 * light and dark.
 */

const fs = require('fs');
const net = require('net');
const path = require('path');
const { createInterface } = require('readline');
const { axe } = require('./axe');
const { picture, sideways } = require('./browser');
const { is, ok } = require('./tap');

const out = process.env.OUT;

/* a stream of a file would hold up the end of the process by its read */

const answers = createInterface({
    input: new net.Socket({ fd: Number(process.env.ANSWER), readable: true,
                            writable: false })
})[Symbol.asyncIterator]();


async function act(line) {
    fs.writeSync(Number(process.env.ASK), line + '\n');

    const answer = JSON.parse((await answers.next()).value);

    if (answer.error) {
        throw new Error(`${line}: ${answer.error}`);
    }

    return answer;
}


/* a page with what it was told: "rows" of the history by their second */

async function open(browser, name, option) {
    const page = await browser.page({ ...option, init: keepCount }),
          screen = { name, page, rows: new Map() };

    page.on('requestfinished', (request) => {
        if (request.url().includes('?json')) {
            request.response().then((response) => response.text())
                .then((text) => note(screen, JSON.parse(text)))
                .catch(() => {});       /* the page has been closed */
        }
    });

    return screen;
}


/*
 * In the page: the most questions that were under way at once, how often the
 * banner changed, and what a screen reader was given to say.
 */

function keepCount() {
    const send = XMLHttpRequest.prototype.send;
    let asked = 0;

    window.most = 0;
    window.changes = [];
    window.spoken = [];

    document.addEventListener('DOMContentLoaded', () => {
        const banner = document.getElementById('banner'),
              changes = new MutationObserver(() => {
                  const state = banner.dataset.state;

                  if (state !== window.changes[window.changes.length - 1]) {
                      window.changes.push(state);
                  }
              }),
              spoken = new MutationObserver(([{ target }]) => {
                  window.spoken.push(target.textContent);
              });

        window.changes.push(banner.dataset.state);
        changes.observe(banner, { attributeFilter: ['data-state'] });

        document.querySelectorAll('[role=status], [role=alert], [aria-live]')
            .forEach((live) => spoken.observe(live, {
                childList: true, characterData: true, subtree: true
            }));
    });

    XMLHttpRequest.prototype.send = function () {
        window.most = Math.max(window.most, ++asked);
        this.addEventListener('loadend', () => asked--);
        send.call(this);
    };
}


function note(screen, told) {
    if (told.start_time !== screen.start) {
        screen.start = told.start_time;
        screen.rows.clear();
    }

    for (const values of told.history) {
        const row = {};

        told.columns.forEach((column, i) => { row[column] = values[i]; });
        screen.rows.set(row.second, row);
    }
}


function total(screen, column) {
    return [...screen.rows.values()].reduce((n, row) => n + row[column], 0);
}


/* waits until every screen is in a state, and looks at it */

async function reach(screens, name, state, why) {
    for (const screen of screens) {
        await screen.page.waitForFunction(([wanted, source]) => {
            return new RegExp(`^(${wanted})$`)
                       .test(document.getElementById('banner').dataset.state)
                   && new RegExp(source, 'i')
                      .test(document.getElementById('why').textContent);
        }, [state, why.source], { polling: 100 }).catch(async () => {
            const said = await screen.page.locator('#banner .say')
                                          .innerText();

            throw new Error(`${name}: no "${state}" with ${why} on `
                            + `${screen.name}, but "${said}"`);
        });
    }

    ok(true, `${name}: ${state}, ${why}`);
    await look(screens, name);
}


/* as it stands now: Chromium may be busy, and the state pass */

async function look(screens, name) {
    for (const screen of screens) {
        const text = await screen.page.evaluate(() => {
            return document.body.innerText;
        });

        is(await sideways(screen.page), 0,
           `${name}: nothing is wider than ${screen.name}`);
        ok(!/NaN|undefined|null|Infinity|-\d/.test(text),
           `${name}: only numbers on ${screen.name}`, text);

        for (const scheme of out ? ['dark', 'light', null] : []) {
            await screen.page.emulateMedia({ colorScheme: scheme });

            if (scheme) {
                await picture(screen.page, { path: path.join(out,
                    `dashboard.${name}.${screen.name}.${scheme}.png`),
                    fullPage: true });
            }
        }
    }
}


/* in the colours that the screen has, or in all that are named */

async function accessible(screens, name, schemes = [null]) {
    for (const screen of screens) {
        for (const scheme of schemes) {
            await screen.page.emulateMedia({ colorScheme: scheme });
            await axe(screen.page, `${name}, ${screen.name}, ${scheme}`);
        }

        await screen.page.emulateMedia({ colorScheme: null });
    }
}


/* the total of each status, without those of which there is none */

function codes(screen) {
    return screen.page.evaluate(() => {
        const count = {};

        for (const item of document.querySelectorAll('#codes li')) {
            const n = item.querySelector('b').textContent.replace(/,/g, '');

            if (n !== '0') {
                count[item.dataset.code] = Number(n);
            }
        }

        return count;
    });
}


function sorted(count) {
    return Object.entries(count).sort();
}


/* nobody asks any more */

async function equalsLog(screens, name) {
    const log = await act('log');

    for (const screen of screens) {
        await screen.page.waitForFunction((wanted) => {
            return document.querySelector('[data-code="200"] b').textContent
                   .replace(/,/g, '') === String(wanted);
        }, log.status[200], { polling: 100 }).catch(() => {});

        is(sorted(await codes(screen)), sorted(log.status),
           `${name}: the statuses of the access log on ${screen.name}`);
    }

    return log;
}


/* and the charts are of just these, as the pointer finds out */

async function chartsEqualLog(screen, log) {
    is(['200', '400', '404', '503'].map((code) => total(screen, code)),
       ['200', '400', '404', '503'].map((code) => log.status[code] || 0),
       'the seconds of the history add up to the access log');
    is(['from_redis', 'from_postgres', 'from_nobody']
        .map((source) => total(screen, source)),
       ['redis', 'postgres', '-'].map((source) => log.source[source] || 0),
       'by who had the record as well');

    const rows = [...screen.rows.values()].sort((a, b) => a.second - b.second)
                                          .slice(0, -1),
          last = Math.max(...screen.rows.keys()),
          seen = await pointed(screen.page, rows.map(({ second }) => {
              return second - last;
          }));

    is(seen, rows.map((row) => {
        return [row['200'], row['400'] + row['404'], row['503'],
                row.from_redis, row.from_postgres, row.from_nobody]
            .map((n) => rate(n * 1e6 / row.microseconds));
    }), 'and what is pointed at is what was counted in that second');
}


/* as the legend writes it */

function rate(n) {
    return n > 0 && n < 9.95 ? n.toFixed(1)
                             : Math.round(n).toLocaleString('en-US');
}


/*
 * What the legends say of each second, counted back from the last: the first
 * one is pointed at, and of the others the page is told that they were.
 */

async function pointed(page, seconds) {
    const plot = page.locator('#requests .plot'),
          box = await plot.boundingBox();

    await page.mouse.move(box.x + box.width * (900 + seconds[0]) / 900,
                          box.y + box.height / 2);

    const seen = await plot.evaluate((element, all) => all.map((second, i) => {
        const { left, width } = element.getBoundingClientRect();

        if (i) {
            element.dispatchEvent(new PointerEvent('pointermove', {
                clientX: left + width * (900 + second) / 900
            }));
        }

        return [...document.querySelectorAll('#requests .legend b, '
                                             + '#sources .legend b')]
            .map(({ textContent }) => textContent);
    }), seconds);

    await page.mouse.move(1, 1);
    return seen;
}


/* how many seconds of the strip are of each state */

function strip(screen) {
    return screen.page.evaluate(() => {
        return ['ok', 'degraded', 'down'].map((state) => {
            const d = document.querySelector(`.strip .${state}`)
                              .getAttribute('d') || '';

            return [...d.matchAll(/h(\d+)/g)]
                .reduce((n, [, width]) => n + Number(width), 0);
        });
    });
}


module.exports = { accessible, act, chartsEqualLog, equalsLog, open,
                   reach, strip };
