// SPDX-License-Identifier: MIT
// Two and three nodes on one Redis: events, counts and presence cross them;
// one is killed, deployed anew, or the last to go.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { CLIENTS, fence } from '../lib/echo.mjs';
import { openCrowd, scaled } from '../lib/mass.mjs';
import { PREFIX } from '../lib/redis.mjs';
import { agree, as, enter, get, presenceKeys, recorded, startCluster, users, ROOM }
    from '../lib/presence.mjs';
import { postEvent, waitFor, SLOW } from '../lib/server.mjs';

const upTo = (count) => Array.from({ length: count }, (_, i) => i + 1);

/** A lease is at most this old before somebody ends it, and says so. */
const REAPED = 15000 * SLOW;

/** Members numbered from first at node, as many as count. */
const openMembers = (cluster, node, count, first = 1, more = {}) => openCrowd({
    port: cluster.nodes[node].port, count, channels: () => [ROOM],
    headers: (number) => as(first + number - 1), ...more,
}).then(cluster.keep);

/** A follower of each generation of clients at each of these nodes: watch.0, watch.1, ... */
async function openWatch(cluster, nodes) {
    const watch = [];
    for (const node of nodes) {
        for (const client of Object.keys(CLIENTS)) {
            watch.push(await enter(cluster, node, `watch.${watch.length}`, { client }));
        }
    }
    return Object.assign(watch, { ids: watch.map(({ id }) => id) });
}

/** Every watcher saw these users go, each once, and nobody else. */
function assertLeft(watch, ids) {
    for (const { left, id } of watch) {
        assert.deepEqual(left.filter((one) => !one.startsWith('watch')).map(Number)
            .sort((a, b) => a - b), ids, `seen by ${id}`);
    }
}

