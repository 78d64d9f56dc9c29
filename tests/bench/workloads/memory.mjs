// SPDX-License-Identifier: MIT
// What an idle connection with one subscription holds: the growth from the
// first thousand to the last, so that what a process needs anyway is in neither.

import { enter } from '../runner/contenders.mjs';

async function memory(run, workload, name, [first, last], certs) {
    const contender = await enter(name, { certs }, { sockets: last });
    const note = (metric, value) => run.results.add(
        { workload, variant: 'idle', size: last, contender: name, metric }, value);
    const take = async (sockets) => {
        run.check(await contender.ask('connect', { sockets }));
        return {
            ...await contender.ask('memory'),
            openssl: (await contender.server.memory?.())?.openssl_bytes,
        };
    };
    try {
        const before = await take(first);
        const after = await take(last);
        const each = (field) => (after[field] - before[field]) / (last - first);
        note('bytes_client', each('pss_bytes'));
        note('kernel_bytes_client', each('socket_bytes'));
        if (name === 'floor' && certs) {
            note('openssl_bytes_client', each('openssl'));
        }
    } finally {
        await contender.close();
    }
}

export async function run(run) {
    const sizes = run.sizes([1000, 10000]);
    for (const name of run.who(['floor', 'ours', 'socketio', 'echo'])) {
        await memory(run, 'memory', name, sizes);
    }
}

export async function runTls(run) {
    const sizes = run.sizes([1000, 5000]);
    for (const name of run.who(['floor', 'ours', 'echo'])) {
        await memory(run, 'memory-tls', name, sizes, run.certs);
    }
}
