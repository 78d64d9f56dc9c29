// SPDX-License-Identifier: MIT
// The parts that most tests need together, started in order and ended in
// reverse, so that a failed start leaves nothing behind.

import { startServer } from './server.mjs';
import { redisConfig, startRedis } from './redis.mjs';
import { startLaravel } from './laravel.mjs';
import { openPage } from './echo.mjs';

/**
 * config: of the server, over that which points at Redis and Laravel.
 * laravel: false, or options of startLaravel. redis: false, or options of
 * startRedis. Gives {server, redis, laravel, page(), keep(), close()}.
 */
export async function startScene({ config = {}, laravel = false, redis = {}, ...how } = {}) {
    const kept = [];
    const scene = {
        /** Something with stop() or close(), ended with the scene. */
        keep(part) {
            kept.push(part);
            return part;
        },
        async page(options = {}) {
            return scene.keep(await openPage({ url: scene.server.url, ...options }));
        },
        async close() {
            const failures = [];
            for (const part of kept.splice(0).reverse()) {
                try {
                    await (part.stop ?? part.close).call(part);
                } catch (error) {
                    failures.push(error);
                }
            }
            if (failures.length) {
                throw failures[0];
            }
        },
    };
    try {
        await startParts(scene, { config, laravel, redis, ...how });
    } catch (error) {
        await scene.close().catch(() => {});
        throw error;
    }
    return scene;
}

async function startParts(scene, { config, laravel, redis, ...how }) {
    let full = config;
    if (redis) {
        scene.redis = scene.keep(await startRedis(redis));
        full = { ...redisConfig(scene.redis), ...full };
    }
    if (laravel) {
        scene.laravel = scene.keep(await startLaravel({ redis: scene.redis, ...laravel }));
        full = { authHost: scene.laravel.url, ...full };
    }
    scene.server = scene.keep(await startServer({ config: full, ...how }));
    if (redis && full.subscribers?.redis !== false) {
        await scene.redis.awaitSubscriber();
    }
}
