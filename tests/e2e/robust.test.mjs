// SPDX-License-Identifier: MIT
// No packet and no request of one peer ends the process or disturbs another:
// first of all those that end laravel-echo-server.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import WebSocket from 'ws';
import { CLIENTS } from '../lib/echo.mjs';
import { startBackend } from '../lib/backend.mjs';
import { startScene } from '../lib/scene.mjs';
import { postEvent, within } from '../lib/server.mjs';

const DEADLY = [
    ['unsubscribe'],
    ['subscribe'],
    ['client event'],
    ['unsubscribe', { channel: 'presence-none' }],
    ['subscribe', null],
    ['subscribe', { channel: '__proto__' }],
    ['unsubscribe', { channel: '__proto__' }],
    ['client event', 'not json'],
    ['client event', null],
    ['subscribe', { channel: 7 }],
    ['subscribe', { channel: ['news'] }],
    ['subscribe', { channel: '' }],
    ['subscribe', { channel: 'private-x', auth: 'none' }],
    ['subscribe', { channel: 'private-x', auth: { headers: ['a'] } }],
    ['subscribe', { channel: 'private-x', auth: { headers: { a: {} } } }],
    ['unsubscribe', null],
    ['unsubscribe', 5],
];

const BROKEN_BODIES = [
    '{', '', 'null', '[]', '"text"', '7', '{"name":"E","channel":"news","data":{}', '\u0000',
    '{"name":5,"channel":"news","data":{}}', '{"name":"E","channels":"news","data":{}}',
    '{"name":"E","channels":[1,null,{}],"data":{}}', '['.repeat(100000),
    Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
];

describe('a peer that sends nonsense', () => {
    let scene;
    let backend;
    let witnesses;
    before(async () => {
        backend = await startBackend(() => ({ status: 403 }));
        scene = await startScene({ redis: false, config: { authHost: backend.url } });
        scene.keep(backend);
        witnesses = await Promise.all(Object.keys(CLIENTS).flatMap((client) =>
            ['websocket', 'polling'].map((transport) => scene.page({ client, transport }))));
        for (const page of witnesses) {
            page.echo.channel('witness');
            await page.joined('witness');
        }
    });
    after(() => scene?.close());

    let round = 0;
    async function nobodyNoticed() {
        const number = ++round;
        const { status } = await postEvent(scene.server,
            { channel: 'witness', name: 'E', data: { number } });
        assert.equal(status, 200);
        for (const page of witnesses) {
            await page.event(({ data }) => data?.number === number);
            assert.equal(page.socket.connected, true);
        }
        assert.ok(scene.server.alive());
    }

    for (const [version, client] of [['3', 'sio2'], ['4', 'sio4']]) {
        for (const packet of DEADLY) {
            test(`protocol ${version}: 42${JSON.stringify(packet)}`, async () => {
                const page = await scene.page({ client });
                page.socket.emit(...packet);
                await nobodyNoticed();
                page.close();
            });
        }

        test(`protocol ${version}: raw rubbish`, async () => {
            for (const text of ['4', '42', '42[', '42{}', '42["subscribe"', 'x', '', '451-["x"]',
                '9'.repeat(1000), '42["subscribe",{"channel":"' + 'x'.repeat(100000) + '"}]',
                '42' + '['.repeat(50000)]) {
                const socket = new WebSocket(`ws://127.0.0.1:${scene.server.port}`
                    + `/socket.io/?EIO=${version}&transport=websocket`);
                const ended = new Promise((resolve) => { socket.once('close', resolve); });
                socket.on('error', () => {});
                await within(new Promise((resolve) => { socket.once('message', resolve); }),
                    undefined, 'the open packet');
                if (version === '4') {
                    socket.send('40');
                }
                socket.send(text);
                socket.close();
                await within(ended, undefined, `the end after ${text.slice(0, 30)}`);
            }
            await nobodyNoticed();
        });
    }

    test('broken bodies at the HTTP API', async () => {
        for (const body of BROKEN_BODIES) {
            const { status } = await postEvent(scene.server, body);
            assert.equal(status, 400, String(body).slice(0, 60));
        }
        await nobodyNoticed();
    });

    test('a body over the limit at the HTTP API is 413', async () => {
        const large = { channel: 'news', name: 'E', data: 'x'.repeat(11e6) };
        const { status } = await postEvent(scene.server, large).catch(
            // Answered and closed before the body was read.
            (error) => ({ status: ['EPIPE', 'ECONNRESET'].includes(error.code) ? 413 : error }));
        assert.equal(status, 413);
        await nobodyNoticed();
    });
});
