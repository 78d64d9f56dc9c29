// SPDX-License-Identifier: MIT
// One channel, more and more sockets: what a delivery costs, one event at a
// time and in bursts; plain and over TLS.

import { together } from '../runner/contenders.mjs';

const BURSTS = [20, 100];

/** Enough deliveries to be measured; a peer in Node takes ten times as long for each. */
function counts({ isNode }, size, scale) {
    const deliveries = (isNode ? 20000 : 100000) * scale;
    return {
        one: Math.max(3, Math.round(deliveries / size)),
        burst: (length) => Math.max(1, Math.round(deliveries * 2 / size / length)),
    };
}

async function measure(run, contender, key, round) {
    const { one, burst } = counts(contender, key.size, run.scale);
    const at = { ...key, contender: contender.name };
    run.note(at, 'one', await contender.ask('one', { count: one }), round);
    for (const length of contender.isNode ? BURSTS.slice(0, 1) : BURSTS) {
        run.note(at, `burst ${length}`,
            await contender.ask('burst', { count: burst(length), size: length }), round);
    }
}

async function fanout(run, workload, names, sizes, certs) {
    const options = { sockets: sizes.at(-1) };
    await together(run, names.map((name) => ({ name, how: { certs }, options })),
        async (entered) => {
            for (const size of sizes) {
                run.progress(`${workload} ${size}`);
                for (const contender of entered) {
                    run.check(await contender.ask('connect', { sockets: size }), contender);
                }
                await run.interleave(entered, (contender, round) =>
                    measure(run, contender, { workload, size }, round));
            }
        });
}

export const plain = (run) => fanout(run, 'fanout', ['floor', 'ours', 'socketio', 'echo'],
    run.sizes([1000, 5000, 10000, 18000]));

export const tls = (run) => fanout(run, 'fanout-tls', ['floor', 'ours', 'echo'],
    run.sizes([1000, 5000, 10000]), run.certs());
