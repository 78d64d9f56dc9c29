// SPDX-License-Identifier: MIT
// Memory and descriptors of a process, every second.

import fs from 'node:fs';

function measure(pid) {
    const [, kilobytes] = fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+)/m);
    return { memory: Number(kilobytes) * 1024, descriptors: fs.readdirSync(`/proc/${pid}/fd`).length };
}

export function startGauge(pid) {
    const samples = [];
    const timer = setInterval(() => {
        try {
            samples.push(measure(pid));
        } catch {
            clearInterval(timer); // the process is gone, and whoever waits for it will say so
        }
    }, 1000);
    timer.unref();
    return {
        now: () => measure(pid),
        last: () => samples.at(-1),
        /** The memory in one of four parts of the time so far. */
        quarter: (n) => samples.slice(Math.floor(samples.length * n / 4), Math.ceil(samples.length * (n + 1) / 4))
            .map(({ memory }) => memory),
    };
}

export const medianOf = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
