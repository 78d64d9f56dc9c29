// SPDX-License-Identifier: MIT
// The benchmark in small: each workload runs, loses nothing and gives its
// figures, and each goal has its row. Nothing is said about time.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openCrowd, startApplication, startFloor } from '../bench/runner/programs.mjs';
import { workloads } from '../bench/runner/workloads.mjs';
import { startRedis, redisConfig } from '../lib/redis.mjs';
import { checkout, freePort, SLOW, startServer, tempDir } from '../lib/server.mjs';

/** Instrumented programs measure nothing. */
const skip = SLOW > 1 && 'an instrumented build';

function run(...args) {
    const child = spawn(process.execPath, [path.join(checkout, 'tests/bench/run.mjs'), ...args],
        { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (text) => { output += text; });
    child.stderr.on('data', (text) => { output += text; });
    return new Promise((resolve) => {
        child.once('close', (code) => resolve({ code, output }));
    });
}

async function results(...args) {
    const out = tempDir('bench-');
    const { code, output } = await run('--smoke', `--out=${out}`, ...args);
    assert.equal(code, 0, output);
    const text = (name) => fs.readFileSync(path.join(out, name), 'utf8');
    return { ...JSON.parse(text('results.json')), page: text('results.md'), out };
}

describe('the benchmark in small', { skip, timeout: 600000 }, () => {
    let all;
    before(async () => {
        all = await results('--who=floor,ours');
    });

    test('loses nothing', () => {
        assert.deepEqual(all.losses, []);
    });

    for (const name of Object.keys(workloads)) {
        test(`workload ${name} gives figures`, () => {
            const rows = all.rows.filter(({ workload }) => workload === name);
            assert.ok(rows.length > 0);
            for (const row of rows) {
                assert.ok(row.values.length === 1 && Number.isFinite(row.values[0]),
                    JSON.stringify(row));
            }
        });
    }

    test('every goal has a figure, a verdict and a line in the table', () => {
        const unmeasured = all.goals.filter(({ reached }) => reached === null);
        assert.deepEqual(unmeasured.map(({ what }) => what), []);
        for (const subject of ['one at a time', 'bursts of 20', 'over TLS', 'memory', 'p99 latency',
            'accept, connect', 'resumed handshake', 'nobody listens', 'one event to one socket',
            'compressed', 'second worker', 'growth', 'slow readers']) {
            assert.ok(all.goals.some(({ what }) => what.includes(subject)), subject);
        }
        for (const { what } of all.goals) {
            assert.ok(all.page.includes(`| ${what}`), what);
        }
    });

    test('a slow reader is cut, and the log says why', () => {
        const of = (metric) => all.rows.find((row) => row.workload === 'slow'
            && row.variant === 'stopped' && row.metric === metric).values[0];
        assert.ok(of('stopped') > 0);
        assert.equal(of('cut'), of('stopped'));
    });

    test('plots are drawn', () => {
        for (const name of ['fanout-one', 'fanout-burst', 'fanout-tls', 'over-floor', 'channels',
            'memory']) {
            assert.match(fs.readFileSync(path.join(all.out, `${name}.svg`), 'utf8'),
                /^<svg [^]*<\/svg>\n$/);
        }
    });

    test('peers are measured beside it', async () => {
        const { rows } = await results('--only=latency');
        for (const contender of ['floor', 'ours', 'socketio', 'echo']) {
            assert.ok(rows.some((row) => row.contender === contender
                && row.metric === 'cpu_us_delivery' && row.values[0] > 0), contender);
        }
    });
});

/** A port at which the kernel still remembers connections that its server ended. */
async function leftPort() {
    const port = await freePort();
    const server = net.createServer((socket) => socket.end());
    await new Promise((resolve) => { server.listen(port, '127.0.0.1', resolve); });
    const client = net.connect(port, '127.0.0.1');
    await once(client.resume(), 'close');
    await new Promise((resolve) => { server.close(resolve); });
    return port;
}

describe('the load', { skip }, () => {
    let floor;
    before(async () => {
        floor = await startFloor();
    });
    after(() => floor?.stop());

    test('says what did not arrive', async () => {
        const elsewhere = await startRedis();
        const here = await startRedis();
        const server = await startServer({ config: redisConfig(here, { keyPrefix: '' }) });
        const crowd = openCrowd({ port: server.port, publish_port: elsewhere.port, sockets: 5,
            pids: server.pid, acks: 1, patience: 200 });
        try {
            assert.equal((await crowd.ask('connect')).deaf, 5);
            const { expected, received, lost } = await crowd.ask('one', { count: 1 });
            assert.deepEqual({ expected, received, lost }, { expected: 5, received: 0, lost: 5 });
        } finally {
            await crowd.close();
            await server.stop();
            await here.stop();
            await elsewhere.stop();
        }
    });

    test('waits in a closed loop for every client', async () => {
        const crowd = openCrowd({ port: floor.port, publish: 'floor', publish_port: floor.control,
            sockets: 30, channels: 3, pids: floor.pid });
        try {
            assert.equal((await crowd.ask('connect')).joined, 30);
            const { expected, received, bytes } = await crowd.ask('one', { count: 6 });
            assert.equal(expected, 60);
            assert.equal(received, 60);
            assert.equal(bytes, 60 * 200);
        } finally {
            await crowd.close();
        }
    });

    for (const [name, start] of Object.entries({ startFloor, startApplication })) {
        test(`${name} takes a port that connections have just left`, async () => {
            const port = await leftPort();
            const program = await start({ port });
            assert.equal(program.port, port);
            await program.stop();
        });
    }

    test('ends with a message about an unknown option', async () => {
        const crowd = openCrowd({ nothing: 1 });
        await assert.rejects(crowd.ask('connect'), /unknown option nothing=1/);
    });
});
