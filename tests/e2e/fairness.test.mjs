// SPDX-License-Identifier: MIT
// One address wants all that a worker has; the others, and probes, are served.

import assert from 'node:assert/strict';
import os from 'node:os';
import { describe, test } from 'node:test';
import WebSocket from 'ws';
import { startBackend } from '../lib/backend.mjs';
import { scaled } from '../lib/mass.mjs';
import { publishedBlocks, startNginx } from '../lib/nginx.mjs';
import { Client } from '../lib/raw-client.mjs';
import { Polling, subscribe } from '../lib/raw-eio.mjs';
import { askServer, postEvent, runServer, waitFor, TIMEOUT } from '../lib/server.mjs';
import { shareServer, withServer } from '../lib/with-server.mjs';

const LIMIT = 100;
const SHARE = LIMIT * 4 / 5;
const GREEDY = '203.0.113.9';
const CONFIG = { config: { workers: 1, maxConnections: LIMIT } };

const from = (address) => ({ 'X-Forwarded-For': address });
const others = (count) => Array.from({ length: count }, (_, i) => `198.51.100.${i + 1}`);

/** A WebSocket, once it has its session; or the answer that refused it. */
function connect(url, { headers = {}, ...options } = {}) {
    return new Promise((resolve, reject) => {
        const ws = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`,
            { perMessageDeflate: false, headers, ...options });
        ws.once('message', () => resolve({ ws }));
        ws.once('error', reject);
        ws.once('unexpected-response', (request, response) => {
            let text = '';
            response.on('data', (data) => { text += data; });
            response.on('end', () => resolve({ status: response.statusCode, text }));
        });
    });
}

const local = (server) => `http://127.0.0.1:${server.port}`;

/** So many WebSockets, or as many as there are until one is refused, and that answer. */
async function takeSome(url, count, options) {
    const sockets = [];
    while (sockets.length < count) {
        const { ws, ...refusal } = await connect(url, options);
        if (!ws) {
            return { sockets, refusal };
        }
        sockets.push(ws);
    }
    return { sockets };
}

const takeAll = (url, options) => takeSome(url, 2 * LIMIT, options);

const refused = { status: 503, text: 'Too many connections from your address\n' };

test('an address may hold four fifths; the others are served, and so are probes', () => withServer(
    CONFIG, async (server) => {
        const { sockets, refusal } = await takeAll(local(server), { headers: from(GREEDY) });
        assert.deepEqual(refusal, refused);
        assert.equal(sockets.length, SHARE);
        const polling = await new Polling(server.port, 4, { headers: from(GREEDY) }).get();
        assert.equal(polling.status, 503);
        assert.equal((await askServer(server, { path: '/', headers: from(GREEDY) })).text, 'OK');
        await postEvent(server, { channel: 'a', name: 'E', data: {} });
        for (const address of others(LIMIT - SHARE - 1)) {
            const { ws } = await connect(local(server), { headers: from(address) });
            assert.ok(ws, `${address} is served`);
            sockets.push(ws);
        }
        await server.waitLog(/more than its share of connections .*ip=203\.0\.113\.9 connections=80/);
        sockets.forEach((ws) => ws.terminate());
        await waitFor(async () => (await connect(local(server), { headers: from(GREEDY) })).ws,
            TIMEOUT, 'what was given back to be had again');
    }));

test('a /64 is one address, and so is an IPv4 address in IPv6', () => withServer(
    CONFIG, async (server) => {
        const { sockets } = await takeAll(local(server), { headers: from('2001:db8:1:2::1') });
        const is = async (address, wanted) => {
            const { ws } = await connect(local(server), { headers: from(address) });
            assert.equal(ws !== undefined, wanted, address);
            ws?.terminate();
        };
        await is('2001:db8:1:2:ffff::9', false);
        await is('2001:db8:1:3::1', true);
        sockets.forEach((ws) => ws.terminate());
        const ipv4 = await waitFor(async () => {
            const all = await takeAll(local(server), { headers: from(GREEDY) });
            all.sockets.forEach((ws) => all.sockets.length < SHARE && ws.terminate());
            return all.sockets.length === SHARE && all;
        }, TIMEOUT, 'the places to be free');
        await is(`::ffff:${GREEDY}`, false);
        ipv4.sockets.forEach((ws) => ws.terminate());
    }));

test('behind nginx people are told apart by the published block', () => withServer(
    CONFIG, async (server) => {
        const nginx = await startNginx(publishedBlocks('config/nginx.conf', server.port));
        try {
            const { sockets, refusal } = await takeAll(nginx.url);
            assert.deepEqual(refusal, refused);
            assert.equal(sockets.length, SHARE);
            const { ws } = await connect(nginx.url, { localAddress: '127.0.0.2' });
            assert.ok(ws, 'another address is served');
            [...sockets, ws].forEach((one) => one.terminate());
        } finally {
            await nginx.stop();
        }
    }));

test('connections of thousands of addresses move between workers, and end there', () => withServer(
    { config: { workers: 2 } }, async (server) => {
        const count = scaled(4000);
        const visit = async (i) => {
            const headers = from(`2001:db8:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::1`);
            const polling = await Polling.open(server.port, 4, { headers });
            await polling.postOk('40');
            assert.match((await polling.packets())[0], /^40/);
            await polling.postOk('1');
        };
        for (let i = 0; i < count; i += 20) {
            await Promise.all(Array.from({ length: 20 }, (_, k) => visit(i + k)));
        }
        const { sockets, refusal } = await takeSome(local(server), 50, { headers: from(GREEDY) });
        assert.equal(refusal, undefined);
        sockets.forEach((ws) => ws.terminate());
    }));

const own = Object.values(os.networkInterfaces()).flat()
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

test('a stranger who names other addresses stays one', { skip: !own && 'only loopback here' },
    () => withServer({ config: { ...CONFIG.config, host: '0.0.0.0' } }, async (server) => {
        const url = `http://${own}:${server.port}`;
        const sockets = [];
        let refusal;
        for (let i = 0; !refusal && i <= LIMIT; i += 1) {
            const { ws, ...answer } = await connect(url, { headers: from(`198.51.100.${i}`) });
            ws ? sockets.push(ws) : refusal = answer;
        }
        assert.deepEqual(refusal, refused);
        assert.equal(sockets.length, SHARE);
        assert.ok((await connect(local(server), { headers: from('198.51.100.0') })).ws);
        sockets.forEach((ws) => ws.terminate());
    }));

test('of abandoned sessions, those of the address that has the most end first', () => withServer(
    CONFIG, async (server) => {
        const people = [];
        for (const address of others(10)) {
            people.push(await Polling.connect(server.port, 4, { headers: from(address) }));
        }
        for (let i = 0; i < 4 * LIMIT; i += 1) {
            await Polling.open(server.port, 4, { headers: from(GREEDY) });
        }
        await server.waitLog(/sessions without a connection are past the limit/);
        for (const person of people) {
            assert.ok(await person.alive());
        }
    }));

test('a proxy that names nobody is not limited, and the log says what it lacks', () => withServer(
    { config: { workers: 1, maxConnections: 2 * LIMIT } }, async (server) => {
        const sockets = [];
        for (let i = 0; i < 2 * LIMIT; i += 1) {
            const { ws } = await connect(local(server));
            assert.ok(ws, `number ${i} is served`);
            sockets.push(ws);
            assert.ok(i !== LIMIT / 2 || !server.stderr().includes('X-Forwarded-For'));
        }
        await server.waitLog(/X-Forwarded-For/);
        const lines = server.stderr().split('\n').filter((line) => line.includes('X-Forwarded-For'));
        assert.equal(lines.length, 1, server.stderr());
        assert.match(lines[0], /proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;/);
        assert.match(lines[0], /proxy_set_header X-Forwarded-Proto \$scheme;/);
        sockets.forEach((ws) => ws.terminate());
    }));

test('the questions of one address do not hold up those of another', async () => {
    const CAP = 3;
    const asked = [];
    const waiting = [];
    const app = await startBackend(({ channel }) => new Promise((resolve) => {
        asked.push(channel);
        waiting.push(() => resolve({}));
    }));
    const answerOne = async () => {
        await waitFor(() => waiting.length > 0, TIMEOUT, 'a question');
        waiting.shift()();
    };
    const join = (client, channel) => client.send(
        `42${JSON.stringify(['subscribe', { channel, auth: { headers: {} } }])}`);
    try {
        await withServer({ config: { workers: 1, authHost: app.url, authMaxRequests: CAP } },
            async (server) => {
                const crowd = [];
                for (let i = 0; i < 30; i += 1) {
                    crowd.push(await Client.open(server.port, 4, 'websocket', { headers: from(GREEDY) }));
                }
                const person = await Client.open(server.port, 4, 'websocket',
                    { headers: from(others(1)[0]) });
                crowd.forEach((client, i) => join(client, `private-crowd.${i}`));
                // All but the slot that is left to others, though nobody is answered.
                await waitFor(() => asked.length === CAP - 1, TIMEOUT, 'the first questions');
                join(person, 'private-person');
                await waitFor(() => asked.includes('private-person'), TIMEOUT, 'its question');
                assert.equal(asked.length, CAP);
                for (let i = 0; i < 4; i += 1) {
                    await answerOne();
                }
                await waitFor(() => asked.length === CAP + 3, TIMEOUT, 'the turns of the crowd');
                [...crowd, person].forEach((client) => client.destroy());
                waiting.forEach((resolve) => resolve());
            });
    } finally {
        await app.close();
    }
});

describe('numbers for one address', () => {
    const { server } = shareServer({
        answer: () => ({ status: 200 }),
        config: { workers: 1, limits: { connections: 5, handshakes: 1, questions: 1 } },
    });
    const shake = (address) =>
        new Polling(server.port, 4, { headers: from(address) }).get();

    test('limits.handshakes: the sessions of a second', async () => {
        const answers = await Promise.all(Array.from({ length: 5 }, () => shake(GREEDY)));
        const refusals = answers.filter(({ status }) => status === 503);
        assert.ok(refusals.length > 0);
        assert.match(refusals[0].text, /^Too many sessions of your address in a second\n$/);
        assert.equal((await shake('198.51.100.1')).status, 200);
        assert.equal((await new Polling(server.port, 4).get()).status, 200, 'a silent proxy');
        const refusal = await waitFor(async () => {
            const { ws, ...answer } = await connect(local(server), { headers: from(GREEDY) });
            ws?.terminate();
            return !ws && answer;
        }, TIMEOUT, 'a refused WebSocket');
        assert.deepEqual(refusal,
            { status: 503, text: 'Too many sessions of your address in a second\n' });
    });

    test('limits.bytes: what the sessions of an address send in a second', () => withServer(
        { config: { workers: 1, limits: { bytes: 1000 }, socketio: { maxHttpBufferSize: 10000 } } },
        async (own) => {
            const open = (address) =>
                Client.open(own.port, 4, 'websocket', { headers: from(address) });
            const [one, two, other] = [await open(GREEDY), await open(GREEDY), await open('192.0.2.1')];
            const kilobyte = `42["x","${'y'.repeat(1000)}"]`;
            for (let i = 0; i < 24; i += 1) { // together twice what may come at once
                one.send(kilobyte);
                two.send(kilobyte);
            }
            for (let i = 0; i < 12; i += 1) {
                other.send(kilobyte);
            }
            await Promise.all([one.ended(), two.ended()]);
            await other.expectAlive();
            const { stdout } = await runServer(['limits', `--config=${own.configPath}`]);
            assert.match(stdout, /^203\.0\.113\.\d+ +bytes /m);
        }));

    test('the command shows who is limited, and lifts it', async () => {
        const limits = (...more) =>
            runServer(['limits', `--config=${server.configPath}`, ...more]);
        await Promise.all(Array.from({ length: 5 }, () => shake('198.51.100.9')));
        const before = await limits();
        assert.equal(before.code, 0, before.stderr);
        assert.match(before.stdout, /^198\.51\.100\.9 +handshakes +[1-9] +20\d\d-.*Z$/m);
        assert.match((await limits('--lift=nonsense')).stderr, /--lift is "nonsense"; expected an/);
        const lifted = await limits('--lift=198.51.100.9');
        assert.match(lifted.stdout, /^198\.51\.100\.9 +lifted /m);
        const answers = await Promise.all(Array.from({ length: 10 }, () => shake('198.51.100.9')));
        assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    });

    test('limits.questions: what the application is asked in a second', async () => {
        const [one, other] = [await Client.open(server.port, 4, 'websocket',
            { headers: from('198.51.100.2') }), await Client.open(server.port, 4, 'websocket',
            { headers: from('198.51.100.3') })];
        for (let i = 0; i < 20; i += 1) {
            one.send(subscribe(`private-${i}`, '', { headers: {} }));
        }
        let packet = '';
        while (!packet.startsWith('42["subscription_error"')) {
            packet = await one.next();
            assert.ok(packet, 'some are refused');
        }
        other.send(subscribe('private-other', 1, { headers: {} }));
        await other.expect('431[{"ok":true}]');
        one.destroy();
        other.destroy();
    });

    test('limits.connections: those that are open at once', async () => {
        const sockets = [];
        await waitFor(async () => {
            const { ws, text } = await connect(local(server), { headers: from('198.51.100.4') });
            ws && sockets.push(ws);
            return text === refused.text;
        }, 10 * TIMEOUT, 'one to be refused for their number');
        assert.equal(sockets.length, 5);
        const { ws } = await connect(local(server), { headers: from('198.51.100.5') });
        assert.ok(ws);
        [...sockets, ws].forEach((each) => each.terminate());
    });
});
