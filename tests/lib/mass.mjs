// SPDX-License-Identifier: MIT
// Thousands of pages in one process: Socket.IO by hand over WebSockets, with
// no more state than it takes. Each subscribes again when it reconnects, as
// Echo does, and remembers what it was refused.

import WebSocket from 'ws';
import { randomOf } from './random.mjs';
import { SLOW, waitFor } from './server.mjs';

/** Share of the full number of clients (instrumented builds use less). */
export const SCALE = Number(process.env.E2E_SCALE) || 1;

export const scaled = (count) => Math.max(10, Math.round(count * SCALE));

/** Pages do not reconnect all at once. */
const random = randomOf('reconnections');

class Client {
    constructor(crowd, number) {
        this.crowd = crowd;
        this.number = number;
        this.joined = new Set();
        this.received = 0;
        this.delay = 200;
        this.open();
    }

    open() {
        const { port, version, ca } = this.crowd;
        this.joined.clear();
        this.ready = false;
        this.socket = new WebSocket(
            `${ca ? 'wss' : 'ws'}://127.0.0.1:${port}/socket.io/?EIO=${version}&transport=websocket`,
            { perMessageDeflate: false, ca });
        this.socket.on('message', (data) => this.on(data.toString()));
        this.socket.on('error', () => {});
        this.socket.once('close', () => this.onClose());
    }

    on(text) {
        if (text === '2') {
            this.socket.send('3');
        } else if (text.startsWith('0{') && this.crowd.version === 4) {
            this.socket.send('40');
        } else if (text.startsWith('40')) {
            this.onConnect();
        } else if (text.startsWith('43')) {
            this.onAck(text);
        } else if (text.startsWith('42')) {
            this.onEvent(JSON.parse(text.slice(2)));
        }
    }

    onConnect() {
        this.ready = true;
        this.delay = 200;
        const auth = { headers: this.crowd.headers(this.number) };
        this.channels = this.crowd.channels(this.number);
        this.channels.forEach((channel, i) => {
            this.socket.send(`42${i}${JSON.stringify(['subscribe', { channel, auth }])}`);
        });
    }

    onAck(text) {
        const at = text.indexOf('[');
        const channel = this.channels[Number(text.slice(2, at))];
        const [answer] = JSON.parse(text.slice(at));
        if (answer?.ok) {
            this.joined.add(channel);
        } else {
            this.crowd.refusals.push([this.number, channel, answer]);
        }
    }

    onEvent([name, channel, data]) {
        if (name === 'subscription_error') {
            this.crowd.refusals.push([this.number, channel, data]);
        } else {
            this.received++;
            this.crowd.onEvent?.(this, name, channel, data);
        }
    }

    onClose() {
        this.ready = false;
        this.crowd.drops++;
        if (!this.crowd.closed) {
            this.timer = setTimeout(() => this.open(), this.delay * (0.5 + random.fraction()));
            this.delay = Math.min(this.delay * 2, this.crowd.longestDelay);
        }
    }

    close() {
        clearTimeout(this.timer);
        this.socket.terminate();
    }
}

/**
 * count clients at port. channels(number), headers(number): what client
 * number subscribes to and as whom. version: of Engine.IO. onEvent(client,
 * name, channel, data). ca: of a TLS server. longestDelay: in ms, before a
 * client connects again. Opened rate by rate, so that no backlog overflows.
 */
export async function openCrowd({ port, count, channels = () => [], headers = () => ({}),
    version = 4, onEvent, ca, longestDelay = 5000, ms = 120000 * SLOW }) {
    const crowd = {
        port, version, ca, channels, headers, onEvent, longestDelay,
        refusals: [], drops: 0, closed: false, clients: [],
        connected: () => crowd.clients.filter(({ ready }) => ready).length,
        allJoined: (limit = ms) => waitFor(
            () => crowd.refusals.length || crowd.clients.every(
                (client) => client.ready && client.joined.size === client.channels.length),
            limit, `${count} clients to have joined`),
        async close() {
            crowd.closed = true;
            crowd.clients.forEach((client) => client.close());
        },
    };
    try {
        for (let number = 1; number <= count; number++) {
            crowd.clients.push(new Client(crowd, number));
            if (number % 100 === 0 || number === count) {
                await waitFor(() => crowd.connected() === number, ms,
                    `${number} clients to connect`);
            }
        }
    } catch (error) {
        await crowd.close();
        throw error;
    }
    return crowd;
}
