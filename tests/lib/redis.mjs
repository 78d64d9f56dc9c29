// SPDX-License-Identifier: MIT
// A real redis-server on a port of its own, without persistence.

import fs from 'node:fs';
import path from 'node:path';
import { freePort, tempDir, waitFor, SLOW } from './server.mjs';
import { startChild } from './child.mjs';
import { connectRedis } from './resp.mjs';

export const PREFIX = 'laravel_database_';

function message(event, data, socket) {
    return JSON.stringify({ event, data, socket });
}

/** A connection that is made anew when the server has closed it, as it does when it is promoted. */
function connect(where, login) {
    let link;
    const fresh = async () => {
        link = connectRedis(where);
        if (login.length) {
            await link.command('AUTH', ...login).catch((error) => {
                link.close();
                throw error;
            });
        }
    };
    return {
        async command(...args) {
            if (!link || link.closed()) {
                await fresh();
            }
            return link.command(...args);
        },
        close: () => link?.close(),
    };
}

/**
 * A redis-server with these lines of configuration. where: what a test
 * connects to, a port or a path; login: what it says to AUTH; port: what
 * servers under test connect to.
 */
export async function startRedisProcess({ lines, port, where = port, login = [], args = [] }) {
    const dir = tempDir('echo-redis-');
    const file = path.join(dir, 'redis.conf');
    fs.writeFileSync(file, ['bind 127.0.0.1', `dir ${dir}`, 'save ""', 'loglevel notice',
        ...lines, ''].join('\n'));
    const child = startChild('redis-server', [file, ...args]);
    const link = connect(where, login);
    await child.ready(() => link.command('PING').then((answer) => answer === 'PONG', () => false));
    return redisHandle(child, link, port);
}

/** A Redis on a port of loopback. port: given when a stopped one comes back. */
export async function startRedis({ port, password } = {}) {
    const onPort = port ?? await freePort();
    return startRedisProcess({
        port: onPort,
        lines: [`port ${onPort}`, ...password ? [`requirepass "${password}"`] : []],
        login: password ? [password] : [],
    });
}

/** What a test does with a Redis: child is its process, link a connection to it. */
function redisHandle(child, link, port) {
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
