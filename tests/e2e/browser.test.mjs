// SPDX-License-Identifier: MIT
// A real page in a real browser: the client bundle comes from the server, Echo
// from its package, and the event shows.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launchBrowser } from '../lib/browser.mjs';
import { startScene } from '../lib/scene.mjs';
import { checkout } from '../lib/server.mjs';

const ECHO = {
    echo1: 'tests/node_modules/echo1/dist/echo.iife.js',
    echo2: 'tests/node_modules/echo2/dist/echo.iife.js',
};

/** The page that Laravel's documentation describes. */
function html(serverUrl, bundle, transports) {
    return `<!doctype html><meta charset="utf-8"><title>page</title>
<script src="${serverUrl}${bundle}"></script><script src="/echo.js"></script>
<ul id="events"></ul><p id="state"></p>
<script>
    const show = (text) => {
        document.getElementById('events').append(
            Object.assign(document.createElement('li'), { textContent: text }));
    };
    const page = new URLSearchParams(location.search);
    const EchoClass = window.Echo.default || window.Echo;
    const echo = new EchoClass({
        broadcaster: 'socket.io', host: '${serverUrl}', transports: ${JSON.stringify(transports)},
        csrfToken: page.get('token'), client: io,
        // Session cookies go to another origin only so; 2.x sends them by itself.
        withCredentials: true,
    });
    const { socket } = echo.connector;
    socket.on('subscription_error', (channel, status) => show(channel + ' ' + status));
    socket.on('connect', () => {
        document.getElementById('state').textContent = 'connected';
    });
    echo.channel('news').listen('NewsPosted', (e) => show('news ' + e.text));
    echo.private('orders.1').listen('OrderShipped', (e) => show('order ' + e.order.text));
    echo.private('orders.2').listen('OrderShipped', (e) => show('leak'));
    function joined(channel) {
        return new Promise((resolve) => socket.emit('subscribe',
            { channel, auth: echo.connector.options.auth }, resolve));
    }
</script>`;
}

/** Serves the page, and passes its name on: the origin differs from the server's. */
async function startSite(serverUrl) {
    const site = http.createServer((request, response) => {
        const url = new URL(request.url, 'http://site');
        response.setHeader('Content-Type', 'text/html; charset=utf-8');
        if (url.pathname === '/echo.js') {
            response.setHeader('Content-Type', 'application/javascript');
            const echo = new URL(request.headers.referer).searchParams.get('echo');
            response.end(fs.readFileSync(path.join(checkout, ECHO[echo])));
        } else if (url.pathname === '/page') {
            response.end(html(serverUrl, url.searchParams.get('bundle'),
                url.searchParams.get('transports').split(',')));
        } else {
            response.writeHead(404).end();
        }
    });
    await new Promise((resolve) => { site.listen(0, '127.0.0.1', resolve); });
    return {
        port: site.address().port,
        close: () => new Promise((resolve) => {
            site.close(resolve);
            site.closeAllConnections();
        }),
    };
}

describe('a page in Chromium', () => {
    let scene;
    let site;
    let browser;
    before(async () => {
        scene = await startScene({ laravel: {} });
        site = scene.keep(await startSite(scene.server.url));
        browser = scene.keep(await launchBrowser());
    });
    after(() => scene?.close());

    const BUNDLES = {
        'socket.io 2': '/socket.io/socket.io.js',
        'socket.io 4': '/socket.io/v4/socket.io.js',
    };
    for (const echo of Object.keys(ECHO)) {
        for (const [name, bundle] of Object.entries(BUNDLES)) {
            for (const transports of ['websocket', 'polling', 'polling,websocket']) {
                test(`with ${echo}, ${name}, ${transports} shows its events`, async () => {
                    const session = await scene.laravel.login(1);
                    const page = await browser.page({ cookies: session.cookie });
                    const query = new URLSearchParams(
                        { echo, bundle, transports, token: session.token });
                    await page.goto(`http://127.0.0.1:${site.port}/page?${query}`);
                    const list = page.locator('#events');
                    await page.locator('#state', { hasText: 'connected' }).waitFor();
                    await list.getByText('private-orders.2 403').waitFor();
                    await page.evaluate(async () => {
                        await joined('news');
                        await joined('private-orders.1');
                    });
                    await scene.laravel.fire('order', { id: '2' });
                    await scene.laravel.fire('order', { id: '1', text: 'Schuhe Größe 42 😀' });
                    await scene.laravel.fire('news', { text: 'last' });
                    await list.getByText('news last').waitFor();
                    assert.deepEqual(await list.locator('li').allTextContents(),
                        ['private-orders.2 403', 'order Schuhe Größe 42 😀', 'news last']);
                    assert.deepEqual(page.problems, []);
                    await page.context().close();
                });
            }
        }
    }
});
