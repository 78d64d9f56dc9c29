// SPDX-License-Identifier: MIT
// Presence as an application sees it: a back end that admits everybody as who
// they say, servers that share a Redis, and pages whose list of users is made
// of here, joining and leaving alone.

import { startBackend } from './backend.mjs';
import { openPage } from './echo.mjs';
import { redisConfig, startRedis, PREFIX } from './redis.mjs';
import { askServer, findReport, startServer, waitFor, SLOW, TIMEOUT } from './server.mjs';

export const ROOM = 'presence-room';

/** What the application says of user id. */
export const member = (id) => ({ user_id: id, user_info: { id, name: `User ${id}` } });

/** The headers of a page of user id, a number or a string. */
export const as = (id) => ({ 'X-User': encodeURIComponent(JSON.stringify(id)) });

/** The headers of a page whom the application answers with this body. */
export const answered = (body) => ({ 'X-Answer': encodeURIComponent(
    typeof body === 'string' ? body : JSON.stringify(body)) });

/** Who is named by as() is admitted as that user, who says answered() gets that, others 403. */
export function startMembers() {
    return startBackend(({ headers }) => {
        const body = headers['x-answer'];
        const user = headers['x-user'];
        if (body !== undefined) {
            return { body: decodeURIComponent(body) };
        }
        return user === undefined ? { status: 403 } : {
            body: JSON.stringify({ channel_data: member(JSON.parse(decodeURIComponent(user))) }),
        };
    });
}

/**
 * nodes: how many servers. config: of each. store: "redis", or "memory" for a
 * node alone. redisPort(redis, node): where that node finds Redis. adjust(config):
 * changes what points at it. redis: one that runs. Gives {nodes, redis, backend, page(), start(),
 * kill(), keep(), close()}.
 */
export async function startCluster({ nodes = 2, config = {}, store = 'redis', redisPort,
    adjust, redis } = {}) {
    const cluster = makeCluster(config);
    try {
        cluster.backend = cluster.under(await startMembers());
        if (store === 'redis') {
            cluster.redis = cluster.under(redis ?? await startRedis());
        }
        for (let i = 0; i < nodes; i++) {
            cluster.configs[i] = store === 'redis'
                ? redisConfig({ port: await redisPort?.(cluster.redis, i) ?? cluster.redis.port })
                : { database: 'sqlite', subscribers: { http: true, redis: false } };
            adjust?.(cluster.configs[i]);
            await cluster.start(i);
        }
        await cluster.redis?.awaitSubscriber(nodes);
        await introduced(cluster);
    } catch (error) {
        await cluster.close().catch(() => {});
        throw error;
    }
    return cluster;
}

function makeCluster(config) {
    const clients = [];
    const base = [];
    const keeper = (list) => (part) => {
        list.push(part);
        return part;
    };
    const cluster = {
        nodes: [],
        configs: [],
        /** Something with stop() or close() that ends before the servers. */
        keep: keeper(clients),
        /** Something that ends after them. */
        under: keeper(base),
        /** Starts node number, in the place and on the port of the one before. */
        async start(number) {
            cluster.nodes[number] = await startServer({ config: {
                ...cluster.configs[number], port: cluster.nodes[number]?.port,
                authHost: cluster.backend.url, authMaxRequests: 64, ...config,
            } });
            return cluster.nodes[number];
        },
        /** Ends node number without a word. */
        async kill(number) {
            const node = cluster.nodes[number];
            node.killed = true;
            await node.kill();
            const report = findReport(node.stderr());
            if (report) {
                throw new Error(`report of the killed server:\n${report}`);
            }
        },
        live: () => cluster.nodes.filter(({ killed }) => !killed),
        page: (node, user, options = {}) => openPage({
            url: cluster.nodes[node].url, ...options, headers: { ...as(user), ...options.headers },
        }).then(cluster.keep),
        /** Closes what is kept: a failed test leaves nothing to the next one. */
        async clear() {
            await Promise.all(clients.splice(0).map((part) => (part.stop ?? part.close).call(part)));
        },
        async close() {
            const failures = [];
            const parts = [...base.splice(0), ...cluster.live(), ...clients.splice(0)];
            for (const part of parts.reverse()) {
                await Promise.resolve((part.stop ?? part.close).call(part))
                    .catch((error) => failures.push(error));
            }
            if (failures.length) {
                throw failures[0];
            }
        },
    };
    return cluster;
}

/** Resolves when every node's answers for the cluster are those of all of them. */
async function introduced(cluster) {
    const count = cluster.nodes.length;
    if (count < 2) {
        return;
    }
    // A page on each node: the cluster's count tells which of them answered.
    const pages = await Promise.all(cluster.nodes.map(({ url }) => openPage({ url })));
    const all = async (node) => (await get(node, '/status?scope=cluster')).json
        .subscription_count >= count;
    for (const node of cluster.nodes) {
        await waitFor(() => all(node), 10000 * SLOW, 'the nodes to know each other');
    }
    pages.forEach((page) => page.close());
    for (const node of cluster.nodes) {
        await waitFor(async () => (await get(node, '/status')).json.subscription_count === 0,
            TIMEOUT, 'the pages to be gone');
    }
}

