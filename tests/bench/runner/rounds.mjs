// SPDX-License-Identifier: MIT
// Rounds: all contenders, one after the other, again and again, so that what
// the machine does meanwhile happens to all of them; and what was measured.

/** Values of rounds; a round in which something was lost says so. */
export class Results {
    constructor() {
        this.rows = [];
    }

    /** key: {workload, variant, size, contender, metric}; lost is counted, never hidden. */
    add(key, value, round = 0) {
        const row = this.find(key) ?? this.rows[this.rows.push({ ...key, values: [] }) - 1];
        row.values[round] = value;
        return value;
    }

    find({ workload, variant, size, contender, metric }) {
        return this.rows.find((row) => row.workload === workload && row.variant === variant
            && row.size === size && row.contender === contender && row.metric === metric);
    }
}

export const middle = (values) => {
    const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
    const half = sorted.length >> 1;
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

/** {median, min, max} of a row, or null. */
export function summary(row) {
    const values = row?.values.filter((value) => value !== undefined) ?? [];
    return values.length
        ? { median: middle(values), min: Math.min(...values), max: Math.max(...values) } : null;
}

/** Round by round, so that a drift of the machine is in both. */
export function ratio(row, base) {
    const values = (row?.values ?? []).map((value, round) => value / base?.values[round])
        .filter(Number.isFinite);
    return values.length
        ? { median: middle(values), min: Math.min(...values), max: Math.max(...values) } : null;
}

/** Each round begins with another one. visit(contender, round) is awaited. */
export async function interleave(entered, rounds, visit) {
    for (let round = 0; round < rounds; round++) {
        for (let i = 0; i < entered.length; i++) {
            await visit(entered[(i + round) % entered.length], round);
        }
    }
}
