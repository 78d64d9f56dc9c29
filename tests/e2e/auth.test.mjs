// SPDX-License-Identifier: MIT
// The application's answer: what is read, what is asked again, and what comes
// of a socket that does not wait for it.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import {
    ask, asking, openPage, send, settled, start, startAlone,
} from '../lib/asking.mjs';
import { startBackend } from '../lib/backend.mjs';
import { freePort, waitFor, SLOW } from '../lib/server.mjs';

afterEach(() => asking.close());

function gate() {
    let open;
    const opened = new Promise((resolve) => { open = resolve; });
    return { opened, open };
}

describe('the answer', () => {
    const member = JSON.stringify(
        { channel_data: { user_id: 1, user_info: { name: 'é'.repeat(3000) } } });
    const size = (body) => Buffer.byteLength(body);
    const chunks = (body) => body.match(/.{1,100}/gs)
        .map((part) => `${size(part).toString(16)};x=y\r\n${part}\r\n`).join('');
    const lines = (...head) => `${head.join('\r\n')}\r\n\r\n`;
    const forms = {
        'with a length': (body) => ({ body, headers: { 'Content-Length': size(body) } }),
        'in chunks': (body) => ({
            raw: lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')
                + `${chunks(body)}0\r\nX-Trailer: 1\r\n\r\n`,
        }),
        'ended by close': (body) => ({
            raw: lines('HTTP/1.1 200 OK', 'Content-Type: text/html', 'Connection: close') + body,
        }),
        'of HTTP/1.0': (body) => ({ raw: lines('HTTP/1.0 200 OK') + body }),
        'after an interim one': (body) => ({
            raw: lines('HTTP/1.1 103 Early Hints', 'Link: x')
                + lines('HTTP/1.1 200 OK', `Content-Length: ${size(body)}`) + body,
        }),
    };
    for (const [form, answer] of Object.entries(forms)) {
        test(`${form} admits`, async () => {
            const backend = await start(({ channel }) =>
                answer(channel.startsWith('presence') ? member : 'true'));
            const page = await openPage();
            for (const channel of ['private-a', 'presence-b', 'private-c']) {
                assert.deepEqual(await ask(page, channel), { ok: true });
            }
            assert.equal(backend.requests.length, 3);
        });
    }

    for (const status of [302, 400, 401, 403, 404, 419, 422, 500]) {
        test(`${status} refuses with ${status}, at once`, async () => {
            const backend = await start(() => ({ status, body: 'no' }));
            const page = await openPage();
            assert.deepEqual(await ask(page, 'private-x'), { ok: false, status });
            assert.equal((await page.refused('private-x')).data, status);
            assert.equal(page.count('subscription_error'), 1);
            assert.equal(backend.requests.length, 1);
            await asking.scene.server.waitLog(
                new RegExp(`notice subscription refused channel=private-x status=${status} `));
            await send('private-x');
            await settled(page);
            assert.equal(page.count('E', 'private-x'), 0);
        });
    }

    for (const client of ['sio2', 'sio4']) {
        test(`a refusal is logged without the key of the session (${client})`, async () => {
            await start(() => ({ status: 403, body: 'no' }));
            const page = await openPage({ client, transport: 'polling' });
            await ask(page, 'private-x');
            await asking.scene.server.waitLog(/subscription refused .* sid=\S/);
            const log = asking.scene.server.stderr();
            const sid = page.socket.io.engine.id;
            assert.equal(sid.length, 20);
            assert.ok(!log.includes(sid), log);
            assert.ok(log.includes(
                client === 'sio2' ? `/${sid.slice(0, 6)}` : `sid=${page.id}`), log);
        });
    }

    test('whoever is refused again and again does not write the log', async () => {
        await start(() => ({ status: 403, body: 'no' }));
        const page = await openPage();
        const channel = 'x'.repeat(201);
        for (let i = 0; i < 3000; i++) {
            page.socket.emit('subscribe', { channel });
        }
        await page.events(3000, 'subscription_error', channel);
        const lines = () =>
            asking.scene.server.stderr().match(/subscription refused/g)?.length ?? 0;
        await waitFor(() => lines() >= 100);
        await ask(page, 'private-x');
        assert.ok(lines() < 1000, `${lines()} lines`);
    });

    test('200 with a page in place of a verdict refuses with 0, and says what came', async () => {
        const backend = await start(() => ({
            status: 200, type: 'text/html; charset=UTF-8', body: '\n<!DOCTYPE html><form>Log in</form>',
        }));
        const page = await openPage();
        assert.deepEqual(await ask(page, 'private-x'), { ok: false, status: 0 });
        assert.equal(backend.requests.length, 1);
        await asking.scene.server.waitLog(
            /notice subscription refused channel=private-x status=0 .*HTML page/);
    });

    for (const status of [429, 502, 503, 504]) {
        test(`${status} is asked again until there is an answer`, async () => {
            const backend = await start((_, n) => ({ status: n < 4 ? status : 200 }));
            const page = await openPage();
            assert.deepEqual(await ask(page, 'private-x', {}, 30000 * SLOW), { ok: true });
            assert.equal(backend.requests.length, 4);
            assert.equal(page.count('subscription_error'), 0);
        });
    }

    test('503 for longer than authRetryTime refuses with 503', async () => {
        const backend = await start(() => ({ status: 503 }), { authRetryTime: 700 });
        const page = await openPage();
        assert.deepEqual(await ask(page, 'private-x', {}, 20000 * SLOW),
            { ok: false, status: 503 });
        assert.ok(backend.requests.length > 1);
    });

    test('an application that is not there is asked until it is', async () => {
        const port = await freePort();
        await startAlone({ authHost: `http://127.0.0.1:${port}` });
        const page = await openPage();
        const answer = ask(page, 'private-x', {}, 40000 * SLOW);
        await ask(page, 'public');
        asking.scene.keep(await startBackend(() => ({}), { port }));
        assert.deepEqual(await answer, { ok: true });
    });

    test('an application that stays away is status 0', async () => {
        const port = await freePort();
        await startAlone({ authHost: `http://127.0.0.1:${port}`, authRetryTime: 300 });
        const page = await openPage();
        assert.deepEqual(await ask(page, 'private-x', {}, 20000 * SLOW), { ok: false, status: 0 });
        assert.equal((await page.refused('private-x')).data, 0);
    });

    test('silence longer than authTimeout is status 0', async () => {
        const closed = gate();
        await start(() => closed.opened, { authTimeout: 300, authRetryTime: 100 });
        const page = await openPage();
        assert.deepEqual(await ask(page, 'private-x', {}, 20000 * SLOW), { ok: false, status: 0 });
        closed.open({});
        await send('private-x');
        await settled(page);
        assert.equal(page.count('E', 'private-x'), 0);
    });

    test('rubbish instead of HTTP is status 0', async () => {
        await start(() => ({ raw: 'not HTTP at all\r\n\r\n' }), { authRetryTime: 100 });
        const page = await openPage();
        assert.deepEqual(await ask(page, 'private-x', {}, 20000 * SLOW), { ok: false, status: 0 });
    });

    for (const status of [403, 419, 500]) {
        test(`${status} with a body of 2 MiB refuses with ${status}, at once`, async () => {
            const backend = await start(() => ({ status, body: 'x'.repeat(2 << 20) }));
            const page = await openPage();
            assert.deepEqual(await ask(page, 'private-x'), { ok: false, status });
            assert.equal(backend.requests.length, 1);
        });
    }

    for (const authHost of ['http://$HOST:8000', '"http://app.test"', 'http://exämple.test',
        'ws://app.test', 'http://app.test:80800', ['https://ok.test', 'http://a b']]) {
        test(`${JSON.stringify(authHost)} cannot be asked, and public channels work`, async () => {
            const { server } = await startAlone({ authHost });
            const page = await openPage();
            assert.deepEqual(await ask(page, 'news'), { ok: true });
            const event = page.event('E', 'news');
            await send('news');
            await event;
            if (!Array.isArray(authHost)) {
                assert.deepEqual(await ask(page, 'private-x'), { ok: false, status: 0 });
                await server.waitLog(/subscription refused .*channel=private-x .*authHost/);
            }
            await server.waitLog(/authHost.*(not an http or https URL|has no scheme)/);
        });
    }

    test('a body without end is not read for ever', async () => {
        await start(() => ({ raw: 'HTTP/1.1 200 OK\r\n\r\n' + 'x'.repeat(20e6) }),
            { authRetryTime: 100 });
        const page = await openPage();
        assert.equal((await ask(page, 'private-x', {}, 30000 * SLOW)).ok, false);
    });

    test('the connection is kept; one that died before the answer costs nothing', async () => {
        const backend = await start(() => ({}), { workers: 1 });
        const page = await openPage();
        for (let i = 0; i < 10; i++) {
            assert.deepEqual(await ask(page, `private-${i}`), { ok: true });
        }
        assert.equal(backend.connections, 1);
        backend.closeIdle();
        assert.deepEqual(await ask(page, 'private-x'), { ok: true });
        assert.equal(backend.requests.length, 11);
    });
});

