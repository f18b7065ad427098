'use strict';

/*
 * A forward proxy between a browser and nginx, for a browser whose protocol
 * neither tells what it asks for nor runs a script before a page's own.
 *
 *     const proxy = await openProxy({
 *         request: (url) => {},        // true: no answer, the line is cut
 *         answer: ({ url, status, headers, text }) => {}, // as nginx sent it
 *         script: 'window.first = 1;'  // begins each document
 *     });
 *
 *     proxy.port, proxy.option.script, proxy.close()
 *
 * The script is added to documents alone, and its hash to their policy if that
 * allows scripts by hash: what else a policy forbids stays forbidden.
 */

const crypto = require('crypto');
const http = require('http');
const zlib = require('zlib');


/* without a list for scripts the one for everything is theirs */

function allow(policy, script) {
    const hash = crypto.createHash('sha256').update(script).digest('base64'),
          lists = policy.split(';').map((list) => list.trim()),
          list = lists.find((one) => one.startsWith('script-src '))
                 || lists.find((one) => one.startsWith('default-src '));

    if (!list || /'unsafe-inline'/.test(list) && !/'(?:sha|nonce)/.test(list)) {
        return policy;
    }

    const sources = list.replace(/^\S+|'none'/g, '');

    return [`script-src${sources} 'sha256-${hash}'`,
            ...lists.filter((one) => !one.startsWith('script-src '))]
        .join('; ');
}


function begin(text, script) {
    return text.replace(/<head>|^(?:<!doctype[^>]*>)?/i,
                        (start) => `${start}<script>${script}</script>`);
}


function unpack(headers, body) {
    return headers['content-encoding'] === 'gzip' ? zlib.gunzipSync(body)
                                                  : body;
}


function send(response, { status, headers, body }, script) {
    const changed = { ...headers };

    if (script && /^text\/html/.test(headers['content-type'])) {
        body = Buffer.from(begin(unpack(headers, body).toString(), script));
        delete changed['content-encoding'];
        delete changed['transfer-encoding'];
        changed['content-length'] = body.length;

        if (changed['content-security-policy']) {
            changed['content-security-policy'] =
                allow(changed['content-security-policy'], script);
        }
    }

    response.writeHead(status, changed);
    response.end(body);
}


function forward(request, response, option) {
    const url = request.url;

    if (option.request && option.request(url)) {
        response.destroy();
        return;
    }

    const onward = http.request(url, { method: request.method,
                                       headers: request.headers });

    onward.on('error', () => response.destroy());
    onward.on('response', async (answer) => {
        const pieces = [];

        try {
            for await (const piece of answer) {
                pieces.push(piece);
            }

        } catch (error) {
            response.destroy();
            return;
        }

        const { statusCode: status, headers } = answer,
              body = Buffer.concat(pieces);

        if (option.answer) {
            option.answer({ url, status, headers,
                            text: unpack(headers, body).toString() });
        }

        send(response, { status, headers, body }, option.script);
    });

    request.pipe(onward);
}


function openProxy(option) {
    const server = http.createServer((request, response) => {
        forward(request, response, option);
    });

    return new Promise((done, failed) => {
        server.on('error', failed);
        server.listen(0, '127.0.0.1', () => done({
            option,
            port: server.address().port,
            close: () => {
                server.close();
                server.closeAllConnections();
            }
        }));
    });
}


module.exports = { openProxy };
