// SPDX-License-Identifier: MIT
// Joining and leaving, and names that could be mistaken for something else.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startBackend } from '../lib/backend.mjs';
import { CLIENT_COMBINATIONS, fence, label } from '../lib/echo.mjs';
import { startScene } from '../lib/scene.mjs';

describe('channels', () => {
    let scene;
    before(async () => {
        const backend = await startBackend(({ headers, channel }) => ({
            status: channel === `private-${headers['x-user']}` ? 200 : 403,
        }));
        scene = await startScene({ config: { authHost: backend.url } });
        scene.keep(backend);
    });
    after(() => scene?.close());

    const acked = async (page, event, data) => (await page.ask(event, data))[0];

    for (const combination of CLIENT_COMBINATIONS) {
        test(`twice joined is as once, one leave is enough: ${label(combination)}`, async () => {
            const page = await scene.page({ ...combination, headers: { 'X-User': 'me' } });
            for (const channel of ['news', 'private-me']) {
                const data = { channel, auth: { headers: { 'X-User': 'me' } } };
                page.socket.emit('subscribe', data);
                page.socket.emit('subscribe', data);
                assert.deepEqual(await acked(page, 'subscribe', data), { ok: true });
                await scene.redis.publish(channel, 'E', {});
                await fence(scene.redis, [page]);
                assert.equal(page.count('E', channel), 1);
                page.socket.emit('unsubscribe', data);
                await acked(page, 'unsubscribe', data);
                await scene.redis.publish(channel, 'E', {});
                await fence(scene.redis, [page]);
                assert.equal(page.count('E', channel), 1);
            }
            page.close();
        });
    }

    test('a room named like a socket id reaches nobody\'s private messages', async () => {
        for (const client of ['sio2', 'sio4']) {
            const victim = await scene.page({ client, headers: { 'X-User': 'victim' } });
            const spy = await scene.page({ client });
            for (const channel of [victim.id, victim.socket.io.engine.id]) {
                assert.deepEqual(await acked(spy, 'subscribe', { channel }), { ok: true });
            }
            victim.echo.private('other');
            await victim.refused('private-other');
            await scene.redis.publish('news', 'E', {}, { socket: victim.id });
            await fence(scene.redis, [victim, spy]);
            assert.deepEqual(spy.received.map(({ name }) => name), ['fence']);
            // It is a public channel like any other, for all that.
            await scene.redis.publish(victim.id, 'E', { own: 1 });
            await spy.event('E', victim.id);
            assert.equal(victim.count('E'), 0);
            victim.close();
            spy.close();
        }
    });

    test('names with any characters are names', async () => {
        const names = ['a b', 'ü.😀', '"quoted"', 'back\\slash', '#x', '{}', '[]', '*',
            '__proto__', 'constructor', 'x'.repeat(200), 'a\nb', '0', 'null', 'é'.repeat(100)];
        const page = await scene.page();
        for (const channel of names) {
            assert.deepEqual(await acked(page, 'subscribe', { channel }), { ok: true }, channel);
        }
        for (const channel of names) {
            await scene.redis.publish(channel, 'E', {});
        }
        await fence(scene.redis, [page]);
        assert.deepEqual(page.received.filter(({ name }) => name === 'E')
            .map(({ channel }) => channel), names);
    });

    test('a name over the limit is refused with status 0', async () => {
        const page = await scene.page();
        const channel = 'x'.repeat(201);
        assert.deepEqual(await acked(page, 'subscribe', { channel }), { ok: false, status: 0 });
        assert.equal((await page.refused(channel)).data, 0);
        page.close();
    });

    test('more channels than maxChannels are refused with status 0', async () => {
        const few = scene.keep(await startScene({ redis: false, config: { maxChannels: 5 } }));
        const page = await few.page();
        for (let i = 0; i < 5; i++) {
            assert.deepEqual(await acked(page, 'subscribe', { channel: `c${i}` }), { ok: true });
        }
        const more = { channel: 'c5' };
        assert.deepEqual(await acked(page, 'subscribe', more), { ok: false, status: 0 });
        assert.deepEqual(await acked(page, 'subscribe', { channel: 'c1' }), { ok: true });
        await acked(page, 'unsubscribe', { channel: 'c1' });
        assert.deepEqual(await acked(page, 'subscribe', more), { ok: true });
    });

    test('a page that went away is sent nothing and holds up nobody', async () => {
        const leaver = await scene.page();
        const stayer = await scene.page({ client: 'sio2', transport: 'polling' });
        for (const page of [leaver, stayer]) {
            page.echo.channel('news');
            await page.joined('news');
        }
        leaver.socket.io.engine.transport.ws?.terminate?.();
        leaver.close();
        await scene.redis.publish('news', 'E', {});
        await stayer.event('E', 'news');
    });
});
