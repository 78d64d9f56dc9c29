// SPDX-License-Identifier: MIT
// Every named limit on what a peer may send or leave unread, at its edge.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chunked, exchange, HttpConn, request, requestBytes } from '../lib/raw.mjs';
import { upgradeBytes } from '../lib/raw-ws.mjs';
import { Client } from '../lib/raw-client.mjs';
import {
    connectWs, encodePayload, forAll, joinWs, Polling, settle, subscribe, VERSIONS, wsPath,
} from '../lib/raw-eio.mjs';
import { postEvent, sleep, SLOW, TIMEOUT, waitFor } from '../lib/server.mjs';
import { shareServer, withServer } from '../lib/with-server.mjs';

const HEAD_TIMEOUT = 400 * SLOW;
const MAX_BODY = 1000;

describe('limits', () => {
    const { app, server, other } = shareServer({
        answer: () => ({ status: 200 }),
        watched: true,
        config: {
            headTimeout: HEAD_TIMEOUT, maxChannels: 3,
            socketio: { maxHttpBufferSize: MAX_BODY },
        },
    });

    describe('HTTP head', () => {
        const withHeader = (size) => requestBytes({ headers: { 'X-Fill': 'x'.repeat(size) } });
        const withHeaders = (count) => requestBytes({
            headers: ['Host: h', ...Array.from({ length: count - 1 }, (_, i) => `X-${i}: 1`)],
        });

        test('15 KiB are read', async () => {
            assert.equal((await exchange(server.port, withHeader(15 * 1024))).text, 'OK');
        });

        test('more than 16 KiB is 431, then the connection ends', async () => {
            const conn = await HttpConn.open(server.port);
            conn.send(withHeader(17 * 1024));
            assert.equal((await conn.response()).status, 431);
            await conn.rest();
        });

        test('a URL of more than 16 KiB is 431', async () => {
            const response = await request(server.port, { path: `/${'a'.repeat(17 * 1024)}` });
            assert.equal(response.status, 431);
        });

        test('a header name of more than 16 KiB is 431', async () => {
            const response = await request(server.port, { headers: [`${'X'.repeat(17 * 1024)}: 1`] });
            assert.equal(response.status, 431);
        });

        test('a head that never ends is answered before its end', async () => {
            const conn = await HttpConn.open(server.port);
            conn.send(`GET / HTTP/1.1\r\nX-Fill: ${'x'.repeat(64 * 1024)}`);
            assert.equal((await conn.response()).status, 431);
        });

        test('100 headers are read, 101 are 431', async () => {
            assert.equal((await exchange(server.port, withHeaders(100))).text, 'OK');
            assert.equal((await exchange(server.port, withHeaders(101))).status, 431);
        });

        test('an upgrade with more than 100 headers is 431', async () => {
            const headers = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`X-${i}`, '1']));
            const response = await exchange(server.port, upgradeBytes(wsPath(4), { headers }));
            assert.equal(response.status, 431);
        });

        test('a slow head is 408 after headTimeout, then the connection ends', async () => {
            const start = Date.now();
            const conn = await HttpConn.open(server.port);
            conn.send('GET / HTTP/1.1\r\nHost: x\r\n');
            const response = await conn.response({ ms: HEAD_TIMEOUT + TIMEOUT });
            assert.equal(response.status, 408);
            assert.ok(Date.now() - start >= HEAD_TIMEOUT - 30 * SLOW);
            await conn.rest();
        });

        test('a head that trickles is 408 as well', async () => {
            const conn = await HttpConn.open(server.port);
            conn.send('GET / HTTP/1.1\r\nX-Slow: ');
            const timer = setInterval(() => conn.send('x'), HEAD_TIMEOUT / 10);
            conn.closed.then(() => clearInterval(timer));
            try {
                assert.equal((await conn.response({ ms: HEAD_TIMEOUT + TIMEOUT })).status, 408);
            } finally {
                clearInterval(timer);
                conn.destroy();
            }
        });

        test('a second head on a kept connection that is slow ends it', async () => {
            const conn = await HttpConn.open(server.port);
            conn.send(requestBytes());
            assert.equal((await conn.response()).text, 'OK');
            conn.send('GET / HTTP/1.1\r\n');
            assert.equal((await conn.response({ ms: HEAD_TIMEOUT + TIMEOUT })).status, 408);
            await conn.rest();
        });

        test('a held GET is longer than headTimeout', async () => {
            const polling = await Polling.connect(server.port, 4);
            const held = await polling.hold();
            await sleep(HEAD_TIMEOUT * 1.5);
            await polling.postOk(subscribe('held', 0));
            assert.equal((await held.response()).text, '430[{"ok":true}]');
            held.destroy();
        });

        test('a quiet WebSocket is longer than headTimeout', async () => {
            const ws = await connectWs(server.port, 4);
            await sleep(HEAD_TIMEOUT * 1.5);
            await joinWs(ws, 'quiet');
            ws.destroy();
        });
    });

    describe('bodies', () => {
        for (const eio of VERSIONS) {
            const fill = (size) => {
                const rest = encodePayload(eio, ['6', subscribe('fill', 0)]);
                const pad = eio === 4 ? '6'.repeat(size - rest.length + 1)
                    : '6'.repeat(size - rest.length + 1 - 2);
                return encodePayload(eio, [pad, subscribe('fill', 0)]);
            };

            test(`EIO${eio}: exactly maxHttpBufferSize passes`, async () => {
                const polling = await Polling.connect(server.port, eio);
                const body = fill(MAX_BODY);
                assert.equal(body.length, MAX_BODY);
                assert.equal((await polling.postRaw(body)).text, 'ok');
                assert.deepEqual(await polling.packets(), ['430[{"ok":true}]']);
                assert.equal((await polling.postChunked(body)).text, 'ok');
                assert.deepEqual(await polling.packets(), ['430[{"ok":true}]']);
            });

            test(`EIO${eio}: one byte more is 413 and ends the session`, async () => {
                const polling = await Polling.connect(server.port, eio);
                assert.equal((await polling.postRaw(fill(MAX_BODY + 1))).status, 413);
                await polling.ends();
            });

            test(`EIO${eio}: one byte more in chunks is 413 and ends the session`, async () => {
                const polling = await Polling.connect(server.port, eio);
                assert.equal((await polling.postChunked(fill(MAX_BODY + 1))).status, 413);
                await polling.ends();
            });

            test(`EIO${eio}: bytes count, not characters`, async () => {
                const polling = await Polling.connect(server.port, eio);
                const packet = `6${'é'.repeat(MAX_BODY / 2 - 3)}`;
                assert.equal((await polling.post(packet)).text, 'ok');
                assert.equal((await polling.post(`6${'é'.repeat(MAX_BODY / 2)}`)).status, 413);
            });

            test(`EIO${eio}: a length over the limit is 413 before the body comes`, async () => {
                const polling = await Polling.connect(server.port, eio);
                const conn = await HttpConn.open(server.port);
                conn.send(requestBytes({ method: 'POST', path: polling.url(),
                    headers: { 'Content-Length': 1e12 } }));
                assert.equal((await conn.response()).status, 413);
                await polling.ends();
                conn.destroy();
            });

            test(`EIO${eio}: a held GET is answered when a POST was too long`, async () => {
                const polling = await Polling.connect(server.port, eio);
                const held = await polling.hold();
                assert.equal((await polling.postRaw(fill(MAX_BODY + 1))).status, 413);
                const response = await held.response();
                assert.equal(response.text, eio === 3 ? '1:1' : '1');
                held.destroy();
            });

            test(`EIO${eio}: a WebSocket message of the limit passes, one byte more is 1009`,
                async () => {
                    const ws = await connectWs(server.port, eio);
                    ws.send('6'.repeat(MAX_BODY));
                    await joinWs(ws, 'edge');
                    ws.send('6'.repeat(MAX_BODY + 1));
                    assert.equal(await ws.closeCode(), 1009);
                });
        }

        test('a length beyond every number is refused', async () => {
            const polling = await Polling.connect(server.port, 4);
            const response = await request(server.port, {
                method: 'POST', path: polling.url(), headers: { 'Content-Length': '9'.repeat(30) },
            });
            assert.ok([400, 413].includes(response.status), response.head);
        });

        test('a body for a path without a reader is not collected', async () => {
            const conn = await HttpConn.open(server.port);
            conn.send(requestBytes({ method: 'POST', path: '/nothing',
                headers: { 'Transfer-Encoding': 'chunked' } }));
            conn.send(chunked('x'.repeat(100000), 1000));
            assert.ok([404, 413].includes((await conn.response()).status));
            conn.destroy();
        });
    });

    forAll((eio, transport) => {
        describe(`channels, EIO${eio} ${transport}`, () => {
            const open = () => Client.open(server.port, eio, transport);

            test('a name of 200 bytes is joined, a longer one is refused with 0', async () => {
                const client = await open();
                await client.join('n'.repeat(200));
                await client.join('é'.repeat(100));
                for (const name of ['n'.repeat(201), 'é'.repeat(101), `private-${'n'.repeat(193)}`]) {
                    client.send(subscribe(name));
                    const [event, channel, status] = JSON.parse((await client.next()).slice(2));
                    assert.equal(event, 'subscription_error');
                    assert.ok(name.startsWith(channel.slice(0, 50)));
                    assert.equal(status, 0);
                }
                client.destroy();
            });

            test('more than maxChannels are refused with 0; leaving makes room', async () => {
                const client = await open();
                for (const name of ['a', 'b', 'c', 'a']) {
                    await client.join(name);
                }
                client.send(subscribe('d'));
                await client.expect('42["subscription_error","d",0]');
                client.send('421["unsubscribe",{"channel":"b"}]');
                await client.expect('431[{"ok":true}]');
                await client.join('d');
                await postEvent(server, { channel: 'd', name: 'E', data: 'x' });
                await client.expect('42["E","d","x"]');
                client.destroy();
            });

            test('a refusal by a limit is acknowledged as one', async () => {
                const client = await open();
                client.send(subscribe('n'.repeat(201), 9));
                const both = [await client.next(), await client.next()].sort();
                assert.equal(both[1], '439[{"ok":false,"status":0}]');
                client.destroy();
            });
        });
    });

    describe('auth headers', () => {
        test('32 headers are forwarded, 33 are refused with 0 without asking', () => withServer({
            config: { authHost: app.url },
        }, async (small) => {
            const client = await Client.open(small.port, 4, 'websocket');
            const headers = (count) => Object.fromEntries(
                Array.from({ length: count }, (_, i) => [`X-H${i}`, String(i)]));
            client.send(subscribe('private-h32', 1, { headers: headers(32) }));
            await client.expect('431[{"ok":true}]');
            client.send(subscribe('private-h33', '', { headers: headers(33) }));
            await client.expect('42["subscription_error","private-h33",0]');
            client.send(subscribe('private-big', '', { headers: { 'X-Big': 'x'.repeat(17000) } }));
            await client.expect('42["subscription_error","private-big",0]');
            assert.ok(!app.requests.some(({ channel }) => ['private-h33', 'private-big']
                .includes(channel)));
            client.destroy();
        }));
    });

    test('nobody else was disturbed', () => other.check());
});