/** A GET of the HTTP API of a server: {status, headers, text, json}. */
export function get(server, path, { key = 'key', base = '/apps/app', ...options } = {}) {
    const keyed = key ? `${path}${path.includes('?') ? '&' : '?'}auth_key=${key}` : path;
    return askServer(server, { path: base + keyed, ms: 20000 * SLOW, ...options });
}

/** The ids of the users whom a server's API names, as it names them. */
export const users = async (server, channel = ROOM) =>
    (await get(server, `/channels/${channel}/users?scope=cluster`)).json.users.map(({ id }) => id);

/** The members in the key that applications read, or null: it is written some time after them. */
export const membersKey = async (redis, channel = ROOM) =>
    JSON.parse(await redis.command('GET', `${PREFIX}${channel}:members`));

/** The names of all keys that have to do with presence channels. */
export const presenceKeys = async (redis) =>
    (await redis.command('KEYS', '*')).filter((key) => key.includes('presence-'));

export const sorted = (ids) => [...ids].map(String).sort();

const same = (a, b) => a.length === b.length && a.every((one, i) => one === b[i]);

/**
 * Joins presence channel `presence-<name>` on page with Echo, and keeps the
 * list of users by its events alone, with what can not be: a user who joins
 * and is here, one who leaves and is not, one listed twice.
 */
export function follow(page, name = 'room') {
    const seen = { page, list: undefined, heres: 0, joined: [], left: [], faults: [] };
    const fault = (text) => seen.faults.push(`${text} [${sorted(seen.list ?? [])}]`);
    const live = (on) => (user) => {
        if (!seen.over && seen.list) {
            on(String(user.id));
        }
    };
    page.echo.join(name).here((infos) => {
        if (seen.over) {
            return;
        }
        const ids = infos.map(({ id }) => String(id));
        seen.list = new Set(ids);
        seen.heres++;
        if (seen.list.size !== ids.length) {
            fault(`here lists one twice: ${ids}`);
        }
    }).joining(live((id) => {
        seen.joined.push(id);
        if (seen.list.has(id)) {
            fault(`${id} joins twice`);
        }
        seen.list.add(id);
    })).leaving(live((id) => {
        seen.left.push(id);
        if (!seen.list.delete(id)) {
            fault(`${id} leaves and was not here`);
        }
    }));
    seen.here = (ms = TIMEOUT) => waitFor(() => seen.list, ms,
        `the list of ${name}; received ${JSON.stringify(page.received).slice(0, 1000)}`);
    seen.leave = () => {
        seen.over = true;
        page.echo.leave(name);
    };
    return seen;
}

/** A page that follows the room, once it is in it. */
export async function enter(cluster, node, user, options) {
    const page = await cluster.page(node, user, options);
    const seen = follow(page);
    seen.user = user;
    seen.id = String(user);
    await seen.here(20000 * SLOW);
    return seen;
}

/** Resolves when each follower's list is these ids; fails with who differs, or with faults. */
export async function agree(followers, ids, ms = TIMEOUT) {
    const truth = sorted(new Set([...ids].map(String)));
    const differ = () => followers.filter(({ list }) => !list || !same(sorted(list), truth));
    await waitFor(() => !differ().length, ms, '').catch(() => {
        throw new Error(`${differ().length} of ${followers.length} lists differ after ${ms} ms\n`
            + differ().slice(0, 4).map(({ page, list, id }) => `user ${id} on ${page.socket.io.uri}: `
                + `missing [${truth.filter((one) => !list?.has(one))}] `
                + `left over [${sorted(list ?? []).filter((one) => !truth.includes(one))}]`)
                .join('\n') + `\ntruth [${truth}]${faults(followers)}`);
    });
    if (faults(followers)) {
        throw new Error(faults(followers));
    }
}

function faults(followers) {
    return followers.flatMap(({ faults: of, id }) => of.map((text) => `\nseen by ${id}: ${text}`))
        .slice(0, 8).join('');
}

/** Resolves when API and Redis say that these are the users of the room. */
export async function recorded(cluster, ids, ms = 5000 * SLOW) {
    const truth = sorted(new Set([...ids].map(String)));
    let last;
    const says = async (source) => {
        last = sorted(new Set(await source()));
        return same(last, truth);
    };
    const expect = (what, source) => waitFor(() => says(source), ms, '').catch((error) => {
        throw new Error(`${what}: [${last}] is not [${truth}] ${error.message}`);
    });
    for (const node of cluster.live()) {
        await expect(`users at ${node.url}`, () => users(node));
    }
    if (cluster.redis) {
        await expect('the members key', async () =>
            (await membersKey(cluster.redis) ?? []).map(({ user_id: id }) => id));
    }
}
