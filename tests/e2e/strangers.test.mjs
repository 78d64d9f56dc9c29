// SPDX-License-Identifier: MIT
// Pages are served while strangers do all that needs no password: the server
// has one core, the strangers the other, where there are two.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startBackend } from '../lib/backend.mjs';
import { startChild } from '../lib/child.mjs';
import { startScene } from '../lib/scene.mjs';
import { binary, postEvent, sleep, SLOW, tempDir } from '../lib/server.mjs';

const STRANGERS = fileURLToPath(new URL('../lib/strangers.mjs', import.meta.url));
const SLOW_CHANNELS = 'private-slow.';
const CAP = 8;
const PAGES = 100;

const pinned = os.cpus().length > 1;
const pin = (core) => (pinned ? ['taskset', '-c', String(core)] : ['env']);

/** The server's program on the first core. */
function onOneCore() {
    const file = path.join(tempDir(), 'pinned');
    fs.writeFileSync(file, `#!/bin/sh\nexec ${pin(0).join(' ')} '${binary}' "$@"\n`, { mode: 0o755 });
    return file;
}

/** Memory of process pid, in MB. */
const memory = (pid) =>
    Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;

test('pages are served while strangers do what anyone can', async () => {
    const app = { atWork: 0, most: 0 };
    const backend = await startBackend(async ({ channel }) => {
        if (channel.startsWith(SLOW_CHANNELS)) {
            app.atWork++;
            app.most = Math.max(app.most, app.atWork);
            await sleep(5000);
            app.atWork--;
        }
        return { channel_data: { user_id: 1, user_info: {} } };
    });
    const scene = await startScene({
        redis: false, program: onOneCore(),
        config: {
            authHost: backend.url, workers: 2, maxConnections: 200, authMaxRequests: CAP,
            socketio: { perMessageDeflate: true },
        },
    });
    scene.keep(backend);
    const { server } = scene;
    const [command, ...args] = pin(1);
    const strangers = startChild(command, [...args, process.execPath, STRANGERS, server.port,
        SLOW_CHANNELS]);
    try {
        await strangers.ready('at work');
        const early = memory(server.pid);
        for (let i = 0; i < PAGES; i++) {
            const page = await scene.page({ transport: i % 2 ? 'websocket' : 'polling',
                more: { extraHeaders: { 'X-Forwarded-For': `198.51.100.${i}` } } });
            const channel = `private-own.${i}`;
            assert.deepEqual((await page.ask('subscribe', { channel, auth: { headers: {} } }))[0],
                { ok: true });
            const event = page.event('E', channel);
            assert.equal((await postEvent(server, { channel, name: 'E', data: { i } })).status, 200);
            await event;
            page.close();
        }
        assert.ok(strangers.alive(), strangers.output());
        assert.ok(app.most > 0, 'the strangers asked');
        assert.ok(app.most <= CAP, `${app.most} requests at once in the application`);
        const grown = memory(server.pid) - early;
        // A sanitizer keeps what was freed.
        assert.ok(grown < 64 || SLOW > 1, `${grown.toFixed(1)} MB more`);
        assert.doesNotMatch(server.stderr(), /past the limit are refused/);
    } finally {
        await strangers.stop();
        await scene.close();
    }
});
