// SPDX-License-Identifier: MIT
// Which server `stop`, `status` and `reload` mean, what they say of it, and
// where a file that names a process is not believed.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { openPage } from '../lib/echo.mjs';
import {
    binary, findReport, freePort, runServer, startServer, tempDir, waitFor, within, SLOW,
} from '../lib/server.mjs';

const LONG = 20000 * SLOW;
const left = [];
afterEach(async () => {
    for (const server of left.splice(0)) {
        if (server.alive()) {
            await server.stop();
        }
    }
});

const run = (args, cwd) => runServer(args, { cwd, ms: LONG });

const base = { host: '127.0.0.1', subscribers: { http: true, redis: false } };

async function write(folder, name, config = {}) {
    const full = { ...base, port: await freePort(), ...config };
    fs.writeFileSync(path.join(folder, name), JSON.stringify(full));
    return full;
}

/** The server of folder/name; program: what it is called as. */
async function begin(folder, name, program = binary) {
    const args = name ? [`--config=${name}`] : [];
    const child = spawn(program, ['start', ...args], { cwd: folder });
    const server = { pid: child.pid, output: '', alive: () => child.exitCode === null
        && child.signalCode === null };
    for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => { server.output += text; });
    }
    server.exited = new Promise((resolve) => {
        child.once('close', (code, signal) => resolve({ code, signal }));
    });
    server.stop = async () => {
        child.kill('SIGTERM');
        const end = await within(server.exited, LONG, 'a server to end');
        assert.equal(findReport(server.output), null);
        return end;
    };
    left.push(server);
    await waitFor(() => {
        assert.ok(server.alive(), server.output);
        return server.output.includes('Server ready!');
    }, LONG, 'Server ready!');
    return server;
}

const ended = (server) => within(server.exited, LONG, 'the end').then(({ code }) => code);

describe('without --config', () => {
    test('the server of the default configuration is meant', async () => {
        const folder = tempDir();
        await write(folder, 'echo-server.json');
        await write(folder, 'echo-server.production.json');
        const one = await begin(folder, 'echo-server.json');
        const other = await begin(folder, 'echo-server.production.json');
        const end = await run(['stop'], folder);
        assert.equal(end.code, 0, end.stderr);
        assert.match(end.stdout, new RegExp(`echo-server\\.json, process ${one.pid}\\b`));
        assert.equal(await ended(one), 0);
        assert.ok(other.alive());
    });

    test('else the only one whose lock lies in the folder, by whatever name', async () => {
        const folder = tempDir();
        await write(folder, 'echo-server.json');
        await write(folder, 'sockets.json');
        fs.writeFileSync(path.join(folder, 'composer.json'), '{}');
        fs.writeFileSync(path.join(folder, 'composer.lock'), '{"packages": []}');
        const server = await begin(folder, 'sockets.json');
        const end = await run(['stop'], folder);
        assert.equal(end.code, 0, end.stderr);
        assert.match(end.stdout, new RegExp(`sockets\\.json, process ${server.pid}\\b`));
        assert.equal(await ended(server), 0);
    });

    test('two of them are named, and neither is ended', async () => {
        const folder = tempDir();
        await write(folder, 'echo-server.one.json');
        await write(folder, 'echo-server.two.json');
        const servers = [await begin(folder, 'echo-server.one.json'),
            await begin(folder, 'echo-server.two.json')];
        const end = await run(['stop'], folder);
        assert.equal(end.code, 1);
        for (const [i, name] of ['one', 'two'].entries()) {
            assert.match(end.stderr,
                new RegExp(`echo-server\\.${name}\\.json: process ${servers[i].pid}\\b`));
            assert.ok(servers[i].alive());
        }
    });

    test('from a new release folder it is the one at that port under that name', async () => {
        const [one, two, site] = [tempDir(), tempDir(), tempDir()];
        const config = await write(one, 'echo-server.production.json');
        await write(two, 'echo-server.production.json', config);
        await write(site, 'laravel-echo-server.staging.json', config);
        const server = await begin(one, 'echo-server.production.json');
        assert.match((await run(['stop'], site)).stdout, /No server/);
        assert.match((await run(['stop'], tempDir())).stdout, /No server/);
        assert.ok(server.alive());
        const end = await run(['stop'], two);
        assert.match(end.stdout, new RegExp(`process ${server.pid}\\b`));
        assert.equal(await ended(server), 0);
    });
});

describe('status', () => {
    test('tells of the running server', async () => {
        const folder = fs.realpathSync(tempDir());
        const config = await write(folder, 'echo-server.json');
        const server = await begin(folder);
        const page = await openPage({ url: `http://127.0.0.1:${config.port}` });
        const status = await run(['status'], folder);
        page.close();
        assert.equal(status.code, 0, status.stderr);
        assert.match(status.stdout, /connections +1\n/);
        const version = (await run(['--version'])).stdout.trim();
        for (const fact of [`process ${server.pid}.`, 'ready', version, 'uptime',
            path.join(folder, 'echo-server.json'), `127.0.0.1 port ${config.port}`]) {
            assert.ok(status.stdout.includes(fact), `${fact} in ${status.stdout}`);
        }
        await server.stop();
        const without = await run(['status'], folder);
        assert.equal(without.code, 3);
        assert.match(without.stdout, /No server is running/);
    });

    test('tells of a start that failed in the background, until one succeeds', async () => {
        const folder = tempDir();
        const config = await write(folder, 'echo-server.json', { port: 'none' });
        execFileSync('sh', ['-c', `"${binary}" start > /dev/null 2>&1 || :`], { cwd: folder });
        let status = await run(['status'], folder);
        assert.equal(status.code, 3);
        assert.match(status.stdout, /last start of .*echo-server\.json failed at 20\d\d-/);
        assert.match(status.stdout, /port.*none/);
        await write(folder, 'echo-server.json', { ...config, port: await freePort() });
        const server = await begin(folder);
        status = await run(['status'], folder);
        assert.doesNotMatch(status.stdout, /failed/);
        assert.ok(server.alive());
        await server.stop();
        assert.deepEqual(fs.readdirSync(folder), ['echo-server.json']);
    });
});

