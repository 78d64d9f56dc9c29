// SPDX-License-Identifier: MIT
// Who is here, on one node: what Echo's pages are told, in both stores.

import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startBackend } from '../lib/backend.mjs';
import { openPage, CLIENTS, COMBINATIONS, label } from '../lib/echo.mjs';
import { agree, answered, enter, follow, get, member, membersKey, presenceKeys, recorded,
    startCluster, users, ROOM } from '../lib/presence.mjs';
import { slotOf, startMonitor } from '../lib/presence-monitor.mjs';
import { postEvent, startServer, waitFor, within, SLOW } from '../lib/server.mjs';

const upTo = (count) => Array.from({ length: count }, (_, i) => i + 1);

/** The members that a page was sent at its last join, without their socketId. */
function listed(page) {
    const { data } = page.received.filter(({ name }) => name === 'presence:subscribed').at(-1);
    return data.map(({ socketId, ...rest }) => {
        assert.match(socketId, /^[\w-]{20}$/);
        return rest;
    });
}

const events = (page, name) => page.received.filter((event) => event.name === `presence:${name}`);

/** Resolves when what the server did before has reached page. */
async function settled(cluster, page) {
    page.echo.channel('settled');
    await page.joined('settled');
    const before = page.count('Settled');
    await postEvent(cluster.nodes[0], { channel: 'settled', name: 'Settled', data: {} });
    await page.events(before + 1, 'Settled');
}

