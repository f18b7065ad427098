'use strict';

/*
 * What a conforming parser, parse5, makes of a page with several records, and
 * what is wrong with it.
 *
 *     const { judge, judgeAll } = require('./judge');
 *
 *     judge(texts, records)           // both of what follows, for all
 *     places(tree)                    // '', or which tag stands where a value
 *                                     // would be more than text
 *     compare(tree, other, record)    // '', or where "other" is not "tree"
 *                                     // with the values of the record
 *
 * Of the plain record, a field NAME has the value mark(NAME).  The rules are
 * those of README, "What a page is written in", read from the tree alone and
 * with node's own URL: nothing of the module's code.
 */

const parse5 = require('parse5');
const { render } = require('./render');
const { LINKS } = require('./values');

const HTML = 'http://www.w3.org/1999/xhtml',
      SVG = 'http://www.w3.org/2000/svg',
      MARK = /zq(\w+?)qz/g;

const marked = (text) => text.includes('zq');

const parse = (text, scripting) =>
    parse5.parse(text, { scriptingEnabled: scripting });

const contents = (node) => node.content ? node.content.childNodes
                                        : node.childNodes || [];


/*
 * The same but for the values.  What a parser drops or replaces in a value at
 * one place and not at another makes no difference: line ends, NUL, U+FFFD and,
 * at the start of a page, U+FEFF.
 * What a comment says makes none at all.  In <noscript> for a browser with
 * scripts and in CDATA a value is shown as it is escaped; where it may be, both
 * sides are read as escaped.
 */

const CONTROL = /[\r\n\0\ufeff\ufffd]+/g,
      ESCAPES = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"',
                  '&#39;': '\'' };

const plain = (text) => text.replace(CONTROL, '');

