// SPDX-License-Identifier: MIT
// Behind nginx, with the blocks of config/ as they are published: every client
// over every transport, http and https to the server, and a browser on the
// site's own address.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launchBrowser } from '../lib/browser.mjs';
import { makeCerts } from '../lib/certs.mjs';
import { CLIENT_COMBINATIONS, fence, label } from '../lib/echo.mjs';
import { publishedBlocks, startNginx } from '../lib/nginx.mjs';
import { startScene } from '../lib/scene.mjs';
import { checkout, startServer, tempDir, waitFor, SLOW } from '../lib/server.mjs';

const HOST = 'app.test';
const ECHO = 'tests/node_modules/echo2/dist/echo.iife.js';
const LARGE = 'ß'.repeat(40000);

const certs = makeCerts({ names: `DNS:${HOST},IP:127.0.0.1` });
const UPSTREAMS = {
    http: { file: 'config/nginx.conf', config: {} },
    https: {
        file: 'config/nginx-tls.conf',
        config: { protocol: 'https', sslCertPath: certs.certPath, sslKeyPath: certs.keyPath },
    },
};

/** What a page of the site holds; the line with `new Echo` is what people write. */
const html = (token) => `<!doctype html><meta charset="utf-8">
<meta name="csrf-token" content="${token}">
<script src="/socket.io/socket.io.js"></script><script src="/echo.js"></script>
<script>window.Echo = window.Echo.default ?? window.Echo;</script>
<ul id="events"></ul>
<script>
    const echo = new Echo({broadcaster: 'socket.io', host: window.location.hostname});
    const show = (text) => document.getElementById('events').append(
        Object.assign(document.createElement('li'), { textContent: text }));
    echo.channel('news').listen('NewsPosted', (event) => show('news ' + event.text));
    echo.private('orders.1').listen('OrderShipped', (event) => show('order ' + event.order.text));
    const joined = (channel) => new Promise((resolve) => echo.connector.socket.emit('subscribe',
        { channel, auth: echo.connector.options.auth }, resolve));
    const transport = () => echo.connector.socket.io.engine.transport.name;
</script>`;

function makeSite(token) {
    const root = tempDir('echo-site-');
    fs.copyFileSync(path.join(checkout, ECHO), path.join(root, 'echo.js'));
    fs.writeFileSync(path.join(root, 'index.html'), html(token));
    fs.chmodSync(root, 0o755);
    return `    root ${root};
    types { text/html html; application/javascript js; }
`;
}

for (const [scheme, { file, config }] of Object.entries(UPSTREAMS)) {
    describe(`nginx with proxy_pass ${scheme}`, () => {
        let scene;
        let session;
        let nginx;
        before(async () => {
            scene = await startScene({ laravel: {}, config });
            session = await scene.laravel.login(1);
            const blocks = publishedBlocks(file, scene.server.port);
            assert.match(blocks.server, new RegExp(`proxy_pass ${scheme}://websocket;`));
            nginx = scene.keep(await startNginx({
                ...blocks, server: makeSite(session.token) + blocks.server, tls: certs,
            }));
        });
        after(() => scene?.close());

        for (const combination of CLIENT_COMBINATIONS) {
            test(`carries ${label(combination)}`, async () => {
                const page = await scene.page({
                    ...combination, url: nginx.url, ca: certs.ca,
                    cookie: session.cookie, csrf: session.token,
                });
                page.echo.private('orders.1');
                page.echo.private('orders.2');
                await page.joined('private-orders.1');
                assert.equal((await page.refused('private-orders.2')).data, 403);
                await scene.laravel.fire('order', { id: '1', text: LARGE });
                await fence(scene.redis, [page]);
                assert.equal(page.on('private-orders.1')[0].data.order.text, LARGE);
                const expected = combination.transport === 'polling' ? 'polling' : 'websocket';
                assert.equal(page.transport(), expected);
                page.close();
            });
        }

        test('shows events to Chromium on the site\'s own address', async () => {
            const browser = scene.keep(await launchBrowser(
                { hosts: `MAP ${HOST}:443 127.0.0.1:${nginx.port}` }));
            const page = await browser.page({ cookies: session.cookie, domain: HOST });
            await page.goto(`https://${HOST}/`);
            assert.deepEqual(
                await page.evaluate(() => Promise.all(['news', 'private-orders.1'].map(joined))),
                [{ ok: true }, { ok: true }]);
            await page.waitForFunction(() => transport() === 'websocket');
            await scene.laravel.fire('order', { id: '1', text: 'Größe 42' });
            await scene.laravel.fire('news', { text: 'last' });
            await page.getByText('news last').waitFor();
            assert.deepEqual(await page.locator('li').allTextContents(),
                ['order Größe 42', 'news last']);
            assert.deepEqual(page.problems, []);
        });
    });
}

test('pages behind nginx are back after a restart', async () => {
    const scene = await startScene({ redis: {} });
    try {
        const { server } = scene;
        const nginx = scene.keep(await startNginx(publishedBlocks(
            UPSTREAMS.http.file, server.port)));
        const back = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200 };
        const pages = await Promise.all(['sio2', 'sio4'].flatMap((client) =>
            ['websocket', 'polling'].map((transport) =>
                scene.page({ url: nginx.url, client, transport, more: back }))));
        pages.forEach((page) => page.echo.channel('news'));
        await Promise.all(pages.map((page) => page.joined('news')));
        await server.stop();
        await waitFor(() => pages.every((page) => !page.socket.connected), 10000 * SLOW,
            'the pages to notice');
        scene.keep(await startServer({ config: server.config }));
        await waitFor(() => pages.every((page) => page.socket.connected), 20000 * SLOW,
            'the pages to come back');
        await fence(scene.redis, pages);
        await scene.redis.publish('news', 'again', {});
        await Promise.all(pages.map((page) => page.event('again', 'news')));
    } finally {
        await scene.close();
    }
});
