import fs from 'node:fs';
import path from 'node:path';
import { ratio, summary } from './rounds.mjs';
export function writeResults(run, { folder }) {
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'results.json'), JSON.stringify({ rows: run.results.rows, losses: run.losses }, null, 1));
    for (const row of run.results.rows) {
        const floor = run.results.find({ ...row, contender: 'floor' });
        const times = row.contender === 'floor' ? null : ratio(row, floor);
        const { median, min, max } = summary(row);
        const of = (x) => x.toFixed(2).padStart(9);
        console.log(`${row.workload.padEnd(12)} ${row.variant.padEnd(10)} ${String(row.size).padStart(6)}`
            + ` ${row.contender.padEnd(9)} ${row.metric.padEnd(20)} ${of(median)} (${of(min)} -${of(max)})`
            + `${times ? ` x${times.median.toFixed(2)}` : ''}`);
    }
    console.log(run.losses.length ? run.losses.join('\n') : 'nothing lost');
}
