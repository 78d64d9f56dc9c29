// SPDX-License-Identifier: MIT
// The Socket.IO codecs 4 (Engine.IO 3) and 5 (Engine.IO 4): connect, events,
// acknowledgements, attachments, disconnect, and every malformed packet.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client } from '../lib/raw-client.mjs';
import {
    CLOSE_PAYLOAD, connectWs, forAll, openWs, Polling, SID, subscribe, TRANSPORTS,
} from '../lib/raw-eio.mjs';
import { postEvent, SLOW, TIMEOUT } from '../lib/server.mjs';
import { shareServer } from '../lib/with-server.mjs';

const BINARY = Symbol('binary message');
const CLOSE = 'close';
const IGNORE = 'ignore';
const EITHER = 'either';

/** What a connected client sends, what Engine.IO 3 does, what Engine.IO 4 does. */
const MALFORMED = [
    ['an empty message', ['4'], CLOSE, CLOSE],
    ['the unknown type 7', ['47'], IGNORE, CLOSE],
    ['the unknown type a', ['4abc'], IGNORE, CLOSE],
    ['an EVENT that is an object', ['42{}'], CLOSE, CLOSE],
    ['an EVENT that is an empty list', ['42[]'], CLOSE, CLOSE],
    ['an EVENT that is cut off', ['42["a"'], CLOSE, CLOSE],
    ['an EVENT with letters for an ack id', ['42abc["x"]'], CLOSE, CLOSE],
    ['an EVENT with text behind it', ['42["a"]x'], CLOSE, CLOSE],
    ['an EVENT that is a string', ['42"a"'], CLOSE, CLOSE],
    ['an EVENT with a broken escape', ['42["\\x"]'], CLOSE, CLOSE],
    ['an EVENT with a raw line end in a string', ['42["a\nb"]'], CLOSE, CLOSE],
    ['a DISCONNECT with a payload', ['41{}'], CLOSE, CLOSE],
    ['an EVENT without a payload', ['42'], IGNORE, IGNORE],
    ['an EVENT whose name is a number', ['42[1]'], IGNORE, IGNORE],
    ['an EVENT whose name is null', ['42[null]'], EITHER, EITHER],
    ['an EVENT whose name is a list', ['42[["subscribe"]]'], EITHER, EITHER],
    ['the reserved name connect', ['42["connect"]'], CLOSE, CLOSE],
    ['the reserved name connect_error', ['42["connect_error"]'], CLOSE, CLOSE],
    ['the reserved name disconnect', ['42["disconnect"]'], CLOSE, CLOSE],
    ['the reserved name disconnecting', ['42["disconnecting"]'], CLOSE, CLOSE],
    ['the reserved name newListener', ['42["newListener"]'], CLOSE, CLOSE],
    ['the reserved name removeListener', ['42["removeListener"]'], CLOSE, CLOSE],
    ['an EVENT of a namespace that was not joined', ['42/foo,["a"]'], CLOSE, CLOSE],
    ['a second CONNECT', ['40'], IGNORE, CLOSE],
    ['a second CONNECT with a payload', ['40{"a":1}'], EITHER, CLOSE],
    ['a CONNECT with a list', ['40[]'], EITHER, CLOSE],
    ['a CONNECT with null', ['40null'], EITHER, CLOSE],
    ['a CONNECT with a string', ['40"x"'], CLOSE, CLOSE],
    ['an EVENT after DISCONNECT', ['41', '42["a"]'], CLOSE, CLOSE],
    ['an ERROR of the client', ['44"x"'], CLOSE, CLOSE],
    ['an ERROR object of the client', ['44{"message":"x"}'], CLOSE, CLOSE],
    ['an ACK nobody waits for', ['437[]'], IGNORE, IGNORE],
    ['an ACK without an id', ['43[]'], IGNORE, IGNORE],
    ['a binary message out of turn', [BINARY], CLOSE, CLOSE],
    ['a BINARY_EVENT of no attachments', ['450-["x"]'], CLOSE, CLOSE],
    ['a BINARY_EVENT of 11 attachments',
        ['4511-["x",{"_placeholder":true,"num":0}]'], CLOSE, CLOSE],
    ['a BINARY_EVENT without a count', ['45["x",{"_placeholder":true,"num":0}]'], CLOSE, CLOSE],
    ['a BINARY_EVENT whose count is not a number',
        ['45x-["x",{"_placeholder":true,"num":0}]'], CLOSE, CLOSE],
    ['a placeholder above the count',
        ['451-["x",{"_placeholder":true,"num":1}]', BINARY], CLOSE, CLOSE],
    ['a negative placeholder',
        ['451-["x",{"_placeholder":true,"num":-1}]', BINARY], CLOSE, CLOSE],
    ['a placeholder that is not a number',
        ['451-["x",{"_placeholder":true,"num":"0"}]', BINARY], CLOSE, CLOSE],
    ['text between a BINARY_EVENT and its attachment',
        ['451-["x",{"_placeholder":true,"num":0}]', '42["a"]'], CLOSE, CLOSE],
    ['one attachment too many',
        ['451-["x",{"_placeholder":true,"num":0}]', BINARY, BINARY], CLOSE, CLOSE],
];

