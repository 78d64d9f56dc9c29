// SPDX-License-Identifier: MIT
// What a Laravel application publishes reaches pages with Laravel Echo: every
// Echo, every socket.io-client, every transport; and nobody else.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { COMBINATIONS, fence, label } from '../lib/echo.mjs';
import { bearer } from '../lib/laravel.mjs';
import { startScene } from '../lib/scene.mjs';
import { startServer, waitFor, SLOW } from '../lib/server.mjs';
import { redisConfig } from '../lib/redis.mjs';

const ORDER = 'App\\Events\\OrderShipped';
const NEWS = 'App\\Events\\NewsPosted';

describe('a Laravel application with sessions', () => {
    let scene;
    let session;
    before(async () => {
        scene = await startScene({ laravel: {} });
        session = await scene.laravel.login(1);
    });
    after(() => scene?.close());

    const page = (options) => scene.page(
        { cookie: session.cookie, csrf: session.token, ...options });

    for (const combination of COMBINATIONS) {
        test(`events reach ${label(combination)}`, async () => {
            const { laravel, redis } = scene;
            const mine = await page(combination);
            const heard = [];
            mine.echo.channel('news').listen('NewsPosted', (e) => heard.push(['news', e]));
            mine.echo.private('orders.1').listen('OrderShipped', (e) => heard.push(['order', e]));
            mine.echo.private('orders.2').listen('OrderShipped', (e) => heard.push(['leak', e]));
            mine.echo.join('room.7').listen('.message.posted', (e) => heard.push(['room', e]));
            await mine.joined('news');
            await mine.joined('private-orders.1');
            await mine.joined('presence-room.7');
            const refusal = await mine.refused('private-orders.2');
            assert.equal(refusal.data, 403);

            await laravel.fire('news', { text: 'Größe / "ok" 😀' });
            await laravel.fire('order', { id: '2', text: 'not for user 1' });
            await laravel.fire('order', { id: '1', text: 'shoes' });
            await laravel.fire('message', { room: '7', text: 'hello' });
            await fence(redis, [mine]);

            assert.deepEqual(heard, [
                ['news', { text: 'Größe / "ok" 😀', number: 0, socket: null }],
                ['order', { order: { text: 'shoes', price: 12.5 }, socket: null }],
                ['room', { body: 'hello', socket: null }],
            ]);
            assert.equal(mine.count(ORDER, 'private-orders.2'), 0);
            assert.equal(mine.transport(),
                combination.transport === 'polling' ? 'polling' : 'websocket');
            mine.close();
        });
    }

    test('a guest and a failing rule are refused with their statuses', async () => {
        const guest = await scene.page();
        guest.echo.private('orders.1');
        assert.equal((await guest.refused('private-orders.1')).data, 403);
        const user = await page();
        user.echo.private('broken');
        assert.equal((await user.refused('private-broken')).data, 500);
        user.echo.join('room.0');
        assert.equal((await user.refused('presence-room.0')).data, 403);
        await scene.server.waitLog(/subscription refused channel=private-broken status=500/);
    });

    test('toOthers leaves out its sender alone', async () => {
        for (const client of ['sio2', 'sio3', 'sio4']) {
            const sender = await page({ client });
            const other = await page({ client, transport: 'polling' });
            for (const one of [sender, other]) {
                one.echo.channel('news');
                await one.joined('news');
            }
            await scene.laravel.fire('news', { text: client, toOthers: true },
                { 'X-Socket-ID': sender.id });
            await fence(scene.redis, [sender, other]);
            assert.equal(sender.count(NEWS), 0, client);
            assert.equal(other.count(NEWS), 1, client);
            sender.close();
            other.close();
        }
    });

    test('toOthers of a socket that nobody knows reaches everybody', async () => {
        const mine = await page();
        mine.echo.channel('news');
        await mine.joined('news');
        await scene.laravel.fire('news', { toOthers: true }, { 'X-Socket-ID': 'gone' });
        assert.equal((await mine.event(NEWS, 'news')).data.socket, 'gone');
    });

    test('one event on several channels arrives once on each', async () => {
        const mine = await page();
        const guest = await scene.page();
        for (const one of [mine, guest]) {
            one.echo.channel('news');
            one.echo.channel('office');
            one.echo.private('orders.1');
            await one.joined('office');
        }
        await mine.joined('private-orders.1');
        await guest.refused('private-orders.1');
        await scene.laravel.fire('office', { text: 'closed' });
        await fence(scene.redis, [mine, guest]);
        const channels = (one) => one.received
            .filter(({ name }) => name === 'App\\Events\\OfficeClosed')
            .map(({ channel }) => channel).sort();
        assert.deepEqual(channels(mine), ['news', 'office', 'private-orders.1']);
        assert.deepEqual(channels(guest), ['news', 'office']);
    });

    test('an event that went through the queue arrives', async () => {
        const mine = await page();
        const heard = [];
        mine.echo.private('orders.1').listen('OrderInvoiced', (e) => heard.push(e));
        await mine.joined('private-orders.1');
        const worker = scene.laravel.work();
        await scene.laravel.fire('invoiced', { id: '1', text: 'queued' });
        await waitFor(() => heard.length, 15000 * SLOW, 'the queued event').catch((error) => {
            throw new Error(`${error.message}\n${worker.output()}`);
        });
        assert.deepEqual(heard, [{ id: '1', text: 'queued', socket: null }]);
    });

    test('a notification arrives', async () => {
        const mine = await page();
        const heard = [];
        mine.echo.private('App.Models.User.1').notification((n) => heard.push(n));
        await mine.joined('private-App.Models.User.1');
        await scene.laravel.fire('notification', { user: 1, text: 'paid' });
        await waitFor(() => heard.length, undefined, 'the notification');
        assert.equal(heard[0].text, 'paid');
        assert.equal(heard[0].type, 'App\\Notifications\\InvoicePaid');
    });

    test('values arrive as PHP encoded them', async () => {
        const mine = await page();
        mine.echo.channel('values');
        await mine.joined('values');
        await scene.laravel.fire('values');
        const { data } = await mine.event('App\\Events\\ValuesSent', 'values');
        assert.deepEqual(Object.keys(data),
            ['z', 'a', 'list', 'map', 'tenth', 'text', 'none', 'nested', 'socket']);
        assert.deepEqual(data.list, []);
        assert.deepEqual(data.map, {});
        assert.equal(data.tenth, 0.1);
        assert.equal(data.text, 'Größe / "ok" 😀 \u2028 </script>');
        assert.equal(data.none, null);
        assert.deepEqual(data.nested, [{ deep: [[], {}] }]);
    });

    test('leaving a channel ends its events', async () => {
        const mine = await page();
        mine.echo.channel('news');
        mine.echo.private('orders.1');
        await mine.joined('news');
        await mine.joined('private-orders.1');
        mine.echo.leave('orders.1');
        mine.echo.leaveChannel('news');
        await fence(scene.redis, [mine]);
        await scene.laravel.fire('order', { id: '1' });
        await scene.laravel.fire('news');
        await fence(scene.redis, [mine]);
        assert.equal(mine.count(ORDER) + mine.count(NEWS), 0);
    });
});

