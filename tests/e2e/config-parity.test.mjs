// SPDX-License-Identifier: MIT
// The same laravel-echo-server.json and .env given to laravel-echo-server
// 1.6.3 and to this server: what can be seen from outside is the same, also
// where a value is none that the documentation knows.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startBackend } from '../lib/backend.mjs';
import { makeFolder, request, startIn, NAMES } from '../lib/beside.mjs';
import { openPage } from '../lib/echo.mjs';
import { startRedis, PREFIX } from '../lib/redis.mjs';
import { checkout, freePort, waitFor, SLOW } from '../lib/server.mjs';

const HANDSHAKE = '/socket.io/?EIO=3&transport=polling';

let redis;
let backend;
before(async () => {
    redis = await startRedis();
    backend = await startBackend(({ channel, headers }) => {
        const user = Number(headers['x-user']);
        return channel.startsWith('presence-')
            ? { body: JSON.stringify({ channel_data: { user_id: user, user_info: { user } } }) }
            : { status: channel === 'private-orders.1' ? 200 : 403, body: 'true' };
    });
});
after(async () => {
    await backend?.close();
    await redis?.stop();
});

/** As `init` writes it, with what is needed here. */
const written = (port, more = {}) => ({
    authHost: backend.url, authEndpoint: '/broadcasting/auth',
    clients: [{ appId: 'app', key: 'key' }], database: 'redis',
    databaseConfig: {
        redis: { host: '127.0.0.1', port: redis.port, keyPrefix: PREFIX },
        sqlite: { databasePath: '/database/laravel-echo-server.sqlite' },
    },
    devMode: false, host: '127.0.0.1', port: String(port), protocol: 'http', socketio: {},
    secureOptions: 67108864, sslCertPath: '', sslKeyPath: '', sslCertChainPath: '',
    sslPassphrase: '', subscribers: { http: true, redis: true },
    apiOriginAllow: { allowCors: false, allowOrigin: '', allowMethods: '', allowHeaders: '' },
    ...more,
});

/* ---- the same page ---- */

const members = async (server, channel) => {
    const { text } = await request(server, `/apps/app/channels/${channel}?auth_key=key`);
    return JSON.parse(text).subscription_count;
};

const joined = (server, channel, count) => waitFor(
    async () => await members(server, channel) === count, 10000 * SLOW, `${count} in ${channel}`);

/** What a page received, without what differs from one run to the next. */
const story = (page) => page.received.map(({ name, channel, data }) =>
    [name, channel, JSON.parse(JSON.stringify(data ?? null, (key, value) =>
        (key === 'socketId' ? 'id' : value)))]);

/** One page after another does what pages do; their stories, and the state between. */
async function play(server) {
    const open = (user) => openPage(
        { url: server.url, client: 'sio2', headers: { 'X-User': String(user) } });
    const one = await open(1);
    const two = await open(2);
    try {
        one.echo.channel('news');
        one.echo.private('orders.1');
        one.echo.private('closed');
        one.echo.join('room');
        await one.event('presence:subscribed', 'presence-room');
        await one.refused('private-closed');
        two.echo.channel('news');
        two.echo.private('orders.1');
        two.echo.join('room');
        await two.event('presence:subscribed', 'presence-room');
        await one.event('presence:joining', 'presence-room');
        await joined(server, 'news', 2);
        await joined(server, 'private-orders.1', 2);
        await redis.awaitSubscriber();
        await redis.publish('news', 'App\\Events\\NewsPosted', { text: 'Größe "ok" /' });
        await redis.publish('private-orders.1', 'message.posted', [1, null, { a: {} }]);
        await redis.publish('news', 'App\\Events\\NewsPosted', { to: 'others' },
            { socket: one.id });
        await request(server, '/apps/app/events?auth_key=key', {
            method: 'POST', headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify({ name: 'Posted', channels: ['news', 'presence-room'],
                data: '{"by":"http"}' }),
        });
        await Promise.all([one, two].map((page) => page.event('Posted', 'presence-room')));
        two.echo.join('room').whisper('typing', { key: 'x' });
        await one.event('client-typing', 'presence-room');
        two.echo.leave('room');
        await one.event('presence:leaving', 'presence-room');
        await joined(server, 'presence-room', 1);
        return [story(one), story(two)];
    } finally {
        one.close();
        two.close();
    }
}

