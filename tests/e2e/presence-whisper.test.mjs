// SPDX-License-Identifier: MIT
// Whispers on one node and across two: to the others, never to the sender, of
// members alone, within limits.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { CLIENT_COMBINATIONS, CLIENTS, label } from '../lib/echo.mjs';
import { as, enter, startCluster, ROOM } from '../lib/presence.mjs';
import { waitFor } from '../lib/server.mjs';

const VALUES = [{}, [], { list: [], map: {}, none: null }, { text: 'Größe / "ok" 😀 \u2028' },
    'text', 0, 0.1, -1e21, 9007199254740991, true, null, [[[{}]]], { n: { e: { s: ['t'] } } }];

const whisper = (page, event, data, channel = ROOM) =>
    page.socket.emit('client event', { channel, event, data });

let markers = 0;

/** Resolves when every whisper that sender sent before has reached pages, or never will. */
async function whispered(sender, pages) {
    const event = `client-done-${++markers}`;
    whisper(sender, event, {});
    await Promise.all(pages.map((page) => page.event(event)));
    assert.equal(sender.count(event), 0);
}

/** The whispers that a page heard. */
const heard = (page) => page.received
    .filter(({ name }) => name.includes('client-') && !name.startsWith('client-done-'));

for (const nodes of [1, 2]) {
    describe(`whispers on ${nodes === 1 ? 'one node' : 'two nodes'}`, () => {
        let cluster;
        before(async () => { cluster = await startCluster({ nodes }); });
        after(() => cluster?.close());
        beforeEach(() => cluster.clear());
        const other = nodes - 1;

        for (const combination of CLIENT_COMBINATIONS) {
            test(`of Echo reach the others, once: ${label(combination)}`, async () => {
                const sender = await cluster.page(0, 1, combination);
                const near = await cluster.page(0, 2, combination);
                const far = await cluster.page(other, 3, combination);
                for (const kind of ['join', 'private']) {
                    const heardBy = [sender, near, far].map((page) => {
                        const list = [];
                        page.echo[kind]('room').listenForWhisper('typing', (data) => list.push(data));
                        return list;
                    });
                    const channel = kind === 'join' ? ROOM : 'private-room';
                    for (const page of [sender, near, far]) {
                        await page.joined(channel);
                    }
                    for (const value of VALUES) {
                        sender.echo[kind]('room').whisper('typing', value);
                    }
                    whisper(sender, 'client-done', {}, channel);
                    await Promise.all([near, far].map((page) => page.event('client-done', channel)));
                    assert.deepEqual(heardBy, [[], VALUES, VALUES]);
                    assert.equal(sender.count('client-typing'), 0);
                }
                [sender, near, far].forEach((page) => page.close());
            });
        }

        test('keep their order, from every sender', async () => {
            const pages = await Promise.all([1, 2, 3, 4].map((i) =>
                enter(cluster, i % nodes, i).then(({ page }) => page)));
            for (let number = 0; number < 200; number++) {
                pages.forEach((page, from) => whisper(page, 'client-count', { from, number }));
            }
            for (const page of pages) {
                await page.events(600, 'client-count', ROOM);
                for (const [from, sender] of pages.entries()) {
                    assert.deepEqual(page.received.filter(({ name, data }) =>
                        name === 'client-count' && data.from === from)
                        .map(({ data }) => data.number),
                    sender === page ? [] : Array.from({ length: 200 }, (_, i) => i));
                }
                page.close();
            }
        });

        test('of two tabs of a user reach the other tab', async () => {
            const [one, two] = [await enter(cluster, 0, 1), await enter(cluster, other, 1)];
            whisper(one.page, 'client-tab', { n: 1 });
            await two.page.event('client-tab', ROOM);
            await whispered(one.page, [two.page]);
            assert.equal(one.page.count('client-tab'), 0);
            one.page.close();
            two.page.close();
        });

        test('of outsiders, of other names and in public channels reach nobody', async () => {
            for (const client of Object.keys(CLIENTS)) {
                const [near, far] = [await enter(cluster, 0, 1), await enter(cluster, other, 2)];
                const outsider = await cluster.page(0, 3, { client });
                for (const page of [near.page, far.page, outsider]) {
                    page.echo.channel('public');
                    await page.joined('public');
                    page.echo.private('own');
                    await page.joined('private-own');
                }
                whisper(outsider, 'client-a', {});
                whisper(outsider, 'client-b', {}, 'public');
                whisper(outsider, 'client-c', {}, 'presence-never');
                whisper(outsider, 'other', {}, 'private-own');
                whisper(outsider, 'x-client-d', {}, 'private-own');
                whisper(outsider, 'presence:joining', {}, 'private-own');
                whisper(outsider, 'client-e', {}, `${ROOM} `);
                // Asked for and not yet admitted, or refused, is outside too.
                outsider.socket.emit('subscribe', { channel: ROOM, auth: { headers: {} } });
                whisper(outsider, 'client-f', {});
                await outsider.refused(ROOM);
                whisper(outsider, 'client-g', {});
                // A member who left is an outsider.
                await outsider.ask('subscribe', { channel: ROOM, auth: { headers: as(3) } });
                await outsider.ask('unsubscribe', { channel: ROOM });
                whisper(outsider, 'client-h', {});
                whisper(outsider, 'client-right', {}, 'private-own');
                await Promise.all([near, far].map(({ page }) =>
                    page.event('client-right', 'private-own')));
                for (const { page } of [near, far]) {
                    assert.deepEqual(heard(page).map(({ name }) => name), ['client-right']);
                    assert.equal(page.count('other'), 0);
                }
                assert.equal(outsider.count('presence:joining', 'private-own'), 0);
                [near.page, far.page, outsider].forEach((page) => page.close());
            }
        });
    });
}

describe('whispers within limits', () => {
    let cluster;
    before(async () => {
        cluster = await startCluster({ config: { whisperMaxSize: 1000, whisperRate: 5 } });
    });
    after(() => cluster?.close());

    test('too large is refused to the sender and reaches nobody', async () => {
        const [sender, far] = [await enter(cluster, 0, 1), await enter(cluster, 1, 2)];
        whisper(sender.page, 'client-large', { text: 'x'.repeat(1001) });
        const refusal = await sender.page.event('whisper_error', ROOM);
        assert.equal(typeof refusal.data, 'string');
        whisper(sender.page, 'client-small', { text: 'x'.repeat(900) });
        await far.page.event('client-small', ROOM);
        assert.equal(far.page.count('client-large'), 0);
        assert.equal(sender.page.count('whisper_error'), 1);
        sender.page.close();
        far.page.close();
    });

    test('too many are refused to the sender, and to that sender alone', async () => {
        const [fast, calm] = [await enter(cluster, 0, 1), await enter(cluster, 0, 2)];
        const far = await enter(cluster, 1, 3);
        for (let number = 0; number < 50; number++) {
            whisper(fast.page, 'client-fast', { number });
        }
        whisper(calm.page, 'client-calm', {});
        await far.page.event('client-calm', ROOM);
        const all = () => far.page.count('client-fast') + fast.page.count('whisper_error');
        await waitFor(() => all() === 50, undefined, '50 whispers to be sent on or refused');
        const passed = far.page.count('client-fast');
        assert.ok(passed >= 5 && passed <= 20, `${passed} passed`);
        assert.equal(calm.page.count('whisper_error') + far.page.count('whisper_error'), 0);
        // A second later it may again.
        await waitFor(() => {
            whisper(fast.page, 'client-later', {});
            return far.page.count('client-later');
        });
        [fast, calm, far].forEach(({ page }) => page.close());
    });
});