describe('two nodes', () => {
    let cluster;
    before(async () => { cluster = await startCluster({ nodes: 2, config: { workers: 2 } }); });
    after(() => cluster?.close());
    beforeEach(async () => {
        await cluster.clear();
        await recorded(cluster, []);
    });
    const everywhere = async (...names) => {
        const pages = [];
        for (const client of Object.keys(CLIENTS)) {
            for (const node of [0, 1]) {
                const page = await cluster.page(node, 1, { client });
                for (const name of names) {
                    page.echo.channel(name);
                    await page.joined(name);
                }
                pages.push(page);
            }
        }
        return pages;
    };
    const close = (pages) => pages.forEach((page) => page.close());

    test('are one room: here, joining and leaving cross', async () => {
        const [one, two] = [await enter(cluster, 0, 1), await enter(cluster, 1, 2, { client: 'sio2' })];
        await agree([one, two], [1, 2]);
        const tab = await enter(cluster, 1, 1, { client: 'sio3' });
        await agree([one, two, tab], [1, 2]);
        await recorded(cluster, [1, 2]);
        one.page.close();
        const three = await enter(cluster, 0, 3);
        await agree([two, tab, three], [1, 2, 3]);
        tab.leave();
        await agree([two, three], [2, 3]);
        assert.deepEqual([two.joined, two.left], [['3'], ['1']]);
        close([two.page, tab.page, three.page]);
        await recorded(cluster, []);
        await waitFor(async () => !(await presenceKeys(cluster.redis)).length,
            undefined, 'nothing to be left in Redis');
    });

    test('a user\'s tabs on both that close at the same moment leave once', async () => {
        const watch = await openWatch(cluster, [0, 1]);
        const rounds = 15;
        for (let round = 0; round < rounds; round++) {
            const tabs = await Promise.all([0, 1].map((node) => enter(cluster, node, 5)));
            close(tabs.map(({ page }) => page));
            await agree(watch, watch.ids);
        }
        await recorded(cluster, watch.ids);
        assertLeft(watch, Array(rounds).fill(5));
        close(watch.map(({ page }) => page));
        await recorded(cluster, []);
    });

    test('a member\'s socketId leaves it out of events from any node', async () => {
        for (const client of Object.keys(CLIENTS)) {
            const [mine, other] = [await enter(cluster, 0, 1, { client }), await enter(cluster, 1, 2)];
            const { socketId } = (await other.page.event('presence:subscribed', ROOM)).data
                .find(({ user_id: id }) => id === 1);
            for (const node of cluster.nodes) {
                for (const id of [socketId, mine.page.id]) {
                    await postEvent(node, { channel: ROOM, name: 'E', data: {}, socket_id: id });
                    await cluster.redis.publish(ROOM, 'E', {}, { socket: id });
                }
                await postEvent(node, { channel: ROOM, name: `done.${node.port}`, data: {} });
            }
            for (const node of cluster.nodes) {
                await mine.page.event(`done.${node.port}`, ROOM);
                await other.page.event(`done.${node.port}`, ROOM);
            }
            await fence(cluster.redis, [mine.page, other.page]);
            assert.equal(mine.page.count('E'), 0);
            assert.equal(other.page.count('E'), 8);
            close([mine.page, other.page]);
            await recorded(cluster, []);
        }
    });

    test('an event posted to one reaches both, once, and toOthers exactly not its sender', async () => {
        const pages = await everywhere('news', 'done');
        for (const [i, sender] of pages.entries()) {
            for (const node of cluster.nodes) {
                const answer = await postEvent(node, { channels: ['news', 'nobody'],
                    name: `E.${i}`, data: { text: 'Größe', list: [], map: {} }, socket_id: sender.id });
                assert.equal(answer.status, 200);
            }
        }
        for (const [i, node] of cluster.nodes.entries()) {
            await postEvent(node, { channel: 'done', name: `done.${i}`, data: {} });
        }
        for (const [mine, page] of pages.entries()) {
            await page.event('done.0');
            await page.event('done.1');
            for (const i of pages.keys()) {
                assert.equal(page.count(`E.${i}`, 'news'), i === mine ? 0 : 2, `${mine} of ${i}`);
            }
            assert.deepEqual(page.on('news')[0].data, { text: 'Größe', list: [], map: {} });
        }
        close(pages);
    });

    test('an application\'s event arrives once everywhere, without its sender', async () => {
        const pages = await everywhere('news');
        for (const sender of pages) {
            await cluster.redis.publish('news', sender.id, {}, { socket: sender.id });
        }
        await fence(cluster.redis, pages);
        for (const page of pages) {
            assert.equal(page.on('news').length, pages.length - 1);
            assert.equal(page.count(page.id), 0);
        }
        close(pages);
    });

    test('events posted back to back keep their order', async () => {
        const pages = await everywhere('stream');
        for (const number of upTo(100)) {
            await postEvent(cluster.nodes[0], { channel: 'stream', name: 'E', data: { number } });
        }
        for (const page of pages) {
            await page.events(100, 'E', 'stream');
            assert.deepEqual(page.on('stream').map(({ data }) => data.number), upTo(100));
        }
        close(pages);
    });

    test('their counts are each node\'s, and the cluster\'s on request', async () => {
        await waitFor(async () => (await get(cluster.nodes[0], '/status?scope=cluster')).json
            .subscription_count === 0, undefined, 'the pages of before to be gone');
        const pages = [];
        for (const [node, user] of [[0, 1], [0, 2], [0, 2], [1, 2], [1, 3]]) {
            const { page } = await enter(cluster, node, user);
            page.echo.channel('all');
            page.echo.channel(`only.${node}`);
            await page.joined('all');
            await page.joined(`only.${node}`);
            pages.push(page);
        }
        const channel = (count) => ({ subscription_count: count, occupied: true });
        const [own, whole] = ['', '?scope=cluster'];
        for (const [i, node] of cluster.nodes.entries()) {
            const here = [3, 2][i];
            const ask = async (path) => (await get(node, path)).json;
            assert.equal((await ask(`/status${own}`)).subscription_count, here);
            assert.equal((await ask(`/status${whole}`)).subscription_count, 5);
            assert.deepEqual((await ask(`/channels${own}`)).channels,
                { [ROOM]: channel(here), all: channel(here), [`only.${i}`]: channel(here) });
            assert.deepEqual((await ask(`/channels${whole}`)).channels,
                { [ROOM]: channel(5), all: channel(5), 'only.0': channel(3), 'only.1': channel(2) });
            assert.deepEqual((await ask(`/channels${whole}&filter_by_prefix=only`)).channels,
                { 'only.0': channel(3), 'only.1': channel(2) });
            assert.deepEqual(await ask(`/channels/all${own}`), channel(here));
            assert.deepEqual(await ask(`/channels/all${whole}`), channel(5));
            assert.deepEqual(await ask(`/channels/only.${1 - i}${own}`),
                { subscription_count: 0, occupied: false });
            assert.deepEqual(await ask(`/channels/${ROOM}${whole}`), { ...channel(5), user_count: 3 });
            assert.deepEqual((await users(node)).sort(), [1, 2, 3]);
        }
        close(pages);
        await recorded(cluster, []);
    });

    test('what nodes tell each other reaches no browser', async () => {
        const names = ['nodes', 'presence', 'relay', 'x'].map((name) => `echo-server:${name}`);
        const spy = await cluster.page(0, 9);
        for (const name of names) {
            spy.echo.channel(name);
            await spy.joined(name);
        }
        const pages = [await enter(cluster, 0, 1), await enter(cluster, 1, 2)];
        pages[0].page.socket.emit('client event', { channel: ROOM, event: 'client-x', data: {} });
        await pages[1].page.event('client-x');
        await postEvent(cluster.nodes[1], { channel: 'news', name: 'E', data: {} });
        for (const name of names) {
            await cluster.redis.publish(name, 'E', {});
            await cluster.redis.publishRaw(PREFIX + name, 'rubbish');
            await cluster.redis.publishRaw(PREFIX + name, '{"v":99,"op":"new","from":"x"}');
            await cluster.redis.publishRaw(PREFIX + name, '{"v":1}');
        }
        await fence(cluster.redis, [spy, ...pages.map(({ page }) => page)]);
        assert.deepEqual(spy.received.map(({ name }) => name), ['fence']);
        await agree(pages, [1, 2]);
        close([spy, ...pages.map(({ page }) => page)]);
        await recorded(cluster, []);
    });

    test('both are alive and ready, without a key', async () => {
        for (const node of cluster.nodes) {
            for (const path of ['/health/live', '/health/ready']) {
                const answer = await get(node, path, { base: '', key: null });
                assert.equal(answer.status, 200, answer.text);
            }
        }
    });
});

