// SPDX-License-Identifier: MIT
// An event's data reaches the browser as the application encoded it, byte by
// byte but for the escapes that PHP adds.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import WebSocket from 'ws';
import { startScene } from '../lib/scene.mjs';
import { postEvent, waitFor } from '../lib/server.mjs';
import { PREFIX } from '../lib/redis.mjs';

/** What a page must see, for what was published. */
const CASES = {
    'big and exact numbers': ['[12345678901234567890,9007199254740993,1e400,-0,0.1,1.0,1E+2]'],
    'more digits than any float': ['{"pi":3.14159265358979323846264338327950288}'],
    'the order of keys': ['{"z":1,"a":2,"10":3,"9":4,"é":5}'],
    'a key twice': ['{"a":1,"a":2}'],
    'empty objects and lists': ['{"o":{},"l":[],"n":[[],{},[{}]]}'],
    'a slash that PHP escaped': ['"a\\/b"', '"a/b"'],
    'letters that PHP escaped': ['"Gr\\u00f6\\u00dfe \\u4f60\\u597d"', '"Größe 你好"'],
    'a pair of surrogates': ['"\\ud83d\\ude00"', '"😀"'],
    'a lone surrogate': ['"\\ud83d x \\udc00"'],
    'control characters': ['"\\u0000\\u001f\\n\\t\\b\\f\\r"'],
    'quotes and backslashes': ['"\\"\\\\\\u0022\\u005c"', '"\\"\\\\\\"\\\\"'],
    'line separators': ['"\\u2028\\u2029"', '"\u2028\u2029"'],
    'a key that PHP escaped': ['{"\\u00e9\\/":1}', '{"é/":1}'],
    'text as data': ['"text"'],
    'a number as data': ['7'],
    'true as data': ['true'],
    'null as data': ['null'],
    'depth within the limit': ['['.repeat(50) + ']'.repeat(50)],
};

describe('data', () => {
    let scene;
    let socket;
    const texts = [];
    before(async () => {
        scene = await startScene();
        socket = new WebSocket(
            `ws://127.0.0.1:${scene.server.port}/socket.io/?EIO=4&transport=websocket`);
        socket.on('message', (data) => {
            const text = data.toString();
            texts.push(text);
            if (text.startsWith('0')) {
                socket.send('40');
            } else if (text.startsWith('40')) {
                socket.send('421["subscribe",{"channel":"raw"}]');
            }
        });
        await waitFor(() => texts.some((text) => text.startsWith('431')), undefined, 'the join');
    });
    after(async () => {
        socket?.terminate();
        await scene?.close();
    });

    async function next(send) {
        const from = texts.length;
        await send();
        return waitFor(() => texts.slice(from).find((text) => text.startsWith('42')),
            undefined, 'the event');
    }

    for (const [what, [published, seen = published]] of Object.entries(CASES)) {
        test(`${what} from Redis`, async () => {
            const text = await next(() => scene.redis.publishRaw(`${PREFIX}raw`,
                `{"event":"App\\\\E","data":${published},"socket":null}`));
            assert.equal(text, `42["App\\\\E","raw",${seen}]`);
        });
    }

    for (const what of ['big and exact numbers', 'the order of keys', 'empty objects and lists',
        'letters that PHP escaped', 'a lone surrogate']) {
        const [published, seen = published] = CASES[what];
        test(`${what} from the HTTP API`, async () => {
            const text = await next(() => postEvent(scene.server,
                `{"name":"E","channel":"raw","data":${published}}`));
            assert.equal(text, `42["E","raw",${seen}]`);
        });

        test(`${what} from the HTTP API, as text`, async () => {
            const text = await next(() => postEvent(scene.server,
                `{"name":"E","channel":"raw","data":${JSON.stringify(published)}}`));
            assert.equal(text, `42["E","raw",${seen}]`);
        });
    }

    test('an event name with escapes and its channel arrive decoded', async () => {
        const text = await next(() => scene.redis.publishRaw(`${PREFIX}raw`,
            '{"event":"a\\/\\u00e9\\"b","data":{},"socket":null}'));
        assert.equal(text, '42["a/é\\"b","raw",{}]');
    });

    test('other keys, another order and white space change nothing', async () => {
        const text = await next(() => scene.redis.publishRaw(`${PREFIX}raw`,
            ' { "socket" : null , "x" : [ 1 ] , "data" : {"a":1} , "event" : "E" } '));
        assert.equal(text, '42["E","raw",{"a":1}]');
    });
});
