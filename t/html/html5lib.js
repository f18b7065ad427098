'use strict';

/*
 * The tests of html5lib, with a value at each place of their inputs.
 *
 *     html5lib.js FOLDER
 *
 * FOLDER is its "testdata", and TAP is printed.  Of a test of the tokenizer:
 * where the module accepts a tag, a plain value stands in text, in a comment
 * or in a value of an attribute, and without it the tokens are those of the
 * test; a hostile value changes nothing else.  Of a test of the tree, whose
 * input is a page, what t/html/parse5.js says of a page holds.
 */

const fs = require('fs');
const { Tokenizer, TokenizerMode } = require('parse5');
const { compare, judge, places, strings } = require('./judge');
const { FIELDS } = require('./pages');
const { render } = require('./render');
const { HOSTILE, mark } = require('./values');

/* so many pages at a time, and so many hostile values at each place */
const BATCH = 2000, VALUES = 6;

/*
 * The states that a test begins in: parse5's name, a page that has come to
 * it, and the element whose end tag ends it.
 */
const STATES = {
    'Data state': ['DATA', '', ''],
    'RCDATA state': ['RCDATA', '<title>', 'title'],
    'RAWTEXT state': ['RAWTEXT', '<xmp>', 'xmp'],
    'Script data state': ['SCRIPT_DATA', '<script>', 'script'],
    'PLAINTEXT state': ['PLAINTEXT', '<plaintext>', 'plaintext'],
    'CDATA section state': ['CDATA_SECTION', '<svg><![CDATA[', 'svg']
};

/* parse5 cannot take a reference of so many digits */
const LONG = 200;

/* a tree would make the tokenizer go on in another state after these */
const SWITCHES = new RegExp('<(title|textarea|style|xmp|iframe|noembed'
    + '|noframes|noscript|script|plaintext|svg|math)', 'i');

const HTML = 'http://www.w3.org/1999/xhtml';


/* tokens as the nodes of a tree that is flat, which can be compared */

function flat(last) {
    const root = { nodeName: '#tokens', childNodes: [] },
          body = { tagName: 'body', nodeName: 'body', attrs: [],
                   namespaceURI: HTML };
    let parentNode = last === 'svg' ? { ...body, namespaceURI: 'svg' }
                   : { ...body, tagName: last, nodeName: last };

    function add(nodeName, more) {
        const before = root.childNodes.at(-1);

        if (nodeName === '#text' && before && before.nodeName === nodeName) {
            before.value += more.value;
        } else {
            root.childNodes.push({ nodeName, parentNode, ...more });
        }
    }

    /* the order of attributes is not told by the tests */
    const tag = (name, attrs, nodeName = name) =>
        add(nodeName, { tagName: name, namespaceURI: HTML, attrs:
            attrs.sort((one, two) => one.name < two.name ? -1 : 1) });

    function endTag(name) {
        tag(name, [], `/${name}`);
        parentNode = name === last ? body : parentNode;
    }

    return { root, add, tag, endTag };
}


function tokenize(text, { mode, last }) {
    const { root, add, tag, endTag } = flat(last),
          put = ({ chars }) => add('#text', { value: chars });
    const tokenizer = new Tokenizer({ sourceCodeLocationInfo: false }, {
        onComment: ({ data }) => add('#comment', { data }),
        onDoctype: ({ name, publicId, systemId }) =>
            add('#documentType', { name: `${name} ${publicId} ${systemId}` }),
        onStartTag: ({ tagName, attrs, selfClosing }) =>
            tag(tagName, attrs, tagName + (selfClosing ? '/' : '')),
        onEndTag: ({ tagName }) => endTag(tagName),
        onEof: () => {},
        onCharacter: put,
        onNullCharacter: put,
        onWhitespaceCharacter: put
    });

    tokenizer.state = TokenizerMode[mode];
    tokenizer.lastStartTagName = last;
    tokenizer.inForeignNode = mode === 'CDATA_SECTION';
    tokenizer.write(text, true);

    return root;
}


/* the same of what a test says */

function expected(output, last) {
    const { root, add, tag, endTag } = flat(last);

    for (const [kind, text, more, self] of output) {
        switch (kind) {

        case 'Character':
            add('#text', { value: text });
            break;

        case 'Comment':
            add('#comment', { data: text });
            break;

        case 'DOCTYPE':
            add('#documentType', { name: `${text} ${more} ${self}` });
            break;

        case 'StartTag':
            tag(text, Object.entries(more).map(([name, value]) =>
                ({ name, value })), text + (self ? '/' : ''));
            break;

        default:
            endTag(text);
        }
    }

    return root;
}


