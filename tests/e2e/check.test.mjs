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
import { copyLaravel } from '../lib/laravel.mjs';
import { redisConfig, startRedis } from '../lib/redis.mjs';
import {
    binary, findReport, freePort, runServer, startServer, tempDir, waitFor, SLOW,
} from '../lib/server.mjs';

const MS = 30000 * SLOW;
const ROOT = process.getuid() === 0;

/** What the configurations point at. */
const world = {};

/** Of the server's key, good for so many days from now on. */
function makeCert(certs, name, days) {
    const file = path.join(certs.dir, `${name}.crt`);
    execFileSync('openssl', ['x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey',
        'ca.key', '-CAcreateserial', '-days', String(days), '-extfile', 'server.ext', '-out', file],
    { cwd: certs.dir, stdio: 'ignore' });
    return file;
}

/** Four whole days are left of five once the second has passed in which it was made. */
async function makeCertOfFourDays(certs) {
    const file = makeCert(certs, 'soon', 5);
    const made = Math.floor(Date.now() / 1000);
    await waitFor(() => Math.floor(Date.now() / 1000) > made);
    return file;
}

/** Answers whatever comes as a web server does that did not understand it. */
async function startWeb() {
    const web = net.createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => { web.once('listening', resolve); });
    web.unref();
    return web;
}

before(async () => {
    const certs = makeCerts();
    const locked = makeCerts({ passphrase: 'opensesame' });
    const web = await startWeb();
    const [plain, secured, laravel, missing, failing, moved] = await Promise.all([
        startRedis(), startRedis({ password: 'right-password' }),
        startBackend(() => ({ status: 403 })),
        startBackend(() => ({ status: 404 })),
        startBackend(() => ({ status: 500 })),
        startBackend(() => ({ status: 302, headers: { Location: 'https://app.test/login' } })),
    ]);
    const ours = await startServer();
    Object.assign(world, {
        certs, locked, plain, secured, laravel, missing, failing, moved, ours,
        expired: makeCert(certs, 'expired', -1), soon: await makeCertOfFourDays(certs),
        refused: await freePort(), web,
    });
});

after(async () => {
    world.web.close();
    await Promise.all([world.ours.stop(), world.plain.stop(), world.secured.stop(),
        ...['laravel', 'missing', 'failing', 'moved'].map((name) => world[name].close())]);
});

/** A configuration without fault; its port is anyone's. */
const sound = (more = {}) => ({
    host: '127.0.0.1', port: 0, authHost: world.laravel.url,
    subscribers: { http: true, redis: false }, database: 'sqlite', ...more,
});

const https = (more = {}) => sound({
    protocol: 'https', sslCertPath: world.certs.certPath, sslKeyPath: world.certs.keyPath, ...more,
});

const withRedis = (port, more) => sound(redisConfig({ port }, more));

/** In the folder of a Laravel with this .env. */
const inLaravel = (keyPrefix, laravel, env) => ({
    config: sound(redisConfig(world.plain, { keyPrefix })), laravel, env,
});

/*
 * what: [configuration (JSON, or text, or {config, files, path}), what `check` says, what differs].
 * Each message stands in one line.  `start` says the same, and ends as `check` did or serves; but:
 *   serves   it serves, and says true: nothing of it, or this
 *   warns    `check` ends with 0
 *   code     `start` ends with it
 */
