// SPDX-License-Identifier: MIT
// What was measured, a value a round, and what is made of it. A ratio is made
// round by round, so that a drift of the machine is in both of its sides.

export const channels = (count) =>
    (count === 1 ? '1 channel' : `${count.toLocaleString('en-US')} channels`);

export class Results {
    constructor(rows = []) {
        this.rows = rows;
    }

    /** key: {workload, variant, size, contender, metric}. */
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

/** The same of row divided by base. */
export function ratio(row, base) {
    const values = (row?.values ?? []).map((value, round) => value / base?.values[round])
        .filter(Number.isFinite);
    return values.length
        ? { median: middle(values), min: Math.min(...values), max: Math.max(...values) } : null;
}
