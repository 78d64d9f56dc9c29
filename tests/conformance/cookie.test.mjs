// SPDX-License-Identifier: MIT
// The io cookie of polling responses, which sticky balancers read.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { request } from '../lib/raw.mjs';
import { connectWs, Polling, subscribe } from '../lib/raw-eio.mjs';
import { shareServer, withServer } from '../lib/with-server.mjs';

const withCookie = (socketio, body) =>
    withServer({ config: { socketio } }, ({ port }) => body(port));

async function handshakeCookie(port, eio = 3) {
    const polling = await Polling.open(port, eio);
    return polling.first.headers['set-cookie']?.replace(polling.sid, 'SID');
}

describe('cookie', () => {
    const { server } = shareServer();

    test('EIO3: every polling response of the session has it', async () => {
        const polling = await Polling.open(server.port, 3);
        const cookie = `io=${polling.sid}; Path=/; HttpOnly; SameSite=Strict`;
        assert.equal(polling.first.headers['set-cookie'], cookie);
        assert.equal((await polling.post(subscribe('c', 0))).headers['set-cookie'], cookie);
        assert.equal((await polling.get()).headers['set-cookie'], cookie);
        const options = await request(server.port, {
            method: 'OPTIONS', path: polling.url(),
            headers: { Origin: 'http://a.example', 'Access-Control-Request-Method': 'POST' },
        });
        assert.equal(options.headers['set-cookie'], cookie);
    });

    test('EIO3: JSONP responses have it', async () => {
        const response = await request(server.port,
            { path: '/socket.io/?EIO=3&transport=polling&j=0' });
        assert.match(response.headers['set-cookie'],
            /^io=[A-Za-z0-9_-]+; Path=\/; HttpOnly; SameSite=Strict$/);
    });

    test('WebSocket has none', async () => {
        for (const eio of [3, 4]) {
            const ws = await connectWs(server.port, eio);
            assert.equal(ws.response.headers['set-cookie'], undefined);
            ws.destroy();
        }
        const polling = await Polling.open(server.port, 3);
        const ws = await polling.candidate();
        assert.equal(ws.response.headers['set-cookie'], undefined);
        ws.destroy();
    });

    test('EIO4 has none', async () => {
        const polling = await Polling.connect(server.port, 4);
        assert.equal(polling.first.headers['set-cookie'], undefined);
        assert.equal((await polling.post('6')).headers['set-cookie'], undefined);
    });

    test('nothing reads it back', async () => {
        const polling = await Polling.connect(server.port, 3);
        const response = await request(server.port,
            { path: '/socket.io/?EIO=3&transport=polling', headers: { Cookie: `io=${polling.sid}` } });
        assert.equal(response.status, 200);
        assert.ok(!response.text.includes(polling.sid));
    });
});

describe('cookie options', () => {
    test('cookie names it', () => withCookie({ cookie: 'lb' }, async (port) => {
        assert.equal(await handshakeCookie(port), 'lb=SID; Path=/; HttpOnly; SameSite=Strict');
    }));

    test('cookie false sends none', () => withCookie({ cookie: false }, async (port) => {
        assert.equal(await handshakeCookie(port), undefined);
        assert.equal(await handshakeCookie(port, 4), undefined);
    }));

    test('cookiePath sets the path', () => withCookie({ cookiePath: '/x' }, async (port) => {
        assert.equal(await handshakeCookie(port), 'io=SID; Path=/x; HttpOnly; SameSite=Strict');
    }));

    test('cookiePath false drops Path and HttpOnly', () => withCookie({ cookiePath: false },
        async (port) => {
            assert.equal(await handshakeCookie(port), 'io=SID; SameSite=Strict');
        }));

    test('cookieHttpOnly false drops HttpOnly', () => withCookie({ cookieHttpOnly: false },
        async (port) => {
            assert.equal(await handshakeCookie(port), 'io=SID; Path=/; SameSite=Strict');
        }));

    test('an object sets every attribute', () => withCookie({
        cookie: { name: 'lb', path: '/y', domain: 'a.example', httpOnly: true, secure: true,
            sameSite: 'lax', maxAge: 60 },
    }, async (port) => {
        const parts = (await handshakeCookie(port)).split('; ');
        assert.equal(parts[0], 'lb=SID');
        assert.deepEqual(parts.slice(1).sort(), ['Domain=a.example', 'HttpOnly', 'Max-Age=60',
            'Path=/y', 'SameSite=Lax', 'Secure']);
    }));

    test('EIO4 has it when configured', () => withCookie({ cookie: 'lb' }, async (port) => {
        assert.match(await handshakeCookie(port, 4), /^lb=SID(;|$)/);
    }));
});
