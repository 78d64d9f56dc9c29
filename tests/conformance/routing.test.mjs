// SPDX-License-Identifier: MIT
// Which request goes where: the engine's path, the bundle, the application's
// own routes, and upgrades that nobody wants.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HttpConn, request, requestBytes } from '../lib/raw.mjs';
import { refused, upgradeBytes } from '../lib/raw-ws.mjs';
import { assertError, decodePayload, openWs, Polling } from '../lib/raw-eio.mjs';
import { SLOW, TIMEOUT, within } from '../lib/server.mjs';
import { shareServer, withServer } from '../lib/with-server.mjs';

describe('routing', () => {
    const { server, other } = shareServer({
        watched: true,
        config: {
            headers: { 'X-Application': 'echo' },
            socketio: { destroyUpgradeTimeout: 300 },
        },
    });
    const get = (path, options) => request(server.port, { path, ...options });

    test('the engine answers below /socket.io/', async () => {
        const response = await get('/socket.io/?EIO=4&transport=polling');
        assert.equal(response.status, 200);
        assert.equal(response.text[0], '0');
    });

    test('the engine path is a prefix: what follows it does not matter', async () => {
        for (const eio of [3, 4]) {
            const response = await get(`/socket.io/anything?EIO=${eio}&transport=polling`);
            assert.equal(response.status, 200);
            assert.equal(decodePayload(eio, response.text)[0][0], '0');
        }
    });

    test('a WebSocket may name more than the engine path', async () => {
        const ws = await openWs(server.port, 4, { path: '/socket.io/anything' });
        assert.match(ws.sid, /./);
        ws.destroy();
    });

    test('the engine path without its slash is not engine traffic', async () => {
        const response = await get('/socket.io?EIO=3&transport=polling');
        assert.equal(response.status, 404);
    });

    test('the path is compared raw: an escaped one is not the engine', async () => {
        const response = await get('/%73ocket.io/?EIO=4&transport=polling');
        assert.equal(response.status, 404);
    });

    test('the engine path without a query has an unknown transport', async () => {
        assertError(await get('/socket.io/'), 0);
    });

    test('the bundle is looked for before the engine', async () => {
        const response = await get('/socket.io/socket.io.js?EIO=4&transport=polling');
        assert.equal(response.status, 200);
        assert.match(response.headers['content-type'], /^application\/javascript/);
    });

    test('GET / answers OK', async () => {
        const response = await get('/');
        assert.equal(response.status, 200);
        assert.equal(response.text, 'OK');
    });

    test('GET / with a query answers OK', async () => {
        assert.equal((await get('/?probe=1')).text, 'OK');
    });

    test('HEAD / has the status of GET and no body', async () => {
        const conn = await HttpConn.open(server.port);
        conn.send(requestBytes({ method: 'HEAD', path: '/' }));
        const head = await conn.response({ method: 'HEAD' });
        assert.equal(head.status, 200);
        conn.send(requestBytes({ path: '/' }));
        assert.equal((await conn.response()).text, 'OK', 'nothing between the two answers');
        conn.destroy();
    });

    test('an unknown path is 404', async () => {
        assert.equal((await get('/nothing')).status, 404);
        assert.equal((await get('/apps')).status, 404);
    });

    test('configured headers are on the API and not on engine or bundle', async () => {
        const api = await get('/apps/app/events?auth_key=key', { method: 'POST', body: '{}' });
        assert.equal(api.headers['x-application'], 'echo');
        const engine = await get('/socket.io/?EIO=3&transport=polling');
        assert.equal(engine.headers['x-application'], undefined);
        const bundle = await get('/socket.io/socket.io.js');
        assert.equal(bundle.headers['x-application'], undefined);
    });

    test('an upgrade on another path is never answered and ends after destroyUpgradeTimeout',
        async () => {
            const conn = await HttpConn.open(server.port);
            const start = Date.now();
            conn.send(upgradeBytes('/elsewhere'));
            await within(conn.closed, 300 + TIMEOUT, 'end of the socket');
            assert.ok(Date.now() - start >= 250, `ended after ${Date.now() - start} ms`);
            assert.equal(conn.bytes.length, 0);
        });

    test('two requests in one write are answered in order', async () => {
        const conn = await HttpConn.open(server.port);
        conn.send(Buffer.concat([
            requestBytes({ path: '/' }),
            requestBytes({ path: '/socket.io/?EIO=4&transport=polling' }),
            requestBytes({ path: '/nothing' }),
            requestBytes({ path: '/' }),
        ]));
        assert.equal((await conn.response()).text, 'OK');
        assert.equal((await conn.response()).text[0], '0');
        assert.equal((await conn.response()).status, 404);
        assert.equal((await conn.response()).text, 'OK');
        conn.destroy();
    });

    test('requests behind a held poll are answered after it', async () => {
        const polling = await Polling.connect(server.port, 4);
        const conn = await polling.hold();
        conn.send(requestBytes({ path: '/' }));
        await polling.postOk('420["subscribe",{"channel":"behind"}]');
        assert.equal((await conn.response()).text, '430[{"ok":true}]');
        assert.equal((await conn.response()).text, 'OK');
        conn.destroy();
    });

    test('a request that comes byte by byte is answered', async () => {
        const conn = await HttpConn.open(server.port);
        for (const byte of requestBytes({ path: '/', headers: { 'X-Long': 'a'.repeat(40) } })) {
            conn.send(Buffer.from([byte]));
            await new Promise(setImmediate);
        }
        assert.equal((await conn.response()).text, 'OK');
        conn.destroy();
    });

    test('Connection: close ends the connection after the answer', async () => {
        const conn = await HttpConn.open(server.port);
        conn.send(requestBytes({ path: '/', headers: { Connection: 'close' } }));
        assert.equal((await conn.response()).text, 'OK');
        assert.equal((await conn.rest()).length, 0);
    });

    test('HTTP/1.0 is answered and the connection ends', async () => {
        const conn = await HttpConn.open(server.port);
        conn.send('GET / HTTP/1.0\r\n\r\n');
        assert.equal((await conn.response()).text, 'OK');
        await conn.rest();
    });

    test('nobody else was disturbed', () => other.check());
});

