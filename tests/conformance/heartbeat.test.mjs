// SPDX-License-Identifier: MIT
// Heartbeats: the client's in Engine.IO 3, the server's in Engine.IO 4, and
// what happens when one stays out.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bystander, Client } from '../lib/raw-client.mjs';
import { connectWs, openWs, Polling, subscribe, TRANSPORTS, VERSIONS } from '../lib/raw-eio.mjs';
import { sleep, SLOW, TIMEOUT } from '../lib/server.mjs';
import { shareServer } from '../lib/with-server.mjs';

const INTERVAL = 600 * SLOW;
const PING_TIMEOUT = 400 * SLOW;
const EARLY = 5; // two clocks, and a loop's turn that began a little before

// They wait most of the time, so they do it together.
describe('heartbeat', { concurrency: true }, () => {
    const { server } = shareServer({
        config: { logLevel: 'info', socketio: { pingInterval: INTERVAL, pingTimeout: PING_TIMEOUT } },
    });

    /** Fails unless promise takes at least ms, and not much longer, from before the server's clock ran. */
    async function takes(ms, since, promise) {
        const value = await promise;
        const passed = Date.now() - since;
        assert.ok(passed >= ms - EARLY && passed < ms + TIMEOUT, `${passed} ms, not ${ms}`);
        return value;
    }

    describe('EIO3', { concurrency: true }, () => {
        const open = (transport) => Client.open(server.port, 3, transport);

        for (const transport of TRANSPORTS) {
            test(`${transport}: a ping is answered with 3, its data is not echoed`, async () => {
                const client = await open(transport);
                for (const ping of ['2', '2hello', '2probe']) {
                    client.send(ping);
                    await client.expect('3');
                }
                client.destroy();
            });

            test(`${transport}: silence for interval and time-out closes`, async () => {
                const since = Date.now();
                const client = await open(transport);
                await takes(INTERVAL + PING_TIMEOUT, since, client.expectClose());
            });

            test(`${transport}: the server never pings`, async () => {
                const client = await open(transport);
                assert.equal(await client.next(), null, 'the close comes without a packet before');
            });

            test(`${transport}: pings keep the session`, async () => {
                const client = await open(transport);
                for (let i = 0; i < 5; i += 1) {
                    await sleep(INTERVAL * 0.8);
                    client.send('2');
                    await client.expect('3');
                }
                client.destroy();
            });

            test(`${transport}: any packet counts as a sign of life`, async () => {
                const client = await open(transport);
                for (let i = 0; i < 5; i += 1) {
                    await sleep(INTERVAL * 0.8);
                    client.send(subscribe('life', i));
                    await client.expect(`43${i}[{"ok":true}]`);
                }
                client.destroy();
            });

            test(`${transport}: a pong of the client is ignored`, async () => {
                const client = await open(transport);
                client.send('3');
                client.send('3probe');
                await client.expectAlive();
                client.destroy();
            });
        }

        test('after an upgrade a silent client is still closed', async () => {
            const polling = await Polling.connect(server.port, 3);
            const ws = await polling.candidate();
            ws.send('2probe');
            assert.equal(await ws.text(), '3probe');
            ws.send('5');
            assert.equal(await ws.closeCode(INTERVAL + PING_TIMEOUT + TIMEOUT), 1005);
        });

        test('a polling session without any GET is closed as well', async () => {
            const polling = await Polling.connect(server.port, 3);
            await polling.postOk('6');
            // Any request would be a sign of life, so the log is asked.
            await server.waitLog(
                new RegExp(`session end sid=${polling.sid} .*why="ping timeout"`), TIMEOUT);
            await polling.ends();
        });
    });

    for (const eio of VERSIONS) {
        test(`EIO${eio}: a session that nothing follows ends within the first silence`, async () => {
            const { sid } = await Polling.open(server.port, eio);
            await server.waitLog(new RegExp(`session end sid=${sid} .*why=absent`), TIMEOUT);
        });
    }

    describe('EIO4', { concurrency: true }, () => {
        const open = (transport, options) => Client.open(server.port, 4, transport, options);

        for (const transport of TRANSPORTS) {
            test(`${transport}: the server pings one interval after the open packet`, async () => {
                const since = Date.now();
                const client = await open(transport);
                await takes(INTERVAL, since, client.expect('2'));
                client.destroy();
            });

            test(`${transport}: the next ping is one interval after the pong`, async () => {
                const client = await open(transport);
                for (let i = 0; i < 3; i += 1) {
                    await client.expect('2');
                    await sleep(PING_TIMEOUT / 2);
                    const since = Date.now();
                    client.send('3');
                    await takes(INTERVAL, since, client.expect('2'));
                    client.send('3');
                }
                client.destroy();
            });

            test(`${transport}: without a pong the session is closed after the time-out`, async () => {
                const since = Date.now();
                const client = await open(transport);
                await client.expect('2');
                await takes(INTERVAL + PING_TIMEOUT, since, client.expectClose());
            });

            test(`${transport}: a ping of the client closes`, async () => {
                const client = await open(transport);
                client.send('2');
                await client.expectClose();
            });
        }

        test('the server pings before the client connects', async () => {
            const ws = await openWs(server.port, 4);
            assert.equal(await ws.text(), '2');
            ws.send('3');
            assert.equal(await ws.text(), '2');
            ws.destroy();
        });

        test('2probe on a live WebSocket closes', async () => {
            const ws = await connectWs(server.port, 4);
            ws.send('2probe');
            assert.equal(await ws.closeCode(), 1005);
        });

        test('pings go on after an upgrade', async () => {
            const polling = await Polling.connect(server.port, 4);
            const ws = await polling.candidate();
            ws.send('2probe');
            assert.equal(await ws.text(), '3probe');
            ws.send('5');
            for (let i = 0; i < 3; i += 1) {
                assert.equal(await ws.text(), '2');
                ws.send('3');
            }
            assert.equal(await ws.text(), '2');
            assert.equal(await ws.closeCode(), 1005, 'and their absence closes');
        });

        test('a polling session without any GET is closed as well', async () => {
            const polling = await Polling.connect(server.port, 4);
            // Any request would be a sign of life, so the log is asked.
            await server.waitLog(
                new RegExp(`session end sid=${polling.sid} .*why="ping timeout"`), TIMEOUT);
            await polling.ends();
        });
    });

    test('the process lives and serves', async () => {
        const other = await bystander(server, { eio: 3 });
        await other.check();
        other.destroy();
    });
});
