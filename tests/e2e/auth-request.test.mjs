// SPDX-License-Identifier: MIT
// The question to the application: which host is asked, and what it is sent.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { ask, asking, openPage, start, startAlone } from '../lib/asking.mjs';
import { startBackend } from '../lib/backend.mjs';
import { SLOW } from '../lib/server.mjs';

afterEach(() => asking.close());

describe('the request', () => {
    test('is a form with the channel, the headers of the page, and its cookie', async () => {
        const backend = await start(() => ({ body: 'true' }));
        const cookie = 'a=1; laravel_session=x%3D';
        for (const client of ['sio2', 'sio3', 'sio4']) {
            for (const transport of ['websocket', 'polling', 'upgrade']) {
                const page = await openPage({ client, transport, cookie });
                const channel = `private-a&b=c d+é.${client}.${transport}`;
                assert.deepEqual(await ask(page, channel,
                    { Authorization: 'Bearer t', 'X-CSRF-TOKEN': 'c' }), { ok: true });
                const request = backend.requests.at(-1);
                assert.equal(request.method, 'POST');
                assert.equal(request.path, '/broadcasting/auth');
                assert.equal(request.channel, channel);
                assert.match(request.headers['content-type'],
                    /^application\/x-www-form-urlencoded/);
                assert.equal(request.headers['x-requested-with'], 'XMLHttpRequest');
                assert.equal(request.headers.authorization, 'Bearer t');
                assert.equal(request.headers['x-csrf-token'], 'c');
                assert.equal(request.headers.cookie, cookie);
                assert.equal(request.headers.host, `127.0.0.1:${backend.port}`);
                page.close();
            }
        }
    });

    test('says who the client is, and lets no page say it', async () => {
        const backend = await start(() => ({}));
        const page = await openPage();
        await ask(page, 'private-x', {
            'X-Forwarded-For': '10.9.8.7', 'X-Forwarded-Host': 'evil.test', X_Forwarded_Proto: 'https',
            'X-Original-URL': '/admin', Forwarded: 'for=10.9.8.7', 'X-Real-IP': '10.9.8.7',
        });
        const { headers } = backend.requests.at(-1);
        assert.equal(headers['x-forwarded-for'], '127.0.0.1');
        assert.deepEqual(Object.keys(headers).filter((name) =>
            /forwarded|original|real/.test(name.replaceAll('_', '-'))), ['x-forwarded-for']);
    });

    test('lets a page say what authForwardHeaders names', async () => {
        const backend = await start(() => ({}), { authForwardHeaders: ['X-Real-IP'] });
        const page = await openPage();
        await ask(page, 'private-x', { 'X-Real-IP': '10.9.8.7', 'X-Forwarded-Host': 'evil.test' });
        const { headers } = backend.requests.at(-1);
        assert.equal(headers['x-real-ip'], '10.9.8.7');
        assert.equal(headers['x-forwarded-host'], undefined);
    });

    test('takes the cookie that the page names over that of the handshake', async () => {
        const backend = await start(() => ({}));
        const page = await openPage({ cookie: 'from=handshake' });
        await ask(page, 'private-x', { Cookie: 'from=page' });
        assert.equal(backend.requests[0].headers.cookie, 'from=page');
    });

    test('is sent to authEndpoint with its query', async () => {
        const backend = await start(() => ({}), { authEndpoint: '/deep/auth?x=1' });
        await ask(await openPage(), 'private-x');
        assert.equal(backend.requests.at(-1).path, '/deep/auth?x=1');
    });

    test('never carries headers that would change the request itself', async () => {
        const backend = await start(() => ({}));
        const page = await openPage();
        const changing = {
            Host: 'evil.test', 'Content-Length': '3', 'Transfer-Encoding': 'chunked',
            Connection: 'close', 'Keep-Alive': 'x', Upgrade: 'h2c', TE: 'trailers',
            Trailer: 'X-A', 'Proxy-Connection': 'x', Expect: '100-continue',
            'Proxy-Authorization': 'Basic x', 'CONTENT-TYPE': 'application/json',
            hOsT: 'evil.test', 'X-Good': 'yes',
        };
        assert.deepEqual(await ask(page, 'private-x', changing), { ok: true });
        const [request] = backend.requests;
        assert.equal(backend.requests.length, 1);
        assert.equal(request.body, 'channel_name=private-x');
        assert.equal(request.headers['x-good'], 'yes');
        assert.equal(request.headers.host, `127.0.0.1:${backend.port}`);
        assert.match(request.headers['content-type'], /^application\/x-www-form-urlencoded/);
        const names = request.rawHeaders.filter((_, i) => i % 2 === 0)
            .map((name) => name.toLowerCase());
        for (const name of ['transfer-encoding', 'keep-alive', 'upgrade', 'te', 'trailer',
            'proxy-connection', 'expect', 'proxy-authorization']) {
            assert.ok(!names.includes(name), `${name} was forwarded`);
        }
        assert.equal(new Set(names).size, names.length, `repeated: ${names}`);
    });

    test('never carries a header with a control character or an odd name', async () => {
        const backend = await start(() => ({}));
        const page = await openPage();
        const odd = {
            'X-Cr': 'a\r\nX-Injected: 1', 'X-Lf': 'a\nX-Injected: 1', 'X-Nul': 'a\u0000b',
            'X-Esc': 'a\u001bb', 'X-Del': 'a\u007fb', 'X-In\r\nX-Injected': '1', 'X In': '1',
            'X:In': '1', '': '1',
        };
        await ask(page, 'private-x', { ...odd, 'X-Good': 'yes' });
        assert.equal(backend.requests.length, 1);
        const { headers } = backend.requests[0];
        assert.equal(headers['x-good'], 'yes');
        for (const name of Object.keys(headers)) {
            assert.doesNotMatch(name, /injected|x-cr|x-lf|x-nul|x-esc|x-del/, name);
        }
    });

    test('carries no more than 32 headers', async () => {
        const backend = await start(() => ({}));
        const page = await openPage();
        const many = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`X-${i}`, 'v']));
        assert.deepEqual(await ask(page, 'private-x', many), { ok: false, status: 0 });
        assert.deepEqual(await ask(page, 'private-x', { 'X-Long': 'x'.repeat(17000) }),
            { ok: false, status: 0 });
        assert.equal(backend.requests.length, 0);
    });
});