describe('socketio', () => {
    const { server, other } = shareServer({ watched: true });
    const open = (eio, transport, options) => Client.open(server.port, eio, transport, options);
    const sendOne = (client, packet) => (packet === BINARY
        ? client.sendBinary(Buffer.from([1, 2, 3])) : client.send(packet));

    describe('connect', () => {
        test('EIO3 is connected at once; its socket id is the sid', async () => {
            const ws = await connectWs(server.port, 3);
            assert.equal(ws.id, ws.sid);
            ws.destroy();
        });

        test('EIO4 gets an id of its own for each CONNECT, and no pid', async () => {
            for (const packet of ['40', '40{"token":"x"}', '40{}', '40/,', '40/,{"token":"x"}',
                '40{"headers":{"X-CSRF-TOKEN":"t","Authorization":"Bearer b"}}']) {
                const ws = await openWs(server.port, 4);
                ws.send(packet);
                const answer = await ws.text();
                assert.match(answer, /^40\{"sid":"[A-Za-z0-9_-]+"\}$/, packet);
                const { sid } = JSON.parse(answer.slice(2));
                assert.match(sid, SID);
                assert.notEqual(sid, ws.sid);
                ws.destroy();
            }
        });

        const refused = [
            [3, '40/adm,', '44/adm,"Invalid namespace"'],
            [3, '40/adm', '44/adm,"Invalid namespace"'],
            [3, '40/adm?token=1,', '44/adm,"Invalid namespace"'],
            [3, '40/adm?token=1&a=b', '44/adm,"Invalid namespace"'],
            [4, '40/adm,', '44/adm,{"message":"Invalid namespace"}'],
            [4, '40/adm', '44/adm,{"message":"Invalid namespace"}'],
            [4, '40/adm,{"token":1}', '44/adm,{"message":"Invalid namespace"}'],
            [4, '40/foo?a=1,', '44/foo?a=1,{"message":"Invalid namespace"}'],
            [4, '40/é€😀,', '44/é€😀,{"message":"Invalid namespace"}'],
        ];
        for (const [eio, packet, answer] of refused) {
            for (const transport of TRANSPORTS) {
                test(`EIO${eio} ${transport}: ${packet} is refused, the session stays`, async () => {
                    const client = await open(eio, transport);
                    client.send(packet);
                    await client.expect(answer);
                    await client.expectAlive();
                    client.destroy();
                });
            }
        }

        test('EIO4: a refused namespace before the CONNECT leaves the session open', async () => {
            const ws = await openWs(server.port, 4);
            ws.send('40/foo,');
            assert.equal(await ws.text(), '44/foo,{"message":"Invalid namespace"}');
            ws.send('40');
            assert.match(await ws.text(), /^40\{"sid":/);
            ws.destroy();
        });
    });

    forAll((eio, transport) => {
        describe(`EIO${eio} ${transport}`, () => {
            test('an ack id is answered with the same id', async () => {
                const client = await open(eio, transport);
                for (const id of ['0', '7', '12', '456', '2147483647']) {
                    client.send(subscribe('ack', id));
                    await client.expect(`43${id}[{"ok":true}]`);
                }
                client.send('4299["unsubscribe",{"channel":"ack"}]');
                await client.expect('4399[{"ok":true}]');
                client.destroy();
            });

            test('without an ack id there is no answer', async () => {
                const client = await open(eio, transport);
                client.send(subscribe('quiet'));
                client.send('42["unsubscribe",{"channel":"quiet"}]');
                await client.expectAlive();
                client.destroy();
            });

            test('an event nobody knows is ignored', async () => {
                const client = await open(eio, transport);
                client.send('42["unknown",1,{"a":[]},null]');
                client.send('42["__proto__"]');
                client.send('42["toString"]');
                client.send('42[""]');
                await client.expectAlive();
                client.destroy();
            });

            test('escapes in names and white space are JSON as any other', async () => {
                const client = await open(eio, transport);
                client.send('421[ "sub\\u0073cribe" , {"ch\\u0061nnel" : "a\\/\\u00e9" } ]');
                await client.expect('431[{"ok":true}]');
                await postEvent(server, { channel: 'a/é', name: 'E', data: 'x' });
                await client.expect('42["E","a/é","x"]');
                client.destroy();
            });

            test('binary events are accepted, with heartbeats in between', async () => {
                const client = await open(eio, transport);
                client.send('452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]');
                client.sendBinary(Buffer.from([1]));
                client.send(eio === 3 ? '2' : '3');
                client.sendBinary(Buffer.from([2]));
                if (eio === 3) {
                    await client.expect('3');
                }
                await client.expectAlive();
                client.destroy();
            });

            test('a BINARY_ACK nobody waits for is ignored', async () => {
                const client = await open(eio, transport);
                client.send('461-5[{"_placeholder":true,"num":0}]');
                client.sendBinary(Buffer.from([1]));
                await client.expectAlive();
                client.destroy();
            });

            test('ten attachments are accepted', async () => {
                const client = await open(eio, transport);
                const all = Array.from({ length: 10 }, (_, num) => ({ _placeholder: true, num }));
                client.send(`4510-${JSON.stringify(['x', ...all])}`);
                for (let i = 0; i < 10; i += 1) {
                    client.sendBinary(Buffer.from([i]));
                }
                await client.expectAlive();
                client.destroy();
            });

            test('DISCONNECT leaves the channels, gets no answer and keeps the session', async () => {
                const client = await open(eio, transport);
                await client.join('left');
                client.send('41');
                client.send('40');
                let answer = null;
                if (eio === 4) {
                    answer = await client.next();
                    assert.match(answer, /^40\{"sid":"[A-Za-z0-9_-]+"\}$/);
                    assert.notEqual(JSON.parse(answer.slice(2)).sid, client.id);
                }
                client.send(subscribe('stays', 1));
                const next = await client.next();
                if (eio === 3 && next === '40') {
                    await client.expect('431[{"ok":true}]');
                } else {
                    assert.equal(next, '431[{"ok":true}]');
                }
                await postEvent(server, { channel: 'left', name: 'E', data: 'x' });
                await postEvent(server, { channel: 'stays', name: 'E', data: 'x' });
                await client.expect('42["E","stays","x"]');
                client.destroy();
            });

            for (const [name, packets, three, four] of MALFORMED) {
                const verdict = eio === 3 ? three : four;
                test(`${name}: ${verdict}`, async () => {
                    const client = await open(eio, transport);
                    for (const packet of packets) {
                        sendOne(client, packet);
                    }
                    if (verdict === CLOSE) {
                        await client.expectClose();
                    } else if (verdict === IGNORE) {
                        await client.expectAlive();
                    } else {
                        await Promise.race([client.closed, client.expectAlive().catch(() => {})]);
                    }
                    client.destroy();
                });
            }

            test('what follows a malformed packet in the same write is not taken', async () => {
                const client = await open(eio, transport);
                client.sendAll(['42{}', subscribe('after-bad', 1)]);
                await client.expectClose();
                client.destroy();
            });
        });
    });

    describe('EIO4 before the CONNECT', () => {
        for (const transport of TRANSPORTS) {
            for (const packet of [subscribe('early', 1), '42["a"]', '41', '43[]', '47', '4', '40[]',
                '40null', '40"x"', '44"x"']) {
                test(`${transport}: ${packet} closes`, async () => {
                    const client = await open(4, transport, { connect: false });
                    client.send(packet);
                    await client.expectClose();
                    client.destroy();
                });
            }
        }
    });

    describe('nesting', () => {
        const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);

        forAll((eio, transport) => {
            test(`EIO${eio} ${transport}: deeper than 64 closes, 60 does not`, async () => {
                const client = await open(eio, transport);
                client.send(`42["x",${nested(60)}]`);
                client.send(`42["x",${nested(59)},{"a":1}]`);
                await client.expectAlive();
                client.send(`42["x",${nested(66)}]`);
                await client.expectClose();
                client.destroy();
            });
        });

        test('a hundred thousand brackets close', async () => {
            const client = await open(4, 'websocket');
            client.send(`42["x",${'['.repeat(100000)}`);
            await client.expectClose();
            const object = await open(4, 'websocket');
            object.send(`42["x",${'{"a":'.repeat(100000)}`);
            await object.expectClose();
            const connect = await open(4, 'websocket', { connect: false });
            connect.send(`40${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`);
            await connect.expectClose();
        });
    });

    test('nobody else was disturbed', () => other.check());
});

