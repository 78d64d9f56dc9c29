// SPDX-License-Identifier: MIT
// A whole office behind one address: stock clients through nginx with the
// published block. They connect by polling, upgrade, subscribe and, when the
// server is started anew, come back all at once; nobody is limited. E2E_SCALE
// takes a share of them, or more: 5 makes it 5,000.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { io } from 'sio4';
import { scaled } from '../lib/mass.mjs';
import { publishedBlocks, startNginx } from '../lib/nginx.mjs';
import { startServer, waitFor, SLOW } from '../lib/server.mjs';

const PEOPLE = scaled(1000);
const CHANNELS = ['news', 'a', 'b', 'c', 'd'];
const MS = 240000 * SLOW;

function person(url, trouble) {
    const socket = io(url, { forceNew: true, timeout: MS, reconnectionDelay: 200 });
    const visitor = { socket, joined: 0 };
    socket.on('connect', () => {
        visitor.joined = 0;
        for (const channel of CHANNELS) {
            socket.emit('subscribe', { channel, auth: {} }, (answer) => {
                visitor.joined += answer?.ok === true ? 1 : 0;
            });
        }
    });
    socket.on('subscription_error', (...what) => trouble.push(what));
    return visitor;
}

const isIn = ({ socket, joined }) => socket.connected && joined === CHANNELS.length
    && socket.io.engine.transport.name === 'websocket';

describe(`${PEOPLE} people behind one address`, { timeout: 3 * MS }, () => {
    const trouble = [];
    let server;
    let nginx;
    let people;
    before(async () => {
        server = await startServer();
        nginx = await startNginx({
            ...publishedBlocks('config/nginx.conf', server.port), connections: 19000,
        });
        people = Array.from({ length: PEOPLE }, () => person(nginx.url, trouble));
    });
    after(async () => {
        people?.forEach(({ socket }) => socket.disconnect());
        await server?.stop();
        await nginx?.stop();
    });

    /** What the log says of limits, whoever set them. */
    const limited = () => `${server.stderr()}${nginx.errors()}`.match(
        /^.*(limit|refus|too many|budget|429|503).*$/gim) ?? [];

    test('all connect, upgrade and subscribe', async () => {
        await waitFor(() => people.every(isIn), MS, 'everybody to be in');
        assert.deepEqual(trouble, []);
        assert.deepEqual(limited(), []);
    });

    test('all come back at once', async () => {
        const { config } = server;
        await server.stop();
        await waitFor(() => people.every(({ socket }) => !socket.connected), MS, 'all to notice');
        server = await startServer({ config });
        await waitFor(() => people.every(isIn), MS, 'everybody to be in again');
        assert.deepEqual(trouble, []);
        assert.deepEqual(limited().filter((line) => !/Connection refused/.test(line)), []);
    });
});
