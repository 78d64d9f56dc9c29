// SPDX-License-Identifier: MIT
// Debian's Chromium, headless, with a profile of its own and nothing that
// talks to the world.

import { chromium } from 'playwright-core';
import { tempDir, SLOW } from './server.mjs';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';

function parse(header, domain) {
    return header.split('; ').filter(Boolean).map((pair) => {
        const [name, value] = pair.split(/=(.*)/s);
        return { name, value, domain, path: '/' };
    });
}

/** hosts: where the browser finds hosts, as --host-resolver-rules has them. */
export async function launchBrowser({ hosts } = {}) {
    const rules = hosts ? [`--host-resolver-rules=${hosts}`] : [];
    const dir = tempDir('echo-chromium-');
    const browser = await chromium.launch({
        executablePath: CHROMIUM, args: [...FLAGS, ...rules], timeout: 60000 * SLOW,
        env: { ...process.env, HOME: dir, XDG_CONFIG_HOME: dir, XDG_CACHE_HOME: dir },
    });
    return {
        /**
         * A fresh page; `problems` has the errors of its scripts. cookies: a header's, for domain.
         * Certificates are not verified.
         */
        async page({ cookies = '', domain = '127.0.0.1' } = {}) {
            const context = await browser.newContext({ ignoreHTTPSErrors: true });
            context.setDefaultTimeout(10000 * SLOW);
            await context.addCookies(parse(cookies, domain));
            const page = await context.newPage();
            page.problems = [];
            page.on('pageerror', (error) => page.problems.push(String(error)));
            return page;
        },
        close: () => browser.close(),
    };
}
