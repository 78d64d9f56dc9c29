// SPDX-License-Identifier: MIT
// This server and laravel-echo-server 1.6.3, each started by the same command
// in a folder with the same files.

import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { startChild } from './child.mjs';
import { binary, checkout, findReport, tempDir, waitFor, within, SLOW, TIMEOUT } from './server.mjs';

const REFERENCE = path.join(checkout, 'tests/node_modules/laravel-echo-server/bin/server.js');
const PROGRAMS = { reference: [process.execPath, REFERENCE], ours: [binary] };

export const NAMES = Object.keys(PROGRAMS);

/** A folder with laravel-echo-server.json and, if it is given, .env. */
export function makeFolder({ config, dotenv }) {
    const dir = tempDir('echo-beside-');
    fs.writeFileSync(path.join(dir, 'laravel-echo-server.json'),
        typeof config === 'string' ? config : JSON.stringify(config, null, '\t'));
    if (dotenv !== undefined) {
        fs.writeFileSync(path.join(dir, '.env'), dotenv);
    }
    return dir;
}

/** Starts the program called name in dir, and resolves when it serves, or has ended. */
export async function startIn(dir, name, { port, env = {} }) {
    const [program, ...args] = PROGRAMS[name];
    const child = startChild(program, [...args, 'start'], { cwd: dir, env });
    const started = () => !child.alive() || child.output().includes('Server ready!');
    try {
        await waitFor(started, 20000 * SLOW, `${name} to start`);
    } catch (error) {
        await child.stop('SIGKILL');
        throw new Error(`${error.message}\n${child.output()}`, { cause: error });
    }
    return {
        name, port, url: `http://127.0.0.1:${port}`, output: child.output,
        serves: child.output().includes('Server ready!'),
        async stop() {
            const end = await child.stop();
            if (findReport(child.output())) {
                throw new Error(child.output());
            }
            return end;
        },
    };
}

/** {status, headers, text} of a request to the server, or {error}. */
export function request(server, target, { method = 'GET', headers = {}, body } = {}) {
    return within(new Promise((resolve) => {
        const sent = http.request({
            host: '127.0.0.1', port: server.port, path: target, method, agent: false,
            headers: { ...headers, ...body && { 'Content-Length': Buffer.byteLength(body) } },
        }, (answer) => {
            let text = '';
            answer.setEncoding('utf8').on('data', (part) => { text += part; });
            answer.once('end', () =>
                resolve({ status: answer.statusCode, headers: answer.headers, text }));
        });
        sent.once('error', (error) => resolve({ error: error.code }));
        sent.end(body);
    }), TIMEOUT, `the answer to ${method} ${target}`);
}
