'use strict';

// The same page by a Node service, as a cloud function would do it: Redis
// with automatic pipelining, PostgreSQL by a prepared statement for who is
// not there, the template split once.
//
//     node server.js PORT PAGE REDIS_PORT POSTGRES_PORT

const fs = require('fs');
const zlib = require('zlib');
const fastify = require('fastify');
const Redis = require('ioredis');
const { Pool } = require('pg');

const [port, file, redisPort, postgresPort] = process.argv.slice(2);

const source = fs.readFileSync(file, 'utf8').split(/{{(\w+)}}/);
const parts = source.filter((_, i) => i % 2 === 0);
const fields = source.filter((_, i) => i % 2 === 1);
const names = [...new Set(fields)];
const index = fields.map((name) => names.indexOf(name));

const redis = new Redis({ host: '127.0.0.1', port: Number(redisPort),
                          enableAutoPipelining: true });
const pool = new Pool({ host: '127.0.0.1', port: Number(postgresPort),
                        user: 'postgres', database: 'postgres', max: 4 });

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;',
                   "'": '&#39;' };

function escape(value) {
    if (value === null || value === undefined) {
        return '';
    }

    return /[&<>"']/.test(value)
        ? value.replace(/[&<>"']/g, (c) => entities[c]) : value;
}

async function record(id) {
    const values = await redis.hmget(`employee:${id}`, names);

    if (values[0] !== null) {
        return values;
    }

    const { rows } = await pool.query({
        name: 'employee', values: [id],
        text: `SELECT ${names.join(', ')} FROM employee WHERE id = $1`,
    });

    return rows.length ? names.map((name) => rows[0][name]) : null;
}

function render(values) {
    const escaped = values.map(escape);
    let page = parts[0];

    for (let i = 0; i < index.length; i++) {
        page += escaped[index[i]] + parts[i + 1];
    }

    return page;
}

const app = fastify({ logger: false });

app.get('/node', async (request, reply) => {
    const id = request.query.id;

    if (typeof id !== 'string' || !/^[\w.@-]{1,64}$/.test(id)) {
        return reply.code(400).send();
    }

    const values = await record(id);

    if (values === null) {
        return reply.code(404).send();
    }

    reply.header('Content-Type', 'text/html; charset=utf-8')
         .header('Cache-Control', 'private, no-store')
         .header('Referrer-Policy', 'no-referrer')
         .header('X-Content-Type-Options', 'nosniff')
         .header('Vary', 'Accept-Encoding');

    if (!/\bgzip\b/.test(request.headers['accept-encoding'] || '')) {
        return reply.send(render(values));
    }

    reply.header('Content-Encoding', 'gzip');
    return reply.send(zlib.gzipSync(render(values), { level: 1 }));
});

app.listen({ port: Number(port), host: '127.0.0.1', backlog: 16384 });
