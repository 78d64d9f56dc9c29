// SPDX-License-Identifier: MIT
// An application that admits everybody to everything, as long as it is well.

import { startBackend } from '../lib/backend.mjs';
import { sleep } from '../lib/server.mjs';

const admit = (channel, chance) => ({
    headers: { 'Content-Type': 'application/json' },
    body: channel?.startsWith('presence-')
        ? JSON.stringify({ channel_data: { user_id: chance.below(50), user_info: { name: 'é' } } })
        : 'true',
});

/** mode: well, slow, broken (500), silent (until it is well again), or absent: it hangs up. */
export async function startApplication(chance) {
    const application = { mode: 'well' };
    const backend = await startBackend(async ({ channel }) => {
        if (application.mode === 'absent') {
            return null;
        }
        if (application.mode === 'broken') {
            return { status: 500, body: '<h1>500</h1>' };
        }
        if (application.mode === 'slow') {
            await sleep(1500);
        }
        while (application.mode === 'silent') {
            await sleep(100);
        }
        return admit(channel, chance);
    });
    application.url = backend.url;
    return application;
}
