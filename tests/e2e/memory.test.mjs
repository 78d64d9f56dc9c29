// SPDX-License-Identifier: MIT
// However much strangers make the server keep for them, it takes up no more
// memory than memoryLimit, by and large; those who were there before notice
// nothing, and newcomers are served again once the strangers are gone.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { startApp } from '../lib/raw-app.mjs';
import { HttpConn, requestBytes } from '../lib/raw.mjs';
import { Client } from '../lib/raw-client.mjs';
import { Polling } from '../lib/raw-eio.mjs';
import { frameBytes, OP } from '../lib/raw-ws.mjs';
import { startScene } from '../lib/scene.mjs';
import { askServer, postEvent, runServer, SLOW, waitFor } from '../lib/server.mjs';

const LIMIT = 12e6;
const MB = 1e6;
const SHORT = /clients hold as much memory as they may/;
const ENOUGH = /clients hold less memory than they may again/;

/** What `status` says, in bytes. */
async function held(server) {
    const { stdout } = await runServer(['status', `--config=${server.configPath}`]);
    const [, used, limit] = stdout.match(/^ {2}memory +([0-9.]+) MB of ([0-9.]+) MB for clients$/m);
    assert.equal(Number(limit) * MB, LIMIT);
    return Number(used) * MB;
}

/** Memory of the process, in bytes. */
const resident = (pid) =>
    Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) * 1024;

/** The application admits to private-own and leaves all else without an answer. */
const answer = ({ channel }) => (channel.startsWith('private-own') ? { status: 200 } : null);

/**
 * A server with pages that were there first, and attack(server, keep), whose
 * parts are destroyed at its end. sum: what it would hold without a limit.
 */
async function withstand(attack, sum) {
    const app = await startApp(answer);
    const scene = await startScene({
        redis: false,
        config: { authHost: app.url, workers: 1, memoryLimit: LIMIT },
    });
    scene.keep(app);
    const { server } = scene;
    const kept = [];
    try {
        const pages = await Promise.all(['websocket', 'polling', 'upgrade'].map(
            (transport) => scene.page({ transport })));
        const channels = ['news', 'private-own.1'];
        await Promise.all(pages.flatMap((page) => channels.map((channel) => page.joined(channel))));
        let sent = 0;
        const everybodyHears = async (listeners) => {
            sent++;
            for (const channel of channels) {
                const event = { channel, name: `E${sent}`, data: { sent } };
                assert.equal((await postEvent(server, event)).status, 200);
                await Promise.all(listeners.map((page) => page.event(`E${sent}`, channel)));
            }
        };
        await everybodyHears(pages);
        const [before, memory] = [await held(server), resident(server.pid)];
        await attack(server, (part) => { kept.push(part); return part; });
        await server.waitLog(SHORT);
        await everybodyHears(pages);
        // What one turn adds comes on top, and so does what the allocator keeps.
        const most = await held(server);
        assert.ok(most < 1.3 * LIMIT, `${most / MB} MB held`);
        const grown = resident(server.pid) - memory;
        // A sanitizer keeps what was freed.
        assert.ok(SLOW > 1 || grown < Math.min(2.5 * LIMIT, sum), `${grown / MB} MB more`);
        kept.splice(0).forEach((part) => part.destroy());
        await server.waitLog(ENOUGH, 30000 * SLOW);
        await waitFor(async () => await held(server) < before + MB, 30000 * SLOW, 'memory');
        const newcomer = await scene.page();
        await newcomer.joined('news'); // what the application left unanswered still takes its places
        await everybodyHears(pages);
        await newcomer.event(`E${sent}`, 'news');
        assert.ok(pages.every(({ socket }) => socket.connected), 'nobody had to come back');
    } finally {
        kept.forEach((part) => part.destroy());
        await scene.close();
    }
}

const refusals = (client) => client.queue.filter((packet) => /^42\["subscription_error".*,503\]$/.test(packet));

test('names of channels: 1,000 of 199 bytes a socket', () => withstand(async (server, keep) => {
    const name = (s, i) => `s${s}-${i}-`.padEnd(199, 'x');
    const clients = [];
    for (let s = 0; s < 40; s++) {
        const client = await Client.open(server.port, 4, 'websocket').catch(() => null);
        if (!client) {
            break; // refused: memory is short
        }
        clients.push(keep(client));
        client.beat();
        for (let i = 0; i < 1000; i++) {
            client.send(`42["subscribe",{"channel":"${name(s, i)}"}]`);
        }
        await client.join('last').catch(() => {});
    }
    assert.ok(clients.length < 40, 'newcomers are refused');
    await waitFor(() => clients.some((client) => refusals(client).length > 0), undefined,
        'a subscription that is refused');
}, 40 * 0.8 * MB));

