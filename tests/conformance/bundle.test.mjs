// SPDX-License-Identifier: MIT
// The browser clients that the server hands out: 2.x where pages of
// laravel-echo-server load it, 4.x under v4/.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HttpConn, request, requestBytes } from '../lib/raw.mjs';
import { assertError } from '../lib/raw-eio.mjs';
import { shareServer, withServer } from '../lib/with-server.mjs';

describe('bundle', () => {
    const { server } = shareServer();
    const get = (path, options) => request(server.port, { path, ...options });

    test('socket.io.js is the 2.5.0 client, whole and uncompressed', async () => {
        const response = await get('/socket.io/socket.io.js',
            { headers: { 'Accept-Encoding': 'gzip, deflate, br' } });
        assert.equal(response.status, 200);
        assert.match(response.headers['content-type'], /^application\/javascript/);
        assert.equal(response.headers['cache-control'], 'public, max-age=0');
        assert.equal(response.headers.etag, '"2.5.0"');
        assert.equal(response.headers['content-encoding'], undefined);
        assert.equal(response.body.length, 62783);
        assert.match(response.text, /\/\/# sourceMappingURL=socket\.io\.js\.map\s*$/);
        assert.match(response.text, /Socket\.IO v2\.5\.0/);
    });

    test('its map is JSON without Cache-Control', async () => {
        const response = await get('/socket.io/socket.io.js.map');
        assert.equal(response.status, 200);
        assert.match(response.headers['content-type'], /^application\/json/);
        assert.equal(response.headers['cache-control'], undefined);
        assert.equal(response.headers.etag, '"2.5.0"');
        assert.equal(JSON.parse(response.text).version, 3);
    });

    test('v4/socket.io.js is a 4.x client', async () => {
        const response = await get('/socket.io/v4/socket.io.js');
        assert.equal(response.status, 200);
        assert.match(response.headers['content-type'], /^application\/javascript/);
        assert.match(response.headers.etag, /^"4\.\d+\.\d+"$/);
        assert.match(response.text, /Socket\.IO v4\.\d/);
        const map = await get('/socket.io/v4/socket.io.js.map');
        assert.equal(map.status, 200);
        assert.match(map.headers['content-type'], /^application\/json/);
        assert.equal(JSON.parse(map.text).version, 3);
    });

    test('the path is a prefix, any query and method will do', async () => {
        for (const path of ['/socket.io/socket.io.jsfoo', '/socket.io/socket.io.js?x=1']) {
            assert.equal((await get(path)).body.length, 62783, path);
        }
        const post = await get('/socket.io/socket.io.js', { method: 'POST', body: 'x' });
        assert.equal(post.body.length, 62783);
    });

    test('HEAD has the headers of GET and no body', async () => {
        const conn = await HttpConn.open(server.port);
        conn.send(requestBytes({ method: 'HEAD', path: '/socket.io/socket.io.js' }));
        const head = await conn.response({ method: 'HEAD' });
        assert.equal(head.status, 200);
        assert.equal(head.headers.etag, '"2.5.0"');
        assert.match(head.headers['content-type'], /^application\/javascript/);
        conn.send(requestBytes({ path: '/' }));
        assert.equal((await conn.response()).text, 'OK');
        conn.destroy();
    });

    test('If-None-Match with the exact tag is 304', async () => {
        const conn = await HttpConn.open(server.port);
        for (const path of ['/socket.io/socket.io.js', '/socket.io/socket.io.js.map']) {
            conn.send(requestBytes({ path, headers: { 'If-None-Match': '"2.5.0"' } }));
            assert.equal((await conn.response()).status, 304);
        }
        conn.send(requestBytes({ path: '/' }));
        assert.equal((await conn.response()).text, 'OK', 'no body behind the 304');
        conn.destroy();
    });

    test('another tag is 200', async () => {
        for (const tag of ['W/"2.5.0"', '*', '"2.4.0"', '2.5.0']) {
            const response = await get('/socket.io/socket.io.js', { headers: { 'If-None-Match': tag } });
            assert.equal(response.status, 200, tag);
            assert.equal(response.body.length, 62783);
        }
    });

    test('If-None-Match works for v4', async () => {
        const { etag } = (await get('/socket.io/v4/socket.io.js')).headers;
        const response = await get('/socket.io/v4/socket.io.js', { headers: { 'If-None-Match': etag } });
        assert.equal(response.status, 304);
    });

    test('slim and min files fall to the engine', async () => {
        assertError(await get('/socket.io/socket.io.slim.js'), 0);
        assertError(await get('/socket.io/socket.io.min.js'), 0);
    });

    test('a path that climbs out is not a file', async () => {
        for (const path of ['/socket.io/../socket.io/socket.io.js/../../etc/passwd',
            '/socket.io/v4/../../../etc/passwd', '/socket.io/v4/%2e%2e/%2e%2e/etc/passwd']) {
            assert.ok(!(await get(path)).text.includes('root:'), path);
        }
    });

    test('a reader that stops in the middle harms nobody', async () => {
        const conns = [];
        for (let i = 0; i < 20; i += 1) {
            const conn = await HttpConn.open(server.port);
            conn.socket.pause();
            conn.send(Buffer.concat(Array(50).fill(requestBytes({ path: '/socket.io/socket.io.js' }))));
            conns.push(conn);
        }
        assert.equal((await get('/')).text, 'OK');
        conns.forEach((conn) => conn.destroy());
        assert.equal((await get('/')).text, 'OK');
    });
});

describe('bundle with serveClient false', () => {
    test('its requests fall to the engine', () => withServer({
        config: { socketio: { serveClient: false } },
    }, async (server) => {
        for (const path of ['/socket.io/socket.io.js', '/socket.io/socket.io.js.map',
            '/socket.io/v4/socket.io.js']) {
            assertError(await request(server.port, { path }), 0);
        }
    }));
});
