// SPDX-License-Identifier: MIT
// Presence channels and whispers, frame by frame: who is here, joining, leaving, and what the
// application may answer.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { request } from '../lib/raw.mjs';
import { Client } from '../lib/raw-client.mjs';
import { forAll, subscribe } from '../lib/raw-eio.mjs';
import { postEvent, sleep, SLOW } from '../lib/server.mjs';
import { shareServer, withServer } from '../lib/with-server.mjs';

/** The body of the application's answer, or 'never', is what the page's header says. */
const answering = (body) => ({ headers: { 'X-Answer': encodeURIComponent(body) } });
const answerOf = (member) => answering(JSON.stringify({ channel_data: member }));

function verdict({ headers }) {
    const body = decodeURIComponent(headers['x-answer'] ?? 'true');
    return body === 'never' ? null : { body };
}

const user = (id, info = { name: `User ${id}` }) => ({ user_id: id, user_info: info });

let names = 0;
const newRoom = () => `presence-room.${names += 1}`;

/** Joins as member and gives the list, whose first entry is the client itself. */
async function enter(client, channel, member) {
    client.send(subscribe(channel, 7, answerOf(member)));
    const list = await subscribed(client, channel);
    await client.expect('437[{"ok":true}]');
    client.publicId = list[0].socketId;
    return list;
}

async function subscribed(client, channel) {
    const packet = await client.next();
    assert.ok(packet.startsWith(`42["presence:subscribed","${channel}",[`), packet);
    return JSON.parse(packet.slice(2))[2];
}

const joining = (channel, member, client) => `42["presence:joining","${channel}",${
    JSON.stringify({ ...member, socketId: client.publicId })}]`;
const leaving = (channel, member) => `42["presence:leaving","${channel}",${JSON.stringify(member)}]`;
const unsubscribe = (channel) => `428["unsubscribe",{"channel":"${channel}"}]`;

