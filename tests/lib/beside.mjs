// SPDX-License-Identifier: MIT
// This server and laravel-echo-server 1.6.3, each started by the same command
// in a folder with the same files.

import fs from 'node:fs';
import path from 'node:path';
import { startChild } from './child.mjs';
import { askServer, binary, checkout, findReport, tempDir, waitFor, SLOW } from './server.mjs';

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
export function request(server, target, how = {}) {
    return askServer(server, { path: target, ...how }).catch((error) => {
        if (!error.code) {
            throw error;
        }
        return { error: error.code };
    });
}
