// SPDX-License-Identifier: MIT
// The shape of the tree in figures, and what of it is a rule: node structure.mjs BUILD_FOLDER [--check].
//
// A module is a .c file with its headers. Calls among the modules of a folder are read from the
// objects that were built, so a type that two of them share is no circle, and a call is one.
// --check fails on a circle and on a folder with too many modules; what stands below is excepted.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULES_MAX = 14;

/** Folders that may be fuller, and circles that may stay, each with its reason. */
const FULLER = {
    server: 'puts all other folders together; its modules share nothing but that',
};
const CIRCLES = {
};

const checkout = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const [build, mode] = process.argv.slice(2);
if (!build) {
    console.error('usage: structure.mjs BUILD_FOLDER [--check]');
    process.exit(2);
}

const text = (file) => fs.readFileSync(path.join(checkout, file), 'utf8');
const lines = (file) => text(file).split('\n').length - 1;
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'src',
    'include'], { cwd: checkout, encoding: 'utf8' }).split('\n')
    .filter((file) => /\.[ch]$/.test(file) && fs.existsSync(path.join(checkout, file)));
const sources = files.filter((file) => file.endsWith('.c'));
const folders = [...new Set(sources.map((file) => file.split('/')[1]))]
    .filter((name) => !name.endsWith('.c')).sort();

/** Module -> the modules of its folder that it calls. */
function calls(folder) {
    const archive = path.join(build, `lib${folder}.a`);
    const listed = execFileSync('nm', ['-A', archive], { encoding: 'utf8', maxBuffer: 1 << 28 });
    const definedIn = new Map();
    const wanted = [];
    for (const line of listed.split('\n')) {
        const [, module, kind, symbol] =
            line.match(/:([a-z0-9_]+)\.c\.o:[0-9a-f ]* ([A-Za-z]) (\S+)$/) ?? [];
        if (kind === 'U') {
            wanted.push([module, symbol]);
        } else if (kind && kind === kind.toUpperCase()) {
            definedIn.set(symbol, module);
        }
    }
    const graph = new Map();
    for (const [module, symbol] of wanted) {
        const owner = definedIn.get(symbol);
        if (owner && owner !== module) {
            graph.set(module, (graph.get(module) ?? new Set()).add(owner));
        }
    }
    return graph;
}

/** The strongly connected parts of more than one module (Tarjan, 1972). */
function circles(graph) {
    const number = new Map();
    const low = new Map();
    const stack = [];
    const found = [];
    const visit = (node) => {
        number.set(node, number.size);
        low.set(node, number.get(node));
        stack.push(node);
        for (const next of graph.get(node) ?? []) {
            if (!number.has(next)) {
                visit(next);
                low.set(node, Math.min(low.get(node), low.get(next)));
            } else if (stack.includes(next)) {
                low.set(node, Math.min(low.get(node), number.get(next)));
            }
        }
        if (low.get(node) === number.get(node)) {
            const part = stack.splice(stack.indexOf(node)).sort();
            if (part.length > 1) {
                found.push(part);
            }
        }
    };
    for (const node of graph.keys()) {
        if (!number.has(node)) {
            visit(node);
        }
    }
    return found;
}

/** Name and length of each function: its name stands in column one, its end is a brace there. */
function functions(file) {
    const all = text(file).split('\n');
    const found = [];
    for (let i = 0; i < all.length; i++) {
        const [, name] = all[i].match(/^([a-z_][a-z0-9_]*)\(/) ?? [];
        if (!name) {
            continue;
        }
        const open = all.findIndex((line, at) => at >= i && /^[{}]|;$/.test(line));
        if (open < 0 || all[open] !== '{') {
            continue;
        }
        const close = all.findIndex((line, at) => at > open && line.startsWith('}'));
        found.push({ name, length: close - open - 1, fixed: all[i - 1].startsWith('static') });
    }
    return found;
}

const occurrences = (content, word) => content.match(new RegExp(`\\b${word}\\b`, 'g')).length;
const quantile = (sorted, q) => sorted[Math.floor((sorted.length - 1) * q)];

const every = sources.flatMap((file) => functions(file).map((f) => ({ ...f, file })));
const lengths = every.map((f) => f.length).sort((a, b) => a - b);
const fixed = every.filter((f) => f.fixed);
const once = fixed.filter((f) => occurrences(text(f.file), f.name) === 2);
const total = files.reduce((sum, file) => sum + lines(file), 0);
const checks = sources.reduce((sum, file) => sum + (text(file).match(/\bENSURE\(/g) ?? []).length, 0);

console.log(`${total} lines, ${files.length} files, ${
    files.filter((file) => lines(file) <= 30).length} of 30 lines or less`);
console.log(`${every.length} functions: median ${quantile(lengths, 0.5)}, p90 ${
    quantile(lengths, 0.9)}, longest ${lengths.at(-1)} lines; ${once.length} of ${
    fixed.length} static ones are named at one place`);
console.log(`${(checks * 1000 / total).toFixed(1)} ENSURE a thousand lines`);

let wrong = false;
for (const folder of folders) {
    const modules = sources.filter((file) => file.split('/')[1] === folder);
    const knots = circles(calls(folder));
    const size = modules.reduce((sum, file) => sum + lines(file), 0);
    console.log(`${folder.padEnd(10)} ${String(modules.length).padStart(3)} modules ${
        String(size).padStart(6)} lines${knots.map((knot) => `  circle: ${knot.join(' ')}`).join('')}`);
    if (modules.length > MODULES_MAX && !FULLER[folder]) {
        console.log(`    src/${folder} has more than ${MODULES_MAX} modules`);
        wrong = true;
    }
    for (const knot of knots.filter((each) => !CIRCLES[each.join(' ')])) {
        console.log(`    these call each other in a circle: ${knot.join(' ')}`);
        wrong = true;
    }
}
process.exit(mode === '--check' && wrong ? 1 : 0);