const read = (text) => text.replace(/&(amp|lt|gt|quot|#39);/g,
                                    (all) => ESCAPES[all]);

const filled = (text, record) => plain(marked(text)
    ? text.replace(MARK, (all, name) => record[name]) : text);


/* where a page begins with text, white space at its start may be lost */

function textOf(node, record) {
    const text = filled(node.value, record), parent = node.parentNode;

    return parent && parent.nodeName === 'body'
           && contents(parent)[0] === node ? text.replace(/^[\t\f ]+/, '')
                                           : text;
}


function sameText(one, two, record) {
    const first = textOf(one, record), second = textOf(two),
          parent = one.parentNode;

    return first === second
        || (parent && (parent.nodeName === 'noscript'
                       || parent.namespaceURI !== HTML)
            && read(read(first)) === read(read(second)));
}


const children = (node, record) => contents(node).filter((child) =>
    child.nodeName !== '#text' || textOf(child, record) !== '');


/* a node in a line of a message */

function show(node) {
    if (node === undefined) {
        return 'nothing';
    }

    return node.tagName
        ? `<${[node.tagName, ...node.attrs.map(({ name, value }) =>
            `${name}=${JSON.stringify(value)}`)].join(' ')}>`
        : `${node.nodeName} ${JSON.stringify(node.value ?? node.data
                                             ?? node.name ?? '')}`;
}


function compareNode(one, two, record) {
    if (one.nodeName !== two.nodeName
        || one.namespaceURI !== two.namespaceURI
        || one.mode !== two.mode || one.name !== two.name)
    {
        return false;
    }

    if (one.nodeName === '#text') {
        return sameText(one, two, record);
    }

    const first = one.attrs || [], second = two.attrs || [];

    return (one.data === two.data || marked(one.data))
        && first.length === second.length
        && first.every(({ name, namespace, value }, i) =>
            name === second[i].name && namespace === second[i].namespace
            && filled(value, record) === plain(second[i].value));
}


function compare(one, two, record, path = '') {
    if (!one || !two || !compareNode(one, two, record)) {
        return `${path || '/'}: ${show(one)} became ${show(two)}`;
    }

    const first = children(one, record), second = children(two);

    for (let i = 0; i < first.length || i < second.length; i++) {
        const fault = compare(first[i], second[i], record,
                              `${path}/${one.nodeName}`);

        if (fault) {
            return fault;
        }
    }

    return '';
}


/* what a URL does, by element and attribute */

const set = (text) => new Set(text.split(' '));

const KIND = {};

for (const [kind, list] of Object.entries({
    code: 'script src, script href, base href, object data, embed src, '
        + 'link href, use href',
    document: 'iframe src, frame src, form action, button formaction, '
        + 'input formaction',
    load: 'img src, source src, video src, audio src, track src, input src, '
        + 'video poster, image href, feimage href, body background, '
        + 'table background, td background, th background, tr background, '
        + 'tbody background, thead background, tfoot background, '
        + 'bgsound src',
    click: 'a href, area href'
})) {
    for (const one of list.split(', ')) {
        KIND[one] = kind;
    }
}


/* attributes that no value may stand in, alone or of some elements */

const FRAMEWORK = new RegExp('^([@:#.[(*]|v-|x-|((data|x)[-:_])?ng[-:_]|'
          + '(data-)?(hx|sse|ws)-|up-|wire:|phx-|mv-|data-on|data-dojo-)'),
      DECIDES = set('style srcdoc data-bind http-equiv is nonce integrity '
          + 'sandbox allow referrerpolicy shadowrootmode attributename srcset '
          + 'imagesrcset ping attributionsrc csp _ script data-script '
          + 'slot-scope crossorigin charset media sizes imagesizes rel target '
          + 'formtarget form method formmethod enctype formenctype '
          + 'accept-charset command data-effect data-init data-signals'),
      DRAWN = /^(fill|stroke|filter|mask|clip-path|cursor|marker(-\w+)?)$/,
      OF = { link: set('type as'), meta: set('name'), style: set('type'),
             script: set('type language for event data-main'),
             source: set('type'), object: set('type'), embed: set('type'),
             input: set('type'), button: set('type'), template: set('scope'),
             param: set('type name value') },
      ANIMATION = /^(animate|set)/,
      ANIMATED = set('to from by values');


function decides(element, name) {
    const tag = element.tagName.toLowerCase();

    if (/^on/.test(name) || FRAMEWORK.test(name) || DECIDES.has(name)
        || (OF[tag] && OF[tag].has(name)))
    {
        return true;
    }

    if (tag === 'meta' && name === 'content') {
        return element.attrs.some((other) => other.name === 'http-equiv'
            || (other.name === 'name'
                && /^(referrer|htmx-config)$/i.test(other.value)));
    }

    return element.namespaceURI === SVG
           && (DRAWN.test(name) || (ANIMATION.test(tag) && ANIMATED.has(name)));
}


/* what of a URL no value may change, in one text; '' is none that may be */

const OWN = 'https://own.test/folder/page?query#part';

function settled(kind, text, tag) {
    if (!URL.canParse(text, OWN)) {
        return 'none';
    }

    const { protocol, host, pathname, username, password, href } =
        new URL(text, OWN);

    switch (protocol) {

    case 'data:':
        return tag === 'img'
            && (/^data:image\/(png|jpeg|gif|webp);base64,/.exec(href) || '')[0];

    case 'tel:':
    case 'mailto:':
    case 'sms:':
        return kind === 'click' || kind === 'anywhere' ? protocol : '';

    case 'http:':
    case 'https:':
        return kind === 'anywhere' ? protocol
            : [protocol, username, password, host,
               kind === 'document' ? pathname : ''].join(' ');

    default:
        return '';
    }
}


function link(kind, text, tag) {
    const marks = [...new Set(text.match(MARK))],
          first = settled(kind, text.replace(MARK, 'a'), tag),
          anywhere = kind === 'click'
                     && /^[\0- ]*https:[/\\]{2,}[^/\\?#]*zq/i.test(text);

    if (kind === 'code' || !first) {
        return 'is code, or of a scheme that may be';
    }

    const look = anywhere ? 'anywhere' : kind,
          wanted = [anywhere ? 'https:' : first, 'none'];

    /* all of its tags have one value, or each alone has */

    for (const one of LINKS) {
        const all = [text.replace(MARK, one)];

        if (marks.length > 1) {
            all.push(...marks.map((name) =>
                text.replaceAll(name, one).replace(MARK, '')));
        }

        for (const other of all) {
            if (!wanted.includes(settled(look, other, tag))) {
                return `may be ${JSON.stringify(other)}`;
            }
        }
    }

    return '';
}


/* many pages have the same */

const links = new Map();

function linkOnce(kind, text, tag) {
    const key = [kind, tag, text].join(' ');

    if (!links.has(key)) {
        links.set(key, link(kind, text, tag));
    }

    return links.get(key);
}


function attributePlace(element, { name, namespace, value }) {
    const tag = element.tagName.toLowerCase(), local = name.toLowerCase();

    if (marked(name)) {
        return 'a name of an attribute';
    }

    if (!marked(value)) {
        return '';
    }

    if (decides(element, local)) {
        return `${name}=`;
    }

    /* of MathML, each element can be a link */

    const kind = element.namespaceURI.endsWith('MathML') && local === 'href'
        ? 'click' : KIND[`${tag} ${local}`];
    const fault = kind ? linkOnce(kind, value, tag) : '';

    return fault && `${name}=${JSON.stringify(value)} ${fault}`;
}


const NO_TEXT = set('script style iframe noembed noframes xmp plaintext');


function places(node) {
    let fault = '';

    if (node.tagName) {
        fault = marked(node.tagName) ? 'a name of an element' : '';

        for (const attribute of node.attrs) {
            fault = fault || attributePlace(node, attribute);
        }
    } else if (node.nodeName === '#documentType') {
        fault = marked(node.name + node.publicId + node.systemId)
                ? 'a document type' : '';
    } else if (node.nodeName === '#text' && marked(node.value)) {
        const { tagName, namespaceURI } = node.parentNode;

        fault = NO_TEXT.has(tagName) && namespaceURI === HTML
            || /^(script|style)$/.test(tagName) && namespaceURI === SVG
            ? `text of <${tagName}>` : '';
    }

    if (fault) {
        return `a tag in ${fault} in ${show(node.tagName ? node
                                            : node.parentNode)}`;
    }

    for (const child of contents(node)) {
        fault = fault || places(child);
    }

    return fault;
}


/*
 * What is wrong, and the records that show it, or null.  For each record there
 * is a text; one with "plain" begins a group.
 */

function judge(texts, records) {
    /* nothing else looks at whether there are scripts */
    const modes = texts.some((text) => /noscript/i.test(text))
                  ? [true, false] : [true];

    for (const scripting of modes) {
        let tree, first;

        for (const [i, record] of records.entries()) {
            const other = parse(texts[i], scripting);
            let fault;

            if (record.plain) {
                [tree, first] = [other, record];
                fault = places(tree);
            } else {
                fault = compare(tree, other, strings(record));
            }

            if (fault) {
                return { fault: scripting ? fault : `${fault}, without scripts`,
                         records: record.plain ? [first] : [first, record] };
            }
        }
    }

    return null;
}


const strings = (record) => Object.fromEntries(Object.entries(record).map(
    ([name, value]) => [name, value.toString()]));


/* the same of texts that are not rendered yet; "error" is why they are not */

function judgeAll(all) {
    return render(all).map(({ texts, error }, i) => texts
        ? judge(texts, all[i].records) : { error });
}


module.exports = { compare, judge, judgeAll, places, strings };
