// SPDX-License-Identifier: MIT
// SIGHUP: what is live changes for the next one who asks, what is open stays,
// what has to wait is named, and a bad file changes nothing.

import assert from 'node:assert/strict';
import tls from 'node:tls';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startBackend } from '../lib/backend.mjs';
import { makeCerts } from '../lib/certs.mjs';
import { openPage } from '../lib/echo.mjs';
import { startApp } from '../lib/raw-app.mjs';
import { connectWs, joinWs, Polling, subscribe, wsPath } from '../lib/raw-eio.mjs';
import { exchange, HttpConn, request } from '../lib/raw.mjs';
import { RawWs, upgradeBytes } from '../lib/raw-ws.mjs';
import { hangUp, reload, writeConfig } from '../lib/reload.mjs';
import { postEvent, startServer, waitFor, within, SLOW, TIMEOUT } from '../lib/server.mjs';

const ORIGIN = { Origin: 'https://app.test' };

let app;
let server;
let page;
let drops = 0;
const base = () => ({ authHost: app.url, workers: 2, whisperMaxSize: 100 });

before(async () => {
    app = await startApp();
    server = await startServer({ config: base() });
    page = await openPage({ url: server.url });
    page.socket.on('disconnect', () => { drops++; });
    page.echo.channel('steady');
    await page.joined('steady');
});
after(async () => {
    page?.close();
    await server?.stop();
    await app?.close();
});

/** The acknowledgement of one subscription more, of a fresh client that has some. */
async function joins(channels, headers = {}) {
    const ws = await connectWs(server.port, 4, { headers });
    try {
        for (const channel of channels.slice(0, -1)) {
            await joinWs(ws, channel);
        }
        ws.send(subscribe(channels.at(-1), 7));
        for (;;) {
            const text = await ws.text();
            if (text.startsWith('437')) {
                return JSON.parse(text.slice(3))[0].ok;
            }
        }
    } finally {
        ws.destroy();
    }
}

const get = (path, headers) => request(server.port, { path, headers });
const handshake = (eio = 4, headers = {}) => get(`/socket.io/?EIO=${eio}&transport=polling`, headers);
const opened = async () => JSON.parse((await handshake()).text.slice(1));
const posted = async (key) => (await postEvent(server,
    { channel: 'x', name: 'e', data: {} }, { key })).status;

async function asked() {
    const count = app.requests.length;
    await joins(['private-x']);
    return app.requests.slice(count).map((made) => made.path);
}

/** What whisper_error says of a client event of size bytes, or null: nothing. */
async function whispered(size) {
    const ws = await connectWs(server.port, 4);
    await joinWs(ws, 'private-x');
    ws.send(`429${JSON.stringify(['client event',
        { channel: 'private-x', event: 'client-x', data: 'x'.repeat(size) }])}`);
    const text = await ws.text();
    ws.destroy();
    return text;
}

/** Whether two events of size bytes wait for a page that does not poll meanwhile. */
async function keepsTwo(size) {
    const polling = await Polling.connect(server.port, 4);
    await polling.join('news');
    for (let i = 0; i < 2; i += 1) {
        await postEvent(server, { channel: 'news', name: 'e', data: { text: 'x'.repeat(size) } });
    }
    return (await polling.get()).text.length > 2 * size;
}

async function refusedConnections() {
    const conns = await Promise.all(Array.from({ length: 8 }, () => HttpConn.open(server.port)));
    const answers = await Promise.all(conns.map((conn) => {
        conn.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
        return conn.response();
    }));
    conns.forEach((conn) => conn.destroy());
    return answers.some(({ status }) => status === 503);
}

/** The address in the log line about a session that says where it comes from. */
async function loggedAddress() {
    const before = server.stderr().length;
    const ws = await connectWs(server.port, 4, { headers: { 'X-Forwarded-For': '192.0.2.9' } });
    ws.destroy();
    const found = await waitFor(
        () => server.stderr().slice(before).match(/session end .* ip=(\S+)/), TIMEOUT, 'the end');
    return found[1];
}

async function endsWithin(open) {
    const conn = await open();
    await within(conn.closed, TIMEOUT, 'the end of it');
    return true;
}

