// SPDX-License-Identifier: MIT
// authMaxRequests is what the application has in work at once, whatever becomes
// of those who asked: it works on when a page unsubscribes, leaves or waits no longer.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { ask, asking, openPage, start } from '../lib/asking.mjs';
import { SLOW, sleep, waitFor } from '../lib/server.mjs';

afterEach(() => asking.close());

/**
 * A server that asks an application which answers the names that slow picks
 * only after work(), whether the connection lives or not, and all others at
 * once. Gives {backend, atWork, most}: slow ones in work, now and at most.
 */
async function startBusy(slow, work, config) {
    const app = { atWork: 0, most: 0 };
    app.backend = await start(async ({ channel }) => {
        if (!slow(channel)) {
            return {};
        }
        app.atWork++;
        app.most = Math.max(app.most, app.atWork);
        await work();
        app.atWork--;
        return {};
    }, { workers: 1, messageRate: 0, subscribeRate: 0, ...config }); // it asks as often as it can
    return app;
}

function gate() {
    const made = {};
    made.opened = new Promise((resolve) => { made.open = resolve; });
    return made;
}

const isSlow = (channel) => channel.startsWith('private-slow');

/** Asks for channel and unasks: in the server's turns, not in one. */
async function askInVain(page, channel) {
    page.socket.emit('subscribe', { channel });
    await ask(page, 'public');
    await page.ask('unsubscribe', { channel });
}

/** The first ones are awaited, so that the application really has them. */
async function askInVainOften(page, app, times, awaited) {
    for (let i = 0; i < times; i++) {
        page.socket.emit('subscribe', { channel: `private-slow.${i}` });
        if (i < awaited) {
            await waitFor(() => app.atWork > i, undefined, `slow request ${i}`);
        }
        await ask(page, 'public');
        await page.ask('unsubscribe', { channel: `private-slow.${i}` });
    }
}

describe('a page that subscribes and unsubscribes', () => {
    test('has no more in work than the cap, and others are served meanwhile', async () => {
        const held = gate();
        const app = await startBusy(isSlow, () => held.opened, { authMaxRequests: 4 });
        const greedy = await openPage();
        const modest = await openPage();
        await askInVainOften(greedy, app, 40, 3);
        assert.deepEqual(await ask(modest, 'private-own'), { ok: true });
        assert.ok(app.most <= 4, `${app.most} in work at once`);
        held.open();
        assert.deepEqual(await ask(greedy, 'private-slow.x'), { ok: true });
        assert.ok(app.backend.connections <= 4, `${app.backend.connections} connections`);
    });

    test('gets no more than its turn of an application that is slow for all', async () => {
        const app = await startBusy(() => true, () => sleep(100), { authMaxRequests: 2 });
        const greedy = await openPage();
        const modest = await openPage();
        for (let i = 0; i < 300; i++) {
            greedy.socket.emit('subscribe', { channel: `private-waiting.${i}` });
        }
        let attacking = true;
        const attack = (async () => {
            for (let i = 0; attacking; i++) {
                await askInVain(greedy, `private-greedy.${i}`);
            }
        })();
        for (let i = 0; i < 4; i++) {
            const answer = ask(modest, `private-own.${i}`);
            await ask(modest, 'public');
            const { length } = app.backend.requests;
            assert.deepEqual(await answer, { ok: true });
            const asked = app.backend.requests.findIndex(
                ({ channel }) => channel === `private-own.${i}`);
            assert.ok(asked <= length + 3, `asked ${asked - length} requests later`);
        }
        attacking = false;
        await attack;
        assert.ok(app.most <= 2, `${app.most} in work at once`);
    });
});

test('pages that ask and go away have no more in work than the cap', async () => {
    const held = gate();
    const app = await startBusy(isSlow, () => held.opened, { authMaxRequests: 3 });
    const modest = await openPage();
    for (let i = 0; i < 9; i++) {
        const leaver = await openPage({ transport: 'websocket' });
        leaver.socket.emit('subscribe', { channel: `private-slow.${i}` });
        await ask(leaver, 'public');
        await waitFor(() => app.backend.requests.length > Math.min(i, 2), undefined,
            `slow request ${i}`);
        leaver.close();
    }
    const answer = ask(modest, 'private-own', {}, 30000 * SLOW);
    await ask(modest, 'public');
    assert.equal(app.most, 3);
    held.open();
    assert.deepEqual(await answer, { ok: true });
    assert.ok(app.backend.connections <= 3, `${app.backend.connections} connections`);
});

test('what took longer than authTimeout is in work until it is answered', async () => {
    const held = gate();
    const app = await startBusy(isSlow, () => held.opened,
        { authMaxRequests: 2, authTimeout: 200, authRetryTime: 0 });
    const impatient = await openPage();
    const modest = await openPage();
    const late = ['private-slow.1', 'private-slow.2'].map((channel) => ask(impatient, channel));
    assert.deepEqual(await Promise.all(late), [{ ok: false, status: 0 }, { ok: false, status: 0 }]);
    const answers = ['private-slow.3', 'private-own'].map(
        (channel) => ask(modest, channel, {}, 30000 * SLOW));
    for (let i = 0; i < 10; i++) { // time enough to connect and to send
        await ask(modest, 'public');
    }
    assert.equal(app.backend.requests.length, 2);
    held.open();
    assert.deepEqual(await Promise.all(answers), [{ ok: true }, { ok: true }]);
    assert.equal(app.most, 2);
    assert.ok(app.backend.connections <= 2, `${app.backend.connections} connections`);
});

test('a request that nobody waits for holds up no shutdown', async () => {
    const app = await startBusy(isSlow, () => new Promise(() => {}), { authMaxRequests: 2 });
    const page = await openPage();
    await askInVainOften(page, app, 1, 1);
    page.close();
    await asking.scene.server.stop();
    await waitFor(() => app.backend.inFlight === 0, undefined, 'the connection to close');
});
