// SPDX-License-Identifier: MIT
// From polling to WebSocket: the probe, the switch, candidates that fail, and
// no event lost or out of order meanwhile.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OP } from '../lib/raw-ws.mjs';
import {
    assertError, decodePayload, NOOP_PAYLOAD, Polling, settle, subscribe, VERSIONS,
} from '../lib/raw-eio.mjs';
import { postEvent, sleep, SLOW } from '../lib/server.mjs';
import { shareServer, withServer } from '../lib/with-server.mjs';

const CLOSED_EMPTY = '8800';

for (const eio of VERSIONS) {
    describe(`upgrade, EIO${eio}`, () => {
        const { server, other } = shareServer({ watched: true });
        const open = () => Polling.connect(server.port, eio);
        const event = (channel, i) => postEvent(server, { channel, name: 'E', data: { i } });

        /** A session that was upgraded. */
        async function upgraded() {
            const polling = await open();
            const ws = await polling.candidate();
            ws.send('2probe');
            assert.equal(await ws.text(), '3probe');
            ws.send('5');
            return { polling, ws };
        }

        async function assertPolls(polling) {
            await polling.join('still-polling');
        }

        test('the candidate gets nothing until it probes; polling stays live', async () => {
            const polling = await open();
            const ws = await polling.candidate();
            await assertPolls(polling);
            ws.send('2probe');
            assert.equal(await ws.text(), '3probe');
            ws.destroy();
        });

        test('a held GET is answered with a noop after the probe', async () => {
            const polling = await open();
            const held = await polling.hold();
            const ws = await polling.candidate();
            ws.send('2probe');
            assert.equal(await ws.text(), '3probe');
            assert.equal((await held.response()).text, NOOP_PAYLOAD[eio]);
            held.destroy();
            ws.destroy();
        });

        test('every further GET is answered with a noop until the switch', async () => {
            const polling = await open();
            const ws = await polling.candidate();
            ws.send('2probe');
            assert.equal(await ws.text(), '3probe');
            for (let i = 0; i < 3; i += 1) {
                assert.equal((await polling.get()).text, NOOP_PAYLOAD[eio]);
            }
            ws.send('5');
            ws.send(subscribe('switched', 0));
            assert.equal(await ws.text(), '430[{"ok":true}]');
            ws.destroy();
        });

        test('after the switch events come over the WebSocket', async () => {
            const { ws } = await upgraded();
            ws.send(subscribe('after', 0));
            assert.equal(await ws.text(), '430[{"ok":true}]');
            await event('after', 1);
            assert.equal(await ws.text(), '42["E","after",{"i":1}]');
            ws.destroy();
        });

        test('subscriptions made on polling stay', async () => {
            const polling = await open();
            await polling.join('stays');
            const ws = await polling.candidate();
            ws.send('2probe');
            assert.equal(await ws.text(), '3probe');
            ws.send('5');
            await event('stays', 1);
            assert.equal(await ws.text(), '42["E","stays",{"i":1}]');
            ws.destroy();
        });

        test('what was buffered flushes to the WebSocket at the switch', async () => {
            const polling = await open();
            await polling.join('buffer');
            const ws = await polling.candidate();
            ws.send('2probe');
            assert.equal(await ws.text(), '3probe');
            for (let i = 0; i < 5; i += 1) {
                await event('buffer', i);
            }
            ws.send('5');
            for (let i = 0; i < 5; i += 1) {
                assert.equal(await ws.text(), `42["E","buffer",{"i":${i}}]`);
            }
            ws.destroy();
        });

        test('events between probe and switch leave with a held GET, or wait', async () => {
            const polling = await open();
            await polling.join('mid');
            const ws = await polling.candidate();
            ws.send('2probe');
            assert.equal(await ws.text(), '3probe');
            await event('mid', 0);
            const polled = (await polling.packets()).filter((packet) => packet !== '6');
            ws.send('5');
            await event('mid', 1);
            const got = polled;
            while (got.length < 2) {
                got.push(await ws.text());
            }
            assert.deepEqual(got, ['42["E","mid",{"i":0}]', '42["E","mid",{"i":1}]']);
            ws.destroy();
        });

        test('200 events while the upgrade happens arrive once and in order', async () => {
            const polling = await open();
            await polling.join('storm');
            const got = [];
            let polls = true;
            const poller = (async () => {
                while (polls) {
                    const response = await polling.get();
                    assert.equal(response.status, 200, response.text);
                    got.push(...decodePayload(eio, response.text));
                }
            })();
            const sender = (async () => {
                for (let i = 0; i < 200; i += 1) {
                    await event('storm', i);
                }
            })();
            await sleep(20);
            const ws = await polling.candidate();
            ws.send('2probe');
            assert.equal(await ws.text(), '3probe');
            polls = false;
            await poller;
            ws.send('5');
            const events = got.filter((packet) => packet !== '6');
            while (events.length < 200) {
                events.push(await ws.text());
            }
            await sender;
            assert.deepEqual(events, Array.from({ length: 200 }, (_, i) => `42["E","storm",{"i":${i}}]`));
            ws.destroy();
        });

        test('a packet right behind the 5 is taken', async () => {
            const polling = await open();
            const ws = await polling.candidate();
            ws.send('2probe');
            ws.send('5');
            ws.send(subscribe('behind', 0));
            assert.equal(await ws.text(), '3probe');
            assert.equal(await ws.text(), '430[{"ok":true}]');
            ws.destroy();
        });

        test('5 without a probe is accepted', async () => {
            const polling = await open();
            const ws = await polling.candidate();
            ws.send('5');
            ws.send(subscribe('noprobe', 0));
            assert.equal(await ws.text(), '430[{"ok":true}]');
            ws.destroy();
        });

        for (const packet of ['2', '2other', '3probe', '6', '4hello', '42["a"]', '1', '0', 'x', '']) {
            test(`the first packet ${JSON.stringify(packet)} closes the candidate only`, async () => {
                const polling = await open();
                const ws = await polling.candidate();
                ws.send(packet);
                assert.equal((await ws.frame()).raw.toString('hex'), CLOSED_EMPTY);
                await ws.ended();
                await assertPolls(polling);
            });
        }

        test('a broken frame closes the candidate only', async () => {
            const polling = await open();
            const ws = await polling.candidate();
            ws.sendFrame({ opcode: 3 });
            assert.equal(await ws.closeCode(), 1002);
            await assertPolls(polling);
        });

        test('a candidate that drops leaves the session on polling, before and after the probe',
            async () => {
                const polling = await open();
                (await polling.candidate()).destroy();
                await settle();
                await assertPolls(polling);
                const probed = await polling.candidate();
                probed.send('2probe');
                assert.equal(await probed.text(), '3probe');
                probed.destroy();
                await settle();
                await assertPolls(polling);
            });

        test('a candidate that closes leaves the session on polling', async () => {
            const polling = await open();
            const ws = await polling.candidate();
            ws.sendFrame({ opcode: OP.CLOSE, payload: Buffer.from([3, 0xe8]) });
            assert.equal(await ws.closeCode(), 1000);
            await assertPolls(polling);
        });

        test('a session whose candidate failed may try again', async () => {
            const polling = await open();
            const failed = await polling.candidate();
            failed.send('x');
            await failed.close();
            await failed.ended();
            const ws = await polling.candidate();
            ws.send('2probe');
            assert.equal(await ws.text(), '3probe');
            ws.send('5');
            ws.send(subscribe('again', 0));
            assert.equal(await ws.text(), '430[{"ok":true}]');
            ws.destroy();
        });

        test('a second candidate gets an empty close, the first goes on', async () => {
            const polling = await open();
            const first = await polling.candidate();
            first.send('2probe');
            assert.equal(await first.text(), '3probe');
            const second = await polling.candidate();
            assert.equal((await second.frame()).raw.toString('hex'), CLOSED_EMPTY);
            first.send('5');
            first.send(subscribe('first', 0));
            assert.equal(await first.text(), '430[{"ok":true}]');
            first.destroy();
        });

        test('a candidate after the upgrade gets an empty close, the session goes on', async () => {
            const { polling, ws } = await upgraded();
            ws.send(subscribe('one', 0));
            assert.equal(await ws.text(), '430[{"ok":true}]');
            const second = await polling.candidate();
            assert.equal((await second.frame()).raw.toString('hex'), CLOSED_EMPTY);
            ws.send(subscribe('two', 0));
            assert.equal(await ws.text(), '430[{"ok":true}]');
            ws.destroy();
        });

        test('polling after the upgrade is error 3', async () => {
            const { polling, ws } = await upgraded();
            ws.send(subscribe('upgraded', 0));
            assert.equal(await ws.text(), '430[{"ok":true}]');
            assertError(await polling.get(), 3);
            assertError(await polling.post('6'), 3);
            ws.send(subscribe('more', 0));
            assert.equal(await ws.text(), '430[{"ok":true}]');
            ws.destroy();
        });

        test('packets POSTed before the 5 are taken before those behind it', async () => {
            const polling = await open();
            const ws = await polling.candidate();
            ws.send('2probe');
            assert.equal(await ws.text(), '3probe');
            await polling.postOk(subscribe('posted', 1));
            ws.send('5');
            ws.send(subscribe('framed', 2));
            assert.equal(await ws.text(), '431[{"ok":true}]');
            assert.equal(await ws.text(), '432[{"ok":true}]');
            ws.destroy();
        });

        test('a session that ends takes its candidate with it', async () => {
            const polling = await open();
            const ws = await polling.candidate();
            ws.send('2probe');
            assert.equal(await ws.text(), '3probe');
            await polling.post('1');
            await ws.close();
            await ws.ended();
        });

        test('the end of the upgraded WebSocket ends the session', async () => {
            const { polling, ws } = await upgraded();
            ws.send('1');
            await ws.close();
            await ws.ended();
            assertError(await polling.get(), 1);
        });

        test('nobody else was disturbed', () => other.check());
    });

    describe(`upgrade time-out, EIO${eio}`, () => {
        test('a candidate that says nothing, or no 5, is closed; the session goes on', () => withServer({
            config: { socketio: { upgradeTimeout: 200 * SLOW } },
        }, async (server) => {
            const polling = await Polling.connect(server.port, eio);
            const silent = await polling.candidate();
            assert.equal(await silent.closeCode(), 1005);
            await silent.ended();
            await polling.join('after-silent');
            const probed = await polling.candidate();
            probed.send('2probe');
            assert.equal(await probed.text(), '3probe');
            assert.equal(await probed.closeCode(), 1005);
            await probed.ended();
            await polling.join('after-probed');
            const held = await polling.hold();
            await postEvent(server, { channel: 'after-probed', name: 'E', data: 'x' });
            assert.match((await held.response()).text, /42\["E","after-probed","x"\]$/);
            held.destroy();
        }));
    });
}