describe('send queue', () => {
    const LIMIT = 65536;
    const DATA = 'x'.repeat(20000);
    const { server, other } = shareServer({
        watched: true, config: { sendQueueLimit: LIMIT, logLevel: 'info' },
    });

    /** Sends events until the log tells that the session sid was too slow. */
    async function flood(channel, sid) {
        const gone = () => server.stderr().split('\n').find(
            (line) => line.includes('session end') && line.includes(`sid=${sid}`));
        for (let i = 0; i < 2000 && !gone(); i += 1) {
            await postEvent(server, { channel, name: 'E', data: DATA });
        }
        const line = await waitFor(gone, TIMEOUT, 'the end of the slow session');
        assert.match(line, /\bwhy=slow\b/);
    }

    for (const eio of VERSIONS) {
        test(`EIO${eio} WebSocket: a reader that stops is disconnected, a fast one is not`, async () => {
            const slow = await connectWs(server.port, eio);
            await joinWs(slow, `slow-${eio}`);
            const fast = await Client.open(server.port, 4, 'websocket');
            await fast.join(`slow-${eio}`);
            slow.conn.socket.pause();
            await flood(`slow-${eio}`, slow.sid);
            await postEvent(server, { channel: `slow-${eio}`, name: 'Marker', data: 'x' });
            let packet = '';
            while (!packet.startsWith('42["Marker"')) {
                packet = await fast.next();
                assert.ok(packet, 'the fast reader stays connected');
            }
            fast.destroy();
            slow.destroy();
        });

        test(`EIO${eio} WebSocket: a burst that is longer than the limit is no sign of slowness`, async () => {
            const client = await Client.open(server.port, eio, 'websocket');
            const channel = `burst-${eio}`;
            await client.join(channel);
            const batch = Array.from({ length: 20 }, (_, i) => ({ channel, name: 'E', data: DATA + i }));
            const answer = await request(server.port, { method: 'POST',
                path: '/apps/app/batch_events?auth_key=key', body: JSON.stringify({ batch }) });
            assert.equal(answer.status, 200, answer.body);
            for (const { data } of batch) {
                await client.expect(`42["E","${channel}","${data}"]`);
            }
            await postEvent(server, { channel, name: 'E', data: DATA.repeat(5) });
            await client.expect(`42["E","${channel}","${DATA.repeat(5)}"]`);
            client.destroy();
        });

        test(`EIO${eio} polling: a session that is never polled is ended`, async () => {
            const polling = await Polling.connect(server.port, eio);
            await polling.join(`poll-${eio}`);
            await flood(`poll-${eio}`, polling.sid);
            await polling.ends();
        });
    }

    test('a reader that asks for many answers and reads none does not grow', async () => {
        const conn = await HttpConn.open(server.port);
        conn.socket.pause();
        const many = Buffer.concat(Array(2000).fill(requestBytes({ path: '/nothing' })));
        for (let i = 0; i < 20; i += 1) {
            conn.send(many);
        }
        await settle();
        await other.check();
        conn.destroy();
    });

    test('nobody else was disturbed', () => other.check());
});

