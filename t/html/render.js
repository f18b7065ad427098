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
        return stdout.toString('utf8', start, at);
    }

    return all.map(() => {
        const n = stdout.readUInt32LE(at);

        at += 4;
        return n ? { texts: Array.from({ length: n }, get) }
                 : { error: get() };
    });
}


module.exports = { render };
