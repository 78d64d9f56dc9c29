// SPDX-License-Identifier: MIT
// Certificates while the server runs: renewed under open connections, refused
// when they are broken, several at once, and what TLS is spoken with them.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { after, before, describe, test } from 'node:test';
import { makeCerts } from '../lib/certs.mjs';
import { openCrowd, scaled } from '../lib/mass.mjs';
import { hangUp } from '../lib/reload.mjs';
import {
    freePort, runServer, startServer, tempDir, waitFor, within, SLOW,
} from '../lib/server.mjs';

const LIMIT = 20000 * SLOW;

let certs;
before(() => { certs = makeCerts(); });

const servers = [];
after(() => Promise.all(servers.map((server) => server.alive() && server.stop())));

async function start(config) {
    servers.push(await startServer({ config: { protocol: 'https', ...config } }));
    return servers.at(-1);
}

/** A handshake: {fingerprint, protocol, cipher, reused, session}, or {error}. */
function shake(server, options = {}) {
    return within(new Promise((resolve) => {
        const socket = tls.connect({
            host: '127.0.0.1', port: server.port, ca: certs.ca,
            checkServerIdentity: () => undefined, ...options,
        });
        let session;
        const done = (result) => {
            socket.destroy();
            resolve(result);
        };
        socket.on('session', (ticket) => { session = ticket; });
        socket.once('error', (error) => done({ error: error.code }));
        socket.once('data', () => done({
            fingerprint: socket.getPeerCertificate().fingerprint256,
            protocol: socket.getProtocol(), cipher: socket.getCipher().name,
            reused: socket.isSessionReused(), session: session ?? socket.getSession(),
        }));
        socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    }), LIMIT, 'a handshake');
}

const fingerprint = async (server, options) => (await shake(server, options)).fingerprint;

const serves = (server, issued, options) => waitFor(
    async () => await fingerprint(server, options) === issued.fingerprint, LIMIT,
    `the certificate ${issued.certPath}; log:\n${server.stderr()}`);

/** Puts files in place of others by renames, as certbot and editors do. */
function put(issued, dir, names = ['cert.pem', 'key.pem']) {
    [issued.certPath, issued.keyPath].forEach((from, i) => {
        fs.copyFileSync(from, path.join(dir, `${names[i]}.new`));
    });
    names.forEach((name) => fs.renameSync(path.join(dir, `${name}.new`), path.join(dir, name)));
}

const pathsIn = (dir) => ({
    sslCertPath: path.join(dir, 'cert.pem'), sslKeyPath: path.join(dir, 'key.pem'),
});

describe('a certificate renewed under open connections', () => {
    let dir;
    let server;
    let crowd;
    let tickets;
    const count = scaled(1000);
    before(async () => {
        dir = tempDir();
        put(certs.issue('first'), dir);
        server = await start(pathsIn(dir));
        tickets = {
            12: (await shake(server, { maxVersion: 'TLSv1.2' })).session,
            13: (await shake(server)).session,
        };
        crowd = await openCrowd({ port: server.port, count, ca: certs.ca });
    });
    after(() => crowd?.close());

    test('is seen by new connections, and by a rename alone', async () => {
        const second = certs.issue('second');
        put(second, dir);
        await serves(server, second);
        await server.waitLog(/certificate in use .*cert\.pem/);
    });

    test('keeps tickets good that were given before it', async () => {
        for (const [version, session] of Object.entries(tickets)) {
            const again = await shake(server, { session, maxVersion: `TLSv1.${version[1]}` });
            assert.equal(again.reused, true, `TLS 1.${version[1]}`);
        }
    });

    test('leaves the old one in place when it is broken, and says so once', async () => {
        const [good, other] = [certs.issue('third'), certs.issue('fourth')];
        const refusals = () => server.stderr().match(/changed certificate cannot be used/g)?.length ?? 0;
        const kept = await fingerprint(server);
        put({ certPath: good.certPath, keyPath: other.keyPath }, dir);
        await waitFor(() => refusals() === 1, LIMIT, 'a refusal');
        await server.waitLog(/sslKeyPath: the private key .* does not belong/);
        const half = path.join(tempDir(), 'half.pem');
        fs.writeFileSync(half, fs.readFileSync(good.certPath, 'utf8').slice(0, 300));
        put({ certPath: half, keyPath: good.keyPath }, dir);
        await waitFor(() => refusals() === 2, LIMIT, 'a second refusal');
        assert.equal(await fingerprint(server), kept);
        put(good, dir);
        await serves(server, good);
        assert.equal(refusals(), 2);
    });

    test('closes none of them', () => {
        assert.equal(crowd.drops, 0);
        assert.equal(crowd.connected(), count);
    });
});

