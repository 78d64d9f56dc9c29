// SPDX-License-Identifier: MIT
// The handshake: its query, the order of its checks, the exact errors, and the
// open packet, for both versions on both transports.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { request } from '../lib/raw.mjs';
import { RawWs, refused } from '../lib/raw-ws.mjs';
import {
    assertError, connectWs, decodePayload, ERRORS, openWs, Polling, SID, VERSIONS, wsPath,
} from '../lib/raw-eio.mjs';
import { shareServer, withServer } from '../lib/with-server.mjs';

const SID_JSON = '"sid":"[A-Za-z0-9_-]+"';
const TIMES = '"pingInterval":25000,"pingTimeout":20000';

/** The exact open packet of a version. */
function openPacket(eio, upgrades = '["websocket"]') {
    const tail = eio === 4 ? ',"maxPayload":1000000' : '';
    return `0{${SID_JSON},"upgrades":${upgrades},${TIMES}${tail}}`
        .replace(/[[\]{}]/g, (c) => `\\${c}`).replace('\\[A-Za-z0-9_-\\]', '[A-Za-z0-9_-]');
}

/** Fails unless the refused upgrade is the exact one of section 2. */
function assertRefused({ response, rest }, body) {
    assert.equal(response.status, 400);
    assert.equal(response.reason, 'Bad Request');
    assert.equal(response.text, body);
    assert.equal(response.headers['content-length'], String(Buffer.byteLength(body)));
    assert.match(response.headers['content-type'], /^text\/html/);
    assert.equal(response.headers.connection, 'close');
    assert.equal(rest.length, 0);
}

