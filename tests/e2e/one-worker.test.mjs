// SPDX-License-Identifier: MIT
// A server's only worker shares its thread with the hub: what passes between
// them is in order, complete, and ends in the right order too.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { openCrowd } from '../lib/mass.mjs';
import { agree, enter, startCluster } from '../lib/presence.mjs';
import { startScene } from '../lib/scene.mjs';
import { postEvent, waitFor, SLOW } from '../lib/server.mjs';

const upTo = (count) => Array.from({ length: count }, (_, i) => i);

const threads = ({ pid }) => fs.readdirSync(`/proc/${pid}/task`)
    .map((task) => fs.readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').trim());

describe('one worker', () => {
    let scene;
    before(async () => { scene = await startScene({ config: { workers: 1 } }); });
    after(() => scene?.close());

    test('keeps the order of what comes through Redis and HTTP', async () => {
        const pages = await Promise.all(upTo(4).map(() => scene.page()));
        for (const page of pages) {
            page.echo.channel('both');
            await page.joined('both');
        }
        for (const number of upTo(50)) {
            const published = scene.redis.publish('both', 'Redis', { number });
            await postEvent(scene.server,
                { name: 'Http', channel: 'both', data: JSON.stringify({ number }) });
            await published;
        }
        for (const page of pages) {
            for (const name of ['Redis', 'Http']) {
                await waitFor(() => page.count(name, 'both') === 50, 20000 * SLOW, `50 ${name}`);
                assert.deepEqual(page.on('both').filter((event) => event.name === name)
                    .map(({ data }) => data.number), upTo(50));
            }
        }
    });

    test('loses nothing of a burst', async () => {
        const crowd = scene.keep(await openCrowd({
            port: scene.server.port, count: 50, channels: () => ['burst'],
        }));
        await crowd.allJoined();
        await Promise.all(upTo(2000).map((number) =>
            scene.redis.publish('burst', 'E', { number })));
        await waitFor(() => crowd.clients.every(({ received }) => received === 2000),
            60000 * SLOW, '50 clients to receive 2000 events');
    });

    test('serves with one thread', async () => {
        const { server } = scene;
        await waitFor(() => threads(server).includes('worker 0'), 5000 * SLOW, 'worker 0');
        assert.ok(!threads(server).includes('hub'));
    });
});

test('several workers have a hub beside them', async () => {
    const scene = await startScene({ redis: false,
        config: { workers: 2, subscribers: { http: true, redis: false } } });
    try {
        await waitFor(() => threads(scene.server).includes('hub'), 5000 * SLOW, 'the hub');
    } finally {
        await scene.close();
    }
});

describe('two nodes of one worker', () => {
    let cluster;
    before(async () => { cluster = await startCluster({ config: { workers: 1 } }); });
    afterEach(() => cluster.clear());
    after(() => cluster?.close());

    test('one that stops while events come hands its members over, who leave when they do not come back', async () => {
        const stays = await enter(cluster, 0, 1);
        const goes = await enter(cluster, 1, 2);
        await agree([stays, goes], [1, 2]);
        let more = true;
        const publishing = (async () => {
            while (more) {
                await cluster.redis.publish('presence-room', 'E', {});
            }
        })();
        const { code } = await cluster.nodes[1].stop();
        more = false;
        await publishing;
        assert.equal(code, 0);
        await agree([stays], [1], 30000 * SLOW);
        cluster.nodes[1].killed = true;
    });
});
