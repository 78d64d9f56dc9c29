// SPDX-License-Identifier: MIT
// A second worker, and readers beside clients that do not read.

import fs from 'node:fs';
import { together } from '../runner/contenders.mjs';

/** A burst into the kernel's buffers while nobody reads, with one worker and with two. */
export async function workers(run) {
    const [size] = run.sizes([10000]);
    const entry = (label, count) => (
        { name: 'ours', label, how: { workers: count }, options: { sockets: size, stamps: 1 } });
    run.progress(`workers ${size}`);
    await together(run, [entry('ours', 1), entry('ours-2', 2)], async (entered) => {
        for (const contender of entered) {
            run.check(await contender.ask('connect'), contender);
        }
        await run.interleave(entered, async (contender, round) => {
            const key = { workload: 'workers', size, contender: contender.name };
            run.note(key, 'drain 20', await contender.ask('drain', { count: 5, size: 20 }), round,
                ['drain_us', 'cpu_us_delivery']);
            run.note(key, 'one',
                await contender.ask('one', { count: Math.ceil(10 * run.scale) }), round);
        });
    });
}

/** A field of /proc/PID/status, in bytes. */
const memoryOf = (pid, field) => 1024 * Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8')
    .match(new RegExp(`${field}:\\s+(\\d+) kB`))[1]);

const QUEUE_LIMIT = 131072;
const CUT = / transport=websocket why=slow /g;
/** How often events are sent again for those that the kernel still had room for. */
const AGAIN = 20;

/** One contender's readers: while all read, and after some have stopped. */
async function slowOf(run, contender, { size, stopped, paced }) {
    const { pid, log } = contender.server;
    const note = (variant, answer, metrics) => run.note(
        { workload: 'slow', size, contender: contender.name }, variant, answer, 0, metrics);
    run.check(await contender.ask('connect'), contender);
    note('all read', await contender.ask('paced', paced), ['p50_us', 'p99_us']);
    const before = memoryOf(pid, 'VmRSS');
    await contender.ask('stall', { sockets: stopped });
    const answer = await contender.ask('paced', { ...paced, ms: paced.ms * 3 });
    const cut = () => log().match(CUT)?.length ?? 0;
    for (let i = 0; cut() < stopped && i < AGAIN; i += 1) {
        await contender.ask('paced', paced);
    }
    note('stopped', {
        ...answer, stopped,
        cut: cut(),
        memory_growth: memoryOf(pid, 'VmHWM') - before,
        memory_limit: stopped * QUEUE_LIMIT,
    }, ['p50_us', 'p99_us', 'stopped', 'cut', 'memory_growth', 'memory_limit']);
}

/**
 * Readers' latency before and after one in ten stops reading. Who stops is as if far away
 * (option slow of bench-load): small segments, and so no 4 MB in the kernel for each. One round:
 * who was cut does not come back.
 */
export async function slow(run) {
    const [size, stopped] = run.sizes([10000, 1000]);
    const paced = run.smoke ? { rate: 50, ms: 600 } : { rate: 5, ms: 4000 };
    run.progress(`slow ${size}`);
    await together(run, [{
        name: 'ours',
        how: { config: { sendQueueLimit: QUEUE_LIMIT, logLevel: 'info' } },
        options: { sockets: size, slow: stopped, payload: 8192 },
    }], async (entered) => {
        for (const contender of entered) {
            await slowOf(run, contender, { size, stopped, paced });
        }
    });
}
