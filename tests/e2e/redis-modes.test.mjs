// SPDX-License-Identifier: MIT
// Redis with TLS and users, at a Unix socket, behind sentinels, and as a
// cluster: events arrive, and arrive again when a server is lost.

import assert from 'node:assert/strict';
import net from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { makeCerts } from '../lib/certs.mjs';
import { agree, enter, recorded, startCluster, ROOM } from '../lib/presence.mjs';
import { PREFIX, startRedis } from '../lib/redis.mjs';
import { moveSlot, startRedisCluster, startSecureRedis, startSentinels } from '../lib/redis-modes.mjs';
import { startScene } from '../lib/scene.mjs';
import { freePort, startServer, waitFor, SLOW } from '../lib/server.mjs';

const AGAIN = 10000 * SLOW;

const ends = [];
afterEach(async () => {
    for (const part of ends.splice(0).reverse()) {
        await (part.stop ?? part.close).call(part);
    }
});

const keep = (part) => {
    ends.push(part);
    return part;
};

const pointing = (redis) => ({
    subscribers: { http: true, redis: true },
    databaseConfig: { redis: typeof redis === 'string' ? redis : { keyPrefix: PREFIX, ...redis } },
});

/** A server with a page that listens to news. */
async function startReader(redis, more = {}) {
    const scene = keep(await startScene({ redis: false, config: { ...pointing(redis), ...more } }));
    const page = await scene.page();
    page.echo.channel('news');
    await page.joined('news');
    return { page, server: scene.server };
}

/** Resolves when what is published arrives; publishing may fail meanwhile. */
async function arrives(redis, pages, name) {
    await waitFor(async () => {
        await redis().publish('news', name, {}).catch(() => {});
        return pages.every((page) => page.count(name, 'news') > 0);
    }, AGAIN, `${name} to arrive`);
}

const secrets = (server) => assert.doesNotMatch(server.stdout() + server.stderr(), /secret/);

describe('TLS', () => {
    test('with a user and a certificate, a Unix socket, and both again after a restart', async () => {
        const certs = makeCerts();
        let redis = keep(await startSecureRedis(certs));
        const login = { username: 'echo', password: 'tls secret' };
        const tls = { ca: certs.ca, cert: certs.certPath, key: certs.keyPath };
        const readers = [
            await startReader({ host: 'localhost', port: redis.port, tls, ...login }),
            await startReader({ path: redis.socket, ...login }),
        ];
        const pages = readers.map(({ page }) => page);
        await arrives(() => redis, pages, 'before');
        await redis.stop();
        await readers[0].server.waitLog(/redis down/);
        redis = keep(await startSecureRedis(certs, { port: redis.port, socket: redis.socket }));
        await arrives(() => redis, pages, 'after');
        for (const { server } of readers) {
            secrets(server);
        }
    });

    test('a URL says it all, and servername names the certificate', async () => {
        const certs = makeCerts({ names: 'DNS:redis.shop' });
        const redis = keep(await startSecureRedis(certs));
        const url = `rediss://echo:tls%20secret@127.0.0.1:${redis.port}/0`;
        const tls = { ca: certs.caPath, cert: certs.certPath, key: certs.keyPath };
        const { page, server } = await startReader(
            { url, tls: { ...tls, servername: 'redis.shop' } });
        await arrives(() => redis, [page], 'named');
        const { page: careless } = await startReader({ url, tls: { ...tls, ca: null,
            rejectUnauthorized: false } });
        await arrives(() => redis, [careless], 'unverified');
        secrets(server);
    });
});

/** Resolves with the port of a server that greets like SMTP. */
async function startStranger() {
    const server = net.createServer((socket) => {
        socket.on('error', () => {});
        socket.write('220 mail.test ESMTP\r\n');
    });
    await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    keep({ stop: () => { server.close(); } });
    server.unref();
    return server.address().port;
}

