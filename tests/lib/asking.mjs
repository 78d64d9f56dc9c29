// SPDX-License-Identifier: MIT
// A server, without Redis, whose application is a small back end of the test's:
// what the auth tests share. One at a time, ended by the caller's afterEach.

import { startBackend } from './backend.mjs';
import { startScene } from './scene.mjs';
import { postEvent } from './server.mjs';

export const asking = {
    scene: undefined,
    async close() {
        const { scene } = asking;
        asking.scene = undefined;
        await scene?.close();
    },
};

/** A server that asks a back end made of handler, which is returned. */
export async function start(handler, config = {}) {
    const backend = await startBackend(handler);
    await startAlone({ authHost: backend.url, ...config })
        .catch(async (error) => {
            await backend.close();
            throw error;
        });
    asking.scene.keep(backend);
    return backend;
}

/** A server alone. */
export async function startAlone(config) {
    asking.scene = await startScene({ redis: false, config });
    return asking.scene;
}

export const openPage = (options) => asking.scene.page(options);

/** Subscribes as Echo does, and gives the acknowledgement. */
export const ask = async (page, channel, headers, ms) =>
    (await page.ask('subscribe', { channel, auth: { headers } }, ms))[0];

export const send = (channel, data = {}) =>
    postEvent(asking.scene.server, { channel, name: 'E', data });

/** Resolves when everything sent before has reached page. */
export async function settled(page) {
    await ask(page, 'fence');
    await send('fence');
    await page.event('E', 'fence');
}
