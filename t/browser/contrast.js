'use strict';

/*
 * The contrast of every letter with what is painted behind it, measured: the
 * words stand on gradients and drawings, which axe-core leaves undecided.
 */

const { picture } = require('./browser');
const { is, ok } = require('./tap');

/* WCAG 2, level AA, for text of any size */
const ENOUGH = 4.5;


/* the lines of all text that is seen, each with its color */

function lines() {
    const found = [];
    const walker = document.createTreeWalker(document.querySelector('main'),
                                             NodeFilter.SHOW_TEXT);

    while (walker.nextNode()) {
        const node = walker.currentNode, style =
              getComputedStyle(node.parentElement), range =
              document.createRange();

        if (style.visibility !== 'visible' || !node.data.trim()
            || node.parentElement.closest('svg, script, style, .say'))
        {
            continue;
        }

        range.selectNodeContents(node);

        for (const rect of range.getClientRects()) {
            found.push({ words: node.data.trim(), color: style.color,
                         left: rect.left + scrollX, top: rect.top + scrollY,
                         width: rect.width, height: rect.height });
        }
    }

    return found;
}


/* the worst pixel behind each line, in a picture without the words */

async function worst({ picture, seen }) {
    const image = new Image(), canvas = document.createElement('canvas'),
          context = canvas.getContext('2d', { willReadFrequently: true });

    image.src = 'data:image/png;base64,' + picture;
    await image.decode();
    canvas.width = image.width;
    canvas.height = image.height;
    context.drawImage(image, 0, 0);

    function luminance(color) {
        const [red, green, blue] = color.map((value) => {
            value /= 255;
            return value <= 0.04045 ? value / 12.92
                                    : Math.pow((value + 0.055) / 1.055, 2.4);
        });

        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    }

    return seen.map((line) => {
        const left = Math.max(0, Math.floor(line.left)),
              top = Math.max(0, Math.floor(line.top)),
              { data } = context.getImageData(left, top,
                                              Math.ceil(line.width),
                                              Math.ceil(line.height)),
              text = luminance(line.color.match(/[\d.]+/g).slice(0, 3)
                                         .map(Number));
        let least = 21;

        for (let i = 0; i < data.length; i += 4) {
            const behind = luminance([data[i], data[i + 1], data[i + 2]]);

            least = Math.min(least, (Math.max(text, behind) + 0.05)
                                    / (Math.min(text, behind) + 0.05));
        }

        return { words: line.words, ratio: Math.floor(least * 100) / 100 };
    });
}


function hide() {
    const sheet = new CSSStyleSheet();

    sheet.replaceSync('main *:not(svg *) { color: transparent !important }');
    document.adoptedStyleSheets.push(sheet);
}


async function contrast(page, name) {
    const seen = await page.evaluate(lines);

    await page.evaluate(hide);

    const shot = await picture(page, { fullPage: true });

    await page.evaluate(() => document.adoptedStyleSheets.pop());

    const ratios = await page.evaluate(worst, {
        picture: shot.toString('base64'), seen
    });

    ok(ratios.length >= 2, `${name}: there are words`);
    is(ratios.filter(({ ratio }) => ratio < ENOUGH), [],
       `${name}: all of them with a contrast of ${ENOUGH}`);
}


module.exports = { contrast };
