// SPDX-License-Identifier: MIT
// What it takes to accept, connect and subscribe: clients that come 64 at a
// time, a storm of all at once with and without private channels, and TLS,
// where the floor is OpenSSL's own handshake.

import { together } from '../runner/contenders.mjs';
import { startApplication } from '../runner/programs.mjs';

const METRICS = ['cpu_us_client', 'wall_us', 'quiet_us', 'join_p50_us', 'join_p99_us', 'failed',
    'resumed'];

/** All come, all go, again and again; a storm takes laravel-echo-server a minute. */
async function connects(run, { workload, variant, size, entries, peerRounds }) {
    run.progress(`${workload} ${variant} ${size}`);
    await together(run, entries.map((entry) => ({
        ...entry, options: { sockets: size, ...entry.options },
    })), (entered) => run.interleave(entered, async (contender, round) => {
        const key = { workload, variant, size, contender: contender.name };
        const answer = await contender.ask('connect');
        run.note(key, variant, answer, round, METRICS);
        if (variant === 'resumed' && answer.resumed < size - 1) {
            run.losses.push(`${workload} ${contender.name}: ${answer.resumed} resumed of ${size}`);
        }
        await contender.ask('leave');
    }, { peerRounds }));
}

const named = (names, entry = {}) => names.map((name) => ({ name, ...entry }));

export async function plain(run) {
    const [size] = run.sizes([4000]);
    await connects(run, { workload: 'connect', variant: 'plain', size,
        entries: named(['floor', 'ours', 'socketio', 'echo']) });
}

export async function storm(run) {
    const [size] = run.sizes([10000]);
    const application = await startApplication();
    const entry = (channel) => ({ how: { application }, options: { inflight: 0, channel } });
    try {
        await connects(run, { workload: 'storm', variant: 'public', size, peerRounds: 1,
            entries: named(['floor', 'ours', 'socketio', 'echo'], entry('bench-')) });
        await connects(run, { workload: 'storm', variant: 'private', size, peerRounds: 1,
            entries: named(['ours', 'echo'], entry('private-')) });
    } finally {
        await application.stop();
    }
}

export async function tls(run) {
    const [size] = run.sizes([1000]);
    const how = { certs: run.certs() };
    await connects(run, { workload: 'connect-tls', variant: 'full', size,
        entries: named(['floor', 'ours', 'echo'], { how }) });
    await connects(run, { workload: 'connect-tls', variant: 'resumed', size,
        entries: named(['floor', 'ours', 'echo'], { how, options: { resume: 1 } }) });
}
