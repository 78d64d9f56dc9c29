// SPDX-License-Identifier: MIT
// Engine.IO packets and polling payloads, byte for byte, in both directions.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OP } from '../lib/raw-ws.mjs';
import { Client } from '../lib/raw-client.mjs';
import {
    binaryPacket, CLOSE_PAYLOAD, connectWs, encodePayload, forAll, joinWs, openWs, Polling,
    subscribe, VERSIONS,
} from '../lib/raw-eio.mjs';
import { postEvent } from '../lib/server.mjs';
import { shareServer } from '../lib/with-server.mjs';

const ACK = '430[{"ok":true}]';
const BINARY_EVENT = '451-["file",{"_placeholder":true,"num":0}]';

describe('packets', () => {
    const { server, other } = shareServer({ watched: true });

    describe('WebSocket', () => {
        for (const eio of VERSIONS) {
            test(`EIO${eio}: a packet is one text frame`, async () => {
                const ws = await connectWs(server.port, eio);
                await joinWs(ws, 'frame');
                await postEvent(server, { channel: 'frame', name: 'E', data: { a: 1 } });
                const frame = await ws.frame();
                const text = '42["E","frame",{"a":1}]';
                assert.equal(frame.raw.toString('latin1'), `\x81${String.fromCharCode(text.length)}${text}`);
                ws.destroy();
            });

            test(`EIO${eio}: an empty text frame closes`, async () => {
                const ws = await connectWs(server.port, eio);
                ws.send('');
                assert.equal(await ws.closeCode(), 1005);
            });

            for (const packet of ['x', '7', '9abc', ' 2', '\u00e9', '-1']) {
                test(`EIO${eio}: the unknown packet ${JSON.stringify(packet)} closes`, async () => {
                    const ws = await connectWs(server.port, eio);
                    ws.send(packet);
                    assert.equal(await ws.closeCode(), 1005);
                });
            }

            test(`EIO${eio}: packets 0, 5 and 6 of a client are ignored`, async () => {
                const ws = await connectWs(server.port, eio);
                for (const packet of ['0', '0{"sid":"x"}', '5', '6', '6x']) {
                    ws.send(packet);
                }
                await joinWs(ws, 'ignored');
                ws.destroy();
            });

            test(`EIO${eio}: base64 text is a binary message`, async () => {
                const ws = await connectWs(server.port, eio);
                ws.send(BINARY_EVENT);
                ws.send(eio === 3 ? 'b4AQIDBA==' : 'bAQIDBA==');
                await joinWs(ws, 'base64');
                ws.destroy();
            });

            for (const end of ['\n', '\r\n', ' ']) {
                test(`EIO${eio}: base64 in lines is a binary message ${JSON.stringify(end)}`, async () => {
                    const ws = await connectWs(server.port, eio);
                    ws.send(BINARY_EVENT);
                    ws.send(`${eio === 3 ? 'b4' : 'b'}AQID${end}BA==${end}`);
                    await joinWs(ws, 'base64');
                    ws.destroy();
                });
            }

            test(`EIO${eio}: a binary frame is a binary message`, async () => {
                const ws = await connectWs(server.port, eio);
                ws.send(BINARY_EVENT);
                ws.sendBinary(Buffer.from(eio === 3 ? [4, 1, 2, 3] : [1, 2, 3]));
                await joinWs(ws, 'binary');
                ws.destroy();
            });

            test(`EIO${eio}: a long packet uses the 16-bit and the 64-bit length`, async () => {
                const ws = await connectWs(server.port, eio);
                await joinWs(ws, 'long');
                for (const size of [125, 126, 127, 65535, 65536, 70000]) {
                    const data = 'x'.repeat(size - '42["E","long",""]'.length);
                    await postEvent(server, { channel: 'long', name: 'E', data });
                    const frame = await ws.frame();
                    assert.equal(frame.payload.length, size);
                    assert.equal(frame.text, `42["E","long","${data}"]`);
                    assert.equal(frame.raw.length - size, size < 126 ? 2 : size < 65536 ? 4 : 10);
                }
                ws.destroy();
            });
        }

        test('EIO3: an empty binary frame is ignored', async () => {
            const ws = await connectWs(server.port, 3);
            ws.sendBinary(Buffer.alloc(0));
            await joinWs(ws, 'empty');
            ws.destroy();
        });

        test('EIO4: an empty binary frame is an empty binary message', async () => {
            const ws = await connectWs(server.port, 4);
            ws.send(BINARY_EVENT);
            ws.sendBinary(Buffer.alloc(0));
            await joinWs(ws, 'empty');
            ws.sendBinary(Buffer.alloc(0));
            assert.equal(await ws.closeCode(), 1005, 'out of turn');
        });

        test('EIO3: the binary frame 02 is a ping and is answered with the text 3', async () => {
            const ws = await connectWs(server.port, 3);
            ws.sendBinary(Buffer.from([2]));
            assert.equal(await ws.text(), '3');
            ws.destroy();
        });

        test('EIO3: b64=1 in the WebSocket URL changes nothing for text', async () => {
            const ws = await connectWs(server.port, 3, { extra: '&b64=1' });
            await joinWs(ws, 'b64');
            ws.destroy();
        });

        test('EIO3: the text of the open packet comes alone in its frame', async () => {
            const ws = await openWs(server.port, 3);
            const frame = await ws.frame();
            assert.equal(frame.opcode, OP.TEXT);
            assert.equal(frame.raw.toString('latin1'), '\x81\x0240');
            ws.destroy();
        });
    });

    describe('polling payload, EIO3', () => {
        test('lengths count UTF-16 units, Content-Length counts bytes', async () => {
            const polling = await Polling.connect(server.port, 3);
            await polling.join('chan-é');
            const answer = await postEvent(server, '{"channel":"chan-é","name":"App\\\\Events\\\\X",'
                + '"data":{"m":"€😀\u2028\\n\\\\n"}}');
            assert.equal(answer.status, 200, answer.body);
            const response = await polling.get();
            const packet = '42["App\\\\Events\\\\X","chan-é",{"m":"€😀\u2028\\n\\\\n"}]';
            assert.equal(response.text, `47:${packet}`);
            assert.equal(response.headers['content-length'], '57');
        });

        test('escapes of PHP arrive as UTF-8 and are counted as such', async () => {
            const polling = await Polling.connect(server.port, 3);
            await polling.join('php');
            await postEvent(server, '{"channel":"php","name":"E","data":"{\\"m\\":'
                + '\\"\\\\u20ac\\\\ud83d\\\\ude00 \\\\/\\"}"}');
            const packet = '42["E","php",{"m":"€😀 /"}]';
            assert.equal((await polling.get()).text, `${packet.length}:${packet}`);
        });

        test('a client counts UTF-16 units as well', async () => {
            const polling = await Polling.connect(server.port, 3);
            const packet = subscribe('€😀é', 0);
            const response = await polling.postRaw(`${packet.length}:${packet}`);
            assert.equal(response.text, 'ok');
            assert.deepEqual(await polling.packets(), [ACK]);
            await postEvent(server, { channel: '€😀é', name: 'E', data: 'x' });
            assert.equal((await polling.get()).text, '18:42["E","€😀é","x"]');
        });

        test('several packets in one body are taken in order', async () => {
            const polling = await Polling.connect(server.port, 3);
            await polling.postOk(subscribe('a', 1), '2', subscribe('b', 2), '2hello', subscribe('c', 3));
            let packets = [];
            while (packets.length < 5) {
                packets = packets.concat(await polling.packets());
            }
            assert.deepEqual(packets.filter((packet) => packet[0] === '4').map((p) => p.slice(0, 3)),
                ['431', '432', '433']);
            assert.deepEqual(packets.filter((packet) => packet[0] === '3'), ['3', '3']);
        });

        test('several events leave in one body', async () => {
            const polling = await Polling.connect(server.port, 3);
            await polling.join('many');
            for (let i = 0; i < 3; i += 1) {
                await postEvent(server, { channel: 'many', name: 'E', data: { i } });
            }
            await postEvent(server, { channel: 'many', name: 'Last', data: { i: 3 } });
            let text = '';
            while (!text.includes('Last')) {
                text += (await polling.get()).text;
            }
            assert.equal(text, '22:42["E","many",{"i":0}]22:42["E","many",{"i":1}]'
                + '22:42["E","many",{"i":2}]25:42["Last","many",{"i":3}]');
        });

        test('a packet of length 0 is skipped', async () => {
            const polling = await Polling.connect(server.port, 3);
            const packet = subscribe('zero', 0);
            const response = await polling.postRaw(`0:${packet.length}:${packet}0:`);
            assert.equal(response.text, 'ok');
            assert.deepEqual(await polling.packets(), [ACK]);
        });

        test('a base64 packet is a binary message', async () => {
            const polling = await Polling.connect(server.port, 3);
            const response = await polling.postRaw(
                `${BINARY_EVENT.length}:${BINARY_EVENT}10:b4AQIDBA==`);
            assert.equal(response.text, 'ok');
            await polling.join('base64');
        });

        test('the binary form is read', async () => {
            const polling = await Polling.connect(server.port, 3);
            const body = Buffer.concat([
                binaryPacket(BINARY_EVENT), binaryPacket(Buffer.from([4, 1, 2, 3])),
                binaryPacket(subscribe('é😀', 0)),
            ]);
            assert.equal(body.subarray(0, 5).toString('hex'), '000402ff34');
            const response = await polling.postRaw(body,
                { headers: { 'Content-type': 'application/octet-stream' } });
            assert.equal(response.status, 200);
            assert.equal(response.text, 'ok');
            assert.deepEqual(await polling.packets(), [ACK]);
        });

        test('text is answered as text even where binary is possible', async () => {
            const polling = await Polling.connect(server.port, 3);
            await polling.join('text');
            await postEvent(server, { channel: 'text', name: 'E', data: 'é' });
            const response = await polling.get();
            assert.equal(response.headers['content-type'], 'text/plain; charset=UTF-8');
            assert.equal(response.text, '18:42["E","text","é"]');
        });

        test('b64=1 changes nothing for text', async () => {
            const polling = await Polling.connect(server.port, 3, { query: '&b64=1' });
            await polling.join('b64');
            await postEvent(server, { channel: 'b64', name: 'E', data: 'é' });
            assert.equal((await polling.get()).text, '17:42["E","b64","é"]');
        });

        const bad = {
            'an empty body': '',
            'no length': ':4x',
            'a length that is not a number': 'a:4x',
            'a negative length': '-1:4',
            'a length with a sign': '+2:40',
            'a length with a space': ' 2:40',
            'a hexadecimal length': '0x2:40',
            'a packet shorter than its length': '20:42["a"]',
            'trailing data': '2:40rest',
            'digits alone': '12',
            'a type that does not exist': '2:9x',
            'a length beyond every number': `${'9'.repeat(40)}:4`,
            'a length in bytes instead of units': '6:42["é"]',
        };
        badBodies(3, bad);

        const badBinary = {
            'no separator': Buffer.from([0, 1, 2]),
            'a digit above 9': Buffer.from([0, 11, 0xff, 0x34]),
            'a packet that is too short': Buffer.from([0, 9, 0xff, 0x34]),
            'a length beyond every number': Buffer.from([0, ...Array(400).fill(9), 0xff, 0x34]),
            'text that is not UTF-8': binaryPacket(Buffer.from([0x34, 0x32, 0xff])).fill(0, 0, 1),
        };
        badBodies(3, badBinary, { 'Content-type': 'application/octet-stream' });

        test('packets before a bad one were delivered', async () => {
            const polling = await Polling.connect(server.port, 3);
            const held = await polling.hold();
            await polling.postRaw('1:2x:');
            assert.match((await held.response()).text, /^1:3/);
            await polling.ends();
            held.destroy();
        });
    });

    describe('polling payload, EIO4', () => {
        test('packets are joined by 0x1e', async () => {
            const polling = await Polling.connect(server.port, 4);
            await polling.join('joined-é');
            for (let i = 0; i < 3; i += 1) {
                await postEvent(server, { channel: 'joined-é', name: 'E', data: { i, t: '€😀' } });
            }
            let text = '';
            while (!text.includes('"i":2')) {
                text += `${text && '\x1e'}${(await polling.get()).text}`;
            }
            assert.equal(text, [0, 1, 2].map((i) => `42["E","joined-é",{"i":${i},"t":"€😀"}]`)
                .join('\x1e'));
        });

        test('several packets in one body are taken in order', async () => {
            const polling = await Polling.connect(server.port, 4);
            const response = await polling.postRaw(
                `${subscribe('a', 1)}\x1e6\x1e${subscribe('b', 2)}\x1e${subscribe('c', 3)}`);
            assert.equal(response.text, 'ok');
            let packets = [];
            while (packets.length < 3) {
                packets = packets.concat(await polling.packets());
            }
            assert.deepEqual(packets, [1, 2, 3].map((id) => `43${id}[{"ok":true}]`));
        });

        test('b with base64 is a binary message', async () => {
            const polling = await Polling.connect(server.port, 4);
            const response = await polling.postRaw(`${BINARY_EVENT}\x1ebAQIDBA==`);
            assert.equal(response.text, 'ok');
            await polling.join('base64');
        });

        test('octet-stream is an empty 400 and ends the session', async () => {
            const polling = await Polling.connect(server.port, 4);
            const response = await polling.postRaw('6',
                { headers: { 'Content-type': 'application/octet-stream' } });
            assert.equal(response.status, 400);
            assert.equal(response.text, '');
            await polling.ends();
        });

        badBodies(4, {
            'an empty body': '',
            'a type that does not exist': '9x',
            'an empty packet in between': '6\x1e\x1e6',
            'a separator at the end': '6\x1e',
            'a separator alone': '\x1e',
            'a payload of EIO3': ':1:6',
        });
    });

    /** Each body ends its session: the POST gets ok, a held GET gets the close packet. */
    function badBodies(eio, bodies, headers = {}) {
        const kind = Object.keys(headers).length ? ', binary' : '';
        for (const [name, body] of Object.entries(bodies)) {
            test(`EIO${eio}${kind}: ${name} ends the session, the POST gets ok`, async () => {
                const polling = await Polling.connect(server.port, eio);
                const held = await polling.hold();
                const response = await polling.postRaw(body, { headers });
                assert.equal(response.status, 200);
                assert.equal(response.text, 'ok');
                assert.equal((await held.response()).text, CLOSE_PAYLOAD[eio]);
                await polling.ends();
                held.destroy();
            });
        }
    }

    forAll((eio, transport) => {
        test(`EIO${eio} ${transport}: binary attachments wait for their messages`, async () => {
            const client = await Client.open(server.port, eio, transport);
            client.send('452-["file",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]');
            client.sendBinary(Buffer.from([0, 255, 128]));
            client.sendBinary(Buffer.alloc(70000, 7));
            await client.expectAlive();
            client.destroy();
        });
    });

    test('a payload of 10,000 packets is taken', async () => {
        for (const eio of VERSIONS) {
            const polling = await Polling.connect(server.port, eio);
            const body = encodePayload(eio, [...Array(10000).fill('6'), subscribe('last', 0)]);
            assert.equal((await polling.postRaw(body)).text, 'ok');
            assert.deepEqual(await polling.packets(), [ACK]);
        }
    });

    test('nobody else was disturbed', () => other.check());
});
