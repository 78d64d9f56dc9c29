// SPDX-License-Identifier: MIT
// POST /apps/:id/events: every answer, every form of a body, and who may post.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { before, beforeEach, describe, test } from 'node:test';
import { chunked, HttpConn, request, requestBytes } from '../lib/raw.mjs';
import { Client } from '../lib/raw-client.mjs';
import { shareServer, withServer } from '../lib/with-server.mjs';

const OK = '{"message":"ok"}';
const UNAUTHORIZED = '{"error":"Unauthorized"}';
const INCOMPLETE = '{"error":"Event must include channel, event name and data"}';
const PATH = '/apps/app/events?auth_key=key';
const EVENT = { channel: 'c', name: 'E', data: { a: 1 } };

describe('http-api', () => {
    const { server, other, keep } = shareServer({
        watched: true,
        config: { clients: [{ appId: 'app', key: 'key' }, { appId: 'two', key: 'other' }] },
    });
    let client;
    let tests = 0;

    const post = (body, { path = PATH, headers = {}, ...more } = {}) => request(server.port, {
        method: 'POST', path, body: typeof body === 'object' && !Buffer.isBuffer(body)
            ? JSON.stringify(body) : body,
        headers: { 'Content-Type': 'application/json', ...headers }, ...more,
    });

    function assertAnswer(response, status, body) {
        assert.equal(response.text, body);
        assert.equal(response.status, status);
        assert.match(response.headers['content-type'], /^application\/json/);
    }

    before(async () => {
        client = keep(await Client.open(server.port, 4, 'websocket'));
        client.beat();
        await client.join('c');
        await client.join('d');
    });

    /** What a failed test left behind does not reach the next one. */
    beforeEach(async () => {
        const marker = `test-${++tests}-begins`;
        await post({ channel: 'c', name: 'Start', data: { marker } });
        let packet = '';
        while (!packet.includes(marker)) {
            packet = await client.next();
            assert.ok(packet, 'the client stays connected');
        }
    });

    describe('who may post', () => {
        test('the key in the query', async () => {
            assertAnswer(await post(EVENT), 200, OK);
            await client.expect('42["E","c",{"a":1}]');
        });

        test('the key as Bearer', async () => {
            assertAnswer(await post(EVENT, {
                path: '/apps/app/events', headers: { Authorization: 'Bearer key' },
            }), 200, OK);
            await client.expect('42["E","c",{"a":1}]');
        });

        test('each application with its own key', async () => {
            assertAnswer(await post(EVENT, { path: '/apps/two/events?auth_key=other' }), 200, OK);
            await client.expect('42["E","c",{"a":1}]');
        });

        test('the key anywhere in the query', async () => {
            assertAnswer(await post(EVENT, { path: '/apps/app/events?a=1&auth_key=key&b=2' }), 200, OK);
            await client.expect('42["E","c",{"a":1}]');
        });

        const refused = {
            'no key': '/apps/app/events',
            'a wrong key': '/apps/app/events?auth_key=wrong',
            'an empty key': '/apps/app/events?auth_key=',
            'a key that goes on': '/apps/app/events?auth_key=key2',
            'a key that is cut off': '/apps/app/events?auth_key=ke',
            'a key in other case': '/apps/app/events?auth_key=KEY',
            'the key of another application': '/apps/app/events?auth_key=other',
            'an unknown application': '/apps/nobody/events?auth_key=key',
            'an application named __proto__': '/apps/__proto__/events?auth_key=key',
            'an empty application': '/apps//events?auth_key=key',
        };
        for (const [name, path] of Object.entries(refused)) {
            test(`${name} is 403, and nothing is sent`, async () => {
                const response = await post(EVENT, { path });
                assert.ok(response.status === 403 || (path.includes('//') && response.status === 404));
                if (response.status === 403) {
                    assertAnswer(response, 403, UNAUTHORIZED);
                }
                assertAnswer(await post({ channel: 'c', name: 'Marker', data: 'x' }), 200, OK);
                await client.expect('42["Marker","c","x"]');
            });
        }

        test('a wrong Bearer is 403', async () => {
            for (const value of ['Bearer wrong', 'Bearer ', 'Basic key']) {
                assertAnswer(await post(EVENT,
                    { path: '/apps/app/events', headers: { Authorization: value } }), 403, UNAUTHORIZED);
            }
        });

        test('a wrong key comes before a bad body', async () => {
            assertAnswer(await post('{', { path: '/apps/app/events?auth_key=no' }), 403, UNAUTHORIZED);
        });
    });

    describe('bodies', () => {
        test('several channels', async () => {
            assertAnswer(await post({ channels: ['c', 'd', 'nobody'], name: 'E', data: { a: 1 } }),
                200, OK);
            const both = [await client.next(), await client.next()].sort();
            assert.deepEqual(both, ['42["E","c",{"a":1}]', '42["E","d",{"a":1}]']);
        });

        test('channels comes before channel', async () => {
            assertAnswer(await post({ channel: 'c', channels: ['d'], name: 'E', data: 'x' }), 200, OK);
            await client.expect('42["E","d","x"]');
        });

        test('data as JSON text is decoded', async () => {
            assertAnswer(await post({ channel: 'c', name: 'E', data: '{"n":1.0,"l":[],"t":"\\u00e9"}' }),
                200, OK);
            await client.expect('42["E","c",{"n":1.0,"l":[],"t":"é"}]');
        });

        test('data as text that is not JSON stays text', async () => {
            assertAnswer(await post({ channel: 'c', name: 'E', data: '{hello "é"' }), 200, OK);
            await client.expect('42["E","c","{hello \\"é\\""]');
        });

        test('data as a list', async () => {
            assertAnswer(await post({ channel: 'c', name: 'E', data: [{ a: 1 }, 2] }), 200, OK);
            await client.expect('42["E","c",[{"a":1},2]]');
        });

        test('data as an empty object', async () => {
            assertAnswer(await post({ channel: 'c', name: 'E', data: {} }), 200, OK);
            await client.expect('42["E","c",{}]');
        });

        test('socket_id is left out', async () => {
            assertAnswer(await post({ ...EVENT, socket_id: client.id }), 200, OK);
            assertAnswer(await post({ channel: 'c', name: 'Marker', data: 'x', socket_id: null }),
                200, OK);
            await client.expect('42["Marker","c","x"]');
        });

        test('an unknown socket_id leaves nobody out', async () => {
            assertAnswer(await post({ ...EVENT, socket_id: '123.456' }), 200, OK);
            await client.expect('42["E","c",{"a":1}]');
        });

        test('keys in any order, with unknown ones between', async () => {
            assertAnswer(await post('{"x":[1,{"name":"no"}],"data":{"channel":"no"},'
                + '"name":"E","y":null,"channel":"c"}'), 200, OK);
            await client.expect('42["E","c",{"channel":"no"}]');
        });

        test('the content type does not matter', async () => {
            for (const type of ['text/plain', 'application/x-www-form-urlencoded', '']) {
                assertAnswer(await post(EVENT, { headers: { 'Content-Type': type } }), 200, OK);
                await client.expect('42["E","c",{"a":1}]');
            }
        });

        test('a body in chunks', async () => {
            assertAnswer(await post(chunked(JSON.stringify(EVENT), 5),
                { headers: { 'Transfer-Encoding': 'chunked' } }), 200, OK);
            await client.expect('42["E","c",{"a":1}]');
        });

        test('Expect: 100-continue', async () => {
            const conn = await HttpConn.open(server.port);
            const body = JSON.stringify(EVENT);
            conn.send(requestBytes({
                method: 'POST', path: PATH,
                headers: { 'Content-Length': body.length, Expect: '100-continue' },
            }));
            await conn.until(() => (conn.bytes.includes('100 Continue') ? true : undefined));
            conn.send(body);
            assertAnswer(await conn.response(), 200, OK);
            await client.expect('42["E","c",{"a":1}]');
            conn.destroy();
        });

        test('the request of Laravel\'s pusher driver', async () => {
            const body = JSON.stringify({
                name: 'App\\Events\\OrderShipped', data: JSON.stringify({ order: { id: 7 } }),
                channels: ['c'], socket_id: '1.2',
            });
            const query = new URLSearchParams({
                auth_key: 'key', auth_timestamp: '1700000000', auth_version: '1.0',
                body_md5: crypto.createHash('md5').update(body).digest('hex'),
                auth_signature: 'f'.repeat(64),
            });
            assertAnswer(await post(body, { path: `/apps/app/events?${query}` }), 200, OK);
            await client.expect('42["App\\\\Events\\\\OrderShipped","c",{"order":{"id":7}}]');
        });

        test('many posts on one connection arrive in order', async () => {
            const conn = await HttpConn.open(server.port);
            const all = Array.from({ length: 50 }, (_, i) => requestBytes({
                method: 'POST', path: PATH,
                body: JSON.stringify({ channel: 'c', name: 'E', data: { i } }),
            }));
            conn.send(Buffer.concat(all));
            for (let i = 0; i < 50; i += 1) {
                assertAnswer(await conn.response(), 200, OK);
            }
            for (let i = 0; i < 50; i += 1) {
                await client.expect(`42["E","c",{"i":${i}}]`);
            }
            conn.destroy();
        });

        test('an event of 2 MB arrives', async () => {
            const data = 'é'.repeat(1e6);
            assertAnswer(await post({ channel: 'c', name: 'E', data }), 200, OK);
            const packet = await client.next(20000);
            assert.equal(packet.length, 1e6 + '42["E","c",""]'.length);
        });
    });

    describe('bad bodies', () => {
        const incomplete = {
            'no channel': { name: 'E', data: {} },
            'no name': { channel: 'c', data: {} },
            'no data': { channel: 'c', name: 'E' },
            'null as data': { channel: 'c', name: 'E', data: null },
            'an empty text as name': { channel: 'c', name: '', data: {} },
            'an empty text as channel': { channel: '', name: 'E', data: {} },
            'an empty object': {},
        };
        for (const [name, body] of Object.entries(incomplete)) {
            test(`${name} is 400`, async () => {
                assertAnswer(await post(body), 400, INCOMPLETE);
            });
        }

        const broken = {
            'an empty body': '',
            'broken JSON': '{"channel":"c","name":"E","data":',
            'text': 'hello',
            'a number': '1',
            'null': 'null',
            'a list': '[]',
            'a string': '"x"',
            'text behind the object': '{"channel":"c","name":"E","data":{}}x',
            'two objects': '{"channel":"c","name":"E","data":{}}{}',
            'invalid UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
            'zero bytes': Buffer.alloc(100),
            'a channel that is a number': '{"channel":1,"name":"E","data":{}}',
            'a channel that is an object': '{"channel":{},"name":"E","data":{}}',
            'channels that are not texts': '{"channels":[1,{}],"name":"E","data":{}}',
            'channels that are an object': '{"channels":{"0":"c"},"name":"E","data":{}}',
            'a name that is a list': '{"channel":"c","name":["E"],"data":{}}',
            'data nested beyond the limit':
                `{"channel":"c","name":"E","data":${'['.repeat(200)}${']'.repeat(200)}}`,
            'a hundred thousand brackets': '['.repeat(100000),
            'JSON text nested beyond the limit':
                `{"channel":"c","name":"E","data":"${'['.repeat(100000)}"}`,
        };
        for (const [name, body] of Object.entries(broken)) {
            test(`${name} disturbs nobody`, async () => {
                const response = await post(body);
                const mayPass = name.startsWith('JSON text');
                assert.ok(response.status === 400 || (mayPass && response.status === 200),
                    `${response.status} ${response.text}`);
                await other.check();
                if (response.status === 200) {
                    await client.next();
                }
            });
        }

        test('a body over 10 MB is 413', async () => {
            const conn = await HttpConn.open(server.port);
            conn.send(requestBytes({ method: 'POST', path: PATH,
                headers: { 'Content-Length': 11 * 1024 * 1024 } }));
            assert.equal((await conn.response()).status, 413);
            conn.destroy();
        });

        test('a chunked body over 10 MB is 413', async () => {
            const conn = await HttpConn.open(server.port);
            conn.send(requestBytes({ method: 'POST', path: PATH,
                headers: { 'Transfer-Encoding': 'chunked' } }));
            const part = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(0x100000, 32),
                Buffer.from('\r\n')]);
            for (let i = 0; i < 11; i += 1) {
                conn.send(part);
            }
            assert.equal((await conn.response()).status, 413);
            conn.destroy();
        });

        test('a body that stops in the middle disturbs nobody', async () => {
            const conn = await HttpConn.open(server.port);
            conn.send(requestBytes({ method: 'POST', path: PATH, body: '{"channel":"c"',
                headers: { 'Content-Length': 100 } }));
            conn.destroy();
            await other.check();
        });
    });

    describe('other requests', () => {
        test('GET of the events is not found', async () => {
            const response = await request(server.port, { path: PATH });
            assert.ok([404, 405].includes(response.status), response.head);
        });

        test('another path below the application is not found', async () => {
            const response = await post(EVENT, { path: '/apps/app/nothing?auth_key=key' });
            assert.equal(response.status, 404);
        });
    });

    test('nothing else arrived at the client', async () => {
        await post({ channel: 'c', name: 'Marker', data: 'x' });
        await client.expect('42["Marker","c","x"]');
    });

    test('nobody else was disturbed', () => other.check());
});

