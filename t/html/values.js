'use strict';

/*
 * What may stand in a record, and the records of a page.
 *
 *     const { HOSTILE, LINKS, groups, mark } = require('./values');
 *
 * A value is a Buffer, since it need not be text.  LINKS are strings: those
 * that change what a URL is, if it does not stand far enough behind.
 */

const { BOTH, RAW, SECTIONS, SHOWN, page, pick } = require('./pages');

/* so many hostile records for a plain one */
const RECORDS = 4;

const LINKS = [
    '', 'a', '/', '//', '\\', '\\\\', '?', '#', ':', '@', '.', '..', '/..',
    '/host.example/a.js', '//host.example/', '\\host.example/',
    '/\\host.example', '\t/host.example/', '\n/host.example/', '\r\\host',
    ' //host.example/', '\t//host.example', '@host.example/', '.host.example/',
    ':80@host.example/', ':1', '80/', 'host.example', '../../../..//host/x',
    '..//host.example/', '/.//host.example/', './/host.example/',
    'https://host.example/', 'http://host.example/', 'https:host.example',
    '://host.example/', 's://host.example/', 'javascript:alert(1)',
    'java\nscript:alert(1)', '\x01javascript:alert(1)', ':alert(1)',
    'data:text/html,<script>alert(1)</script>', 'text/html,<b>', ',', ';,',
    'image/svg+xml,<svg onload=alert(1)>', 'blob:x', '#47;', '47;', '2f;',
    'x2f;/', 'sol;', 'sol;host.example/', 'Tab;/', 'colon;', 'bsol;', 'mp;',
    'amp;', '%2f%2fhost.example/', '%00', '\0/', '\ufeff/', '\u3000',
    '\u3002host.example', '\uff0f\uff0fhost.example', '[::1]', '[', '%', '^',
    'a b', '-', '0x7f.1', 'xn--a', 'a.png 2x, http://host.example/ 1x',
    'url(//host.example/)'
];

const TEXTS = [
    ' ', '  \n\t ', '\n', '\r', '\r\n', '\t', '\f', '\v', '\u00a0', '\u2028',
    '\ufeff', '\0', 'a\0b', '"', '\'', '`', '<', '>', '&', '=', '/', '/>',
    '-', '--', '->', '-->', '--!>', '--!', '!', '!--', '!>', ']', ']]', ']]>',
    '?', '?>', '<!', '</', '<!--', '<![CDATA[', '<a', '%>', '}}', '{{f0}}',
    '{{{raw0}}}', '{{/s0}}', '<%f0%>', '<b>', '</b>', '</p>', '<p>', '</svg>',
    '<script>alert(1)</script>', '</script><script>alert(1)</script>',
    '</style><script>alert(1)</script>', '</title><script>alert(1)</script>',
    '</textarea><script>alert(1)</script>',
    '</xmp><img src=x onerror=alert(1)>', '--><img src=x onerror=alert(1)>',
    '</noscript><img src=x onerror=alert(1)>',
    '"><img src=x onerror=alert(1)>', '\'><img src=x onerror=alert(1)>',
    '" onload="alert(1)', '\' onload=\'alert(1)', ' onload=alert(1) x=',
    'x onload=alert(1)', 'x\nonload=alert(1)', 'x/onload=alert(1)//',
    '&lt;b&gt;', '&#34;', '&quot', '&quot;', 'lt;', 'lt', '#60;', 'x3c;', '60;',
    'p;', 't;', 'y;', '=1', ';', 'script', 'noscript', 'title', 'x', 'X',
    'alert(1)', '\');alert(1);//', '`${alert(1)}`', '*/alert(1)/*',
    '{{constructor.constructor("alert(1)")()}}', 'text/javascript', 'module',
    'refresh', '0;url=javascript:alert(1)', 'stylesheet', 'href', 'onclick',
    '1', 'no', '0', '否', '/', '-', 'none', '\ud7ff', '\u{1f4a9}',
    'long '.repeat(900), '<'.repeat(600), '\u202e'
];

/* no text: bytes that are none, a surrogate, and a beginning without an end */

const BYTES = [[0xff], [0xfe, 0xff], [0xff, 0xfe], [0xed, 0xa0, 0x80],
               [0xe4, 0xb8], [0xf0, 0x9f, 0x3c], [0x61, 0x80], [0xc0, 0xbc]];

const HOSTILE = [...LINKS, ...TEXTS, ...BYTES].map((one) => Buffer.from(one));


/* those that a section takes for true, for certain */

const isTrue = (value) => /[a-z].*[a-z]/.test(value)
    && !/^\W*(no|none|off|null|nil|false)\W*$/i.test(value);

const TRUE = HOSTILE.filter(isTrue),
      /* what fits wherever a raw tag may stand */
      MARKUP = ['', 'x', '<!-- x -->', '<x-raw>x</x-raw>'];


/*
 * Groups of records, for which sections fall alike: in each, the first one is
 * plain.  What is shown in one group is left out in the other; a page without
 * sections has one.  They are the same for the same page.
 */

function groups(number) {
    const text = page(number).join(''), all = [...SECTIONS, ...BOTH];

    if (!/(\{\{|<%)[#^]/.test(text)) {
        return [group(all)];
    }

    const some = all.filter(() => pick([true, false]));

    return [group(some), group(all.filter((name) => !some.includes(name)))];
}


function group(shown) {
    const shared = {};

    for (const name of [...SECTIONS, ...BOTH]) {
        shared[name] = shown.includes(name) ? 'yes'
                     : pick(['', 'no', '0', '否', ' - ']);
    }

    for (const name of RAW) {
        shared[name] = pick(MARKUP);
    }

    const both = BOTH.filter((name) => shown.includes(name));

    return Array.from({ length: 1 + RECORDS }, (_, i) => {
        const record = { ...shared, plain: i === 0 };

        for (const name of SHOWN) {
            record[name] = i ? pick(HOSTILE) : mark(name);
        }

        for (const name of both) {
            record[name] = i ? pick(TRUE) : mark(name);
        }

        return record;
    });
}


/* the plain value of a field, which is found again in a tree */

function mark(name) {
    return `zq${name}qz`;
}


module.exports = { HOSTILE, LINKS, groups, mark };
