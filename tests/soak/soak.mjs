// SPDX-License-Identifier: MIT
// A server for minutes or hours with all that happens to one: pages of every version come, join,
// whisper, upgrade and go, some without a word; Redis ends, or stands still; the application is slow,
// broken or silent; configuration and certificate change. At the end memory and descriptors are what
// they were after the warm-up, and each page got each event in order, none twice, none missing.
//
//     node tests/soak/soak.mjs [--minutes=5] [--visitors=20]
//
// ECHO_SERVER names the binary; SEED repeats what was random. A line a minute, and status 1 with the
// reason when something does not hold.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { makeCerts } from '../lib/certs.mjs';
import { CLIENT_COMBINATIONS, openPage } from '../lib/echo.mjs';
import { randomOf } from '../lib/random.mjs';
import { redisConfig, startRedis } from '../lib/redis.mjs';
import { reload } from '../lib/reload.mjs';
import { sleep, startServer, tempDir, waitFor, SLOW } from '../lib/server.mjs';
import { startApplication } from './application.mjs';
import { medianOf, startGauge } from './gauge.mjs';

const { values: { minutes, visitors } } = parseArgs({
    options: { minutes: { type: 'string', default: '5' }, visitors: { type: 'string', default: '20' } },
});
const LENGTH = Number(minutes) * 60000;
const VISITORS = Number(visitors);
const PATIENCE = 30000 * SLOW;
/** What is between a page that nobody serves and the server's word that it is gone. */
const PING = { pingInterval: 5000 * SLOW, pingTimeout: 15000 * SLOW };
/** Growth from the second quarter to the last: what an allocator keeps, and no more. */
const MEMORY = { factor: 1.15, more: 4 << 20 };

const chance = randomOf('soak');
const stillness = monitorEventLoopDelay();
stillness.enable();
const state = {
    over: false, publishing: true, sent: 0, failed: undefined,
    counts: { events: 0, visits: 0, whispers: 0, returns: 0, refused: 0, incidents: {} },
};

function fail(error) {
    state.failed ??= error;
    state.over = true;
}

// ---- what each page must have got ----

/** Takes the events that page has by now: numbers follow each other without a gap. */
function takeEvents(page) {
    for (const { name, channel, data } of page.received.splice(0)) {
        if (name !== 'E') {
            continue;
        }
        const before = page.last[channel];
        assert.ok(before === undefined || data.number === before + 1,
            `${page.label}: ${channel} went from ${before} to ${data.number}`);
        page.last[channel] = data.number;
        state.counts.events++;
    }
}

const STREAMS = ['stream', 'private-stream'];

async function openWatcher(scene, combination) {
    const page = await openPage({ url: scene.server.url, ca: scene.certs.ca, ...combination });
    Object.assign(page, { last: {}, label: `a watcher, ${Object.values(combination).join(' ')}` });
    page.socket.on('disconnect', (why) => state.over || fail(new Error(
        `${page.label}: ended, ${why}; this process stood still for ${(stillness.max / 1e6).toFixed(0)} ms at most`)));
    page.echo.channel('stream');
    page.echo.private('stream');
    await page.joined('stream', PATIENCE);
    await page.joined('private-stream', PATIENCE);
    return page;
}

/** Everything that was published has reached every watcher. */
async function settle(scene) {
    await waitFor(() => {
        scene.watchers.forEach(takeEvents);
        return state.over || scene.watchers.every(({ last }) =>
            STREAMS.every((channel) => (last[channel] ?? 0) === state.sent));
    }, PATIENCE, `event ${state.sent} at ${JSON.stringify(scene.watchers.map(({ label, last }) => [label, last]))}`);
}

async function publishOne(scene) {
    state.sent++;
    await Promise.all(STREAMS.map((channel) =>
        scene.redis.publish(channel, 'E', { number: state.sent, pad: 'x'.repeat(chance.below(300)) })));
}

async function publish(scene) {
    while (!state.over) {
        if (state.publishing) {
            state.busy = publishOne(scene);
            await state.busy;
        }
        await sleep(20);
    }
}