for (const store of ['memory', 'redis']) {
    describe(`presence in ${store}`, () => {
        let cluster;
        before(async () => { cluster = await startCluster({ nodes: 1, store }); });
        after(() => cluster?.close());
        const gone = () => recorded(cluster, []);
        beforeEach(async () => {
            await cluster.clear();
            await gone();
        });
        const closeAll = async (...seen) => {
            seen.forEach(({ page }) => page.close());
            await gone();
        };

        for (const combination of COMBINATIONS) {
            test(`here, joining and leaving at ${label(combination)}`, async () => {
                const mine = await enter(cluster, 0, 1, combination);
                const other = await enter(cluster, 0, 2, { client: 'sio2' });
                const third = await enter(cluster, 0, 3, { client: 'sio4' });
                assert.deepEqual(listed(mine.page), [member(1)]);
                assert.deepEqual(listed(other.page), [member(2), member(1)]);
                assert.deepEqual(listed(third.page), [member(3), member(2), member(1)]);
                await agree([mine, other, third], [1, 2, 3]);
                await recorded(cluster, [1, 2, 3]);
                other.leave();
                third.page.close();
                await agree([mine], [1]);

                assert.deepEqual(events(mine.page, 'joining').map(({ channel, data }) => {
                    assert.match(data.socketId, /^[\w-]{20}$/);
                    return [channel, data.user_id, data.user_info];
                }), [2, 3].map((id) => [ROOM, id, member(id).user_info]));
                const left = events(mine.page, 'leaving');
                assert.deepEqual(left.map(({ channel }) => channel), [ROOM, ROOM]);
                assert.deepEqual(left.map(({ data }) => data)
                    .sort((a, b) => a.user_id - b.user_id), [member(2), member(3)]);
                // Nobody is told of their own coming.
                assert.equal(events(third.page, 'joining').length, 0);
                other.page.close();
                await closeAll(mine);
            });
        }

        test('two tabs are one user, who leaves with the last of them', async () => {
            const watch = await enter(cluster, 0, 'watch');
            const tabs = [];
            for (const client of Object.keys(CLIENTS)) {
                tabs.push(await enter(cluster, 0, 5, { client }));
            }
            await agree([watch, ...tabs], ['watch', 5]);
            assert.deepEqual(tabs.map(({ page }) => listed(page).length), [2, 2, 2]);
            tabs[0].page.close();
            tabs[1].leave();
            await settled(cluster, watch.page);
            await recorded(cluster, ['watch', 5]);
            assert.deepEqual(watch.left, []);
            tabs[2].page.close();
            await agree([watch], ['watch']);
            assert.deepEqual([watch.joined, watch.left], [['5'], ['5']]);
            tabs[1].page.close();
            await closeAll(watch);
        });

        test('two tabs that close at the same moment leave once', async () => {
            const watch = await enter(cluster, 0, 'watch');
            const rounds = 15;
            for (const round of upTo(rounds)) {
                const clients = Object.keys(CLIENTS);
                const tabs = await Promise.all(upTo(2).map((i) =>
                    enter(cluster, 0, 6, { client: clients[(round + i) % 3] })));
                tabs.forEach(({ page }) => page.close());
                await agree([watch], ['watch']);
            }
            await settled(cluster, watch.page);
            assert.deepEqual([watch.joined, watch.left],
                [Array(rounds).fill('6'), Array(rounds).fill('6')]);
            await closeAll(watch);
        });

        test('a page that is open before the old one closed never left', async () => {
            const watch = await enter(cluster, 0, 'watch');
            let tab = await enter(cluster, 0, 7, { client: 'sio2' });
            for (const client of [...Object.keys(CLIENTS), ...Object.keys(CLIENTS)]) {
                const next = await enter(cluster, 0, 7, { client });
                tab.page.close();
                tab = next;
            }
            await settled(cluster, watch.page);
            assert.deepEqual([watch.joined, watch.left], [['7'], []]);
            await closeAll(watch, tab);
        });

        test('a subscription twice is a member once, and is told the list again', async () => {
            const watch = await enter(cluster, 0, 'watch');
            const seen = await enter(cluster, 0, 8);
            await seen.page.joined(ROOM);
            await waitFor(() => seen.heres === 2);
            await agree([seen, watch], ['watch', 8]);
            seen.leave();
            await agree([watch], ['watch']);
            assert.deepEqual([watch.joined, watch.left], [['8'], ['8']]);
            seen.page.close();
            await closeAll(watch);
        });

        test('user_id and user_info stay what the application wrote', async () => {
            const watch = await enter(cluster, 0, 'watch');
            const infos = [[], {}, { list: [], map: {}, none: null, no: false, nested: [[{}]] },
                { text: 'Größe / "ok" 😀 \u2028 </script>', tenth: 0.1, big: 9007199254740991 },
                'text', 0];
            for (const [i, info] of infos.entries()) {
                for (const id of [100 + i, `id "${i}" ü/\\`]) {
                    const data = { user_id: id, user_info: info, role: 'more', socketId: 'mine' };
                    for (const body of [{ channel_data: data },
                        { channel_data: JSON.stringify(data) }]) {
                        // By hand: Echo gives user_info alone.
                        const page = await cluster.page(0, 0, { headers: answered(body) });
                        page.echo.join('room');
                        const own = (await page.event('presence:subscribed', ROOM)).data[0];
                        const joining = await watch.page.event(({ name, data: of }) =>
                            name === 'presence:joining' && of.socketId === own.socketId);
                        assert.deepEqual(joining.data, own);
                        assert.notEqual(own.socketId, 'mine');
                        const { socketId, ...rest } = data;
                        assert.deepEqual({ ...own, socketId: undefined },
                            { ...rest, socketId: undefined });
                        assert.deepEqual((await users(cluster.nodes[0])).at(-1), id);
                        page.close();
                        await recorded(cluster, ['watch']);
                        await settled(cluster, watch.page);
                        assert.deepEqual(events(watch.page, 'leaving').at(-1).data, rest);
                    }
                }
            }
            await closeAll(watch);
        });

        test('the number 1 and the text "1" are the same user', async () => {
            const watch = await enter(cluster, 0, 'watch');
            const number = await enter(cluster, 0, 1);
            const text = await enter(cluster, 0, '1');
            await agree([watch, number, text], ['watch', 1]);
            number.page.close();
            await settled(cluster, watch.page);
            assert.deepEqual([watch.joined, watch.left], [['1'], []]);
            await closeAll(watch, text);
        });

        test('a member\'s socketId is not its session, and leaves it out of an event', async () => {
            for (const combination of COMBINATIONS.filter(({ echo }) => echo === 'echo2')) {
                const mine = await enter(cluster, 0, 1, combination);
                const other = await enter(cluster, 0, 2);
                const { socketId } = (await other.page.event('presence:subscribed', ROOM)).data
                    .find(({ user_id: id }) => id === 1);
                assert.notEqual(socketId, mine.page.socket.io.engine.id);
                if (combination.client !== 'sio2') {
                    assert.equal(socketId, mine.page.id);
                }
                for (const id of [socketId, mine.page.id]) {
                    await postEvent(cluster.nodes[0],
                        { channel: ROOM, name: `E.${id}`, data: {}, socket_id: id });
                    await other.page.event(`E.${id}`, ROOM);
                }
                await settled(cluster, mine.page);
                assert.deepEqual(mine.page.on(ROOM).filter(({ name }) => name[0] === 'E'), []);
                await closeAll(mine, other);
            }
        });

        test('several rooms of a page are told apart, and all left at its end', async () => {
            const pages = [await enter(cluster, 0, 1), await enter(cluster, 0, 2)];
            const rooms = upTo(5).map((i) => `room.${i}`);
            const followers = [];
            for (const { page } of pages) {
                followers.push(rooms.map((room) => follow(page, room)));
            }
            for (const seen of followers.flat()) {
                await agree([seen], [1, 2]);
            }
            followers[0][0].leave();
            await agree([followers[1][0]], [2]);
            await agree([followers[1][1]], [1, 2]);
            pages[0].page.close();
            await agree(followers[1], [2]);
            pages[1].page.close();
            for (const room of rooms) {
                await waitFor(async () =>
                    !(await users(cluster.nodes[0], `presence-${room}`)).length);
            }
            await gone();
        });

        if (store === 'redis') {
            test('nothing is left in Redis when everybody has gone', async () => {
                const seen = await Promise.all(upTo(10).map((i) => enter(cluster, 0, i % 7)));
                await recorded(cluster, [0, 1, 2, 3, 4, 5, 6]);
                const [oldest] = await membersKey(cluster.redis);
                assert.deepEqual(Object.keys(oldest), ['user_id', 'user_info', 'socketId']);
                await closeAll(...seen);
                await waitFor(async () => !(await presenceKeys(cluster.redis)).length,
                    undefined, 'the keys to be gone');
            });

            test('members are still here after the hub lost its scripts', async () => {
                const one = await enter(cluster, 0, 1);
                await cluster.redis.command('SCRIPT', 'FLUSH');
                const two = await enter(cluster, 0, 2);
                await agree([one, two], [1, 2]);
                await closeAll(one, two);
            });
        }
    });
}

