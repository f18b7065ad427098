'use strict';

/*
 * WebKitGTK's own browser, MiniBrowser, by WebDriver, on a screen of Xvfb.
 *
 *     const { session, end } = await openSession(dir, { args, dark, reduced });
 *
 *     await session('POST', '/url', { url });  // an answer's "value", or throws
 *     await end();
 *
 * The protocol: https://www.w3.org/TR/webdriver2/.  Commands are sent one
 * after the other, in the order of their calls.
 */

const fs = require('fs');
const http = require('http');
const net = require('net');
const path = require('path');
const { spawn } = require('child_process');

const LIMIT = 300000, SCREEN = '2600x2600x24';

/* so that the window can be as narrow as a phone */
const NARROW = '* { min-width: 0; min-height: 0; padding: 0; margin: 0; '
               + 'border-width: 0; font-size: 1px }\n';


function sleep(wait) {
    return new Promise((done) => setTimeout(done, wait));
}


function ask(port, method, target, body) {
    return new Promise((done, failed) => {
        const text = body && JSON.stringify(body),
              request = http.request({
                  host: '127.0.0.1', port, method, path: target,
                  headers: text ? { 'Content-Type': 'application/json',
                                    'Content-Length': Buffer.byteLength(text) }
                                : {}
              });

        request.on('error', failed);
        request.setTimeout(2 * LIMIT, () => {
            request.destroy(new Error(`${target}: no answer`));
        });
        request.on('response', async (answer) => {
            let said = '';

            try {
                for await (const piece of answer.setEncoding('utf8')) {
                    said += piece;
                }

                const { value } = JSON.parse(said);

                if (answer.statusCode !== 200) {
                    throw new Error(`${target}: ${value.error}: `
                                    + value.message);
                }

                done(value);

            } catch (error) {
                failed(error);
            }
        });

        request.end(text);
    });
}


function freePort() {
    return new Promise((done) => {
        const server = net.createServer().listen(0, '127.0.0.1', () => {
            const { port } = server.address();

            server.close(() => done(port));
        });
    });
}


/* a program's processes end with it */

function start(command, args, option) {
    const program = spawn(command, args, option);
    const ended = new Promise((done) => {
        program.on('error', (error) => {
            console.error(`${command}: ${error.message}`);
            done();
        });
        program.on('exit', done);
    });

    return { program, end: () => {
        program.kill();
        return ended;
    } };
}


/* the number of a screen that is free, which Xvfb itself finds */

async function openScreen() {
    const { program, end } = start('Xvfb', ['-displayfd', '1', '-screen', '0',
        SCREEN, '-nolisten', 'tcp'], { stdio: ['ignore', 'pipe', 'inherit'] });

    let number = '';

    for await (const piece of program.stdout) {
        number += piece;

        if (number.endsWith('\n')) {
            return { display: ':' + number.trim(), end };
        }
    }

    throw new Error('Xvfb does not start');
}


/* GTK's settings are files below a home */

function settle(home, reduced) {
    const folder = path.join(home, '.config/gtk-3.0');

    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'gtk.css'), NARROW);
    fs.writeFileSync(path.join(folder, 'settings.ini'),
        `[Settings]\ngtk-toolbar-icon-size=1\n`
        + `gtk-enable-animations=${reduced ? 0 : 1}\n`);
}


function findBrowser() {
    const [found] = fs.readdirSync('/usr/lib')
        .map((name) => `/usr/lib/${name}/webkit2gtk-4.1/MiniBrowser`)
        .filter((file) => fs.existsSync(file));

    if (!found) {
        throw new Error('there is no webkit2gtk-4.1/MiniBrowser in /usr/lib');
    }

    return found;
}


async function begin(port, args) {
    const end = Date.now() + LIMIT;

    for (;;) {
        try {
            await ask(port, 'GET', '/status');
            break;

        } catch (error) {
            if (Date.now() > end) {
                throw error;
            }

            await sleep(50);
        }
    }

    const { sessionId } = await ask(port, 'POST', '/session', {
        capabilities: { alwaysMatch: {
            timeouts: { script: LIMIT, pageLoad: LIMIT },
            'webkitgtk:browserOptions': { binary: findBrowser(), args }
        } }
    });

    return `/session/${sessionId}`;
}


async function openSession(display, dir, { args, reduced }) {
    const home = fs.mkdtempSync(path.join(dir, 'home.')), port =
          await freePort();

    settle(home, reduced);

    const { end } = start('WebKitWebDriver', [`--port=${port}`], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC',
               HOME: home, XDG_RUNTIME_DIR: home,
               DISPLAY: display, NO_AT_BRIDGE: '1', GTK_A11Y: 'none',
               GIO_USE_VFS: 'local', GSETTINGS_BACKEND: 'memory' }
    });
    const base = await begin(port, ['--automation', ...args]);
    let last = Promise.resolve();

    function session(method, target, body) {
        const one = last.then(() => ask(port, method, base + target, body));

        last = one.catch(() => {});
        return one;
    }

    return { session, end: async () => {
        await session('DELETE', '').catch(() => {});
        await end();
    } };
}


module.exports = { LIMIT, openScreen, openSession, sleep };
