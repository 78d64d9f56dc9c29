// SPDX-License-Identifier: MIT
// CORS of the engine for both versions, preflights, and the origins option.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { request } from '../lib/raw.mjs';
import { assertError, connectWs, Polling, subscribe, VERSIONS } from '../lib/raw-eio.mjs';
import { randomOf } from '../lib/random.mjs';
import { shareServer, withServer } from '../lib/with-server.mjs';

const ORIGIN = 'https://page.example:8443';

function assertCors(response, origin) {
    const { headers } = response;
    if (origin) {
        assert.equal(headers['access-control-allow-origin'], origin);
        assert.equal(headers['access-control-allow-credentials'], 'true');
        assert.match(headers.vary ?? '', /\borigin\b/i);
    } else {
        assert.equal(headers['access-control-allow-origin'], '*');
        assert.equal(headers['access-control-allow-credentials'], undefined);
    }
}

function assertNoCors(response) {
    const found = Object.keys(response.headers).filter((name) => name.startsWith('access-control'));
    assert.deepEqual(found, []);
}

describe('cors', () => {
    const { server } = shareServer();
    const get = (path, options) => request(server.port, { path, ...options });

    test('an unknown sid is answered alike, whatever worker it seems to name', async () => {
        const random = randomOf('sids');
        // Any sid of the right form names some worker; most of these name one that is not there.
        for (let i = 0; i < 32; i += 1) {
            const sid = random.bytes(15).toString('base64url');
            const response = await get(`/socket.io/?EIO=4&transport=polling&sid=${sid}`,
                { headers: { Origin: ORIGIN } });
            assertError(response, 1);
            assertCors(response, ORIGIN);
        }
    });

    for (const eio of VERSIONS) {
        for (const origin of [undefined, ORIGIN, 'null']) {
            test(`EIO${eio}: every polling response allows origin ${origin}`, async () => {
                const headers = origin ? { Origin: origin } : {};
                const polling = await Polling.open(server.port, eio, { headers });
                assertCors(polling.first, origin);
                if (eio === 4) {
                    assertCors(await polling.post('40'), origin);
                    assertCors(await polling.get(), origin);
                }
                assertCors(await polling.post(subscribe('cors', 0)), origin);
                assertCors(await polling.get(), origin);
            });

            test(`EIO${eio}: every 400 error allows origin ${origin}`, async () => {
                const headers = origin ? { Origin: origin } : {};
                const base = `/socket.io/?EIO=${eio}`;
                const errors = [
                    await get(`${base}&transport=tube`, { headers }),
                    await get(`${base}&transport=polling&sid=x`, { headers }),
                    await get(`${base}&transport=polling`, { headers, method: 'POST', body: '' }),
                    await get(`${base}&transport=websocket`, { headers }),
                    await get('/socket.io/?EIO=9&transport=polling', { headers }),
                ];
                for (const response of errors) {
                    assert.equal(response.status, 400);
                    assertCors(response, origin);
                }
            });
        }

        test(`EIO${eio}: a preflight without sid is answered`, async () => {
            const response = await get(`/socket.io/?EIO=${eio}&transport=polling&t=x`, {
                method: 'OPTIONS',
                headers: { Origin: ORIGIN, 'Access-Control-Request-Method': 'POST',
                    'Access-Control-Request-Headers': 'content-type' },
            });
            assertPreflight(response);
        });

        test(`EIO${eio}: a preflight with sid is answered and changes nothing`, async () => {
            const polling = await Polling.connect(server.port, eio);
            const held = await polling.hold();
            const response = await get(polling.url(), {
                method: 'OPTIONS',
                headers: { Origin: ORIGIN, 'Access-Control-Request-Method': 'POST',
                    'Access-Control-Request-Headers': 'content-type' },
            });
            assertPreflight(response);
            await polling.postOk(subscribe('after', 0));
            assert.match((await held.response()).text, /430\[\{"ok":true\}\]$/);
            held.destroy();
        });

        test(`EIO${eio}: a preflight allows the headers that were asked for`, async () => {
            const response = await get(`/socket.io/?EIO=${eio}&transport=polling`, {
                method: 'OPTIONS',
                headers: { Origin: ORIGIN, 'Access-Control-Request-Method': 'GET',
                    'Access-Control-Request-Headers': 'x-custom' },
            });
            assertPreflight(response);
            assert.match(response.headers['access-control-allow-headers'], /x-custom|\*/i);
        });

        test(`EIO${eio}: a WebSocket's 101 has no CORS headers`, async () => {
            const ws = await connectWs(server.port, eio, { headers: { Origin: ORIGIN } });
            assertNoCors(ws.response);
            ws.destroy();
        });
    }

    function assertPreflight(response) {
        assert.ok([200, 204].includes(response.status), response.head);
        assert.equal(response.text, '');
        assertCors(response, ORIGIN);
        assert.ok(response.headers['access-control-allow-headers'], 'Allow-Headers');
        const methods = response.headers['access-control-allow-methods'] ?? '';
        assert.match(methods, /\bGET\b/);
        assert.match(methods, /\bPOST\b/);
    }

    test('a preflight of nothing but Content-Type allows it', async () => {
        const response = await get('/socket.io/?EIO=3&transport=polling', {
            method: 'OPTIONS',
            headers: { Origin: ORIGIN, 'Access-Control-Request-Method': 'POST' },
        });
        assertPreflight(response);
        assert.match(response.headers['access-control-allow-headers'], /content-type/i);
    });

    test('the bundle has no CORS headers', async () => {
        assertNoCors(await get('/socket.io/socket.io.js', { headers: { Origin: ORIGIN } }));
    });

    test('an empty 500 has no CORS headers', async () => {
        const polling = await Polling.open(server.port, 3);
        const response = await get(polling.url(), { method: 'PUT', headers: { Origin: ORIGIN } });
        assert.equal(response.status, 500);
        assertNoCors(response);
    });
});

