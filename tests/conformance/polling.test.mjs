// SPDX-License-Identifier: MIT
// Polling over XHR: held GETs, POSTs, overlaps, dropped connections, closes
// from either side, and compression.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { HttpConn, request, requestBytes } from '../lib/raw.mjs';
import {
    assertError, CLOSE_PAYLOAD, encodePayload, NOOP_PAYLOAD, Polling, settle, subscribe, VERSIONS,
} from '../lib/raw-eio.mjs';
import { postEvent } from '../lib/server.mjs';
import { shareServer, withServer } from '../lib/with-server.mjs';

const ACK = { 3: '16:430[{"ok":true}]', 4: '430[{"ok":true}]' };

for (const eio of VERSIONS) {
    describe(`polling, EIO${eio}`, () => {
        const { server, other } = shareServer({ watched: true });
        const open = (options) => Polling.connect(server.port, eio, options);

        test('a GET is held until there is something to send', async () => {
            const polling = await open();
            await polling.join('held');
            const held = await polling.hold();
            assert.equal(held.bytes.length, 0);
            await postEvent(server, { channel: 'held', name: 'E', data: 1 });
            const response = await held.response();
            assert.equal(response.text, encodePayload(eio, ['42["E","held",1]']));
            held.destroy();
        });

        test('the answer of a GET is text with a length, or chunked', async () => {
            const polling = await open();
            await polling.postOk(subscribe('head', 0));
            const response = await polling.get();
            assert.equal(response.status, 200);
            assert.equal(response.reason, 'OK');
            assert.equal(response.headers['content-type'], 'text/plain; charset=UTF-8');
            assert.equal(response.headers['content-length'], String(ACK[eio].length));
            assert.equal(response.text, ACK[eio]);
            assert.equal(response.headers['x-content-type-options'], undefined);
        });

        test('only EIO4 forbids to store answers', async () => {
            const polling = await open();
            assert.equal(polling.first.headers['cache-control'], eio === 4 ? 'no-store' : undefined);
            await polling.postOk(subscribe('store', 0));
            const response = await polling.get();
            assert.equal(response.headers['cache-control'], eio === 4 ? 'no-store' : undefined);
        });

        test('the answer of a POST is ok as text/html', async () => {
            const polling = await open();
            const response = await polling.post('6');
            assert.equal(response.status, 200);
            assert.match(response.headers['content-type'], /^text\/html/);
            assert.equal(response.headers['content-length'], '2');
            assert.equal(response.text, 'ok');
        });

        test('the type of a POST does not matter', async () => {
            for (const type of ['application/json', 'text/html', 'nonsense',
                'multipart/form-data; boundary=x']) {
                const polling = await open();
                const response = await polling.postRaw(encodePayload(eio, [subscribe('type', 0)]),
                    { headers: { 'Content-type': type } });
                assert.equal(response.text, 'ok');
                assert.equal((await polling.get()).text, ACK[eio]);
            }
        });

        test('a POST in chunks is read', async () => {
            const polling = await open();
            const body = encodePayload(eio, [subscribe('chunks-é', 0)]);
            assert.equal((await polling.postChunked(body, 3)).text, 'ok');
            assert.equal((await polling.get()).text, ACK[eio]);
        });

        test('a POST with Expect: 100-continue is read', async () => {
            const polling = await open();
            const response = await polling.postRaw(encodePayload(eio, [subscribe('expect', 0)]),
                { headers: { Expect: '100-continue' } });
            assert.equal(response.text, 'ok');
        });

        test('GET and POST of a session go on at once, on one kept connection each', async () => {
            const polling = await open();
            const get = await HttpConn.open(server.port);
            const post = await HttpConn.open(server.port);
            for (let i = 0; i < 10; i += 1) {
                get.send(requestBytes({ path: polling.url() }));
                post.send(requestBytes({
                    method: 'POST', path: polling.url(),
                    body: encodePayload(eio, [subscribe(`kept-${i}`, 0)]),
                }));
                assert.equal((await post.response()).text, 'ok');
                assert.equal((await get.response()).text, ACK[eio]);
            }
            get.destroy();
            post.destroy();
        });

        test('one connection carries the requests of several sessions', async () => {
            const sessions = [];
            for (let i = 0; i < 6; i += 1) {
                sessions.push(await open());
            }
            const conn = await HttpConn.open(server.port);
            for (const polling of [...sessions, ...sessions.reverse()]) {
                conn.send(requestBytes({
                    method: 'POST', path: polling.url(),
                    body: encodePayload(eio, [subscribe('shared', 0)]),
                }));
                assert.equal((await conn.response()).text, 'ok');
                conn.send(requestBytes({ path: polling.url() }));
                assert.equal((await conn.response()).text, ACK[eio]);
            }
            conn.destroy();
        });

        test('requests of several sessions in one write are answered in order', async () => {
            const sessions = [];
            for (let i = 0; i < 6; i += 1) {
                sessions.push(await open());
                await sessions[i].postOk(subscribe('piped', i));
            }
            const conn = await HttpConn.open(server.port);
            conn.send(Buffer.concat(sessions.map((polling) => requestBytes({ path: polling.url() }))));
            for (let i = 0; i < 6; i += 1) {
                assert.equal((await conn.response()).text,
                    encodePayload(eio, [`43${i}[{"ok":true}]`]));
            }
            conn.destroy();
        });

        test('a second GET: one gets the close, the other 400, the session ends', async () => {
            const polling = await open();
            const conns = [await polling.hold(), await polling.hold()];
            const [first, second] = await Promise.all(conns.map((conn) => conn.response()));
            assert.equal(first.status, 200);
            assert.equal(first.text, CLOSE_PAYLOAD[eio]);
            assert.equal(second.status, 400);
            assert.equal(second.text, '');
            assertError(await polling.get(), 1);
            conns.forEach((conn) => conn.destroy());
        });

        test('a second POST gets 400, the first none, the session ends', async () => {
            const polling = await open();
            const first = await HttpConn.open(server.port);
            const body = encodePayload(eio, ['6']);
            first.send(requestBytes({
                method: 'POST', path: polling.url(), body: body.slice(0, 1),
                headers: { 'Content-Length': body.length + 1 },
            }));
            await settle();
            const second = await polling.postRaw(body);
            assert.equal(second.status, 400);
            assert.equal(second.text, '');
            await first.rest();
            assert.equal(first.bytes.length, 0);
            assertError(await polling.get(), 1);
        });

        test('a held GET whose connection drops ends the session at once', async () => {
            const polling = await open();
            const held = await polling.hold();
            held.destroy();
            await polling.ends(2000);
        });

        test('a POST that drops in its body ends the session', async () => {
            const polling = await open();
            const conn = await HttpConn.open(server.port);
            conn.send(requestBytes({
                method: 'POST', path: polling.url(), body: '6',
                headers: { 'Content-Length': 100 },
            }));
            await settle();
            conn.destroy();
            const held = await polling.get();
            // The GET may be held already when the server sees the end, or come after it.
            assert.ok([CLOSE_PAYLOAD[eio], NOOP_PAYLOAD[eio]].includes(held.text) ||
                held.status === 400, held.text);
            await polling.ends();
        });

        test('a client that closes: ok, noop to the held GET, the sid is forgotten', async () => {
            const polling = await open();
            const held = await polling.hold();
            const response = await polling.post('1');
            assert.equal(response.status, 200);
            assert.equal(response.text, 'ok');
            assert.equal((await held.response()).text, NOOP_PAYLOAD[eio]);
            assertError(await polling.get(), 1);
            held.destroy();
        });

        test('a client may close without a GET', async () => {
            const polling = await open();
            assert.equal((await polling.post('1')).text, 'ok');
            assertError(await polling.get(), 1);
        });

        test('a server that closes sends the close packet to a held GET', async () => {
            const polling = await open();
            const held = await polling.hold();
            assert.equal((await polling.post('42{}')).text, 'ok');
            assert.equal((await held.response()).text, CLOSE_PAYLOAD[eio]);
            assertError(await polling.get(), 1);
            held.destroy();
        });

        test('a server that closes keeps noop and close for the next GET', async () => {
            const polling = await open();
            assert.equal((await polling.post('42{}')).text, 'ok');
            const response = await polling.get();
            assert.equal(response.status, 200);
            assert.equal(response.text, encodePayload(eio, ['6', '1']));
            assertError(await polling.get(), 1);
        });

        test('old Internet Explorers get X-XSS-Protection: 0', async () => {
            const agents = {
                'Mozilla/4.0 (compatible;MSIE 8.0; Windows NT 6.1)': '0',
                'Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko': '0',
                'Mozilla/5.0 (X11; Linux x86_64) Chrome/120': undefined,
            };
            for (const [agent, value] of Object.entries(agents)) {
                const polling = await open({ headers: { 'User-Agent': agent } });
                assert.equal(polling.first.headers['x-xss-protection'], value);
                const post = await polling.postOk('6');
                assert.equal(post.headers['x-xss-protection'], value);
            }
        });

        test('events that come without a GET wait for the next one, in order', async () => {
            const polling = await open();
            await polling.join('wait');
            for (let i = 0; i < 50; i += 1) {
                await postEvent(server, { channel: 'wait', name: 'E', data: { i } });
            }
            const got = [];
            while (got.length < 50) {
                got.push(...await polling.packets());
            }
            assert.deepEqual(got, Array.from({ length: 50 }, (_, i) => `42["E","wait",{"i":${i}}]`));
        });

        describe('compression', () => {
            const long = 'é€'.repeat(600);
            const decoders = {
                gzip: zlib.gunzipSync, deflate: zlib.inflateSync, undefined: (body) => body,
            };

            /** The answer to a GET with Accept-Encoding, holding one event with data. */
            async function answer(accept, data) {
                const polling = await open();
                await polling.join('zip');
                await postEvent(server, { channel: 'zip', name: 'E', data });
                const headers = accept === null ? {} : { 'Accept-Encoding': accept };
                const response = await polling.get({ headers });
                const encoding = response.headers['content-encoding'];
                assert.equal(decoders[encoding](response.body).toString(),
                    encodePayload(eio, [`42["E","zip",${JSON.stringify(data)}]`]));
                assert.equal(response.headers['content-type'], 'text/plain; charset=UTF-8');
                return encoding;
            }

            const table = [
                [null, undefined], ['gzip', 'gzip'], ['gzip, deflate, br', 'gzip'],
                ['deflate', 'deflate'], ['br', undefined], ['*', 'gzip'],
                ['br, deflate', 'deflate'], ['identity', undefined], ['gzip;q=0', undefined],
                ['', undefined],
            ];
            for (const [accept, encoding] of table) {
                test(`Accept-Encoding ${accept} gives ${encoding ?? 'none'}`, async () => {
                    assert.equal(await answer(accept, long), encoding);
                });
            }

            test('a body below 1024 bytes is not compressed', async () => {
                assert.equal(await answer('gzip', 'x'.repeat(900)), undefined);
            });

            test('a body is compressed from 1024 bytes on', async () => {
                const rest = (eio === 3 ? 5 : 0) + '42["E","zip",""]'.length;
                assert.equal(await answer('gzip', 'x'.repeat(1024 - rest)), 'gzip');
                assert.equal(await answer('gzip', 'x'.repeat(eio === 3 ? 1022 - rest : 1023 - rest)),
                    undefined);
            });
        });

        test('nobody else was disturbed', () => other.check());
    });
}

