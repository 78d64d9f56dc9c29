// SPDX-License-Identifier: MIT
// A byte-level HTTP/1.1 client on plain sockets: sends exactly the bytes it is
// given, however broken, and shows exactly the bytes that came back. Responses
// are read by length, by chunks, or until the connection ends.

import net from 'node:net';
import { TIMEOUT, within } from './server.mjs';

const HEAD_END = Buffer.from('\r\n\r\n');

/** One connection. Bytes out with send(), whole responses in with response(). */
export class HttpConn {
    constructor(port, host = '127.0.0.1') {
        this.buffer = Buffer.alloc(0);
        this.received = [];
        this.ended = false;
        this.waiters = new Set();
        this.socket = net.connect({ port, host });
        this.socket.setNoDelay(true);
        this.socket.unref();
        this.opened = new Promise((resolve, reject) => {
            this.socket.once('connect', resolve);
            this.socket.once('error', reject);
        });
        this.opened.catch(() => {});
        this.socket.on('error', (error) => { this.error = error; });
        this.socket.on('data', (data) => this.#take(data));
        /** Resolves when the peer ended or reset the connection. */
        this.closed = new Promise((resolve) => {
            this.socket.once('end', resolve);
            this.socket.once('close', resolve);
        }).then(() => {
            this.ended = true;
            this.#wake();
        });
    }

    static async open(port, host) {
        const conn = new HttpConn(port, host);
        await within(conn.opened, TIMEOUT, 'connection');
        return conn;
    }

    #take(data) {
        this.received.push(data);
        this.buffer = this.buffer.length ? Buffer.concat([this.buffer, data]) : data;
        this.#wake();
    }

    #wake() {
        for (const waiter of [...this.waiters]) {
            waiter();
        }
    }

    /** Everything the peer ever sent on this connection. */
    get bytes() {
        return Buffer.concat(this.received);
    }

    send(data) {
        this.socket.write(data);
    }

    /** Resolves with read()'s first value that is not undefined; undefined at the end. */
    until(read, ms = TIMEOUT, what = 'bytes') {
        return within(new Promise((resolve) => {
            const step = () => {
                const value = read();
                if (value !== undefined || this.ended) {
                    this.waiters.delete(step);
                    resolve(value);
                }
            };
            this.waiters.add(step);
            step();
        }), ms, what);
    }

    /**
     * The next response: {status, reason, head, headers, body, text}.
     * head is the raw text before the empty line; headers has lower-case names,
     * repeated ones joined by "\n". Throws when the connection ends before one.
     */
    async response({ method = 'GET', ms = TIMEOUT } = {}) {
        const found = await this.until(() => this.#parse(method), ms, 'HTTP response')
            ?? this.#parse(method);
        if (!found) {
            throw new Error(`connection ended without a response; got ${this.buffer.length} bytes: `
                + JSON.stringify(this.buffer.toString('latin1').slice(0, 300)));
        }
        return found;
    }

    #parse(method) {
        const headEnd = this.buffer.indexOf(HEAD_END);
        if (headEnd < 0) {
            return undefined;
        }
        const response = parseHead(this.buffer.subarray(0, headEnd).toString('latin1'));
        const rest = this.buffer.subarray(headEnd + 4);
        if (response.status >= 100 && response.status < 200 && response.status !== 101) {
            this.buffer = rest;
            return this.#parse(method);
        }
        const body = readBody(response, rest, method, this.ended);
        if (!body) {
            return undefined;
        }
        this.buffer = rest.subarray(body.used);
        response.body = body.data;
        response.text = body.data.toString('utf8');
        return response;
    }

    /** Resolves when the peer closed; the bytes not yet taken. */
    async rest(ms = TIMEOUT) {
        await within(this.closed, ms, 'end of the connection');
        return this.buffer;
    }

    destroy() {
        this.socket.destroy();
    }
}

function parseHead(head) {
    const lines = head.split('\r\n');
    const [, status, reason] = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(lines[0]) ?? [];
    if (!status) {
        throw new Error(`not a status line: ${JSON.stringify(lines[0])}`);
    }
    const headers = {};
    for (const line of lines.slice(1)) {
        const colon = line.indexOf(':');
        const name = line.slice(0, colon).toLowerCase();
        const value = line.slice(colon + 1).trim();
        headers[name] = name in headers ? `${headers[name]}\n${value}` : value;
    }
    return { status: Number(status), reason, head, headers };
}

function readBody(response, rest, method, ended) {
    const { status, headers } = response;
    if (method === 'HEAD' || status === 101 || status === 204 || status === 304) {
        return { data: Buffer.alloc(0), used: 0 };
    }
    if (/chunked/i.test(headers['transfer-encoding'] ?? '')) {
        return readChunks(rest);
    }
    if ('content-length' in headers) {
        const length = Number(headers['content-length']);
        return rest.length >= length ? { data: rest.subarray(0, length), used: length } : undefined;
    }
    return ended ? { data: rest, used: rest.length } : undefined;
}

function readChunks(rest) {
    const parts = [];
    let at = 0;
    for (;;) {
        const line = rest.indexOf('\r\n', at);
        if (line < 0) {
            return undefined;
        }
        const size = parseInt(rest.subarray(at, line).toString('latin1'), 16);
        const next = line + 2 + size + 2;
        if (rest.length < next) {
            return undefined;
        }
        parts.push(rest.subarray(line + 2, line + 2 + size));
        at = next;
        if (size === 0) {
            return { data: Buffer.concat(parts), used: at };
        }
    }
}

/** The bytes of one request. headers: an object, or raw lines in an array. */
export function requestBytes({ method = 'GET', path = '/', headers = {}, body,
    host = '127.0.0.1' } = {}) {
    const lines = Array.isArray(headers)
        ? headers : Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const has = (name) => lines.some((line) => line.toLowerCase().startsWith(`${name}:`));
    const head = [`${method} ${path} HTTP/1.1`];
    if (!has('host')) {
        head.push(`Host: ${host}`);
    }
    head.push(...lines);
    if (body !== undefined && !has('content-length') && !has('transfer-encoding')) {
        head.push(`Content-Length: ${Buffer.byteLength(body)}`);
    }
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'utf8'),
        Buffer.from(body ?? '')]);
}

/** One request on a connection of its own. */
export async function request(port, options = {}) {
    const conn = await HttpConn.open(port);
    try {
        conn.send(requestBytes(options));
        return await conn.response(options);
    } finally {
        conn.destroy();
    }
}

/** Sends bytes on a connection of its own and reads one response. */
export async function exchange(port, bytes, options) {
    const conn = await HttpConn.open(port);
    try {
        conn.send(bytes);
        return await conn.response(options);
    } finally {
        conn.destroy();
    }
}

/** body as HTTP chunks of at most size bytes. */
export function chunked(body, size = 16) {
    const data = Buffer.from(body);
    const parts = [];
    for (let at = 0; at < data.length; at += size) {
        const part = data.subarray(at, at + size);
        parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
    }
    parts.push(Buffer.from('0\r\n\r\n'));
    return Buffer.concat(parts);
}
