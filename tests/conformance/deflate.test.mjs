// SPDX-License-Identifier: MIT
// permessage-deflate where it is configured: what is negotiated, which messages
// are compressed, and what a client may not do with it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { OP } from '../lib/raw-ws.mjs';
import { connectWs, joinWs, subscribe, VERSIONS } from '../lib/raw-eio.mjs';
import { postEvent } from '../lib/server.mjs';
import { shareServer, withServer } from '../lib/with-server.mjs';

const ACK = '430[{"ok":true}]';

describe('permessage-deflate', () => {
    const OFFER = 'permessage-deflate; client_max_window_bits';
    const ANSWER = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
    const { server } = shareServer({
        config: { logLevel: 'info',
            socketio: { perMessageDeflate: true, maxHttpBufferSize: 100000 } },
    });

    const open = (offer = OFFER, eio = 4) => connectWs(server.port, eio,
        { headers: { 'Sec-WebSocket-Extensions': offer } });
    const deflate = (text) => {
        const data = zlib.deflateRawSync(text, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
        return data.subarray(0, data.length - 4);
    };
    const inflate = (data) => zlib.inflateRawSync(Buffer.concat([data, Buffer.from([0, 0, 255, 255])]),
        { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString();

    const offers = {
        [OFFER]: ANSWER,
        'permessage-deflate': ANSWER,
        'permessage-deflate; server_no_context_takeover': ANSWER,
        'permessage-deflate; client_no_context_takeover': ANSWER,
        'permessage-deflate; client_max_window_bits=12': ANSWER,
        'permessage-deflate; server_max_window_bits=10': undefined,
        'permessage-deflate; server_max_window_bits=10, permessage-deflate': ANSWER,
        'x-webkit-deflate-frame': undefined,
        'x-other, permessage-deflate': ANSWER,
    };
    for (const [offer, answer] of Object.entries(offers)) {
        test(`the offer "${offer}" is ${answer ? 'taken' : 'declined'}`, async () => {
            const ws = await open(offer);
            assert.equal(ws.response.headers['sec-websocket-extensions'], answer);
            ws.destroy();
        });
    }

    test('a client without the extension gets plain frames', async () => {
        const ws = await connectWs(server.port, 4);
        await joinWs(ws, 'plain');
        await postEvent(server, { channel: 'plain', name: 'E', data: 'x'.repeat(2000) });
        assert.equal((await ws.text()).length, 2018);
        ws.destroy();
    });

    test('messages below the threshold are not compressed', async () => {
        for (const eio of VERSIONS) {
            const ws = await open(OFFER, eio);
            await joinWs(ws, 'small');
            ws.destroy();
        }
    });

    test('messages from 1024 bytes on are, each by itself', async () => {
        for (const eio of VERSIONS) {
            const ws = await open(OFFER, eio);
            await joinWs(ws, 'large');
            for (let i = 0; i < 3; i += 1) {
                const data = `${i}${'é€'.repeat(1000)}`;
                await postEvent(server, { channel: 'large', name: 'E', data });
                const frame = await ws.frame();
                assert.equal(frame.opcode, OP.TEXT);
                assert.equal(frame.rsv, 4);
                assert.ok(frame.payload.length < 1000);
                assert.equal(inflate(frame.payload), `42["E","large","${data}"]`);
            }
            ws.destroy();
        }
    });

    test('compressed messages of a client are read, each by itself', async () => {
        const ws = await open();
        for (let i = 0; i < 3; i += 1) {
            ws.sendFrame({ rsv: 4, payload: deflate(subscribe('client', i)) });
            assert.equal(await ws.text(), `43${i}[{"ok":true}]`);
        }
        ws.destroy();
    });

    test('a compressed message in fragments is read', async () => {
        const ws = await open();
        const data = deflate(subscribe('fragments', 0));
        ws.sendFrame({ rsv: 4, fin: false, payload: data.subarray(0, 5) });
        ws.sendFrame({ opcode: OP.CONT, payload: data.subarray(5) });
        assert.equal(await ws.text(), ACK);
        ws.destroy();
    });

    test('RSV1 on a continuation or a ping closes with 1002', async () => {
        const first = await open();
        first.sendFrame({ rsv: 4, fin: false, payload: deflate('6') });
        first.sendFrame({ rsv: 4, opcode: OP.CONT, payload: '' });
        assert.equal(await first.closeCode(), 1002);
        const second = await open();
        second.sendFrame({ rsv: 4, opcode: OP.PING, payload: '' });
        assert.equal(await second.closeCode(), 1002);
    });

    test('a message that inflates over the limit closes with 1009', async () => {
        const ws = await open();
        ws.sendFrame({ rsv: 4, payload: deflate('6'.repeat(50 * 1024 * 1024)) });
        assert.equal(await ws.closeCode(), 1009);
    });

    test('much out of little, again and again, closes with 1008', async () => {
        const ws = await open();
        const other = await open();
        const bomb = deflate('6'.repeat(99999));
        assert.ok(bomb.length < 200);
        for (let i = 0; i < 30; i += 1) {
            ws.sendFrame({ rsv: 4, payload: bomb });
        }
        assert.equal(await ws.closeCode(), 1008);
        await server.waitLog(new RegExp(`session end sid=${ws.sid} .*why=inflation`));
        // What is compressed as text is may come as often as it likes.
        const noise = Array.from({ length: 5000 }, () => Math.random().toString(36)).join('');
        const text = deflate(`6${noise}${noise.slice(0, 9000)}`);
        for (let i = 0; i < 200; i += 1) {
            other.sendFrame({ rsv: 4, payload: text });
        }
        other.sendFrame({ rsv: 4, payload: bomb });
        await joinWs(other, 'after');
        other.destroy();
    });

    test('invalid UTF-8 that was compressed closes with 1007', async () => {
        const ws = await open();
        ws.sendFrame({ rsv: 4, payload: deflate(Buffer.from([0x36, 0xff, 0xfe])) });
        assert.equal(await ws.closeCode(), 1007);
    });

    test('data that does not inflate closes', async () => {
        const ws = await open();
        ws.sendFrame({ rsv: 4, payload: Buffer.from([0xff, 0xff, 0xff, 0xff]) });
        assert.ok([1002, 1007].includes(await ws.closeCode()));
    });

    test('perMessageDeflate.threshold moves the limit', () => withServer({
        config: { socketio: { perMessageDeflate: { threshold: 300 } } },
    }, async (own) => {
        const ws = await connectWs(own.port, 4, { headers: { 'Sec-WebSocket-Extensions': OFFER } });
        await joinWs(ws, 'limit');
        await postEvent(own, { channel: 'limit', name: 'E', data: 'x'.repeat(400) });
        assert.equal((await ws.frame()).rsv, 4);
        ws.destroy();
    }));
});