test('the same file and the same .env serve the same page', async () => {
    const port = await freePort();
    const dir = makeFolder({
        config: written(1, { databaseConfig: { redis: { keyPrefix: PREFIX } } }),
        dotenv: `APP_NAME="My App"\n# of the application\nREDIS_PORT=${redis.port}\n\n`
            + 'REDIS_HOST=127.0.0.1\nthis is no line\n'
            + 'LARAVEL_ECHO_SERVER_REDIS_HOST=${REDIS_HOST}\r\n'
            + `LARAVEL_ECHO_SERVER_REDIS_PORT="\${REDIS_PORT}"\n`
            + `LARAVEL_ECHO_SERVER_PORT='tcp://10.0.0.9:${port}/'\n`,
    });
    const stories = {};
    for (const name of NAMES) {
        const server = await startIn(dir, name, { port });
        try {
            assert.ok(server.serves, server.output());
            stories[name] = await play(server);
        } finally {
            await server.stop();
        }
    }
    assert.deepEqual(stories.ours, stories.reference);
    assert.equal(stories.ours[0].length, 9, JSON.stringify(stories.ours[0]));
});

/* ---- single values ---- */

const pick = (headers, names) =>
    Object.fromEntries(names.map((name) => [name, headers?.[name]?.replaceAll(', ', ',')]));

/** The open packet, and the cookie without the id. */
async function handshake(server, target = HANDSHAKE) {
    const answer = await request(server, target);
    const packet = answer.text?.match(/0(\{.*?\})/)?.[1];
    return {
        status: answer.status,
        open: packet && { ...JSON.parse(packet), sid: undefined },
        cookie: answer.headers?.['set-cookie']?.map((text) => text.replace(/=[\w-]{20}/, '=ID')),
    };
}

const root = async (server, names) => {
    const { status, headers } = await request(server, '/');
    return { status, ...pick(headers, names) };
};

const post = async (server) => (await request(server, '/apps/app/events?auth_key=key', {
    method: 'POST', body: '{"name":"E","channel":"c","data":{}}',
    headers: { 'Content-Type': 'application/json' },
})).status;

const statuses = (server, requests) => Promise.all(requests.map(
    async ([target, headers]) => (await request(server, target, { headers })).status));

/** A page of a 2.x client joins channel: the status of its refusal, or who asked the application. */
async function authenticate(server, channel, referer) {
    const before = backend.requests.length;
    const page = await openPage({ url: server.url, client: 'sio2', transport: 'polling',
        headers: { 'X-User': '1' }, ...referer && { more: { extraHeaders: { Referer: referer } } } });
    try {
        page.echo.join(channel);
        const name = `presence-${channel}`;
        const event = await page.event(({ channel: of }) => of === name, name, 10000 * SLOW);
        return { event: event.name, status: event.name === 'subscription_error' ? event.data : 200,
            path: backend.requests.slice(before).find((asked) => asked.channel === name)?.path };
    } finally {
        page.close();
    }
}

const CORS = ['access-control-allow-origin', 'access-control-allow-methods',
    'access-control-allow-headers'];
const BUNDLE = '/socket.io/socket.io.js';

/*
 * what: {config: over that of `init`, dotenv, env, look: what is compared, warns: what the
 * log of this server says; differs: [reference, ours] where it is known to}.
 */