for (const count of [2, 3]) {
    describe(`${count} nodes, one of which is killed with 100 members`, () => {
        let cluster;
        before(async () => { cluster = await startCluster({ nodes: count }); });
        after(() => cluster?.close());

        test('each leaves once, within 15 s, but who is here elsewhere', async () => {
            const victim = count - 1;
            const watch = await openWatch(cluster, upTo(victim).map((i) => i - 1));
            const lost = await openMembers(cluster, victim, 100);
            const elsewhere = await openMembers(cluster, victim, 10, 101);
            const returned = await openMembers(cluster, victim, 10, 111);
            for (const crowd of [lost, elsewhere, returned]) {
                await crowd.allJoined();
            }
            const tabs = [await openMembers(cluster, 0, 10, 101)];
            await tabs[0].allJoined();
            await agree(watch, [...watch.ids, ...upTo(120)]);
            await recorded(cluster, [...watch.ids, ...upTo(120)]);

            const from = Date.now();
            await cluster.kill(victim);
            await Promise.all([lost, elsewhere, returned].map((crowd) => crowd.close()));
            tabs.push(await openMembers(cluster, 0, 10, 111));
            await tabs[1].allJoined();
            const still = [...watch.ids, ...upTo(20).map((i) => 100 + i)];
            await agree(watch, still, REAPED);
            assert.ok(Date.now() - from <= REAPED, `after ${Date.now() - from} ms`);
            assertLeft(watch, upTo(100));
            await recorded(cluster, still);

            // What comes twice would have come by the time that these have gone.
            await Promise.all(tabs.map((tab) => tab.close()));
            await agree(watch, watch.ids);
            assertLeft(watch, upTo(120));
            await recorded(cluster, watch.ids);
            watch.forEach(({ page }) => page.close());
            await recorded(cluster, []);
            await waitFor(async () => !(await presenceKeys(cluster.redis)).length,
                undefined, 'nothing to be left in Redis');
        });
    });
}

test('a node that was alone and killed cleans up after itself', async () => {
    const cluster = await startCluster({ nodes: 1 });
    try {
        const crowd = await openMembers(cluster, 0, 10);
        await crowd.allJoined();
        await cluster.kill(0);
        await crowd.close();
        await cluster.start(0);
        const watch = await enter(cluster, 0, 'watch');
        await waitFor(async () => (await users(cluster.nodes[0])).length === 1,
            REAPED, 'the dead to be gone');
        await agree([watch], ['watch']);
        await recorded(cluster, ['watch']);
    } finally {
        await cluster.close();
    }
});

describe('a deploy of one of two nodes', () => {
    let cluster;
    before(async () => {
        cluster = await startCluster({ nodes: 2, config: { leaveGrace: Math.min(20000, 10000 * SLOW) } });
    });
    after(() => cluster?.close());

    test('shows nobody as gone who is back in time, and all who are not', async () => {
        const count = scaled(500);
        const away = 5;
        const watch = await openWatch(cluster, [0]);
        const crowd = await openMembers(cluster, 1, count);
        await crowd.allJoined();
        const leavers = await openMembers(cluster, 1, away, count + 1);
        await leavers.allJoined();
        const all = [...watch.ids, ...upTo(count + away)];
        await agree(watch, all, 20000 * SLOW);

        await cluster.nodes[1].stop();
        await leavers.close();
        await cluster.start(1);
        await crowd.allJoined();
        assert.deepEqual(crowd.refusals, []);
        assert.ok(crowd.drops >= count, 'everybody was dropped');
        assertLeft(watch, []);
        const still = [...watch.ids, ...upTo(count)];
        await agree(watch, still, 30000 * SLOW);
        assertLeft(watch, upTo(away).map((i) => count + i));
        for (const { joined } of watch) {
            // Each was announced at most once: nobody came back who had not gone.
            assert.deepEqual(joined.length, new Set(joined).size);
        }
        await recorded(cluster, still);
    });
});
