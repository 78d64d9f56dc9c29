// SPDX-License-Identifier: MIT
// Instructions outside the kernel for a delivery, an event that nobody hears, a client that connects
// and a member that joins, counted by callgrind, which says the same whatever else the machine does:
// the growth between a few of them and more, so that the start and the end are not in it.
//
//     node tests/bench/instructions.mjs [BINARY]

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const SOCKETS = 1000;
/** Events to all of them. */
const EVENTS = [5, 25];
const UNHEARD = [2000, 12000];
const CLIENTS = [100, 600];
/** Each member that is there is told of each that comes. */
const MEMBERS = [50, 150];

const binary = path.resolve(process.argv[2] ?? 'build-bench/release/echo-server');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-callgrind-'));

/** The server under callgrind, with the measuring programs beside it, as those of binary. */
process.env.ECHO_SERVER = path.join(folder, 'echo-server');
fs.writeFileSync(process.env.ECHO_SERVER, `#!/bin/sh
# The sandbox would hold for valgrind, too.
export LARAVEL_ECHO_SERVER_SANDBOX=false
exec valgrind --tool=callgrind --callgrind-out-file='${folder}/out.%p' '${binary}' "$@"
`, { mode: 0o755 });
fs.symlinkSync(path.join(path.dirname(binary), 'tests'), path.join(folder, 'tests'));
const { together } = await import('./runner/contenders.mjs');
const { startApplication } = await import('./runner/programs.mjs');

/**
 * A whole run of a server whose crowd has options: its instructions, and what ask(crowd), or else
 * connecting, answered.
 */
async function run(options, ask, how = {}) {
    let pid;
    let answer;
    await together({ entries: (entry) => [entry] },
        [{ name: 'ours', how, options: { patience: 60000, ...options } }], async ([ours]) => {
            pid = ours.server.pid;
            answer = await ours.ask('connect');
            answer = await ask?.(ours) ?? answer;
        });
    const counted = fs.readFileSync(path.join(folder, `out.${pid}`), 'utf8');
    return { ...answer, instructions: Number(counted.match(/^(?:totals|summary): (\d+)/m)[1]) };
}

/** Prints what one more costs: of two runs, with few and with more. */
async function growth(what, [few, more], measure, count = () => more - few) {
    const [first, second] = [await measure(few), await measure(more)];
    const each = (second.instructions - first.instructions) / count(first, second);
    console.log(`${what}: ${each.toFixed(0)} instructions`);
}

const received = (first, second) => second.received - first.received;

await growth('a delivery, one at a time', EVENTS, (count) =>
    run({ sockets: SOCKETS }, (crowd) => crowd.ask('one', { count })), received);
await growth('a delivery, bursts of 20', EVENTS, (count) =>
    run({ sockets: SOCKETS }, (crowd) => crowd.ask('burst', { count, size: 20 })), received);
await growth('an event that nobody hears', UNHEARD, (count) =>
    run({ sockets: 1 }, (crowd) => crowd.ask('flood', { count, rate: 1000, channels: 1 })));
await growth('a client that connects and subscribes', CLIENTS, (sockets) => run({ sockets }));
const application = await startApplication();
await growth(`a member that joins ${MEMBERS.join(' to ')} others`, MEMBERS, (sockets) =>
    run({ sockets, channel: 'presence-', inflight: 1 }, undefined, { application }));
await application.stop();
fs.rmSync(folder, { recursive: true });
process.exit(0);
