// SPDX-License-Identifier: MIT
// Engine.IO by hand, both versions and both transports: payload framing, the
// handshake, polls and posts, upgrades. Nothing here hides a byte that a test
// may want to compare. raw-client.mjs has the client for everything else.

import assert from 'node:assert/strict';
import { chunked, HttpConn, request, requestBytes } from './raw.mjs';
import { RawWs } from './raw-ws.mjs';
import { sleep, SLOW, TIMEOUT } from './server.mjs';

export const VERSIONS = [3, 4];
export const TRANSPORTS = ['polling', 'websocket'];
export const SEPARATOR = '\x1e';
export const SID = /^[A-Za-z0-9_-]{16,}$/;

/** Payload texts that differ between the versions, by version. */
export const CLOSE_PAYLOAD = { 3: '1:1', 4: '1' };
export const NOOP_PAYLOAD = { 3: '1:6', 4: '6' };

/** Calls fn(eio, transport) for all four combinations. */
export function forAll(fn) {
    for (const eio of VERSIONS) {
        for (const transport of TRANSPORTS) {
            fn(eio, transport);
        }
    }
}

/** Packets as one polling payload of the version. */
export function encodePayload(eio, packets) {
    if (eio === 4) {
        return packets.join(SEPARATOR);
    }
    return packets.map((packet) => `${packet.length}:${packet}`).join('');
}

/** The packets of a polling payload; throws when a length does not fit. */
export function decodePayload(eio, text) {
    if (eio === 4) {
        return text.split(SEPARATOR);
    }
    const packets = [];
    let at = 0;
    while (at < text.length) {
        const colon = text.indexOf(':', at);
        const digits = text.slice(at, colon);
        assert.match(digits, /^\d+$/, `length in payload ${JSON.stringify(text.slice(at, at + 40))}`);
        const end = colon + 1 + Number(digits);
        assert.ok(end <= text.length, `packet longer than payload ${JSON.stringify(text)}`);
        packets.push(text.slice(colon + 1, end));
        at = end;
    }
    return packets;
}

/** One packet of Engine.IO 3's binary payload form. data: text, or a Buffer with its type byte. */
export function binaryPacket(data) {
    const isText = typeof data === 'string';
    const bytes = Buffer.from(data);
    const digits = [...String(bytes.length)].map(Number);
    return Buffer.concat([Buffer.from([isText ? 0 : 1, ...digits, 0xff]), bytes]);
}

/** Time for a request to be taken in by the server where nothing can be observed. */
export function settle() {
    return sleep(60 * SLOW);
}

/** A polling session, step by step. */
export class Polling {
    constructor(port, eio, { path = '/socket.io/', query = '', headers = {} } = {}) {
        Object.assign(this, { port, eio, path, query, headers, sid: null });
    }

    /** Shakes hands; this.first is the response, this.open the open packet's object. */
    static async open(port, eio, options) {
        const polling = new Polling(port, eio, options);
        const first = await polling.get();
        assert.equal(first.status, 200, first.text);
        const packets = decodePayload(eio, first.text);
        assert.equal(packets[0][0], '0', first.text);
        polling.first = first;
        polling.open = JSON.parse(packets[0].slice(1));
        polling.sid = polling.open.sid;
        polling.handshakeRest = packets.slice(1);
        return polling;
    }

    /** Shakes hands and connects to "/"; this.id is the socket id. */
    static async connect(port, eio, options) {
        const polling = await Polling.open(port, eio, options);
        if (eio === 3) {
            assert.deepEqual(polling.handshakeRest, ['40']);
            polling.id = polling.sid;
            return polling;
        }
        await polling.postOk('40');
        const answer = await polling.packets();
        assert.equal(answer.length, 1);
        polling.id = JSON.parse(answer[0].slice(2)).sid;
        return polling;
    }

    url(extra = '') {
        const sid = this.sid ? `&sid=${this.sid}` : '';
        return `${this.path}?EIO=${this.eio}&transport=polling${this.query}${sid}${extra}`;
    }

    get({ extra = '', headers = {}, ms } = {}) {
        return request(this.port,
            { path: this.url(extra), headers: { ...this.headers, ...headers }, ms });
    }

    /** The packets of one poll. */
    async packets(options) {
        const response = await this.get(options);
        assert.equal(response.status, 200, response.text);
        return decodePayload(this.eio, response.text);
    }

