// SPDX-License-Identifier: MIT
// A site whose deploy script stops and starts the server by the lines that
// teams have, sent to /dev/null and into the background, while others deploy.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { binary, checkout, findReport, tempDir, waitFor, SLOW } from './server.mjs';

const reference = path.join(checkout, 'tests/node_modules/laravel-echo-server/bin/server.js');

/** What a process was given, or null when it is gone or not ours to see. */
function environmentOf(pid) {
    try {
        return fs.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    } catch {
        return null;
    }
}

function commandOf(pid) {
    try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    } catch {
        return [];
    }
}

function isZombie(pid) {
    try {
        return / [ZX] /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, ''));
    } catch {
        return true;
    }
}

/**
 * A folder with a bin folder of its own at the head of PATH. There,
 * `echo-server` keeps what it says, which the lines throw away, and
 * `laravel-echo-server` is the real one.
 */
export function makeSite() {
    const root = fs.realpathSync(tempDir('echo-site-'));
    const bin = path.join(root, 'bin');
    const notes = path.join(root, 'notes');
    const log = path.join(root, 'log');
    fs.mkdirSync(bin);
    fs.writeFileSync(notes, '');
    fs.writeFileSync(log, '');
    const births = path.join(root, 'births');
    fs.writeFileSync(births, '');
    // Replaced by the server, so that this is born when the script says so.
    fs.writeFileSync(path.join(bin, 'echo-server'), `#!/bin/sh
exec "${binary}" "$@" 2>>"${log}"
`, { mode: 0o755 });
    fs.writeFileSync(path.join(bin, 'laravel-echo-server'), `#!/bin/sh
exec "${process.execPath}" "${reference}" "$@" >>"${log}" 2>&1
`, { mode: 0o755 });
    let count = 0;

    const processes = () => fs.readdirSync('/proc').filter((pid) => /^\d+$/.test(pid))
        .map((pid) => ({ pid: Number(pid), environment: environmentOf(pid) }))
        .filter(({ environment }) => environment?.includes(`SITE=${root}`))
        .filter(({ pid }) => !isZombie(pid))
        .map(({ pid, environment }) => ({
            pid,
            deploy: Number(environment.find((row) => row.startsWith('DEPLOY='))?.slice(7)),
            command: commandOf(pid),
        }));

    const begin = (cwd, script) => spawn('sh', ['-c', script], {
        cwd, stdio: 'ignore', detached: true,
        env: { ...process.env, PATH: `${bin}:${process.env.PATH}`,
            SITE: root, DEPLOY: String(++count), SERVER: binary },
    });

    const site = {
        root,
        /** Waits for fn; what went on is told when that takes too long. */
        wait: (fn, what, ms = 120000 * SLOW) => waitFor(fn, ms, what).catch((error) => {
            const { message } = error;
            throw new Error(`${message}\n${JSON.stringify({ servers: site.servers(),
                references: site.references(), starts: site.starts(), notes: site.notes() })}\n${
                site.log().slice(-8000)}`);
        }),
        /** The servers, and starts under way: {pid, deploy}. */
        servers: () => processes().filter(({ command }) => command[0] === binary
            && command.includes('start')),
        references: () => processes().filter(
            ({ command }) => command[0].includes('laravel-echo-server')),
        busy: () => processes().length,
        log: () => fs.readFileSync(log, 'utf8'),
        /** {command, deploy, code} of each command of deployLines() that ended. */
        notes: () => fs.readFileSync(notes, 'utf8').split('\n').filter(Boolean).map((line) => {
            const [command, deploy, code] = line.split(' ');
            return { command, deploy: Number(deploy), code: Number(code) };
        }),
        /** {deploy, pid, ticks} of each start of deployLines(), the newest last. */
        starts: () => fs.readFileSync(births, 'utf8').split('\n').filter(Boolean).map((line) => {
            const [deploy, pid, ticks] = line.split(' ').map(Number);
            return { deploy, pid, ticks };
        }).sort((one, other) => one.ticks - other.ticks || one.pid - other.pid),
        /** Runs a script in cwd as deploy number ++count; gives that number. */
        run(cwd, script) {
            begin(cwd, script).unref();
            return count;
        },
        /** The same, and waits for its end. */
        finish: (cwd, script) => once(begin(cwd, script), 'exit'),
        /** Ends what a test left. */
        async close() {
            for (const { pid } of processes()) {
                try {
                    process.kill(pid, 'SIGKILL');
                } catch {
                    // It is gone.
                }
            }
            await waitFor(() => processes().length === 0, 10000 * SLOW, 'everybody to be gone');
            const report = findReport(fs.readFileSync(log, 'utf8'));
            if (report) {
                throw new Error(`report of a server:\n${report}`);
            }
        },
    };
    return site;
}

const noteEnd = (command) => `wait $${command}
echo "${command} $DEPLOY $?" >> "$SITE/notes"
`;

/**
 * The lines, and the notes that a test takes. between: what else the script
 * does. stops: how; '' for not at all, 'first' to wait for its end.
 */
export function deployLines({ config, between = '', stops = 'in the background' }) {
    return `${stops && `
echo-server stop > /dev/null 2>&1 &
stop=$!
${stops === 'first' ? noteEnd('stop') : ''}`}
${between}
echo-server start --config="${config}" > /dev/null 2>&1 &
start=$!
echo "$DEPLOY $start $(cut -d' ' -f22 /proc/$start/stat)" >> "$SITE/births"
${stops === 'in the background' ? noteEnd('stop') : ''}${noteEnd('start')}`;
}
