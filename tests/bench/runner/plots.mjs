// SPDX-License-Identifier: MIT
// Which figures of a run are drawn, as {name of the file: SVG}.

import { bars, lines } from './plot.mjs';
import { channels, ratio, summary } from './rounds.mjs';
import { label } from './table.mjs';

const ORDER = ['floor', 'ours', 'socketio', 'echo', 'ours-2', 'ours-deflate'];

function series(results, { workload, variant, metric }, contenders = ORDER) {
    return contenders.map((contender) => ({
        name: label(contender),
        colour: ORDER.indexOf(contender),
        points: results.rows
            .filter((row) => row.workload === workload && row.variant === variant
                && row.metric === metric && row.contender === contender)
            .map((row) => {
                const { median, min, max } = summary(row);
                return { x: row.size, value: median, min, max };
            }),
    })).filter(({ points }) => points.length);
}

function overFloor(results, workload, variants) {
    return variants.map((variant, i) => ({
        name: variant,
        colour: i + 1,
        points: results.rows
            .filter((row) => row.workload === workload && row.variant === variant
                && row.metric === 'cpu_us_delivery' && row.contender === 'ours')
            .map((row) => ({ row, times: ratio(row, results.find({ ...row, contender: 'floor' })) }))
            .filter(({ times }) => times)
            .map(({ row, times: { median, min, max } }) => ({ x: row.size, value: median, min, max })),
    })).filter(({ points }) => points.length);
}

/** A group for each of keys; contenders without a figure are left out. */
function grouped(results, keys) {
    return keys.map(({ name, ...key }) => ({
        name,
        bars: ORDER.map((contender) => ({
            name: label(contender), value: summary(results.find({ ...key, contender }))?.median,
        })).filter(({ value }) => value !== undefined),
    })).filter((group) => group.bars.length);
}

const at = (results, workload) => results.rows.filter((row) => row.workload === workload);
const sizesOf = (results, workload) => [...new Set(at(results, workload).map(({ size }) => size))];

export function plotsOf(results) {
    const us = 'server CPU, microseconds a delivery';
    const delivery = (title, workload, variant) => ({
        draw: lines, title, unit: us, xName: 'sockets in one channel',
        series: series(results, { workload, variant, metric: 'cpu_us_delivery' }),
    });
    const wanted = {
        'fanout-one': delivery('One event at a time', 'fanout', 'one'),
        'fanout-burst': delivery('Bursts of 20', 'fanout', 'burst 20'),
        'fanout-tls': delivery('One event at a time, over TLS', 'fanout-tls', 'one'),
        'over-floor': { draw: lines, title: 'Growth: cost over the floor',
            unit: 'server CPU of a delivery / the floor\'s', xName: 'sockets in one channel',
            series: overFloor(results, 'fanout', ['one', 'burst 20', 'burst 100']) },
        channels: { draw: bars, title: 'Growth: one event to one socket',
            unit: us, groups: grouped(results, sizesOf(results, 'single').map((size) => ({
                name: channels(size), workload: 'single', size,
                variant: 'paced', metric: 'cpu_us_delivery' }))) },
        memory: { draw: bars, title: 'An idle connection', unit: 'bytes of PSS',
            groups: grouped(results, ['memory', 'memory-tls'].flatMap((workload) =>
                sizesOf(results, workload).map((size) => ({
                    name: workload === 'memory' ? 'plain' : 'TLS', workload, size,
                    variant: 'idle', metric: 'bytes_client' })))) },
    };
    return Object.fromEntries(Object.entries(wanted)
        .filter(([, plot]) => (plot.series ?? plot.groups).length)
        .map(([name, { draw, ...plot }]) => [name, draw(plot)]));
}
