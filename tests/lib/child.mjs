// SPDX-License-Identifier: MIT
// A helper process of a test: its output is kept, and its whole process group
// ends with it, because php's and nginx's workers outlive a killed master.

import { spawn } from 'node:child_process';
import { SLOW, waitFor, within } from './server.mjs';

// Each temp folder and each child adds a listener.
process.setMaxListeners(0);

const running = new Set();

process.on('exit', () => {
    for (const child of running) {
        signalGroup(child.pid, 'SIGKILL');
    }
});
for (const [name, code] of [['SIGTERM', 143], ['SIGINT', 130], ['SIGHUP', 129]]) {
    process.once(name, () => process.exit(code));
}

function signalGroup(pid, name) {
    try {
        process.kill(-pid, name);
    } catch (error) {
        if (error.code !== 'ESRCH') {
            throw error;
        }
    }
}

function groupLives(pid) {
    try {
        process.kill(-pid, 0);
        return true;
    } catch {
        return false;
    }
}

/** Starts command in a process group of its own. */
export function startChild(command, args, { env = {}, cwd } = {}) {
    const child = spawn(command, args, {
        cwd, env: { ...process.env, ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (text) => { output = (output + text).slice(-200000); };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    running.add(child);
    // A helper that a failed test left must not keep this process alive.
    for (const handle of [child, child.stdout, child.stderr]) {
        handle.unref();
    }
    const exited = new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    exited.catch(() => running.delete(child));
    return {
        pid: child.pid,
        exited,
        output: () => output,
        alive: () => child.exitCode === null && child.signalCode === null,
        signal: (name) => child.kill(name),
        /**
         * Resolves when test() holds, or when the output has test, a text; throws with the output
         * when the process ends before, or takes longer than ms.
         */
        async ready(test, ms = 10000 * SLOW) {
            const holds = typeof test === 'string' ? () => output.includes(test) : test;
            const awaited = waitFor(() => {
                if (child.exitCode !== null || child.signalCode !== null) {
                    throw new Error(`${command} ended before it was ready`);
                }
                return holds();
            }, ms, `${command} to be ready`);
            await awaited.catch((error) => {
                throw new Error(`${error.message}\n${output.slice(-4000)}`, { cause: error });
            });
        },
        /** Ends the group with signal, then, if it takes too long, by force. */
        async stop(signal = 'SIGTERM') {
            signalGroup(child.pid, signal);
            await within(exited, 5000 * SLOW, `${command} to end`).catch(() => {});
            if (groupLives(child.pid)) {
                signalGroup(child.pid, 'SIGKILL');
            }
            running.delete(child);
            return exited;
        },
    };
}
