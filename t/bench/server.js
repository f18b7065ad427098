'use strict';

// The same page by a Node service, as a cloud function would do it: Redis
// with automatic pipelining, the template split once.
//
//     node server.js PORT PAGE REDIS_PORT

const fs = require('fs');
const zlib = require('zlib');
const fastify = require('fastify');
const Redis = require('ioredis');

const [port, file, redisPort] = process.argv.slice(2);
const host = '127.0.0.1';

// text and names of fields in turn
const source = fs.readFileSync(file, 'utf8').split(/{{(\w+)}}/);
const parts = source.filter((_, i) => i % 2 === 0);
const fields = source.filter((_, i) => i % 2 === 1);
const names = [...new Set(fields)];
const index = fields.map((name) => names.indexOf(name));

const redis = new Redis({ host, port: Number(redisPort),
                          enableAutoPipelining: true });

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;',
                   "'": '&#39;' };
const escape = (value) => (value ?? '').replace(/[&<>"']/g,
                                                (c) => entities[c]);

function render(values) {
    const escaped = values.map(escape);

    return parts.reduce((page, part, i) => page + escaped[index[i - 1]]
                                           + part);
}

const app = fastify({ logger: false });

app.get('/node', async (request, reply) => {
    const id = request.query.id;

    if (typeof id !== 'string' || !/^[\w.@-]{1,64}$/.test(id)) {
        return reply.code(400).send();
    }

    const values = await redis.hmget(`employee:${id}`, names);

    if (values[0] === null) {
        return reply.code(404).send();
    }

    reply.header('Content-Type', 'text/html; charset=utf-8')
         .header('Cache-Control', 'private, no-store')
         .header('Referrer-Policy', 'no-referrer')
         .header('X-Content-Type-Options', 'nosniff')
         .header('Vary', 'Accept-Encoding');

    if (!/\bgzip\b/.test(request.headers['accept-encoding'])) {
        return reply.send(render(values));
    }

    reply.header('Content-Encoding', 'gzip');
    return reply.send(zlib.gzipSync(render(values), { level: 1 }));
});

app.listen({ port: Number(port), host, backlog: 16384 });
