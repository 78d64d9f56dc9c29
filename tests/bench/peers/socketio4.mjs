// SPDX-License-Identifier: MIT
// socket.io 4 as a server of the same kind: rooms, and what Redis says.
//
//     node tests/bench/peers/socketio4.mjs PORT REDIS_PORT [CERTIFICATE KEY]

import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import { Server } from 'sio4server';

const require = createRequire(import.meta.url);
const Redis = require('ioredis');

const [port, redisPort, cert, key] = process.argv.slice(2);
const web = cert
    ? https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) })
    : http.createServer();
const io = new Server(web, { pingInterval: 3600000, pingTimeout: 3600000, serveClient: false });

io.on('connection', (socket) => {
    socket.on('subscribe', ({ channel }) => socket.join(channel));
    socket.on('client event', ({ channel, event, data }) =>
        socket.to(channel).emit(event, channel, data));
});

const redis = new Redis(Number(redisPort));
redis.on('pmessage', (pattern, channel, text) => {
    const { event, data } = JSON.parse(text);
    io.to(channel).emit(event, channel, data);
});
redis.psubscribe('*').then(() => web.listen(Number(port), '127.0.0.1', 4096, () => {
    console.log('ready');
}));
