// SPDX-License-Identifier: MIT
// Debian's Chromium, headless, with a profile of its own and nothing that
// talks to the world.

import { chromium } from 'playwright-core';
import { tempDir, SLOW } from './server.mjs';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';

/** The cookies of a header, for the host of the tests. */
function parse(header) {
    return header.split('; ').filter(Boolean).map((pair) => {
        const [name, value] = pair.split(/=(.*)/s);
        return { name, value, domain: '127.0.0.1', path: '/' };
    });
}

export async function launchBrowser() {
    const dir = tempDir('echo-chromium-');
    const browser = await chromium.launch({
        executablePath: CHROMIUM, args: FLAGS, timeout: 60000 * SLOW,
        env: { ...process.env, HOME: dir, XDG_CONFIG_HOME: dir, XDG_CACHE_HOME: dir },
    });
    return {
        /** A fresh page; `problems` has the errors of its scripts. */
        async page({ cookies = '' } = {}) {
            const context = await browser.newContext();
            context.setDefaultTimeout(10000 * SLOW);
            await context.addCookies(parse(cookies));
            const page = await context.newPage();
            page.problems = [];
            page.on('pageerror', (error) => page.problems.push(String(error)));
            return page;
        },
        close: () => browser.close(),
    };
}