const LIVE = [
    ['clients', { clients: [{ appId: 'app', key: 'new' }] },
        async () => [await posted('key'), await posted('new')], [200, 403], [403, 200]],
    ['subscribers.http', { subscribers: { http: false, redis: false } },
        () => posted('key'), 200, 404, { warns: true }],
    ['headers', { headers: { 'X-Served-By': 'me' } },
        async () => (await get('/')).headers['x-served-by'], undefined, 'me'],
    ['apiOriginAllow', { apiOriginAllow: { allowCors: true, allowOrigin: 'https://a.test' } },
        async () => (await get('/')).headers['access-control-allow-origin'], undefined,
        'https://a.test'],
    ['authEndpoint', { authEndpoint: '/other' }, asked, ['/broadcasting/auth'], ['/other']],
    ['maxChannels', { maxChannels: 2 }, () => joins(['a', 'b', 'c']), true, false],
    ['maxChannelLength', { maxChannelLength: 3 }, () => joins(['abcd']), true, false],
    ['subscribeRate', { subscribeRate: 1, maxChannels: 1 },
        () => joins(['a', 'a', 'a']), true, false],
    ['whisperMaxSize', { whisperMaxSize: 50 },
        async () => /whisper_error|"ok":false/.test(await whispered(80)), false, true],
    ['sendQueueLimit', { sendQueueLimit: 1024 }, () => keepsTwo(4000), true, false],
    ['socketio.origins', { socketio: { origins: 'http://b.test:80' } },
        async () => (await handshake(4, ORIGIN)).status, 200, 403],
    ['allowedOrigins', { allowedOrigins: ['https://b.test'] },
        async () => (await handshake(4, ORIGIN)).status, 200, 403],
    ['socketio.maxHttpBufferSize', { socketio: { maxHttpBufferSize: 5000 } },
        async () => (await opened()).maxPayload, 1000000, 5000],
    ['socketio.allowUpgrades', { socketio: { allowUpgrades: false } },
        async () => (await opened()).upgrades, ['websocket'], []],
    ['socketio.perMessageDeflate', { socketio: { perMessageDeflate: true } },
        async () => /permessage-deflate/.test((await exchange(server.port, upgradeBytes(wsPath(4),
            { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } }))).head), false, true],
    ['socketio.httpCompression', { socketio: { httpCompression: { threshold: 0 } } },
        async () => (await handshake(4, { 'Accept-Encoding': 'gzip' })).headers['content-encoding'],
        undefined, 'gzip'],
    ['socketio.cookie', { socketio: { cookie: 'sticky' } },
        async () => (await handshake(3)).headers['set-cookie'].split('=')[0], 'io', 'sticky'],
    ['socketio.serveClient', { socketio: { serveClient: false } },
        async () => (await get('/socket.io/socket.io.js')).status === 200, true, false],
    ['maxConnections', { maxConnections: 4 }, refusedConnections, false, true],
];

/* Limits on time: before, they would be waited for too long. */
const TIMES = [
    ['headTimeout', { headTimeout: 50 }, () => endsWithin(async () => {
        const conn = await HttpConn.open(server.port);
        conn.send('GET / HTTP');
        return conn;
    })],
    ['socketio.connectTimeout', { socketio: { connectTimeout: 50 } }, () => endsWithin(async () => {
        const ws = await RawWs.open(server.port, wsPath(4));
        return ws.conn;
    })],
    ['socketio.upgradeTimeout', { socketio: { upgradeTimeout: 50 } }, () => endsWithin(async () => {
        const polling = await Polling.open(server.port, 4);
        return (await polling.candidate()).conn;
    })],
    ['authTimeout', { authTimeout: 50, authRetryTime: 0 }, async () => {
        const silent = await startApp(() => null);
        try {
            await reload(server, { authHost: silent.url });
            return !await joins(['private-x']);
        } finally {
            await silent.close();
        }
    }],
];

const initial = {};

