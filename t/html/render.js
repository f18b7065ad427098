'use strict';

/*
 * What the module makes of pages, by the program of t/html/render.c, whose
 * file RENDER names.
 *
 *     const { render } = require('./render');
 *
 *     render([{ text, records }])     // [{ texts }], or [{ error }]
 *
 * With "--policy", what no policy can allow is an error as well.  A record is
 * an object with a string or a Buffer for each of FIELDS.
 */

const { spawnSync } = require('child_process');
const { FIELDS } = require('./pages');


/* as a browser does whatever the Content-Type says: Encoding standard, 6 */

const UTF8 = new TextDecoder('utf-8');

function decode(data) {
    if (data[0] === 0xfe && data[1] === 0xff) {
        return new TextDecoder('utf-16be').decode(data);
    }

    return data[0] === 0xff && data[1] === 0xfe
        ? new TextDecoder('utf-16le').decode(data) : UTF8.decode(data);
}


function number(n) {
    const four = Buffer.alloc(4);

    four.writeUInt32LE(n);
    return four;
}


function render(all, ...options) {
    const input = [];

    function put(text) {
        const data = Buffer.isBuffer(text) ? text : Buffer.from(text);

        input.push(number(data.length), data);
    }

    for (const { text, records } of all) {
        put(text);
        input.push(number(records.length));

        for (const record of records) {
            FIELDS.forEach((name) => put(record[name]));
        }
    }

    const { stdout, status, signal, error } = spawnSync(process.env.RENDER,
        [...options, ...FIELDS],
        { input: Buffer.concat(input), maxBuffer: 1 << 30 });

    if (status !== 0) {
        throw error || new Error(`${process.env.RENDER}: ${status || signal}`);
    }

    let at = 0;

    function get() {
        const length = stdout.readUInt32LE(at), start = at + 4;

        at = start + length;
        return decode(stdout.subarray(start, at));
    }

    return all.map(() => {
        const n = stdout.readUInt32LE(at);

        at += 4;
        return n ? { texts: Array.from({ length: n }, get) }
                 : { error: get() };
    });
}


module.exports = { render };
