// SPDX-License-Identifier: MIT
// Fifty users who come, go, reload and open tabs at once in random order:
// after each round every page's list, made of events alone, is the truth.
// SEED repeats a run, PRESENCE_ROUNDS sets its length.

import { describe, test } from 'node:test';
import { CLIENTS, TRANSPORTS } from '../lib/echo.mjs';
import { SCALE } from '../lib/mass.mjs';
import { agree, follow, get, recorded, startCluster } from '../lib/presence.mjs';
import { startCut } from '../lib/presence-cut.mjs';
import { randomOf } from '../lib/random.mjs';
import { sleep, waitFor, SLOW } from '../lib/server.mjs';

const ROUNDS = Number(process.env.PRESENCE_ROUNDS) || (SCALE < 1 ? 10 : 200);
const USERS = 50;
const TABS = 2;
const PATIENCE = 20000 * SLOW;

/** One user's pages: some in the room, some only connected. */
class User {
    constructor(crowd, id) {
        Object.assign(this, { crowd, id, tabs: [] });
    }

    joined() { return this.tabs.filter(({ seen }) => seen); }

    idle() { return this.tabs.filter(({ seen }) => !seen); }

    join(tab) {
        tab.seen = Object.assign(follow(tab.page), { id: this.id, user: this.id });
        return tab.seen.here(PATIENCE);
    }

    leave(tab) {
        tab.seen.leave();
        tab.seen = undefined;
    }

    async open() {
        const { cluster, random } = this.crowd;
        // Mostly WebSockets, which is what pages end with.
        const how = {
            echo: random.pick(['echo1', 'echo2']),
            client: random.pick(Object.keys(CLIENTS)),
            transport: random.below(4) ? 'websocket' : random.pick(Object.keys(TRANSPORTS)),
        };
        const tab = { how };
        this.tabs.push(tab);
        tab.page = await cluster.page(random.below(cluster.nodes.length), this.id,
            { ...how, settle: false });
        tab.page.socket.on('disconnect', (why) => {
            if (!tab.closed) {
                this.crowd.drops.push(`user ${this.id} ${Object.values(how)}: ${why}`);
            }
        });
        await this.join(tab);
    }

    close(tab, abruptly) {
        tab.closed = true;
        tab.seen = undefined;
        this.tabs.splice(this.tabs.indexOf(tab), 1);
        if (abruptly && tab.page.transport() === 'websocket') {
            // Without a close frame; nobody would notice a poll that is not repeated.
            tab.page.socket.io.engine.transport.ws.terminate?.();
        }
        tab.page.close();
    }

    /** What this user may do now, by name. */
    choices() {
        const { random } = this.crowd;
        const [joined, idle] = [this.joined(), this.idle()];
        const tab = joined.length && random.pick(joined);
        const free = TABS - this.tabs.length;
        return {
            ...free >= 1 && { open: () => this.open() },
            ...free >= 2 && { openBoth: () => Promise.all([this.open(), this.open()]) },
            ...idle.length && { join: () => this.join(random.pick(idle)) },
            ...tab && {
                leave: () => this.leave(tab),
                close: () => this.close(tab),
                drop: () => this.close(tab, true),
                reload: () => {
                    this.close(tab, random.below(2));
                    return this.open();
                },
                flap: () => {
                    this.leave(tab);
                    return this.join(tab);
                },
            },
            ...joined.length > 1 && { closeAll: () => joined.forEach((one) => this.close(one)) },
        };
    }

    async act() {
        const { random, log } = this.crowd;
        const choices = this.choices();
        const name = random.pick(Object.keys(choices));
        log.push(`${this.id} ${name}`);
        await choices[name]();
    }
}

async function round(crowd) {
    crowd.log = [];
    const flapped = crowd.cut && flap(crowd);
    await Promise.all(crowd.random.shuffled(crowd.users).map(async (user) => {
        const delay = crowd.random.below(4) * 5;
        await (delay ? sleep(delay) : undefined);
        await user.act();
    }));
    await flapped;
    const here = crowd.users.filter((user) => user.joined().length).map(({ id }) => id);
    await agree(crowd.users.flatMap((user) => user.joined().map(({ seen }) => seen)),
        here, PATIENCE);
    if (crowd.drops.length) {
        throw new Error(`a page was dropped: ${crowd.drops}`);
    }
    return here;
}

/** A relay to Redis for one node, cut for a moment in each round. */
async function flap(crowd) {
    const { cut, random } = crowd;
    await sleep(random.below(30));
    cut.cut(random.pick(['refused', 'silent']));
    await sleep(random.below(500));
    cut.mend();
}

const SETTINGS = {
    'one node, in memory': { options: { nodes: 1, store: 'memory' }, share: 1 },
    // Two nodes have the same store: there it has its long run.
    'one node, in Redis': { options: { nodes: 1 }, share: 1 / 4 },
    'two nodes': { options: { nodes: 2 }, share: 1 },
    // A round ends when the outage is over: seconds.
    'two nodes, one losing Redis in each round': { options: { nodes: 2 }, share: 1 / 40, flaps: true },
};

for (const [name, { options, share, flaps }] of Object.entries(SETTINGS)) {
    const rounds = Math.max(2, Math.ceil(ROUNDS * share));
    describe(`${USERS} users, ${rounds} rounds, ${name}`, () => {
        test('every list is the truth after each round', { timeout: 600000 * SLOW }, async (t) => {
            const crowd = { random: randomOf(name), drops: [], log: [] };
            const cluster = await startCluster({ ...options, redisPort: flaps
                ? (async (redis, node) => {
                    crowd.cut ??= await startCut(redis.port);
                    return node === 1 ? crowd.cut.port : redis.port;
                }) : undefined });
            crowd.cut && cluster.under(crowd.cut);
            crowd.cluster = cluster;
            crowd.users = Array.from({ length: USERS }, (_, i) => new User(crowd, i + 1));
            try {
                let here;
                for (let number = 1; number <= rounds; number++) {
                    here = await round(crowd).catch((error) => {
                        throw new Error(`round ${number}: ${error.stack}\n`
                            + `${crowd.log.join(', ')}`);
                    });
                    if (number % 50 === 0) {
                        await recorded(cluster, here);
                    }
                }
                await recorded(cluster, here);
                crowd.users.forEach((user) => [...user.tabs].forEach((tab) => user.close(tab)));
                await recorded(cluster, []);
                for (const node of cluster.nodes) {
                    await waitFor(async () => (await get(node, '/status')).json
                        .subscription_count === 0, PATIENCE, 'every socket to be gone');
                }
            } finally {
                await cluster.close();
            }
        });
    });
}