/** Runs what makes Redis lose events, with none under way. */
async function withoutEvents(scene, run) {
    state.publishing = false;
    await state.busy;
    await settle(scene);
    await run();
    await proveSubscription(scene);
    state.publishing = true;
}

/** Redis says how many it gave a message to; a page says that it came. */
async function proveSubscription(scene) {
    const [watcher] = scene.watchers;
    await waitFor(async () => {
        await scene.redis.publish('stream', 'proof', {}).catch(() => {});
        await sleep(50);
        return state.over || watcher.received.some(({ name }) => name === 'proof');
    }, PATIENCE, 'the subscription to come back');
    // The one that was proven is the last that there is, and nothing of an older one is under way.
    await sleep(200);
    watcher.received.splice(0, watcher.received.length,
        ...watcher.received.filter(({ name }) => name !== 'proof'));
}

// ---- visitors ----

/** What comes when it is back begins anew. */
function settleAccounts(page) {
    try {
        takeEvents(page);
    } catch (error) {
        fail(error);
    }
    page.last = {};
    state.counts.returns++;
}

async function behave(page) {
    const room = `room.${chance.below(5)}`;
    page.echo.private(room);
    page.echo.channel('stream');
    if (chance.below(2)) {
        page.echo.join('lobby');
    }
    const decided = await Promise.race([
        page.joined(`private-${room}`, 5000 * SLOW).then(() => true, () => false), sleep(5000 * SLOW)]);
    if (!decided) {
        state.counts.refused++;
    }
    for (let i = chance.below(5); i > 0 && !state.over; i--) {
        page.echo.private(room).whisper('typing', { i });
        state.counts.whispers++;
        await sleep(chance.below(300));
    }
    if (chance.below(3) === 0) {
        page.echo.leave('stream');
    }
    await sleep(chance.below(1500));
}

/** As a tab that is closed, a laptop that is shut, or an application that says goodbye. */
function end(page) {
    const engine = page.socket.io.engine;
    page.ended = true;
    page.socket.io.reconnection(false);
    if (chance.below(3) === 0) {
        engine?.transport?.ws?.terminate?.();
    }
    page.close();
}

async function visit(scene, number) {
    while (!state.over) {
        const combination = chance.pick(CLIENT_COMBINATIONS);
        const page = await openPage({
            url: scene.server.url, ca: scene.certs.ca, settle: false, ...combination,
            more: { reconnection: true, reconnectionDelay: 200 },
        }).catch(() => undefined);
        if (!page) {
            await sleep(200);
            continue;
        }
        Object.assign(page, { last: {}, label: `visitor ${number}, ${Object.values(combination).join(' ')}` });
        scene.pages.add(page);
        state.counts.visits++;
        page.socket.on('disconnect', () => state.over || page.ended || settleAccounts(page));
        await behave(page);
        takeEvents(page);
        scene.pages.delete(page);
        end(page);
    }
}

// ---- incidents ----

const incidents = {
    redisEnds: (scene) => withoutEvents(scene, async () => {
        await scene.redis.stop();
        await sleep(chance.below(3000));
        scene.redis = await startRedis({ port: scene.redis.port });
    }),
    redisStands: (scene) => withoutEvents(scene, async () => {
        process.kill(scene.redis.pid, 'SIGSTOP');
        await sleep(chance.pick([500, 3000, 12000]));
        process.kill(scene.redis.pid, 'SIGCONT');
    }),
    applicationIs: async (scene) => {
        scene.application.mode = chance.pick(['slow', 'broken', 'silent', 'absent']);
        await sleep(3000);
        scene.application.mode = 'well';
    },
    visitorsVanish: (scene) => {
        [...scene.pages].filter(() => chance.below(2)).forEach(({ socket }) =>
            socket.io.engine?.transport?.ws?.terminate?.());
    },
    configurationChanges: (scene) => reload(scene.server, {
        maxChannels: 100 + chance.below(100), authMaxRequests: 8 + chance.below(8),
        sendQueueLimit: (1 << 20) + chance.below(1 << 20),
    }),
    certificateChanges: async (scene) => {
        putCertificate(scene.certs.issue(`renewed${scene.renewals++}`), scene.folder);
    },
    burst: async (scene) => {
        await Promise.all(Array.from({ length: 200 }, () => state.publishing && publishOne(scene)));
    },
};