describe('authHost as a list', () => {
    async function asked(referer, entries) {
        const hits = [];
        const backends = await Promise.all(['first', 'second', 'third'].map(
            (name) => startBackend(() => { hits.push(name); return {}; })));
        const authHost = entries(backends);
        await startAlone({ authHost, authRetryTime: 100 });
        backends.forEach((backend) => asking.scene.keep(backend));
        const page = await openPage(
            { more: { extraHeaders: referer ? { Referer: referer(backends) } : {} } });
        const { ok } = await ask(page, 'private-x', {}, 60000 * SLOW);
        await asking.close();
        return ok ? hits.join() : 'none';
    }
    const urls = (backends) => backends.map(({ url }) => url);

    test('without a Referer the first is asked', async () => {
        assert.equal(await asked(null, urls), 'first');
    });

    test('with a Referer the entry of its scheme and host is asked', async () => {
        assert.equal(await asked(([, b]) => `${b.url}/page?x=1`, urls), 'second');
        assert.equal(await asked(([, , c]) => `${c.url}/`, urls), 'third');
    });

    test('with a Referer of no entry the last is asked', async () => {
        assert.equal(await asked(() => 'http://elsewhere.test/', urls), 'third');
    });

    test('an entry that is a host alone takes the Referer\'s scheme', async () => {
        assert.equal(await asked(([, b]) => `http://127.0.0.1:${b.port}/x`,
            (backends) => backends.map(({ port }) => `127.0.0.1:${port}`)), 'second');
    });

    test('an entry .domain takes every host below it, and none that only ends alike', async () => {
        // The host that the entry admits does not exist: nobody is asked.
        const entries = ([a, , c]) => [a.url, '.example.invalid', c.url];
        assert.equal(await asked(() => 'http://app.example.invalid/', entries), 'none');
        assert.equal(await asked(() => 'http://evilexample.invalid/', entries), 'third');
    });

    test('an entry .domain admits its own port alone, whatever the page says', async () => {
        const page = ([, b]) => `http://127.0.0.1:${b.port}/`;
        assert.equal(await asked(page, ([a, , c]) => [a.url, '.0.0.1', c.url]), 'third');
        assert.equal(await asked(page, ([a, b, c]) => [a.url, `.0.0.1:${b.port}`, c.url]), 'second');
    });
});