const broken = {
    'a file that is not there': [() => ({ path: 'none.json' }), [/none\.json: there is no such.*file/]],
    'a folder in its place': [() => ({ path: '.' }), [/echo-server-\w+: it is a folder: name the file/]],
    'an empty file': [() => '', [/echo-server\.json:1:0: .*the file is empty; `echo-server init`/]],
    'a file cut off': [() => '{\n  "port": 6001,\n  "host": ', [/echo-server\.json:3:\d+: .*never closed/]],
    'a comma too many': [() => '{"port": 1,\n}', [/echo-server\.json:2:1: .*remove the comma before it/]],
    'a comment': [() => '{\n// the port\n"port": 1}', [/echo-server\.json:2:\d+: .*JSON has no comments/]],
    'a byte order mark': [() => '\ufeff{"port": 1}', [/echo-server\.json:1:\d+: .*byte order mark: save it/]],
    'a list': [() => '[1]', [/echo-server\.json: expected an object, \{"port": 6001/],
        { serves: /expected an object, \{"port": 6001/ }],
    'another type': [() => sound({ maxConnections: 'many' }),
        [/echo-server\.json: maxConnections is "?many"?; expected a number.* from 0 to/]],
    'out of range': [() => sound({ workers: 100000 }),
        [/echo-server\.json: workers is 100000; expected a number from 0 to 256/]],
    'a negative number': [() => sound({ maxChannels: -5 }),
        [/echo-server\.json: maxChannels is -5; expected a number from 1/]],
    'a nested option of another type': [() => sound({ socketio: { pingInterval: 'soon' } }),
        [/echo-server\.json: socketio\.pingInterval is "?soon"?; .*expected a number \(ms\)/]],
    'no option': [() => sound({ maxConections: 5 }),
        [/echo-server\.json: unknown option maxConections; did you mean maxConnections\?/],
        { warns: true }],
    'a port that is none': [() => sound({ port: 'none' }),
        [/echo-server\.json: port is "?none"?; expected a number from 1 to 65535/]],
    'another protocol': [() => sound({ protocol: 'ftp' }),
        [/echo-server\.json: protocol is "?ftp"?; .*expected "http" or "https"/]],
    'several at once': [() => sound({ protocol: 'ftp', workers: -1, authEndpoint: 'auth' }),
        [/protocol is "?ftp/, /workers is -1/, /authEndpoint.*"auth".*expected a path/]],
    'a client without key': [() => sound({ clients: [{ appId: 'a' }] }),
        [/echo-server\.json: clients\[0\].*expected \{"appId": "\.\.\.", "key": "\.\.\."\}/]],
    'unknown transports': [() => sound({ socketio: { transports: ['websockets'] } }),
        [/echo-server\.json: socketio\.transports.*websockets"?.*expected.*"polling" or "websocket"/]],
    'nothing to listen to': [() => sound({ subscribers: { http: false, redis: false } }),
        [/subscribers\.http and subscribers\.redis are both false.*no event/], { warns: true }],
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
    'a certificate that has expired': [() => https({ sslCertPath: world.expired }),
        [/echo-server\.json: the certificate .*expired\.crt \(.*localhost.*\) expired on \d{4}-\d\d-\d\d: renew/],
        { serves: /certificate has expired.*expired\.crt/ }],
    'a certificate that expires soon': [() => https({ sslCertPath: world.soon }),
        [/echo-server\.json: the certificate .*soon\.crt .* expires on \d{4}-\d\d-\d\d, in 4 days: renew/],
        { serves: /certificate expires soon.*soon\.crt/, warns: true }],
    'a chain with a link missing': [() => https({ sslCertPath: world.certs.chainedCertPath,
        sslKeyPath: world.certs.chainedKeyPath }),
    [/chained\.crt does not lead to an authority.*sslCertChainPath/],
    { serves: true, warns: true }],
    'a port that somebody else has': [() => sound({ port: world.web.address().port }),
        [/echo-server\.json: port: cannot listen on 127\.0\.0\.1:\d+: address already in use.*ss -ltnp.*another port/]],
    'a port that our own server has': [() => sound({ port: world.ours.port, shutdownTimeout: 100 }),
        [/a server .*already.*process \d+.*(stop|--force)/], { warns: true, code: 3 }],
    'a host of another machine': [() => sound({ host: '192.0.2.1' }),
        [/echo-server\.json: host: cannot listen on 192\.0\.2\.1:\d+: address not available.*not an address of this machine/]],
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
    'a web server in the place of Redis': [() => withRedis(world.web.address().port),
        [/echo-server\.json: databaseConfig\.redis: .*127\.0\.0\.1:\d+ is not a Redis server/],
        { serves: /is not a Redis server/ }],
    'an application that is no URL': [() => sound({ authHost: 'app.test' }),
        [/echo-server\.json: authHost is "app\.test".*; expected a URL like "http:\/\/localhost"/],
        { warns: true }],
    'an application that is no URL at all': [() => sound({ authHost: 'http://$HOST:8000' }),
        [/echo-server\.json: authHost: POST http:\/\/\$HOST:8000.*not an http or https URL/],
        { serves: true }],
    'an endpoint with a blank': [() => sound({ authEndpoint: '/broadcasting/my auth#x' }),
        [/authEndpoint is "\/broadcasting\/my auth#x"; taken as "\/broadcasting\/my%20auth"/],
        { warns: true }],
    'an endpoint without a slash': [() => sound({ authEndpoint: 'broadcasting/auth' }),
        [/echo-server\.json: authEndpoint is "broadcasting\/auth".*; expected a path like "\//]],
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
    "a prefix that is not Laravel's": [() => inLaravel('', 'REDIS_PREFIX=my_app_\n'),
        [/echo-server\.json: databaseConfig\.redis\.keyPrefix is "".*Laravel's is "my_app_": no event.*set keyPrefix to "my_app_"/],
        { serves: true }],
    'a prefix that php cannot say': [
        () => inLaravel('app_', 'REDIS_PREFIX=my_app_\n', { PATH: '/nonexistent' }),
        [/keyPrefix is "app_"; Laravel's is not known, because there is no php in PATH: compare it/],
        { serves: true, warns: true }],
};

/** What keeps a server from the default ports, whose configuration cannot be read. */
const ELSEWHERE = () => ({
    LARAVEL_ECHO_SERVER_HOST: '127.0.0.1', LARAVEL_ECHO_SERVER_PORT: String(world.refused),
    LARAVEL_ECHO_SERVER_REDIS_PORT: String(world.refused),
});

/** Writes the files, and gives the words of the command line. */
function place(made, port) {
    const dir = tempDir();
    const whole = made.config || made.path ? made : { config: made };
    const { config, files = {}, laravel, env, path: name = 'echo-server.json' } = whole;
    const isObject = config && typeof config === 'object' && !Array.isArray(config);
    const all = config === undefined ? files : { ...files, [name]: config };
    for (const [file, content] of Object.entries(all)) {
        const filled = isObject && file === name && content.port === 0
            ? { ...content, port } : content;
        fs.mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
        fs.writeFileSync(path.join(dir, file),
            typeof filled === 'string' ? filled : JSON.stringify(filled));
    }
    if (laravel !== undefined) {
        copyLaravel(dir, laravel);
    }
    return { cwd: dir, env: env ?? (isObject ? {} : ELSEWHERE()),
        words: [`--config=${name === '.' ? dir : path.join(dir, name)}`] };
}

const oneLineSays = (text, message) => text.split('\n').some((line) => message.test(line));

function says(text, messages, what) {
    assert.equal(findReport(text), null);
    for (const message of messages) {
        assert.ok(oneLineSays(text, message), `${what} says ${message} in one line:\n${text}`);
    }
}

/** {code, served, output} of a start that serves and was heard, or ended. */
async function start({ words, cwd, env }, isHeard) {
    const child = startChild(binary, ['start', ...words], { cwd, env });
    const serves = () => child.output().includes('Server ready!') && isHeard(child.output());
    try {
        await waitFor(() => serves() || !child.alive(), MS, 'start to serve as told, or to end')
            .catch((error) => { throw new Error(`${error.message}:\n${child.output()}`); });
        const served = child.alive();
        const end = await child.stop();
        // Its last words may come behind its end.
        await waitFor(() => isHeard(child.output()), 2000 * SLOW).catch(() => {});
        return { served, code: end.code, output: child.output() };
    } finally {
        await child.stop();
    }
}

/** What `start` is expected to say, in one line each. */
const wanted = (messages, serves) =>
    (serves === undefined ? messages : serves === true ? [] : [serves]);

describe('check and start name place and remedy of', { concurrency: 4 }, () => {
    for (const [what, [make, messages, { serves, warns = false, code } = {}]] of
        Object.entries(broken)) {
        test(what, async () => {
            const where = place(make(), await freePort());
            const end = await runServer(['check', ...where.words], { ...where, ms: MS });
            says(end.stdout, messages, 'check');
            assert.equal(findReport(end.stderr), null);
            const told = wanted(messages, serves);
            const started = await start(where,
                (text) => told.every((message) => oneLineSays(text, message)));
            says(started.output, told, 'start');
            if (code !== undefined) {
                assert.equal(started.code, code, started.output);
            } else if (serves === undefined) {
                assert.equal(started.served, end.code === 0, started.output);
                assert.equal(started.code, end.code, started.output);
            } else {
                assert.ok(started.served, started.output);
            }
            // Where both say the same, what the reference put up with may be a warning.
            if (warns || serves !== undefined) {
                assert.equal(end.code, warns ? 0 : 1, end.stdout);
            }
        });
    }

    test('a file that may not be read', { skip: ROOT && 'root may read all' }, async () => {
        const where = place(sound(), await freePort());
        fs.chmodSync(path.join(where.cwd, 'echo-server.json'), 0);
        for (const command of ['check', 'start']) {
            const end = await runServer([command, ...where.words], { ...where, ms: MS });
            assert.equal(end.code, 1);
            says(end.stdout + end.stderr, [/echo-server\.json: .*[Pp]ermission denied/], command);
        }
    });
});

describe('check', () => {
    const check = (made, port) => {
        const where = place(made, port);
        return runServer(['check', ...where.words], { ...where, ms: MS });
    };

    test('finds nothing where nothing is wrong, and says that all origins may connect', async () => {
        const end = await check({
            config: https(redisConfig(world.plain, { keyPrefix: 'my_app_' })),
            laravel: `REDIS_PREFIX=my_app_\nREDIS_PORT=${world.plain.port}\n`,
        }, await freePort());
        assert.equal(end.code, 0, end.stdout);
        for (const message of [/^ok .*every option is understood/m, /^ok .*port.*is free/m,
            /^ok .*databaseConfig\.redis: connected/m, /^ok .*keyPrefix.*the same as Laravel's/m,
            /^ok .*authHost: .*403/m, /^note .*server\.crt .*is good until|expires on/m,
            /^note .*allowedOrigins is "\*"/m, /^0 errors, /m]) {
            assert.match(end.stdout, message);
        }
        assert.equal(world.laravel.requests.at(-1).method, 'POST');
        assert.match(world.laravel.requests.at(-1).channel, /^private-echo-server-check-\w+$/);
        assert.equal(world.laravel.requests.at(-1).headers['x-requested-with'], 'XMLHttpRequest');
    });

    test('reports every problem, not the first', async () => {
        const end = await check({
            config: https({ ...redisConfig({ port: world.refused }, { keyPrefix: 'x' }),
                sslKeyPath: '/none', workers: -1, authHost: world.missing.url,
                port: world.web.address().port }),
            laravel: 'BROADCAST_DRIVER=log\nSESSION_DRIVER=array\nREDIS_PREFIX=y\n',
        });
        assert.equal(end.code, 1);
        for (const message of [/^error .*workers is -1/m, /^error .*sslKeyPath: /m,
            /^error .*port: cannot listen/m, /^error .*databaseConfig\.redis: /m,
            /^error .*keyPrefix is "x", but Laravel's is "y"/m, /^error .*authHost: .*404/m,
            /^warning .*databaseConfig\.redis is 127\.0\.0\.1:\d+, but .*\.env has Redis at/m,
            /^warning .*\.env: BROADCAST_DRIVER is "log"/m,
            /^warning .*\.env: SESSION_DRIVER is "array"/m, /^6 errors, 3 warnings\./m]) {
            assert.match(end.stdout, message);
        }
    });

    test('compares no host where nodes of a cluster are named', async () => {
        const { port } = world.plain;
        const run = (more) => freePort().then((free) => check({
            config: https(redisConfig(world.plain, more)),
            files: { '.env': 'REDIS_HOST=redis.example\n', artisan: '' },
        }, free));
        assert.match((await run({})).stdout, /but .*\.env has Redis at/);
        assert.doesNotMatch((await run({ cluster: [{ host: '127.0.0.1', port }] })).stdout,
            /has Redis at/);
    });

    test('never shows a password', async () => {
        const end = await check(withRedis(world.secured.port, { password: 'hush-hush' }),
            await freePort());
        assert.doesNotMatch(end.stdout + end.stderr, /hush-hush/);
    });
});
