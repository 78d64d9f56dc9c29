// SPDX-License-Identifier: MIT
// laravel-echo-server 1.6.3 itself, to be asked the same as the server under test.

import fs from 'node:fs';
import path from 'node:path';
import { checkout, freePort, tempDir, SLOW } from './server.mjs';
import { startChild } from './child.mjs';

const script = path.join(checkout,
    'tests/node_modules/laravel-echo-server/bin/server.js');

/** config: of the server, as startServer takes it. */
export async function startReference({ config }) {
    const dir = tempDir('echo-reference-');
    const file = path.join(dir, 'laravel-echo-server.json');
    const port = await freePort();
    fs.writeFileSync(file, JSON.stringify({ host: '127.0.0.1', ...config, port }));
    const child = startChild(process.execPath, [script, 'start', `--config=${file}`], { cwd: dir });
    await child.ready('Server ready!', 20000 * SLOW);
    return { port, url: `http://127.0.0.1:${port}`, output: child.output, stop: () => child.stop() };
}
