// SPDX-License-Identifier: MIT
// What a running server has given up, and that it misses nothing of it. Every
// other test runs inside the sandbox too: a denied call fails it.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { before, describe, test } from 'node:test';
import { makeCerts } from '../lib/certs.mjs';
import { reload } from '../lib/reload.mjs';
import { startApp } from '../lib/raw-app.mjs';
import { openPage } from '../lib/echo.mjs';
import {
    binary, runServer, startServer, tempDir, waitFor, within,
} from '../lib/server.mjs';

/** Of each thread: {name, seccomp, filters, noNewPrivs}. */
function threads(server) {
    const tasks = `/proc/${server.pid}/task`;
    return fs.readdirSync(tasks).map((task) => {
        const status = fs.readFileSync(path.join(tasks, task, 'status'), 'utf8');
        const field = (name) => status.match(new RegExp(`^${name}:\t(.*)$`, 'm'))?.[1];
        return {
            name: field('Name'), seccomp: Number(field('Seccomp')),
            filters: Number(field('Seccomp_filters')), noNewPrivs: Number(field('NoNewPrivs')),
        };
    });
}

/** What `check` says of the machine and of the build under test. */
async function partsOffered() {
    const file = path.join(tempDir(), 'echo-server.json');
    fs.writeFileSync(file, '{}');
    const { stdout } = await runServer(['check', `--config=${file}`]);
    return stdout.match(/sandbox: this machine has (?:only )?([\w,]+)/)[1];
}

const offered = await partsOffered();
const without = (part) => !offered.includes(part) && `${binary} has no ${part} here`;

describe('a running server', () => {
    for (const workers of [1, 2]) {
        test(`of ${workers} has every thread inside, and says so`, { skip: without('seccomp') },
            async () => {
                const server = await startServer({ config: { workers } });
                const all = threads(server);
                const inner = all.filter(({ name }) => /^(hub|worker)/.test(name));
                assert.ok(all.every(({ seccomp, noNewPrivs }) => seccomp === 2 && noNewPrivs === 1),
                    JSON.stringify(all));
                assert.equal(inner.length, workers === 1 ? 1 : workers + 1);
                assert.ok(inner.every(({ filters }) => filters === all[0].filters + 1));
                const { stdout } = await runServer(['status', `--port=${server.port}`]);
                assert.match(stdout, new RegExp(`sandbox +${offered}`));
                await server.stop();
            });
    }

    test('whose sandbox is off has none', async () => {
        const server = await startServer({ config: { sandbox: false } });
        assert.ok(threads(server).every(({ filters, noNewPrivs }) =>
            filters === threads({ pid: process.pid })[0].filters && noNewPrivs === 0));
        const { stdout } = await runServer(['status', `--port=${server.port}`]);
        assert.match(stdout, /sandbox +off/);
        await server.stop();
    });

    test('looks names up', async () => {
        const app = await startApp(() => ({ status: 200, body: '{}' }));
        const server = await startServer({
            config: { authHost: app.url.replace('127.0.0.1', 'localhost') },
        });
        const page = await openPage({ url: server.url });
        page.echo.private('orders');
        await page.joined('private-orders').finally(() => page.close());
        await server.stop();
        await app.close();
    });
});

describe('a certificate in a folder that the server did not have at its start', () => {
    let certs;
    before(() => { certs = makeCerts(); });

    const fingerprint = (server) => within(new Promise((resolve, reject) => {
        const socket = tls.connect({ host: '127.0.0.1', port: server.port, ca: certs.ca }, () => {
            resolve(socket.getPeerCertificate().fingerprint256);
            socket.destroy();
        });
        socket.once('error', reject);
    }));

    /** The test's certificate copied to a folder of its own. */
    function copy(name) {
        const issued = certs.issue(name);
        const dir = tempDir();
        for (const from of [issued.certPath, issued.keyPath]) {
            fs.copyFileSync(from, path.join(dir, path.basename(from)));
        }
        return {
            dir, fingerprint: issued.fingerprint,
            sslCertPath: path.join(dir, `${name}.crt`), sslKeyPath: path.join(dir, `${name}.key`),
        };
    }

    test('is refused with the folder and the way in, and taken by a restart',
        { skip: without('Landlock') }, async () => {
            const [first, second] = ['first', 'second'].map(copy);
            const paths = ({ sslCertPath, sslKeyPath }) => ({ sslCertPath, sslKeyPath });
            const server = await startServer({
                config: { protocol: 'https', ...paths(first) },
            });
            const log = await reload(server, paths(second));
            assert.match(log, new RegExp(`the sandbox hides ${second.dir} .*restart`));
            assert.match(log, /was not reloaded/);
            assert.equal(await fingerprint(server), first.fingerprint);
            await server.stop();
            const again = await startServer({ config: { protocol: 'https', ...paths(second) } });
            assert.equal(await fingerprint(again), second.fingerprint);
            await again.stop();
        });
});
