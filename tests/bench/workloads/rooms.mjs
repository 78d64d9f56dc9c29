// SPDX-License-Identifier: MIT
// What the members of a channel do to each other: whispers, and joins of a
// presence channel, of which everybody in it is told.

import { together } from '../runner/contenders.mjs';
import { startApplication } from '../runner/programs.mjs';

async function withApplication(visit) {
    const application = await startApplication();
    try {
        await visit(application);
    } finally {
        await application.stop();
    }
}

export const whisper = (run) => withApplication(async (application) => {
    const [size] = run.sizes([1000]);
    const options = { sockets: size, channel: 'private-' };
    run.progress(`whisper ${size}`);
    await together(run, ['ours', 'socketio', 'echo'].map(
        (name) => ({ name, how: { application }, options })), async (entered) => {
        for (const contender of entered) {
            run.check(await contender.ask('connect'), contender);
        }
        await run.interleave(entered, async (contender, round) => run.note(
            { workload: 'whisper', size, contender: contender.name }, 'one',
            await contender.ask('whisper', {
                count: Math.ceil((contender.isNode ? 20 : 100) * run.scale),
            }), round));
    });
});

export const presence = (run) => withApplication(async (application) => {
    const [size, more] = run.sizes([1000, 100]);
    const sockets = size + more * Math.max(run.rounds, run.peerRounds);
    const options = { sockets, channel: 'presence-', inflight: 8 };
    run.progress(`presence ${size}`);
    await together(run, ['ours', 'echo'].map(
        (name) => ({ name, how: { application }, options })), async (entered) => {
        for (const contender of entered) {
            run.check(await contender.ask('connect', { sockets: size }), contender);
        }
        await run.interleave(entered, async (contender, round) => {
            const answer = await contender.ask('connect', { sockets: size + more * (round + 1) });
            answer.cpu_us_told = answer.cpu_us / answer.told;
            run.note({ workload: 'presence', size, contender: contender.name }, 'join', answer,
                round, ['cpu_us_client', 'cpu_us_told', 'join_p50_us', 'join_p99_us']);
        });
    });
});
