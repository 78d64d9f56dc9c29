// SPDX-License-Identifier: MIT
// The measuring programs as this process sees them: a crowd (bench-load) that
// is asked one thing at a time and answers in JSON, and the floor.

import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { binary, freePort } from '../../lib/server.mjs';

/** Where CMake puts them: beside the server of the same build. */
const folder = path.join(path.dirname(binary), 'tests/bench');

const running = new Set();
process.on('exit', () => {
    for (const child of running) {
        child.kill('SIGKILL');
    }
});

/** A program that answers each line with a line. */
function converse(name, args) {
    const child = spawn(path.join(folder, name), args.map(String),
        { stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(child);
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text) => { errors += text; });
    child.stdin.on('error', () => {});
    const exited = new Promise((resolve) => {
        child.once('error', (error) => { errors += error.message; resolve(); });
        child.once('close', () => { running.delete(child); resolve(); });
    });
    const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async () => {
        const { value, done } = await lines.next();
        if (done) {
            await exited;
            throw new Error(`${name} ${args.join(' ')} ended: ${errors.trim()}`);
        }
        return value;
    };
    return {
        pid: child.pid,
        next,
        ask(line) {
            child.stdin.write(`${line}\n`);
            return next();
        },
        async close() {
            child.stdin.end();
            await exited;
        },
    };
}

const pairs = (values) => Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'boolean' ? Number(value) : value}`);

/** options: of tests/bench/load/options.c. */
export function openCrowd(options) {
    const crowd = converse('bench-load', pairs(options));
    return {
        pid: crowd.pid,
        /** One command of tests/bench/load/commands.c. */
        ask: async (command, values = {}) =>
            JSON.parse(await crowd.ask([command, ...pairs(values)].join(' '))),
        close: crowd.close,
    };
}

export async function startFloor({ certs, port: wanted } = {}) {
    const port = wanted ?? await freePort();
    const control = await freePort();
    const floor = converse('bench-floor',
        [port, control, ...certs ? [certs.certPath, certs.keyPath] : []]);
    await floor.next();
    return {
        pid: floor.pid, port, control,
        memory: async () => JSON.parse(await floor.ask('memory')),
        stop: floor.close,
    };
}

/** The application that is asked about private channels: everybody may. */
export async function startApplication({ port: wanted } = {}) {
    const port = wanted ?? await freePort();
    const application = converse('bench-application', [port]);
    await application.next();
    return { port, stop: application.close };
}
