// SPDX-License-Identifier: MIT
// https and wss with an authority of our own, which the pages verify; and the
// server's own verification of the application it asks.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import tls from 'node:tls';
import { after, before, describe, test } from 'node:test';
import { startBackend } from '../lib/backend.mjs';
import { makeCerts } from '../lib/certs.mjs';
import { CLIENT_COMBINATIONS, fence, label } from '../lib/echo.mjs';
import { startScene } from '../lib/scene.mjs';
import {
    freePort, runServer, startServer, tempDir, within, TIMEOUT,
} from '../lib/server.mjs';

const ORDER = 'App\\Events\\OrderShipped';
const PASSPHRASE = 'open sesame';

describe('pages over TLS', () => {
    let scene;
    let session;
    let certs;
    before(async () => {
        certs = makeCerts({ passphrase: PASSPHRASE });
        scene = await startScene({
            laravel: {},
            config: {
                protocol: 'https', sslCertPath: certs.certPath, sslKeyPath: certs.keyPath,
                sslPassphrase: PASSPHRASE,
            },
        });
        session = await scene.laravel.login(1);
    });
    after(() => scene?.close());

    for (const combination of CLIENT_COMBINATIONS) {
        test(`events reach ${label(combination)}`, async () => {
            const mine = await scene.page({
                ...combination, ca: certs.ca, cookie: session.cookie, csrf: session.token,
            });
            mine.echo.private('orders.1');
            mine.echo.private('orders.2');
            await mine.joined('private-orders.1');
            assert.equal((await mine.refused('private-orders.2')).data, 403);
            await scene.laravel.fire('order', { id: '2' });
            await scene.laravel.fire('order', { id: '1', text: 'x'.repeat(40000) });
            await fence(scene.redis, [mine]);
            assert.equal(mine.on('private-orders.1')[0].data.order.text.length, 40000);
            assert.equal(mine.count(ORDER, 'private-orders.2'), 0);
            mine.close();
        });
    }

    test('a page that trusts another authority does not connect', async () => {
        await assert.rejects(scene.page({ ca: certs.otherCa }));
    });

    for (const version of ['TLSv1.2', 'TLSv1.3']) {
        test(`${version} is spoken`, async () => {
            const socket = tls.connect({
                host: '127.0.0.1', port: scene.server.port, ca: certs.ca,
                minVersion: version, maxVersion: version,
            });
            await within(new Promise((resolve, reject) => {
                socket.once('secureConnect', resolve);
                socket.once('error', reject);
            }), undefined, 'the handshake');
            assert.equal(socket.getProtocol(), version);
            socket.destroy();
        });
    }

    test('TLS 1.1 is refused', async () => {
        const socket = tls.connect({
            host: '127.0.0.1', port: scene.server.port, ca: certs.ca,
            minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0',
        });
        const outcome = await within(new Promise((resolve) => {
            socket.once('secureConnect', () => resolve('connected'));
            socket.once('error', (error) => resolve(error.code));
        }), undefined, 'an outcome');
        assert.match(outcome, /ALERT/);
        socket.destroy();
    });
});

test('an intermediate authority is presented from sslCertChainPath', async () => {
    const certs = makeCerts();
    const server = await startServer({
        config: {
            protocol: 'https', sslCertPath: certs.chainedCertPath, sslKeyPath: certs.chainedKeyPath,
            sslCertChainPath: certs.chainPath,
        },
    });
    const body = await within(new Promise((resolve, reject) => {
        https.get(`${server.url}/`, { ca: certs.ca, agent: false }, (answer) => {
            answer.setEncoding('utf8').once('data', resolve);
        }).once('error', reject);
    }), undefined, 'an answer');
    assert.equal(body, 'OK');
    await server.stop();
});

test('a certificate that does not fit ends the start with its option and file', async () => {
    const certs = makeCerts({ passphrase: PASSPHRASE });
    const wrong = {
        'sslCertPath': { sslCertPath: '/nonexistent.crt', sslKeyPath: certs.chainedKeyPath },
        'sslKeyPath': { sslCertPath: certs.certPath, sslKeyPath: certs.chainedKeyPath },
        'sslPassphrase': {
            sslCertPath: certs.certPath, sslKeyPath: certs.keyPath, sslPassphrase: 'wrong',
        },
    };
    for (const [option, keys] of Object.entries(wrong)) {
        const file = path.join(tempDir(), 'echo-server.json');
        const config = {
            host: '127.0.0.1', port: await freePort(), protocol: 'https',
            subscribers: { http: true, redis: false }, ...keys,
        };
        fs.writeFileSync(file, JSON.stringify(config));
        const end = await runServer(['start', `--config=${file}`]);
        assert.equal(end.code, 1, option);
        assert.match(end.stderr, new RegExp(option));
    }
});

describe('the application over TLS', () => {
    const backends = [];
    after(() => Promise.all(backends.map((backend) => backend.close())));

    async function backendWith(certs) {
        const tlsOptions = {
            cert: fs.readFileSync(certs.certPath), key: fs.readFileSync(certs.keyPath),
        };
        backends.push(await startBackend(() => ({ status: 200 }), { tls: tlsOptions }));
        return backends.at(-1);
    }

    // Linux takes 0.0.0.0 to this machine, yet it is no loopback address: such
    // a host has to be verified, while the back end listens on loopback only.
    const UNSPARED = { names: 'IP:0.0.0.0' };
    const unspared = (backend) => `https://0.0.0.0:${backend.port}`;

    async function subscribe(config) {
        const scene = await startScene({ redis: false, config: { authRetryTime: 200, ...config } });
        let first;
        try {
            const page = await scene.page();
            [first] = await page.ask('subscribe', { channel: 'private-x' }, 2 * TIMEOUT);
            const [second] = await page.ask('subscribe', { channel: 'private-y' }, 2 * TIMEOUT);
            assert.deepEqual(second, first);
        } finally {
            await scene.close();
        }
        return { ...first, log: scene.server.stderr() };
    }

    test('a loopback host is not verified, and that is said once', async () => {
        const backend = await backendWith(makeCerts());
        const { ok, log } = await subscribe({ authHost: backend.url });
        assert.equal(ok, true);
        assert.equal(log.match(/loopback/g)?.length, 1, log);
    });

    test('a host with a trusted certificate for its name is asked', async () => {
        const certs = makeCerts(UNSPARED);
        const backend = await backendWith(certs);
        const { ok } = await subscribe({ authHost: unspared(backend), authCaPath: certs.caPath });
        assert.equal(ok, true);
    });

    test('a host of an unknown authority is not asked; the log names the option', async () => {
        const backend = await backendWith(makeCerts(UNSPARED));
        const { ok, status, log } = await subscribe({ authHost: unspared(backend) });
        assert.deepEqual({ ok, status }, { ok: false, status: 0 });
        assert.match(log, /subscription refused .*status=0/);
        assert.match(log, /authVerifyTls/);
        assert.equal(backend.requests.length, 0);
    });

    test('a certificate for another name is not accepted', async () => {
        const certs = makeCerts({ names: 'DNS:elsewhere.test' });
        const backend = await backendWith(certs);
        const { ok, status } = await subscribe(
            { authHost: unspared(backend), authCaPath: certs.caPath });
        assert.deepEqual({ ok, status }, { ok: false, status: 0 });
        assert.equal(backend.requests.length, 0);
    });

    test('authVerifyTls false asks all the same', async () => {
        const backend = await backendWith(makeCerts(UNSPARED));
        const { ok } = await subscribe({ authHost: unspared(backend), authVerifyTls: false });
        assert.equal(ok, true);
    });
});