describe('maxConnections', () => {
    test('past it 503; a place that gets free is given away', () => withServer({
        config: { maxConnections: 4, workers: 1 },
    }, async (server) => {
        const conns = [];
        for (let i = 0; i < 4; i += 1) {
            const conn = await HttpConn.open(server.port);
            conn.send(requestBytes());
            assert.equal((await conn.response()).status, 200);
            conns.push(conn);
        }
        assert.equal((await request(server.port)).status, 503);
        conns.pop().destroy();
        await waitFor(async () => (await request(server.port)).status === 200);
        conns.forEach((conn) => conn.destroy());
    }));

    test('sessions without a connection are bounded: the oldest ends, none is refused', () => withServer({
        config: { maxConnections: 3, workers: 1, logLevel: 'info' },
    }, async (server) => {
        const held = await Polling.connect(server.port, 4);
        const poll = await held.hold();
        const sessions = [];
        for (let i = 0; i < 8; i += 1) {
            sessions.push(await Polling.open(server.port, 4));
        }
        await server.waitLog(/sessions without a connection are past the limit/);
        await server.waitLog(new RegExp(`session end sid=${sessions[0].sid} .*why=evicted`));
        const alive = [];
        for (const session of sessions) {
            alive.push(await session.alive());
        }
        assert.deepEqual(alive, [false, false, true, true, true, true, true, true]);
        await held.postOk(subscribe('held', 0));
        assert.equal((await poll.response()).text, '430[{"ok":true}]');
        poll.destroy();
    }));
});