    /** Sends a GET and leaves it to be answered: a connection with .response(). */
    async hold({ extra = '', headers = {} } = {}) {
        const conn = await HttpConn.open(this.port);
        conn.send(requestBytes({ path: this.url(extra), headers: { ...this.headers, ...headers } }));
        await settle();
        return conn;
    }

    /** POSTs the raw body. */
    postRaw(body, { headers = {}, extra = '' } = {}) {
        return request(this.port, {
            method: 'POST', path: this.url(extra), body,
            headers: { 'Content-type': 'text/plain;charset=UTF-8', ...this.headers, ...headers },
        });
    }

    post(...packets) {
        return this.postRaw(encodePayload(this.eio, packets));
    }

    async postOk(...packets) {
        const response = await this.post(...packets);
        assert.equal(response.status, 200, response.text);
        assert.equal(response.text, 'ok');
        return response;
    }

    /** POSTs the body in chunks, without a length. */
    postChunked(body, size) {
        return request(this.port, {
            method: 'POST', path: this.url(), body: chunked(body, size),
            headers: { 'Content-type': 'text/plain;charset=UTF-8', 'Transfer-Encoding': 'chunked' },
        });
    }

    /** Whether the server still knows the session. Sends a packet that is ignored. */
    async alive() {
        const response = await this.post('6');
        if (response.status === 200) {
            return true;
        }
        assert.equal(response.text, ERRORS[1]);
        return false;
    }

    /** Fails unless the session ends within ms. */
    async ends(ms = TIMEOUT) {
        const end = Date.now() + ms;
        while (await this.alive()) {
            assert.ok(Date.now() < end, `session still there after ${ms} ms`);
            await sleep(5);
        }
    }

    /** Subscribes and waits for the acknowledgement with polls. */
    async join(channel) {
        await this.postOk(subscribe(channel, 0));
        const packets = await this.packets();
        assert.deepEqual(packets, ['430[{"ok":true}]']);
    }

    upgradePath(extra = '') {
        return `${this.path}?EIO=${this.eio}&transport=websocket${this.query}&sid=${this.sid}${extra}`;
    }

    /** Opens the upgrade's WebSocket; nothing is sent on it yet. */
    candidate(options) {
        return RawWs.open(this.port, this.upgradePath(), options);
    }
}

/** The exact bodies of section 2's errors, by code. */
export const ERRORS = [
    '{"code":0,"message":"Transport unknown"}',
    '{"code":1,"message":"Session ID unknown"}',
    '{"code":2,"message":"Bad handshake method"}',
    '{"code":3,"message":"Bad request"}',
    '{"code":4,"message":"Forbidden"}',
    '{"code":5,"message":"Unsupported protocol version"}',
];

/** Fails unless response is the error code, with status. */
export function assertError(response, code, status = code === 4 ? 403 : 400) {
    assert.equal(response.text, ERRORS[code]);
    assert.equal(response.status, status);
    assert.equal(response.headers['content-type'], 'application/json');
}

/** A packet that subscribes to channel; with ack id when given. */
export function subscribe(channel, id = '', auth = { headers: {} }) {
    return `42${id}${JSON.stringify(['subscribe', { channel, auth }])}`;
}

export function wsPath(eio, extra = '', path = '/socket.io/') {
    return `${path}?EIO=${eio}&transport=websocket${extra}`;
}

/** A WebSocket session up to the open packet; .open is its object, .sid its id. */
export async function openWs(port, eio, { extra = '', path, ...options } = {}) {
    const ws = await RawWs.open(port, wsPath(eio, extra, path), options);
    ws.openText = await ws.text();
    assert.equal(ws.openText[0], '0');
    ws.open = JSON.parse(ws.openText.slice(1));
    ws.sid = ws.open.sid;
    ws.eio = eio;
    return ws;
}

/** A WebSocket session connected to "/"; .id is the socket id. */
export async function connectWs(port, eio, options) {
    const ws = await openWs(port, eio, options);
    if (eio === 4) {
        ws.send('40');
    }
    const answer = await ws.text();
    if (eio === 3) {
        assert.equal(answer, '40');
        ws.id = ws.sid;
    } else {
        ws.id = JSON.parse(answer.slice(2)).sid;
    }
    return ws;
}

/** Subscribes a connected WebSocket and waits for the acknowledgement. */
export async function joinWs(ws, channel) {
    ws.send(subscribe(channel, 0));
    assert.equal(await ws.text(), '430[{"ok":true}]');
}
