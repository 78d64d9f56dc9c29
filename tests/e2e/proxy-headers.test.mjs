// SPDX-License-Identifier: MIT
// trustProxy: whose word about a client's address and scheme is believed, with
// forged headers, and behind a real nginx.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { openPage } from '../lib/echo.mjs';
import { startNginx } from '../lib/nginx.mjs';
import { connectWs } from '../lib/raw-eio.mjs';
import { request } from '../lib/raw.mjs';
import { startServer, waitFor, TIMEOUT } from '../lib/server.mjs';

const servers = [];
after(() => Promise.all(servers.map((server) => server.stop())));

async function start(trustProxy) {
    servers.push(await startServer({
        config: { logLevel: 'info', ...trustProxy === undefined ? {} : { trustProxy } },
    }));
    return servers.at(-1);
}

const END = /session end sid=\S+ ip=(\S+) scheme=(\S+)/g;

/** [address, scheme] that the log gives a session with these headers. */
async function logged(server, headers) {
    const before = server.stderr().length;
    const ws = await connectWs(server.port, 4, { headers });
    ws.destroy();
    const [found] = await waitFor(() => {
        const all = [...server.stderr().slice(before).matchAll(END)];
        return all.length && all;
    }, TIMEOUT, 'the session\'s line');
    return found.slice(1, 3);
}

const FORWARDED = 'X-Forwarded-For';

describe('trustProxy', () => {
    for (const [setting, cases] of [
        [undefined, [
            [{}, '127.0.0.1'],
            [{ [FORWARDED]: '192.0.2.7' }, '192.0.2.7'],
            [{ [FORWARDED]: '198.51.100.1, 192.0.2.7' }, '192.0.2.7'],
            [{ [FORWARDED]: '198.51.100.1, 192.0.2.7, 127.0.0.2' }, '192.0.2.7'],
            [{ [FORWARDED]: '192.0.2.7:4711' }, '192.0.2.7'],
            [{ [FORWARDED]: '[2001:db8::7]:4711' }, '2001:db8::7'],
            [{ [FORWARDED]: 'unknown' }, '127.0.0.1'],
            [{ [FORWARDED]: '192.0.2.7, <script>' }, '127.0.0.1'],
            [{ [FORWARDED]: '' }, '127.0.0.1'],
            [{ [FORWARDED]: '127.0.0.1,'.repeat(900) }, '127.0.0.1'],
        ]],
        [false, [[{ [FORWARDED]: '192.0.2.7' }, '127.0.0.1']]],
        [true, [[{ [FORWARDED]: '198.51.100.1, 192.0.2.7' }, '198.51.100.1']]],
        [1, [[{ [FORWARDED]: '198.51.100.1, 192.0.2.7' }, '192.0.2.7']]],
        ['2', [[{ [FORWARDED]: '198.51.100.1, 192.0.2.7' }, '198.51.100.1']]],
        ['10.0.0.0/8', [[{ [FORWARDED]: '192.0.2.7' }, '127.0.0.1']]],
        [['127.0.0.1', 'uniquelocal'], [
            [{ [FORWARDED]: '198.51.100.1, 172.16.0.1, 10.1.2.3' }, '198.51.100.1'],
            [{ [FORWARDED]: '198.51.100.1, 172.32.0.1, 10.1.2.3' }, '172.32.0.1'],
        ]],
    ]) {
        test(`${JSON.stringify(setting) ?? 'unset'} decides on the address`, async () => {
            const server = await start(setting);
            for (const [headers, address] of cases) {
                assert.equal((await logged(server, headers))[0], address, JSON.stringify(headers));
            }
        });
    }

    test('decides on the scheme', async () => {
        const https = { 'X-Forwarded-Proto': 'https' };
        const server = await start();
        assert.equal((await logged(server, https))[1], 'https');
        assert.equal((await logged(server, { 'X-Forwarded-Proto': 'http' }))[1], 'http');
        assert.equal((await logged(server, {}))[1], 'http');
        assert.equal((await logged(await start(false), https))[1], 'http');
    });

    test('reads lines that were repeated as one list', async () => {
        const server = await start();
        const before = server.stderr().length;
        const path = '/socket.io/?EIO=4&transport=polling';
        const { text } = await request(server.port, {
            path, headers: [`${FORWARDED}: 198.51.100.1`, `${FORWARDED}: 192.0.2.7`],
        });
        const { sid } = JSON.parse(text.slice(1));
        await request(server.port, { method: 'POST', path: `${path}&sid=${sid}`, body: '1' });
        const found = await waitFor(() => [...server.stderr().slice(before).matchAll(END)][0],
            TIMEOUT, 'the session\'s line');
        assert.equal(found[1], '192.0.2.7');
    });
});

test('behind nginx the client\'s own header is not believed', async () => {
    const server = await start();
    const nginx = await startNginx({
        server: `location /socket.io {
            proxy_pass http://127.0.0.1:${server.port};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "Upgrade";
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto https;
        }`,
        http: 'set_real_ip_from 127.0.0.1; real_ip_header X-Test-Client;',
    });
    const page = await openPage({
        url: nginx.url, more: { extraHeaders: {
            [FORWARDED]: '198.51.100.66', 'X-Test-Client': '192.0.2.44',
        } },
    });
    page.close();
    const found = await waitFor(() => [...server.stderr().matchAll(END)][0], TIMEOUT, 'the line');
    assert.deepEqual(found.slice(1, 3), ['192.0.2.44', 'https']);
    await nginx.stop();
});
