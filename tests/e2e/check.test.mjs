// SPDX-License-Identifier: MIT
// Broken configurations: `check` and `start` name the place and the remedy of each.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { startBackend } from '../lib/backend.mjs';
import { makeCerts } from '../lib/certs.mjs';
import { startChild } from '../lib/child.mjs';
import { redisConfig, startRedis } from '../lib/redis.mjs';
import {
    binary, findReport, freePort, runServer, startServer, tempDir, waitFor, SLOW,
} from '../lib/server.mjs';

const MS = 30000 * SLOW;
const ROOT = process.getuid() === 0;

/** What the configurations point at. */
const world = {};

function makeExpired(certs) {
    const file = path.join(certs.dir, 'expired.crt');
    execFileSync('openssl', ['x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey',
        'ca.key', '-CAcreateserial', '-days', '-1', '-extfile', 'server.ext', '-out', file],
    { cwd: certs.dir, stdio: 'ignore' });
    return file;
}

async function refusedPort() {
    return freePort();
}

before(async () => {
    const certs = makeCerts();
    const locked = makeCerts({ passphrase: 'opensesame' });
    const stranger = net.createServer().listen(0, '127.0.0.1');
    const [plain, secured, laravel, missing, failing, moved] = await Promise.all([
        startRedis(), startRedis({ password: 'right-password' }),
        startBackend(() => ({ status: 403 })),
        startBackend(() => ({ status: 404 })),
        startBackend(() => ({ status: 500 })),
        startBackend(() => ({ status: 302, headers: { Location: 'https://app.test/login' } })),
    ]);
    const ours = await startServer();
    Object.assign(world, {
        certs, locked, plain, secured, laravel, missing, failing, moved, stranger, ours,
        expired: makeExpired(certs), refused: await refusedPort(), free: await freePort(),
    });
});

after(async () => {
    world.stranger.close();
    await Promise.all([world.ours.stop(), world.plain.stop(), world.secured.stop(),
        ...['laravel', 'missing', 'failing', 'moved'].map((name) => world[name].close())]);
});

/** A configuration without fault, and the port that nobody has. */
const sound = (more = {}) => ({
    host: '127.0.0.1', port: world.free, authHost: world.laravel.url,
    subscribers: { http: true, redis: false }, database: 'sqlite', ...more,
});

const https = (more = {}) => sound({
    protocol: 'https', sslCertPath: world.certs.certPath, sslKeyPath: world.certs.keyPath, ...more,
});

const withRedis = (port, more) => sound(redisConfig({ port }, more));

/** What PHP says, and what is configured. */
const inLaravel = (keyPrefix, env, php) => ({
    config: sound(redisConfig(world.plain, { keyPrefix })),
    files: { '.env': env, artisan: '', ...php ? { 'config/database.php': php } : {} },
});

const PHP = `<?php return ['redis' => ['options' => ['prefix' =>
    env('REDIS_PREFIX', Str::slug(env('APP_NAME', 'laravel'), '_').'_database_')]]];`;

/*
 * what: [configuration (JSON, or text, or {config, files, path}), [what `check` says, ...],
 *        what `start` says, or unset: the same, or null: it starts without a word about it].
 * A configuration that `start` refuses ends it with 1; `serves` says that it serves all the same.
 */