describe('connectTimeout', () => {
    const MS = 300 * SLOW;
    const { server } = shareServer({ config: { socketio: { connectTimeout: MS } } });

    test('EIO4 WebSocket without a CONNECT gets an empty close', async () => {
        const start = Date.now();
        const ws = await openWs(server.port, 4);
        assert.equal(await ws.closeCode(MS + TIMEOUT), 1005);
        assert.ok(Date.now() - start >= MS - 30 * SLOW);
        await ws.ended();
    });

    test('EIO4 polling without a CONNECT gets the close packet', async () => {
        const polling = await Polling.open(server.port, 4);
        assert.equal((await polling.get()).text, CLOSE_PAYLOAD[4]);
    });

    test('a refused namespace is no CONNECT', async () => {
        const ws = await openWs(server.port, 4);
        ws.send('40/foo,');
        assert.equal(await ws.text(), '44/foo,{"message":"Invalid namespace"}');
        assert.equal(await ws.closeCode(MS + TIMEOUT), 1005);
    });

    test('who connected, and EIO3, stay', async () => {
        const four = await Client.open(server.port, 4, 'websocket');
        const three = await Client.open(server.port, 3, 'websocket');
        const silent = await openWs(server.port, 4);
        await silent.close(MS + TIMEOUT);
        await four.expectAlive();
        await three.expectAlive();
        four.destroy();
        three.destroy();
    });
});
