// SPDX-License-Identifier: MIT
// Whatever answers at the address of Redis, and whatever it calls its nodes:
// the server says what is wrong and goes on.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { PREFIX, redisConfig } from '../lib/redis.mjs';
import { reply, startFakeRedis } from '../lib/resp.mjs';
import { startScene } from '../lib/scene.mjs';
import { binary, freePort, postEvent, tempDir, waitFor, SLOW } from '../lib/server.mjs';

const PATIENCE = 20000 * SLOW;

/** Names that libuv refuses to ask for, and how a log line shows them. */
const NAMES = [
    { what: 'not UTF-8', bytes: Buffer.from([0xff, 0xfe]), shown: /\\xff\\\\xfe/ },
    { what: 'half a surrogate', bytes: Buffer.from([0xed, 0xa0, 0x80]), shown: /\\xed\\\\xa0/ },
    { what: 'too long', bytes: Buffer.alloc(300, 'a'), shown: /a{64}\.\.\./ },
];
const UNRESOLVED = /cannot resolve .*: it is not a valid host name/;

let scene;
afterEach(async () => {
    await scene?.close();
    scene = undefined;
});

/** A server that is pointed at redis, and a page on it. */
async function start(redis, more = {}) {
    const { config, ...how } = more;
    scene = await startScene({
        redis: false,
        config: { ...redisConfig(redis), logLevel: 'info', ...config },
        ...how,
    });
    if (redis.stop) {
        scene.keep(redis);
    }
    const page = await scene.page();
    page.echo.channel('news');
    await page.joined('news');
    return page;
}

/** The server says so, and serves who has nothing to do with it. */
async function goesOn(page, ...patterns) {
    for (const pattern of patterns) {
        await scene.server.waitLog(pattern, PATIENCE);
    }
    await postEvent(scene.server, { channel: 'news', name: 'after', data: {} });
    await page.event('after', 'news');
    assert.equal(page.socket.connected, true);
}

const is = (args, ...words) => words.every((word, i) => args[i]?.toUpperCase() === word);

describe('a name that cannot be asked for', () => {
    for (const { what, bytes, shown } of NAMES) {
        test(`of a cluster's node (${what})`, async () => {
            const redis = await startFakeRedis((args) => is(args, 'CLUSTER', 'SLOTS')
                ? reply([[0, 16383, [bytes, 6379]]]) : undefined);
            const page = await start(redis);
            await goesOn(page, UNRESOLVED, shown);
            await waitFor(() => {
                redis.publish(`${PREFIX}news`, JSON.stringify({ event: 'E', data: {} }));
                return page.count('E', 'news') > 0;
            }, PATIENCE, 'an event of the node that serves');
        });

        test(`in a redirection (${what})`, async () => {
            let port;
            const away = Buffer.concat(
                [Buffer.from('-ASK 0 '), bytes, Buffer.from(':6379\r\n')]);
            const redis = await startFakeRedis((args) => {
                if (is(args, 'CLUSTER', 'SLOTS')) {
                    return reply([[0, 16383, ['127.0.0.1', port]]]);
                }
                return is(args, 'EVALSHA') ? away : undefined;
            });
            ({ port } = redis);
            await goesOn(await start(redis), UNRESOLVED, shown);
        });

        test(`of a master that a sentinel tells (${what})`, async () => {
            const redis = await startFakeRedis((args) => is(args, 'SENTINEL')
                ? reply([bytes, '6379']) : undefined);
            const config = redisConfig(redis, {
                sentinels: [{ host: '127.0.0.1', port: redis.port }],
            });
            await goesOn(await start(redis, { config }), UNRESOLVED, shown);
        });

        test(`in the environment (${what})`, async () => {
            const program = path.join(tempDir(), 'start.sh');
            const octal = [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
            fs.writeFileSync(program, `#!/bin/sh
LARAVEL_ECHO_SERVER_REDIS_HOST=$(printf '${octal}') exec "$ECHO_SERVER_UNDER_TEST" "$@"
`, { mode: 0o755 });
            const page = await start({ port: await freePort() },
                { program, env: { ECHO_SERVER_UNDER_TEST: binary } });
            await goesOn(page, UNRESOLVED, shown, /see databaseConfig\.redis\.host/);
        });
    }
});

test('a list of nodes that have no names is no list of nodes', async () => {
    let beats = 0;
    const redis = await startFakeRedis((args) => {
        beats += is(args, 'EVALSHA');
        return is(args, 'EVALSHA')
            ? '*3\r\n:1\r\n*2\r\n$-1\r\n:7\r\n*3\r\n$-1\r\n:7\r\n$0\r\n\r\n' : undefined;
    });
    const page = await start(redis);
    await waitFor(() => beats > 0, PATIENCE, 'the first answer');
    await goesOn(page);
});

/** The most memory that a process has used, in bytes. */
function peak(pid) {
    const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
    return 1024 * Number(status.match(/VmHWM:\s+(\d+) kB/)[1]);
}

describe('an answer that announces more than memory holds', () => {
    const BOMB = '*1048576\r\n'.repeat(7);
    for (const [when, words, said] of [
        ['at first', ['PING'], /redis down .*is not a Redis server/],
        ['later', ['EVALSHA'], /redis down .*sends a reply that is too long/],
    ]) {
        test(`${when}: is not made room for`, async () => {
            const redis = await startFakeRedis((args) => is(args, ...words) ? BOMB : undefined);
            await goesOn(await start(redis), said);
            assert.ok(peak(scene.server.pid) < (200 << 20) * SLOW, `${peak(scene.server.pid)}`);
        });
    }
});
