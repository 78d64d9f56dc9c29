// SPDX-License-Identifier: MIT
// Thousands of members in one channel: all of them are listed, told and
// counted. E2E_SCALE takes a share of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENTS } from '../lib/echo.mjs';
import { scaled } from '../lib/mass.mjs';
import { openMembers } from '../lib/presence-members.mjs';
import { agree, enter, get, membersKey, startCluster, ROOM } from '../lib/presence.mjs';
import { waitFor, SLOW } from '../lib/server.mjs';

const COUNT = scaled(5000);
const LONG = 180000 * SLOW;

test(`${COUNT} members in one channel`, { timeout: 2 * LONG }, async (t) => {
    const cluster = await startCluster({ nodes: 1,
        config: { socketio: { pingInterval: 3600000 } } });
    try {
        const [server] = cluster.nodes;
        const watch = [];
        for (const client of Object.keys(CLIENTS)) {
            watch.push(await enter(cluster, 0, client, { client }));
        }
        const members = cluster.keep(openMembers(server.port));
        const begin = Date.now();
        await members.join(1, COUNT, 32);
        t.diagnostic(`all joined after ${Date.now() - begin} ms`);
        const ids = Array.from({ length: COUNT }, (_, i) => i + 1);
        await agree(watch, [...Object.keys(CLIENTS), ...ids], LONG);
        const last = await enter(cluster, 0, 'last', { client: 'sio2' });
        await agree([last, ...watch], ['last', ...Object.keys(CLIENTS), ...ids], LONG);
        assert.deepEqual((await get(server, `/channels/${ROOM}`)).json,
            { subscription_count: COUNT + 4, occupied: true, user_count: COUNT + 4 });
        await waitFor(async () => (await membersKey(cluster.redis))?.length === COUNT + 4,
            20000 * SLOW, 'the members key');
        assert.equal(members.lost, 0);

        await members.close();
        await agree([last, ...watch], ['last', ...Object.keys(CLIENTS)], LONG);
        for (const { joined, left } of watch) {
            const counted = [joined, left].map((list) => list.filter(Number).length);
            assert.deepEqual(counted, [COUNT, COUNT]);
        }
    } finally {
        await cluster.close();
    }
});