test('an orderly stop of the only node leaves Redis empty', async () => {
    const cluster = await startCluster({ nodes: 1 });
    try {
        await enter(cluster, 0, 1);
        await recorded(cluster, [1]);
        await cluster.nodes[0].stop();
        await waitFor(async () => await cluster.redis.command('DBSIZE') === 0, undefined,
            'Redis to be empty').catch(async () => {
            assert.deepEqual(await cluster.redis.command('KEYS', '*'), []);
        });
    } finally {
        await cluster.close();
    }
});

test('publishPresence tells Redis of each change; membersKey false writes no key', async () => {
    const cluster = await startCluster({ nodes: 1, adjust({ databaseConfig }) {
        databaseConfig.publishPresence = true;
        databaseConfig.redis.membersKey = false;
    } });
    try {
        const told = [];
        const monitor = cluster.keep(await subscribe(cluster.redis.port, (channel, text) =>
            told.push([channel, JSON.parse(text)])));
        const seen = await enter(cluster, 0, 1);
        await waitFor(() => told.length === 1, 5000 * SLOW, 'the change to be published');
        seen.page.close();
        await waitFor(() => told.length === 2, 5000 * SLOW, 'the change to be published');
        const [joined, left] = told;
        assert.match(joined[0], /PresenceChannelUpdated$/);
        const { socketId, ...rest } = joined[1].event.members[0];
        assert.ok(socketId);
        assert.deepEqual([joined[1].event.channel, rest], [`${ROOM}:members`, member(1)]);
        assert.deepEqual(left[1], { event: { channel: `${ROOM}:members`, members: [] } });
        assert.equal(await membersKey(cluster.redis), null);
        // Of a crowd, not each: the whole list each time would be the square of it.
        told.length = 0;
        const began = Date.now();
        const crowd = await Promise.all(Array.from({ length: 30 }, (_, i) =>
            enter(cluster, 0, 100 + i)));
        await waitFor(() => told.at(-1)?.[1].event.members.length === crowd.length, 5000 * SLOW,
            'the whole crowd to be published');
        assert.ok(told.length <= 2 + (Date.now() - began) / 250, `${told.length} times`);
        crowd.forEach(({ page }) => page.close());
        monitor.close();
    } finally {
        await cluster.close();
    }
});

