// SPDX-License-Identifier: MIT
// The WebSocket layer: its handshake, framing in every breakage, and closes.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { HttpConn } from '../lib/raw.mjs';
import { acceptOf, frameBytes, newKey, OP, RawWs, refused, upgradeBytes } from '../lib/raw-ws.mjs';
import { connectWs, joinWs, subscribe, VERSIONS, wsPath } from '../lib/raw-eio.mjs';
import { shareServer, withServer } from '../lib/with-server.mjs';

const ACK = '430[{"ok":true}]';

describe('websocket', () => {
    const { server, other } = shareServer({ watched: true });
    const open = (eio = 4, options) => connectWs(server.port, eio, options);

    describe('handshake', () => {
        test('the 101 is exact', async () => {
            for (const eio of VERSIONS) {
                const key = newKey();
                const conn = await HttpConn.open(server.port);
                conn.send(upgradeBytes(wsPath(eio), { key }));
                const { head } = await conn.response();
                assert.equal(head, 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n'
                    + `Connection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}`);
                conn.destroy();
            }
        });

        test('the answer to the key of RFC 6455 is the one of RFC 6455', async () => {
            const ws = await open(4, { key: 'dGhlIHNhbXBsZSBub25jZQ==' });
            assert.equal(ws.response.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
            ws.destroy();
        });

        const accepted = {
            'Upgrade in any case': { Upgrade: 'WebSocket' },
            'Connection with more than Upgrade': { Connection: 'keep-alive, Upgrade' },
            'Connection in any case': { Connection: 'upgrade' },
            'version 8': { 'Sec-WebSocket-Version': '8' },
            'an Origin': { Origin: 'http://a.example' },
        };
        for (const [name, headers] of Object.entries(accepted)) {
            test(`${name} is accepted`, async () => {
                (await open(4, { headers })).destroy();
            });
        }

        test('the first protocol that was offered is chosen', async () => {
            const ws = await open(4, { headers: { 'Sec-WebSocket-Protocol': 'one, two' } });
            assert.equal(ws.response.headers['sec-websocket-protocol'], 'one');
            ws.destroy();
        });

        const bad = {
            'no key': { 'Sec-WebSocket-Key': null },
            'a short key': { 'Sec-WebSocket-Key': 'abc' },
            'a key without its padding': { 'Sec-WebSocket-Key': 'A'.repeat(24) },
            'a key with a wrong character': { 'Sec-WebSocket-Key': `${'A'.repeat(21)}*==` },
            'no version': { 'Sec-WebSocket-Version': null },
            'version 12': { 'Sec-WebSocket-Version': '12' },
            'version 14': { 'Sec-WebSocket-Version': '14' },
        };
        for (const [name, headers] of Object.entries(bad)) {
            test(`${name} is 400, then the connection ends`, async () => {
                const { response } = await refused(server.port, wsPath(4), { headers });
                assert.equal(response.status, 400);
                assert.match(response.headers['content-type'], /^text\/html/);
            });
        }

        test('a bad version is told which ones are right', async () => {
            const { response } = await refused(server.port, wsPath(4),
                { headers: { 'Sec-WebSocket-Version': '12' } });
            assert.match(response.headers['sec-websocket-version'], /^13\b/);
        });

        test('another protocol than websocket is not upgraded', async () => {
            const conn = await HttpConn.open(server.port);
            conn.send(upgradeBytes(wsPath(4), { headers: { Upgrade: 'h2c' } }));
            assert.equal((await conn.response()).status, 400);
            conn.destroy();
        });

        for (const [path, status] of [['/health/live', 200], ['/nothing', 404],
            ['/apps/app/status?auth_key=key', 200], ['/socket.io/?EIO=4&transport=polling', 200]]) {
            test(`curl --http2 is answered ${status} by HTTP/1.1: ${path}`, () => {
                const out = execFileSync('curl', ['--http2', '-s', '-m', '10', '-o', '/dev/null',
                    '-w', '%{http_code} %{http_version}', `http://127.0.0.1:${server.port}${path}`]);
                assert.equal(String(out), `${status} 1.1`);
            });
        }

        test('permessage-deflate is not negotiated by default', async () => {
            const ws = await open(4, {
                headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' },
            });
            assert.equal(ws.response.headers['sec-websocket-extensions'], undefined);
            ws.destroy();
        });

        test('frames sent right behind the upgrade request are read', async () => {
            const conn = await HttpConn.open(server.port);
            conn.send(Buffer.concat([upgradeBytes(wsPath(4)), frameBytes({ payload: '40' }),
                frameBytes({ payload: subscribe('early', 0) })]));
            const ws = new RawWs(conn, await conn.response(), '');
            assert.equal((await ws.text())[0], '0');
            assert.match(await ws.text(), /^40\{/);
            assert.equal(await ws.text(), ACK);
            ws.destroy();
        });
    });

    describe('frames', () => {
        test('a message in fragments is one message', async () => {
            const ws = await open();
            const text = subscribe('frag', 0);
            ws.sendFrame({ fin: false, payload: text.slice(0, 5) });
            ws.sendFrame({ fin: false, opcode: OP.CONT, payload: text.slice(5, 9) });
            ws.sendFrame({ fin: false, opcode: OP.CONT, payload: '' });
            ws.sendFrame({ opcode: OP.CONT, payload: text.slice(9) });
            assert.equal(await ws.text(), ACK);
            ws.destroy();
        });

        test('a ping is answered with a pong of the same data', async () => {
            const ws = await open();
            for (const payload of ['', 'abc', 'x'.repeat(125)]) {
                ws.sendFrame({ opcode: OP.PING, payload });
                const frame = await ws.frame();
                assert.equal(frame.opcode, OP.PONG);
                assert.equal(frame.text, payload);
                assert.equal(frame.raw[0], 0x8a);
            }
            ws.destroy();
        });

        test('a ping between fragments is answered at once', async () => {
            const ws = await open();
            const text = subscribe('between', 0);
            ws.sendFrame({ fin: false, payload: text.slice(0, 5) });
            ws.sendFrame({ opcode: OP.PING, payload: 'mid' });
            assert.equal((await ws.frame()).text, 'mid');
            ws.sendFrame({ opcode: OP.CONT, payload: text.slice(5) });
            assert.equal(await ws.text(), ACK);
            ws.destroy();
        });

        test('a pong nobody asked for is ignored', async () => {
            const ws = await open();
            ws.sendFrame({ opcode: OP.PONG, payload: 'x' });
            await joinWs(ws, 'pong');
            ws.destroy();
        });

        test('frames that come byte by byte are read', async () => {
            const ws = await open();
            for (const byte of frameBytes({ payload: subscribe('bytes', 0) })) {
                ws.sendBytes(Buffer.from([byte]));
                await new Promise(setImmediate);
            }
            assert.equal(await ws.text(), ACK);
            ws.destroy();
        });

        test('many frames in one write are read in order', async () => {
            const ws = await open();
            ws.sendBytes(Buffer.concat(Array.from({ length: 100 },
                (_, i) => frameBytes({ payload: subscribe('write', i) }))));
            for (let i = 0; i < 100; i += 1) {
                assert.equal(await ws.text(), `43${i}[{"ok":true}]`);
            }
            ws.destroy();
        });

        for (const lengthSize of [16, 64]) {
            test(`a short message with a ${lengthSize}-bit length is read, or closes with 1002`,
                async () => {
                    const ws = await open();
                    ws.sendFrame({ payload: subscribe('overlong', 0), lengthSize });
                    const frame = await ws.frame();
                    if (frame.opcode === OP.CLOSE) {
                        assert.equal(frame.payload.readUInt16BE(0), 1002);
                    } else {
                        assert.equal(frame.text, ACK);
                    }
                    ws.destroy();
                });
        }

        test('UTF-8 that is split between fragments is valid', async () => {
            const ws = await open();
            const text = Buffer.from(subscribe('€😀', 0));
            const at = text.indexOf(0xf0) + 2;
            ws.sendFrame({ fin: false, payload: text.subarray(0, at) });
            ws.sendFrame({ opcode: OP.CONT, payload: text.subarray(at) });
            assert.equal(await ws.text(), ACK);
            ws.destroy();
        });

        test('UTF-8 that is split between reads is valid', async () => {
            const ws = await open();
            const bytes = frameBytes({ payload: subscribe('€😀€😀', 0) });
            for (let at = 0; at < bytes.length; at += 7) {
                ws.sendBytes(bytes.subarray(at, at + 7));
                await new Promise(setImmediate);
            }
            assert.equal(await ws.text(), ACK);
            ws.destroy();
        });
    });

    describe('errors', () => {
        const protocol = {
            'an unmasked frame': { payload: '2', masked: false },
            'RSV1 without an extension': { payload: '2', rsv: 4 },
            RSV2: { payload: '2', rsv: 2 },
            RSV3: { payload: '2', rsv: 1 },
            'opcode 3': { opcode: 3 },
            'opcode 7': { opcode: 7 },
            'opcode 11': { opcode: 11 },
            'opcode 15': { opcode: 15 },
            'a ping in fragments': { opcode: OP.PING, fin: false },
            'a close in fragments': { opcode: OP.CLOSE, fin: false },
            'a ping of 126 bytes': { opcode: OP.PING, payload: 'x'.repeat(126) },
            'a close of 126 bytes': { opcode: OP.CLOSE, payload: `\x03\xe8${'x'.repeat(126)}` },
            'a stray continuation': { opcode: OP.CONT, payload: 'x' },
            'a close of one byte': { opcode: OP.CLOSE, payload: Buffer.from([3]) },
            'close code 0': { opcode: OP.CLOSE, payload: Buffer.from([0, 0]) },
            'close code 999': { opcode: OP.CLOSE, payload: Buffer.from([3, 0xe7]) },
            'close code 1004': { opcode: OP.CLOSE, payload: Buffer.from([3, 0xec]) },
            'close code 1005': { opcode: OP.CLOSE, payload: Buffer.from([3, 0xed]) },
            'close code 1006': { opcode: OP.CLOSE, payload: Buffer.from([3, 0xee]) },
            'close code 1015': { opcode: OP.CLOSE, payload: Buffer.from([3, 0xf7]) },
            'close code 2999': { opcode: OP.CLOSE, payload: Buffer.from([0x0b, 0xb7]) },
            'close code 5000': { opcode: OP.CLOSE, payload: Buffer.from([0x13, 0x88]) },
        };
        for (const [name, frame] of Object.entries(protocol)) {
            test(`${name} closes with 1002`, async () => {
                const ws = await open();
                ws.sendFrame(frame);
                assert.equal(await ws.closeCode(), 1002);
                await ws.ended();
            });
        }

        test('a new message inside a fragmented one closes with 1002', async () => {
            const ws = await open();
            ws.sendFrame({ fin: false, payload: '42' });
            ws.sendFrame({ payload: '2' });
            assert.equal(await ws.closeCode(), 1002);
        });

        const invalid = {
            'a lone continuation byte': [0x34, 0x80],
            'an overlong form': [0x34, 0xc0, 0xaf],
            'a surrogate': [0x34, 0xed, 0xa0, 0x80],
            'above U+10FFFF': [0x34, 0xf4, 0x90, 0x80, 0x80],
            'a character cut off': [0x34, 0xe2, 0x82],
            'the byte FF': [0x34, 0xff],
        };
        for (const [name, bytes] of Object.entries(invalid)) {
            test(`invalid UTF-8, ${name}, closes with 1007`, async () => {
                const ws = await open();
                ws.sendFrame({ payload: Buffer.from(bytes) });
                assert.equal(await ws.closeCode(), 1007);
                await ws.ended();
            });
        }

        test('invalid UTF-8 in the reason of a close closes with 1007', async () => {
            const ws = await open();
            ws.sendFrame({ opcode: OP.CLOSE, payload: Buffer.from([3, 0xe8, 0xff]) });
            assert.equal(await ws.closeCode(), 1007);
        });

        test('invalid UTF-8 in a second fragment closes with 1007', async () => {
            const ws = await open();
            ws.sendFrame({ fin: false, payload: Buffer.from([0x34, 0xe2]) });
            ws.sendFrame({ opcode: OP.CONT, payload: Buffer.from([0x41]) });
            assert.equal(await ws.closeCode(), 1007);
        });

        test('a 64-bit length beyond every limit closes with 1009 or 1002', async () => {
            for (const length of [2n ** 63n, 2n ** 64n - 1n, 2n ** 53n, 2n ** 32n]) {
                const ws = await open();
                ws.sendFrame({ length, lengthSize: 64 });
                assert.ok([1009, 1002].includes(await ws.closeCode()), String(length));
            }
        });

        test('a message of exactly maxHttpBufferSize passes, one byte more closes with 1009',
            async () => {
                const ws = await open();
                const packet = subscribe('max', 0);
                ws.send(packet.replace('}}]', `}},"${'x'.repeat(1e6 - packet.length - 3)}"]`));
                assert.equal(await ws.text(), ACK);
                ws.send('6'.repeat(1e6 + 1));
                assert.equal(await ws.closeCode(), 1009);
            });

        test('a fragmented message over the limit closes with 1009', async () => {
            const ws = await open();
            ws.sendFrame({ fin: false, payload: '6'.repeat(600000) });
            ws.sendFrame({ opcode: OP.CONT, payload: '6'.repeat(400001) });
            assert.equal(await ws.closeCode(), 1009);
        });

        test('an announced length over the limit closes before the bytes come', async () => {
            const ws = await open();
            ws.sendFrame({ length: 1000001, lengthSize: 64 });
            assert.equal(await ws.closeCode(), 1009);
        });
    });

    describe('close', () => {
        for (const code of [1000, 1001, 1003, 1011, 3000, 4000, 4999]) {
            test(`close code ${code} of the client is echoed and the connection ends`, async () => {
                const ws = await open();
                ws.answerClose = false;
                const payload = Buffer.from([code >> 8, code & 255]);
                ws.sendFrame({ opcode: OP.CLOSE, payload: Buffer.concat([payload, Buffer.from('bye')]) });
                assert.equal(await ws.closeCode(), code);
                await ws.ended();
            });
        }

        test('an empty close of the client is answered with an empty close', async () => {
            const ws = await open();
            ws.answerClose = false;
            ws.sendFrame({ opcode: OP.CLOSE });
            assert.equal((await ws.frame()).raw.toString('hex'), '8800');
            await ws.ended();
        });

        test('a close of the engine is an empty close frame, then the connection ends', async () => {
            for (const eio of VERSIONS) {
                const ws = await open(eio);
                ws.send('42{}');
                assert.equal((await ws.frame()).raw.toString('hex'), '8800');
                await ws.ended();
            }
        });

        test('1 on a WebSocket closes at once', async () => {
            for (const eio of VERSIONS) {
                const ws = await open(eio);
                ws.send('1');
                assert.equal(await ws.closeCode(), 1005);
                await ws.ended();
            }
        });

        test('what comes behind a close frame is not read', async () => {
            const ws = await open();
            ws.answerClose = false;
            ws.sendBytes(Buffer.concat([
                frameBytes({ opcode: OP.CLOSE, payload: Buffer.from([3, 0xe8]) }),
                frameBytes({ payload: subscribe('behind', 0) }),
            ]));
            assert.equal(await ws.closeCode(), 1000);
            assert.equal(await ws.frame(), null);
        });
    });

    test('nobody else was disturbed', () => other.check());
});

describe('websocket at the end of the server', () => {
    test('every client gets an empty close frame, and no 41', () => withServer({}, async (server) => {
        const clients = [];
        for (const eio of VERSIONS) {
            clients.push(await connectWs(server.port, eio));
        }
        const stopped = server.stop();
        for (const ws of clients) {
            assert.equal((await ws.frame()).raw.toString('hex'), '8800');
            await ws.ended();
        }
        await stopped;
    }));
});
