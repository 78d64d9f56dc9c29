// SPDX-License-Identifier: MIT
// What honest visitors feel while strangers do what needs no password: each
// kind of tests/lib/strangers.mjs alone, then all of them. The server has one
// core, everybody else the other. Events to 20 pages, and a visitor after the
// other who connects and is admitted to a private channel.
//
//     node tests/bench/strangers.mjs [BINARY [SECONDS [KIND...]]]

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { io } from 'sio4';
import { startBackend } from '../lib/backend.mjs';
import { startChild } from '../lib/child.mjs';
import { openCrowd } from '../lib/mass.mjs';
import { startScene } from '../lib/scene.mjs';
import { binary, postEvent, sleep, tempDir } from '../lib/server.mjs';

const [program = binary, seconds = '5', ...kinds] = process.argv.slice(2);
const STRANGERS = fileURLToPath(new URL('../lib/strangers.mjs', import.meta.url));
const SLOW_CHANNELS = 'private-slow.';
const LISTENERS = 20;
const EVENT_MS = 20;

const allKinds = () => fs.readFileSync(STRANGERS, 'utf8').match(/const ALL = \{([^}]*)\}/)[1]
    .split(',').map((name) => name.trim()).filter(Boolean);

function onFirstCore() {
    const file = path.join(tempDir(), 'pinned');
    fs.writeFileSync(file, `#!/bin/sh\nexec taskset -c 0 '${path.resolve(program)}' "$@"\n`,
        { mode: 0o755 });
    return file;
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

function figures(values) {
    const sorted = values.toSorted((a, b) => a - b);
    return [0.5, 0.99].map((share) => (sorted.length ? at(sorted, share).toFixed(1) : '-'));
}

const memory = (pid) =>
    Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;

/** One visitor: in ms until it is admitted, or null when it was not. */
function visit(url, number) {
    const began = performance.now();
    const socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false });
    return new Promise((resolve) => {
        const end = (value) => { socket.disconnect(); resolve(value); };
        socket.on('connect_error', () => end(null));
        socket.on('connect', () => socket.emit('subscribe',
            { channel: `private-own.${number}`, auth: { headers: {} } },
            (answer) => end(answer?.ok ? performance.now() - began : null)));
        setTimeout(() => end(null), 10000);
    });
}

async function measure(scene, ms) {
    const events = [];
    const crowd = await openCrowd({ port: scene.server.port, count: LISTENERS,
        channels: () => ['news'],
        onEvent: (client, name, channel, data) => events.push(performance.now() - data.at) });
    await crowd.allJoined();
    const end = performance.now() + ms;
    const visits = [];
    const visitors = (async () => {
        for (let i = 0; performance.now() < end; i++) {
            visits.push(await visit(scene.server.url, i));
        }
    })();
    let sent = 0;
    for (; performance.now() < end; sent++) {
        await postEvent(scene.server, { channel: 'news', name: 'E', data: { at: performance.now() } });
        await sleep(EVENT_MS);
    }
    await visitors;
    await sleep(500);
    await crowd.close();
    return { events, lost: sent * LISTENERS - events.length, visits };
}

async function under(kindsAtWork) {
    const backend = await startBackend(async ({ channel }) => {
        if (channel.startsWith(SLOW_CHANNELS)) {
            await sleep(5000);
        }
        return { channel_data: { user_id: 1, user_info: {} } };
    });
    const scene = await startScene({ redis: {}, program: onFirstCore(), config: {
        authHost: backend.url, workers: 1, socketio: { perMessageDeflate: true } } });
    scene.keep(backend);
    const strangers = kindsAtWork && startChild('taskset', ['-c', '1', process.execPath, STRANGERS,
        scene.server.port, SLOW_CHANNELS, ...kindsAtWork]);
    try {
        await strangers?.ready('at work');
        const before = memory(scene.server.pid);
        const { events, lost, visits } = await measure(scene, Number(seconds) * 1000);
        const admitted = visits.filter((ms) => ms !== null);
        return { events: figures(events), lost, visits: figures(admitted),
            refused: visits.length - admitted.length, visited: visits.length,
            grown: memory(scene.server.pid) - before, log: scene.server.stderr().length };
    } finally {
        await strangers?.stop('SIGKILL');
        await scene.close();
    }
}

if (!process.env.PINNED) {
    const again = spawn('taskset', ['-c', '1', process.execPath, ...process.argv.slice(1)],
        { env: { ...process.env, PINNED: '1' }, stdio: 'inherit' });
    again.on('close', (code) => process.exit(code));
} else {
    const list = kinds.length ? kinds : allKinds();
    console.log('| who is at work | event ms p50, p99 | lost | admitted ms p50, p99 | refused '
        + '| memory MB | log kB |\n|---|---|---|---|---|---|---|');
    for (const at of [null, ...list.map((kind) => [kind]), ...list.length > 1 ? [list] : []]) {
        const { events, lost, visits, refused, visited, grown, log } = await under(at);
        console.log(`| ${at?.length > 1 ? 'all of them' : at ?? 'nobody'} | ${events.join(', ')} `
            + `| ${lost} | ${visits.join(', ')} | ${refused} of ${visited} | ${grown.toFixed(1)} `
            + `| ${(log / 1000).toFixed(0)} |`);
    }
    process.exit(0);
}