const CASES = {
    'a port within a text': {
        config: (port) => ({ port: `http://10.0.0.9:${port}/` }), look: handshake },
    'what is ignored': {
        config: (port) => ({ port: [`99${port}`.slice(-7)], host: 5, protocol: 'HTTPS',
            sslCertPath: 5, sslKeyPath: {}, clients: [{ appId: 'app', key: 'key' }, 5, {}],
            verifyAuthServer: false, '': 1, big: 1e300, honorCipherOrder: true,
            socketio: { pinginterval: 1, transports: ['polling', 'flashsocket'] } }),
        look: async (server) => [await handshake(server), await post(server)],
        warns: [/port is \["\d+"\]; taken as \d+/, /host is 5; taken as null/,
            /protocol is "HTTPS"; taken as "http"/, /clients\[1\] is not a client and is ignored/,
            /unknown option socketio\.pinginterval; did you mean socketio\.pingInterval/,
            /transports\[1\] is ignored: it is "flashsocket"; expected/] },
    'a negative port, and one subscriber, which turns the other off': {
        config: (port) => ({ port: -port, subscribers: { redis: true } }), look: post },
    'a subscriber that is the text "false" is on': {
        config: { subscribers: { http: 'false', redis: 0 } }, look: post,
        warns: [/subscribers\.http is "false"; taken as true/] },
    'groups that are no objects': {
        config: { subscribers: true, apiOriginAllow: 'yes', socketio: [] },
        look: async (server) => [await post(server), await handshake(server),
            await root(server, CORS)],
        warns: [/subscribers is true; taken as \{\}/] },
    'access from other origins, and headers, of every type': {
        config: { apiOriginAllow: { allowCors: 'false', allowOrigin: 'http://a.example',
            allowMethods: ['GET', 'POST'], allowHeaders: 5 },
        headers: { 'X-A': 'one', 'X-B': 2, 'X-C': true, 'X-D': ['a', 'b'], 'X-E': '' } },
        look: (server) => root(server, [...CORS, 'x-a', 'x-b', 'x-c', 'x-d', 'x-e']),
        warns: [/allowCors is "false"; taken as true/] },
    'access from other origins without its headers': {
        config: { apiOriginAllow: { allowCors: true } }, look: (server) => root(server, CORS),
        differs: [Object.fromEntries([['status', 200], ...CORS.map((name) => [name, 'undefined'])]),
            Object.fromEntries([['status', 200], ...CORS.map((name) => [name, undefined])])] },
    'a header that is none': {
        config: { headers: { 'X A': 'one', 'X-B': 'a\r\nX-C: d' } },
        look: (server) => root(server, ['x-b', 'x-c']), warns: [/headers\.X A is not a valid header/],
        differs: [{ status: 500, 'x-b': undefined, 'x-c': undefined },
            { status: 200, 'x-b': undefined, 'x-c': undefined }] },
    'a client whose id is a number': {
        config: { clients: [{ appId: 7, key: 8 }] },
        look: async (server) => (await request(server, '/apps/7/status?auth_key=8')).status,
        differs: [403, 200] },
    'what the socket server takes for the default': {
        config: { socketio: { path: '', pingInterval: 0, pingTimeout: null,
            maxHttpBufferSize: false, transports: '', cookie: 0, cookiePath: '',
            serveClient: 'false', allowUpgrades: 'false', httpCompression: null } },
        look: async (server) => [await handshake(server), await statuses(server, [[BUNDLE]])],
        warns: [/serveClient is "false"; taken as true/] },
    'numbers that are texts': {
        config: { socketio: { pingInterval: '3000', pingTimeout: '4000' } },
        look: async (server) => {
            const { open } = await handshake(server);
            return [Number(open.pingInterval), Number(open.pingTimeout)];
        } },
    'a number that is none': {
        config: { socketio: { pingInterval: 'soon' } },
        look: async (server) => (await handshake(server)).open.pingInterval,
        warns: [/pingInterval is "soon"; taken as 25000/], differs: ['soon', 25000] },
    'another path, without a client, a cookie and upgrades': {
        config: { socketio: { path: '/ws/', serveClient: false, cookie: false,
            allowUpgrades: false } },
        look: async (server) => [await handshake(server, '/ws/?EIO=3&transport=polling'),
            await statuses(server, [[HANDSHAKE], ['/ws/socket.io.js'], [BUNDLE]])] },
    'a cookie without a path': {
        config: { socketio: { cookie: 'lb', cookiePath: false } }, look: handshake },
    'a cookie whose name is a number': {
        config: { socketio: { cookie: 5, cookieHttpOnly: false } }, look: handshake },
    'a cookie that is an object is bare': {
        config: { socketio: { cookie: { name: 'lb', domain: 'a.example', sameSite: true } } },
        look: handshake },
    'a cookie with everything': {
        config: { socketio: { cookie: { name: 'lb', path: '/x', httpOnly: 'false', secure: 1,
            sameSite: 'lax', maxAge: '10', domain: 'a.example' } } },
        look: handshake },
    'origins in a text': {
        config: { socketio: { origins: 'http://a.example:80 b.example:*' } },
        look: (server) => statuses(server, [{}, { Origin: 'http://a.example' },
            { Origin: 'https://a.example' }, { Origin: 'https://b.example:81' },
            { Referer: 'http://a.example/page' }, { Origin: 'null' }]
            .map((headers) => [HANDSHAKE, headers])) },
    'no origin at all': {
        config: { socketio: { origins: [] } }, warns: [/origins is \[\]; taken as \[\]/],
        look: (server) => statuses(server, [{}, { Origin: 'http://a.example' }]
            .map((headers) => [HANDSHAKE, headers])) },
    'a database that nobody knows, and a port of Redis that is none': {
        config: { database: 'mysql', subscribers: { http: 1 },
            databaseConfig: { redis: { host: '127.0.0.1', port: 70000, db: -1 } } },
        look: post, warns: [/database is "mysql"; taken as "redis"/, /redis\.port is 70000/] },
    'an endpoint behind a host with a slash': {
        config: () => ({ authHost: `${backend.url}/`, authEndpoint: 'broadcasting/auth' }),
        look: (server) => authenticate(server, 'a'),
        warns: [/authEndpoint is "broadcasting\/auth"/] },
    'an application that its pages name': {
        config: () => ({ authHost: backend.url.slice('http://'.length) }),
        look: (server) => authenticate(server, 'b', `${backend.url}/page`),
        warns: [/authHost is "127\.0\.0\.1:\d+".*no scheme/] },
    'an application in a list, after ones that are none': {
        config: () => ({ authHost: [null, 5, backend.url] }),
        look: (server) => authenticate(server, 'c', 'http://elsewhere.example/'),
        warns: [/authHost\[0\] is ignored/, /authHost\[1\] is ignored: it is 5/] },
    'the environment over .env over the file': {
        config: () => ({ host: 'nowhere.invalid', port: 1, authHost: 'http://nowhere.invalid' }),
        dotenv: (port) => `  LARAVEL_ECHO_SERVER_PORT = "${port}"\r\n`
            + `LARAVEL_ECHO_SERVER_HOST=nowhere.invalid\n\nAPP='${backend.url}'\n`
            + 'LARAVEL_ECHO_SERVER_AUTH_HOST=x${APP}y\nLARAVEL_ECHO_SERVER_DEBUG=1\n'
            + 'LARAVEL_ECHO_SERVER_PROTO=HTTPS\nLARAVEL_ECHO_SERVER_REDIS_PASSWORD=\n',
        env: { LARAVEL_ECHO_SERVER_HOST: '127.0.0.1' },
        look: async (server) => [await authenticate(server, 'd'),
            /Channels are ready/.test(server.output())],
        warns: [/LARAVEL_ECHO_SERVER_DEBUG: devMode is 1; taken as false/] },
};

