// SPDX-License-Identifier: MIT
// The HTTP API that tells: status, channels, users, health; batches of events; CORS; who may ask.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { request } from '../lib/raw.mjs';
import { Client } from '../lib/raw-client.mjs';
import { subscribe } from '../lib/raw-eio.mjs';
import { shareServer, withServer } from '../lib/with-server.mjs';

const UNAUTHORIZED = '{"error":"Unauthorized"}';
const USERS = { 1: { user_id: 1, user_info: { name: 'One', tags: [], more: {} } },
    2: { user_id: 'two', user_info: { name: 'Two' } } };

function verdict({ headers }) {
    const member = USERS[headers['x-user']];
    return { body: member ? JSON.stringify({ channel_data: member }) : 'true' };
}

/** Joins and waits until it is effective. */
async function join(client, channel, user) {
    client.send(subscribe(channel, 7, { headers: user ? { 'X-User': String(user) } : {} }));
    let packet = '';
    while (!packet.startsWith('437')) {
        packet = await client.next();
    }
    assert.equal(packet, '437[{"ok":true}]');
}

describe('api', () => {
    const { server, keep } = shareServer({
        answer: verdict,
        config: { workers: 3,
            clients: [{ appId: 'app', key: 'key' }, { appId: 'two', key: 'other' }] },
    });
    const clients = [];
    const get = (path, options = {}) => request(server.port, { path, ...options });
    const read = async (page, query = '') => {
        const response = await get(`/apps/app/${page}?auth_key=key${query}`);
        assert.equal(response.status, 200, response.text);
        assert.match(response.headers['content-type'], /^application\/json/);
        return JSON.parse(response.text);
    };

    before(async () => {
        for (let i = 0; i < 8; i += 1) {
            const client = keep(await Client.open(server.port, i % 2 ? 3 : 4, 'websocket'));
            client.beat();
            clients.push(client);
            await join(client, 'news');
        }
        await join(clients[0], 'private-a');
        await join(clients[1], 'presence-b', 1);
        await join(clients[2], 'presence-b', 2);
        await join(clients[3], 'presence-b', 1);
        await join(clients[4], 'presence-b');
        await join(clients[5], 'a/b +é');
    });

    test('status counts the sockets of all workers', async () => {
        const status = await read('status');
        assert.deepEqual(Object.keys(status), ['subscription_count', 'uptime', 'memory_usage']);
        assert.equal(status.subscription_count, 8);
        assert.ok(status.uptime > 0 && status.uptime < 600);
        assert.deepEqual(Object.keys(status.memory_usage), ['rss', 'heapTotal', 'heapUsed', 'external']);
        assert.ok(status.memory_usage.rss > 1e6 && status.memory_usage.rss < 1e9);
        const later = await read('status');
        assert.ok(later.uptime >= status.uptime);
    });

    const all = {
        news: { subscription_count: 8, occupied: true },
        'private-a': { subscription_count: 1, occupied: true },
        'presence-b': { subscription_count: 4, occupied: true },
        'a/b +é': { subscription_count: 1, occupied: true },
    };

    test('channels has every channel that somebody is in', async () => {
        assert.deepEqual(await read('channels'), { channels: all });
    });

    test('filter_by_prefix', async () => {
        const { news, 'presence-b': presence } = all;
        assert.deepEqual(await read('channels', '&filter_by_prefix=presence-'),
            { channels: { 'presence-b': presence } });
        assert.deepEqual(await read('channels', '&filter_by_prefix=n%65w'), { channels: { news } });
        assert.deepEqual(await read('channels', '&filter_by_prefix='), { channels: all });
        assert.deepEqual(await read('channels', '&filter_by_prefix=none'), { channels: {} });
    });

    test('one channel; presence adds its users', async () => {
        assert.deepEqual(await read('channels/news'), all.news);
        assert.deepEqual(await read('channels/presence-b'), { ...all['presence-b'], user_count: 2 });
        assert.deepEqual(await read(`channels/${encodeURIComponent('a/b +é')}`), all['a/b +é']);
        assert.deepEqual(await read('channels/none'), { subscription_count: 0, occupied: false });
        assert.deepEqual(await read('channels/presence-none'),
            { subscription_count: 0, occupied: false, user_count: 0 });
    });

    test('users', async () => {
        const { users } = await read('channels/presence-b/users');
        assert.deepEqual(users, [1, 2].map((n) => ({ id: USERS[n].user_id, user_info: USERS[n].user_info })));
        assert.deepEqual(await read('channels/presence-none/users'), { users: [] });
        for (const name of ['news', 'private-a', 'x-presence-b']) {
            const response = await get(`/apps/app/channels/${name}/users?auth_key=key`);
            assert.equal(response.status, 400);
            assert.equal(response.text, '{"error":"User list is only possible for Presence Channels"}');
        }
    });

    test('a node alone is its cluster', async () => {
        for (const page of ['channels', 'channels/news', 'channels/presence-b',
            'channels/presence-b/users']) {
            assert.deepEqual(await read(page, '&scope=cluster'), await read(page));
        }
        assert.equal((await read('status', '&scope=cluster')).subscription_count, 8);
    });

    test('who left is not counted', async () => {
        const client = await Client.open(server.port, 4, 'websocket');
        await join(client, 'gone');
        assert.equal((await read('channels/gone')).subscription_count, 1);
        client.send('421["unsubscribe",{"channel":"gone"}]');
        await client.expect('431[{"ok":true}]');
        assert.deepEqual(await read('channels/gone'), { subscription_count: 0, occupied: false });
        assert.equal('gone' in (await read('channels')).channels, false);
        client.destroy();
    });

    const pages = ['status', 'channels', 'channels/news', 'channels/presence-b',
        'channels/presence-b/users', 'channels/news/users'];
    for (const page of pages) {
        test(`${page} is for those with a key`, async () => {
            for (const [path, headers] of [
                [`/apps/app/${page}`, {}],
                [`/apps/app/${page}?auth_key=`, {}],
                [`/apps/app/${page}?auth_key=wrong`, {}],
                [`/apps/app/${page}?auth_key=other`, {}],
                [`/apps/none/${page}?auth_key=key`, {}],
                [`/apps/app/${page}`, { Authorization: 'Bearer other' }],
            ]) {
                const response = await get(path, { headers });
                assert.equal(response.status, 403, path);
                assert.equal(response.text, UNAUTHORIZED);
            }
            for (const [path, headers] of [
                [`/apps/two/${page}?auth_key=other`, {}],
                [`/apps/app/${page}`, { Authorization: 'Bearer key' }],
                [`/apps/app/${page}/?auth_key=key`, {}],
            ]) {
                assert.notEqual((await get(path, { headers })).status, 403, path);
            }
        });
    }

    test('too many wrong keys of an address are 429, and right ones are served', async () => {
        await withServer({ config: { workers: 1, clients: [{ appId: 'app', key: 'key' }] } },
            async (server) => {
                const from = (address, key) => request(server.port, {
                    path: `/apps/app/status?auth_key=${key}`,
                    headers: { 'X-Forwarded-For': address } });
                const statuses = [];
                for (let i = 0; i < 120; i += 1) {
                    const { status, headers, text } = await from('203.0.113.7', 'hush-hush');
                    statuses.push(status);
                    assert.match(text, /Unauthorized/);
                    assert.equal(headers['retry-after'], status === 429 ? '1' : undefined);
                }
                assert.deepEqual([...new Set(statuses)], [403, 429]);
                assert.equal((await from('203.0.113.7', 'key')).status, 200);
                assert.equal((await from('203.0.113.8', 'hush-hush')).status, 403);
                await server.waitLog(/refused a request to the HTTP API: .* app=app ip=203\.0\.113\.7 times=1/);
                assert.equal(server.stderr().match(/refused a request/g).length, 10);
                assert.doesNotMatch(server.stderr(), /hush/);
            });
    });

    test('HEAD is GET without a body, other methods are not found', async () => {
        const response = await get('/apps/app/status?auth_key=key', { method: 'HEAD' });
        assert.equal(response.status, 200);
        for (const method of ['POST', 'PUT', 'DELETE']) {
            const other = await get('/apps/app/status?auth_key=key', { method, body: '' });
            assert.equal(other.status, 404, method);
        }
        assert.equal((await get('/apps/app/batch_events?auth_key=key')).status, 404);
    });

    describe('batch_events', () => {
        const post = (body, path = '/apps/app/batch_events?auth_key=key') => request(server.port,
            { method: 'POST', path, body: typeof body === 'string' ? body : JSON.stringify(body) });
        const one = (name, more) => ({ channel: 'news', name, data: '{"a":1}', ...more });

        test('several events, in order, each with its own exception', async () => {
            const response = await post({ batch: [one('A', { socket_id: clients[7].id }), one('B'),
                one('C', { channel: 'nobody' }), one('D')] });
            assert.equal(response.status, 200);
            assert.equal(response.text, '{}');
            await clients[7].expect('42["B","news",{"a":1}]');
            await clients[7].expect('42["D","news",{"a":1}]');
            await clients[6].expect('42["A","news",{"a":1}]');
            await clients[6].expect('42["B","news",{"a":1}]');
            await clients[6].expect('42["D","news",{"a":1}]');
        });

        test('all or none', async () => {
            for (const body of [{ batch: [one('A'), { channel: 'news' }] }, { batch: [one('A'), 1] },
                { batch: {} }, {}, '[]', '{', '']) {
                const response = await post(body);
                assert.equal(response.status, 400, JSON.stringify(body));
            }
            assert.equal((await post({ batch: [] })).text, '{}');
            await post({ batch: [one('Marker')] });
            await clients[7].expect('42["Marker","news",{"a":1}]');
        });

        test('a key is needed', async () => {
            assert.equal((await post({ batch: [one('A')] }, '/apps/app/batch_events')).status, 403);
        });
    });

    describe('health', () => {
        for (const page of ['live', 'ready']) {
            test(`${page} needs no key`, async () => {
                const response = await get(`/health/${page}`);
                assert.equal(response.status, 200);
                assert.deepEqual(JSON.parse(response.text), { status: 'ok', redis: 'off' });
                assert.equal((await get(`/health/${page}`, { method: 'HEAD' })).status, 200);
            });
        }

        test('other paths are not found', async () => {
            for (const path of ['/health', '/health/', '/health/other', '/healthy/live']) {
                assert.equal((await get(path)).status, 404, path);
            }
        });

        test('a Redis that is away is said, and is no reason to end the server', () => withServer({
            config: { subscribers: { http: true, redis: true },
                databaseConfig: { redis: { host: '127.0.0.1', port: 1 } } },
        }, async (own) => {
            for (const page of ['live', 'ready']) {
                const response = await request(own.port, { path: `/health/${page}` });
                assert.equal(response.status, 200);
                assert.deepEqual(JSON.parse(response.text), { status: 'ok', redis: 'disconnected' });
            }
        }));
    });

    describe('other origins', () => {
        const cors = { 'access-control-allow-origin': 'http://page.example:80',
            'access-control-allow-methods': 'GET, POST', 'access-control-allow-headers': 'Origin' };
        const paths = { '/': 'GET,HEAD', '/apps/app/status': 'GET,HEAD',
            '/apps/app/channels': 'GET,HEAD', '/apps/app/channels/a': 'GET,HEAD',
            '/apps/app/channels/a/users': 'GET,HEAD', '/apps/app/events': 'POST' };
        const { server: own } = shareServer({
            config: { headers: { 'X-Served-By': 'me' },
                apiOriginAllow: { allowCors: true, allowOrigin: 'http://page.example:80',
                    allowMethods: 'GET, POST', allowHeaders: 'Origin' } },
        });

        for (const [path, allow] of Object.entries(paths)) {
            test(`a preflight of ${path} needs no key`, async () => {
                const response = await request(own.port, { method: 'OPTIONS', path,
                    headers: { Origin: 'http://page.example', 'Access-Control-Request-Method': 'GET' } });
                assert.equal(response.status, 200);
                assert.equal(response.headers.allow, allow);
                assert.equal(response.text, allow);
                for (const [name, value] of Object.entries(cors)) {
                    assert.equal(response.headers[name], value);
                }
            });
        }

        test('answers carry the headers, refusals too', async () => {
            for (const path of ['/', '/apps/app/status?auth_key=key', '/apps/app/status',
                '/apps/app/none?auth_key=key', '/health/live']) {
                const response = await request(own.port, { path });
                for (const [name, value] of Object.entries({ ...cors, 'x-served-by': 'me' })) {
                    assert.equal(response.headers[name], value, path);
                }
            }
        });

        test('without apiOriginAllow a preflight has none', async () => {
            const response = await get('/apps/app/status', { method: 'OPTIONS' });
            assert.equal(response.status, 200);
            assert.equal(response.headers['access-control-allow-origin'], undefined);
        });
    });
});
