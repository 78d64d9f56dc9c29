// SPDX-License-Identifier: MIT
// A server for one body, or for all tests of a describe, with the application
// that it asks. It is stopped in any case, stopping checks how it ended, and
// what it wrote is shown with a test that failed.

import { after, afterEach, before } from 'node:test';
import { startApp } from './raw-app.mjs';
import { bystander } from './raw-client.mjs';
import { findReport, startServer } from './server.mjs';

/** answer: of the application (startApp); none unless it is given. how: as for startServer. */
async function start({ answer, config, ...how }) {
    const app = answer && await startApp(answer);
    const asking = app && { authHost: app.url };
    return { app, server: await startServer({ ...how, config: { ...asking, ...config } }) };
}

function show(log) {
    if (log) {
        console.log(`--- log of the server:\n${findReport(log) ?? log.slice(-4000)}`);
    }
}

/** Hands body a server that start() makes of how. */
export async function withServer(how, body) {
    const { app, server } = await start(how);
    try {
        await body(server);
        await server.stop();
    } catch (error) {
        show(server.stderr());
        await server.kill();
        throw error;
    } finally {
        await app?.close();
    }
}

/** Shows what server wrote since the last time, after each test that failed. */
function showWithFailures(server) {
    let shown = 0;
    afterEach(({ passed }) => {
        if (passed === false && server.stderr) {
            show(server.stderr().slice(shown));
            shown = server.stderr().length;
        }
    });
}

/**
 * Called in the body of a describe: one server for its tests, which start()
 * makes of how. What this gives is empty until the tests begin. watched: with
 * other, a client that the tests must not disturb. keep(): something to
 * destroy() before the server stops.
 */
export function shareServer({ watched = false, ...how } = {}) {
    const shared = { server: {}, app: {}, other: {} };
    const kept = [];
    const keep = (part) => {
        kept.push(part);
        return part;
    };
    before(async () => {
        const { app, server } = await start(how);
        Object.assign(shared.app, app);
        Object.assign(shared.server, server);
        if (watched) {
            Object.assign(shared.other, keep(await bystander(server)));
        }
    });
    showWithFailures(shared.server);
    after(async () => {
        kept.splice(0).forEach((part) => part.destroy());
        await shared.server.stop?.();
        await shared.app.close?.();
    });
    return { ...shared, keep };
}
