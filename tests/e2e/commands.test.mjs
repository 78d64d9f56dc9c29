// SPDX-License-Identifier: MIT
// init, client:add and client:remove: what they write, and what they leave alone.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { describe, test } from 'node:test';
import { copyLaravel } from '../lib/laravel.mjs';
import { atTerminal, referenceInit } from '../lib/reference-cli.mjs';
import {
    askServer, binary, freePort, postEvent, runServer, startServer, tempDir, within, SLOW,
} from '../lib/server.mjs';

const MS = 20000 * SLOW;

const run = (cwd, args, env) => runServer(args, { cwd, env, ms: MS });

/** Runs with these lines on stdin: {code, stdout, stderr}. */
function pipe(cwd, args, lines) {
    const child = spawn(binary, args, { cwd });
    const out = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => { out.stdout += text; });
    child.stderr.setEncoding('utf8').on('data', (text) => { out.stderr += text; });
    child.stdin.on('error', () => {});
    child.stdin.end(lines.map((line) => `${line}\n`).join(''));
    return within(new Promise((resolve) => {
        child.once('close', (code) => resolve({ code, ...out }));
    }), MS, args.join(' '));
}

const read = (dir, name = 'echo-server.json') => fs.readFileSync(path.join(dir, name), 'utf8');
const parse = (...where) => JSON.parse(read(...where));

function folder(files = {}) {
    const dir = tempDir();
    for (const [name, content] of Object.entries(files)) {
        fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
        fs.writeFileSync(path.join(dir, name),
            typeof content === 'string' ? content : JSON.stringify(content));
    }
    return dir;
}

/** With the id and the key of a generated client made equal. */
const normal = (text) => text.replace(/"appId": "[0-9a-f]{16}"/, '"appId": ID')
    .replace(/"key": "[0-9a-f]{32}"/, '"key": KEY');

const QUESTIONS = [
    'in development mode?', 'Which port would', 'Which database would',
    'Enter the host of your Laravel', 'serving on http or https?', 'to your SSL cert file',
    'to your SSL key file', 'generate a client ID/Key', 'setup cross domain access',
    'Specify the URI', 'Enter the HTTP methods', 'Enter the HTTP headers', 'config to be saved as?',
];