/** Gives what is published on PresenceChannelUpdated, under any prefix. */
async function subscribe(port, on) {
    const socket = net.connect(port, '127.0.0.1').setEncoding('utf8');
    let text = '';
    const ready = new Promise((resolve) => {
        socket.on('data', (part) => {
            text += part;
            if (text.includes('psubscribe')) {
                resolve();
            }
            // *4 $8 pmessage, pattern, channel, payload: all of it is text without line ends.
            const found = /pmessage\r\n\$\d+\r\n.*\r\n\$\d+\r\n(.*)\r\n\$\d+\r\n(.*)\r\n/;
            for (let hit = text.match(found); hit; hit = text.match(found)) {
                text = text.slice(hit.index + hit[0].length);
                on(hit[1], hit[2]);
            }
        });
    });
    socket.write('PSUBSCRIBE *PresenceChannelUpdated\r\n');
    await within(ready, 5000 * SLOW, 'the subscription');
    return { close: () => socket.destroy() };
}

describe('what one node asks of Redis', () => {
    let cluster;
    let monitor;
    before(async () => {
        cluster = await startCluster({ nodes: 1 });
        monitor = cluster.under(await startMonitor(cluster.redis.port));
    });
    after(() => cluster?.close());
    const named = (name) => monitor.commands.filter(([source, command]) =>
        source !== 'lua' && command.toUpperCase() === name);

    test('are scripts by their digest, whose keys share a slot', async () => {
        const [one, two] = [await enter(cluster, 0, 1), await enter(cluster, 0, 2)];
        await recorded(cluster, [1, 2]);
        one.leave();
        two.page.close();
        one.page.close();
        await recorded(cluster, []);
        await waitFor(async () => !(await presenceKeys(cluster.redis)).length,
            undefined, 'the keys to be gone');
        const scripts = named('EVALSHA');
        assert.ok(scripts.length >= 4, JSON.stringify(monitor.commands).slice(0, 2000));
        assert.deepEqual(named('EVAL'), []);
        for (const [, , , count, ...rest] of scripts) {
            const slots = new Set(rest.slice(0, Number(count)).map(slotOf));
            assert.ok(slots.size <= 1, [...slots].join(' and '));
        }
    });

    test('is nothing for events and whispers: there is nobody to tell', async () => {
        const [one, two] = [await enter(cluster, 0, 1), await enter(cluster, 0, 2)];
        monitor.commands.length = 0;
        for (let i = 0; i < 20; i++) {
            await postEvent(cluster.nodes[0], { channel: ROOM, name: 'E', data: {} });
            one.page.socket.emit('client event', { channel: ROOM, event: 'client-x', data: {} });
        }
        await two.page.events(20, 'client-x');
        await two.page.events(20, 'E');
        await cluster.redis.command('PING');
        await waitFor(() => named('PING').length, undefined, 'the end of what was asked');
        assert.deepEqual(named('PUBLISH'), []);
        assert.ok(monitor.commands.length <= 20, JSON.stringify(monitor.commands));
    });
});

describe('leaveGrace', () => {
    const grace = 1500 * SLOW;
    for (const store of ['memory', 'redis']) {
        test(`in ${store}: who is back within it never left, who is not leaves after it`, async () => {
            const cluster = await startCluster({ nodes: 1, store, config: { leaveGrace: grace } });
            try {
                const watch = await enter(cluster, 0, 'watch');
                for (const client of Object.keys(CLIENTS)) {
                    const tab = await enter(cluster, 0, client, { client });
                    tab.page.close();
                    const again = await enter(cluster, 0, client, { client });
                    again.leave();
                    const third = follow(again.page);
                    await third.here();
                    third.id = client;
                }
                // All of them had their graces by then, and are here.
                const leaver = await enter(cluster, 0, 'leaver');
                const from = Date.now();
                leaver.page.close();
                await waitFor(() => watch.left.length, grace + 5000 * SLOW, 'the leaving');
                assert.ok(Date.now() - from >= grace - 20, `after ${Date.now() - from} ms`);
                assert.deepEqual(watch.left, ['leaver']);
                assert.deepEqual(watch.joined, [...Object.keys(CLIENTS), 'leaver']);
                await agree([watch], ['watch', ...Object.keys(CLIENTS)]);
                await recorded(cluster, ['watch', ...Object.keys(CLIENTS)]);
            } finally {
                await cluster.close();
            }
        });
    }
});

