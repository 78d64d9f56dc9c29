// SPDX-License-Identifier: MIT
// One run of the benchmark: what the workloads ask for (how many sockets, who,
// how often) and where their figures and losses go.

import { makeCerts } from '../../lib/certs.mjs';
import { Results } from './rounds.mjs';

/** In an answer, each of these is to be zero. */
const LOSSES = ['lost', 'gaps', 'misordered', 'malformed', 'deaf', 'refused'];
const METRICS = ['cpu_us_delivery', 'p50_us', 'p99_us'];
/** Peers in Node are far from the goals and slow to measure: fewer rounds for them. */
const PEER_ROUNDS = 3;
const SMOKE = 0.01;
/** Past this a slow machine gets FEW_ROUNDS of what is still to come. */
const HURRY_SECONDS = 14 * 60;
const FEW_ROUNDS = 3;

export class Session {
    /**
     * who: names of contenders; most: the largest number of sockets; against: another binary of
     * the server, measured beside it.
     */
    constructor({ who, most, rounds, smoke, against }) {
        this.results = new Results();
        this.losses = [];
        this.names = who;
        this.against = against;
        this.most = most;
        this.smoke = smoke;
        this.rounds = smoke ? 1 : rounds;
        this.peerRounds = Math.min(this.rounds, PEER_ROUNDS);
        this.scale = smoke ? SMOKE : 1;
        this.began = Date.now();
    }

    seconds() {
        return (Date.now() - this.began) / 1000;
    }

    progress(text) {
        console.error(`${this.seconds().toFixed(0).padStart(5)} s  ${text}`);
    }

    /** Of the contenders that a workload is for, those that were asked for. */
    who(names) {
        return names.filter((name) => this.names.includes(name));
    }

    /** What enters for one entry of a workload: none, itself, or itself and the other binary. */
    entries(entry) {
        const { name, how, label = name } = entry;
        if (!this.who([name]).length) {
            return [];
        }
        return name === 'ours' && this.against
            ? [entry, { ...entry, name: 'before', label: label.replace('ours', 'before'),
                how: { ...how, program: this.against } }]
            : [entry];
    }

    /** The sizes of a workload, as far as they were asked for; never none. */
    sizes(sizes) {
        if (this.smoke) {
            return sizes.map((size) => Math.max(2, Math.round(size * SMOKE)));
        }
        return sizes.map((size) => Math.min(size, this.most))
            .filter((size, i, all) => all.indexOf(size) === i || sizes.length < 3);
    }

    certs() {
        this.made ??= makeCerts();
        return this.made;
    }

    isLate(round) {
        return round >= FEW_ROUNDS && this.seconds() > HURRY_SECONDS;
    }

    /**
     * All contenders in turn, round after round; each round begins with another one. Peers in
     * Node take part in the first peerRounds.
     */
    async interleave(entered, visit, { peerRounds = this.peerRounds } = {}) {
        for (let round = 0; round < this.rounds && !this.isLate(round); round++) {
            for (let i = 0; i < entered.length; i++) {
                const contender = entered[(i + round) % entered.length];
                if (!contender.isNode || round < peerRounds) {
                    await visit(contender, round);
                }
            }
        }
    }

    /** Remembers what an answer says of losses. */
    check(answer, { name }, where = '') {
        for (const field of LOSSES.filter((loss) => answer[loss])) {
            this.losses.push(`${name} ${where} ${answer.command}: ${answer[field]} ${field}`);
        }
        return answer;
    }

    /** The figures of one answer; key: {workload, size, contender}. */
    note(key, variant, answer, round, metrics = METRICS) {
        this.check(answer, { name: key.contender }, `${key.workload} ${variant} ${key.size}`);
        for (const metric of metrics.filter((name) => answer[name] !== undefined)) {
            this.results.add({ ...key, variant, metric }, answer[metric], round);
        }
    }
}
