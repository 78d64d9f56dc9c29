// SPDX-License-Identifier: MIT
// The benchmark: workloads, one after the other, into a folder of results.
// run.sh builds what it needs and calls it; --list names the workloads.

import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkout } from '../lib/server.mjs';
import { contenders } from './runner/contenders.mjs';
import { Session } from './runner/session.mjs';
import { againstTable, goalTable } from './runner/table.mjs';
import { workloads } from './runner/workloads.mjs';
import { writeDocs, writeResults } from './runner/write.mjs';

const { values: options } = parseArgs({
    options: {
        list: { type: 'boolean', default: false },
        only: { type: 'string', default: Object.keys(workloads).join(',') },
        who: { type: 'string', default: Object.keys(contenders).join(',') },
        most: { type: 'string', default: '18000' },
        rounds: { type: 'string', default: '7' },
        smoke: { type: 'boolean', default: false },
        out: { type: 'string', default: path.join(checkout, 'build-bench/results') },
        against: { type: 'string' },
        docs: { type: 'boolean', default: false },
    },
});

async function main() {
    if (options.list) {
        console.log(Object.keys(workloads).join('\n'));
        return 0;
    }
    if (options.docs) {
        writeDocs(options.out);
        return 0;
    }
    const session = new Session({
        who: options.who.split(','), most: Number(options.most), rounds: Number(options.rounds),
        smoke: options.smoke, against: options.against && path.resolve(options.against),
    });
    for (const name of options.only.split(',')) {
        if (!workloads[name]) {
            console.error(`no workload "${name}": one of ${Object.keys(workloads).join(' ')}`);
            return 2;
        }
        await workloads[name](session);
    }
    const goals = writeResults(session, { folder: options.out,
        command: ['sh tests/bench/run.sh', ...process.argv.slice(2)].join(' ') });
    console.log(goalTable(goals));
    if (options.against) {
        console.log(againstTable(session.results));
    }
    console.log(session.losses.length ? session.losses.join('\n') : 'nothing lost');
    console.log(`in ${options.out}`);
    return session.losses.length ? 1 : 0;
}

process.exit(await main());
