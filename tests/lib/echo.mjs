// SPDX-License-Identifier: MIT
// Pages: real Laravel Echo on real socket.io-client, every generation of both,
// over every transport. A page records what it receives and waits for it.

import { createRequire } from 'node:module';
import Echo1 from 'echo1';
import Echo2 from 'echo2';
import { io as sio3 } from 'sio3';
import { io as sio4 } from 'sio4';
import { waitFor, within, SLOW, TIMEOUT } from './server.mjs';

const require = createRequire(import.meta.url);

export const ECHOS = { echo1: Echo1.default ?? Echo1, echo2: Echo2 };
export const CLIENTS = { sio2: require('sio2'), sio3, sio4 };
export const TRANSPORTS = {
    websocket: ['websocket'],
    polling: ['polling'],
    upgrade: ['polling', 'websocket'],
};

/** Every Echo with every client over every transport. */
export const COMBINATIONS = Object.keys(ECHOS).flatMap((echo) =>
    Object.keys(CLIENTS).flatMap((client) =>
        Object.keys(TRANSPORTS).map((transport) => ({ echo, client, transport }))));

/** The latest Echo with every client over every transport. */
export const CLIENT_COMBINATIONS = COMBINATIONS.filter(({ echo }) => echo === 'echo2');

export const label = (combination) => Object.values(combination).join(' ');

function options({ url, client, transport, headers, cookie, csrf, bearer, ca, more }) {
    return {
        broadcaster: 'socket.io',
        host: url,
        client: CLIENTS[client],
        transports: TRANSPORTS[transport],
        forceNew: true,
        reconnection: false,
        auth: { headers: { ...headers } },
        ...csrf ? { csrfToken: csrf } : {},
        ...bearer ? { bearerToken: bearer } : {},
        ...cookie ? { extraHeaders: { Cookie: cookie } } : {},
        ...ca ? { ca } : {},
        ...more,
    };
}

/** Keeps every event of the server in received, before Echo sees it. */
function record(socket, received, transport) {
    const pass = socket.onevent;
    socket.onevent = function onevent(packet) {
        const [name, channel, data] = packet.data;
        received.push({ name, channel, data, transport: transport() });
        return pass.call(this, packet);
    };
}

function connected(socket) {
    return new Promise((resolve, reject) => {
        const failed = (error) => reject(error instanceof Error ? error : new Error(String(error)));
        socket.once('connect', resolve);
        socket.once('connect_error', failed);
        socket.once('error', failed);
    });
}

/**
 * Opens a page and resolves when it is connected.
 * url; echo, client, transport: names of the tables above. headers, cookie,
 * csrf, bearer: who the page is. ca: the authority it trusts. more: options
 * of Echo and socket.io-client. settle: false leaves an upgrade under way.
 */
export async function openPage({ echo = 'echo2', client = 'sio4', transport = 'websocket',
    settle = true, ...who }) {
    const page = makePage(new ECHOS[echo](options({ client, transport, ...who })));
    try {
        await within(connected(page.socket), 10000 * SLOW, `${echo} ${client} to connect`);
        if (transport === 'upgrade' && settle) {
            await waitFor(() => page.transport() === 'websocket', 10000 * SLOW, 'the upgrade');
        }
    } catch (error) {
        page.close();
        throw error;
    }
    return page;
}

function makePage(echo) {
    const { socket } = echo.connector;
    const received = [];
    const transport = () => socket.io.engine?.transport?.name;
    record(socket, received, transport);
    const matches = (name, channel) => (event) =>
        event.name === name && (channel === undefined || event.channel === channel);
    const page = {
        echo, socket, received, transport,
        get id() { return echo.socketId(); },
        on: (channel) => received.filter((event) => event.channel === channel),
        count: (name, channel) => received.filter(matches(name, channel)).length,
        /** The first event called name (or that satisfies it), past or to come. */
        event(name, channel, ms = TIMEOUT) {
            const test = typeof name === 'function' ? name : matches(name, channel);
            return waitFor(() => received.find(test), ms, `event ${name} on ${channel}; received `
                + JSON.stringify(received).slice(0, 2000));
        },
        /** Resolves when n events called name have come. */
        events: (n, name, channel, ms = TIMEOUT) => waitFor(
            () => page.count(name, channel) >= n, ms, `${n} events ${name} on ${channel}`),
        /** Emits event; resolves with the acknowledgement's arguments. */
        ask: (event, data, ms = TIMEOUT) => within(new Promise((resolve) => {
            socket.emit(event, data, (...args) => resolve(args));
        }), ms, `the acknowledgement of ${event} ${JSON.stringify(data)}`),
        /**
         * Resolves when the subscription that Echo asked for is decided: a
         * second one joins the first, and is acknowledged.
         */
        async joined(channel, ms = TIMEOUT) {
            const [answer] = await page.ask('subscribe',
                { channel, auth: echo.connector.options.auth }, ms);
            if (answer?.ok !== true) {
                throw new Error(`${channel} not joined: ${JSON.stringify(answer)}`);
            }
        },
        refused: (channel, ms = TIMEOUT) => page.event('subscription_error', channel, ms),
        close() {
            socket.io.reconnection(false);
            echo.disconnect();
        },
    };
    return page;
}

let fences = 0;

/**
 * Resolves when everything published before has reached pages, or will never:
 * one more event goes the same way behind it.
 */
export async function fence(redis, pages, ms = TIMEOUT) {
    const number = ++fences;
    const channel = `fence.${number}`;
    await Promise.all(pages.map(async (page) => {
        page.echo.channel(channel);
        await page.joined(channel, ms);
    }));
    await redis.publish(channel, 'fence', { number });
    await Promise.all(pages.map((page) => page.event('fence', channel, ms)));
}
