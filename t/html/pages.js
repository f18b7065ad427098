'use strict';

/*
 * Pages by chance, the same for the same number.
 *
 *     const { page } = require('./pages');
 *
 *     page(7).join('')        // page() gives the pieces of page 7
 *
 * A page is first one as people write them, with tags where they may stand.
 * Then, more often than not, odd things are done to it: see ODDITIES.
 */

/* shown alone, deciding alone, both, and allowed in raw tags */

const SHOWN = ['f0', 'f1', 'f2', 'f3', 'f4', 'f5'],
      SECTIONS = ['s0', 's1', 's2'],
      BOTH = ['b0', 'b1'],
      RAW = ['raw0', 'raw1'],
      FIELDS = [...SHOWN, ...SECTIONS, ...BOTH, ...RAW];


/* the generator of chance: Mulberry32 */

let state = 0;

function chance() {
    state = state + 0x6d2b79f5 | 0;

    let n = Math.imul(state ^ state >>> 15, 1 | state);

    n = n + Math.imul(n ^ n >>> 7, 61 | n) ^ n;

    return ((n ^ n >>> 14) >>> 0) / 4294967296;
}

function seed(number) {
    state = Math.imul(number + 1, 0x9e3779b1);
}

const below = (n) => Math.floor(chance() * n);
const pick = (list) => list[below(list.length)];
const maybe = (share) => chance() < share;
const words = (text) => text.split(/\s+/);


/* elements by where they stand */

const BLOCKS = words('address article aside blockquote center details dialog '
    + 'dir div fieldset figcaption figure footer form header hgroup main menu '
    + 'nav section search summary pre listing legend'),
      HEADINGS = words('p p h1 h2 h6'),
      PHRASES = words('a abbr acronym b bdi bdo big button canvas cite code '
    + 'data del dfn em font i ins kbd label map mark marquee meter nobr object '
    + 'output picture progress q s samp slot small span strike strong sub sup '
    + 'time tt u var video audio x-card applet datalist'),
      VOIDS = words('br hr img input link meta wbr area embed source track '
    + 'param base keygen bgsound basefont col frame'),
      CODES = words('script style iframe noembed noframes xmp script'),
      SVGS = words('g a text tspan switch defs symbol marker mask pattern '
    + 'clipPath filter linearGradient textPath metadata view svg unknown'),
      HOLES = words('foreignObject desc title'),
      SHAPES = words('path rect circle use image stop line mpath feImage '
    + 'animate set animateMotion animateTransform polygon cursor'),
      MATHS = words('mrow msqrt mstyle mtable mtr mtd merror semantics '
    + 'mphantom maction mfrac'),
      MATH_TEXTS = words('mi mo mn ms mtext'),
      TEXT = ['#text'],
      SPECIAL = words('svg math textarea noscript template #raw select'),
      PHRASING = [TEXT, TEXT, TEXT, PHRASES, PHRASES, VOIDS.slice(0, 8),
                  words('#comment template textarea'), SPECIAL, CODES],
      FLOW = [...PHRASING, HEADINGS, BLOCKS, BLOCKS, BLOCKS,
              words('ul ol dl ruby table'), words('table')];

/* what stands in an element: groups, of which each is as likely */

const INSIDE = { '': FLOW };

for (const [names, groups] of [
    ['html', [words('head'), words('body')]],
    ['head', [words('title meta link base style script')]],
    [[...HEADINGS, ...PHRASES, ...MATH_TEXTS, 'rt', 'rp', 'rb'], PHRASING],
    [[...CODES, 'plaintext'], [words('#code')]],
    ['textarea option optgroup', [TEXT]],
    ['select', [words('option')]],
    ['noscript', [TEXT, TEXT, PHRASES]],
    ['ul ol', [words('li')]],
    ['dl', [words('dt dd')]],
    ['ruby', [words('rb rt rp'), TEXT]],
    ['table', [words('tr tbody'), words('tr thead tfoot caption colgroup')]],
    ['thead tbody tfoot', [words('tr')]],
    ['tr', [words('td td th')]],
    ['colgroup', [words('col')]],
    ['svg', [SHAPES, SHAPES, SVGS, HOLES, TEXT, words('#cdata style script')]],
    [SVGS, [SHAPES, SVGS, HOLES, TEXT]],
    ['math', [MATHS, MATH_TEXTS, words('annotation-xml')]],
    [MATHS, [MATHS, MATH_TEXTS]],
    ['annotation-xml', [TEXT]],
    ['frameset', [words('frame frame noframes')]]
]) {
    for (const name of typeof names === 'string' ? words(names) : names) {
        INSIDE[name] = INSIDE[name] || groups;
    }
}