describe('rates', () => {
    const CHANNELS = 100;
    const { server, other } = shareServer({
        watched: true, config: { maxChannels: CHANNELS, messageRate: 10, logLevel: 'info' },
    });

    for (const eio of VERSIONS) {
        test(`EIO${eio}: all channels that a socket may have are subscribed to at once, and again`, async () => {
            const client = await Client.open(server.port, eio, 'websocket');
            for (let round = 0; round < 2; round += 1) {
                for (let i = 0; i < CHANNELS; i += 1) {
                    client.send(subscribe(`rate-${i}`, i));
                }
                for (let i = 0; i < CHANNELS; i += 1) {
                    await client.expect(`43${i}[{"ok":true}]`);
                }
            }
            client.destroy();
        });

        test(`EIO${eio}: more is refused, and a flood ends the session`, async () => {
            const client = await Client.open(server.port, eio, 'websocket');
            const log = server.stderr().length;
            for (let i = 0; i < 5 * CHANNELS; i += 1) {
                client.send(subscribe('rate', i));
            }
            let refused = 0;
            for (let packet = await client.next(); packet !== null; packet = await client.next()) {
                refused += /^43\d+\[\{"ok":false,"status":0\}\]$/.test(packet) ? 1 : 0;
            }
            assert.ok(refused > 0, 'some are refused before the end');
            await waitFor(() => new RegExp(`session end sid=${client.sid} .*why=flood`)
                .test(server.stderr().slice(log)), TIMEOUT, 'the reason in the log');
            await server.waitLog(/sent too many messages in a second .*messageRate/);
        });
    }

    test('nobody else was disturbed', () => other.check());
});
