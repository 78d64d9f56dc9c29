// SPDX-License-Identifier: MIT
// Tables in Markdown: the goals, and every figure of a run.

import { contenders } from './contenders.mjs';
import { ratio, summary } from './rounds.mjs';

const LABELS = {
    ...Object.fromEntries(Object.entries(contenders).map(([name, { title }]) => [name, title])),
    'ours-2': 'echo-server, 2 workers',
    'ours-deflate': 'echo-server, compressed',
};

/** Three digits are more than such a machine is good for. */
export function number(value) {
    if (Math.abs(value) >= 100) {
        return Math.round(value).toLocaleString('en-US');
    }
    return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

const figure = (s) => (s ? `${number(s.median)} (${number(s.min)}-${number(s.max)})` : '');

const line = (cells) => `| ${cells.join(' | ')} |`;

const table = (head, rows) => [
    line(head), line(head.map(() => '---')), ...rows.map(line),
].join('\n');

const verdict = { true: 'yes', false: '**no**', null: 'not measured' };

export function goalTable(goals) {
    return table(
        ['what', 'floor', 'echo-server', 'socket.io 4', 'laravel-echo-server',
            'uWebSockets (quoted)', 'compared', 'goal', 'reached'],
        goals.map((goal) => [
            goal.unit ? `${goal.what} (${goal.unit})` : goal.what,
            figure(goal.floor), figure(goal.ours),
            figure(goal.peers.socketio), figure(goal.peers.echo), goal.quoted ?? '',
            goal.isRatio && goal.figure ? `${goal.figure.median.toFixed(2)} x` : '',
            goal.goal, verdict[goal.reached],
        ]));
}

/** A cost over this times the other binary's is worse, and not the machine's noise. */
const WORSE = 1.1;
const COSTS = ['cpu_us_delivery', 'cpu_us_client', 'cpu_us_event', 'bytes_client'];

/** What one binary of the server costs beside the other: each row of ours that has a row of before. */
export function againstTable(results) {
    const lines = results.rows
        .filter(({ contender, metric }) => contender.startsWith('ours') && COSTS.includes(metric))
        .map((row) => [row, results.find(
            { ...row, contender: row.contender.replace('ours', 'before') })])
        .filter(([, before]) => before);
    return table(['workload', 'form', 'sockets', 'figure', 'before', 'now', 'compared', 'no worse'],
        lines.map(([row, before]) => {
            const { median } = ratio(row, before);
            return [row.workload, row.variant, row.size.toLocaleString('en-US'),
                METRICS[row.metric], figure(summary(before)), figure(summary(row)),
                `${median.toFixed(2)} x`, verdict[median <= WORSE]];
        }));
}

const METRICS = {
    cpu_us_delivery: 'CPU a delivery, us',
    cpu_us_client: 'CPU a client, us',
    cpu_us_event: 'CPU an event, us',
    cpu_us_told: 'CPU a member told, us',
    p50_us: 'p50 latency, us',
    p99_us: 'p99 latency, us',
    p999_us: 'p99.9 latency, us',
    most_us: 'highest latency, us',
    join_p50_us: 'p50 until joined, us',
    join_p99_us: 'p99 until joined, us',
    wall_us: 'until all were done, us',
    quiet_us: 'until the server was quiet, us',
    drain_us: 'until the last byte was written, us',
    bytes_client: 'PSS a client, bytes',
    kernel_bytes_client: 'kernel socket memory a client, bytes',
    openssl_bytes_client: 'held by OpenSSL a client, bytes',
    failed: 'handshakes repeated',
    resumed: 'sessions resumed',
    stopped: 'clients that stopped reading',
    cut: 'of them cut with the reason "slow"',
    memory_growth: 'growth of the server meanwhile, bytes',
    memory_limit: 'limit of their queues, bytes',
};

/** One line a workload, variant, size and metric; a column a contender. */
export function figureTable(rows) {
    const names = Object.keys(LABELS).filter((name) =>
        rows.some(({ contender }) => contender === name));
    const lines = new Map();
    for (const row of rows) {
        const { workload, variant, size, metric } = row;
        const key = [workload, variant, size.toLocaleString('en-US'), METRICS[metric] ?? metric];
        const cells = lines.get(key.join()) ?? { key, by: {} };
        cells.by[row.contender] = figure(summary(row));
        lines.set(key.join(), cells);
    }
    return table(['workload', 'form', 'sockets', 'figure', ...names.map((name) => LABELS[name])],
        [...lines.values()].map(({ key, by }) => [...key, ...names.map((name) => by[name] ?? '')]));
}

export const label = (contender) => LABELS[contender] ?? contender;
