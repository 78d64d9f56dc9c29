// SPDX-License-Identifier: MIT
// A small client over either transport and version whose packets are plain
// text, and the bystander that others must not disturb.

import assert from 'node:assert/strict';
import { HttpConn, requestBytes } from './raw.mjs';
import { OP } from './raw-ws.mjs';
import { decodePayload, openWs, Polling, subscribe } from './raw-eio.mjs';
import { postEvent, TIMEOUT, within } from './server.mjs';

/** Ids that no packet of a test has. */
let checks = 1e6;

/**
 * A client over either transport. Packets come out of next() as text, those of
 * WebSocket as they are, those of polling after the payload was split; a poll
 * is always held. closedBy tells how the server ended the session.
 */
export class Client {
    constructor(port, eio, transport) {
        Object.assign(this, { port, eio, transport });
        this.queue = [];
        this.waiters = [];
        this.closed = new Promise((resolve) => { this.finish = resolve; });
        this.posts = Promise.resolve();
    }

    /** connect: false leaves an Engine.IO 4 client before its "40". */
    static async open(port, eio, transport, { connect = true, ...options } = {}) {
        const client = new Client(port, eio, transport);
        await (transport === 'websocket'
            ? client.#openWs(options) : client.#openPolling(options));
        if (eio === 3) {
            assert.equal(await client.next(), '40');
            client.id = client.sid;
        } else if (connect) {
            client.send('40');
            const answer = await client.next();
            assert.match(answer, /^40\{/);
            client.id = JSON.parse(answer.slice(2)).sid;
        }
        return client;
    }

    async #openWs(options) {
        this.ws = await openWs(this.port, this.eio, options);
        this.sid = this.ws.sid;
        this.#readWs();
    }

    async #readWs() {
        for (;;) {
            const frame = await this.ws.frame(Infinity).catch((error) => {
                this.readError = error;
                return null;
            });
            if (!frame || frame.opcode === OP.CLOSE) {
                this.#end(frame ? frame.raw.toString('hex') : 'lost');
                return;
            }
            this.#push(frame.opcode === OP.TEXT ? frame.text : frame.raw);
        }
    }

    async #openPolling(options) {
        this.polling = await Polling.open(this.port, this.eio, options);
        this.sid = this.polling.sid;
        this.polling.handshakeRest.forEach((packet) => this.#push(packet));
        this.#readPolling();
    }

    async #readPolling() {
        this.conn = await HttpConn.open(this.port);
        while (!this.stopped) {
            this.conn.send(requestBytes({ path: this.polling.url(), headers: this.polling.headers }));
            const response = await this.conn.response({ ms: Infinity }).catch(() => null);
            if (!response || response.status !== 200) {
                this.#end(response ? response.text : 'lost');
                return;
            }
            for (const packet of decodePayload(this.eio, response.text)) {
                if (packet === '1') {
                    this.#end(packet);
                    return;
                }
                if (packet !== '6') {
                    this.#push(packet);
                }
            }
        }
    }

    #push(packet) {
        if (this.keepAlive && (packet === '2' || packet === '3')) {
            return;
        }
        const waiter = this.waiters.shift();
        if (waiter) {
            waiter(packet);
        } else {
            this.queue.push(packet);
        }
    }

    #end(how) {
        this.closedBy = how;
        this.finish(how);
        this.waiters.splice(0).forEach((waiter) => waiter(null));
    }

    /** Takes over the heartbeat: pings and pongs do not come out of next() any more. */
    beat(ms = 5000) {
        this.keepAlive = setInterval(() => this.send(this.eio === 3 ? '2' : '3'), ms).unref();
        this.closed.then(() => clearInterval(this.keepAlive));
    }

    /** The server's next packet; null once the session has ended. */
    next(ms = TIMEOUT) {
        if (this.queue.length) {
            return Promise.resolve(this.queue.shift());
        }
        if (this.closedBy !== undefined) {
            return Promise.resolve(null);
        }
        return within(new Promise((resolve) => this.waiters.push(resolve)), ms,
            `a packet (EIO ${this.eio}, ${this.transport})`);
    }

    /** Sends one packet: its own frame, or its own POST after the one before. */
    send(packet) {
        if (this.ws) {
            this.ws.send(packet);
            return Promise.resolve();
        }
        return this.#post([packet]);
    }

    /** Sends several packets at once: frames in one write, or one payload. */
    sendAll(packets) {
        if (this.ws) {
            packets.forEach((packet) => this.ws.send(packet));
            return Promise.resolve();
        }
        return this.#post(packets);
    }

    /** One after the other; what destroy() leaves unanswered is no failure. */
    #post(packets) {
        this.posts = this.posts.then(() => this.polling.post(...packets)).catch((error) => {
            if (!this.stopped) {
                throw error;
            }
        });
        return this.posts;
    }

    /** Sends a binary message in the form of version and transport. */
    sendBinary(data) {
        const typed = Buffer.concat([Buffer.from([4]), data]);
        if (this.ws) {
            this.ws.sendBinary(this.eio === 3 ? typed : data);
            return Promise.resolve();
        }
        return this.send((this.eio === 3 ? 'b4' : 'b') + data.toString('base64'));
    }

    /** Subscribes and waits until it is effective. */
    async join(channel) {
        this.send(subscribe(channel, 0));
        assert.equal(await this.next(), '430[{"ok":true}]');
    }

    /** Fails unless the server's next packet is this one. */
    async expect(packet, ms) {
        assert.equal(await this.next(ms), packet);
    }

    /** Fails unless the server closes the session as its version and transport do. */
    async expectClose(ms = TIMEOUT) {
        const how = await this.ended(ms);
        assert.equal(how, this.ws ? '8800' : '1');
        assert.deepEqual(this.queue.splice(0), [], 'nothing before the close');
    }

    /** Fails when the session is not able to subscribe and to receive; nothing else arrives. */
    async expectAlive() {
        const id = ++checks;
        this.send(`42${id}["subscribe",{"channel":"alive"}]`);
        assert.equal(await this.next(), `43${id}[{"ok":true}]`);
    }

    /** Resolves with how the session ended, whoever ended it. */
    ended(ms = TIMEOUT) {
        return within(this.closed, ms, `the end of the session (EIO ${this.eio}, ${this.transport})`);
    }

    destroy() {
        this.stopped = true;
        clearInterval(this.keepAlive);
        this.ws?.destroy();
        this.conn?.destroy();
    }
}

let bystanders = 0;

/** A client that others must not disturb: check() fails unless it still receives. */
export async function bystander(server, { eio = 4, transport = 'websocket' } = {}) {
    const client = await Client.open(server.port, eio, transport);
    client.beat();
    const channel = `bystander-${++bystanders}`;
    await client.join(channel);
    let count = 0;
    return {
        client,
        async check() {
            count += 1;
            const answer = await postEvent(server, { channel, name: 'Still', data: { count } });
            assert.equal(answer.status, 200, answer.body);
            await client.expect(`42["Still","${channel}",{"count":${count}}]`);
            assert.ok(server.alive(), 'the process is alive');
        },
        destroy: () => client.destroy(),
    };
}
