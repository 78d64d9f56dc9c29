// SPDX-License-Identifier: MIT
// Five hundred events published back to back arrive complete and in order, on
// every transport and while a page moves from one to the other.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startSlowUpgrades } from '../lib/backend.mjs';
import { CLIENT_COMBINATIONS, label } from '../lib/echo.mjs';
import { startScene } from '../lib/scene.mjs';
import { waitFor, SLOW } from '../lib/server.mjs';

const COUNT = 500;

const numbers = (page) => page.received
    .filter(({ channel }) => channel === 'stream')
    .map(({ data }) => data.number);
const upTo = (count) => Array.from({ length: count }, (_, i) => i);

describe('events back to back', () => {
    let scene;
    before(async () => { scene = await startScene({ laravel: {} }); });
    after(() => scene?.close());

    for (const combination of CLIENT_COMBINATIONS) {
        test(`arrive in order at ${label(combination)}`, async () => {
            const page = await scene.page(combination);
            page.echo.channel('stream');
            await page.joined('stream');
            await Promise.all(upTo(COUNT).map((number) =>
                scene.redis.publish('stream', 'E', { number, pad: 'é'.repeat(number) })));
            await page.events(COUNT, 'E', 'stream', 20000 * SLOW);
            assert.deepEqual(numbers(page), upTo(COUNT));
            page.close();
        });
    }

    for (const client of ['sio2', 'sio3', 'sio4']) {
        test(`arrive in order while ${client} upgrades`, async () => {
            const relay = scene.keep(await startSlowUpgrades(scene.server.port, 40));
            const page = await scene.page(
                { client, transport: 'upgrade', settle: false, url: relay.url });
            page.echo.channel('stream');
            await page.joined('stream');
            let sent = 0;
            const moved = () => page.received.some(({ transport }) => transport === 'websocket');
            await waitFor(async () => {
                await scene.redis.publish('stream', 'E', { number: sent++ });
                return sent >= COUNT && moved();
            }, 20000 * SLOW, 'the upgrade');
            await page.events(sent, 'E', 'stream', 20000 * SLOW);
            assert.deepEqual(numbers(page), upTo(sent));
            assert.ok(page.received.some(({ transport }) => transport === 'polling'),
                'no event came before the upgrade');
            page.close();
        });
    }

    test('from Laravel itself arrive in order', async () => {
        const pages = await Promise.all(['websocket', 'polling', 'upgrade'].map(
            (transport) => scene.page({ transport, settle: false })));
        for (const page of pages) {
            page.echo.channel('news');
            await page.joined('news');
        }
        await scene.laravel.fire('burst', { count: COUNT });
        for (const page of pages) {
            await page.events(COUNT, 'App\\Events\\NewsPosted', 'news', 20000 * SLOW);
            assert.deepEqual(page.on('news').map(({ data }) => data.number), upTo(COUNT));
        }
    });
});
