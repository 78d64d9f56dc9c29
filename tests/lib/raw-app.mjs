// SPDX-License-Identifier: MIT
// A stand-in for the application that answers authorization requests: records
// each request as it came and answers what the test decided.

import http from 'node:http';

/**
 * Starts it on a loopback port. answer(request) gives {status, headers, body},
 * or null to leave the request without an answer.
 * Resolves to {url, requests, close()}; a request is {method, path, headers,
 * rawHeaders, body, channel}.
 */
export function startApp(answer = () => ({ status: 200 })) {
    const requests = [];
    const server = http.createServer((message, response) => {
        const parts = [];
        message.on('data', (part) => parts.push(part));
        message.on('end', () => {
            const body = Buffer.concat(parts).toString();
            const request = {
                method: message.method, path: message.url, headers: message.headers,
                rawHeaders: message.rawHeaders, body,
                channel: new URLSearchParams(body).get('channel_name'),
            };
            requests.push(request);
            const reply = answer(request);
            if (reply) {
                response.writeHead(reply.status ?? 200, reply.headers);
                response.end(reply.body ?? '');
            }
        });
    });
    server.unref();
    return new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', () => resolve({
            url: `http://127.0.0.1:${server.address().port}`,
            requests,
            close() {
                server.closeAllConnections();
                return new Promise((done) => server.close(done));
            },
        }));
    });
}
