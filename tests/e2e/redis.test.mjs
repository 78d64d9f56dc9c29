// SPDX-License-Identifier: MIT
// Redis that is not there, comes, goes and comes back; what else is on it.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { fence } from '../lib/echo.mjs';
import { PREFIX, redisConfig, startRedis } from '../lib/redis.mjs';
import { startScene } from '../lib/scene.mjs';
import { freePort, postEvent } from '../lib/server.mjs';

let scene;
afterEach(async () => {
    await scene?.close();
    scene = undefined;
});

async function reader(options) {
    const page = await scene.page(options);
    page.echo.channel('news');
    await page.joined('news');
    return page;
}

describe('Redis', () => {
    test('that is away at the start is used when it comes', async () => {
        const port = await freePort();
        scene = await startScene({ redis: false, config: redisConfig({ port }) });
        const page = await reader();
        await postEvent(scene.server, { channel: 'news', name: 'posted', data: {} });
        await page.event('posted');
        await scene.server.waitLog(/redis/i);
        const redis = scene.keep(await startRedis({ port }));
        await redis.awaitSubscriber();
        await redis.publish('news', 'E', { number: 1 });
        await page.event('E', 'news');
    });

    test('that restarts is used again; pages notice nothing', async () => {
        scene = await startScene();
        const { redis, server } = scene;
        const pages = [await reader(), await reader({ client: 'sio2', transport: 'polling' })];
        await redis.stop();
        await server.waitLog(/redis/i);
        await postEvent(server, { channel: 'news', name: 'meanwhile', data: {} });
        await Promise.all(pages.map((page) => page.event('meanwhile')));
        const again = scene.keep(await startRedis({ port: redis.port }));
        await again.awaitSubscriber();
        await again.publish('news', 'E', {});
        await fence(again, pages);
        for (const page of pages) {
            assert.equal(page.count('E', 'news'), 1);
            assert.equal(page.socket.connected, true);
        }
    });

    test('that is busy with what nobody listens to brings events in time and in order', async () => {
        scene = await startScene();
        const { redis } = scene;
        const page = await reader();
        const flood = Array.from({ length: 20000 }, (_, i) => redis.publish(`other.${i}`, 'E', {}));
        const wanted = [];
        for (let number = 0; number < 50; number++) {
            wanted.push(redis.publish('news', 'E', { number }));
            flood.push(...Array.from({ length: 200 }, (_, i) => redis.publish(`more.${i}`, 'E', {})));
        }
        await Promise.all([...flood, ...wanted]);
        await fence(redis, [page]);
        assert.deepEqual(page.on('news').map(({ data }) => data.number),
            Array.from({ length: 50 }, (_, i) => i));
    });

    test('with a password is used with it; without it the log says so', async () => {
        scene = await startScene({ redis: false, config: { subscribers: { http: true } } });
        const redis = scene.keep(await startRedis({ password: 'pass word' }));
        const config = redisConfig(redis, { password: 'pass word' });
        const inner = scene.keep(await startScene({ redis: false, config }));
        await redis.awaitSubscriber();
        const page = await inner.page();
        page.echo.channel('news');
        await page.joined('news');
        await redis.publish('news', 'E', {});
        await page.event('E', 'news');
        const without = scene.keep(await startScene({ redis: false, config: redisConfig(redis) }));
        await without.server.waitLog(/NOAUTH|[Aa]uthentication/);
    });
});

describe('other traffic on Redis', () => {
    test('is ignored: no JSON, other shapes, other prefixes', async () => {
        scene = await startScene();
        const { redis, server } = scene;
        const page = await reader();
        const before = page.received.length;
        for (const text of ['', 'rubbish', '7', 'null', '[]', '{}', '{"event":"E"', '\u0000\u0001',
            '{"event":null,"data":{}}', '{"event":7,"data":{}}', '{"data":{}}',
            '['.repeat(100000), `{"event":"E","data":${'['.repeat(70)}${']'.repeat(70)}}`]) {
            await redis.publishRaw(`${PREFIX}news`, text);
        }
        await redis.publish('news', 'E', {}, { prefix: '' });
        await redis.publish('news', 'E', {}, { prefix: 'laravel-database-' });
        await redis.publish('news', 'E', {}, { prefix: 'LARAVEL_DATABASE_' });
        await redis.publish('', 'E', {});
        await redis.command('RPUSH', `${PREFIX}queues:default`, '{"job":1}');
        await fence(redis, [page]);
        assert.deepEqual(page.received.slice(before).map(({ name }) => name), ['fence']);
        assert.ok(server.alive());
    });

    test('is told from ours by the whole prefix, glob characters included', async () => {
        for (const prefix of ['a*b_', 'a?b[c]_', 'a\\b^_', '']) {
            const redis = await startRedis();
            scene = await startScene(
                { redis: false, config: redisConfig(redis, { keyPrefix: prefix }) });
            scene.keep(redis);
            await redis.awaitSubscriber();
            const page = await reader();
            if (prefix) {
                await redis.publish('news', 'E', { of: 'another' }, { prefix: 'axxb_' });
                await redis.publish('news', 'E', { of: 'another' }, { prefix: 'axbc_' });
            }
            await redis.publish('news', 'E', { of: 'us' }, { prefix });
            await page.event('E', 'news');
            assert.deepEqual(page.on('news').map(({ data }) => data.of), ['us'], prefix);
            await scene.close();
        }
    });

    test('with no listener costs nobody anything', async () => {
        scene = await startScene();
        const page = await reader();
        for (let i = 0; i < 1000; i++) {
            await scene.redis.publish(`nobody.${i % 7}`, 'E', { i });
        }
        await fence(scene.redis, [page]);
        assert.equal(page.count('E'), 0);
    });
});
