// SPDX-License-Identifier: MIT
// The benchmark: workloads, one after the other, into a folder of results.
//
//     sh tests/bench/run.sh [--only=fanout,memory] [--who=floor,ours]
//         [--rounds=7] [--most=5000] [--smoke] [--out=FOLDER]

import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeCerts } from '../lib/certs.mjs';
import { contenders } from './runner/contenders.mjs';
import { ratio, Results, summary } from './runner/rounds.mjs';
import { workloads } from './runner/workloads.mjs';

const { values: options } = parseArgs({
    options: {
        only: { type: 'string', default: Object.keys(workloads).join(',') },
        who: { type: 'string', default: Object.keys(contenders).join(',') },
        most: { type: 'string', default: '18000' },
        rounds: { type: 'string', default: '7' },
        out: { type: 'string', default: 'build-bench/results' },
        smoke: { type: 'boolean', default: false },
    },
});

/** What a workload gets. */
function makeRun() {
    const results = new Results();
    return {
        results,
        /** Of the contenders that a workload is for, those that were asked for. */
        who: (names) => names.filter((name) => options.who.split(',').includes(name)),
        progress: (text) => console.error(
            `${((Date.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}`),
        rounds: options.smoke ? 1 : Number(options.rounds),
        peerRounds: options.smoke ? 1 : 3,
        scale: options.smoke ? 0.01 : 1,
        sizes: (sizes) => (options.smoke ? sizes.map((size) => Math.max(2, size / 100))
            : sizes.filter((size) => size <= Number(options.most))),
        get certs() {
            this.made ??= makeCerts();
            return this.made;
        },
        losses: [],
        /** What a command said of losses. */
        check(answer, where = '') {
            for (const field of ['lost', 'gaps', 'misordered', 'malformed', 'deaf', 'refused']) {
                if (answer[field]) {
                    this.losses.push(`${where} ${answer.command}: ${field} ${answer[field]}`);
                }
            }
            return answer;
        },
        /** The figures of one command. */
        note(key, variant, answer, round) {
            this.check(answer, Object.values(key).join(' '));
            for (const metric of ['cpu_us_delivery', 'p50_us', 'p99_us', 'most_us']) {
                results.add({ ...key, variant, metric }, answer[metric], round);
            }
            return answer;
        },
    };
}

const began = Date.now();
const run = makeRun();
for (const name of options.only.split(',')) {
    run.progress(name);
    await workloads[name](run);
}

fs.mkdirSync(options.out, { recursive: true });
fs.writeFileSync(path.join(options.out, 'results.json'),
    `${JSON.stringify({ rows: run.results.rows, losses: run.losses }, null, 1)}\n`);
for (const row of run.results.rows) {
    const floor = run.results.find({ ...row, contender: 'floor' });
    const times = row.contender === 'floor' ? null : ratio(row, floor);
    const { median, min, max } = summary(row);
    const of = (x) => x.toFixed(2).padStart(9);
    console.log(`${row.workload.padEnd(12)} ${row.variant.padEnd(10)} ${String(row.size).padStart(6)}`
        + ` ${row.contender.padEnd(9)} ${row.metric.padEnd(20)} ${of(median)} (${of(min)} -${of(max)})`
        + `${times ? ` x${times.median.toFixed(2)}` : ''}`);
}
console.log(run.losses.length ? run.losses.join('\n') : 'nothing lost');
process.exit(run.losses.length ? 1 : 0);
