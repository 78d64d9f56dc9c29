// SPDX-License-Identifier: MIT
// Several workers are one server: a polling session is found whatever
// connection its requests come on, and a broadcast reaches every worker.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { CLIENT_COMBINATIONS, fence } from '../lib/echo.mjs';
import { openCrowd } from '../lib/mass.mjs';
import { startNginx } from '../lib/nginx.mjs';
import { startScene } from '../lib/scene.mjs';
import { waitFor, SLOW } from '../lib/server.mjs';

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
    function request(agent, method, query, body) {
        return new Promise((resolve, reject) => {
            const sent = http.request({
                host: '127.0.0.1', port: scene.server.port, agent, method,
                path: `/socket.io/?EIO=4&transport=polling${query}`,
            }, (answer) => {
                let text = '';
                answer.setEncoding('utf8').on('data', (part) => { text += part; });
                answer.once('end', () => resolve({ status: answer.statusCode, text }));
            });
            sent.once('error', reject);
            sent.end(body);
        });
    }

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