/* whose end tag may be left out, and who holds no other one in it */

const OPTIONAL = words('p li dt dd td th tr thead tbody tfoot rt rp rb option'),
      ALONE = words('a button form nobr h1 h2 h6 option label marquee object '
    + 'applet p select textarea');


/* attributes, and how a URL begins */

const SAFE = words('title alt class id lang dir data-x data-name aria-label '
    + 'placeholder value content label summary abbr datetime width name '
    + 'hidden download tabindex cite longdesc colspan for '
    + 'language slot part itemid role xmlns version'),
      UNSAFE = words('onclick onload ONERROR onx style srcdoc @click :href '
    + 'v-html v-bind:href x-data x-on:click ng-init ng:bind x-ng-init '
    + 'data-ng-init hx-on:click hx-get data-hx-get data-bind data-on-load '
    + 'data-on:click _ http-equiv is nonce integrity sandbox allow '
    + 'referrerpolicy shadowrootmode attributeName rel as type name content '
    + 'to from by values fill stroke filter mask clip-path marker-start '
    + 'marker cursor srcset imagesrcset ping href src action formaction data '
    + 'poster background xlink:href STYLE Srcset target attributionsrc '
    + 'slot-scope #a .innerHTML ng_init data:ng-init up-on-x wire:click '
    + 'mv-if script csp data-main formtarget method codebase archive code '
    + 'classid manifest profile begin style/ on*click charset media sizes '
    + 'crossorigin form formmethod enctype command scope [a] (click) *ngIf '
    + 'sse-connect phx-click data-dojo-props data-signals'),
      URLS = {
          a: 'href', area: 'href', img: 'src', input: 'src', source: 'src',
          video: 'poster', audio: 'src', track: 'src', image: 'href',
          iframe: 'src', frame: 'src', form: 'action', button: 'formaction',
          script: 'src', base: 'href', object: 'data', embed: 'src',
          link: 'href', use: 'href', body: 'background', feImage: 'href',
          q: 'cite', blockquote: 'cite', td: 'background'
      },
      NEVER = words('script base object embed link use'),
      FOLLOWED = words('a area q blockquote'),
      DOCUMENTS = words('iframe frame form button'),
      BEHIND = ['?q=', '#', 'page.html?a=1&amp;b=', '/f?x=', '../f#',
                'https://own.example/f?q=', 'HTTPS://own.example/#'],
      LOADED = [...BEHIND, '/img/', 'https://own.example/', '/a/b-'],
      CLICKED = [...LOADED, 'https://', 'tel:', 'mailto:', 'sms:+'],
      BEGUN = ['', '/', '//', '\\', '/\\', '/\t', '/\n', 'https:/', 'https:',
               'https:\\\\own.example/', 'http://', 'https://', 'javascript:',
               'javascript:x?', 'javascript://x/?', 'java\tscript:', 'data:',
               'data:text/html,', 'data:image/svg+xml,x', ' ', ' /', './',
               '..', '/.', 'a', 'a/', '&#47;', '/&#9;', '&sol;', '/&', '/&#',
               'https&colon;//', 'https://own', 'https://own.example',
               'https://u@', 'https://own.example:', 'blob:', 'x:/', '/%2f',
               'tel:', 'mailto:a?', '&#104;ttps://', '\0', '/?', '&#x3f;',
               'data:image/png;base64,', 'data:image/png;', 'ftp://a/?',
               '/\u00a0', 'https://own.example\\', 'https://own.example?',
               '//own.example/', '///', '/\r', '\t/a', 'https:own/?', '&quest;',
               'https://[', 'a:b', 'a&#58;?', '&Tab;/', '/&Tab;', 'a&#10;/'];


/* text, some of it with characters that begin something, and tags */