describe('presence', () => {
    const { app, server, keep } = shareServer({ answer: verdict });
    const open = async (eio = 4, transport = 'websocket') =>
        keep(await Client.open(server.port, eio, transport));
    const event = (channel, name, more) => postEvent(server, { channel, name, data: 'x', ...more });
    /** Fails when anything but the marker is on its way to client. */
    const nothingElse = async (client, channel) => {
        await event(channel, 'Marker');
        await client.expect(`42["Marker","${channel}","x"]`);
    };

    forAll((eio, transport) => {
        describe(`EIO${eio} ${transport}`, () => {
            test('here, joining, leaving', async () => {
                const room = newRoom();
                const first = await open(eio, transport);
                const second = await open(eio, transport);
                const alone = await enter(first, room, user(1));
                assert.deepEqual(alone, [{ ...user(1), socketId: first.publicId }]);
                const both = await enter(second, room, user(2));
                assert.deepEqual(both.map(({ user_id }) => user_id), [2, 1]);
                assert.equal(both[1].socketId, first.publicId);
                await first.expect(joining(room, user(2), second));
                second.send(unsubscribe(room));
                await second.expect('438[{"ok":true}]');
                await first.expect(leaving(room, user(2)));
                await enter(second, room, user(2));
                await first.expect(joining(room, user(2), second));
                second.send('1');
                await first.expect(leaving(room, user(2)));
                await nothingElse(first, room);
            });

            test('a user with two sockets joins once and leaves once', async () => {
                const room = newRoom();
                const watcher = await open(eio, transport);
                const tabs = [await open(eio, transport), await open(eio, transport)];
                await enter(watcher, room, user(1));
                await enter(tabs[0], room, user('7'));
                await watcher.expect(joining(room, user('7'), tabs[0]));
                const list = await enter(tabs[1], room, user(7));
                assert.equal(list.length, 2, 'one entry a user');
                await nothingElse(tabs[0], room);
                await watcher.expect(`42["Marker","${room}","x"]`);
                await tabs[1].expect(`42["Marker","${room}","x"]`);
                tabs[1].send('1');
                await tabs[1].ended();
                await nothingElse(watcher, room);
                tabs[0].send('1');
                await watcher.expect(leaving(room, user('7')));
            });

            test('a second subscribe is answered with the list again', async () => {
                const room = newRoom();
                const client = await open(eio, transport);
                const list = await enter(client, room, user(1));
                const asked = app.requests.length;
                client.send(subscribe(room, 9, answerOf(user(1))));
                assert.deepEqual(await subscribed(client, room), list);
                await client.expect('439[{"ok":true}]');
                assert.equal(app.requests.length, asked);
                await nothingElse(client, room);
            });

            test('a long list does not come again each time, but after leaving it does', async () => {
                const room = newRoom();
                const member = user(1, 'x'.repeat(10000));
                const client = await open(eio, transport);
                await enter(client, room, member);
                const began = Date.now();
                let bytes = 0;
                for (let i = 0; i < 50; i += 1) {
                    client.send(subscribe(room, 9, answerOf(member)));
                    for (let packet; packet !== '439[{"ok":true}]';) {
                        packet = await client.next();
                        bytes += packet.startsWith('42["presence:subscribed"') ? packet.length : 0;
                    }
                }
                // 64 bytes a millisecond, and the one that went past it.
                assert.ok(bytes > 10000 && bytes < 25000 + 64 * (Date.now() - began), `${bytes}`);
                client.send(unsubscribe(room));
                await client.expect('438[{"ok":true}]');
                assert.equal((await enter(client, room, member)).length, 1);
            });

            test('the socketId of a member names its socket, and is no key to its session', async () => {
                const room = newRoom();
                const client = await open(eio, transport);
                const other = await open(eio, transport);
                await enter(client, room, user(1));
                await enter(other, room, user(2));
                await client.expect(joining(room, user(2), other));
                assert.match(client.publicId, /^[\w-]{20}$/);
                assert.notEqual(client.publicId, client.sid);
                assert.equal(client.publicId === client.id, eio === 4);
                for (const id of [client.publicId, client.id]) {
                    await event(room, 'E', { socket_id: id });
                    await event(room, 'Marker');
                    await other.expect(`42["E","${room}","x"]`);
                    await other.expect(`42["Marker","${room}","x"]`);
                    await client.expect(`42["Marker","${room}","x"]`);
                }
                const response = await request(server.port, { method: 'POST', body: '1:1',
                    path: `/socket.io/?EIO=${eio}&transport=polling&sid=${client.publicId}` });
                assert.equal(response.status, 400);
                await nothingElse(client, room);
            });
        });
    });

    describe('member data', () => {
        const infos = ['{}', '[]', '{"a":[],"o":{}}', '{"n":12345678901234567890,"f":1.0,"e":1E+400}',
            '{"z":1,"a":2,"10":3}', 'null', '"é€😀"', '[[1],{"b":null}]'];
        for (const info of infos) {
            test(`user_info ${info.slice(0, 40)} stays what it is, as object and as text`, async () => {
                const room = newRoom();
                const client = await open();
                const watcher = await open();
                await enter(watcher, room, user(1));
                const member = `{"user_id":2,"user_info":${info}}`;
                for (const data of [member, JSON.stringify(member)]) {
                    client.send(subscribe(room, undefined, answering(`{"channel_data":${data}}`)));
                    const list = await client.next();
                    assert.ok(list.includes(member.slice(0, -1)), list);
                    const told = await watcher.next();
                    assert.ok(told.startsWith(`42["presence:joining","${room}",${member.slice(0, -1)},`),
                        told);
                    client.send(unsubscribe(room));
                    await client.expect('438[{"ok":true}]');
                    await watcher.expect(`42["presence:leaving","${room}",${member}]`);
                }
            });
        }

        test('a socketId of the application is replaced', async () => {
            const room = newRoom();
            const client = await open();
            const [me] = await enter(client, room, { socketId: 'forged', ...user(1) });
            assert.deepEqual(me, { ...user(1), socketId: client.id });
        });

        test('without member data events come, nobody is told, and the log says it once', async () => {
            const room = newRoom();
            const watcher = await open();
            await enter(watcher, room, user(1));
            for (const answer of ['true', '{}', 'OK', '{"channel_data":null}', '{"auth":"a:b"}']) {
                const client = await open();
                client.send(subscribe(room, 3, answering(answer)));
                await client.expect('433[{"ok":true}]');
                await nothingElse(client, room);
                await watcher.expect(`42["Marker","${room}","x"]`);
                client.send('1');
                await client.ended();
            }
            await nothingElse(watcher, room);
            await server.waitLog(new RegExp(`channel=${room} .*\n`));
            const said = server.stderr().split('\n').filter((line) => line.includes(`channel=${room} `));
            assert.equal(said.length, 1, said.join('\n'));
            assert.match(said[0], /warning .*no member data.*answer=true/);
        });

        const bad = { 'no user_id': '{"channel_data":{"user_info":{}}}',
            'text that is not JSON': '{"channel_data":"x"}', 'a list': '{"channel_data":[1]}',
            'null as user_id': '{"channel_data":{"user_id":null}}' };
        for (const [name, answer] of Object.entries(bad)) {
            test(`${name} is subscription_error 0`, async () => {
                const room = newRoom();
                const client = await open();
                client.send(subscribe(room, undefined, answering(answer)));
                await client.expect(`42["subscription_error","${room}",0]`);
                await server.waitLog(new RegExp(`subscription refused channel=${room} status=0 `
                    + 'cause="the application\'s channel_data'));
                await event(room, 'E');
                await client.expectAlive();
            });
        }
    });

    test('who left while the application thinks is nowhere', async () => {
        const room = newRoom();
        const watcher = await open();
        const client = await open();
        await enter(watcher, room, user(1));
        client.send(subscribe(room, undefined, answering('never')));
        client.send(unsubscribe(room));
        await client.expect('438[{"ok":true}]');
        await nothingElse(watcher, room);
        await client.expectAlive();
    });

    test('subscribe and unsubscribe in one go leave nobody behind', async () => {
        const room = newRoom();
        const watcher = await open();
        const client = await open();
        await enter(watcher, room, user(1));
        for (let i = 0; i < 20; i += 1) {
            client.sendAll([subscribe(room, undefined, answerOf(user(2))), unsubscribe(room)]);
            await client.expect('438[{"ok":true}]');
        }
        await enter(client, room, user(3));
        const told = [];
        while (!told.at(-1)?.includes('"user_id":3')) {
            told.push(await watcher.next());
        }
        assert.equal(told.filter((packet) => packet.includes('joining')).length
            - told.filter((packet) => packet.includes('leaving')).length, 1, told.join('\n'));
    });

    test('a whisper that is refused says why and reaches nobody', async () => {
        const room = newRoom();
        const [member, outsider] = [await open(), await open()];
        await enter(member, room, user(1));
        const whisper = (channel, name) =>
            `425["client event",{"channel":"${channel}","event":"${name}","data":{}}]`;
        const refused = async (packet, channel, reason) => {
            outsider.send(packet);
            await outsider.expect(`42["whisper_error","${channel}","${reason}"]`);
            await outsider.expect('435[{"ok":false,"status":403}]');
        };
        await refused(whisper(room, 'client-x'), room, 'not a member of this channel');
        await refused(whisper('news', 'client-x'), 'news',
            'only private and presence channels take client events');
        await refused(whisper(room, 'x-client-x'), room,
            'the name of a client event begins with client-');
        await nothingElse(member, room);
    });
});

