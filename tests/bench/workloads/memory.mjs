// SPDX-License-Identifier: MIT
// What an idle connection with one subscription holds: the growth from the
// first thousand to the last, so that what a process needs anyway is in neither.

import { together } from '../runner/contenders.mjs';

async function take(run, contender, sockets) {
    run.check(await contender.ask('connect', { sockets }), contender);
    return {
        ...await contender.ask('memory'),
        openssl: (await contender.server.memory?.())?.openssl_bytes,
    };
}

async function memory(run, workload, names, [first, last], certs) {
    for (const name of names) {
        await together(run, [{ name, how: { certs }, options: { sockets: last } }],
            async (entered) => {
                for (const contender of entered) {
                    const before = await take(run, contender, first);
                    const after = await take(run, contender, last);
                    const note = (metric, field) => run.results.add(
                        { workload, variant: 'idle', size: last, contender: contender.name, metric },
                        (after[field] - before[field]) / (last - first));
                    note('bytes_client', 'pss_bytes');
                    note('kernel_bytes_client', 'socket_bytes');
                    if (name === 'floor' && certs) {
                        note('openssl_bytes_client', 'openssl');
                    }
                }
            });
    }
}

export const plain = (run) => memory(run, 'memory', run.who(['floor', 'ours', 'socketio', 'echo']),
    run.sizes([1000, 10000]));

export const tls = (run) => memory(run, 'memory-tls', run.who(['floor', 'ours', 'echo']),
    run.sizes([1000, 5000]), run.certs());
