'use strict';

/*
 * A page that fails, as short as it may be.
 *
 *     const { report } = require('./shrink');
 *
 *     report(7, judge(texts, records))    // { text, like }: what to print of
 *                                         // page 7, and what it has in common
 *                                         // with others
 */

const { judgeAll } = require('./judge');
const { FIELDS, page } = require('./pages');


/* which of the faults it is: a tag's place, or how the tree changes */

function faultOf({ fault = '' }) {
    const [, one, other] = /: (\W?\w+)[^]* became (\W?\w+)/.exec(fault) || [];

    return one ? `${one} ${other}`.replace(/<\w+/g, '<>')
               : (/^a tag in \W?\w*/.exec(fault) || [''])[0];
}


/* the first of several texts in which the same is wrong, or -1 */

function firstBad(texts, { fault, records }) {
    return judgeAll(texts.map((text) => ({ text, records })))
        .findIndex((found) => found && faultOf(found) === faultOf({ fault }));
}


/* pieces are taken away, fewer at a time, as long as the same stays wrong */

function shrink(tokens, found) {
    for (let n = tokens.length >> 1; n > 0; n >>= 1) {
        for (let i = 0; i < tokens.length;) {
            const tries = [];

            for (let j = i; j < tokens.length && tries.length < 16; j += n) {
                tries.push([...tokens.slice(0, j), ...tokens.slice(j + n)]);
            }

            const bad = firstBad(tries.map((one) => one.join('')), found);

            i += (bad < 0 ? tries.length : bad) * n;
            tokens = tries[bad] || tokens;
        }
    }

    return withoutSections(tokens, found);
}


/* both tags of a section, which one alone cannot be without */

function withoutSections(tokens, found) {
    for (let i = 0; i < tokens.length; i++) {
        const name = /^\s*\{\{[#^](\w+)\}\}\s*$/.exec(tokens[i]),
              end = name ? tokens.findIndex((token, j) => j > i
                  && token.trim() === `{{/${name[1]}}}`) : -1;

        if (end > 0) {
            const fewer = tokens.filter((_, j) => j !== i && j !== end);

            if (firstBad([fewer.join('')], found) === 0) {
                tokens = fewer;
                i--;
            }
        }
    }

    return tokens;
}


function report(number, found) {
    const tokens = shrink(page(number), found),
          text = shrink([...tokens.join('')], found).join(''),
          [{ fault, records }] = judgeAll([{ text, records: found.records }]),
          used = FIELDS.filter((name) => text.includes(name));

    return { like: text.replace(/\{\{f\d/g, '{{f'), text: [
        `page ${number}: ${fault}`, JSON.stringify(text),
        ...records.map((record) => used.map((name) =>
            `${name}=${JSON.stringify(record[name].toString())}`).join(' ')),
        ''].join('\n') };
}


module.exports = { report };
