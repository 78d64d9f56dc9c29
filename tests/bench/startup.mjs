// SPDX-License-Identifier: MIT
// How long `echo-server start` takes until the port answers: the median of
// some starts, in ms.
//
//     node tests/bench/startup.mjs [RUNS]

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { binary, freePort, tempDir } from '../lib/server.mjs';

const runs = Number(process.argv[2]) || 21;

/** Resolves as soon as a connection to port is accepted. */
function listening(port) {
    return new Promise((resolve) => {
        const attempt = () => {
            const probe = net.connect(port, '127.0.0.1');
            probe.once('connect', () => { probe.destroy(); resolve(); });
            probe.once('error', () => setImmediate(attempt));
        };
        attempt();
    });
}

async function once() {
    const port = await freePort();
    const file = path.join(tempDir(), 'echo-server.json');
    fs.writeFileSync(file, JSON.stringify(
        { host: '127.0.0.1', port, subscribers: { http: true, redis: false } }));
    const begin = process.hrtime.bigint();
    const child = spawn(binary, ['start', `--config=${file}`], { stdio: 'ignore' });
    const ended = new Promise((resolve) => { child.once('exit', resolve); });
    await listening(port);
    const ms = Number(process.hrtime.bigint() - begin) / 1e6;
    child.kill('SIGTERM');
    await ended;
    return ms;
}

process.setMaxListeners(0);
const times = [];
for (let i = 0; i < runs; i++) {
    times.push(await once());
}
times.sort((a, b) => a - b);
const at = (share) => times[Math.floor((times.length - 1) * share)].toFixed(1);
console.log(`start to listening, ${runs} runs: median ${at(0.5)} ms, `
    + `fastest ${at(0)} ms, slowest ${at(1)} ms`);
