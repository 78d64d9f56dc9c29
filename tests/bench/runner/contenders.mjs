// SPDX-License-Identifier: MIT
// Who is measured. Each starts with a Redis of its own, so that none of them
// works for another's events, and gives what a crowd has to know of it. The
// floor has no Redis: it gets its frames from the crowd.

import fs from 'node:fs';
import path from 'node:path';
import { checkout, freePort, startServer, tempDir } from '../../lib/server.mjs';
import { startChild } from '../../lib/child.mjs';
import { startRedis } from '../../lib/redis.mjs';
import { openCrowd, startFloor } from './programs.mjs';

/** An hour: heartbeats are not part of what is measured. */
const QUIET = { pingInterval: 3600000, pingTimeout: 3600000 };

const tlsConfig = (certs) => (certs
    ? { protocol: 'https', sslCertPath: certs.certPath, sslKeyPath: certs.keyPath } : {});

function laravelConfig({ redis, certs, application }) {
    return {
        host: '127.0.0.1',
        authHost: `http://127.0.0.1:${application?.port ?? 9}`,
        clients: [{ appId: 'app', key: 'key' }],
        database: 'redis',
        databaseConfig: { redis: { host: '127.0.0.1', port: redis.port, keyPrefix: '' } },
        subscribers: { http: true, redis: true },
        socketio: QUIET,
        ...tlsConfig(certs),
    };
}

async function startFloorProgram({ certs }) {
    const floor = await startFloor({ certs });
    return { ...floor, crowd: { publish: 'floor', publish_port: floor.control } };
}

async function startOurs({ workers = 1, config = {}, redis, program, ...how }) {
    const full = { ...laravelConfig({ redis, ...how }), workers, ...config };
    full.socketio = { ...QUIET, ...config.socketio };
    const server = await startServer({ config: full, program });
    await redis.awaitSubscriber();
    return {
        pid: server.pid, port: server.port, log: server.stderr, stop: server.stop,
        crowd: { publish: 'redis', publish_port: redis.port, acks: 1 },
    };
}

/** A peer in Node: ready when it says so. */
async function startNode(args, { port, ready, redis, eio }) {
    const child = startChild(process.execPath, args, { cwd: tempDir('bench-peer-') });
    await child.ready(ready, 30000);
    return {
        pid: child.pid, port, log: child.output, stop: () => child.stop('SIGKILL'),
        crowd: { publish: 'redis', publish_port: redis.port, eio },
    };
}

async function startLaravelEchoServer(how) {
    const port = await freePort();
    const file = path.join(tempDir('bench-peer-'), 'laravel-echo-server.json');
    fs.writeFileSync(file, JSON.stringify({ ...laravelConfig(how), port }));
    return startNode([
        path.join(checkout, 'tests/node_modules/laravel-echo-server/bin/server.js'),
        'start', `--config=${file}`,
    ], { port, ready: 'Server ready!', redis: how.redis, eio: 3 });
}

async function startSocketIo({ redis, certs }) {
    const port = await freePort();
    return startNode([
        path.join(checkout, 'tests/bench/peers/socketio4.mjs'), String(port), String(redis.port),
        ...certs ? [certs.certPath, certs.keyPath] : [],
    ], { port, ready: 'ready', redis, eio: 4 });
}

/**
 * start(how): how is {redis, certs, workers, config, application}; redis is made by enter(). What is
 * measured of ours is measured of "before" as well in a run with --against, which names its binary.
 */
export const contenders = {
    floor: { title: 'floor', start: startFloorProgram },
    ours: { title: 'echo-server', start: startOurs },
    before: { title: 'the other binary', start: startOurs },
    socketio: { title: 'socket.io 4', start: startSocketIo, isNode: true },
    echo: { title: 'laravel-echo-server', start: startLaravelEchoServer, isNode: true },
};

/**
 * Starts contender name, and a crowd that is not connected yet: {name, server, ask(), close()}.
 * how: {certs, workers, config, application}; options: of the crowd; via "http": events come
 * through the HTTP API; label: its name in the results, where one contender is measured in two
 * forms.
 */
async function enter({ name, how = {}, options, via, label = name }) {
    const redis = name === 'floor' ? null : await startRedis();
    const server = await contenders[name].start({ ...how, redis });
    const crowd = openCrowd({
        port: server.port, pids: server.pid, tls: how.certs !== undefined,
        ...server.crowd, ...options,
        ...via === 'http' ? { publish: 'http', publish_port: server.port } : {},
    });
    return {
        name: label, server, isNode: contenders[name].isNode === true,
        ask: crowd.ask,
        async close() {
            await crowd.close();
            await server.stop();
            await redis?.stop();
        },
    };
}

/** Has all entries (of enter) at once while visit(entered) runs. */
export async function together(run, entries, visit) {
    const entered = [];
    try {
        for (const entry of entries.flatMap((one) => run.entries(one))) {
            entered.push(await enter(entry));
        }
        await visit(entered);
    } finally {
        for (const contender of entered) {
            await contender.close();
        }
    }
}
