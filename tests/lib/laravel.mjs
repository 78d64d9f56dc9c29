// SPDX-License-Identifier: MIT
// The Laravel application of tests/laravel, served by PHP's own web server.

import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { checkout, freePort, tempDir, SLOW } from './server.mjs';
import { startChild } from './child.mjs';

const source = path.join(checkout, 'tests', 'laravel');

function environment(redis, prefix) {
    const dir = tempDir('echo-laravel-');
    for (const sub of ['logs', 'framework/sessions', 'framework/views', 'cache']) {
        fs.mkdirSync(path.join(dir, sub), { recursive: true });
    }
    return {
        STORAGE_PATH: dir,
        APP_SERVICES_CACHE: path.join(dir, 'cache/services.php'),
        APP_PACKAGES_CACHE: path.join(dir, 'cache/packages.php'),
        REDIS_PORT: String(redis.port),
        REDIS_PREFIX: prefix,
    };
}

/**
 * Puts a copy of the application with this .env into dir. Root gives it away, since php is not run
 * as root. Returns {artisan}: runs a command of it as its owner.
 */
export function copyLaravel(dir, dotenv) {
    fs.cpSync(source, dir, { recursive: true });
    fs.writeFileSync(path.join(dir, '.env'), dotenv);
    for (const sub of ['bootstrap/cache', 'storage/logs']) {
        fs.mkdirSync(path.join(dir, sub), { recursive: true });
    }
    const isRoot = process.getuid() === 0;
    if (isRoot) {
        execFileSync('chown', ['-R', 'nobody:', dir]);
    }
    const { uid, gid } = fs.statSync(dir);
    return {
        artisan: (...words) => execFileSync('php', ['artisan', ...words],
            { cwd: dir, ...isRoot ? { uid, gid } : {} }),
    };
}

/** The cookies of an answer, merged over those of before, as one header. */
function cookies(answer, before = '') {
    const jar = new Map(before.split('; ').filter(Boolean).map((pair) => pair.split(/=(.*)/s)));
    for (const line of answer.headers.getSetCookie()) {
        const [name, value] = line.split(';')[0].split(/=(.*)/s);
        jar.set(name, value);
    }
    return [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
}

/** workers: PHP processes. prefix: what Laravel puts before channel names. */
export async function startLaravel({ redis, workers = 4, prefix = 'laravel_database_' }) {
    const env = environment(redis, prefix);
    const port = await freePort();
    const child = startChild('php',
        ['-S', `127.0.0.1:${port}`, '-t', 'public', 'public/index.php'],
        { cwd: source, env: { ...env, PHP_CLI_SERVER_WORKERS: String(workers) } });
    const laravel = handle(child, `http://127.0.0.1:${port}`, port, env);
    const answers = () => fetch(`${laravel.url}/csrf`).then((answer) => answer.ok, () => false);
    await child.ready(answers, 20000 * SLOW).catch((error) => {
        throw new Error(`${error.message}\n${laravel.log()}`);
    });
    return laravel;
}

function handle(child, url, port, env) {
    const helpers = [];
    const post = (route, body, headers = {}) => fetch(url + route, {
        method: 'POST', body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...headers },
    });
    return {
        url, port,
        pid: child.pid,
        log: () => {
            const file = path.join(env.STORAGE_PATH, 'logs/laravel.log');
            return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').slice(0, 3000) : '';
        },
        /** Makes the application publish; resolves when it has. */
        async fire(what, body = {}, headers = {}) {
            const answer = await post(`/fire/${what}`, body, headers);
            if (!answer.ok) {
                throw new Error(`/fire/${what}: ${answer.status} ${await answer.text()}`);
            }
            return answer.json();
        },
        /** A session of user id: {cookie, token}, the token for X-CSRF-TOKEN. */
        async login(id) {
            const page = await fetch(`${url}/csrf`);
            const before = cookies(page);
            const { token } = await page.json();
            const answer = await post('/login', { id, password: 'secret' },
                { Cookie: before, 'X-CSRF-TOKEN': token });
            if (!answer.ok) {
                throw new Error(`/login: ${answer.status} ${await answer.text()}`);
            }
            return { cookie: cookies(answer, before), token: (await answer.json()).token };
        },
        /** Runs the queue until stop. */
        work() {
            const worker = startChild('php', ['artisan', 'queue:work', '--sleep=0'],
                { cwd: source, env });
            helpers.push(worker);
            return worker;
        },
        async stop() {
            await Promise.all(helpers.map((helper) => helper.stop()));
            return child.stop();
        },
    };
}

/** The headers of a page that authorises with a bearer token. */
export function bearer(id) {
    return { Authorization: `Bearer token-${id}` };
}
