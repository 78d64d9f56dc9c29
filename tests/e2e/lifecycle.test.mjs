// SPDX-License-Identifier: MIT
// Starting, being refused, stopping: one server a port, whatever became of
// its lock file.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { startChild } from '../lib/child.mjs';
import { openPage } from '../lib/echo.mjs';
import {
    binary, canConnect, freePort, runServer, startServer, tempDir, waitFor, within, SLOW,
} from '../lib/server.mjs';

const servers = [];
afterEach(async () => {
    for (const server of servers.splice(0)) {
        if (server.alive()) {
            await server.stop();
        }
    }
});

async function start(options) {
    servers.push(await startServer(options));
    return servers.at(-1);
}

const stop = (...args) => runServer(['stop', ...args], { ms: 20000 * SLOW });

const lockOf = (server) => server.configPath.replace(/\.json$/, '.lock');

function writeConfig(config, name = 'echo-server.json') {
    const file = path.join(tempDir(), name);
    fs.writeFileSync(file, typeof config === 'string' ? config : JSON.stringify({
        host: '127.0.0.1', subscribers: { http: true, redis: false }, ...config,
    }));
    return file;
}

describe('a start', () => {
    test('says what tools look for, in this order, on stdout', async () => {
        const server = await start({ config: { subscribers: { http: true, redis: true },
            databaseConfig: { redis: { host: '127.0.0.1', port: await freePort() } } },
        args: ['--dev'] });
        const lines = ['version ', 'Starting server...',
            `Running at 127.0.0.1 on port ${server.port}`, 'Channels are ready.',
            'Listening for http events...', 'Listening for redis events...', 'Server ready!'];
        let at = -1;
        for (const line of lines) {
            const next = server.stdout().indexOf(line, at + 1);
            assert.ok(next > at, `"${line}" in its place in\n${server.stdout()}`);
            at = next;
        }
    });

    test('writes its PID into the lock file, and removes that at the end', async () => {
        const server = await start();
        const lock = lockOf(server);
        assert.deepEqual(JSON.parse(fs.readFileSync(lock, 'utf8')), { process: server.pid });
        assert.equal((await server.stop()).code, 0);
        assert.equal(fs.existsSync(lock), false);
    });

    for (const signal of ['SIGTERM', 'SIGINT']) {
        test(`ends with code 0 at ${signal}, also with pages connected`, async () => {
            const server = await start();
            const pages = await Promise.all(['websocket', 'polling'].map(
                (transport) => openPage({ url: server.url, transport })));
            const drops = pages.map((page) => new Promise((resolve) => {
                page.socket.once('disconnect', resolve);
            }));
            assert.deepEqual(await server.stop(signal), { code: 0, signal: null });
            for (const why of await within(Promise.all(drops), undefined, 'the drops')) {
                // Anything but this makes the client connect again by itself.
                assert.notEqual(why, 'io server disconnect');
            }
            pages.forEach((page) => page.close());
        });
    }

    test('is possible at once after a kill, and with a stale lock', async () => {
        const server = await start();
        await server.kill();
        assert.ok(fs.existsSync(lockOf(server)));
        const again = await start({ config: { port: server.port } });
        await again.stop();
        // The PID of a stranger: this very process.
        const file = writeConfig({ port: server.port });
        fs.writeFileSync(file.replace(/\.json$/, '.lock'),
            JSON.stringify({ process: process.pid }));
        const end = runServer(['start', `--config=${file}`], { ms: 20000 * SLOW });
        await waitFor(() => canConnect(server.port), 10000 * SLOW, 'the server to listen');
        assert.equal((await stop(`--config=${file}`)).code, 0);
        assert.equal((await end).code, 0);
    });
});

