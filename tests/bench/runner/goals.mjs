// SPDX-License-Identifier: MIT
// The goals, and what of them a run has reached. A row names what it compares;
// limits are of the median. What was not measured in a run is "not measured",
// never left out.

import { channels, ratio, summary } from './rounds.mjs';

const PEERS = ['socketio', 'echo'];

/** What others measured with uWebSockets.js, which is not on npm. */
const QUOTED = {
    one: { 1000: '1.12 x', 5000: '1.29 x', 10000: '1.36 x' },
    burst: '1.4-1.6 x',
    memory: '0.5 KiB',
    connect: '18 us',
};

const thousands = (n) => n.toLocaleString('en-US');

class Goals {
    constructor(results) {
        this.results = results;
        this.rows = [];
    }

    row(key, contender, metric) {
        return this.results.find({ ...key, contender, metric });
    }

    /** The sizes at which workload was measured. */
    sizes(workload) {
        return [...new Set(this.results.rows.filter((row) => row.workload === workload)
            .map(({ size }) => size))];
    }

    /**
     * key: {workload, variant, size}; base: the row that ours is divided by, or null where the
     * goal is a plain figure; least: the limit is a lower one.
     */
    add({ what, unit, key, metric, ours = 'ours', base, limit, least, goal, quoted }) {
        const row = this.row(key, ours, metric);
        const figure = base === undefined ? summary(row) : ratio(row, base);
        const value = figure?.median;
        this.rows.push({
            what, unit, goal, quoted: quoted ?? null, figure,
            isRatio: base !== undefined,
            floor: summary(this.row(key, 'floor', metric)),
            ours: summary(row),
            peers: Object.fromEntries(
                PEERS.map((name) => [name, summary(this.row(key, name, metric))])),
            reached: value === undefined ? null : least ? value >= limit : value <= limit,
        });
    }

    /** A goal relative to the floor. */
    beside({ key, metric = 'cpu_us_delivery', ...rest }) {
        this.add({ ...rest, key, metric, base: this.row(key, 'floor', metric) ?? null });
    }
}

function delivery(goals, { workload, variant, what, limit, quoted }) {
    for (const size of goals.sizes(workload).filter((sockets) => sockets <= 10000)) {
        goals.beside({
            what: `${what}, ${thousands(size)} sockets: CPU a delivery`, unit: 'us',
            key: { workload, variant, size }, limit,
            goal: `<= ${limit.toFixed(2)} x floor`, quoted: quoted?.[size] ?? quoted?.all,
        });
    }
}

function memory(goals) {
    for (const size of goals.sizes('memory')) {
        goals.add({
            what: 'memory of an idle connection', unit: 'bytes', metric: 'bytes_client',
            key: { workload: 'memory', variant: 'idle', size }, limit: 1024,
            goal: '<= 1,024 bytes', quoted: QUOTED.memory,
        });
    }
    for (const size of goals.sizes('memory-tls')) {
        const key = { workload: 'memory-tls', variant: 'idle', size };
        const own = summary(goals.row(key, 'floor', 'openssl_bytes_client'))?.median;
        const limit = Math.round(own + 1536);
        goals.add({
            what: `... over TLS (OpenSSL's own: ${own ? thousands(Math.round(own)) : '?'} bytes)`,
            unit: 'bytes', key, metric: 'bytes_client', limit,
            goal: `<= ${own ? thousands(limit) : 'OpenSSL\'s own + 1,536'} bytes`,
        });
    }
}

function latency(goals) {
    for (const size of goals.sizes('latency')) {
        for (const [metric, limit] of [['p50_us', 2000], ['p99_us', 4000]]) {
            goals.add({
                what: `${metric.slice(0, 3)} latency, ${thousands(size)} subscribers x 50 events/s`,
                unit: 'us', key: { workload: 'latency', variant: '50 a second', size },
                metric, limit, goal: `<= ${thousands(limit)} us`,
            });
        }
    }
}

function connects(goals) {
    for (const size of goals.sizes('connect')) {
        goals.add({
            what: 'accept, connect and subscribe one client: CPU', unit: 'us',
            key: { workload: 'connect', variant: 'plain', size }, metric: 'cpu_us_client',
            limit: 25, goal: '<= 25 us', quoted: QUOTED.connect,
        });
    }
    for (const size of goals.sizes('connect-tls')) {
        for (const variant of ['full', 'resumed']) {
            goals.beside({
                what: `... over TLS, ${variant} handshake`, unit: 'us',
                key: { workload: 'connect-tls', variant, size }, metric: 'cpu_us_client',
                limit: 1.1, goal: '<= 1.10 x OpenSSL\'s own',
            });
        }
    }
}

function nobody(goals) {
    const sizes = goals.sizes('nobody');
    const key = (size) => ({ workload: 'nobody', variant: channels(size), size });
    for (const size of sizes) {
        goals.add({
            what: `an event nobody listens to, ${channels(size)}: CPU`, unit: 'us',
            key: key(size), metric: 'cpu_us_event', limit: 1.5, goal: '<= 1.5 us',
        });
    }
    if (sizes.length > 1) {
        goals.add({
            what: `... beside ${channels(sizes[0])}`, unit: 'us',
            key: key(sizes.at(-1)), metric: 'cpu_us_event',
            base: goals.row(key(sizes[0]), 'ours', 'cpu_us_event') ?? null, limit: 1.1,
            goal: 'the same (<= 1.10 x)',
        });
    }
}