describe('polling and the end of the server', () => {
    test('held GETs get the close packet, and no 41', () => withServer({}, async (server) => {
        const held = [];
        for (const eio of VERSIONS) {
            held.push(await (await Polling.connect(server.port, eio)).hold());
        }
        const stopped = server.stop();
        assert.equal((await held[0].response()).text, '1:1');
        assert.equal((await held[1].response()).text, '1');
        await stopped;
    }));
});

describe('polling without compression', () => {
    test('httpCompression false never compresses', () => withServer({
        config: { socketio: { httpCompression: false } },
    }, async (server) => {
        const polling = await Polling.connect(server.port, 4);
        await polling.join('zip');
        await postEvent(server, { channel: 'zip', name: 'E', data: 'x'.repeat(5000) });
        const response = await polling.get({ headers: { 'Accept-Encoding': 'gzip' } });
        assert.equal(response.headers['content-encoding'], undefined);
        assert.equal(response.text.length, 5016);
    }));

    test('httpCompression.threshold moves the limit', () => withServer({
        config: { socketio: { httpCompression: { threshold: 100 } } },
    }, async (server) => {
        const polling = await Polling.connect(server.port, 4);
        await polling.join('zip');
        await postEvent(server, { channel: 'zip', name: 'E', data: 'x'.repeat(200) });
        const response = await polling.get({ headers: { 'Accept-Encoding': 'gzip' } });
        assert.equal(response.headers['content-encoding'], 'gzip');
    }));
});

describe('polling with one worker', () => {
    test('a session works with workers: 1', () => withServer({
        config: { workers: 1 },
    }, async (server) => {
        for (const eio of VERSIONS) {
            const polling = await Polling.connect(server.port, eio);
            await polling.join('one');
        }
        assert.equal((await request(server.port)).text, 'OK');
    }));
});

describe('polling with four workers', () => {
    test('a session answers whatever connection its requests use', () => withServer({
        config: { workers: 4 },
    }, async (server) => {
        for (const eio of VERSIONS) {
            const polling = await Polling.connect(server.port, eio);
            for (let i = 0; i < 30; i += 1) {
                await polling.join(`c${i}`);
            }
        }
    }));
});
