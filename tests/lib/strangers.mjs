// SPDX-License-Identifier: MIT
// The process of those who do harm with well-formed requests, each kind at a
// fixed rate, until it is ended: node strangers.mjs PORT SLOW_CHANNELS [KIND...].
// Says "at work" when each kind has done what it does once.

import WebSocket from 'ws';
import { HttpConn, requestBytes } from './raw.mjs';
import { openWs } from './raw-eio.mjs';
import { sleep } from './server.mjs';

const [port, slow, ...names] = process.argv.slice(2);

/** As a proxy that is trusted says it: all of them have one address. */
const FROM = { 'X-Forwarded-For': '203.0.113.9' };

const atWork = new Set();

function noteWork(kind) {
    if (!atWork.has(kind) && atWork.add(kind).size === KINDS.length) {
        console.log('at work');
    }
}

/** A client of Socket.IO 4 that does not listen, and comes again when it was cut. */
class Mouth {
    constructor(options = {}) {
        this.options = { perMessageDeflate: false, headers: FROM, ...options };
        this.open();
    }

    open() {
        this.ready = false;
        this.socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`,
            this.options);
        this.socket.on('message', (data) => this.on(data.toString()));
        this.socket.on('error', () => {});
        this.socket.once('close', () => {
            this.ready = false;
            setTimeout(() => this.open(), 100);
        });
    }

    on(text) {
        if (text === '2') {
            this.socket.send('3');
        } else if (text.startsWith('0')) {
            this.socket.send('40');
        } else if (text.startsWith('40')) {
            this.ready = true;
        }
    }

    /** False: not connected, or what was said before has not left yet. */
    say(text) {
        const can = this.ready && this.socket.bufferedAmount < 1e6;
        if (can) {
            this.socket.send(text);
        }
        return can;
    }

    subscribe(channel, auth = {}) {
        return this.say(`42${JSON.stringify(['subscribe', { channel, auth }])}`);
    }

    unsubscribe(channel) {
        return this.say(`42${JSON.stringify(['unsubscribe', { channel }])}`);
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
    const ws = await openWs(port, 4, { headers: FROM });
    ws.send('40');
    await often(askInVain, 100, async (i) => {
        ws.send(`42["subscribe",{"channel":"${slow}${i}"}]`);
        await sleep(2);
        ws.send(`42["unsubscribe",{"channel":"${slow}${i}"}]`);
        ws.send('3');
    });
}

const shake = async (conn) => {
    conn.send(requestBytes({ path: '/socket.io/?EIO=4&transport=polling', headers: FROM }));
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
        conn.send(requestBytes({
            path: `/socket.io/?EIO=4&transport=polling&sid=${madeUp}`, headers: FROM }));
    });
}

/** Long bodies of requests that have none, a byte now and then. */
async function trickle() {
    const conns = [];
    const head = `GET /health/live HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${FROM['X-Forwarded-For']}\r\n`
        + 'Content-Length: 10485000\r\n\r\n';
    await often(trickle, 50, async () => {
        const conn = await HttpConn.open(port);
        keep(conns, 40, conn);
        conn.send(head + 'x'.repeat(1000));
        conns.forEach((each) => each.send('x'));
    });
}

/** rate steps a second, in portions, each of which is said by the next of mouths. */
async function speak(kind, rate, mouths, step) {
    const portion = Math.ceil(rate / 100);
    await often(kind, rate / portion, async (i) => {
        const mouth = mouths[i % mouths.length];
        for (let k = 0; k < portion; k++) {
            if (!step(mouth, i * portion + k)) {
                throw new Error('not connected');
            }
        }
    });
}

const mouths = (count, options) => Array.from({ length: count }, () => new Mouth(options));

/** Refusals, each of which has a line in the log. */
const fillLog = () => speak(fillLog, 2000, mouths(1),
    (mouth) => mouth.subscribe('x'.repeat(201)));

/** As many channels as a socket may have, with names as long as they may be. */
const fillChannels = () => speak(fillChannels, 2000, mouths(10),
    (mouth, i) => mouth.subscribe(String(i % 10000).padStart(199, 'c')));

/** Private channels of an application that does not answer, with long headers. */
const keepHeaders = () => speak(keepHeaders, 100, mouths(4),
    (mouth, i) => mouth.subscribe(`${slow}h${i}`, { headers: { Authorization: 'h'.repeat(15900) } }));

/** Handshakes with a Cookie as long as it may be. */
async function keepCookies() {
    await Promise.all([0, 1].map(async () => {
        let conn = await HttpConn.open(port);
        await often(keepCookies, 50, async () => {
            conn.send(requestBytes({ path: '/socket.io/?EIO=4&transport=polling',
                headers: { ...FROM, Cookie: `a=${'c'.repeat(15000)}` } }));
            await conn.response().catch(async (error) => {
                conn.destroy();
                conn = await HttpConn.open(port);
                throw error;
            });
        });
    }));
}

/** A member of a presence channel who subscribes again and again. */
const enterAgain = () => speak(enterAgain, 500, mouths(1),
    (mouth) => mouth.subscribe('presence-again', { headers: {} }));

/** Keys of the HTTP API, one after the other. */
async function guessKeys() {
    const conn = await HttpConn.open(port);
    await often(guessKeys, 200, async (i) => {
        conn.send(requestBytes({ method: 'POST', path: `/apps/app/events?auth_key=guess${i}`,
            headers: { ...FROM, 'Content-Type': 'application/json' }, body: '{}' }));
        await conn.response();
    });
}

const BOMB = `42["x","${'0'.repeat(900000)}"]`;

/** A kilobyte that becomes a megabyte. */
const inflate = () => speak(inflate, 50, mouths(1, { perMessageDeflate: { threshold: 0 } }),
    (mouth) => mouth.say(BOMB));

/** Events that nobody knows. */
const babble = () => speak(babble, 2000, mouths(2), (mouth, i) => mouth.say(`42["x",${i}]`));

const subscribeAndLeave = () => speak(subscribeAndLeave, 500, mouths(2),
    (mouth, i) => mouth.subscribe(`to-and-fro.${i}`) && mouth.unsubscribe(`to-and-fro.${i}`));

/** Connections that are ended before they say anything, and after their handshake. */
async function comeAndGo() {
    await often(comeAndGo, 100, async (i) => {
        const conn = await HttpConn.open(port);
        if (i % 2) {
            await shake(conn);
        }
        conn.destroy();
    });
}

const ALL = {
    askInVain, leaveSessions, moveAround, trickle, fillLog, fillChannels, keepHeaders, keepCookies,
    enterAgain, guessKeys, inflate, babble, subscribeAndLeave, comeAndGo,
};
const KINDS = (names.length ? names : Object.keys(ALL)).map((name) => ALL[name]);

for (const harm of KINDS) {
    harm().catch((error) => {
        console.error(error);
        process.exit(1);
    });
}
setInterval(() => {}, 60000);