describe('routing with a path of its own', () => {
    const { server } = shareServer({ config: { socketio: { path: '/live/' } } });

    test('the engine answers below the configured path', async () => {
        const polling = await Polling.open(server.port, 3, { path: '/live/' });
        assert.match(polling.sid, /./);
        const ws = await openWs(server.port, 4, { path: '/live/' });
        assert.match(ws.sid, /./);
        ws.destroy();
    });

    test('/socket.io/ is not the engine any more', async () => {
        const response = await request(server.port, { path: '/socket.io/?EIO=4&transport=polling' });
        assert.equal(response.status, 404);
    });

    test('the bundle is below the configured path', async () => {
        const response = await request(server.port, { path: '/live/socket.io.js' });
        assert.equal(response.status, 200);
    });
});

describe('routing with destroyUpgrade off', () => {
    test('an upgrade on another path is left alone', () => withServer({
        config: { socketio: { destroyUpgrade: false, destroyUpgradeTimeout: 100 } },
    }, async (server) => {
        const conn = await HttpConn.open(server.port);
        conn.send(upgradeBytes('/elsewhere'));
        const ended = await Promise.race([conn.closed.then(() => true),
            new Promise((resolve) => setTimeout(resolve, 400 * SLOW, false))]);
        assert.equal(ended, false);
        assert.equal(conn.bytes.length, 0);
        conn.destroy();
    }));
});

describe('routing with one transport', () => {
    test('a transport that is not configured is unknown', () => withServer({
        config: { socketio: { transports: ['polling'] } },
    }, async (server) => {
        const { response } = await refused(server.port, '/socket.io/?EIO=4&transport=websocket');
        assert.equal(response.status, 400);
        assert.equal(response.text, 'Transport unknown');
    }));
});

describe('several workers', () => {
    test('pipelined requests follow the sessions that they name', () => withServer({
        config: { workers: 4 },
    }, async (server) => {
        const sessions = await Promise.all(
            Array.from({ length: 12 }, () => Polling.connect(server.port, 4)));
        const conn = await HttpConn.open(server.port);
        conn.send(Buffer.concat(sessions.map((one) =>
            requestBytes({ method: 'POST', path: one.url(), body: '42["x"]' }))));
        for (const one of sessions) {
            const { status, text } = await conn.response();
            assert.deepEqual([status, text], [200, 'ok'], one.sid);
        }
        conn.destroy();
    }));
});
