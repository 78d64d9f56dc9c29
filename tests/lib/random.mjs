// SPDX-License-Identifier: MIT
// Chance that can be repeated: a run says its seed, and SEED=<it> gives the
// same numbers again.

import crypto from 'node:crypto';

const seed = Number(process.env.SEED) || crypto.randomInt(1, 2 ** 31);
let told = false;

/** What a failed run is repeated with; once, by the first number that is used. */
function tell() {
    if (!told) {
        console.log(`SEED=${seed}`);
    }
    told = true;
}

/** Numbers from 0 to below 1 (mulberry32). */
function sequence(state) {
    return () => {
        tell();
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), state | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

/**
 * Random numbers of name's own: what else a run does or leaves out changes
 * nothing about them.
 */
export function randomOf(name) {
    const next = sequence(crypto.createHash('sha1').update(`${seed} ${name}`).digest().readUInt32BE());
    const random = {
        fraction: next,
        below: (n) => Math.floor(next() * n),
        pick: (list) => list[random.below(list.length)],
        bytes: (count) => Buffer.from(Array.from({ length: count }, () => random.below(256))),
        shuffled(list) {
            const mixed = [...list];
            for (let i = mixed.length - 1; i > 0; i--) {
                const j = random.below(i + 1);
                [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
            }
            return mixed;
        },
        /** data with a few bytes changed, removed, repeated or inserted. */
        mutate(data) {
            let out = Buffer.from(data);
            for (let i = 0; i <= random.below(4); i += 1) {
                const at = random.below(out.length + 1);
                const cut = random.below(4);
                const insert = random.pick([random.bytes(random.below(4)), Buffer.alloc(0),
                    out.subarray(0, random.below(20)), Buffer.from(random.pick(
                        ['"', '{', '[', '\\', ',', '0', '\r\n', '\0', '9999', '-', '\u{1f600}', ':']))]);
                out = Buffer.concat([out.subarray(0, at), insert, out.subarray(at + cut)]);
            }
            return out;
        },
    };
    return random;
}
