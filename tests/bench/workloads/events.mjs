// SPDX-License-Identifier: MIT
// Events beside the fan-out: paced ones and their latency, events that nobody
// listens to, one event to one socket (published through Redis or HTTP), large
// ones, compressed ones, and polling.

import { together } from '../runner/contenders.mjs';
import { channels } from '../runner/rounds.mjs';

const ALL = ['floor', 'ours', 'socketio', 'echo'];
const LATENCY = ['p50_us', 'p99_us', 'p999_us', 'most_us', 'cpu_us_delivery'];

const named = (names, options, how) => names.map((name) => ({ name, options, how }));

async function joined(run, entered) {
    for (const contender of entered) {
        run.check(await contender.ask('connect'), contender);
    }
}

/** What each contender is asked in each round, when all its clients have joined. */
async function each(run, { workload, variant, size, entries, metrics }, ask) {
    run.progress(`${workload} ${variant} ${size}`);
    await together(run, entries, async (entered) => {
        await joined(run, entered);
        await run.interleave(entered, async (contender, round) => run.note(
            { workload, size, contender: contender.name }, variant,
            await ask(contender), round, metrics));
    });
}

export async function latency(run) {
    const [size] = run.sizes([1000]);
    await each(run, { workload: 'latency', variant: '50 a second', size, metrics: LATENCY,
        entries: named(ALL, { sockets: size }) },
    (contender) => contender.ask('paced', { rate: 50, ms: run.smoke ? 200 : 4000 }));
}

export async function nobody(run) {
    const metrics = ['cpu_us_event', 'wall_us'];
    for (const size of run.sizes([1, 10000])) {
        const count = (contender) => (contender.isNode ? 30000 : 200000) * run.scale;
        await each(run, { workload: 'nobody', variant: channels(size), size, metrics,
            entries: named(['ours', 'socketio', 'echo'], { sockets: size, channels: size }) },
        (contender) => contender.ask('flood', {
            count: count(contender), rate: contender.isNode ? 10000 : 100000,
            channels: size,
        }));
    }
}

const SINGLE_RATE = 5000;

/** A channel a socket: the next event when the last is there, and at a fixed rate. */
async function singles(run, { workload, size, entries }) {
    run.progress(`${workload} ${size}`);
    await together(run, entries, async (entered) => {
        await joined(run, entered);
        await run.interleave(entered, async (contender, round) => {
            const key = { workload, size, contender: contender.name };
            const share = (contender.isNode ? 0.2 : 1) * run.scale;
            run.note(key, 'one', await contender.ask('one', { count: 5000 * share }), round);
            run.note(key, 'paced', await contender.ask('paced',
                { rate: SINGLE_RATE * (contender.isNode ? 0.1 : 1), ms: run.smoke ? 20 : 1000 }),
            round);
        });
    });
}

export async function single(run) {
    for (const size of [1, ...run.sizes([10000])]) {
        const options = { sockets: size, channels: size };
        await singles(run, { workload: 'single', size, entries: named(ALL, options) });
    }
    const [size] = run.sizes([1000]);
    await singles(run, { workload: 'single-http', size,
        entries: named(['ours', 'echo'], { sockets: size, channels: size })
            .map((entry) => ({ ...entry, via: 'http' })) });
}

export async function payload(run) {
    const [size] = run.sizes([1000]);
    await together(run, named(ALL, { sockets: size }), async (entered) => {
        await joined(run, entered);
        for (const bytes of [128, 1024, 16384]) {
            run.progress(`payload ${bytes}`);
            await run.interleave(entered, async (contender, round) => {
                await contender.ask('payload', { size: bytes });
                run.note({ workload: 'payload', size, contender: contender.name },
                    `${bytes} bytes`, await contender.ask('one', {
                        count: Math.ceil((contender.isNode ? 10 : 40) * run.scale),
                    }), round);
            });
        }
    });
}

/** The same events to clients that offer permessage-deflate and to others. */
export async function deflate(run) {
    const [size] = run.sizes([10000]);
    const options = { sockets: size, payload: 1024 };
    const how = { config: { socketio: { perMessageDeflate: true } } };
    await each(run, { workload: 'deflate', variant: '1024 bytes', size, entries: [
        { name: 'ours', options },
        { name: 'ours', label: 'ours-deflate', how, options: { ...options, deflate: 1 } },
    ] }, async (contender) => {
        const answer = await contender.ask('one', { count: Math.ceil(10 * run.scale) });
        const expected = contender.name.endsWith('-deflate') ? answer.received : 0;
        if (answer.compressed !== expected) {
            run.losses.push(`deflate: ${answer.compressed} of ${expected} frames compressed`);
        }
        return answer;
    });
}

export async function polling(run) {
    const [size] = run.sizes([1000]);
    await each(run, { workload: 'polling', variant: 'one', size,
        entries: named(['ours', 'socketio', 'echo'], { sockets: size, polling: 1 }) },
    (contender) => contender.ask('one', { count: Math.ceil(10 * run.scale) }));
}
