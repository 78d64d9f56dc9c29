// SPDX-License-Identifier: MIT
// Redis comes back empty, or one node was cut off from it: the lists are
// right again, and no page was touched.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { CLIENTS } from '../lib/echo.mjs';
import { openCrowd, scaled } from '../lib/mass.mjs';
import { startRedis } from '../lib/redis.mjs';
import { agree, as, enter, get, recorded, startCluster, users, ROOM } from '../lib/presence.mjs';
import { startCut } from '../lib/presence-cut.mjs';
import { postEvent, sleep, waitFor, SLOW } from '../lib/server.mjs';

const upTo = (count) => Array.from({ length: count }, (_, i) => i + 1);

/** Longer than a lease. */
const CUT = 12000;
/** The cut node has to find out first: its silence, and the pause before it tries again. */
const HEALED = 20000 * SLOW;

let cluster;
afterEach(async () => {
    await cluster?.close();
    cluster = undefined;
});

/** Followers at each node, of each generation of clients. */
async function openPages() {
    const pages = [];
    for (const [node] of cluster.nodes.entries()) {
        for (const client of Object.keys(CLIENTS)) {
            const seen = await enter(cluster, node, `${node}.${client}`, { client });
            seen.drops = 0;
            seen.node = node;
            seen.page.socket.on('disconnect', () => { seen.drops += !seen.closed; });
            pages.push(seen);
        }
    }
    return pages;
}

const leave = (seen) => {
    seen.closed = true;
    seen.page.close();
};

const ids = (pages) => pages.map(({ id }) => id);

describe('Redis restarted empty', () => {
    test('under load: presence is complete within 5 s, nobody reconnects', async () => {
        cluster = await startCluster({ nodes: 2 });
        const pages = await openPages();
        const count = scaled(200);
        const crowds = [];
        for (const [node, { port }] of cluster.nodes.entries()) {
            crowds.push(cluster.keep(await openCrowd({
                port, count, channels: () => [ROOM, 'load'],
                headers: (number) => as(1000 * (node + 1) + number),
            })));
        }
        await Promise.all(crowds.map((crowd) => crowd.allJoined()));
        const truth = [...ids(pages), ...upTo(count).flatMap((i) => [1000 + i, 2000 + i])];
        await agree(pages, truth, 20000 * SLOW);

        const load = startLoad();
        await cluster.redis.stop();
        await Promise.all(cluster.nodes.map((node) => node.waitLog(/redis/i)));
        // Who comes and goes meanwhile is known at that node at once.
        const [comer, goer] = [await enter(cluster, 0, 'comer'), pages.pop()];
        comer.drops = 0;
        leave(goer);
        const near = pages.filter(({ node }) => node === 0);
        await waitFor(() => near.every(({ list }) => list.has('comer')), undefined,
            'the comer to be announced at its node');

        cluster.redis = cluster.under(await startRedis({ port: cluster.redis.port }));
        const from = Date.now();
        const now = [...truth.filter((id) => id !== goer.id), 'comer'];
        await agree([...pages, comer], now, 5000 * SLOW);
        await recorded(cluster, now, Math.max(1000, from + 5000 * SLOW - Date.now()));
        await load.stop();
        for (const crowd of crowds) {
            assert.equal(crowd.drops, 0);
        }
        assert.deepEqual(pages.map(({ drops }) => drops), pages.map(() => 0));
        // The only change that there was is all that anybody saw.
        for (const { id, joined, left } of pages) {
            assert.deepEqual(left, [goer.id], `seen by ${id}`);
            assert.deepEqual(joined.filter((one) => one === 'comer'), ['comer'], `seen by ${id}`);
        }
    });

    /** Whispers, events and joins without end, whatever becomes of them. */
    function startLoad() {
        let over = false;
        let turns = 0;
        const run = async () => {
            const page = await cluster.page(0, 'loader');
            page.echo.private('load');
            while (!over) {
                page.socket.emit('client event',
                    { channel: 'private-load', event: 'client-x', data: {} });
                await postEvent(cluster.nodes[turns % 2], { channel: 'load', name: 'E', data: {} });
                page.echo.join(`side.${turns++ % 20}`);
                await sleep(5);
            }
            page.close();
        };
        const running = run();
        return {
            async stop() {
                over = true;
                await running;
                assert.ok(turns > 20, `${turns} turns of load`);
            },
        };
    }

    test('that was away at the start: members are put there when it comes', async () => {
        cluster = await startCluster({ nodes: 1 });
        await cluster.redis.stop();
        await cluster.nodes[0].stop();
        await cluster.start(0);
        const one = await enter(cluster, 0, 1);
        const two = await enter(cluster, 0, 2, { client: 'sio2' });
        await agree([one, two], [1, 2]);
        assert.deepEqual((await users(cluster.nodes[0])).sort(), [1, 2]);
        const ready = await get(cluster.nodes[0], '/health/ready', { base: '', key: null });
        assert.equal(ready.status, 200, ready.text);
        cluster.redis = cluster.under(await startRedis({ port: cluster.redis.port }));
        await recorded(cluster, [1, 2], 15000 * SLOW);
        assert.deepEqual([one.left, two.left], [[], []]);
    });
});

for (const how of ['silent', 'refused']) {
    test(`three nodes, one cut off from Redis (${how}) for longer than its lease`, async () => {
        let cut;
        cluster = await startCluster({
            nodes: 3,
            async redisPort(redis, node) {
                if (node !== 2) {
                    return redis.port;
                }
                cut = await startCut(redis.port);
                return cut.port;
            },
        });
        cluster.under(cut);
        const pages = await openPages();
        await agree(pages, ids(pages));
        const [near, far] = [pages.filter(({ node }) => node !== 2),
            pages.filter(({ node }) => node === 2)];

        cut.cut(how);
        const from = Date.now();
        // The others are told that its members have gone: as far as they know they have.
        await agree(near, ids(near), 15000 * SLOW);
        // On either side one goes and one comes, which the other side can not know.
        const [nearGoer, farGoer] = [near.pop(), far.pop()];
        leave(nearGoer);
        leave(farGoer);
        const comers = [await enter(cluster, 0, 'near.comer'), await enter(cluster, 2, 'far.comer')];
        near.push(comers[0]);
        far.push(comers[1]);
        await agree(near, ids(near));
        await waitFor(() => far.every(({ list }) => list.has('far.comer')
            && !list.has(farGoer.id)), 15000 * SLOW, 'the cut node to tell its own');
        await sleep(Math.max(0, CUT - (Date.now() - from)));

        cut.mend();
        const truth = [...ids(near), ...ids(far)];
        await agree([...near, ...far], truth, HEALED);
        await recorded(cluster, truth, 5000 * SLOW);
        for (const { page, drops } of [...near, ...far]) {
            assert.ok(page.socket.connected && !drops, 'no page was touched');
        }
        // It is a node as before: events cross again.
        const next = await enter(cluster, 2, 'next');
        await agree([...near, ...far, next], [...truth, 'next']);
        near[0].page.socket.emit('client event',
            { channel: ROOM, event: 'client-again', data: {} });
        await next.page.event('client-again', ROOM);
        for (const seen of [...near, ...far, next]) {
            leave(seen);
        }
        await recorded(cluster, []);
    });
}