function single(goals) {
    for (const size of goals.sizes('single')) {
        for (const [variant, pace] of [['one', 'one at a time'], ['paced', '5,000 a second']]) {
            goals.add({
                what: `one event to one socket, ${channels(size)}, ${pace}: CPU`, unit: 'us',
                key: { workload: 'single', variant, size },
                metric: 'cpu_us_delivery', limit: 12, goal: '<= 12 us',
            });
        }
    }
}

function deflate(goals) {
    for (const size of goals.sizes('deflate')) {
        const key = { workload: 'deflate', variant: '1024 bytes', size };
        goals.add({
            what: `compressed broadcast, 1 kB to ${thousands(size)}: CPU a delivery`, unit: 'us',
            key, metric: 'cpu_us_delivery', ours: 'ours-deflate',
            base: goals.row(key, 'ours', 'cpu_us_delivery') ?? null, limit: 1.3,
            goal: '<= 1.30 x uncompressed',
        });
    }
}

/** Faster is a smaller time, so the first worker's is divided by that of both. */
function workers(goals) {
    for (const size of goals.sizes('workers')) {
        const drain = { workload: 'workers', variant: 'drain 20', size };
        goals.add({
            what: 'second worker: time to drain a burst, one worker / two', unit: 'us',
            key: drain, metric: 'drain_us', base: goals.row(drain, 'ours-2', 'drain_us') ?? null,
            limit: 1.7, least: true, goal: '>= 1.70 x faster',
        });
        for (const variant of ['one', 'drain 20']) {
            const key = { workload: 'workers', variant, size };
            goals.add({
                what: `... CPU a delivery, ${variant}, two workers / one`, unit: 'us',
                key, metric: 'cpu_us_delivery', ours: 'ours-2',
                base: goals.row(key, 'ours', 'cpu_us_delivery') ?? null, limit: 1.1,
                goal: '<= 1.10 x one worker',
            });
        }
    }
}

/**
 * Ours over the floor at the largest size, divided by the same at the smallest. Rounds of two sizes
 * are minutes apart, so it is the medians that are divided.
 */
function growth(goals) {
    for (const [workload, variant, what] of [
        ['fanout', 'one', 'sockets, one at a time'],
        ['fanout', 'burst 20', 'sockets, bursts of 20'],
        ['single', 'paced', 'channels'],
    ]) {
        const sizes = goals.sizes(workload);
        if (sizes.length < 2) {
            continue;
        }
        const times = (size) => {
            const key = { workload, variant, size };
            return ratio(goals.row(key, 'ours', 'cpu_us_delivery'),
                goals.row(key, 'floor', 'cpu_us_delivery'))?.median;
        };
        const median = times(sizes.at(-1)) / times(sizes[0]);
        const figure = Number.isFinite(median) ? { median } : null;
        goals.rows.push({
            what: `growth from ${thousands(sizes[0])} to ${thousands(sizes.at(-1))} ${what}: `
                + 'cost over the floor',
            unit: '', goal: 'flat (<= 1.15 x)', quoted: null, figure, isRatio: true,
            floor: null, ours: null, peers: {},
            reached: figure ? figure.median <= 1.15 : null,
        });
    }
}

function slow(goals) {
    for (const size of goals.sizes('slow')) {
        const key = (variant) => ({ workload: 'slow', variant, size });
        const of = (metric) => goals.row(key('stopped'), 'ours', metric) ?? null;
        goals.add({
            what: 'slow readers: p99 of those who read, beside that when all read', unit: 'us',
            key: key('stopped'), metric: 'p99_us',
            base: goals.row(key('all read'), 'ours', 'p99_us') ?? null, limit: 1.2,
            goal: 'unharmed (<= 1.20 x)',
        });
        goals.add({
            what: '... the server\'s memory beside its limit', unit: 'bytes',
            key: key('stopped'), metric: 'memory_growth', base: of('memory_limit'), limit: 1,
            goal: 'below the limit',
        });
        goals.add({
            what: '... cut with the reason in the log', unit: 'clients',
            key: key('stopped'), metric: 'cut', base: of('stopped'), limit: 1, least: true,
            goal: 'all',
        });
    }
}

/** Rows of {what, unit, goal, floor, ours, peers, figure, isRatio, quoted, reached}. */
export function goalsOf(results) {
    const goals = new Goals(results);
    delivery(goals, { workload: 'fanout', variant: 'one', what: 'one at a time', limit: 1.1,
        quoted: QUOTED.one });
    delivery(goals, { workload: 'fanout', variant: 'burst 20', what: 'bursts of 20', limit: 1.3,
        quoted: { all: QUOTED.burst } });
    delivery(goals, { workload: 'fanout-tls', variant: 'one', what: 'over TLS, one at a time',
        limit: 1.15 });
    for (const part of [memory, latency, connects, nobody, single, deflate, workers, growth, slow]) {
        part(goals);
    }
    return goals.rows;
}
