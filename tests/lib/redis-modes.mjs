// SPDX-License-Identifier: MIT
// Redis as operators run it: with TLS, users and a Unix socket; a master with
// a replica and sentinels; a cluster. Real processes, each with a port of its
// own, with limits short enough for a test to wait for a fail-over.

import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { PREFIX, startRedisProcess } from './redis.mjs';
import { freePort, tempDir, waitFor, SLOW } from './server.mjs';

const START = 10000 * SLOW;
const run = promisify(execFile);

/** What users under test may do, as docs/config.md recommends it. */
const GRANT = `~${PREFIX}* &${PREFIX}* &PresenceChannelUpdated +@all -@admin -@dangerous`;

/**
 * A Redis that speaks TLS alone, wants to see a certificate, and knows the
 * user "echo" with the password "tls secret"; at socket it is plain.
 */
export async function startSecureRedis(certs, { port, socket: given } = {}) {
    const onPort = port ?? await freePort();
    const socket = given ?? path.join(tempDir('echo-redis-socket-'), 'redis.sock');
    const redis = await startRedisProcess({
        port: onPort,
        where: socket,
        login: ['admin', 'admin secret'],
        lines: ['port 0', `tls-port ${onPort}`, `tls-cert-file ${certs.certPath}`,
            `tls-key-file ${certs.keyPath}`, `tls-ca-cert-file ${certs.caPath}`,
            `unixsocket ${socket}`, 'unixsocketperm 700',
            'user default off',
            'user admin on ">admin secret" ~* &* +@all',
            `user echo on ">tls secret" ${GRANT}`,
            'user mute on ">mute secret" ~* &* +@all -psubscribe'],
    });
    return { ...redis, socket };
}

/** A master, a replica, and three sentinels that call the master "shop". */
export async function startSentinels() {
    const parts = [];
    const password = 'data secret';
    const lines = [`requirepass "${password}"`, `masterauth "${password}"`,
        'repl-diskless-sync-delay 0', 'repl-ping-replica-period 1'];
    const data = async (more) => {
        const port = await freePort();
        const server = await startRedisProcess(
            { port, login: [password], lines: [`port ${port}`, ...lines, ...more] });
        parts.push(server);
        return server;
    };
    const master = await data([]);
    const replica = await data([`replicaof 127.0.0.1 ${master.port}`]);
    await waitFor(async () => (await replica.command('INFO', 'replication'))
        .includes('master_link_status:up'), START, 'the replica to follow');
    const sentinels = [];
    for (let i = 0; i < 3; i++) {
        sentinels.push(await startSentinel(master.port, password));
    }
    parts.push(...sentinels);
    for (const sentinel of sentinels) {
        await waitFor(async () => (await sentinel.command('INFO', 'sentinel'))
            .includes('status=ok') && await knowsAll(sentinel), START, 'the sentinels to meet');
    }
    return {
        master, replica, sentinels,
        stop: () => Promise.all(parts.splice(0).map((part) => part.stop())),
        /** The `databaseConfig.redis` of a server under test. */
        config: {
            name: 'shop', password, sentinelPassword: 'sentinel secret', keyPrefix: PREFIX,
            sentinels: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
        },
    };
}

async function knowsAll(sentinel) {
    const [master] = await sentinel.command('SENTINEL', 'MASTERS');
    const field = (name) => master[master.indexOf(name) + 1];
    return field('num-other-sentinels') === '2' && field('num-slaves') === '1';
}

async function startSentinel(masterPort, password) {
    const port = await freePort();
    return startRedisProcess({
        port,
        login: ['sentinel secret'],
        args: ['--sentinel'],
        lines: [`port ${port}`, 'requirepass "sentinel secret"',
            'sentinel sentinel-pass "sentinel secret"',
            `sentinel monitor shop 127.0.0.1 ${masterPort} 2`,
            `sentinel auth-pass shop "${password}"`,
            'sentinel down-after-milliseconds shop 1000', 'sentinel failover-timeout shop 5000'],
    });
}

/** Three masters and three replicas. */
export async function startRedisCluster() {
    const nodes = [];
    for (let i = 0; i < 6; i++) {
        const port = await freePort();
        const bus = await freePort();
        nodes.push(await startRedisProcess({ port, lines: [`port ${port}`, 'cluster-enabled yes',
            `cluster-port ${bus}`, 'cluster-config-file nodes.conf', 'cluster-node-timeout 2000',
            'cluster-replica-validity-factor 0', 'repl-diskless-sync-delay 0'] }));
    }
    await run('redis-cli', ['--cluster', 'create',
        ...nodes.map(({ port }) => `127.0.0.1:${port}`),
        '--cluster-replicas', '1', '--cluster-yes']);
    for (const node of nodes) {
        await waitFor(async () => (await node.command('CLUSTER', 'INFO'))
            .includes('cluster_state:ok'), START, 'the cluster to form');
    }
    const cluster = makeCluster(nodes);
    await waitFor(async () => (await cluster.slots()).every((range) => range.length > 3),
        START, 'the replicas to follow');
    return cluster;
}

function makeCluster(nodes) {
    const live = () => nodes.filter(({ dead }) => !dead);
    const at = (port) => nodes.find((node) => node.port === port);
    const cluster = {
        nodes, live,
        get port() { return live()[0].port; },
        slots: () => live()[0].command('CLUSTER', 'SLOTS'),
        /** Goes where it is sent to. */
        async command(...args) {
            let node = live()[0];
            for (let hops = 0; hops < 5; hops++) {
                try {
                    return await node.command(...args);
                } catch (error) {
                    const [, port] = error.message.match(/^MOVED \d+ .*:(\d+)$/) ?? [];
                    if (!port) {
                        throw error;
                    }
                    node = at(Number(port));
                }
            }
            throw new Error(`${args} is sent in circles`);
        },
        publish: (...args) => live().at(-1).publish(...args),
        /** The master that a key is on. */
        async owner(key) {
            const slot = await live()[0].command('CLUSTER', 'KEYSLOT', key);
            const [, , master] = (await cluster.slots())
                .find(([first, last]) => first <= slot && slot <= last);
            return Object.assign(at(master[1]), { slot });
        },
        async masters() {
            return [...new Set((await cluster.slots()).map(([, , [, port]]) => at(port)))];
        },
        async awaitSubscriber(count = 1) {
            const seen = async () => {
                const lists = await Promise.all(
                    live().map((node) => node.command('CLIENT', 'LIST')));
                return lists.join('').match(/ psub=[1-9]/g)?.length ?? 0;
            };
            await waitFor(async () => await seen() >= count, START, 'pattern subscriptions');
        },
        async kill(node) {
            node.dead = true;
            await node.stop();
        },
        stop: () => Promise.all(live().map((node) => node.stop())),
    };
    return cluster;
}

/** Moves a slot, as redis-cli does; between(): when its keys are on the other node already. */
export async function moveSlot(cluster, slot, from, to, between) {
    const ids = new Map();
    for (const node of [from, to]) {
        ids.set(node, await node.command('CLUSTER', 'MYID'));
    }
    await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids.get(from));
    await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', ids.get(to));
    const keys = await from.command('CLUSTER', 'GETKEYSINSLOT', slot, 1000);
    await from.command('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...keys);
    await between();
    for (const node of [to, from, ...await cluster.masters()]) {
        await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', ids.get(to));
    }
}
