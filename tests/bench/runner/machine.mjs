// SPDX-License-Identifier: MIT
// The machine and the versions that figures belong to.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { binary, checkout } from '../../lib/server.mjs';

function firstLine(command, ...args) {
    try {
        return execFileSync(command, args, { cwd: checkout, stdio: ['ignore', 'pipe', 'ignore'] })
            .toString().split('\n')[0].trim();
    } catch {
        return 'unknown';
    }
}

const version = (module) => JSON.parse(fs.readFileSync(
    path.join(checkout, 'tests/node_modules', module, 'package.json'), 'utf8')).version;

export const machine = () => ({
    date: new Date().toISOString().slice(0, 10),
    processor: `${os.cpus()[0]?.model.trim()}, ${os.cpus().length} cores`,
    memory: `${(os.totalmem() / 2 ** 30).toFixed(1)} GiB`,
    kernel: os.release(),
    system: fs.readFileSync('/etc/os-release', 'utf8').match(/PRETTY_NAME="(.*)"/)?.[1] ?? 'unknown',
    commit: firstLine('git', 'rev-parse', '--short', 'HEAD'),
    server: firstLine(binary, '--version'),
    compiler: firstLine('cc', '--version'),
    openssl: firstLine('openssl', 'version'),
    redis: firstLine('redis-server', '--version'),
    node: process.version,
    'socket.io': version('sio4server'),
    'laravel-echo-server': version('laravel-echo-server'),
});
