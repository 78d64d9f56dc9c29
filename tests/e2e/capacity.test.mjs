// SPDX-License-Identifier: MIT
// Many clients: more than the soft descriptor limit, and quiet ones that cost
// next to nothing. E2E_SCALE takes a share of them.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openCrowd, scaled } from '../lib/mass.mjs';
import { HttpConn, requestBytes } from '../lib/raw.mjs';
import { startScene } from '../lib/scene.mjs';
import { binary, postEvent, sleep, tempDir, waitFor, SLOW } from '../lib/server.mjs';

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

describe('handshakes of somebody who never comes back', () => {
    const CONNECTIONS = 4;
    const RATE = 40; // a second

    /** Shakes hands on a few connections; statuses counts the answers. */
    class Flood {
        statuses = {};

        static async open(port) {
            const flood = new Flood();
            flood.conns = await Promise.all(
                Array.from({ length: CONNECTIONS }, () => HttpConn.open(port)));
            return flood;
        }

        async #shake(conn) {
            conn.send(requestBytes({ path: '/socket.io/?EIO=4&transport=polling' }));
            const { status } = await conn.response();
            this.statuses[status] = (this.statuses[status] ?? 0) + 1;
        }

        /** As fast as they are answered. */
        burst(count) {
            return Promise.all(this.conns.map(async (conn) => {
                for (let i = 0; i < count / CONNECTIONS; i++) {
                    await this.#shake(conn);
                }
            }));
        }

        /** At RATE from now on. */
        keepUp() {
            this.running = Promise.all(this.conns.map(async (conn) => {
                while (!this.stopped) {
                    await this.#shake(conn);
                    await sleep(1000 * CONNECTIONS / RATE);
                }
            }));
            this.running.catch(() => {}); // stop() tells
        }

        async stop() {
            this.stopped = true;
            await this.running;
            this.conns.forEach((conn) => conn.destroy());
        }
    }

    let scene;
    before(async () => {
        scene = await startScene({ redis: false, config: { maxConnections: 200, workers: 2 } });
    });
    after(() => scene?.close());

    test('lock nobody out and end nobody who is there', async () => {
        const drops = [];
        const open = async (client, transport) => {
            const page = await scene.page({ client, transport });
            page.socket.on('disconnect', (why) => drops.push([client, transport, why]));
            page.echo.channel('all');
            await page.joined('all');
            return page;
        };
        const pages = [await open('sio4', 'polling'), await open('sio2', 'polling')];
        const flood = scene.keep(await Flood.open(scene.server.port));
        await flood.burst(1000);
        flood.keepUp();
        for (const client of ['sio2', 'sio4']) {
            for (const transport of ['polling', 'websocket', 'upgrade']) {
                pages.push(await open(client, transport));
            }
        }
        for (const number of [1, 2, 3]) {
            await postEvent(scene.server, { channel: 'all', name: 'E', data: { number } });
            await Promise.all(pages.map((page) => page.events(number, 'E', 'all')));
        }
        assert.deepEqual(drops, []);
        assert.deepEqual(Object.keys(flood.statuses), ['200']);
        assert.ok(flood.statuses[200] > 1000);
        pages.forEach((page) => page.socket.off('disconnect'));
    });
});
