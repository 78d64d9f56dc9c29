// SPDX-License-Identifier: MIT
// A real nginx in front of the server, everything it writes in a temp folder.

import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { freePort, tempDir, waitFor, SLOW } from './server.mjs';
import { startChild } from './child.mjs';

function configuration(dir, port, http, server) {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((name) => `    ${name}_temp_path ${dir}/${name};`).join('\n');
    return `daemon off;
worker_processes 1;
${process.getuid() === 0 ? 'user root;' : ''}
pid ${dir}/pid;
error_log ${dir}/error.log warn;
events { worker_connections 4096; }
http {
${temporary}
    access_log off;
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
${http}
    server {
        listen 127.0.0.1:${port};
${server}
    }
}
`;
}

function canConnect(port) {
    return new Promise((resolve) => {
        const probe = net.connect(port, '127.0.0.1');
        probe.once('connect', () => { probe.destroy(); resolve(true); });
        probe.once('error', () => resolve(false));
    });
}

/** http, server: directives for the http block and for the one server block. */
export async function startNginx({ http = '', server }) {
    const dir = tempDir('echo-nginx-');
    const port = await freePort();
    const file = path.join(dir, 'nginx.conf');
    fs.writeFileSync(file, configuration(dir, port, http, server));
    const child = startChild('/usr/sbin/nginx', ['-c', file, '-e', path.join(dir, 'error.log')]);
    const errors = () => fs.existsSync(`${dir}/error.log`)
        ? fs.readFileSync(`${dir}/error.log`, 'utf8') : '';
    await waitFor(async () => {
        if (!child.alive()) {
            throw new Error(`nginx ended: ${child.output()}${errors()}`);
        }
        return canConnect(port);
    }, 10000 * SLOW, 'nginx to listen');
    return {
        port, url: `http://127.0.0.1:${port}`, pid: child.pid, errors, stop: () => child.stop(),
    };
}
