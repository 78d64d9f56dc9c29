// SPDX-License-Identifier: MIT
// The least of a Redis client: commands in, replies out, in order; and of a
// server, for a test to answer what no Redis would.

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

/** A value as a server says it: text and Buffers as bulk strings, numbers, arrays. */
export function reply(value) {
    if (Array.isArray(value)) {
        return Buffer.concat([Buffer.from(`*${value.length}\r\n`), ...value.map(reply)]);
    }
    if (typeof value === 'number') {
        return Buffer.from(`:${value}\r\n`);
    }
    const text = Buffer.from(value);
    return Buffer.concat([Buffer.from(`$${text.length}\r\n`), text, CRLF]);
}

/** What a server on its own would say. */
function usual([name, ...args]) {
    switch (name.toUpperCase()) {
    case 'PING':
        return '+PONG\r\n';
    case 'PSUBSCRIBE':
        return reply(['psubscribe', args[0], 1]);
    default:
        return '-ERR unknown command\r\n';
    }
}

/** A server whose answer(args) is the bytes to say; undefined: what is usual. publish() reaches
 * every connection that subscribed. */
export async function startFakeRedis(answer) {
    const sockets = new Map();
    const server = net.createServer((socket) => {
        let data = Buffer.alloc(0);
        sockets.set(socket, null);
        socket.on('error', () => {});
        socket.on('close', () => sockets.delete(socket));
        socket.on('data', (part) => {
            data = Buffer.concat([data, part]);
            for (let next = parse(data, 0); next; next = parse(data, 0)) {
                const [args] = next;
                data = data.subarray(next[1]);
                if (args[0].toUpperCase() === 'PSUBSCRIBE' && sockets.has(socket)) {
                    sockets.set(socket, args[1]);
                }
                socket.write(answer(args) ?? usual(args));
            }
        });
    });
    await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    server.unref();
    return {
        port: server.address().port,
        publish(channel, text) {
            for (const [socket, pattern] of sockets) {
                if (pattern !== null) {
                    socket.write(reply(['pmessage', pattern, channel, text]));
                }
            }
        },
        stop() {
            server.close();
            for (const socket of sockets.keys()) {
                socket.destroy();
            }
        },
    };
}