const TEXTS = ['a', ' ', '\n', 'some words', '中奖', '&amp;', '&lt;', 'x < y',
               'a & b', '&copy;', '&nbsp;', '-', '>', '"', "'", '=', '/', '] ',
               '}', '&#39;', 'AT&T ', '\r\n', '\t', '\f', '\ufeff', 'e', ': '];

const shown = () => `{{${pick(maybe(0.15) ? BOTH : SHOWN)}}}`;

function text(out) {
    for (let n = below(3); n >= 0; n--) {
        out.push(maybe(0.4) ? shown() : pick(TEXTS));
    }
}


/* what a section is around may always be left out */

function around(out, fill) {
    if (!maybe(0.06)) {
        return fill(out);
    }

    const name = pick(maybe(0.3) ? BOTH : SECTIONS),
          line = maybe(0.2) ? '\n' : '';

    out.push(`${line}{{${pick('##^')}${name}}}${line}`);
    fill(out);
    out.push(`${line}{{/${name}}}${line}`);
}


/* each attribute in its pieces; without quotes it has no tag */

function attribute(out, name, value) {
    const quote = pick(['"', '"', '"', "'"]);

    if (!value.join('').includes('{{') && maybe(0.15)) {
        out.push(` ${name}=${value.join('').replace(/[\s"'=<>`]+/g, '') || 1}`);
        return;
    }

    out.push(` ${name}${pick(['=', '=', '=', ' = ', '=\n'])}${quote}`,
             ...value.map((part) => part[0] === '{' ? part
                 : part.replaceAll(quote, '&quot;')), quote);
}


function value() {
    const parts = [];

    for (let n = below(3); n >= 0; n--) {
        parts.push(maybe(0.4) ? shown() : pick(TEXTS));
    }

    return parts;
}


function url(element, begun) {
    const lists = DOCUMENTS.includes(element) ? BEHIND
                : FOLLOWED.includes(element) ? CLICKED : LOADED;

    if (!begun && (NEVER.includes(element) || maybe(0.3))) {
        return [pick(['/a.js', '#', 'x?y', 'https://own.example/', 'b/c', ''])];
    }

    return [begun || (element === 'img' && maybe(0.1)
                      ? 'data:image/png;base64,' : pick(lists)),
            shown(), ...maybe(0.3) ? [pick(['', '/x', '&amp;y=', '?', '#']),
                                      shown()] : []];
}


/* whose value decides something is written without a tag */

const DECIDE = words('type language for charset');

const FIXED = {
    meta: ['name', ['description', 'viewport', 'x']],
    link: ['rel', ['icon', 'stylesheet', 'preload']],
    script: ['type', ['text/javascript', 'module', 'application/json']],
    input: ['type', ['text', 'image', 'hidden', 'submit', 'checkbox']],
    animate: ['attributeName', ['href', 'x', 'fill']],
    set: ['attributeName', ['href', 'onclick', 'xlink:href']],
    'annotation-xml': ['encoding', ['text/html', 'x',
                                    'application/xhtml+xml']]
};


function start(out, element, end = '>') {
    out.push('<' + (maybe(0.03) ? element.toUpperCase() : element));

    if (FIXED[element] && maybe(0.8)) {
        attribute(out, FIXED[element][0], [pick(FIXED[element][1])]);
    }

    if (URLS[element] && maybe(0.5)) {
        around(out, () => attribute(out, URLS[element], url(element)));
    }

    for (let n = maybe(0.5) ? below(3) : 0; n > 0; n--) {
        const name = pick(SAFE);

        around(out, () => {
            if (maybe(0.2)) {
                out.push(' ' + pick(['hidden', 'selected', 'checked', name]));
            } else if (name !== (FIXED[element] || [])[0]
                       && !(element === 'script' && DECIDE.includes(name))) {
                attribute(out, name, value());
            }
        });
    }

    out.push(maybe(0.05) ? pick([' ', '\n', '/', ' /']) + '>' : end);
}


/*
 * An element and what stands in it.  "within" are those that it is in, and of
 * the page so many more are to come, about, as "room" says.
 */

let room = 0;

function node(out, name, within) {
    switch (name) {

    case '#text':
        return text(out);

    case '#code':
        out.push(pick(maybe(0.8) ? ['a', 'var a = 1 < 2;'] : CODE));
        return;

    case '#comment':
        out.push('<!-- ', ...value().map((part) =>
            part.replace(/[->]/g, 'c')), ' -->');
        return;

    case '#cdata':
        out.push('<![CDATA[', ...value(), ' ]]>');
        return;

    case '#raw':
        out.push(`{{{${pick(RAW)}}}}`);
        return;
    }

    if (ALONE.includes(name) && within.includes(name)) {
        name = 'span';
    }

    const inside = INSIDE[name] || (within.includes('svg')
        && !HOLES.some((hole) => within.includes(hole)) ? [TEXT] : FLOW);

    if (SHAPES.includes(name)) {
        return start(out, name, '/>');
    }

    start(out, name);

    if (!VOIDS.includes(name)) {
        many(out, inside, [...within, name]);
        out.push(...OPTIONAL.includes(name) && maybe(0.15) ? []
                                                           : [`</${name}>`]);
    }
}


function many(out, groups, within) {
    for (let n = room < 0 ? 1 : 1 + below(3); n > 0; n--) {
        const end = groups.includes(TEXT) ? TEXT : groups.at(-1),
              name = pick(--room < 0 ? end : pick(groups));

        around(out, () => node(out, name, within));
    }
}


const CODE = ['<!--', '-->', '<script>', '</scrip', '<b>', '"', '&amp;', ' ',
              '<!-- x --', '</script ', 'a{}', '<', '</', '<!-', '<script',
              '</style', '/* {{! x }} */'];


const DOCTYPES = ['<!DOCTYPE html>', '<!doctype html>\n', '<!doctype html>',
                  '<!DOCTYPE html SYSTEM "about:legacy-compat">', '',
                  '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN">'];


function whole(out) {
    room = 1 + below(14);
    out.push(pick(DOCTYPES));

    if (maybe(0.01)) {
        return node(out, 'frameset', []);
    }

    if (maybe(0.7)) {
        start(out, 'html');
        node(out, 'head', []);
    }

    start(out, 'body');
    many(out, FLOW, []);
    many(out, FLOW, []);

    if (maybe(0.6)) {
        out.push('</body></html>', ...maybe(0.3) ? ['\n'] : []);
    }
}


/* what no page should have, and some do */

const ODD = ['<!--!>', '<!-->', '<!--->', '<!--', '-->', '--!>', '--', '<!',
             '<!x>', '<!x', '</ x>', '</>', '<>', '<?x>', '<?x', '<![CDATA[',
             ']]>', '<!doctype x>', '<plaintext>', '<noscript>', '</noscript>',
             '<svg>', '</svg>', '<math>', '</math>', '<svg><p>', '<svg/>',
             '<title>', '</title>', '<textarea>', '</textarea>', '<script>',
             '</script>', '<script><!--<script>', '<style>', '</style>',
             '<iframe>', '</iframe>', '<xmp>', '</xmp>', '<noembed>',
             '<noframes>', '</noframes>', '<select>', '</select>', '<option>',
             '<table>', '</table>', '<tr>', '<td>', '</td>', '<caption>',
             '<col>', '<colgroup>', '<frameset>', '<template>', '</template>',
             '<body>', '</body>', '<head>', '</head>', '<html>', '</html>',
             '<form>', '</form>', '<a>', '</a>', '<b>', '</b>', '<p>', '</p>',
             '<br/>', '</br>', '<image>', '<font color=x>', '<mi>', '<desc>',
             '<foreignObject>', '</foreignObject>', '<annotation-xml>',
             '<annotation-xml encoding=text/html>', '<button>', '<nobr>',
             '<li>', '<h1>', '</h2>', '<hr>', '<object>', '</object>', '<i>',
             '<marquee>', '<applet>', '<input type=hidden>', '<p ', '<a b="',
             "<a b='", '<a b=', '<b "', '<a/b', '</p ', '<a =', '"', "'", '>',
             '/>', '=', '<', '</', '&', '&#', '&#x', '&l', '&am', '&copy', '\0',
             '\r',
             '\x0b', '\u2028', '<svg><title>', '<svg><desc>', '<math><mi>',
             '<svg><style>', '<svg><script>', '<keygen>', '<dialog open>',
             '{{! x }}', '{{!\n>\n}}', '\n{{! x }}\n', '<ruby><rt>',
             '<meta http-equiv="refresh" content="0;url=', '<menuitem>',
             '<svg><a href="#"><animate attributeName="href" values="',
             '<svg><set attributeName="href" to="', '<base href="/'];


/*
 * Markup in the value of an attribute, if what stands before it is not what it
 * seems: that is begun, would end in the value, and a tag comes after.
 */

const BEGINS = ['<!--!>', '<!-->', '<!--->', '<!--', '<!---->', '<!--x--!>',
                '<!--x--->', '<!', '<?', '</ ', '<![CDATA[', '<svg><![CDATA[',
                '<svg></p><![CDATA[', '<svg><desc><![CDATA[', '<noscript>',
                '<svg><noscript>', '<template><noscript>', '<title>',
                '<svg><title>', '<svg><p><title>', '<math><mi><title>',
                '<svg><desc><title>', '<svg></svg><title>', '<textarea>',
                '<svg><textarea>', '<svg><p><textarea>', '<select><textarea>',
                '<select><title>', '<select><xmp>', '<style>', '<svg><style>',
                '<svg><p><style>', '<xmp>', '<svg><xmp>', '<math><xmp>',
                '<iframe>', '<svg><iframe>', '<noembed>', '<noframes>',
                '<script>', '<script><!--', '<script><!--<script>',
                '<script><!--<script></script>', '<svg><script>', '<svg/>',
                '<svg><script/>', '<style/>', '<script/>', '<title/>',
                '<frameset>', '<math><annotation-xml encoding="text/html">',
                '<annotation-xml>', '<math><annotation-xml><svg>', '<p>',
                '<svg><foreignObject><svg></foreignObject>', '<table><title>',
                '<math><mtext><mglyph><style>', '<plaintext>', '<svg><br>',
                '<svg><font>', '<svg><font color="a">', '<svg></br>',
                '{{{raw0}}}', '<svg>{{{raw0}}}', '<svg><b></svg>'],
      ENDS = ['-->', '--!>', '--->', '>', ']]>', '</noscript>', '</title>',
              '</textarea>', '</style>', '</xmp>', '</iframe>', '</noembed>',
              '</noframes>', '</script>', '</svg>', '</plaintext>', '\''],
      COMES = [['<script>'], ['<style>'], ['<a onclick=\''], ['<svg><script>'],
               ['<iframe src=\''], ['<xmp>'], ['<a b='], ['<a ']];

function seems() {
    return [pick(BEGINS), pick(['<a b="', '<p title="', '<b>', '']),
            pick(ENDS), ...pick(COMES), shown(),
            ...maybe(0.8) ? ['">'] : []];
}


function insert(out, at, ...tokens) {
    out.splice(at, 0, ...tokens);
}


/* where an attribute may be put: behind the name of a start tag */

function behindName(out) {
    const all = [...out.keys()].filter((i) => /^<[a-z]/i.test(out[i])
                                              && !/[\s>]/.test(out[i]));

    return all.length ? pick(all) : -1;
}


function range(out) {
    const from = below(out.length + 1);

    return [from, Math.min(out.length, from + below(maybe(0.5) ? 4 : 20))];
}


/* two pieces of a token, or an empty one at its end */

function split(out) {
    const at = below(out.length), token = out[at];

    if (token.startsWith('{{')) {
        return at;
    }

    const cut = below(token.length + 1);

    out.splice(at, 1, token.slice(0, cut), token.slice(cut));
    return at + 1;
}


/* behind the name of an attribute, in a section there, and as its value */

const NAMED = ['', ' ', '=', '="'],
      RENAMED = ['x', ' x', ' x ', 'x ', ' ', '"" x=', '"" type=', '="" x',
                 '" x="', '" type="', '"" encoding=', '" encoding="', '=""',
                 ' color', ' onclick ', '"" title='],
      DECIDING = ['hidden', 'text/html', 'red', ''],
      TWICE = [' type', ' type="hidden"', ' encoding', ' encoding="text/html"',
               ' color', ' a', ' a=""', ' type type="hidden"',
               ' encoding encoding="text/html"'];

const ODDITIES = [
    (out) => insert(out, below(out.length + 1), pick(ODD)),
    (out) => insert(out, below(out.length + 1), pick(ODD), shown()),
    (out) => insert(out, split(out), pick(ODD)),
    (out) => insert(out, below(out.length + 1), ...seems()),
    (out) => insert(out, below(out.length + 1), shown()),
    (out) => insert(out, split(out), shown()),

    /* sections around anything */
    (out) => {
        const [from, to] = range(out), name = pick([...SECTIONS, ...BOTH]);

        insert(out, to, `{{/${name}}}`);
        insert(out, from, `{{${pick('##^')}${name}}}`);
    },
    (out) => {
        const from = split(out), name = pick([...SECTIONS, ...BOTH]);

        insert(out, Math.min(out.length, from + below(4)), `{{/${name}}}`);
        insert(out, from, `{{${pick('##^')}${name}}}`);
    },

    /* a section that changes which attribute a value is of, or whether */
    (out) => {
        const name = pick(SECTIONS);

        insert(out, behindName(out) + 1, ` ${pick(maybe(0.5) ? UNSAFE : SAFE)}`,
               pick(NAMED), `{{${pick('##^')}${name}}}`, pick(RENAMED),
               `{{/${name}}}`, pick(['="', '"', '']),
               ...maybe(0.7) ? [shown()] : [pick(DECIDING)],
               pick(['"', '" ']));
    },
    (out) => insert(out, behindName(out) + 1, pick(TWICE)),

    /* attributes that decide, and URLs that do */
    (out) => {
        const at = behindName(out), quote = pick('""\'');

        insert(out, at + 1, ` ${pick(UNSAFE)}=${quote}`,
               ...maybe(0.4) ? [pick(TEXTS.concat(BEGUN))] : [], shown(),
               quote);
    },
    (out) => {
        const at = behindName(out), name = at < 0 ? '' : out[at].slice(1);

        insert(out, at + 1, ` ${URLS[name] || pick(Object.values(URLS))}="`,
               ...url(name, pick(BEGUN)), '"');
    },
    (out) => {
        const name = pick(Object.keys(URLS));

        insert(out, below(out.length + 1), `<${name} ${URLS[name]}="`,
               ...url(name, pick(BEGUN)), '">');
    },

    /* pieces that are lost, twice there or at another place */
    (out) => out.splice(below(out.length), 1),
    (out) => {
        const [from, to] = range(out);

        insert(out, below(out.length + 1), ...out.slice(from, to));
    },
    (out) => {
        const [from, to] = range(out), part = out.splice(from, to - from);

        insert(out, below(out.length + 1), ...part);
    },

    /* other delimiters */
    (out) => {
        const [from, to] = range(out);

        for (let i = from; i < to; i++) {
            out[i] = out[i].replace(/\{\{([^{!]?\w+)\}\}/g, '<%$1%>')
                           .replace(/\{\{\{(\w+)\}\}\}/g, '<%&$1%>');
        }

        insert(out, to, '<%={{ }}=%>');
        insert(out, from, '{{=<% %>=}}');
    }
];