describe('a reload', () => {
    before(() => { Object.assign(initial, server.config); });
    beforeEach(async () => {
        for (const key of Object.keys(server.config)) {
            server.config[key] = initial[key];
        }
        await reload(server, {});
    });

    for (const [option, changes, observe, old, fresh] of LIVE) {
        test(`changes ${option}`, async () => {
            assert.deepEqual(await observe(), old);
            const log = await reload(server, changes);
            assert.match(log, new RegExp(`reloaded .*changed=\\S*${option}`));
            assert.deepEqual(await observe(), fresh);
        });
    }

    for (const [option, changes, observe] of TIMES) {
        test(`changes ${option}`, async () => {
            await reload(server, changes);
            assert.equal(await observe(), true);
        });
    }

    test('changes authHost for the next request; one under way is answered', async () => {
        let release;
        const released = new Promise((resolve) => { release = resolve; });
        const old = await startBackend(async () => {
            await released;
            return { status: 200 };
        });
        try {
            await reload(server, { authHost: old.url });
            const ws = await connectWs(server.port, 4);
            ws.send(subscribe('private-x', 1));
            await waitFor(() => old.requests.length === 1, TIMEOUT, 'the request');
            const count = app.requests.length;
            await reload(server, { authHost: app.url });
            assert.equal(await joins(['private-y']), true);
            assert.equal(app.requests.length, count + 1);
            release();
            assert.equal(await ws.text(), '431[{"ok":true}]');
            ws.destroy();
        } finally {
            await old.close();
        }
    });

    test('changes logLevel and trustProxy', async () => {
        const log = await reload(server, { logLevel: 'info' });
        assert.match(log, /changed=logLevel/);
        assert.equal(await loggedAddress(), '192.0.2.9');
        await reload(server, { trustProxy: false });
        assert.equal(await loggedAddress(), '127.0.0.1');
    });

    test('names what waits for a restart, and changes the rest', async () => {
        const log = await reload(server, {
            workers: 3, maxChannels: 1, databaseConfig: { redis: { host: 'elsewhere' } },
        });
        for (const option of ['workers', 'databaseConfig.redis.host']) {
            assert.match(log, new RegExp(`warning .*: ${option} has changed; it takes effect after a restart`));
        }
        assert.match(log, /changed=maxChannels\n/);
        assert.equal(await joins(['a', 'b']), false);
    });

    test('of the same file changes nothing', async () => {
        assert.match(await reload(server, {}), /reloaded .*changed=nothing\n/);
    });

    for (const [what, text, problems] of [
        ['that is no JSON', '{"maxChannels": 1,', [/echo-server\.json:1:\d+: the file is not JSON/]],
        ['with two mistakes', JSON.stringify({ maxChannels: 1, headTimeout: 'x', logLevel: 3 }),
            [/headTimeout is "x"/, /logLevel is 3/]],
        ['that names a file which is not there', null, [/authCaPath: cannot read .*\/nowhere/]],
    ]) {
        test(`of a file ${what} changes nothing, and says why`, async () => {
            writeConfig(server, text ?? JSON.stringify({
                ...server.config, maxChannels: 1, authHost: 'https://app.test',
                authCaPath: '/nowhere',
            }));
            const log = await hangUp(server);
            problems.forEach((problem) => assert.match(log, problem));
            assert.match(log, /error the configuration was not reloaded; the previous one stays in effect/);
            assert.equal(await joins(['a', 'b']), true);
        });
    }

    test('follows each of many signals, and ends with the last file', async () => {
        for (let i = 1; i <= 20; i++) {
            server.config.maxChannels = i === 20 ? 2 : 100 + i;
            writeConfig(server, JSON.stringify(server.config));
            server.signal('SIGHUP');
        }
        await hangUp(server);
        await waitFor(async () => !await joins(['a', 'b', 'c']), TIMEOUT, 'the last limit');
    });

    test('closes no connection', async () => {
        await postEvent(server, { channel: 'steady', name: 'still', data: {} });
        await page.event('still', 'steady');
        assert.equal(drops, 0);
    });
});

test('a reload takes another certificate, and keeps the old one when it is broken', async () => {
    const certs = makeCerts();
    const second = certs.issue('second');
    const secure = await startServer({
        config: { protocol: 'https', sslCertPath: certs.certPath, sslKeyPath: certs.keyPath },
    });
    const seen = () => within(new Promise((resolve, reject) => {
        const socket = tls.connect({ host: '127.0.0.1', port: secure.port, ca: certs.ca }, () => {
            resolve(socket.getPeerCertificate().fingerprint256);
            socket.destroy();
        });
        socket.once('error', reject);
    }), 10000 * SLOW, 'a handshake');
    const first = await seen();
    const log = await reload(secure, { sslCertPath: second.certPath, maxChannels: 5 });
    assert.match(log, /sslKeyPath: the private key .* does not belong to the certificate/);
    assert.equal(await seen(), first);
    assert.match(await reload(secure, { sslKeyPath: second.keyPath }),
        /changed=sslCertPath,sslKeyPath,maxChannels\n/);
    assert.equal(await seen(), second.fingerprint);
    await secure.stop();
});
