// SPDX-License-Identifier: MIT
// Members by the thousand who only count the bytes that they are sent: a room
// of n tells n - 1 of each join, so a client that understood it all would be
// the measure, and not the server.

import net from 'node:net';
import fs from 'node:fs';
import { as, ROOM } from './presence.mjs';
import { within, SLOW } from './server.mjs';

const UPGRADE = 'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\n'
    + 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
    + 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n';
/** Members read this seldom, many messages at once: each on its own would be the test's time. */
const DRAIN_MS = 500;
const ADMITTED = Buffer.from('430[{"ok":true}]');

/** A client's text frame; its mask is all zeros. */
function frame(text) {
    const data = Buffer.from(text);
    const head = data.length < 126 ? Buffer.from([0x81, 0x80 | data.length])
        : Buffer.from([0x81, 0x80 | 126, data.length >> 8, data.length & 255]);
    return Buffer.concat([head, Buffer.alloc(4), data]);
}

/** One connection that joins channel as user: resolves when it is a member. */
function openMember(members, port, user, channel) {
    const socket = net.connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    members.sockets.add(socket);
    const joined = new Promise((resolve, reject) => {
        let step = 0;
        let tail = Buffer.alloc(0);
        socket.on('data', (part) => {
            members.bytes += part.length;
            if (step === 3) {
                return;
            }
            tail = Buffer.concat([tail, part]);
            if (step === 0 && tail.includes('0{"sid"')) {
                step = 1;
                socket.write(frame('40'));
            }
            if (step === 1 && tail.includes('40{"sid"')) {
                step = 2;
                socket.write(frame(`420${JSON.stringify(
                    ['subscribe', { channel, auth: { headers: as(user) } }])}`));
            }
            if (step === 2 && tail.includes(ADMITTED)) {
                step = 3;
                socket.pause();
                members.quiet.add(socket);
                resolve();
            }
            tail = tail.subarray(step === 3 ? tail.length : Math.max(0, tail.length - 64));
        });
        socket.on('error', reject);
        socket.on('close', () => {
            members.sockets.delete(socket);
            members.quiet.delete(socket);
            members.lost += !members.closed;
            reject(new Error(`user ${user} was dropped`));
        });
    });
    joined.catch(() => {});
    socket.write(UPGRADE);
    return within(joined, 120000 * SLOW, `user ${user} to join`);
}

/**
 * An empty crowd at port: join(from, to, atOnce) makes users from to to
 * members of channel, at most atOnce at the same time.
 */
export function openMembers(port, channel = ROOM) {
    const members = {
        sockets: new Set(), quiet: new Set(), bytes: 0, lost: 0, closed: false,
        async join(from, to, atOnce = 1) {
            let next = from;
            await Promise.all(Array.from({ length: atOnce }, async () => {
                while (next <= to) {
                    await openMember(members, port, next++, channel);
                }
            }));
        },
        async close() {
            members.closed = true;
            clearInterval(timer);
            members.sockets.forEach((socket) => socket.destroy());
        },
    };
    const timer = setInterval(() => drain(members.quiet), DRAIN_MS);
    timer.unref();
    return members;
}

/** What has come in the meantime, a socket at a time and at once. */
function drain(sockets) {
    sockets.forEach((socket) => socket.resume());
    setTimeout(() => sockets.forEach((socket) => socket.pause()), 20);
}

/** Processor time of all threads of process pid so far, in ms. */
export function cpuTime(pid) {
    return fs.readdirSync(`/proc/${pid}/task`)
        .map((task) => fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8'))
        .reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / 1e6;
}
