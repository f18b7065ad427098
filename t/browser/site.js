'use strict';

/* The addresses of Test::Prize::Browser's nginx, and what they show. */

const site = process.env.SITE;

const people = ['winner', 'unclaimed', 'everybody', 'alone', 'long', 'latin'];

/* the pages that are the same for all: their names, targets and statuses */

const friendly = [
    ['400', '/h5?id=', 400],
    ['403', '/403', 403],
    ['404', '/h5?id=nobody', 404],
    ['410', '/410', 410],
    ['before', '/before?id=winner', 403],
    ['after', '/after?id=winner', 410],
    ['503', '/busy?id=winner', 503],
    ['greeting', '/greeting?id=winner', 200]
];


/*
 * Every look of every page: its name and its target.  Who has a phone is shown
 * it after the letter, for which a browser loads nothing.
 */

const phones = ['winner', 'unclaimed', 'long', 'latin'];

const states = [
    ...people.flatMap((id) => [
        [id, `/h5?id=${id}`],
        ...phones.includes(id) ? [[`${id}-phone`, `/h5?id=${id}#phone`]] : []
    ]),
    ...friendly.map(([name, target]) => [name, target])
];


/* the phones that the pages are looked at on */

const screens = [
    ['320', { width: 320, height: 568 }],
    ['390', { width: 390, height: 844 }],
    ['430', { width: 430, height: 932 }],
    ['landscape', { width: 844, height: 390 }],
    ['320-text', { width: 320, height: 568, text: 200 }],
    ['390-text', { width: 390, height: 844, text: 200 }],
    ['landscape-text', { width: 844, height: 390, text: 200 }]
];


/* "make nightly" looks at all of it on every screen, in light and in dark */

const nightly = Boolean(process.env.PRIZE_NIGHTLY);


module.exports = { site, people, friendly, states, screens, nightly };