describe('the folder of a certificate', () => {
    test('may hold links, as certbot has them', async () => {
        const root = tempDir();
        const file = (...parts) => path.join(root, ...parts);
        ['archive/site', 'live/site'].forEach((dir) => fs.mkdirSync(file(dir), { recursive: true }));
        const issue = (number) => {
            const issued = certs.issue(`certbot${number}`);
            put(issued, file('archive/site'), [`fullchain${number}.pem`, `privkey${number}.pem`]);
            for (const name of ['fullchain', 'privkey']) {
                fs.rmSync(file('live/site', `${name}.pem`), { force: true });
                fs.symlinkSync(`../../archive/site/${name}${number}.pem`,
                    file('live/site', `${name}.pem`));
            }
            return issued;
        };
        issue(1);
        const server = await start({
            sslCertPath: file('live/site/fullchain.pem'), sslKeyPath: file('live/site/privkey.pem'),
        });
        await serves(server, issue(2));
        fs.rmSync(file('live/site'), { recursive: true });
        fs.mkdirSync(file('live/site'));
        await serves(server, issue(3));
    });

    test('may be a pattern, of which the newest pair that fits is taken', async () => {
        const root = tempDir();
        const site = (number) => {
            const dir = path.join(root, String(number));
            fs.mkdirSync(dir, { recursive: true });
            return dir;
        };
        const names = ['server.crt', 'server.key'];
        const first = certs.issue('forge1');
        put(first, site(1000), names);
        const server = await start({
            sslCertPath: path.join(root, '*', 'server.crt'),
            sslKeyPath: path.join(root, '*', 'server.key'),
        });
        assert.equal(await fingerprint(server), first.fingerprint);
        const second = certs.issue('forge2');
        put(second, site(2000), names);
        await serves(server, second);
        put({ certPath: certs.certPath, keyPath: first.keyPath }, site(3000), names);
        await server.waitLog(/newer certificate is ignored: .*3000\/server\.key does not belong/,
            LIMIT);
        assert.equal(await fingerprint(server), second.fingerprint);
        fs.rmSync(site(3000), { recursive: true });
        fs.rmSync(site(2000), { recursive: true });
        await serves(server, first);
    });

    test('is looked at on SIGHUP too', async () => {
        const dir = tempDir();
        put(certs.issue('hup1'), dir);
        const server = await start(pathsIn(dir));
        const second = certs.issue('hup2');
        put(second, dir);
        await hangUp(server);
        assert.equal(await fingerprint(server), second.fingerprint, 'at once');
    });
});

