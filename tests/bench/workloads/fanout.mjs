// SPDX-License-Identifier: MIT
// One channel, more and more sockets: what a delivery costs, one event at a
// time and in bursts; plain and over TLS.

import { enter } from '../runner/contenders.mjs';
import { interleave } from '../runner/rounds.mjs';

const BURSTS = [20, 100];
const NODE = new Set(['echo', 'socketio']);

/** Enough deliveries to be measured; peers in Node take ten times as long for each. */
function counts(name, size, scale) {
    const deliveries = (NODE.has(name) ? 20000 : 100000) * scale;
    return {
        one: Math.max(3, Math.round(deliveries / size)),
        burst: (length) => Math.max(1, Math.round(deliveries * 2 / size / length)),
    };
}

async function measure(run, contender, key, round) {
    const { one, burst } = counts(contender.name, key.size, run.scale);
    const at = { ...key, contender: contender.name };
    run.note(at, 'one', await contender.ask('one', { count: one }), round);
    for (const length of NODE.has(contender.name) ? BURSTS.slice(0, 1) : BURSTS) {
        run.note(at, `burst ${length}`,
            await contender.ask('burst', { count: burst(length), size: length }), round);
    }
}

async function fanout(run, workload, names, sizes, certs) {
    const entered = [];
    try {
        for (const name of run.who(names)) {
            entered.push(await enter(name, { certs },
                { sockets: sizes.at(-1) }));
        }
        for (const size of sizes) {
            run.progress(`${workload} ${size}`);
            for (const contender of entered) {
                run.check(await contender.ask('connect', { sockets: size }));
            }
            await interleave(entered, run.rounds, async (contender, round) => {
                if (!NODE.has(contender.name) || round < run.peerRounds) {
                    await measure(run, contender, { workload, size }, round);
                }
            });
        }
    } finally {
        for (const contender of entered) {
            await contender.close();
        }
    }
}

export async function run(run) {
    await fanout(run, 'fanout', ['floor', 'ours', 'socketio', 'echo'],
        run.sizes([1000, 5000, 10000, 18000]));
}

export async function runTls(run) {
    await fanout(run, 'fanout-tls', ['floor', 'ours', 'echo'],
        run.sizes([1000, 5000, 10000]), run.certs);
}
