// SPDX-License-Identifier: MIT
// Input that no client of good will sends: malformed HTTP, random bytes on
// every layer, packets that end laravel-echo-server. The process lives, and a
// bystander goes on receiving. SEED repeats a random run.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { exchange, HttpConn, requestBytes } from '../lib/raw.mjs';
import { frameBytes, upgradeBytes } from '../lib/raw-ws.mjs';
import { bystander, Client } from '../lib/raw-client.mjs';
import {
    connectWs, encodePayload, openWs, Polling, subscribe, TRANSPORTS, VERSIONS, wsPath,
} from '../lib/raw-eio.mjs';
import { randomOf } from '../lib/random.mjs';
import { sleep } from '../lib/server.mjs';
import { shareServer } from '../lib/with-server.mjs';

const ROUNDS = Number(process.env.TEST_ROUNDS) || 300;

describe('bad input', () => {
    const { server, keep } = shareServer();
    const others = [];

    const check = async () => {
        for (const other of others) {
            await other.check();
        }
    };

    before(async () => {
        for (const eio of VERSIONS) {
            for (const transport of TRANSPORTS) {
                others.push(keep(await bystander(server, { eio, transport })));
            }
        }
    });

    describe('malformed HTTP is 400, then the connection ends', () => {
        const head = 'POST /apps/app/events?auth_key=key HTTP/1.1\r\nHost: x\r\n';
        const malformed = {
            'a word': 'GARBAGE\r\n\r\n',
            'a method alone': 'GET\r\n\r\n',
            'version 9.9': 'GET / HTTP/9.9\r\n\r\n',
            'another protocol': 'GET / HTTX/1.1\r\n\r\n',
            'HTTP/2 without asking': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
            'a method with a space': 'GE T / HTTP/1.1\r\n\r\n',
            'an unknown method': 'FROB / HTTP/1.1\r\nHost: x\r\n\r\n',
            'a header without a colon': 'GET / HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n',
            'a header without a name': 'GET / HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n',
            'a space before the colon': 'GET / HTTP/1.1\r\nHost : x\r\n\r\n',
            'a zero byte in a header': 'GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n',
            'a control character in a header': 'GET / HTTP/1.1\r\nHost: x\r\nX: a\x01b\r\n\r\n',
            'a zero byte in the URL': 'GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n',
            'a length that is a word': `${head}Content-Length: ten\r\n\r\n`,
            'a negative length': `${head}Content-Length: -1\r\n\r\n`,
            'a length with a sign': `${head}Content-Length: +5\r\n\r\nhello`,
            'two lengths': `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x`,
            'a list of lengths': `${head}Content-Length: 2, 3\r\n\r\n{}x`,
            'a length and chunks':
                `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
            'an unknown transfer encoding': `${head}Transfer-Encoding: frob\r\n\r\n`,
            'chunks that are not the last encoding': `${head}Transfer-Encoding: chunked, gzip\r\n\r\n`,
            'a chunk size that is a word': `${head}Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n`,
            'a chunk size beyond every number':
                `${head}Transfer-Encoding: chunked\r\n\r\n${'f'.repeat(20)}\r\n{}\r\n`,
            'a chunk longer than its size': `${head}Transfer-Encoding: chunked\r\n\r\n1\r\n{}}}}}\r\n`,
            'a TLS hello': Buffer.from('16030100c8010000c40303', 'hex'),
            'a WebSocket frame': frameBytes({ payload: '2probe' }),
            'binary bytes': Buffer.from([0, 1, 2, 3, 255, 254, 13, 10, 13, 10]),
        };
        for (const [name, bytes] of Object.entries(malformed)) {
            test(name, async () => {
                const conn = await HttpConn.open(server.port);
                conn.send(bytes);
                assert.equal((await conn.response()).status, 400);
                await conn.rest();
            });
        }

        test('a malformed request behind a good one is answered after it', async () => {
            const conn = await HttpConn.open(server.port);
            conn.send(Buffer.concat([requestBytes(), Buffer.from('GARBAGE\r\n\r\n')]));
            assert.equal((await conn.response()).text, 'OK');
            assert.equal((await conn.response()).status, 400);
            await conn.rest();
        });

        test('a bad chunk in the POST of a session disturbs that session at most', async () => {
            for (const eio of VERSIONS) {
                const polling = await Polling.connect(server.port, eio);
                const response = await exchange(server.port, requestBytes({
                    method: 'POST', path: polling.url(), headers: { 'Transfer-Encoding': 'chunked' },
                    body: 'zz\r\n\r\n',
                }));
                assert.equal(response.status, 400);
            }
            await check();
        });

        test('nobody else was disturbed', check);
    });

    describe('packets that ended laravel-echo-server, and their kind', () => {
        const packets = [
            '42["subscribe"]', '42["subscribe",null]', '42["unsubscribe"]', '42["client event"]',
            '42["subscribe",{"channel":"__proto__"}]', '42["unsubscribe",{"channel":"presence-none"}]',
            '42["unsubscribe",null]', '42["client event",null]', '42["client event",{}]',
            '42["subscribe",{}]', '42["subscribe",1]', '42["subscribe",[]]', '42["subscribe","x"]',
            '42["subscribe",{"channel":null}]', '42["subscribe",{"channel":1}]',
            '42["subscribe",{"channel":{}}]', '42["subscribe",{"channel":["a"]}]',
            '42["subscribe",{"channel":""}]', '42["subscribe",{"channel":"a\\u0000b"}]',
            '42["subscribe",{"channel":"constructor"}]', '42["subscribe",{"channel":"hasOwnProperty"}]',
            '42["subscribe",{"channel":"a","channel":"b"}]',
            '42["subscribe",{"channel":"\\ud800"}]',
            '42["subscribe",{"channel":"private-x","auth":null}]',
            '42["subscribe",{"channel":"private-x","auth":1}]',
            '42["subscribe",{"channel":"private-x","auth":{"headers":null}}]',
            '42["subscribe",{"channel":"private-x","auth":{"headers":[1]}}]',
            '42["subscribe",{"channel":"private-x","auth":{"headers":"x"}}]',
            '42["subscribe",{"channel":"private-x","auth":{"headers":{"A":{},"B":[1],"C":null,"D":1}}}]',
            '42["subscribe",{"channel":"private-x","auth":{"headers":{"":"","\\r\\n":"\\r\\n"}}}]',
            '42["subscribe",{"channel":"private-a\\r\\nX: 1"}]',
            '42["unsubscribe",{}]', '42["unsubscribe",{"channel":null}]',
            '42["unsubscribe",{"channel":"private-never"}]', '42["unsubscribe","x"]',
            '42["client event","{}"]', '42["client event","{"]', '42["client event",""]',
            '42["client event",{"channel":"private-x"}]',
            '42["client event",{"channel":"private-x","event":"client-x"}]',
            '42["client event",{"channel":"presence-x","event":"client-x","data":{}}]',
            '42["client event",{"channel":1,"event":2,"data":3}]',
            '42["client event",{"channel":null,"event":null}]',
            '42["client event",{"channel":"private-x","event":{},"data":[]}]',
            '42["__proto__",{}]', '42["constructor"]', '42["subscribe",{"channel":"x"},{"channel":"y"}]',
        ];
        for (const eio of VERSIONS) {
            for (const transport of TRANSPORTS) {
                test(`EIO${eio} ${transport}: each, with and without an ack id`, async () => {
                    for (const packet of packets) {
                        for (const text of [packet, packet.replace('42', '427')]) {
                            const client = await Client.open(server.port, eio, transport);
                            await client.send(text);
                            await client.send('1');
                            client.destroy();
                        }
                        await others[0].check();
                    }
                    await check();
                });
            }
        }
    });

    describe('random input', () => {
        async function sendAndDrop(bytes, random) {
            const conn = await HttpConn.open(server.port);
            const at = random.below(bytes.length + 1);
            conn.send(bytes.subarray(0, at));
            if (random.below(2)) {
                await new Promise(setImmediate);
            }
            conn.send(bytes.subarray(at));
            await Promise.race([conn.closed, sleep(random.below(15))]);
            conn.destroy();
        }

        test('HTTP heads and bodies', async (t) => {
            const random = randomOf(t.name);
            const polling = await Polling.connect(server.port, 4);
            const seeds = () => [
                requestBytes({ path: '/socket.io/?EIO=4&transport=polling' }),
                requestBytes({ path: '/socket.io/?EIO=3&transport=polling&j=1' }),
                requestBytes({ path: polling.url() }),
                requestBytes({ method: 'POST', path: polling.url(), body: '6' }),
                requestBytes({ method: 'OPTIONS', path: polling.url(), headers: { Origin: 'http://a' } }),
                requestBytes({ method: 'POST', path: '/apps/app/events?auth_key=key',
                    body: '{"channel":"fuzz","name":"E","data":{"a":[1,"\\u00e9"]}}' }),
                requestBytes({ method: 'POST', path: '/apps/app/events',
                    headers: { Authorization: 'Bearer key', 'Transfer-Encoding': 'chunked' },
                    body: '5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n' }),
                requestBytes({ path: '/socket.io/socket.io.js', headers: { 'If-None-Match': '"2.5.0"' } }),
                upgradeBytes(wsPath(4)),
                upgradeBytes(polling.upgradePath()),
                random.bytes(random.below(400)),
            ];
            for (let i = 0; i < ROUNDS; i += 1) {
                await sendAndDrop(random.mutate(random.pick(seeds())), random);
                if (i % 50 === 0) {
                    await check();
                }
            }
            await check();
        });

        test('bodies of events', async (t) => {
            const random = randomOf(t.name);
            const bodies = [
                '{"channel":"fuzz","name":"E","data":{"a":[1,2.5e3,"\\u00e9\\ud83d\\ude00",null,true]}}',
                '{"channels":["fuzz","b"],"name":"E\\\\F","data":"{\\"a\\":1}","socket_id":"x"}',
            ];
            for (let i = 0; i < ROUNDS; i += 1) {
                const response = await exchange(server.port, requestBytes({
                    method: 'POST', path: '/apps/app/events?auth_key=key',
                    body: random.mutate(random.pick(bodies)),
                }));
                assert.ok([200, 400].includes(response.status), `${response.status} ${response.text}`);
                JSON.parse(response.text);
            }
            await check();
        });

        for (const eio of VERSIONS) {
            test(`EIO${eio}: WebSocket bytes`, async (t) => {
                const random = randomOf(t.name);
                const frames = () => [
                    frameBytes({ payload: subscribe('fuzz', 1) }),
                    frameBytes({ opcode: 9, payload: 'ping' }),
                    frameBytes({ opcode: 8, payload: Buffer.from([3, 0xe8]) }),
                    frameBytes({ opcode: 2, payload: random.bytes(random.below(40)) }),
                    frameBytes({ opcode: 1, fin: false, payload: '42["a"' }),
                    frameBytes({ opcode: 0, payload: ']' }),
                    frameBytes({ opcode: random.below(16), rsv: random.below(8), payload: 'x',
                        fin: Boolean(random.below(2)), masked: Boolean(random.below(2)) }),
                    random.bytes(random.below(200)),
                ];
                for (let i = 0; i < ROUNDS; i += 1) {
                    const ws = random.below(2) ? await connectWs(server.port, eio)
                        : await openWs(server.port, eio);
                    const bytes = Buffer.concat(Array.from({ length: 1 + random.below(5) },
                        () => random.pick(frames())));
                    ws.sendBytes(random.below(2) ? bytes : random.mutate(bytes));
                    await Promise.race([ws.conn.closed, sleep(random.below(10))]);
                    ws.destroy();
                    if (i % 50 === 0) {
                        await check();
                    }
                }
                await check();
            });

            test(`EIO${eio}: packets`, async (t) => {
                const random = randomOf(t.name);
                const seeds = [
                    subscribe('fuzz', 3), subscribe('private-fuzz'),
                    '42["unsubscribe",{"channel":"fuzz"}]', '40', '41', '40{"a":{"b":[1]}}', '40/adm?x=1,',
                    '42["client event",{"channel":"private-x","event":"client-x","data":{"a":1}}]',
                    '451-["x",{"_placeholder":true,"num":0}]', '461-7[{"_placeholder":true,"num":0}]',
                    'bAQIDBA==', 'b4AQIDBA==', '437[]', '44{"message":"x"}', '2', '2probe', '3', '5', '6',
                ];
                for (let i = 0; i < ROUNDS; i += 1) {
                    const ws = await connectWs(server.port, eio);
                    for (let n = random.below(5); n >= 0; n -= 1) {
                        const packet = random.pick(seeds);
                        ws.send(random.below(3) ? random.mutate(packet) : packet);
                    }
                    ws.send(subscribe('end', 12345));
                    await Promise.race([ws.conn.closed, sleep(random.below(10))]);
                    ws.destroy();
                }
                await check();
            });

            test(`EIO${eio}: polling payloads`, async (t) => {
                const random = randomOf(t.name);
                const seeds = [
                    encodePayload(eio, [subscribe('fuzz-é😀', 1), '6', '42["a"]']),
                    encodePayload(eio, ['451-["x",{"_placeholder":true,"num":0}]', 'bAQID']),
                    encodePayload(eio, ['2', '3', '5', '6']),
                    '0:1:6', '\x1e', '9999999999999999999999:4',
                ];
                const types = ['text/plain;charset=UTF-8', 'application/octet-stream'];
                for (let i = 0; i < ROUNDS / 2; i += 1) {
                    const polling = await Polling.connect(server.port, eio);
                    const body = random.below(5) ? random.mutate(random.pick(seeds)) : random.bytes(random.below(60));
                    const response = await polling.postRaw(body,
                        { headers: { 'Content-type': random.pick(types) } });
                    assert.ok([200, 400].includes(response.status), response.head);
                    await polling.post('1');
                }
                await check();
            });
        }
    });

    describe('connections that go away', () => {
        test('at any moment of a request', async () => {
            const bytes = requestBytes({ method: 'POST', path: '/apps/app/events?auth_key=key',
                body: '{"channel":"gone","name":"E","data":{}}' });
            for (let at = 0; at <= bytes.length; at += 3) {
                const conn = await HttpConn.open(server.port);
                conn.send(bytes.subarray(0, at));
                if (at % 2) {
                    conn.socket.end();
                    await conn.rest();
                } else {
                    conn.socket.resetAndDestroy();
                }
            }
            await check();
        });

        test('at any moment of a WebSocket frame', async () => {
            const bytes = frameBytes({ payload: subscribe('gone', 1) });
            for (let at = 0; at <= bytes.length; at += 3) {
                const ws = await connectWs(server.port, 4);
                ws.sendBytes(bytes.subarray(0, at));
                if (at % 2) {
                    ws.conn.socket.end();
                } else {
                    ws.conn.socket.resetAndDestroy();
                }
            }
            await check();
        });

        test('two hundred at once, in all states', async () => {
            const all = [];
            for (let i = 0; i < 50; i += 1) {
                all.push(HttpConn.open(server.port));
                all.push(Client.open(server.port, 3 + (i % 2), 'polling'));
                all.push(connectWs(server.port, 3 + (i % 2)));
                all.push(Polling.open(server.port, 3 + (i % 2)).then((polling) => polling.candidate()));
            }
            const opened = await Promise.all(all);
            opened.forEach((one) => (one.conn ?? one).socket?.resetAndDestroy() ?? one.destroy());
            await check();
        });
    });

    describe('much of the allowed', () => {
        test('1,000 requests in one write are answered', async () => {
            const conn = await HttpConn.open(server.port);
            conn.send(Buffer.concat(Array(1000).fill(requestBytes())));
            for (let i = 0; i < 1000; i += 1) {
                assert.equal((await conn.response()).text, 'OK');
            }
            conn.destroy();
            await check();
        });

        test('9,000 packets in one write are taken', async () => {
            const ws = await connectWs(server.port, 4);
            const frame = frameBytes({ payload: '42["nothing",{"a":1}]' });
            ws.sendBytes(Buffer.concat([...Array(9000).fill(frame),
                frameBytes({ payload: subscribe('after', 1) })]));
            assert.equal(await ws.text(20000), '431[{"ok":true}]');
            ws.destroy();
            await check();
        });

        test('10,000 WebSocket pings are answered', async () => {
            const ws = await connectWs(server.port, 4);
            ws.sendBytes(Buffer.concat(Array(10000).fill(frameBytes({ opcode: 9, payload: 'p' }))));
            for (let i = 0; i < 10000; i += 1) {
                assert.equal((await ws.frame()).opcode, 10);
            }
            ws.destroy();
            await check();
        });
    });
});
