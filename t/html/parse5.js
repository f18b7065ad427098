'use strict';

/*
 * The measure of "a value is text": pages by chance, rendered with a plain
 * record and with hostile ones, are the same tree to a conforming parser.
 *
 *     parse5.js FROM COUNT [kinds]
 *
 * runs the pages with the numbers FROM to FROM + COUNT - 1 and prints TAP.  A
 * page that fails is shrunk and printed: its number, what is wrong, the page,
 * and the values.  With "kinds", what was refused is counted by its message,
 * and beside it how many of these pages the parser would not have minded.
 * RENDER is the program of t/html/render.c.
 */

const os = require('os');
const { Worker, isMainThread, parentPort, workerData } =
    require('worker_threads');
const { judge, judgeAll } = require('./judge');
const { page } = require('./pages');
const { report } = require('./shrink');
const { groups } = require('./values');

/*
 * So many pages at a time; and so many faults are shrunk by a thread, of which
 * those that are alike are told once.
 */
const BATCH = 500, SHRUNK = 20;

/* so much of Mustache as the pages have, for what the module refuses */

function renderAnyway(text, record) {
    const bodies = /\{\{([#^])(\w+)\}\}([^]*?)\{\{\/\2\}\}/;
    let plain = text.replace(/\{\{![^]*?\}\}/g, '');

    for (let found; (found = bodies.exec(plain));) {
        const shows = /[1-9a-z]/.test(record[found[2]])
                      && record[found[2]].toString() !== 'no';

        plain = plain.replace(found[0],
                              () => shows === (found[1] === '#')
                              ? found[3] : '');
    }

    const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;',
                      '\'': '&#39;' };

    return plain.replace(/\{?\{\{(\w+)\}\}\}?/g, (tag, name) => {
        const value = (record[name] || '').toString();

        return tag.startsWith('{{{') ? value
            : value.replace(/[&<>"']/g, (ch) => escapes[ch]);
    });
}


const kindOf = (error) => error.replace(/^[\d:]+ /, '')
    .replace(/"[^"]*"/g, '""').replace(/\d+:\d+/g, 'N:N').slice(0, 100);


function count(kinds, error, { text, records }) {
    const kind = kindOf(error);

    kinds[kind] = kinds[kind] || [0, 0, ''];
    kinds[kind][0]++;

    /* what is wrong as Mustache, or no text, is no matter of places */
    if (/^(field|section|"[^"]*" is|a )/.test(kind)
        && !judge(records.map((record) => renderAnyway(text, record)), records))
    {
        kinds[kind][1]++;

        if (!kinds[kind][2] || text.length < kinds[kind][2].length) {
            kinds[kind][2] = text;
        }
    }
}


function work({ from, to, step, kinds }) {
    const result = { accepted: 0, faults: 0, reports: {}, kinds: {} };

    for (let first = from; first < to; first += step) {
        const all = [];

        for (let n = first; n < Math.min(to, first + BATCH); n++) {
            all.push({ text: page(n).join(''), records: groups(n).flat() });
        }

        judgeAll(all).forEach((found, i) => {
            if (found && found.error) {
                return kinds && count(result.kinds, found.error, all[i]);
            }

            result.accepted++;

            if (found && result.faults++ < SHRUNK) {
                const { like, text } = report(first + i, found);

                result.reports[like] = result.reports[like] || text;
            }
        });
    }

    return result;
}


function finish(results, pages, seconds) {
    const sum = (name) => results.reduce((n, one) => n + one[name], 0),
          accepted = sum('accepted'), faults = sum('faults'), kinds = {};

    for (const [kind, [n, minded, text]] of
         results.flatMap((one) => Object.entries(one.kinds)))
    {
        const [n1, minded1, text1] = kinds[kind] || [0, 0, ''];

        kinds[kind] = [n + n1, minded + minded1, !text1
            || (text && text.length < text1.length) ? text : text1];
    }

    console.log(`# ${pages} pages in ${seconds.toFixed(1)} s,`
                + ` ${Math.round(pages / seconds)} a second;`
                + ` ${accepted} accepted, ${faults} with a fault`);

    for (const [kind, [n, fine, text]] of
         Object.entries(kinds).sort(([, a], [, b]) => b[0] - a[0]))
    {
        console.log(`# refused ${n}, ${fine} of them in vain: ${kind}`);

        if (fine) {
            console.log(`#     ${JSON.stringify(text)}`);
        }
    }

    const reports = Object.assign({}, ...results.map((one) => one.reports));

    for (const one of Object.values(reports)) {
        console.log(one.replace(/^/gm, '# '));
    }

    console.log(`${faults ? 'not ok' : 'ok'} 1 - a value is text`);
    console.log(`${2 * accepted < pages ? 'not ok' : 'ok'} 2 - at least half`
                + ' of the pages are accepted');
    console.log('1..2');
    process.exitCode = faults || 2 * accepted < pages ? 1 : 0;
}


/* every other batch, on each processor */

function main([from, pages, kinds]) {
    const threads = Math.min(os.cpus().length, Math.ceil(pages / BATCH)),
          begun = Date.now(), results = [];

    for (let i = 0; i < threads; i++) {
        new Worker(__filename, { workerData: {
            from: Number(from) + i * BATCH, to: Number(from) + Number(pages),
            step: threads * BATCH, kinds: Boolean(kinds)
        } }).on('message', (result) => {
            results.push(result);

            if (results.length === threads) {
                finish(results, pages, (Date.now() - begun) / 1000);
            }
        });
    }
}


if (isMainThread) {
    main(process.argv.slice(2));
} else {
    parentPort.postMessage(work(workerData));
}