describe('several certificates', () => {
    let server;
    let issued;
    before(async () => {
        issued = {
            rsa: certs.issue('rsa', { names: 'DNS:app.test,DNS:www.app.test', type: 'RSA' }),
            ec: certs.issue('ec', { names: 'DNS:app.test' }),
            shop: certs.issue('shop', { names: 'DNS:shop.test,DNS:*.shop.test' }),
            named: certs.issue('named', { names: 'DNS:elsewhere.test', passphrase: 'open' }),
        };
        const entry = ({ certPath, keyPath }, more) => ({ certPath, keyPath, ...more });
        server = await start({
            sslCertPath: issued.rsa.certPath, sslKeyPath: issued.rsa.keyPath,
            certificates: [
                entry(issued.ec), entry(issued.shop),
                entry(issued.named, { passphrase: 'open', hosts: ['named.test', '*.named.test'] }),
            ],
        });
    });

    for (const [name, servername, more] of [
        ['shop', 'shop.test'], ['shop', 'SHOP.test'], ['shop', 'a.shop.test'],
        ['named', 'named.test'], ['named', 'x.named.test'],
        ['rsa', 'www.app.test'],
        // For nobody: the first, and the one with another type of key for the same host.
        ['ec', 'a.b.shop.test'], ['ec', 'elsewhere.test'],
        ['ec', 'app.test', { sigalgs: 'ecdsa_secp256r1_sha256' }],
        ['rsa', 'app.test', { sigalgs: 'rsa_pss_rsae_sha256' }],
        ['ec', 'app.test', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }],
        ['rsa', 'app.test', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }],
    ]) {
        test(`${servername} ${JSON.stringify(more ?? {})} gets ${name}`, async () => {
            // The authority signs with ECDSA, which a list without it would refuse.
            const trust = more?.sigalgs ? { rejectUnauthorized: false } : {};
            const seen = await shake(server, { servername, ...trust, ...more });
            assert.equal(seen.fingerprint, issued[name].fingerprint, seen.error);
        });
    }

    test('the first serves a client that names no host', async () => {
        assert.equal(await fingerprint(server, {
            servername: '', maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256',
        }), issued.rsa.fingerprint);
    });

    test('may do without sslCertPath', async () => {
        const { certPath, keyPath, fingerprint: expected } = issued.shop;
        assert.equal(await fingerprint(await start({ certificates: [{ certPath, keyPath }] })),
            expected);
    });

    test('are named by their place when one is broken', async () => {
        const file = path.join(tempDir(), 'echo-server.json');
        const { certPath, keyPath } = issued.shop;
        fs.writeFileSync(file, JSON.stringify({
            host: '127.0.0.1', port: await freePort(), protocol: 'https',
            subscribers: { http: true, redis: false },
            certificates: [{ certPath, keyPath }, { certPath, keyPath: issued.ec.keyPath }],
        }));
        const end = await runServer(['start', `--config=${file}`]);
        assert.equal(end.code, 1);
        assert.match(end.stderr, /certificates\[1\]\.keyPath: the private key .* does not belong/);
    });
});

describe('what is spoken', () => {
    const pair = () => ({ sslCertPath: certs.certPath, sslKeyPath: certs.keyPath });
    const versions = async (server) => ({
        12: !(await shake(server, { maxVersion: 'TLSv1.2' })).error,
        13: !(await shake(server, { minVersion: 'TLSv1.3' })).error,
    });

    for (const [what, options, spoken] of [
        ['minVersion', { minVersion: 'TLSv1.3' }, { 12: false, 13: true }],
        ['maxVersion', { maxVersion: 'TLSv1.2' }, { 12: true, 13: false }],
        ['an older maxVersion', { maxVersion: 'TLSv1.1' }, { 12: true, 13: false }],
        ['secureOptions', { secureOptions: 0x20000000 }, { 12: true, 13: false }],
        ['secureOptions as init wrote it', { secureOptions: 67108864 }, { 12: true, 13: true }],
        ['ciphers', { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }, { 12: true, 13: false }],
    ]) {
        test(`follows ${what}`, async () => {
            const server = await start({ ...pair(), ...options });
            assert.deepEqual(await versions(server), spoken);
        });
    }

    test('are the ciphers listed, of both versions', async () => {
        const server = await start({
            ...pair(), ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384',
        });
        assert.equal((await shake(server)).cipher, 'TLS_AES_128_GCM_SHA256');
        assert.equal((await shake(server, { maxVersion: 'TLSv1.2' })).cipher,
            'ECDHE-ECDSA-AES256-GCM-SHA384');
    });

    test('is said where it differs from what was asked for', async () => {
        const server = await start({ ...pair(), minVersion: 'TLSv1', secureOptions: 0x1000000000 });
        await server.waitLog(/minVersion is "TLSv1"; "TLSv1.2" is in effect/);
        await server.waitLog(/secureOptions has flags .* 68719476736; 0 is in effect/);
    });
});

test('a certificate that ends within 14 days is a warning', async () => {
    const warned = async (days) => {
        const { certPath, keyPath } = certs.issue(`days${days}`, { days });
        const server = await start({ sslCertPath: certPath, sslKeyPath: keyPath });
        await server.stop(); // its whole log is written
        return /warning a certificate expires soon .*days=\d+/.test(server.stderr());
    };
    assert.deepEqual([await warned(13), await warned(20)], [true, false]);
});