describe('a second server', () => {
    const HURRY = { shutdownTimeout: 0 };   // what is waited for: 5 s more than that
    const begin = (file, args = []) =>
        runServer(['start', `--config=${file}`, ...args], { ms: 20000 * SLOW });
    const second = (port, args) => begin(writeConfig({ port, ...HURRY }), args);

    test('waits, and is then refused with the PID of the first', async () => {
        const server = await start({ config: HURRY });
        const unlocked = await start({ config: HURRY });
        fs.rmSync(lockOf(unlocked));
        const ends = await Promise.all([
            second(server.port), begin(server.configPath), begin(unlocked.configPath),
        ]);
        for (const [i, pid] of [server.pid, server.pid, unlocked.pid].entries()) {
            assert.equal(ends[i].code, 3, ends[i].stderr);
            assert.match(ends[i].stderr, new RegExp(`running, process ${pid};`));
        }
        assert.ok(await canConnect(server.port));
    });

    test('takes the place of the first if that ends meanwhile', async () => {
        const server = await start();
        const waiting = startChild(binary,
            ['start', `--config=${writeConfig({ port: server.port, ...HURRY })}`]);
        await waiting.ready(`process ${server.pid}`); // it says whose end it waits for
        await server.stop();
        await waitFor(() => canConnect(server.port), 10000 * SLOW, 'the second to listen');
        assert.equal((await stop(`--port=${server.port}`)).code, 0);
        assert.equal((await within(waiting.exited, undefined, 'the end')).code, 0);
    });

    test('can be ended while it waits', async () => {
        const server = await start();
        const child = spawn(binary, ['start', `--config=${server.configPath}`],
            { stdio: ['ignore', 'ignore', 'pipe'] });
        await new Promise((resolve) => { child.stderr.once('data', resolve); });
        const exited = new Promise((resolve) => {
            child.once('exit', (code, signal) => resolve({ code, signal }));
        });
        child.kill('SIGTERM');
        assert.deepEqual(await within(exited, undefined, 'the end'), { code: 0, signal: null });
        assert.ok(fs.existsSync(lockOf(server)));
    });

    test('on a port that another program holds is refused with the port', async () => {
        const stranger = net.createServer().listen(0, '127.0.0.1');
        await new Promise((resolve) => { stranger.once('listening', resolve); });
        const end = await second(stranger.address().port);
        assert.equal(end.code, 1);
        assert.match(end.stderr, new RegExp(`\\b${stranger.address().port}\\b`));
        stranger.close();
    });

    test('on another port is welcome', async () => {
        const one = await start();
        const other = await start();
        assert.notEqual(one.port, other.port);
        assert.ok(await canConnect(one.port) && await canConnect(other.port));
    });

    test('with --force takes the place of the first', async () => {
        const first = await start();
        const other = await startServer({ config: { port: first.port }, args: ['--force'] });
        servers.push(other);
        assert.equal((await within(first.exited, undefined, 'the first to end')).code, 0);
        assert.ok(await canConnect(other.port));
    });
});

describe('stop', () => {
    test('returns when the server is gone', async () => {
        const server = await start();
        const end = await stop(`--config=${server.configPath}`);
        assert.equal(end.code, 0, end.stderr);
        assert.equal(await canConnect(server.port), false);
        assert.equal((await within(server.exited, undefined, 'the end')).code, 0);
        assert.equal(fs.existsSync(lockOf(server)), false);
    });

    test('finds the server without its lock file, and from --dir', async () => {
        const server = await start();
        fs.rmSync(lockOf(server));
        const end = await stop(`--dir=${server.dir}`);
        assert.equal(end.code, 0, end.stderr);
        assert.equal((await within(server.exited, undefined, 'the end')).code, 0);
    });

    test('with nothing to stop is no failure, and harms no stranger', async () => {
        const file = writeConfig({ port: await freePort() });
        fs.writeFileSync(file.replace(/\.json$/, '.lock'),
            JSON.stringify({ process: process.pid }));
        const end = await stop(`--config=${file}`);
        assert.equal(end.code, 0, end.stderr);
    });
});