test('headers of subscriptions before a silent application', () => withstand(async (server, keep) => {
    for (let s = 0; s < 20; s++) {
        const client = await Client.open(server.port, 4, 'websocket').catch(() => null);
        if (!client) {
            break;
        }
        keep(client).beat();
        for (let i = 0; i < 250; i++) {
            const value = `${s}-${i}-`.padEnd(15900, 'y');
            client.send(`42["subscribe",{"channel":"private-x${i}","auth":{"headers":{"X":"${value}"}}}]`);
        }
        await client.join('last').catch(() => {});
    }
}, 20 * 4 * MB));

test('cookies of sessions that were left', () => withstand(async (server, keep) => {
    const conn = keep(await HttpConn.open(server.port));
    let refused = null;
    for (let i = 0; i < 4000 && !refused; i++) {
        conn.send(requestBytes({
            path: '/socket.io/?EIO=4&transport=polling',
            headers: { Cookie: `a=${i}-`.padEnd(15000, 'z') },
        }));
        const response = await conn.response();
        refused = response.status === 200 ? null : response;
    }
    assert.equal(refused?.status, 503);
    assert.equal(refused.text, 'The server is short of memory\n');
    assert.equal(refused.headers['retry-after'], '5');
}, 4000 * 0.015 * MB));

test('bodies and messages that do not end', () => withstand(async (server, keep) => {
    for (let s = 0; s < 20; s++) {
        const session = await Polling.open(server.port, 4).catch(() => null);
        if (!session) {
            break;
        }
        const conn = keep(await HttpConn.open(server.port));
        conn.send(`POST ${session.url()} HTTP/1.1\r\nHost: x\r\nContent-Length: 990000\r\n\r\n${'4'.repeat(980000)}`);
        const client = await Client.open(server.port, 4, 'websocket').catch(() => null);
        if (!client) {
            break;
        }
        keep(client).ws.sendFrame({ fin: false, payload: '4'.repeat(900000) });
    }
}, 20 * 1.88 * MB));

test('answers that nobody reads', () => withstand(async (server, keep) => {
    const ping = frameBytes({ opcode: OP.PING, payload: 'p'.repeat(125) });
    const thousand = Buffer.concat(Array(1000).fill(ping));
    for (let s = 0; s < 15 && !SHORT.test(server.stderr()); s++) {
        const client = await Client.open(server.port, 4, 'websocket').catch(() => null);
        if (!client) {
            break;
        }
        const { socket } = keep(client).ws.conn;
        socket.pause();
        for (let i = 0; i < 40 && !client.ws.conn.error; i++) {
            await new Promise((resolve) => { socket.write(thousand, resolve); });
        }
    }
}, 15 * 4 * MB));

test('those who hold much make room for newcomers', async () => {
    const scene = await startScene({
        redis: false, config: { workers: 1, memoryLimit: LIMIT, logLevel: 'info' },
    });
    const { server } = scene;
    const greedy = [];
    try {
        for (;;) {
            const client = await Client.open(server.port, 4, 'websocket').catch(() => null);
            if (!client) {
                break;
            }
            greedy.push(client);
            client.beat();
            client.ws.sendFrame({ fin: false, payload: '4'.repeat(900000) });
        }
        // Nothing grows any more, and they stay: so newcomers would never come in.
        const url = '/socket.io/?EIO=4&transport=polling';
        await waitFor(async () => (await askServer(server, { path: url })).status === 200,
            20000 * SLOW, 'a handshake that is answered');
        await server.waitLog(/session end .*why=memory/);
        await server.waitLog(/clients that held most of the memory were disconnected worker=0/);
    } finally {
        greedy.forEach((client) => client.destroy());
        await scene.close();
    }
});

test('equal headers of 250 subscriptions cost as much as those of one', async () => {
    const app = await startApp(answer);
    const scene = await startScene({
        redis: false, config: { authHost: app.url, workers: 1, memoryLimit: LIMIT },
    });
    scene.keep(app);
    const client = await Client.open(scene.server.port, 4, 'websocket');
    try {
        const before = await held(scene.server);
        for (let i = 0; i < 250; i++) {
            client.send(`42["subscribe",{"channel":"private-x${i}",`
                + `"auth":{"headers":{"X":"${'y'.repeat(15900)}"}}}]`);
        }
        await client.join('last');
        const grown = await held(scene.server) - before;
        assert.ok(grown < 0.3 * MB, `${grown / MB} MB more`);
    } finally {
        client.destroy();
        await scene.close();
    }
});