describe('presence options', () => {
    const withOptions = (config, body) => withServer({ answer: verdict, config }, (server) =>
        body(server, (eio = 4) => Client.open(server.port, eio, 'websocket')));

    test('whisperMaxSize and whisperRate refuse, for the sender alone', () => withOptions({
        whisperMaxSize: 10, whisperRate: 2,
    }, async (_, open) => {
        const [sender, receiver] = [await open(), await open(3)];
        await enter(sender, 'presence-w', user(1));
        await enter(receiver, 'presence-w', user(2));
        await sender.next();
        const whisper = (data) => sender.send('42["client event",{"channel":"presence-w",'
            + `"event":"client-x","data":${data}}]`);
        whisper('"123456789"');
        await sender.expect('42["whisper_error","presence-w","the data is too large (whisperMaxSize)"]');
        for (let i = 0; i < 3; i += 1) {
            whisper(i);
        }
        await sender.expect('42["whisper_error","presence-w",'
            + '"too many client events in a second (whisperRate)"]');
        await receiver.expect('42["client-x","presence-w",0]');
        await receiver.expect('42["client-x","presence-w",1]');
        receiver.send('42["client event",{"channel":"presence-w","event":"client-y"}]');
        await sender.expect('42["client-y","presence-w",null]');
        await sleep(600);
        whisper('"later"');
        await receiver.expect('42["client-x","presence-w","later"]');
        sender.destroy();
        receiver.destroy();
    }));

    test('subscribeRate refuses with status 0', () => withOptions({
        subscribeRate: 1, maxChannels: 2,
    }, async (_, open) => {
        const client = await open();
        // All at once: after a second there is room for another.
        ['a', 'a', 'a', 'a', 'c'].forEach((channel, id) => client.send(subscribe(channel, id)));
        const packets = [];
        for (let i = 0; i < 6; i += 1) {
            packets.push(await client.next());
        }
        assert.deepEqual(packets.sort(), ['42["subscription_error","c",0]', '430[{"ok":true}]',
            '431[{"ok":true}]', '432[{"ok":true}]', '433[{"ok":true}]',
            '434[{"ok":false,"status":0}]']);
        client.destroy();
    }));

    test('who is back within leaveGrace never left', () => withOptions({
        leaveGrace: 1000 * SLOW,
    }, async (server, open) => {
        const [watcher, before, later] = [await open(), await open(), await open()];
        await enter(watcher, 'presence-g', user(1));
        await enter(before, 'presence-g', user(2));
        await watcher.next();
        before.send('1');
        await before.ended();
        await enter(later, 'presence-g', user(2));
        await sleep(1500 * SLOW);
        await postEvent(server, { channel: 'presence-g', name: 'Marker', data: 'x' });
        await watcher.expect('42["Marker","presence-g","x"]');
        later.send('1');
        await watcher.expect(leaving('presence-g', user(2)), 6000 * SLOW);
        watcher.destroy();
    }));

    test('a server that stops tells nobody that everybody left', () => withOptions({}, async (server, open) => {
        const all = [];
        for (let i = 1; i <= 5; i += 1) {
            all.push(await open(i % 2 ? 4 : 3));
            await enter(all.at(-1), 'presence-s', user(i));
        }
        await server.stop();
        for (const client of all) {
            await client.ended();
            const told = client.queue.filter((packet) => packet.includes('presence:leaving'));
            assert.deepEqual(told, []);
            client.destroy();
        }
    }));
});
