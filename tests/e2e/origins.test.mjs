// SPDX-License-Identifier: MIT
// allowedOrigins: pages of other origins get no session, over any transport,
// with every client; programs that are no pages do.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CLIENT_COMBINATIONS, label, openPage } from '../lib/echo.mjs';
import { assertError, Polling, wsPath } from '../lib/raw-eio.mjs';
import { exchange, request } from '../lib/raw.mjs';
import { upgradeBytes } from '../lib/raw-ws.mjs';
import { freePort, runServer, startServer, tempDir } from '../lib/server.mjs';

let server;
before(async () => {
    server = await startServer({
        config: {
            allowedOrigins: ['https://app.test', 'http://app.test:8080', '*.shop.test',
                'http://localhost:*', 'https://slash.test/'],
        },
    });
});
after(() => server?.stop());

const poll = (eio, headers, more = '') => request(server.port,
    { path: `/socket.io/?EIO=${eio}&transport=polling${more}`, headers });

describe('an origin', () => {
    for (const [origin, allowed] of [
        ['https://app.test', true], ['https://APP.test', true], ['https://app.test:443', true],
        ['http://app.test', false], ['https://app.test:8443', false],
        ['http://app.test:8080', true], ['https://app.test.evil.test', false],
        ['https://a.shop.test', true], ['http://a.b.shop.test:9', true],
        ['https://shop.test', false], ['https://eshop.test', false],
        ['http://localhost:3000', true], ['https://localhost:3000', false],
        ['https://slash.test', true], ['null', false], ['https://evil.test', false],
    ]) {
        test(`${origin} is ${allowed ? 'allowed' : 'refused'} on either transport`, async () => {
            for (const eio of [3, 4]) {
                const polled = await poll(eio, { Origin: origin });
                const upgraded = await exchange(server.port,
                    upgradeBytes(wsPath(eio), { headers: { Origin: origin } }));
                assert.deepEqual([polled.status, upgraded.status], allowed ? [200, 101] : [403, 400]);
                if (!allowed) {
                    assertError(polled, 4);
                }
            }
        });
    }

    test('is the Referer\'s where there is none', async () => {
        assert.equal((await poll(4, { Referer: 'https://app.test/page?x' })).status, 200);
        assert.equal((await poll(4, { Referer: 'https://evil.test/page?x' })).status, 403);
    });

    test('that nobody names is no page\'s, unless it asks for a script', async () => {
        assert.equal((await poll(4, {})).status, 200);
        assert.equal((await poll(3, {}, '&j=0')).status, 403);
        assert.equal((await poll(3, { Referer: 'https://app.test/' }, '&j=0')).status, 200);
    });

    test('is asked for once: what is open goes on', async () => {
        const polling = await Polling.connect(server.port, 4, { headers: { Origin: 'https://app.test' } });
        polling.headers = {};
        assert.equal(await polling.alive(), true);
    });

    test('that is refused is said with the option, and not each time', async () => {
        for (let i = 0; i < 20; i++) {
            await poll(4, { Origin: 'https://evil.test' });
        }
        await server.waitLog(/refused an origin that is not allowed .*\n/);
        const lines = server.stderr().match(/refused an origin that is not allowed .*/g);
        assert.match(lines[0], /origin=\S+ option=allowedOrigins/);
        assert.ok(lines.length < 10, lines.join('\n'));
    });
});

describe('a page', () => {
    for (const combination of CLIENT_COMBINATIONS) {
        test(`of an allowed origin connects, of another does not: ${label(combination)}`, async () => {
            const from = (origin) => openPage({
                url: server.url, ...combination, more: { extraHeaders: { Origin: origin } },
            });
            const page = await from('https://a.shop.test');
            page.close();
            await assert.rejects(from('https://evil.test'));
        });
    }
});

test('socketio.origins is asked besides', async () => {
    const both = await startServer({
        config: { allowedOrigins: '*.test', socketio: { origins: 'https://a.test:443' } },
    });
    const status = async (origin) => (await request(both.port, {
        path: '/socket.io/?EIO=4&transport=polling', headers: { Origin: origin },
    })).status;
    assert.deepEqual([await status('https://a.test'), await status('https://b.test'),
        await status('https://a.example')], [200, 403, 403]);
    await both.waitLog(/origin=\S*b\.test\S* option=socketio.origins/);
    await both.stop();
});

test('an entry that is no origin is an error with its text', async () => {
    const file = path.join(tempDir(), 'echo-server.json');
    fs.writeFileSync(file, JSON.stringify({
        host: '127.0.0.1', port: await freePort(), subscribers: { http: true, redis: false },
        allowedOrigins: ['https://a.test/path'], trustProxy: ['10.0.0.0/99'],
    }));
    const end = await runServer(['start', `--config=${file}`]);
    assert.equal(end.code, 1);
    assert.match(end.stderr, /allowedOrigins has "https:\/\/a\.test\/path"; expected an origin like/);
    assert.match(end.stderr, /trustProxy: "10\.0\.0\.0\/99" is not an address; expected/);
});