const unescape = (text) => text.replace(/\\\\u([\dA-Fa-f]{4})/g, '\\u$1');


/* each test in each of its states */

function* tokenizerTests(folder) {
    const files = fs.readdirSync(folder).filter((file) =>
        file.endsWith('.test') && file !== 'xmlViolation.test');

    for (const { initialStates, lastStartTag, doubleEscaped, ...test } of
         files.flatMap((file) =>
             JSON.parse(fs.readFileSync(`${folder}/${file}`)).tests))
    {
        for (const state of initialStates || ['Data state']) {
            const [mode, head, last] = STATES[state];
            let text = JSON.stringify([test.input, test.output]);

            text = doubleEscaped ? unescape(text) : text;
            text = text.replace(new RegExp(lastStartTag || '^$', 'gi'), last);

            const [input, output] = JSON.parse(text);

            yield { state, mode, last, input, output, tokens: true,
                    head: `<!DOCTYPE html><body>${head}` };
        }
    }
}


/* those of whole pages, with scripts or without: both is tried of each */

function* treeTests(folder) {
    for (const file of fs.readdirSync(folder)) {
        const text = file.endsWith('.dat')
            ? fs.readFileSync(`${folder}/${file}`, 'utf8') : '';

        for (const test of `\n${text}`.split('\n#data\n').slice(1)) {
            if (!test.includes('\n#document-fragment\n')) {
                yield { state: 'tree', head: '',
                        input: test.slice(0, test.indexOf('\n#errors\n')) };
            }
        }
    }
}


/* the page without a value, with a plain one, and with hostile ones */

function records(n) {
    const of = (value, plain = false) => ({ plain, ...Object.fromEntries(
        FIELDS.map((name) => [name, name === 'f0' ? value : ''])) });

    return [of(mark('f0'), true), of(''), ...Array.from({ length: VALUES },
        (_, i) => of(HOSTILE[(n * VALUES + i) % HOSTILE.length]))];
}


function judgeTokens(test, texts, all) {
    const [plain, ...others] = texts.map((text) =>
              tokenize(text.slice(test.head.length), test)),
          fault = places(plain) || compare(plain,
              expected(test.output, test.last), strings(all[1]));

    return others.reduce((found, other, i) => found
        || compare(plain, other, strings(all[i + 1])), fault);
}


function run(tests) {
    const counts = {}, faults = [], all = [];
    let n = 0;

    for (const test of tests) {
        const { state, input, head } = test,
              count = counts[state] = counts[state]
                      || { tests: 0, apply: 0, places: 0, accepted: 0 };

        count.tests++;

        if (test.tokens && SWITCHES.test(input) || input.length > LONG
            || /\{\{|[\ud800-\udfff]/u.test(input))
        {
            continue;
        }

        const points = [...input];

        all.push({ test, text: head + input, records: records(0),
                   static: true });

        for (let i = 0; i <= points.length; i++) {
            all.push({ test, records: records(n++), text: head
                + points.slice(0, i).join('') + '{{f0}}'
                + points.slice(i).join('') });
        }
    }

    for (let at = 0; at < all.length; at += BATCH) {
        const some = all.slice(at, at + BATCH);

        render(some).forEach(({ texts }, i) => {
            const { test, text, records: those } = some[i],
                  count = counts[test.state];

            if (some[i].static) {
                test.applies = Boolean(texts);
                count.apply += test.applies;
                return;
            }

            if (!test.applies) {
                return;
            }

            count.places++;

            if (!texts) {
                return;
            }

            count.accepted++;

            const fault = test.tokens ? judgeTokens(test, texts, those)
                        : (judge(texts, those) || { fault: '' }).fault;

            if (fault) {
                faults.push([text, fault]);
            }
        });
    }

    for (const [state, count] of Object.entries(counts)) {
        console.log(`# ${state}: ${JSON.stringify(count).replace(/"/g, '')}`);
    }

    console.log(`# ${faults.length} faults`);

    for (const [text, fault] of faults.slice(0, 20)) {
        console.log(`# ${JSON.stringify(text)}: ${fault}`);
    }

    return faults.length === 0;
}


const folder = process.argv[2],
      fine = [run(tokenizerTests(`${folder}/tokenizer`)),
              run(treeTests(`${folder}/tree-construction`))];

console.log(`${fine[0] ? 'ok' : 'not ok'} 1 - the tests of the tokenizer`);
console.log(`${fine[1] ? 'ok' : 'not ok'} 2 - the tests of the tree`);
console.log('1..2');
process.exitCode = fine.includes(false) ? 1 : 0;