describe('a machine that is too small', () => {
    /** `start` under a limit of the shell's; only what was said counts. */
    function startWithin(limit, file) {
        return new Promise((resolve) => {
            execFile('sh', ['-c', `ulimit ${limit}; exec "$0" "$@"`, binary, 'start',
                `--config=${file}`], { timeout: 20000 * SLOW },
            (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stderr }));
        });
    }
    const small = {
        'has a limit of few descriptors': ['-n 24', /workers: .* take \d+ descriptors.*LimitNOFILE=/],
        // Stacks that fit no address space.
        'has no thread to spare': ['-s 140000000000', /workers: cannot create threads for 2 workers.*TasksMax=/],
    };
    for (const [what, [limit, message]] of Object.entries(small)) {
        test(`that ${what} ends the start with 1, and is told what to do`, async (t) => {
            const file = writeConfig({ port: await freePort(), workers: 2 });
            const end = await startWithin(limit, file);
            if (end.stderr.includes('ThreadSanitizer: unexpected memory mapping')) {
                t.skip('such stacks leave no room for ThreadSanitizer');
                return;
            }
            assert.match(end.stderr, message);
            assert.equal(end.code, 1, end.stderr);
            assert.equal(fs.existsSync(file.replace(/\.json$/, '.lock')), false);
            await start({ config: { workers: 2 } });
        });
    }
});

test('a libcrypto that its configuration forbids everything is named', async () => {
    const openssl = path.join(tempDir(), 'openssl.cnf');
    const file = writeConfig({ port: await freePort() });
    fs.writeFileSync(openssl, ['openssl_conf = all', '[all]', 'alg_section = rules', '[rules]',
        'default_properties = fips=yes', ''].join('\n'));
    const end = await runServer(['start', `--config=${file}`], { env: { OPENSSL_CONF: openssl } });
    assert.match(end.stderr, /libcrypto .*OPENSSL_CONF/);
    assert.equal(end.code, 1, end.stderr);
});

describe('a wrong configuration', () => {
    const wrong = {
        'a broken file': ['{"port": 1', /echo-server\.json/],
        'no object': ['7', /echo-server\.json/],
        'a port that is none': [{ port: 'none' }, /port.*none/],
        'a port out of range': [{ port: 70000 }, /port.*70000/],
        'https without a certificate': [{ protocol: 'https' }, /sslCertPath/],
        'a limit that is text': [{ maxConnections: 'many' }, /maxConnections.*many/],
    };
    for (const [what, [config, message]] of Object.entries(wrong)) {
        test(`${what} ends the start with 1, naming file and option`, async () => {
            const port = await freePort();
            const full = typeof config === 'string' ? config : { port, ...config };
            const file = writeConfig(full);
            const end = await runServer(['start', `--config=${file}`]);
            assert.equal(end.code, 1, end.stderr);
            assert.match(end.stderr, message);
            assert.ok(end.stderr.includes('echo-server.json'), end.stderr);
            assert.equal(fs.existsSync(file.replace(/\.json$/, '.lock')), false);
        });
    }

    test('that is missing is an error where it was named', async () => {
        for (const args of [[], ['--dev']]) {
            const end = await runServer(['start', '--config=/nonexistent/x.json', ...args]);
            assert.equal(end.code, 1);
            assert.match(end.stderr, /x\.json/);
        }
    });

    test('laravel-echo-server.json is found where echo-server.json is not', async () => {
        const port = await freePort();
        const file = writeConfig({ port }, 'laravel-echo-server.json');
        const dir = path.dirname(file);
        const end = runServer(['start', `--dir=${dir}`], { ms: 20000 * SLOW });
        await waitFor(() => canConnect(port), 10000 * SLOW, 'the server to listen');
        assert.ok(fs.existsSync(path.join(dir, 'laravel-echo-server.lock')));
        assert.equal((await stop(`--dir=${dir}`)).code, 0);
        assert.equal((await end).code, 0);
    });
});

describe('the command line', () => {
    test('--version and --help answer on stdout', async () => {
        const version = await runServer(['--version']);
        assert.equal(version.code, 0);
        assert.match(version.stdout, /\d+\.\d+/);
        for (const [args, words] of [
            [['--help'], ['start', 'stop', 'status', 'reload', '--version']],
            [['start', '--help'], ['--config=', '--dir=', '--dev', '--force']],
            [['-h', 'stop'], ['--config=', '--dir=']],
        ]) {
            const help = await runServer(args);
            assert.equal(help.code, 0);
            for (const word of words) {
                assert.ok(help.stdout.includes(word), `${word} in ${help.stdout}`);
            }
        }
    });
});
