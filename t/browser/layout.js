'use strict';

/*
 * Nothing beyond a page's edges, cut off or over something else, nothing too
 * small to read or to tap, in the dark as in the light.
 */

const { is, ok } = require('./tap');
const { sideways } = require('./browser');

/* in CSS pixels: what a thumb hits, what is read, and a phone to look at */
const TARGET = 44, LETTER = 12, ART = 140;

/* what is not to be scrolled for, where text has its usual size */
const FIRST = ['winner', 'winner-phone', 'unclaimed-phone', 'everybody'];

/* what has no scroll bar upright, on the smallest phone that is looked at */
const SMALLEST = 568, UNSCROLLED = [...FIRST, 'unclaimed', 'alone'];

/* what came to browsers after those that an old phone has, which skips it */
const NEWS = [
    /min-height:100dvh;?/, /overflow:clip;?/, /text-wrap:balance;?/,
    /@supports[^{]*\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/
].map(({ source }) => source);


/* the boxes of what is seen, by the words in it */

function measure() {
    function box(rect) {
        return { left: rect.left, right: rect.right,
                 top: rect.top + scrollY, bottom: rect.bottom + scrollY };
    }

    function place(element) {
        return box(element.getBoundingClientRect());
    }

    function lines(element) {
        const range = document.createRange();

        range.selectNodeContents(element);
        return [...range.getClientRects()].filter((rect) => rect.width > 1)
                                          .map(box);
    }

    function size(element) {
        return parseFloat(getComputedStyle(element).fontSize);
    }

    function shown(selector) {
        return [...document.querySelectorAll(selector)].filter((element) => {
            return getComputedStyle(element).visibility === 'visible'
                   && element.getBoundingClientRect().width > 1;
        });
    }

    return {
        blocks: shown('h1, p')
            .map((block) => ({
                words: block.textContent.trim(),
                size: size(block.querySelector('a, span') || block),
                lines: lines(block)
            }))
            .filter(({ words }) => words),
        targets: shown('a, button').map((target) => ({
            words: target.textContent, box: place(target),
            lines: lines(target)
        })),
        art: shown('.device').map((device) => ({ words: 'a phone',
                                                 box: place(device) })),
        stage: place(document.querySelector('.stage')),
        height: innerHeight,
        whole: document.scrollingElement.scrollHeight
    };
}


/* half a pixel is rounded */

function inside(inner, outer) {
    return inner.left > outer.left - 1 && inner.right < outer.right + 1
           && inner.top > outer.top - 1 && inner.bottom < outer.bottom + 1;
}


function meet(one, two) {
    return one.left < two.right - 1 && one.right > two.left + 1
           && one.top < two.bottom - 1 && one.bottom > two.top + 1;
}


function faults(seen) {
    const found = [];

    function want(value, ...words) {
        if (!value) {
            found.push(words.join(' '));
        }
    }

    want(seen.stage.bottom >= seen.height - 1, 'a stage that ends early');

    for (const block of seen.blocks) {
        want(block.size >= LETTER, 'too small:', block.words);
        want(block.lines.every((line) => inside(line, seen.stage)),
             'cut off:', block.words);

        for (const other of seen.blocks) {
            want(other === block || !block.lines.some((line) => {
                return other.lines.some((one) => meet(line, one));
            }), block.words, 'over', other.words);
        }

        for (const { words, box } of [...seen.targets, ...seen.art]) {
            want(block.words === words
                 || !block.lines.some((line) => meet(line, box)),
                 block.words, 'over', words);
        }
    }

    for (const { words, box, lines } of seen.targets) {
        want(box.right - box.left >= TARGET && box.bottom - box.top >= TARGET,
             'a small target:', words);
        want(lines.every((line) => inside(line, box)), 'out of it:', words);
    }

    for (const { box } of seen.art) {
        want(inside(box, seen.stage), 'a phone that is cut off');
        want(box.bottom - box.top >= ART, 'a phone that is small');
    }

    return found;
}


/* the sheets as an in-app browser of some years ago reads them, or as sent */

function wear(news) {
    const sheets = [...document.styleSheets];
    let skipped = 0;

    for (const sheet of sheets) {
        sheet.disabled = Boolean(news);
    }

    document.adoptedStyleSheets = !news ? [] : sheets.map((sheet) => {
        const text = sheet.ownerNode.textContent, aged = new CSSStyleSheet(),
              rest = news.reduce((some, one) => {
                  return some.replace(new RegExp(one, 'g'), '');
              }, text);

        skipped += text.length - rest.length;
        aged.replaceSync(rest);
        return aged;
    });

    return skipped;
}


/* what is seen of a page, which is found fit */

async function fits(page, name) {
    const seen = await page.evaluate(measure);

    ok(seen.blocks.length >= 2, `${name}: there is something to read`);
    is(await sideways(page), 0, `${name}: nothing to scroll sideways`);
    is(faults(seen), [], `${name}: all has its place`);
    return seen;
}


async function inLight(page, name, state, text) {
    const seen = await fits(page, name);

    is(seen.art.length > 0, state.endsWith('-phone'),
       `${name}: a phone where there is to be one`);

    if (FIRST.includes(state) && !text) {
        is(seen.targets.filter(({ box }) => box.bottom > seen.height), [],
           `${name}: what can be tapped is on the first screen`);
    }

    if (UNSCROLLED.includes(state) && !text && seen.height >= SMALLEST) {
        is(seen.whole, seen.height, `${name}: nothing to scroll down`);
    }

    return seen;
}


async function inOldBrowser(page, name) {
    ok(await page.evaluate(wear, NEWS) > 100,
       `${name}, an old browser: there is something to skip`);
    await fits(page, `${name}, an old browser`);
    await page.evaluate(wear, null);
}


module.exports = { inLight, inOldBrowser, measure };
