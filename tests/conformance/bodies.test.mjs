// SPDX-License-Identifier: MIT
// Bodies that are announced and do not come, that come where none is asked
// for, or that come slowly: nobody waits for them, and memory is taken for what
// came. The deadline itself is http_check_test's.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, test } from 'node:test';
import { chunked, HttpConn, requestBytes } from '../lib/raw.mjs';
import { upgradeBytes } from '../lib/raw-ws.mjs';
import { Polling, wsPath } from '../lib/raw-eio.mjs';
import { shareServer } from '../lib/with-server.mjs';

describe('bodies', () => {
    const { server, other } = shareServer({ watched: true });

    describe('a body that nobody asked for', () => {
        const read = {
            'the root': '/',
            health: '/health/live',
            'a status': '/apps/app/status?auth_key=key',
            channels: '/apps/app/channels?auth_key=key',
            'a refused key': '/apps/app/status?auth_key=none',
            'a handshake': '/socket.io/?EIO=4&transport=polling',
            'a session that is not there': '/socket.io/?EIO=4&transport=polling&sid=none',
            'a bundle': '/socket.io/socket.io.js',
            nothing: '/nothing',
        };
        const big = { 'Content-Length': 10485000 };

        for (const [name, path] of Object.entries(read)) {
            for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS']) {
                test(`${method} of ${name}: 10 MB that are announced are not waited for`, async () => {
                    const conn = await HttpConn.open(server.port);
                    conn.send(requestBytes({ method, path, headers: big, body: 'x' }));
                    await conn.response({ method });
                    await conn.rest();
                });
            }

            test(`GET of ${name}: a short body is never taken for a request`, async () => {
                const body = requestBytes({ path: '/apps/app/smuggled' });
                for (const extra of [{ body }, { body: chunked(body, 7),
                    headers: { 'Transfer-Encoding': 'chunked' } }]) {
                    const conn = await HttpConn.open(server.port);
                    conn.send(Buffer.concat([requestBytes({ path, ...extra }), requestBytes()]));
                    const { headers } = await conn.response();
                    if (headers.connection === 'close') {
                        assert.equal((await conn.rest()).length, 0);
                    } else {
                        assert.equal((await conn.response()).text, 'OK');
                    }
                    conn.destroy();
                }
            });
        }

        test('a health check, a status and a poll with a short one keep their connection', async () => {
            for (const path of [read.health, read['a status'], read['a handshake']]) {
                const conn = await HttpConn.open(server.port);
                for (let i = 0; i < 2; i += 1) {
                    conn.send(requestBytes({ path, body: '{}' }));
                    assert.equal((await conn.response()).status, 200);
                }
                conn.destroy();
            }
        });

        test('an upgrade with one is no upgrade', async () => {
            const bytes = upgradeBytes(wsPath(4), { headers: big });
            const conn = await HttpConn.open(server.port);
            conn.send(bytes);
            assert.equal((await conn.response()).status, 400);
            await conn.rest();
        });
    });

    test('bodies under way cost what came of them, and one in pieces gets through', async () => {
        const rss = () => Number(/VmRSS:\s+(\d+)/.exec(
            fs.readFileSync(`/proc/${server.pid}/status`, 'latin1'))[1]) * 1024;
        const polling = await Polling.connect(server.port, 4);
        const honest = await HttpConn.open(server.port);
        const piece = '6'.repeat(100000);
        honest.send(requestBytes({ method: 'POST', path: polling.url(),
            headers: { 'Content-Length': 10 * piece.length } }));
        const before = rss();
        const attackers = await Promise.all(Array.from({ length: 200 },
            () => HttpConn.open(server.port)));
        attackers.forEach((conn, i) => {
            const silent = i % 2 === 0;
            conn.send(requestBytes({ headers: { 'Content-Length': 10485000 },
                ...(silent ? { method: 'POST', path: '/apps/app/events?auth_key=key', body: '{' }
                    : { path: '/health/live', body: Buffer.alloc(1 << 20, 'x') }) }));
        });
        const refused = attackers.filter((_, i) => i % 2 === 1);
        for (const conn of refused) {
            assert.equal((await conn.response()).status, 413);
        }
        for (let i = 0; i < 10; i += 1) {
            honest.send(piece);
            await other.check();
        }
        assert.equal((await honest.response()).text, 'ok');
        const grown = rss() - before;
        assert.ok(grown < 24e6, `${grown} bytes more`);
        attackers.forEach((conn) => conn.destroy());
        honest.destroy();
    });
});