/* a page that nobody has written: tags of all elements, as they come */

const ALL = [...Object.keys(INSIDE).slice(1), ...BLOCKS, ...VOIDS, ...SHAPES,
             ...words('p table td th caption td li dd dt template svg math '
    + 'title body template image isindex selectedcontent rtc')];

function soup(out) {
    out.push(pick(DOCTYPES), ...maybe(0.8) ? ['<body>'] : []);

    for (let n = 1 + below(12); n > 0; n--) {
        const lot = chance();

        if (lot < 0.4) {
            out.push(`<${pick(ALL)}${pick(['', '', '', '/'])}>`);
        } else if (lot < 0.6) {
            out.push(`</${pick(ALL)}>`);
        } else if (lot < 0.7) {
            around(out, () => out.push(`<${pick(ALL)}>`));
        } else if (lot < 0.75) {
            out.push(pick(ODD));
        } else {
            out.push(pick(TEXTS), ...maybe(0.3) ? [shown()] : []);
        }
    }

    out.push(shown());
}


function page(number) {
    const out = [];

    seed(number);

    if (maybe(0.1)) {
        soup(out);
    } else {
        whole(out);

        for (let lot = chance(); lot > 0.4; lot -= 0.35) {
            pick(ODDITIES)(out);
        }
    }

    return out.filter((token) => token !== '');
}


module.exports = { BOTH, FIELDS, RAW, SECTIONS, SHOWN, page, pick, seed };
