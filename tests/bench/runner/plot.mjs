// SPDX-License-Identifier: MIT
// Plots as SVG, by hand: lines over a number of sockets, and bars.

const WIDTH = 640;
const HEIGHT = 360;
const LEFT = 64;
const RIGHT = 170;
const TOP = 40;
const BOTTOM = 48;
const COLOURS = ['#777777', '#0b6e4f', '#c76b00', '#a4243b', '#345995', '#6a4c93'];
const FONT = 'font-family="sans-serif" font-size="12"';

const escape = (text) => String(text).replace(/&/g, '&amp;').replace(/</g, '&lt;');
const text = (x, y, value, more = '') =>
    `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escape(value)}</text>`;
const stroke = (x1, y1, x2, y2, colour) => `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" `
    + `x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="${colour}"/>`;

/** A round number of at least value, and a step that divides it into four to six. */
function axis(value) {
    const power = 10 ** Math.floor(Math.log10(value || 1));
    const step = [0.2, 0.25, 0.5, 1, 2].map((part) => part * power)
        .find((size) => Math.ceil(value / size) <= 6);
    return { top: Math.ceil(value / step) * step, step };
}

function frame({ title, unit, top, step, body }) {
    const bottom = HEIGHT - BOTTOM;
    const y = (value) => bottom - value / top * (bottom - TOP);
    const grid = [];
    for (let value = 0; value <= top * 1.0001; value += step) {
        grid.push(stroke(LEFT, y(value), WIDTH - RIGHT, y(value), '#dddddd'),
            text(LEFT - 6, y(value) + 4, Number(value.toPrecision(6)).toLocaleString('en-US'),
                'text-anchor="end"'));
    }
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" ${FONT}>`,
        `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
        text(LEFT, 20, title, 'font-weight="bold"'),
        text(LEFT, 34, unit, 'fill="#555555"'),
        ...grid, ...body(y), '</svg>', '',
    ].join('\n');
}

/** The names at the ends of lines, moved apart where they would cover each other. */
function names(series, y) {
    const ends = series.map(({ name, colour, points }) => ({
        name, colour: COLOURS[colour], at: y(points.at(-1).value),
    })).sort((a, b) => b.at - a.at);
    for (let i = 1; i < ends.length; i++) {
        ends[i].at = Math.min(ends[i].at, ends[i - 1].at - 14);
    }
    return ends.map(({ name, colour, at }) =>
        text(WIDTH - RIGHT + 8, at + 4, name, `fill="${colour}"`));
}

/** series: [{name, colour, points: [{x, value, min, max}]}]; x is drawn from zero on. */
export function lines({ title, unit, xName, series }) {
    const all = series.flatMap(({ points }) => points);
    const most = Math.max(...all.map(({ x }) => x));
    const { top, step } = axis(Math.max(...all.map(({ value, max }) => Math.max(value, max ?? 0))));
    const x = (value) => LEFT + value / most * (WIDTH - LEFT - RIGHT);
    return frame({ title, unit, top, step, body: (y) => [
        ...[...new Set(all.map((point) => point.x))].map((value) => text(x(value),
            HEIGHT - BOTTOM + 18, value.toLocaleString('en-US'), 'text-anchor="middle"')),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, xName, 'text-anchor="middle"'),
        ...series.flatMap(({ points, colour: number }) => {
            const colour = COLOURS[number];
            const path = points.map((p) => `${x(p.x).toFixed(1)},${y(p.value).toFixed(1)}`);
            return [
                `<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" `
                    + 'stroke-width="2"/>',
                ...points.filter(({ min }) => min !== undefined).map((p) =>
                    stroke(x(p.x), y(p.min), x(p.x), y(p.max), colour)),
            ];
        }),
        ...names(series, y),
    ] });
}

/** groups: [{name, bars: [{name, value}]}]; the same names in each group. */
export function bars({ title, unit, groups }) {
    const legend = [...new Set(groups.flatMap((group) => group.bars.map(({ name }) => name)))];
    const { top, step } = axis(Math.max(...groups.flatMap((group) =>
        group.bars.map(({ value }) => value))));
    const room = (WIDTH - LEFT - RIGHT) / groups.length;
    const width = room * 0.8 / legend.length;
    return frame({ title, unit, top, step, body: (y) => [
        ...groups.flatMap((group, g) => [
            text(LEFT + room * (g + 0.5), HEIGHT - BOTTOM + 18, group.name,
                'text-anchor="middle"'),
            ...group.bars.map(({ name, value }) => {
                const at = LEFT + room * (g + 0.1) + width * legend.indexOf(name);
                return `<rect x="${at.toFixed(1)}" y="${y(value).toFixed(1)}" `
                    + `width="${(width * 0.9).toFixed(1)}" height="${(y(0) - y(value)).toFixed(1)}" `
                    + `fill="${COLOURS[legend.indexOf(name) % COLOURS.length]}"/>`;
            }),
        ]),
        ...legend.map((name, i) => text(WIDTH - RIGHT + 8, TOP + 14 + 16 * i, name,
            `fill="${COLOURS[i % COLOURS.length]}"`)),
    ] });
}
