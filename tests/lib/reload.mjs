// SPDX-License-Identifier: MIT
// Another configuration for a running server, put in place as editors do and
// told by SIGHUP.

import fs from 'node:fs';
import { waitFor, TIMEOUT } from './server.mjs';

const VERDICT = / (?:notice|error) (?:reloaded|the configuration was not reloaded)/g;

const verdicts = (server) => server.stderr().match(VERDICT)?.length ?? 0;

/** Writes text over the server's configuration, by a rename. */
export function writeConfig(server, text) {
    fs.writeFileSync(`${server.configPath}.new`, text);
    fs.renameSync(`${server.configPath}.new`, server.configPath);
}

/** Sends SIGHUP; resolves with what the server wrote from then until its verdict. */
export async function hangUp(server, ms = TIMEOUT) {
    const before = server.stderr().length;
    const count = verdicts(server);
    server.signal('SIGHUP');
    await waitFor(() => verdicts(server) > count, ms,
        `a verdict on the reload\n--- log:\n${server.stderr().slice(-4000)}`);
    return server.stderr().slice(before);
}

/** The server's configuration with changes over it, reloaded. undefined takes a key away. */
export async function reload(server, changes) {
    Object.assign(server.config, changes);
    writeConfig(server, JSON.stringify(server.config));
    return hangUp(server);
}
