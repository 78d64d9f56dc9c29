// SPDX-License-Identifier: MIT
// Several workers are one server: a polling session is found whatever
// connection its requests come on, and a broadcast reaches every worker.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { CLIENT_COMBINATIONS, fence } from '../lib/echo.mjs';
import { openCrowd } from '../lib/mass.mjs';
import { startNginx } from '../lib/nginx.mjs';
import { HttpConn, requestBytes } from '../lib/raw.mjs';
import { startScene } from '../lib/scene.mjs';
import { askServer, postEvent, waitFor, SLOW } from '../lib/server.mjs';

const upTo = (count) => Array.from({ length: count }, (_, i) => i);

describe('four workers', () => {
    let scene;
    before(async () => { scene = await startScene({ config: { workers: 4 } }); });
    after(() => scene?.close());

    test('hear of every broadcast', async () => {
        const crowd = scene.keep(await openCrowd({
            port: scene.server.port, count: 200, channels: () => ['all'],
        }));
        await crowd.allJoined();
        for (const number of upTo(20)) {
            await scene.redis.publish('all', 'E', { number });
        }
        await waitFor(() => crowd.clients.every(({ received }) => received === 20),
            20000 * SLOW, '200 clients to receive 20 events');
        assert.deepEqual(crowd.refusals, []);
    });

    test('leave out the sender on whichever worker it is', async () => {
        const pages = await Promise.all(upTo(12).map(() => scene.page()));
        for (const page of pages) {
            page.echo.channel('talk');
            await page.joined('talk');
        }
        for (const sender of pages) {
            await scene.redis.publish('talk', sender.id, {}, { socket: sender.id });
        }
        await fence(scene.redis, pages);
        for (const page of pages) {
            assert.equal(page.count(page.id, 'talk'), 0);
            assert.equal(page.on('talk').length, pages.length - 1);
        }
    });

    /** One request of protocol 4 on a connection of the agent's choice. */
    const request = (agent, method, query, body) => askServer(scene.server, {
        agent, method, path: `/socket.io/?EIO=4&transport=polling${query}`, body, ms: Infinity,
    });

    async function session(agent) {
        const open = await request(agent, 'GET', '');
        const { sid } = JSON.parse(open.text.slice(1));
        const exchange = {
            get: async () => (await request(agent, 'GET', `&sid=${sid}`)).text,
            post: async (packet) => {
                const { status, text } = await request(agent, 'POST', `&sid=${sid}`, packet);
                assert.deepEqual([status, text], [200, 'ok'], `${sid}: ${text}`);
            },
        };
        await exchange.post('40');
        assert.match(await exchange.get(), /^40\{/);
        return exchange;
    }

    for (const [kind, options] of [['a new connection each', { keepAlive: false }],
        ['a few connections that mix them', { keepAlive: true, maxSockets: 3 }]]) {
        test(`keep polling sessions whose requests use ${kind}`, async () => {
            const agent = new http.Agent(options);
            const sessions = await Promise.all(upTo(24).map(() => session(agent)));
            const channel = `poll.${options.keepAlive}`;
            for (const one of sessions) {
                await one.post(`421["subscribe",{"channel":"${channel}"}]`);
                assert.equal(await one.get(), '431[{"ok":true}]');
            }
            for (const number of upTo(10)) {
                await scene.redis.publish(channel, 'E', { number });
                // Not all at once: with few connections a held GET blocks one.
                for (const one of sessions) {
                    assert.equal(await one.get(), `42["E","${channel}",{"number":${number}}]`);
                }
            }
            agent.destroy();
        });
    }

    test('keep requests that follow each other on one connection in their order', async () => {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        const sessions = await Promise.all(upTo(8).map(() => session(agent)));
        // Queued in the agent: the connection goes from owner to owner.
        await Promise.all(sessions.flatMap((one) =>
            upTo(10).map((i) => one.post(`42${i}["subscribe",{"channel":"c${i}"}]`))));
        for (const one of sessions) {
            let text = '';
            while (!text.includes('439[')) {
                text += `${await one.get()}\x1e`;
            }
            assert.deepEqual(text.split('\x1e').filter(Boolean),
                upTo(10).map((i) => `43${i}[{"ok":true}]`));
        }
        agent.destroy();
    });
});

describe('four workers behind nginx', () => {
    let scene;
    let nginx;
    before(async () => {
        scene = await startScene({ config: { workers: 4 } });
        nginx = scene.keep(await startNginx({
            // Few kept connections: each carries the requests of many users.
            http: `    upstream echo { server 127.0.0.1:${scene.server.port}; keepalive 4; }`,
            server: `        location /socket.io/ {
            proxy_pass http://echo;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 60s;
        }`,
        }));
    });
    after(() => scene?.close());

    test('every page keeps its session, its events and their order', async () => {
        const pages = await Promise.all([...CLIENT_COMBINATIONS, ...CLIENT_COMBINATIONS].flatMap(
            (combination) => [scene.page({ ...combination, url: nginx.url, settle: false })]));
        const drops = [];
        for (const [i, page] of pages.entries()) {
            page.socket.on('disconnect', (why) => drops.push([i, why]));
            page.echo.channel('all');
            page.echo.channel(`own.${i}`);
            await page.joined(`own.${i}`);
        }
        for (const number of upTo(40)) {
            await scene.redis.publish('all', 'E', { number });
            await Promise.all(pages.map((page, i) =>
                scene.redis.publish(`own.${i}`, 'E', { number })));
        }
        await fence(scene.redis, pages, 20000 * SLOW);
        for (const [i, page] of pages.entries()) {
            for (const channel of ['all', `own.${i}`]) {
                assert.deepEqual(page.on(channel).map(({ data }) => data.number), upTo(40));
            }
            assert.ok(page.received.every(({ channel }) => /^(all|fence\.\d+)$/.test(channel)
                || channel === `own.${i}`), 'an event of another page');
        }
        assert.deepEqual(drops, []);
    });

    test('users that come and go on the same upstream connections are not mixed up', async () => {
        for (const round of upTo(5)) {
            const pages = await Promise.all(upTo(10).map((i) => scene.page({
                url: nginx.url, client: i % 2 ? 'sio2' : 'sio4', transport: 'polling' })));
            await Promise.all(pages.map(async (page, i) => {
                page.echo.channel(`user.${round}.${i}`);
                await page.joined(`user.${round}.${i}`);
            }));
            await Promise.all(pages.map((_, i) =>
                scene.redis.publish(`user.${round}.${i}`, 'E', { i })));
            await fence(scene.redis, pages);
            pages.forEach((page, i) => {
                assert.deepEqual(page.received.filter(({ name }) => name === 'E')
                    .map(({ data }) => data.i), [i]);
                page.close();
            });
        }
    });
});

describe('two workers with few connections', () => {
    const MAX = 20;
    const TURNED_AWAY_MAX = 32; // who are being told that there is no room
    let scene;
    before(async () => {
        scene = await startScene({ redis: false, config: { workers: 2, maxConnections: MAX } });
    });
    after(() => scene?.close());

    const workerOf = (sid) => {
        const raw = Buffer.from(sid, 'base64url');
        return raw[14] ^ raw[0];
    };

    /** The form of a session's id, but nobody's. */
    const madeUpSid = (worker) => {
        const raw = randomBytes(15);
        raw[14] = raw[0] ^ worker;
        return raw.toString('base64url');
    };

    /** One request of protocol 4 on conn. */
    const ask = (conn, query, body) => {
        conn.send(requestBytes({ path: `/socket.io/?EIO=4&transport=polling${query}`,
            ...body ? { method: 'POST', body } : {} }));
        return conn.response();
    };

    const serverSockets = () => {
        const folder = `/proc/${scene.server.pid}/fd`;
        return fs.readdirSync(folder).filter((fd) => {
            try {
                return fs.readlinkSync(`${folder}/${fd}`).startsWith('socket:');
            } catch {
                return false; // closed meanwhile
            }
        }).length;
    };

    /** A kept connection, as a proxy's, with a session of each worker. */
    async function carrier() {
        const conn = await HttpConn.open(scene.server.port);
        const sids = [];
        for (const worker of [0, 1]) {
            assert.equal((await ask(conn, `&sid=${madeUpSid(worker)}`)).status, 400);
            const { sid } = JSON.parse((await ask(conn, '')).text.slice(1));
            assert.equal(workerOf(sid), worker);
            assert.equal((await ask(conn, `&sid=${sid}`, '40')).text, 'ok');
            assert.match((await ask(conn, `&sid=${sid}`)).text, /^40\{/);
            sids.push(sid);
        }
        return { conn,
            async check() {
                for (const sid of sids) {
                    const posted = await ask(conn, `&sid=${sid}`, '421["subscribe",{"channel":"c"}]');
                    assert.equal(posted.text, 'ok');
                    assert.equal((await ask(conn, `&sid=${sid}`)).text, '431[{"ok":true}]');
                }
            } };
    }

    /** A connection that moved to worker, or undefined: it was turned away. */
    async function intrude(worker) {
        const conn = await HttpConn.open(scene.server.port);
        const answer = await ask(conn, `&sid=${madeUpSid(worker)}`).catch(() => null);
        if (answer?.status === 400) {
            return conn;
        }
        assert.ok(!answer || answer.status === 503, answer?.head);
        conn.destroy();
        return undefined;
    }

    test('never have more of them, however they move', async () => {
        const page = await scene.page({ transport: 'websocket' });
        page.echo.channel('news');
        await page.joined('news');
        const honest = await carrier();
        const idle = serverSockets() - 2;

        const intruders = [];
        for (const i of upTo(200)) {
            intruders.push(await intrude(Math.trunc(i / 50) % 2));
        }
        const held = intruders.filter(Boolean);
        assert.ok(held.length >= MAX / 2, `only ${held.length} came in`);
        assert.ok(held.length <= MAX - 2, `${held.length} beside two`);
        const silent = await Promise.all(upTo(100).map(() => HttpConn.open(scene.server.port)));
        await waitFor(() => silent.filter(({ ended }) => !ended).length <= TURNED_AWAY_MAX);
        assert.ok(serverSockets() <= idle + MAX + TURNED_AWAY_MAX, `${serverSockets() - idle} open`);

        await honest.check();
        [...held, ...silent].forEach((conn) => conn.destroy());
        await waitFor(() => serverSockets() === idle + 2);
        for (const transport of ['websocket', 'polling']) {
            await scene.page({ transport });
        }
        await postEvent(scene.server, { channel: 'news', name: 'F', data: {} });
        await page.event('F', 'news');
        assert.equal(page.socket.connected, true);
        honest.conn.destroy();
    });
});
