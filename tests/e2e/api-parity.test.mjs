// SPDX-License-Identifier: MIT
// The HTTP API beside laravel-echo-server 1.6.3: the same clients do the same
// at both, and both are asked the same. Then what this server adds.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openPage, CLIENTS } from '../lib/echo.mjs';
import { startRedis } from '../lib/redis.mjs';
import { as, follow, get, member, startCluster, startMembers, ROOM } from '../lib/presence.mjs';
import { startReference } from '../lib/presence-reference.mjs';
import { askServer, startServer, postEvent, waitFor, SLOW } from '../lib/server.mjs';

const CLIENT_LIST = [{ appId: 'app', key: 'key' }, { appId: 'two', key: 'other' }];
const CORS = {
    allowCors: true, allowOrigin: 'http://page.example', allowMethods: 'GET, POST',
    allowHeaders: 'Origin, X-Socket-Id',
};
const COMPARED = ['content-type', 'x-own', 'access-control-allow-origin',
    'access-control-allow-methods', 'access-control-allow-headers'];

/** A request to either server: what the two are compared by. */
async function request(server, how) {
    const { status, headers, text } = await askServer(server, how);
    return {
        status, text,
        headers: Object.fromEntries(COMPARED.map((name) =>
            [name, headers[name]?.toLowerCase().replace(/ /g, '')])),
    };
}

const parsed = (text) => {
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
};