describe('http-api options', () => {
    test('apiOriginAllow adds CORS headers', () => withServer({
        config: {
            apiOriginAllow: {
                allowCors: true, allowOrigin: 'http://page.example:80', allowMethods: 'GET, POST',
                allowHeaders: 'Origin, Content-Type',
            },
        },
    }, async (server) => {
        const response = await request(server.port, { method: 'POST', path: PATH, body: '{}' });
        assert.equal(response.status, 400);
        assert.equal(response.headers['access-control-allow-origin'], 'http://page.example:80');
        assert.equal(response.headers['access-control-allow-methods'], 'GET, POST');
        assert.equal(response.headers['access-control-allow-headers'], 'Origin, Content-Type');
    }));

    test('without apiOriginAllow there are none', () => withServer({}, async (server) => {
        const response = await request(server.port, { method: 'POST', path: PATH, body: '{}' });
        assert.equal(response.headers['access-control-allow-origin'], undefined);
    }));

    test('without clients every post is 403', () => withServer({
        config: { clients: [] },
    }, async (server) => {
        for (const path of [PATH, '/apps//events', '/apps/app/events?auth_key=']) {
            const response = await request(server.port, { method: 'POST', path, body: '{}' });
            assert.ok([403, 404].includes(response.status));
        }
    }));

    test('the HTTP subscriber that is off takes no events', () => withServer({
        config: { subscribers: { http: false, redis: false } },
    }, async (server) => {
        const response = await request(server.port,
            { method: 'POST', path: PATH, body: JSON.stringify(EVENT) });
        assert.equal(response.status, 404);
        assert.equal((await request(server.port)).text, 'OK');
    }));
});
