// SPDX-License-Identifier: MIT
// A real redis-server on a port of its own, without persistence.

import { freePort, tempDir, waitFor, SLOW } from './server.mjs';
import { startChild } from './child.mjs';
import { connectRedis } from './resp.mjs';

export const PREFIX = 'laravel_database_';

function message(event, data, socket) {
    return JSON.stringify({ event, data, socket });
}

async function ping(port, password) {
    const link = connectRedis(port);
    try {
        if (password) {
            await link.command('AUTH', password);
        }
        return await link.command('PING') === 'PONG';
    } catch {
        return false;
    } finally {
        link.close();
    }
}

/** port: given when a stopped Redis comes back. */
export async function startRedis({ port, password } = {}) {
    const onPort = port ?? await freePort();
    const dir = tempDir('echo-redis-');
    const args = ['--port', onPort, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no',
        '--dir', dir, '--loglevel', 'warning'].map(String);
    const child = startChild('redis-server',
        password ? [...args, '--requirepass', password] : args);
    await waitFor(async () => {
        if (!child.alive()) {
            throw new Error(`redis-server ended: ${child.output()}`);
        }
        return ping(onPort, password);
    }, 10000 * SLOW, 'redis-server to answer');
    const link = connectRedis(onPort);
    if (password) {
        await link.command('AUTH', password);
    }
    return redisHandle(child, link, onPort);
}

/** What a test does with a Redis: child is its process, link a connection to it. */
export function redisHandle(child, link, port) {
    return {
        port,
        pid: child.pid,
        command: link.command,
        /** Publishes as Laravel does: the payload's keys in its order. */
        publish: (channel, event, data, { socket = null, prefix = PREFIX } = {}) =>
            link.command('PUBLISH', prefix + channel, message(event, data, socket)),
        /** Publishes text as it is. */
        publishRaw: (channel, text) => link.command('PUBLISH', channel, text),
        /** Resolves when count servers under test have their pattern subscription. */
        awaitSubscriber: (count = 1) => waitFor(
            async () => (await link.command('CLIENT', 'LIST'))
                .match(/ psub=[1-9]/g)?.length >= count,
            10000 * SLOW, 'a pattern subscription at Redis'),
        async stop() {
            link.close();
            return child.stop('SIGKILL');
        },
    };
}

/** The `databaseConfig` that points at redis. */
export function redisConfig(redis, more = {}) {
    return {
        database: 'redis',
        subscribers: { http: true, redis: true },
        databaseConfig: {
            redis: { host: '127.0.0.1', port: redis.port, keyPrefix: PREFIX, ...more },
        },
    };
}
