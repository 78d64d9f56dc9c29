// SPDX-License-Identifier: MIT
// An application in Node, for what Laravel would not do: odd answers, delays,
// failures; and a proxy before the real one, that counts.

import http from 'node:http';
import https from 'node:https';
import net from 'node:net';

async function read(stream) {
    const parts = [];
    for await (const part of stream) {
        parts.push(part);
    }
    return Buffer.concat(parts).toString();
}

/** One answer, as the handler described it. */
function write(response, { status = 200, reason, headers = {}, body = '{}', raw }) {
    if (raw !== undefined) {
        response.socket.end(raw);
        return;
    }
    response.writeHead(status, reason ?? http.STATUS_CODES[status] ?? 'unknown status', headers);
    response.end(body);
}

/**
 * handler(request, number) gives, now or later, {status, headers, body}, or
 * {raw} bytes after which the connection ends, or null: it ends without one.
 * request: {method, path, headers, rawHeaders, body, channel}.
 */
export async function startBackend(handler, { tls, port = 0 } = {}) {
    const sockets = new Set();
    const backend = { requests: [], inFlight: 0, most: 0, connections: 0 };
    const onRequest = async (incoming, response) => {
        backend.inFlight++;
        backend.most = Math.max(backend.most, backend.inFlight);
        response.once('close', () => { backend.inFlight--; });
        try {
            const body = await read(incoming);
            const request = {
                method: incoming.method, path: incoming.url, headers: incoming.headers,
                rawHeaders: incoming.rawHeaders, body, at: Date.now(),
                channel: new URLSearchParams(body).get('channel_name'),
            };
            backend.requests.push(request);
            const answer = await handler(request, backend.requests.length);
            answer ? write(response, answer) : incoming.socket.destroy();
        } catch (error) {
            incoming.socket.destroy(error);
        }
    };
    const server = tls ? https.createServer(tls, onRequest) : http.createServer(onRequest);
    server.keepAliveTimeout = 60000;
    server.on('connection', (socket) => {
        backend.connections++;
        sockets.add(socket);
        socket.on('error', () => {});
        socket.once('close', () => sockets.delete(socket));
    });
    server.on('clientError', (error, socket) => socket.destroy());
    await new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', resolve);
    });
    server.unref();
    backend.port = server.address().port;
    backend.url = `${tls ? 'https' : 'http'}://127.0.0.1:${backend.port}`;
    /** Ends the connections that wait for a next request. */
    backend.closeIdle = () => server.closeIdleConnections();
    backend.close = () => new Promise((resolve) => {
        server.close(resolve);
        sockets.forEach((socket) => socket.destroy());
    });
    return backend;
}

/** Passes each request on to url; its `most` is the most there were at once. */
export function startCountingProxy(url) {
    return startBackend(async (request) => {
        const headers = { ...request.headers };
        for (const name of ['host', 'connection', 'content-length', 'transfer-encoding']) {
            delete headers[name];
        }
        const answer = await ask(url + request.path, { ...request, headers });
        return { status: answer.status, body: answer.body };
    });
}

function ask(url, { method, headers, body }) {
    return new Promise((resolve, reject) => {
        const request = http.request(url, { method, headers, agent: false }, async (answer) => {
            try {
                resolve({ status: answer.statusCode, body: await read(answer) });
            } catch (error) {
                reject(error);
            }
        });
        request.once('error', reject);
        request.end(body);
    });
}

/**
 * A TCP relay to port; bytes of connections that ask for an upgrade are held
 * back for delay ms in either direction, so that an upgrade takes its time.
 */
export async function startSlowUpgrades(port, delay) {
    const sockets = new Set();
    const server = net.createServer((client) => {
        const target = net.connect(port, '127.0.0.1');
        let slow = false;
        const relay = (from, to) => {
            from.on('data', (data) => {
                slow ||= data.toString('latin1', 0, 2000).includes('transport=websocket');
                slow ? setTimeout(() => to.write(data), delay) : to.write(data);
            });
            from.once('close', () => setTimeout(() => to.destroy(), slow ? delay + 1 : 0));
            from.on('error', () => {});
            sockets.add(from);
            from.once('close', () => sockets.delete(from));
        };
        relay(client, target);
        relay(target, client);
    });
    await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    server.unref();
    return {
        url: `http://127.0.0.1:${server.address().port}`,
        close: () => new Promise((resolve) => {
            server.close(resolve);
            sockets.forEach((socket) => socket.destroy());
        }),
    };
}
