// SPDX-License-Identifier: MIT
// laravel-echo-server's own command line, and terminals to sit at.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { checkout, waitFor, within, SLOW } from './server.mjs';

const reference = path.join(checkout,
    'tests/node_modules/laravel-echo-server/bin/server.js');

function start(command, args, cwd) {
    const child = spawn(command, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => { output += text; });
    }
    const ended = new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code) => resolve({ code, output }));
    });
    return { child, ended, output: () => output };
}

/**
 * Answers each question of `init` when it is asked; talk: [[part of the question, answer]].
 * Resolves with {code, output}.
 */
async function converse({ child, ended, output }, talk) {
    let at = 0;
    try {
        for (const [question, answer] of talk) {
            await waitFor(() => output().indexOf(question, at) >= 0, 20000 * SLOW,
                `"${question}" in\n${output()}`);
            at = output().indexOf(question, at) + question.length;
            child.stdin.write(`${answer}\n`);
        }
        return await within(ended, 20000 * SLOW, `the end of\n${output()}`);
    } finally {
        child.kill('SIGKILL');
    }
}

/** The document that laravel-echo-server writes after this talk. */
export async function referenceInit(dir, talk) {
    const { code, output } = await converse(
        start(process.execPath, [reference, 'init'], dir), talk);
    if (code !== 0) {
        throw new Error(`laravel-echo-server init ended with ${code}:\n${output}`);
    }
    return fs.readFileSync(path.join(dir, 'laravel-echo-server.json'), 'utf8');
}

/** command, a list of words, at a terminal of its own. */
export const atTerminal = (command, cwd, talk) => converse(
    start('script', ['-qec', command.map((word) => `'${word}'`).join(' '), '/dev/null'], cwd),
    talk);