describe('many requests', () => {
    test('are never more than authMaxRequests at once, and all are answered', async () => {
        const backend = await start(
            () => new Promise((resolve) => { setTimeout(resolve, 5, {}); }),
            { authMaxRequests: 6, workers: 2 });
        const pages = await Promise.all(Array.from({ length: 8 }, () => openPage()));
        const answers = await Promise.all(pages.flatMap((page) => Array.from({ length: 25 },
            (_, i) => ask(page, `private-${i}`, {}, 30000 * SLOW))));
        assert.equal(answers.filter(({ ok }) => ok).length, 200);
        assert.ok(backend.most <= 6, `${backend.most} at once`);
        assert.ok(backend.most > 1, 'one after the other');
    });

    test('of one page do not hold up another', async () => {
        const slow = gate();
        const backend = await start(({ channel }) => channel.includes('slow') ? slow.opened : {},
            { authMaxRequests: 4, workers: 1 });
        const greedy = await openPage();
        const modest = await openPage();
        for (let i = 0; i < 3; i++) {
            ask(greedy, `private-slow.${i}`).catch(() => {});
        }
        await waitFor(() => backend.inFlight === 3, undefined, 'three requests in flight');
        for (let i = 0; i < 300; i++) {
            greedy.socket.emit('subscribe', { channel: `private-quick.${i}` });
        }
        await ask(greedy, 'public');
        assert.deepEqual(await ask(modest, 'private-own'), { ok: true });
        const place = backend.requests.findIndex(({ channel }) => channel === 'private-own');
        assert.ok(place < 200, `the modest page was asked for as number ${place}`);
        slow.open({});
    });
});

