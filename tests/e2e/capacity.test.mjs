// SPDX-License-Identifier: MIT
// Many clients: more than the soft descriptor limit, and quiet ones that cost
// next to nothing. E2E_SCALE takes a share of them.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openCrowd, scaled } from '../lib/mass.mjs';
import { startScene } from '../lib/scene.mjs';
import { binary, sleep, tempDir, waitFor, SLOW } from '../lib/server.mjs';

const SOFT_LIMIT = 1024;
const TICKS_A_SECOND = 100;

/** The server's program, started under the limit that shells commonly have. */
function limited() {
    const file = path.join(tempDir(), 'limited');
    fs.writeFileSync(file, `#!/bin/sh\nulimit -Sn ${SOFT_LIMIT}\nexec '${binary}' "$@"\n`,
        { mode: 0o755 });
    return file;
}

/** Processor time of process pid so far, in ms. */
function cpuTime(pid) {
    const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 1000 / TICKS_A_SECOND;
}

function descriptorLimit(pid) {
    const line = fs.readFileSync(`/proc/${pid}/limits`, 'utf8')
        .match(/Max open files\s+(\d+)\s+(\d+)/);
    return { soft: Number(line[1]), hard: Number(line[2]) };
}

describe('many clients', () => {
    let scene;
    let hard;
    before(async () => {
        scene = await startScene({ program: limited() });
        ({ hard } = descriptorLimit(scene.server.pid));
    });
    after(() => scene?.close());

    test('connect beyond the soft limit and all receive an event', async (t) => {
        const count = scaled(3000);
        if (count + 100 > hard) {
            t.skip(`the hard limit is ${hard}`);
            return;
        }
        assert.ok(descriptorLimit(scene.server.pid).soft > SOFT_LIMIT);
        const crowd = await openCrowd(
            { port: scene.server.port, count, channels: () => ['all'] });
        try {
            await crowd.allJoined();
            await scene.redis.publish('all', 'E', {});
            await waitFor(() => crowd.clients.every(({ received }) => received === 1),
                30000 * SLOW, `${count} clients to receive the event`);
            assert.equal(crowd.drops, 0);
        } finally {
            await crowd.close();
        }
    });

    test('that are quiet cost next to no processor time', async () => {
        const count = scaled(1000);
        const crowd = await openCrowd({ port: scene.server.port, count, channels: () => ['all'] });
        try {
            await crowd.allJoined();
            // The window is the measure: there is no condition to wait for.
            const before = cpuTime(scene.server.pid);
            const windowMs = 5000;
            await sleep(windowMs);
            const share = (cpuTime(scene.server.pid) - before) / windowMs;
            assert.ok(share < 0.03 * SLOW, `${(share * 100).toFixed(1)} % of a core while quiet`);
            assert.equal(crowd.drops, 0);
        } finally {
            await crowd.close();
        }
    });
});