describe('each mistake has a line of its own', () => {
    test('that names the option, and never the password', async () => {
        const certs = makeCerts();
        const other = makeCerts({ names: 'DNS:redis.shop' });
        const secure = keep(await startSecureRedis(certs));
        const named = keep(await startSecureRedis(other));
        const open = keep(await startRedis());
        const locked = keep(await startRedis({ password: 'lock secret' }));
        const web = keep(await startServer());
        const tls = { ca: certs.caPath, cert: certs.certPath, key: certs.keyPath };
        const at = (port, more) => ({ host: '127.0.0.1', port, connectTimeout: 1000, ...more });
        const cases = [
            [at(locked.port, { password: 'wrong secret' }), /wrong password for .*redis\.password/],
            [at(secure.port, { tls, username: 'echo', password: 'wrong secret' }),
                /wrong password for .*redis\.password/],
            [at(locked.port), /NOAUTH.*set databaseConfig\.redis\.password/],
            [at(secure.port, { tls, username: 'mute', password: 'mute secret' }),
                /the user may not PSUBSCRIBE at .*ACL SETUSER/],
            [at(web.port), /is not a Redis server but a web server: see .*redis\.port/],
            [at(await startStranger()), /is not a Redis server: see .*redis\.port/],
            [at(await freePort()), /connection refused by .*redis\.port/],
            [at(secure.port), /if it speaks TLS, set databaseConfig\.redis\.tls/],
            [at(open.port, { tls: true }), /if it does not speak TLS there, see .*redis\.tls/],
            [at(secure.port, { tls: true }), /certificate verify failed: .*redis\.tls\.ca/],
            [at(named.port, { tls: { ...tls, ca: other.caPath } }), /mismatch: .*redis\.tls\.servername/],
            [at(secure.port, { tls: { ca: certs.caPath } }), /set databaseConfig\.redis\.tls\.cert/],
            [at(open.port, { db: 99 }), /no database of that number: see .*redis\.db/],
            [{ path: '/nowhere/redis.sock' }, /no such file.*redis\.path/],
            [{ sentinels: [{ host: '127.0.0.1', port: open.port }] },
                /does not name the master mymaster.*redis\.sentinels/],
            [at(open.port, { password: 'needless secret' }), /asks for no password/],
        ];
        await Promise.all(cases.map(async ([redis, expected]) => {
            const server = await startServer({ config: pointing(redis) });
            try {
                await server.waitLog(expected, AGAIN);
                secrets(server);
            } finally {
                await server.stop();
            }
        }));
    });
});

describe('sentinels', () => {
    test('lead to the new master when one is lost', async () => {
        const redis = keep(await startSentinels());
        const dead = { host: '127.0.0.1', port: await freePort() };
        const { page, server } = await startReader(
            { ...redis.config, sentinels: [dead, ...redis.config.sentinels] });
        await arrives(() => redis.master, [page], 'before');
        await redis.master.stop();
        await server.waitLog(/redis down/, AGAIN);
        await arrives(() => redis.replica, [page], 'after');
        assert.equal(page.socket.connected, true);
        secrets(server);
    });
});

describe('a cluster', () => {
    test('keeps presence and events through a moved slot and a lost node', async () => {
        const redis = await startRedisCluster();
        ends.push(redis);
        const first = await redis.owner(`${PREFIX}${ROOM}:members`);
        const nodes = keep(await startCluster({
            redis: { ...redis, port: first.port, stop: () => {} },
            config: { logLevel: 'info' },
            adjust: (config) => Object.assign(config.databaseConfig.redis, { db: 3 }),
        }));
        const pages = [];
        const ids = () => pages.map(({ id }) => id);
        const join = async (node, user) => pages.push(await enter(nodes, node, user));
        const right = async () => {
            await agree(pages, ids(), AGAIN);
            await recorded(nodes, ids(), AGAIN);
        };
        await join(0, 'a');
        await join(1, 'b');
        await right();

        const second = (await redis.masters()).find((node) => node !== first);
        await moveSlot(redis, first.slot, first, second, () => join(0, 'c'));
        await join(1, 'd');
        await right();
        assert.match(await second.command('INFO', 'commandstats'), /cmdstat_asking:calls=[1-9]/);
        for (const node of nodes.nodes) {
            await node.waitLog(/slots have moved/);
        }

        for (const { page } of pages) {
            page.echo.channel('news');
            await page.joined('news');
        }
        await redis.kill(second);
        await arrives(() => redis, pages.map(({ page }) => page), 'after');
        await join(0, 'e');
        await right();
        const [gone] = pages.splice(1, 1);
        gone.page.close();
        await right();
        for (const { page, heres, left } of pages) {
            assert.equal(page.socket.connected, true);
            assert.equal(heres, 1);
            assert.deepEqual(left, [gone.id].filter(() => left.length));
        }
    });
});