describe('what an application answers wrongly', () => {
    let cluster;
    before(async () => { cluster = await startCluster({ nodes: 1, store: 'memory' }); });
    after(() => cluster?.close());
    beforeEach(async () => {
        await cluster.clear();
        await recorded(cluster, []);
    });

    const outcome = async (body) => {
        const page = await cluster.page(0, 0);
        const [answer] = await page.ask('subscribe',
            { channel: ROOM, auth: { headers: { ...answered(body) } } });
        return { page, answer };
    };

    for (const body of ['true', '{}', '{"channel_data":null}', '[]']) {
        test(`no member data is no member, but hears events: ${body}`, async () => {
            const watch = await enter(cluster, 0, 1);
            const { page, answer } = await outcome(body);
            assert.deepEqual(answer, { ok: true });
            await postEvent(cluster.nodes[0], { channel: ROOM, name: 'E', data: {} });
            await page.event('E', ROOM);
            await watch.page.event('E', ROOM);
            assert.deepEqual(watch.joined, []);
            assert.equal(page.count('presence:subscribed'), 0);
            await recorded(cluster, [1]);
            page.close();
            await settled(cluster, watch.page);
            assert.deepEqual(watch.left, []);
            watch.page.close();
        });
    }

    test('the log warns once a channel of missing member data', async () => {
        const { stderr, waitLog } = cluster.nodes[0];
        await waitLog(new RegExp(` warning .*${ROOM}.*\n`));
        const lines = stderr().split('\n').filter((line) =>
            / warning /.test(line) && line.includes(ROOM));
        assert.equal(lines.length, 1, stderr());
    });

    for (const body of [{ channel_data: { user_info: {} } }, { channel_data: {} },
        { channel_data: 'not json' }, { channel_data: '{"user_info":1}' }, { channel_data: '{' }]) {
        test(`no user_id is refused with 0: ${JSON.stringify(body)}`, async () => {
            const { page, answer } = await outcome(body);
            assert.deepEqual(answer, { ok: false, status: 0 });
            assert.equal((await page.refused(ROOM)).data, 0);
            await cluster.nodes[0].waitLog(/subscription refused channel=presence-room status=0/);
            await recorded(cluster, []);
        });
    }
});

describe('an application that takes its time', () => {
    test('never gives a member who left or went meanwhile', async () => {
        const waiting = [];
        const backend = await startBackend(({ headers }) => headers['x-slow']
            ? new Promise((resolve) => { waiting.push(resolve); })
            : { body: JSON.stringify({ channel_data: member('watch') }) });
        const server = await startServer({ config: { authHost: backend.url, database: 'sqlite' } });
        const open = (headers, options) => openPage({ url: server.url, headers, ...options });
        const opened = [];
        try {
            const watch = follow(opened[opened.push(await open({})) - 1]);
            await watch.here();
            for (const client of Object.keys(CLIENTS)) {
                const [leaver, goer] = [await open({ 'X-Slow': '1' }, { client }),
                    await open({ 'X-Slow': '1' }, { client })];
                opened.push(leaver, goer);
                const seen = [follow(leaver), follow(goer)];
                await waitFor(() => waiting.length === 2, undefined, 'both to be asked about');
                seen[0].leave();
                await leaver.ask('unsubscribe', { channel: ROOM });
                goer.close();
                await waitFor(async () => (await status(server)) === 2, undefined, 'one to go');
                waiting.splice(0).forEach((answer) =>
                    answer({ body: JSON.stringify({ channel_data: member('ghost') }) }));
                const barrier = await open({}, { client });
                await follow(barrier).here();
                barrier.close();
                leaver.close();
                await waitFor(async () => (await status(server)) === 1, undefined, 'all to go');
            }
            assert.deepEqual([watch.joined, watch.left], [[], []]);
            assert.deepEqual(await users(server), ['watch']);
        } finally {
            opened.forEach((page) => page.close());
            await server.stop();
            await backend.close();
        }
    });

    const status = async (server) => (await get(server, '/status')).json.subscription_count;
});

test('the store of an embedded database is said once', async () => {
    const server = await startServer({ config: { database: 'sqlite' } });
    try {
        await server.waitLog(/sqlite/);
        assert.equal(server.stderr().split('\n').filter((line) => line.includes('sqlite')).length, 1);
    } finally {
        await server.stop();
    }
});