describe('init', () => {
    const all = ['y', '7001', '', 'http://app.test', '2', 'cert.pem', 'key.pem', 'y', 'y',
        'http://page.test', 'GET', 'Origin', ''];
    const plain = QUESTIONS.map((question) =>
        (/SSL|Specify|HTTP (methods|headers)/.test(question) ? undefined : ''));

    for (const [what, answers] of [['without answers', plain], ['with all of them', all]]) {
        test(`${what} writes what laravel-echo-server writes, byte by byte`, async () => {
            const theirs = tempDir();
            const ours = tempDir();
            const talk = QUESTIONS.map((question, i) => [question, answers[i]])
                .filter(([, answer]) => answer !== undefined);
            const [document, end] = await Promise.all([
                referenceInit(theirs, talk),
                pipe(ours, ['init'], talk.map(([, answer]) => answer)),
            ]);
            assert.equal(end.code, 0, end.stderr);
            assert.equal(normal(read(ours)), normal(document));
            let at = -1;
            for (const [question] of talk) {
                const next = end.stdout.indexOf(question, at + 1);
                assert.ok(next > at, `"${question}" in its place in\n${end.stdout}`);
                at = next;
            }
        });
    }

    test('takes every answer from a flag, and asks for the others', async () => {
        const dir = tempDir();
        const flags = ['--port=7002', '--database', 'sqlite', '--authHost=https://app.test',
            '--devMode', '--corsAllow', '--allowOrigin=http://p.test', '--allowMethods=GET',
            '--allowHeaders=Origin', '--file=sub.json', '--redisHost=r', '--redisPort=7',
            '--keyPrefix='];
        const end = await run(dir, ['init', '--yes', '--addClient', ...flags]);
        assert.equal(end.code, 0, end.stderr);
        assert.equal(end.stderr, '');
        const config = parse(dir, 'sub.json');
        assert.equal(config.port, '7002');
        assert.equal(config.database, 'sqlite');
        assert.equal(config.authHost, 'https://app.test');
        assert.equal(config.devMode, true);
        assert.deepEqual(config.apiOriginAllow, { allowCors: true,
            allowOrigin: 'http://p.test', allowMethods: 'GET', allowHeaders: 'Origin' });
        assert.deepEqual(config.databaseConfig.redis, { host: 'r', port: '7', keyPrefix: '' });
        assert.match(end.stdout, new RegExp(`appId: ${config.clients[0].appId}\nkey: `
            + config.clients[0].key));
        const half = await pipe(dir, ['configure', '--port', '7003'], ['y']);
        assert.equal(half.code, 0, half.stderr);
        assert.doesNotMatch(half.stdout, /Which port/);
        assert.equal(parse(dir).port, '7003');
        assert.equal(parse(dir).devMode, true);
    });

    test('refuses a flag that is wrong, and says what would be right', async () => {
        const dir = tempDir();
        for (const [flag, message] of [
            ['--port=70000', /--port is "70000"; expected a number from 1 to 65535/],
            ['--protocol=ftp', /--protocol is "ftp"; expected http or https/],
            ['--authHost=app.test', /--authHost is "app\.test"; expected a URL/],
            ['--protocol=https', /sslCertPath.*expected the path of a file.*--sslCertPath/],
        ]) {
            const end = await run(dir, ['init', '--yes', flag]);
            assert.equal(end.code, 1);
            assert.match(end.stderr, message);
        }
        assert.deepEqual(fs.readdirSync(dir), []);
    });

    test('asks again at a terminal, and Ctrl-D there ends it without a file', async () => {
        const dir = tempDir();
        const talk = QUESTIONS.map((question) => [question, '']);
        const short = talk.filter((pair, i) => plain[i] !== undefined);
        short.splice(1, 1, ['Which port', '99999'], ['expected a number', '7004']);
        const end = await atTerminal([binary, 'init'], dir, short);
        assert.equal(end.code, 0, end.output);
        assert.equal(parse(dir).port, '7004');
        fs.rmSync(path.join(dir, 'echo-server.json'));
        const cut = await atTerminal([binary, 'init'], dir, [['development', '\x04']]);
        assert.match(cut.output, /Nothing was written/);
        assert.deepEqual(fs.readdirSync(dir), []);
    });

    test('leaves a file that is there, until it is told to overwrite it', async () => {
        const dir = folder({ 'echo-server.json': '{"mine": 1}' });
        fs.chmodSync(path.join(dir, 'echo-server.json'), 0o600);
        for (const end of [await run(dir, ['init', '--yes']), await pipe(dir, ['init'], []),
            await pipe(dir, ['init'], [...plain.filter((a) => a !== undefined), 'n'])]) {
            assert.equal(end.code, 1);
            assert.match(end.stderr, /echo-server\.json already exists.*--force/);
            assert.deepEqual(parse(dir), { mine: 1 });
        }
        const end = await pipe(dir, ['init'], [...plain.filter((a) => a !== undefined), 'y']);
        assert.equal(end.code, 0, end.stderr);
        assert.equal(parse(dir).port, '6001');
        const forced = await run(dir, ['init', '--yes', '--force', '--port=7']);
        assert.equal(forced.code, 0, forced.stderr);
        assert.equal(parse(dir).port, '7');
        assert.equal(fs.statSync(path.join(dir, 'echo-server.json')).mode & 0o777, 0o600);
        assert.deepEqual(fs.readdirSync(dir), ['echo-server.json']);
    });
});

