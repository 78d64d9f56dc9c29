// SPDX-License-Identifier: MIT
// Under a service manager: what it is told, and the socket that it passes.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { startChild } from '../lib/child.mjs';
import { openPage } from '../lib/echo.mjs';
import { redisConfig, startRedis } from '../lib/redis.mjs';
import {
    binary, findReport, freePort, postEvent, startServer, tempDir, waitFor, within, SLOW,
} from '../lib/server.mjs';

// Node has no Unix datagrams; Perl is a part of every Debian.
const LISTENER = `
    use IO::Socket::UNIX; $| = 1;
    my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die;
    print "listening\\n";
    while (defined($s->recv(my $text, 4096))) { $text =~ s/\\n/;/g; print "$text\\n"; }`;

/** A service manager's end of NOTIFY_SOCKET: {socket, said(), stop()}. */
async function startManager() {
    const socket = path.join(tempDir(), 'notify');
    const child = startChild('perl', ['-e', LISTENER, socket]);
    await waitFor(() => child.output().includes('listening\n'));
    return {
        socket,
        said: () => child.output().split('\n').slice(1, -1),
        stop: () => child.signal('SIGTERM'),
    };
}

describe('a service manager', () => {
    test('is told of the beginning, of Redis, of life and of the end', async () => {
        const manager = await startManager();
        const redis = await startRedis();
        const server = await startServer({
            config: redisConfig(redis),
            env: { NOTIFY_SOCKET: manager.socket, WATCHDOG_USEC: String(400000 * SLOW) },
        });
        const hears = (text, ms) => waitFor(() => manager.said().includes(text), ms,
            `${text} among\n${manager.said().join('\n')}`);
        await hears('READY=1');
        await hears(`STATUS=Listening on port ${server.port}. Redis connected`);
        const beats = () => manager.said().filter((text) => text === 'WATCHDOG=1').length;
        await waitFor(() => beats() >= 3);
        await redis.stop();
        await waitFor(() => manager.said().some((text) => /Redis unreachable: ./.test(text)));
        await server.stop();
        await hears('STOPPING=1');
        assert.equal(manager.said().filter((text) => text === 'READY=1').length, 1);
        assert.equal(manager.said().indexOf('READY=1'), 0);
        manager.stop();
    });

    test('hears of each reload that it is over, whatever became of it', async () => {
        const manager = await startManager();
        const server = await startServer({
            config: { workers: 2, maxChannels: 10 }, env: { NOTIFY_SOCKET: manager.socket },
        });
        const said = () => manager.said().map((text) => text.split(/[=;]/)[0])
            .filter((name) => ['READY', 'RELOADING'].includes(name));
        const reload = async (text) => {
            const before = said().length;
            fs.writeFileSync(server.configPath, text);
            process.kill(server.pid, 'SIGHUP');
            await waitFor(() => said().length === before + 2);
        };
        await waitFor(() => said().length === 1);
        await reload(JSON.stringify({ ...server.config, maxChannels: 20 }));
        await server.waitLog(/reloaded .* changed=maxChannels/);
        await reload('{');
        await server.waitLog(/was not reloaded; the previous one stays in effect/);
        assert.deepEqual(said(), ['READY', 'RELOADING', 'READY', 'RELOADING', 'READY']);
        await server.stop();
        manager.stop();
    });

    test('hears nothing of a reload once it is told of the end', async () => {
        const manager = await startManager();
        const server = await startServer({
            config: { workers: 2 }, env: { NOTIFY_SOCKET: manager.socket },
        });
        const heard = (name) => manager.said().findIndex((text) => text.startsWith(name));
        await waitFor(() => heard('READY=1') >= 0);
        process.kill(server.pid, 'SIGHUP');
        await server.stop();
        await waitFor(() => heard('STOPPING=1') > 0);
        assert.ok(heard('RELOADING=1') > 0, manager.said().join('\n'));
        assert.equal(manager.said().at(-1), 'STOPPING=1', manager.said().join('\n'));
        manager.stop();
    });

    test('that went away does not matter', async () => {
        const manager = await startManager();
        const server = await startServer({
            env: { NOTIFY_SOCKET: manager.socket, WATCHDOG_USEC: String(200000 * SLOW) },
        });
        await waitFor(() => manager.said().includes('WATCHDOG=1'));
        manager.stop();
        await server.waitLog(/the service manager could not be notified of WATCHDOG/);
        assert.equal((await postEvent(server, { channel: 'a', name: 'b', data: {} })).status, 200);
        await server.stop();
    });
});

describe('socket activation', () => {
    /** systemd-socket-activate starts the server on the first connection. */
    async function activate(listen, config) {
        const dir = tempDir();
        const file = path.join(dir, 'echo-server.json');
        fs.writeFileSync(file, JSON.stringify({
            clients: [{ appId: 'app', key: 'key' }],
            subscribers: { http: true, redis: false }, workers: 3, ...config,
        }));
        const child = spawn('systemd-socket-activate',
            [...listen.map((address) => `--listen=${address}`), binary, 'start', `--config=${file}`],
            { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
        const out = { text: '' };
        for (const stream of [child.stdout, child.stderr]) {
            stream.setEncoding('utf8').on('data', (part) => { out.text += part; });
        }
        const exited = new Promise((resolve) => {
            child.once('close', (code, signal) => resolve({ code, signal }));
        });
        await waitFor(() => /Listening on/.test(out.text));
        return { dir, child, out, exited };
    }

    test('serves on the socket that is passed, with every worker', async () => {
        const port = await freePort();
        const { dir, child, out, exited } = await activate([`127.0.0.1:${port}`],
            { port: await freePort() });
        try {
            const url = `http://127.0.0.1:${port}`;
            const pages = [];
            for (let i = 0; i < 12; i++) {
                pages.push(await openPage({ url, transport: i % 2 ? 'polling' : 'websocket' }));
            }
            await Promise.all(pages.map((page) => {
                page.echo.channel('news');
                return page.joined('news');
            }));
            await postEvent({ port }, { channel: 'news', name: 'NewsPosted', data: { n: 1 } });
            await Promise.all(pages.map((page) => page.event('NewsPosted', 'news')));
            pages.forEach((page) => page.close());
            assert.match(out.text, new RegExp(`Running at .* on port ${port}\\n`));
            assert.match(out.text, /is not used/);
            // By the socket's port, since nobody named a file.
            const stop = spawnSync(binary, ['stop', `--port=${port}`], { cwd: tempDir() });
            assert.equal(stop.status, 0, `${stop.stdout}${stop.stderr}`);
            assert.deepEqual(await within(exited, 10000 * SLOW, 'the end'),
                { code: 0, signal: null });
            assert.equal(findReport(out.text), null);
            assert.ok(!fs.existsSync(path.join(dir, 'echo-server.lock')));
        } finally {
            child.kill('SIGKILL');
        }
    });

    test('refuses what is no TCP socket', async () => {
        const { child, out, exited, dir } = await activate([path.join(tempDir(), 'socket')], {});
        try {
            const poke = spawn('perl', ['-e',
                'use IO::Socket::UNIX; IO::Socket::UNIX->new(Peer => $ARGV[0]) or die; sleep 1',
                out.text.match(/Listening on (\S+)/)[1]], { cwd: dir });
            const { code } = await within(exited, 10000 * SLOW, 'the end');
            poke.kill();
            assert.equal(code, 1, out.text);
            assert.match(out.text, /descriptor 3 .* is not a listening TCP socket/);
        } finally {
            child.kill('SIGKILL');
        }
    });
});
