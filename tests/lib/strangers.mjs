// SPDX-License-Identifier: MIT
// The process of those who do harm with well-formed requests, each kind at a
// fixed rate, until it is ended: node strangers.mjs PORT SLOW_CHANNELS.
// Says "at work" when each kind has done what it does once.

import { HttpConn, requestBytes } from './raw.mjs';
import { openWs } from './raw-eio.mjs';
import { sleep } from './server.mjs';

const [port, slow] = process.argv.slice(2);

const KINDS = [askInVain, leaveSessions, moveAround, trickle];
const atWork = new Set();

function noteWork(kind) {
    if (!atWork.has(kind) && atWork.add(kind).size === KINDS.length) {
        console.log('at work');
    }
}

/** Does act() so many times a second; a step that fails is what the server is free to do. */
async function often(kind, rate, act) {
    for (let i = 0; ; i++) {
        await act(i).then(() => noteWork(kind), () => {});
        await sleep(1000 / rate);
    }
}

/** The oldest of conns goes when there are more than limit. */
function keep(conns, limit, conn) {
    conns.push(conn);
    if (conns.length > limit) {
        conns.shift().socket.destroy();
    }
}

/** Asks for private channels and unasks, at once: the application works on. */
async function askInVain() {
    const ws = await openWs(port, 4);
    ws.send('40');
    await often(askInVain, 100, async (i) => {
        ws.send(`42["subscribe",{"channel":"${slow}${i}"}]`);
        await sleep(2);
        ws.send(`42["unsubscribe",{"channel":"${slow}${i}"}]`);
        ws.send('3');
    });
}

const shake = async (conn) => {
    conn.send(requestBytes({ path: '/socket.io/?EIO=4&transport=polling' }));
    return conn.response();
};

/** Shakes hands on a few connections and never comes back. */
async function leaveSessions() {
    await Promise.all([0, 1, 2, 3].map(async () => {
        const conn = await HttpConn.open(port);
        await often(leaveSessions, 50, () => shake(conn));
    }));
}

/** Made-up sessions of every worker: the connection moves to where they would be. */
async function moveAround() {
    const conns = [];
    const first = await HttpConn.open(port);
    const { sid } = JSON.parse((await shake(first)).text.slice(1));
    first.socket.destroy();
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    await often(moveAround, 50, async (i) => {
        const madeUp = letters[i % letters.length] + letters[(i >> 3) % letters.length] + sid.slice(2);
        const conn = await HttpConn.open(port);
        keep(conns, 40, conn);
        conn.send(requestBytes({ path: `/socket.io/?EIO=4&transport=polling&sid=${madeUp}` }));
    });
}

/** Long bodies of requests that have none, a byte now and then. */
async function trickle() {
    const conns = [];
    const head = 'GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 10485000\r\n\r\n';
    await often(trickle, 50, async () => {
        const conn = await HttpConn.open(port);
        keep(conns, 40, conn);
        conn.send(head + 'x'.repeat(1000));
        conns.forEach((each) => each.send('x'));
    });
}

for (const harm of KINDS) {
    harm().catch((error) => {
        console.error(error);
        process.exit(1);
    });
}
setInterval(() => {}, 60000);
