// SPDX-License-Identifier: MIT
// A keyPrefix that is not the application's: the log names the one that is
// seen and the one that is set, and nothing is delivered.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { redisConfig, startRedis } from '../lib/redis.mjs';
import { startScene } from '../lib/scene.mjs';
import { sleep, waitFor, TIMEOUT } from '../lib/server.mjs';

const TOLD = /warning an event .* under another prefix.*/g;

let scene;
afterEach(async () => {
    await scene?.close();
    scene = undefined;
});

/** A page on channel, at a server whose `databaseConfig.redis` has more. */
async function open(channel, more, prepare = () => {}) {
    const redis = await startRedis();
    await prepare(redis);
    const config = { ...redisConfig(redis, more), logLevel: 'info' };
    scene = await startScene({ redis: false, config });
    scene.redis = scene.keep(redis);
    await redis.awaitSubscriber();
    const page = await scene.page();
    page.echo.channel(channel);
    await page.joined(channel);
    return { redis, server: scene.server, page };
}

const patterns = (redis, count) => waitFor(
    async () => await redis.command('PUBSUB', 'NUMPAT') === count, 2 * TIMEOUT, `${count} patterns`);

const told = (server) => server.stderr().match(TOLD) ?? [];

/** Publishes until the log tells of it: the names are listened to a moment after they are known. */
async function publishUntilTold(server, prefix, channel) {
    const before = told(server).length;
    await waitFor(async () => {
        await scene.redis.publish(channel, 'E', { of: 'another' }, { prefix });
        await sleep(20);
        return told(server).length > before;
    }, 2 * TIMEOUT, `the log to tell of ${prefix}`);
    return told(server).at(-1);
}

describe('events under another prefix', () => {
    for (const [set, seen] of [
        ['', 'laravel_database_'],
        ['laravel_database_', 'laravel-database-'],
        ['laravel_database_', ''],
        ['laravel_', 'laravel_database_'],
        ['laravel_database_', 'laravel_'],
        ['a*[b]_', 'a*[c]_'],
    ]) {
        test(`set "${set}", seen "${seen}"`, async () => {
            const { server, page } = await open('orders.1', { keyPrefix: set });
            const line = await publishUntilTold(server, seen, 'orders.1');
            const quoted = (text) => text || '""';
            assert.ok(line.endsWith(` channel=orders.1 published=${quoted(`${seen}orders.1`)}`
                + ` seen=${quoted(seen)} set=${quoted(set)}`), line);
            assert.match(line, /databaseConfig\.redis\.keyPrefix/);
            for (let i = 0; i < 20; i++) {
                await scene.redis.publish('orders.1', 'E', { i }, { prefix: seen });
            }
            await publishUntilTold(server, 'third_', 'orders.1');
            await scene.redis.publish('orders.1', 'E', { of: 'us' }, { prefix: set });
            await page.event('E', 'orders.1');
            assert.deepEqual(page.on('orders.1').map(({ data }) => data.of), ['us']);
            assert.equal(told(server).length, 2, server.stderr());
        });
    }

    test('are no news once the prefix is proven', async () => {
        const { redis, server, page } = await open('news', { keyPrefix: 'shop_' });
        await patterns(redis, 2);
        await redis.publish('news', 'E', {}, { prefix: 'shop_' });
        await page.event('E', 'news');
        await patterns(redis, 1);
        await redis.publish('news', 'E', {}, { prefix: 'laravel_database_' });
        await redis.publish('news', 'last', {}, { prefix: 'shop_' });
        await page.event('last', 'news');
        assert.deepEqual(told(server), []);
        assert.equal(page.count('E', 'news'), 1);
    });

    test('are looked for again when Redis comes back', async () => {
        const { redis, server } = await open('news', { keyPrefix: 'shop_' });
        await patterns(redis, 2);
        await redis.stop();
        await server.waitLog(/redis down/);
        scene.redis = scene.keep(await startRedis({ port: redis.port }));
        await publishUntilTold(server, 'laravel_database_', 'news');
    });

    test('are not looked for where Redis allows the own prefix alone', async () => {
        const { redis, server, page } = await open('news',
            { keyPrefix: 'shop_', username: 'shop', password: 'secret' },
            (it) => it.command('ACL', 'SETUSER', 'shop', 'on', '>secret', '~*', '+@all',
                'resetchannels', '&shop_*'));
        await server.waitLog(/the search for other prefixes was given up reason=.*/, 2 * TIMEOUT);
        await redis.publish('news', 'E', { of: 'another' });
        await redis.publish('news', 'E', { of: 'us' }, { prefix: 'shop_' });
        await page.event('E', 'news');
        assert.equal(server.stderr().match(/search for other prefixes was given up/g).length, 1);
        assert.doesNotMatch(server.stderr(), /redis down/);
        assert.deepEqual(told(server), []);
    });
});