async function disturb(scene) {
    while (!state.over) {
        await sleep(1000 + chance.below(4000));
        if (state.over) {
            return;
        }
        const name = chance.pick(Object.keys(incidents));
        state.counts.incidents[name] = (state.counts.incidents[name] ?? 0) + 1;
        await incidents[name](scene);
    }
}

// ---- the beginning and the end ----

function putCertificate({ certPath, keyPath }, folder) {
    for (const [from, name] of [[keyPath, 'key.pem'], [certPath, 'cert.pem']]) {
        fs.copyFileSync(from, path.join(folder, `${name}.new`));
        fs.renameSync(path.join(folder, `${name}.new`), path.join(folder, name));
    }
}

async function open() {
    const scene = { pages: new Set(), watchers: [], renewals: 0, certs: makeCerts(), folder: tempDir() };
    putCertificate(scene.certs, scene.folder);
    scene.redis = await startRedis();
    scene.application = await startApplication(chance);
    scene.server = await startServer({ config: {
        ...redisConfig(scene.redis),
        protocol: 'https', workers: 2, authHost: scene.application.url,
        sslCertPath: path.join(scene.folder, 'cert.pem'), sslKeyPath: path.join(scene.folder, 'key.pem'),
        authTimeout: 2000 * SLOW, authRetryTime: 2000 * SLOW, socketio: PING,
    } });
    await scene.redis.awaitSubscriber();
    for (const combination of CLIENT_COMBINATIONS) {
        scene.watchers.push(await openWatcher(scene, combination));
    }
    return scene;
}

function report(gauge, began) {
    const last = gauge.last();
    console.log(`${((Date.now() - began) / 60000).toFixed(1)} min: ${JSON.stringify(state.counts)} `
        + `memory ${(last.memory / 1e6).toFixed(1)} MB, descriptors ${last.descriptors}`);
}

async function run(scene, gauge) {
    const began = Date.now();
    const lines = setInterval(() => report(gauge, began), 60000);
    const parts = [publish(scene), disturb(scene),
        ...Array.from({ length: VISITORS }, (_, number) => visit(scene, number))];
    parts.forEach((part) => part.catch(fail));
    while (!state.over && Date.now() - began < LENGTH) {
        await sleep(500);
        try {
            scene.watchers.forEach(takeEvents);
            [...scene.pages].forEach(takeEvents);
            assert.ok(scene.server.alive(), `the server ended:\n${scene.server.stderr().slice(-4000)}`);
        } catch (error) {
            fail(error);
        }
    }
    clearInterval(lines);
    state.over = true;
    await Promise.allSettled(parts);
    report(gauge, began);
}

async function judge(scene, gauge, before) {
    if (state.failed) {
        throw state.failed;
    }
    state.over = false;
    await settle(scene);
    await waitFor(() => gauge.now().descriptors <= before.descriptors, PATIENCE,
        `descriptors to be ${before.descriptors} again: ${gauge.now().descriptors}`);
    const [first, end] = [medianOf(gauge.quarter(1)), medianOf(gauge.quarter(3))];
    console.log(`memory: ${(first / 1e6).toFixed(1)} MB in the second quarter, ${(end / 1e6).toFixed(1)} MB in the last; `
        + `descriptors: ${before.descriptors} before, ${gauge.now().descriptors} after`);
    assert.ok(end <= first * MEMORY.factor + MEMORY.more, `memory grew from ${first} to ${end} bytes`);
}

const scene = await open();
const gauge = startGauge(scene.server.pid);
const before = gauge.now();
let status = 0;
try {
    await run(scene, gauge);
    await judge(scene, gauge, before);
    state.over = true;
    scene.watchers.forEach((page) => page.close());
    await scene.server.stop();
    console.log('nothing was lost, and nothing grew');
} catch (error) {
    state.over = true;
    console.log(`FAILED: ${error.stack}\n--- log of the server:\n${scene.server.stderr().slice(-4000)}`);
    status = 1;
}
await scene.redis.stop().catch(() => {});
process.exit(status);