describe('beside laravel-echo-server 1.6.3', { timeout: 120000 * SLOW }, () => {
    const parts = [];
    const keep = (part) => {
        parts.push(part);
        return part;
    };
    let both;
    let pages;

    before(async () => {
        const redis = keep(await startRedis());
        const backend = keep(await startMembers());
        const config = (keyPrefix) => ({
            authHost: backend.url, database: 'redis', clients: CLIENT_LIST,
            subscribers: { http: true, redis: true }, apiOriginAllow: CORS,
            headers: { 'X-Own': 'yes' },
            databaseConfig: { redis: { host: '127.0.0.1', port: redis.port, keyPrefix } },
        });
        both = [keep(await startServer({ config: config('own_') })),
            keep(await startReference({ config: config('reference_') }))];
        await redis.awaitSubscriber(2);
        pages = [[], []];
        for (const [i, { url }] of both.entries()) {
            // One after the other, so that the order is the same at both, and because
            // of two changes at once the reference loses one.
            for (const user of [1, 'two', 1, 3]) {
                const page = keep(await openPage(
                    { url, client: 'sio2', echo: 'echo1', headers: as(user) }));
                pages[i].push(page);
                await follow(page, 'room').here();
            }
            for (const [j, page] of pages[i].entries()) {
                page.echo.channel('news');
                page.echo.private('orders.1');
                page.echo.channel(`ünï ${j % 2}`);
                if (j < 2) {
                    await follow(page, 'other').here();
                }
            }
            await follow(pages[i][3], 'left').here();
            pages[i][3].echo.leave('left');
            await openPage({ url, client: 'sio2', echo: 'echo1' }).then(keep);
            await waitFor(async () => {
                const { channels } = (await get(both[i], '/channels')).json;
                return Object.keys(channels).length === 6 && channels.news.subscription_count === 4
                    && channels['presence-other'].subscription_count === 2;
            }, undefined, 'the same channels at both');
        }
    });
    after(async () => {
        for (const part of parts.reverse()) {
            await (part.stop ?? part.close).call(part);
        }
    });

    const ask = (what) => Promise.all(both.map((server) => request(server, what)));

    /** Both answer with the same status, headers and, field by field, body. */
    async function same(what) {
        const [own, reference] = await ask(what);
        assert.deepEqual({ ...own, text: parsed(own.text) },
            { ...reference, text: parsed(reference.text) }, what.path);
        return parsed(own.text);
    }

    const key = 'auth_key=key';
    const paths = ['/', `/apps/app/channels?${key}`,
        `/apps/app/channels?${key}&filter_by_prefix=presence-`,
        `/apps/app/channels?filter_by_prefix=presence-&${key}`,
        `/apps/app/channels?${key}&filter_by_prefix=`,
        `/apps/app/channels?${key}&filter_by_prefix=none`,
        `/apps/app/channels?${key}&filter_by_prefix=%C3%BCn`,
        ...['news', 'private-orders.1', ROOM, 'presence-other', 'presence-left', 'nobody',
            'presence-nobody', '%C3%BCn%C3%AF%200', '%C3%BCn%C3%AF+0'].flatMap((name) =>
            [`/apps/app/channels/${name}?${key}`, `/apps/app/channels/${name}/users?${key}`]),
    ];
    for (const path of paths) {
        test(`GET ${path}`, () => same({ path }));
    }

    test('the answers are those that the clients make', async () => {
        const { channels } = await same({ path: `/apps/app/channels?${key}` });
        assert.deepEqual(channels[ROOM], { subscription_count: 4, occupied: true });
        const room = await same({ path: `/apps/app/channels/${ROOM}?${key}` });
        assert.deepEqual(room, { subscription_count: 4, occupied: true, user_count: 3 });
        const { users } = await same({ path: `/apps/app/channels/${ROOM}/users?${key}` });
        assert.deepEqual(users, [1, 'two', 3].map((id) => ({ id, user_info: member(id).user_info })));
    });

    test('the list that a joiner is sent, and what the others are told', () => {
        // Ids differ, and so does the time at which a member came to be known.
        const told = (page) => page.received.filter(({ name, channel }) =>
            /^presence:/.test(name) && channel === ROOM).map(({ name, data }) =>
            [name, JSON.parse(JSON.stringify(data, (k, value) => k === 'socketId' ? 'id' : value))]);
        assert.deepEqual(pages[0].map(told), pages[1].map(told));
    });

    test('GET status', async () => {
        const [own, reference] = (await ask({ path: `/apps/app/status?${key}` }))
            .map(({ text, ...rest }) => ({ ...rest, json: JSON.parse(text) }));
        assert.equal(own.json.subscription_count, reference.json.subscription_count);
        assert.equal(own.json.subscription_count, 5);
        assert.deepEqual(own.headers, reference.headers);
        for (const field of Object.keys(reference.json)) {
            assert.equal(typeof own.json[field], typeof reference.json[field], field);
        }
        assert.deepEqual(Object.keys(own.json).sort(), Object.keys(reference.json).sort());
        assert.ok(own.json.uptime > 0 && own.json.uptime < 1000);
        for (const field of ['rss', 'heapTotal', 'heapUsed', 'external']) {
            assert.equal(typeof own.json.memory_usage[field], 'number', field);
        }
        assert.ok(own.json.memory_usage.rss > 1e6);
    });

    for (const [name, what] of Object.entries({
        'no key': { path: '/apps/app/status' },
        'an empty key': { path: '/apps/app/status?auth_key=' },
        'a wrong key': { path: '/apps/app/channels?auth_key=wrong' },
        'the key of another application': { path: '/apps/app/channels?auth_key=other' },
        'an unknown application': { path: `/apps/none/channels?${key}` },
        'an application named __proto__': { path: `/apps/__proto__/channels?${key}` },
        'a wrong key for users': { path: `/apps/app/channels/${ROOM}/users?auth_key=k` },
        'the second application': { path: '/apps/two/channels?auth_key=other' },
        'a bearer': { path: '/apps/app/channels', headers: { Authorization: 'Bearer key' } },
        'a wrong bearer': { path: '/apps/app/channels', headers: { Authorization: 'Bearer no' } },
    })) {
        test(`access with ${name}`, () => same(what));
    }

    const event = (body, path = `/apps/app/events?${key}`) => ({
        method: 'POST', path, body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json' },
    });
    for (const [name, what] of Object.entries({
        'to one channel': event({ channel: 'news', name: 'E', data: { a: [] } }),
        'with data as text': event({ channel: 'news', name: 'E', data: '{"a":{"b":[]}}' }),
        'to many channels': event({ channels: ['news', 'nobody'], name: 'E', data: '[1]' }),
        'with a socket_id nobody has': event({ channel: 'news', name: 'E', data: {}, socket_id: 'x' }),
        'without channel': event({ name: 'E', data: {} }),
        'without name': event({ channel: 'news', data: {} }),
        'without data': event({ channel: 'news', name: 'E' }),
        'without anything': event({}),
        'with a wrong key': event({ channel: 'news', name: 'E', data: {} },
            '/apps/app/events?auth_key=wrong'),
        'without a key': event({ channel: 'news', name: 'E', data: {} }, '/apps/app/events'),
    })) {
        test(`POST an event ${name}`, async () => {
            await same(what);
            // Until the next event has come, all that this one was has come.
            const done = `done ${name}`;
            await same(event({ channel: 'news', name: done, data: {} }));
            for (const list of pages) {
                await Promise.all(list.map((page) => page.event(done, 'news')));
            }
            const received = (page) => page.received.filter(({ channel, name: of }) =>
                channel === 'news' && !of.startsWith('done')).map(({ name: of, data }) => [of, data]);
            assert.deepEqual(pages[0].map(received), pages[1].map(received));
        });
    }

    test('an event leaves out the socket that it names', async () => {
        for (const [i, server] of both.entries()) {
            for (const [j, sender] of pages[i].entries()) {
                await request(server, event({ channel: 'news', name: `but.${j}`, data: {},
                    socket_id: sender.id }));
            }
            await request(server, event({ channel: 'news', name: 'but.none', data: {} }));
            for (const [j, page] of pages[i].entries()) {
                await page.event('but.none', 'news');
                assert.deepEqual([0, 1, 2, 3].map((k) => page.count(`but.${k}`)),
                    [0, 1, 2, 3].map((k) => Number(k !== j)));
            }
        }
    });

    test('counts follow those who leave', async () => {
        for (const [i, list] of pages.entries()) {
            const ask = async (path) => (await get(both[i], path)).json;
            const counts = (room, count) => waitFor(async () => {
                const of = await ask(`/channels/${ROOM}`);
                return of.subscription_count === room && of.user_count === count;
            }, undefined, `${room} subscriptions of ${count} users`);
            list[3].echo.leave('room');
            await counts(3, 2);
            list[2].close();
            await counts(2, 2);
            list[0].echo.leaveChannel('news');
            await waitFor(async () => (await ask('/channels/news')).subscription_count === 2);
        }
        for (const path of paths) {
            await same({ path });
        }
    });
});

