// SPDX-License-Identifier: MIT
// `start --dev` without a config file: a page to try it with, and a curl line
// that works; with a config file, `GET /` stays what it was.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { promisify } from 'node:util';
import { after, before, describe, test } from 'node:test';
import { launchBrowser } from '../lib/browser.mjs';
import { startChild } from '../lib/child.mjs';
import { binary, freePort, startServer, tempDir, waitFor, SLOW } from '../lib/server.mjs';

const LISTEN = '0A';

/** Addresses, in the kernel's hexadecimal, on which port is listened to. */
function listeners(port) {
    const hex = port.toString(16).toUpperCase().padStart(4, '0');
    return ['/proc/net/tcp', '/proc/net/tcp6'].filter(fs.existsSync)
        .flatMap((file) => fs.readFileSync(file, 'utf8').split('\n').slice(1))
        .map((line) => line.trim().split(/\s+/))
        .filter(([, local, , state]) => state === LISTEN && local.endsWith(`:${hex}`))
        .map(([, local]) => local.split(':')[0]);
}

const LOOPBACK = ['0100007F', '00000000000000000000000001000000',
    '0000000000000000FFFF00000100007F'];

describe('start --dev without a config file', () => {
    let server;
    let port;
    let browser;
    before(async () => {
        port = await freePort();
        server = startChild(binary, ['start', '--dev'],
            { cwd: tempDir(), env: { LARAVEL_ECHO_SERVER_PORT: String(port) } });
        await server.ready('Server ready!');
        browser = await launchBrowser();
    });
    after(async () => {
        await browser?.close();
        assert.equal((await server?.stop()).code, 0);
    });

    test('listens on loopback only', () => {
        const addresses = listeners(port);
        assert.ok(addresses.length > 0);
        assert.deepEqual(addresses.filter((address) => !LOOPBACK.includes(address)), []);
    });

    test('prints a curl line whose event the page shows', async () => {
        const page = await browser.page();
        await page.goto(`http://127.0.0.1:${port}/`);
        await page.locator('#state', { hasText: 'connected' }).waitFor();
        const line = server.output().replace(/\\\n\s*/g, ' ').match(/^\s*(curl .*)$/m)?.[1];
        assert.ok(line, `a curl line in\n${server.output()}`);
        await promisify(execFile)('sh', ['-c', line]);
        await page.locator('#events li').first().waitFor();
        assert.equal(await page.locator('#events li').count(), 1);
        assert.deepEqual(page.problems, []);
        await page.context().close();
    });

    test('its page subscribes to what is typed, and sends', async () => {
        const [sender, receiver] = [await browser.page(), await browser.page()];
        for (const page of [sender, receiver]) {
            await page.goto(`http://127.0.0.1:${port}/`);
            await page.locator('#state', { hasText: 'connected' }).waitFor();
        }
        await receiver.fill('#subscribe [name=channel]', 'orders');
        await receiver.click('#subscribe button');
        await receiver.locator('#channels', { hasText: 'orders' }).waitFor();
        await sender.fill('#send [name=channel]', 'orders');
        await sender.fill('#send [name=data]', '{"text":"<b>Grüße</b>"}');
        // Joined or not, one of the repetitions comes after the join.
        const shown = receiver.locator('#events li', { hasText: '<b>Grüße</b>' }).first();
        await waitFor(async () => {
            await sender.click('#send button');
            return shown.isVisible();
        }, 10000 * SLOW, 'the event');
        assert.equal(await sender.locator('#events li').count(), 0);
    });
});

test('with a config file GET / answers OK, dev mode or not', async () => {
    for (const args of [[], ['--dev']]) {
        const server = await startServer({ args });
        const answer = await fetch(`${server.url}/`);
        assert.equal(answer.status, 200);
        assert.equal(await answer.text(), 'OK');
        await server.stop();
    }
});
