// SPDX-License-Identifier: MIT
// The least of a Redis client: commands in, replies out, in order.

import net from 'node:net';

const CRLF = Buffer.from('\r\n');

/** One reply from data at offset: [value, next], or null when incomplete. */
function parse(data, at) {
    const end = data.indexOf(CRLF, at);
    if (end < 0) {
        return null;
    }
    const line = data.toString('utf8', at + 1, end);
    const next = end + 2;
    switch (String.fromCharCode(data[at])) {
    case '+':
        return [line, next];
    case '-':
        return [new Error(line), next];
    case ':':
        return [Number(line), next];
    case '$':
        return parseBulk(data, next, Number(line));
    case '*':
        return parseArray(data, next, Number(line));
    default:
        throw new Error(`not a Redis reply: ${line}`);
    }
}

function parseBulk(data, at, length) {
    if (length < 0) {
        return [null, at];
    }
    return data.length < at + length + 2
        ? null : [data.toString('utf8', at, at + length), at + length + 2];
}

function parseArray(data, at, count) {
    const items = [];
    for (let i = 0; i < count; i++) {
        const item = parse(data, at);
        if (!item) {
            return null;
        }
        items.push(item[0]);
        at = item[1];
    }
    return [items, at];
}

function encode(args) {
    const parts = args.map((arg) => Buffer.isBuffer(arg) ? arg : Buffer.from(String(arg)));
    const head = Buffer.from(`*${parts.length}\r\n`);
    return Buffer.concat([head, ...parts.flatMap(
        (part) => [Buffer.from(`$${part.length}\r\n`), part, CRLF])]);
}

/** A connection to a Redis on loopback, or at a Unix socket's path: {command(...args), closed(),
 * close()}. */
export function connectRedis(where) {
    const socket = typeof where === 'string' ? net.connect(where) : net.connect(where, '127.0.0.1');
    const waiting = [];
    let data = Buffer.alloc(0);
    socket.on('data', (part) => {
        data = Buffer.concat([data, part]);
        for (let reply = parse(data, 0); reply; reply = parse(data, 0)) {
            data = data.subarray(reply[1]);
            const { resolve, reject } = waiting.shift();
            reply[0] instanceof Error ? reject(reply[0]) : resolve(reply[0]);
        }
        waiting.length || socket.unref();
    });
    // An idle connection must not keep a failed test's process alive.
    socket.unref();
    const fail = (error) => {
        for (const { reject } of waiting.splice(0)) {
            reject(error);
        }
    };
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('Redis closed the connection')));
    return {
        closed: () => socket.destroyed,
        command: (...args) => new Promise((resolve, reject) => {
            if (socket.destroyed) {
                reject(new Error('Redis has closed the connection'));
                return;
            }
            waiting.push({ resolve, reject });
            socket.ref();
            socket.write(encode(args));
        }),
        close: () => socket.destroy(),
    };
}
