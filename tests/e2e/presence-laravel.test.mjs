// SPDX-License-Identifier: MIT
// A Laravel application finds in Redis who is in its room, and makes an event
// for all but one of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENTS } from '../lib/echo.mjs';
import { bearer } from '../lib/laravel.mjs';
import { startScene } from '../lib/scene.mjs';
import { waitFor } from '../lib/server.mjs';

test('Laravel reads presence-room.7:members', async () => {
    const scene = await startScene({ laravel: {},
        config: { authEndpoint: '/api/broadcasting/auth' } });
    try {
        const pages = [];
        for (const [i, client] of Object.keys(CLIENTS).entries()) {
            const page = await scene.page({ client, bearer: `token-${i + 1}` });
            page.echo.join('room.7');
            await page.event('presence:subscribed', 'presence-room.7');
            pages.push(page);
        }
        const member = (id) => ({ user_id: id, user_info: { id, name: `User ${id}` } });
        const read = async () => (await (await fetch(`${scene.laravel.url}/members/room.7`,
            { headers: bearer(1) })).json()).members ?? [];
        const members = await waitFor(async () => {
            const list = await read();
            return list.length === 3 && list;
        }, undefined, 'Laravel to find the members');
        assert.deepEqual(members.map(({ socketId, ...rest }) => rest), [1, 2, 3].map(member));
        assert.deepEqual(Object.keys(members[0]), ['user_id', 'user_info', 'socketId']);

        // Each member's socketId serves as the sender of an event.
        for (const [i, { socketId }] of members.entries()) {
            const others = pages.filter((page) => page !== pages[i]);
            await scene.redis.publish('presence-room.7', `E.${i}`, {}, { socket: socketId });
            await Promise.all(others.map((page) => page.event(`E.${i}`)));
        }
        await scene.redis.publish('presence-room.7', 'done', {});
        for (const [i, page] of pages.entries()) {
            await page.event('done');
            assert.equal(page.count(`E.${i}`), 0);
            page.close();
        }
        await waitFor(async () => (await read()).length === 0, undefined,
            'Laravel to find nobody');
    } finally {
        await scene.close();
    }
});
