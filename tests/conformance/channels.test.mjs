// SPDX-License-Identifier: MIT
// The frames of Laravel Echo: subscribe, unsubscribe, broadcasts, refusals,
// whispers, and event data that stays what the application wrote.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client } from '../lib/raw-client.mjs';
import { forAll, subscribe } from '../lib/raw-eio.mjs';
import { freePort, postEvent } from '../lib/server.mjs';
import { shareServer, withServer } from '../lib/with-server.mjs';

/** The application's verdict by channel name: private-403 is refused with 403. */
function verdict({ channel }) {
    const [, status] = /-(\d{3})$/.exec(channel) ?? [];
    return status ? { status: Number(status), body: 'no' } : { status: 200, body: 'true' };
}

describe('channels', () => {
    const { app, server, other } = shareServer({
        answer: verdict, watched: true, config: { authRetryTime: 300, logLevel: 'notice' },
    });
    const open = (eio, transport, options) => Client.open(server.port, eio, transport, options);
    const event = (channel, name, data, more) => postEvent(server, { channel, name, data, ...more });

    forAll((eio, transport) => {
        describe(`EIO${eio} ${transport}`, () => {
            test('a public channel is joined at once, without asking', async () => {
                const client = await open(eio, transport);
                const asked = app.requests.length;
                await client.join('news');
                assert.equal(app.requests.length, asked);
                await event('news', 'App\\Events\\Out', { a: 1 });
                await client.expect('42["App\\\\Events\\\\Out","news",{"a":1}]');
                client.destroy();
            });

            test('an event of another channel does not arrive', async () => {
                const client = await open(eio, transport);
                await client.join('mine');
                await event('theirs', 'E', 'x');
                await event('Mine', 'E', 'x');
                await event('mine', 'Marker', 'x');
                await client.expect('42["Marker","mine","x"]');
                client.destroy();
            });

            test('subscribing twice is subscribing once', async () => {
                const client = await open(eio, transport);
                await client.join('twice');
                await client.join('twice');
                await event('twice', 'E', 'x');
                await event('twice', 'Marker', 'x');
                await client.expect('42["E","twice","x"]');
                await client.expect('42["Marker","twice","x"]');
                client.destroy();
            });

            test('unsubscribe leaves, and one is enough', async () => {
                const client = await open(eio, transport);
                await client.join('leave');
                await client.join('leave');
                await client.join('stay');
                client.send('421["unsubscribe",{"channel":"leave","auth":{"headers":{}}}]');
                await client.expect('431[{"ok":true}]');
                await event('leave', 'E', 'x');
                await event('stay', 'Marker', 'x');
                await client.expect('42["Marker","stay","x"]');
                await client.join('leave');
                await event('leave', 'E', 'y');
                await client.expect('42["E","leave","y"]');
                client.destroy();
            });

            test('unsubscribing what was never joined is harmless', async () => {
                const client = await open(eio, transport);
                for (const channel of ['never', 'private-never', 'presence-never', '__proto__']) {
                    client.send(`42["unsubscribe",{"channel":"${channel}"}]`);
                }
                await client.expectAlive();
                client.destroy();
            });

            test('a private channel that the application admits', async () => {
                const client = await open(eio, transport);
                await client.join('private-orders.1');
                await event('private-orders.1', 'E', 'x');
                await client.expect('42["E","private-orders.1","x"]');
                client.destroy();
            });

            for (const status of [403, 401, 404, 500, 302]) {
                test(`a private channel refused with ${status}`, async () => {
                    const client = await open(eio, transport);
                    const channel = `private-no-${status}`;
                    client.send(subscribe(channel));
                    await client.expect(`42["subscription_error","${channel}",${status}]`);
                    await event(channel, 'E', 'secret');
                    await client.expectAlive();
                    client.destroy();
                });
            }

            test('a refusal with an ack id has both', async () => {
                const client = await open(eio, transport);
                client.send(subscribe('private-no-403', 5));
                const both = [await client.next(), await client.next()].sort();
                assert.deepEqual(both, ['42["subscription_error","private-no-403",403]',
                    '435[{"ok":false,"status":403}]']);
                client.destroy();
            });

            test('toOthers: the socket named by an event does not get it', async () => {
                const sender = await open(eio, transport);
                const receiver = await open(eio, transport);
                await sender.join('others');
                await receiver.join('others');
                await event('others', 'E', 'x', { socket_id: sender.id });
                await event('others', 'Marker', 'x', { socket_id: 'nobody' });
                await receiver.expect('42["E","others","x"]');
                await receiver.expect('42["Marker","others","x"]');
                await sender.expect('42["Marker","others","x"]');
                sender.destroy();
                receiver.destroy();
            });

            test('a channel named like a socket id reaches its subscribers only', async () => {
                const victim = await open(eio, transport);
                const spy = await open(eio, transport);
                await spy.join(victim.id);
                await spy.join(victim.sid);
                victim.send(subscribe('private-no-403'));
                await victim.expect('42["subscription_error","private-no-403",403]');
                await event(victim.id, 'Marker', 'x');
                await spy.expect(`42["Marker","${victim.id}","x"]`);
                await victim.expectAlive();
                victim.destroy();
                spy.destroy();
            });

            test('a whisper reaches the others in the channel and not its sender', async () => {
                const sender = await open(eio, transport);
                const receiver = await open(eio, transport);
                await sender.join('private-chat');
                await receiver.join('private-chat');
                sender.send('421["client event",{"channel":"private-chat",'
                    + '"event":"client-typing","data":{"n":1.0,"a":[],"o":{}}}]');
                await sender.expect('431[{"ok":true}]');
                await receiver.expect('42["client-typing","private-chat",{"n":1.0,"a":[],"o":{}}]');
                await event('private-chat', 'Marker', 'x');
                await sender.expect('42["Marker","private-chat","x"]');
                sender.destroy();
                receiver.destroy();
            });

            test('a whisper that is not allowed reaches nobody', async () => {
                const sender = await open(eio, transport);
                const receiver = await open(eio, transport);
                await receiver.join('private-room');
                await receiver.join('public-room');
                await sender.join('public-room');
                const whisper = (channel, name) => sender.send(`42["client event",`
                    + `{"channel":"${channel}","event":"${name}","data":{}}]`);
                whisper('private-room', 'client-outside');
                whisper('public-room', 'client-public');
                sender.send(subscribe('private-room', 0));
                let answer = await sender.next();
                while (answer.startsWith('42["whisper_error",')) {
                    answer = await sender.next();
                }
                assert.equal(answer, '430[{"ok":true}]');
                whisper('private-room', 'other-name');
                whisper('private-room', 'x-client-name');
                whisper('private-room', 'client-right');
                await receiver.expect('42["client-right","private-room",{}]');
                sender.destroy();
                receiver.destroy();
            });

            test('a disconnect leaves every channel; others go on', async () => {
                const leaver = await open(eio, transport);
                const stayer = await open(eio, transport);
                await leaver.join('both');
                await stayer.join('both');
                leaver.send('1');
                await leaver.ended();
                await event('both', 'E', 'x');
                await stayer.expect('42["E","both","x"]');
                stayer.destroy();
            });

            test('500 events back to back arrive complete and in order', async () => {
                const client = await open(eio, transport);
                await client.join('burst');
                for (let j = 0; j < 500; j += 1) {
                    await event('burst', 'E', { j });
                }
                for (let i = 0; i < 500; i += 1) {
                    await client.expect(`42["E","burst",{"j":${i}}]`);
                }
                client.destroy();
            });
        });
    });

    test('the application is asked with the headers of the page', async () => {
        const client = await open(4, 'websocket',
            { headers: { Cookie: 'laravel_session=abc; x=1', Referer: 'http://page.example/' } });
        const auth = { headers: { Authorization: 'Bearer t', 'X-CSRF-TOKEN': 'c' } };
        client.send(subscribe('private-headers é&=', 1, auth));
        await client.expect('431[{"ok":true}]');
        const asked = app.requests.find((request) => request.channel === 'private-headers é&=');
        assert.equal(asked.method, 'POST');
        assert.equal(asked.path, '/broadcasting/auth');
        assert.match(asked.headers['content-type'], /^application\/x-www-form-urlencoded/);
        assert.equal(asked.headers['x-requested-with'], 'XMLHttpRequest');
        assert.equal(asked.headers.authorization, 'Bearer t');
        assert.equal(asked.headers['x-csrf-token'], 'c');
        assert.equal(asked.headers.cookie, 'laravel_session=abc; x=1');
        client.destroy();
    });

    test('a header cannot change the request itself', async () => {
        const client = await open(4, 'websocket');
        const auth = { headers: {
            Host: 'evil.example', 'Content-Length': '0', 'transfer-encoding': 'chunked',
            Connection: 'close', 'X-Fine': 'yes', 'X-Bad': 'a\r\nX-Injected: 1', 'X-B\r\nad': 'x',
        } };
        client.send(subscribe('private-inject', 1, auth));
        await client.expect('431[{"ok":true}]');
        const asked = app.requests.find((request) => request.channel === 'private-inject');
        assert.notEqual(asked.headers.host, 'evil.example');
        assert.equal(asked.headers['content-length'], String(asked.body.length));
        assert.equal(asked.headers['x-fine'], 'yes');
        assert.equal(asked.headers['x-injected'], undefined);
        assert.equal(asked.headers['x-bad'], undefined);
        client.destroy();
    });

    test('a name with the marker elsewhere is never joined without asking', async () => {
        const client = await open(4, 'websocket');
        const channel = 'laravel_database_private-no-403';
        client.send(subscribe(channel));
        await client.expect(`42["subscription_error","${channel}",403]`);
        await event(channel, 'E', 'secret');
        await client.expectAlive();
        client.destroy();
    });

    test('a refusal is logged with channel, status and cause', async () => {
        const client = await open(4, 'websocket');
        client.send(subscribe('private-logged-403'));
        await client.expect('42["subscription_error","private-logged-403",403]');
        await server.waitLog(/notice subscription refused .*channel=private-logged-403.*status=403/);
        client.destroy();
    });

    test('an application that cannot be reached gives status 0', async () => {
        const authHost = `http://127.0.0.1:${await freePort()}`;
        await withServer({ config: { authHost, authRetryTime: 200 } }, async (own) => {
            const client = await Client.open(own.port, 4, 'websocket');
            client.send(subscribe('private-x'));
            await client.expect('42["subscription_error","private-x",0]');
            client.destroy();
        });
    });

    test('a subscription that was withdrawn while the application thinks joins nothing', () => withServer({
        answer: () => null, config: { authTimeout: 60000 },
    }, async (own) => {
        const client = await Client.open(own.port, 4, 'websocket');
        client.send(subscribe('private-slow'));
        client.send('421["unsubscribe",{"channel":"private-slow"}]');
        await client.expect('431[{"ok":true}]');
        await postEvent(own, { channel: 'private-slow', name: 'E', data: 'x' });
        await client.expectAlive();
        client.destroy();
    }));

    describe('event data', () => {
        const values = [
            '{"n":12345678901234567890,"f":1.0,"e":1E+400,"d":0.1,"m":-0}',
            '{"z":1,"a":2,"10":3,"2":4}',
            '{"o":{},"l":[],"n":null,"t":true,"f":false}',
            '[1,2,[3,{"a":[]}]]',
            '"text"', '"é€😀"', 'true', '12.50', '{"":""}',
            '{"a":1,"a":2}',
            '"\\u0000\\u001f"',
        ];
        for (const value of values) {
            test(`${value.slice(0, 60)} arrives as it was written`, async () => {
                const client = await open(4, 'websocket');
                await client.join('data');
                const answer = await postEvent(server, `{"channel":"data","name":"E","data":${value}}`);
                assert.equal(answer.status, 200, answer.body);
                await client.expect(`42["E","data",${value}]`);
                client.destroy();
            });
        }

        test('escapes of PHP become UTF-8', async () => {
            const client = await open(3, 'websocket');
            await client.join('php');
            await postEvent(server, '{"channel":"php","name":"App\\\\Events\\\\\\u00c9",'
                + '"data":{"\\u00e9":"\\u20ac \\ud83d\\ude00 a\\/b \\"\\\\ \\n"}}');
            await client.expect('42["App\\\\Events\\\\É","php",{"é":"€ 😀 a/b \\"\\\\ \\n"}]');
            client.destroy();
        });

        test('a lone surrogate stays escaped', async () => {
            const client = await open(4, 'websocket');
            await client.join('lone');
            await postEvent(server, '{"channel":"lone","name":"E","data":"\\ud83d x \\ude00"}');
            const packet = await client.next();
            assert.equal(packet.toLowerCase(), '42["e","lone","\\ud83d x \\ude00"]');
            client.destroy();
        });
    });

    test('nobody else was disturbed', () => other.check());
});
