// SPDX-License-Identifier: MIT
// A restart under load: thousands of pages with three private channels each
// come back at once, PHP has four processes, and nobody is refused falsely.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCountingProxy } from '../lib/backend.mjs';
import { bearer, startLaravel } from '../lib/laravel.mjs';
import { openCrowd, scaled } from '../lib/mass.mjs';
import { redisConfig, startRedis } from '../lib/redis.mjs';
import { startServer, waitFor, SLOW } from '../lib/server.mjs';

const COUNT = scaled(3000);
const CAP = 16;
const LONG = 240000 * SLOW;

const channels = (user) =>
    [`private-orders.${user}`, `private-App.Models.User.${user}`, `private-team.${user % 10}`];

describe(`${COUNT} pages with three private channels each`, () => {
    const parts = [];
    let redis;
    let proxy;
    let server;
    const keep = (part) => {
        parts.push(part);
        return part;
    };
    const startIt = (port) => startServer({
        config: {
            ...redisConfig(redis), port, authHost: proxy.url,
            authEndpoint: '/api/broadcasting/auth', authMaxRequests: CAP,
        },
    });
    before(async () => {
        redis = keep(await startRedis());
        const laravel = keep(await startLaravel({ redis, workers: 4 }));
        proxy = keep(await startCountingProxy(laravel.url));
        server = await startIt();
    });
    after(async () => {
        try {
            await server?.stop();
        } finally {
            for (const part of parts.reverse()) {
                await (part.stop ?? part.close)();
            }
        }
    });

    const limit = { timeout: 3 * LONG };
    test('are all subscribed, and again after the server was killed', limit, async () => {
        const crowd = keep(await openCrowd(
            { port: server.port, count: COUNT, channels, headers: bearer }));
        const everyone = async () => {
            await crowd.allJoined(LONG);
            assert.deepEqual(crowd.refusals, []);
            assert.ok(proxy.most <= CAP, `${proxy.most} requests in flight at once`);
        };
        await everyone();
        assert.ok(proxy.requests.length >= 3 * COUNT);

        await server.kill();
        await waitFor(() => crowd.connected() === 0, 20000 * SLOW, 'everybody to be gone');
        const asked = proxy.requests.length;
        proxy.most = 0;
        server = await startIt(server.port);
        await everyone();
        assert.ok(proxy.requests.length - asked >= 3 * COUNT);
        assert.ok(crowd.drops >= COUNT);

        await redis.awaitSubscriber();
        for (const user of [1, Math.ceil(COUNT / 2), COUNT]) {
            await redis.publish(`private-orders.${user}`, 'E', {});
        }
        await redis.publish('private-team.7', 'E', {});
        const expected = (number) =>
            [1, Math.ceil(COUNT / 2), COUNT].includes(number) + (number % 10 === 7);
        await waitFor(() => crowd.clients.every(
            ({ number, received }) => received >= expected(number)),
        20000 * SLOW, 'the events');
        assert.ok(crowd.clients.every(({ number, received }) => received === expected(number)));
    });
});
