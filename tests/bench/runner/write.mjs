// SPDX-License-Identifier: MIT
// A run's results as files: results.json, results.md and the plots; and from
// there into docs/performance.md, between two marks.

import fs from 'node:fs';
import path from 'node:path';
import { checkout } from '../../lib/server.mjs';
import { goalsOf } from './goals.mjs';
import { machine } from './machine.mjs';
import { plotsOf } from './plots.mjs';
import { Results } from './rounds.mjs';
import { figureTable, goalTable } from './table.mjs';

const PAGE = path.join(checkout, 'docs/performance.md');
const PLOTS = path.join(checkout, 'docs/performance');
const BEGIN = '<!-- results: written by sh tests/bench/run.sh --docs -->';
const END = '<!-- end of results -->';

function page({ run, results, goals, losses }, plotFolder) {
    return [
        `${run.rounds} rounds in ${Math.round(run.seconds / 60)} minutes, with \`${run.command}\`. `
            + 'A figure is the median of the rounds, with the lowest and the highest.',
        '', '| | |', '|---|---|',
        ...Object.entries(run.machine).map(([name, value]) => `| ${name} | ${value} |`),
        '', losses.length ? `Lost or out of order: ${losses.join('; ')}.`
            : 'No event was lost, and none came out of order.',
        '', '### Goals', '', goalTable(goals),
        '', '### Growth', '',
        ...Object.keys(plotsOf(results)).map((name) => `![${name}](${plotFolder}${name}.svg)`),
        '', '### Every figure', '', figureTable(results.rows), '',
    ].join('\n');
}

function writePlots(results, folder) {
    fs.mkdirSync(folder, { recursive: true });
    for (const [name, svg] of Object.entries(plotsOf(results))) {
        fs.writeFileSync(path.join(folder, `${name}.svg`), svg);
    }
}

/** The results of a session into folder; gives the goals. */
export function writeResults(session, { folder, command }) {
    const { results, losses } = session;
    const goals = goalsOf(results);
    const run = { machine: machine(), rounds: session.rounds, seconds: session.seconds(), command };
    writePlots(results, folder);
    fs.writeFileSync(path.join(folder, 'results.json'),
        `${JSON.stringify({ run, losses, goals, rows: results.rows }, null, 1)}\n`);
    fs.writeFileSync(path.join(folder, 'results.md'), page({ run, results, goals, losses }, ''));
    return goals;
}

/** What writeResults left in folder, into the documentation. */
export function writeDocs(folder) {
    const { run, losses, goals, rows } = JSON.parse(
        fs.readFileSync(path.join(folder, 'results.json'), 'utf8'));
    const results = new Results(rows);
    const text = fs.readFileSync(PAGE, 'utf8');
    const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
    if (begin < 0 || end < begin) {
        throw new Error(`${PAGE} has no line "${BEGIN}" before "${END}"`);
    }
    writePlots(results, PLOTS);
    fs.writeFileSync(PAGE, `${text.slice(0, begin)}${BEGIN}\n\n`
        + `${page({ run, results, goals, losses }, 'performance/')}\n${text.slice(end)}`);
}
