// SPDX-License-Identifier: MIT
// Instructions outside the kernel a delivery, counted by callgrind, which says
// the same whatever else the machine does: the growth between a few events and
// more of them, so that the start, the clients and the end are not in it.
//
//     node tests/bench/instructions.mjs [BINARY]

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const SOCKETS = 1000;
const FEW = 5;
const MORE = 25;

const binary = path.resolve(process.argv[2] ?? 'build-bench/release/echo-server');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-callgrind-'));

/** The server under callgrind, with the measuring programs beside it, as those of binary. */
process.env.ECHO_SERVER = path.join(folder, 'echo-server');
fs.writeFileSync(process.env.ECHO_SERVER, `#!/bin/sh
exec valgrind --tool=callgrind --callgrind-out-file='${folder}/out.%p' '${binary}' "$@"
`, { mode: 0o755 });
fs.symlinkSync(path.join(path.dirname(binary), 'tests'), path.join(folder, 'tests'));
const { together } = await import('./runner/contenders.mjs');

/** A whole run of a server: its instructions, and how many events its clients received. */
async function run(command, values) {
    let pid;
    let received;
    await together({ who: (names) => names },
        [{ name: 'ours', options: { sockets: SOCKETS, patience: 60000 } }], async ([ours]) => {
            pid = ours.server.pid;
            await ours.ask('connect');
            ({ received } = await ours.ask(command, values));
        });
    const counted = fs.readFileSync(path.join(folder, `out.${pid}`), 'utf8');
    return { received, instructions: Number(counted.match(/^(?:totals|summary): (\d+)/m)[1]) };
}

for (const [what, command, values] of [
    ['one at a time', 'one', {}],
    ['bursts of 20', 'burst', { size: 20 }],
]) {
    const few = await run(command, { count: FEW, ...values });
    const more = await run(command, { count: MORE, ...values });
    const each = (more.instructions - few.instructions) / (more.received - few.received);
    console.log(`${what}: ${each.toFixed(0)} instructions a delivery`);
}
fs.rmSync(folder, { recursive: true });
process.exit(0);
