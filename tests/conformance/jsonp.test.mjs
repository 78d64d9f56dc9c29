// SPDX-License-Identifier: MIT
// JSONP polling, which only Engine.IO 3 clients have.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { request } from '../lib/raw.mjs';
import { decodePayload, Polling, subscribe } from '../lib/raw-eio.mjs';
import { postEvent } from '../lib/server.mjs';
import { shareServer } from '../lib/with-server.mjs';

const CALL = /^___eio\[(\d*)\]\((".*")\);$/;

/** The payload inside a JSONP response; fails when it is not one for index. */
function payload(response, index) {
    assert.equal(response.status, 200, response.text);
    const [, got, json] = CALL.exec(response.text) ?? [];
    assert.equal(got, String(index), response.text);
    return JSON.parse(json);
}

describe('jsonp', () => {
    const { server, other } = shareServer({ watched: true });

    /** A connected JSONP session. */
    async function open({ j = '7', headers } = {}) {
        const polling = new Polling(server.port, 3, { query: `&j=${j}`, headers });
        polling.index = j.replace(/[^0-9]/g, '');
        polling.first = await polling.get();
        const packets = decodePayload(3, payload(polling.first, polling.index));
        polling.sid = JSON.parse(packets[0].slice(1)).sid;
        polling.handshakeRest = packets.slice(1);
        polling.form = (body) => polling.postRaw(body,
            { headers: { 'Content-type': 'application/x-www-form-urlencoded' } });
        polling.postPackets = (...all) => polling.form(
            `d=${encodeURIComponent(all.map((p) => `${p.length}:${p}`).join(''))}`);
        polling.poll = async () => decodePayload(3, payload(await polling.get(), polling.index));
        return polling;
    }

    test('the handshake is a call of ___eio[j] with the payload as a JSON string', async () => {
        const polling = await open({ j: '0' });
        assert.match(polling.first.text, /^___eio\[0\]\("97:0\{\\"sid\\":\\"[^"\\]+\\",/);
        assert.ok(polling.first.text.endsWith('}2:40");'), polling.first.text);
        assert.deepEqual(polling.handshakeRest, ['40']);
    });

    test('the answer is text/plain without nosniff and without CORS', async () => {
        const { first } = await open({ headers: { Origin: 'http://page.example' } });
        assert.equal(first.headers['content-type'], 'text/plain; charset=UTF-8');
        assert.equal(first.headers['content-length'], String(first.body.length));
        assert.equal(first.headers['x-content-type-options'], undefined);
        assert.equal(first.headers['access-control-allow-origin'], undefined);
    });

    test('j keeps only its digits', async () => {
        assert.equal((await open({ j: 'abc' })).first.text.slice(0, 9), '___eio[](');
        assert.equal((await open({ j: '1a2' })).first.text.slice(0, 11), '___eio[12](');
        assert.equal((await open({ j: '3);alert(1' })).first.text.slice(0, 11), '___eio[31](');
    });

    test('j of the handshake counts, a later one or none does not matter', async () => {
        const polling = await open({ j: '5' });
        await polling.postPackets(subscribe('j', 0));
        polling.query = '&j=99';
        assert.deepEqual(await polling.poll(), ['430[{"ok":true}]']);
        polling.query = '';
        await polling.postPackets(subscribe('j', 1));
        assert.deepEqual(await polling.poll(), ['431[{"ok":true}]']);
    });

    test('events arrive with U+2028 and U+2029 escaped', async () => {
        const polling = await open();
        await polling.postPackets(subscribe('sep', 0));
        await polling.poll();
        await postEvent(server, { channel: 'sep', name: 'E', data: 'a\u2028b\u2029c€😀</script>' });
        const response = await polling.get();
        assert.ok(response.text.includes('a\\u2028b\\u2029c€😀'), response.text);
        assert.ok(!/[\u2028\u2029]/.test(response.text));
        assert.deepEqual(decodePayload(3, payload(response, 7)),
            ['42["E","sep","a\u2028b\u2029c€😀</script>"]']);
    });

    test('quotes, backslashes and line ends of an event survive', async () => {
        const polling = await open();
        await polling.postPackets(subscribe('esc', 0));
        await polling.poll();
        const data = 'a"b\\c\nd\te/f\u0001\u007f';
        await postEvent(server, { channel: 'esc', name: 'App\\E', data });
        const [packet] = await polling.poll();
        assert.deepEqual(JSON.parse(packet.slice(2)), ['App\\E', 'esc', data]);
    });

    test('a POST is a form with d, answered ok as text/html', async () => {
        const polling = await open();
        const response = await polling.postPackets(subscribe('é€😀 +&=', 0));
        assert.equal(response.status, 200);
        assert.equal(response.text, 'ok');
        assert.match(response.headers['content-type'], /^text\/html/);
        assert.deepEqual(await polling.poll(), ['430[{"ok":true}]']);
        await postEvent(server, { channel: 'é€😀 +&=', name: 'E', data: 'x' });
        assert.deepEqual(await polling.poll(), ['42["E","é€😀 +&=","x"]']);
    });

    test('a plus in the form is a space', async () => {
        const polling = await open();
        const packet = '420["subscribe", {"channel":"plus"}]';
        await polling.form(`d=${encodeURIComponent(`${packet.length}:${packet}`).replace(/%20/g, '+')}`);
        assert.deepEqual(await polling.poll(), ['430[{"ok":true}]']);
    });

    test('backslash-n becomes a line end; lengths count the unescaped text', async () => {
        const polling = await open();
        const packet = '420["subscribe",\n{"channel":"line"}]';
        await polling.form(`d=${encodeURIComponent(`${packet.length}:${packet.replace('\n', '\\n')}`)}`);
        assert.deepEqual(await polling.poll(), ['430[{"ok":true}]']);
    });

    test('two backslashes and n become backslash-n', async () => {
        const polling = await open();
        const packet = '420["subscribe",{"channel":"esc","note":"a\\nb"}]';
        const escaped = packet.replace('\\n', '\\\\n');
        assert.equal(escaped.length, packet.length + 1);
        await polling.form(`d=${encodeURIComponent(`${packet.length}:${escaped}`)}`);
        assert.deepEqual(await polling.poll(), ['430[{"ok":true}]']);
    });

    test('a missing or repeated d is ignored', async () => {
        const polling = await open();
        for (const body of ['', 'x=1', 'd=1%3A6&d=1%3A6', 'D=1%3A6']) {
            const response = await polling.form(body);
            assert.equal(response.status, 200);
            assert.equal(response.text, 'ok');
        }
        await polling.postPackets(subscribe('alive', 0));
        assert.deepEqual(await polling.poll(), ['430[{"ok":true}]']);
    });

    test('d may stand between other fields', async () => {
        const polling = await open();
        const packet = subscribe('between', 0);
        await polling.form(`a=1&d=${encodeURIComponent(`${packet.length}:${packet}`)}&z=2`);
        assert.deepEqual(await polling.poll(), ['430[{"ok":true}]']);
    });

    test('a bad payload in d ends the session', async () => {
        const polling = await open();
        const held = await polling.hold();
        assert.equal((await polling.form('d=9%3Ax')).text, 'ok');
        assert.equal((await held.response()).text, '___eio[7]("1:1");');
        assert.equal((await polling.get()).text, '{"code":1,"message":"Session ID unknown"}');
        held.destroy();
    });

    test('a client that closes gets its held GET as noop', async () => {
        const polling = await open();
        const held = await polling.hold();
        assert.equal((await polling.postPackets('1')).text, 'ok');
        assert.equal((await held.response()).text, '___eio[7]("1:6");');
        held.destroy();
    });

    test('JSONP is not for Engine.IO 4', async () => {
        const response = await request(server.port,
            { path: '/socket.io/?EIO=4&transport=polling&j=0' });
        assert.ok(!response.text.startsWith('___eio'), response.text);
    });

    test('nobody else was disturbed', () => other.check());
});