describe('a socket that does not wait', () => {
    test('and unsubscribes joins nothing', async () => {
        const held = gate();
        const backend = await start(() => held.opened);
        const page = await openPage();
        const joining = ask(page, 'private-x');
        joining.catch(() => {});
        await waitFor(() => backend.inFlight === 1, undefined, 'the request');
        await page.ask('unsubscribe', { channel: 'private-x' });
        held.open({});
        await waitFor(() => backend.inFlight === 0, undefined, 'the answer');
        await send('private-x');
        await settled(page);
        assert.equal(page.count('E', 'private-x'), 0);
    });

    test('and subscribes again belongs to the second answer', async () => {
        const gates = [gate(), gate()];
        const backend = await start((_, n) => gates[n - 1].opened);
        const page = await openPage();
        ask(page, 'private-x').catch(() => {});
        await waitFor(() => backend.requests.length === 1, undefined, 'the first request');
        await page.ask('unsubscribe', { channel: 'private-x' });
        const second = ask(page, 'private-x');
        gates[0].open({});
        await waitFor(() => backend.requests.length === 2, undefined, 'the second request');
        gates[1].open({ status: 403 });
        assert.deepEqual(await second, { ok: false, status: 403 });
        await send('private-x');
        await settled(page);
        assert.equal(page.count('E', 'private-x'), 0);
    });

    test('and goes away harms nobody', async () => {
        const held = gate();
        const backend = await start(() => held.opened);
        const leaver = await openPage();
        const witness = await openPage();
        ask(leaver, 'private-x').catch(() => {});
        await waitFor(() => backend.inFlight === 1, undefined, 'the request');
        leaver.close();
        held.open({});
        assert.deepEqual(await ask(witness, 'private-x'), { ok: true });
        await send('private-x');
        await witness.event('E', 'private-x');
        assert.equal(leaver.count('E'), 0);
    });

    test('for the first answer asks once for two subscriptions', async () => {
        const held = gate();
        const backend = await start(() => held.opened);
        const page = await openPage();
        const both = [ask(page, 'private-x'), ask(page, 'private-x')];
        await waitFor(() => backend.inFlight === 1, undefined, 'the request');
        await ask(page, 'public');
        held.open({});
        assert.deepEqual(await Promise.all(both), [{ ok: true }, { ok: true }]);
        assert.equal(backend.requests.length, 1);
        await send('private-x');
        await settled(page);
        assert.equal(page.count('E', 'private-x'), 1);
    });
});

describe('a name with the marker', () => {
    for (const channel of ['laravel_database_private-orders.1', 'x-private-y', 'x.presence-y',
        'private-', 'presence-']) {
        test(`${channel} is asked as it is`, async () => {
            const backend = await start(() => ({ status: 403 }));
            const page = await openPage();
            assert.deepEqual(await ask(page, channel), { ok: false, status: 403 });
            assert.equal(backend.requests[0].channel, channel);
            await send(channel);
            await settled(page);
            assert.equal(page.count('E', channel), 0);
        });
    }

    test('not at the start hints at keyPrefix in the log, and joins when admitted', async () => {
        await start(() => ({}));
        const page = await openPage();
        const channel = 'laravel_database_private-orders.1';
        assert.deepEqual(await ask(page, channel), { ok: true });
        await asking.scene.server.waitLog(/keyPrefix/);
        await send('private-orders.1');
        await send(channel);
        await settled(page);
        assert.deepEqual(page.received.map(({ channel: on }) => on), [channel, 'fence']);
    });

    for (const channel of ['orders.1', 'Private-x', 'privatex', 'presence', 'private_x']) {
        test(`${channel} has none: it is public and never asked`, async () => {
            const backend = await start(() => ({ status: 403 }));
            const page = await openPage();
            assert.deepEqual(await ask(page, channel), { ok: true });
            assert.equal(backend.requests.length, 0);
        });
    }
});

test('a presence channel joins as a private one', async () => {
    const body = JSON.stringify({ channel_data: { user_id: 1, user_info: {} } });
    await start(({ channel }) => channel === 'presence-a' ? { body } : { status: 403 });
    const page = await openPage();
    assert.deepEqual(await ask(page, 'presence-a'), { ok: true });
    assert.deepEqual(await ask(page, 'presence-b'), { ok: false, status: 403 });
    await send('presence-a');
    await send('presence-b');
    await settled(page);
    assert.equal(page.count('E', 'presence-a'), 1);
    assert.equal(page.count('E', 'presence-b'), 0);
});