describe('origins', () => {
    /** Runs checks [headers, allowed] against one value of the option. */
    const check = (origins, checks) => withServer({
        config: { socketio: { origins } },
    }, async (server) => {
        for (const eio of VERSIONS) {
            for (const [headers, allowed] of checks) {
                const response = await request(server.port,
                    { path: `/socket.io/?EIO=${eio}&transport=polling`, headers });
                const what = `EIO${eio} ${JSON.stringify(origins)} ${JSON.stringify(headers)}`;
                assert.equal(response.status, allowed ? 200 : 403, what);
                if (!allowed) {
                    assertError(response, 4);
                    assertNoCors(response);
                }
            }
        }
    });

    test('*:* accepts all, also without an origin', () => check('*:*', [
        [{}, true], [{ Origin: 'http://a.example' }, true], [{ Origin: 'null' }, true],
    ]));

    test('an exact entry takes scheme, host and port', () => check('http://a.example:80', [
        [{ Origin: 'http://a.example' }, true],
        [{ Origin: 'http://a.example:80' }, true],
        [{ Origin: 'http://a.example:81' }, false],
        [{ Origin: 'http://b.example' }, false],
        [{ Origin: 'https://a.example' }, false],
    ]));

    test('the port of https is 443', () => check(['https://a.example:443'], [
        [{ Origin: 'https://a.example' }, true],
        [{ Origin: 'http://a.example' }, false],
    ]));

    test('host:port takes either scheme', () => check(['a.example:8080'], [
        [{ Origin: 'http://a.example:8080' }, true],
        [{ Origin: 'https://a.example:8080' }, true],
        [{ Origin: 'https://a.example' }, false],
    ]));

    test('host:* takes every port', () => check(['a.example:*'], [
        [{ Origin: 'http://a.example:8080' }, true],
        [{ Origin: 'https://a.example' }, true],
        [{ Origin: 'https://b.example' }, false],
    ]));

    test('*:port takes every host', () => check(['*:8080'], [
        [{ Origin: 'http://a.example:8080' }, true],
        [{ Origin: 'http://b.example:8080' }, true],
        [{ Origin: 'http://b.example' }, false],
    ]));

    test('a list takes each of its entries', () => check(['a.example:*', 'http://b.example:81'], [
        [{ Origin: 'http://a.example' }, true],
        [{ Origin: 'http://b.example:81' }, true],
        [{ Origin: 'http://b.example' }, false],
    ]));

    test('a missing origin is refused by any list', () => check(['a.example:*'], [
        [{}, false],
    ]));

    test('Referer counts when there is no Origin', () => check(['a.example:*'], [
        [{ Referer: 'http://a.example/page?x=1' }, true],
        [{ Referer: 'http://b.example/page' }, false],
        [{ Origin: 'http://b.example', Referer: 'http://a.example/' }, false],
    ]));

    test('an origin that cannot be parsed is refused', () => check(['a.example:*'], [
        [{ Origin: 'null' }, false], [{ Origin: 'a.example' }, false], [{ Origin: '://' }, false],
    ]));
});