const call = (what, port) => (typeof what === 'function' ? what(port) : what);

/** What is to be seen of one server with a case's files. */
async function see(name, { config, dotenv, env, look }) {
    const port = await freePort();
    const dir = makeFolder(
        { config: written(port, call(config, port)), dotenv: call(dotenv, port) });
    const server = await startIn(dir, name, { port, env });
    try {
        assert.ok(server.serves, `${name} serves:\n${server.output()}`);
        return { seen: await look(server), output: server.output() };
    } finally {
        await server.stop();
    }
}

describe('beside laravel-echo-server 1.6.3', { concurrency: 4 }, () => {
    for (const [what, { warns = [], differs, ...how }] of Object.entries(CASES)) {
        test(what, async () => {
            const [reference, ours] = await Promise.all(NAMES.map((name) => see(name, how)));
            assert.deepEqual(reference.seen, differs ? differs[0] : ours.seen);
            assert.deepEqual(ours.seen, differs ? differs[1] : reference.seen);
            for (const line of warns) {
                assert.match(ours.output, line);
            }
            assert.doesNotMatch(ours.output, / error /);
        });
    }
});

test('a port without digits starts neither, and this server says so', async () => {
    const dir = makeFolder({ config: written('none') });
    const [reference, ours] = await Promise.all(NAMES.map((name) => startIn(dir, name, {})));
    const ends = await Promise.all([reference.stop(), ours.stop()]);
    assert.deepEqual([reference.serves, ours.serves], [false, false]);
    assert.equal(ends[1].code, 1);
    assert.match(ours.output(), /laravel-echo-server\.json: port is "none"; expected a number from 1/);
});

/* ---- the manual ---- */

test('docs/migrate.md has every option of docs/config.md', () => {
    const read = (name) => fs.readFileSync(path.join(checkout, 'docs', name), 'utf8');
    const options = [...read('config.md').matchAll(/^\| `([\w.]+)` \|/gm)].map(([, name]) => name);
    const manual = read('migrate.md');
    assert.ok(options.length > 60);
    assert.deepEqual(options.filter((name) => !manual.includes(`\`${name}\``)), []);
});