describe('a Laravel application with other doors', () => {
    let scene;
    before(async () => { scene = await startScene({ laravel: {} }); });
    after(() => scene?.close());

    async function serverAt(authEndpoint) {
        const config = { ...redisConfig(scene.redis), authHost: scene.laravel.url, authEndpoint };
        const server = scene.keep(await startServer({ config }));
        await scene.redis.awaitSubscriber(2);
        return server;
    }

    test('a bearer token authorises, its absence is 401', async () => {
        const server = await serverAt('/api/broadcasting/auth');
        for (const client of ['sio2', 'sio3', 'sio4']) {
            const mine = await scene.page({ url: server.url, client, bearer: 'token-5' });
            mine.echo.private('orders.5').listen('OrderShipped', () => {});
            await mine.joined('private-orders.5');
            const guest = await scene.page({ url: server.url, client });
            guest.echo.private('orders.5');
            assert.equal((await guest.refused('private-orders.5')).data, 401);
            await scene.laravel.fire('order', { id: '5', text: client }, bearer(5));
            assert.equal((await mine.event(ORDER, 'private-orders.5')).data.order.text, client);
            assert.equal(guest.count(ORDER), 0);
        }
        await server.stop();
    });

    test('a session without its CSRF token is 419 where that is checked', async () => {
        const server = await serverAt('/checked/broadcasting/auth');
        const { cookie, token } = await scene.laravel.login(1);
        const without = await scene.page({ url: server.url, cookie });
        without.echo.private('orders.1');
        assert.equal((await without.refused('private-orders.1')).data, 419);
        const mine = await scene.page({ url: server.url, cookie, csrf: token });
        mine.echo.private('orders.1');
        await mine.joined('private-orders.1');
        await server.stop();
    });

    test('an endpoint that is not there is 404', async () => {
        const server = await serverAt('/nowhere');
        const mine = await scene.page({ url: server.url });
        mine.echo.private('orders.1');
        assert.equal((await mine.refused('private-orders.1')).data, 404);
        await server.stop();
    });
});
