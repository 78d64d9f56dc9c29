// SPDX-License-Identifier: MIT
// What a join costs in a presence channel of thousands: time and the server's
// processor time for the last 100 joins beside the first 100, one after the
// other. A join tells everybody who is there, so the last ones cost thousands
// of deliveries each. The last line has as many members and nobody to tell
// (leaveGrace keeps them): what is left is the joiner's own list.
//
//     node tests/bench/presence.mjs [MEMBERS] [memory|redis]

import { cpuTime, openMembers } from '../lib/presence-members.mjs';
import { startCluster, get, ROOM } from '../lib/presence.mjs';
import { waitFor } from '../lib/server.mjs';

const count = Math.max(300, Number(process.argv[2]) || 5000);
const stores = process.argv[3] ? [process.argv[3]] : ['memory', 'redis'];
const SAMPLE = 100;

process.setMaxListeners(0);

/** Waits until the server has done what it was asked for; gives its processor time. */
async function idle(pid) {
    let before = -1;
    let now = cpuTime(pid);
    while (now - before > 1) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        before = now;
        now = cpuTime(pid);
    }
    return now;
}

async function sample(name, members, server, from) {
    const cpu = await idle(server.pid);
    const { bytes } = members;
    const begin = process.hrtime.bigint();
    await members.join(from, from + SAMPLE - 1);
    const ms = Number(process.hrtime.bigint() - begin) / 1e6;
    const spent = await idle(server.pid) - cpu;
    console.log(`  ${name.padEnd(34)} ${(ms / SAMPLE).toFixed(2).padStart(8)} ms a join, `
        + `${(spent / SAMPLE).toFixed(3).padStart(8)} ms of CPU, `
        + `${((members.bytes - bytes) / SAMPLE / 1000).toFixed(1).padStart(8)} kB sent`);
}

async function connected(store) {
    const cluster = await startCluster({ nodes: 1, store,
        config: { socketio: { pingInterval: 3600000 } } });
    const [server] = cluster.nodes;
    const members = cluster.keep(openMembers(server.port));
    try {
        await sample('the first 100', members, server, 1);
        const begin = Date.now();
        const before = cpuTime(server.pid);
        await members.join(SAMPLE + 1, count - SAMPLE, 32);
        const cpu = await idle(server.pid) - before;
        console.log(`  those between, 32 at once              ${((Date.now() - begin) / 1000)
            .toFixed(1)} s, ${(cpu / 1000).toFixed(1)} s of CPU`);
        await sample(`the last 100 of ${count}`, members, server, count - SAMPLE + 1);
        console.log(`  user_count ${(await get(server, `/channels/${ROOM}`)).json.user_count}, `
            + `dropped ${members.lost}`);
    } finally {
        await cluster.close();
    }
}

async function alone(store) {
    const cluster = await startCluster({ nodes: 1, store,
        config: { leaveGrace: 3600000, socketio: { pingInterval: 3600000 } } });
    const [server] = cluster.nodes;
    const before = openMembers(server.port);
    const members = cluster.keep(openMembers(server.port));
    try {
        for (let from = 1; from <= count - SAMPLE; from += 200) {
            await before.join(from, Math.min(from + 199, count - SAMPLE), 16);
            await before.close();
            before.closed = false;
        }
        await waitFor(async () => (await get(server, '/status')).json.subscription_count === 0);
        await sample('the last 100, nobody to be told', members, server, count - SAMPLE + 1);
    } finally {
        await cluster.close();
    }
}

for (const store of stores) {
    console.log(`${count} members, store ${store}`);
    await connected(store);
    await alone(store);
}