const broken = {
    'a file that is not there': [() => ({ path: 'none.json' }), [/none\.json: there is no such.*file/]],
    'a folder in its place': [() => ({ path: '.' }), [/\/?\.?: .*(directory|folder)/i]],
    'an empty file': [() => '', [/echo-server\.json.*(empty|JSON)/]],
    'a file cut off': [() => '{\n  "port": 6001,\n  "host": ', [/echo-server\.json:3:\d+: .*JSON/]],
    'a comma too many': [() => '{"port": 1,\n}', [/echo-server\.json:2:1: .*JSON/]],
    'a comment': [() => '{\n// the port\n"port": 1}', [/echo-server\.json:2:\d+: .*JSON/]],
    'a byte order mark': [() => '\ufeff{"port": 1}', [/echo-server\.json:1:\d+: .*JSON/]],
    'a list': [() => '[1]', [/echo-server\.json: expected an object, \{"port": 6001/]],
    'another type': [() => sound({ maxConnections: 'many' }),
        [/echo-server\.json: maxConnections is "?many"?; expected a number.* from 0 to/]],
    'out of range': [() => sound({ workers: 100000 }),
        [/echo-server\.json: workers is 100000; expected a number from 0 to 256/]],
    'a negative number': [() => sound({ maxChannels: -5 }),
        [/echo-server\.json: maxChannels is -5; expected a number from 1/]],
    'a nested option of another type': [() => sound({ socketio: { pingInterval: 'soon' } }),
        [/echo-server\.json: socketio\.pingInterval is "?soon"?; expected a number \(ms\)/]],
    'no option': [() => sound({ maxConections: 5 }),
        [/echo-server\.json: maxConections is no option; did you mean maxConnections\?/],
        { serves: true }],
    'a port that is none': [() => sound({ port: 'none' }),
        [/echo-server\.json: port is "?none"?; expected a number from 1 to 65535/]],
    'another protocol': [() => sound({ protocol: 'ftp' }),
        [/echo-server\.json: protocol is "?ftp"?; expected "http" or "https"/]],
    'several at once': [() => sound({ protocol: 'ftp', workers: -1, authEndpoint: 'auth' }),
        [/protocol is "?ftp/, /workers is -1/, /authEndpoint.*"auth".*expected a path/]],
    'a client without key': [() => sound({ clients: [{ appId: 'a' }] }),
        [/echo-server\.json: clients\[0\].*expected \{"appId": "\.\.\.", "key": "\.\.\."\}/]],
    'unknown transports': [() => sound({ socketio: { transports: ['websockets'] } }),
        [/echo-server\.json: socketio\.transports.*websockets"?; expected.*"polling" or "websocket"/]],
    'nothing to listen to': [() => sound({ subscribers: { http: false, redis: false } }),
        [/subscribers\.http and subscribers\.redis are both false.*no event/], { serves: true }],
    'https without a certificate': [() => sound({ protocol: 'https' }),
        [/echo-server\.json: protocol is "https".*sslCertPath.*expected a PEM file/,
            /sslKeyPath is not set; expected a PEM file/]],
    'a certificate that is not there': [() => https({ sslCertPath: '/none/cert.pem' }),
        [/echo-server\.json: sslCertPath: .*\/none\/cert\.pem.*no such file/]],
    'a folder as a certificate': [() => https({ sslCertPath: world.certs.dir }),
        [/echo-server\.json: sslCertPath: .*echo-certs.*directory/]],
    'a certificate that is none': [() => https({ sslCertPath: world.certs.keyPath }),
        [/echo-server\.json: sslCertPath: .*server\.key.* certificate/]],
    'a key of another certificate': [() => https({ sslKeyPath: world.certs.chainedKeyPath }),
        [/echo-server\.json: sslKeyPath: .*chained\.key.*not belong to.*server\.crt/]],
    'a wrong passphrase': [() => https({ sslCertPath: world.locked.certPath,
        sslKeyPath: world.locked.keyPath, sslPassphrase: 'sesame' }),
    [/echo-server\.json: sslPassphrase: .*does not open.*server\.key/]],
    'a passphrase that is missing': [() => https({ sslCertPath: world.locked.certPath,
        sslKeyPath: world.locked.keyPath }),
    [/echo-server\.json: sslPassphrase: .*server\.key.*needs a passphrase/]],
    'a port that somebody else has': [() => sound({ port: world.stranger.address().port }),
        [/echo-server\.json: port: cannot listen on 127\.0\.0\.1:\d+: address already in use.*ss -ltnp.*another port/]],
    'a port that our own server has': [() => sound({ port: world.ours.port }),
        [/a server .*already.*process \d+.*(stop|--force)/, { code: 0 }], { code: 3 }],
    'a host of another machine': [() => sound({ host: '192.0.2.1' }),
        [/echo-server\.json: host: cannot listen on 192\.0\.2\.1:\d+: address not available.*no address of this machine/]],
    'a host that is no name': [() => sound({ host: 'no.such.host.invalid' }),
        [/echo-server\.json: host: cannot listen on no\.such\.host\.invalid:\d+: .*cannot be resolved.*expected an address/]],
    'Redis that is not there': [() => withRedis(world.refused),
        [/echo-server\.json: databaseConfig\.redis: .*refused.*127\.0\.0\.1:\d+/],
        { serves: /refused.*127\.0\.0\.1:\d+/ }],
    'a wrong password of Redis': [() => withRedis(world.secured.port, { password: 'wrong-one' }),
        [/echo-server\.json: databaseConfig\.redis: wrong password for 127\.0\.0\.1:\d+/],
        { serves: /wrong password for 127\.0\.0\.1:\d+/ }],
    'no password for Redis': [() => withRedis(world.secured.port),
        [/echo-server\.json: databaseConfig\.redis: NOAUTH: a password is required by 127/],
        { serves: /NOAUTH: a password is required by 127/ }],
    'a web server in the place of Redis': [() => withRedis(world.laravel.port),
        [/echo-server\.json: databaseConfig\.redis: .*127\.0\.0\.1:\d+ is not a Redis server/],
        { serves: /is not a Redis server/ }],
    'an application that is no URL': [() => sound({ authHost: 'app.test' }),
        [/echo-server\.json: authHost is "app\.test"; expected a URL like "http:\/\/localhost"/]],
    'an endpoint without a slash': [() => sound({ authEndpoint: 'broadcasting/auth' }),
        [/echo-server\.json: authEndpoint is "broadcasting\/auth"; expected a path like "\//]],
    'an application that is not there': [
        () => sound({ authHost: `http://127.0.0.1:${world.refused}` }),
        [/echo-server\.json: authHost: POST http.*broadcasting\/auth: .*refused.*start the application/],
        { serves: true }],
    'routes that are not registered': [() => sound({ authHost: world.missing.url }),
        [/echo-server\.json: authHost: POST http.*: status 404: .*Broadcast::routes\(\).*authEndpoint/],
        { serves: true }],
    'an application that fails': [() => sound({ authHost: world.failing.url }),
        [/authHost: POST http.*: status 500: .*laravel\.log/], { serves: true }],
    'an application that redirects': [() => sound({ authHost: world.moved.url }),
        [/authHost: POST http.*: status 302: redirects: set authHost/], { serves: true }],
    "a prefix that is not Laravel's": [() => inLaravel('', 'APP_NAME="My App"\n', PHP),
        [/echo-server\.json: databaseConfig\.redis\.keyPrefix is "".*Laravel's is "my_app_database_" \(.*\.env: APP_NAME and config\/database\.php\): no event.*set keyPrefix/],
        { serves: true }],
    'a prefix of neither default form': [() => inLaravel('app_', 'APP_NAME="My App"\n'),
        [/keyPrefix is "app_".*"my_app_database_", or "my-app-database-"/, { code: 0 }],
        { serves: true }],
};

/** Writes the files, and gives the words of the command line. */
function place(made) {
    const dir = tempDir();
    const { config, files = {}, path: name = 'echo-server.json' } =
        typeof made === 'string' || !('files' in made || 'path' in made) ? { config: made } : made;
    const all = config === undefined ? files : { ...files, [name]: config };
    for (const [file, content] of Object.entries(all)) {
        fs.mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
        fs.writeFileSync(path.join(dir, file),
            typeof content === 'string' ? content : JSON.stringify(content));
    }
    return { cwd: dir, words: [`--config=${name === '.' ? dir : path.join(dir, name)}`] };
}

function says(text, messages, what) {
    assert.equal(findReport(text), null);
    for (const message of messages.filter((each) => each instanceof RegExp)) {
        assert.ok(text.split('\n').some((line) => message.test(line)),
            `${what} says ${message} in one line:\n${text}`);
    }
}

async function startAndEnd(where, messages, { serves, code = 1 }) {
    if (!serves) {
        const end = await runServer(['start', ...where.words], { cwd: where.cwd, ms: MS });
        says(end.stdout + end.stderr, messages, 'start');
        assert.equal(end.code, code, end.stdout + end.stderr);
        return;
    }
    const child = startChild(binary, ['start', ...where.words], { cwd: where.cwd });
    const heard = () => serves === true || child.output().split('\n').some((l) => serves.test(l));
    try {
        await waitFor(() => child.output().includes('Server ready!') && heard(), MS,
            `a server that says ${serves}:\n${child.output()}`);
    } finally {
        await child.stop();
    }
    assert.equal(findReport(child.output()), null);
}

/** At most this many at once: each is a process or two. */
const ATONCE = 4;

describe('check and start name place and remedy of', { concurrency: ATONCE }, () => {
    // One port for all of them: what serves has another.
    for (const [what, [make, messages, start = {}]] of Object.entries(broken)) {
        test(what, async () => {
            const made = make();
            const config = made?.config ?? made;
            if (config.port === world.free) {
                config.port = await freePort();
            }
            const where = place(made);
            const end = await runServer(['check', ...where.words], { cwd: where.cwd, ms: MS });
            const { code = 1 } = messages.find((each) => !(each instanceof RegExp)) ?? {};
            const warns = start.serves === true && end.code === 0;
            says(end.stdout, messages, 'check');
            assert.ok(end.code === code || warns, end.stdout + end.stderr);
            await startAndEnd(where, messages, start);
        });
    }

    test('a file that may not be read', { skip: ROOT && 'root may read all' }, async () => {
        const where = place(sound());
        fs.chmodSync(path.join(where.cwd, 'echo-server.json'), 0);
        for (const command of ['check', 'start']) {
            const end = await runServer([command, ...where.words], { ms: MS });
            assert.equal(end.code, 1);
            says(end.stdout + end.stderr, [/echo-server\.json: .*[Pp]ermission denied/], command);
        }
    });
});