describe('init in the folder of an application', () => {
    const env = (more = '') => `APP_NAME="My Ünique App"\nAPP_URL=https://app.test\n${more}`;

    async function proposed(dir, { words = [], env: variables } = {}) {
        const end = await run(dir, ['init', '--yes', ...words], variables);
        assert.equal(end.code, 0, end.stderr);
        return { end, config: parse(dir), redis: parse(dir).databaseConfig.redis };
    }

    test('proposes what its .env says', async () => {
        const { end, config, redis } = await proposed(folder({ '.env': env('REDIS_HOST=cache\n'
            + 'REDIS_PORT=6380\nREDIS_USERNAME=me\nREDIS_PASSWORD=hush-hush\n') }));
        assert.equal(config.authHost, 'https://app.test');
        assert.deepEqual(redis, { host: 'cache', port: '6380',
            keyPrefix: '', username: 'me' });
        assert.doesNotMatch(JSON.stringify(config) + end.stdout + end.stderr, /hush-hush/);
        assert.match(end.stdout, /LARAVEL_ECHO_SERVER_REDIS_PASSWORD="\$\{REDIS_PASSWORD\}"/);
        assert.match(end.stdout, /prefix is not known, because .*config\/database\.php/);
    });

    test('proposes the prefix that its Laravel says is in force', async () => {
        const dir = tempDir();
        const { artisan } = copyLaravel(dir, env('REDIS_PREFIX="${APP_NAME}:"\n'));
        const { end, redis } = await proposed(dir);
        assert.equal(redis.keyPrefix, 'My Ünique App:');
        assert.match(end.stdout, /^asking php in this folder for the application's Redis prefix$/m);
        assert.doesNotMatch(end.stdout, /is not known/);
        artisan('config:cache');
        fs.writeFileSync(path.join(dir, '.env'), env('REDIS_PREFIX=not_yet_\n'));
        const cached = await proposed(dir, { words: ['--force', '--dir', dir] });
        assert.equal(cached.redis.keyPrefix, 'My Ünique App:');
        assert.ok(cached.end.stdout.includes(`asking php in ${dir} for`), cached.end.stdout);
    });

    test('proposes the prefix of its .env where php cannot say', async () => {
        const dir = tempDir();
        copyLaravel(dir, env('REDIS_PREFIX=set_\n'));
        const { end, redis } = await proposed(dir, { env: { PATH: '/nonexistent' } });
        assert.equal(redis.keyPrefix, 'set_');
        assert.match(end.stdout, /is not known, because there is no php in PATH: compare/);
    });

    test('asks php nothing that a flag has answered', async () => {
        const dir = tempDir();
        copyLaravel(dir, env());
        const { end, redis } = await proposed(dir, { words: ['--keyPrefix=mine_'] });
        assert.equal(redis.keyPrefix, 'mine_');
        assert.doesNotMatch(end.stdout, /php/);
    });

    for (const [url, origins] of [
        ['https://app.test', ['app.test', '*.app.test']],
        ['http://www.app.test:8080/path', ['app.test', '*.app.test']],
        ['http://10.1.2.3', '10.1.2.3'],
        ['http://localhost', undefined], ['http://127.0.0.1:8000', undefined],
        ['http://[::1]', undefined], ['app.test', undefined], ['', undefined],
    ]) {
        test(`lets in the pages of APP_URL=${url}`, async () => {
            const { end, config } = await proposed(folder({
                '.env': `APP_NAME=App\nAPP_URL=${url}\n` }));
            assert.deepEqual(config.allowedOrigins, origins);
            assert.equal(/^Pages of these hosts may connect/m.test(end.stdout),
                origins !== undefined);
        });
    }

    test('the origins that it writes admit the site and nobody else', async () => {
        const { config } = await proposed(folder({ '.env': env() }));
        const server = await startServer({ config: { allowedOrigins: config.allowedOrigins } });
        const ask = async (origin) => (await askServer(server, {
            path: '/socket.io/?EIO=4&transport=polling', headers: origin && { Origin: origin },
        })).status;
        for (const origin of ['https://app.test', 'http://www.app.test:8080', undefined]) {
            assert.equal(await ask(origin), 200, origin);
        }
        assert.equal(await ask('https://evil.test'), 403);
        assert.equal(await ask('https://notapp.test'), 403);
        await server.stop();
    });

    test('listens on loopback only behind an nginx of this machine', async () => {
        const { end, config } = await proposed(folder({ '.env': env() }));
        assert.equal(config.host, '127.0.0.1');
        assert.match(end.stdout, /^nginx is on this machine: .*set host to null/m);
        const dir = folder({ '.env': env(), 'c.pem': '', 'k.pem': '' });
        const tls = await proposed(dir, { words: ['--protocol=https',
            '--sslCertPath=c.pem', '--sslKeyPath=k.pem'] });
        assert.equal(tls.config.host, null);
        const without = folder({ '.env': env() });
        execFileSync('unshare', ['-rm', 'sh', '-c',
            'mount -t tmpfs none /etc/nginx && exec "$0" init --yes', binary], { cwd: without });
        assert.equal(parse(without).host, null);
    });

    test('the questions of the reference come first, so that scripts stay in step', async () => {
        const dir = folder({ '.env': env() });
        const end = await pipe(dir, ['init'], ['', '', '', '', '', '', '', '', 'r', '7', 'p_']);
        assert.equal(end.code, 0, end.stderr);
        assert.deepEqual(parse(dir).databaseConfig.redis, { host: 'r', port: '7', keyPrefix: 'p_' });
    });
});

describe('client:add and client:remove', () => {
    const odd = '{\r\n   "clients" : [ ],\r\n   "ours": {"x": [1.50, "\\u00e4\\/"]},\r\n'
        + '   "port": "6001", "password": "${SECRET}"\r\n}\r\n';

    test('the printed key is good for the HTTP API', async () => {
        const dir = folder({ 'echo-server.json': {} });
        const file = path.join(dir, 'echo-server.json');
        const end = await run(dir, ['client:add', `--config=${file}`]);
        assert.equal(end.code, 0, end.stderr);
        const [, app, key] = end.stdout.match(
            /API Client added!\nappId: ([0-9a-f]{16})\nkey: ([0-9a-f]{32})\n/);
        const server = await startServer({
            config: { clients: JSON.parse(fs.readFileSync(file)).clients } });
        const event = { channel: 'a', name: 'b', data: {} };
        assert.equal((await postEvent(server, event, { app, key })).status, 200);
        assert.equal((await postEvent(server, event, { app, key: 'other' })).status, 403);
        await server.stop();
    });

    test('a file with a key is not for everybody to read, which is said once', async () => {
        const dir = folder({ 'echo-server.json': {} });
        const file = path.join(dir, 'echo-server.json');
        const mode = () => fs.statSync(file).mode & 0o777;
        fs.chmodSync(file, 0o644);
        assert.match((await run(dir, ['client:add'])).stdout, /only its owner and group can read it/);
        assert.equal(mode(), 0o640);
        assert.doesNotMatch((await run(dir, ['client:add'])).stdout, /can read it/);
        for (const [words, expected, line] of [[['--addClient=true'], 0o640, true],
            [['--addClient=false'], 0o644, false]]) {
            fs.rmSync(file);
            const end = await run(dir, ['init', '--yes', ...words]);
            assert.equal(end.code, 0, end.stderr);
            assert.equal(mode(), expected & ~process.umask());
            assert.equal(/can read it/.test(end.stdout), line);
        }
    });

    test('change nothing else in the file', async () => {
        const dir = folder({ 'my.json': odd, link: '' });
        fs.chmodSync(path.join(dir, 'my.json'), 0o640);
        fs.rmSync(path.join(dir, 'link'));
        fs.symlinkSync('my.json', path.join(dir, 'link'));
        const env = { LARAVEL_ECHO_SERVER_REDIS_PASSWORD: 'hush', SECRET: 'hush' };
        for (const args of [['client:add', 'me'], ['client:add', 'me'], ['client:remove', 'me']]) {
            const end = await run(dir, ['--config', 'link', ...args], env);
            assert.equal(end.code, 0, end.stderr);
            const text = read(dir, 'my.json');
            assert.equal(text.replace(/\[\r\n.*?\}\r\n +\]|\[\]/s, '[ ]'), odd);
            assert.doesNotMatch(text, /hush/);
        }
        assert.equal(fs.readlinkSync(path.join(dir, 'link')), 'my.json');
        assert.equal(fs.statSync(path.join(dir, 'my.json')).mode & 0o777, 0o640);
        assert.deepEqual(fs.readdirSync(dir).sort(), ['link', 'my.json']);
    });

    test('an id that is there gets a new key, one that is not removes nothing', async () => {
        const dir = folder({ 'echo-server.json': { clients: [{ appId: 'me', key: 'old' },
            { appId: 'you', key: 'yours' }] } });
        const updated = await run(dir, ['client:add', 'me']);
        assert.match(updated.stdout, /API Client updated!\nappId: me\nkey: [0-9a-f]{32}\n/);
        const [me, you] = parse(dir).clients;
        assert.match(updated.stdout, new RegExp(me.key));
        assert.deepEqual(you, { appId: 'you', key: 'yours' });
        const before = read(dir);
        const end = await run(dir, ['client:remove', 'nobody']);
        assert.equal(end.code, 1);
        assert.match(end.stderr, /echo-server\.json: there is no client nobody: nothing was removed/);
        assert.equal((await run(dir, ['client:remove'])).code, 1);
        assert.equal(read(dir), before);
        await run(dir, ['client:remove', 'you']);
        assert.deepEqual(parse(dir).clients, [me]);
    });

    test('many at once lose none', async () => {
        const dir = folder({ 'echo-server.json': {} });
        const ids = Array.from({ length: 8 }, (_, i) => `app${i}`);
        const ends = await Promise.all(ids.map((id) => run(dir, ['client:add', id])));
        assert.deepEqual(ends.map((end) => end.code), ids.map(() => 0));
        assert.deepEqual(parse(dir).clients.map((client) => client.appId).sort(), ids);
    });

    test('what cannot be changed is said, with the place and the remedy', async () => {
        const port = await freePort();
        for (const [content, message] of [
            [null, /no echo-server\.json or laravel-echo-server\.json.*init/],
            ['{"port": 1,}', /echo-server\.json: line 1, column 12: .*not JSON/],
            [`{"clients": ${port}}`, /echo-server\.json: clients is not a list; expected/],
        ]) {
            const dir = folder(content === null ? {} : { 'echo-server.json': content });
            const end = await run(dir, ['client:add']);
            assert.equal(end.code, 1);
            assert.match(end.stderr, message);
            assert.ok(content === null || read(dir) === content);
        }
    });
});

test('--help of each names its flags', async () => {
    const dir = tempDir();
    for (const [command, flags] of Object.entries({
        init: ['--yes', '--force', '--devMode', '--port', '--database', '--authHost', '--protocol',
            '--sslCertPath', '--sslKeyPath', '--addClient', '--corsAllow', '--allowOrigin',
            '--allowMethods', '--allowHeaders', '--file', '--redisHost', '--redisPort',
            '--keyPrefix'],
        'client:add': ['--config', '--dir'],
        'client:remove': ['--config', '--dir'],
        check: ['--config', '--dir', '--port'],
    })) {
        const end = await run(dir, [command, '--help']);
        assert.equal(end.code, 0);
        for (const flag of flags) {
            assert.match(end.stdout, new RegExp(`${flag}\\b`));
        }
    }
});