describe('reload', () => {
    test('tells the server that stop would end, which goes on', async () => {
        const folder = tempDir();
        await write(folder, 'echo-server.json');
        const server = await begin(folder);
        const end = await run(['reload'], folder);
        assert.equal(end.code, 0, end.stderr);
        assert.match(end.stdout, new RegExp(`process ${server.pid}\\b`));
        await waitFor(() => /SIGHUP|reload/i.test(server.output), LONG, 'the server to notice');
        assert.equal((await run(['status'], folder)).code, 0);
        assert.ok(server.alive());
    });
});

describe('stop', () => {
    test('kills a server that does not end in time, and says so', async () => {
        const server = await startServer({ config: { shutdownTimeout: 0 } });
        server.signal('SIGSTOP');
        const end = await run(['stop', `--config=${server.configPath}`]);
        assert.equal(end.code, 0, end.stderr);
        assert.match(end.stdout, new RegExp(`Killed .*process ${server.pid}\\b`));
        assert.deepEqual(await within(server.exited), { code: null, signal: 'SIGKILL' });
    });

    test('twice at once ends the server once, and both say so', async () => {
        const server = await startServer();
        const ends = await Promise.all(
            [1, 2, 3].map(() => run(['stop', `--config=${server.configPath}`])));
        ends.forEach(({ code, stderr }) => assert.equal(code, 0, stderr));
        assert.deepEqual(await within(server.exited), { code: 0, signal: null });
    });
});

describe('under the name laravel-echo-server', () => {
    test('it behaves the same', async () => {
        const folder = tempDir();
        const name = path.join(folder, 'laravel-echo-server');
        fs.symlinkSync(binary, name);
        await write(folder, 'laravel-echo-server.json');
        const server = await begin(folder, null, name);
        assert.ok(fs.existsSync(path.join(folder, 'laravel-echo-server.lock')));
        execFileSync(name, ['stop'], { cwd: folder });
        assert.equal(await ended(server), 0);
    });
});

/** Why there are no PID namespaces here, or null. */
function noNamespaces() {
    try {
        execFileSync('unshare', ['--pid', '--fork', '--mount-proc', 'true'], { stdio: 'pipe' });
        return null;
    } catch (error) {
        return `unshare: ${String(error.stderr ?? error.message).trim()}`;
    }
}

describe('in a container', { skip: noNamespaces() ?? false }, () => {
    /** script is PID 1; gives its output once it has printed "Server ready!". */
    async function contain(folder, script) {
        const child = spawn('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc',
            'sh', '-c', script], { cwd: folder });
        let output = '';
        for (const stream of [child.stdout, child.stderr]) {
            stream.setEncoding('utf8').on('data', (text) => { output += text; });
        }
        const exited = new Promise((resolve) => {
            child.once('close', (code) => resolve(code));
        });
        await waitFor(() => {
            assert.ok(child.exitCode === null, output);
            return output.includes('Server ready!');
        }, LONG, `Server ready! in ${output}`);
        return { exited, output: () => output };
    }

    const lock = (folder, pid) =>
        fs.writeFileSync(path.join(folder, 'laravel-echo-server.lock'),
            JSON.stringify({ process: pid }, null, '\t'));

    for (const [what, pid, script] of [
        ['its own PID, which is 1', 1, (name) => `exec "${name}" start`],
        ['PID 1, which is the shell that starts it', 1, (name) => `"${name}" start; exit $?`],
        ['its own PID', 2, (name) => `"${name}" start; exit $?`],
    ]) {
        test(`a stale lock with ${what} refuses no start`, async () => {
            const folder = tempDir();
            const name = path.join(folder, 'laravel-echo-server');
            fs.symlinkSync(binary, name);
            await write(folder, 'laravel-echo-server.json');
            lock(folder, pid);
            const began = Date.now();
            const server = await contain(folder, script(name));
            // A lock that is believed is waited for.
            assert.ok(Date.now() - began < 9000 * SLOW);
            assert.doesNotMatch(server.output(), /waiting/);
            // From outside it is found by its port.
            const end = await run(['stop'], folder);
            assert.equal(end.code, 0, end.stderr);
            assert.equal(await within(server.exited, LONG, 'the container to end'), 0);
        });
    }

    test('a stop harms nobody whom a stale lock names', async () => {
        const folder = tempDir();
        await write(folder, 'laravel-echo-server.json');
        lock(folder, 1);
        const output = execFileSync('unshare', ['--pid', '--fork', '--mount-proc', 'sh', '-c',
            `"${binary}" stop; echo alive`], { cwd: folder, encoding: 'utf8' });
        assert.match(output, /No server[^]*alive/);
    });
});
