// SPDX-License-Identifier: MIT
// A byte-level WebSocket client: a handshake made by hand, frames of any
// brokenness, and every frame of the server as it was on the wire. It answers
// a close frame with the same bytes unless told to stay silent.

import crypto from 'node:crypto';
import { HttpConn, requestBytes } from './raw.mjs';
import { randomOf } from './random.mjs';
import { TIMEOUT, within } from './server.mjs';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const random = randomOf('frames');

export const OP = { CONT: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 };

export function newKey() {
    return random.bytes(16).toString('base64');
}

export function acceptOf(key) {
    return crypto.createHash('sha1').update(key + GUID).digest('base64');
}

/** The bytes of an upgrade request; a header set to null is left out. */
export function upgradeBytes(path, { headers = {}, key = newKey(), method = 'GET' } = {}) {
    const all = {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': key,
        ...headers,
    };
    const kept = Object.entries(all).filter(([, value]) => value !== null);
    return requestBytes({ method, path, headers: Object.fromEntries(kept) });
}

/** A client's frame. length overrides the announced length, lengthSize its form (7, 16, 64). */
export function frameBytes({ opcode = OP.TEXT, payload = '', fin = true, rsv = 0, masked = true,
    length, lengthSize } = {}) {
    const data = Buffer.from(payload);
    const size = length ?? data.length;
    const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
    const head = Buffer.concat([Buffer.from([first]), lengthBytes(size, lengthSize, masked)]);
    if (!masked) {
        return Buffer.concat([head, data]);
    }
    const mask = random.bytes(4);
    const body = Buffer.from(data.map((byte, at) => byte ^ mask[at & 3]));
    return Buffer.concat([head, mask, body]);
}

function lengthBytes(size, form, masked) {
    const bit = masked ? 0x80 : 0;
    const kind = form ?? (size < 126 ? 7 : size < 65536 ? 16 : 64);
    if (kind === 7) {
        return Buffer.from([bit | Number(size)]);
    }
    if (kind === 16) {
        const out = Buffer.from([bit | 126, 0, 0]);
        out.writeUInt16BE(Number(size), 1);
        return out;
    }
    const out = Buffer.alloc(9);
    out[0] = bit | 127;
    out.writeBigUInt64BE(BigInt(size), 1);
    return out;
}

/** Sends an upgrade request that should be refused: {response, rest} after the end. */
export async function refused(port, path, options) {
    const conn = await HttpConn.open(port);
    try {
        conn.send(upgradeBytes(path, options));
        const response = await conn.response();
        return { response, rest: await conn.rest() };
    } finally {
        conn.destroy();
    }
}

export class RawWs {
    /** Connects; throws with .response when the answer is not 101. */
    static async open(port, path, options = {}) {
        const key = options.key ?? newKey();
        const conn = await HttpConn.open(port);
        conn.send(upgradeBytes(path, { ...options, key }));
        const response = await conn.response();
        if (response.status !== 101) {
            conn.destroy();
            throw Object.assign(new Error(`upgrade refused: ${response.head}\n${response.text}`),
                { response });
        }
        return new RawWs(conn, response, key);
    }

    constructor(conn, response, key) {
        this.conn = conn;
        this.response = response;
        this.key = key;
        this.answerClose = true;
        this.closeFrame = null;
    }

    /**
     * The server's next frame {opcode, fin, rsv, payload, text, raw}; null when
     * the connection ended without one. Fails on a masked or overlong frame.
     */
    async frame(ms = TIMEOUT) {
        const frame = await this.conn.until(() => this.#parse(), ms, 'WebSocket frame');
        if (!frame) {
            return null;
        }
        if (frame.opcode === OP.CLOSE) {
            this.closeFrame = frame;
            if (this.answerClose) {
                this.conn.send(frameBytes({ opcode: OP.CLOSE, payload: frame.payload }));
            }
        }
        return frame;
    }

    #parse() {
        const buffer = this.conn.buffer;
        if (buffer.length < 2) {
            return undefined;
        }
        const head = frameHead(buffer);
        if (!head || buffer.length < head.start + head.size) {
            return undefined;
        }
        const raw = buffer.subarray(0, head.start + head.size);
        this.conn.buffer = buffer.subarray(raw.length);
        const payload = raw.subarray(head.start);
        return {
            opcode: raw[0] & 15, fin: (raw[0] & 0x80) !== 0, rsv: (raw[0] >> 4) & 7,
            payload, text: payload.toString('utf8'), raw,
        };
    }

    /** The next frame's text; fails when it is not a whole, plain text message. */
    async text(ms = TIMEOUT) {
        const frame = await this.frame(ms);
        if (!frame || frame.opcode !== OP.TEXT || !frame.fin || frame.rsv) {
            throw new Error(`not a text frame: ${describe(frame)}`);
        }
        return frame.text;
    }

    send(text) {
        this.conn.send(frameBytes({ payload: text }));
    }

    sendBinary(data) {
        this.conn.send(frameBytes({ opcode: OP.BINARY, payload: data }));
    }

    sendFrame(options) {
        this.conn.send(frameBytes(options));
    }

    sendBytes(data) {
        this.conn.send(data);
    }

    /** The close frame's payload, skipping what comes before it; null without a close frame. */
    async close(ms = TIMEOUT) {
        while (!this.closeFrame) {
            if (await this.frame(ms) === null) {
                return null;
            }
        }
        return this.closeFrame.payload;
    }

    /** The code of the server's close frame; 1005 for an empty one, 1006 without one. */
    async closeCode(ms = TIMEOUT) {
        const payload = await this.close(ms);
        if (payload === null) {
            return 1006;
        }
        return payload.length ? payload.readUInt16BE(0) : 1005;
    }

    /** Resolves when the server has ended the TCP connection. */
    ended(ms = TIMEOUT) {
        return within(this.conn.closed, ms, 'end of the connection');
    }

    destroy() {
        this.conn.destroy();
    }
}

export function describe(frame) {
    return frame ? `opcode ${frame.opcode} fin ${frame.fin} rsv ${frame.rsv} `
        + JSON.stringify(frame.text.slice(0, 300)) : 'end of the connection';
}

function frameHead(buffer) {
    if (buffer[1] & 0x80) {
        throw new Error('the server masked a frame');
    }
    const short = buffer[1] & 0x7f;
    if (short < 126) {
        return { size: short, start: 2 };
    }
    const start = short === 126 ? 4 : 10;
    if (buffer.length < start) {
        return null;
    }
    const size = short === 126 ? buffer.readUInt16BE(2) : Number(buffer.readBigUInt64BE(2));
    if (size < (short === 126 ? 126 : 65536)) {
        throw new Error('the server used an overlong frame length');
    }
    return { size, start };
}
