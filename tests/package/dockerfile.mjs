// SPDX-License-Identifier: MIT
// What an engine does with a Dockerfile, in a folder that holds the root of its FROM already:
//
//   dockerfile.mjs build DOCKERFILE CONTEXT ROOT    COPY and RUN
//   dockerfile.mjs run DOCKERFILE ROOT              exec ENTRYPOINT with CMD
//   dockerfile.mjs health DOCKERFILE ROOT           the exit status of HEALTHCHECK
//   dockerfile.mjs volumes DOCKERFILE               a line each
//
// It knows the instructions that config/Dockerfile uses, and fails on any other. Variables of its
// own environment whose names begin with LARAVEL_ECHO_SERVER_ are those of `docker run -e`.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const [action, dockerfile, ...rest] = process.argv.slice(2);
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function parse(text) {
    return text.replace(/^\s*#.*\n/gm, '').replace(/\\\n/g, ' ').split('\n')
        .map((line) => line.trim()).filter(Boolean)
        .map((line) => {
            const [, name, value] = line.match(/^([A-Z]+)\s+(.*)$/);
            return { name, value };
        });
}

const steps = parse(fs.readFileSync(dockerfile, 'utf8'));
const value = (name) => steps.findLast((step) => step.name === name)?.value;
const words = (name) => JSON.parse(value(name).replace(/^.*?CMD\s+(?=\[)/, ''));

function env() {
    const result = { PATH };
    for (const step of steps.filter(({ name }) => name === 'ENV')) {
        const [, name, text] = step.value.match(/^(\w+)=(\S+)$/);
        result[name] = text;
    }
    for (const [name, text] of Object.entries(process.env)) {
        if (name.startsWith('LARAVEL_ECHO_SERVER_')) {
            result[name] = text;
        }
    }
    return result;
}

/** The numbers of USER by the root's own list. */
function user(root) {
    const line = fs.readFileSync(path.join(root, 'etc/passwd'), 'utf8').split('\n')
        .find((entry) => entry.startsWith(`${value('USER')}:`));
    return line.split(':').slice(2, 4).join(':');
}

function inRoot(root, who, argv) {
    const { status, signal, error } = spawnSync('chroot',
        [...who ? [`--userspec=${who}`] : [], root, ...argv], { env: env(), stdio: 'inherit' });
    if (error || signal) {
        throw error ?? new Error(`${argv[0]} ended by ${signal}`);
    }
    return status;
}

const build = {
    FROM: () => {}, ENV: () => {}, VOLUME: () => {}, USER: () => {}, EXPOSE: () => {},
    HEALTHCHECK: () => {}, ENTRYPOINT: () => {}, CMD: () => {},
    COPY(text, context, root) {
        const [pattern, to] = text.split(/\s+/);
        const [before, after] = pattern.split('*');
        const found = fs.readdirSync(context)
            .filter((name) => name.startsWith(before) && name.endsWith(after));
        if (found.length === 0) {
            throw new Error(`COPY ${text}: there is none`);
        }
        for (const name of found) {
            fs.copyFileSync(path.join(context, name), path.join(root, to, name));
        }
    },
    RUN(text, context, root) {
        const status = inRoot(root, null, ['/bin/sh', '-c', text]);
        if (status !== 0) {
            throw new Error(`RUN ${text}: status ${status}`);
        }
    },
};

if (action === 'build') {
    const [context, root] = rest;
    for (const step of steps) {
        build[step.name](step.value, context, root);
    }
} else if (action === 'volumes') {
    console.log(steps.filter(({ name }) => name === 'VOLUME').map((s) => s.value).join('\n'));
} else if (action === 'run') {
    const argv = [...words('ENTRYPOINT'), ...words('CMD')];
    process.exitCode = inRoot(rest[0], user(rest[0]), argv);
} else if (action === 'health') {
    process.exitCode = inRoot(rest[0], user(rest[0]), words('HEALTHCHECK'));
} else {
    throw new Error(`unknown action ${action}`);
}