describe('handshake', () => {
    const { server, other } = shareServer({ watched: true });
    const get = (query, options) => request(server.port, { path: `/socket.io/?${query}`, ...options });
    const upgrade = (query, options) => refused(server.port, `/socket.io/?${query}`, options);

    test('EIO3 polling: open packet and CONNECT are one body', async () => {
        const response = await get('EIO=3&transport=polling');
        assert.equal(response.status, 200);
        assert.match(response.text, new RegExp(`^(\\d+):${openPacket(3)}2:40$`));
        const [, length] = /^(\d+):/.exec(response.text);
        assert.equal(response.text.slice(length.length + 1 + Number(length)), '2:40');
    });

    test('EIO4 polling: the open packet alone', async () => {
        const response = await get('EIO=4&transport=polling');
        assert.equal(response.status, 200);
        assert.match(response.text, new RegExp(`^${openPacket(4)}$`));
    });

    test('EIO3 WebSocket: open packet, then CONNECT, as two text frames', async () => {
        const ws = await openWs(server.port, 3);
        assert.match(ws.openText, new RegExp(`^${openPacket(3, '[]')}$`));
        assert.equal(await ws.text(), '40');
        ws.destroy();
    });

    test('EIO4 WebSocket: the open packet, and nothing until the client connects', async () => {
        const ws = await openWs(server.port, 4);
        assert.match(ws.openText, new RegExp(`^${openPacket(4, '[]')}$`));
        ws.send('40');
        assert.match(await ws.text(), /^40\{"sid":"[A-Za-z0-9_-]+"\}$/);
        ws.destroy();
    });

    test('EIO4 polling: nothing follows until the client connects', async () => {
        const polling = await Polling.open(server.port, 4);
        assert.deepEqual(polling.handshakeRest, []);
        const held = await polling.hold();
        await polling.postOk('40');
        assert.match((await held.response()).text, /^40\{"sid":"[A-Za-z0-9_-]+"\}$/);
        held.destroy();
    });

    test('every session has another id', async () => {
        const ids = new Set();
        for (let i = 0; i < 20; i += 1) {
            const { sid } = await Polling.open(server.port, i % 2 ? 3 : 4);
            assert.match(sid, SID);
            ids.add(sid);
        }
        assert.equal(ids.size, 20);
    });

    test('t, b64 and unknown query keys do not matter, in any place', async () => {
        for (const eio of VERSIONS) {
            for (const query of [`user=1&EIO=${eio}&transport=polling&t=Oabc123&b64=1`,
                `t=x&transport=polling&EIO=${eio}&foo[bar]=1&empty&=x&a=%zz`,
                `foo=%26EIO%3D9&EIO=${eio}&transport=polling&`]) {
                const response = await get(query);
                assert.equal(response.status, 200, `${query}: ${response.text}`);
                assert.equal(JSON.parse(decodePayload(eio, response.text)[0].slice(1)).pingInterval,
                    25000);
            }
        }
    });

    describe('errors', () => {
        const table = [
            ['an unknown transport', 'EIO=4&transport=tube', 0],
            ['a transport named like a property', 'EIO=4&transport=constructor', 0],
            ['a transport named __proto__', 'EIO=4&transport=__proto__', 0],
            ['no transport', 'EIO=4', 0],
            ['an empty transport', 'EIO=4&transport=', 0],
            ['an unknown sid', 'EIO=4&transport=polling&sid=nobody', 1],
            ['an unknown sid of EIO3', 'EIO=3&transport=polling&sid=nobody', 1],
            ['an unknown transport before an unknown sid', 'EIO=4&transport=tube&sid=nobody', 0],
            ['an unknown sid before an unknown version', 'EIO=9&transport=polling&sid=nobody', 1],
            ['websocket without an upgrade, EIO3', 'EIO=3&transport=websocket', 3],
            ['websocket without an upgrade, EIO4', 'EIO=4&transport=websocket', 3],
            ['websocket without an upgrade before an unknown version', 'EIO=9&transport=websocket', 3],
            ['no EIO', 'transport=polling', 5],
            ['EIO=abc', 'EIO=abc&transport=polling', 5],
            ['EIO=2', 'EIO=2&transport=polling', 5],
            ['EIO=5', 'EIO=5&transport=polling', 5],
            ['EIO=44', 'EIO=44&transport=polling', 5],
            ['an empty EIO', 'EIO=&transport=polling', 5],
        ];
        for (const [name, query, code] of table) {
            test(`${name} is error ${code}`, async () => {
                assertError(await get(query), code);
            });
        }

        test('POST without sid is error 2, for both versions', async () => {
            for (const eio of VERSIONS) {
                assertError(await get(`EIO=${eio}&transport=polling`, { method: 'POST', body: '1:6' }), 2);
            }
        });

        test('POST with an unknown sid is error 1', async () => {
            assertError(await get('EIO=4&transport=polling&sid=x', { method: 'POST', body: '6' }), 1);
        });

        test('a bad method comes before an unknown version', async () => {
            assertError(await get('EIO=9&transport=polling', { method: 'POST', body: '' }), 2);
        });

        test('PUT without sid is error 2', async () => {
            assertError(await get('EIO=4&transport=polling', { method: 'PUT' }), 2);
        });

        test('HEAD without sid is 400 without a body', async () => {
            const response = await get('EIO=3&transport=polling', { method: 'HEAD' });
            assert.equal(response.status, 400);
        });

        test('PUT with a valid sid is an empty 500', async () => {
            for (const eio of VERSIONS) {
                const polling = await Polling.open(server.port, eio);
                const response = await request(server.port, { method: 'PUT', path: polling.url() });
                assert.equal(response.status, 500);
                assert.equal(response.text, '');
                assert.equal(await polling.alive(), true);
            }
        });

        test('a control character in Origin is 400', async () => {
            const response = await get('EIO=4&transport=polling',
                { headers: ['Origin: http://a\x01b'] });
            assert.equal(response.status, 400);
        });

        test('a session of WebSocket is error 3 for polling', async () => {
            for (const eio of VERSIONS) {
                const ws = await connectWs(server.port, eio);
                const path = `EIO=${eio}&transport=polling&sid=${ws.sid}`;
                assertError(await get(path), 3);
                assertError(await get(path, { method: 'POST', body: '6' }), 3);
                ws.send('420["subscribe",{"channel":"x"}]');
                assert.equal(await ws.text(), '430[{"ok":true}]', 'the session lives');
                ws.destroy();
            }
        });

        test('a polling session is error 3 for websocket without an upgrade', async () => {
            for (const eio of VERSIONS) {
                const polling = await Polling.open(server.port, eio);
                assertError(await get(`EIO=${eio}&transport=websocket&sid=${polling.sid}`), 3);
                assert.equal(await polling.alive(), true);
            }
        });

        test('a session is error 3 for the other version', async () => {
            for (const eio of VERSIONS) {
                const polling = await Polling.open(server.port, eio);
                assertError(await get(`EIO=${7 - eio}&transport=polling&sid=${polling.sid}`), 3);
                assert.equal(await polling.alive(), true);
            }
        });

        test('an unknown sid that looks like a real one is error 1', async () => {
            const { sid } = await Polling.open(server.port, 4);
            for (const wrong of [`${sid}x`, sid.slice(0, -1), sid.toLowerCase() + 'A',
                '__proto__', '%00', 'a'.repeat(2000)]) {
                assertError(await get(`EIO=4&transport=polling&sid=${wrong}`), 1);
            }
        });
    });

    describe('refused upgrades', () => {
        const table = [
            ['an unknown transport', 'EIO=4&transport=tube', 'Transport unknown'],
            ['an unknown transport of EIO3', 'EIO=3&transport=tube', 'Transport unknown'],
            ['an unknown sid', 'EIO=4&transport=websocket&sid=nobody', 'Session ID unknown'],
            ['an unknown sid of EIO3', 'EIO=3&transport=websocket&sid=nobody', 'Session ID unknown'],
            ['an unknown version', 'EIO=9&transport=websocket', 'Unsupported protocol version'],
            ['no version', 'transport=websocket', 'Unsupported protocol version'],
        ];
        for (const [name, query, body] of table) {
            test(`${name} is 400 with its text, then the connection ends`, async () => {
                assertRefused(await upgrade(query), body);
            });
        }

        test('an upgrade with POST is refused with 400', async () => {
            const { response } = await upgrade('EIO=4&transport=websocket', { method: 'POST' });
            assert.equal(response.status, 400);
        });

        test('the engine validates before the WebSocket does', async () => {
            assertRefused(await upgrade('EIO=4&transport=tube',
                { headers: { 'Sec-WebSocket-Key': 'short' } }), 'Transport unknown');
        });

        test('an upgrade of a session in the other version is refused with Bad request', async () => {
            for (const eio of VERSIONS) {
                const polling = await Polling.open(server.port, eio);
                assertRefused(await upgrade(`EIO=${7 - eio}&transport=websocket&sid=${polling.sid}`),
                    'Bad request');
                assert.equal(await polling.alive(), true);
            }
        });
    });

    for (const eio of VERSIONS) {
        test(`EIO${eio}: transport=polling on an upgrade is refused, or closed at once`, async () => {
            const opened = await RawWs.open(server.port, `/socket.io/?EIO=${eio}&transport=polling`)
                .catch((error) => error);
            if (opened instanceof RawWs) {
                assert.equal(await opened.closeCode(), 1005);
            } else {
                assert.equal(opened.response?.status, 400);
            }
        });
    }

    test('nobody else was disturbed', () => other.check());
});