describe('what the API adds', () => {
    let cluster;
    before(async () => {
        cluster = await startCluster({ nodes: 1, config: { workers: 4 } });
    });
    after(() => cluster?.close());
    const health = (path) => get(cluster.nodes[0], path, { base: '', key: null });

    test('counts of all workers together', async () => {
        const pages = await Promise.all(Array.from({ length: 24 }, async (_, i) => {
            const page = await cluster.page(0, i % 8, { client: Object.keys(CLIENTS)[i % 3] });
            page.echo.channel('all');
            await page.joined('all');
            await follow(page).here();
            return page;
        }));
        // Each connection is answered by whichever worker took it.
        for (let turn = 0; turn < 8; turn++) {
            const ask = async (path) => (await get(cluster.nodes[0], path)).json;
            assert.equal((await ask('/status')).subscription_count, 24);
            assert.deepEqual(await ask('/channels/all'),
                { subscription_count: 24, occupied: true });
            assert.deepEqual(await ask(`/channels/${ROOM}`),
                { subscription_count: 24, occupied: true, user_count: 8 });
            assert.equal((await ask(`/channels/${ROOM}/users`)).users.length, 8);
        }
        pages.forEach((page) => page.close());
    });

    test('names of JavaScript are channels like others', async () => {
        for (const name of ['constructor', '__proto__', 'toString']) {
            assert.deepEqual((await get(cluster.nodes[0], `/channels/${name}`)).json,
                { subscription_count: 0, occupied: false });
        }
    });

    test('a key in the query beside the password of a proxy', async () => {
        for (const Authorization of ['Basic cGFnZTpwYXNz', 'Bearer of-the-proxy']) {
            const headers = { Authorization };
            assert.equal((await get(cluster.nodes[0], '/channels', { headers })).status, 200);
            assert.equal((await get(cluster.nodes[0], '/channels', { headers, key: 'no' })).status,
                403);
        }
    });

    test('batch_events', async () => {
        const page = await cluster.page(0, 1);
        for (const name of ['a', 'b']) {
            page.echo.channel(name);
            await page.joined(name);
        }
        const post = (body, key = 'key') => request(cluster.nodes[0], {
            method: 'POST', path: `/apps/app/batch_events?auth_key=${key}`,
            headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
        });
        const batch = [{ channel: 'a', name: 'E', data: '{"n":1}' },
            { channel: 'b', name: 'E', data: '{"n":2}' },
            { channel: 'a', name: 'F', data: '{"n":3}', socket_id: page.id },
            { channel: 'a', name: 'E', data: '{"n":4}' }];
        assert.equal((await post({ batch })).status, 200);
        await page.events(3, 'E');
        assert.deepEqual(page.on('a').concat(page.on('b'))
            .map(({ channel, name, data }) => [channel, name, data.n]),
        [['a', 'E', 1], ['a', 'E', 4], ['b', 'E', 2]]);
        assert.equal((await post({ batch }, 'wrong')).status, 403);
        assert.equal((await post({ batch: [{ channel: 'a' }] })).status, 400);
        assert.equal((await post({})).status, 400);
        await postEvent(cluster.nodes[0], { channel: 'a', name: 'done', data: {} });
        await page.event('done', 'a');
        assert.equal(page.received.length, 4);
        page.close();
    });

    test('health needs no key and tells of Redis', async () => {
        assert.equal((await health('/health/live')).status, 200);
        const ready = await health('/health/ready');
        assert.equal(ready.status, 200);
        assert.match(JSON.stringify(ready.json), /redis/i);
        await cluster.redis.stop();
        await waitFor(async () => (await health('/health/ready')).text !== ready.text,
            20000 * SLOW, 'health to tell that Redis is away');
        assert.equal((await health('/health/ready')).status, 200);
        assert.equal((await health('/health/live')).status, 200);
        cluster.redis = cluster.under(await startRedis({ port: cluster.redis.port }));
        await waitFor(async () => (await health('/health/ready')).text === ready.text,
            20000 * SLOW, 'health to tell that Redis is back');
    });
});