describe('handshake with other options', () => {
    const withOptions = (socketio, body) => withServer({ config: { socketio } }, body);

    test('intervals and the maximum size are in the open packet', () => withOptions(
        { pingInterval: 1234, pingTimeout: 567, maxHttpBufferSize: 4321 }, async (server) => {
            const { open } = await Polling.open(server.port, 4);
            delete open.sid;
            assert.equal(JSON.stringify(open),
                '{"upgrades":["websocket"],"pingInterval":1234,"pingTimeout":567,"maxPayload":4321}');
            const three = await Polling.open(server.port, 3);
            delete three.open.sid;
            assert.equal(JSON.stringify(three.open),
                '{"upgrades":["websocket"],"pingInterval":1234,"pingTimeout":567}');
        }));

    test('falsy numbers fall back to the default', () => withOptions(
        { pingInterval: 0, pingTimeout: 0, maxHttpBufferSize: 0 }, async (server) => {
            const { open } = await Polling.open(server.port, 4);
            assert.deepEqual([open.pingInterval, open.pingTimeout, open.maxPayload],
                [25000, 20000, 1000000]);
        }));

    test('allowUpgrades false empties upgrades, an upgrade still works', () => withOptions(
        { allowUpgrades: false }, async (server) => {
            for (const eio of VERSIONS) {
                const polling = await Polling.open(server.port, eio);
                assert.deepEqual(polling.open.upgrades, []);
                const ws = await polling.candidate();
                ws.send('2probe');
                assert.equal(await ws.text(), '3probe');
                ws.destroy();
            }
        }));

    test('upgrades is empty when websocket is not configured', () => withOptions(
        { transports: ['polling'] }, async (server) => {
            for (const eio of VERSIONS) {
                assert.deepEqual((await Polling.open(server.port, eio)).open.upgrades, []);
            }
        }));

    test('polling that is not configured is an unknown transport', () => withOptions(
        { transports: ['websocket'] }, async (server) => {
            for (const eio of VERSIONS) {
                assertError(await request(server.port,
                    { path: `/socket.io/?EIO=${eio}&transport=polling` }), 0);
                (await connectWs(server.port, eio)).destroy();
            }
        }));

    test('an origin that is refused is error 4', () => withOptions(
        { origins: 'http://good.example:80' }, async (server) => {
            const headers = { Origin: 'http://bad.example' };
            const get = (query, options) => request(server.port,
                { path: `/socket.io/?${query}`, headers, ...options });
            for (const eio of VERSIONS) {
                const query = `EIO=${eio}&transport=polling`;
                assertError(await get(query), 4);
                const good = await get(query, { headers: { Origin: 'http://good.example' } });
                assert.equal(good.status, 200);
                assertError(await get(query, { method: 'POST', body: '' }), 2);
            }
            assertError(await get('EIO=4&transport=websocket'), 3);
            assertError(await get('EIO=9&transport=polling'), 4);
        }));

    test('an upgrade from an origin that is refused is 400: empty for EIO3, Forbidden for EIO4',
        () => withOptions({ origins: 'http://good.example:80' }, async (server) => {
            const headers = { Origin: 'http://bad.example' };
            const three = await refused(server.port, wsPath(3), { headers });
            assertRefused(three, '');
            const four = await refused(server.port, wsPath(4), { headers });
            assertRefused(four, JSON.parse(ERRORS[4]).message);
            const ws = await openWs(server.port, 4, { headers: { Origin: 'http://good.example' } });
            ws.destroy();
        }));
});
